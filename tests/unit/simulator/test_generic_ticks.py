"""Every generic tick has the tick types and carriers of IBKR's table, and values that can be believed."""

from __future__ import annotations

import pytest

from ibwire.simulator import generic_ticks
from ibwire.simulator.generic_ticks import GENERIC_TICKS, Facts
from ibwire.simulator.instruments import INSTRUMENTS, Instrument, by_local_symbol
from ibwire.simulator.market import Quote
from ibwire.simulator.recent_ticks import RecentTicks
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import quote

P, S, G, T = m.TickPrice, m.TickSize, m.TickGeneric, m.TickString

IBKRS_TABLE: dict[int, dict[int, type]] = {
    100: {29: S, 30: S},
    101: {27: S, 28: S},
    104: {23: G},
    105: {87: S},
    106: {24: G},
    162: {31: G},
    165: {15: P, 16: P, 17: P, 18: P, 19: P, 20: P, 21: S},
    221: {37: P},
    225: {34: S, 35: P, 36: S, 61: S},
    232: {37: P},
    236: {46: G, 89: S},
    293: {54: G},
    294: {55: G},
    295: {56: G},
    318: {57: P},
    411: {58: G},
    456: {59: T},
    460: {60: G},
    586: {101: P, 102: P},
    588: {86: S},
    595: {63: S, 64: S, 65: S},
    787: {105: P, 106: P, 107: S, 108: S, 109: T, 110: T},
}
"""Protocol notes, 3.2.1; the ETF values are prices, and 233, 292 and 375 come with events."""


def facts(instrument: Instrument, seed: int = 1) -> Facts:
    now = Quote()
    price = float(round(instrument.reference_price / float(instrument.min_tick)) * instrument.min_tick)
    for tick in quote(instrument.con_id, price, 100, price + 5 * float(instrument.min_tick), 200):
        now.apply(tick)
    return Facts(seed, instrument, now, RecentTicks(), 1_775_000_000.0)


def named(symbol: str) -> Instrument:
    instrument = by_local_symbol(symbol)
    assert instrument is not None
    return instrument


@pytest.mark.parametrize("number", sorted(IBKRS_TABLE))
def test_generic_tick_has_the_types_and_carriers_of_the_table(number: int) -> None:
    told = generic_ticks.messages([number], facts(named("AAPL")))
    assert {getattr(one, "tick_type", None): type(one) for one in told} == IBKRS_TABLE[number]


@pytest.mark.parametrize("number", sorted(set(GENERIC_TICKS) - set(IBKRS_TABLE)))
def test_rest_of_the_generic_ticks_are_nav_prices_or_come_with_events(number: int) -> None:
    told = generic_ticks.messages([number], facts(named("SPY")))
    assert all(isinstance(one, P) and one.tick_type is not None and 92 <= one.tick_type <= 99 for one in told)
    assert bool(told) == (number not in (233, 292, 375))


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda one: one.local_symbol)
def test_values_are_the_same_again_positive_and_near_the_market(instrument: Instrument) -> None:
    legal = [number for number, generic in GENERIC_TICKS.items() if instrument.sec_type in generic.sec_types]
    told = generic_ticks.messages(legal, facts(instrument))
    assert told == generic_ticks.messages(legal, facts(instrument))
    assert len(told) < 3 or told != generic_ticks.messages(legal, facts(instrument, seed=2))
    for one in told:
        if isinstance(one, P):
            assert one.price is not None
            assert 0 < one.price < 2 * instrument.reference_price
        if isinstance(one, S):
            assert int(one.size or "-1") >= 0


@pytest.mark.parametrize(
    ("text", "symbol", "version", "numbers"),
    [
        ("", "AAPL", 226, []),
        ("100, 233,", "AAPL", 226, [100, 233]),
        ("292:BRFG+DJNL", "AAPL", 226, [292]),
        ("787", "AAPL", 225, [787]),
        ("787", "AAPL", 224, None),
        ("588", "ESH4", 226, [588]),
        ("588", "AAPL", 226, None),
        ("999", "AAPL", 226, None),
        ("233,-1", "AAPL", 226, None),
        ("hello", "AAPL", 226, None),
        ("٢٣٣", "AAPL", 226, None),
    ],
)
def test_generic_tick_list_is_numbers_that_the_instrument_has(
    text: str, symbol: str, version: int, numbers: list[int] | None
) -> None:
    assert generic_ticks.parse(text, named(symbol), version) == numbers
