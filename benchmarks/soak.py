"""A session under a fault a minute, over TCP in real time: does its memory grow?

python -m benchmarks.soak --minutes 30 prints the resident memory every minute, and at the end how it compares with that
after the first five minutes. The gateway runs, and goes wrong, in a process of its own. It asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import random
import resource
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path

from ibwire.gaps import Gap, Resumed
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings
from ibwire.simulator import GeneratedFeed, SimulatedGateway
from ibwire.simulator.instruments import INSTRUMENTS
from ibwire.streams import MessageStream
from ibwire.wire import messages as m

LINES = 100
FAULT_EVERY_S = 60.0
SETTLED_AFTER_S = 300.0
SEED = 1


async def misbehave() -> None:
    """A gateway that has a fault every minute, until it is killed."""
    rng = random.Random(SEED)
    feed = GeneratedFeed(seed=SEED, con_ids=[one.con_id for one in INSTRUMENTS])
    async with SimulatedGateway(feed=feed) as gateway:
        print(gateway.port, flush=True)
        while True:
            await asyncio.sleep(FAULT_EVERY_S)
            match rng.choice(("disconnect", "reset", "restart", "offline", "farm", "competition", "garbage_frame")):
                case "restart":
                    await gateway.inject("restart", down_for_s=rng.uniform(1, 10))
                case "offline":
                    await gateway.inject("connectivity_lost")
                    await asyncio.sleep(rng.uniform(1, 10))
                    await gateway.inject("connectivity_restored", data_lost=rng.random() < 0.5)
                case "farm":
                    await gateway.inject("farm_down", farm="usfarm")
                    await asyncio.sleep(rng.uniform(3, 10))
                    await gateway.inject("farm_up", farm="usfarm")
                case "competition":
                    await gateway.inject("competing_session")
                    await asyncio.sleep(rng.uniform(1, 10))
                    await gateway.inject("competing_session", is_on=False)
                case kind:
                    await gateway.inject(kind)


class Seen:
    """What the consumers saw."""

    ticks = gaps = resumed = 0


async def consume(stream: MessageStream, seen: Seen) -> None:
    async with stream:
        async for item in stream:
            seen.gaps += isinstance(item, Gap)
            seen.resumed += isinstance(item, Resumed)
            seen.ticks += 1


async def soak(port: int, minutes: float) -> None:
    """Stream, and look at the memory."""
    settings, seen = Settings(connection=ConnectionSettings(port=port)), Seen()
    began, settled, now = time.monotonic(), 0.0, 0.0
    async with IBSession(settings) as session:
        contracts = [m.Contract(con_id=one.con_id, exchange=one.exchange) for one in islice(cycle(INSTRUMENTS), LINES)]
        streams = [session.stream(m.MarketDataRequest(contract=contract)) for contract in contracts]
        tasks = [asyncio.create_task(consume(stream, seen)) for stream in streams]
        while (elapsed_s := time.monotonic() - began) < 60 * minutes:
            await asyncio.sleep(60)
            now = resident_mib()
            if not settled and elapsed_s + 60 >= SETTLED_AFTER_S:
                settled = now
            stats = session.stats()
            print(
                f"{(elapsed_s + 60) / 60:5.1f} min  {now:7.2f} MiB  {seen.ticks:9d} messages  {stats.reconnects:4d} "
                f"reconnects  {seen.gaps:6d} gaps  {seen.resumed:6d} resumed  {session.health().status.value}",
                flush=True,
            )
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if settled:
        change = now / settled - 1
        print(f"memory after {minutes:g} min is {change:+.1%} of that after {SETTLED_AFTER_S / 60:g} min")


def resident_mib() -> float:
    """The resident memory of this process; where there is no /proc, its highest so far."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--gateway", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    if given.gateway:
        asyncio.run(misbehave())
        return
    command = [sys.executable, "-m", "benchmarks.soak", "--gateway"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as gateway,
        contextlib.suppress(KeyboardInterrupt),
    ):
        try:
            assert gateway.stdout is not None
            asyncio.run(soak(int(gateway.stdout.readline()), given.minutes))
        finally:
            gateway.kill()


if __name__ == "__main__":
    main()
