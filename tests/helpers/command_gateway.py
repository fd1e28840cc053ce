"""What a command finds on its port: a simulated gateway, or something else."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ibwire.simulator import NO_LIMITS, GatewayThread

NOT_SUBSCRIBED = "TSLA"
"""The login may not have its data."""


def command_gateway() -> GatewayThread:
    """One without limits, so that what one command asked does not hold up the next."""
    return GatewayThread(seed=1, limits=NO_LIMITS, permissions={NOT_SUBSCRIBED: "none"})


def at(gateway: GatewayThread) -> tuple[str, ...]:
    """The options that lead a command to it."""
    return "--port", str(gateway.port)


class _Refuses(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(1024)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@contextmanager
def web_server() -> Iterator[int]:
    """A port on which something else than a gateway listens: it answers our hello as web servers do."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Refuses) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
