"""Rows of results: exact and safe as a table, as CSV and as JSON."""

from __future__ import annotations

import io
from decimal import Decimal

from rich.console import Console

from ibwire.cli.rows import csv_lines, table

ROWS = [
    {"name": "[bold]A[/bold]", "price": Decimal("1E+2"), "note": 'says "hi", twice', "more": ["a", 1]},
    {"name": None, "price": None},
]


def test_csv_has_a_heading_exact_numbers_and_nothing_for_nothing() -> None:
    assert list(csv_lines(("name", "price", "note", "more"), ROWS)) == [
        "name,price,note,more",
        '[bold]A[/bold],100,"says ""hi"", twice","[""a"",1]"',
        ",,,",
    ]


def test_a_table_shows_brackets_as_they_are() -> None:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(table(("name", "price"), ROWS, "all"))
    assert isinstance(console.file, io.StringIO)
    assert "[bold]A[/bold]" in console.file.getvalue()
    assert "100" in console.file.getvalue()
