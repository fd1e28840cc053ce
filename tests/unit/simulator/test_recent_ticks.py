"""What happened lately: trades and quotes, bounded, and their average."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ibwire.simulator.feed import Tick, TickType
from ibwire.simulator.market import Quote
from ibwire.simulator.recent_ticks import KEPT, RecentTicks
from tests.helpers.scripted_feed import quote

AAPL = 265598


def traded(price: float, size: int) -> list[Tick]:
    exact = Decimal(size)
    last = Tick(0.0, AAPL, TickType.LAST, price, exact)
    return [last, Tick(0.0, AAPL, TickType.LAST_SIZE, None, exact)]


class Told:
    """Recent ticks and the quote behind them."""

    def __init__(self) -> None:
        self.recent, self.quote, self.at_s = RecentTicks(), Quote(), 0.0

    def tell(self, ticks: list[Tick]) -> tuple[object, object]:
        self.at_s += 1
        for tick in ticks:
            self.quote.apply(tick)
        return self.recent.add(ticks, self.quote, self.at_s)


def test_opening_is_no_trade_and_an_event_of_two_ticks_is_one() -> None:
    told = Told()
    assert told.tell([*quote(AAPL, 10.0, 1, 11.0, 2), *traded(10.0, 5)])[0] is None
    trade, bid_ask = told.tell(traded(11.0, 3))
    assert (trade, bid_ask) == (told.recent.trades[-1], None)
    told.tell(traded(10.0, 1))
    assert [(one.at_s, one.price, one.size) for one in told.recent.trades] == [(2.0, 11.0, 3), (3.0, 10.0, 1)]
    assert told.recent.average_price == pytest.approx((33 + 10) / 4)
    assert told.recent.number_of_trades == 2


def test_quote_is_both_sides_and_none_while_one_is_missing() -> None:
    told = Told()
    assert told.tell(quote(AAPL, 10.0, 1))[1] is None
    told.tell(quote(AAPL, ask=11.0, ask_size=2))
    assert told.tell(quote(AAPL, -1.0, 0))[1] is None
    (only,) = told.recent.quotes
    assert (only.bid, only.bid_size, only.ask, only.ask_size, only.mid_point) == (10.0, 1, 11.0, 2, 10.5)


def test_quote_outside_of_the_day_is_marked() -> None:
    told = Told()
    told.tell([Tick(0.0, AAPL, TickType.LOW, 10.0, None), Tick(0.0, AAPL, TickType.HIGH, 11.0, None)])
    told.tell(quote(AAPL, 9.9, 1, 11.0, 1))
    told.tell(quote(AAPL, 10.0, 1, 11.1, 1))
    assert [(one.bid_past_low, one.ask_past_high) for one in told.recent.quotes] == [(True, False), (False, True)]


def test_recent_ticks_are_bounded() -> None:
    told = Told()
    for number in range(KEPT + 50):
        told.tell([*quote(AAPL, 10.0, number, 11.0, 2), *traded(10.0, 5)])
    assert len(told.recent.trades) == len(told.recent.quotes) == KEPT
    assert told.recent.trades[-1].at_s == KEPT + 50
