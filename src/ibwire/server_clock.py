"""How far the gateway's clock is from ours, estimated from questions for its time.

The gateway's answer was made somewhere between question and answer: half-way is the estimate, half the round trip its
uncertainty. Of the last questions the one with the shortest round trip is believed (Cristian's algorithm).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

BELIEVED = 8
"""How many of the last answers are looked at: old ones say nothing about clocks that drift."""

SLACK_S = 0.05
"""How far two readings may differ beyond their round trips before a clock must have been set in between."""


class ClockReading(Struct, frozen=True, kw_only=True):
    """One comparison: the gateway's clock less ours, and the round trip of the question, in seconds."""

    offset_s: float
    round_trip_s: float


class ServerClock:
    """Compares the gateway's clock with `clock`, which gives Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._readings: deque[ClockReading] = deque(maxlen=BELIEVED)

    @contextmanager
    def question(self) -> Iterator[Callable[[int], None]]:
        """Around one question: call what it gives with the gateway's answer, in milliseconds since 1970."""
        loop, asked = asyncio.get_running_loop(), self._clock()
        started = loop.time()

        def answered(server_ms: int) -> None:
            # The interval is the loop's, so that a wall clock set meanwhile does not make a negative round trip.
            round_trip_s = loop.time() - started
            offset_s = server_ms / 1000 - (asked + round_trip_s / 2)
            self._take(ClockReading(offset_s=offset_s, round_trip_s=round_trip_s))

        yield answered

    @property
    def latest(self) -> ClockReading | None:
        """The last comparison, None before the first."""
        return self._readings[-1] if self._readings else None

    @property
    def best(self) -> ClockReading | None:
        """The most exact of the last comparisons, None before the first."""
        return min(self._readings, key=lambda reading: reading.round_trip_s, default=None)

    def _take(self, new: ClockReading) -> None:
        best = self.best
        if best is not None:
            uncertain_s = (new.round_trip_s + best.round_trip_s) / 2 + SLACK_S
            if abs(new.offset_s - best.offset_s) > uncertain_s:
                self._readings.clear()  # a clock was set: what was measured before says nothing any more
        self._readings.append(new)
