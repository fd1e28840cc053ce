"""What is compared, and how the result is shown."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import version
from statistics import median
from typing import Any, NamedTuple

from google.protobuf.internal import api_implementation

Results = dict[str, list[dict[str, float]]]
"""By the client's name: what each of its runs reported."""

CPU, RATE = "cpu_s_per_million", "messages_per_s"


class Client(NamedTuple):
    """A row of the table."""

    name: str
    module: str
    dialect: str
    options: tuple[str, ...] = ()


IBWIRE = Client("ibwire", "ibwire_client", "protobuf")
IB_ASYNC = Client("ib_async", "ib_async_client", "text")
OFFICIAL = Client("official, protobuf", "official_client", "protobuf")
LEAN = Client("leanest reader", "lean_client", "protobuf")
OFFICIAL_TEXT = Client("official, text", "official_client", "text")
CLIENTS = (IBWIRE, IB_ASYNC, OFFICIAL, LEAN, OFFICIAL_TEXT)

TARGETS = {IB_ASYNC: 0.35, OFFICIAL: 0.15, LEAN: 1.6}
"""ibwire's CPU per message is to be at most this many times theirs. Reported, never enforced."""


class Ratio(NamedTuple):
    """ibwire's CPU against another client's; `low` and `high` are the extremes of single rounds."""

    to: str
    value: float
    low: float
    high: float
    target: float


def machine() -> dict[str, Any]:
    """What it ran on. Ends the program if protobuf would run in pure Python, which compares nothing."""
    implementation = api_implementation.Type()
    if implementation != "upb":
        sys.exit(f"protobuf runs as {implementation!r} here; the comparison needs its C implementation, 'upb'")
    return {
        "python": platform.python_version(),
        "protobuf": f"{version('protobuf')} ({implementation})",
        "ib_async": version("ib_async"),
        "ibapi": version("ibapi-latest"),
        "cpus": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def spread(runs: list[dict[str, float]], key: str) -> tuple[float, float, float]:
    """Median, lowest, highest."""
    values = [run[key] for run in runs]
    return median(values), min(values), max(values)


def ratios(results: Results) -> list[Ratio]:
    ours = results[IBWIRE.name]
    found = []
    for client, target in TARGETS.items():
        theirs = results[client.name]
        rounds = [a[CPU] / b[CPU] for a, b in zip(ours, theirs, strict=True)]
        value = spread(ours, CPU)[0] / spread(theirs, CPU)[0]
        found.append(Ratio(client.name, value, min(rounds), max(rounds), target))
    return found


def as_text(machine: dict[str, Any], setting: dict[str, int], results: Results) -> str:
    window = f"at most {setting['window']} under way" if setting["window"] else "as many under way as TCP takes"
    lines = [
        "  ".join(f"{name} {value}" for name, value in machine.items()),
        f"{setting['messages']} messages a run, {window}; medians of {setting['runs']} runs (lowest - highest)",
        "",
        f"{'client':<20}{'CPU s per million messages':>32}{'messages/s':>34}",
    ]
    for client in CLIENTS:
        cpu, cpu_low, cpu_high = spread(results[client.name], CPU)
        rate, rate_low, rate_high = spread(results[client.name], RATE)
        cost = f"{cpu:8.2f} ({cpu_low:6.2f} - {cpu_high:6.2f})"
        speed = f"{rate:11.0f} ({rate_low:7.0f} - {rate_high:7.0f})"
        lines.append(f"{client.name:<20}{cost:>32}{speed:>34}")
    lines += ["", f"{'CPU of ibwire / of':<20}{'ratio':>8}{'(rounds)':>20}{'target':>14}"]
    for ratio in ratios(results):
        met = "met" if ratio.value <= ratio.target else "missed"
        rounds = f"({ratio.low:.3f} - {ratio.high:.3f})"
        lines.append(f"{ratio.to:<20}{ratio.value:>8.3f}{rounds:>20}{'<= ' + format(ratio.target, '.2f'):>14}  {met}")
    return "\n".join(lines)


def as_json(machine: dict[str, Any], setting: dict[str, int], results: Results) -> str:
    medians = {
        name: {key: spread(runs, key)[0] for key in (CPU, RATE)} | {"runs": runs} for name, runs in results.items()
    }
    shown = [ratio._asdict() | {"met": ratio.value <= ratio.target} for ratio in ratios(results)]
    return json.dumps({"machine": machine, **setting, "clients": medians, "ratios": shown}, indent=2)
