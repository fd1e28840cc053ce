"""How long it takes to import ibwire's core, beside ib_async: each in a fresh process, in turns.

`ibwire.session` is a session: connection, watchdog, streams, recovery. Its services (market data, contracts, history,
accounts, orders) are imported when they are first used, as is what only some of them have (a journal file, recordings).
`ibwire.connection` is the connection alone, with the wire, the limiter and the events. ib_async brings numpy, which
starts threads that use a second CPU where one is free; "one thread" keeps it from that.
python -m benchmarks.import_time prints medians; it asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version
from statistics import median
from typing import NamedTuple

TARGET = 0.65

_CHILD = """
import sys, time
modules, wall, cpu = len(sys.modules), time.perf_counter(), time.process_time()
import {module}
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
print(wall * 1000, cpu * 1000, len(sys.modules) - modules)
"""


class Case(NamedTuple):
    """What is imported, and with what in the environment."""

    name: str
    module: str
    environment: tuple[tuple[str, str], ...] = ()


SESSION, CONNECTION = Case("ibwire.session", "ibwire.session"), Case("ibwire.connection", "ibwire.connection")
ROOT, THEIRS = Case("ibwire", "ibwire"), Case("ib_async", "ib_async")
ONE_THREAD = Case("ib_async, one thread", "ib_async", (("OPENBLAS_NUM_THREADS", "1"), ("OMP_NUM_THREADS", "1")))
CASES = (SESSION, CONNECTION, ROOT, THEIRS, ONE_THREAD)


class Import(NamedTuple):
    """One import in a fresh process. Times are milliseconds: by the clock, and of the CPU."""

    wall: float
    cpu: float
    modules: float


def measure(case: Case) -> Import:
    """Import it in a process of its own, which writes bytecode as an installed package has it."""
    command = [sys.executable, "-c", _CHILD.format(module=case.module)]
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**inherited, **dict(case.environment)}
    output = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    return Import(*map(float, output.split()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="how many processes of each (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    for case in CASES:
        measure(case)  # does not count: it writes the bytecode and warms the disk's cache
    rounds = [{case.name: measure(case) for case in CASES} for _ in range(arguments.rounds)]
    medians = {case.name: _each_column(median, [one[case.name] for one in rounds]) for case in CASES}
    lowest = {case.name: _each_column(min, [one[case.name] for one in rounds]) for case in CASES}
    ratios = {
        f"{ours.name} / {theirs.name}": [
            figures[ours.name][column] / figures[theirs.name][column]
            for figures in (medians, lowest)
            for column in (0, 1)
        ]
        for ours in (SESSION, CONNECTION)
        for theirs in (THEIRS, ONE_THREAD)
    }
    if arguments.json:
        shown = {name: {"median": medians[name]._asdict(), "lowest": lowest[name]._asdict()} for name in medians}
        print(json.dumps({"rounds": arguments.rounds, "imports": shown, "ratios": ratios, "target": TARGET}))
        return
    setting = f"python {platform.python_version()}  ib_async {version('ib_async')}"
    print(f"{setting}  medians and lowest of {arguments.rounds} processes each; target of the ratio: at most {TARGET}")
    print(f"{'':<42}{'ms':>8}{'CPU ms':>8}{'lowest':>8}{'CPU':>8}{'modules':>10}")
    for name, one in medians.items():
        best = lowest[name]
        print(f"{name:<42}{one.wall:>8.1f}{one.cpu:>8.1f}{best.wall:>8.1f}{best.cpu:>8.1f}{one.modules:>10.0f}")
    for name, figures in ratios.items():
        print(f"{name:<42}" + "".join(f"{figure:>8.2f}" for figure in figures))


def _each_column(of: Callable[[Iterable[float]], float], imports: list[Import]) -> Import:
    return Import(*map(of, zip(*imports, strict=True)))


if __name__ == "__main__":
    main()
