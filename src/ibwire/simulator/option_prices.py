"""What an option is worth by Black and Scholes, without interest or dividends, and the volatility a price implies.

Pure arithmetic. Sources: protocol notes 3.20; IBKR's calculateImpliedVolatility and calculateOptionPrice pages.
"""

from __future__ import annotations

import math
from datetime import date
from statistics import NormalDist

from msgspec import Struct

from ibwire.simulator import reference
from ibwire.simulator.knowledge import PROCESSING, VALIDATING, Knowledge, error, id_of
from ibwire.simulator.option_chains import third_friday
from ibwire.wire import Message
from ibwire.wire import messages as m

CUSTOM_COMPUTATION = 53
"""The tick type of an answer to a calculation (protocol notes, 3.20)."""

SMALLEST, LARGEST = 1e-6, 1e9
"""Prices and strikes outside of this are taken for mistakes."""

LOWEST_VOLATILITY, HIGHEST_VOLATILITY = 1e-4, 20.0

_NOT_COMPUTED = {"implied_vol": -1.0, "delta": -2.0, "gamma": -2.0, "vega": -2.0, "theta": -2.0}
"""How IBKR marks a value that could not be computed."""

_BISECTIONS = 60
_ROUNDING = 1e-12
_OPTION_TYPES = ("OPT", "FOP", "WAR", "IOPT")
_RIGHTS = {"C": True, "CALL": True, "P": False, "PUT": False}
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


def option_volatility(request: m.CalculateImpliedVolatilityRequest, knowledge: Knowledge) -> list[Message]:
    """The volatility behind a price; -1, IBKR's "not computed", for a price that none explains."""
    id_, price, under_price = id_of(request.req_id), request.option_price, request.under_price
    terms = terms_of(request.contract, knowledge.today)
    if terms is None:
        return error(id_, 200, reference.NO_DEFINITION, knowledge)
    if price is None or under_price is None or not all(map(is_sensible, (price, under_price))):
        return error(id_, 321, f"{VALIDATING}Invalid option or underlying price", knowledge)
    volatility = implied_volatility(terms, price, under_price)
    return [computation(id_, terms, under_price, volatility=volatility, price=price)]


def option_price(request: m.CalculateOptionPriceRequest, knowledge: Knowledge) -> list[Message]:
    """What an option is worth at a volatility."""
    id_, volatility, under_price = id_of(request.req_id), request.volatility, request.under_price
    terms = terms_of(request.contract, knowledge.today)
    if terms is None:
        return error(id_, 200, reference.NO_DEFINITION, knowledge)
    lowest, highest = LOWEST_VOLATILITY, HIGHEST_VOLATILITY
    if volatility is None or not lowest <= volatility <= highest:
        return error(id_, 321, f"{VALIDATING}Invalid volatility", knowledge)
    if under_price is None or not is_sensible(under_price):
        return error(id_, 321, f"{VALIDATING}Invalid underlying price", knowledge)
    return [computation(id_, terms, under_price, volatility=volatility)]


def exercise(request: m.ExerciseOptionsRequest, knowledge: Knowledge) -> list[Message]:
    """Refused on its order id: there are no option positions to exercise."""
    return error(request.order_id, 322, f"{PROCESSING}No option position to exercise", knowledge)


def is_sensible(value: float | None) -> bool:
    """Whether this can be a price."""
    return value is not None and SMALLEST <= value <= LARGEST


def terms_of(contract: m.Contract | None, today: date) -> Terms | None:
    """The option that a contract describes, or that its id names in the table; None if it is none or says too little.

    An option lives to the end of its last day; one that is over, as some in the table are, counts as in its last.
    """
    if contract is None:
        return None
    if not contract.strike:
        found = reference.instruments_for(contract)
        contract = reference.contract_of(found[0]) if len(found) == 1 else contract
    is_call = _RIGHTS.get((contract.right or "").upper())
    expiry = _date_of(contract.last_trade_date_or_contract_month or contract.last_trade_date or "")
    strike = contract.strike
    if contract.sec_type not in _OPTION_TYPES or is_call is None or expiry is None:
        return None
    if strike is None or not is_sensible(strike):
        return None
    return Terms(is_call, strike, max((expiry - today).days + 1, 1) / 365)


def worth(terms: Terms, volatility: float, under_price: float) -> Worth:
    """The option's worth at this volatility (0.2 is twenty percent) and price of the underlying."""
    root = math.sqrt(terms.years)
    deviation = volatility * root
    d1 = (math.log(under_price) - math.log(terms.strike)) / deviation + deviation / 2
    d2 = d1 - deviation
    density = _NORMAL.pdf(d1)
    sign = 1 if terms.is_call else -1
    return Worth(
        price=max(sign * (under_price * _NORMAL.cdf(sign * d1) - terms.strike * _NORMAL.cdf(sign * d2)), 0.0),
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


def computation(
    request_id: int, terms: Terms, under_price: float, *, volatility: float | None, price: float | None = None
) -> m.TickOptionComputation:
    """The answer to a calculation: from a volatility, or for a `price` that no volatility explains when it is None."""
    values = dict(_NOT_COMPUTED)
    if volatility is not None:
        found = worth(terms, volatility, under_price)
        price = found.price if price is None else price
        values = {
            "implied_vol": volatility,
            "delta": found.delta,
            "gamma": found.gamma,
            "vega": found.vega,
            "theta": found.theta,
        }
    return m.TickOptionComputation(
        req_id=request_id,
        tick_type=CUSTOM_COMPUTATION,
        tick_attrib=0,
        opt_price=price,
        pv_dividend=0.0,
        und_price=under_price,
        **values,
    )


def _date_of(text: str) -> date | None:
    """The day that IBKR's "20260417", "202604" (the third Friday) or "20260417 15:00:00 US/Eastern" mean."""
    day = text[: len("YYYYMMDD")].rstrip()
    if len(day) not in (len("YYYYMM"), len("YYYYMMDD")) or not day.isdecimal():
        return None
    year, month = int(day[:4]), int(day[4:6])
    try:
        return third_friday(year, month) if len(day) == len("YYYYMM") else date(year, month, int(day[6:]))
    except ValueError:
        return None
