"""The pauses between attempts."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from ibwire.backoff import Backoff


@given(first=st.floats(0.01, 10), factor=st.floats(1, 1000), failures=st.integers(1, 200), seed=st.integers())
def test_pauses_stay_under_a_bound_that_doubles_up_to_the_longest(
    first: float, factor: float, failures: int, seed: int
) -> None:
    backoff = Backoff(first, first * factor, random.Random(seed))
    for failure in range(failures):
        assert 0 <= backoff.next_s() <= min(first * 2.0**failure, first * factor) * (1 + 1e-9)
    assert backoff.failures == failures


def test_pauses_are_spread_over_the_whole_bound_and_start_anew_after_a_reset() -> None:
    backoff = Backoff(0.2, 30.0, random.Random(7))
    for _ in range(50):
        backoff.next_s()
    late = [backoff.next_s() for _ in range(200)]
    assert min(late) < 3
    assert max(late) > 27
    backoff.reset()
    assert backoff.next_s() <= 0.2
