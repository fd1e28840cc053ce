"""A simulated gateway in a process of its own, as `ibwire sim` starts it, for commands that are processes as well."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.helpers.commands import running

TIMEOUT_S = 10


class CommandGateway:
    """Where it listens, and its control port."""

    def __init__(self, port: int, control: httpx.Client) -> None:
        self.port = port
        self.options = ("--port", str(port))
        self.variables = {"IBWIRE_CONNECTION_PORT": str(port)}
        self._http = control

    def state(self) -> dict[str, Any]:
        """The truth."""
        state: dict[str, Any] = self._http.get("/state").raise_for_status().json()
        return state

    def fault(self, kind: str, **parameters: object) -> None:
        """Let a fault begin."""
        self._http.post("/faults", json={"kind": kind, **parameters}).raise_for_status()


@contextmanager
def command_gateway(*options: str) -> Iterator[CommandGateway]:
    """One without limits, so that what one command asked does not hold up the next."""
    with running("sim", "--port", "0", "--control-port", "0", "--json", "--no-limits", *options) as process:
        assert process.stdout is not None
        listening = json.loads(process.stdout.readline())
        # Its pipe is read on, or it would fill.
        threading.Thread(target=process.stdout.read, daemon=True).start()
        with httpx.Client(base_url=f"http://127.0.0.1:{listening['control_port']}", timeout=TIMEOUT_S) as control:
            yield CommandGateway(listening["port"], control)


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
