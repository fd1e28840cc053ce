"""What options are quoted at: prices that agree with the underlying, with each other, and with IBKR's grid."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator.catalogue import Catalogue, by_con_id, followed_by
from ibwire.simulator.feed import TickType
from ibwire.simulator.generated_bars import GeneratedBars
from ibwire.simulator.generated_feed import GeneratedFeed
from ibwire.simulator.instruments import INSTRUMENTS, Instrument, by_local_symbol
from ibwire.simulator.listed_options import terms_with
from ibwire.simulator.market import Quote
from ibwire.simulator.option_chains import UNDERLYINGS, expiries
from ibwire.simulator.option_quotes import OptionQuotes
from ibwire.simulator.option_ticks import MODEL, computations
from ibwire.simulator.price_grid import is_on_grid
from tests.helpers.campaigns import campaign
from tests.helpers.history import at, bars, folded, places

MONDAY = date(2026, 11, 23)
WITH_OPTIONS = [one for one in UNDERLYINGS.values() if expiries(one, MONDAY)]


def made(con_id: int) -> Instrument:
    option = by_con_id(con_id)
    assert option is not None
    return option


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Instrument, Instrument, Instrument, date]:
    """An underlying, a call and a put on it of one strike and expiry, and a day on which both are listed."""
    underlying = draw(st.sampled_from(WITH_OPTIONS))
    expiry = draw(st.sampled_from(expiries(underlying, MONDAY)))
    every = list(terms_with(underlying, expiry))
    place = draw(st.integers(0, len(every) // 2 - 1))
    call, put = every[place], every[place + len(every) // 2]
    today = MONDAY + timedelta(days=draw(st.integers(0, (expiry - MONDAY).days)))
    return underlying, made(call.con_id), made(put.con_id), today


@campaign(part=150, full=5000)
@given(pairs(), st.floats(0.5, 2.0))
def test_puts_and_calls_agree_with_each_other_and_no_price_is_off(
    pair: tuple[Instrument, Instrument, Instrument, date], moved: float
) -> None:
    underlying, call, put, today = pair
    under_price = underlying.reference_price * moved
    quoted = {}
    for option in (call, put):
        quotes = OptionQuotes(option, underlying)
        bid, ask = map(quotes.price, quotes.bid_ask(under_price, today))
        quoted[option.right] = bid, ask
        assert 0 < bid < ask
        assert is_on_grid(option, Decimal(repr(bid)))
        assert is_on_grid(option, Decimal(repr(ask)))
        assert option.strike is not None
        at_once = (under_price - option.strike) * (1 if option.right == "C" else -1)
        assert ask >= at_once, "nobody can buy it, exercise it, and have gained"
        assert bid <= max(under_price if option.right == "C" else option.strike, float(option.min_tick))
    (call_bid, call_ask), (put_bid, put_ask) = quoted["C"], quoted["P"]
    assert call.strike == put.strike is not None
    forward = under_price - call.strike
    slack = 1e-9 * under_price
    assert call_bid - put_ask - slack <= forward <= call_ask - put_bid + slack


@campaign(part=100, full=2000)
@given(pairs(), st.floats(0.5, 2.0), st.floats(1.0, 1.2))
def test_calls_rise_and_puts_fall_with_the_underlying(
    pair: tuple[Instrument, Instrument, Instrument, date], moved: float, more: float
) -> None:
    underlying, call, put, today = pair
    low, high = underlying.reference_price * moved, underlying.reference_price * moved * more
    for option, (below, above) in ((call, (low, high)), (put, (high, low))):
        quotes = OptionQuotes(option, underlying)
        assert all(a <= b for a, b in zip(quotes.bid_ask(below, today), quotes.bid_ask(above, today), strict=True))
        assert quotes.last(below, today) <= quotes.last(above, today)


@campaign(part=60, full=1000)
@given(pairs())
def test_computations_find_the_volatility_that_the_market_has(
    pair: tuple[Instrument, Instrument, Instrument, date],
) -> None:
    underlying, call, put, today = pair
    price = underlying.reference_price
    for option in (call, put):
        quotes = OptionQuotes(option, underlying)
        bid, ask = map(quotes.price, quotes.bid_ask(price, today))
        quote = Quote(prices={TickType.BID: bid, TickType.ASK: ask})
        by_type = {one.tick_type: one for one in computations(option, quote, quote.prices, price, today)}
        model, of_ask = by_type[MODEL], by_type[11]
        assert model.implied_vol is not None
        assert 0.05 < model.implied_vol < 3
        assert model.opt_price is not None
        assert bid - float(option.min_tick) <= model.opt_price < ask, "a bid is never less than a tick"
        assert of_ask.implied_vol is not None
        assert of_ask.implied_vol >= model.implied_vol, "an ask is above what the option is worth"
        assert (model.delta or 0) * (1 if option.right == "C" else -1) >= 0
    calls, puts = (
        {one.tick_type: one for one in computations(option, Quote(), (), price, today)}[MODEL] for option in (call, put)
    )
    assert calls.implied_vol == puts.implied_vol
    assert (calls.delta or 0) - (puts.delta or 0) == pytest.approx(1)


def option_named(local_symbol: str) -> Instrument:
    found = Catalogue(MONDAY).by_local_symbol(local_symbol)
    assert found is not None
    return found


AAPL = by_local_symbol("AAPL")
CALL, PUT = option_named("AAPL  261218C00250000"), option_named("AAPL  261218P00250000")


@campaign(part=15, full=200)
@given(st.integers(0, 10**6))
def test_at_every_moment_both_agree_with_what_they_are_on(seed: int) -> None:
    feed = GeneratedFeed(seed, [CALL.con_id, PUT.con_id])
    feed.today = lambda: MONDAY
    assert AAPL is not None
    assert feed.con_ids == (AAPL.con_id, CALL.con_id, PUT.con_id), "what they are on is played with them"
    prices: dict[int, dict[int, float]] = defaultdict(dict)
    moments = 0
    minute = itertools.takewhile(lambda tick: tick.at_s < 60, feed.ticks())
    for at_s, ticks in itertools.groupby(minute, key=lambda tick: tick.at_s):
        for tick in ticks:
            if tick.price is not None:
                prices[tick.con_id][tick.tick_type] = tick.price
            quote = prices[tick.con_id]
            if TickType.ASK in quote:
                assert 0 < quote[TickType.BID] < quote[TickType.ASK]
        if at_s == 0:
            continue
        moments += 1
        under, call, put = (prices[con_id] for con_id in feed.con_ids)
        middle = (under[TickType.BID] + under[TickType.ASK]) / 2
        assert call[TickType.BID] - put[TickType.ASK] <= middle - 250 <= call[TickType.ASK] - put[TickType.BID]
        for quote in (call, put):
            assert quote[TickType.LOW] <= quote[TickType.LAST] <= quote[TickType.HIGH]
    assert moments > 100


def test_options_leave_all_else_as_it_is() -> None:
    plain, with_options = GeneratedFeed(3), GeneratedFeed(3)
    for con_id in (CALL.con_id, PUT.con_id):
        with_options.add(con_id)
    ticks = list(itertools.islice(with_options.ticks(), 5000))
    known = set(plain.con_ids)
    others = [tick for tick in ticks if tick.con_id in known]
    assert others == list(itertools.islice(plain.ticks(), len(others)))
    assert len(others) < len(ticks)


def test_an_option_loses_its_time_value_from_day_to_day() -> None:
    assert AAPL is not None
    quotes = OptionQuotes(CALL, AAPL)
    worth = [quotes.last(250.0, MONDAY + timedelta(days=days)) for days in range(27)]
    assert worth == sorted(worth, reverse=True)
    assert worth[0] > 3 * worth[-1] > 0
    over = quotes.bid_ask(260.0, date(2027, 1, 1))
    assert quotes.price(over[0]) < 10 < quotes.price(over[1]) < 10.2, "one that is over counts as in its last day"


# --- the past

SOURCE = GeneratedBars(seed=7)
OPTIONS = st.sampled_from(
    [CALL, PUT, *(option_named(name) for name in ("SPXW  261127P06800000", "ESZ6 C7000", "OGZ6 P4400"))]
)
NOON = at("2026-11-20T17:00:00")


@campaign(part=15, full=150)
@given(OPTIONS, st.sampled_from(["TRADES", "BID", "ASK", "MIDPOINT"]), st.integers(0, 30 * 86_400), st.booleans())
def test_larger_bars_of_options_are_the_sum_of_smaller_ones(
    option: Instrument, what: str, before_s: int, regular_only: object
) -> None:
    for slot in places(option, "1 D", "1 day", NOON - before_s, regular_only=bool(regular_only)):
        parts = [
            type(slot)(a, slot.day, slot.day, ((a, min(a + 1800, end_s)),))
            for start_s, end_s in slot.pieces
            for a in range(start_s, end_s, 1800)
        ]
        (bar,) = bars(SOURCE, option, what, [slot], "1 day")
        assert bar == folded(slot, bars(SOURCE, option, what, parts, "30 mins"))
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high


def test_the_past_of_an_option_is_that_of_what_it_is_on() -> None:
    assert AAPL is not None
    found = places(AAPL, "5 D", "1 hour", NOON, regular_only=True)
    under, calls, puts = (bars(SOURCE, one, "MIDPOINT", found, "1 hour") for one in (AAPL, CALL, PUT))
    for share, call, put in zip(under, calls, puts, strict=True):
        assert call.close - put.close == pytest.approx(share.close - 250, abs=0.03)
        assert (call.high > call.low) == (share.high > share.low)


def test_the_past_of_an_option_begins_with_its_listing() -> None:
    head_s = SOURCE.head_s(CALL, "TRADES")
    assert head_s is not None
    listed = [day for day in (MONDAY - timedelta(days=n) for n in range(300)) if Catalogue(day).by_con_id(CALL.con_id)]
    assert at(f"{listed[-1] - timedelta(days=40)}") < head_s <= at(f"{listed[-1]}")
    assert bars(SOURCE, CALL, "TRADES", places(CALL, "1 D", "1 hour", head_s), "1 hour") == []
    assert bars(SOURCE, CALL, "TRADES", places(CALL, "1 D", "1 hour", head_s + 3 * 86_400), "1 hour") != []


def test_an_option_on_what_the_table_does_not_have_goes_its_own_way() -> None:
    alone = next(one for one in INSTRUMENTS if one.sec_type == "FOP")
    assert followed_by(alone) is None
    assert GeneratedFeed(1, [alone.con_id]).con_ids == (alone.con_id,)
