"""The watchdog: signs of life, reconnecting, restart windows, hooks; against a gateway that does what the test says."""

from __future__ import annotations

import asyncio
import itertools
import random
from datetime import timedelta
from typing import Any

import pytest

from ibwire.connection import ConnectionState
from ibwire.events import ClockSkew, Event, EventType
from ibwire.exceptions import ClientIdInUse, ConnectionLost, ConnectionRefused, NotConnected, RequestTimeout
from ibwire.session import Health, HealthStatus, IBSession
from ibwire.session_api import SessionApi
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_gateway import PORT, READY, ScriptedGateway
from tests.helpers.sessions import START_S, Consumer, session_at, told, wall_clock
from tests.helpers.virtual_time import on_virtual_time

IN_USE = m.ErrorMessage(id=-1, error_code=326, error_msg="Unable to connect as the client id is already in use.")


def answer_time(gateway: ScriptedGateway, message: Message) -> None:
    if isinstance(message, m.CurrentTimeInMillisRequest):
        gateway.send(m.CurrentTimeInMillis(round(wall_clock() * 1000)))


def questions(gateway: ScriptedGateway) -> int:
    return sum(isinstance(message, m.CurrentTimeInMillisRequest) for message in gateway.received)


def pauses(session: IBSession) -> list[float]:
    return [event.data.pause_s for event in told(session, EventType.RECONNECTING)]


async def until_up(session: IBSession) -> None:
    await session.connection.wait_until_up()


# --- signs of life


@on_virtual_time
async def test_idle_link_is_asked_for_a_sign_of_life_and_kept_if_it_gives_one() -> None:
    async with ScriptedGateway(answer_time) as gateway, session_at(idle_s=10, answer_s=5) as session:
        await asyncio.sleep(60.5)
        assert session.connection.is_up
        assert gateway.connections == 1
        assert 5 <= questions(gateway) <= 7
        assert session.stats().latency_s == 0.0  # on virtual time
        assert session.stats().uptime_s == pytest.approx(60.5, abs=0.1)


@on_virtual_time
async def test_link_that_gives_no_sign_of_life_is_cut_within_the_two_time_limits_and_made_again() -> None:
    async with ScriptedGateway() as gateway, session_at(idle_s=10, answer_s=5) as session:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(6)  # the question that every link begins with has gone unanswered
        began = loop.time()
        gateway.send(m.ErrorMessage(id=-1, error_code=2104, error_msg="Market data farm connection is OK:usfarm"))
        await session.connection.wait_until_down()
        assert 15 <= loop.time() - began <= 17
        (lost,) = told(session, EventType.CONNECTION_LOST)
        assert "half-open" in lost.data.reason
        await until_up(session)
        assert gateway.connections == 2


@on_virtual_time
async def test_busy_link_is_not_cut_when_only_the_answer_is_missing() -> None:
    async with ScriptedGateway() as gateway, session_at(idle_s=10, answer_s=5) as session:
        for _ in range(100):
            gateway.send(m.NextValidId(order_id=200))
            await asyncio.sleep(1)
        assert gateway.connections == 1
        assert session.connection.is_up


@on_virtual_time
async def test_clocks_that_differ_are_warned_of_once_and_shown() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        if isinstance(message, m.CurrentTimeInMillisRequest):
            gateway.send(m.CurrentTimeInMillis(round((wall_clock() + 7.5) * 1000)))

    async with ScriptedGateway(answer), session_at(idle_s=10, clock_skew_s=2) as session:
        await asyncio.sleep(100)
        (warning,) = told(session, EventType.WARNING)
        assert isinstance(warning.data, ClockSkew)
        assert warning.data.offset_s == pytest.approx(7.5, abs=0.01)
        reading = session.stats().clock
        assert reading is not None
        assert reading.offset_s == pytest.approx(7.5, abs=0.01)
        assert session.health() == Health(HealthStatus.DEGRADED, ("the gateway's clock and ours differ",))


# --- reconnecting


@on_virtual_time
async def test_lost_link_is_tried_again_for_ever_with_pauses_up_to_the_longest() -> None:
    async with ScriptedGateway(answer_time), session_at(backoff_max_s=30) as session:
        pass_time = asyncio.create_task(asyncio.sleep(3600))
        async with asyncio.timeout(7200):
            await gone_for(session, pass_time)
    waits = pauses(session)
    assert len(waits) > 100
    assert waits[0] <= 0.2
    assert 20 < max(waits) <= 30
    attempts = [event.data.attempt for event in told(session, EventType.RECONNECTING)]
    assert attempts == sorted(set(attempts))


async def gone_for(session: IBSession, passing: asyncio.Task[None]) -> None:
    """Take the gateway away until `passing` is over."""
    session.connection.port = PORT + 1  # nobody listens there
    session.connection.abort("taken away by the test")
    await passing
    assert session.health() == Health(HealthStatus.DOWN, (f"the connection is {session.state.value}",))


@on_virtual_time
async def test_pauses_start_anew_only_after_a_link_that_lasted() -> None:
    async with ScriptedGateway(answer_time) as gateway, session_at(stable_s=60, backoff_max_s=30) as session:
        for _ in range(12):  # a gateway that accepts and drops
            gateway.drop()
            await session.connection.wait_until_down()
            await until_up(session)
        flapping = pauses(session)
        assert max(flapping) > 5
        await asyncio.sleep(61)
        gateway.drop()
        await session.connection.wait_until_down()
        await until_up(session)
        assert pauses(session)[-1] <= 0.2


@on_virtual_time
async def test_after_the_stated_attempts_it_gives_up_and_everything_that_waits_ends() -> None:
    async with ScriptedGateway(answer_time), session_at(attempts=3) as session:
        quotes = Consumer(session.stream(m.MarketDataRequest(contract=m.Contract(con_id=1))))
        asking = asyncio.create_task(session.request(m.PositionsRequest(), retry=True))
        await asyncio.sleep(1)
        session.connection.port = PORT + 1
        session.connection.abort("taken away by the test")
        with pytest.raises(NotConnected, match="nobody connects again"):
            await asking
        await quotes.until(10)
        assert isinstance(quotes.error, ConnectionRefused)
        assert session.state is ConnectionState.DISCONNECTED
        assert len(pauses(session)) == 3


@on_virtual_time
async def test_gateway_that_is_not_there_at_the_start_is_an_error_unless_it_is_waited_for() -> None:
    session = session_at()
    with pytest.raises(ConnectionRefused):
        await session.start()
    assert session.state is ConnectionState.CLOSED

    patient = session_at(waits_at_start=True)
    starting = asyncio.create_task(patient.start())
    await asyncio.sleep(40)
    async with ScriptedGateway(answer_time):
        await starting
        assert patient.connection.is_up
        await patient.aclose()


@on_virtual_time
async def test_start_that_is_cancelled_leaves_nothing_behind() -> None:
    session = session_at(waits_at_start=True)
    starting = asyncio.create_task(session.start())
    await asyncio.sleep(5)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert session.state is ConnectionState.CLOSED


# --- client ids


class BusyGateway(ScriptedGateway):
    """Refuses the first `refusals` clients because their id is in use."""

    def __init__(self, refusals: int) -> None:
        super().__init__(answer_time)
        self.refusals = refusals
        self.client_ids: list[int | None] = []

    def take(self, message: Message) -> None:
        if isinstance(message, m.StartApiRequest):
            self.client_ids.append(message.client_id)
            if len(self.client_ids) <= self.refusals:
                self.send(IN_USE)
                self.drop()
                return
        super().take(message)


@on_virtual_time
async def test_client_id_in_use_is_waited_for_because_orders_belong_to_it() -> None:
    async with BusyGateway(5) as gateway, session_at(connection={"client_id": 7}) as session:
        assert gateway.client_ids == [7] * 6
        assert session.connection.is_up
        assert len(told(session, EventType.RECONNECTING)) == 5


@on_virtual_time
async def test_client_id_is_leased_from_a_range_only_if_there_is_one() -> None:
    async with (
        BusyGateway(3) as gateway,
        session_at(connection={"client_id": 7, "last_client_id": 8}) as session,
    ):
        assert gateway.client_ids == [7, 8, 7, 8]
        (established,) = told(session, EventType.CONNECTION_ESTABLISHED)
        assert established.data.client_id == 8


@on_virtual_time
async def test_client_id_in_use_ends_in_its_error_after_the_stated_attempts() -> None:
    async with BusyGateway(100):
        with pytest.raises(ClientIdInUse):
            await session_at(attempts=3).start()


# --- restarts


@on_virtual_time
async def test_planned_restart_is_waited_for_quietly() -> None:
    assert START_S % 86_400 == 40_000  # 11:06:40 UTC
    downs: list[timedelta] = []
    async with (
        ScriptedGateway(answer_time),
        session_at(
            restart_windows=("11:00-11:30 UTC",), attempts=2, backoff_max_s=30, down_after_s=1, on_down=downs.append
        ) as session,
    ):
        await gone_for(session, asyncio.create_task(asyncio.sleep(600)))
        news = [event.data for event in told(session, EventType.RECONNECTING)]
        assert len(news) >= 19
        assert {one.is_planned for one in news} == {True}
        assert {one.pause_s for one in news} == {30.0}
        assert downs == []
        session.connection.port = PORT
        await until_up(session)


@on_virtual_time
async def test_planned_restart_that_takes_longer_than_planned_uses_up_no_attempts() -> None:
    async with (
        ScriptedGateway(answer_time),
        session_at(restart_windows=("11:00-11:10 UTC",), attempts=5, backoff_first_s=20, backoff_max_s=30) as session,
    ):
        await gone_for(session, asyncio.create_task(asyncio.sleep(230)))  # the window ends after 200 s
        session.connection.port = PORT
        await until_up(session)


@on_virtual_time
async def test_gateway_that_moves_is_followed_to_its_new_port() -> None:
    async with ScriptedGateway(answer_time) as gateway, session_at() as session:
        moved = f"TWS socket port has been reset. Please reconnect on the new port - {PORT + 5}"
        gateway.send(m.ErrorMessage(id=-1, error_code=1300, error_msg=moved))
        await session.connection.wait_until_down()
        assert session.connection.port == PORT + 5


@on_virtual_time
async def test_gateway_without_a_link_to_ibkr_is_connected_to_and_known_as_degraded() -> None:
    broken = m.ErrorMessage(id=-1, error_code=2110, error_msg="Connectivity between TWS and server is broken.")
    async with ScriptedGateway(answer_time, ready=(*READY, broken)) as gateway, session_at() as session:
        await asyncio.sleep(0.1)
        assert session.state is ConnectionState.DEGRADED
        gateway.send(m.ErrorMessage(id=-1, error_code=1102, error_msg="restored - data maintained"))
        await asyncio.sleep(0.1)
        assert session.state is ConnectionState.CONNECTED


@pytest.mark.parametrize("fails", [False, True])
@on_virtual_time
async def test_hook_is_called_after_a_while_and_again_after_its_cool_down(fails: bool) -> None:
    downs: list[float] = []

    async def restart_gateway(down: timedelta) -> None:
        downs.append(down.total_seconds())
        await asyncio.sleep(50)  # starting a container takes its time
        if fails:
            raise OSError("no such container")

    async with (
        ScriptedGateway(answer_time),
        session_at(down_after_s=60, down_cooldown_s=300, backoff_max_s=5, on_down=restart_gateway) as session,
    ):
        await gone_for(session, asyncio.create_task(asyncio.sleep(1000)))
    assert len(downs) == 4
    assert 60 <= downs[0] <= 70
    assert all(300 <= later - earlier <= 310 for earlier, later in itertools.pairwise(downs))


# --- requests over a link that falls


@on_virtual_time
async def test_request_in_flight_fails_with_the_link_and_says_that_it_may_be_asked_again() -> None:
    async with ScriptedGateway(answer_time) as gateway, session_at() as session:
        asking = asyncio.create_task(session.request(m.ContractDataRequest()))
        await asyncio.sleep(0.1)
        gateway.drop()
        with pytest.raises(ConnectionLost) as caught:
            await asking
        assert caught.value.retryable


@on_virtual_time
async def test_request_that_may_be_repeated_is_asked_again_when_the_link_is_back() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        answer_time(gateway, message)
        if isinstance(message, m.ContractDataRequest):
            if gateway.connections <= 2:
                gateway.drop()
            else:
                gateway.send(m.ContractDataEnd(message.req_id))

    async with ScriptedGateway(answer) as gateway, session_at() as session:
        (end,) = await session.request(m.ContractDataRequest(), retry=True)
        assert isinstance(end, m.ContractDataEnd)
        assert gateway.connections == 3


@on_virtual_time
async def test_request_that_is_repeated_does_not_wait_for_ever() -> None:
    async with ScriptedGateway(answer_time), session_at() as session:
        asking = asyncio.create_task(session.request(m.ContractDataRequest(), timeout=10, retry=True))
        await asyncio.sleep(1)
        began = asyncio.get_running_loop().time()
        session.connection.port = PORT + 1
        session.connection.abort("taken away by the test")
        with pytest.raises(ConnectionLost):
            await asking
        assert asyncio.get_running_loop().time() - began <= 70  # its own time limit and the queue's


@on_virtual_time
async def test_late_answer_without_an_id_is_not_taken_for_the_next_ones() -> None:
    asked: list[Message] = []

    def answer(gateway: ScriptedGateway, message: Message) -> None:
        answer_time(gateway, message)
        if isinstance(message, m.CurrentTimeRequest):
            asked.append(message)

    async with ScriptedGateway(answer) as gateway, session_at() as session:
        with pytest.raises(RequestTimeout):
            await session.request(m.CurrentTimeRequest(), timeout=1)
        second = asyncio.create_task(session.request(m.CurrentTimeRequest()))
        await asyncio.sleep(2)
        assert len(asked) == 1  # the first answer may still come
        gateway.send(m.CurrentTime(1))
        await asyncio.sleep(0.1)
        assert len(asked) == 2
        assert session.connection.unrouted == {"CurrentTime": 1}
        gateway.send(m.CurrentTime(2))
        assert await second == [m.CurrentTime(2)]


@on_virtual_time
async def test_answer_that_never_comes_holds_the_next_up_for_a_while_only() -> None:
    def answer(gateway: ScriptedGateway, message: Message) -> None:
        answer_time(gateway, message)
        asks = [one for one in gateway.received if isinstance(one, m.CurrentTimeRequest)]
        if isinstance(message, m.CurrentTimeRequest) and len(asks) == 2:
            gateway.send(m.CurrentTime(2))

    async with ScriptedGateway(answer), session_at() as session:
        with pytest.raises(RequestTimeout):
            await session.request(m.CurrentTimeRequest(), timeout=1)
        assert await session.request(m.CurrentTimeRequest()) == [m.CurrentTime(2)]


# --- the end


@on_virtual_time
async def test_session_closed_in_the_middle_of_reconnecting_leaves_no_task_behind() -> None:
    async with ScriptedGateway(answer_time) as gateway, session_at() as session:
        quotes = Consumer(session.stream(m.MarketDataRequest(contract=m.Contract(con_id=1))))
        await asyncio.sleep(1)
        session.connection.port = PORT + 1
        gateway.drop()
        await asyncio.sleep(20)
        assert session.state in (ConnectionState.RECONNECTING, ConnectionState.CONNECTING)
    assert session.state is ConnectionState.CLOSED
    await quotes.until(100)
    assert quotes.is_done
    assert quotes.error is None


@on_virtual_time
async def test_session_ends_its_subscriptions_at_the_gateway_when_it_is_closed() -> None:
    async with ScriptedGateway(answer_time) as gateway:
        async with session_at() as session:
            quotes = Consumer(session.stream(m.MarketDataRequest(contract=m.Contract(con_id=1))))
            await asyncio.sleep(1)
        await asyncio.sleep(0.1)
        assert isinstance(gateway.received[-1], m.CancelMarketData)
        assert quotes.is_done


@on_virtual_time
async def test_random_seed_decides_the_pauses() -> None:
    async def run(seed: int) -> list[float]:
        async with ScriptedGateway(answer_time), session_at() as session:
            session._watchdog._backoff._rng = random.Random(seed)
            await gone_for(session, asyncio.create_task(asyncio.sleep(300)))
        return pauses(session)

    assert await run(1) == await run(1) != await run(2)


def test_events_of_a_session_carry_its_own_clock() -> None:
    seen: list[Any] = []
    session = session_at()
    session.events.subscribe(EventType.WARNING, seen.append)

    async def run() -> None:
        session.events.emit(EventType.WARNING)

    asyncio.run(run())
    (event,) = seen
    assert isinstance(event, Event)
    assert event.time.timestamp() >= START_S


@on_virtual_time
async def test_what_belongs_to_no_request_reaches_every_listener_even_if_one_raises(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[Message] = []

    def fail(_: Message) -> None:
        raise ValueError("a user's mistake")

    async with ScriptedGateway(answer_time) as gateway, session_at(on_unsolicited=fail) as session:
        session.listen(heard.append)
        bound = m.OrderBound(perm_id=1, client_id=0, order_id=-3)
        gateway.send(bound)
        await asyncio.sleep(0.1)
        assert heard == [bound]
    assert "a listener raised on OrderBound" in caplog.text


def test_session_is_what_services_are_written_for() -> None:
    api: SessionApi = session_at()  # held by mypy, too
    assert api.accounts == ()
