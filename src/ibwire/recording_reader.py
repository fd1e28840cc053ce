"""Reads recordings: `read_recording(path)`, row by row or as a table."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

from ibwire.exceptions import LibraryMissing, RecordingFailed
from ibwire.recording_day import parts_in
from ibwire.recording_schema import VERSION, VERSION_KEY, RecordingRow, arrow, arrow_schema

_MADE_BY = "name a recording's folder, one of an instrument or a day in it, or a file of it"


def read_recording(path: Path | str) -> Recording:
    """A recording: its folder, that of one instrument or one day of it, or one file.

    It may still be written: what is on the disk is read. Raises LibraryMissing without pyarrow, RecordingFailed where
    there is no recording; reading raises it for a file that is damaged or not of a recording.
    """
    arrow()
    return Recording(Path(path))


class Recording:
    """The rows of a recording in the order in which they were received; each iteration reads it anew.

    One instrument's rows are in the very order of the streams; those of several are merged by the time of receipt.
    Iterating keeps one row group of each instrument in memory, tables are in memory as a whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files = _files_of(path)
        if not any(self._files):
            raise RecordingFailed(f"{path} has no recording in it", hint=_MADE_BY)

    def __iter__(self) -> Iterator[RecordingRow]:
        return heapq.merge(*map(_rows_of, self._files), key=attrgetter("received_ns"))

    def to_arrow(self) -> Any:
        """A `pyarrow.Table` of all rows: one instrument after the other."""
        pa = arrow().pa
        batches = [batch for files in self._files for path in files for batch in _batches_of(path)]
        return pa.Table.from_batches(batches, schema=arrow_schema(pa))

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame` of all rows: one instrument after the other. Raises LibraryMissing without pandas."""
        try:
            import pandas as pd  # noqa: F401 - pyarrow imports it when it is used
        except ImportError as error:
            raise LibraryMissing("this needs pandas, which is not installed", hint="pip install pandas") from error
        return self.to_arrow().to_pandas()


def _files_of(path: Path) -> list[list[Path]]:
    """The files of each instrument, in their order."""
    if path.is_file():
        return [[path]]
    if not path.is_dir():
        raise RecordingFailed(f"{path} is not there", hint=_MADE_BY)
    own = [path / part.name for part in parts_in(path)]
    if own:
        return [own]
    below = [files for folder in sorted(path.iterdir()) if folder.is_dir() for files in _files_of(folder)]
    is_instrument = path.name.isdecimal()
    return [[file for files in below for file in files]] if is_instrument else below


def _rows_of(files: list[Path]) -> Iterator[RecordingRow]:
    for path in files:
        for batch in _batches_of(path):
            columns = [column.to_pylist() for column in batch.columns]
            for values in zip(*columns, strict=True):
                yield RecordingRow(**dict(zip(RecordingRow.__struct_fields__, values, strict=True)))


def _batches_of(path: Path) -> Iterator[Any]:
    libraries = arrow()
    try:
        with libraries.pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            expected = arrow_schema(libraries.pa)
            if not schema.equals(expected) or (schema.metadata or {}).get(VERSION_KEY) != VERSION.encode():
                raise RecordingFailed(f"{path} is no file of a recording of version {VERSION}", hint=_MADE_BY)
            yield from file.iter_batches()
    except (OSError, libraries.pa.ArrowException) as error:
        raise RecordingFailed(f"{path} cannot be read: {error}", hint="move the file away, or get it again") from error
