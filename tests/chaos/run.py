"""Runs as many seeds as one wants: `python -m tests.chaos.run --seeds 5000` (`make chaos SEEDS=5000`,
`make chaos WORLD=orders SEEDS=5000`).

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
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor

from tests.chaos import order_world, world
from tests.chaos.order_world import Outcome as OrderOutcome
from tests.chaos.world import Outcome

HOURS = {"session": 6.0, "orders": 0.12}
"""The worlds, and how long a seed lives in each."""

_LIVE: Mapping[str, Callable[[int, float], Outcome | OrderOutcome]] = {
    "session": world.live,
    "orders": order_world.live,
}


def command_for(seed: int, name: str, hours: float) -> str:
    """What runs one seed again."""
    return f"make chaos WORLD={name} FIRST={seed} SEEDS=1 HOURS={hours:g}"


def attempt(seed: int, name: str, hours: float) -> Outcome | OrderOutcome | str:
    """One seed: what it saw, or how it failed."""
    logging.disable(logging.CRITICAL)
    try:
        return _LIVE[name](seed, hours)
    except Exception:  # noqa: BLE001 - whatever it is, it is what the seed has found
        return traceback.format_exc()


def run(seeds: range, name: str, hours: float, jobs: int) -> Iterator[tuple[int, Outcome | OrderOutcome | str]]:
    """Every seed and how it went, in order."""
    if jobs == 1:
        yield from ((seed, attempt(seed, name, hours)) for seed in seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        count = len(seeds)
        yield from zip(seeds, pool.map(attempt, seeds, [name] * count, [hours] * count, chunksize=4), strict=True)


def failures(seeds: range, name: str, hours: float) -> list[str]:
    """What went wrong, each with the command that runs its seed again; for the tests."""
    return [
        f"{outcome}\nagain: {command_for(seed, name, hours)}"
        for seed, outcome in run(seeds, name, hours, os.cpu_count() or 1)
        if isinstance(outcome, str)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", choices=list(HOURS), default="session", help="what lives: streams, or orders")
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--hours", type=float, help="how long each lives")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    given = parser.parse_args()
    hours = given.hours if given.hours is not None else HOURS[given.world]
    began, failed = time.perf_counter(), 0
    totals: Counter[str] = Counter()
    for seed, outcome in run(range(given.first, given.first + given.seeds), given.world, hours, given.jobs):
        if isinstance(outcome, str):
            failed += 1
            print(f"{outcome}\nseed {seed} failed; again: {command_for(seed, given.world, hours)}\n", flush=True)  # noqa: T201
            continue
        totals.update(outcome.totals)
    seen = ", ".join(f"{number} {name}" for name, number in totals.items())
    took_s = time.perf_counter() - began
    print(f"{given.seeds} seeds of {hours:g} h in {took_s:.0f} s: {seen}; {failed} seeds failed")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
