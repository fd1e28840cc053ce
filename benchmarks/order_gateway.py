"""A process that takes orders and says nothing of them: it answers what a client needs to be ready, and no more.

It speaks protobuf (server 226) with clients that offer it and text (server 176) with the others, and prints its port.
It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from benchmarks import content
from benchmarks.sender import ACCOUNT, MANAGED_ACCOUNTS, NEXT_VALID_ID, POSITION_END, REQ_POSITIONS, START_API
from ibwire.wire import ClientHello, Message, ServerHello, ServerProtocol, encode
from ibwire.wire import messages as m
from ibwire.wire.handshake import encode_server_hello

HELLO_TIME = "20261122 10:00:00 UTC"


def answers(message: Message) -> list[Message]:
    """What a client waits for before it is ready to trade, and signs of life."""
    match message:
        case m.StartApiRequest():
            return [m.ManagedAccounts(ACCOUNT), m.NextValidId(order_id=1)]
        case m.ExecutionRequest():
            return [m.ExecutionDetailsEnd(message.req_id)]
        case m.OpenOrdersRequest() | m.AllOpenOrdersRequest():
            return [m.OpenOrdersEnd()]
        case m.CompletedOrdersRequest():
            return [m.CompletedOrdersEnd()]
        case m.CurrentTimeInMillisRequest():
            return [m.CurrentTimeInMillis(1_795_000_000_000)]
    return []


class Taker(asyncio.Protocol):
    """One client."""

    def __init__(self) -> None:
        self._wire = ServerProtocol()
        self._text = b""
        self._speaks_text: bool | None = None
        self._is_ready = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._speaks_text is None:
            highest = int(data[8:].split(b" ")[0].split(b"\0")[0].removeprefix(b"v").partition(b"..")[2])
            self._speaks_text = highest < 213
            if self._speaks_text:
                self._transport.write(content.text_frame(176, HELLO_TIME))
                data = data[8 + int.from_bytes(data[4:8], "big") :]
        if self._is_ready:
            return  # what is sent now is not even looked at: on a busy core it would delay who sends
        if self._speaks_text:
            self._take_text(data)
            return
        for message in self._wire.receive(data):
            if isinstance(message, ClientHello):
                self._transport.write(encode_server_hello(ServerHello(226, HELLO_TIME)))
            else:
                self._transport.write(b"".join(map(encode, answers(message))))
                self._is_ready = isinstance(message, m.CompletedOrdersRequest)

    def _take_text(self, data: bytes) -> None:
        self._text += data
        while len(self._text) >= 4 and len(self._text) >= 4 + (size := int.from_bytes(self._text[:4], "big")):
            frame, self._text = self._text[4 : 4 + size], self._text[4 + size :]
            match int(frame.split(b"\0")[0]):
                case kind if kind == START_API:
                    self._transport.write(content.text_frame(MANAGED_ACCOUNTS, 1, ACCOUNT))
                    self._transport.write(content.text_frame(NEXT_VALID_ID, 1, 1))
                case kind if kind == REQ_POSITIONS:
                    self._transport.write(content.text_frame(POSITION_END, 1))
                    self._is_ready = True


async def main() -> None:
    """Serve until standard input ends, at the lowest priority: who sends is measured, on few cores."""
    os.nice(19)
    server = await asyncio.get_running_loop().create_server(Taker, "127.0.0.1", 0)
    async with server:
        print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
