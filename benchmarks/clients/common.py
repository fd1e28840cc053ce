"""What the measured clients share: the measurement, and the line they print."""

from __future__ import annotations

import argparse
import gc
import json
import socket
import time
import tracemalloc
from array import array
from statistics import quantiles

from benchmarks.content import BLOCK, INSTRUMENTS

HOST = "127.0.0.1"
CLIENT_ID = 1
CONTRACT = {"secType": "STK", "exchange": "SMART", "currency": "USD"}
"""What every instrument has in common; the contract id is the request id."""


class Measurement:
    """One client's run: where the sender is, how far the client has come, and what it cost.

    CPU is that of the whole process with all its threads, user and system, from right before the last subscription is
    sent until the callback of the last message: what is done with a chunk before its first message reaches the user is
    in it. Time, for messages per second, runs from the first report of progress: a client may pace its subscriptions.
    """

    def __init__(self) -> None:
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("--port", type=int, required=True, help="where the sender listens for the client")
        parser.add_argument("--progress-port", type=int, required=True, help="where it listens for the progress")
        parser.add_argument("--dialect", choices=("text", "protobuf"), required=True)
        parser.add_argument("--messages", type=int, required=True)
        parser.add_argument("--every", action="store_true", help="do not conflate, where a client could")
        parser.add_argument(
            "--handler", action="store_true", help="a sync handler instead of iterators, where both are"
        )
        parser.add_argument(
            "--latency", action="store_true", help="prices are the numbers of their messages: `sample` them"
        )
        parser.add_argument("--memory", action="store_true", help="report the memory per subscription; makes it slow")
        arguments = parser.parse_args()
        self.port: int = arguments.port
        self.messages: int = arguments.messages
        self.every: bool = arguments.every
        self.handler: bool = arguments.handler
        self.latency: bool = arguments.latency
        self._numbers: list[float] = []
        self._arrived: list[float] = []
        self._memory: bool = arguments.memory
        self._bytes = 0
        self._cpu = self._stopped = 0.0
        self._cpu_s = 0.0
        self._told = 0
        self._first: tuple[float, int] | None = None
        self._channel = socket.create_connection((HOST, arguments.progress_port))
        self._channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._channel.sendall(f"{arguments.dialect} {self.messages}\n".encode())

    def connected(self) -> None:
        """Everything is there but the subscriptions."""
        if self._memory:
            gc.collect()
            tracemalloc.start()

    def sample(self, number: float) -> None:
        """A tick reached its consumer: the message of this number, from 1."""
        self._arrived.append(time.monotonic())
        self._numbers.append(number)

    def start(self) -> None:
        """Everything is subscribed but the last instrument."""
        self._cpu = time.process_time()

    def progress(self, done: int) -> None:
        """Tell the sender how many messages were counted; call it about once in BLOCK messages."""
        if self._first is None:
            self._first = time.perf_counter(), done
        blocks = done // BLOCK - self._told
        if blocks > 0:
            self._told += blocks
            self._channel.sendall(b"." * blocks)

    def stop(self) -> None:
        """The last message was counted."""
        self._cpu_s = time.process_time() - self._cpu
        self._stopped = time.perf_counter()
        if self._memory:
            gc.collect()
            self._bytes = tracemalloc.get_traced_memory()[0]
            tracemalloc.stop()

    def report(self, counted: int, **more: int) -> None:
        """Print the one line of this process."""
        began, before = self._first or (self._stopped, counted)
        seconds = self._stopped - began
        result = {
            "messages": counted,
            "cpu_s_per_million": self._cpu_s / counted * 1e6,
            "messages_per_s": (counted - before) / seconds if seconds > 0 else 0.0,
            **more,
        }
        if self._memory:
            result["bytes_per_subscription"] = self._bytes / INSTRUMENTS
        if self.latency:
            cuts = quantiles(self._latencies(), n=100)
            result |= {"median_s": cuts[49], "p99_s": cuts[98], "samples": len(self._numbers)}
        print(json.dumps(result), flush=True)
        self._channel.close()

    def _latencies(self) -> list[float]:
        """From right before a message was written, as the sender says it now, to its sample."""
        written = array("d")
        with self._channel.makefile("rb") as sender:
            written.frombytes(sender.read(written.itemsize * self.messages))
        return [
            arrived - written[int(number) - 1] for number, arrived in zip(self._numbers, self._arrived, strict=True)
        ]
