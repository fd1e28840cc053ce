"""What a gateway's picture of an order says of its terms, held against those that were asked for last.

Only what an order of its type keeps as it was asked is compared: the price of a trailing or pegged order moves by
itself. Its type is compared where both are of these plain ones: IBKR writes others in more than one way.
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


_PLAIN_TYPES = frozenset({"MKT", *_FIXED_PRICES})


class Difference(Struct, frozen=True):
    """A field of `Order` that is not as it was asked for."""

    field: str
    asked: Decimal | str | None
    actual: Decimal | str | None


def other_terms(asked: Order, told: m.Order) -> tuple[Difference, ...]:
    """The type and the prices that the gateway has otherwise; none if it does not say."""
    kinds = (asked.order_type or "", told.order_type or "")
    if kinds[0] != kinds[1] and not _PLAIN_TYPES.issuperset(kinds):
        return ()
    pairs = {"limit_price": (asked.limit_price, told.lmt_price), "aux_price": (asked.aux_price, told.aux_price)}
    found = [Difference("order_type", *kinds)] if kinds[0] != kinds[1] else []
    for field in _FIXED_PRICES.get(kinds[1], ()):
        wanted, actual = pairs[field][0], exact(pairs[field][1])
        if actual is not None and actual != wanted:
            found.append(Difference(field, wanted, actual))
    return tuple(found)
