"""Hours of random faults in virtual time; see `world` for what must hold."""

from __future__ import annotations

import os

import pytest

from tests.chaos.run import HOURS, command_for, run
from tests.helpers.campaigns import SEED, size

SEEDS = size(part=3, full=300)
FIRST = int(SEED or 0) * 1_000_000


@pytest.mark.campaign
def test_session_gets_well_after_any_sequence_of_faults() -> None:
    failures = [
        f"{outcome}\nagain: {command_for(seed)}"
        for seed, outcome in run(range(FIRST, FIRST + SEEDS), HOURS, os.cpu_count() or 1)
        if isinstance(outcome, str)
    ]
    assert not failures, "\n".join(failures)
