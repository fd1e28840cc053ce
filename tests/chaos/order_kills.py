"""Kills a trading process again and again: `python -m tests.chaos.order_kills --kills 5000` (`make chaos-orders`).

A process places, changes and cancels orders over TCP and is killed with SIGKILL: first once at every point (see
`order_kills_points`), then at points and moments drawn from the seed. The next one has the same client id and the same
journal. When it is reconciled, the simulator's truth, the journal and its own books are compared (`order_kills_books`).

What is done and where it is killed comes from the seed; what is under way at that moment is also up to the scheduling
of the processes, so a failure may take more than one try to come again. The exit code is 1 if there was one.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import random
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.chaos.order_kills_life import Kill, Life, Outcome
from tests.chaos.order_kills_points import POINTS, Point

KILLS_OF_A_GATEWAY = 7
"""After so many kills in a row the next gateway and journal are begun."""

STARTING_S, TRADING_S = 0.12, 0.2
"""Within these times it is killed, if it is killed at a moment: while it starts, or while it trades."""


def kill_of(seed: int, number: int) -> Kill:
    """The kill of this number; the same whatever comes before or after it."""
    rng = random.Random(f"order kills/{seed}/{number}")
    name = f"{seed}/{number}"
    meanwhile = rng.choice(["", "", "fill", "cancel", "roll back"])
    points = list(POINTS.values())
    if number < len(points) or rng.random() < 0.4:
        point = points[number] if number < len(points) else rng.choice(points)
        # What is passed often is passed a few times first.
        nth = rng.choice([1, 1, 2, 5]) if point.is_often else 1
        meanwhile = "fill" if point.ends_while_down else meanwhile
        return Kill(name, point.name, nth, meanwhile=meanwhile, loses_link=point.loses_link)
    is_starting = rng.random() < 0.3
    after_s = rng.uniform(0, STARTING_S if is_starting else TRADING_S)
    return Kill(name, is_starting=is_starting, after_s=after_s, meanwhile=meanwhile, loses_link=rng.random() < 0.3)


def attempt(seed: int, numbers: range) -> Outcome | str:
    """Some kills in a row, of one gateway after the other: what they saw, or how they failed."""
    gc.collect()
    gc.freeze()  # what is forked stays shared
    outcome = Outcome()
    life: Life | None = None
    try:
        for number in numbers:
            kill = kill_of(seed, number)
            point: Point | None = POINTS.get(kill.point)
            if point is not None and point.is_beginning and life is not None:
                life.finish(kill.seed)
                life.close()
                life = None
            life = life or Life(kill.seed, outcome)
            life.kill(kill)
        if life is not None:
            life.finish(f"{seed}/{numbers.stop}")
    except Exception:  # noqa: BLE001 - whatever it is, it is what the seed has found
        return traceback.format_exc()
    finally:
        if life is not None:
            life.close()
    return outcome


def command_for(seed: int, numbers: range) -> str:
    """What does some kills again."""
    return f"make chaos-orders SEED={seed} FIRST={numbers.start} KILLS={len(numbers)}"


def run(seed: int, numbers: range, jobs: int) -> Iterator[tuple[range, Outcome | str]]:
    """All these kills and how they went, in order, so many gateways at once."""
    step = KILLS_OF_A_GATEWAY
    parts = [numbers[at : at + step] for at in range(0, len(numbers), step)]
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from zip(parts, pool.map(attempt, [seed] * len(parts), parts), strict=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="how many")
    parser.add_argument(
        "--first", type=int, default=0, help=f"the first of them; 0 to {len(POINTS) - 1} are the points"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many gateways at once")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)  # noqa: T201
    began, failed = time.perf_counter(), 0
    total = Outcome()
    for numbers, outcome in run(given.seed, range(given.first, given.first + given.kills), given.jobs):
        if isinstance(outcome, str):
            failed += 1
            print(f"{outcome}\nfailed; again: {command_for(given.seed, numbers)}\n", flush=True)  # noqa: T201
            continue
        total += outcome
    print(f"{total} in {time.perf_counter() - began:.0f} s; {failed} runs failed")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
