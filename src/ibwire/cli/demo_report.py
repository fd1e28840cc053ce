"""What `ibwire demo` saw, and the invariants that it holds against it: a record, a table, lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct
from rich import box
from rich.table import Table


class Invariant(Struct, frozen=True):
    """What must hold, whether it did, and what was seen; `is_held` is None where it could not be looked at."""

    name: str
    is_held: bool | None
    seen: str


class OrderSummary(Struct, frozen=True, kw_only=True):
    """What became of one of the demo's orders, by ibwire's books. Quantities and prices are exact."""

    instrument: str
    client_ref: str
    action: str
    quantity: Decimal
    limit_price: Decimal
    status: str
    filled: Decimal
    average_price: Decimal | None
    commission: Decimal | None
    executions: int


class Summary(Struct, frozen=True, kw_only=True):
    """What the demo saw. `recovery_s` is from the gateway's return until the last stream ticked again."""

    server_version: int
    account: str
    instruments: int
    ticks: int
    ticks_after_the_restart: int
    orders: tuple[OrderSummary, ...]
    bars: int
    recorded_rows: int | None
    highest_messages_per_s: int
    recovery_s: float | None
    took_s: float
    invariants: tuple[Invariant, ...]

    @property
    def is_good(self) -> bool:
        """Whether every invariant held that could be looked at."""
        return all(one.is_held is not False for one in self.invariants)


def as_dict(summary: Summary) -> dict[str, Any]:
    """The summary as plain data, with `ok` for what the exit code says."""
    return {"ok": summary.is_good, **msgspec.to_builtins(summary)}


def table(summary: Summary) -> Table:
    """The invariants for a terminal."""
    shown = Table(title="what had to hold", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.add_column("", no_wrap=True)
    shown.add_column("invariant", overflow="fold")
    shown.add_column("seen", overflow="fold")
    for one in summary.invariants:
        style = {True: "green", False: "bold red", None: "yellow"}[one.is_held]
        shown.add_row(f"[{style}]{_MARKS[one.is_held]}[/]", one.name, one.seen)
    return shown


def plain(summary: Summary) -> str:
    """The invariants as lines, for a pipe or a log."""
    return "\n".join(f"{_MARKS[one.is_held]:<7} {one.name}: {one.seen}" for one in summary.invariants)


_MARKS = {True: "held", False: "BROKEN", None: "not run"}
