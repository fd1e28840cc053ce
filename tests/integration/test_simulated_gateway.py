"""The simulated gateway over loopback TCP: our client, and raw ones that see every byte and break every rule."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

import async_solipsism
import pytest

from ibwire.connection import ConnectionManager, ConnectionState
from ibwire.exceptions import (
    ClientIdInUse,
    ConnectionFailed,
    ConnectionLost,
    ConnectionRefused,
    NoSecurityDefinition,
    RequestFailed,
)
from ibwire.settings import ConnectionSettings
from ibwire.simulator import GeneratedFeed, SimulatedGateway
from ibwire.simulator import session as session_module
from ibwire.simulator.feed import Feed, Tick, TickType
from ibwire.simulator.instruments import INSTRUMENTS, Instrument
from ibwire.streams import MessageStream
from ibwire.wire import ClientHello, ClientProtocol, Message, ServerHello, encode
from ibwire.wire import messages as m
from ibwire.wire.framing import encode_frame
from ibwire.wire.handshake import CLIENT_PREFIX, encode_client_hello, encode_server_hello
from ibwire.wire.ids import OUTGOING
from tests.helpers.scripted_feed import LiveFeed, ScriptedFeed, quote
from tests.helpers.virtual_time import on_virtual_time

T = TypeVar("T")

TIMEOUT_S = 20.0
NOW_S = 1_000_000_000.25
VERSIONS = range(213, 227)

AAPL, MSFT = 265598, 272093
AAPL_CONTRACT, MSFT_CONTRACT = m.Contract(con_id=AAPL, exchange="SMART"), m.Contract(con_id=MSFT, exchange="SMART")
TSLA_CONTRACT = m.Contract(symbol="TSLA", sec_type="STK")
ES_FUTURES = m.Contract(symbol="ES", sec_type="FUT", exchange="CME")
OPENING = [*quote(AAPL, 100.0, 300, 100.1, 200), *quote(MSFT, 480.0, 300, 480.1, 200)]


@pytest.fixture(autouse=True)
def _nothing_failed_behind_our_back(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    failures = [record for record in caplog.get_records("call") if record.name == "asyncio"]
    assert not [record.getMessage() for record in failures if record.levelno >= logging.ERROR]


async def within(work: Awaitable[T], seconds: float = TIMEOUT_S) -> T:
    async with asyncio.timeout(seconds):
        return await work


def simulated(feed: Feed | None = None, **options: Any) -> SimulatedGateway:
    """A gateway on a still market, with a fixed wall clock unless another is given."""
    options.setdefault("clock", lambda: NOW_S)
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
        self.is_closed = True
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


# --- hello and start


@pytest.mark.parametrize("version", VERSIONS)
async def test_gateway_of_every_version_is_connected_to_and_works(version: int) -> None:
    async with simulated(max_version=version) as gateway, client_of(gateway) as client:
        assert client.server_version == version
        assert client.accounts == ("DU1234567",)
        data, end = await client.request(m.ContractDataRequest(contract=AAPL_CONTRACT))
        assert isinstance(data, m.ContractData)
        assert isinstance(end, m.ContractDataEnd)
        assert isinstance(
            (await client.request(m.MarketDataRequest(contract=AAPL_CONTRACT, snapshot=True)))[-1], m.TickSnapshotEnd
        )
        async with client.stream(bought(client.next_id(), "10")) as news:
            assert await so_far(client, news) == FILLED


@pytest.mark.parametrize(
    ("offered", "chosen"), [((100, 226), 226), ((213, 220), 220), ((213, 213), 213), ((220, 999), 226)]
)
async def test_hello_is_answered_with_the_highest_version_both_speak(offered: tuple[int, int], chosen: int) -> None:
    async with simulated() as gateway, raw(gateway) as client:
        await client.greet(encode_client_hello(ClientHello(*offered)))
        hello = client.messages[0]
        assert isinstance(hello, ServerHello)
        assert hello.server_version == chosen


@pytest.mark.parametrize("offered", [(157, 178), (100, 212), (227, 300)])
async def test_client_without_a_common_version_is_closed_without_a_word(offered: tuple[int, int]) -> None:
    async with simulated() as gateway, raw(gateway) as client:
        client.send_bytes(encode_client_hello(ClientHello(*offered)))
        await client.until(lambda: client.is_closed)
        assert client.bytes_received == b""


async def test_hello_comes_whole_and_alone_and_nothing_follows_before_start() -> None:
    async with simulated(LiveFeed(OPENING)) as gateway, raw(gateway) as waiting, raw(gateway, 2) as other:
        await waiting.greet()
        other.send(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT))
        await other.answers_to(bought(1, "10"))
        await waiting.until(lambda: bool(waiting.chunks))
        assert waiting.chunks == [encode_server_hello(ServerHello(226, "20010909 01:46:40 UTC"))]


async def test_hello_in_single_bytes_is_understood() -> None:
    async with simulated() as gateway, raw(gateway) as client:
        for byte in client.wire.hello[:-1]:
            client.send_bytes(bytes([byte]))
            await asyncio.sleep(0)
        await client.greet(client.wire.hello[-1:])
        assert client.wire.server_version == 226


async def test_start_is_answered_with_accounts_order_id_and_farm_notices_in_this_order() -> None:
    async with simulated(accounts=("DU1234567", "DU7654321")) as gateway, raw(gateway) as client:
        await client.greet()
        client.send(m.StartApiRequest(client_id=0))
        await client.fence()
        accounts, next_id, *notices, fence = client.messages[1:]
        assert accounts == m.ManagedAccounts("DU1234567,DU7654321")
        assert next_id == m.NextValidId(1)
        assert codes(notices) == [(-1, 2104), (-1, 2106), (-1, 2158)]
        assert {notice.error_time for notice in notices if isinstance(notice, m.ErrorMessage)} == {round(NOW_S * 1000)}
        assert isinstance(fence, m.CurrentTimeInMillis)


@pytest.mark.parametrize("message", [m.CurrentTimeRequest(), m.PlaceOrderRequest(order_id=1)])
async def test_request_before_start_closes_the_connection(message: Message) -> None:
    async with simulated() as gateway, raw(gateway) as client:
        await client.greet()
        client.send(message)
        await client.until(lambda: client.is_closed)
        assert len(client.messages) == 1


async def test_client_id_in_use_is_refused_and_the_first_client_lives_on() -> None:
    async with simulated() as gateway, client_of(gateway, 7) as first:
        second = client_of(gateway, 7)
        with pytest.raises(ClientIdInUse) as caught:
            await second.connect()
        assert caught.value.code == 326
        assert second.state is ConnectionState.DISCONNECTED
        assert await first.request(m.CurrentTimeRequest()) == [m.CurrentTime(int(NOW_S))]
        async with client_of(gateway, 8) as third:
            assert third.state is ConnectionState.CONNECTED


async def test_client_id_is_free_again_when_its_client_is_gone() -> None:
    async with simulated() as gateway:
        for _ in range(3):
            async with client_of(gateway, 7) as client:
                assert client.state is ConnectionState.CONNECTED


# --- contracts


async def test_contract_details_of_every_instrument_are_found_by_con_id() -> None:
    async with simulated() as gateway, client_of(gateway) as client:
        requests = [m.ContractDataRequest(contract=m.Contract(con_id=i.con_id)) for i in INSTRUMENTS]
        answers = await asyncio.gather(*map(client.request, requests))
        for instrument, (data, end) in zip(INSTRUMENTS, answers, strict=True):
            assert_describes(data, instrument)
            assert isinstance(end, m.ContractDataEnd)


def assert_describes(data: Message, instrument: Instrument) -> None:
    assert isinstance(data, m.ContractData)
    assert data.contract is not None
    assert data.contract_details is not None
    assert data.contract.con_id == instrument.con_id
    assert data.contract.local_symbol == instrument.local_symbol
    assert Decimal(data.contract_details.min_tick or "0") == instrument.min_tick
    assert str(data.contract_details.trading_hours)[:8] in ("20010908", "20010909")  # of today, by the gateway's clock


async def test_contract_details_of_an_ambiguous_contract_are_all_it_may_mean() -> None:
    async with simulated() as gateway, client_of(gateway) as client:
        *found, end = await client.request(m.ContractDataRequest(contract=ES_FUTURES))
        symbols = [one.contract.local_symbol for one in found if isinstance(one, m.ContractData) and one.contract]
        assert symbols == ["ESH4", "ESZ5", "ESH6", "ESM6", "ESU6"]
        assert isinstance(end, m.ContractDataEnd)


@pytest.mark.parametrize("contract", [m.Contract(con_id=1), m.Contract(), m.Contract(symbol="NOPE", sec_type="STK")])
async def test_contract_details_of_nothing_known_fail_without_an_end(contract: m.Contract) -> None:
    async with simulated() as gateway, client_of(gateway) as client, raw(gateway, 2) as other:
        with pytest.raises(NoSecurityDefinition, match="No security definition has been found"):
            await client.request(m.ContractDataRequest(contract=contract))
        answers = await other.answers_to(m.ContractDataRequest(req_id=9, contract=contract))
        assert codes(answers) == [(9, 200)]
        assert len(answers) == 1


# --- market data


async def test_stream_opens_with_parameters_type_and_quote_and_goes_on_with_the_market() -> None:
    feed = LiveFeed(OPENING)
    async with simulated(feed) as gateway, client_of(gateway) as client:
        async with client.stream(m.MarketDataRequest(contract=AAPL_CONTRACT)) as ticks:
            opening = [await within(anext(ticks)) for _ in range(6)]
            assert kinds(opening[:2]) == ["TickReqParams", "MarketDataType"]
            assert sorted(told(one) for one in opening[2:]) == ["0=300", "1=100.0 x 300", "2=100.1 x 200", "3=200"]
            feed.tell(quote(MSFT, 481.0, 1))  # somebody else's
            feed.tell([*quote(AAPL, ask=100.2, ask_size=50), Tick(0, AAPL, TickType.LAST_TIMESTAMP, None, None)])
            news = [await within(anext(ticks)) for _ in range(3)]
            assert [told(one) for one in news] == ["2=100.2 x 50", "3=50", f"45={int(NOW_S)}"]
        assert len(ticks) == 0


async def test_stream_of_a_contract_without_data_says_so() -> None:
    async with simulated(ScriptedFeed(OPENING)) as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(m.MarketDataRequest(req_id=4, contract=TSLA_CONTRACT))
        assert [told(answer) for answer in answers[2:]] == ["1=-1.0 x 0", "2=-1.0 x 0"]


async def test_stream_that_is_cancelled_gets_no_more_ticks_and_its_id_is_free() -> None:
    feed = LiveFeed(OPENING)
    async with simulated(feed) as gateway, raw(gateway, 1) as client, raw(gateway, 2) as witness:
        request = m.MarketDataRequest(req_id=4, contract=AAPL_CONTRACT)
        await client.answers_to(request)
        await witness.answers_to(request)
        assert await client.answers_to(m.CancelMarketData(4)) == []
        before = len(witness.messages)
        feed.tell(quote(AAPL, 100.05, 7))
        await witness.until(lambda: len(witness.messages) > before)
        reopened = await client.answers_to(request)
        assert kinds(reopened)[:2] == ["TickReqParams", "MarketDataType"]
        assert not codes(reopened)


@pytest.mark.parametrize(
    ("contract", "text"),
    [
        (ES_FUTURES, "ambiguous"),
        (m.Contract(symbol="ES", sec_type="FUT+CONTFUT", exchange="CME"), "ambiguous"),
        (m.Contract(con_id=1), "No security definition"),
        (m.Contract(), "No security definition"),
    ],
)
async def test_stream_of_no_or_several_contracts_fails(contract: m.Contract, text: str) -> None:
    async with simulated() as gateway, client_of(gateway) as client:
        with pytest.raises(RequestFailed, match=text) as caught:
            await within(anext(client.stream(m.MarketDataRequest(contract=contract))))
        assert caught.value.code == 200


async def test_ticker_id_in_use_is_refused_and_its_stream_lives_on() -> None:
    feed = LiveFeed(OPENING)
    async with simulated(feed) as gateway, raw(gateway, 1) as client:
        await client.answers_to(m.MarketDataRequest(req_id=4, contract=AAPL_CONTRACT))
        assert codes(await client.answers_to(m.MarketDataRequest(req_id=4, contract=MSFT_CONTRACT))) == [(4, 322)]
        before = len(client.messages)
        feed.tell([*quote(MSFT, 481.0), *quote(AAPL, 100.05)])
        await client.until(lambda: len(client.messages) > before)
        assert [told(one) for one in client.messages[before:]] == ["1=100.05 x None"]


async def test_ticker_id_of_another_client_is_free() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client, raw(gateway, 2) as other:
        for one in (client, other):
            assert not codes(await one.answers_to(m.MarketDataRequest(req_id=4, contract=AAPL_CONTRACT)))


async def test_snapshot_tells_all_that_is_known_and_ends() -> None:
    async with simulated() as gateway, client_of(gateway) as client:
        *answers, end = await client.request(m.MarketDataRequest(contract=AAPL_CONTRACT, snapshot=True))
        assert sorted(told(one) for one in answers[2:]) == ["0=300", "1=100.0 x 300", "2=100.1 x 200", "3=200"]
        assert isinstance(end, m.TickSnapshotEnd)


async def test_snapshot_of_a_contract_without_data_ends_too() -> None:
    async with simulated() as gateway, client_of(gateway) as client:
        answers = await client.request(m.MarketDataRequest(contract=TSLA_CONTRACT, regulatory_snapshot=True))
        assert [told(one) for one in answers[2:-1]] == ["1=-1.0 x 0", "2=-1.0 x 0"]


async def test_snapshot_of_a_generated_instrument_has_its_quote() -> None:
    async with simulated(GeneratedFeed(1, [AAPL])) as gateway, client_of(gateway) as client:
        answers = await client.request(m.MarketDataRequest(contract=MSFT_CONTRACT, snapshot=True))
        assert {1, 2} <= {answer.tick_type for answer in answers if isinstance(answer, m.TickPrice)}


async def test_snapshot_with_generic_ticks_is_refused() -> None:
    async with simulated() as gateway, client_of(gateway) as client:
        with pytest.raises(RequestFailed, match="not applicable to generic ticks") as caught:
            await client.request(m.MarketDataRequest(contract=AAPL_CONTRACT, snapshot=True, generic_tick_list="233"))
        assert caught.value.code == 321


async def test_cancel_of_an_unknown_ticker_id_is_answered_with_300() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(m.CancelMarketData(99))
        assert codes(answers) == [(99, 300)]
        assert "tickerId:99" in str(answers)


# --- never silent

SILENT = {
    m.SetServerLogLevelRequest: "a command without an answer",
    m.MarketDataTypeRequest: "its effect is the type that later streams begin with",
    m.CancelContractData: "no cancel is acknowledged, and there is nothing left to cancel",
    m.GlobalCancelRequest: "its answers are those of the orders it cancels, and there are none",
}
"""What a gateway takes without a word, and why."""


def outgoing(kind: type[Message]) -> Message:
    given = {"req_id": 77, "order_id": 78} if kind is not m.PlaceOrderRequest else {"order_id": 78}
    return kind(**{name: value for name, value in given.items() if name in kind.__struct_fields__})


@pytest.mark.parametrize("kind", OUTGOING.values(), ids=lambda kind: kind.__name__)
async def test_every_message_a_client_can_send_is_answered_or_silent_by_nature(kind: type[Message]) -> None:
    message = outgoing(kind)
    async with simulated() as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(message)
        if kind is m.CurrentTimeInMillisRequest:
            assert sum(isinstance(one, m.CurrentTimeInMillis) for one in client.messages) == 3
        else:
            assert bool(answers) != (kind in SILENT), SILENT.get(kind)
        for answer in answers:
            if isinstance(answer, m.ErrorMessage) and "not simulated yet" in str(answer.error_msg):
                assert kind.__name__ in str(answer.error_msg)
                expected = getattr(message, "req_id", None) or getattr(message, "order_id", None) or -1
                assert codes([answer]) == [(expected, 321)]
        assert not client.is_closed or kind is m.StartApiRequest


async def test_request_that_is_not_simulated_fails_by_name_at_once() -> None:
    async with simulated() as gateway, client_of(gateway) as client:
        with pytest.raises(RequestFailed, match="WshMetaDataRequest is not simulated yet") as caught:
            await client.request(m.WshMetaDataRequest())
        assert caught.value.code == 321


# --- orders


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
            return f"S {message.status} {message.filled}/{message.remaining}"
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
    on_unsolicited: Callable[[Message], None] | None = None,
) -> AsyncIterator[tuple[ConnectionManager, LiveFeed, SimulatedGateway]]:
    feed = LiveFeed(OPENING)
    async with simulated(feed) as gateway, client_of(gateway, on_unsolicited=on_unsolicited) as client:
        yield client, feed, gateway


async def test_resting_limit_order_is_pre_submitted_then_submitted() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        messages = await take(client, news)
        assert [told(message) for message in messages] == RESTING
        echo, status = messages[2:]
        assert isinstance(echo, m.OpenOrder)
        assert isinstance(status, m.OrderStatus)
        assert echo.order is not None
        assert echo.contract is not None
        assert (echo.order_id, echo.order.action, echo.order.lmt_price) == (1, "BUY", 99.0)
        assert (echo.order.account, echo.order.tif, echo.order.client_id) == ("DU1234567", "DAY", 1)
        assert (echo.contract.local_symbol, echo.contract.exchange) == ("AAPL", "SMART")
        assert status.perm_id == echo.order.perm_id
        assert (status.client_id, status.parent_id, status.avg_fill_price, status.last_fill_price) == (1, 0, 0.0, 0.0)


async def test_cancelled_order_is_pending_then_cancelled_then_202() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        await take(client, news)
        client.send(m.CancelOrderRequest(1))
        assert await so_far(client, news) == CANCELLED


async def test_partly_filled_order_keeps_what_it_has_when_it_is_cancelled() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "500", 100.1)) as news:
        await take(client, news)
        client.send(m.CancelOrderRequest(1))
        assert await so_far(client, news) == ["S PendingCancel 200/300", "S Cancelled 200/300", "E 202"]


async def test_cancelled_order_does_not_fill_when_the_market_comes_to_it() -> None:
    async with trading() as (client, feed, _), client.stream(bought(1, "10", 99.0)) as news:
        client.send(m.CancelOrderRequest(1))
        await take(client, news)
        async with client.stream(bought(2, "10", 99.0)) as others:
            feed.tell(quote(AAPL, ask=98.0, ask_size=100))
            assert (await next_of(others, 8))[-1] == "C"
        assert await so_far(client, news) == []


async def test_marketable_limit_order_fills_at_the_quote_not_at_its_limit() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 105.0)) as news:
        assert await so_far(client, news) == FILLED


@pytest.mark.parametrize(("action", "fill"), [("BUY", "X BOT 10@100.1"), ("SELL", "X SLD 10@100.0")])
async def test_market_order_fills_at_the_other_side(action: str, fill: str) -> None:
    order = m.Order(action=action, order_type="MKT", total_quantity="10")
    async with trading() as (client, _, _), client.stream(placed(1, order)) as news:
        assert await so_far(client, news) == [*ACCEPTED, fill, *FILLED[3:]]


async def test_order_above_the_shown_size_fills_in_parts() -> None:
    async with trading() as (client, feed, _), client.stream(bought(1, "500", order_ref="ours")) as news:
        first = await take(client, news)
        assert [told(message) for message in first] == [
            "O PreSubmitted",
            "S PreSubmitted 0/500",
            "X BOT 200@100.1",
            "O Submitted",
            "S Submitted 200/300",
            "C",
        ]
        feed.tell(quote(AAPL, ask=100.2, ask_size=1000))
        second = [await within(anext(news)) for _ in range(4)]
        assert [told(message) for message in second] == ["X BOT 300@100.2", "O Filled", "S Filled 500/0", "C"]
        assert_fills_add_up(first, second)


def assert_fills_add_up(first: list[Message], second: list[Message]) -> None:
    executions = [one.execution for one in (*first, *second) if isinstance(one, m.ExecutionDetails) and one.execution]
    reports = [one for one in (*first, *second) if isinstance(one, m.CommissionAndFeesReport)]
    assert [one.cum_qty for one in executions] == ["200", "500"]
    assert [one.avg_price for one in executions] == [100.1, pytest.approx(100.16)]
    assert [one.exec_id for one in executions] == [report.exec_id for report in reports]
    assert len({one.exec_id for one in executions}) == 2
    assert {(one.order_id, one.client_id, one.acct_number, one.order_ref) for one in executions} == {
        (1, 1, "DU1234567", "ours")
    }
    assert {one.time for one in executions} == {"20010908 21:46:40 US/Eastern"}
    assert [report.currency for report in reports] == ["USD", "USD"]
    assert all(report.commission_and_fees is not None and report.commission_and_fees > 0 for report in reports)
    status = second[2]
    assert isinstance(status, m.OrderStatus)
    assert (status.avg_fill_price, status.last_fill_price) == (pytest.approx(100.16), 100.2)
    assert {one.req_id for one in (*first, *second) if isinstance(one, m.ExecutionDetails)} == {-1}


@on_virtual_time
async def test_size_already_taken_is_not_given_again_when_the_other_side_changes() -> None:
    async with trading() as (client, feed, _), client.stream(bought(1, "500")) as news:
        assert "S Submitted 200/300" in await so_far(client, news)
        feed.tell(quote(AAPL, 100.0, 400))
        await asyncio.sleep(1)
        assert await so_far(client, news) == []


async def test_resting_order_fills_when_the_market_comes_to_it() -> None:
    async with trading() as (client, feed, _), client.stream(bought(1, "10", 99.0)) as news:
        await take(client, news)
        feed.tell(quote(AAPL, 98.0, 5, 98.5, 500))
        assert await next_of(news, 4) == ["X BOT 10@98.5", *FILLED[3:]]


async def test_modified_order_that_still_rests_is_echoed_under_its_permanent_id() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        before = await take(client, news)
        client.send(bought(1, "20", 99.5))
        echo, status = await take(client, news)
        assert [told(echo), told(status)] == ["O Submitted", "S Submitted 0/20"]
        assert isinstance(echo, m.OpenOrder)
        assert isinstance(status, m.OrderStatus)
        assert echo.order is not None
        assert (echo.order.lmt_price, echo.order.total_quantity) == (99.5, "20")
        assert {one.perm_id for one in (*before, status) if isinstance(one, m.OrderStatus)} == {echo.order.perm_id}


@pytest.mark.parametrize("better", [bought(1, "10", 100.1), bought(1, "10")], ids=["price", "to market"])
async def test_order_that_is_made_marketable_fills(better: m.PlaceOrderRequest) -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        await take(client, news)
        client.send(better)
        assert await so_far(client, news) == FILLED[2:]


@pytest.mark.parametrize(
    "other",
    [
        placed(1, limit("SELL", "500", 100.1)),
        placed(1, limit("BUY", "500", 100.1), MSFT_CONTRACT),
        bought(1, "150", 100.1),  # below what is filled
    ],
    ids=["side", "contract", "quantity"],
)
async def test_modification_into_another_order_is_refused_and_the_order_lives_on(other: m.PlaceOrderRequest) -> None:
    async with trading() as (client, feed, _), client.stream(bought(1, "500", 100.1)) as news:
        await take(client, news)
        client.send(other)
        assert await so_far(client, news) == ["E 105"]
        feed.tell(quote(AAPL, ask=100.0, ask_size=1000))
        assert await next_of(news, 4) == ["X BOT 300@100.0", "O Filled", "S Filled 500/0", "C"]


async def test_modification_that_is_invalid_is_refused_and_the_order_lives_on() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        await take(client, news)
        client.send(bought(1, "10", 99.005))
        client.send(bought(1, "0", 99.0))
        assert await so_far(client, news) == ["E 110", "E 434"]
        client.send(m.CancelOrderRequest(1))
        assert await so_far(client, news) == CANCELLED


async def test_untransmitted_order_is_not_heard_of_until_it_is_transmitted() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0, transmit=False)) as news:
        assert await so_far(client, news) == []
        assert kinds(await client.request(m.AllOpenOrdersRequest())) == ["OpenOrdersEnd"]
        client.send(bought(1, "10", 99.0))
        assert await so_far(client, news) == RESTING


async def test_untransmitted_order_can_be_discarded() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0, transmit=False)) as news:
        client.send(m.CancelOrderRequest(1))
        client.send(m.CancelOrderRequest(1))
        assert await so_far(client, news) == ["E 202", "E 10147"]


async def test_cancel_after_an_untransmitted_modification_cancels_the_working_order() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        client.send(bought(1, "10", 99.5, transmit=False))
        await take(client, news)
        client.send(m.CancelOrderRequest(1))
        assert "S Cancelled 0/10" in await so_far(client, news)
        assert kinds(await client.request(m.OpenOrdersRequest())) == ["OpenOrdersEnd"]


async def test_cancel_after_a_transmitted_modification_cancels_the_working_order() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        client.send(bought(1, "10", 99.5, transmit=False))
        client.send(bought(1, "10", 99.5))
        await take(client, news)
        client.send(m.CancelOrderRequest(1))
        assert await so_far(client, news) == CANCELLED


async def test_modification_after_the_fill_is_refused_with_104() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10")) as news:
        await take(client, news)
        client.send(bought(1, "20", 105.0))
        assert await so_far(client, news) == ["E 104"]


async def test_order_id_below_the_next_is_refused_with_103() -> None:
    async with trading() as (client, _, _):
        async with client.stream(bought(5, "10", 99.005)) as news:  # refused, but its id is used up
            assert await so_far(client, news) == ["E 110"]
        for order_id in (5, 4):
            async with client.stream(bought(order_id, "10", 99.0)) as news:
                assert await so_far(client, news) == ["E 103"]
        async with client.stream(bought(6, "10", 99.0)) as news:
            assert await so_far(client, news) == RESTING


@pytest.mark.parametrize("order_id", [0, -1, -5])
async def test_order_id_that_is_not_positive_is_refused_with_10149(order_id: int) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        assert codes(await client.answers_to(bought(order_id, "10"))) == [(order_id, 10149)]


async def test_cancel_of_an_unknown_order_is_refused_with_10147() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client, raw(gateway, 2) as other:
        await other.answers_to(bought(7, "10", 99.0))
        answers = await client.answers_to(m.CancelOrderRequest(7))  # another client's number is not its own
        assert codes(answers) == [(7, 10147)]
        assert len(answers) == 1
        assert [told(one) for one in await other.answers_to(m.OpenOrdersRequest())][:1] == ["O Submitted"]


@pytest.mark.parametrize(
    ("first", "state"), [([bought(1, "10")], "Filled"), ([bought(1, "10", 99.0), m.CancelOrderRequest(1)], "Cancelled")]
)
async def test_cancel_of_an_order_that_is_over_is_refused_with_10148(first: list[Message], state: str) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        await client.answers_to(*first)
        answers = await client.answers_to(m.CancelOrderRequest(1))
        assert codes(answers) == [(1, 10148)]
        assert f"state: {state}." in str(answers)
        assert len(answers) == 1


UNKNOWN_CONTRACT = m.Contract(con_id=1)
MARKET = m.Order(action="BUY", order_type="MKT", total_quantity="10")


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        (bought(1, "10", 100.005), 110, "minimum price variation"),
        (placed(1, limit("BUY", "1", 4800.1), m.Contract(local_symbol="ESH4")), 110, "minimum price variation"),
        (bought(1, "10", float("nan")), 110, "minimum price variation"),
        (bought(1, "10", float("inf")), 110, "minimum price variation"),
        (bought(1, "0"), 434, "size cannot be zero"),
        (bought(1, "-5"), 434, "size cannot be zero"),
        (bought(1, "ten"), 434, "size cannot be zero"),
        (bought(1, ""), 434, "size cannot be zero"),
        (bought(1, "NaN"), 434, "size cannot be zero"),
        (bought(1, "10", account="DU999"), 321, "DU999"),
        (placed(1, MARKET, UNKNOWN_CONTRACT), 200, "No security definition"),
        (placed(1, MARKET, ES_FUTURES), 200, "ambiguous"),
        (placed(1, limit("BUY", "10", None)), 321, "limit price"),
        (placed(1, limit("HOLD", "10", 99.0)), 321, "HOLD"),
        (placed(1, limit("BUY", "10", 99.0, tif="GTX")), 321, "GTX"),
        (placed(1, m.Order(action="BUY", order_type="WONDER", total_quantity="10")), 321, "WONDER"),
        (m.PlaceOrderRequest(order_id=1, contract=None, order=None), 200, "No security definition"),
    ],
)
async def test_order_that_cannot_be_is_refused_with_its_error_and_nothing_else(
    request_: m.PlaceOrderRequest, code: int, text: str
) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(request_)
        assert codes(answers) == [(1, code)]
        assert text in str(answers)
        assert len(answers) == 1
        assert kinds(await client.answers_to(m.OpenOrdersRequest())) == ["OpenOrdersEnd"]


async def test_order_with_a_limit_beyond_all_prices_is_refused_and_the_client_lives_on() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        assert codes(await client.answers_to(bought(1, "10", 1.7976931348623157e308))) == [(1, 110)]
        assert not client.is_closed


@pytest.mark.parametrize("quantity", ["1E+5000000", "1E-5000000"])
async def test_order_of_a_quantity_beyond_all_sizes_is_refused_and_the_client_lives_on(quantity: str) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(bought(1, quantity, 99.0))
        assert kinds(answers) == ["ErrorMessage"]
        assert not client.is_closed


@pytest.mark.parametrize(
    "terms",
    [
        {"what_if": True},
        {"parent_id": 77},
        {"oca_group": "one of these"},
        {"good_after_time": "20991231 00:00:00 UTC"},
        {"all_or_none": True},
        {"min_qty": 5},
        {"conditions": (m.OrderCondition(),)},
        {"algo_strategy": "Twap"},
    ],
    ids=lambda terms: next(iter(terms)),
)
async def test_order_with_terms_that_are_not_simulated_is_refused_by_their_name(terms: dict[str, Any]) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(bought(1, "10", **terms))
        assert codes(answers) == [(1, 321)]
        assert next(iter(terms)) in str(answers)
        assert len(answers) == 1


async def fills_on_generated_market(contract: m.Contract, *con_ids: int) -> bool:
    """Whether a market order fills within a minute on a market made for these and what is asked for."""
    async with simulated(GeneratedFeed(1, con_ids)) as gateway, raw(gateway, 1) as client:
        await client.answers_to(placed(1, MARKET, contract))
        await asyncio.sleep(60)
        return "S Filled 10/0" in map(told, client.messages)


@on_virtual_time
async def test_order_on_a_generated_market_fills_without_a_subscription() -> None:
    assert await fills_on_generated_market(AAPL_CONTRACT, AAPL)


@on_virtual_time
async def test_order_on_an_instrument_that_nobody_watches_fills_too() -> None:
    assert await fills_on_generated_market(MSFT_CONTRACT, AAPL)


@on_virtual_time
async def test_order_on_a_market_that_began_empty_fills_too() -> None:
    assert await fills_on_generated_market(MSFT_CONTRACT)


async def test_clients_hear_of_their_own_orders_only() -> None:
    feed = LiveFeed(OPENING)
    async with simulated(feed) as gateway, raw(gateway, 1) as client, raw(gateway, 2) as other:
        assert [told(one) for one in await client.answers_to(bought(1, "10", 99.0))] == RESTING
        assert [told(one) for one in await other.answers_to(bought(1, "10", 98.0))] == RESTING
        before = len(other.messages)
        feed.tell(quote(AAPL, ask=98.5, ask_size=1000))
        await client.until(lambda: told(client.messages[-1]) == "C")
        assert await other.answers_to() == []
        assert len(other.messages) == before + 1  # the fence
        client.send(m.CancelOrderRequest(1))
        await client.fence()
        assert await other.answers_to() == []


async def test_global_cancel_cancels_every_order_and_tells_each_owner_of_his() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client, raw(gateway, 2) as other:
        await client.answers_to(bought(1, "10", 99.0), bought(2, "10", 98.0), bought(3, "10"))
        await other.answers_to(bought(1, "10", 97.0))
        before = len(other.messages)
        assert [told(one) for one in await client.answers_to(m.GlobalCancelRequest())] == [*CANCELLED, *CANCELLED]
        await other.fence()
        assert [told(one) for one in other.messages[before:-1]] == CANCELLED
        assert kinds(await client.answers_to(m.AllOpenOrdersRequest())) == ["OpenOrdersEnd"]


async def test_open_orders_are_ones_own_and_all_open_orders_are_all_as_pairs_with_an_end() -> None:
    async with simulated() as gateway, client_of(gateway, 1) as client, raw(gateway, 2) as other:
        await other.answers_to(bought(5, "7", 97.0), bought(6, "10"))
        async with client.stream(bought(1, "10", 99.0)), client.stream(bought(2, "500", 100.1)) as news:
            await take(client, news)
            own, every = await client.request(m.OpenOrdersRequest()), await client.request(m.AllOpenOrdersRequest())
        pairs = ["O Submitted", "S Submitted 0/10", "O Submitted", "S Submitted 190/310"]
        assert [told(one) for one in own] == [*pairs, "OpenOrdersEnd"]
        assert [told(one) for one in every] == ["O Submitted", "S Submitted 0/7", *pairs, "OpenOrdersEnd"]
        statuses = [one for one in every if isinstance(one, m.OrderStatus)]
        assert [(one.client_id, one.order_id) for one in statuses] == [(2, 5), (1, 1), (1, 2)]
        assert len({one.perm_id for one in statuses}) == 3


async def test_executions_are_ones_own_each_with_its_commission_and_then_the_end() -> None:
    async with simulated() as gateway, client_of(gateway, 1) as client, raw(gateway, 2) as other:
        await other.answers_to(bought(1, "5"))
        sell = placed(2, m.Order(action="SELL", order_type="MKT", total_quantity="20"), MSFT_CONTRACT)
        async with client.stream(bought(1, "10")) as one, client.stream(sell) as two:
            news = [*await take(client, one), *await take(client, two)]
        answers = await client.request(m.ExecutionRequest())
        assert [told(one) for one in answers] == ["X BOT 10@100.1", "C", "X SLD 20@480.0", "C", "ExecutionDetailsEnd"]
        asked = [one for one in answers if isinstance(one, m.ExecutionDetails)]
        assert [one.execution for one in asked] == [o.execution for o in news if isinstance(o, m.ExecutionDetails)]
        assert len({one.req_id for one in asked} | {-1}) == 2


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (m.ExecutionFilter(), 2),
        (m.ExecutionFilter(symbol="MSFT"), 1),
        (m.ExecutionFilter(symbol="TSLA"), 0),
        (m.ExecutionFilter(side="SELL"), 1),
        (m.ExecutionFilter(side="BUY", symbol="MSFT"), 0),
        (m.ExecutionFilter(acct_code="DU1234567", sec_type="STK"), 2),
        (m.ExecutionFilter(acct_code="DU7"), 0),
        (m.ExecutionFilter(sec_type="FUT"), 0),
        (m.ExecutionFilter(client_id=1), 2),
        (m.ExecutionFilter(client_id=2), 0),
    ],
)
async def test_executions_are_filtered(wanted: m.ExecutionFilter, expected: int) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        sell = placed(2, m.Order(action="SELL", order_type="MKT", total_quantity="20"), MSFT_CONTRACT)
        await client.answers_to(bought(1, "10"), sell)
        answers = await client.answers_to(m.ExecutionRequest(9, wanted))
        assert kinds(answers) == ["ExecutionDetails", "CommissionAndFeesReport"] * expected + ["ExecutionDetailsEnd"]


# --- reconnecting


async def test_order_ids_go_on_after_a_reconnect_and_are_a_clients_own() -> None:
    async with simulated() as gateway:
        async with raw(gateway, 1) as client:
            await client.answers_to(bought(41, "10"))
            assert await client.answers_to(m.IdsRequest()) == [m.NextValidId(42)]
        async with raw(gateway, 1) as client, raw(gateway, 2) as other:
            assert m.NextValidId(42) in client.messages
            assert m.NextValidId(1) in other.messages
            assert codes(await client.answers_to(bought(40, "10"))) == [(40, 103)]


async def test_order_stays_when_its_client_goes_and_is_his_again_when_he_is_back() -> None:
    feed = LiveFeed(OPENING)
    async with simulated(feed) as gateway:
        async with raw(gateway, 1) as client:
            await client.answers_to(bought(1, "10", 99.0), bought(2, "10", 98.0))
        async with raw(gateway, 2) as witness:
            await witness.answers_to(m.MarketDataRequest(req_id=4, contract=AAPL_CONTRACT))
            before = len(witness.messages)
            feed.tell(quote(AAPL, ask=98.5, ask_size=1000))
            await witness.until(lambda: len(witness.messages) > before)
        async with raw(gateway, 1) as client:
            assert [told(one) for one in await client.answers_to(m.OpenOrdersRequest())] == [
                "O Submitted",
                "S Submitted 0/10",
                "OpenOrdersEnd",
            ]
            executions = await client.answers_to(m.ExecutionRequest(9))
            assert [told(one) for one in executions] == ["X BOT 10@98.5", "C", "ExecutionDetailsEnd"]
            before = len(client.messages)
            feed.tell(quote(AAPL, ask=97.5, ask_size=1000))
            await client.until(lambda: len(client.messages) >= before + 4)
            assert [told(one) for one in client.messages[before:]] == ["X BOT 10@97.5", *FILLED[3:]]


async def test_market_data_ends_with_the_connection() -> None:
    async with simulated(LiveFeed(OPENING)) as gateway:
        async with raw(gateway, 1) as client:
            await client.answers_to(m.MarketDataRequest(req_id=4, contract=AAPL_CONTRACT))
        async with raw(gateway, 1) as client:
            assert not codes(await client.answers_to(m.MarketDataRequest(req_id=4, contract=MSFT_CONTRACT)))


# --- bad clients


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"API\0\0\0\0\x09v100.,226",
        b"API\0\xff\xff\xff\xff",
        CLIENT_PREFIX + b"\0\0\0\0",
        b"\0" * 100,
    ],
)
async def test_garbage_instead_of_a_hello_closes_that_client_only(garbage: bytes) -> None:
    async with simulated() as gateway, client_of(gateway, 2) as other, raw(gateway) as client:
        client.send_bytes(garbage)
        await client.until(lambda: client.is_closed)
        assert client.bytes_received == b""
        assert await other.request(m.CurrentTimeRequest())


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xff\xff\xff",
        b"\0\0\0\0\0\0\0\0",
        b"\0\0\0\x03\0\0\x01",
        encode_frame(203, b"\xff\xff\xff\xff\xff"),
        encode_frame(201, b"\x12\x05\x12\x03\xff\xfe\xfd"),
    ],
    ids=["too long", "empty", "too short", "no protobuf", "no text"],
)
async def test_garbage_after_the_start_is_answered_with_320_and_closes_that_client_only(garbage: bytes) -> None:
    async with simulated() as gateway, client_of(gateway, 2) as other, raw(gateway, 1) as client:
        before = len(client.messages)
        client.send_bytes(encode(m.CurrentTimeRequest()) + garbage + encode(m.CurrentTimeRequest()))
        await client.until(lambda: client.is_closed)
        answer, error = client.messages[before:]
        assert isinstance(answer, m.CurrentTime)
        assert codes([error]) == [(-1, 320)]
        assert await other.request(m.CurrentTimeRequest())


async def test_client_that_never_reads_is_cut_off_while_another_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MAX_UNSENT_BYTES", 100_000)
    loop = asyncio.get_running_loop()
    async with simulated() as gateway, client_of(gateway, 2) as other:
        answered = 0

        async def ask_on_and_on(deaf: socket.socket) -> None:
            nonlocal answered
            requests = encode(m.ContractDataRequest(req_id=1, contract=ES_FUTURES)) * 20
            while True:
                await loop.sock_sendall(deaf, requests)
                answered += len(await other.request(m.CurrentTimeRequest()))

        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.settimeout(0)
            await loop.sock_connect(deaf, (gateway.host, gateway.port))
            await loop.sock_sendall(deaf, ClientProtocol().hello + encode(m.StartApiRequest(client_id=1)))
            with pytest.raises((ConnectionResetError, BrokenPipeError)):
                await within(ask_on_and_on(deaf))
        assert answered > 0
        assert gateway.session_of(1) is None
        async with client_of(gateway, 1) as again:
            assert again.state is ConnectionState.CONNECTED


# --- IBKR's client waits for more after exactly 4096 bytes (protocol notes, 1.13)

TIME, ACCOUNTS = m.CurrentTimeRequest(), m.ManagedAccountsRequest()
TIMES, ACCOUNT_LISTS = 279, 10
"""So many answers of each, of 14 and 19 bytes, are 4096 bytes."""

READER_GIVES_UP_S = 0.99
"""After so long it drops what it has read."""


@on_virtual_time
async def test_answer_of_exactly_4096_bytes_is_followed_by_a_notice_in_time() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        before = len(client.messages)
        client.send(*[TIME] * TIMES, *[ACCOUNTS] * ACCOUNT_LISTS)
        await asyncio.sleep(READER_GIVES_UP_S)
        answers, notices = client.messages[before:][:-1], client.messages[-1:]
        assert len(b"".join(map(encode, answers))) == 4096
        assert codes(notices) == [(-1, 2104)]


@on_virtual_time
async def test_answers_that_make_4096_bytes_together_are_followed_by_a_notice_in_time() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        before = len(client.bytes_received)
        assert client.transport is not None
        client.transport.pause_reading()
        client.send(*[TIME] * TIMES)
        await asyncio.sleep(0.01)
        client.send(*[ACCOUNTS] * ACCOUNT_LISTS)
        await asyncio.sleep(READER_GIVES_UP_S)
        client.transport.resume_reading()
        await client.until(lambda: len(client.bytes_received) >= before + 4096)
        assert (len(client.bytes_received) - before) % 4096 != 0


# --- the end


async def test_stop_closes_every_connection_and_leaves_nothing_behind() -> None:
    gateway = simulated(LiveFeed(OPENING))
    await gateway.start()
    client = client_of(gateway, 1)
    await client.connect()
    async with raw(gateway) as silent, raw(gateway) as greeted, raw(gateway, 2) as started:
        await greeted.greet()
        ticks = client.stream(m.MarketDataRequest(contract=AAPL_CONTRACT))
        await within(anext(ticks))
        await within(gateway.stop())
        await silent.until(lambda: silent.is_closed)
        await greeted.until(lambda: greeted.is_closed)
        await started.until(lambda: started.is_closed)
        with pytest.raises(ConnectionLost):
            await within(drained(ticks))
        assert client.state is ConnectionState.DISCONNECTED
    assert gateway.sessions == set()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    with pytest.raises(ConnectionRefused):
        await client.connect()


async def drained(stream: MessageStream) -> None:
    """Take all that comes, to the end."""
    async for _ in stream:
        pass


async def test_stop_before_the_start_and_twice_is_harmless() -> None:
    gateway = simulated()
    await gateway.stop()
    await gateway.start()
    await gateway.stop()
    await gateway.stop()


@on_virtual_time
async def test_stop_cuts_off_a_client_that_does_not_read() -> None:
    gateway = simulated()
    await gateway.start()
    async with raw(gateway, 1) as deaf:
        assert deaf.transport is not None
        session = gateway.session_of(1)
        assert session is not None
        deaf.transport.pause_reading()
        deaf.send(*[m.ContractDataRequest(req_id=1, contract=ES_FUTURES)] * 100)
        await asyncio.sleep(1)
        await within(gateway.stop())
        await asyncio.sleep(60)
        assert gateway.sessions == set()


class FailingFeed(ScriptedFeed):
    """Breaks after its ticks, as a recording with a bad row does."""

    def ticks(self) -> Iterator[Tick]:
        yield from super().ticks()
        raise ValueError("a bad row")


@on_virtual_time
async def test_market_that_breaks_is_reported() -> None:
    gateway = simulated(FailingFeed(OPENING))
    await gateway.start()
    with pytest.raises(ValueError, match="a bad row"):
        await within(gateway.failed())
    with contextlib.suppress(ValueError):  # it may say so again
        await gateway.stop()


@on_virtual_time
async def test_stop_after_the_market_broke_closes_everything_too() -> None:
    gateway = simulated(FailingFeed(OPENING))
    await gateway.start()
    async with raw(gateway) as client:
        await client.greet()
        with pytest.raises(ValueError, match="a bad row"):
            await within(gateway.failed())
        with contextlib.suppress(ValueError):  # it may say so again
            await gateway.stop()
        await client.until(lambda: client.is_closed)
    with pytest.raises(ConnectionRefused):
        await client_of(gateway).connect()


async def test_start_on_a_port_in_use_raises_oserror() -> None:
    async with simulated() as gateway:
        second = simulated(port=gateway.port)
        with pytest.raises(OSError, match=str(gateway.port)):
            await second.start()
        async with client_of(gateway) as client:
            assert client.state is ConnectionState.CONNECTED


@pytest.mark.parametrize("options", [{"max_version": 212}, {"max_version": 227}, {"speed": 0}, {"speed": float("inf")}])
def test_gateway_of_impossible_options_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=str(next(iter(options)))):
        simulated(**options)


async def test_connection_to_a_gateway_that_stops_while_connecting_fails() -> None:
    gateway = simulated()
    await gateway.start()
    attempt = asyncio.create_task(client_of(gateway).connect())
    await asyncio.sleep(0)  # it has begun; how far it gets is not for us to say
    await gateway.stop()
    with pytest.raises(ConnectionFailed):
        await within(attempt)


# --- determinism


async def _minutes_of_trading(loop: asyncio.AbstractEventLoop, seed: int, *, seconds: float) -> tuple[bytes, bytes]:
    """What two clients get, byte for byte, of a market they watch and trade for some simulated time."""
    gateway = SimulatedGateway(feed=GeneratedFeed(seed), clock=lambda: 1e9 + loop.time())
    async with gateway, raw(gateway, 1) as client, raw(gateway, 2) as other:
        for number, con_id in enumerate(GeneratedFeed(seed).con_ids):
            client.send(m.MarketDataRequest(req_id=1000 + number, contract=m.Contract(con_id=con_id)))
        other.send(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT))
        for number in range(1, int(seconds / 10) + 1):
            await asyncio.sleep(10)
            client.send(bought(number, "700"), m.ContractDataRequest(req_id=1, contract=ES_FUTURES))
            other.send(placed(number, limit("SELL", "300", 250.0 + number / 100)), m.CurrentTimeInMillisRequest())
        client.send(m.GlobalCancelRequest(), m.ExecutionRequest(2))
        await client.fence()
        await other.fence()
        return client.bytes_received, other.bytes_received


def _on_virtual_time(seed: int) -> tuple[bytes, bytes]:
    loop = async_solipsism.EventLoop()
    try:
        return loop.run_until_complete(_minutes_of_trading(loop, seed, seconds=180))
    finally:
        loop.close()


def test_same_seed_and_inputs_give_the_same_bytes_over_minutes() -> None:
    first, second = _on_virtual_time(1), _on_virtual_time(1)
    assert [len(data) for data in first] == [len(data) for data in second]
    assert first == second
    assert len(first[0]) > 500_000
    assert _on_virtual_time(2) != first
