"""What a gateway's picture of an order says of its terms, held against those that were asked for last.

Only what an order of its type keeps as it was asked is compared: the price of a trailing or pegged order moves by
itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from ibwire.order_fields import Order
from ibwire.order_wire import exact
from ibwire.wire import messages as m

_FIXED_PRICES: Mapping[str, tuple[str, ...]] = {
    "LMT": ("limit_price",),
    "LOC": ("limit_price",),
    "STP": ("aux_price",),
    "MIT": ("aux_price",),
    "STP LMT": ("limit_price", "aux_price"),
    "LIT": ("limit_price", "aux_price"),
}


class Difference(Struct, frozen=True):
    """A field of `Order` that is not as it was asked for."""

    field: str
    asked: Decimal | None
    actual: Decimal | None


def other_prices(asked: Order, told: m.Order) -> tuple[Difference, ...]:
    """The prices that the gateway has otherwise; none if it has another type of order, or does not say."""
    if told.order_type != asked.order_type:
        return ()
    pairs = {"limit_price": (asked.limit_price, told.lmt_price), "aux_price": (asked.aux_price, told.aux_price)}
    found = []
    for field in _FIXED_PRICES.get(asked.order_type or "", ()):
        wanted, actual = pairs[field][0], exact(pairs[field][1])
        if actual is not None and actual != wanted:
            found.append(Difference(field, wanted, actual))
    return tuple(found)
