"""The two hellos that come before any message, and the choice of the server version.

The client sends `API\\0` and a frame `v<min>..<max>[ options]`; the server answers one frame `<version>\\0<time>\\0`.
"""

from __future__ import annotations

import re

from msgspec import Struct

from ibwire.exceptions import HandshakeFailed, ProtocolError, UnsupportedServerVersion
from ibwire.wire.framing import encode_text_frame

MIN_SERVER_VERSION = 213
"""The first version in which every message we use is protobuf (protocol notes, 2.1)."""

MAX_SERVER_VERSION = 226
"""The newest version we know: that of IBKR's client 10.51.1."""

OFFERED_MIN_VERSION = 100
"""What IBKR's client offers as its oldest version, and so do we: an old gateway then answers with its version, which
the error can name, instead of closing without a word."""

CLIENT_PREFIX = b"API\0"

_RANGE = re.compile(r"v(\d{1,9})(?:\.\.(\d{1,9}))?(?: (.*))?", re.DOTALL | re.ASCII)


class ClientHello(Struct, frozen=True):
    """What a client offers: the versions it speaks, both ends included, and its connect options."""

    min_version: int
    max_version: int
    options: str = ""


class ServerHello(Struct, frozen=True):
    """What a gateway answers: the version chosen and its local time as text, e.g. `20260405 23:49:26 US/Eastern`.

    The zone is the display name that the gateway's machine has for it and may be in any language; do not rely on it.
    """

    server_version: int
    connection_time: str


def encode_client_hello(hello: ClientHello) -> bytes:
    """The first bytes a client sends."""
    options = f" {hello.options}" if hello.options else ""
    return CLIENT_PREFIX + encode_text_frame(f"v{hello.min_version}..{hello.max_version}{options}")


def encode_server_hello(hello: ServerHello) -> bytes:
    """The server's answer. Send it whole and alone: IBKR's client drops what comes with it (protocol notes, 1.3)."""
    return encode_text_frame(f"{hello.server_version}\0{hello.connection_time}\0")


def parse_client_hello(text: str) -> ClientHello:
    """The offer in a client's first frame. Raises ProtocolError if it is none."""
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ProtocolError(f"a client's hello should look like v100..226, not {text[:60]!r}")
    low = int(match[1])
    return ClientHello(low, int(match[2] or low), match[3] or "")


def parse_server_hello(text: str, offered_max: int = MAX_SERVER_VERSION) -> ServerHello:
    """The answer in a gateway's first frame to an offer of versions up to `offered_max`.

    Raises HandshakeFailed if it is none, UnsupportedServerVersion if the gateway is too old for us.
    """
    fields = text.split("\0")
    if len(fields) != 3 or fields[2] or not fields[0].isascii() or not fields[0].isdigit() or len(fields[0]) > 9:
        raise HandshakeFailed(f"a gateway's first answer is its version and time, not {text[:60]!r}")
    version = int(fields[0])
    if version < MIN_SERVER_VERSION:
        raise UnsupportedServerVersion(
            f"the gateway speaks server version {version}; this client needs {MIN_SERVER_VERSION} or later"
        )
    if version > offered_max:
        raise HandshakeFailed(f"the gateway chose server version {version}, above the {offered_max} it was offered")
    return ServerHello(version, fields[1])


def choose_version(client: ClientHello, min_version: int, max_version: int) -> int | None:
    """The server's choice: the highest version both sides speak, or None if there is none."""
    version = min(client.max_version, max_version)
    return version if version >= max(client.min_version, min_version) else None
