"""The rows of a recording of a user's own: Parquet files, as docs/recording.md explains them.

Knows that page and nothing of who writes such files. Never reads a whole file: row groups are read as they are wanted.
Pyarrow, the extra `ibwire[recording]`, is imported when it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import ModuleType
from typing import Any

from ibwire.simulator.recording_files import RecordingError

_PART = re.compile(r"(\d{6,})-(\d{6,})\.parquet")


def rows_in(files: Iterable[Path], columns: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    """The values of these columns (with their Arrow types), row by row. Raises RecordingError for a bad file."""
    pq = parquet()
    for path in files:
        try:
            with pq.ParquetFile(path) as file:
                types = {field.name: str(field.type) for field in file.schema_arrow}
                wrong = [f"{name} ({kind})" for name, kind in columns.items() if types.get(name) != kind]
                if wrong:
                    raise RecordingError(f"{path}: it has no column {', '.join(wrong)}; it is no file of a recording")
                for batch in file.iter_batches(columns=list(columns)):
                    yield from zip(*(batch.column(name).to_pylist() for name in columns), strict=True)
        except (OSError, ValueError) as error:  # what pyarrow finds wrong with a file is a ValueError
            if isinstance(error, RecordingError):
                raise
            raise RecordingError(f"{path}: can't be read ({error}); get it again, or move it away") from error


def exact(size: str | None) -> Decimal | None:
    """A size as it was recorded. Raises RecordingError for what is no number."""
    try:
        return Decimal(size) if size is not None else None
    except InvalidOperation:
        raise RecordingError(f"a size in the recording is {size!r}, not a number; move the file away") from None


def parquet() -> ModuleType:
    """Pyarrow's reader. Raises RecordingError if it is not installed."""
    try:
        import pyarrow.parquet as pq  # type: ignore[import-untyped]
    except ImportError as error:
        raise RecordingError('pyarrow is not installed; pip install "ibwire[recording]"') from error
    return pq  # type: ignore[no-any-return]  # pyarrow has no types


def files_by_con_id(folder: Path, day: date | None) -> dict[int, list[Path]]:
    """The files of each instrument, day by day; those whose rows another file has as well are left out."""
    if not folder.is_dir():
        raise RecordingError(f"{folder}: no such folder; name that of a recording")
    return {
        int(instrument.name): [
            path
            for recorded in sorted(instrument.iterdir())
            if recorded.is_dir() and (day is None or recorded.name == day.isoformat())
            for path in _parts(recorded)
        ]
        for instrument in sorted(folder.iterdir())
        if instrument.is_dir() and instrument.name.isdecimal()
    }


def _parts(day: Path) -> Iterator[Path]:
    named = [(_PART.fullmatch(path.name), path) for path in day.iterdir()]
    ranges = [(int(name[1]), int(name[2]), path) for name, path in named if name is not None]
    reached = -1
    for _first, last, path in sorted(ranges, key=lambda one: (one[0], -one[1])):
        if last > reached:
            reached = last
            yield path
