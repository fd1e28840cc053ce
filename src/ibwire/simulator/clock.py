"""The gateway's time as one object: real, or standing still until it is advanced.

Two readings. `now_s` is the wall clock as clients are told it, which may be wrong (`skew_s`); `elapsed_s` is how long
the gateway has run, which is what the market, faults and scenarios go by and never jumps.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from msgspec import Struct


class Clock(Protocol):
    """What the gateway needs of a clock."""

    skew_s: float
    """How far the wall clock is ahead of the true one, in seconds."""

    def start(self) -> None:
        """Let time begin, if it has not."""

    def now_s(self) -> float:
        """Unix seconds as the gateway tells them."""

    def elapsed_s(self) -> float:
        """Seconds since the start."""

    async def sleep(self, seconds: float) -> None:
        """Wait until so much of the gateway's time has passed."""


class RealClock:
    """Time as the event loop has it; `wall` gives Unix seconds."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self.skew_s = 0.0
        self._wall = wall
        self._started_at: float | None = None

    def start(self) -> None:
        """Let time begin, if it has not."""
        if self._started_at is None:
            self._started_at = asyncio.get_running_loop().time()

    def now_s(self) -> float:
        """Unix seconds as the gateway tells them."""
        return self._wall() + self.skew_s

    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return 0.0 if self._started_at is None else asyncio.get_running_loop().time() - self._started_at

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        await asyncio.sleep(seconds)


class _Sleeper(Struct, order=True, frozen=True):
    """Who waits for a moment; of two that wait for the same one the older goes first."""

    at_s: float
    number: int


class ManualClock:
    """Time that stands still until it is moved; `start_s` are the Unix seconds that it begins with.

    Move it through `SimulatedGateway.advance`, which lets everything happen on the way.
    """

    def __init__(self, start_s: float) -> None:
        self.skew_s = 0.0
        self._start_s = start_s
        self._elapsed_s = 0.0
        self._numbers = itertools.count()
        self._sleepers: list[_Sleeper] = []
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._asleep: dict[asyncio.Task[object], int] = {}
        self._stirred = asyncio.Event()

    def start(self) -> None:
        """Nothing: it is moved by hand."""

    def now_s(self) -> float:
        """Unix seconds as the gateway tells them."""
        return self._start_s + self._elapsed_s + self.skew_s

    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return self._elapsed_s

    def move_to(self, elapsed_s: float) -> None:
        """Let it be so many seconds after the start; time does not go back."""
        self._elapsed_s = max(self._elapsed_s, elapsed_s)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was moved so far."""
        task = asyncio.current_task()
        assert task is not None
        sleeper = _Sleeper(self._elapsed_s + seconds, next(self._numbers))
        waiting = self._waiting[sleeper.number] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, sleeper)
        self._asleep[task] = sleeper.number
        self._stirred.set()
        try:
            await waiting
        finally:
            self._waiting.pop(sleeper.number, None)
            self._asleep.pop(task, None)

    @property
    def next_wake_s(self) -> float | None:
        """When the next sleeper is due, in seconds since the start."""
        while self._sleepers and self._sleepers[0].number not in self._waiting:  # its task was cancelled
            heapq.heappop(self._sleepers)
        return self._sleepers[0].at_s if self._sleepers else None

    def wake_next(self) -> bool:
        """Wake the first sleeper that is due; False if none is."""
        at_s = self.next_wake_s
        if at_s is None or at_s > self._elapsed_s:
            return False
        waiting = self._waiting.pop(heapq.heappop(self._sleepers).number)
        if not waiting.done():
            waiting.set_result(None)
        return True

    async def until_idle(self, tasks: Iterable[asyncio.Task[object]]) -> None:
        """Wait until each of these is done or asleep on this clock."""
        while busy := [task for task in tasks if not task.done() and not self._is_asleep(task)]:
            self._stirred.clear()
            stirring = asyncio.ensure_future(self._stirred.wait())
            await asyncio.wait([stirring, *busy], return_when=asyncio.FIRST_COMPLETED)
            stirring.cancel()

    def _is_asleep(self, task: asyncio.Task[object]) -> bool:
        # Who was woken waits no longer, though it comes to run only later.
        return self._asleep.get(task) in self._waiting
