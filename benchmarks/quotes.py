"""`python -m benchmarks.quotes`: what quotes cost in ibwire and in ib_async, how late they are, and what they weigh.

The same sender, ticks and rules as in `benchmarks.ticks`: every run is a process of its own, the clients take turns,
each round beginning with another one, medians are compared. ib_async's user has a handler of `pendingTickersEvent`;
ibwire's one consumer per instrument, conflated or not, or a sync handler of QUOTE events. Latency is that of bids made
beforehand, from right before the sender's write to the consumer's look at the price; the difference to ib_async is
taken within each round. What memory does over many millions of ticks: `benchmarks.memory`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from statistics import median, quantiles

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
LATENCY_RUNS, SECONDS_AT_A_RATE = 15, 2
"""Many short runs: what else the machine does changes from one to the next, and meets all clients."""
WEIGHED_AT = (20_000, 200_000)
"""After how many messages memory is looked at: twice, so that what grows is seen."""

Results = dict[str, list[dict[str, float]]]


@contextmanager
def starting_on(cpus: set[int]) -> Iterator[None]:
    """What is started within stays on these processors; none named: on any."""
    if not cpus:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def take_turns(
    runs: int,
    messages: int,
    *options: str,
    sender: tuple[str, ...],
    clients: Sequence[Client] = CLIENTS,
    is_pinned: bool = False,
) -> Results:
    """So many runs of each client, one after the other; a round begins with the second client of the one before."""
    results: Results = {client.name: [] for client in clients}
    cpus = sorted(os.sched_getaffinity(0)) if is_pinned else []
    async with AsyncExitStack() as stack:
        with starting_on(set(cpus[:1])):
            running = process("benchmarks.sender", f"--messages={messages}", *sender)
            sending = await stack.enter_async_context(running)
        ports = await json_line(sending, "the sender", START_TIMEOUT_S)
        for number in range(runs):
            print(f"{' '.join(sender)} run {number + 1} of {runs}", file=sys.stderr, flush=True)
            first = number % len(clients)
            for client in (*clients[first:], *clients[:first]):
                with starting_on(set(cpus[-1:])):
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


async def lateness(rate: int, arguments: argparse.Namespace) -> None:
    """From the sender's write to the consumer, at an even rate."""
    runs, seconds, clients = arguments.latency_runs, arguments.seconds, arguments.clients
    results = await take_turns(
        runs,
        rate * seconds // BLOCK * BLOCK,
        "--latency",
        sender=("--window=0", f"--rate={rate}"),
        clients=clients,
        is_pinned=arguments.pin,
    )
    print(f"\n{rate} messages/s, {runs} rounds of {seconds} s: microseconds from the sender's write to the consumer")
    print(f"{'':<20}{'median':>20}{'later than ib_async':>28}{'99th percentile':>24}{'CPU us per message':>20}")
    theirs = [run["median_s"] for run in results[IB_ASYNC.name]]
    for client in clients:
        runs_of = results[client.name]
        shown = [
            f"{middle * 1e6:.1f} ({low * 1e6:.0f} - {high * 1e6:.0f})"
            for middle, low, high in (spread(runs_of, "median_s"), spread(runs_of, "p99_s"))
        ]
        later = [(run["median_s"] - their) * 1e6 for run, their in zip(runs_of, theirs, strict=True)]
        compared = "" if client is IB_ASYNC else difference(later)
        print(f"{client.name:<20}{shown[0]:>20}{compared:>28}{shown[1]:>24}{spread(runs_of, CPU)[0]:>20.1f}")


def difference(later: list[float]) -> str:
    """Of the rounds: the median, the middle half, and how many were not later."""
    low, _, high = quantiles(later, n=4)
    return f"{median(later):+.1f} ({low:+.1f} - {high:+.1f}, {sum(one <= 0 for one in later)}/{len(later)})"


async def weight() -> None:
    """Python memory per subscription, when all its usual fields are there."""
    print(f"\n{'KiB per subscription':<20}" + "".join(f"{f'after {messages}':>20}" for messages in WEIGHED_AT))
    by_number = [await take_turns(1, messages, "--memory", sender=("--window=2",)) for messages in WEIGHED_AT]
    for client in CLIENTS:
        shown = [results[client.name][0]["bytes_per_subscription"] / 1024 for results in by_number]
        print(f"{client.name:<20}" + "".join(f"{kib:>20.1f}" for kib in shown))


async def measure(arguments: argparse.Namespace) -> None:
    if "cost" in arguments.only:
        for window in WINDOWS:
            await cost(arguments.runs, arguments.messages, window)
    if "latency" in arguments.only:
        for rate in arguments.rates:
            await lateness(rate, arguments)
    if "memory" in arguments.only:
        await weight()


def command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quotes", description=__doc__)
    parts = ("cost", "latency", "memory")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts)
    parser.add_argument("--messages", type=int, default=MESSAGES, help=f"per run for the cost, a multiple of {BLOCK}")
    parser.add_argument("--runs", type=int, default=RUNS, help="of each client, for the cost")
    parser.add_argument("--latency-runs", type=int, default=LATENCY_RUNS, help="of each client, at each rate")
    parser.add_argument("--rates", type=int, nargs="+", default=RATES, help="messages a second, for the latency")
    parser.add_argument("--seconds", type=int, default=SECONDS_AT_A_RATE, help="of each run for the latency")
    parser.add_argument("--iterators", action="store_true", help="for the latency, only ib_async and conflated quotes")
    parser.add_argument("--pin", action="store_true", help="for the latency, sender and client each keep to one CPU")
    arguments = parser.parse_args()
    if arguments.latency_runs < 2 or min(arguments.rates) * arguments.seconds < BLOCK:
        parser.error(f"--latency-runs is at least 2, and a run for the latency has at least {BLOCK} messages")
    if arguments.pin and not (hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1):
        parser.error("--pin needs Linux and two processors")
    arguments.clients = CLIENTS[:2] if arguments.iterators else CLIENTS
    return arguments


def main() -> None:
    arguments = command_line()
    print("  ".join(f"{name} {value}" for name, value in report.machine().items()))
    try:
        asyncio.run(measure(arguments))
    except BenchmarkFailed as failure:
        sys.exit(f"benchmark failed: {failure}")


if __name__ == "__main__":
    main()
