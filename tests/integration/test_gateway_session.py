"""Hello, start, rule breakers and the end of the simulated gateway, over loopback TCP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import async_solipsism
import pytest

from ibwire.connection import ConnectionState
from ibwire.exceptions import (
    ClientIdInUse,
    ConnectionFailed,
    ConnectionLost,
    ConnectionRefused,
)
from ibwire.simulator import GeneratedFeed, RealClock, SimulatedGateway, outbox
from ibwire.simulator.feed import Tick
from ibwire.streams import MessageStream
from ibwire.wire import ClientHello, ClientProtocol, Message, ServerHello, encode
from ibwire.wire import messages as m
from ibwire.wire.framing import encode_frame
from ibwire.wire.handshake import CLIENT_PREFIX, encode_client_hello, encode_server_hello
from ibwire.wire.ids import OUTGOING
from tests.helpers.scripted_feed import LiveFeed, ScriptedFeed
from tests.helpers.simulated import (
    AAPL_CONTRACT,
    ES_FUTURES,
    FILLED,
    NOW_S,
    OPENING,
    REST_OF_THE_DAY,
    VERSIONS,
    bought,
    client_of,
    codes,
    limit,
    numbered,
    placed,
    raw,
    simulated,
    so_far,
    within,
)
from tests.helpers.virtual_time import on_virtual_time

# --- hello and start


@pytest.mark.parametrize("version", VERSIONS)
async def test_gateway_of_every_version_is_connected_to_and_works(version: int) -> None:
    feed = ScriptedFeed([*OPENING, *REST_OF_THE_DAY])
    async with simulated(feed, max_version=version) as gateway, client_of(gateway) as client:
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


# --- never silent

SILENT = {
    m.SetServerLogLevelRequest: "a command without an answer",
    m.MarketDataTypeRequest: "its effect is the type that later streams begin with",
    m.CancelContractData: "no cancel is acknowledged, and there is nothing left to cancel",
    m.AccountDataRequest: "without `subscribe` it is its own cancel",
    m.CancelAccountSummary: "no cancel is acknowledged",
    m.CancelPositions: "no cancel is acknowledged",
    m.CancelPositionsMulti: "no cancel is acknowledged",
    m.CancelAccountUpdatesMulti: "no cancel is acknowledged",
    m.CancelPnL: "no cancel is acknowledged",
    m.CancelPnLSingle: "no cancel is acknowledged",
    m.CancelNewsBulletins: "no cancel is acknowledged",
    m.CancelWshMetaData: "no cancel is acknowledged",
    m.CancelWshEventData: "no cancel is acknowledged",
    m.CancelCalculateImpliedVolatility: "no cancel is acknowledged",
    m.CancelCalculateOptionPrice: "no cancel is acknowledged",
    m.UnsubscribeFromGroupEventsRequest: "no cancel is acknowledged",
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


async def test_second_start_is_refused_by_name() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        (error,) = await client.answers_to(m.StartApiRequest(client_id=2))
        assert isinstance(error, m.ErrorMessage)
        assert (error.id, error.error_code) == (-1, 321)
        assert "StartApiRequest" in str(error.error_msg)


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
    monkeypatch.setattr(outbox, "MAX_UNSENT_BYTES", 100_000)
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
    gateway = SimulatedGateway(feed=GeneratedFeed(seed), clock=RealClock(lambda: 1e9 + loop.time()))
    async with gateway, raw(gateway, 1) as client, raw(gateway, 2) as other:
        for number, con_id in enumerate(GeneratedFeed(seed).con_ids):
            client.send(m.MarketDataRequest(req_id=1000 + number, contract=numbered(con_id)))
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
