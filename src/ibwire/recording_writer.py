"""Writes rows into a recording: a folder for each instrument, in it one for each UTC day. Blocks while it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path

from filelock import FileLock, Timeout

from ibwire.exceptions import RecordingFailed
from ibwire.recording_day import RecordingDay
from ibwire.recording_schema import RecordingRow, arrow, table_of

LOCK_NAME = ".lock"

_NS = 1_000_000_000


class RecordingWriter:
    """The only writer of a recording. `open` it, `write`, `close` it; each raises RecordingFailed.

    A failed write (a full disk, a row that does not fit the table) loses nothing that was written before. Rows have to
    come in the order in which they were received; a day of an instrument is over, and merged into one file, when a row
    of another day comes.
    """

    def __init__(self, directory: Path, *, row_group_rows: int) -> None:
        self.directory = directory
        self._row_group_rows = row_group_rows
        self._days: dict[int, tuple[date, RecordingDay]] = {}
        self._lock: FileLock | None = None

    def open(self) -> None:
        """Take possession of the folder, which is made if need be. Raises LibraryMissing without pyarrow."""
        arrow()
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            # Opened in one thread and closed in another: the lock is the recording's, not a thread's.
            lock = FileLock(self.directory / LOCK_NAME, thread_local=False)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise RecordingFailed(
                f"another recorder writes to {self.directory}", hint="give each recorder a folder of its own"
            ) from error
        except OSError as error:
            raise RecordingFailed(f"{self.directory} cannot be written to: {error}") from error
        self._lock = lock

    def write(self, rows: Sequence[RecordingRow]) -> None:
        """Write rows; when this returns they are on the disk."""
        libraries = arrow()
        written = 0
        try:
            for con_id, day, group in _by_instrument_and_day(rows):
                for start in range(0, len(group), self._row_group_rows):
                    chunk = group[start : start + self._row_group_rows]
                    self._day(con_id, day).add(table_of(chunk, libraries.pa))
                    written += len(chunk)
        except (OSError, ValueError, OverflowError, libraries.pa.ArrowException) as error:
            lost = len(rows) - written
            problem = f"{lost} rows could not be written to {self.directory}: {error}"
            raise RecordingFailed(f"{problem}; what was written before is left as it was") from error

    def close(self) -> None:
        """Close every day, and let go of the folder. Safe to call again."""
        days, self._days = self._days, {}
        libraries = arrow()
        try:
            for _, day in days.values():
                day.close()
        except (OSError, libraries.pa.ArrowException) as error:
            problem = f"{self.directory} could not be merged into one file a day: {error}"
            raise RecordingFailed(f"{problem}; its parts are there and can be read as they are") from error
        finally:
            if self._lock is not None:
                self._lock.release()

    def _day(self, con_id: int, day: date) -> RecordingDay:
        known = self._days.get(con_id)
        if known is not None and known[0] == day:
            return known[1]
        opened = RecordingDay(self.directory / str(con_id) / day.isoformat(), self._row_group_rows)
        self._days[con_id] = day, opened
        if known is not None:
            known[1].close()
        return opened


def _by_instrument_and_day(rows: Sequence[RecordingRow]) -> Iterator[tuple[int, date, list[RecordingRow]]]:
    """Rows in groups of one instrument and one UTC day; each instrument's stay in their order."""
    for con_id, own in groupby(sorted(rows, key=lambda row: row.con_id), key=lambda row: row.con_id):
        for day, group in groupby(own, key=lambda row: row.received_ns // (86_400 * _NS)):
            yield con_id, datetime.fromtimestamp(day * 86_400, UTC).date(), list(group)
