"""What a gateway has said so far of what a session needs: version, accounts, next order id; and which stage it is at.

Pure: it is told what came, and says what is missing. Source: protocol notes, 1.3 to 1.7.
"""

from __future__ import annotations

import errno
import re
import socket

from ibwire.exceptions import (
    ConnectionFailed,
    ConnectionLost,
    ConnectionRefused,
    ConnectTimeout,
    HostUnreachable,
    IbwireError,
)

_UNREACHABLE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL})
_ERRNO = re.compile(r"\[Errno ([0-9]+)\]")

_CLOSED_HINT = (
    "nothing was under way. The gateway may still be starting, may not trust this client's address ('Trusted IPs'; "
    "try 127.0.0.1 instead of localhost), or may have 32 clients already; behind a relay nothing may run at all"
)


class Opening:
    """One attempt to open a session. `failure` is what the gateway ended it with, if it did, and `said` the last error
    that it told of."""

    def __init__(self) -> None:
        self.server_version = 0
        self.has_accounts = False
        self.next_order_id = 0
        self.failure: IbwireError | None = None
        self.said: IbwireError | None = None

    def has_hello(self) -> bool:
        """Whether the gateway has answered the hello. Raises the failure if there is one."""
        self._raise_failure()
        return self.server_version > 0

    def is_ready(self) -> bool:
        """Whether all is known that a session needs. Raises the failure if there is one."""
        self._raise_failure()
        return self.has_accounts and self.next_order_id > 0

    @property
    def stage(self) -> str:
        """What the gateway owes next, for the error when it does not come."""
        if not self.server_version:
            return "the gateway's hello"
        if not self.has_accounts and not self.next_order_id:
            return "an answer to startApi"
        return "the next order id" if self.has_accounts else "the accounts"

    def timed_out(self, seconds: float) -> ConnectTimeout:
        """The error when the stage that it is at takes longer than it may."""
        return ConnectTimeout(f"TCP is connected, but {self.stage} did not come within {seconds:g} s")

    def ended(self, reason: str, cause: Exception | None) -> IbwireError:
        """The error when the link ended before the session could be used."""
        for known in (cause, self.said):
            if isinstance(known, ConnectionFailed):
                return known  # more exact: the handshake's own, or what the gateway said
        text = f"{reason} before it was ready"
        if self.said is not None:
            text += f", having said: [{self.said.code}] {self.said.message}"
        failure = ConnectionLost(text, hint=cause.hint if isinstance(cause, IbwireError) else _CLOSED_HINT)
        failure.__cause__ = cause
        return failure

    def _raise_failure(self) -> None:
        if self.failure is not None:
            raise self.failure


def no_socket(error: OSError, where: str) -> ConnectionFailed:
    """The error when no TCP connection can be made: nothing listens there, or there is no way there."""
    text = f"no TCP connection to {where}: {error}"
    # Where a name has several addresses, asyncio makes one error of many texts.
    numbers = {error.errno} if error.errno is not None else {int(one) for one in _ERRNO.findall(str(error))}
    if isinstance(error, socket.gaierror) or (numbers and numbers <= _UNREACHABLE):
        return HostUnreachable(text)
    return ConnectionRefused(text)
