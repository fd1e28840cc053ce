"""The exact count, and why a token bucket is not one."""

from __future__ import annotations

import copy
from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from ibwire.sliding_window import SlidingWindow
from tests.helpers.campaigns import campaign

LIMIT = 45


class NaiveBucket:
    """The usual token bucket: holds up to a second's worth, refills all the time."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.tokens = float(limit)
        self.at = 0.0

    def take(self, now: float) -> bool:
        self.tokens = min(self.limit, self.tokens + (now - self.at) * self.limit)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


def most_in_a_second(times: list[float]) -> int:
    """The most of `times` (sorted) in any half-open second."""
    return max((bisect_left(times, start + 1.0) - index for index, start in enumerate(times)), default=0)


def idle_then_burst(step_s: float = 0.001) -> list[float]:
    """Somebody who was idle, then wants to send every millisecond for two seconds."""
    return [10.0 + index * step_s for index in range(2000)]


def test_naive_bucket_lets_nearly_twice_the_limit_into_a_second() -> None:
    bucket = NaiveBucket(LIMIT)
    sent = [at for at in idle_then_burst() if bucket.take(at)]
    assert most_in_a_second(sent) > 1.9 * LIMIT


def test_sliding_window_keeps_the_limit_where_the_bucket_fails_and_uses_all_of_it() -> None:
    window = SlidingWindow(LIMIT, 1.0)
    sent = []
    for at in idle_then_burst():
        if window.has_room(at):
            window.add(at)
            sent.append(at)
    assert most_in_a_second(sent) == LIMIT
    assert window.peak == LIMIT


@campaign(part=100, full=500)
@given(
    gaps=st.lists(st.floats(0, 0.6, allow_subnormal=False), max_size=200),
    weights=st.lists(st.integers(1, 3), min_size=1, max_size=7),
    limit=st.integers(1, 10),
    start=st.floats(0, 1e7),
)
def test_sliding_window_never_holds_more_than_its_limit_and_says_when_there_is_room(
    gaps: list[float], weights: list[int], limit: int, start: float
) -> None:
    window, now, sent = SlidingWindow(limit, 1.0), start, []
    for index, gap in enumerate(gaps):
        now += gap
        weight = min(weights[index % len(weights)], limit)
        at = window.room_at(now, weight)
        assert (at <= now) == window.has_room(now, weight)
        if at > now:
            assert copy.deepcopy(window).has_room(at, weight), "the time it named was too early"
            continue
        window.add(now, weight)
        sent.append((now, weight))
        in_span = sum(w for other, w in sent if other > now - 1.0)
        assert in_span <= limit
