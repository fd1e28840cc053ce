"""docs/install.md names the libraries and extras that pyproject.toml has, and those of deploy are settings."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from ibwire.settings import variables_of

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGE = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def libraries(requirements: list[str]) -> set[str]:
    return {re.match(r"[A-Za-z0-9_-]+", one)[0] for one in requirements}  # type: ignore[index]


def test_the_libraries_are_those_that_are_installed() -> None:
    rows = re.findall(r"^\| ([a-z, -]+) \|", section("What it brings").replace("| library |", ""), re.MULTILINE)
    named = {name for row in rows for name in row.split(", ")}
    assert named == libraries(PROJECT["dependencies"])


def test_the_extras_are_those_that_there_are() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| ([^|]+) \|", section("Extras"), re.MULTILINE))
    extras = {name: libraries(given) for name, given in PROJECT["optional-dependencies"].items() if name != "dev"}
    of_developers = {"docs"}
    assert rows.keys() == extras.keys()
    for name in extras.keys() - {"all"}:
        assert set(rows[name].split(", ")) == {one.replace("exchange_", "exchange-") for one in extras[name]}
    (everything,) = PROJECT["optional-dependencies"]["all"]
    assert everything == f"ibwire[{','.join(sorted(extras.keys() - {'all'} - of_developers))}]"


def test_the_settings_that_deployment_names_are_some() -> None:
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    named = set(re.findall(r"IBWIRE_[A-Z_]*[A-Z]", page))
    assert named <= set(variables_of().values())
    assert len(named) > 5
