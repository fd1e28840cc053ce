"""One side's receiving half: any bytes, in any chunks, give the same messages and at most one error."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.exceptions import HandshakeFailed, ProtocolError, UnsupportedServerVersion
from ibwire.wire import messages as m
from ibwire.wire.codec import encode
from ibwire.wire.framing import FrameDecoder, encode_frame, encode_text_frame
from ibwire.wire.handshake import ClientHello, ServerHello, encode_client_hello, encode_server_hello
from ibwire.wire.protocol import OTHER_IDS, ClientProtocol, ServerProtocol, SkippedFrame
from tests.helpers.campaigns import campaign

Side = type[ClientProtocol] | type[ServerProtocol]

LONGEST = 1024
"""The longest frame in the random tests, in place of 16 MiB."""

SERVER_HELLO = ServerHello(226, "20260405 23:49:26 US/Eastern")
CLIENT_HELLO = ClientHello(100, 226, "+PACEAPI")
HELLOS: dict[Side, bytes] = {
    ClientProtocol: encode_server_hello(SERVER_HELLO),
    ServerProtocol: encode_client_hello(CLIENT_HELLO),
}
SENT: dict[Side, list[Any]] = {
    ClientProtocol: [
        m.NextValidId(1),
        m.OpenOrdersEnd(),
        m.TickPrice(req_id=1, tick_type=4, price=101.25, size="7", attr_mask=0),
        m.ErrorMessage(id=-1, error_code=2104, error_msg="Market data farm connection is OK:usfarm"),
        m.ContractData(3, m.Contract(symbol="AAPL"), m.ContractDetails(sec_id_list={"ISIN": "US0378331005"})),
        m.OpenOrder(order_id=1, contract=m.Contract(), order=m.Order(), order_state=m.OrderState(status="Submitted")),
    ],
    ServerProtocol: [
        m.StartApiRequest(7),
        m.CurrentTimeRequest(),
        m.MarketDataRequest(req_id=1, contract=m.Contract(symbol="日経", combo_legs=(m.ComboLeg(ratio=2),))),
        m.PlaceOrderRequest(order_id=1, order=m.Order(action="BUY", total_quantity="100", algo_params={"a": "b"})),
    ],
}
NO_MESSAGE = [encode_frame(47, b"1\x002\x00"), encode_frame(199, b""), encode_frame(999, b"\xff" * 9)]
BROKEN: dict[Side, list[bytes]] = {
    ClientProtocol: [
        encode_frame(215, b"\n\x02\xff\xfe"),  # ManagedAccounts, text that is no UTF-8
        encode_frame(209, b"\x08"),  # NextValidId cut short
        encode_frame(204, b"\x22\x7fab"),  # ErrorMessage, a text longer than its message
        encode_frame(201, b"\x08" + b"\xff" * 11),  # TickPrice, a number without end
        encode_frame(211, b"\x00\x00"),  # ExecutionDetails, a field numbered 0
    ],
    ServerProtocol: [
        encode_frame(271, b"\x12\x02\xff\xfe"),  # StartApiRequest, text that is no UTF-8
        encode_frame(208, b"\x08"),  # IdsRequest cut short
        encode_frame(281, b"\x12\x7fab"),  # MatchingSymbolsRequest, a text longer than its message
        encode_frame(203, b"\x08" + b"\xff" * 11),  # PlaceOrderRequest, a number without end
        encode_frame(209, b"\x00\x00"),  # ContractDataRequest, a field numbered 0
    ],
}
BAD_LENGTHS = [struct.pack(">II", length, 209) for length in (3, LONGEST + 1)]

both_sides = pytest.mark.parametrize("side", [ClientProtocol, ServerProtocol])
cuts = st.lists(st.integers(0, 700), max_size=10)


def chunked(data: bytes, at: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(min(position, len(data)) for position in at), len(data)]
    return [data[start:stop] for start, stop in pairwise(edges)]


def by_byte(data: bytes) -> list[bytes]:
    return chunked(data, range(len(data)))


def shown(message: Any) -> tuple[type, str]:
    """A message as text, in which NaN equals NaN."""
    return type(message), repr(msgspec.to_builtins(message))


def outcome(side: Side, chunks: Sequence[bytes]) -> tuple[list[tuple[type, str]], dict[int, int], object]:
    """What comes of the chunks: messages, frames skipped, the error.

    The text of an error is left out before the hello is complete: it shows as much as had arrived.
    """
    protocol = side()
    protocol._frames = FrameDecoder(LONGEST)
    received: list[Any] = []
    for chunk in chunks:
        error = protocol.error
        new = protocol.receive(chunk)
        assert error is None or (new == [] and protocol.error is error)
        assert protocol._frames.pending_bytes <= 4096 + 4 + len(chunk)
        received += new
        assert not received or protocol._frames.pending_bytes < LONGEST + 4
    error, messages = protocol.error, [shown(message) for message in received]
    if error is None:
        return messages, protocol.skipped, None
    if not received:
        expected = {HandshakeFailed, UnsupportedServerVersion} if side is ClientProtocol else {ProtocolError}
        assert type(error) in expected
        return messages, protocol.skipped, type(error)
    assert type(error) is ProtocolError
    return messages, protocol.skipped, (str(error), error.message_id, error.length)


def assert_same_in_any_chunks(side: Side, stream: bytes, at: list[int]) -> None:
    whole = outcome(side, [stream])
    assert outcome(side, chunked(stream, at)) == whole
    assert outcome(side, by_byte(stream)) == whole
    if whole[2] is not None:
        assert outcome(side, [stream, encode(SENT[side][0])]) == whole


@st.composite
def valid_streams(draw: st.DrawFn, side: Side) -> tuple[bytes, list[Any], list[bytes]]:
    """A hello and what may follow it: the bytes, what comes of them, the frames that are skipped.

    A client passes over what it cannot read; a gateway is told, in its place, to say so.
    """
    parts = draw(st.lists(st.sampled_from(SENT[side]) | st.sampled_from(NO_MESSAGE), max_size=6))
    stream = HELLOS[side] + b"".join(part if isinstance(part, bytes) else encode(part) for part in parts)
    hello = SERVER_HELLO if side is ClientProtocol else CLIENT_HELLO
    skipped = [part for part in parts if isinstance(part, bytes)]
    told = [
        SkippedFrame(int.from_bytes(part[4:8]), len(part) - 8) if isinstance(part, bytes) else part
        for part in parts
        if side is ServerProtocol or not isinstance(part, bytes)
    ]
    return stream, [hello, *told], skipped


@both_sides
@given(data=st.data(), at=cuts)
@campaign(part=40, full=1000)
def test_messages_in_any_chunks_come_out_whole_and_in_order(side: Side, data: st.DataObject, at: list[int]) -> None:
    stream, messages, skipped = data.draw(valid_streams(side))
    protocol = side()
    assert [message for chunk in chunked(stream, at) for message in protocol.receive(chunk)] == messages
    assert protocol.error is None
    assert protocol.skipped.total() == len(skipped)
    assert_same_in_any_chunks(side, stream, at)


@both_sides
@given(data=st.data(), at=cuts)
@campaign(part=40, full=1500)
def test_any_bytes_after_messages_give_the_messages_and_at_most_one_error(
    side: Side, data: st.DataObject, at: list[int]
) -> None:
    stream, messages, _ = data.draw(valid_streams(side))
    rest = data.draw(st.sampled_from([*BROKEN[side], *BAD_LENGTHS]) | st.binary(max_size=60))
    assert outcome(side, [stream + rest])[0][: len(messages)] == [shown(message) for message in messages]
    assert_same_in_any_chunks(side, stream + rest + encode(SENT[side][0]), at)


@both_sides
@given(start=st.sampled_from([b"", b"AP", b"API\0", b"\0\0\0\x05"]), stream=st.binary(max_size=60), at=cuts)
@campaign(part=60, full=1500)
def test_any_bytes_from_the_start_give_at_most_one_error(
    side: Side, start: bytes, stream: bytes, at: list[int]
) -> None:
    assert_same_in_any_chunks(side, start + stream, at)


@both_sides
@given(data=st.data(), at=cuts)
@campaign(part=60, full=1500)
def test_damaged_stream_gives_at_most_one_error(side: Side, data: st.DataObject, at: list[int]) -> None:
    stream = bytearray(data.draw(valid_streams(side))[0])
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(stream) - 1))
        damage = data.draw(st.sampled_from(["flip", "insert", "delete"]))
        if damage == "flip":
            stream[position] ^= data.draw(st.integers(1, 255))
        elif damage == "insert":
            stream[position:position] = data.draw(st.binary(min_size=1, max_size=5))
        else:
            del stream[position : position + data.draw(st.integers(1, 5))]
    assert_same_in_any_chunks(side, bytes(stream), at)


@both_sides
def test_hello_may_be_split_anywhere_and_carry_the_first_messages(side: Side) -> None:
    stream = HELLOS[side] + b"".join(encode(message) for message in SENT[side])
    hello = SERVER_HELLO if side is ClientProtocol else CLIENT_HELLO
    for cut in range(len(stream) + 1):
        protocol = side()
        first, second = protocol.receive(stream[:cut]), protocol.receive(stream[cut:])
        assert first + second == [hello, *SENT[side]]
        assert bool(first) == (cut >= len(HELLOS[side]))


@both_sides
@pytest.mark.parametrize("kind", range(5), ids=["no-utf8", "cut-short", "too-long-text", "endless-number", "field-0"])
def test_payload_that_does_not_parse_ends_the_connection_after_the_messages_before_it(side: Side, kind: int) -> None:
    broken = BROKEN[side][kind]
    protocol = side()
    received = protocol.receive(HELLOS[side] + encode(SENT[side][0]) + broken + encode(SENT[side][1]))
    assert received[1:] == [SENT[side][0]]
    assert isinstance(protocol.error, ProtocolError)
    message_id = struct.unpack_from(">II", broken)[1]
    assert (protocol.error.message_id, protocol.error.length) == (message_id, len(broken) - 8)
    assert str(message_id) in str(protocol.error)


def test_deeply_nested_payload_is_an_error_of_the_protocol() -> None:
    protocol = ClientProtocol()
    protocol.receive(HELLOS[ClientProtocol] + encode_frame(209, b"\x0b" * 50_000 + b"\x0c" * 50_000))
    assert isinstance(protocol.error, ProtocolError)


@both_sides
@pytest.mark.parametrize("length", [0, 1, 2, 3, 16 * 1024 * 1024 + 1, 2**32 - 1])
def test_length_that_no_frame_has_ends_the_connection_after_the_messages_before_it(side: Side, length: int) -> None:
    protocol = side()
    received = protocol.receive(HELLOS[side] + encode(SENT[side][0]) + struct.pack(">I", length) + b"what follows")
    assert received[1:] == [SENT[side][0]]
    assert isinstance(protocol.error, ProtocolError)
    assert protocol.error.length == length


def test_frame_of_sixteen_mebibytes_is_accepted() -> None:
    protocol = ClientProtocol()
    text = "x" * (16 * 1024 * 1024 - 4 - 5)  # less the id, and the field's tag and length
    stream = HELLOS[ClientProtocol] + encode(m.ScannerParameters(text)) + encode(m.NextValidId(1))
    chunks = [stream[start : start + 65536] for start in range(0, len(stream), 65536)]
    received = [message for chunk in chunks for message in protocol.receive(chunk)]
    assert received == [SERVER_HELLO, m.ScannerParameters(text), m.NextValidId(1)]
    assert protocol.error is None


@pytest.mark.parametrize(
    "greeting",
    [
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",  # TLS: fatal alert, protocol version
        b"\x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03" + bytes(82),  # TLS: its hello
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"220 mail.example.com ESMTP\r\n",
        b"8=FIX.4.2\x019=60\x0135=A\x01",
        b"\x4a\x00\x00\x00\x0a8.0.36\x00",  # MySQL
        b"\x00\x00\x00\x00",
        encode_text_frame("hello world"),
        encode_text_frame("226"),
    ],
    ids=["http", "tls-alert", "tls-hello", "ssh", "smtp", "fix", "mysql", "zeros", "text", "no-time"],
)
def test_program_that_is_no_gateway_fails_the_handshake(greeting: bytes) -> None:
    for chunks in ([greeting], by_byte(greeting)):
        protocol = ClientProtocol()
        assert [message for chunk in chunks for message in protocol.receive(chunk)] == []
        assert isinstance(protocol.error, HandshakeFailed)
        assert "TLS" in str(protocol.error)
        assert protocol.server_version is None


@pytest.mark.parametrize("version", [213, 226])
def test_server_version_is_known_after_the_hello(version: int) -> None:
    protocol = ClientProtocol()
    assert protocol.server_version is None
    assert protocol.receive(encode_server_hello(ServerHello(version, "now"))) == [ServerHello(version, "now")]
    assert protocol.server_version == version


@pytest.mark.parametrize(("version", "error"), [(212, UnsupportedServerVersion), (227, HandshakeFailed)])
def test_server_version_out_of_range_ends_the_connection(version: int, error: type[Exception]) -> None:
    protocol = ClientProtocol()
    assert protocol.receive(encode_server_hello(ServerHello(version, "now")) + encode(m.NextValidId(1))) == []
    assert type(protocol.error) is error
    assert str(version) in str(protocol.error)
    assert protocol.server_version is None


def test_zone_name_in_the_machines_own_encoding_does_not_stop_the_connection() -> None:
    body = "226\x0020260405 23:49:26 Mitteleuropäische Zeit\0".encode("latin-1")
    protocol = ClientProtocol()
    (hello,) = protocol.receive(struct.pack(">I", len(body)) + body)
    assert (hello.server_version, hello.connection_time[:17]) == (226, "20260405 23:49:26")


def test_client_offers_the_versions_it_was_told_and_its_options() -> None:
    assert ClientProtocol().hello == encode_client_hello(ClientHello(100, 226))
    offer = ClientProtocol(max_version=213, connect_options="+PACEAPI").hello
    assert offer == encode_client_hello(ClientHello(100, 213, "+PACEAPI"))


@pytest.mark.parametrize(
    ("text", "hello"),
    [
        ("v100..226", ClientHello(100, 226)),
        ("v213..225 +PACEAPI", ClientHello(213, 225, "+PACEAPI")),
        ("v200", ClientHello(200, 200)),
    ],
)
def test_server_reads_every_kind_of_client_hello(text: str, hello: ClientHello) -> None:
    protocol = ServerProtocol()
    start = encode(m.StartApiRequest(0))
    assert protocol.receive(b"API\0" + encode_text_frame(text) + start) == [hello, m.StartApiRequest(0)]


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x02\x00", b"63\x0012\0", b"APIX", b"\0"])
def test_client_that_does_not_start_as_one_is_refused(start: bytes) -> None:
    protocol = ServerProtocol()
    assert protocol.receive(start) == []
    assert isinstance(protocol.error, ProtocolError)


def test_skipped_frames_are_counted_by_id_and_beyond_many_ids_together() -> None:
    protocol = ClientProtocol()
    protocol.receive(HELLOS[ClientProtocol])
    for message_id in range(1000, 1300):
        protocol.receive(encode_frame(message_id, b"") * 2)
    assert protocol.skipped[1000] == protocol.skipped[1255] == 2
    assert protocol.skipped[OTHER_IDS] == 2 * 44
    assert len(protocol.skipped) == 257
