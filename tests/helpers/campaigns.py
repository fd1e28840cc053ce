"""How large the property tests run: a slice in `make test`, in full in `make campaigns`, and longer by hand.

IBWIRE_CAMPAIGN=1         the full sizes
IBWIRE_CAMPAIGN_SCALE=10  ten times the sizes
IBWIRE_CAMPAIGN_SEED=7    another seed; without it every run tries the same examples
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import hypothesis
import pytest

F = TypeVar("F", bound=Callable[..., object])

IN_FULL = os.environ.get("IBWIRE_CAMPAIGN") == "1"
SCALE = float(os.environ.get("IBWIRE_CAMPAIGN_SCALE", "1"))
SEED = os.environ.get("IBWIRE_CAMPAIGN_SEED")


def size(*, part: int, full: int) -> int:
    """How many examples or seeds to run: `part` in the ordinary suite, `full` in a campaign, times the scale."""
    return max(1, round((full if IN_FULL else part) * SCALE))


def campaign_settings(*, part: int, full: int) -> hypothesis.settings:
    """The settings of a hypothesis test that is part of the campaigns."""
    return hypothesis.settings(
        max_examples=size(part=part, full=full),
        deadline=None,  # the machines are shared: a slow example says nothing
        derandomize=SEED is None,
        database=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
        print_blob=True,
        report_multiple_bugs=False,  # shrinking one large message takes long enough
    )


def campaign(*, part: int, full: int) -> Callable[[F], F]:
    """Marks a hypothesis test as part of the campaigns and sets its number of examples."""
    settings = campaign_settings(part=part, full=full)

    def decorate(test: F) -> F:
        decorated = pytest.mark.campaign(settings(test))
        return decorated if SEED is None else hypothesis.seed(int(SEED))(decorated)

    return decorate
