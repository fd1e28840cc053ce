"""The prices that an order may name: multiples of the increment that the market rule gives at that price.

Source: protocol notes 3.8; IBKR's reqMarketRule page.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation

from ibwire.simulator.instruments import Instrument
from ibwire.wire import messages as m

MARKET_RULES: dict[int, tuple[m.PriceIncrement, ...]] = {
    25: (m.PriceIncrement(0.0, 0.01),),
    26: (m.PriceIncrement(0.0, 0.01),),
    32: (m.PriceIncrement(0.0, 0.01),),
    33: (m.PriceIncrement(0.0, 1.0),),
    65: (m.PriceIncrement(0.0, 0.1),),
    67: (m.PriceIncrement(0.0, 0.25),),
    109: (m.PriceIncrement(0.0, 0.01), m.PriceIncrement(3.0, 0.05)),
    239: (m.PriceIncrement(0.0, 0.00005),),
    3541: (m.PriceIncrement(0.0, 0.05), m.PriceIncrement(10.0, 0.25)),
}
"""The increments of every rule that an instrument names, by ascending edge."""


def increment(instrument: Instrument, price: Decimal, exchange: str = "") -> Decimal:
    """The step of the grid at a price on an exchange (the instrument's own by default).

    That of the market rule where one is known, else the instrument's minimum tick (protocol notes, 3.8).
    """
    steps = increments(instrument, exchange)
    reached = [step.increment for step in steps if (step.low_edge or 0.0) <= abs(price)]
    return Decimal(repr(reached[-1])) if reached else instrument.min_tick


def increments(instrument: Instrument, exchange: str = "") -> tuple[m.PriceIncrement, ...]:
    """The market rule of an instrument on an exchange (its own by default); empty where none is known."""
    venues = instrument.valid_exchanges.split(",")
    rules = instrument.market_rule_ids.split(",")
    venue = exchange or instrument.exchange
    rule = rules[venues.index(venue)] if venue in venues and len(rules) == len(venues) else ""
    return MARKET_RULES.get(int(rule), ()) if rule else ()


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
