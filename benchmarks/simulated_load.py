"""The two processes of `benchmarks.simulator`: the simulated gateway under load, and a reader that only counts."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import selectors
import socket
import struct
import sys
import time
from pathlib import Path

from ibwire.simulator import NO_LIMITS, GeneratedFeed, SimulatedGateway
from ibwire.simulator.instruments import INSTRUMENTS
from ibwire.wire import ClientProtocol, encode
from ibwire.wire import messages as m

HEADER = struct.Struct(">I")
READ_BYTES = 1 << 18
CLIENT_WAIT_S = 60.0


def resident_bytes() -> int:
    """What this process has in memory now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


async def serve(updates_per_s: float) -> None:
    """Serve a generated market; answer each line on stdin with CPU seconds and memory so far."""
    feed = GeneratedFeed(1, [], updates_per_s)
    async with SimulatedGateway(feed=feed, limits=NO_LIMITS) as gateway:
        print(json.dumps({"port": gateway.port}), flush=True)
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            usage = resource.getrusage(resource.RUSAGE_SELF)
            told = {"cpu_s": usage.ru_utime + usage.ru_stime, "rss_bytes": resident_bytes(), "at_s": time.monotonic()}
            print(json.dumps(told), flush=True)


class Counter:
    """One client: counts frames without looking into them."""

    def __init__(self, port: int, client_id: int, lines: int) -> None:
        self.count = 0
        self._skip = 0
        self._rest = b""
        self.socket = socket.create_connection(("127.0.0.1", port), CLIENT_WAIT_S)
        self.socket.sendall(ClientProtocol().hello)
        self._wait_for_hello()
        requests: list[bytes] = [encode(m.StartApiRequest(client_id=client_id))]
        for number in range(lines):
            one = INSTRUMENTS[number % len(INSTRUMENTS)]
            contract = m.Contract(con_id=one.con_id, exchange=one.exchange)
            requests.append(encode(m.MarketDataRequest(req_id=number, contract=contract)))
        self.socket.sendall(b"".join(requests))
        self.socket.settimeout(0.0)

    def _wait_for_hello(self) -> None:
        (length,) = HEADER.unpack(self.socket.recv(HEADER.size, socket.MSG_WAITALL))
        self.socket.recv(length, socket.MSG_WAITALL)

    def read(self) -> None:
        """Count what has come."""
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise SystemExit("the simulator hung up")
        if self._rest:
            data = self._rest + data
        position, last, unpack = self._skip, len(data) - HEADER.size, HEADER.unpack_from
        count = 0
        while position <= last:
            position += HEADER.size + unpack(data, position)[0]
            count += 1
        # A frame is counted when its length is there; what of it is still to come is passed over in the next read.
        self.count += count
        self._rest = data[position:]
        self._skip = max(0, position - len(data))


def read(port: int, clients: int, lines: int) -> None:
    """Read for ever; answer each line on stdin with how many messages have come."""
    selector = selectors.DefaultSelector()
    counters = [Counter(port, number, lines) for number in range(clients)]
    for counter in counters:
        selector.register(counter.socket, selectors.EVENT_READ, counter)
    selector.register(sys.stdin, selectors.EVENT_READ)
    print(json.dumps({"clients": clients}), flush=True)
    while True:
        for key, _ in selector.select():
            if key.data is not None:
                key.data.read()
            elif sys.stdin.readline():
                print(json.dumps({"messages": sum(counter.count for counter in counters)}), flush=True)
            else:
                return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates-per-s", type=float, help="serve, with so many updates of each instrument")
    parser.add_argument("--port", type=int, help="read from there")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--lines", type=int, default=100)
    arguments = parser.parse_args()
    if arguments.port is None:
        asyncio.run(serve(arguments.updates_per_s))
    else:
        read(arguments.port, arguments.clients, arguments.lines)


if __name__ == "__main__":
    main()
