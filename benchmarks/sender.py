"""The sending process: shakes hands as a gateway does, waits for the subscriptions, then pushes prepared frames.

One process serves all runs, one after the other. When it is ready it prints one JSON line: the port for the clients and
the port for their progress. A client first connects to the latter and says its dialect and how many messages it wants;
later it sends a byte for each block it has counted. The sender writes as fast as TCP takes it, while at most `window`
blocks are under way. Or with `--rate` so many bids a second, made beforehand, whose price is their number, and after
the last of them, over the second connection, when each was written: no encoding is in what is measured.
"""

from __future__ import annotations

import argparse
import json
import socket
import struct
import time
from array import array
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ibapi.protobuf.ManagedAccounts_pb2 import ManagedAccounts
from ibapi.protobuf.MarketDataRequest_pb2 import MarketDataRequest
from ibapi.protobuf.NextValidId_pb2 import NextValidId

from benchmarks import content

HOST = "127.0.0.1"
TIMEOUT_S = 120.0
"""How long to wait for anything: the next client, its next request, its progress. Then this process ends."""

REQ_MKT_DATA, REQ_POSITIONS, START_API, REQ_CURRENT_TIME_IN_MILLIS = 1, 61, 71, 105
NEXT_VALID_ID, MANAGED_ACCOUNTS, POSITION_END = 9, 15, 62
ACCOUNT = "DU1234567"
ALL_IDS = set(range(1, content.INSTRUMENTS + 1))


@dataclass(frozen=True)
class Dialect:
    """What differs between text and protobuf."""

    server_version: int
    blocks: list[bytes]
    welcome: bytes
    """The answer to startApi."""
    no_positions: bytes
    read: Callable[[bytes], tuple[int, int]]
    """A request's message id, and its request id if it is for market data."""
    write: Callable[[content.Tick], bytes]
    """A tick's frame."""


def text(messages: int) -> Dialect:
    def read(frame: bytes) -> tuple[int, int]:
        fields = frame.split(b"\0")
        message_id = int(fields[0])
        return message_id, int(fields[2]) if message_id == REQ_MKT_DATA else 0

    accounts = content.text_frame(MANAGED_ACCOUNTS, 1, ACCOUNT)
    next_id = content.text_frame(NEXT_VALID_ID, 1, 1)
    none = content.text_frame(POSITION_END, 1)
    return Dialect(176, content.blocks(messages, content.as_text), accounts + next_id, none, read, content.as_text)


def protobuf(messages: int) -> Dialect:
    def read(frame: bytes) -> tuple[int, int]:
        message_id = int.from_bytes(frame[:4], "big") - content.PROTOBUF_OFFSET
        return message_id, MarketDataRequest.FromString(frame[4:]).reqId if message_id == REQ_MKT_DATA else 0

    accounts = content.protobuf_frame(MANAGED_ACCOUNTS, ManagedAccounts(accountsList=ACCOUNT).SerializeToString())
    next_id = content.protobuf_frame(NEXT_VALID_ID, NextValidId(orderId=1).SerializeToString())
    none = content.protobuf_frame(POSITION_END, b"")
    return Dialect(
        226, content.blocks(messages, content.as_protobuf), accounts + next_id, none, read, content.as_protobuf
    )


def exactly(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        data = connection.recv(size - len(received))
        if not data:
            raise ConnectionResetError("the client closed the connection")
        received += data
    return received


def frame_from(connection: socket.socket) -> bytes:
    (length,) = struct.unpack(">I", exactly(connection, 4))
    return exactly(connection, length)


def line_from(connection: socket.socket) -> str:
    line = b""
    while not line.endswith(b"\n"):
        line += exactly(connection, 1)
    return line.decode()


def shake_hands(connection: socket.socket, dialect: Dialect) -> None:
    """Answer the client's hello, then its requests until every instrument is subscribed."""
    prefix, offered = exactly(connection, 4), frame_from(connection)
    low, _, high = offered.split(b" ")[0].removeprefix(b"v").partition(b"..")
    if prefix != b"API\0" or not int(low) <= dialect.server_version <= int(high):
        raise ValueError(f"the client said {prefix + offered!r}; it is to speak {dialect.server_version}")
    hello = f"{dialect.server_version}\x0020260105 10:00:00 UTC\0".encode()
    connection.sendall(struct.pack(">I", len(hello)) + hello)
    subscribed: set[int] = set()
    while subscribed != ALL_IDS:
        message_id, req_id = dialect.read(frame_from(connection))
        if message_id == START_API:
            connection.sendall(dialect.welcome)
        elif message_id == REQ_POSITIONS:  # ib_async asks for them whatever it is told
            connection.sendall(dialect.no_positions)
        elif message_id == REQ_CURRENT_TIME_IN_MILLIS:
            pass  # a session's sign of life, which it does without while data come
        elif message_id == REQ_MKT_DATA and req_id in ALL_IDS:
            subscribed.add(req_id)
        else:
            raise ValueError(f"unexpected request {message_id}, request id {req_id}")


def push(connection: socket.socket, progress: socket.socket, blocks: list[bytes], window: int) -> None:
    """Send the blocks; `window` 0 is no limit."""
    under_way = 0
    for block in blocks:
        while window and under_way >= window:
            done = progress.recv(4096)
            if not done:
                raise ConnectionResetError("the client ended before the last message")
            under_way -= len(done)
        connection.sendall(block)
        under_way += 1


def push_at(rate: int, connection: socket.socket, frames: list[bytes]) -> array[float]:
    """Send these at an even rate, each time all that are due; the monotonic time right before each was written."""
    written = array("d", bytes(8 * len(frames)))
    began, sent = time.monotonic(), 0
    while sent < len(frames):
        due = min(len(frames), int((time.monotonic() - began) * rate))
        for number in range(sent, due):
            written[number] = time.monotonic()
            connection.sendall(frames[number])
        sent = due
        time.sleep(0.5 / rate)
    return written


def numbered_bids(dialect: Dialect, messages: int) -> list[bytes]:
    """Bids for each instrument in turn, whose price is their number, from 1."""
    return [
        dialect.write(
            content.Tick(content.PRICE, number % content.INSTRUMENTS + 1, 1, price=float(number + 1), size="100")
        )
        for number in range(messages)
    ]


def serve(
    listener: socket.socket, progress: socket.socket, dialects: dict[str, Dialect], window: int, rate: int
) -> None:
    """One client's run, until it is over."""
    progress.settimeout(TIMEOUT_S)
    name, messages = line_from(progress).split()
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(TIMEOUT_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        dialect = dialects[name]
        bids = numbered_bids(dialect, int(messages)) if rate else []
        shake_hands(connection, dialect)
        if rate:
            progress.sendall(push_at(rate, connection, bids).tobytes())
        else:
            push(connection, progress, dialect.blocks[: int(messages) // content.BLOCK], window)
        while progress.recv(4096):  # the client closes it last
            pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, required=True, help="the most a run may ask for")
    parser.add_argument("--window", type=int, required=True, help="blocks under way; 0 for no limit")
    parser.add_argument("--rate", type=int, default=0, help="messages a second; 0 for as many as there can be")
    arguments = parser.parse_args()
    dialects = {"text": text(arguments.messages), "protobuf": protobuf(arguments.messages)}
    with socket.create_server((HOST, 0)) as clients, socket.create_server((HOST, 0)) as progresses:
        clients.settimeout(TIMEOUT_S)
        progresses.settimeout(TIMEOUT_S)
        print(json.dumps({"port": clients.getsockname()[1], "progress_port": progresses.getsockname()[1]}), flush=True)
        while True:
            try:
                progress, _ = progresses.accept()
            except TimeoutError:
                return  # whoever started this is gone
            with progress, suppress(ConnectionError):  # a client that fails says so itself
                serve(clients, progress, dialects, arguments.window, arguments.rate)


if __name__ == "__main__":
    main()
