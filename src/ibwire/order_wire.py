"""Orders to what the wire carries, and back; nothing is lost either way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec.structs import replace

from ibwire.exceptions import ProtocolError
from ibwire.order_conditions import condition_from_wire, condition_to_wire
from ibwire.order_fields import Order, given_fields
from ibwire.order_times import moment_text, read_moment
from ibwire.wire import messages as m

RENAMED = {"lmt_price": "limit_price", "lmt_price_offset": "limit_price_offset"}
"""Fields that are called otherwise on the wire."""

ATTACHED = ("sl_order_id", "sl_order_type", "pt_order_id", "pt_order_type")
QUANTITIES = ("total_quantity", "filled_quantity")
MOMENTS = ("good_after_time", "good_till_date", "active_start_time", "active_stop_time", "manual_order_time")

GATEWAY_ONLY = (
    *("order_id", "parent_perm_id", "filled_quantity", "ref_futures_con_id", "auto_cancel_date", "shareholder"),
)
"""What IBKR's client has no way to send: a gateway's answer may hold them, a request may not."""

_NAMES = {RENAMED.get(name, name): name for name in m.Order.__struct_fields__}
"""The wire's name of every field of Order."""

NUMBERS = tuple(
    ours for ours, wire in _NAMES.items() if m.Order.__annotations__[wire].startswith("float") and ours != "conditions"
)
"""Fields that are floats on the wire: prices, amounts, percentages."""


_UNSET = frozenset(
    {
        *("2147483647", "9223372036854775807", "-9223372036854775808"),
        *("1.7976931348623157E308", "170141183460469231731687303715884105727"),
    }
)
"""What IBKR's own client reads, or has, as "no value" in a decimal (ibapi's utils.py and const.py)."""


def exact(value: float | None) -> Decimal | None:
    """A number of the wire as people write it: 0.1 is a tenth."""
    return None if value is None else Decimal(repr(float(value)))


def read_decimal(text: str | None, what: str) -> Decimal | None:
    """A decimal from its text on the wire, None if it is unset. Raises ProtocolError naming `what` if it is none."""
    if not text or text in _UNSET:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ProtocolError(f"{what} is {text[:40]!r}, which is no number") from error
    if not number.is_finite():
        raise ProtocolError(f"{what} is {text[:40]!r}, which is no number")
    return number


def plain(value: Decimal) -> str:
    """A decimal as the wire wants it: every digit, no exponent."""
    return format(value, "f")


def _each(one: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda values: tuple(map(one, values))


_TO_WIRE: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(NUMBERS, float),
    **dict.fromkeys(QUANTITIES, plain),
    **dict.fromkeys(MOMENTS, moment_text),
    "conditions": _each(condition_to_wire),
}
_FROM_WIRE: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(NUMBERS, exact),
    **dict.fromkeys(MOMENTS, read_moment),
    "conditions": _each(condition_from_wire),
}


def order_to_wire(order: Order) -> m.Order:
    """The order with all its fields, also those that only a gateway sets."""
    return m.Order(**_wire_values(given_fields(order)))


def _wire_values(given: Mapping[str, Any], *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """What the wire's record is made of: the fields that were given; untouched it has the same values as the order."""
    values = {}
    for ours, value in given.items():
        wire, convert = _NAMES.get(ours), _TO_WIRE.get(ours)
        if wire is not None and ours not in without:
            values[wire] = value if value is None or convert is None else convert(value)
    return values


def order_from_wire(
    order: m.Order, attached: m.AttachedOrders | None = None, contract: m.Contract | None = None
) -> Order:
    """The order that the wire carried; the prices of its legs stand in `contract`.

    Raises ProtocolError if a quantity is no number.
    """
    values = {ours: getattr(order, wire) for ours, wire in _NAMES.items()}
    for ours, convert in _FROM_WIRE.items():
        if values[ours] is not None:
            values[ours] = convert(values[ours])
    for name in QUANTITIES:
        values[name] = read_decimal(values[name], f"an order's {name}")
    if attached is not None:
        values |= {name: getattr(attached, name) for name in ATTACHED}
    return Order(**values, leg_prices=_leg_prices(contract))


def place_request(order_id: int, contract: m.Contract, order: Order) -> m.PlaceOrderRequest:
    """What places the order, or changes it if the gateway knows the id: the bytes that IBKR's own client sends."""
    given = given_fields(order)
    return m.PlaceOrderRequest(
        order_id=order_id,
        contract=_with_leg_prices(contract, order),
        order=m.Order(**_wire_values(given, without=GATEWAY_ONLY)),
        attached_orders=m.AttachedOrders(**{name: given[name] for name in ATTACHED if name in given}),
    )


def _leg_prices(contract: m.Contract | None) -> tuple[Decimal | None, ...]:
    prices = tuple(exact(leg.per_leg_price) for leg in contract.combo_legs) if contract is not None else ()
    return prices if any(price is not None for price in prices) else ()


def _with_leg_prices(contract: m.Contract, order: Order) -> m.Contract:
    if not order.leg_prices:
        return contract
    prices = (*order.leg_prices, *(None,) * len(contract.combo_legs))
    legs = tuple(
        leg if price is None else replace(leg, per_leg_price=float(price))
        for leg, price in zip(contract.combo_legs, prices, strict=False)
    )
    return replace(contract, combo_legs=legs)
