"""`python -m benchmarks.memory`: resident memory over ten million ticks, ib_async's and ibwire's side by side.

Both clients live at the same time, with 100 subscriptions each and a user who looks at every packet, and get the same
ticks from this process, block by block. After each million both have to be done with it, and are weighed. A million
prepared ticks are sent again and again. Needs /proc, and so Linux; takes some minutes, and asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

INSTRUMENTS = 100
os.environ["IBWIRE_BENCHMARK_INSTRUMENTS"] = str(INSTRUMENTS)  # before what reads it is imported, here and in clients

from benchmarks import report, sender  # noqa: E402
from benchmarks.clients.common import HOST  # noqa: E402
from benchmarks.quotes import CONFLATED  # noqa: E402
from benchmarks.report import IB_ASYNC, Client  # noqa: E402

MILLION = 1_000_000
MILLIONS = 10
WINDOW = 8
"""Blocks of 2,000 messages under way to each client."""

TIMEOUT_S = 120.0
SETTLED = 2
"""From this million on it is said how much memory has grown."""


@dataclass
class Fed:
    """A client that runs, and how far it has come."""

    client: Client
    process: subprocess.Popen[bytes]
    progress: socket.socket
    connection: socket.socket
    blocks: list[bytes]
    under_way: int = 0

    def wait_for(self, room: int) -> None:
        """Until at most so many blocks are under way."""
        while self.under_way > room:
            done = self.progress.recv(4096)
            if not done:
                sys.exit(f"benchmark failed: {self.client.name} ended before the last message")
            self.under_way -= len(done)

    def send(self, block: bytes) -> None:
        """One more block, when there is room for it."""
        self.wait_for(WINDOW - 1)
        self.connection.sendall(block)
        self.under_way += 1

    def weight_mib(self) -> float:
        """Its resident memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def start(client: Client, dialect: sender.Dialect, messages: int) -> Fed:
    """A client that has subscribed to everything."""
    with socket.create_server((HOST, 0)) as clients, socket.create_server((HOST, 0)) as progresses:
        clients.settimeout(TIMEOUT_S)
        progresses.settimeout(TIMEOUT_S)
        options = {
            "port": clients.getsockname()[1],
            "progress-port": progresses.getsockname()[1],
            "messages": messages,
            "dialect": client.dialect,
        }
        command = [sys.executable, "-m", f"benchmarks.clients.{client.module}", *client.options]
        process = subprocess.Popen(
            [*command, *(f"--{name}={value}" for name, value in options.items())], stdout=subprocess.DEVNULL
        )
        progress, _ = progresses.accept()
        progress.settimeout(TIMEOUT_S)
        sender.line_from(progress)
        connection, _ = clients.accept()
    connection.settimeout(TIMEOUT_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sender.shake_hands(connection, dialect)
    return Fed(client, process, progress, connection, dialect.blocks)


def run(millions: int) -> list[list[float]]:
    """The weights of both, by million, the first before any tick."""
    print(f"preparing {MILLION} ticks for each", file=sys.stderr, flush=True)
    dialects = {"text": sender.text(MILLION), "protobuf": sender.protobuf(MILLION)}
    fed: list[Fed] = []
    try:
        for client in (IB_ASYNC, CONFLATED):
            fed.append(start(client, dialects[client.dialect], millions * MILLION))  # noqa: PERF401 - killed below, if one fails
        weights = [[each.weight_mib() for each in fed]]
        for number in range(1, millions + 1):
            last = number == millions  # who has counted everything leaves: that is weighed one block earlier
            for blocks in list(zip(*(each.blocks for each in fed), strict=True))[: -1 if last else None]:
                for each, block in zip(fed, blocks, strict=True):
                    each.send(block)
            for each in fed:
                each.wait_for(0)
            weights.append([each.weight_mib() for each in fed])
            print(f"{number} million: {weights[-1]}", file=sys.stderr, flush=True)
        return weights
    finally:
        for each in fed:
            each.process.kill()
            each.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--millions", type=int, default=MILLIONS)
    arguments = parser.parse_args()
    if arguments.millions <= SETTLED:
        parser.error(f"--millions is more than {SETTLED}")
    print("  ".join(f"{name} {value}" for name, value in report.machine().items()))
    weights = run(arguments.millions)
    print(f"\n{INSTRUMENTS} subscriptions, resident MiB after so many million ticks")
    print(f"{'':<20}" + "".join(f"{number:>8}" for number in range(len(weights))))
    for client, series in zip((IB_ASYNC, CONFLATED), zip(*weights, strict=True), strict=True):
        print(f"{client.name:<20}" + "".join(f"{mib:>8.1f}" for mib in series))
    for client, series in zip((IB_ASYNC, CONFLATED), zip(*weights, strict=True), strict=True):
        growth = series[-1] - series[SETTLED]
        print(f"{client.name}: {growth:+.1f} MiB from {SETTLED} to {len(series) - 1} million")


if __name__ == "__main__":
    main()
