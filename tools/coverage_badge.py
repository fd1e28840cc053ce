"""How much of `src` the tests run, as a badge for the README: reads coverage.json, writes docs/coverage.svg.

Exits with 1 if less is covered than `LEAST` says. Generated code is left out (pyproject.toml). Run by `make coverage`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "coverage.json"
BADGE = ROOT / "docs" / "coverage.svg"

LEAST = {"lines": 95.0, "branches": 90.0}
"""Percent of all."""

_LABEL, _LABEL_PX, _TEXT_PX = "coverage", 62, 178
_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}: {text}">
  <title>{label}: {text}</title>
  <rect width="{label_px}" height="20" fill="#555"/>
  <rect x="{label_px}" width="{text_px}" height="20" fill="{colour}"/>
  <g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
    <text x="{label_x}" y="14">{label}</text>
    <text x="{text_x}" y="14">{text}</text>
  </g>
</svg>
"""


def shares() -> dict[str, float]:
    """Percent of lines and of branches that ran."""
    totals = json.loads(REPORT.read_text(encoding="utf-8"))["totals"]
    return {
        "lines": 100 * totals["covered_lines"] / totals["num_statements"],
        "branches": 100 * totals["covered_branches"] / totals["num_branches"],
    }


def badge(percent: dict[str, float], *, is_enough: bool) -> str:
    """The badge, with whole percents: the last digit of a run with threads in it is chance."""
    return _SVG.format(
        width=_LABEL_PX + _TEXT_PX,
        label=_LABEL,
        text=", ".join(f"{int(value)} % of {name}" for name, value in percent.items()),
        label_px=_LABEL_PX,
        text_px=_TEXT_PX,
        label_x=_LABEL_PX // 2,
        text_x=_LABEL_PX + _TEXT_PX // 2,
        colour="#2e8540" if is_enough else "#b31d28",
    )


def main() -> None:
    percent = shares()
    missed = [
        f"{name}: {percent[name]:.2f} %, at least {least:g} %" for name, least in LEAST.items() if percent[name] < least
    ]
    BADGE.write_text(badge(percent, is_enough=not missed), encoding="utf-8")
    print(", ".join(f"{value:.2f} % of {name}" for name, value in percent.items()))
    if missed:
        sys.exit("too little is covered: " + "; ".join(missed))


if __name__ == "__main__":
    main()
