"""Hours of random faults in virtual time; see `world` and `order_world` for what must hold."""

from __future__ import annotations

import pytest

from tests.chaos.order_world import live
from tests.chaos.run import HOURS, failures
from tests.helpers.campaigns import SEED, size

FIRST = int(SEED or 0) * 1_000_000


def seeds(*, part: int, full: int) -> range:
    return range(FIRST, FIRST + size(part=part, full=full))


@pytest.mark.campaign
def test_session_gets_well_after_any_sequence_of_faults() -> None:
    failed = failures(seeds(part=3, full=300), "session", HOURS["session"])
    assert not failed, "\n".join(failed)


@pytest.mark.campaign
def test_books_of_orders_equal_the_gateways_after_any_sequence_of_faults() -> None:
    failed = failures(seeds(part=6, full=300), "orders", HOURS["orders"])
    assert not failed, "\n".join(failed)


def test_a_seed_of_orders_gives_the_same_run_again() -> None:
    assert live(3, 0.1) == live(3, 0.1)
