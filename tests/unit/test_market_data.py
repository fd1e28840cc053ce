"""Lines of market data against a gateway that says what the test wants: sharing, conflation, gaps, nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from ibwire.bar_aggregation import Bar
from ibwire.depth_books import DepthBook
from ibwire.events import EventType
from ibwire.exceptions import (
    IbwireError,
    InvalidRequest,
    NoData,
    NotConnected,
    RateLimitReached,
    StreamOverflow,
    SubscriptionLimitReached,
)
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.market_data import LineUsage
from ibwire.quotes import MarketDataKind, Quote
from ibwire.session import IBSession
from ibwire.tick_records import TickKind, TradeTick
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_gateway import ScriptedGateway
from tests.helpers.sessions import START_S, session_at, told, wall_clock
from tests.helpers.virtual_time import on_virtual_time

AAPL, MSFT = m.Contract(con_id=265598, exchange="SMART"), m.Contract(con_id=272093, exchange="SMART")
SUBSCRIPTIONS = (m.MarketDataRequest, m.TickByTickRequest, m.MarketDepthRequest, m.RealTimeBarsRequest)
CANCELS = (m.CancelMarketData, m.CancelTickByTick, m.CancelMarketDepth, m.CancelRealTimeBars)

BARS_AGAIN_S = TICKS_AGAIN_S = 16.0
"""IBKR allows the same request for bars, and any for the ticks of a contract, once in 15 s."""


class MarketGateway(ScriptedGateway):
    """Answers each subscription with `answers` (given its id), and the time when asked."""

    def __init__(self) -> None:
        super().__init__(self._respond)
        self.answers: Callable[[Any], list[Message]] = lambda _: []

    def _respond(self, _: ScriptedGateway, message: Message) -> None:
        if isinstance(message, SUBSCRIPTIONS):
            for answer in self.answers(message):
                self.send(answer)
        elif isinstance(message, m.CurrentTimeInMillisRequest):
            self.send(m.CurrentTimeInMillis(round(wall_clock() * 1000)))

    @property
    def asked(self) -> list[Any]:
        return [message for message in self.received if isinstance(message, SUBSCRIPTIONS)]

    @property
    def cancelled(self) -> list[int | None]:
        return [message.req_id for message in self.received if isinstance(message, CANCELS)]  # type: ignore[attr-defined]

    @property
    def id(self) -> int | None:
        """The id of the newest subscription."""
        return self.asked[-1].req_id  # type: ignore[no-any-return]

    async def say(self, *messages: Message) -> None:
        """Send, and wait until it was taken."""
        self.send(*messages)
        await settle()


async def settle() -> None:
    await asyncio.sleep(0.1)


def bid(request_id: int | None, price: float, size: str = "1") -> m.TickPrice:
    return m.TickPrice(req_id=request_id, tick_type=1, price=price, size=size, attr_mask=0)


def ask(request_id: int | None, price: float) -> m.TickPrice:
    return m.TickPrice(req_id=request_id, tick_type=2, price=price, size="1", attr_mask=0)


def row(request_id: int | None, operation: int, at: int, price: float = 1.0, side: int = 1) -> m.MarketDepth:
    data = m.MarketDepthData(position=at, operation=operation, side=side, price=price, size="1")
    return m.MarketDepth(request_id, data)


def failed(request_id: int | None, code: int, text: str = "") -> m.ErrorMessage:
    return m.ErrorMessage(id=request_id, error_code=code, error_msg=text)


def with_market(test: Callable[[MarketGateway, IBSession], Any]) -> Callable[[], None]:
    """Runs a test on virtual time with a gateway and a session that is connected to it."""

    @on_virtual_time
    async def run() -> None:
        async with MarketGateway() as gateway, session_at(stale_stream_s=30) as session:
            await test(gateway, session)

    run.__name__ = test.__name__
    return run


async def of(stream: Any, number: int) -> list[Any]:
    """The next items."""
    async with asyncio.timeout(600):
        return [await anext(stream) for _ in range(number)]


def marks(items: list[Any]) -> list[str]:
    """What came, in words."""
    return [
        item.reason.value if isinstance(item, Gap) else "resumed" if isinstance(item, Resumed) else "data"
        for item in items
    ]


# --- lines


@with_market
async def test_consumers_of_a_contract_share_a_line_and_the_last_frees_it(
    gateway: MarketGateway, session: IBSession
) -> None:
    async with session.market_data.quotes(AAPL) as first:
        async with session.market_data.quotes(AAPL, conflate=False) as second:
            await settle()
            assert len(gateway.asked) == 1
            await gateway.say(bid(gateway.id, 1.5))
            assert [(await of(one, 1))[0].bid for one in (first, second)] == [1.5, 1.5]
            assert session.market_data.usage().lines == 1
        await settle()
        assert gateway.cancelled == []
    await settle()
    assert gateway.cancelled == [gateway.id]
    assert session.market_data.usage().lines == 0
    async with session.market_data.quotes(AAPL):
        await settle()
        assert len(gateway.asked) == 2, "a new line, because the old one was freed"


@with_market
async def test_line_with_more_generic_ticks_serves_those_who_want_fewer(
    gateway: MarketGateway, session: IBSession
) -> None:
    data = session.market_data
    async with data.quotes(AAPL, ["shortable", "auction"]), data.quotes(AAPL, ["auction"]), data.quotes(AAPL):
        await settle()
        assert [request.generic_tick_list for request in gateway.asked] == ["225,236"]
        async with data.quotes(AAPL, ["rt_volume"]), data.quotes(MSFT):
            await settle()
            assert [request.generic_tick_list for request in gateway.asked] == ["225,236", "233", None]
    with pytest.raises(InvalidRequest, match="no such generic ticks: nonsense"):
        data.quotes(AAPL, ["nonsense"])


@with_market
async def test_late_consumer_begins_with_what_is_known(gateway: MarketGateway, session: IBSession) -> None:
    assert session.market_data.latest(AAPL) is None
    async with session.market_data.quotes(AAPL):
        await settle()
        assert session.market_data.latest(AAPL) is None
        await gateway.say(bid(gateway.id, 1.0), ask(gateway.id, 2.0))
        for conflate in (True, False):
            async with session.market_data.quotes(AAPL, conflate=conflate) as late:
                (quote,) = await of(late, 1)
                assert (quote.bid, quote.ask, quote.skipped) == (1.0, 2.0, 0)
                assert not len(late)
                await gateway.say(ask(gateway.id, 3.0))
                assert [item.ask for item in await of(late, 1)] == [3.0]
                await gateway.say(ask(gateway.id, 2.0))
        latest = session.market_data.latest(AAPL)
        assert latest is not None
        assert (latest.ask, latest.is_stale) == (2.0, False)


@with_market
async def test_error_ends_every_consumer_of_the_line(gateway: MarketGateway, session: IBSession) -> None:
    async with session.market_data.quotes(AAPL) as first, session.market_data.quotes(AAPL, conflate=False) as second:
        await settle()
        await gateway.say(failed(gateway.id, 101, "Max number of tickers has been reached"))
        for consumer in (first, second):
            with pytest.raises(SubscriptionLimitReached):
                await anext(consumer)
    assert session.market_data.usage().lines == 0


@on_virtual_time
async def test_beyond_the_limit_nothing_is_sent_and_the_error_says_so() -> None:
    async with MarketGateway() as gateway, session_at() as session:
        data = session.market_data
        async with data.depth(AAPL), data.depth(MSFT), data.depth(AAPL, 7), data.quotes(AAPL):
            with pytest.raises(RateLimitReached, match=r"depth\.streams: 3 are open"):
                async with data.depth(MSFT, 9):
                    pass
            await settle()
            assert len(gateway.asked) == 4
            assert data.usage() == LineUsage(
                lines=1, most_lines=100, books=3, most_books=3, tick_streams=0, most_tick_streams=5
            )
        async with data.depth(MSFT, 9):
            assert data.usage().books == 1


@with_market
async def test_session_that_closes_ends_the_lines(gateway: MarketGateway, session: IBSession) -> None:
    async with session.market_data.quotes(AAPL) as quotes, session.market_data.bars(AAPL) as bars:
        await settle()
        await session.aclose()
        assert [item async for item in quotes] == [item async for item in bars] == []


@with_market
async def test_cfd_is_asked_for_at_its_underlying(gateway: MarketGateway, session: IBSession) -> None:
    cfd = m.Contract(con_id=111, exchange="SMART")
    async with session.market_data.quotes(cfd) as quotes:
        await settle()
        first = gateway.id
        await gateway.say(m.RerouteMarketDataRequest(first, 265598, "NASDAQ"))
        assert gateway.cancelled == [first]
        assert gateway.asked[-1].contract == m.Contract(con_id=265598, exchange="NASDAQ")
        await gateway.say(bid(gateway.id, 3.0))
        (quote,) = await of(quotes, 1)
        assert (quote.contract, quote.bid) == (cfd, 3.0)
        later = asyncio.create_task(anext(quotes))
        await gateway.say(bid(gateway.id, 4.0))
        assert (await later).bid == 4.0
        assert session.market_data.usage().lines == 1
    await settle()
    assert gateway.cancelled[1:] == [gateway.id]


@with_market
async def test_book_of_a_cfd_is_asked_for_at_its_underlying(gateway: MarketGateway, session: IBSession) -> None:
    cfd = m.Contract(con_id=111, exchange="SMART")
    async with session.market_data.depth(cfd, 3, smart=True) as books:
        await settle()
        first = gateway.id
        await gateway.say(m.RerouteMarketDepthRequest(first, 265598, "ARCA"))
        assert gateway.cancelled == [first]
        asked = gateway.asked[-1]
        assert asked.contract == m.Contract(con_id=265598, exchange="ARCA")
        assert (asked.num_rows, asked.is_smart_depth) == (3, True)
        await gateway.say(row(gateway.id, 0, 0, 3.0))
        (book,) = await of(books, 1)
        assert (book.contract, book.bids[0].price) == (cfd, 3.0)
        assert session.market_data.usage().books == 1
        gateway.drop()  # after a loss it is the CFD that is asked for, or the underlying: both have this book
        await asyncio.sleep(5)
        await gateway.say(row(gateway.id, 0, 0, 4.0))
        *_, book = await of(books, 3)
        assert (book.contract, book.bids[0].price) == (cfd, 4.0)
    await settle()
    assert gateway.cancelled[-1] == gateway.id


# --- conflation


@with_market
async def test_slow_consumer_gets_the_newest_and_how_many_it_passed_over(
    gateway: MarketGateway, session: IBSession
) -> None:
    async with session.market_data.quotes(AAPL) as quotes:
        await settle()
        await gateway.say(*(bid(gateway.id, float(price)) for price in range(1, 8)))
        (quote,) = await of(quotes, 1)
        assert (quote.bid, quote.skipped) == (7.0, 6)
        assert not len(quotes)
        await gateway.say(bid(gateway.id, 8.0))
        (quote,) = await of(quotes, 1)
        assert (quote.bid, quote.skipped) == (8.0, 0)


@with_market
async def test_slow_and_quick_consumers_do_not_hurt_each_other(gateway: MarketGateway, session: IBSession) -> None:
    data = session.market_data
    taken: list[Any] = []

    async def read(quotes: Any) -> None:
        while True:
            taken.append(await anext(quotes))

    async with data.quotes(AAPL) as slow, data.quotes(AAPL) as quick, data.quotes(AAPL, conflate=False) as every:
        reading = asyncio.create_task(read(quick))
        await settle()
        for price in range(1, 6):
            await gateway.say(bid(gateway.id, float(price)))
        assert [(quote.bid, quote.skipped) for quote in taken] == [(float(price), 0) for price in range(1, 6)]
        assert [(quote.bid, quote.skipped) for quote in await of(slow, 1)] == [(5.0, 4)]
        assert [quote.bid for quote in await of(every, 5)] == [1.0, 2.0, 3.0, 4.0, 5.0]
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


@with_market
async def test_consumer_of_everything_that_is_too_slow_is_told(gateway: MarketGateway, session: IBSession) -> None:
    async with session.market_data.quotes(AAPL, conflate=False, bound=2) as quotes:
        await settle()
        await gateway.say(*(bid(gateway.id, float(price)) for price in range(1, 5)))
        assert [quote.bid for quote in await of(quotes, 2)] == [1.0, 2.0]
        with pytest.raises(StreamOverflow):
            await anext(quotes)
        assert gateway.cancelled == [gateway.id]


@with_market
async def test_times_of_a_quote(gateway: MarketGateway, session: IBSession) -> None:
    async with session.market_data.quotes(AAPL) as quotes:
        await settle()
        await gateway.say(m.TickString(gateway.id, 45, str(int(START_S))), bid(gateway.id, 1.0))
        (quote,) = await of(quotes, 1)
        assert quote.exchange_time.timestamp() == START_S
        assert abs((session.now() - quote.received_at).total_seconds() - 0.1) < 0.01


# --- gaps


@with_market
async def test_after_a_gap_nothing_from_before_it_is_shown(gateway: MarketGateway, session: IBSession) -> None:
    data = session.market_data
    async with data.quotes(AAPL) as conflated, data.quotes(AAPL, conflate=False) as every:
        await settle()
        await gateway.say(bid(gateway.id, 1.0), ask(gateway.id, 2.0))
        assert (await of(conflated, 1))[0].bid == 1.0
        await of(every, 2)
        gateway.answers = lambda request: [
            m.TickReqParams(req_id=request.req_id, min_tick="0.01"),
            m.MarketDataType(request.req_id, 1),
        ]
        gateway.drop()
        await asyncio.sleep(5)
        stale = data.latest(AAPL)
        assert stale is not None
        assert (stale.bid, stale.is_stale) == (1.0, True)
        async with data.quotes(AAPL) as late:
            (gap, quote) = await of(late, 2)
            assert isinstance(gap, Gap)
            assert (quote.bid, quote.is_stale) == (1.0, True)
        await gateway.say(ask(gateway.id, 3.0))
        for consumer in (conflated, every):
            gap, resumed, quote = await of(consumer, 3)
            assert (gap.reason, type(resumed)) == (GapReason.LINK_LOST, Resumed)
            assert (quote.bid, quote.ask, quote.is_stale) == (None, 3.0, False)
            assert (quote.min_tick, quote.market_data_kind) == (Decimal("0.01"), MarketDataKind.LIVE)


@with_market
async def test_gaps_that_a_conflated_consumer_did_not_read_become_one(
    gateway: MarketGateway, session: IBSession
) -> None:
    gateway.answers = lambda request: [bid(request.req_id, 1.0)]
    async with session.market_data.quotes(AAPL, bound=1) as quotes:
        await settle()
        for _ in range(4):
            gateway.drop()
            await asyncio.sleep(60)
        await gateway.say(bid(gateway.id, 9.0))
        assert len(quotes) == 3
        gap, resumed, quote = await of(quotes, 3)
        assert marks([gap, resumed, quote]) == ["link_lost", "resumed", "data"]
        assert (resumed.at - gap.since).total_seconds() > 180
        assert (quote.bid, quote.skipped) == (9.0, 5)


@with_market
async def test_frozen_and_delayed_data_say_so(gateway: MarketGateway, session: IBSession) -> None:
    async with session.market_data.quotes(AAPL, conflate=False) as quotes:
        await settle()
        await gateway.say(m.MarketDataType(gateway.id, 1), bid(gateway.id, 1.0), m.MarketDataType(gateway.id, 2))
        live, frozen = await of(quotes, 2)
        assert (live.market_data_kind, frozen.market_data_kind) == (MarketDataKind.LIVE, MarketDataKind.FROZEN)
        assert (frozen.bid, frozen.is_delayed, frozen.tick_type) == (1.0, False, None)
        late = m.TickPrice(req_id=gateway.id, tick_type=67, price=5.0, size="2", attr_mask=0)
        await gateway.say(failed(gateway.id, 10167, "Displaying delayed market data."), late)
        (delayed,) = await of(quotes, 1)
        assert (delayed.bid, delayed.ask, delayed.ask_size, delayed.is_delayed) == (None, 5.0, 2, True)
        assert [event.data.error_code for event in told(session, EventType.WARNING)] == [10167]


@with_market
async def test_kind_of_data_is_asked_for_again_before_the_lines(gateway: MarketGateway, session: IBSession) -> None:
    data = session.market_data
    await data.set_market_data_kind(MarketDataKind.DELAYED)
    assert data.market_data_kind is MarketDataKind.DELAYED
    async with data.quotes(AAPL), data.bars(AAPL):
        await settle()
        before = len(gateway.received)
        gateway.drop()
        await asyncio.sleep(BARS_AGAIN_S)
        again = [one for one in gateway.received[before:] if not isinstance(one, m.CurrentTimeInMillisRequest)]
        assert [type(one) for one in again] == [m.MarketDataTypeRequest, m.MarketDataRequest, m.RealTimeBarsRequest]
    with pytest.raises(InvalidRequest, match=r"kind 99: there are .*LIVE"):
        await data.set_market_data_kind(99)  # type: ignore[arg-type]


@on_virtual_time
async def test_without_a_session_it_says_so() -> None:
    session = session_at()
    with pytest.raises(NotConnected):
        async with session.market_data.quotes(AAPL):
            pass
    with pytest.raises(NotConnected):
        await session.market_data.set_market_data_kind(MarketDataKind.DELAYED)
    await session.aclose()


# --- snapshots


@with_market
async def test_snapshot_never_shows_what_was_known_before(gateway: MarketGateway, session: IBSession) -> None:
    def answers(request: m.MarketDataRequest) -> list[Message]:
        if not request.snapshot:
            return [bid(request.req_id, 1.0), ask(request.req_id, 2.0)]
        return [ask(request.req_id, 7.0), m.TickSnapshotEnd(request.req_id)]

    gateway.answers = answers
    async with session.market_data.quotes(AAPL):
        await settle()
        quote = await session.market_data.snapshot(AAPL)
        assert (quote.bid, quote.ask) == (None, 7.0)
        latest = session.market_data.latest(AAPL)
        assert latest is not None
        assert latest.bid == 1.0
    assert quote.received_at == session.now()


@with_market
async def test_snapshot_without_any_data_is_an_error(gateway: MarketGateway, session: IBSession) -> None:
    gateway.answers = lambda request: [bid(request.req_id, -1.0, "0"), m.TickSnapshotEnd(request.req_id)]
    with pytest.raises(NoData):
        await session.market_data.snapshot(AAPL)
    gateway.answers = lambda request: [bid(request.req_id, 1.0), m.TickSnapshotEnd(request.req_id)]
    assert (await session.market_data.snapshot(AAPL, is_regulatory=True)).bid == 1.0
    assert (gateway.asked[-1].snapshot, gateway.asked[-1].regulatory_snapshot) == (None, True)


# --- books


def bids(book: DepthBook) -> list[float | None]:
    return [one.price for one in book.bids]


@with_market
async def test_impossible_operation_is_a_gap_and_the_book_is_asked_for_again(
    gateway: MarketGateway, session: IBSession
) -> None:
    gateway.answers = lambda request: [row(request.req_id, 0, 0, 5.0), row(request.req_id, 0, 1, 4.0)]
    async with session.market_data.depth(AAPL, conflate=False) as books:
        await of(books, 2)
        first = gateway.id
        gateway.send(row(first, 1, 2, 3.0), row(first, 0, 0, 9.0))
        items = await of(books, 4)
        assert marks(items) == ["invalid", "resumed", "data", "data"]
        assert "operation 1 on row 2 of side 1 of a book with 2 bids and 0 asks" in items[0].detail
        assert [bids(book) for book in items[2:]] == [[5.0], [5.0, 4.0]]
        assert gateway.cancelled == [first]
        assert gateway.id != first


@with_market
async def test_book_that_is_always_wrong_is_asked_for_ever_more_seldom(
    gateway: MarketGateway, session: IBSession
) -> None:
    gateway.answers = lambda request: [row(request.req_id, 0, 0), row(request.req_id, 2, 5)]
    async with session.market_data.depth(AAPL):
        await asyncio.sleep(600)
        assert 5 < len(gateway.asked) < 40
        assert len(gateway.cancelled) >= len(gateway.asked) - 1


@with_market
async def test_reset_empties_the_book_and_the_subscription_goes_on(gateway: MarketGateway, session: IBSession) -> None:
    async with session.market_data.depth(AAPL, conflate=False) as books:
        await settle()
        await gateway.say(row(gateway.id, 0, 0, 5.0), failed(gateway.id, 317, "reset"), row(gateway.id, 0, 0, 6.0))
        assert [bids(book) for book in await of(books, 3)] == [[5.0], [], [6.0]]
        assert len(gateway.asked) == 1


@with_market
async def test_book_that_goes_on_after_silence_is_asked_for_again(gateway: MarketGateway, session: IBSession) -> None:
    async with session.market_data.depth(AAPL, conflate=False) as books:
        await settle()
        first = gateway.id
        await gateway.say(row(first, 0, 0, 5.0), failed(-1, 1100), failed(-1, 1102), row(first, 0, 0, 6.0))
        assert gateway.id != first
        await gateway.say(row(gateway.id, 0, 0, 7.0))
        items = await of(books, 4)
        assert marks(items) == ["data", "offline", "resumed", "data"]
        assert [bids(items[0]), bids(items[3])] == [[5.0], [7.0]]


@with_market
async def test_book_shows_as_many_rows_as_asked_for_and_is_conflated(
    gateway: MarketGateway, session: IBSession
) -> None:
    async with session.market_data.depth(AAPL, 2, smart=True) as books:
        await settle()
        assert (gateway.asked[0].num_rows, gateway.asked[0].is_smart_depth) == (2, True)
        await gateway.say(*(row(gateway.id, 0, 0, float(price)) for price in (1, 2, 3)), row(gateway.id, 2, 2))
        (book,) = await of(books, 1)
        assert (bids(book), book.asks, book.skipped) == ([3.0, 2.0], (), 3)
    with pytest.raises(InvalidRequest, match="0 rows"):
        session.market_data.depth(AAPL, 0)


# --- ticks and bars


def trade(request_id: int | None, price: float, time: int | None = int(START_S)) -> m.TickByTickData:
    tick = m.HistoricalTickLast(time=time, price=price, size="3", exchange="ARCA", tick_attrib_last=m.TickAttribLast())
    return m.TickByTickData(req_id=request_id, tick_type=1, historical_tick_last=tick)


@with_market
async def test_tick_that_cannot_be_is_a_gap_and_ticks_are_asked_for_again(
    gateway: MarketGateway, session: IBSession
) -> None:
    async with session.market_data.ticks(AAPL) as ticks:
        await settle()
        first = gateway.id
        await gateway.say(trade(first, 1.0), trade(first, 2.0, time=None), trade(first, 3.0))
        await asyncio.sleep(TICKS_AGAIN_S)
        assert gateway.id != first
        await gateway.say(trade(gateway.id, 4.0))
        items = await of(ticks, 4)
        assert marks(items) == ["data", "invalid", "resumed", "data"]
        assert [items[0].price, items[3].price] == [1.0, 4.0]
        assert items[0].time.timestamp() == START_S
        assert (items[0].size, items[0].exchange, items[0].is_past_limit) == (3, "ARCA", False)


@with_market
async def test_requests_that_make_no_sense_name_all_that_is_wrong(gateway: MarketGateway, session: IBSession) -> None:
    with pytest.raises(InvalidRequest, match="'Bid': there are Last, AllLast, BidAsk, MidPoint"):
        session.market_data.ticks(AAPL, "Bid")  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match=r"bars of 7 s: .*; bars of 'YIELD': there are TRADES"):
        session.market_data.bars(AAPL, 7, "YIELD")
    assert gateway.asked == []


def bar(request_id: int | None, slot: int) -> m.RealTimeBarTick:
    at_s = int(START_S) // 60 * 60 + slot * 5
    return m.RealTimeBarTick(
        req_id=request_id, time=at_s, open=1.0, high=2.0, low=0.5, close=1.5, volume="10", wap="1.2", count=3
    )


@with_market
async def test_bars_of_all_lengths_share_a_line(gateway: MarketGateway, session: IBSession) -> None:
    data = session.market_data
    async with data.bars(AAPL) as short, data.bars(AAPL, 10) as longer, data.bars(AAPL, 10) as same:
        await settle()
        assert len(gateway.asked) == 1
        await gateway.say(*(bar(gateway.id, slot) for slot in range(4)))
        assert [one.seconds for one in await of(short, 4)] == [5] * 4
        for consumer in (longer, same):
            assert [(one.seconds, one.volume, one.is_whole) for one in await of(consumer, 2)] == [(10, 20, True)] * 2
        async with data.bars(AAPL, what="MIDPOINT"):
            await settle()
            assert len(gateway.asked) == 2


@with_market
async def test_bars_across_a_gap_say_that_they_are_not_whole(gateway: MarketGateway, session: IBSession) -> None:
    async with session.market_data.bars(AAPL, 15) as bars:
        await settle()
        await gateway.say(bar(gateway.id, 0))
        gateway.drop()
        await asyncio.sleep(BARS_AGAIN_S)
        await gateway.say(bar(gateway.id, 2), *(bar(gateway.id, slot) for slot in (3, 4, 5)))
        items = await of(bars, 4)
        assert marks(items) == ["link_lost", "resumed", "data", "data"]
        assert [one.is_whole for one in items[2:]] == [False, True]


# --- events


@with_market
async def test_events_tell_everything_to_whoever_subscribed(gateway: MarketGateway, session: IBSession) -> None:
    data, seen = session.market_data, []
    async with data.quotes(AAPL), data.ticks(AAPL), data.bars(AAPL, 10):
        await settle()
        quotes, ticks, bars = (request.req_id for request in gateway.asked)
        everything = (bid(quotes, 1.0), ask(quotes, 2.0), trade(ticks, 3.0), bar(bars, 0), bar(bars, 1))
        await gateway.say(*everything)
        subscription = session.events.subscribe(
            [EventType.QUOTE, EventType.TICK, EventType.BAR], lambda event: seen.append(event.data)
        )
        await gateway.say(*everything)
        subscription.cancel()
        await gateway.say(*everything)
    assert [type(one) for one in seen] == [Quote, Quote, TradeTick]
    assert (seen[0].bid, seen[1].ask, seen[2].kind) == (1.0, 2.0, TickKind.LAST)
    assert not [one for one in seen if isinstance(one, Bar)], "the same bars came again"


@with_market
async def test_nothing_is_made_for_nobody(gateway: MarketGateway, session: IBSession) -> None:
    async with session.market_data.quotes(AAPL):
        await settle()
        (line,) = session.market_data._lines.values()
        line.newest = lambda skipped=0: pytest.fail("nobody asked for a quote")  # type: ignore[attr-defined]
        await gateway.say(bid(gateway.id, 1.0))
        assert line.updates == 1  # type: ignore[attr-defined]


@with_market
async def test_refused_reroute_ends_the_line(gateway: MarketGateway, session: IBSession) -> None:
    async with session.market_data.quotes(AAPL) as quotes:
        await settle()
        session.feed = lambda *_, **__: (_ for _ in ()).throw(RateLimitReached("no more"))  # type: ignore[method-assign]
        await gateway.say(m.RerouteMarketDataRequest(gateway.id, 1, "X"))
        with pytest.raises(IbwireError, match="no more"):
            await anext(quotes)
