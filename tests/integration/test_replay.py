"""Real recordings, when they are there: what was recorded arrives at a client as it was, and can be traded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path

import pytest

from ibwire.connection import ConnectionManager
from ibwire.settings import ConnectionSettings
from ibwire.simulator import RealClock, RecordedFeed, SimulatedGateway
from ibwire.simulator.feed import SIZE_OF_PRICE, Tick, TickType
from ibwire.streams import MessageStream
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.simulated import numbered
from tests.helpers.virtual_time import on_virtual_time

RECORDINGS = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason=f"the recordings are not part of the project, and {RECORDINGS} is not there"
)

ESH4, EURUSD, TENCENT = 533620665, 12087792, 900000003
COMPARED = 200
TIMEOUT_S = 3600.0  # of virtual time

Told = tuple[str, int, float | str]
"""What a tick says: the kind of its message, its type, and its price, size or text."""

NOW_S = 1_775_000_000.0


@cache
def recordings() -> RecordedFeed:
    return RecordedFeed(RECORDINGS)


def of_tick(tick: Tick) -> Told:
    if tick.price is not None:
        return "price", tick.tick_type, tick.price
    if tick.size is not None:
        return "size", tick.tick_type, f"{tick.size:f}"
    return "text", tick.tick_type, str(int(NOW_S))


def of_message(message: Message) -> Told:
    match message:
        case m.TickPrice(tick_type=int(kind), price=float(price)):
            return "price", kind, price
        case m.TickSize(tick_type=int(kind), size=str(size)):
            return "size", kind, size
        case m.TickString(tick_type=int(kind), value=str(value)):
            return "text", kind, value
        case m.TickGeneric(tick_type=int(kind), value=float(value)):
            return "number", kind, value
    raise AssertionError(f"{message} is no tick")


def recorded(con_id: int) -> Iterator[Tick]:
    return (tick for tick in recordings().ticks() if tick.con_id == con_id)


def replaying() -> SimulatedGateway:
    return SimulatedGateway(feed=recordings(), clock=RealClock(lambda: NOW_S))


def client_of(gateway: SimulatedGateway) -> ConnectionManager:
    return ConnectionManager(ConnectionSettings(port=gateway.port))


async def take(stream: MessageStream, number: int) -> list[Message]:
    async with asyncio.timeout(TIMEOUT_S):
        return [await anext(stream) for _ in range(number)]


def size_beside(price: Tick) -> str | None:
    """The size in a price's own message: as recorded, unknown, or 0 for a price of the day."""
    if price.tick_type not in SIZE_OF_PRICE:
        return "0"
    return None if price.size is None else f"{price.size:f}"


def opening_of(ticks: list[Tick]) -> list[Told]:
    """What a line starts with: the newest of each field, the time of a trade, and that trading is not halted."""
    newest = {of_tick(tick)[:2]: of_tick(tick) for tick in ticks}
    has_trade = any(tick.tick_type == TickType.LAST for tick in ticks)
    trade_time: list[Told] = [("text", TickType.LAST_TIMESTAMP, str(int(NOW_S)))] if has_trade else []
    halted: list[Told] = [("number", TickType.HALTED, 0.0)] if ticks[0].con_id != EURUSD else []
    return [*newest.values(), *trade_time, *halted]


@pytest.mark.parametrize("con_id", [ESH4, EURUSD, TENCENT], ids=["ESH4", "EUR.USD", "700"])
@on_virtual_time
async def test_recorded_ticks_arrive_as_they_were_recorded(con_id: int) -> None:
    ticks = list(islice(recorded(con_id), COMPARED + 30))
    opening = opening_of([tick for tick in ticks if tick.at_s == 0])
    later = [tick for tick in ticks if tick.at_s > 0][:COMPARED]
    async with replaying() as gateway, client_of(gateway) as client:
        stream = client.stream(m.MarketDataRequest(contract=numbered(con_id)))
        parameters, data_type, *told = await take(stream, 2 + len(opening))
        arrived = await take(stream, COMPARED)
        took_s = asyncio.get_running_loop().time()
        stream.close()
    assert isinstance(parameters, m.TickReqParams)
    assert isinstance(data_type, m.MarketDataType)
    assert sorted(map(of_message, told)) == sorted(opening)
    assert len(later) == COMPARED
    assert [of_message(message) for message in arrived] == [of_tick(tick) for tick in later]
    sizes = [size_beside(tick) for tick in later if tick.price is not None]
    assert [message.size for message in arrived if isinstance(message, m.TickPrice)] == sizes
    assert took_s == pytest.approx(later[-1].at_s, abs=0.1)  # and when they were


@on_virtual_time
async def test_order_on_a_recorded_stock_fills_at_offers_that_were_shown() -> None:
    tencent = numbered(TENCENT)
    order = m.Order(action="BUY", order_type="MKT", total_quantity="60000")
    executions: list[m.Execution] = []
    async with replaying() as gateway, client_of(gateway) as client, asyncio.timeout(TIMEOUT_S):
        ticks = client.stream(m.MarketDataRequest(contract=tencent))
        told = [of_message(message) for message in (await take(ticks, 3))[2:]]
        while ("size", TickType.ASK_SIZE) not in [one[:2] for one in told]:
            told.append(of_message(await anext(ticks)))
        async for message in client.stream(
            m.PlaceOrderRequest(order_id=client.next_id(), contract=tencent, order=order)
        ):
            if isinstance(message, m.ExecutionDetails) and message.execution is not None:
                executions.append(message.execution)
            if isinstance(message, m.OrderStatus) and message.status == "Filled":
                break
        told += map(of_message, await take(ticks, len(ticks)))
        ticks.close()
    offers = {value for kind, number, value in told if (kind, number) == ("price", TickType.ASK)}
    assert sum(int(execution.shares or 0) for execution in executions) == 60_000
    assert len(executions) > 1  # more than was ever offered at once
    assert {execution.price for execution in executions} <= offers
