"""`make bench`: ib_async's API over our connection beside stock ib_async.

CPU per message with a handler of `pendingTickersEvent`: clients as in `benchmarks.ticks`, in turns, fed by one sender.
Then an order behind 500 requests that wait for their turn: how long until its bytes are at the gateway.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import struct
import sys
import time
from statistics import median
from typing import Any

import ib_async

from benchmarks.report import CPU, IB_ASYNC, Client, machine
from benchmarks.ticks import START_TIMEOUT_S, WARM_UP_MESSAGES, json_line, process, run_client
from ibwire.ib_async import IB
from ibwire.wire import encode
from ibwire.wire import messages as m

COMPAT = Client("ibwire.ib_async", "compat_client", "protobuf")
TARGET = 0.7
QUEUED = 500
PLACE_ORDER, PROTOBUF = 3, 200


class Listener:
    """As much of a gateway as it takes to be sent requests; says when an order has come."""

    def __init__(self) -> None:
        self.ordered_at: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(4)
        (length,) = struct.unpack(">I", await reader.readexactly(4))
        newest = int((await reader.readexactly(length)).decode().split("..")[1].split()[0])
        writer.write(_frame(f"{newest}\0now\0".encode()))
        is_text = newest < 213
        while True:
            try:
                (length,) = struct.unpack(">I", await reader.readexactly(4))
                payload = await reader.readexactly(length)
            except asyncio.IncompleteReadError:
                return
            number = int(payload.split(b"\0")[0]) if is_text else int.from_bytes(payload[:4], "big") % PROTOBUF
            self._answer(number, writer, is_text=is_text)

    def _answer(self, number: int, writer: asyncio.StreamWriter, *, is_text: bool) -> None:
        if number == 71:
            if is_text:
                writer.write(_frame(b"15\x001\0DU1\0") + _frame(b"9\x001\x001\0"))
            else:
                writer.write(encode(m.ManagedAccounts("DU1")) + encode(m.NextValidId(1)))
        elif number == 61:
            writer.write(_frame(b"62\x001\0") if is_text else encode(m.PositionEnd()))
        elif number == 105:
            writer.write(encode(m.CurrentTimeInMillis(int(time.time() * 1000))))
        elif number == PLACE_ORDER and not self.ordered_at.done():
            self.ordered_at.set_result(time.perf_counter())


def _frame(payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + payload


async def order_behind_a_queue(ib: Any) -> float:
    """Seconds from `placeOrder` to the order's arrival."""
    listener = Listener()
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await ib.connectAsync("127.0.0.1", port, 1, readonly=True, fetchFields=ib_async.StartupFetchNONE)
    await asyncio.sleep(1.1)  # what connecting has used of the second is given back
    waiting = [
        asyncio.ensure_future(ib.reqContractDetailsAsync(ib_async.Contract(conId=number)))
        for number in range(1, QUEUED + 1)
    ]
    await asyncio.sleep(0)
    begun = time.perf_counter()
    ib.placeOrder(ib_async.Stock("AAPL", "SMART", "USD"), ib_async.LimitOrder("BUY", 1, 1.0))
    took = await listener.ordered_at - begun
    for one in waiting:
        one.cancel()
    ib.disconnect()
    await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.sleep(0.1)
    server.close()
    return took


async def cpu_per_message(messages: int, runs: int, window: int) -> dict[str, list[float]]:
    results: dict[str, list[float]] = {COMPAT.name: [], IB_ASYNC.name: []}
    async with process("benchmarks.sender", f"--messages={messages}", f"--window={window}") as sender:
        ports = await json_line(sender, "the sender", START_TIMEOUT_S)
        for number in range(runs + 1):
            for client in (COMPAT, IB_ASYNC):
                run = await run_client(client, ports, messages if number else min(WARM_UP_MESSAGES, messages))
                if number:
                    results[client.name].append(run[CPU])
    return results


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ib_async_compat", description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--window", type=int, default=16)
    arguments = parser.parse_args()
    cpu = asyncio.run(cpu_per_message(arguments.messages, arguments.runs, arguments.window))
    ours, stock = (median(cpu[client.name]) for client in (COMPAT, IB_ASYNC))
    rounds = [a / b for a, b in zip(cpu[COMPAT.name], cpu[IB_ASYNC.name], strict=True)]
    behind = {"ibwire.ib_async": asyncio.run(order_behind_a_queue(IB()))}
    behind["ib_async"] = asyncio.run(order_behind_a_queue(ib_async.IB()))
    result = {
        "machine": machine(),
        "cpu_us_per_message": {"ibwire.ib_async": ours, "ib_async": stock},
        "ratio": {"value": ours / stock, "low": min(rounds), "high": max(rounds), "target": TARGET},
        f"order_behind_{QUEUED}_requests_s": behind,
    }
    json.dump(result, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
