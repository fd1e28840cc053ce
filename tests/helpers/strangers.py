"""What may listen on a gateway's port without being one that can be used: a web server, silence, an old gateway."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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

    def answer(client: socket.socket) -> None:
        client.recv(64)
        was_greeted.set()
        if reply is None:
            is_over.wait(60)
        else:
            client.sendall(reply)

    with _serving(answer) as port:
        try:
            yield Stranger(port, was_greeted)
        finally:
            is_over.set()


@contextmanager
def behind_tls() -> Iterator[Stranger]:
    """A server that speaks TLS. It has no certificate, so that every handshake ends with an alert of its."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def refuse(client: socket.socket) -> None:
        with suppress(OSError):
            context.wrap_socket(client, server_side=True).close()

    with _serving(refuse) as port:
        yield Stranger(port, threading.Event())


@contextmanager
def _serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            serve(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def nobody() -> Iterator[Stranger]:
    """A port on which nothing listens."""
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler, bind_and_activate=False) as server:
        server.server_bind()  # bound, so that nobody else gets it, and not listening
        yield Stranger(server.server_address[1], threading.Event())
