"""What `ibwire doctor` found: one result per check, as a table, as lines, or as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct
from rich import box
from rich.table import Table
from rich.text import Text


class Verdict(StrEnum):
    """How a check ended; SKIP is what could not be looked at because something before it failed."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"
    SKIP = "SKIP"


_STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red", Verdict.SKIP: "dim"}


class Finding(Struct, frozen=True):
    """The result of one check: what was found, and what to do about it if it is not OK."""

    check: str
    verdict: Verdict
    text: str
    fix: str = ""


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, Verdict.OK, text)


def warn(check: str, text: str, fix: str) -> Finding:
    """It works, but not all of it, or not for everything."""
    return Finding(check, Verdict.WARN, text, fix)


def bad(check: str, text: str, fix: str) -> Finding:
    """It does not work."""
    return Finding(check, Verdict.FAIL, text, fix)


def skipped(check: str, because: str) -> Finding:
    """It could not be looked at."""
    return Finding(check, Verdict.SKIP, because)


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing failed."""
    return all(one.verdict is not Verdict.FAIL for one in findings)


def as_dict(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as plain data: `ok` for what the exit code says, and every check in order."""
    return {"ok": is_well(findings), "checks": list(findings)}


def table(findings: Sequence[Finding]) -> Table:
    """The findings for a terminal, each fix below what it mends."""
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 2, 0, 0), show_edge=False)
    shown.add_column("check", no_wrap=True)
    shown.add_column("", no_wrap=True)
    shown.add_column("found", overflow="fold")
    for one in findings:
        text = Text(one.text, style="dim" if one.verdict is Verdict.SKIP else "")
        if one.fix:
            text.append(f"\nfix: {one.fix}", style=_STYLES[one.verdict])
        shown.add_row(Text(one.check), Text(one.verdict, style=_STYLES[one.verdict]), text)
    return shown


def plain(findings: Sequence[Finding]) -> str:
    """The findings, a line each."""
    return "\n".join(
        f"{one.verdict:<4} {one.check}: {one.text}{f'; fix: {one.fix}' if one.fix else ''}" for one in findings
    )
