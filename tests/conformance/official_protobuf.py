"""IBKR's protobuf messages: found, drawn at random from their descriptors, and told to our records by name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import ibapi.protobuf
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st
from msgspec import Struct

from ibwire.wire import messages as m
from tests.conformance.official_values import TEXTS, Values, snake_case


def messages_of(package: Any) -> dict[str, type[Message]]:
    """Every message of a package of protoc's modules, by name."""
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.endswith("_pb2"):
            file = importlib.import_module(f"{package.__name__}.{module.name}").DESCRIPTOR
            found |= {name: GetMessageClass(descriptor) for name, descriptor in file.message_types_by_name.items()}
    return found


MESSAGES = messages_of(ibapi.protobuf)

FIELDS = {
    "dailyPnL": "daily_pnl",
    "realizedPnL": "realized_pnl",
    "unrealizedPnL": "unrealized_pnl",
    "prepareDailyPnL": "prepare_daily_pnl",
    "showForexDataIn1_10Pips": "show_forex_data_in_1_10_pips",
    "trustedIPs": "trusted_ips",
    "eventContract1": "event_contract_1",
    "eventContractDescription1": "event_contract_description_1",
    "eventContractDescription2": "event_contract_description_2",
    "rule80A": "rule_80a",
}
"""Our name of a field, where it is not IBKR's in snake_case."""


def our_name(field: str) -> str:
    return FIELDS.get(field) or snake_case(field)


# --- at random -------------------------------------------------------------------------------------------------------

_KINDS = FieldDescriptor
_SCALARS: dict[int, Values] = {
    _KINDS.TYPE_INT32: st.sampled_from((0, -1, 2**31 - 1, -(2**31))) | st.integers(-(2**31), 2**31 - 1),
    _KINDS.TYPE_INT64: st.sampled_from((0, -1, 2**63 - 1, -(2**63))) | st.integers(-(2**63), 2**63 - 1),
    _KINDS.TYPE_DOUBLE: st.sampled_from((0.0, -0.0, float("inf"))) | st.floats(),
}
_SENT_WHEN_FALSE = {"isConjunctionConnection", "isMore"}
_FALSE: dict[int, tuple[Any, ...]] = {_KINDS.TYPE_STRING: ("",), _KINDS.TYPE_BOOL: (False,)}
_EDGES: dict[int, tuple[Any, ...]] = {
    _KINDS.TYPE_INT32: (0, 1, -1, 2**31 - 1, -(2**31)),
    _KINDS.TYPE_INT64: (0, 1, -1, 2**63 - 1, -(2**63)),
    _KINDS.TYPE_DOUBLE: (0.0, -0.0, 0.1, float("inf"), float("nan")),
    _KINDS.TYPE_STRING: ("x", "Zürich €5 \U0001f600"),
    _KINDS.TYPE_BOOL: (True,),
}


def alone(message: Descriptor, *, explicit: bool) -> Iterator[dict[str, Any]]:
    """Messages with one field present at a time, nested ones too; `explicit` as in `drawn`."""
    yield {}
    for field in message.fields:
        values: Iterable[Any]
        if is_map(field):
            values = [{"": ""}, {"tag": "value"}]
        elif field.type == _KINDS.TYPE_MESSAGE:
            values = alone(field.message_type, explicit=explicit)
        else:
            falsy = field.name in _SENT_WHEN_FALSE or explicit or is_repeated(field)
            values = _EDGES[field.type] + (_FALSE.get(field.type, ()) if falsy else ())
        for value in values:
            yield {field.name: [value] if is_repeated(field) and not is_map(field) else value}


def drawn(message: Descriptor, *, explicit: bool) -> Values:
    """Messages as a dict of their present fields; nested ones as dicts, repeated ones as lists.

    Unless `explicit`, texts are not empty and bools not false: our records say so by None, as IBKR's client leaves
    both out. What its users send as protobuf messages of their own (the settings of the gateway) is explicit.
    """
    kinds = {field.name: _field(field, explicit=explicit) for field in message.fields}
    if len(kinds) < 12:
        return st.fixed_dictionaries({}, optional=kinds)
    chosen = st.lists(st.sampled_from(list(kinds)), unique=True, max_size=14)
    sparse = chosen.flatmap(lambda names: st.fixed_dictionaries({name: kinds[name] for name in names}))
    return st.one_of(sparse, sparse, sparse, st.fixed_dictionaries(kinds))


def _field(field: FieldDescriptor, *, explicit: bool) -> Values:
    if is_map(field):
        return st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=3)
    if field.type == _KINDS.TYPE_MESSAGE:
        one = drawn(field.message_type, explicit=explicit)
    elif field.type == _KINDS.TYPE_STRING:
        one = TEXTS if explicit or is_repeated(field) else TEXTS.filter(bool)
    elif field.type == _KINDS.TYPE_BOOL:
        one = st.booleans() if explicit or field.name in _SENT_WHEN_FALSE else st.just(value=True)
    else:
        one = _SCALARS[field.type]
    return st.lists(one, min_size=1, max_size=3) if is_repeated(field) else one


@cache
def described(message: Descriptor) -> DescriptorProto:
    """What the schema says of a message, in the form that every version of protobuf offers."""
    copied = DescriptorProto()
    message.CopyToProto(copied)
    return copied


def is_repeated(field: FieldDescriptor) -> bool:
    return described(field.containing_type).field[field.index].label == FieldDescriptorProto.LABEL_REPEATED


def is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def build(message: Message, present: dict[str, Any]) -> Message:
    """Fills IBKR's message in."""
    message.SetInParent()
    for name, value in present.items():
        if isinstance(value, list) and isinstance(value[0], dict):
            for item in value:
                build(getattr(message, name).add(), item)
        elif isinstance(value, list):
            getattr(message, name).extend(value)
        elif isinstance(value, dict) and is_map(message.DESCRIPTOR.fields_by_name[name]):
            getattr(message, name).update(value)
        elif isinstance(value, dict):
            build(getattr(message, name), value)
        else:
            setattr(message, name, value)
    return message


def as_record(message: Descriptor, present: dict[str, Any]) -> Struct:
    """Our record with the same fields present, and no others: our defaults are taken out."""
    kind: type[Struct] = getattr(m, message.name)
    absent = {name: None for name, type_ in kind.__annotations__.items() if not type_.startswith(("tuple", "dict"))}
    ours: dict[str, Any] = {}
    for name, value in present.items():
        field = message.fields_by_name[name]
        nested = field.message_type
        if is_map(field) or nested is None:
            ours[our_name(name)] = tuple(value) if isinstance(value, list) else value
        elif isinstance(value, list):
            ours[our_name(name)] = tuple(as_record(nested, item) for item in value)
        else:
            ours[our_name(name)] = as_record(nested, value)
    return kind(**absent | ours)
