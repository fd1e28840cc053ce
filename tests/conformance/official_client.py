"""IBKR's own client with nothing behind it: what it writes to its socket is kept."""

from __future__ import annotations

import logging
import threading
from typing import Any

from google.protobuf import text_format
from ibapi.client import EClient
from ibapi.wrapper import EWrapper

from ibwire.wire import encode
from ibwire.wire.handshake import MAX_SERVER_VERSION, ServerHello, encode_server_hello
from tests.conformance.official_protobuf import MESSAGES
from tests.conformance.official_values import official

logging.getLogger("ibapi").setLevel(logging.WARNING)  # at INFO it formats every frame


class FakeConnection:
    """In place of ibapi's Connection: keeps what is sent, answers the hello, then is silent until it is closed."""

    def __init__(self, host: str = "", port: int = 0) -> None:
        self.sent: list[bytes] = []
        self.answers = [encode_server_hello(ServerHello(MAX_SERVER_VERSION, "20260405 23:49:26 US/Eastern"))]
        self.closed = threading.Event()

    def connect(self) -> None:
        pass

    def disconnect(self) -> None:
        self.closed.set()

    def isConnected(self) -> bool:
        return not self.closed.is_set()

    def sendMsg(self, msg: bytes) -> int:
        self.sent.append(msg)
        return len(msg)

    def recvMsg(self) -> bytes:
        if self.answers:
            return self.answers.pop()
        self.closed.wait()
        return b""


class Errors(EWrapper):
    """Keeps the errors that the client reports to its user."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[tuple[Any, ...]] = []

    def error(self, *args: Any) -> None:
        self.errors.append(args)


def client(server_version: int = MAX_SERVER_VERSION) -> EClient:
    """A client as it is after the hellos, its connection being a fake."""
    made = EClient(Errors())
    made.conn = FakeConnection()
    made.serverVersion_ = server_version
    made.extraAuth = True  # or verifyRequest refuses to send
    made.setConnState(EClient.CONNECTED)
    return made


def call(made: EClient, method: str, given: dict[str, Any]) -> None:
    """Calls a method with what the values in `given` are in IBKR's client."""
    if method == "startApi":
        made.clientId, made.optCapab = given["clientId"], given["optionalCapabilities"]
        made.startApi()
    else:
        getattr(made, method)(**{name: official(value) for name, value in given.items()})


def sent_by(method: str, given: dict[str, Any]) -> bytes:
    """Everything IBKR's client writes to its socket for one call."""
    made = client()
    call(made, method, given)
    assert made.wrapper.errors == []
    return b"".join(made.conn.sent)


def has_several_entries(value: Any) -> bool:
    """Whether a record holds, anywhere in it, a map of more than one entry: these have no defined order on the wire."""
    if isinstance(value, dict):
        return len(value) > 1
    if isinstance(value, tuple):
        return any(has_several_entries(item) for item in value)
    return any(has_several_entries(getattr(value, name)) for name in getattr(value, "__struct_fields__", ()))


def assert_same_frame(theirs: bytes, record: Any) -> None:
    """The bytes are the same; only of a record with a map of several entries they may be so but for the maps' order."""
    ours = encode(record)
    if ours == theirs:
        return
    message = MESSAGES[type(record).__name__]
    parsed = [message.FromString(frame[8:]) for frame in (ours, theirs)]
    if has_several_entries(record):
        in_order = [one.SerializeToString(deterministic=True) for one in parsed]
        if ours[:8] == theirs[:8] and in_order[0] == in_order[1]:
            return
    shown = [text_format.MessageToString(one, as_one_line=True) for one in parsed]
    raise AssertionError(f"\nours   {ours[:8].hex()} {shown[0]}\ntheirs {theirs[:8].hex()} {shown[1]}\nfor {record}")
