"""Scenario files: a timeline of faults in TOML, checked as a whole when it is read.

    [[at]]
    s = 12.5
    kind = "restart"
    down_for_s = 3

`s` is seconds from the beginning of the scenario; everything else are the fault's parameters.
"""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ibwire.simulator import faults


class ScenarioError(ValueError):
    """A scenario cannot be played; `problems` are all that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Step(Struct, frozen=True):
    """One fault at its time, in seconds from the beginning."""

    at_s: float
    kind: str
    parameters: dict[str, Any]


class Scenario(Struct, frozen=True):
    """What is to happen, in order."""

    steps: tuple[Step, ...]


def read_scenario(path: Path) -> Scenario:
    """The scenario in a file. Raises OSError if it cannot be read, ScenarioError for what is in it."""
    try:
        return parse_scenario(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ScenarioError([f"{path}: not UTF-8: {error}"]) from None
    except ScenarioError as error:
        raise ScenarioError([f"{path}: {problem}" for problem in error.problems]) from None


def parse_scenario(text: str) -> Scenario:
    """The scenario in a text. Raises ScenarioError with everything that is wrong, by the number of the entry."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:  # it names line and column
        raise ScenarioError([str(error)]) from None
    entries = content.pop("at", [])
    problems = [f"{name!r} means nothing here; a scenario is a list of [[at]] entries" for name in content]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ScenarioError([*problems, "'at' has to be a list of tables: write [[at]] before each entry"])
    steps: list[Step] = []
    latest_s = 0.0
    for number, entry in enumerate(entries, start=1):
        step, complaints = _step(entry, latest_s)
        problems += [f"entry {number}: {complaint}" for complaint in complaints]
        latest_s = max(latest_s, step.at_s)
        steps.append(step)
    if not entries:
        problems.append("there is no [[at]] entry")
    if problems:
        raise ScenarioError(problems)
    return Scenario(tuple(steps))


def _step(entry: dict[str, Any], latest_s: float) -> tuple[Step, list[str]]:
    """One entry as far as it can be understood, and what is wrong with it."""
    problems: list[str] = []
    parameters = {name: value for name, value in entry.items() if name not in ("s", "kind")}
    kind, at_s = entry.get("kind"), latest_s
    try:
        at_s = msgspec.convert(entry["s"], float)
    except KeyError:
        problems.append("it needs 's'")
    except msgspec.ValidationError:
        problems.append(f"s = {entry['s']!r}: seconds from the beginning are needed")
    if not latest_s <= at_s < math.inf:
        problems.append(f"s = {at_s:g}: times are seconds from the beginning, in order; it comes after {latest_s:g}")
    if not isinstance(kind, str):
        problems.append(f"kind = {kind!r}: the name of a fault is needed" if "kind" in entry else "it needs 'kind'")
    else:
        try:
            parameters = faults.checked(kind, parameters)
        except faults.BadFault as error:
            problems += error.problems
    return Step(at_s, str(kind), parameters), problems
