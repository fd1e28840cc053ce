"""Quotes as a person reads them: the newest of each instrument, as a table or as lines."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rich import box
from rich.table import Table

from ibwire.quotes import Quote

Row = tuple[str, Quote | None]
"""An instrument's name and its newest quote, None before the first."""

_COLUMNS = ("bid_size", "bid", "ask", "ask_size", "last", "last_size", "volume")


def table(rows: Iterable[Row], title: str) -> Table:
    """The board as a table that fits a terminal of 80 columns."""
    board = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    board.add_column("instrument", no_wrap=True)
    for name in _COLUMNS:
        board.add_column("size" if name.endswith("_size") else name, justify="right", no_wrap=True)
    for name, quote in rows:
        board.add_row(name, *_cells(quote), style="dim" if quote is None or quote.is_stale else "")
    return board


def plain(rows: Iterable[Row]) -> str:
    """The board as one line an instrument, for a pipe or a log."""
    lines = []
    for name, quote in rows:
        bid_size, bid, ask, ask_size, last, last_size, volume = _cells(quote)
        lines.append(
            f"{name:<14} bid {bid_size} x {bid}  ask {ask} x {ask_size}  last {last} x {last_size}  volume {volume}"
        )
    return "\n".join(lines)


def _cells(quote: Quote | None) -> list[str]:
    return [_cell(getattr(quote, name, None)) for name in _COLUMNS]


def _cell(value: float | Decimal | None) -> str:
    if value is None:
        return "-"
    return f"{value:.10g}" if isinstance(value, float) else f"{value:f}"
