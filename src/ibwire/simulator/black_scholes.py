"""What an option is worth by Black and Scholes, without interest or dividends, and the volatility a price implies.

Pure arithmetic. An option on a future is worth the same: without interest the formula for it is no other.
"""

from __future__ import annotations

import math
from datetime import date
from statistics import NormalDist

from msgspec import Struct

LOWEST_VOLATILITY, HIGHEST_VOLATILITY = 1e-4, 20.0

_BISECTIONS = 60
_ROUNDING = 1e-12
_NORMAL = NormalDist()


class Terms(Struct, frozen=True):
    """What the worth of an option depends on besides the market."""

    is_call: bool
    strike: float
    years: float


class Worth(Struct, frozen=True):
    """A price with its sensitivities: vega for a point of volatility, theta for a day."""

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float


def years_left(expiry: date, today: date) -> float:
    """How long an option lives: to the end of its last day. One that is over counts as in its last."""
    return max((expiry - today).days + 1, 1) / 365


def worth(terms: Terms, volatility: float, under_price: float) -> Worth:
    """The option's worth at this volatility (0.2 is twenty percent) and price of the underlying."""
    root = math.sqrt(terms.years)
    deviation = volatility * root
    d1 = (math.log(under_price) - math.log(terms.strike)) / deviation + deviation / 2
    d2 = d1 - deviation
    density = _NORMAL.pdf(d1)
    sign = 1 if terms.is_call else -1
    return Worth(
        price=max(0.0, sign * (under_price * _NORMAL.cdf(sign * d1) - terms.strike * _NORMAL.cdf(sign * d2))),
        delta=sign * _NORMAL.cdf(sign * d1),
        gamma=density / (under_price * deviation),
        vega=under_price * density * root / 100,
        theta=-under_price * density * volatility / (2 * root) / 365,
    )


def implied_volatility(terms: Terms, price: float, under_price: float) -> float | None:
    """The volatility at which the option is worth `price`, None if there is none.

    Far from the strike the price hardly moves with it, so what rounding makes of a worth counts as that worth.
    """
    low, high = LOWEST_VOLATILITY, HIGHEST_VOLATILITY
    slack = _ROUNDING * max(under_price, terms.strike)
    if not worth(terms, low, under_price).price - slack <= price <= worth(terms, high, under_price).price + slack:
        return None
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if worth(terms, middle, under_price).price < price:
            low = middle
        else:
            high = middle
    return (low + high) / 2
