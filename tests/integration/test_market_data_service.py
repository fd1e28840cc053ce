"""The market-data service against the simulated gateway, over its socket: every method, its errors, and losses."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from ibwire.bar_aggregation import Bar
from ibwire.contracts import Stock, parse_contract
from ibwire.depth_books import DepthBook
from ibwire.events import EventType
from ibwire.exceptions import (
    IbwireError,
    InvalidRequest,
    NoData,
    NoMarketDataPermission,
    NoSecurityDefinition,
    SubscriptionLimitReached,
)
from ibwire.gaps import Gap, Resumed
from ibwire.quotes import MarketDataKind, PriceAttributes, Quote
from ibwire.session import IBSession
from ibwire.simulator import GatewayLimits, GeneratedFeed, RealClock, SimulatedGateway
from ibwire.simulator.books import ASK, BID
from ibwire.simulator.feed import Feed, Tick
from ibwire.simulator.instruments import INSTRUMENTS
from ibwire.tick_records import BidAskTick, MidpointTick, TickKind, TradeTick
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import LiveFeed, quote
from tests.helpers.scripted_gateway import PORT
from tests.helpers.sessions import START_S, session_at, told, wall_clock
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, MSFT_CONTRACT, TSLA_CONTRACT, simulated
from tests.helpers.streaming import live, named, traded
from tests.helpers.virtual_time import on_virtual_time

ARCA_CONTRACT = m.Contract(con_id=AAPL, exchange="ARCA")
OPTION = next(one for one in INSTRUMENTS if one.sec_type == "OPT")
OPTION_CONTRACT = m.Contract(con_id=OPTION.con_id, exchange="SMART")
MOMENT_S = 0.25
SETTLED_S = 20.0
"""Long enough for a loss to be noticed, and mended if it can be."""

AGAIN_S = 20.0
"""Longer than the 15 s for which IBKR wants no second request for ticks or bars of a contract."""


@asynccontextmanager
async def market(feed: Feed | None = None, **options: Any) -> AsyncIterator[tuple[SimulatedGateway, IBSession]]:
    """A gateway on a market that does what it is told, and a session with it, in virtual time."""
    options.setdefault("clock", RealClock(wall_clock))
    async with (
        simulated(feed if feed is not None else live(), port=PORT, **options) as gateway,
        session_at(PORT, stale_stream_s=600) as session,
    ):
        yield gateway, session


async def of(stream: Any, number: int) -> list[Any]:
    async with asyncio.timeout(600):
        return [await anext(stream) for _ in range(number)]


async def waiting(stream: Any) -> list[Any]:
    """What there is, a moment from now."""
    await asyncio.sleep(MOMENT_S)
    return [await anext(stream) for _ in range(len(stream))]


async def tell(feed: LiveFeed, *events: list[Tick]) -> None:
    for event in events:
        feed.tell(event)
    await asyncio.sleep(MOMENT_S)


def marks(items: list[Any]) -> list[str]:
    return [
        item.reason.value if isinstance(item, Gap) else "resumed" for item in items if isinstance(item, Gap | Resumed)
    ]


async def refusal(stream: Any) -> IbwireError:
    """What a stream ends with instead of data."""

    async def read() -> None:
        async with asyncio.timeout(60), stream:
            async for _ in stream:
                pass

    with pytest.raises(IbwireError) as caught:
        await read()
    return caught.value


# --- quotes and snapshots


@on_virtual_time
async def test_quote_has_the_market_and_the_day() -> None:
    feed = live()
    async with market(feed) as (_, session), session.market_data.quotes(AAPL_CONTRACT) as quotes:
        await asyncio.sleep(MOMENT_S)
        (now,) = await of(quotes, 1)
        assert (now.bid, now.bid_size, now.ask, now.ask_size) == (100.0, 300, 100.1, 200)
        assert (now.last, now.last_size, now.volume, now.close) == (100.1, 5, 12345, 99.0)
        assert (now.market_data_kind, now.is_delayed, now.is_stale, now.halted) == (
            MarketDataKind.LIVE,
            False,
            False,
            0,
        )
        assert now.bid_attributes is PriceAttributes.CAN_AUTO_EXECUTE
        assert now.min_tick == Decimal("0.01")
        await tell(feed, quote(AAPL, 99.5, 7), traded(99.6, 3))
        (now,) = await of(quotes, 1)
        assert (now.bid, now.bid_size, now.ask, now.last, now.last_size) == (99.5, 7, 100.1, 99.6, 3)
        assert now.exchange_time is not None
        assert abs(now.exchange_time.timestamp() - START_S) < 5
        assert now.skipped > 0


def said(one: Quote) -> tuple[int | None, Any]:
    """What the tick said that a quote was made for."""
    value = {1: one.bid, 0: one.bid_size, 2: one.ask, 3: one.ask_size, 4: one.last, 5: one.last_size}
    return one.tick_type, value.get(one.tick_type or 0)


def source_says(event: list[Tick]) -> list[tuple[int, Any]]:
    return [(int(tick.tick_type), tick.size if tick.price is None else tick.price) for tick in event]


def walk(seed: int, number: int) -> list[list[Tick]]:
    """Quotes in which everything changes each time, so that the gateway has everything to tell."""
    chance, events, cents = random.Random(seed), [], 10_000
    for turn in range(number):
        cents += chance.choice([-2, -1, 1, 2])
        size = 2 * chance.randrange(1, 50) + turn % 2
        events.append(quote(AAPL, cents / 100, size, (cents + 5) / 100, size + 1))
    return events


@on_virtual_time
async def test_every_tick_of_the_source_is_a_quote_in_order_but_for_the_gap_which_is_marked() -> None:
    feed, events = live(), walk(1, 90)
    before, missed, after = events[:40], events[40:50], events[50:]
    async with market(feed) as (gateway, session), session.market_data.quotes(AAPL_CONTRACT, conflate=False) as quotes:
        await waiting(quotes)
        await tell(feed, *before)
        got = await waiting(quotes)
        assert [said(one) for one in got] == [tick for event in before for tick in source_says(event)]
        await gateway.inject("restart", down_for_s=3)
        await tell(feed, *missed)
        await asyncio.sleep(30)
        gap, resumed, *opening = await waiting(quotes)
        assert isinstance(gap, Gap)
        assert isinstance(resumed, Resumed)
        assert {tick for one in opening if (tick := said(one))[0] in (0, 1, 2, 3)} == set(source_says(missed[-1]))
        await tell(feed, *after)
        got = await waiting(quotes)
        assert [said(one) for one in got] == [tick for event in after for tick in source_says(event)]
        assert not any(one.is_stale for one in got)


@on_virtual_time
async def test_generic_ticks_by_name() -> None:
    feed = live()
    names = ["shortable", "statistics", "rt_volume", "dividends", "news", "odd_lots", "option_volume", "mark_price"]
    async with market(feed) as (_, session), session.market_data.quotes(AAPL_CONTRACT, names) as quotes:
        await tell(feed, traded(100.1, 7))
        (now,) = await of(quotes, 1)
        generic = now.generic
        assert generic.shortable > 2.5
        assert generic.shortable_shares >= 0
        assert generic.low_52_weeks < now.last < generic.high_52_weeks
        assert (generic.rt_volume.price, generic.rt_volume.size) == (100.1, 7)
        assert generic.dividends.next_amount is not None
        assert generic.headline.text
        assert generic.odd_lot_bid_exchange
        assert generic.call_volume is not None
        assert generic.mark_price is not None
        assert generic.trade_count is None
    async with market() as (_, session):
        wrong = await refusal(session.market_data.quotes(AAPL_CONTRACT, ["bond_factor"]))
        assert (type(wrong), wrong.code) == (InvalidRequest, 321)


@on_virtual_time
async def test_option_has_its_greeks() -> None:
    under = named(OPTION.symbol) if OPTION.symbol != OPTION.local_symbol else None
    con_ids = [OPTION.con_id, *([under.con_id] if under is not None else [])]
    async with market(GeneratedFeed(1, con_ids)) as (_, session), session.market_data.quotes(OPTION_CONTRACT) as quotes:
        await asyncio.sleep(5)
        (now,) = await of(quotes, 1)
        model = now.model_greeks
        assert model is not None
        assert -1 <= model.delta <= 1
        assert model.implied_volatility > 0
        assert model.underlying_price > 0
        assert now.bid_greeks is not None
        assert now.ask_greeks is not None


@on_virtual_time
async def test_snapshot_is_of_now_and_may_take_its_time() -> None:
    async with market() as (gateway, session):
        data = session.market_data
        now = await data.snapshot(AAPL_CONTRACT)
        assert (now.bid, now.ask, now.last, now.volume) == (100.0, 100.1, 100.1, 12345)
        began = asyncio.get_running_loop().time()
        now = await data.snapshot(MSFT_CONTRACT)
        assert (now.bid, now.ask, now.last) == (480.0, 480.1, None)
        assert 10 < asyncio.get_running_loop().time() - began < 12
        with pytest.raises(NoData):
            await data.snapshot(TSLA_CONTRACT)
        with pytest.raises(NoSecurityDefinition):
            await data.snapshot(m.Contract(symbol="NOSUCH", sec_type="STK", exchange="SMART"))
        asked = asyncio.create_task(data.snapshot(MSFT_CONTRACT))
        await asyncio.sleep(1)
        await gateway.inject("restart", down_for_s=1)
        assert (await asked).bid == 480.0


@on_virtual_time
async def test_refusals_are_typed() -> None:
    permissions = {"AAPL": "none", "MSFT": "tws_only"}
    async with market(permissions=permissions) as (_, session):
        data = session.market_data
        assert type(await refusal(data.quotes(AAPL_CONTRACT))) is NoMarketDataPermission
        assert type(await refusal(data.quotes(MSFT_CONTRACT))) is NoMarketDataPermission
        assert type(await refusal(data.quotes(Stock("NOSUCH")))) is NoSecurityDefinition
        assert type(await refusal(data.depth(ARCA_CONTRACT))) is NoMarketDataPermission
        assert type(await refusal(data.ticks(AAPL_CONTRACT))) is NoMarketDataPermission
        assert (await refusal(data.bars(MSFT_CONTRACT))).code == 10089
        assert data.usage().lines == 0
    limits = GatewayLimits(market_data_lines=1, tick_by_tick_streams=1, depth_streams=1)
    async with market(limits=limits) as (_, session):
        data = session.market_data
        async with data.quotes(AAPL_CONTRACT), data.depth(ARCA_CONTRACT), data.ticks(AAPL_CONTRACT):
            for stream, code in (
                (data.quotes(MSFT_CONTRACT), 101),
                (data.depth(m.Contract(con_id=MSFT_CONTRACT.con_id, exchange="ARCA")), 309),
                (data.ticks(MSFT_CONTRACT), 10190),
            ):
                error = await refusal(stream)
                assert (type(error), error.code) == (SubscriptionLimitReached, code)


@on_virtual_time
async def test_latest_and_usage_are_right_before_in_and_after_a_loss() -> None:
    feed = live()
    async with market(feed) as (gateway, session):
        data = session.market_data
        assert data.latest(AAPL_CONTRACT) is None
        async with data.quotes(AAPL_CONTRACT), data.ticks(AAPL_CONTRACT), data.depth(ARCA_CONTRACT):
            await asyncio.sleep(MOMENT_S)
            used = data.usage()
            assert (used.lines, used.books, used.tick_streams) == (1, 1, 1)
            now = data.latest(AAPL_CONTRACT)
            assert now is not None
            assert (now.bid, now.is_stale) == (100.0, False)
            restarting = asyncio.create_task(gateway.inject("restart", down_for_s=5))
            await asyncio.sleep(1)
            now = data.latest(AAPL_CONTRACT)
            assert now is not None
            assert (now.bid, now.is_stale) == (100.0, True)
            await restarting
            await tell(feed, quote(AAPL, 90.0, 1))
            await asyncio.sleep(SETTLED_S)
            now = data.latest(AAPL_CONTRACT)
            assert now is not None
            assert (now.bid, now.is_stale) == (90.0, False)
            assert data.usage() == used
        assert data.latest(AAPL_CONTRACT) is None
        assert data.usage().lines == 0


WAYS = [parse_contract("AAPL"), parse_contract("STK:AAPL"), Stock("AAPL"), AAPL_CONTRACT]


@pytest.mark.parametrize("contract", WAYS, ids=map(repr, WAYS))
def test_every_kind_of_data_is_had_by_whatever_names_the_contract(contract: m.Contract) -> None:
    """Text, constructor, con_id or qualified: nothing has to be looked up first."""

    @on_virtual_time
    async def run() -> None:
        feed = live()
        async with market(feed) as (_, session):
            data = session.market_data
            async with (
                data.quotes(contract) as quotes,
                data.ticks(contract) as ticks,
                data.depth(contract, smart=True) as books,
                data.bars(contract) as bars,
            ):
                await asyncio.sleep(7)
                await tell(feed, traded(100.2, 3))
                got = [(await of(stream, 1))[0] for stream in (quotes, ticks, books, bars)]
                assert [type(one) for one in got] == [Quote, TradeTick, DepthBook, Bar]
                assert {one.contract for one in got} == {contract}
            assert (await data.snapshot(contract)).bid == 100.0

    run()


@on_virtual_time
async def test_delayed_data_say_so_and_are_asked_for_again_after_a_loss() -> None:
    feed = live()
    async with market(feed, permissions={"AAPL": "delayed"}) as (gateway, session):
        data = session.market_data
        assert (await refusal(data.quotes(AAPL_CONTRACT))).code == 10168
        await data.set_market_data_kind(MarketDataKind.DELAYED)
        async with data.quotes(AAPL_CONTRACT) as quotes:
            await asyncio.sleep(MOMENT_S)
            (now,) = await of(quotes, 1)
            assert (now.bid, now.ask_size, now.close) == (100.0, 200, 99.0)
            assert (now.is_delayed, now.market_data_kind) == (True, MarketDataKind.DELAYED)
            assert 10167 in [event.data.error_code for event in told(session, EventType.WARNING)]
            await gateway.inject("disconnect")
            await asyncio.sleep(10)
            items = await waiting(quotes)
            assert marks(items) == ["link_lost", "resumed"]
            assert (items[-1].bid, items[-1].is_delayed, items[-1].is_stale) == (100.0, True, False)
            await data.set_market_data_kind(MarketDataKind.LIVE)
            with pytest.raises(NoMarketDataPermission):
                await anext(quotes)


@on_virtual_time
async def test_quotes_go_on_after_every_kind_of_loss() -> None:
    feed = live()
    async with market(feed) as (gateway, session), session.market_data.quotes(AAPL_CONTRACT) as quotes:
        await waiting(quotes)
        losses: list[tuple[str, tuple[str, dict[str, Any]], tuple[str, dict[str, Any]] | None]] = [
            ("link_lost", ("disconnect", {}), None),
            ("offline", ("connectivity_lost", {}), ("connectivity_restored", {"data_lost": False})),
            ("offline", ("connectivity_lost", {}), ("connectivity_restored", {"data_lost": True})),
            ("competing_session", ("competing_session", {}), ("competing_session", {"is_on": False})),
        ]
        for number, (reason, (fault, given), cure) in enumerate(losses):
            await gateway.inject(fault, **given)
            await tell(feed, quote(AAPL, 90.0 + number, 1))
            if cure is not None:
                await gateway.inject(cure[0], **cure[1])
            await asyncio.sleep(SETTLED_S)
            await tell(feed, quote(AAPL, 80.0 + number, 1))
            items = await waiting(quotes)
            assert marks(items) == [reason, "resumed"], fault
            assert (items[-1].bid, items[-1].is_stale) == (80.0 + number, False)


# --- ticks one by one


@on_virtual_time
async def test_ticks_of_every_kind_are_typed() -> None:
    feed = live()
    async with market(feed) as (_, session):
        data = session.market_data
        for kind, event, kind_of_tick, expected in (
            (TickKind.LAST, traded(100.1, 7), TradeTick, {"price": 100.1, "size": 7, "exchange": "NASDAQ"}),
            (TickKind.ALL_LAST, traded(100.2, 8), TradeTick, {"price": 100.2, "size": 8}),
            (TickKind.BID_ASK, quote(AAPL, 99.0, 5), BidAskTick, {"bid": 99.0, "bid_size": 5, "ask": 100.1}),
            (TickKind.MIDPOINT, quote(AAPL, 99.1, 5), MidpointTick, {"midpoint": pytest.approx(99.6)}),
        ):
            async with data.ticks(AAPL_CONTRACT, kind) as ticks:
                await asyncio.sleep(AGAIN_S)
                await waiting(ticks)
                await tell(feed, event)
                (tick,) = await waiting(ticks)
                assert type(tick) is kind_of_tick
                assert {name: getattr(tick, name) for name in expected} == expected
                assert abs((tick.received_at - tick.time).total_seconds()) < 2
                assert tick.contract == AAPL_CONTRACT
        assert (await refusal(data.ticks(OPTION_CONTRACT))).code == 10189


@on_virtual_time
async def test_ticks_go_on_after_a_loss_and_share_their_line() -> None:
    feed = live()
    async with market(feed) as (gateway, session):
        data = session.market_data
        async with data.ticks(AAPL_CONTRACT) as ticks, data.ticks(AAPL_CONTRACT) as same:
            await asyncio.sleep(MOMENT_S)
            assert data.usage().tick_streams == 1
            await tell(feed, traded(100.1, 7))
            await gateway.inject("disconnect")
            await asyncio.sleep(AGAIN_S)
            await tell(feed, traded(100.2, 8))
            for consumer in (ticks, same):
                items = await waiting(consumer)
                assert marks(items) == ["link_lost", "resumed"]
                assert [one.price for one in items if isinstance(one, TradeTick)] == [100.1, 100.2]


# --- order books


def is_the_gateways(book: DepthBook, gateway: SimulatedGateway, rows: int) -> bool:
    real = gateway.data.book(named("AAPL"))
    shown = {side: [(row.price, row.size) for row in real.rows(side)[:rows]] for side in (BID, ASK)}
    told_ = {BID: [(row.price, row.size) for row in book.bids], ASK: [(row.price, row.size) for row in book.asks]}
    return told_ == shown


@on_virtual_time
async def test_book_is_the_gateways_through_quotes_resets_halts_and_losses() -> None:
    feed, events, rows = live(), walk(2, 80), 6
    faults: list[tuple[str, dict[str, Any]]] = [
        ("depth_reset", {"symbol": "AAPL"}),
        ("depth_halted", {"symbol": "AAPL"}),
        ("disconnect", {}),
        ("connectivity_lost", {}),
        ("connectivity_restored", {"data_lost": False}),
        ("depth_reset", {"symbol": "AAPL"}),
        ("connectivity_lost", {}),
        ("connectivity_restored", {"data_lost": True}),
    ]
    async with market(feed) as (gateway, session):
        data = session.market_data
        async with data.depth(ARCA_CONTRACT, rows) as books, data.depth(ARCA_CONTRACT, rows, conflate=False) as every:
            seen: list[Any] = []
            for fault, given in faults:
                for event in events[:10]:
                    await tell(feed, event)
                    items = await waiting(books)
                    seen += items
                    if items and isinstance(items[-1], DepthBook):
                        assert is_the_gateways(items[-1], gateway, rows), fault
                del events[:10]
                await gateway.inject(fault, **given)
                await asyncio.sleep(SETTLED_S)
            await tell(feed, quote(AAPL, 50.0, 5, 50.5, 6))
            *_, newest = await waiting(books)
            assert is_the_gateways(newest, gateway, rows)
            assert newest.bids[0].price == 50.0
            reasons = ["ended", "resumed", "link_lost", "resumed", "offline", "resumed", "offline", "resumed"]
            assert marks(await waiting(every)) == reasons
            assert "ended" in marks(seen)


@on_virtual_time
async def test_smart_book_names_its_venues_and_what_is_not_offered_is_refused() -> None:
    async with market() as (_, session):
        data = session.market_data
        async with data.depth(AAPL_CONTRACT, 3, smart=True) as books:
            await asyncio.sleep(MOMENT_S)
            (book,) = await of(books, 1)
            assert (len(book.bids), len(book.asks)) == (3, 3)
            assert {row.market_maker for row in book.bids} <= {"NASDAQ", "ARCA", "NYSE", "BATS", "IEX"}
            assert 2152 in [event.data.error_code for event in told(session, EventType.WARNING)]
        assert (await refusal(data.depth(AAPL_CONTRACT))).code == 10092


# --- bars


@on_virtual_time
async def test_bars_of_five_seconds_and_longer_ones_go_on_after_a_loss() -> None:
    feed = live()
    async with market(feed) as (gateway, session):
        data = session.market_data
        async with data.bars(AAPL_CONTRACT) as short, data.bars(AAPL_CONTRACT, 30) as longer:
            for number in range(60):
                await tell(feed, traded(100.0 + number / 100, 1))
                await asyncio.sleep(1)
            parts, bars = await waiting(short), await waiting(longer)
            assert len(parts) > 10
            whole = [bar for bar in bars if bar.is_whole]
            assert whole
            for bar in whole:
                of_it = [one for one in parts if 0 <= (one.time - bar.time).total_seconds() < 30]
                assert len(of_it) == 6
                assert (bar.open, bar.close) == (of_it[0].open, of_it[-1].close)
                assert bar.volume == sum(one.volume for one in of_it) > 0
            await gateway.inject("disconnect")
            await asyncio.sleep(60)
            for consumer in (short, longer):
                items = await waiting(consumer)
                assert marks(items) == ["link_lost", "resumed"]
                assert type(items[-1]) is type(bars[-1])


@on_virtual_time
async def test_bars_of_quotes_have_no_volume() -> None:
    async with market() as (_, session), session.market_data.bars(AAPL_CONTRACT, what="MIDPOINT") as bars:
        (bar,) = await of(bars, 1)
        assert (bar.volume, bar.wap, bar.count) == (None, None, None)
        assert bar.close == pytest.approx(100.05)
