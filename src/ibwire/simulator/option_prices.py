"""Answers to the questions what an option is worth at a volatility, and which volatility a price implies.

Sources: protocol notes 3.20; IBKR's calculateImpliedVolatility and calculateOptionPrice pages.
"""

from __future__ import annotations

from datetime import date

from ibwire.simulator import reference
from ibwire.simulator.black_scholes import (
    HIGHEST_VOLATILITY,
    LOWEST_VOLATILITY,
    Terms,
    implied_volatility,
    worth,
    years_left,
)
from ibwire.simulator.catalogue import Catalogue
from ibwire.simulator.knowledge import PROCESSING, VALIDATING, Knowledge, error, id_of
from ibwire.simulator.option_chains import third_friday
from ibwire.wire import Message
from ibwire.wire import messages as m

CUSTOM_COMPUTATION = 53
"""The tick type of an answer to a calculation (protocol notes, 3.20)."""

SMALLEST, LARGEST = 1e-6, 1e9
"""Prices and strikes outside of this are taken for mistakes."""

_NOT_COMPUTED = {"implied_vol": -1.0, "delta": -2.0, "gamma": -2.0, "vega": -2.0, "theta": -2.0}
"""How IBKR marks a value that could not be computed."""

_OPTION_TYPES = ("OPT", "FOP", "WAR", "IOPT")
_RIGHTS = {"C": True, "CALL": True, "P": False, "PUT": False}


def option_volatility(request: m.CalculateImpliedVolatilityRequest, knowledge: Knowledge) -> list[Message]:
    """The volatility behind a price; -1, IBKR's "not computed", for a price that none explains."""
    id_, price, under_price = id_of(request.req_id), request.option_price, request.under_price
    terms = terms_of(request.contract, knowledge.catalogue)
    if terms is None:
        return error(id_, 200, reference.NO_DEFINITION, knowledge)
    if price is None or under_price is None or not all(map(is_sensible, (price, under_price))):
        return error(id_, 321, f"{VALIDATING}Invalid option or underlying price", knowledge)
    volatility = implied_volatility(terms, price, under_price)
    return [computation(id_, terms, under_price, volatility=volatility, price=price)]


def option_price(request: m.CalculateOptionPriceRequest, knowledge: Knowledge) -> list[Message]:
    """What an option is worth at a volatility."""
    id_, volatility, under_price = id_of(request.req_id), request.volatility, request.under_price
    terms = terms_of(request.contract, knowledge.catalogue)
    if terms is None:
        return error(id_, 200, reference.NO_DEFINITION, knowledge)
    lowest, highest = LOWEST_VOLATILITY, HIGHEST_VOLATILITY
    if volatility is None or not lowest <= volatility <= highest:
        return error(id_, 321, f"{VALIDATING}Invalid volatility", knowledge)
    if under_price is None or not is_sensible(under_price):
        return error(id_, 321, f"{VALIDATING}Invalid underlying price", knowledge)
    return [computation(id_, terms, under_price, volatility=volatility)]


def exercise(request: m.ExerciseOptionsRequest, knowledge: Knowledge) -> list[Message]:
    """Refused on its order id: options are traded here, and never turn into what they are on."""
    return error(request.order_id, 322, f"{PROCESSING}Exercising options is not simulated", knowledge)


def is_sensible(value: float | None) -> bool:
    """Whether this can be a price."""
    return value is not None and SMALLEST <= value <= LARGEST


def terms_of(contract: m.Contract | None, catalogue: Catalogue) -> Terms | None:
    """The option that a contract describes, or that its id names; None if it is none or says too little."""
    if contract is None:
        return None
    if not contract.strike:
        found = reference.instruments_for(contract, catalogue)
        contract = reference.contract_of(found[0]) if len(found) == 1 else contract
    is_call = _RIGHTS.get((contract.right or "").upper())
    expiry = _date_of(contract.last_trade_date_or_contract_month or contract.last_trade_date or "")
    strike = contract.strike
    if contract.sec_type not in _OPTION_TYPES or is_call is None or expiry is None:
        return None
    if strike is None or not is_sensible(strike):
        return None
    return Terms(is_call, strike, years_left(expiry, catalogue.today))


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
