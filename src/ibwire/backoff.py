"""How long to wait before the next attempt: longer after each failure, never two clients in step."""

from __future__ import annotations

import random


class Backoff:
    """Exponential back-off with full jitter: a random share of a bound that doubles from `first_s` to `max_s`.

    Full jitter spreads clients that failed together best (AWS Architecture Blog, "Exponential Backoff And Jitter").
    """

    def __init__(self, first_s: float, max_s: float, rng: random.Random) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._rng = rng
        self._failures = 0

    @property
    def failures(self) -> int:
        """How many attempts have failed since the start or the last reset."""
        return self._failures

    def next_s(self) -> float:
        """Count a failure; the seconds to wait before the next attempt."""
        # The power is bounded, because floats are.
        bound = min(self._max_s, self._first_s * 2.0 ** min(self._failures, 64))
        self._failures += 1
        return self._rng.uniform(0.0, bound)

    def reset(self) -> None:
        """Start anew."""
        self._failures = 0
