"""Messages to frames and frame payloads to messages.

Our records on one side, protobuf's C-backed classes on the other. An absent field is None both ways. What IBKR's own
client leaves out when sending (empty text, false) is left out here too; see `schema/README.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from ibwire.exceptions import InvalidMessage
from ibwire.wire.framing import ID_BYTES, MAX_FRAME_BYTES, encode_frame
from ibwire.wire.ids import INCOMING, OUTGOING, PROTOBUF_OFFSET, BondContractData
from ibwire.wire.messages import ContractData
from ibwire.wire.schema.converters import CONVERTERS

Message = Struct
"""Any record of `ibwire.wire.messages`."""

_REFUSALS = (TypeError, ValueError, AttributeError, OverflowError)
"""What converting or serialising a value raises if the wire cannot carry it."""

Parser = tuple[Callable[[bytes], object], Callable[[Any, Any], Message], Any, Any]
"""How to decode one kind of message: parse a payload into a protobuf message, and turn that, given with its HasField,
into a record; the message and its HasField."""


class Decoder(Struct, frozen=True):
    """One kind of message: protobuf's class for it and the function that turns such a message into our record."""

    proto: Callable[[], Any]
    convert: Callable[[Any, Any], Message]

    def parser(self) -> Parser:
        """A parser that reuses one protobuf message for every payload, which costs a third of a new one for each.

        What is parsed leaves its text behind in the message's memory: do not use a parser for ever.
        """
        message = self.proto()
        return message.ParseFromString, self.convert, message, message.HasField


def _bond_contract_data(parsed: Any, has: Any) -> BondContractData:
    data: ContractData = CONVERTERS[ContractData][1](parsed, has)
    return BondContractData(data.req_id, data.contract, data.contract_details)


def _decoders(table: Mapping[Any, type[Message]]) -> dict[int, Decoder]:
    return {
        number + PROTOBUF_OFFSET: Decoder(CONVERTERS[kind][0], CONVERTERS[kind][1])
        for number, kind in table.items()
        if kind in CONVERTERS
    }


SERVER_MESSAGES: dict[int, Decoder] = _decoders(INCOMING)
"""By id on the wire: how to decode what a gateway sends."""

CLIENT_MESSAGES: dict[int, Decoder] = _decoders(OUTGOING)
"""By id on the wire: how to decode what a client sends."""

WIRE_IDS: dict[type[Message], int] = {
    kind: number + PROTOBUF_OFFSET for table in (INCOMING, OUTGOING) for number, kind in table.items()
}
"""The id on the wire of every message that travels on its own."""

_ENCODERS = {kind: (CONVERTERS[kind][0], CONVERTERS[kind][2]) for kind in WIRE_IDS if kind in CONVERTERS}

_bond_id = next(number for number, kind in INCOMING.items() if kind is BondContractData) + PROTOBUF_OFFSET
SERVER_MESSAGES[_bond_id] = Decoder(CONVERTERS[ContractData][0], _bond_contract_data)
_ENCODERS[BondContractData] = _ENCODERS[ContractData]


def encode(message: Message) -> bytes:
    """The frame that carries `message`.

    Raises InvalidMessage if it is no message of its own (a mere part of one), or if a field holds what the wire cannot
    carry; the error names the field and the value.
    """
    kind = type(message)
    encoder = _ENCODERS.get(kind)
    if encoder is None:
        raise InvalidMessage(f"{kind.__name__} is not a message that can be sent on its own")
    try:
        payload = _serialised(message, *encoder)
    except _REFUSALS as error:
        raise InvalidMessage(f"{_culprit(message) or kind.__name__}: {error}") from error
    if len(payload) > MAX_FRAME_BYTES - ID_BYTES:
        raise InvalidMessage(f"{kind.__name__} takes {len(payload)} bytes; a frame holds {MAX_FRAME_BYTES}")
    return encode_frame(WIRE_IDS[kind], payload)


def _serialised(message: Message, proto: Callable[[], Any], convert: Callable[[Message, Any], None]) -> bytes:
    written = proto()
    convert(message, written)
    payload: bytes = written.SerializeToString()
    return payload


def _culprit(message: Message) -> str | None:
    """The path and value of the first field that cannot be encoded, for the error of `encode`."""
    kind = type(message)
    proto, _, convert = CONVERTERS[ContractData if kind is BondContractData else kind]
    empty = {field.name: _empty(field) for field in fields(kind)}
    for name in empty:
        value = getattr(message, name)
        for part in value if isinstance(value, tuple) else (value,):
            inner = _culprit(part) if type(part) in CONVERTERS else None
            if inner is not None:
                return f"{kind.__name__}.{name}: {inner}"
        try:
            _serialised(kind(**{**empty, name: value}), proto, convert)
        except _REFUSALS:
            return f"{kind.__name__}.{name} = {value!r}"
    return None


def _empty(field: FieldInfo) -> Any:
    """A field left out: None, or no elements."""
    if field.default_factory is not NODEFAULT:
        return field.default_factory()
    return () if isinstance(field.default, tuple) else None
