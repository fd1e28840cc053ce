"""What systemd wants to hear of a service: a datagram each, to the socket that NOTIFY_SOCKET names (sd_notify(3))."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import suppress

SEND_TIMEOUT_S = 0.2
"""A systemd that does not read may hold the service up for so long, and what it did not read is lost."""


class Notifier:
    """Tells systemd. Without NOTIFY_SOCKET, or where nobody listens there, it does nothing.

    READY=1 is told when the service runs, which does not take the gateway; WATCHDOG=1 twice in the time that
    WatchdogSec= of the unit gives (WATCHDOG_USEC); STOPPING=1 at the end.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        if path and hasattr(socket, "AF_UNIX"):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.settimeout(SEND_TIMEOUT_S)
        is_meant = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        usec = environ.get("WATCHDOG_USEC", "")
        self._watchdog_s = int(usec) / 1e6 if usec.isascii() and usec.isdigit() and is_meant else 0.0

    def tell(self, *lines: str) -> None:
        """Send these assignments, such as READY=1."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.sendto("\n".join(lines).encode(), self._address)

    async def keep_alive(self) -> None:
        """Show, until cancelled, that the event loop runs."""
        while self._socket is not None and self._watchdog_s > 0:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(self._watchdog_s / 2)
        await asyncio.Event().wait()

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
