"""The simulated gateway on a still market, and clients for it: ours, and raw ones that see every byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

from ibwire.connection import ConnectionManager
from ibwire.settings import ConnectionSettings
from ibwire.simulator import NO_LIMITS, RealClock, SimulatedGateway
from ibwire.simulator.feed import Feed, Tick, TickType
from ibwire.simulator.instruments import INSTRUMENTS
from ibwire.streams import MessageStream
from ibwire.wire import ClientProtocol, Message, encode
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import LiveFeed, ScriptedFeed, quote

T = TypeVar("T")

TIMEOUT_S = 20.0
NOW_S = 1_000_000_000.25
VERSIONS = range(213, 227)

AAPL, MSFT = 265598, 272093
AAPL_CONTRACT, MSFT_CONTRACT = m.Contract(con_id=AAPL, exchange="SMART"), m.Contract(con_id=MSFT, exchange="SMART")
TSLA_CONTRACT = m.Contract(symbol="TSLA", sec_type="STK", exchange="SMART")
ES_FUTURES = m.Contract(symbol="ES", sec_type="FUT", exchange="CME")
OPENING = [*quote(AAPL, 100.0, 300, 100.1, 200), *quote(MSFT, 480.0, 300, 480.1, 200)]

REST_OF_THE_DAY = [
    Tick(0.0, AAPL, TickType.LAST, 100.1, Decimal(5)),
    Tick(0.0, AAPL, TickType.LAST_SIZE, None, Decimal(5)),
    Tick(0.0, AAPL, TickType.VOLUME, None, Decimal(12345)),
    Tick(0.0, AAPL, TickType.CLOSE, 99.0, None),
]
"""With these, all is known that a snapshot of AAPL waits for."""


def numbered(con_id: int) -> m.Contract:
    """A contract of the simulator's by its id, with the exchange that everything but contract details asks for."""
    (instrument,) = [one for one in INSTRUMENTS if one.con_id == con_id]
    return m.Contract(con_id=con_id, exchange=instrument.exchange)


async def within(work: Awaitable[T], seconds: float = TIMEOUT_S) -> T:
    async with asyncio.timeout(seconds):
        return await work


def simulated(feed: Feed | None = None, **options: Any) -> SimulatedGateway:
    """A gateway on a still market, with a fixed wall clock and no limits unless others are given."""
    options.setdefault("clock", RealClock(lambda: NOW_S))
    options.setdefault("limits", NO_LIMITS)
    return SimulatedGateway(feed=feed if feed is not None else ScriptedFeed(OPENING), **options)


def client_of(gateway: SimulatedGateway, client_id: int = 1, **more: Any) -> ConnectionManager:
    settings = ConnectionSettings(port=gateway.port, client_id=client_id, request_timeout_s=TIMEOUT_S)
    return ConnectionManager(settings, **more)


class RawClient(asyncio.Protocol):
    """Says what it is told to, and keeps what it gets, both as it came and decoded."""

    def __init__(self) -> None:
        self.wire = ClientProtocol()
        self.chunks: list[bytes] = []
        self.messages: list[Message] = []
        self.is_closed = False
        self.error: Exception | None = None
        self.transport: asyncio.Transport | None = None
        self._changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.chunks.append(data)
        self.messages += self.wire.receive(data)
        assert self.wire.error is None
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_closed, self.error = True, exc
        self._changed.set()

    @property
    def bytes_received(self) -> bytes:
        return b"".join(self.chunks)

    def send(self, *messages: Message) -> None:
        self.send_bytes(b"".join(map(encode, messages)))

    def send_bytes(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)

    async def until(self, is_reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while not is_reached():
                self._changed.clear()
                await self._changed.wait()

    async def greet(self, hello: bytes | None = None) -> None:
        """Say hello and wait for the answer to it."""
        self.send_bytes(self.wire.hello if hello is None else hello)
        await self.until(lambda: bool(self.messages))

    async def start(self, client_id: int = 1) -> None:
        await self.greet()
        self.send(m.StartApiRequest(client_id=client_id))
        await self.fence()

    async def fence(self) -> None:
        """Wait until the gateway has answered all that was sent, or closed."""
        kind = m.CurrentTimeInMillis
        before = sum(isinstance(message, kind) for message in self.messages)
        self.send(m.CurrentTimeInMillisRequest())
        await self.until(lambda: self.is_closed or sum(isinstance(one, kind) for one in self.messages) > before)

    async def answers_to(self, *messages: Message) -> list[Message]:
        """What the gateway says to these and nothing else; empty only if it was silent."""
        before = len(self.messages)
        self.send(*messages)
        await self.fence()
        return [answer for answer in self.messages[before:] if not isinstance(answer, m.CurrentTimeInMillis)]


@asynccontextmanager
async def raw(gateway: SimulatedGateway, client_id: int | None = None) -> AsyncIterator[RawClient]:
    """A raw client: connected, and started if it is given a client id."""
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_connection(RawClient, gateway.host, gateway.port)
    try:
        if client_id is not None:
            await client.start(client_id)
        yield client
    finally:
        transport.abort()
        await client.until(lambda: client.is_closed)


def codes(messages: Sequence[Message]) -> list[tuple[int | None, int | None]]:
    return [(message.id, message.error_code) for message in messages if isinstance(message, m.ErrorMessage)]


def kinds(messages: Sequence[Message]) -> list[str]:
    return [type(message).__name__ for message in messages]


def limit(action: str, quantity: str, price: float | None, **more: Any) -> m.Order:
    return m.Order(action=action, order_type="LMT", total_quantity=quantity, lmt_price=price, **more)


def bought(order_id: int, quantity: str, price: float | None = None, **more: Any) -> m.PlaceOrderRequest:
    """An order to buy AAPL, at the market if there is no price."""
    order = m.Order(action="BUY", order_type="MKT", total_quantity=quantity, **more)
    return placed(order_id, order if price is None else limit("BUY", quantity, price, **more))


def placed(order_id: int, order: m.Order, contract: m.Contract = AAPL_CONTRACT) -> m.PlaceOrderRequest:
    return m.PlaceOrderRequest(order_id=order_id, contract=contract, order=order)


def told(message: Message) -> str:
    """A message in a few characters."""
    match message:
        case m.OpenOrder(order_state=m.OrderState() as state):
            return f"O {state.status}"
        case m.OrderStatus():
            held = f" {message.why_held}" if message.why_held else ""
            return f"S {message.status} {message.filled}/{message.remaining}{held}"
        case m.ExecutionDetails(execution=m.Execution() as execution):
            return f"X {execution.side} {execution.shares}@{execution.price}"
        case m.CommissionAndFeesReport():
            return "C"
        case m.ErrorMessage():
            return f"E {message.error_code}"
        case m.TickPrice():
            return f"{message.tick_type}={message.price} x {message.size}"
        case m.TickSize():
            return f"{message.tick_type}={message.size}"
        case m.TickString():
            return f"{message.tick_type}={message.value}"
    return type(message).__name__


async def take(client: ConnectionManager, news: MessageStream) -> list[Message]:
    """The news of an order so far: the gateway has answered all that was sent when it answers the ping."""
    await client.request(m.CurrentTimeRequest())
    return [await anext(news) for _ in range(len(news))]


async def so_far(client: ConnectionManager, news: MessageStream) -> list[str]:
    return [told(message) for message in await take(client, news)]


async def next_of(news: MessageStream, number: int) -> list[str]:
    return [told(await within(anext(news))) for _ in range(number)]


ACCEPTED = ["O PreSubmitted", "S PreSubmitted 0/10"]
RESTING = [*ACCEPTED, "O Submitted", "S Submitted 0/10"]
FILLED = [*ACCEPTED, "X BOT 10@100.1", "O Filled", "S Filled 10/0", "C"]
CANCELLED = ["S PendingCancel 0/10", "S Cancelled 0/10", "E 202"]


@asynccontextmanager
async def trading(
    on_unsolicited: Callable[[Message], object] = lambda _: None,
) -> AsyncIterator[tuple[ConnectionManager, LiveFeed, SimulatedGateway]]:
    feed = LiveFeed(OPENING)
    async with simulated(feed) as gateway, client_of(gateway, on_unsolicited=on_unsolicited) as client:
        yield client, feed, gateway
