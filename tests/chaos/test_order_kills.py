"""A trading process is killed with SIGKILL at every point and at random moments; see `order_kills`."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from tests.chaos.order_kills import command_for, run
from tests.chaos.order_kills_life import Outcome
from tests.chaos.order_kills_points import POINTS
from tests.helpers.campaigns import SEED, size

KILLS = size(part=len(POINTS) + 8, full=len(POINTS) + 190)


@pytest.mark.campaign
@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="SIGKILL and fork are POSIX only")
def test_a_killed_process_loses_no_order_and_doubles_none() -> None:
    seed, failures, total = int(SEED or 1), [], Outcome()
    for numbers, outcome in run(seed, range(KILLS), os.cpu_count() or 1):
        if isinstance(outcome, str):
            failures.append(f"{outcome}\nagain: {command_for(seed, numbers)}")
        else:
            total += outcome
    assert not failures, "\n".join(failures)
    assert total.points.keys() == POINTS.keys()
    assert total.points.total() + total.moments >= KILLS
    assert set(total.ends) >= {"filled", "cancelled", "rejected", "unconfirmed"}
