"""What the package must do in an environment that has nothing but it and what it depends on.

Run by `tools/check_package.py` with that environment's Python; ends with an error at the first thing that is wrong.
"""

import asyncio
import importlib.util
import pkgutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path

import ibwire
from ibwire import IBSession, LibraryMissing
from ibwire.recorder import Recorder
from ibwire.simulator import ExchangeHours, NoCalendars, ParquetFeed, RecordingError, SimulatedGateway
from ibwire.wire import messages as m

EXTRAS = {"exchange_calendars", "ib_async", "numpy", "pandas", "polars", "pyarrow", "pytest", "starlette", "uvicorn"}
NEEDS_AN_EXTRA = ("ibwire.ib_async", "ibwire.pytest_plugin", "ibwire.simulator.control_")
MISSING = (LibraryMissing, NoCalendars, RecordingError)
"""The simulator has its own exceptions; all of them are to say what to install."""


def everything_else_can_be_imported() -> None:
    names = [one.name for one in pkgutil.walk_packages(ibwire.__path__, "ibwire.", onerror=_is_an_extra)]
    names = [name for name in names if not name.startswith(NEEDS_AN_EXTRA) and name != "ibwire.__main__"]
    assert len(names) > 250, f"there are only {len(names)} modules"
    for name in names:
        import_module(name)
    for name in ibwire.__all__:
        getattr(ibwire, name)


def _is_an_extra(name: str) -> None:
    if not name.startswith(NEEDS_AN_EXTRA):
        raise ImportError(name)


async def says_what_to_install(work: Callable[[], Awaitable[object]], extra: str) -> None:
    said = "nothing"
    try:
        await work()
    except MISSING as error:
        said = str(error)
    assert f"ibwire[{extra}]" in said, f"ibwire[{extra}] is missing, and said was: {said}"


async def drop_in() -> object:
    return import_module("ibwire.ib_async")


async def session_ib() -> object:
    return IBSession().ib


async def recorder() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with SimulatedGateway() as gateway:
            settings = ibwire.Settings(connection=ibwire.ConnectionSettings(port=gateway.port))
            async with IBSession(settings) as session, Recorder(session, folder) as recorder:
                await recorder.record(m.Contract(con_id=265598, exchange="SMART"))


async def own_recording() -> None:
    with tempfile.TemporaryDirectory() as folder:
        await asyncio.to_thread(replay_from, Path(folder))


def replay_from(folder: Path) -> None:
    day = folder / "265598" / "2026-01-02"
    day.mkdir(parents=True)
    (day / "000000-000000.parquet").touch()
    list(ParquetFeed(folder).ticks())


async def calendar() -> object:
    return ExchangeHours()


async def control_port() -> None:
    async with SimulatedGateway(control_port=0):
        pass


async def main() -> None:
    there = {name for name in EXTRAS if importlib.util.find_spec(name) is not None}
    assert not there, f"this environment has extras: {there}"
    everything_else_can_be_imported()
    loaded = {name.partition(".")[0] for name in sys.modules} & EXTRAS
    assert not loaded, f"imported: {loaded}"
    await says_what_to_install(drop_in, "ib_async")
    await says_what_to_install(session_ib, "ib_async")
    await says_what_to_install(recorder, "recording")
    await says_what_to_install(own_recording, "recording")
    await says_what_to_install(calendar, "calendar")
    await says_what_to_install(control_port, "control")


if __name__ == "__main__":
    asyncio.run(main())
