"""`ibwire demo`: the whole path in one process: simulated gateway, TCP, our client, quotes on the screen, a fill."""

from __future__ import annotations

import asyncio
import time
from decimal import ROUND_UP, Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.live import Live

from ibwire.cli import board, frame
from ibwire.cli.options import AsJson, Replay, Seed, Speed
from ibwire.cli.sim import feed_for
from ibwire.connection import ConnectionManager
from ibwire.exceptions import RequestFailed
from ibwire.quote_assembly import QuoteState
from ibwire.settings import ConnectionSettings
from ibwire.simulator import SimulatedGateway
from ibwire.wire import Message
from ibwire.wire import messages as m

SHOWN = 8
"""How many instruments are shown at most."""

ORDER_TIMEOUT_S = 8.0
REFRESHES_PER_S = 4

_QUANTITIES = {"STK": Decimal(100), "FUT": Decimal(1), "CASH": Decimal(20_000)}


class OrderSummary(Struct, kw_only=True):
    """What became of the demo's order. Quantities and prices are decimal text."""

    instrument: str
    quantity: str
    limit_price: str
    status: str = ""
    filled: str = "0"
    average_price: float | None = None
    commission: float = 0.0
    executions: int = 0


class Summary(Struct, kw_only=True):
    """What the demo saw."""

    server_version: int
    account: str
    instruments: int
    instruments_quoted: int
    ticks: int
    seconds: float
    order: OrderSummary | None = None

    @property
    def is_good(self) -> bool:
        """Whether every instrument was quoted and the order filled whole, with its execution reported."""
        order = self.order
        filled = (
            order is not None and order.status == "Filled" and order.filled == order.quantity and order.executions > 0
        )
        return filled and self.instruments_quoted == self.instruments


class Shown(Struct):
    """An instrument on the board."""

    details: m.ContractDetails
    contract: m.Contract
    row: board.Row


def demo(
    *,
    replay: Replay = None,
    seed: Seed = 1,
    speed: Speed = 1.0,
    seconds: Annotated[float, typer.Option(min=1, max=10, help="How long to watch the quotes.")] = 5.0,
    as_json: AsJson = False,
) -> None:
    """Start a simulated gateway, stream quotes from it over TCP, and buy something.

    Example: ibwire demo --seconds 10
    """
    summary = frame.run(
        run(replay=replay, seed=seed, speed=speed, seconds=seconds, console=Console(quiet=as_json, highlight=False))
    )
    if as_json:
        frame.say_json(as_dict(summary))
    raise typer.Exit(0 if summary.is_good else 1)


def as_dict(summary: Summary) -> dict[str, Any]:
    """The summary as plain data, with `ok` for what the exit code says."""
    return {"ok": summary.is_good, **msgspec.to_builtins(summary)}


async def run(*, replay: Path | None, seed: int, speed: float, seconds: float, console: Console) -> Summary:
    """Run the demo; `seconds` is how long to watch. Raises RecordingError and every error of connecting."""
    feed = feed_for(replay, seed)
    async with SimulatedGateway(feed=feed, speed=speed) as gateway:
        settings = ConnectionSettings(host=gateway.host, port=gateway.port)
        async with ConnectionManager(settings) as connection:
            version, account = connection.server_version, connection.accounts[0]
            console.print(
                f"connected to {gateway.host}:{gateway.port}, server version {version}, paper account {account}"
            )
            shown = [await _look_up(connection, con_id) for con_id in feed.con_ids[:SHOWN]]
            async with asyncio.TaskGroup() as tasks:
                watching = [tasks.create_task(_watch(connection, instrument)) for instrument in shown]
                await _show(shown, seconds, console)
                order = await _buy(connection, shown)
                for task in watching:
                    task.cancel()
    summary = Summary(
        server_version=version,
        account=account,
        instruments=len(shown),
        instruments_quoted=sum(1 for instrument in shown if instrument.row.updates > 0),
        ticks=sum(instrument.row.updates for instrument in shown),
        seconds=seconds,
        order=order,
    )
    _print_summary(summary, console)
    return summary


async def _look_up(connection: ConnectionManager, con_id: int) -> Shown:
    answers = await connection.request(m.ContractDataRequest(contract=m.Contract(con_id=con_id)))
    match answers[0]:
        case m.ContractData(contract=m.Contract() as contract, contract_details=m.ContractDetails() as details):
            label = f"{contract.local_symbol or contract.symbol or con_id} {contract.currency or ''}"
            return Shown(details, contract, board.Row(label))
    raise RequestFailed(f"the gateway described contract {con_id} without a contract")


async def _watch(connection: ConnectionManager, instrument: Shown) -> None:
    state = QuoteState(instrument.contract)
    async with connection.stream(m.MarketDataRequest(contract=instrument.contract)) as ticks:
        async for tick in ticks:
            if state.take(tick):
                instrument.row.take(state.quote(time.time()))


async def _show(shown: list[Shown], seconds: float, console: Console) -> None:
    rows = [instrument.row for instrument in shown]
    if console.is_terminal and not console.quiet:
        with Live(console=console, refresh_per_second=REFRESHES_PER_S) as live:
            for _ in range(round(seconds * REFRESHES_PER_S)):
                await asyncio.sleep(1 / REFRESHES_PER_S)
                live.update(board.table(rows, "live quotes"))
    else:
        await asyncio.sleep(seconds)
        console.print(board.plain(rows), soft_wrap=True)


async def _buy(connection: ConnectionManager, shown: list[Shown]) -> OrderSummary | None:
    """Buy a little of the first instrument that is offered, with a limit a few ticks above the offer."""
    offered = (
        (one, one.row.quote.ask)
        for one in shown
        if one.row.quote is not None and one.row.quote.ask is not None and one.contract.sec_type in _QUANTITIES
    )
    instrument, ask = next(offered, (None, 0.0))
    if instrument is None:
        return None
    contract, tick = instrument.contract, Decimal(instrument.details.min_tick or "0.01")
    quantity = _QUANTITIES[contract.sec_type or ""]
    limit = (Decimal(repr(ask)) / tick).to_integral_value(ROUND_UP) * tick + 5 * tick
    order = m.Order(action="BUY", order_type="LMT", total_quantity=f"{quantity:f}", lmt_price=float(limit), tif="DAY")
    request = m.PlaceOrderRequest(order_id=connection.next_id(), contract=contract, order=order)
    summary = OrderSummary(
        instrument=instrument.row.label.split()[0], quantity=f"{quantity:f}", limit_price=f"{limit:f}"
    )
    try:
        async with asyncio.timeout(ORDER_TIMEOUT_S), connection.stream(request) as news:
            reports = 0
            async for message in news:
                reports += isinstance(message, m.CommissionAndFeesReport)
                _take_order_news(summary, message)
                if summary.status == "Filled" and reports >= summary.executions > 0:
                    break
    except TimeoutError:
        pass  # the summary says how far it got
    return summary


def _take_order_news(summary: OrderSummary, message: Message) -> None:
    match message:
        case m.OrderStatus():
            summary.status = message.status or ""
            summary.filled = message.filled or "0"
            summary.average_price = message.avg_fill_price
        case m.ExecutionDetails():
            summary.executions += 1
        case m.CommissionAndFeesReport():
            summary.commission += message.commission_and_fees or 0.0
        case m.ErrorMessage():
            summary.status = f"{summary.status or 'refused'} [{message.error_code}] {message.error_msg}"


def _print_summary(summary: Summary, console: Console) -> None:
    console.print(f"{summary.ticks} ticks of {summary.instruments_quoted} instruments in {summary.seconds:g} s")
    order = summary.order
    if order is None:
        console.print("no order: nothing was offered")
        return
    console.print(
        f"bought {order.filled} of {order.quantity} {order.instrument} at {order.average_price}, "
        f"limit {order.limit_price}: {order.status}, {order.executions} execution(s), commission {order.commission:g}",
        soft_wrap=True,
    )
    console.print("all is well" if summary.is_good else "not all went as it should")
