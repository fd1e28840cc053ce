"""What the simulated gateway takes: CPU for level-1 messages to one client, for 32 clients, and memory over millions.

The gateway is a process of its own and so is the reader, which only counts frames. What is compared is CPU time of the
gateway's process: the reader and the other work on the machine do not count in it. It asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from benchmarks import report

SETTLE_S = 5.0
"""After the last subscription: openings are sent, the rings of recent ticks begin to fill."""

TIMEOUT_S = 60.0
MILLION = 1_000_000


class Load(NamedTuple):
    """A scenario: clients, lines of each, and updates of each instrument in a second."""

    name: str
    clients: int
    lines: int
    updates_per_s: float


ONE_CLIENT = Load("one client, 62 lines, 600 updates/s each", 1, 62, 600.0)
MANY_CLIENTS = Load("32 clients, 100 lines each, 4 updates/s", 32, 100, 4.0)


class Sample(NamedTuple):
    """How things stand at one moment."""

    at_s: float
    cpu_s: float
    rss_bytes: int
    messages: int


async def started(*arguments: str) -> tuple[Process, dict[str, Any]]:
    """One of the two processes, and what it says when it is ready."""
    command = ("-m", "benchmarks.simulated_load", *arguments)
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdin=PIPE, stdout=PIPE)
    return process, await said(process)


async def said(process: Process) -> dict[str, Any]:
    """The next line of a process."""
    assert process.stdout is not None
    async with asyncio.timeout(TIMEOUT_S):
        line = await process.stdout.readline()
    if not line:
        raise SystemExit("benchmark failed: a process ended")
    return dict(json.loads(line))


async def asked(process: Process) -> dict[str, Any]:
    """How a process is doing."""
    assert process.stdin is not None
    process.stdin.write(b"\n")
    return await said(process)


@asynccontextmanager
async def under(load: Load) -> AsyncIterator[tuple[Process, Process]]:
    """The gateway and its reader, both running."""
    gateway, ready = await started(f"--updates-per-s={load.updates_per_s}")
    options = f"--port={ready['port']}", f"--clients={load.clients}", f"--lines={load.lines}"
    reader, _ = await started(*options)
    try:
        await asyncio.sleep(SETTLE_S)
        yield gateway, reader
    finally:
        for process in (reader, gateway):
            if process.returncode is None:
                process.kill()
                await process.wait()


async def sample(gateway: Process, reader: Process) -> Sample:
    """Both processes' numbers at about the same moment."""
    counted, used = await asyncio.gather(asked(reader), asked(gateway))
    return Sample(used["at_s"], used["cpu_s"], used["rss_bytes"], counted["messages"])


def summary(load: Load, first: Sample, last: Sample) -> dict[str, float | str]:
    """What happened between two samples."""
    elapsed_s, cpu_s, messages = last.at_s - first.at_s, last.cpu_s - first.cpu_s, last.messages - first.messages
    return {
        "load": load.name,
        "messages": messages,
        "messages_per_s": messages / elapsed_s,
        "cpu_share": cpu_s / elapsed_s,
        "us_per_message": cpu_s / messages * 1e6,
        "messages_per_cpu_s": messages / cpu_s,
    }


async def measure_cpu(load: Load, seconds: float) -> dict[str, float | str]:
    """CPU of one scenario."""
    async with under(load) as processes:
        first = await sample(*processes)
        await asyncio.sleep(seconds)
        return summary(load, first, await sample(*processes))


async def measure_memory(messages: int) -> list[tuple[int, int]]:
    """Resident memory each tenth of the way through so many messages."""
    points = []
    async with under(ONE_CLIENT) as processes:
        first = now = await sample(*processes)
        while True:
            done = now.messages - first.messages
            if done >= len(points) * messages / 10:
                points.append((done, now.rss_bytes))
            if done >= messages:
                return points
            await asyncio.sleep(1.0)
            now = await sample(*processes)


async def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Everything, one after the other."""
    loads = [await measure_cpu(load, arguments.seconds) for load in (ONE_CLIENT, MANY_CLIENTS)]
    points = await measure_memory(arguments.messages) if arguments.messages else []
    return {"loads": loads, "memory": points}


def as_text(machine: dict[str, Any], results: dict[str, Any]) -> str:
    """The tables."""
    lines = [", ".join(f"{name} {value}" for name, value in machine.items()), ""]
    lines.append(f"{'load':42}{'messages/s':>12}{'CPU':>8}{'us/message':>12}{'messages per CPU s':>20}")
    lines += [
        f"{load['load']:42}{load['messages_per_s']:>12,.0f}{load['cpu_share']:>8.0%}"
        f"{load['us_per_message']:>12.2f}{load['messages_per_cpu_s']:>20,.0f}"
        for load in results["loads"]
    ]
    lines += ["", "million messages   resident MiB"] if results["memory"] else []
    lines += [f"{done / MILLION:16.1f}   {rss / 2**20:12.1f}" for done, rss in results["memory"]]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulator", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each load is measured")
    parser.add_argument("--messages", type=int, default=10 * MILLION, help="for the memory's run; 0 leaves it out")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    arguments = parser.parse_args()
    machine = report.machine()
    results = asyncio.run(run(arguments))
    print(json.dumps({"machine": machine, **results}) if arguments.json else as_text(machine, results))


if __name__ == "__main__":
    main()
