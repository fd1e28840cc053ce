"""What an event costs: nanoseconds per `emit` inside a running loop, by who listens and what is kept.

python -m benchmarks.events prints the median and the best of its repeats; it asserts nothing. Numbers mean something
only next to others taken on the same machine at the same time.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import platform
import statistics
import sys
import time
from collections.abc import Callable

from ibwire.events import Event, EventManager, EventType, Overflow

CALLS = 20_000
REPEATS = 25


def ignore(_: Event) -> None:
    """A handler that costs as little as one can."""


async def mark_last(event: Event) -> None:
    """The same for an async handler; the last event of a burst carries what waits for it."""
    if event.data is not None:
        event.data.set()


def median_and_best(samples: list[float]) -> str:
    """Both, because on a machine that others use too the median tells of them as well."""
    return f"{statistics.median(samples):7.0f} {min(samples):7.0f}"


async def time_calls(call: Callable[[EventType], object], event_type: EventType) -> str:
    """Nanoseconds per call; between two repeats the loop may do what is due."""
    samples = []
    for _ in range(REPEATS):
        gc.collect()
        began = time.perf_counter_ns()
        for _ in range(CALLS):
            call(event_type)
        samples.append((time.perf_counter_ns() - began) / CALLS)
        await asyncio.sleep(0)
    return median_and_best(samples)


async def time_emit(event_type: EventType, subscribe: Callable[[EventManager], object] | None = None) -> str:
    """Nanoseconds per `emit` of `event_type` on a manager of its own."""
    async with EventManager() as events:
        if subscribe is not None:
            subscribe(events)
        return await time_calls(events.emit, event_type)


async def time_async_handler() -> str:
    """Nanoseconds for an event from `emit` to the end of its async handler, in bursts of 500."""
    async with EventManager() as events:
        events.subscribe(EventType.TICK, mark_last)
        samples = []
        for _ in range(REPEATS):
            began = time.perf_counter_ns()
            for _ in range(CALLS // 500):
                is_done = asyncio.Event()
                for _ in range(499):
                    events.emit(EventType.TICK)
                events.emit(EventType.TICK, is_done)
                await is_done.wait()
            samples.append((time.perf_counter_ns() - began) / CALLS)
        return median_and_best(samples)


def subscribe_sync(events: EventManager) -> None:
    """One sync subscriber to everything."""
    events.subscribe(None, ignore)


def open_stream(events: EventManager) -> None:
    """One stream of everything that nobody reads."""
    events.stream(None, overflow=Overflow.DROP_OLDEST)


async def main() -> None:
    """Measure and print."""
    logging.disable()  # of the full stream
    print(f"Python {platform.python_version()}, {sys.platform}, {REPEATS} x {CALLS} calls")
    print(f"{'nanoseconds per call':46}  median    best")
    async with EventManager() as events:
        print(f"{'has_subscribers, nobody':46} {await time_calls(events.has_subscribers, EventType.TICK)}")
    for name, event_type in (("history off", EventType.TICK), ("history on", EventType.ORDER_STATUS)):
        row = f"emit, {name}, "
        print(f"{row + 'nobody':46} {await time_emit(event_type)}")
        print(f"{row + 'one sync subscriber':46} {await time_emit(event_type, subscribe_sync)}")
        print(f"{row + 'one stream that is full':46} {await time_emit(event_type, open_stream)}")
    print(f"{'emit and run an async handler, history off':46} {await time_async_handler()}")


if __name__ == "__main__":
    asyncio.run(main())
