"""Bytes to frames: every chunking gives the same frames, and bytes that are no frames end in exactly one error."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.exceptions import ProtocolError
from ibwire.wire.framing import MAX_FRAME_BYTES, Frame, FrameDecoder, encode_frame, encode_text_frame
from tests.helpers.campaigns import campaign

LIMIT = 64
LENGTH_FIELD = 4

frames = st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=LIMIT - 4))
cuts = st.lists(st.integers(0, 400), max_size=12)


def chunked(data: bytes, at: list[int]) -> Iterator[bytes]:
    """The data cut at these positions; two equal ones make an empty chunk, as a socket never does but may."""
    edges = [0, *sorted(min(position, len(data)) for position in at), len(data)]
    return (data[start:stop] for start, stop in pairwise(edges))


def fed(decoder: FrameDecoder, chunks: Iterator[bytes]) -> list[Frame]:
    """Everything the decoder makes of the chunks; it never holds more than one unfinished frame."""
    received: list[Frame] = []
    for chunk in chunks:
        received += decoder.feed(chunk)
        assert decoder.pending_bytes < LENGTH_FIELD + LIMIT
    return received


@given(sent=st.lists(frames, max_size=6), at=cuts)
@campaign(part=60, full=2000)
def test_frames_in_any_chunks_come_out_whole_and_in_order(sent: list[Frame], at: list[int]) -> None:
    stream = b"".join(encode_frame(message_id, payload) for message_id, payload in sent)
    decoder = FrameDecoder(LIMIT)
    assert fed(decoder, chunked(stream, at)) == sent
    assert decoder.error is None
    assert decoder.pending_bytes == 0


@given(sent=st.lists(frames, max_size=3), rest=frames, kept=st.integers(0, LIMIT + 3), at=cuts)
@campaign(part=40, full=1000)
def test_unfinished_frame_is_kept_until_the_rest_arrives(
    sent: list[Frame], rest: Frame, kept: int, at: list[int]
) -> None:
    unfinished = encode_frame(*rest)
    kept = min(kept, len(unfinished) - 1)
    stream = b"".join(encode_frame(*frame) for frame in sent) + unfinished[:kept]
    decoder = FrameDecoder(LIMIT)
    assert fed(decoder, chunked(stream, at)) == sent
    assert decoder.pending_bytes == kept
    assert decoder.feed(unfinished[kept:]) == [rest]


@given(sent=st.lists(frames, max_size=4), rest=st.binary(max_size=2 * LIMIT), at=cuts)
@campaign(part=60, full=2000)
def test_any_bytes_give_the_same_frames_and_the_same_error_in_any_chunks(
    sent: list[Frame], rest: bytes, at: list[int]
) -> None:
    stream = b"".join(encode_frame(*frame) for frame in sent) + rest
    whole, cut, by_byte = FrameDecoder(LIMIT), FrameDecoder(LIMIT), FrameDecoder(LIMIT)
    received = fed(whole, iter([stream]))
    assert received[: len(sent)] == sent
    for decoder, chunks in ((cut, chunked(stream, at)), (by_byte, chunked(stream, list(range(len(stream)))))):
        assert fed(decoder, chunks) == received
        assert str(decoder.error) == str(whole.error)
        assert decoder.error is None or whole.error is not None
        assert whole.error is None or decoder.error.length == whole.error.length


@pytest.mark.parametrize("length", [0, 1, 2, 3, LIMIT + 1, 2**31, 2**32 - 1])
def test_length_that_no_frame_has_is_an_error_after_the_frames_before_it(length: int) -> None:
    decoder = FrameDecoder(LIMIT)
    assert decoder.feed(encode_frame(7, b"good") + struct.pack(">I", length) + b"what follows") == [(7, b"good")]
    assert isinstance(decoder.error, ProtocolError)
    assert decoder.error.length == length
    assert str(length) in str(decoder.error)


def test_bad_length_is_refused_before_its_frame_arrives() -> None:
    decoder = FrameDecoder()
    assert decoder.feed(struct.pack(">I", MAX_FRAME_BYTES + 1)) == []
    assert decoder.error is not None
    assert decoder.error.length == MAX_FRAME_BYTES + 1
    assert decoder.pending_bytes == 0


def test_nothing_comes_after_an_error() -> None:
    decoder = FrameDecoder(LIMIT)
    decoder.feed(struct.pack(">I", 0))
    error = decoder.error
    for _ in range(3):
        assert decoder.feed(encode_frame(7, b"good")) == []
        assert decoder.error is error
    assert decoder.pending_bytes == 0


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_frame_of_exactly_the_limit_is_accepted(chunk: int) -> None:
    frame = encode_frame(7, bytes(LIMIT - 4))
    decoder = FrameDecoder(LIMIT)
    assert fed(decoder, chunked(frame, list(range(0, len(frame), chunk)))) == [(7, bytes(LIMIT - 4))]
    assert decoder.error is None


def test_sixteen_mebibytes_are_the_limit_unless_told_otherwise() -> None:
    decoder = FrameDecoder()
    assert decoder.feed(encode_frame(7, bytes(16 * 1024 * 1024 - 4))) == [(7, bytes(16 * 1024 * 1024 - 4))]
    assert decoder.error is None


def test_frame_is_a_length_an_id_and_the_payload() -> None:
    assert encode_frame(209, b"\x08\x07") == b"\x00\x00\x00\x06\x00\x00\x00\xd1\x08\x07"
    assert encode_frame(271, b"") == b"\x00\x00\x00\x04\x00\x00\x01\x0f"


def test_text_frame_is_a_length_and_the_text() -> None:
    assert encode_text_frame("226\0zürich\0") == b"\x00\x00\x00\x0c226\x00z\xc3\xbcrich\x00"


def test_text_frame_in_any_two_parts_is_read_with_what_follows_it() -> None:
    stream = encode_text_frame("213\0now\0") + b"rest"
    for cut in range(len(stream) + 1):
        decoder = FrameDecoder()
        first, second = decoder.feed_text(stream[:cut]), None
        if first is None:
            second = decoder.feed_text(stream[cut:])
            assert second == ("213\0now\0", b"rest")
        else:
            assert first == ("213\0now\0", b"rest"[: max(0, cut - 12)])
        assert decoder.pending_bytes == 0


@pytest.mark.parametrize("length", [0, 3, 4097, 0x48545450, 2**32 - 1])
def test_text_frame_of_an_absurd_length_is_an_error_at_once(length: int) -> None:
    decoder = FrameDecoder()
    assert decoder.feed_text(struct.pack(">I", length)) is None
    assert decoder.error is not None
    assert decoder.error.length == length


def test_text_frame_that_is_no_utf8_is_still_read() -> None:
    body = b"226\x0020260405 23:49:26 Mitteleurop\xe4ische Zeit\x00"
    framed = FrameDecoder().feed_text(struct.pack(">I", len(body)) + body)
    assert framed == ("226\x0020260405 23:49:26 Mitteleurop\ufffdische Zeit\x00", b"")


class _Counted(bytearray):
    """The decoder's store of unfinished bytes, counting every byte that is put in or taken out."""

    moved = 0

    def __iadd__(self, data: bytes) -> _Counted:
        self.moved += len(data)
        super().__iadd__(data)
        return self

    def __bytes__(self) -> bytes:
        self.moved += len(self)
        return bytes(memoryview(self))


@pytest.mark.parametrize("payload", [2_000_000, 1500], ids=["one-large-frame", "many-frames"])
def test_frames_in_small_chunks_cost_work_in_proportion_to_their_bytes(payload: int) -> None:
    stream = encode_frame(7, bytes(payload)) * (2_000_000 // payload)
    decoder, counted = FrameDecoder(), _Counted()
    decoder._pending = counted
    received = [frame for start in range(0, len(stream), 1024) for frame in decoder.feed(stream[start : start + 1024])]
    assert received == [(7, bytes(payload))] * (2_000_000 // payload)
    assert counted.moved <= 4 * len(stream)
