"""The frames of one event of the market, encoded once for everybody who streams it.

Two subscribers get the same messages but for the request id. On the wire the request id is the first field of each of
them, and protobuf writes fields in the order of their numbers: so everything behind it is shared.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

from ibwire.wire import Message, encode
from ibwire.wire import messages as m

_LENGTH = Struct(">I")
_ID = slice(4, 8)
"""Where a frame has the message's id; before it stands the length, after it the payload."""
_PAYLOAD = slice(8, None)


def address(request_id: int) -> bytes:
    """A request id as it stands at the beginning of every message of a stream."""
    return encode(m.TickSnapshotEnd(request_id))[_PAYLOAD]


class SharedFrames:
    """Messages of streams, given without their request id. Raises InvalidMessage for what the wire cannot carry."""

    __slots__ = ("_frames", "_pieces")

    def __init__(self, messages: Iterable[Message]) -> None:
        self._frames = [encode(message) for message in messages]
        self._pieces: dict[int, list[bytes]] = {}

    def to(self, address: bytes) -> bytes:
        """The frames for one subscriber."""
        pieces = self._pieces.get(len(address))
        if pieces is None:
            pieces = self._pieces[len(address)] = self._cut(len(address))
        return address.join(pieces)

    def _cut(self, address_bytes: int) -> list[bytes]:
        """What stands before, between and after the addresses: joining it with one of them is all that is left."""
        pieces = []
        before = b""
        for frame in self._frames:
            length = len(frame) - _LENGTH.size + address_bytes
            pieces.append(before + _LENGTH.pack(length) + frame[_ID])
            before = frame[_PAYLOAD]
        return [*pieces, before] if pieces else []
