"""Constructors for the order types in use: what a type needs is asked for, what it has no use for cannot be given.

All take the action (`BUY`, `SELL`, and for some accounts `SSHORT`, `SLONG`) and the quantity; other fields of the order
go in by name: `limit("BUY", 100, price, tif="GTC", outside_rth=True)`. Quantities and prices are Decimals (or ints, or
text); a float is refused, because 0.1 as a float is not a tenth. Nothing else is checked here: see `order_checks`.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from ibwire.exceptions import InvalidOrder
from ibwire.order_algos import Adaptive, Priority, with_algo
from ibwire.order_fields import ZERO, Order

Number = Decimal | int | str

UP_TO_MID = Decimal("Infinity")
"""For `pegged_to_best`: compete up to the middle of bid and ask."""


def market(action: str, quantity: Number, **fields: Any) -> Order:
    """At the market's price, now."""
    return _order("MKT", action, quantity, fields)


def limit(action: str, quantity: Number, limit_price: Number, **fields: Any) -> Order:
    """At the limit price or better."""
    return _order("LMT", action, quantity, fields, limit_price=limit_price)


def stop(action: str, quantity: Number, stop_price: Number, **fields: Any) -> Order:
    """A market order once the price reaches the stop price."""
    return _order("STP", action, quantity, fields, aux_price=stop_price)


def stop_limit(action: str, quantity: Number, limit_price: Number, stop_price: Number, **fields: Any) -> Order:
    """A limit order once the price reaches the stop price."""
    return _order("STP LMT", action, quantity, fields, limit_price=limit_price, aux_price=stop_price)


def trailing_stop(
    action: str,
    quantity: Number,
    *,
    amount: Number | None = None,
    percent: Number | None = None,
    stop_price: Number | None = None,
    **fields: Any,
) -> Order:
    """A stop that follows the market, an amount or a percentage behind it; `stop_price` is where it starts."""
    prices = {"aux_price": amount, "trailing_percent": percent, "trail_stop_price": stop_price}
    return _order("TRAIL", action, quantity, fields, **prices)


def trailing_stop_limit(
    action: str,
    quantity: Number,
    *,
    stop_price: Number,
    amount: Number | None = None,
    percent: Number | None = None,
    limit_price: Number | None = None,
    limit_price_offset: Number | None = None,
    **fields: Any,
) -> Order:
    """A trailing stop that becomes a limit order: its limit is an offset from the stop, or stated at first."""
    prices = {
        "aux_price": amount,
        "trailing_percent": percent,
        "trail_stop_price": stop_price,
        "limit_price": limit_price,
        "limit_price_offset": limit_price_offset,
    }
    return _order("TRAIL LIMIT", action, quantity, fields, **prices)


def market_if_touched(action: str, quantity: Number, trigger_price: Number, **fields: Any) -> Order:
    """A market order once the price is as good as the trigger price."""
    return _order("MIT", action, quantity, fields, aux_price=trigger_price)


def limit_if_touched(action: str, quantity: Number, limit_price: Number, trigger_price: Number, **fields: Any) -> Order:
    """A limit order once the price is as good as the trigger price."""
    return _order("LIT", action, quantity, fields, limit_price=limit_price, aux_price=trigger_price)


def market_on_close(action: str, quantity: Number, **fields: Any) -> Order:
    """In the closing auction."""
    return _order("MOC", action, quantity, fields)


def limit_on_close(action: str, quantity: Number, limit_price: Number, **fields: Any) -> Order:
    """In the closing auction, at the limit price or better."""
    return _order("LOC", action, quantity, fields, limit_price=limit_price)


def market_to_limit(action: str, quantity: Number, **fields: Any) -> Order:
    """A market order whose rest becomes a limit order at the price of its first fill."""
    return _order("MTL", action, quantity, fields)


def relative(action: str, quantity: Number, offset: Number, *, price_cap: Number | None = None, **fields: Any) -> Order:
    """Pegged to the best price of its own side, better than it by the offset, no worse than the cap."""
    return _order("REL", action, quantity, fields, aux_price=offset, limit_price=price_cap)


def midprice(action: str, quantity: Number, *, price_cap: Number | None = None, **fields: Any) -> Order:
    """At the middle of bid and ask or better, no worse than the cap."""
    return _order("MIDPRICE", action, quantity, fields, limit_price=price_cap)


def pegged_to_market(action: str, quantity: Number, offset: Number, **fields: Any) -> Order:
    """Pegged to the best price of the other side, the offset away from it."""
    return _order("PEG MKT", action, quantity, fields, aux_price=offset)


def pegged_to_midpoint(
    action: str, quantity: Number, *, offset: Number = ZERO, price_cap: Number | None = None, **fields: Any
) -> Order:
    """Pegged to the middle of bid and ask, the offset away from it, no worse than the cap."""
    return _order("PEG MID", action, quantity, fields, aux_price=offset, limit_price=price_cap)


def pegged_to_benchmark(
    action: str,
    quantity: Number,
    *,
    starting_price: Number,
    change: Number,
    reference_con_id: int,
    reference_exchange: str,
    reference_change: Number,
    reference_price: Number | None = None,
    is_decrease: bool = False,
    **fields: Any,
) -> Order:
    """Follows another instrument: when that moves by `reference_change`, the price moves by `change`, or against it."""
    prices = {
        "starting_price": starting_price,
        "stock_ref_price": reference_price,
        "pegged_change_amount": change,
        "reference_change_amount": reference_change,
    }
    fields |= {
        "reference_contract_id": reference_con_id,
        "reference_exchange_id": reference_exchange,
        "is_pegged_change_amount_decrease": is_decrease or None,
    }
    return _order("PEG BENCH", action, quantity, fields, **prices)


def pegged_to_best(
    action: str,
    quantity: Number,
    limit_price: Number,
    *,
    compete_against_best_offset: Number = UP_TO_MID,
    mid_offset_at_whole: Number | None = None,
    mid_offset_at_half: Number | None = None,
    **fields: Any,
) -> Order:
    """On IBKR's own venue (IBKRATS): better than the best price elsewhere by the offset, or up to the middle.

    The two offsets from the middle belong to `UP_TO_MID`.
    """
    prices = {
        "limit_price": limit_price,
        "compete_against_best_offset": compete_against_best_offset,
        "mid_offset_at_whole": mid_offset_at_whole,
        "mid_offset_at_half": mid_offset_at_half,
    }
    return _order("PEG BEST", action, quantity, {"not_held": True, **fields}, **prices)


def adaptive(
    action: str,
    quantity: Number,
    *,
    limit_price: Number | None = None,
    priority: Priority = Priority.NORMAL,
    **fields: Any,
) -> Order:
    """IBKR's adaptive algorithm: a market order, or a limit order with a limit price."""
    order = (
        market(action, quantity, **fields) if limit_price is None else limit(action, quantity, limit_price, **fields)
    )
    return with_algo(order, Adaptive(adaptive_priority=priority))


def number(value: Number, what: str) -> Decimal:
    """An exact number. Raises InvalidOrder for a float and for what is no number."""
    if isinstance(value, bool | float) or not isinstance(value, Decimal | int | str):
        raise InvalidOrder(
            f"{what} is {value!r}; allowed are Decimals, whole numbers and text such as '0.1', no floats"
        )
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise InvalidOrder(f"{what} is {value!r}, which is no number") from error


def _order(order_type: str, action: str, quantity: Number, fields: dict[str, Any], **prices: Number | None) -> Order:
    exact: dict[str, Any] = {name: number(value, name) for name, value in prices.items() if value is not None}
    unknown = sorted(fields.keys() - _FIELDS)
    if unknown:
        raise InvalidOrder(f"an order has no field {', '.join(unknown)}")
    twice = sorted(fields.keys() & ({"order_type", "action", "total_quantity"} | prices.keys()))
    if twice:
        raise InvalidOrder(f"{', '.join(twice)} of a {order_type} order: given by the constructor's own arguments")
    return Order(order_type=order_type, action=action, total_quantity=number(quantity, "quantity"), **exact, **fields)


_FIELDS = frozenset(Order.__struct_fields__)
