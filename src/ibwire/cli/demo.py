"""`ibwire demo`: the main job end to end in one process: simulated gateway, TCP, a supervised session, a restart.

Instruments stream, an order fills, history is downloaded, everything is recorded; then the gateway goes away with an
order at work. At the end the books of both sides are compared.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.live import Live

from ibwire.cli import board, demo_orders, demo_report, frame
from ibwire.cli.demo_history import Download, download_for
from ibwire.cli.demo_recording import Recorded, Recording
from ibwire.cli.demo_report import Invariant, Summary
from ibwire.cli.demo_watch import Watched
from ibwire.cli.options import AsJson, Replay, Seed, Speed
from ibwire.cli.sim import feed_for
from ibwire.history_bars import Bars
from ibwire.order_handles import OrderHandle
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings, TradingSettings, WatchdogSettings
from ibwire.simulator import SimulatedGateway
from ibwire.wire import messages as m

SHOWN = 12
"""How many instruments are watched at most."""

STEP_TIMEOUT_S = 15.0
"""How long one step of the demo may take before it counts as failed."""

DOWN_S = 2.0
"""How long the gateway is away."""

MESSAGES_PER_S = 50
"""IBKR's limit for a client, with 100 market-data lines."""

REFRESHES_PER_S = 4


def demo(
    *,
    replay: Replay = None,
    seed: Seed = 1,
    speed: Speed = 1.0,
    seconds: Annotated[
        float, typer.Option(min=1, max=10, help="How long to watch the quotes, before the restart and after it.")
    ] = 4.0,
    as_json: AsJson = False,
) -> None:
    """Run the main job against a simulated gateway that is restarted in the middle, and say what held.

    Quotes stream, an order fills, history is downloaded, all is recorded; the gateway goes away with orders working at
    it, and comes back. Exits with 0 only if nothing was lost, doubled or left unsaid. Takes about 15 seconds.

    Example: ibwire demo --seconds 10
    """
    console = Console(quiet=as_json, highlight=False)
    summary = frame.run(run(replay=replay, seed=seed, speed=speed, seconds=seconds, console=console))
    if as_json:
        frame.say_json(demo_report.as_dict(summary))
    raise typer.Exit(0 if summary.is_good else 1)


async def run(*, replay: Path | None, seed: int, speed: float, seconds: float, console: Console) -> Summary:
    """Run the demo; `seconds` is how long to watch, twice. Raises RecordingError and every error of connecting."""
    began_s = asyncio.get_running_loop().time()
    feed = feed_for(replay, seed)
    with tempfile.TemporaryDirectory(prefix="ibwire-demo-") as folder:
        async with SimulatedGateway(feed=feed, speed=speed) as gateway:
            settings = settings_for(gateway, Path(folder))
            async with IBSession(settings) as session:
                download = download_for(replay, feed.con_ids[0], session.now())
                job = Demo(gateway, session, console, download, Recording(session, Path(folder) / "recording"))
                recorded = await job.run(feed.con_ids[:SHOWN], seconds)
            seen = job.summary(recorded)  # when the session is closed, the journal has everything
    took_s = round(asyncio.get_running_loop().time() - began_s, 1)
    summary = msgspec.structs.replace(seen, took_s=took_s)
    console.print(demo_report.table(summary) if console.is_terminal else demo_report.plain(summary), soft_wrap=True)
    console.print(f"all is well, in {took_s:g} s" if summary.is_good else "not all went as it should")
    return summary


def settings_for(gateway: SimulatedGateway, folder: Path) -> Settings:
    """Nothing of the demo meets the settings, the journal or the orders of its user."""
    return Settings(
        connection=ConnectionSettings(host=gateway.host, port=gateway.port),
        trading=TradingSettings(journal_path=folder / "journal.sqlite3"),
        # The gateway of the demo is back in seconds: there is no need to be patient.
        watchdog=WatchdogSettings(backoff_first_s=0.1, backoff_max_s=1.0),
    )


class Demo:
    """The steps, one method each; `run` is their order."""

    def __init__(
        self,
        gateway: SimulatedGateway,
        session: IBSession,
        console: Console,
        download: Download | None,
        recording: Recording,
    ) -> None:
        self._gateway = gateway
        self._session = session
        self._console = console
        self._download = download
        self._recording = recording
        self._watched: list[Watched] = []
        self._is_offered = asyncio.Event()
        self._orders: list[tuple[Watched, OrderHandle]] = []
        self._across: OrderHandle | None = None
        self._bars: Bars | None = None
        self._recovery_s: float | None = None

    async def run(self, con_ids: Sequence[int], seconds: float) -> Recorded:
        """Everything, in order. A step that takes too long ends the demo, and shows among the invariants."""
        await self._look_up(con_ids)
        await self._recording.begin([one.contract for one in self._watched])
        async with asyncio.TaskGroup() as tasks:
            watching = [tasks.create_task(one.watch(self._session)) for one in self._watched]
            await self._show("live quotes", seconds)
            await self._step("an order to fill", self._buy_now())
            await self._step("an order to wait", self._buy_later())
            await self._step("the download", self._fetch())
            await self._step("the restart", self._restart())
            await self._show("live quotes after the restart", seconds)
            await self._step("an order to cancel", self._cancel_one())
            for task in watching:
                task.cancel()
        return await self._recording.end(streams=len(self._watched), gaps=1)

    async def _look_up(self, con_ids: Sequence[int]) -> None:
        session = self._session
        self._say(
            f"connected to {self._gateway.host}:{self._gateway.port}, server version "
            f"{session.connection.server_version}, paper account {session.accounts[0]}"
        )
        contracts = await session.contracts.qualify(m.Contract(con_id=con_id) for con_id in con_ids)
        details = await asyncio.gather(*map(session.contracts.details, contracts))
        self._watched = [Watched(*one, self._is_offered) for one in zip(contracts, details, strict=True)]

    async def _step(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """One step; if it takes too long the rest goes on, and the invariants tell what is missing."""
        try:
            async with asyncio.timeout(STEP_TIMEOUT_S):
                await work
        except TimeoutError:
            self._say(f"{name} was not over after {STEP_TIMEOUT_S:g} s")

    async def _buy_now(self) -> None:
        """An order that fills at once."""
        what = (await self._offered())[0]
        handle = await demo_orders.buy_now(self._session, what)
        self._orders.append((what, handle))
        await handle.done()
        self._say(demo_orders.line(what.name, handle))

    async def _buy_later(self) -> None:
        """An order that waits, and will be at work when the gateway goes away."""
        what = (await self._offered())[-1]
        handle = self._across = await demo_orders.buy_later(self._session, what)
        self._orders.append((what, handle))
        await handle.acknowledged()
        self._say(demo_orders.line(what.name, handle))

    async def _offered(self) -> list[Watched]:
        """What can be bought; a recording may begin without an offer."""
        await self._is_offered.wait()
        return [one for one in self._watched if one.can_be_bought]

    async def _fetch(self) -> None:
        """A download that needs several requests."""
        if self._download is None:
            return
        bars = self._bars = await self._download.run(self._session)
        self._say(f"downloaded {len(bars)} bars of a minute, {bars[0].start:%Y-%m-%d %H:%M} to {bars[-1].start:%H:%M}")

    async def _restart(self) -> None:
        """The gateway goes away with an order at work, which fills meanwhile, and comes back."""
        self._say(f"the gateway goes away for {DOWN_S:g} s; orders work on at the exchange")
        await self._gateway.inject("fill_while_down", down_for_s=DOWN_S)
        back_s = asyncio.get_running_loop().time()
        for one in self._watched:
            await one.is_back.wait()
        ticked_s = max(one.ticked_again_s or back_s for one in self._watched)
        self._recovery_s = round(max(0.0, ticked_s - back_s), 2)
        self._say(f"it is back; {len(self._watched)} streams ticked again {self._recovery_s:g} s later")
        if self._across is not None:
            await self._across.done()
            self._say("while it was away: " + demo_orders.line(self._orders[-1][0].name, self._across))

    async def _cancel_one(self) -> None:
        """An order placed after the restart, and cancelled."""
        what = (await self._offered())[0]
        handle = await demo_orders.buy_later(self._session, what)
        self._orders.append((what, handle))
        await handle.acknowledged()
        await handle.cancel()
        await handle.done()
        self._say(demo_orders.line(what.name, handle))

    def summary(self, recorded: Recorded) -> Summary:
        """What was seen, and the books of both sides held against each other."""
        truth, watched, bars = self._gateway.state(), self._watched, self._bars
        handles = [handle for _, handle in self._orders]
        across = self._across
        quoted = sum(1 for one in watched if one.ticks > one.ticks_after > 0)
        marked = sum(1 for one in watched if one.gaps == one.resumed == 1)
        highest = max(client.highest_per_s for client in (*truth.clients, *truth.clients_gone))
        return Summary(
            server_version=self._session.connection.server_version,
            account=self._session.accounts[0],
            instruments=len(watched),
            ticks=sum(one.ticks for one in watched),
            ticks_after_the_restart=sum(one.ticks_after for one in watched),
            orders=tuple(demo_orders.summary_of(what.name, handle) for what, handle in self._orders),
            bars=0 if bars is None else len(bars),
            recorded_rows=recorded.rows,
            highest_messages_per_s=highest,
            recovery_s=self._recovery_s,
            took_s=0.0,
            invariants=(
                Invariant(
                    "every instrument ticked before the restart and after it",
                    quoted == len(watched) > 0,
                    f"{quoted} of {len(watched)}",
                ),
                Invariant("every stream marked the gap, once", marked == len(watched), f"{marked} of {len(watched)}"),
                Invariant(
                    "the order that worked across the restart was filled once",
                    across is not None and across.remaining == 0 and len(across.fills) == 1,
                    "it was not placed" if across is None else f"{across.filled:f} in {len(across.fills)} execution(s)",
                ),
                *demo_orders.invariants(handles, self._session.settings.trading.journal_path, truth),
                *(() if self._download is None else (self._download.invariant(bars),)),
                Invariant(
                    "IBKR's pacing was kept",
                    highest <= MESSAGES_PER_S and not truth.violations_counted,
                    f"at most {highest} messages in any second (allowed: {MESSAGES_PER_S}), "
                    f"{truth.violations_counted} violation(s)",
                ),
                recorded.invariant,
            ),
        )

    async def _show(self, title: str, seconds: float) -> None:
        if self._console.is_terminal and not self._console.quiet:
            with Live(console=self._console, refresh_per_second=REFRESHES_PER_S) as live:
                for _ in range(round(seconds * REFRESHES_PER_S)):
                    await asyncio.sleep(1 / REFRESHES_PER_S)
                    live.update(board.table(self._rows(), title))
        else:
            await asyncio.sleep(seconds)
            self._console.print(board.plain(self._rows()), soft_wrap=True)

    def _rows(self) -> list[board.Row]:
        return [(one.name, one.quote) for one in self._watched]

    def _say(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)
