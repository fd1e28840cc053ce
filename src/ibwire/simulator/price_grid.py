"""The prices that an order may name: multiples of the increment that the market rule gives at that price."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation

from ibwire.simulator.instruments import Instrument
from ibwire.simulator.option_chains import MARKET_RULES


def increment(instrument: Instrument, price: Decimal, exchange: str = "") -> Decimal:
    """The step of the grid at a price on an exchange (the instrument's own by default).

    That of the market rule where one is known, else the instrument's minimum tick (protocol notes, 3.8).
    """
    venues = instrument.valid_exchanges.split(",")
    rules = instrument.market_rule_ids.split(",")
    venue = exchange or instrument.exchange
    rule = rules[venues.index(venue)] if venue in venues and len(rules) == len(venues) else ""
    steps = MARKET_RULES.get(int(rule), ()) if rule else ()
    reached = [step.increment for step in steps if (step.low_edge or 0.0) <= abs(price)]
    return Decimal(repr(reached[-1])) if reached else instrument.min_tick


def is_on_grid(instrument: Instrument, price: Decimal, exchange: str = "") -> bool:
    """Whether an order may name this price."""
    try:
        return price % increment(instrument, price, exchange) == 0
    except InvalidOperation:  # infinite, no number, or with more digits than any price
        return False


def round_less_eager(instrument: Instrument, price: Decimal, *, is_buy: bool) -> Decimal:
    """The next price of the grid that is no better for the other side: down for a buyer, up for a seller."""
    step = increment(instrument, price)
    rounding = ROUND_FLOOR if is_buy else ROUND_CEILING
    return (price / step).to_integral_value(rounding) * step
