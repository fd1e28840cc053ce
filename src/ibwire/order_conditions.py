"""Conditions under which an order becomes active, or is cancelled (`Order.conditions_cancel_order`).

Conditions are joined to the next one by "and", or by "or" if `is_conjunction` is false.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

from msgspec import Struct

from ibwire.order_times import Moment, moment_text, read_moment
from ibwire.wire import messages as m

T = TypeVar("T")


class PriceCondition(Struct, frozen=True, kw_only=True):
    """The price of an instrument is at or above `price` (`is_more`), or at or below it.

    `trigger_method` is IBKR's number for which price counts: 0 default, 1 double bid/ask, 2 last, 3 double last,
    4 bid/ask, 7 last or bid/ask, 8 mid-point.
    """

    con_id: int
    exchange: str
    price: Decimal
    is_more: bool
    trigger_method: int = 0  # left out, IBKR answers "Invalid value in field # 6127" (protocol notes, 4.7)
    is_conjunction: bool = True


class TimeCondition(Struct, frozen=True, kw_only=True):
    """It is later (`is_more`) or earlier than `time`."""

    time: Moment
    is_more: bool = True
    is_conjunction: bool = True


class MarginCondition(Struct, frozen=True, kw_only=True):
    """The account's margin cushion is at or above `percent`, a whole number, or at or below it."""

    percent: int
    is_more: bool
    is_conjunction: bool = True


class ExecutionCondition(Struct, frozen=True, kw_only=True):
    """There was a trade in this account in the instrument named."""

    symbol: str
    sec_type: str
    exchange: str
    is_conjunction: bool = True


class VolumeCondition(Struct, frozen=True, kw_only=True):
    """The day's volume of an instrument is at or above `volume`, or at or below it."""

    con_id: int
    exchange: str
    volume: int
    is_more: bool
    is_conjunction: bool = True


class PercentChangeCondition(Struct, frozen=True, kw_only=True):
    """An instrument's change since the last close, in percent, is at or above `change_percent`, or at or below it."""

    con_id: int
    exchange: str
    change_percent: Decimal
    is_more: bool
    is_conjunction: bool = True


class OtherCondition(Struct, frozen=True):
    """A condition that none of the others can say, as it stands on the wire."""

    wire: m.OrderCondition


Condition = (
    PriceCondition
    | TimeCondition
    | MarginCondition
    | ExecutionCondition
    | VolumeCondition
    | PercentChangeCondition
    | OtherCondition
)

_TYPES: dict[int, type[Any]] = {
    1: PriceCondition,
    3: TimeCondition,
    4: MarginCondition,
    5: ExecutionCondition,
    6: VolumeCondition,
    7: PercentChangeCondition,
}
"""IBKR's number of each kind of condition."""

_NUMBERS = {kind: number for number, kind in _TYPES.items()}
_FIELDS = {kind: kind.__struct_fields__ for kind in _NUMBERS}
_ON_THE_WIRE = {"is_conjunction": "is_conjunction_connection"}


def condition_to_wire(condition: Condition) -> m.OrderCondition:
    """The condition as IBKR takes it."""
    if isinstance(condition, OtherCondition):
        return condition.wire
    kind = type(condition)
    values = {_ON_THE_WIRE.get(name, name): _to_wire(getattr(condition, name)) for name in _FIELDS[kind]}
    if kind is TimeCondition:
        values["time"] = moment_text(values["time"])
    return m.OrderCondition(type=_NUMBERS[kind], **values)


def condition_from_wire(wire: m.OrderCondition) -> Condition:
    """The condition that IBKR sent; what has fields that its kind should not have is kept as it is."""
    kind = _TYPES.get(wire.type or 0)
    if kind is None:
        return OtherCondition(wire)
    values = {name: _from_wire(name, getattr(wire, _ON_THE_WIRE.get(name, name))) for name in _FIELDS[kind]}
    if any(value is None for value in values.values()):
        return OtherCondition(wire)
    condition: Condition = kind(**values)
    return condition if condition_to_wire(condition) == wire else OtherCondition(wire)


def _to_wire(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _from_wire(name: str, value: Any) -> Any:
    if name == "time" and value is not None:
        return read_moment(value)
    return Decimal(repr(value)) if isinstance(value, float) else value
