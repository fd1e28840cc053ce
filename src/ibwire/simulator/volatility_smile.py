"""The volatility at which the generated market prices an option: of its underlying, more the further away its strike.

It is the same for a call and a put and never changes, so that an option's price only follows the underlying and time.
"""

from __future__ import annotations

import math

from ibwire.simulator.instruments import Instrument

TRADING_MINUTES = 390 * 252
"""Of a year: a generated price moves by the square root of them more than in one minute."""

LOWEST = 0.08

_SKEW, _CURVATURE = -0.6, 2.0
"""How much lower it is above the reference price than below, and how much higher far away."""

_FURTHEST = 0.5


def volatility_at(strike: float, underlying: Instrument) -> float:
    """The volatility for a strike, 0.2 for twenty percent a year."""
    usual = max(LOWEST, underlying.volatility_bp / 10_000 * math.sqrt(TRADING_MINUTES))
    away = max(-_FURTHEST, min(math.log(strike / underlying.reference_price), _FURTHEST))
    return usual * (1 + _SKEW * away + _CURVATURE * away * away)
