"""The connection's life against a scripted gateway, in virtual time."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from ibwire.connection import ConnectionManager, ConnectionState
from ibwire.events import Event, EventType
from ibwire.exceptions import (
    ClientIdInUse,
    ConnectionLost,
    ConnectionRefused,
    ConnectTimeout,
    HandshakeFailed,
    HostUnreachable,
    IbwireError,
    InvalidMessage,
    NoSecurityDefinition,
    NotConnected,
    PacingViolation,
    ProtocolError,
    RateLimitReached,
    RequestError,
    RequestFailed,
    RequestTimeout,
    StreamOverflow,
    UnsupportedServerVersion,
)
from ibwire.settings import ConnectionSettings
from ibwire.wire import Message, encode
from ibwire.wire import messages as m
from tests.helpers.scripted_gateway import READY, ScriptedGateway
from tests.helpers.virtual_time import on_virtual_time

AAPL = m.Contract(con_id=265598, exchange="SMART")


def error(id_: int, code: int, text: str = "text") -> m.ErrorMessage:
    return m.ErrorMessage(id=id_, error_code=code, error_msg=text)


async def turns(number: int = 20) -> None:
    """Let what is on its way between the two ends arrive."""
    for _ in range(number):
        await asyncio.sleep(0)


# --- connecting


@pytest.mark.parametrize("ready", [READY, READY[::-1], (error(-1, 2104), *READY)])
@on_virtual_time
async def test_connect_with_accounts_and_order_id_in_any_order_is_ready(ready: tuple[Message, ...]) -> None:
    async with ScriptedGateway(ready=ready) as gateway, gateway.client() as client:
        assert client.state is ConnectionState.CONNECTED
        assert client.accounts == ("DU1234567",)
        assert client.server_version == 226
        assert [client.next_id(), client.next_id()] == [100, 101]


@pytest.mark.parametrize(
    ("ready", "missing"),
    [((), "an answer to startApi"), ((READY[1],), "the accounts"), ((READY[0],), "the next order id")],
)
@on_virtual_time
async def test_connect_times_out_naming_what_did_not_come(ready: tuple[Message, ...], missing: str) -> None:
    async with ScriptedGateway(ready=ready) as gateway:
        client = gateway.client(handshake_timeout_s=3)
        with pytest.raises(ConnectTimeout, match=f"TCP is connected, but {missing} did not come within 3 s"):
            await client.connect()
        assert client.state is ConnectionState.DISCONNECTED


@on_virtual_time
async def test_connect_to_gateway_that_never_answers_the_hello_times_out_naming_it() -> None:
    async with ScriptedGateway(version=None) as gateway:
        client = gateway.client(handshake_timeout_s=3)
        with pytest.raises(ConnectTimeout, match=r"the gateway's hello did not come within 3 s.*waits for a login"):
            await client.connect()


@on_virtual_time
async def test_connect_where_nothing_listens_is_refused_with_a_hint() -> None:
    with pytest.raises(ConnectionRefused, match=r"no TCP connection to 127\.0\.0\.1:4002.*Enable ActiveX") as caught:
        await ConnectionManager(ConnectionSettings(port=4002)).connect()
    assert caught.value.retryable


@on_virtual_time
async def test_connect_to_old_gateway_names_both_versions() -> None:
    async with ScriptedGateway(version=178) as gateway:
        with pytest.raises(UnsupportedServerVersion, match="speaks server version 178; this client needs 213"):
            await gateway.client().connect()


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x15\x03\x01\x00\x02\x02\x46"]
)
@on_virtual_time
async def test_connect_to_another_program_fails_the_handshake(answer: bytes) -> None:
    async with ScriptedGateway(raw_hello=answer) as gateway:
        with pytest.raises(HandshakeFailed, match="check host and port"):
            await gateway.client().connect()


@on_virtual_time
async def test_connect_with_client_id_in_use_says_so_with_ibkrs_code() -> None:
    in_use = error(-1, 326, "Unable to connect as the client id is already in use.")
    async with ScriptedGateway(ready=(in_use,)) as gateway:
        connecting = asyncio.create_task(gateway.client().connect())
        await turns()
        gateway.drop()
        with pytest.raises(ClientIdInUse, match="already in use") as caught:
            await connecting
        assert caught.value.code == 326


@on_virtual_time
async def test_connect_dropped_before_ready_is_lost_not_timed_out() -> None:
    async with ScriptedGateway(ready=()) as gateway:
        connecting = asyncio.create_task(gateway.client().connect())
        await turns()
        gateway.drop()
        with pytest.raises(ConnectionLost, match="closed the connection before it was ready"):
            await connecting


@on_virtual_time
async def test_connect_cancelled_can_be_tried_again() -> None:
    async with ScriptedGateway(version=None) as silent:
        client = silent.client()
        connecting = asyncio.create_task(client.connect())
        await turns()
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        assert client.state is ConnectionState.DISCONNECTED
    async with ScriptedGateway():
        await client.connect()
        assert client.state is ConnectionState.CONNECTED
        await client.disconnect()


@on_virtual_time
async def test_connect_while_connected_is_refused_and_harmless() -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        with pytest.raises(IbwireError, match="connect\\(\\) while connected"):
            await client.connect()
        assert client.state is ConnectionState.CONNECTED


@on_virtual_time
async def test_reconnect_after_a_drop_works_with_the_same_manager() -> None:
    async with ScriptedGateway(answer_time) as gateway, gateway.client() as client:
        gateway.drop()
        await turns()
        assert client.state is ConnectionState.DISCONNECTED
        await client.connect()
        assert await client.request(m.CurrentTimeRequest()) == [m.CurrentTime(1_795_000_000)]


# --- requests


def answer_time(gateway: ScriptedGateway, message: Message) -> None:
    if isinstance(message, m.CurrentTimeRequest):
        gateway.send(m.CurrentTime(1_795_000_000))


@on_virtual_time
async def test_request_collects_all_answers_up_to_its_end() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        assert isinstance(message, m.ContractDataRequest)
        stray = m.ContractData(req_id=999)
        gateway.send(stray, m.ContractData(message.req_id), m.ContractData(message.req_id))
        gateway.send(m.ContractDataEnd(message.req_id))

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        answers = await client.request(m.ContractDataRequest(contract=AAPL))
        assert answers == [m.ContractData(100), m.ContractData(100), m.ContractDataEnd(100)]
        await client.disconnect()


@pytest.mark.parametrize(("code", "kind"), [(200, NoSecurityDefinition), (321, RequestFailed), (10197, RequestFailed)])
@on_virtual_time
async def test_request_refused_raises_ibkrs_code_and_text(code: int, kind: type[RequestFailed]) -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        gateway.send(m.ContractData(100), error(100, code, "IBKR's words"))

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        with pytest.raises(kind, match=f"\\[{code}\\] IBKR's words.*con_id=265598") as caught:
            await client.request(m.ContractDataRequest(contract=AAPL))
        assert caught.value.code == code


@on_virtual_time
async def test_request_with_an_advisory_goes_on_and_the_advisory_is_seen() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        gateway.send(error(100, 2174, "no time zone"), m.HistoricalData(req_id=100), m.HistoricalDataEnd(req_id=100))

    notices: list[Message] = []
    async with ScriptedGateway(answer) as gateway:
        client = gateway.client()
        client = ConnectionManager(client.settings, on_unsolicited=notices.append)
        async with client:
            answers = await client.request(m.HistoricalDataRequest(contract=AAPL))
    assert [type(message) for message in answers] == [m.HistoricalData, m.HistoricalDataEnd]
    assert error(100, 2174, "no time zone") in notices


@on_virtual_time
async def test_request_unanswered_times_out_and_is_cancelled_at_the_gateway() -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        started = asyncio.get_running_loop().time()
        with pytest.raises(RequestTimeout, match="no complete answer within 7 s"):
            await client.request(m.HistoricalDataRequest(contract=AAPL), timeout=7)
        assert asyncio.get_running_loop().time() - started == pytest.approx(7)
        await turns()
        assert gateway.received[-1] == m.CancelHistoricalData(req_id=100)


@on_virtual_time
async def test_request_half_answered_times_out_instead_of_returning_a_part() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        gateway.send(m.ContractData(100))

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        with pytest.raises(RequestTimeout):
            await client.request(m.ContractDataRequest(contract=AAPL), timeout=1)


@on_virtual_time
async def test_request_cancelled_by_its_task_is_cancelled_and_late_answers_are_counted() -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        asking = asyncio.create_task(client.request(m.HeadTimestampRequest(contract=AAPL)))
        await turns()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await turns()
        assert gateway.received[-1] == m.CancelHeadTimestamp(req_id=100)
        gateway.send(m.HeadTimestamp(100, "late"))
        await turns()
        assert client.unrouted == {"HeadTimestamp": 1}


@on_virtual_time
async def test_requests_under_way_fail_at_once_when_the_link_falls() -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        requests = [m.ContractDataRequest(contract=AAPL), m.CurrentTimeRequest(), m.MarketRuleRequest(26)]
        asking = [asyncio.create_task(client.request(request)) for request in requests]
        stream = client.stream(m.MarketDataRequest(contract=AAPL))
        reading = asyncio.create_task(anext(stream))
        await turns()
        gateway.drop()
        started = asyncio.get_running_loop().time()
        results = await asyncio.gather(*asking, reading, return_exceptions=True)
        assert asyncio.get_running_loop().time() - started < 1
        assert all(isinstance(result, ConnectionLost) and result.retryable for result in results)
        assert "265598" in str(results[0])
        assert "market_rule_id=26" in str(results[2])


@on_virtual_time
async def test_request_hit_by_broken_bytes_fails_with_the_protocol_error_as_cause() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        gateway.send_bytes(b"\x00\x00\x00\x01\xff")

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        with pytest.raises(ConnectionLost) as caught:
            await client.request(m.CurrentTimeRequest())
        assert isinstance(caught.value.__cause__, ProtocolError)
        assert client.state is ConnectionState.DISCONNECTED


@on_virtual_time
async def test_requests_without_an_id_take_turns() -> None:
    under_way = 0

    def answer(gateway: ScriptedGateway, message: Message) -> None:
        nonlocal under_way
        under_way += 1
        assert under_way == 1, "a second one was sent before the first was answered"

        def reply() -> None:
            nonlocal under_way
            under_way -= 1
            gateway.send(m.OpenOrdersEnd())

        asyncio.get_running_loop().call_later(1, reply)

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        both = m.OpenOrdersRequest(), m.AllOpenOrdersRequest()  # their answers look the same
        results = await asyncio.gather(*(client.request(request) for request in both))
        assert results == [[m.OpenOrdersEnd()], [m.OpenOrdersEnd()]]


@on_virtual_time
async def test_request_of_a_subscription_with_an_end_returns_its_start_and_cancels_it() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        if isinstance(message, m.PositionsRequest):
            gateway.send(m.Position(account="DU1234567"), m.PositionEnd())

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        assert await client.request(m.PositionsRequest()) == [m.Position(account="DU1234567"), m.PositionEnd()]
        await turns()
        assert gateway.received[-1] == m.CancelPositions()


@on_virtual_time
async def test_request_in_several_parts_ends_with_the_part_marked_done() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        gateway.send(m.HistoricalTicksLast(req_id=100, is_done=False), m.HistoricalTicksLast(req_id=100, is_done=True))

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        assert len(await client.request(m.HistoricalTicksRequest(contract=AAPL))) == 2


@on_virtual_time
async def test_request_for_a_schedule_ends_without_an_end_message() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        gateway.send(m.HistoricalSchedule(req_id=100))

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        request = m.HistoricalDataRequest(contract=AAPL, what_to_show="SCHEDULE")
        assert await client.request(request) == [m.HistoricalSchedule(req_id=100)]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (m.TickByTickRequest(contract=AAPL), "has no end to wait for"),
        (m.CancelMarketData(1), "has no end to wait for"),
        (m.TickPrice(), "is not a request"),
        (AAPL, "is not a request"),
    ],
)
@on_virtual_time
async def test_request_that_cannot_end_is_refused_and_not_sent(message: Message, text: str) -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        with pytest.raises(RequestError, match=text):
            await client.request(message)
        await turns()
        assert gateway.received == []


@on_virtual_time
async def test_request_with_a_value_that_does_not_fit_is_refused_and_leaves_nothing_behind() -> None:
    async with ScriptedGateway(answer_time) as gateway, gateway.client() as client:
        with pytest.raises(InvalidMessage, match="con_id = 2147483648"):
            await client.request(m.ContractDataRequest(contract=m.Contract(con_id=2**31)))
        assert client.requests_under_way == 0
        await client.request(m.CurrentTimeRequest())
        assert [type(message) for message in gateway.received] == [m.CurrentTimeRequest]


@pytest.mark.parametrize("timeout", [float("nan"), -1, "5"])
@on_virtual_time
async def test_request_with_an_impossible_timeout_is_refused_and_not_sent(timeout: Any) -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        for retry in (False, True):
            with pytest.raises(RequestError, match="timeout is"):
                await client.request(m.CurrentTimeRequest(), timeout=timeout, retry=retry)
        await turns()
        assert gateway.received == []


@on_virtual_time
async def test_request_newer_than_the_gateway_is_refused_naming_both_versions() -> None:
    async with ScriptedGateway(version=213) as gateway, gateway.client() as client:
        with pytest.raises(RequestError, match="ConfigRequest needs server version 219, this gateway has 213"):
            await client.request(m.ConfigRequest())


@on_virtual_time
async def test_nothing_can_be_sent_without_a_connection() -> None:
    client = ConnectionManager(ConnectionSettings(port=4002))
    with pytest.raises(NotConnected):
        client.send(m.MarketDataTypeRequest(3))
    with pytest.raises(NotConnected):
        await client.request(m.CurrentTimeRequest())
    with pytest.raises(NotConnected):
        await anext(client.stream(m.MarketDataRequest(contract=AAPL)))
    await client.disconnect()


@on_virtual_time
async def test_next_id_follows_the_gateway_upwards_only() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        gateway.send(m.NextValidId(order_id=answers.pop()))

    answers = [50, 500]
    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        await client.request(m.IdsRequest())
        assert client.next_id() == 500
        await client.request(m.IdsRequest())
        assert client.next_id() == 501


# --- streams


def tick(number: int) -> m.TickSize:
    return m.TickSize(100, 0, str(number))


@on_virtual_time
async def test_stream_gives_its_messages_in_order_and_cancels_on_leaving() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        if isinstance(message, m.MarketDataRequest):
            gateway.send(*(tick(number) for number in range(100)))

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        seen: list[Message] = []
        async with client.stream(m.MarketDataRequest(contract=AAPL)) as ticks:
            async for message in ticks:
                seen.append(message)
                if len(seen) == 100:
                    break
        assert seen == [tick(number) for number in range(100)]
        await turns()
        assert gateway.received == [m.MarketDataRequest(req_id=100, contract=AAPL), m.CancelMarketData(100)]
        assert client.requests_under_way == 0


@on_virtual_time
async def test_stream_whose_cancel_was_lost_is_cancelled_again_as_long_as_it_gives_messages() -> None:
    """A gateway may lose a cancel that comes right after its request (Lean waits five seconds between them)."""
    async with ScriptedGateway() as gateway, gateway.client() as client:
        async with client.stream(m.MarketDataRequest(contract=AAPL)):
            await turns()
        async with client.stream(m.MarketDataRequest(contract=AAPL)):
            await turns()
            for _ in range(40):
                gateway.send(tick(1))
                await asyncio.sleep(0.25)  # ten seconds: the one that was cancelled goes on
            assert gateway.received.count(m.CancelMarketData(100)) == 2
            await asyncio.sleep(60)
            assert gateway.received.count(m.CancelMarketData(100)) == 2
            gateway.send(m.TickSize(4711, 0, "1"))
            await turns()
        await turns()
        assert client.unrouted["TickSize"] == 41
        assert [one for one in gateway.received if isinstance(one, m.CancelMarketData)][-1].req_id == 101


@on_virtual_time
async def test_stream_of_a_slow_consumer_ends_loudly_after_what_was_kept() -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        async with client.stream(m.MarketDataRequest(contract=AAPL), bound=10) as ticks:
            await turns()
            gateway.send(*(tick(number) for number in range(50)))
            await turns()
            assert [await anext(ticks) for _ in range(10)] == [tick(number) for number in range(10)]
            with pytest.raises(StreamOverflow, match="10 messages behind"):
                await anext(ticks)
        assert gateway.received[-1] == m.CancelMarketData(100)


@on_virtual_time
async def test_stream_ended_by_an_error_gives_what_came_before_it() -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        ticks = client.stream(m.MarketDataRequest(contract=AAPL))
        first = asyncio.create_task(anext(ticks))
        await turns()
        gateway.send(tick(1), tick(2), error(100, 10167, "delayed"), error(100, 354, "not subscribed"), tick(3))
        assert await first == tick(1)
        assert await anext(ticks) == tick(2)
        assert await anext(ticks) == error(100, 10167, "delayed")
        with pytest.raises(RequestFailed, match="not subscribed"):
            await anext(ticks)
        ticks.close()
        await turns()
        assert gateway.received == [m.MarketDataRequest(req_id=100, contract=AAPL)], "it had ended: nothing to cancel"


@on_virtual_time
async def test_stream_of_a_snapshot_ends_by_itself() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        gateway.send(tick(1), m.TickSnapshotEnd(100))

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        request = m.MarketDataRequest(contract=AAPL, snapshot=True)
        assert [message async for message in client.stream(request)] == [tick(1), m.TickSnapshotEnd(100)]


@on_virtual_time
async def test_stream_kept_up_to_date_goes_on_after_its_end_message() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        if isinstance(message, m.HistoricalDataRequest):
            gateway.send(m.HistoricalData(100), m.HistoricalDataEnd(req_id=100), m.HistoricalDataUpdate(100))

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        request = m.HistoricalDataRequest(contract=AAPL, keep_up_to_date=True)
        async with client.stream(request) as bars:
            kinds = [type(await anext(bars)) for _ in range(3)]
        assert kinds == [m.HistoricalData, m.HistoricalDataEnd, m.HistoricalDataUpdate]


@on_virtual_time
async def test_stream_of_an_order_gets_all_news_of_it_and_leaves_it_alone_when_closed() -> None:
    execution = m.ExecutionDetails(-1, AAPL, m.Execution(order_id=100, exec_id="1.01"))
    news = (
        m.OpenOrder(order_id=100, contract=AAPL),
        m.OrderStatus(order_id=100, status="Submitted"),
        error(100, 399, "Order Message: Warning"),
        execution,
        m.CommissionAndFeesReport(exec_id="1.01", commission_and_fees=1.0),
    )

    def answer(gateway: ScriptedGateway, message: Message) -> None:
        gateway.send(m.OrderStatus(order_id=7, status="Filled"), *news)

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        request = m.PlaceOrderRequest(order_id=client.next_id(), contract=AAPL)
        async with client.stream(request) as stream:
            assert [await anext(stream) for _ in news] == list(news)
        await turns()
        assert len(gateway.received) == 1, "closing what watches an order must not cancel it"


@on_virtual_time
async def test_stream_asked_twice_for_one_id_is_refused_the_second_time() -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        request = m.MarketDataRequest(req_id=5, contract=AAPL)
        async with client.stream(request):
            with pytest.raises(RequestError, match="id 5 is already under way"):
                await anext(client.stream(request))


@on_virtual_time
async def test_news_nobody_asked_for_reaches_the_one_who_wants_it() -> None:
    unsolicited: list[Message] = []
    async with ScriptedGateway() as gateway:
        client = ConnectionManager(gateway.client().settings, on_unsolicited=unsolicited.append)
        async with client:
            other = m.OrderStatus(order_id=9, status="Filled")
            gateway.send(error(-1, 1100, "connectivity lost"), other)
            await turns()
            assert unsolicited[-2:] == [error(-1, 1100, "connectivity lost"), other]


@on_virtual_time
async def test_frames_of_unknown_kinds_are_skipped_and_counted() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        exchange_for_physical = bytes.fromhex("00000006 0000002f 3100")
        gateway.send_bytes(exchange_for_physical + encode(m.CurrentTime(1)))

    async with ScriptedGateway(answer) as gateway, gateway.client() as client:
        assert await client.request(m.CurrentTimeRequest()) == [m.CurrentTime(1)]
        assert client.skipped == {47: 1}


@on_virtual_time
async def test_disconnect_ends_what_is_under_way_and_can_be_called_again() -> None:
    async with ScriptedGateway() as gateway:
        client = gateway.client()
        await client.connect()
        asking = asyncio.create_task(client.request(m.CurrentTimeRequest()))
        await turns()
        await client.disconnect()
        await client.disconnect()
        with pytest.raises(ConnectionLost):
            await asking
        assert client.state is ConnectionState.DISCONNECTED


# --- pacing


@on_virtual_time
async def test_messages_never_exceed_the_limit_at_the_gateway_and_a_cancel_overtakes_them() -> None:
    seen: list[tuple[float, Message]] = []

    def note(gateway: ScriptedGateway, message: Message) -> None:
        seen.append((asyncio.get_running_loop().time(), message))

    async with ScriptedGateway(note) as gateway, gateway.client() as client:
        asking = [
            asyncio.create_task(client.request(m.ContractDataRequest(contract=AAPL), timeout=60)) for _ in range(300)
        ]
        await asyncio.sleep(2)
        asked = asyncio.get_running_loop().time()
        await client.send(m.CancelOrderRequest(7))
        await turns()
        assert seen[-1] == (asked, m.CancelOrderRequest(7))
        await asyncio.sleep(20)
        times = [at for at, _ in seen]
        assert len(times) == 301
        assert max(sum(start <= at < start + 1 for at in times) for start in times) <= 45
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


@on_virtual_time
async def test_request_cancelled_while_it_waits_for_its_turn_is_never_sent() -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        tasks = [asyncio.create_task(client.request(m.HeadTimestampRequest(contract=AAPL))) for _ in range(2)]
        await turns()
        assert len(gateway.received) == 1, "the second is identical and has to wait fifteen seconds"
        tasks[1].cancel()
        await asyncio.sleep(20)
        assert len(gateway.received) == 1, "neither it nor a cancel of it"
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@on_virtual_time
async def test_request_waiting_for_its_turn_fails_at_once_when_the_link_falls() -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        tasks = [asyncio.create_task(client.request(m.HeadTimestampRequest(contract=AAPL))) for _ in range(3)]
        await turns()
        gateway.drop()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, ConnectionLost) for result in results)
        assert sum(client.limiter.statistics().waiting.values()) == 0


@on_virtual_time
async def test_lines_above_the_limit_are_refused_before_the_gateway_is_asked_and_freed_by_closing() -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        request = m.MarketDataRequest(contract=AAPL)
        streams = [client.stream(request) for _ in range(100)]
        for stream in streams:
            await stream.__aenter__()
        await asyncio.sleep(5)
        with pytest.raises(RateLimitReached, match=r"market_data\.lines"):
            await client.stream(request).__aenter__()
        assert len(gateway.received) == 100
        streams[0].close()
        async with client.stream(request):
            await turns()
        assert client.requests_under_way == 99
        for stream in streams:
            stream.close()


@on_virtual_time
async def test_breach_reported_by_ibkr_slows_down_and_is_told() -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        gateway.send(error(-1, 100, "Max rate of messages per second has been exceeded"))
        await turns()
        assert client.limiter.statistics().limit_per_s == 36
        (event,) = client.events.history(EventType.PACING_VIOLATION)
        assert event.data.code == 100


@pytest.mark.parametrize("code", [162, 10187, 10188])
def test_history_breach_fails_its_request_and_closes_history_for_a_while(code: int) -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        if isinstance(message, m.HeadTimestampRequest) and message.req_id == 100:
            gateway.send(error(100, code, "Historical Market Data Service error message:pacing violation"))
        elif isinstance(message, m.HeadTimestampRequest):
            gateway.send(m.HeadTimestamp(message.req_id, "20200101-00:00:00"))

    @on_virtual_time
    async def run() -> None:
        async with ScriptedGateway(answer) as gateway, gateway.client() as client:
            with pytest.raises(PacingViolation):
                await client.request(m.HeadTimestampRequest(contract=AAPL))
            started = asyncio.get_running_loop().time()
            other = m.Contract(con_id=272093, exchange="SMART")
            await client.request(m.HeadTimestampRequest(contract=other))
            assert asyncio.get_running_loop().time() - started >= 15

    run()


@on_virtual_time
async def test_state_changes_and_warnings_are_events() -> None:
    async with ScriptedGateway() as gateway:
        client = gateway.client()
        async with client:
            gateway.send(error(-1, 2103, "Market data farm connection is broken:usfarm"), error(-1, 2104, "OK:usfarm"))
            await turns()
        changes = [
            (event.data.old, event.data.new) for event in client.events.history(EventType.CONNECTION_STATE_CHANGED)
        ]
        assert changes == [
            ("DISCONNECTED", "CONNECTING"),
            ("CONNECTING", "HANDSHAKING"),
            ("HANDSHAKING", "CONNECTED"),
            ("CONNECTED", "DISCONNECTED"),
            ("DISCONNECTED", "CLOSED"),
        ]
        assert [event.data.error_code for event in client.events.history(EventType.WARNING)] == [2103]


@on_virtual_time
async def test_handler_of_unsolicited_messages_that_raises_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def broken(message: Message) -> None:
        raise ValueError("a bug of the user's")

    client = ConnectionManager(ConnectionSettings(port=4002), on_unsolicited=broken)
    async with ScriptedGateway(answer_time) as gateway, client:
        gateway.send(error(-1, 2103))
        assert await client.request(m.CurrentTimeRequest()) == [m.CurrentTime(1_795_000_000)]
    assert "a bug of the user's" in caplog.text


@on_virtual_time
async def test_what_waits_to_be_sent_is_taken_back_by_cancelling_it() -> None:
    async with ScriptedGateway(answer_time) as gateway, gateway.client() as client:
        left = [client.send(m.MarketDataTypeRequest(3)) for _ in range(60)]
        left[-1].cancel()
        assert not left[0].cancel(), "it has left"
        await asyncio.sleep(3)
        assert len(gateway.received) == 59
        assert all(one.done() for one in left)
        assert await client.request(m.CurrentTimeRequest())


@on_virtual_time
async def test_leaving_the_connection_closes_its_own_events_and_their_handlers() -> None:
    async def handler(event: Event) -> None:
        await asyncio.sleep(0)

    async with ScriptedGateway() as gateway, gateway.client() as client:
        client.events.subscribe(EventType.WARNING, handler)
        gateway.send(error(-1, 2103))
        await turns()


@on_virtual_time
async def test_nothing_leaves_while_the_gateway_takes_nothing_and_then_a_cancel_goes_first() -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        link = client._link
        assert link is not None
        link.pause_writing()  # as the transport does when its buffer is full
        for number in range(5):
            client.send(m.ContractDataRequest(req_id=number))
        client.send(m.CancelMarketData(99))
        await turns()
        assert gateway.received == []
        link.resume_writing()
        await asyncio.sleep(1)
        assert gateway.received[0] == m.CancelMarketData(99)
        assert len(gateway.received) == 6


@on_virtual_time
async def test_host_that_has_no_address_is_unreachable() -> None:
    async def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    loop = asyncio.get_running_loop()
    loop.create_connection = fail  # type: ignore[assignment]
    with pytest.raises(HostUnreachable, match=r"no TCP connection to tws\.example\.com:4002.*check the host's name"):
        await ConnectionManager(ConnectionSettings(host="tws.example.com", port=4002)).connect()


@on_virtual_time
async def test_ids_never_go_back_even_if_the_gateway_does() -> None:
    async with ScriptedGateway() as gateway, gateway.client() as client:
        assert [client.next_id(), client.next_id()] == [100, 101]
        gateway.drop()
        await turns()
        await client.connect()  # the gateway says 100 again
        assert client.next_id() == 102


@on_virtual_time
async def test_closed_connection_cannot_be_opened_again() -> None:
    async with ScriptedGateway() as gateway:
        async with gateway.client() as client:
            pass
        with pytest.raises(IbwireError, match=r"connect\(\) while closed"):
            await client.connect()
        await client.aclose()


@on_virtual_time
async def test_farm_that_is_said_to_be_well_again_and_again_is_no_news() -> None:
    down = error(-1, 2103, "Market data farm connection is broken:usfarm")
    up = error(-1, 2104, "Market data farm connection is OK:usfarm")
    async with ScriptedGateway() as gateway, gateway.client() as client:
        gateway.send(up, up, down, down, up, up)
        await turns()
        told = [event.type for event in client.events.history((EventType.FARM_DOWN, EventType.FARM_UP))]
        assert told == [EventType.FARM_UP, EventType.FARM_DOWN, EventType.FARM_UP]


@on_virtual_time
async def test_connectivity_is_told_and_ends_no_request() -> None:
    async with ScriptedGateway(answer_time) as gateway, gateway.client() as client:
        gateway.send(error(-1, 1100, "Connectivity lost"), error(-1, 1100, "Connectivity lost"))
        await turns()
        assert client.state is ConnectionState.DEGRADED
        assert await client.request(m.CurrentTimeRequest()) == [m.CurrentTime(1_795_000_000)]
        gateway.send(error(-1, 1101, "restored - data lost"))
        await turns()
        assert client.state is ConnectionState.CONNECTED
        (lost,) = client.events.history(EventType.GATEWAY_CONNECTIVITY_LOST)
        (restored,) = client.events.history(EventType.GATEWAY_CONNECTIVITY_RESTORED)
        assert lost.data.code == 1100
        assert restored.data.is_data_lost
