"""The generated past: every bar is what the smaller ones, and the ticks, come to; the same whoever asks."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator.bar_sizes import BAR_SIZES
from ibwire.simulator.bar_slots import Slot
from ibwire.simulator.generated_bars import GeneratedBars
from ibwire.simulator.instruments import INSTRUMENTS, Instrument
from tests.helpers.campaigns import campaign
from tests.helpers.history import KINDS, MOMENTS, ONE_OF_EACH_KIND, at, bars, folded, instrument, places

SOURCE = GeneratedBars(seed=7)
SERIES = ("TRADES", "MIDPOINT", "BID", "ASK", "OPTION_IMPLIED_VOLATILITY", "FEE_RATE")
LADDERS = (
    ("60 S", "1 min", "5 secs"),
    ("1800 S", "30 mins", "1 secs"),
    ("28800 S", "8 hours", "30 mins"),
    ("1 D", "1 day", "1 min"),
    ("1 W", "1W", "1 hour"),
    ("1 M", "1M", "1 day"),
    ("1 M", "1W", "8 hours"),
)
AAPL = instrument("AAPL")
ANY_DAY = date(2026, 4, 10)


@campaign(part=30, full=300)
@given(KINDS, st.sampled_from(LADDERS), st.sampled_from(SERIES), MOMENTS, st.booleans())
def test_larger_bars_are_the_sum_of_smaller_ones(
    one: Instrument, ladder: tuple[str, str, str], what: str, end_s: int, regular_only: object
) -> None:
    duration, large, small = ladder
    for slot in places(one, duration, large, end_s, regular_only=bool(regular_only)):
        parts = cut(slot, small)
        (bar,) = bars(SOURCE, one, what, [slot], large)
        assert bar == folded(slot, bars(SOURCE, one, what, parts, small))


def cut(slot: Slot, size: str) -> list[Slot]:
    """The smaller slots that a slot consists of, cut anywhere: bars do not depend on where others end."""
    length_s = BAR_SIZES[size].length_s
    parts = []
    for start_s, end_s in slot.pieces:
        edges = [*range(start_s, end_s, length_s), end_s]
        parts += [Slot(a, slot.day, slot.day, ((a, b),)) for a, b in itertools.pairwise(edges)]
    return parts


@campaign(part=30, full=600)
@given(KINDS, st.sampled_from(["TRADES", "BID_ASK", "MIDPOINT"]), MOMENTS, st.integers(1, 300))
def test_ticks_come_to_their_bar(one: Instrument, what: str, start_s: int, length_s: int) -> None:
    slot = Slot(start_s, ANY_DAY, ANY_DAY, ((start_s, start_s + length_s),))
    (bar,) = bars(SOURCE, one, what, [slot], "1 secs")
    seconds = list(SOURCE.seconds(one, what, start_s, start_s + length_s, is_backward=False))
    backward = list(SOURCE.seconds(one, what, start_s, start_s + length_s, is_backward=True))
    assert seconds == backward[::-1]
    ticks = [tick for second in seconds for tick in second]
    assert all(start_s <= tick.at_s < start_s + length_s for tick in ticks)
    if not ticks:
        assert bar.volume in (0, -1)
        return
    if what == "TRADES":
        prices = [tick.price for tick in ticks]
        # A second without a trade has the price that stood before it, so a bar may open there.
        assert (max(bar.high, bar.open), bar.close) == (max(*prices, bar.open), prices[-1])
        assert min(bar.low, bar.open) == min(*prices, bar.open)
        if one.sec_type != "IND":
            assert bar.volume == sum(tick.size for tick in ticks)
            assert bar.turnover == sum(Decimal(repr(tick.price)) * tick.size for tick in ticks)
        assert bar.count == len(ticks)
    elif what == "BID_ASK":
        assert bar.low <= min(tick.bid for tick in ticks) <= max(tick.ask for tick in ticks) <= bar.high
        assert all(tick.bid < tick.ask for tick in ticks)


@campaign(part=20, full=150)
@given(st.sampled_from(INSTRUMENTS), st.sampled_from(["TRADES", "BID", "ASK"]), MOMENTS)
def test_prices_are_on_the_grid_and_bars_hold_together(one: Instrument, what: str, start_s: int) -> None:
    edges = range(start_s, start_s + 20 * 300, 300)
    found = bars(SOURCE, one, what, [Slot(a, ANY_DAY, ANY_DAY, ((a, a + 300),)) for a in edges], "5 mins")
    for bar in found:
        for price in (bar.open, bar.high, bar.low, bar.close):
            assert Fraction(repr(price)) % Fraction(one.min_tick) == 0
            assert price > 0
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        if bar.volume > 0:
            assert bar.turnover is not None
            assert Decimal(repr(bar.low)) <= bar.turnover / bar.volume <= Decimal(repr(bar.high))


@campaign(part=10, full=40)
@given(KINDS, st.permutations([at("2026-04-08T14:00:00"), at("2026-04-09T14:00:00"), at("2012-04-09T14:00:00")]))
def test_what_is_asked_before_changes_nothing(one: Instrument, order: list[int]) -> None:
    fresh = GeneratedBars(seed=7)
    for end_s in order:
        found = places(one, "1 D", "1 hour", end_s)
        assert bars(fresh, one, "TRADES", found, "1 hour") == bars(SOURCE, one, "TRADES", found, "1 hour")


def test_another_seed_is_another_past() -> None:
    found = places(AAPL, "1 D", "1 hour", at("2026-04-10T16:00:00"))
    assert bars(GeneratedBars(seed=8), AAPL, "TRADES", found, "1 hour") != bars(SOURCE, AAPL, "TRADES", found, "1 hour")


def test_past_stays_near_the_reference_price_as_the_live_market_does() -> None:
    for one in ONE_OF_EACH_KIND:
        found = bars(SOURCE, one, "MIDPOINT", places(one, "1 Y", "1 day", at("2026-04-10T16:00:00")), "1 day")
        reach = one.reference_price * one.volatility_bp / 10_000 * 60
        assert all(abs(bar.close - one.reference_price) < reach for bar in found)
        assert len({bar.close for bar in found}) > 20


def test_past_joins_where_days_meet() -> None:
    """The price does not leap at midnight: no more than within any other minute."""
    for one in ONE_OF_EACH_KIND:
        midnights = [at("2026-04-06T00:00:00") + 86_400 * day for day in range(5)]
        moments = [Slot(a, ANY_DAY, ANY_DAY, ((a - 1, a), (a, a + 1))) for a in midnights]
        for bar in bars(SOURCE, one, "MIDPOINT", moments, "1 secs"):
            assert abs(bar.close - bar.open) < one.reference_price * one.volatility_bp / 10_000 * 5


def test_before_the_past_there_is_nothing() -> None:
    assert SOURCE.head_s(AAPL, "TRADES") == at("2000-01-01T00:00:00")
    assert bars(SOURCE, AAPL, "TRADES", places(AAPL, "5 D", "1 day", at("1999-12-30T00:00:00")), "1 day") == []
