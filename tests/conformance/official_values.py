"""What a user hands to a request, told without either library, and how each of the two is told it.

`Given(Order, {"lmtPrice": 1.5})` is an object of IBKR's client by the attributes its user sets. `official` builds
IBKR's object from it and `translate` our record, both from the same values: neither looks at what the other has built,
and what is not set is left to each library's own defaults.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from ibapi import order_condition as conditions
from ibapi.common import WshEventData
from ibapi.const import UNSET_DECIMAL, UNSET_DOUBLE, UNSET_INTEGER, UNSET_LONG
from ibapi.contract import ComboLeg, Contract, DeltaNeutralContract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order, OrderComboLeg
from ibapi.order_cancel import OrderCancel
from ibapi.scanner import ScannerSubscription
from ibapi.softdollartier import SoftDollarTier
from ibapi.tag_value import TagValue
from msgspec import Struct

from ibwire.wire import messages as m

Values = st.SearchStrategy[Any]


@dataclass(frozen=True)
class Given:
    """An object of IBKR's client, by the attributes that its user sets."""

    kind: type
    values: dict[str, Any]


@dataclass(frozen=True)
class Tags:
    """A list of tag-value pairs; a tag may come twice, and then the last one counts."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Kind:
    """One sort of value: what may be given, cases to try in any event, and the value in our record."""

    values: Values
    edges: tuple[Any, ...]
    translate: Callable[[Any], Any]


def kind_of(edges: tuple[Any, ...], translate: Callable[[Any], Any], *others: Values) -> Kind:
    return Kind(st.one_of(st.sampled_from(edges), *others), edges, translate)


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def unless(unset: Any) -> Callable[[Any], Any]:
    """IBKR's value for "not set" is our None."""
    return lambda value: None if value == unset else value


def plain(value: Any) -> str | None:
    """Plain decimal notation: every digit, no exponent."""
    return None if value == UNSET_DECIMAL else format(Decimal(str(value)), "f")


def official(value: Any) -> Any:
    """The value as a user of IBKR's client would hand it over."""
    if isinstance(value, Tags):
        return [TagValue(tag, text) for tag, text in value.pairs]
    if isinstance(value, list):
        return [official(item) for item in value]
    if not isinstance(value, Given):
        return value
    built = value.kind()
    for name, item in value.values.items():
        setattr(built, name, official(item))
    return built


# --- plain values ----------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_numbers = (0, 1, -1, 2**31 - 2, -(2**31), UNSET_INTEGER)
_doubles = (
    UNSET_DOUBLE, 0.0, -0.0, 100, -37.63, 0.1, 5e-324, 1e300, -UNSET_DOUBLE, float(UNSET_INTEGER),
    float("inf"), float("-inf"), float("nan"),
)  # fmt: skip
_decimals = (
    UNSET_DECIMAL, Decimal(0), Decimal("-0"), Decimal("0.00"), Decimal("1E+3"), Decimal("-1.50E-10"),
    Decimal(10**40 + 1), 100, 0.1, 1e22, 1e-7, "7.50",
)  # fmt: skip

INT = kind_of(_numbers, unless(UNSET_INTEGER), st.integers(-(2**31), 2**31 - 1))
LONG = kind_of((*_numbers, 2**63 - 2, -(2**63), UNSET_LONG), unless(UNSET_LONG), st.integers(-(2**63), 2**63 - 1))
FLOAT = kind_of(_doubles, unless(UNSET_DOUBLE), st.floats(), st.integers(-(2**60), 2**60))
TEXT = kind_of(("", "SMART", "Zürich €5 \U0001f600", "a\0b\n", "x" * 300, None), lambda value: value, TEXTS)
BOOL = kind_of((True, False), lambda value: value)
SWITCH = kind_of((True, False, 1, 0), bool)
"""What IBKR calls an int and means as a bool, such as useRTH."""
TRISTATE = kind_of((None, True, False, 1, 0), lambda value: None if value is None else int(bool(value)))
DECIMAL = kind_of(
    _decimals,
    plain,
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.builds(lambda digits, shift: Decimal(f"{digits}E{shift}"), st.integers(), st.integers(-12, 12)),
)
TAGS = kind_of(
    (None, Tags(()), Tags((("adaptivePriority", "Urgent"),)), Tags((("", ""),)), Tags((("a", "1"), ("a", "2")))),
    lambda value: dict(value.pairs) if value else {},
    st.lists(st.tuples(TEXTS, TEXTS), max_size=4).map(lambda pairs: Tags(tuple(pairs))),
)
DATES = kind_of((None, [], [20260405], [0, -1, 2**31 - 1]), lambda value: tuple(value or ()))
MULTIPLIER = kind_of(
    ("", None, "100", "0", "0.01", "-1e3", 0, 50), lambda value: float(value) if value else None, st.floats().map(str)
)

# Where IBKR's client takes a sentinel of another type than the field has: it is that which stands for "not set".
AMOUNT = kind_of(_doubles, unless(UNSET_INTEGER), st.floats())
PERCENT = kind_of((*_numbers, UNSET_DOUBLE), unless(UNSET_DOUBLE), st.integers(-(2**31), 2**31 - 1))

BY_DEFAULT = {bool: BOOL, int: INT, float: FLOAT, str: TEXT, Decimal: DECIMAL}


# --- objects ---------------------------------------------------------------------------------------------------------

ATTRIBUTES: dict[type, dict[str, Kind]] = {}
"""Every attribute of every class of IBKR's client that a request carries."""

RECORDS: dict[type, type[Struct]] = {}
"""Our record for each of these classes."""

CONDITION_TYPES = {
    conditions.PriceCondition: 1,
    conditions.TimeCondition: 3,
    conditions.MarginCondition: 4,
    conditions.ExecutionCondition: 5,
    conditions.VolumeCondition: 6,
    conditions.PercentChangeCondition: 7,
}

NAMES = {
    (Contract, "primaryExchange"): "primary_exch",
    (ComboLeg, "shortSaleSlot"): "short_sales_slot",
    (SoftDollarTier, "val"): "value",
    (Order, "rule80A"): "rule_80a",
}
"""Our field for an attribute, where it is not the attribute's name in snake_case."""

NEVER_SENT = {
    Contract: {"lastTradeDate"},
    Order: {
        *("orderId", "parentPermId", "filledQuantity", "refFuturesConId", "autoCancelDate", "shareholder"),
        *("auctionStrategy", "basisPoints", "basisPointsType"),  # these have no field at all
    },
}
"""Attributes that IBKR's client has and does not send: set or not, the bytes are the same."""

ATTACHED = ("slOrderId", "slOrderType", "ptOrderId", "ptOrderType")
"""Attributes of IBKR's Order that travel next to it, in AttachedOrders."""

ELSEWHERE = {Order: {"orderComboLegs", *ATTACHED}}


def describe(kind: type, record: type[Struct], **special: Kind) -> Kind:
    """Enters a class into the tables; a kind not given is taken from the attribute's default value."""
    defaults = {name: default for name, default in vars(kind()).items() if name != "condType"}
    ATTRIBUTES[kind] = {name: special.get(name) or BY_DEFAULT[type(default)] for name, default in defaults.items()}
    RECORDS[kind] = record
    assert special.keys() <= defaults.keys()
    return Kind(givens(kind), (Given(kind, least(kind)),), translate)


def least(kind: type) -> dict[str, Any]:
    """What has to be set before IBKR's client can send an object: of a condition everything, of all others nothing."""
    return {name: one.edges[1] for name, one in ATTRIBUTES[kind].items()} if kind in CONDITION_TYPES else {}


def givens(kind: type) -> Values:
    """Objects with some attributes set or all; conditions always with all (see `least`)."""
    kinds = {name: one.values for name, one in ATTRIBUTES[kind].items()}
    dense = st.fixed_dictionaries(kinds)
    if kind in CONDITION_TYPES:
        drawn = dense
    elif len(kinds) < 12:
        drawn = st.fixed_dictionaries({}, optional=kinds)
    else:
        chosen = st.lists(st.sampled_from(list(kinds)), unique=True, max_size=14)
        sparse = chosen.flatmap(lambda names: st.fixed_dictionaries({name: kinds[name] for name in names}))
        drawn = st.one_of(sparse, sparse, sparse, dense)
    return drawn.map(lambda values: Given(kind, values))


def translate(given: Given) -> Any:
    """Our record with the same fields set."""
    kinds, kind = ATTRIBUTES[given.kind], given.kind
    aside = NEVER_SENT.get(kind, set()) | ELSEWHERE.get(kind, set())
    fields = {field_name(kind, name): kinds[name].translate(v) for name, v in given.values.items() if name not in aside}
    if kind in CONDITION_TYPES:
        fields["type"] = CONDITION_TYPES[kind]
    return RECORDS[kind](**fields)


def field_name(kind: type, attribute: str) -> str:
    return NAMES.get((kind, attribute)) or snake_case(attribute)


def or_none(kind: Kind) -> Kind:
    def translated(value: Any) -> Any:
        return None if value is None else kind.translate(value)

    return Kind(st.none() | kind.values, (*kind.edges, None), translated)


def many(*kinds: Kind) -> Kind:
    """A list of objects, empty or absent too."""

    def translated(value: list[Given] | None) -> tuple[Any, ...]:
        return tuple(translate(item) for item in value or ())

    lists = st.lists(st.one_of(*[kind.values for kind in kinds]), max_size=3)
    return kind_of((None, [], [kind.edges[0] for kind in kinds]), translated, lists)


_condition = {"exchange": TEXT, "isMore": BOOL, "conId": INT}
_more = {"isMore": BOOL}

COMBO_LEG = describe(ComboLeg, m.ComboLeg)
DELTA_NEUTRAL = describe(DeltaNeutralContract, m.DeltaNeutralContract)
CONTRACT = describe(
    Contract,
    m.Contract,
    multiplier=MULTIPLIER,
    comboLegs=many(COMBO_LEG),
    deltaNeutralContract=or_none(DELTA_NEUTRAL),
)
TIER = describe(SoftDollarTier, m.SoftDollarTier)
LEG_PRICE = describe(OrderComboLeg, m.ComboLeg)
CONDITIONS = (
    describe(conditions.PriceCondition, m.OrderCondition, **_condition, price=FLOAT, triggerMethod=INT),
    describe(conditions.TimeCondition, m.OrderCondition, **_more, time=TEXT),
    describe(conditions.MarginCondition, m.OrderCondition, **_more, percent=PERCENT),
    describe(conditions.ExecutionCondition, m.OrderCondition, secType=TEXT, exchange=TEXT, symbol=TEXT),
    describe(conditions.VolumeCondition, m.OrderCondition, **_condition, volume=INT),
    describe(conditions.PercentChangeCondition, m.OrderCondition, **_condition, changePercent=FLOAT),
)
ORDER = describe(
    Order,
    m.Order,
    permId=LONG,
    parentPermId=LONG,
    discretionaryAmt=AMOUNT,
    softDollarTier=or_none(TIER),
    algoParams=TAGS,
    smartComboRoutingParams=TAGS,
    orderMiscOptions=TAGS,
    usePriceMgmtAlgo=TRISTATE,
    seekPriceImprovement=TRISTATE,
    routeMarketableToBbo=TRISTATE,
    conditions=many(*CONDITIONS),
    orderComboLegs=many(LEG_PRICE),
)
CANCEL = describe(OrderCancel, m.OrderCancel)
EXECUTIONS = describe(ExecutionFilter, m.ExecutionFilter, specificDates=DATES)
SCANNER = describe(ScannerSubscription, m.ScannerSubscription)
EVENTS = describe(WshEventData, m.WshEventDataRequest)
