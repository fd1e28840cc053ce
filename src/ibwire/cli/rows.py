"""Results with rows and columns: a table on a terminal, CSV into a pipe, a list of objects as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from ibwire.cli.frame import show

Row = Mapping[str, Any]
"""A row by its columns: numbers as Decimal, nothing as None."""


def show_rows(
    columns: Sequence[str], rows: Iterable[Row], *, title: str, as_json: bool, narrow: Sequence[str] | None = None
) -> None:
    """Show rows; a table has the `narrow` columns, which fit a terminal, all others all `columns`."""
    rows = [{name: row.get(name) for name in columns} for row in rows]
    show(rows, table(narrow or columns, rows, title), "\n".join(csv_lines(columns, rows)), as_json=as_json)


def table(columns: Sequence[str], rows: Iterable[Row], title: str) -> Table:
    """The rows for a terminal; numbers stand to the right."""
    rows = list(rows)
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in columns:
        is_number = any(isinstance(row.get(name), int | float | Decimal) for row in rows)
        shown.add_column(name.replace("_", " "), overflow="fold", justify="right" if is_number else "left")
    for row in rows:
        # As Text: rich would take [brackets] in a plain string for its mark-up.
        shown.add_row(*(Text(cell(row.get(name))) for name in columns))
    return shown


def csv_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """The rows as lines of CSV, after one with the columns."""
    yield _csv_line(columns)
    for row in rows:
        yield _csv_line([cell(row.get(name)) for name in columns])


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def cell(value: Any) -> str:
    """One value as text: exact, without an exponent, empty for nothing."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return msgspec.json.encode(value).decode() if isinstance(value, list | dict) else str(value)
