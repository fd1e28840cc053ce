"""One connection's receiving half as a pure state machine: bytes in, messages out. It reads no clock and no socket.

Two sides, the same shape: `receive(data)` returns the messages that `data` completed, in order, the other side's hello
as the first of all. After a violation `error` is set; the messages before it have been returned, nothing more will be,
and whoever owns the connection closes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from google.protobuf.message import DecodeError
from msgspec import Struct

from ibwire.exceptions import HandshakeFailed, IbwireError, ProtocolError
from ibwire.wire.codec import CLIENT_MESSAGES, SERVER_MESSAGES, Decoder, Message, Parser
from ibwire.wire.framing import FrameDecoder
from ibwire.wire.handshake import (
    CLIENT_PREFIX,
    MAX_SERVER_VERSION,
    OFFERED_MIN_VERSION,
    ClientHello,
    ServerHello,
    encode_client_hello,
    parse_client_hello,
    parse_server_hello,
)

_PARSER_BYTES = 32 * 1024
"""A parser's message keeps the text of all that went through it: after so many bytes new ones are made."""

_MAX_SKIPPED_IDS = 256
OTHER_IDS = -1
"""The key in `skipped` under which ids beyond the first 256 different ones are counted together."""


class SkippedFrame(Struct, frozen=True):
    """A frame that a gateway cannot read, because its id is that of text or not known; `length` is its payload's."""

    message_id: int
    length: int


class _Side:
    """What both sides share: the hello first, then frames to messages."""

    def __init__(self, decoders: Mapping[int, Decoder], *, tells_skipped: bool) -> None:
        self._decoders = decoders
        self._tells_skipped = tells_skipped
        self._frames = FrameDecoder()
        self._parsers: dict[int, Parser] = {}
        self._parsed_bytes = 0
        self._has_hello = False
        self.error: IbwireError | None = None
        self.skipped: Counter[int] = Counter()
        """How many frames were skipped whole, by id on the wire: text frames and ids we do not know."""

    def receive(self, data: bytes) -> list[Message]:
        """The messages completed by `data`, in order. Look at `error` afterwards."""
        if self.error is not None:
            return []
        messages: list[Message] = []
        if not self._has_hello:
            hello = self._receive_hello(data)
            if hello is None:
                return []
            self._has_hello = True
            message, data = hello
            messages.append(message)
        append = messages.append
        self._parsed_bytes += len(data)
        if self._parsed_bytes > _PARSER_BYTES:
            self._parsers, self._parsed_bytes = {}, 0
        parsers = self._parsers
        message_id, payload = 0, b""
        try:
            for message_id, payload in self._frames.feed(data):
                parser = parsers.get(message_id)
                if parser is None:
                    decoder = self._decoders.get(message_id)
                    if decoder is None:
                        self._skip(message_id)
                        if self._tells_skipped:
                            append(SkippedFrame(message_id, len(payload)))
                        continue
                    parser = parsers[message_id] = decoder.parser()
                parse, convert, message, has = parser
                parse(payload)
                append(convert(message, has))
        except DecodeError:
            self.error = ProtocolError(
                f"message {message_id} with {len(payload)} bytes does not parse",
                message_id=message_id,
                length=len(payload),
            )
        else:
            self.error = self._frames.error
        return messages

    def _receive_hello(self, data: bytes) -> tuple[Message, bytes] | None:
        raise NotImplementedError  # pragma: no cover

    def _skip(self, message_id: int) -> None:
        known = message_id in self.skipped or len(self.skipped) < _MAX_SKIPPED_IDS
        self.skipped[message_id if known else OTHER_IDS] += 1


class ClientProtocol(_Side):
    """The client's side: send `hello`, then feed what comes; a ServerHello comes first."""

    def __init__(self, *, max_version: int = MAX_SERVER_VERSION, connect_options: str = "") -> None:
        super().__init__(SERVER_MESSAGES, tells_skipped=False)
        self.hello = encode_client_hello(ClientHello(OFFERED_MIN_VERSION, max_version, connect_options))
        """The bytes to send first."""
        self._max_version = max_version
        self.server_version: int | None = None

    def _receive_hello(self, data: bytes) -> tuple[Message, bytes] | None:
        framed = self._frames.feed_text(data)
        if framed is None:
            if self._frames.error is not None:
                self.error = HandshakeFailed(self._frames.error.message)
            return None
        text, rest = framed
        try:
            hello: ServerHello = parse_server_hello(text, self._max_version)
        except IbwireError as error:
            self.error = error
            return None
        self.server_version = hello.server_version
        return hello, rest


class ServerProtocol(_Side):
    """The gateway's side: feed what comes; a ClientHello comes first. Answer it with `encode_server_hello`.

    A frame that it cannot read comes as a `SkippedFrame` in its place, for a gateway answers that with an error.
    """

    def __init__(self) -> None:
        super().__init__(CLIENT_MESSAGES, tells_skipped=True)
        self._prefix = b""

    def _receive_hello(self, data: bytes) -> tuple[Message, bytes] | None:
        missing = len(CLIENT_PREFIX) - len(self._prefix)
        self._prefix += data[:missing]
        if not CLIENT_PREFIX.startswith(self._prefix):
            self.error = ProtocolError(f"a client starts with {CLIENT_PREFIX!r}, this one does not")
            return None
        framed = self._frames.feed_text(data[missing:])
        if framed is None:
            self.error = self._frames.error
            return None
        text, rest = framed
        try:
            return parse_client_hello(text), rest
        except ProtocolError as error:
            self.error = error
            return None
