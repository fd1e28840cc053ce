"""ib_async itself, unchanged, against the simulator: a gateway that speaks to it the text it reads.

ib_async stops at server version 178, below what the simulator speaks. So between the two stands a gateway of text: what
comes from the simulator it says in the text of version 178 (`text_dialect`), and what ib_async asks for passes as our
message in a text frame, because what stock writes is compared elsewhere (`tests/conformance/test_ib_async_content.py`).
ib_async's `IB`, `Wrapper`, `Decoder`, `Client` with its queue, and `Connection` are its own.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partialmethod
from typing import Any

import ib_async
from msgspec import Struct

from ibwire.ib_async.client import bound
from ibwire.ib_async.outgoing import REQUESTS
from ibwire.wire import ClientProtocol, encode
from ibwire.wire import messages as m
from ibwire.wire.handshake import ServerHello
from tests.helpers.text_dialect import TEXT, bars

VERSION = 178
START_API = b"71\0"
OURS = "ours"
"""The first field of a frame that holds one of our messages."""


class Client(ib_async.Client):
    """Stock's client; a request is written as our message, in the place where stock's text would be."""

    def _ask(self, method: str, /, *args: Any, **kwargs: Any) -> None:
        if not self.isConnected():
            raise ConnectionError("Not connected")
        self.sendMsg(f"{OURS}\0{encode(REQUESTS[method](*bound(method, args, kwargs))).hex()}\0")


for _name in REQUESTS:
    setattr(Client, _name, partialmethod(Client._ask, _name))


class StockIB(ib_async.IB):
    """Stock's IB with that client."""

    def __init__(self) -> None:
        super().__init__()
        self.client = Client(self.wrapper)
        self.client.apiEnd += self.disconnectedEvent


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def text(fields: list[str]) -> bytes:
    return framed("".join(f"{one}\0" for one in fields).encode())


class _Upstream(asyncio.Protocol):
    """To the simulator: says in text what comes from there."""

    def __init__(self, client: asyncio.Transport) -> None:
        self.wire = ClientProtocol()
        self.client = client
        self._bars: dict[int | None, m.HistoricalData] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.wire.hello)

    def data_received(self, data: bytes) -> None:
        self.client.write(b"".join(text(fields) for one in self.wire.receive(data) if (fields := self._text(one))))

    def connection_lost(self, exc: Exception | None) -> None:
        self.client.close()

    def _text(self, message: Struct) -> list[str]:
        if isinstance(message, ServerHello):
            return [str(VERSION), message.connection_time]
        if isinstance(message, m.HistoricalData):
            self._bars[message.req_id] = message
            return []
        if isinstance(message, m.HistoricalDataEnd):
            return bars(self._bars.pop(message.req_id, m.HistoricalData(req_id=message.req_id)), message)
        make: Callable[[Any], list[str]] | None = TEXT.get(type(message))
        return [] if make is None else make(message)


class _Downstream(asyncio.Protocol):
    """To ib_async."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._data = b""
        self._upstream: _Upstream | None = None
        self._task: asyncio.Task[Any] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        if self._upstream is None:
            if self._task is None and self._data.startswith(b"API\0"):
                self._data = self._data[4:]
                self._task = asyncio.get_running_loop().create_task(self._connect())
            return
        while len(self._data) > 4 and len(self._data) >= 4 + (length := struct.unpack(">I", self._data[:4])[0]):
            frame, self._data = self._data[4 : 4 + length], self._data[4 + length :]
            self._pass_on(frame)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, self._upstream = await loop.create_connection(lambda: _Upstream(self.transport), self._host, self._port)
        except OSError:
            self.transport.close()
            return
        self._data = self._data[4 + struct.unpack(">I", self._data[:4])[0] :]
        self.data_received(b"")

    def _pass_on(self, frame: bytes) -> None:
        assert self._upstream is not None
        name, *rest = frame.decode().split("\0")
        if name == OURS:
            self._upstream.transport.write(bytes.fromhex(rest[0]))
        else:
            assert frame.startswith(START_API), frame
            self._upstream.transport.write(encode(m.StartApiRequest(client_id=int(rest[1]))))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._upstream is not None:
            self._upstream.transport.close()


@asynccontextmanager
async def text_gateway(host: str, port: int, text_port: int) -> AsyncIterator[asyncio.Server]:
    """A gateway of text in front of the simulator that listens at `port`."""
    server = await asyncio.get_running_loop().create_server(lambda: _Downstream(host, port), host, text_port)
    try:
        yield server
    finally:
        server.close()
