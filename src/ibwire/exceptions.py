"""Every exception of ibwire, in one tree.

    IbwireError
    ├── ConfigurationError
    ├── ConnectionFailed                what went wrong with the link; see the subclass
    │   ├── ConnectionRefused           nothing listens there
    │   ├── ConnectTimeout              a stage of connecting did not answer in time
    │   ├── ConnectionLost              the link fell while something was under way
    │   ├── HandshakeFailed             something answered, but not as a gateway does
    │   ├── UnsupportedServerVersion    the gateway is older than server version 213
    │   ├── ClientIdInUse               IBKR's 326
    │   └── NotConnected                nothing was sent: there is no session
    ├── ProtocolError                   bytes that no gateway (or client) may send; the connection is over
    ├── InvalidMessage                  a message of ours that cannot be put on the wire; nothing was sent
    ├── RequestError                    one request failed; the session goes on
    │   ├── RequestFailed               IBKR answered with an error code
    │   │   └── NoSecurityDefinition    IBKR's 200
    │   └── RequestTimeout              no answer, or no end of it, in time
    └── StreamOverflow                  a consumer fell behind its stream's bound

Names say what happened and carry no suffix, except where the bare word would say nothing.
"""

from __future__ import annotations


class IbwireError(Exception):
    """The root of everything ibwire raises on purpose.

    Attributes: `message` in plain words (IBKR's own text where there is one), `code` IBKR's error code or None,
    `request` what was asked, `retryable` whether the same call may succeed later, `hint` what a person can do.
    """

    retryable: bool = False
    hint: str = ""

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        request: str | None = None,
        retryable: bool | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.request = request
        if retryable is not None:
            self.retryable = retryable
        if hint is not None:
            self.hint = hint

    def __str__(self) -> str:
        parts = [self.message if self.code is None else f"[{self.code}] {self.message}"]
        if self.request:
            parts.append(f"request: {self.request}")
        if self.hint:
            parts.append(f"hint: {self.hint}")
        return "; ".join(parts)


class ConfigurationError(IbwireError, ValueError):
    """A setting has a value that cannot work."""


class ConnectionFailed(IbwireError):
    """The link to the gateway could not be made or kept."""

    retryable = True


class ConnectionRefused(ConnectionFailed):
    """Nothing listens on that host and port, or it could not be reached."""

    hint = (
        "start TWS or IB Gateway and tick 'Enable ActiveX and Socket Clients' in its API settings; "
        "default ports: TWS 7496 live, 7497 paper; Gateway 4001 live, 4002 paper"
    )


class ConnectTimeout(ConnectionFailed):
    """A stage of connecting (named in the message) did not answer in time."""

    hint = (
        "a gateway that waits for a login, or that asks on its screen whether to accept this client, "
        "accepts the connection and stays silent; look at its window and at 'Trusted IPs'"
    )


class ConnectionLost(ConnectionFailed):
    """The link fell while this was under way; whether the gateway acted on it is not known from here."""


class HandshakeFailed(ConnectionFailed):
    """Something answered on that port, but not the way a gateway does."""

    retryable = False
    hint = "check host and port: this looks like another program, or a connection that wants TLS"


class UnsupportedServerVersion(ConnectionFailed):
    """The gateway speaks an older version of the protocol than this client."""

    retryable = False
    hint = "update TWS or IB Gateway to 10.44 or later"


class ClientIdInUse(ConnectionFailed):
    """Another client is connected with this client id (IBKR's error 326), or a crashed one has not been noticed yet."""

    hint = "wait for the gateway to notice the old connection, or use another client id (orders belong to their id)"


class NotConnected(ConnectionFailed):
    """There is no session to send this on; nothing was sent."""


class ProtocolError(IbwireError):
    """The other side sent bytes the protocol does not allow; the connection must be closed, not resynchronised.

    `message_id` is the id on the wire, if it was read, and `length` the frame's stated length in bytes.
    """

    def __init__(self, message: str, *, message_id: int | None = None, length: int | None = None) -> None:
        super().__init__(message)
        self.message_id = message_id
        self.length = length


class InvalidMessage(IbwireError, ValueError):
    """A message holds a value that the wire cannot carry; nothing was sent. The text names the field and the value."""


class RequestError(IbwireError):
    """One request failed; the session goes on."""


class RequestFailed(RequestError):
    """IBKR refused the request or ended it with an error code (`code`, `message`)."""


class NoSecurityDefinition(RequestFailed):
    """IBKR knows no such contract, or more than one where it needs exactly one (code 200)."""

    hint = "check symbol, security type, exchange and currency; con_id with exchange is unambiguous"


class RequestTimeout(RequestError):
    """The answer, or the end of it, did not come in time; what had come is not passed off as the whole."""

    retryable = True


class StreamOverflow(IbwireError):
    """The consumer of a stream fell behind its bound; the stream was ended rather than lose messages unseen."""

    hint = "take messages faster, raise the stream's bound, or ask for a conflated stream"
