"""Option computations on a line: what bid, ask, last and a model's price of an option say of its volatility and Greeks.

Sources: protocol notes 3.2.1 (tick types 10 to 13) and 3.20.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from ibwire.simulator import option_prices
from ibwire.simulator.black_scholes import implied_volatility
from ibwire.simulator.catalogue import followed_by
from ibwire.simulator.feed import TickType
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.market import Quote
from ibwire.simulator.option_quotes import terms_of
from ibwire.simulator.volatility_smile import volatility_at
from ibwire.wire import messages as m

COMPUTATION_OF_PRICE = {TickType.BID: 10, TickType.ASK: 11, TickType.LAST: 12}
MODEL = 13
PRICE_BASED = 1
"""How the volatility was found (tick attribute)."""


def computations(
    instrument: Instrument, quote: Quote, changed: Iterable[int], under_price: float, today: date
) -> list[m.TickOptionComputation]:
    """A computation for each of the prices that changed, and the model's: of the volatility that the market has."""
    underlying = followed_by(instrument)
    if underlying is None:
        return []
    terms = terms_of(instrument, today)
    found = []
    for kind in [kind for kind in COMPUTATION_OF_PRICE if kind in changed and quote.prices.get(kind, 0) > 0]:
        price = quote.prices[kind]
        volatility = implied_volatility(terms, price, under_price)
        one = option_prices.computation(0, terms, under_price, volatility=volatility, price=price)
        found.append(_as(one, COMPUTATION_OF_PRICE[kind]))
    model = option_prices.computation(0, terms, under_price, volatility=volatility_at(terms.strike, underlying))
    return [*found, _as(model, MODEL)]


def _as(computation: m.TickOptionComputation, tick_type: int) -> m.TickOptionComputation:
    return msgspec.structs.replace(computation, req_id=None, tick_type=tick_type, tick_attrib=PRICE_BASED)
