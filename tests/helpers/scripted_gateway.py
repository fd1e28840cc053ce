"""A gateway for tests that does exactly what the test says, on any event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from ibwire.connection import ConnectionManager
from ibwire.settings import ConnectionSettings
from ibwire.wire import ClientHello, Message, ServerHello, ServerProtocol, encode
from ibwire.wire import messages as m
from ibwire.wire.handshake import encode_server_hello

PORT = 4002
READY: tuple[Message, ...] = (m.ManagedAccounts("DU1234567"), m.NextValidId(order_id=100))

Answer = Callable[["ScriptedGateway", Message], None]


class ScriptedGateway:
    """Answers the hello with `version` (None: never), startApi with `ready`, and everything else as `answer` says.

    `received` holds every message after startApi. `raw_hello` replaces the answer to the hello by any bytes.
    """

    def __init__(
        self,
        answer: Answer = lambda gateway, message: None,
        *,
        version: int | None = 226,
        ready: tuple[Message, ...] = READY,
        raw_hello: bytes | None = None,
    ) -> None:
        self.received: list[Message] = []
        self.connections = 0
        self._answer = answer
        self._version = version
        self._ready = ready
        self._raw_hello = raw_hello
        self._transports: list[asyncio.Transport] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> ScriptedGateway:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Client(self), "127.0.0.1", PORT)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.drop()
        assert self._server is not None
        self._server.close()

    def client(self, **settings: object) -> ConnectionManager:
        """A client that will connect here."""
        return ConnectionManager(ConnectionSettings(port=PORT, **settings))  # type: ignore[arg-type]

    def send(self, *messages: Message) -> None:
        """Send messages on the newest connection, in one piece."""
        self.send_bytes(b"".join(map(encode, messages)))

    def send_bytes(self, data: bytes) -> None:
        """Send any bytes on the newest connection."""
        self._transports[-1].write(data)

    def drop(self) -> None:
        """Close every connection."""
        for transport in self._transports:
            transport.close()
        self._transports.clear()

    @property
    def is_alone(self) -> bool:
        """Whether every connection that there was is closed."""
        return all(transport.is_closing() for transport in self._transports)

    def take(self, message: Message) -> None:
        """What a client sent."""
        match message:
            case ClientHello():
                if self._raw_hello is not None:
                    self.send_bytes(self._raw_hello)
                elif self._version is not None:
                    self.send_bytes(encode_server_hello(ServerHello(self._version, "20261122 10:00:00 UTC")))
            case m.StartApiRequest():
                for answer in self._ready:
                    self.send(answer)
            case _:
                self.received.append(message)
                self._answer(self, message)

    def connected(self, transport: asyncio.Transport) -> None:
        """A client came."""
        self.connections += 1
        self._transports.append(transport)


class _Client(asyncio.Protocol):
    def __init__(self, gateway: ScriptedGateway) -> None:
        self._gateway = gateway
        self._wire = ServerProtocol()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._gateway.connected(transport)

    def data_received(self, data: bytes) -> None:
        for message in self._wire.receive(data):
            self._gateway.take(message)
