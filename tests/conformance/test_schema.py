"""Our schema, ids and versions are those of IBKR's client."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from ibapi import server_versions as versions
from ibapi.common import PROTOBUF_MSG_ID, getServerVersionForMessage
from ibapi.decoder import Decoder
from ibapi.message import IN, OUT

from ibwire.wire import schema
from ibwire.wire.handshake import MAX_SERVER_VERSION, MIN_SERVER_VERSION, OFFERED_MIN_VERSION
from ibwire.wire.ids import (
    INCOMING,
    OUTGOING,
    PROTOBUF_OFFSET,
    SINCE,
    TEXT_ONLY,
    BondContractData,
    Incoming,
    Outgoing,
)
from ibwire.wire.schema.converters import CONVERTERS
from tests.conformance.official_protobuf import FIELDS, MESSAGES, described, messages_of, our_name

F = FieldDescriptorProto
OURS = messages_of(schema)


def _description(message: Descriptor, *, rename: bool) -> dict[int, tuple[Any, ...]]:
    """Of every field what is on the wire or what a user sees: name, type, label, presence, oneof, kind of map.

    A message as a field has presence whether or not the schema calls it optional; that word alone is no difference.
    """
    whole = described(message)
    maps = {
        nested.name: [(one.name, one.number, one.type, one.label) for one in nested.field]
        for nested in whole.nested_type
        if nested.options.map_entry
    }
    assert len(maps) == len(whole.nested_type), "a nested message that is no map"

    def describe(field: FieldDescriptorProto) -> tuple[Any, ...]:
        in_oneof = field.HasField("oneof_index") and not field.proto3_optional
        type_name = field.type_name.rsplit(".", 1)[-1]
        return (
            our_name(field.name) if rename else field.name,
            F.Type.Name(field.type),
            F.Label.Name(field.label),
            message.fields_by_number[field.number].has_presence,
            whole.oneof_decl[field.oneof_index].name if in_oneof else None,
            type_name,
            maps.get(type_name),
            str(field.options),
        )

    return {field.number: describe(field) for field in whole.field}


def test_all_messages_are_there():
    assert len(MESSAGES) == 200
    assert OURS.keys() == MESSAGES.keys() == {record.__name__ for record in CONVERTERS}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_has_the_fields_of_theirs(name: str):
    ours, theirs = OURS[name].DESCRIPTOR, MESSAGES[name].DESCRIPTOR
    assert _description(ours, rename=False) == _description(theirs, rename=True)


def test_every_exception_to_the_names_is_used():
    used = {field.name for message in MESSAGES.values() for field in message.DESCRIPTOR.fields}
    assert FIELDS.keys() <= used


def test_ids():
    assert {one.name: one.value for one in Incoming} == {one.name: one.value for one in IN}
    assert {one.name: one.value for one in Outgoing} == {one.name: one.value for one in OUT}
    assert PROTOBUF_OFFSET == PROTOBUF_MSG_ID


def test_text_only_ids():
    assert set(INCOMING) == set(Decoder.msgId2handleInfoProtoBuf)
    assert set(IN) - set(Decoder.msgId2handleInfoProtoBuf) == TEXT_ONLY


@pytest.mark.parametrize("number", INCOMING, ids=lambda number: number.name)
def test_an_incoming_id_carries_the_message_their_decoder_reads(number: Incoming):
    """The first thing their decoder does with a payload is to hand it to its user, parsed."""
    wrapper = MagicMock()
    Decoder(wrapper, MAX_SERVER_VERSION).processProtoBuf(b"", number)
    handed = wrapper.method_calls[0].args[0]
    kind = INCOMING[number]
    assert handed.DESCRIPTOR.name == ("ContractData" if kind is BondContractData else kind.__name__)


def test_versions():
    since = {number: getServerVersionForMessage(OUT(number)) for number in OUTGOING}
    in_table = {number: version for number, version in since.items() if version != float("inf")}
    assert max(in_table.values()) == MIN_SERVER_VERSION
    assert {number: version for number, version in in_table.items() if version > MIN_SERVER_VERSION} == {}
    # Four requests were protobuf from their first day, and are no part of that table.
    assert since.keys() - in_table.keys() == SINCE.keys()
    assert {
        Outgoing.CANCEL_CONTRACT_DATA: versions.MIN_SERVER_VER_CANCEL_CONTRACT_DATA,
        Outgoing.CANCEL_HISTORICAL_TICKS: versions.MIN_SERVER_VER_CANCEL_CONTRACT_DATA,
        Outgoing.REQ_CONFIG: versions.MIN_SERVER_VER_CONFIG,
        Outgoing.UPDATE_CONFIG: versions.MIN_SERVER_VER_UPDATE_CONFIG,
    } == SINCE
    assert (versions.MIN_CLIENT_VER, versions.MAX_CLIENT_VER) == (OFFERED_MIN_VERSION, MAX_SERVER_VERSION)


def test_the_generated_code_is_that_of_the_schema(monkeypatch: pytest.MonkeyPatch):
    path = Path(__file__).parents[2] / "tools" / "generate_wire.py"
    spec = importlib.util.spec_from_file_location("generate_wire", path)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "generate_wire", tool)  # its dataclasses look themselves up
    spec.loader.exec_module(tool)
    assert tool.schema_digest() == schema.DIGEST, "run `make wire`"
