"""A window of requests lets as many through as the limit says, and no more in any such time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator.limits import RequestWindow


@given(st.integers(1, 5), st.lists(st.tuples(st.integers(0, 8), st.integers(1, 2)), max_size=40))
def test_window_takes_what_there_is_room_for_and_nothing_else(limit: int, asked: list[tuple[int, int]]) -> None:
    window, now, taken = RequestWindow(limit, 10.0), 0, list[int]()
    for wait, weight in asked:
        now += wait
        counted = [at for at in taken if at > now - 10]
        has_room = len(counted) + weight <= limit
        assert window.take(now, weight) == has_room
        taken += [now] * weight * has_room


def test_window_without_a_limit_takes_everything() -> None:
    window = RequestWindow(None, 10.0)
    assert all(window.take(0.0) for _ in range(1000))
