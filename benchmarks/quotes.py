"""`python -m benchmarks.quotes`: what quotes cost in ibwire and in ib_async, how late they are, and what they weigh.

The same sender, ticks and rules as in `benchmarks.ticks`: every run is a process of its own, the clients take turns,
medians are compared. ib_async's user has a handler of `pendingTickersEvent`; ibwire's one consumer per instrument,
conflated or not, or a sync handler of QUOTE events. What memory does over many millions of ticks: `benchmarks.memory`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from benchmarks import report
from benchmarks.content import BLOCK
from benchmarks.report import CPU, IB_ASYNC, Client, spread
from benchmarks.ticks import START_TIMEOUT_S, BenchmarkFailed, json_line, process, run_client

CONFLATED = Client("quotes, conflated", "quotes_client", "protobuf")
EVERY = Client("quotes, every one", "quotes_client", "protobuf", ("--every",))
HANDLER = Client("QUOTE, sync handler", "quotes_client", "protobuf", ("--handler",))
CLIENTS = (IB_ASYNC, CONFLATED, EVERY, HANDLER)

TARGET = 0.5
"""Of ib_async's CPU per message, at most; for conflated quotes. Reported, never enforced."""

MESSAGES, RUNS = 400_000, 5
WINDOWS = (16, 2)
RATES = (2_000, 10_000)
SECONDS_AT_A_RATE = 5
WEIGHED_AT = (20_000, 200_000)
"""After how many messages memory is looked at: twice, so that what grows is seen."""

Results = dict[str, list[dict[str, float]]]


async def take_turns(runs: int, messages: int, *options: str, sender: tuple[str, ...]) -> Results:
    """So many runs of each client, one after the other."""
    results: Results = {client.name: [] for client in CLIENTS}
    async with process("benchmarks.sender", f"--messages={messages}", *sender) as sending:
        ports = await json_line(sending, "the sender", START_TIMEOUT_S)
        for number in range(1, runs + 1):
            print(f"{' '.join(sender)} run {number} of {runs}", file=sys.stderr, flush=True)
            for client in CLIENTS:
                results[client.name].append(await run_client(client, ports, messages, *options))
    return results


async def cost(runs: int, messages: int, window: int) -> None:
    """CPU per message when as much comes as a client can take."""
    results = await take_turns(runs, messages, sender=(f"--window={window}",))
    theirs = spread(results[IB_ASYNC.name], CPU)[0]
    print(f"\n{messages} messages a run, at most {window * BLOCK} under way")
    print(f"{'':<20}{'CPU s per million messages':>32}{'of ib_async':>14}{'quotes':>12}")
    for client in CLIENTS:
        middle, low, high = spread(results[client.name], CPU)
        quotes = results[client.name][0].get("quotes", "")
        shown = f"{middle:.2f} ({low:.2f} - {high:.2f})"
        print(f"{client.name:<20}{shown:>32}{middle / theirs:>14.2f}{quotes:>12}")
    ratio = spread(results[CONFLATED.name], CPU)[0] / theirs
    print(f"target for conflated quotes: at most {TARGET}, {'met' if ratio <= TARGET else 'missed'}")


async def lateness(runs: int, rate: int) -> None:
    """From the sender's write to the consumer, at an even rate."""
    messages = rate * SECONDS_AT_A_RATE // BLOCK * BLOCK
    results = await take_turns(runs, messages, "--latency", sender=("--window=0", f"--rate={rate}"))
    print(f"\n{rate} messages/s for {SECONDS_AT_A_RATE} s: microseconds from the sender's write to the consumer")
    print(f"{'':<20}{'median':>24}{'99th percentile':>24}{'CPU us per message':>22}")
    for client in CLIENTS:
        runs_of = results[client.name]
        shown = [
            f"{middle * 1e6:.0f} ({low * 1e6:.0f} - {high * 1e6:.0f})"
            for middle, low, high in (spread(runs_of, "median_s"), spread(runs_of, "p99_s"))
        ]
        print(f"{client.name:<20}{shown[0]:>24}{shown[1]:>24}{spread(runs_of, CPU)[0]:>22.1f}")


async def weight() -> None:
    """Python memory per subscription, when all its usual fields are there."""
    print(f"\n{'KiB per subscription':<20}" + "".join(f"{f'after {messages}':>20}" for messages in WEIGHED_AT))
    by_number = [await take_turns(1, messages, "--memory", sender=("--window=2",)) for messages in WEIGHED_AT]
    for client in CLIENTS:
        shown = [results[client.name][0]["bytes_per_subscription"] / 1024 for results in by_number]
        print(f"{client.name:<20}" + "".join(f"{kib:>20.1f}" for kib in shown))


async def measure(arguments: argparse.Namespace) -> None:
    for window in WINDOWS:
        await cost(arguments.runs, arguments.messages, window)
    for rate in RATES:
        await lateness(arguments.runs, rate)
    await weight()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quotes", description=__doc__)
    parser.add_argument("--messages", type=int, default=MESSAGES, help=f"per run, a multiple of {BLOCK}")
    parser.add_argument("--runs", type=int, default=RUNS)
    arguments = parser.parse_args()
    print("  ".join(f"{name} {value}" for name, value in report.machine().items()))
    try:
        asyncio.run(measure(arguments))
    except BenchmarkFailed as failure:
        sys.exit(f"benchmark failed: {failure}")


if __name__ == "__main__":
    main()
