"""`make bench`: what a tick costs in ibwire, ib_async, IBKR's own client and the leanest reader there can be.

Every run of every client is a process of its own, fed by one separate sender (`benchmarks.sender`) with the same ticks.
The clients take turns, so that a slow minute of the machine meets all of them; the medians are compared. What is
compared is CPU per message: the sender and the other work on the machine do not count in it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from benchmarks import report
from benchmarks.content import BLOCK
from benchmarks.report import CLIENTS, Client

MESSAGES = 400_000
RUNS = 5
WINDOW = 16
WARM_UP_MESSAGES = 10 * BLOCK
START_TIMEOUT_S = 120.0
RUN_TIMEOUT_S = 60.0
S_PER_MESSAGE = 200e-6
"""What a run may take beyond RUN_TIMEOUT_S, per message."""


class BenchmarkFailed(Exception):
    """A process ended badly, took too long, or counted wrong."""


@asynccontextmanager
async def process(module: str, *arguments: str) -> AsyncIterator[Process]:
    """A Python process that does not outlive the block. What it says on stderr is shown."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=PIPE, start_new_session=True
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()


async def json_line(running: Process, what: str, timeout_s: float) -> dict[str, Any]:
    """The line a process prints."""
    assert running.stdout is not None
    try:
        async with asyncio.timeout(timeout_s):
            line = await running.stdout.readline()
    except TimeoutError:
        raise BenchmarkFailed(f"{what}: nothing within {timeout_s:g} s") from None
    if not line:
        raise BenchmarkFailed(f"{what} ended without a result")
    return json.loads(line)


async def run_client(client: Client, ports: dict[str, int], messages: int, *more: str) -> dict[str, float]:
    """One run; `more` are further options of the client."""
    arguments = {"port": ports["port"], "progress-port": ports["progress_port"], "messages": messages}
    options = [*(f"--{name}={value}" for name, value in arguments.items()), *client.options, *more]
    async with process(f"benchmarks.clients.{client.module}", f"--dialect={client.dialect}", *options) as running:
        result = await json_line(running, client.name, RUN_TIMEOUT_S + messages * S_PER_MESSAGE)
        async with asyncio.timeout(RUN_TIMEOUT_S):
            await running.wait()
    if result["messages"] != messages:
        raise BenchmarkFailed(f"{client.name} counted {result['messages']} of {messages} messages")
    return result


async def measure(arguments: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    """All runs, by client."""
    results: dict[str, list[dict[str, float]]] = {client.name: [] for client in CLIENTS}
    options = f"--messages={arguments.messages}", f"--window={arguments.window}"
    async with process("benchmarks.sender", *options) as sender:
        ports = await json_line(sender, "the sender", START_TIMEOUT_S)
        for client in CLIENTS:
            await run_client(client, ports, min(WARM_UP_MESSAGES, arguments.messages))
        for number in range(1, arguments.runs + 1):
            print(f"run {number} of {arguments.runs}", file=sys.stderr, flush=True)
            for client in CLIENTS:
                results[client.name].append(await run_client(client, ports, arguments.messages))
    return results


def command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ticks", description=__doc__)
    parser.add_argument("--messages", type=int, default=MESSAGES, help=f"per run, a multiple of {BLOCK}")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument(
        "--window",
        type=int,
        default=WINDOW,
        help=f"how many blocks of {BLOCK} messages may be under way; 0: what TCP takes",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    arguments = parser.parse_args()
    if arguments.messages <= 0 or arguments.messages % BLOCK:
        parser.error(f"--messages has to be a multiple of {BLOCK}")
    if arguments.runs < 1 or arguments.window < 0:
        parser.error("--runs is at least 1, --window at least 0")
    return arguments


def main() -> None:
    arguments = command_line()
    machine = report.machine()
    try:
        results = asyncio.run(measure(arguments))
    except BenchmarkFailed as failure:
        sys.exit(f"benchmark failed: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
    setting = {"messages": arguments.messages, "runs": arguments.runs, "window": arguments.window * BLOCK}
    show = report.as_json if arguments.json else report.as_text
    print(show(machine, setting, results))


if __name__ == "__main__":
    main()
