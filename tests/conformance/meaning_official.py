"""IBKR's side of the comparison: its decoder, everything it hands to its `EWrapper`, and both sides as plain data.

Scalars become their `repr`, so that 1, 1.0 and True differ, as do 0.0 and -0.0, or Decimal("100") and Decimal("1E+2").
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from enum import Enum
from typing import Any

import ibapi.decoder
import msgspec
from google.protobuf.message import Message
from ibapi.tag_value import TagValue
from ibapi.wrapper import EWrapper

from ibwire.wire import ClientProtocol, ServerHello, encode_frame
from ibwire.wire.handshake import encode_server_hello
from ibwire.wire.ids import PROTOBUF_OFFSET

SERVER_VERSION = 226

Call = tuple[str, tuple[Any, ...]]
"""The name of an EWrapper method and the arguments it was given."""

HANDLERS: dict[int, Callable[..., None]] = {
    number: info.processMeth for number, info in ibapi.decoder.Decoder.msgId2handleInfoProtoBuf.items()
}
"""By incoming id: the method of IBKR's decoder that takes its protobuf message."""


def official_class(number: int) -> type[Message]:
    """The protobuf class that IBKR's decoder parses this id with, as its code names it."""
    name = next(name for name in HANDLERS[number].__code__.co_names if name.endswith("Proto"))
    kind: type[Message] = getattr(ibapi.decoder, name)
    return kind


class _Recorder(EWrapper):
    """An EWrapper in which every method does nothing but note that it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []


def _note(name: str) -> Callable[..., None]:
    def note(self: _Recorder, *arguments: object) -> None:
        self.calls.append((name, arguments))

    return note


for _name, _method in inspect.getmembers(EWrapper, inspect.isfunction):
    if not _name.startswith("_"):
        setattr(_Recorder, _name, _note(_name))


_DECODER = ibapi.decoder.Decoder(_Recorder(), SERVER_VERSION)  # built once: it inspects every method of EWrapper


def official_calls(number: int, payload: bytes) -> tuple[list[Call], list[Call]]:
    """What IBKR's decoder makes of a payload: the calls with the protobuf message, and the classic ones."""
    recorder = _DECODER.wrapper = _Recorder()
    _DECODER.processProtoBuf(payload, number)
    raw = [call for call in recorder.calls if call[0].endswith("ProtoBuf")]
    return raw, [call for call in recorder.calls if not call[0].endswith("ProtoBuf")]


def connected() -> ClientProtocol:
    """Our receiving side, past the hello."""
    protocol = ClientProtocol()
    protocol.receive(encode_server_hello(ServerHello(SERVER_VERSION, "x")))
    return protocol


def decoded(number: int, payload: bytes) -> Any:
    """What we make of a payload: our record."""
    protocol = connected()
    messages = protocol.receive(encode_frame(number + PROTOBUF_OFFSET, payload))
    assert protocol.error is None
    assert not protocol.skipped
    (message,) = messages
    return message


_IRREGULAR = {
    "dailyPnL": "daily_pnl",
    "eventContract1": "event_contract_1",
    "eventContractDescription1": "event_contract_description_1",
    "eventContractDescription2": "event_contract_description_2",
    "prepareDailyPnL": "prepare_daily_pnl",
    "realizedPnL": "realized_pnl",
    "rule80A": "rule_80a",
    "showForexDataIn1_10Pips": "show_forex_data_in_1_10_pips",
    "unrealizedPnL": "unrealized_pnl",
}


def snake(name: str) -> str:
    """IBKR's name for a field or attribute, as we spell it."""
    return _IRREGULAR.get(name) or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def message_data(message: Message) -> dict[str, Any]:
    """A protobuf message by our field names; absent is None."""
    data: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        nested = field.message_type
        if nested is not None and nested.GetOptions().map_entry:
            data[snake(field.name)] = dict(value)
        elif field.is_repeated:
            data[snake(field.name)] = tuple(repr(v) if nested is None else message_data(v) for v in value)
        elif not message.HasField(field.name):
            data[snake(field.name)] = None
        else:
            data[snake(field.name)] = repr(value) if nested is None else message_data(value)
    return data


def record_data(record: Any) -> Any:
    """A record of ours in the form of `message_data`."""
    if isinstance(record, msgspec.Struct):
        return {field.name: record_data(getattr(record, field.name)) for field in msgspec.structs.fields(record)}
    if isinstance(record, tuple):
        return tuple(record_data(part) for part in record)
    return record if record is None or type(record) is dict else repr(record)


def call_data(calls: list[Call]) -> list[Any]:
    """Calls with IBKR's objects in them, as data that compares attribute by attribute."""
    return [(name, *(object_data(argument) for argument in arguments)) for name, arguments in calls]


def object_data(value: Any) -> Any:
    if isinstance(value, list):
        parts = [object_data(part) for part in value]
        # A tag-value list travels as a map, which has no order.
        is_map = bool(value) and all(type(part) is TagValue for part in value)
        return sorted(parts, key=repr) if is_map else parts
    if isinstance(value, set):
        return {repr(part) for part in value}
    if isinstance(value, dict):
        return {key: object_data(part) for key, part in value.items()}
    if type(value).__module__.startswith("ibapi.") and not isinstance(value, Enum):
        return {"class": type(value).__name__} | {name: object_data(part) for name, part in vars(value).items()}
    return repr(value)
