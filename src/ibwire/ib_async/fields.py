"""Which field of ib_async's classes is which field of ours, found by name, and how a value crosses over.

`con_id` and `conId` are found by themselves; what is called differently stands in `_OTHER_NAMES`. A field that the
other side does not know is dropped, and counted in `dropped` when it said something.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

import ib_async
from ib_async.util import UNSET_DOUBLE, UNSET_INTEGER
from msgspec import Struct
from msgspec.structs import fields as struct_fields
from msgspec.structs import replace

from ibwire.exceptions import InvalidRequest
from ibwire.wire import Message
from ibwire.wire import messages as m

S = TypeVar("S", bound=Struct)

dropped: Counter[str] = Counter()
"""What one side said and the other's classes have no field for, by class and field."""

UNSET_TEXT = "1.7976931348623157E308"
"""How IBKR's text dialect writes a number that is not set, where ib_async keeps the text as it is."""

_OTHER_NAMES: dict[type, dict[str, str]] = {
    ib_async.Contract: {"primaryExchange": "primary_exch"},
    ib_async.ComboLeg: {"shortSaleSlot": "short_sales_slot"},
    ib_async.ContractDetails: {"putable": "puttable", "notes": "bond_notes"},
    ib_async.Order: {"rule80A": "rule_80a"},
    ib_async.OrderState: {
        "commission": "commission_and_fees",
        "minCommission": "min_commission_and_fees",
        "maxCommission": "max_commission_and_fees",
        "commissionCurrency": "commission_and_fees_currency",
    },
    ib_async.Execution: {"liquidation": "is_liquidation", "pendingPriceRevision": "is_price_revision_pending"},
    ib_async.SoftDollarTier: {"val": "value"},
}

_BY_HAND: dict[type, frozenset[str]] = {
    ib_async.Contract: frozenset({"comboLegs", "deltaNeutralContract"}),
    ib_async.ContractDetails: frozenset({"contract", "maturity", "lastTradeTime"}),
    ib_async.Order: frozenset({"conditions", "softDollarTier", "orderComboLegs"}),
    ib_async.Execution: frozenset({"time"}),
}
"""What `to_wire` and `from_wire` see to themselves."""

_HAND_MADE: dict[type, frozenset[str]] = {
    m.Contract: frozenset({"combo_legs", "delta_neutral_contract"}),
    m.Order: frozenset({"conditions", "soft_dollar_tier"}),
    m.Execution: frozenset({"time"}),
    m.ComboLeg: frozenset({"per_leg_price"}),
}


_SCALARS = frozenset({int, float, str})


class Pair(NamedTuple):
    """One field on both sides, and what a value becomes on its way out and in; both get no None."""

    theirs: str
    ours: str
    out: Callable[[Any], Any]
    into: Callable[[Any], Any]


class Pairs(NamedTuple):
    """Two classes side by side; `unknown_*` are the fields that only one of them has."""

    kind: type[Struct]
    pairs: tuple[Pair, ...]
    unknown_to_us: tuple[tuple[str, Any], ...]
    unknown_to_them: tuple[tuple[str, Any], ...]


def number_text(value: float | Decimal | str) -> str:
    """A number as IBKR writes it in text: 100 without a point, and never with an exponent."""
    text = format(Decimal(str(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_unset(value: Any) -> bool:
    """Whether this is how ib_async says that there is nothing."""
    return value is None or (
        isinstance(value, str | float | int | Decimal) and value in ("", UNSET_DOUBLE, UNSET_INTEGER)
    )


def tag_values(value: Iterable[Any] | None) -> dict[str, str]:
    """Their list of tags and values, as ours."""
    return {str(tag): str(one) for tag, one in value or ()}


def _tags(value: Mapping[str, str]) -> list[ib_async.TagValue]:
    return [ib_async.TagValue(tag, one) for tag, one in value.items()]


def side_by_side(theirs: type, ours: type[Struct]) -> Pairs:
    """The pairs of two classes."""
    names, by_hand = _OTHER_NAMES.get(theirs, {}), _BY_HAND.get(theirs, frozenset())
    defaults = {one.name: one.default for one in struct_fields(ours)}
    hints = get_type_hints(ours)
    pairs, unknown = [], []
    for field in dataclasses.fields(theirs):
        name = names.get(field.name) or re.sub(r"(?<!^)(?=[A-Z])", "_", field.name).lower()
        if field.name in by_hand:
            continue
        default = field.default if field.default is not dataclasses.MISSING else []
        if name in defaults:
            pairs.append(Pair(field.name, name, _outward(hints[name]), _inward(default, str(field.type), hints[name])))
        else:
            unknown.append((field.name, default))
    known = {pair.ours for pair in pairs} | _HAND_MADE.get(ours, frozenset())
    unknown_to_them = tuple((name, default) for name, default in defaults.items() if name not in known)
    return Pairs(ours, tuple(pairs), tuple(unknown), unknown_to_them)


def record(pairs: Pairs, theirs: Any, **more: Any) -> Any:
    """One of our records with what their object says; `more` are the fields made by hand."""
    values = {}
    for pair in pairs.pairs:
        value = getattr(theirs, pair.theirs)
        values[pair.ours] = pair.out(value) if pair.out is tag_values or not is_unset(value) else None
    for name, default in pairs.unknown_to_us:
        value = getattr(theirs, name)
        if value != default and not is_unset(value):
            dropped[f"{type(theirs).__name__}.{name}"] += 1
    return pairs.kind(**values, **more)


def as_declared(message: Message) -> Message:
    """The message with numbers and texts as its fields declare them: stock writes whatever it is given as text, so its
    users pass a market rule's id as they have read it. Raises InvalidRequest for a text that is no number."""
    changes = {}
    for name, make, kinds in _scalars(type(message)):
        value = getattr(message, name)
        if type(value) in _SCALARS and type(value) not in kinds:
            try:
                changes[name] = make(value)
            except ValueError:
                what = f"{name} of {type(message).__name__} has to be a number, not {value!r}"
                raise InvalidRequest(what) from None
    return replace(message, **changes) if changes else message


@cache
def _scalars(kind: type[Struct]) -> tuple[tuple[str, Callable[[Any], Any], frozenset[type]], ...]:
    found = []
    for name, hint in get_type_hints(kind).items():
        kinds = frozenset(get_args(hint) or (hint,))
        if kinds <= _SCALARS | {type(None)}:
            found.append((name, _outward(hint), kinds))
    return tuple(found)


def fill(pairs: Pairs, theirs: Any, ours: Any) -> None:
    """Put into their object what our record says; what it does not say keeps their default."""
    for pair in pairs.pairs:
        value = getattr(ours, pair.ours)
        if value is not None:
            setattr(theirs, pair.theirs, pair.into(value))
    for name, default in pairs.unknown_to_them:
        if getattr(ours, name) not in (None, default):
            dropped[f"{type(ours).__name__}.{name}"] += 1


def _outward(hint: Any) -> Callable[[Any], Any]:
    """What a value of theirs becomes, by the type of our field."""
    kinds = set(get_args(hint)) or {hint}
    if any(getattr(kind, "__origin__", kind) is dict for kind in kinds) or getattr(hint, "__origin__", None) is dict:
        return tag_values
    if bool in kinds:
        return bool
    if int in kinds:
        return int
    if float in kinds:
        return float
    return _text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else number_text(value)


def _inward(default: Any, declared: str, hint: Any) -> Callable[[Any], Any]:
    """What a value of ours becomes, by the type of their default, as their own decoder goes by it.

    But a float with a whole default (a bond's coupon) stays one: their decoder fails over it.
    """
    if isinstance(default, list):
        return _tags
    if isinstance(default, bool):
        return bool
    if isinstance(default, float) or "float" in declared:
        return float
    if isinstance(default, int):
        return int
    return number_text if float in get_args(hint) else str
