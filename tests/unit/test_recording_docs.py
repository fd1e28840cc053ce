"""The page that explains recordings: the writer and the simulator, which share nothing else, both keep to it."""

from __future__ import annotations

import re
from pathlib import Path

from ibwire import recording_schema
from ibwire.simulator import parquet_books, parquet_feed

PAGE = Path(__file__).parents[2] / "docs" / "recording.md"


def documented() -> dict[str, str]:
    """Columns and types as the page's table has them."""
    table = PAGE.read_text(encoding="utf-8").partition("<!-- columns")[2].partition("<!-- end of columns -->")[0]
    return dict(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", table, re.MULTILINE))


def test_the_writer_writes_the_columns_of_the_page() -> None:
    assert list(documented().items()) == list(recording_schema.COLUMNS.items())
    assert list(recording_schema.RecordingRow.__struct_fields__) == list(recording_schema.COLUMNS)
    pa = recording_schema.arrow().pa
    assert {field.name: str(field.type) for field in recording_schema.arrow_schema(pa)} == documented()


def test_the_simulator_reads_columns_of_the_page() -> None:
    assert parquet_feed.COLUMNS.items() <= documented().items()
    assert parquet_books.COLUMNS.items() <= documented().items()
