"""Handlers of events for tests: one that keeps what it got, and bad ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ibwire.events import Event, EventManager, EventType

T = EventType
START = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)


class Recorder:
    """A sync handler that keeps the data of what it got."""

    def __init__(self) -> None:
        self.got: list[Any] = []

    def __call__(self, event: Event) -> None:
        self.got.append(event.data)

    async def slowly(self, event: Event) -> None:
        await asyncio.sleep(0)
        self.got.append(event.data)


class Timer:
    """Seconds that pass only when a handler says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def spend(self, seconds: float) -> Callable[[Event], None]:
        def handler(_: Event) -> None:
            self.now += seconds

        return handler


def fail(_: Event) -> None:
    raise ValueError("bad day")


async def hang(_: Event) -> None:
    await asyncio.Event().wait()


def loop_clock() -> datetime:
    return START + timedelta(seconds=asyncio.get_running_loop().time())


async def settle() -> None:
    """Let everything happen that is due within a second."""
    await asyncio.sleep(1)


def trouble(events: EventManager) -> list[Any]:
    """What was reported about handlers, in order."""
    return [event.data for event in events.history([T.WARNING, T.HANDLER_FAILED])]
