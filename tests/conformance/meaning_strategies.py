"""Random protobuf messages of IBKR's own classes, built from their descriptors; nothing here knows ibwire.

Every field may be present or absent; strings, numbers and lists take any value the wire can carry. The exceptions are
the fields whose text IBKR's decoder turns into a number, which raises on anything else, and the ones in `_SPECIAL`,
where a few values mean more than all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from math import inf
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)
DOUBLE_MAX = 1.7976931348623157e308

DECIMAL_TEXT = {
    "ContractDetails": {
        "minTick",
        "minSize",
        "sizeIncrement",
        "suggestedSizeIncrement",
        "minAlgoSize",
        "lastPricePrecision",
        "lastSizePrecision",
    },
    "Execution": {"shares", "cumQty"},
    "HistogramDataEntry": {"size"},
    "HistoricalDataBar": {"volume", "WAP"},
    "HistoricalTick": {"size"},
    "HistoricalTickBidAsk": {"sizeBid", "sizeAsk"},
    "HistoricalTickLast": {"size"},
    "MarketDepthData": {"size"},
    "Order": {"totalQuantity", "filledQuantity"},
    "OrderAllocation": {"position", "positionDesired", "positionAfter", "desiredAllocQty", "allowedAllocQty"},
    "OrderState": {"suggestedSize"},
    "OrderStatus": {"filled", "remaining"},
    "PnLSingle": {"position"},
    "PortfolioValue": {"position"},
    "Position": {"position"},
    "PositionMulti": {"position"},
    "RealTimeBarTick": {"volume", "WAP"},
    "TickPrice": {"size"},
    "TickReqParams": {"minTick"},
    "TickSize": {"size"},
}
"""Text that IBKR's decoder turns into a Decimal or a float: by message, the fields."""

INTEGER_TEXT = {"CommissionAndFeesReport": {"yieldRedemptionDate"}}
"""Text that IBKR's decoder turns into an int."""

CONDITION_TYPES = (1, 3, 4, 5, 6, 7)

_INT32 = (0, 1, -1, *INT32)
_INT64 = (*_INT32, *INT64)
_DOUBLE = (0.0, -0.0, -1.0, -2.0, DOUBLE_MAX, 5e-324, inf, -inf)
_TEXT = ("", "0", "\0", " SMART ", "日本€🙂", "é\u0301\uffff")
_DECIMAL_TEXT = ("0", "-1", "100", "100.0", "0.0001", "1E+2", str(2**127 - 1), "Infinity", "NaN", "  7 ")
_EXTREMES: dict[int, tuple[Any, ...]] = {
    FieldDescriptor.TYPE_INT32: _INT32,
    FieldDescriptor.TYPE_INT64: _INT64,
    FieldDescriptor.TYPE_DOUBLE: _DOUBLE,
    FieldDescriptor.TYPE_BOOL: (False, True),
    FieldDescriptor.TYPE_STRING: _TEXT,
}
EXTREMES = max(len(_DECIMAL_TEXT), *(len(values) for values in _EXTREMES.values()))
"""How many different values `extreme_message` has for a field."""

_int32 = st.sampled_from(_INT32) | st.integers(*INT32)
_int64 = st.sampled_from(_INT64) | st.integers(*INT64)
_double = st.sampled_from(_DOUBLE) | st.floats(allow_nan=False)
_anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)  # all of Unicode but lone surrogates
_text = st.sampled_from(_TEXT) | _anything
_decimal_text = st.sampled_from(_DECIMAL_TEXT) | st.decimals(allow_nan=False, allow_infinity=False).map(str)
_integer_text = st.sampled_from(("0", "20260418")) | st.integers(*INT64).map(str)
_tick_type = st.integers(0, 112) | _int32
_dates = st.sampled_from(
    (
        "",
        "-",
        "202606",
        "20260618 08:30 US/Central",
        "20260618-08:30:00",
        "20260618-08:30-US/Central-x",
        " \t20260618\n ",
    )
)

_SCALARS = {
    FieldDescriptor.TYPE_INT32: _int32,
    FieldDescriptor.TYPE_INT64: _int64,
    FieldDescriptor.TYPE_DOUBLE: _double,
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_STRING: _text,
}

_SPECIAL: dict[tuple[str, str], st.SearchStrategy[Any]] = {
    ("TickPrice", "tickType"): st.sampled_from((1, 2, 4, 66, 67, 68)) | _tick_type,
    ("TickSize", "tickType"): _tick_type,
    ("TickString", "tickType"): _tick_type,
    ("TickGeneric", "tickType"): _tick_type,
    ("TickByTickData", "tickType"): st.integers(0, 5),
    ("OrderCondition", "type"): st.sampled_from(CONDITION_TYPES) | st.integers(-1, 9),
    ("Execution", "optExerciseOrLapseType"): st.sampled_from((-1, 1, 2, 3, 100, 101, 102, 103, 200)) | _int32,
    ("Contract", "lastTradeDateOrContractMonth"): _dates | _text,
    ("ContractDetails", "fundAssetType"): st.sampled_from(("None", *(f"00{n}" for n in range(9)))) | _text,
    ("ContractDetails", "fundDistributionPolicyIndicator"): st.sampled_from(("None", "N", "Y")) | _text,
}


def messages(kind: type[Message]) -> st.SearchStrategy[Message]:
    """Messages of one of IBKR's classes, with anything in them."""
    return _messages(kind.DESCRIPTOR)


@cache
def _messages(descriptor: Descriptor) -> st.SearchStrategy[Message]:
    kind = GetMessageClass(descriptor)
    fill = [_filler(field) for field in descriptor.fields]
    everything = (1 << len(fill)) - 1
    size = (len(fill) + 7) // 8
    presence = st.just(everything) | st.binary(min_size=size, max_size=size).map(lambda b: int.from_bytes(b, "little"))
    choices = [
        st.sampled_from([descriptor.fields.index(field) for field in oneof.fields])
        for oneof in descriptor.oneofs
        if len(oneof.fields) > 1
    ]
    exclusive = {
        descriptor.fields.index(f) for oneof in descriptor.oneofs if len(oneof.fields) > 1 for f in oneof.fields
    }

    @st.composite
    def build(draw: st.DrawFn) -> Message:
        message = kind()
        present = draw(presence) if fill else 0
        chosen = {draw(choice) for choice in choices}
        for number, put in enumerate(fill):
            if present >> number & 1 and (number not in exclusive or number in chosen):
                put(message, draw)
        return message

    return build()


def _filler(field: FieldDescriptor) -> Callable[[Message, st.DrawFn], None]:
    """Sets one field of a message to something drawn."""
    name = field.name
    strategy = _values(field)
    if _is_map(field):
        entries = st.dictionaries(strategy, _text, max_size=3)
        return lambda message, draw: getattr(message, name).update(draw(entries))
    if field.is_repeated:
        several = st.lists(strategy, min_size=1, max_size=3)
        if field.message_type is not None and field.message_type.name == "OrderCondition":
            several = several.map(_known_first)
        return lambda message, draw: getattr(message, name).extend(draw(several))
    if field.message_type is not None:
        return lambda message, draw: getattr(message, name).CopyFrom(draw(strategy))
    return lambda message, draw: setattr(message, name, draw(strategy))


def _values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    owner = field.containing_type.name
    if (owner, field.name) in _SPECIAL:
        return _SPECIAL[owner, field.name]
    if field.name in DECIMAL_TEXT.get(owner, ()):
        return _decimal_text
    if field.name in INTEGER_TEXT.get(owner, ()):
        return _integer_text
    if _is_map(field):
        return _text
    return _SCALARS[field.type] if field.message_type is None else _messages(field.message_type)


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _known_first(conditions: list[Message]) -> list[Message]:
    """IBKR's decoder raises UnboundLocalError when the first of an order's conditions is of a type it does not know."""
    if conditions[0].type not in CONDITION_TYPES:
        conditions[0].type = CONDITION_TYPES[0]
    return conditions


def full_message(kind: type[Message], numbers: Iterator[int]) -> Message:
    """One message with every field present and hardly a value used twice, so that swapped fields show."""

    def distinct(field: FieldDescriptor) -> Any:
        owner, number = field.containing_type.name, next(numbers)
        if (owner, field.name) == ("OrderCondition", "type"):
            return CONDITION_TYPES[number % len(CONDITION_TYPES)]
        if field.type == FieldDescriptor.TYPE_BOOL:
            return bool(number % 2)
        if field.type == FieldDescriptor.TYPE_DOUBLE:
            return number + 0.5
        if field.type == FieldDescriptor.TYPE_STRING:
            return str(number) if _is_numeric_text(field) else f"{field.name}{number}"
        return number

    return _filled(kind, distinct)


def extreme_message(kind: type[Message], which: int) -> Message:
    """One message with every field present, each at the same one of the extremes of its type."""

    def extreme(field: FieldDescriptor) -> Any:
        if (field.containing_type.name, field.name) == ("OrderCondition", "type"):
            return CONDITION_TYPES[which % len(CONDITION_TYPES)]
        if field.name in INTEGER_TEXT.get(field.containing_type.name, ()):
            return str(_INT64[which % len(_INT64)])
        values = _DECIMAL_TEXT if _is_numeric_text(field) else _EXTREMES[field.type]
        return values[which % len(values)]

    return _filled(kind, extreme)


def _filled(kind: type[Message], value_of: Callable[[FieldDescriptor], Any]) -> Message:
    """One message with every field present, lists and maps with two entries."""

    def one(field: FieldDescriptor) -> Any:
        nested = field.message_type
        return value_of(field) if nested is None else _filled(GetMessageClass(nested), value_of)

    message = kind()
    for field in kind.DESCRIPTOR.fields:
        if _is_map(field):
            entry = field.message_type.fields_by_name
            pairs = [(value_of(entry["key"]), value_of(entry["value"])) for _ in range(2)]
            getattr(message, field.name).update(pairs)
        elif field.is_repeated:
            getattr(message, field.name).extend([one(field), one(field)])
        elif field.message_type is not None:
            getattr(message, field.name).CopyFrom(one(field))
        else:
            setattr(message, field.name, one(field))
    return message


def _is_numeric_text(field: FieldDescriptor) -> bool:
    owner = field.containing_type.name
    return field.name in DECIMAL_TEXT.get(owner, ()) or field.name in INTEGER_TEXT.get(owner, ())
