"""How a command that runs until it is told to stop notices that: Ctrl-C and SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any


def stop_signal() -> asyncio.Event:
    """Set when the process is asked to stop: Ctrl-C, and SIGTERM where there is such a thing."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # on Windows the loop has none, but Python's own wake it up
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop


async def first_of(*works: Coroutine[Any, Any, Any]) -> None:
    """Run these until the first is over, cancel the others, and raise what it raised, or what they did in ending."""
    tasks = [asyncio.create_task(work) for work in works]
    done: set[asyncio.Task[Any]] = set()
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in sorted(tasks, key=lambda task: task not in done):
            if not task.cancelled():
                task.result()  # also while this is cancelled: a recording that could not be closed is not lost


async def until_stopped(work: Coroutine[Any, Any, Any]) -> None:
    """Run this until it is over or the process is asked to stop, which is a good end: exit code 0."""
    await first_of(work, stop_signal().wait())
