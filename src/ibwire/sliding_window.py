"""A count over any span of a given length, kept exactly: no bucket that can burst and refill inside one span."""

from __future__ import annotations

from collections import deque

GUARD_S = 1e-6
"""Added to every span, so that rounding of times never lets one message too many into it."""


class SlidingWindow:
    """Allows at most `limit` (in weight) in any half-open span of `window_s` seconds. It is told the time.

    `limit` may be changed at any time; lowered, it lets nothing through until the count has fallen below it.
    """

    __slots__ = ("_entries", "_used", "_window_s", "limit", "peak")

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit = limit
        self.peak = 0
        self._window_s = window_s + GUARD_S
        self._entries: deque[tuple[float, int]] = deque()  # when each leaves the span, and its weight
        self._used = 0

    def used(self, now: float) -> int:
        """How much of the limit the span that ends now holds."""
        entries = self._entries
        while entries and entries[0][0] <= now:
            self._used -= entries.popleft()[1]
        return self._used

    def has_room(self, now: float, weight: int = 1, reserved: int = 0) -> bool:
        """Whether `weight` more may come now and leave `reserved` free."""
        return self.used(now) + min(weight, self.limit) <= self.limit - reserved

    def add(self, now: float, weight: int = 1) -> None:
        """Count something that happens now."""
        self._entries.append((now + self._window_s, weight))
        self._used += weight
        self.peak = max(self.peak, self.used(now))

    def room_at(self, now: float, weight: int = 1, reserved: int = 0) -> float:
        """The earliest time at which `has_room` can be true, if nothing else comes; now if it is."""
        surplus = self.used(now) + min(weight, self.limit) - (self.limit - reserved)
        for leaves_at, entry_weight in self._entries:
            if surplus <= 0:
                break
            surplus -= entry_weight
            now = leaves_at
        return now
