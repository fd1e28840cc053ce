"""How long it takes to import ibwire's core, beside ib_async: each in a fresh process, in turns.

The core is `ibwire.session` with its services: connection, streams, accounts, contracts, history and orders. What only
some sessions have (a journal file, a store of bars, recordings, ib_async's API) is imported when it is opened.
python -m benchmarks.import_time prints medians; it asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from statistics import median
from typing import NamedTuple

OURS, ROOT, THEIRS = "ibwire.session", "ibwire", "ib_async"
TARGET = 0.65

_CHILD = """
import sys, time
modules, wall, cpu = len(sys.modules), time.perf_counter(), time.process_time()
import {module}
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
print(wall * 1000, cpu * 1000, len(sys.modules) - modules)
"""


class Import(NamedTuple):
    """One import in a fresh process. Times are milliseconds: by the clock, and of the CPU."""

    wall: float
    cpu: float
    modules: float


def measure(module: str) -> Import:
    command = [sys.executable, "-c", _CHILD.format(module=module)]
    with_bytecode = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    output = subprocess.run(command, capture_output=True, text=True, check=True, env=with_bytecode).stdout
    return Import(*map(float, output.split()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31, help="how many processes of each (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    modules = (OURS, THEIRS, ROOT)
    for module in modules:
        measure(module)  # does not count: it writes the bytecode and warms the disk's cache
    rounds = [{module: measure(module) for module in modules} for _ in range(arguments.rounds)]
    medians = {
        module: Import(*(median(each) for each in zip(*(one[module] for one in rounds), strict=True)))
        for module in modules
    }
    ratios = {
        "wall": medians[OURS].wall / medians[THEIRS].wall,
        "cpu": medians[OURS].cpu / medians[THEIRS].cpu,
    }
    if arguments.json:
        shown = {module: one._asdict() for module, one in medians.items()}
        print(json.dumps({"rounds": arguments.rounds, "medians": shown, "ratios": ratios, "target": TARGET}))
        return
    print(
        f"python {platform.python_version()}  ib_async {version('ib_async')}  medians of {arguments.rounds} processes"
    )
    print(f"{'import':<16}{'ms':>8}{'(lowest - highest)':>24}{'CPU ms':>10}{'modules':>10}")
    for module, one in medians.items():
        walls = [each[module].wall for each in rounds]
        extremes = f"({min(walls):.1f} - {max(walls):.1f})"
        print(f"{module:<16}{one.wall:>8.1f}{extremes:>24}{one.cpu:>10.1f}{one.modules:>10.0f}")
    met = "met" if ratios["wall"] <= TARGET else "missed"
    print(f"{OURS} / {THEIRS}: {ratios['wall']:.2f} (CPU {ratios['cpu']:.2f}); target at most {TARGET}: {met}")


if __name__ == "__main__":
    main()
