"""The HTTP control port: the gateway's state, and everything that can be done to it, from any language.

It listens on 127.0.0.1 only, speaks JSON only, and is no business of web pages: a request with an `Origin`, or
for another host, is refused. What it does with a request is in `control_routes`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator

from ibwire.exceptions import LibraryMissing

try:
    import uvicorn

    from ibwire.simulator.control_routes import Controlled, control_app
except ModuleNotFoundError as error:
    raise LibraryMissing(
        "the control port needs starlette and uvicorn, which are not installed", hint="pip install 'ibwire[control]'"
    ) from error

LOOPBACK = "127.0.0.1"
_CLOSE_TIMEOUT_S = 1


class _Server(uvicorn.Server):
    """uvicorn, but signals stay with the program that the gateway runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ControlPort:
    """Serves a gateway's control port on 127.0.0.1, and nowhere else; `port` 0 takes a free one."""

    def __init__(self, gateway: Controlled, port: int) -> None:
        self._port = port
        config = uvicorn.Config(
            control_app(gateway),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=_CLOSE_TIMEOUT_S,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen; the port. Raises OSError if it cannot."""
        # Bound here and not by uvicorn, which ends the whole program if it cannot. asyncio sends small answers at once
        # only if the protocol is named.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if os.name == "posix":  # elsewhere it would let two programs have the same port
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((LOOPBACK, self._port))
            listening.listen()  # whoever comes from now on is served
        except OSError:
            listening.close()
            raise
        port: int = listening.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve([listening]), name="control port")
        return port

    async def stop(self) -> None:
        """Finish the answers under way, and close."""
        self._server.should_exit = True
        task, self._task = self._task, None
        if task is not None:
            await task
