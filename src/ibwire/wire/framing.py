"""Frames: a 4-byte big-endian length, a 4-byte big-endian message id, the payload. The length counts the id.

Knows bytes only; the meaning of ids and payloads is `codec`'s.
"""

from __future__ import annotations

from struct import Struct

from ibwire.exceptions import ProtocolError

MAX_FRAME_BYTES = 16 * 1024 * 1024
"""The longest frame accepted, in bytes after the length field. IBKR's own client stops at one byte less."""

_LENGTH = Struct(">I")
_HEADER = Struct(">II")
_read_header = _HEADER.unpack_from
_BEFORE_ID, _BEFORE_PAYLOAD = _LENGTH.size, _HEADER.size
ID_BYTES = 4
"""How much of a frame's length its id takes."""

_MAX_HELLO_BYTES = 4096

Frame = tuple[int, bytes]
"""A message id as it stands on the wire (protobuf messages: logical id + 200) and the payload after it."""


def encode_frame(message_id: int, payload: bytes) -> bytes:
    """One whole frame."""
    return _HEADER.pack(len(payload) + ID_BYTES, message_id) + payload


def encode_text_frame(text: str) -> bytes:
    """A frame without an id, as only the two hellos use it."""
    body = text.encode()
    return _LENGTH.pack(len(body)) + body


class FrameDecoder:
    """Cuts a byte stream, in chunks of any size, into frames.

    What was received is walked by position, so a chunk of a thousand frames costs no copy of its rest per frame; only
    the unfinished frame at its end is kept. Memory is bounded by one frame and one chunk. After a bad length `error` is
    set and nothing more is decoded: there is no way to find the next frame but guessing.
    """

    __slots__ = ("_max_frame_bytes", "_needed", "_pending", "error")

    def __init__(self, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._pending = bytearray()
        self._needed = 0
        self.error: ProtocolError | None = None

    @property
    def pending_bytes(self) -> int:
        """How many bytes of an unfinished frame are held."""
        return len(self._pending)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data`, in order; `error` says whether the bytes after them were broken."""
        if self.error is not None:
            return []
        if self._pending:
            self._pending += data
            if len(self._pending) < self._needed:
                return []
            data = bytes(self._pending)
            self._pending.clear()
        header, longest, end = _read_header, self._max_frame_bytes, len(data)
        if end >= _BEFORE_PAYLOAD:
            length, message_id = header(data)
            if _BEFORE_ID + length == end and length <= longest:  # one frame: nearly always when they come one by one
                return [(message_id, data[_BEFORE_PAYLOAD:])]
        frames: list[Frame] = []
        append, shortest, position = frames.append, ID_BYTES, 0
        while (start := position + _BEFORE_PAYLOAD) <= end:
            length, message_id = header(data, position)
            stop = position + _BEFORE_ID + length
            if stop > end or length > longest or length < shortest:
                break
            append((message_id, data[start:stop]))
            position = stop
        if position < end:
            self._keep(data, position)
        return frames

    def feed_text(self, data: bytes) -> tuple[str, bytes] | None:
        """The first frame as text without an id, and the bytes after it; None while it is incomplete.

        Only for the hellos, which come before any other frame; sets `error` on a bad length or bytes that are no text.
        """
        self._pending += data
        if len(self._pending) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._pending)
        # A hello is some fifty bytes: whoever announces more is no gateway, and nothing should be waited for.
        if not ID_BYTES <= length <= _MAX_HELLO_BYTES:
            shown = bytes(self._pending[: _LENGTH.size])
            self.error = ProtocolError(
                f"the first frame says {length} bytes: no hello of a gateway ({shown!r})", length=length
            )
            return None
        stop = _LENGTH.size + length
        if len(self._pending) < stop:
            return None
        body, rest = bytes(self._pending[_LENGTH.size : stop]), bytes(self._pending[stop:])
        self._pending.clear()
        # The zone name in a gateway's hello may be in the machine's own encoding (protocol notes, 1.3).
        return body.decode("utf-8", errors="replace"), rest

    def _keep(self, data: bytes, position: int) -> None:
        """Hold what is left for the next chunk, after checking as much of its header as is there."""
        rest = len(data) - position
        if rest < _LENGTH.size:
            self._needed = _LENGTH.size
        else:
            (length,) = _LENGTH.unpack_from(data, position)
            if not ID_BYTES <= length <= self._max_frame_bytes:
                self.error = ProtocolError(
                    f"a frame says it is {length} bytes long; allowed are {ID_BYTES} to {self._max_frame_bytes}",
                    length=length,
                )
                return
            self._needed = _LENGTH.size + length
        self._pending += data[position:] if position else data
