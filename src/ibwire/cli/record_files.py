"""Tables of records as files that are there whole or not at all, as CSV and as JSON lines."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from ibwire.cli.frame import BadOption
from ibwire.exceptions import LibraryMissing
from ibwire.record_table import RecordTable

FORMATS = (".parquet", ".csv")


def check_writable(path: Path) -> None:
    """Whether a table can be written there, asked before hours are spent on it. Raises BadOption, LibraryMissing."""
    if path.suffix not in FORMATS:
        raise BadOption(f"--out {path}: its name has to end in {' or '.join(FORMATS)}")
    if path.is_dir():
        raise BadOption(f"--out {path}: this is a folder")
    if not path.parent.is_dir():
        raise BadOption(f"--out {path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise BadOption(f"--out {path}: the folder {path.parent} cannot be written to")
    if path.suffix == ".parquet":
        _parquet()


def write_whole(table: RecordTable[Any], path: Path) -> None:
    """Write a table as what the name says. It takes the place of what was there when it is whole and on the disk.

    Raises OSError if that cannot be; then the file that was there is as it was, and there is nothing else.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            if path.suffix == ".parquet":
                _parquet().write_table(table.to_arrow(), file)
            else:
                file.write(csv_of(table).encode())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(f"{path} could not be written: {reason}; nothing is left of it") from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def csv_of(records: Iterable[msgspec.Struct]) -> str:
    """Records of one class as CSV with a heading: exact numbers as they are, times ISO 8601, nothing for None."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for number, record in enumerate(records):
        if number == 0:
            writer.writerow(record.__struct_fields__)
        writer.writerow([text_of(getattr(record, name)) for name in record.__struct_fields__])
    return text.getvalue()


def json_lines_of(records: Iterable[msgspec.Struct]) -> str:
    """Records as JSON objects, one a line."""
    return "".join(f"{msgspec.json.encode(record).decode()}\n" for record in records)


def text_of(value: Any) -> str:
    """A field as text."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bool | str | int | float):
        return str(value)
    return str(msgspec.to_builtins(value))


def _parquet() -> Any:
    try:
        import pyarrow.parquet as pq  # type: ignore[import-untyped]
    except ImportError as error:
        raise LibraryMissing(
            "Parquet files need pyarrow, which is not installed",
            hint='pip install "ibwire[recording]", or write a .csv',
        ) from error
    return pq
