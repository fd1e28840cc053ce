"""Long downloads of bars from the simulated gateway: within its pacing, across lost links, and after being killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ibwire.bar_download import DownloadProgress
from ibwire.history_bars import Bar
from ibwire.history_spans import Interval
from ibwire.history_store import BarStore
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings
from ibwire.simulator import NO_LIMITS, ExchangeHours, GatewayLimits, RealClock, SimulatedGateway, history_desk
from ibwire.simulator.bar_sizes import BAR_SIZES
from ibwire.simulator.bar_slots import Span, slots
from ibwire.simulator.trading_sessions import TradingHours
from ibwire.wire import messages as m
from tests.helpers.campaigns import size as campaign_size
from tests.helpers.history import instrument
from tests.helpers.scripted_feed import ScriptedFeed
from tests.helpers.sessions import session_at, wall_clock
from tests.helpers.simulated import OPENING, within
from tests.helpers.virtual_time import on_virtual_time

SYMBOLS = ("AAPL", "MSFT", "NVDA", "AMZN", "SPY")
NOW = datetime.fromtimestamp(1_795_000_000, UTC)  # where the tests' clock begins
DAYS = campaign_size(part=14, full=365)
"""A year of minutes takes some twenty seconds; `make test` takes two weeks of it."""

KILLS = campaign_size(part=1, full=3)

OWN_BARS: Any = [("1 hour", 60, "TRADES", True), ("1 day", 800, "MIDPOINT", False), ("30 secs", 2, "BID_ASK", True)]


def contract(symbol: str) -> m.Contract:
    return m.Contract(con_id=instrument(symbol).con_id, sec_type="STK", exchange="SMART")


def source(
    gateway: SimulatedGateway,
    symbol: str,
    size: str,
    first: date,
    last: date,
    what: str = "TRADES",
    *,
    rth: bool = True,
) -> list[Bar]:
    """The bars of whole trading days as the gateway makes them, without asking it over the wire."""
    one, kind, hours = instrument(symbol), BAR_SIZES[size], gateway.hours
    sessions = tuple(hours.sessions(one, first, last, regular_only=rth))
    span = Span(sessions, sessions[0].start_s, sessions[-1].end_s)
    places = list(slots(hours, one, span, kind, gateway.now_s(), regular_only=rth))
    found = gateway.bars.bars(one, what, places, kind.length_s)
    return [
        Bar(
            start=datetime.fromtimestamp(bar.slot.start_s, UTC) if kind.is_intraday else bar.slot.day,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=None if bar.volume < 0 else bar.volume,
            average=None if bar.turnover is None else _average(bar, one.min_tick),
            count=None if bar.count < 0 else bar.count,
        )
        for bar in found
    ]


def _average(bar: Any, min_tick: Decimal) -> Decimal:
    return (bar.turnover / bar.volume).quantize(min_tick.normalize().scaleb(-2))


@asynccontextmanager
async def connected(hours: TradingHours | None = None) -> AsyncIterator[tuple[SimulatedGateway, IBSession]]:
    async with (
        SimulatedGateway(
            port=4002, feed=ScriptedFeed(OPENING), clock=RealClock(wall_clock), limits=GatewayLimits(), hours=hours
        ) as gateway,
        session_at(backoff_max_s=5.0) as session,
    ):
        yield gateway, session


@pytest.mark.campaign
@on_virtual_time
async def test_a_year_of_minutes_keeps_the_pacing_survives_lost_links_and_equals_the_source() -> None:
    last = NOW.date() - timedelta(days=1)
    first = last - timedelta(days=DAYS)
    async with connected(ExchangeHours()) as (gateway, session):
        answered, losses = 0, 0

        def watch(progress: DownloadProgress) -> None:
            nonlocal answered, losses
            answered += progress.done > 0
            # Each time another fifth of a download has come, up to three times, the link falls.
            if losses < 3 and answered > (losses + 1) * progress.total:
                losses += 1
                gateway.start_fault("disconnect", {})

        async def download(symbol: str) -> None:
            bars = await session.history.bars(
                contract(symbol), "1 min", start=first, end=last + timedelta(days=1), progress=watch
            )
            assert list(bars) == source(gateway, symbol, "1 min", first, last)
            assert (bars.holes, bars.holes_unknown) == ((), "")

        async with asyncio.TaskGroup() as group:
            for symbol in SYMBOLS:
                group.create_task(download(symbol))
        state = gateway.state()
        assert (losses, session.stats().reconnects) == (3, 3)
        assert (state.violations, state.violations_counted) == ([], 0)
        assert gateway.open_history() == 0


@pytest.mark.parametrize(("size", "days", "what", "rth"), OWN_BARS)
def test_other_sizes_and_kinds_equal_the_source(size: str, days: int, what: str, rth: object) -> None:
    @on_virtual_time
    async def test() -> None:
        last = NOW.date() - timedelta(days=1)
        first = last - timedelta(days=days)
        async with connected() as (gateway, session):
            bars = await session.history.bars(
                contract("AAPL"), size, start=first, end=last + timedelta(days=1), what=what, rth=bool(rth)
            )
            assert list(bars) == source(gateway, "AAPL", size, first, last, what, rth=bool(rth))
            assert bars.holes == ()
            assert gateway.state().violations == []

    test()


@on_virtual_time
async def test_without_a_schedule_it_is_the_same_bars_by_more_requests() -> None:
    last = NOW.date() - timedelta(days=1)
    span = {"start": last - timedelta(days=10), "end": last}
    seen: list[DownloadProgress] = []
    async with connected() as (_, session):
        plain = await session.history.bars(contract("AAPL"), "5 mins", **span, find_holes=False, progress=seen.append)
        assert (plain.holes, plain.holes_unknown) == (None, "it was not asked for")
        assert plain == await session.history.bars(contract("AAPL"), "5 mins", **span, progress=seen.append)
        assert [one.total for one in seen if one.done == 0] == [2, 2]


# --- on disk


class Asked:
    """What a gateway was asked for, by a look at its historical requests."""

    def __init__(self, gateway: SimulatedGateway, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ends: list[str] = []
        admit = history_desk.read_bars

        def read(request: m.HistoricalDataRequest, *more: Any) -> Any:
            if request.what_to_show != "SCHEDULE":
                self.ends.append(f"{request.contract!r} {request.end_date_time}")
            return admit(request, *more)

        monkeypatch.setattr(history_desk, "read_bars", read)
        self.gateway = gateway


def test_what_is_in_the_store_is_not_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @on_virtual_time
    async def test() -> None:
        last = NOW.date() - timedelta(days=1)
        first = last - timedelta(days=20)
        async with connected() as (gateway, session):
            asked, seen = Asked(gateway, monkeypatch), list[DownloadProgress]()

            async def download(start: date, end: date, **more: Any) -> Sequence[Bar]:
                bars = await session.history.bars(
                    contract("AAPL"), "1 min", start=start, end=end, store=tmp_path / "bars", **more
                )
                assert list(bars) == source(gateway, "AAPL", "1 min", start, end - timedelta(days=1))
                return bars

            await download(first + timedelta(days=5), first + timedelta(days=10))
            before = len(asked.ends)
            await download(first, last, progress=seen.append)  # around what is there
            assert seen[0].bars == before * 390
            assert len(asked.ends) == len(set(asked.ends)) == 14
            await download(first, last)
            assert len(asked.ends) == 14
            # Up to now: only what had not been there.
            some = {"start": last - timedelta(days=3), "store": tmp_path / "bars"}
            await session.history.bars(contract("AAPL"), "1 min", **some)
            await session.history.bars(contract("AAPL"), "1 min", **some)
            assert len(asked.ends) == 15
            # Another kind of bars is another series.
            await session.history.bars(contract("AAPL"), "1 min", **some, what="BID")
            assert len(asked.ends) == 17

    test()


async def run_and_kill(path: Path, kill_after: int | None) -> list[str]:
    """What the process of `killed_download` printed until so many requests had been stored, or until its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.helpers.killed_download", str(path), str(DAYS)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    lines: list[str] = []
    async for line in process.stdout:
        lines.append(line.decode().strip())
        if kill_after is not None and sum(one.startswith("stored") for one in lines) >= kill_after:
            process.kill()
            break
    await process.wait()
    return lines


def spans_in(path: Path) -> int:
    with BarStore(path) as store:
        (number,) = store._database.execute("SELECT count(*) FROM spans").fetchone()
        return int(number)


@pytest.mark.campaign
async def test_a_year_of_five_shares_that_is_killed_three_times_is_completed_without_asking_twice(
    tmp_path: Path,
) -> None:
    """As the year above, each request of which is stored by itself; what was under way at a kill is asked for again."""
    path, kept = tmp_path / "bars.sqlite3", 0
    requests = len(SYMBOLS) * DAYS * 5 // 7  # about as many as there are
    asked: list[str] = []
    for _ in range(KILLS):
        lines = await within(run_and_kill(path, requests // 4), 120)
        assert not any(line.startswith("complete") for line in lines)
        asked += [line for line in lines if line.startswith("asked")]
        before, kept = kept, spans_in(path)
        assert kept > before
    *lines, last = await within(run_and_kill(path, None), 240)
    assert last == "complete True 0"
    rest = [line for line in lines if line.startswith("asked")]
    assert len(rest) == len(set(rest)) == spans_in(path) - kept, "each that was missing, once"
    repeated = len(asked) + len(rest) - len({*asked, *rest})
    assert repeated <= KILLS * len(SYMBOLS) * 4, "no more than were under way at the kills"


DAYS_TO_FETCH = 10
"""The trading days from the 1st to the 14th of September."""

CHILD = """
import asyncio, sys
from datetime import date
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings
from ibwire.wire import messages as m

async def main(port, path, con_id):
    async with IBSession(Settings(connection=ConnectionSettings(port=port, client_id=7))) as session:
        bars = await session.history.bars(
            m.Contract(con_id=con_id, sec_type="STK", exchange="SMART"), "1 min",
            start=date(2026, 9, 1), end=date(2026, 9, 15), store=path, progress=lambda p: print(p.done, flush=True),
        )
        print("complete", len(bars), flush=True)

asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
"""


async def test_killed_download_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, one = tmp_path / "bars.sqlite3", instrument("AAPL")
    # A login's pacing outlives a process that is killed; without it nothing has to wait here.
    async with SimulatedGateway(clock=RealClock(NOW.timestamp), limits=NO_LIMITS) as gateway:
        asked = Asked(gateway, monkeypatch)

        async def child(kill_after: int | None) -> str:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", CHILD, str(gateway.port), str(path), str(one.con_id)),
                stdout=asyncio.subprocess.PIPE,
            )
            assert process.stdout is not None
            line = b""
            async for line in process.stdout:
                if kill_after is not None and line.strip() == str(kill_after).encode():
                    process.kill()
                    break
            await process.wait()
            return line.decode().strip()

        await within(child(4), 60)
        with BarStore(path) as store:
            (key,) = {row[0] for row in store._database.execute("SELECT series FROM spans")}
            whole = {bar.date for bars in store.bars(key, _september()) for bar in bars}
        assert 4 * 390 <= len(whole) < DAYS_TO_FETCH * 390
        before = len(asked.ends)
        assert await within(child(None), 60) == f"complete {DAYS_TO_FETCH * 390}"
        assert len(asked.ends) - before == DAYS_TO_FETCH - len(whole) // 390
        async with IBSession(
            Settings(connection=ConnectionSettings(port=gateway.port)), clock=NOW.timestamp
        ) as session:
            so_far = len(asked.ends)
            bars = await session.history.bars(
                contract("AAPL"), "1 min", start=date(2026, 9, 1), end=date(2026, 9, 15), store=path
            )
            assert len(asked.ends) == so_far
            assert list(bars) == source(gateway, "AAPL", "1 min", date(2026, 9, 1), date(2026, 9, 14))


def _september() -> Interval:
    return Interval(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 30, tzinfo=UTC))
