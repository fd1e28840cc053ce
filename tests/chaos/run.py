"""Runs as many seeds as one wants: `python -m tests.chaos.run --seeds 5000` (`make chaos SEEDS=5000`).

Each seed that fails is printed with the command that runs it again; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.chaos.world import Outcome, live

HOURS = 6.0


def command_for(seed: int, hours: float = HOURS) -> str:
    """What runs one seed again."""
    return f"make chaos FIRST={seed} SEEDS=1 HOURS={hours:g}"


def attempt(seed: int, hours: float) -> Outcome | str:
    """One seed: what it saw, or how it failed."""
    logging.disable(logging.CRITICAL)
    try:
        return live(seed, hours)
    except Exception:  # noqa: BLE001 - whatever it is, it is what the seed has found
        return traceback.format_exc()


def run(seeds: range, hours: float, jobs: int) -> Iterator[tuple[int, Outcome | str]]:
    """Every seed and how it went, in order."""
    if jobs == 1:
        yield from ((seed, attempt(seed, hours)) for seed in seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from zip(seeds, pool.map(attempt, seeds, [hours] * len(seeds), chunksize=4), strict=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--hours", type=float, default=HOURS, help="how long each lives")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    given = parser.parse_args()
    began, failed = time.perf_counter(), 0
    faults: Counter[str] = Counter()
    gaps = answered = reconnects = 0
    for seed, outcome in run(range(given.first, given.first + given.seeds), given.hours, given.jobs):
        if isinstance(outcome, str):
            failed += 1
            print(f"{outcome}\nseed {seed} failed; again: {command_for(seed, given.hours)}\n", flush=True)  # noqa: T201
            continue
        faults.update(outcome.faults)
        gaps, answered, reconnects = gaps + outcome.gaps, answered + outcome.answered, reconnects + outcome.reconnects
    print(  # noqa: T201
        f"{given.seeds} seeds of {given.hours:g} h in {time.perf_counter() - began:.0f} s: {faults.total()} faults, "
        f"{reconnects} reconnects, {gaps} gaps, {answered} requests answered; {failed} seeds failed"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
