"""One instrument's day on disk: a folder of part files that never change, each with the range of parts it holds.

A row group becomes a part of its own, `000007-000007.parquet`: written beside, forced to the disk, then renamed. So a
process that dies loses the row group under way and nothing else. Merging writes `000000-000007.parquet` in the same
way, and only then removes what is in it; a part whose range lies in that of another one is one that was left over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from ibwire.recording_schema import arrow, arrow_schema

MOST_SMALL_PARTS = 256
"""So many row groups that lie in files of their own are merged into one file before the day is over."""

_PART = re.compile(r"(\d{6,})-(\d{6,})\.parquet")
_BESIDE = ".tmp"


class Part(Struct, frozen=True, order=True):
    """The row groups from number `first` to number `last`, in one file."""

    first: int
    last: int

    @property
    def name(self) -> str:
        """Its file's name."""
        return f"{self.first:06d}-{self.last:06d}.parquet"


def parts_in(folder: Path) -> list[Part]:
    """The parts of a day in their order; what was left over from a merge is not among them."""
    names = (_PART.fullmatch(path.name) for path in folder.iterdir())
    found = [Part(int(name[1]), int(name[2])) for name in names if name is not None]
    parts: list[Part] = []
    for part in sorted(found, key=lambda one: (one.first, -one.last)):
        if not parts or part.last > parts[-1].last:
            parts.append(part)
    return parts


class RecordingDay:
    """A day that is being written. Whoever makes one is its only writer. Raises OSError and ArrowException."""

    def __init__(self, folder: Path, row_group_rows: int) -> None:
        self.folder = folder
        self._row_group_rows = row_group_rows
        _make_lasting(folder)
        self._parts = parts_in(folder)
        self._remove_leftovers()

    def add(self, table: Any) -> None:
        """Write one row group; when this returns it is on the disk."""
        number = self._parts[-1].last + 1 if self._parts else 0
        part = Part(number, number)
        self._write(part, iter([table]))
        self._parts.append(part)
        small = [one for one in self._parts if one.first == one.last]
        if len(small) >= MOST_SMALL_PARTS:
            self._merge(small)

    def close(self) -> None:
        """Merge everything into one file."""
        if len(self._parts) > 1:
            self._merge(self._parts)

    def _merge(self, parts: Sequence[Part]) -> None:
        """Put neighbours into one file, in row groups of full size."""
        merged = Part(parts[0].first, parts[-1].last)
        paths = [self.folder / part.name for part in parts]
        self._write(merged, _full_row_groups(paths, self._row_group_rows))
        self._parts = [part for part in self._parts if part.last < merged.first] + [merged]
        for path in paths:
            path.unlink()

    def _write(self, part: Part, tables: Iterator[Any]) -> None:
        beside = self.folder / f"{part.name}{_BESIDE}"
        libraries = arrow()
        try:
            with (
                beside.open("wb") as file,
                libraries.pq.ParquetWriter(file, arrow_schema(libraries.pa), compression="zstd") as writer,
            ):
                for table in tables:
                    writer.write_table(table, row_group_size=self._row_group_rows)
                writer.close()
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.folder / part.name)
        except (OSError, libraries.pa.ArrowException):
            beside.unlink(missing_ok=True)  # a full disk gets its space back
            raise
        _sync_folder(self.folder)

    def _remove_leftovers(self) -> None:
        kept = {part.name for part in self._parts}
        for path in self.folder.iterdir():
            if path.name.endswith(_BESIDE) or (_PART.fullmatch(path.name) and path.name not in kept):
                path.unlink()


def _full_row_groups(paths: Sequence[Path], rows: int) -> Iterator[Any]:
    """The rows of these files in tables of so many, the last with what is left; never more than one in memory."""
    libraries = arrow()
    waiting: list[Any] = []
    for path in paths:
        with libraries.pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=rows):
                waiting.append(libraries.pa.Table.from_batches([batch]))
                if sum(len(table) for table in waiting) >= rows:
                    whole = libraries.pa.concat_tables(waiting)
                    yield whole[:rows]
                    waiting = [whole[rows:]] if len(whole) > rows else []
    if waiting:
        yield libraries.pa.concat_tables(waiting)


def _make_lasting(folder: Path) -> None:
    """Make a folder and those above it, so that a power cut does not take them away again."""
    if not folder.is_dir():
        _make_lasting(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened, and a rename is on the disk when it returns
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
