"""The generated market of one option: its quotes follow those of what it is on, and now and then somebody trades.

It moves when its underlying does, in the same moment, so that whoever sees both can compute the one from the other.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from ibwire.simulator.feed import State, Tick, TickType, state_ticks
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.option_quotes import OptionQuotes

TRADE_SHARE = 0.02
"""How many moves of the underlying come with a trade in the option."""

REFRESH_SHARE = 0.1
"""How many come with new sizes on both sides, whether the prices move or not."""

_BID, _ASK = TickType.BID, TickType.ASK


class Underlying(Protocol):
    """The market that an option follows: its prices now, at the last close, and of today, in its ticks."""

    close: int
    open: int
    high: int
    low: int

    def middle(self) -> float:
        """The price that options are reckoned from."""

    def price(self, ticks: int) -> float:
        """So many ticks as a price."""


class OptionBook:
    """A best bid and ask of an option, and trades at them. `today` gives the date, for the days that it has left."""

    def __init__(
        self, option: Instrument, on: Instrument, underlying: Underlying, seed: int, today: Callable[[], date]
    ) -> None:
        rng = random.Random(f"{seed}/{option.con_id}")
        self.con_id = option.con_id
        self._uniform = rng.random
        self._underlying, self._today = underlying, today
        self._quotes = OptionQuotes(option, on)
        self._size_step = option.quote_size_step
        self._typical_lots = max(1, int(option.typical_size / option.quote_size_step))
        self._bid, self._ask = self._quotes.bid_ask(underlying.middle(), today())
        self._sizes = {_BID: self._fresh_size(), _ASK: self._fresh_size()}
        self._last, self._last_size = (self._ask if self._uniform() < 0.5 else self._bid), self._fresh_size()
        self._volume = self._size_step * int(100 * self._typical_lots * self._uniform())
        self._extremes = self._range_of_today()

    def state(self) -> State:
        """The day so far, for the opening."""
        quotes, under = self._quotes, self._underlying
        yesterday, day = self._today() - timedelta(days=1), self._today()
        low, high = self._extremes
        return {
            _BID: (quotes.price(self._bid), self._sizes[_BID]),
            _ASK: (quotes.price(self._ask), self._sizes[_ASK]),
            TickType.LAST: (quotes.price(self._last), self._last_size),
            TickType.VOLUME: (None, self._volume),
            TickType.HIGH: (quotes.price(high), None),
            TickType.LOW: (quotes.price(low), None),
            TickType.CLOSE: (quotes.price(quotes.last(under.price(under.close), yesterday)), None),
            TickType.OPEN: (quotes.price(quotes.last(under.price(under.open), day)), None),
        }

    def follow(self, at_s: float) -> list[Tick]:
        """What changes with the underlying, which has just moved; may be nothing."""
        chance = self._uniform()
        ticks = self._trade(at_s) if chance < TRADE_SHARE else []
        is_fresh = TRADE_SHARE <= chance < TRADE_SHARE + REFRESH_SHARE
        bid, ask = self._quotes.bid_ask(self._underlying.middle(), self._today())
        sides = [(_BID, bid, is_fresh or bid != self._bid), (_ASK, ask, is_fresh or ask != self._ask)]
        if bid > self._bid:
            sides.reverse()  # first out of the way, so that a reader never sees the bid at the ask
        self._bid, self._ask = bid, ask
        for kind, price, is_told in sides:
            if is_told:
                self._sizes[kind] = self._fresh_size()
                ticks += state_ticks(at_s, self.con_id, kind, self._quotes.price(price), self._sizes[kind])
        return ticks

    def _trade(self, at_s: float) -> list[Tick]:
        """Somebody buys or sells at the quote."""
        self._last = self._ask if self._uniform() < 0.5 else self._bid
        self._last_size = self._size_step * (1 + int(self._typical_lots * self._uniform() ** 3))
        self._volume += self._last_size
        price = self._quotes.price(self._last)
        ticks = [
            *state_ticks(at_s, self.con_id, TickType.LAST, price, self._last_size),
            Tick(at_s, self.con_id, TickType.VOLUME, None, self._volume),
            Tick(at_s, self.con_id, TickType.LAST_TIMESTAMP, None, None),
        ]
        low, high = self._extremes
        self._extremes = min(low, self._last), max(high, self._last)
        if not low <= self._last <= high:
            ticks.append(Tick(at_s, self.con_id, TickType.HIGH if self._last > high else TickType.LOW, price, None))
        return ticks

    def _range_of_today(self) -> tuple[int, int]:
        """The lowest and highest price so far: where the underlying has been, or where it traded last."""
        under, day = self._underlying, self._today()
        seen = [self._quotes.last(under.price(ticks), day) for ticks in (under.open, under.low, under.high)]
        return min(*seen, self._last), max(*seen, self._last)

    def _fresh_size(self) -> Decimal:
        return self._size_step * (1 + int(2 * self._typical_lots * self._uniform()))
