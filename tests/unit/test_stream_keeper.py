"""Streams that outlive their link, against a gateway that does what the test says."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from ibwire.events import EventType
from ibwire.exceptions import (
    NoMarketDataPermission,
    NotConnected,
    RequestError,
    StreamOverflow,
    UnsupportedClientVersion,
)
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.session import HealthStatus, IBSession
from ibwire.stream_keeper import FARM_SILENCE_S, VERIFY_S
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_gateway import ScriptedGateway
from tests.helpers.sessions import Consumer, session_at, told, wall_clock
from tests.helpers.virtual_time import on_virtual_time

AAPL, MSFT = m.Contract(con_id=265598, exchange="SMART"), m.Contract(con_id=272093, exchange="SMART")
QUOTES, OTHER_QUOTES = m.MarketDataRequest(contract=AAPL), m.MarketDataRequest(contract=MSFT)
TRADES = m.TickByTickRequest(contract=AAPL, tick_type="Last")
LOST_1100 = m.ErrorMessage(id=-1, error_code=1100, error_msg="Connectivity has been lost.")
DATA_LOST_1101 = m.ErrorMessage(id=-1, error_code=1101, error_msg="Connectivity has been restored - data lost.")
DATA_KEPT_1102 = m.ErrorMessage(id=-1, error_code=1102, error_msg="Connectivity has been restored - data maintained.")
FARM_DOWN = m.ErrorMessage(id=-1, error_code=2103, error_msg="Market data farm connection is broken:usfarm")
FARM_UP = m.ErrorMessage(id=-1, error_code=2104, error_msg="Market data farm connection is OK:usfarm")


def tick(request_id: int | None, price: float = 1.0) -> m.TickPrice:
    return m.TickPrice(req_id=request_id, tick_type=1, price=price, size="1", attr_mask=0)


class TickingGateway(ScriptedGateway):
    """Answers subscriptions with their preamble and, unless told to be quiet, a tick; and the time when asked."""

    def __init__(self) -> None:
        super().__init__(self._respond)
        self.is_quiet = False

    def _respond(self, _: ScriptedGateway, message: Message) -> None:
        if isinstance(message, m.MarketDataRequest | m.TickByTickRequest):
            self.send(m.TickReqParams(req_id=message.req_id), m.MarketDataType(message.req_id, 1))
            if not self.is_quiet:
                self.send(tick(message.req_id))
        elif isinstance(message, m.CurrentTimeInMillisRequest):
            self.send(m.CurrentTimeInMillis(round(wall_clock() * 1000)))

    @property
    def asked(self) -> list[Message]:
        """What was subscribed and cancelled, in order."""
        kinds = (m.MarketDataRequest, m.TickByTickRequest, m.PnLRequest, m.CancelMarketData, m.CancelTickByTick)
        return [message for message in self.received if isinstance(message, kinds)]

    @property
    def ids(self) -> list[int | None]:
        """The request ids of the subscriptions."""
        return [message.req_id for message in self.asked if isinstance(message, m.MarketDataRequest)]


def with_session(
    test: Callable[[TickingGateway, IBSession], object],
) -> Callable[[], None]:
    """Runs a test on virtual time with a gateway and a session that is connected to it."""

    @on_virtual_time
    async def run() -> None:
        async with TickingGateway() as gateway, session_at(stale_stream_s=30) as session:
            await test(gateway, session)  # type: ignore[misc]

    run.__name__ = test.__name__
    return run


async def keep_ticking(gateway: TickingGateway, index: int, seconds: float) -> None:
    """Let one subscription tick every half second."""
    for _ in range(int(2 * seconds)):
        gateway.send(tick(gateway.ids[index]))
        await asyncio.sleep(0.5)


@with_session
async def test_stream_goes_on_after_a_lost_link_under_another_id(gateway: TickingGateway, session: IBSession) -> None:
    quotes = Consumer(session.stream(QUOTES))
    await quotes.until(3)
    gateway.drop()
    await quotes.until(8)
    first, second = gateway.ids
    assert first != second
    kinds = [type(item).__name__ for item in quotes.items]
    opening = ["TickReqParams", "MarketDataType"]
    assert kinds == [*opening, "TickPrice", "Gap", *opening, "Resumed", "TickPrice"]
    gap, resumed = quotes.items[3], quotes.items[6]
    assert isinstance(gap, Gap)
    assert isinstance(resumed, Resumed)
    assert gap.reason is GapReason.LINK_LOST
    assert gap.since <= resumed.at
    await quotes.close()
    assert gateway.asked[-1] == m.CancelMarketData(second)


@with_session
async def test_an_id_that_was_given_holds_for_the_first_time_only(gateway: TickingGateway, session: IBSession) -> None:
    number = session.next_id()
    quotes = Consumer(session.stream(replace(QUOTES, req_id=number)))
    await quotes.until(3)
    gateway.drop()
    await quotes.until(8)
    first, second = gateway.ids
    assert first == number
    assert second > number
    await quotes.close()


@with_session
async def test_gap_begins_when_something_came_last(gateway: TickingGateway, session: IBSession) -> None:
    quotes = Consumer(session.stream(QUOTES))
    await quotes.until(3)
    await asyncio.sleep(4)
    gateway.drop()
    await quotes.until(4)
    (lost,) = told(session, EventType.CONNECTION_LOST)
    gap = quotes.items[3]
    assert isinstance(gap, Gap)
    assert (lost.time - gap.since).total_seconds() == pytest.approx(4, abs=0.1)
    await quotes.close()


@with_session
async def test_after_a_loss_accounts_come_first_then_streams_by_priority(
    gateway: TickingGateway, session: IBSession
) -> None:
    minor = Consumer(session.stream(QUOTES, priority=5))
    major = Consumer(session.stream(OTHER_QUOTES, priority=1))
    profits = Consumer(session.stream(m.PnLRequest(account="DU1234567"), priority=9))
    await asyncio.gather(minor.until(3), major.until(3))
    before = len(gateway.asked)
    gateway.drop()
    await asyncio.gather(minor.until(8), major.until(8))
    again = [type(message) for message in gateway.asked[before:]]
    assert again == [m.PnLRequest, m.MarketDataRequest, m.MarketDataRequest]
    assert gateway.asked[-2].contract == MSFT  # type: ignore[attr-defined]
    (recovered,) = told(session, EventType.CONNECTION_RECOVERED)
    steps = [(step.name, step.recovered, step.error) for step in recovered.data.steps]
    assert steps == [("account streams", 1, ""), ("streams", 2, "")]
    for consumer in (minor, major, profits):
        await consumer.close()


@with_session
async def test_stream_opened_without_a_link_waits_for_it(gateway: TickingGateway, session: IBSession) -> None:
    gateway.drop()
    await session.connection.wait_until_down()
    quotes = Consumer(session.stream(QUOTES))
    await quotes.until(5)
    assert quotes.marks == ["link_lost", "resumed"]
    assert len(gateway.ids) == 1
    await quotes.close()


@with_session
async def test_stream_refused_for_good_fails_with_ibkrs_reason(gateway: TickingGateway, session: IBSession) -> None:
    quotes = Consumer(session.stream(TRADES))
    await quotes.until(3)
    (request,) = gateway.asked
    gateway.send(m.ErrorMessage(id=request.req_id, error_code=354, error_msg="not subscribed"))  # type: ignore[attr-defined]
    await quotes.until(4)
    assert isinstance(quotes.error, NoMarketDataPermission)
    assert quotes.marks == []


@pytest.mark.parametrize(
    "message", [m.MarketDataRequest(snapshot=True), m.ContractDataRequest(), m.PlaceOrderRequest()]
)
@on_virtual_time
async def test_what_is_no_subscription_is_not_kept(message: Message) -> None:
    with pytest.raises(RequestError, match="no subscription"):
        session_at().stream(message)


@on_virtual_time
async def test_stream_of_a_session_that_was_never_started_says_so() -> None:
    session = session_at()
    with pytest.raises(NotConnected):
        await anext(session.stream(QUOTES))


@with_session
async def test_1100_stalls_every_stream_and_data_after_1102_ends_the_gap(
    gateway: TickingGateway, session: IBSession
) -> None:
    quotes = Consumer(session.stream(QUOTES))
    await quotes.until(3)
    gateway.send(LOST_1100, LOST_1100)
    await quotes.until(4)
    assert session.health().status is HealthStatus.DEGRADED
    gateway.send(DATA_KEPT_1102)
    await asyncio.sleep(VERIFY_S / 2)
    gateway.send(tick(gateway.ids[0]))
    await quotes.until(6)
    assert quotes.marks == ["offline", "resumed"]
    await asyncio.sleep(3 * VERIFY_S)
    assert len(gateway.ids) == 1
    assert session.health().status is HealthStatus.HEALTHY
    await quotes.close()


@with_session
async def test_stream_that_does_not_tick_after_1102_is_asked_for_again(
    gateway: TickingGateway, session: IBSession
) -> None:
    quotes = Consumer(session.stream(QUOTES))
    await quotes.until(3)
    gateway.send(LOST_1100, DATA_KEPT_1102)
    await quotes.until(8)
    first, second = gateway.ids
    assert m.CancelMarketData(first) in gateway.asked
    assert first != second
    assert quotes.marks == ["offline", "resumed"]
    await quotes.close()


@with_session
async def test_1101_asks_for_everything_again_at_once(gateway: TickingGateway, session: IBSession) -> None:
    quotes, others = Consumer(session.stream(QUOTES)), Consumer(session.stream(OTHER_QUOTES))
    await asyncio.gather(quotes.until(3), others.until(3))
    gateway.send(LOST_1100, DATA_LOST_1101)
    await asyncio.gather(quotes.until(8), others.until(8))
    assert len(set(gateway.ids)) == len(gateway.ids) == 4
    assert quotes.marks == others.marks == ["offline", "resumed"]
    assert not [message for message in gateway.asked if isinstance(message, m.CancelMarketData)]
    await asyncio.gather(quotes.close(), others.close())


@with_session
async def test_lost_farm_stalls_what_is_silent_and_not_what_ticks(gateway: TickingGateway, session: IBSession) -> None:
    quotes, others = Consumer(session.stream(QUOTES)), Consumer(session.stream(OTHER_QUOTES))
    await asyncio.gather(quotes.until(3), others.until(3))
    gateway.send(FARM_DOWN)
    await keep_ticking(gateway, 1, 2 * FARM_SILENCE_S + 2)
    assert quotes.marks == ["farm_down"]
    assert others.marks == []
    gateway.send(FARM_UP, tick(gateway.ids[0]))
    await asyncio.sleep(0.1)
    assert quotes.marks == ["farm_down", "resumed"]
    assert len(gateway.ids) == 2
    await asyncio.gather(quotes.close(), others.close())


@with_session
async def test_stream_of_a_farm_that_is_back_and_stays_silent_is_asked_for_again(
    gateway: TickingGateway, session: IBSession
) -> None:
    quotes = Consumer(session.stream(QUOTES))
    await quotes.until(3)
    gateway.send(FARM_DOWN)
    await quotes.until(4)
    gateway.send(FARM_UP)
    await quotes.until(8)
    assert quotes.marks == ["farm_down", "resumed"]
    assert len(gateway.ids) == 2
    await quotes.close()


@with_session
async def test_competing_session_is_a_gap_and_asked_about_with_growing_pauses(
    gateway: TickingGateway, session: IBSession
) -> None:
    quotes = Consumer(session.stream(QUOTES))
    await quotes.until(3)
    gateway.is_quiet = True
    times = []
    for number in range(1, 5):
        competing = m.ErrorMessage(id=gateway.ids[-1], error_code=10197, error_msg="competing live session")
        gateway.send(competing)
        await quotes.until(len(quotes.items) + 3)  # the error, and the preamble of the next attempt
        assert len(gateway.ids) == number + 1
        times.append(asyncio.get_running_loop().time())
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert pauses[0] < pauses[1] < pauses[2]
    assert quotes.marks == ["competing_session"]
    gateway.send(tick(gateway.ids[-1]))
    await asyncio.sleep(0.1)
    assert quotes.marks == ["competing_session", "resumed"]
    await quotes.close()


@with_session
async def test_stream_ended_by_the_gateway_is_asked_for_again(gateway: TickingGateway, session: IBSession) -> None:
    quotes = Consumer(session.stream(QUOTES))
    await quotes.until(3)
    gateway.send(m.ErrorMessage(id=gateway.ids[0], error_code=10225, error_msg="Bust event occurred"))
    await quotes.until(8)
    assert quotes.marks == ["ended", "resumed"]
    assert len(gateway.ids) == 2
    await quotes.close()


@with_session
async def test_stream_refused_for_pacing_at_the_start_is_asked_for_again_once_ibkr_allows_it(
    gateway: TickingGateway, session: IBSession
) -> None:
    gateway.is_quiet = True  # as when another process of the login has just asked for the same
    quotes = Consumer(session.stream(QUOTES))
    await asyncio.sleep(0.1)
    gateway.send(m.ErrorMessage(id=gateway.ids[0], error_code=162, error_msg="pacing violation"))
    await asyncio.sleep(14)
    assert (quotes.marks, len(gateway.ids)) == (["ended"], 1)
    gateway.is_quiet = False
    await asyncio.sleep(17)
    assert (quotes.marks, len(gateway.ids)) == (["ended", "resumed"], 2)
    await quotes.close()


@with_session
async def test_stream_silent_while_others_tick_is_reported_and_asked_for_again_ever_less_often(
    gateway: TickingGateway, session: IBSession
) -> None:
    silent, lively = Consumer(session.stream(QUOTES)), Consumer(session.stream(OTHER_QUOTES))
    await asyncio.gather(silent.until(3), lively.until(3))
    await keep_ticking(gateway, 1, 34)
    assert silent.marks == ["stale", "resumed"]
    assert len(told(session, EventType.STREAM_STALE)) == 1
    await keep_ticking(gateway, 1, 34)
    assert len(told(session, EventType.STREAM_STALE)) == 1
    await keep_ticking(gateway, 1, 34)
    assert len(told(session, EventType.STREAM_STALE)) == 2
    assert lively.marks == []
    await asyncio.gather(silent.close(), lively.close())


@with_session
async def test_silence_is_not_odd_when_everything_is_silent_or_the_market_is_closed(
    gateway: TickingGateway, session: IBSession
) -> None:
    silent, closed = Consumer(session.stream(QUOTES)), Consumer(session.stream(OTHER_QUOTES, should_tick=lambda: False))
    await asyncio.gather(silent.until(3), closed.until(3))
    await asyncio.sleep(290)
    assert told(session, EventType.STREAM_STALE) == []
    await keep_ticking(gateway, 0, 60)
    assert told(session, EventType.STREAM_STALE) == []
    await asyncio.gather(silent.close(), closed.close())


@with_session
async def test_silence_of_all_is_borne_ten_times_as_long(gateway: TickingGateway, session: IBSession) -> None:
    quotes = Consumer(session.stream(QUOTES))
    await quotes.until(3)
    await asyncio.sleep(290)
    assert len(gateway.ids) == 1
    await asyncio.sleep(20)
    assert len(gateway.ids) == 2
    assert quotes.marks == ["stale", "resumed"]
    await quotes.close()


@with_session
async def test_stream_that_may_be_silent_counts_as_resumed_when_nobody_objects(
    gateway: TickingGateway, session: IBSession
) -> None:
    gateway.is_quiet = True
    trades = Consumer(session.stream(TRADES))
    await trades.until(2)
    gateway.drop()
    await asyncio.sleep(15)  # it may not be asked for again so soon: one for an instrument in fifteen seconds
    assert trades.marks == ["link_lost"]
    await asyncio.sleep(10)
    assert trades.marks == ["link_lost", "resumed"]
    assert sum(isinstance(message, m.TickByTickRequest) for message in gateway.asked) == 2
    await trades.close()


@with_session
async def test_consumer_that_stops_reading_gets_the_overflow_and_the_subscription_ends(
    gateway: TickingGateway, session: IBSession
) -> None:
    stream = session.stream(QUOTES, bound=4)
    async with stream:
        await asyncio.sleep(0.1)
        gateway.send(tick(gateway.ids[0]), tick(gateway.ids[0]))
        await asyncio.sleep(0.1)
        kept = [await anext(stream) for _ in range(4)]
        assert len(kept) == 4
        with pytest.raises(StreamOverflow):
            await anext(stream)
    assert gateway.asked[-1] == m.CancelMarketData(gateway.ids[0])
    assert session.stats().streams.live == session.stats().streams.in_gap == 0


@with_session
async def test_stream_closed_in_a_gap_is_not_asked_for_again(gateway: TickingGateway, session: IBSession) -> None:
    quotes = Consumer(session.stream(QUOTES))
    await quotes.until(3)
    gateway.drop()
    await quotes.until(4)
    await quotes.close()
    await asyncio.sleep(5)
    assert session.connection.is_up
    assert len(gateway.ids) == 1


@with_session
async def test_stream_refused_with_a_code_about_the_client_is_not_taken_for_a_lost_link(
    gateway: TickingGateway, session: IBSession
) -> None:
    quotes = Consumer(session.stream(QUOTES))
    await quotes.until(3)
    text = "Your API version does not support fractional size rules"
    gateway.send(m.ErrorMessage(id=gateway.ids[0], error_code=10285, error_msg=text))
    await asyncio.sleep(30)
    assert isinstance(quotes.error, UnsupportedClientVersion)
    assert quotes.marks == []


# --- streams that wait for their turn


def silent_bars(session: IBSession, number: int) -> list[Consumer]:
    """Streams of bars that bring nothing; sixty may be asked for in ten minutes."""
    requests = [m.RealTimeBarsRequest(contract=m.Contract(con_id=1 + one), bar_size=5) for one in range(number)]
    return [Consumer(session.stream(request)) for request in requests]


@with_session
async def test_streams_that_wait_for_their_turn_after_a_loss_are_not_ended_by_our_own_limits(
    gateway: TickingGateway, session: IBSession
) -> None:
    bars = silent_bars(session, 40)
    await asyncio.sleep(10)
    gateway.drop()
    await asyncio.sleep(300)  # longer than anything may wait in the queue
    assert session.connection.is_up
    assert [one.error for one in bars if one.is_done] == []
    assert bars[0].marks == bars[-1].marks == ["link_lost"]
    await asyncio.sleep(600)
    asked = {one.contract.con_id for one in gateway.received[40:] if isinstance(one, m.RealTimeBarsRequest)}
    assert len(asked) == 40  # each got its turn; nobody lost it to one that had waited for less
    await asyncio.gather(*(one.close() for one in bars))


@with_session
async def test_line_that_somebody_else_took_in_a_gap_is_waited_for(gateway: TickingGateway, session: IBSession) -> None:
    gateway.is_quiet = True
    lines = [Consumer(session.stream(m.MarketDataRequest(contract=m.Contract(con_id=1 + one)))) for one in range(100)]
    await asyncio.sleep(5)
    gateway.drop()
    await session.connection.wait_until_down()
    await session.connection.wait_until_up()
    taken = session.stream(QUOTES)
    await anext(taken)
    await asyncio.sleep(60)
    assert [one.error for one in lines if one.is_done] == []
    taken.close()
    gateway.is_quiet = False
    await asyncio.sleep(300)
    assert all(one.marks[-1] == "resumed" for one in lines)
    await asyncio.gather(*(one.close() for one in lines))


@with_session
async def test_place_that_a_question_of_its_kind_has_in_a_gap_is_waited_for(
    gateway: TickingGateway, session: IBSession
) -> None:
    positions = Consumer(session.stream(m.PositionsRequest()))
    await asyncio.sleep(1)
    gateway.drop()
    await session.connection.wait_until_down()
    asking = asyncio.create_task(session.request(m.PositionsRequest(), retry=True, timeout=20))
    await asyncio.sleep(5)
    gateway.send(m.PositionEnd())
    await asking
    await asyncio.sleep(60)
    gateway.send(m.Position(account="DU1234567", position="2"))
    await asyncio.sleep(1)
    assert not positions.is_done
    assert positions.marks == ["link_lost", "resumed"]
    await positions.close()
