"""`ibwire halt` and `ibwire resume`: the kill switch, also for what another process trades."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.frame import INTERRUPTED, fail, one_line, run, say_json
from ibwire.cli.options import AsJson, ClientId, Host, Port
from ibwire.cli.order_rows import in_words, row_of_tracked
from ibwire.exceptions import IbwireError, JournalLocked
from ibwire.halt_mark import Halt, HaltMark
from ibwire.journal_reader import JournalReader
from ibwire.order_state import TrackedOrder
from ibwire.session import IBSession
from ibwire.settings import Settings
from ibwire.wire import Message
from ibwire.wire import messages as m

LOOK_EVERY_S = 0.2
"""How often the journal, or the gateway, is looked at for what has been cancelled."""

READ_ONLY = 321
"""What a gateway whose API is read-only says to a global cancel, which it names by no id."""

Journal = Annotated[
    Path | None,
    typer.Option("--path", help="The journal; by default the one that the settings name.", show_default=False),
]


@dataclass
class Outcome:
    """What a halt has come to."""

    halt: Halt
    cancelled: list[TrackedOrder] = field(default_factory=list)
    ended: list[TrackedOrder] = field(default_factory=list)
    open: list[TrackedOrder] = field(default_factory=list)
    everybodys_cancelled: int = 0
    everybodys_open: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing works any more, as far as one was to see to that."""
        return not (self.open or self.everybodys_open or self.problems)


def halt(
    *,
    reason: Annotated[str | None, typer.Option(help="Why, for whoever looks later.", show_default=False)] = None,
    everything: Annotated[
        bool,
        typer.Option("--everything", help="Cancel all orders of the login too: other programs', the TWS user's."),
    ] = False,
    wait: Annotated[float, typer.Option(min=0, help="How many seconds to wait for the orders to end.")] = 10.0,
    path: Journal = None,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    as_json: AsJson = False,
) -> None:
    """Stop trading: no order leaves that is placed with this journal, by any process, and what works is cancelled.

    The halt is on the disk before anything else happens, needs no gateway, and holds until `ibwire resume`. A running
    program notices it within half a second and cancels its own orders; where none runs, this command cancels them.
    Exits with 0 only if nothing works any more.

    Example: ibwire halt --reason "the bot buys too much"
    """
    settings = _settings(path)
    mark = HaltMark(settings.trading.journal_path)
    try:
        outcome = Outcome(_halt(mark, reason))
    except IbwireError as error:
        fail(error)
    typer.echo(f"trading is halted: {mark.path.resolve()} is on the disk", err=as_json)
    gateway = Gateway(host=host, port=port, client_id=client_id)
    try:
        run(_cancel_all(gateway, settings, outcome, wait_s=wait, everything=everything))
    except typer.Exit as ended:
        said = "interrupted" if ended.exit_code == INTERRUPTED else "not all was done"
        typer.echo(f"{said}: trading is halted; `ibwire orders` shows what still works", err=True)
        raise
    _report(outcome, mark, as_json=as_json)
    raise typer.Exit(0 if outcome.is_good else 1)


def _halt(mark: HaltMark, reason: str | None) -> Halt:
    """Set the mark. Who halts again, to be sure, keeps the first reason."""
    standing = mark.read()
    if reason is None and standing is not None and standing.at is not None:
        return standing
    return mark.set(reason or "", datetime.now(UTC))


def resume(*, path: Journal = None, as_json: AsJson = False) -> None:
    """End a halt: orders are let through again. Needs no gateway; a running program notices within half a second.

    Example: ibwire resume
    """
    mark = HaltMark(_settings(path).trading.journal_path)
    halt = mark.read()
    try:
        mark.remove()
    except IbwireError as error:
        fail(error)
    if as_json:
        say_json({"was_halted": halt is not None, "halt": halt, "mark": str(mark.path.resolve())})
    elif halt is None:
        typer.echo(f"trading was not halted: there is no {mark.path.resolve()}")
    else:
        since = "" if halt.at is None else f" since {halt.at:%Y-%m-%d %H:%M:%S} UTC"
        who = f" by {halt.by}" if halt.by else ""
        typer.echo(f"trading goes on; it was halted{since}{who}: {halt.reason}")


def _settings(path: Path | None) -> Settings:
    try:
        settings = Settings.from_env()
    except IbwireError as error:
        fail(error)
    return settings if path is None else replace(settings, trading=replace(settings.trading, journal_path=path))


async def _cancel_all(
    gateway: Gateway, settings: Settings, outcome: Outcome, *, wait_s: float, everything: bool
) -> None:
    journal = settings.trading.journal_path
    if journal.exists():
        await _cancel_own(gateway, settings, outcome, wait_s)
    elif not everything:
        outcome.problems.append(
            f"there is no journal at {journal.resolve()}: nothing has traded with it, so this halts no running "
            "program; run it where your program runs, or name its journal (--path, IBWIRE_TRADING_JOURNAL_PATH)"
        )
    if everything:
        try:
            await _cancel_everybodys(gateway, settings, outcome, wait_s)
        except (IbwireError, OSError) as error:
            outcome.problems.append(f"orders of others were not cancelled: {one_line(error)}")


async def _cancel_own(gateway: Gateway, settings: Settings, outcome: Outcome, wait_s: float) -> None:
    journal = settings.trading.journal_path
    try:
        before = _open_orders(journal)
        for client_id in sorted({one.key.client_id for one in before}) if gateway.client_id is None else [None]:
            here = gateway if client_id is None else replace(gateway, client_id=client_id)
            await _cancel_as(here, settings, outcome, before, wait_s)
        stand = {one.key.client_ref: one for one in _orders(journal)}
    except (IbwireError, OSError) as error:
        outcome.problems.append(f"orders of ours may be working: {one_line(error)}")
        return
    for order in (stand.get(one.key.client_ref, one) for one in before):
        if not order.state.is_ended:
            outcome.open.append(order)
        else:
            (outcome.cancelled if order.state == "cancelled" else outcome.ended).append(order)


async def _cancel_as(
    gateway: Gateway, settings: Settings, outcome: Outcome, before: Sequence[TrackedOrder], wait_s: float
) -> None:
    """Cancel through a session of our own, or see how the process that has the journal does it."""
    try:
        async with connected(gateway, places_orders=True, settings=settings) as session:
            try:
                async with asyncio.timeout(wait_s):
                    await session.trading.ready()  # and the mark makes the session cancel them
                    own = [one for one in session.trading.orders if one.key.client_id == session.client_id]
                    await asyncio.gather(*(one.done() for one in own), return_exceptions=True)
            except TimeoutError:
                state = f"; the session is {session.state.value}"
                outcome.problems.append(f"not all orders have ended within {wait_s:g} s{state}")
    except JournalLocked as error:
        typer.echo(f"{error.message}: it is to cancel its orders", err=True)
        await _watch(settings.trading.journal_path, wait_s)
        if _open_orders(settings.trading.journal_path):
            outcome.problems.append(
                f"{error.message}, and has not cancelled its orders within {wait_s:g} s; "
                "--everything cancels them over a connection of its own"
            )
    except IbwireError as error:
        outcome.problems.append(f"{len(before)} order(s) may be working: {one_line(error)}")


async def _watch(journal: Path, wait_s: float) -> None:
    end = asyncio.get_running_loop().time() + wait_s
    while True:
        if not _open_orders(journal) or asyncio.get_running_loop().time() >= end:
            return
        await asyncio.sleep(LOOK_EVERY_S)


async def _cancel_everybodys(gateway: Gateway, settings: Settings, outcome: Outcome, wait_s: float) -> None:
    """The global cancel, over a connection that needs no journal; by asking one sees what it has come to."""
    refusals: list[str] = []

    def hear(message: Message) -> None:
        if isinstance(message, m.ErrorMessage) and message.error_code == READ_ONLY:
            refusals.append(message.error_msg or "")

    async with connected(replace(gateway, client_id=None), settings=settings) as session:
        session.listen(hear)
        before = len(await session.trading.open_orders())
        await session.send(m.GlobalCancelRequest())
        outcome.everybodys_open = await _until_none(session, refusals, wait_s)
        outcome.everybodys_cancelled = before - outcome.everybodys_open
    if refusals:
        outcome.problems.append(f"the gateway refused the global cancel: [{READ_ONLY}] {refusals[0]}")
    elif outcome.everybodys_open:
        outcome.problems.append(f"{outcome.everybodys_open} order(s) are open still, of whomever, after {wait_s:g} s")


async def _until_none(session: IBSession, refusals: Sequence[str], wait_s: float) -> int:
    """How many orders are open, of whomever, when none is, the cancel was refused, or the time is over."""
    end = asyncio.get_running_loop().time() + wait_s
    while True:
        number = len(await session.trading.open_orders())
        if not number or refusals or asyncio.get_running_loop().time() >= end:
            return number
        await asyncio.sleep(LOOK_EVERY_S)


def _open_orders(journal: Path) -> list[TrackedOrder]:
    return [one for one in _orders(journal, only_open=True) if not one.state.is_ended]


def _orders(journal: Path, *, only_open: bool = False) -> list[TrackedOrder]:
    reader = JournalReader(journal)
    try:
        return list(reader.orders(only_open=only_open))
    finally:
        reader.close()


def _report(outcome: Outcome, mark: HaltMark, *, as_json: bool) -> None:
    if as_json:
        groups = {"cancelled": outcome.cancelled, "ended": outcome.ended, "open": outcome.open}
        lists = {name: [row_of_tracked(one) for one in orders] for name, orders in groups.items()}
        numbers: dict[str, Any] = {
            "everybodys_cancelled": outcome.everybodys_cancelled,
            "everybodys_open": outcome.everybodys_open,
        }
        say_json(
            {"ok": outcome.is_good, "halt": outcome.halt, "mark": str(mark.path.resolve()), **lists, **numbers}
            | {"problems": outcome.problems}
        )
    else:
        for orders, what in ((outcome.cancelled, "cancelled"), (outcome.ended, "ended"), (outcome.open, "STILL OPEN")):
            for one in orders:
                state = "" if what == "cancelled" else f" ({one.state})"
                typer.echo(f"{what}{state}: {in_words(one.contract, one.order)}, reference {one.key.client_ref}")
        if outcome.everybodys_cancelled:
            typer.echo(f"cancelled: {outcome.everybodys_cancelled} more, of whomever")
        if outcome.is_good:
            typer.echo("nothing of ours works any more; `ibwire resume` lets trading go on")
    for problem in outcome.problems:
        typer.echo(f"error: trading is halted, but {problem}", err=True)
