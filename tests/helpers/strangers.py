"""What may listen on a gateway's port without being one that can be used: a web server, silence, an old gateway."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ibwire.wire import ServerHello
from ibwire.wire.handshake import encode_server_hello

WEB_SERVER = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
OLD_GATEWAY = encode_server_hello(ServerHello(200, "20260101 10:00:00 UTC"))
TOO_OLD = "the gateway speaks server version 200; this client needs 213 or later"


class Stranger(NamedTuple):
    """Where it is, and whether a client has said anything to it."""

    port: int
    was_greeted: threading.Event


@contextmanager
def answering(reply: bytes | None) -> Iterator[Stranger]:
    """A server that answers whatever comes first with `reply` and hangs up; with None it stays silent."""
    is_over, was_greeted = threading.Event(), threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(64)
            was_greeted.set()
            if reply is None:
                is_over.wait(60)
            else:
                self.request.sendall(reply)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield Stranger(server.server_address[1], was_greeted)
        finally:
            is_over.set()
            server.shutdown()
            thread.join()


@contextmanager
def nobody() -> Iterator[Stranger]:
    """A port on which nothing listens."""
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler, bind_and_activate=False) as server:
        server.server_bind()  # bound, so that nobody else gets it, and not listening
        yield Stranger(server.server_address[1], threading.Event())
