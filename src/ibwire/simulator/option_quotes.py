"""What a generated market asks and bids for an option, from the price of what it is on and the days it has left.

Pure arithmetic in whole ticks of the option. Bid and ask lie around its worth by Black and Scholes, by more than
rounding moves them, so that a call and a put of one strike never contradict each other, nor the underlying.
"""

from __future__ import annotations

import math
from datetime import date

from ibwire.simulator.black_scholes import Terms, worth, years_left
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.price_grid import increments
from ibwire.simulator.volatility_smile import volatility_at

HALF_SPREAD = 0.006
"""How far bid and ask are from an option's worth, as a share of it; at least a tick."""


def terms_of(option: Instrument, today: date) -> Terms:
    """What the worth of an option depends on, on a day. Raises ValueError for an instrument that is none."""
    if not option.strike or not option.last_trade_date:
        raise ValueError(f"{option.local_symbol} is no option")
    return Terms(option.right == "C", option.strike, years_left(date.fromisoformat(option.last_trade_date), today))


class OptionQuotes:
    """The quotes of one option on an underlying. Raises ValueError for an instrument that is no option."""

    def __init__(self, option: Instrument, underlying: Instrument) -> None:
        self._numerator, self._denominator = option.min_tick.as_integer_ratio()
        self._steps = [
            (self._ticks(step.low_edge or 0.0), max(1, round(self._ticks(step.increment or 0.0))))
            for step in reversed(increments(option))
        ]
        self._option = option
        self._volatility = volatility_at(option.strike or 0.0, underlying)

    def worth(self, under_price: float, today: date) -> float:
        """What it is worth on a day, in ticks."""
        return self._ticks(worth(terms_of(self._option, today), self._volatility, under_price).price)

    def last(self, under_price: float, today: date) -> int:
        """The price of the grid next to what it is worth, never 0."""
        ticks = self.worth(under_price, today)
        step = self._step(ticks)
        return max(1, round(ticks / step) * step)

    def bid_ask(self, under_price: float, today: date) -> tuple[int, int]:
        """Bid and ask: on the grid, the bid above 0 and below the ask."""
        ticks = self.worth(under_price, today)
        half = max(1.0, HALF_SPREAD * ticks)
        below, above = ticks - half, ticks + half
        low, high = self._step(below), self._step(above)
        bid = max(1, math.floor(below / low) * low)
        return bid, max(bid + self._step(bid), math.ceil(above / high) * high)

    def price(self, ticks: float) -> float:
        """So many ticks as a price."""
        # One division of two integers rounds correctly.
        return ticks * self._numerator / self._denominator

    def _ticks(self, price: float) -> float:
        return price * self._denominator / self._numerator

    def _step(self, ticks: float) -> int:
        return next((step for edge, step in self._steps if edge <= ticks), 1)
