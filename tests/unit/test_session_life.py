"""Starting, closing and failing at moments that nobody planned: every call ends, and says what happened."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import AsyncMock

import pytest

from ibwire.connection import ConnectionManager, ConnectionState
from ibwire.events import EventType, MessageLost
from ibwire.exceptions import (
    ConnectionLost,
    ConnectionRefused,
    HostUnreachable,
    IbwireError,
    InvalidMessage,
    InvalidRequest,
    NotConnected,
    RequestError,
    UnreadableAnswer,
    UnsupportedClientVersion,
)
from ibwire.opening import no_socket
from ibwire.recovery import Stage
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings
from ibwire.simulator import SimulatedGateway
from ibwire.streams import Collection, MessageStream
from ibwire.wire import Message, ServerHello
from ibwire.wire import messages as m
from ibwire.wire.handshake import encode_server_hello
from tests.helpers.scripted_gateway import PORT, ScriptedGateway
from tests.helpers.sessions import Consumer, session_at, told, wall_clock
from tests.helpers.virtual_time import on_virtual_time

AAPL = m.Contract(con_id=265598, exchange="SMART")


def answer_time(gateway: ScriptedGateway, message: Message) -> None:
    if isinstance(message, m.CurrentTimeInMillisRequest):
        gateway.send(m.CurrentTimeInMillis(round(wall_clock() * 1000)))


async def into_a_black_hole(*_: Any, **__: Any) -> None:
    """A TCP connection that neither comes about nor is refused."""
    await asyncio.get_running_loop().create_future()


# --- closing


@on_virtual_time
async def test_connection_closed_while_tcp_is_being_connected_is_closed_at_once() -> None:
    loop = asyncio.get_running_loop()
    loop.create_connection = into_a_black_hole  # type: ignore[method-assign, assignment]
    client = ConnectionManager(ConnectionSettings(port=PORT))
    connecting = asyncio.create_task(client.connect())
    await asyncio.sleep(1)
    await client.aclose()
    assert loop.time() == pytest.approx(1, abs=0.1)
    assert client.state is ConnectionState.CLOSED
    with pytest.raises(ConnectionLost, match="disconnect"):
        await connecting


@on_virtual_time
async def test_connection_closed_during_the_handshake_is_closed_for_good() -> None:
    async with ScriptedGateway(version=None) as gateway:
        client = gateway.client()
        connecting = asyncio.create_task(client.connect())
        await asyncio.sleep(1)
        await client.aclose()
        assert client.state is ConnectionState.CLOSED
        with pytest.raises(ConnectionLost):
            await connecting


@pytest.mark.parametrize("after_s", [0.0, 0.1, 40.0])
@on_virtual_time
async def test_session_closed_while_it_starts_is_closed_and_the_start_says_so(after_s: float) -> None:
    async with ScriptedGateway(version=None) as gateway:
        session = session_at(waits_at_start=True)
        starting = asyncio.create_task(session.start())
        await asyncio.sleep(after_s)
        await session.aclose()
        assert session.state is ConnectionState.CLOSED
        with pytest.raises(NotConnected, match="closed"):
            await starting
        tried = gateway.connections
        await asyncio.sleep(600)
        assert gateway.connections == tried


@pytest.mark.parametrize("steps", range(1, 12))
@on_virtual_time
async def test_closing_that_is_cancelled_anywhere_leaves_no_link_and_nobody_waiting(steps: int) -> None:
    async with ScriptedGateway(answer_time) as gateway:
        session = session_at()
        await session.start()
        quotes = Consumer(session.stream(m.MarketDataRequest(contract=AAPL)))
        await asyncio.sleep(1)
        closing = asyncio.create_task(session.aclose())
        for _ in range(steps):
            await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        await asyncio.sleep(1)
        assert gateway.is_alone
        assert session.state is ConnectionState.CLOSED
        assert quotes.is_done
        await session.aclose()


@on_virtual_time
async def test_session_closed_twice_at_once_or_from_its_own_handler_is_closed_once() -> None:
    async with ScriptedGateway(answer_time) as gateway:
        session = session_at()
        await session.start()

        async def close(_: object) -> None:
            await session.aclose()

        session.events.subscribe(EventType.CONNECTION_LOST, close)
        gateway.drop()
        await asyncio.sleep(5)
        assert session.state is ConnectionState.CLOSED
        await asyncio.gather(session.aclose(), session.aclose())


# --- starting


@pytest.mark.parametrize("after_s", [0.0, 5.0])
@on_virtual_time
async def test_session_started_twice_refuses_the_second_and_goes_on(after_s: float) -> None:
    async with ScriptedGateway(answer_time), session_at() as session:
        await asyncio.sleep(after_s)
        with pytest.raises(IbwireError, match="started once"):
            await session.start()
        assert session.connection.is_up
        assert await session.request(m.CurrentTimeInMillisRequest())


@on_virtual_time
async def test_session_started_twice_at_once_is_started_once() -> None:
    async with ScriptedGateway(answer_time) as gateway:
        session = session_at()
        results = await asyncio.gather(session.start(), session.start(), return_exceptions=True)
        assert [type(result) for result in results] == [type(None), IbwireError]
        assert session.connection.is_up
        assert gateway.connections == 1
        await session.aclose()


# --- elsewhere


@on_virtual_time
async def test_session_used_from_another_event_loop_refuses_and_goes_on() -> None:
    async with ScriptedGateway(answer_time) as gateway, session_at() as session:
        await asyncio.sleep(1)
        asked = len(gateway.received)
        ticks = session.stream(m.MarketDataRequest(contract=AAPL))
        failures = _in_another_thread(session, ticks)
        assert [type(failure) for failure in failures] == [RequestError, RequestError, RequestError, IbwireError]
        assert all("event loop" in str(failure) for failure in failures)
        await asyncio.sleep(1)
        assert len(gateway.received) == asked
        assert await session.request(m.CurrentTimeInMillisRequest())


def _in_another_thread(session: IBSession, ticks: MessageStream) -> list[BaseException]:
    """What each call raises in a thread with a loop of its own, and `send` where there is none."""
    calls = [lambda: session.request(m.CurrentTimeInMillisRequest()), lambda: anext(ticks), session.aclose]
    failures: list[BaseException] = []

    async def call(work: Callable[[], Awaitable[object]]) -> None:
        async with asyncio.timeout(1):
            await work()

    def run() -> None:
        with pytest.raises(Exception) as failure:  # noqa: PT011 - the test looks at it
            session.send(m.CurrentTimeRequest())
        failures.append(failure.value)
        for work in calls:
            with pytest.raises(Exception) as failure:  # noqa: PT011 - the test looks at it
                asyncio.run(call(work))
            failures.append(failure.value)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return failures


# --- streams that could not be asked for


@on_virtual_time
async def test_stream_that_could_not_be_asked_for_says_so_each_time_and_can_be_closed() -> None:
    async with ScriptedGateway(answer_time), session_at() as session:
        wrong = m.MarketDataRequest(contract=m.Contract(con_id="none"))  # type: ignore[arg-type]
        for stream in (session.stream(wrong), session.connection.stream(wrong)):
            for _ in range(2):
                with pytest.raises(InvalidMessage, match="con_id"):
                    await anext(stream)
            stream.close()


@pytest.mark.parametrize("given", ["AAPL", None, 265598])
@on_virtual_time
async def test_what_is_no_contract_is_named_with_the_way_to_make_one(given: Any) -> None:
    async with ScriptedGateway(answer_time) as gateway, session_at() as session:
        market, history = session.market_data, session.history
        streams = [market.quotes(given), market.ticks(given), market.depth(given), market.bars(given)]
        asking = [lambda stream=stream: anext(stream) for stream in streams]
        asking += [lambda: history.bars(given, "1 day", duration="1 D"), lambda: session.contracts.details(given)]
        if isinstance(given, str):
            asking.append(lambda: session.contracts.qualify(given))  # type: ignore[arg-type]
        for ask in asking:
            with pytest.raises(InvalidRequest, match="parse_contract"):
                await ask()
        assert not [one for one in gateway.received if not isinstance(one, m.CurrentTimeInMillisRequest)]


# --- what is said of an attempt that failed


REFUSED_AS_OLD = m.ErrorMessage(id=-1, error_code=10285, error_msg="Your API version does not support this.")
IN_THE_WAY = m.ErrorMessage(id=-1, error_code=321, error_msg="The API interface is currently in Read-Only mode.")


@pytest.mark.parametrize(
    ("ready", "kind", "text"),
    [
        ((), ConnectionLost, "closed the connection before it was ready.*Trusted IPs"),
        ((REFUSED_AS_OLD,), UnsupportedClientVersion, "10285.*update ibwire"),
        ((IN_THE_WAY,), ConnectionLost, "before it was ready, having said: .321. The API interface is"),
    ],
)
@on_virtual_time
async def test_gateway_that_hangs_up_before_it_was_ready_is_said_why(
    ready: tuple[Message, ...], kind: type[Exception], text: str
) -> None:
    class Closing(ScriptedGateway):
        def take(self, message: Message) -> None:
            super().take(message)
            if isinstance(message, m.StartApiRequest):
                self.drop()

    async with Closing(ready=ready) as gateway:
        with pytest.raises(kind, match=text) as failure:
            await gateway.client().connect()
    assert "open orders" not in str(failure.value)  # there was nothing under way


@on_virtual_time
async def test_bytes_that_break_the_protocol_during_the_opening_are_named_once() -> None:
    async with ScriptedGateway(raw_hello=encode_server_hello(ServerHello(226, "")) + b"\xff" * 8) as gateway:
        with pytest.raises(ConnectionLost) as failure:
            await gateway.client().connect()
    assert str(failure.value).count("hint:") == 1
    assert "report it" in str(failure.value)


def test_second_address_of_a_host_is_tried_while_the_first_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with `localhost` where ::1 comes first and a firewall swallows it."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        connect = loop.sock_connect

        async def but_never_by_ipv6(sock: socket.socket, address: Any) -> None:
            if sock.family is socket.AF_INET6:
                await loop.create_future()
            await connect(sock, address)

        monkeypatch.setattr(loop, "sock_connect", but_never_by_ipv6)
        async with SimulatedGateway() as gateway:
            addresses = [
                (family, socket.SOCK_STREAM, 6, "", (host, gateway.port, *more))
                for family, host, more in ((socket.AF_INET6, "::1", (0, 0)), (socket.AF_INET, "127.0.0.1", ()))
            ]
            monkeypatch.setattr(loop, "getaddrinfo", AsyncMock(return_value=addresses))
            settings = ConnectionSettings(host="tws.example.com", port=gateway.port, connect_timeout_s=2)
            async with ConnectionManager(settings) as client:
                assert client.is_up

    asyncio.run(run())


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ((errno.EHOSTUNREACH, errno.ENETUNREACH), HostUnreachable),
        ((errno.ECONNREFUSED, errno.ECONNREFUSED), ConnectionRefused),
        ((errno.ECONNREFUSED, errno.EHOSTUNREACH), ConnectionRefused),
    ],
)
def test_failure_of_several_addresses_is_told_from_all_of_them(numbers: tuple[int, int], kind: type) -> None:
    texts = ", ".join(f"[Errno {number}] Connect call failed" for number in numbers)
    assert type(no_socket(OSError(f"Multiple exceptions: {texts}"), "tws:4002")) is kind


# --- a link that falls


@on_virtual_time
async def test_what_is_let_go_of_as_the_link_falls_makes_no_room_for_what_cannot_leave() -> None:
    """Whoever is told that the message has left believes that the gateway may have it."""
    async with ScriptedGateway() as gateway, gateway.client() as client:
        loop = asyncio.get_running_loop()
        for _ in range(client.limiter.statistics().limit_per_s):
            client.send(m.GlobalCancelRequest())
        ticks = client.stream(m.MarketDataRequest(contract=AAPL))
        order = client.send(m.PlaceOrderRequest(order_id=7, contract=AAPL, order=m.Order()))
        async with ticks:
            client.events.subscribe(EventType.CONNECTION_STATE_CHANGED, lambda _: ticks.close())
            gateway.drop()
            # A loop that was busy for two seconds sees the end of the link before it sees its timers.
            late = loop.time() + 2
            client.limiter._loop = _Late(loop, late)  # type: ignore[assignment]
            with pytest.raises(ConnectionLost):
                await order
    assert not [message for message in gateway.received if isinstance(message, m.PlaceOrderRequest)]


class _Late:
    """The event loop, with a clock that has gone on."""

    def __init__(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        self._loop = loop
        self._now = now

    def time(self) -> float:
        return self._now

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


# --- mistakes that must not end the watch


@on_virtual_time
async def test_should_tick_that_raises_does_not_end_the_watch() -> None:
    def no_calendar() -> bool:
        raise ZeroDivisionError

    async with ScriptedGateway(answer_time) as gateway, session_at(stale_stream_s=30) as session:
        quotes = Consumer(session.stream(m.MarketDataRequest(contract=AAPL), should_tick=no_calendar))
        await asyncio.sleep(400)
        assert quotes.marks[0] == "stale"  # silence is odd unless somebody says that it is not
        gateway.drop()
        await session.connection.wait_until_down()
        await session.connection.wait_until_up()
        await quotes.close()


@on_virtual_time
async def test_mistake_in_the_watchdog_itself_ends_the_session_loudly() -> None:
    async with ScriptedGateway(answer_time), session_at() as session:
        quotes = Consumer(session.stream(m.MarketDataRequest(contract=AAPL)))
        await asyncio.sleep(1)
        _break(session)
        await asyncio.sleep(30)
        assert session.state is ConnectionState.DISCONNECTED
        assert isinstance(quotes.error, ConnectionLost)
        assert "ZeroDivisionError" in str(quotes.error)
        with pytest.raises(NotConnected):
            await session.request(m.CurrentTimeInMillisRequest(), retry=True)


@on_virtual_time
async def test_connect_that_a_user_calls_beside_the_watchdog_does_not_end_the_watch() -> None:
    async with ScriptedGateway(answer_time) as gateway, session_at(backoff_first_s=1) as session:
        for _ in range(20):
            gateway.drop()
            await session.connection.wait_until_down()
            mine = asyncio.create_task(session.connection.connect())
            await session.connection.wait_until_up()
            await asyncio.gather(mine, return_exceptions=True)
            await asyncio.sleep(40)
            assert session.connection.is_up
        gateway.drop()
        await session.connection.wait_until_down()
        await session.connection.wait_until_up()


@on_virtual_time
async def test_what_needs_a_link_says_why_there_is_none_and_what_helps() -> None:
    async with ScriptedGateway(answer_time) as gateway:
        session = session_at()
        with pytest.raises(NotConnected, match=r"MarketDataRequest.*disconnected.*connect first"):
            await anext(session.stream(m.MarketDataRequest(contract=AAPL)))
        await session.start()
        gateway.drop()
        await session.connection.wait_until_down()
        with pytest.raises(NotConnected, match=r"ContractDataRequest.*reconnecting.*retry=True"):
            await session.request(m.ContractDataRequest(contract=AAPL))
        await session.aclose()
        with pytest.raises(NotConnected, match=r"ContractDataRequest.*closed.*another session"):
            await session.request(m.ContractDataRequest(contract=AAPL))
        with pytest.raises(NotConnected, match=r"closed.*another session"):
            session.next_id()


@on_virtual_time
async def test_message_that_a_service_cannot_take_is_told_and_ends_nothing() -> None:
    class Picky:
        """A service with a mistake in it."""

        def __init__(self) -> None:
            self.taken: list[Message] = []

        def deliver(self, message: Message) -> None:
            if isinstance(message, m.TickGeneric):
                raise ZeroDivisionError
            self.taken.append(message)

        def end(self) -> None: ...

        def fail(self, error: IbwireError) -> None: ...

    async with ScriptedGateway(answer_time) as gateway, session_at() as session:
        picky = Picky()
        session.feed(m.MarketDataRequest(contract=AAPL, req_id=500), picky)
        ticks = [m.TickPrice(req_id=500), m.TickGeneric(req_id=500), m.TickSize(req_id=500)]
        await asyncio.sleep(1)
        gateway.send(*ticks)
        await asyncio.sleep(1)
        assert picky.taken == [ticks[0], ticks[2]]
        assert session.stats().reconnects == 0
        (warning,) = (event.data for event in told(session, EventType.WARNING) if isinstance(event.data, MessageLost))
        assert "TickGeneric" in warning.message
        assert "ZeroDivisionError" in warning.error


@on_virtual_time
async def test_answer_of_which_a_part_cannot_be_taken_is_an_error_and_not_a_part() -> None:
    class Picky(Collection):
        def deliver(self, message: Message) -> None:
            if isinstance(message, m.ContractData):
                raise ZeroDivisionError
            super().deliver(message)

    def answer(gateway: ScriptedGateway, message: Message) -> None:
        if isinstance(message, m.ContractDataRequest):
            gateway.send(m.ContractData(req_id=message.req_id), m.ContractDataEnd(req_id=message.req_id))

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        with pytest.raises(UnreadableAnswer, match="ContractData"):
            await client.requests.request(m.ContractDataRequest(), timeout=5, retry=False, collect=Picky)


# --- handlers that close what is being looked at


@pytest.mark.parametrize("loss", ["drop", "1101", "1100", "stale"])
@on_virtual_time
async def test_handler_that_closes_streams_in_their_gap_hurts_nothing(loss: str) -> None:
    async with ScriptedGateway(answer_time) as gateway, session_at(stale_stream_s=30) as session:
        quotes = [Consumer(session.stream(m.MarketDataRequest(contract=m.Contract(con_id=one)))) for one in range(1, 6)]
        await asyncio.sleep(1)

        def close_the_others(_: object) -> None:
            for one in quotes[1:]:
                one.stream.close()

        session.events.subscribe(EventType.STREAM_GAP, close_the_others)
        if loss == "drop":
            gateway.drop()
        elif loss != "stale":
            gateway.send(m.ErrorMessage(id=-1, error_code=1100), m.ErrorMessage(id=-1, error_code=int(loss)))
        await asyncio.sleep(400)
        assert session.connection.is_up
        assert session.stats().reconnects == (loss == "drop")
        assert [one.is_done for one in quotes] == [False, True, True, True, True]
        assert all(one.error is None for one in quotes)
        assert session.connection.requests_under_way == 1
        await quotes[0].close()


@on_virtual_time
async def test_stream_closed_while_it_is_being_asked_for_is_given_up() -> None:
    async with ScriptedGateway(answer_time) as gateway, session_at() as session:
        for _ in range(session.stats().limiter.limit_per_s):
            session.send(m.SetServerLogLevelRequest())
        for ticks in (session.stream(m.MarketDataRequest(contract=AAPL)), session.connection.stream(m.PnLRequest())):
            session.events.subscribe(EventType.THROTTLED, lambda _, ticks=ticks: ticks.close(), once=True)
            async with ticks:
                assert [item async for item in ticks] == []
            await asyncio.sleep(5)
            assert session.events.statistics().failed == 0
            assert session.connection.requests_under_way == 0
            assert not [one for one in gateway.received if isinstance(one, m.MarketDataRequest | m.PnLRequest)]
            for _ in range(session.stats().limiter.limit_per_s):
                session.send(m.SetServerLogLevelRequest())


def _break(session: IBSession) -> None:
    def look() -> None:
        raise ZeroDivisionError

    session._keeper.look = look  # type: ignore[method-assign]


@on_virtual_time
async def test_step_of_the_recovery_that_raises_does_not_end_the_watch() -> None:
    async def recover() -> int:
        raise ZeroDivisionError

    async with ScriptedGateway(answer_time) as gateway, session_at() as session:
        session.recovery.register("mine", Stage.STREAMS, recover)
        for _ in range(2):
            gateway.drop()
            await session.connection.wait_until_down()
            await session.connection.wait_until_up()
            await asyncio.sleep(10)
        assert session.connection.is_up
