"""The TWS wire protocol, sans I/O: bytes to messages and back, for both sides."""

from ibwire.wire.codec import Message, encode
from ibwire.wire.framing import MAX_FRAME_BYTES, FrameDecoder, encode_frame
from ibwire.wire.handshake import MAX_SERVER_VERSION, MIN_SERVER_VERSION, ClientHello, ServerHello
from ibwire.wire.protocol import ClientProtocol, ServerProtocol, SkippedFrame

__all__ = [
    "MAX_FRAME_BYTES",
    "MAX_SERVER_VERSION",
    "MIN_SERVER_VERSION",
    "ClientHello",
    "ClientProtocol",
    "FrameDecoder",
    "Message",
    "ServerHello",
    "ServerProtocol",
    "SkippedFrame",
    "encode",
    "encode_frame",
]
