"""What a recording consists of: rows of one table, in Parquet files. docs/recording.md explains every column.

Knows pyarrow, which is the extra `ibwire[recording]`: it is imported when a recording is made or read, not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from ibwire.exceptions import LibraryMissing

VERSION = "1"
"""In every file's metadata under `VERSION_KEY`; another one is another table."""

VERSION_KEY = b"ibwire.recording"

COLUMNS = {
    "received_ns": "int64",
    "con_id": "int64",
    "stream": "string",
    "kind": "string",
    "event_ns": "int64",
    "tick_type": "int32",
    "price": "double",
    "size": "string",
    "ask_price": "double",
    "ask_size": "string",
    "open": "double",
    "high": "double",
    "low": "double",
    "wap": "string",
    "count": "int32",
    "position": "int32",
    "operation": "int32",
    "side": "int32",
    "attributes": "int32",
    "exchange": "string",
    "text": "string",
}
"""The table's columns and their Arrow types. The first four are in every row."""


# Thousands a second, and never part of a cycle: hence gc=False.
class RecordingRow(Struct, frozen=True, kw_only=True, repr_omit_defaults=True, gc=False):
    """One row: a message, or a mark of the recorder's (`begin`, `gap`, `resumed`, `end`).

    Times are nanoseconds since 1970 UTC, sizes decimal text as IBKR sent it; None is what the message does not have.
    """

    received_ns: int
    con_id: int
    stream: str
    kind: str
    event_ns: int | None = None
    tick_type: int | None = None
    price: float | None = None
    size: str | None = None
    ask_price: float | None = None
    ask_size: str | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    wap: str | None = None
    count: int | None = None
    position: int | None = None
    operation: int | None = None
    side: int | None = None
    attributes: int | None = None
    exchange: str | None = None
    text: str | None = None


def arrow() -> Any:
    """Pyarrow and its Parquet part, as `pa` and `pq`. Raises LibraryMissing where it is not installed."""
    try:
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.parquet as pq  # type: ignore[import-untyped]
    except ImportError as error:
        raise LibraryMissing(
            "recordings are Parquet files, and pyarrow is not installed", hint='pip install "ibwire[recording]"'
        ) from error
    return SimpleNamespace(pa=pa, pq=pq)


def arrow_schema(pa: ModuleType) -> Any:
    """The table as an Arrow schema, with the version."""
    fields = [pa.field(name, getattr(pa, _MAKERS.get(kind, kind))()) for name, kind in COLUMNS.items()]
    return pa.schema(fields, metadata={VERSION_KEY: VERSION})


def table_of(rows: Sequence[RecordingRow], pa: ModuleType) -> Any:
    """Rows as an Arrow table."""
    schema = arrow_schema(pa)
    columns = zip(*map(astuple, rows), strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


_MAKERS = {"double": "float64"}
"""Where Arrow's name of a type is not that of its constructor."""
