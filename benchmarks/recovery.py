"""How long 50 streams are silent when the gateway drops the connection and is back at once, over TCP.

python -m benchmarks.recovery prints the median, the best and the worst of 20 rounds; it asserts nothing. Session and
simulated gateway share one process, so the numbers are, if anything, too high.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics

from ibwire.gaps import Resumed
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings, WatchdogSettings
from ibwire.simulator import GeneratedFeed, SimulatedGateway
from ibwire.simulator.instruments import INSTRUMENTS
from ibwire.streams import MessageStream
from ibwire.wire import messages as m

STREAMS, ROUNDS = 50, 20
BETWEEN_S = 3.0
"""Between rounds: longer than the second that IBKR's limit counts, and than `stable_s` below."""

TARGET_S = 1.5
"""50 requests at the default 45 a second take 1.1 s."""


async def wait_until_resumed(stream: MessageStream) -> None:
    """Read up to the end of the next gap, and its first tick."""
    async for item in stream:
        if isinstance(item, Resumed):
            return


async def measure(rounds: int) -> list[float]:
    """Seconds from the fault until the last stream ticks again, one number a round."""
    instruments = INSTRUMENTS[:STREAMS]
    feed = GeneratedFeed(seed=1, con_ids=[one.con_id for one in instruments])
    # A link counts as stable after a second here, so that the rounds need not be a minute apart.
    watchdog = WatchdogSettings(stable_s=1.0)
    loop, took = asyncio.get_running_loop(), []
    async with SimulatedGateway(feed=feed) as gateway:
        settings = Settings(connection=ConnectionSettings(port=gateway.port), watchdog=watchdog)
        async with IBSession(settings) as session:
            streams = [
                session.stream(m.MarketDataRequest(contract=m.Contract(con_id=one.con_id, exchange=one.exchange)))
                for one in instruments
            ]
            await asyncio.gather(*(anext(stream) for stream in streams))
            for _ in range(rounds):
                await asyncio.sleep(BETWEEN_S)
                began = loop.time()
                await gateway.inject("disconnect")
                await asyncio.gather(*(wait_until_resumed(stream) for stream in streams))
                took.append(loop.time() - began)
            for stream in streams:
                stream.close()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    took = asyncio.run(measure(parser.parse_args().rounds))
    print(
        f"{STREAMS} streams tick again after {statistics.median(took):.2f} s (median of {len(took)}; best "
        f"{min(took):.2f}, worst {max(took):.2f}; target {TARGET_S})"
    )


if __name__ == "__main__":
    main()
