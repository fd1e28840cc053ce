"""Writing a journal: records in one transaction, durable when `write` returns. Blocking; `journal` is for asyncio."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from ibwire.exceptions import DuplicateOrderId, IbwireError, JournalCorrupt, JournalUnwritable
from ibwire.journal_lock import JournalLock
from ibwire.journal_mark import MarkFile
from ibwire.journal_place import JournalPlace
from ibwire.journal_reader import COLUMNS, JournalReader, is_begun
from ibwire.journal_records import TAKES_ID, Entry, Kind
from ibwire.journal_schema import checksum, migrate

MAX_ORDER_ID = 2**31 - 2
"""The largest id that is not IBKR's "unset"."""

_ROOM_BYTES = 6_200_000
"""More than a thousand pages, after which SQLite begins its log anew, and than the cache, from which what does not fit
in goes to the log."""

_INSERT = f"INSERT INTO records ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)"


class JournalFile:
    """The journal at `path`, which is made if there is none; `now` is the wall clock, for who holds the lock.

    Raises JournalLocked if another process has it, JournalCorrupt with everything that is wrong with it (it is read and
    checked as a whole), JournalUnwritable if it cannot be written.
    """

    def __init__(self, path: Path, now: datetime) -> None:
        self.path = path
        self._mark = MarkFile(path)
        self._is_marked = True
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = JournalLock(path, now)
        except OSError as error:
            raise JournalUnwritable(f"{path}: {error}") from error
        try:
            self._open()
        except BaseException as error:
            self._lock.release()
            if isinstance(error, OSError):  # one that may not be read, for one
                raise JournalUnwritable(f"{path}: {error}") from error
            raise

    def _open(self) -> None:
        if not self._mark.newest():
            _undo_half_made(self.path)
        # It is looked at before it is opened for writing, because closing it again would drop a damaged log.
        if is_begun(self.path):
            self._check()
        else:
            newest = self._mark.newest()
            if newest:
                raise JournalCorrupt(f"there is no journal at {self.path}, but there was one with {newest} records")
        try:
            self._connection = _connected(self.path)
        except sqlite3.OperationalError as error:
            raise JournalUnwritable(f"{self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise JournalCorrupt(f"{self.path}: {error}") from error
        reader = JournalReader(self.path)
        self._sequence, self._checksum = reader.last()
        self._marks = reader.marks()
        reader.close()
        self._place = JournalPlace(self.path)

    def _check(self) -> None:
        reader = JournalReader(self.path)
        problems = reader.problems()
        reader.close()
        if problems:
            raise JournalCorrupt(f"{self.path}: {'; '.join(problems)}")

    def close(self) -> None:
        """Let go of the journal, with everything in its one file. In a fork nothing happens: it is the parent's."""
        if self._place.is_inherited:
            return
        self._connection.close()
        self._mark.close()
        self._lock.release()

    @property
    def is_inherited(self) -> bool:
        """Whether this process is a fork of the one that opened it."""
        return self._place.is_inherited

    def check_process(self) -> None:
        """Raises JournalUnwritable in a fork of the process that opened it."""
        self._place.check_process()

    def mark(self, client_id: int) -> int:
        """The highest order id that this client has ever used; 0 if none."""
        return self._marks.get(client_id, 0)

    def write(self, entries: Sequence[Entry]) -> list[IbwireError | None]:
        """Write records in one transaction; when it returns they are on the disk.

        Returns for each None, or why it was not written: an intent or a number whose order id is not above the mark of
        its client (DuplicateOrderId), or an intent whose reference was used before (JournalUnwritable).
        Raises JournalUnwritable if none could be written, also if its files are no longer those that were opened.
        """
        self._place.check_process()
        self._place.check_files()
        if not self._is_marked:
            self._write_mark()
        before = (dict(self._marks), self._sequence, self._checksum)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            results = [self._add(one) for one in entries]
            self._connection.execute("COMMIT")
        except Exception as error:
            self._marks, self._sequence, self._checksum = before
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise JournalUnwritable(f"{self.path}: {error}") from error
            raise
        with suppress(JournalUnwritable):  # they are on the disk; before anything else is written it is tried again
            self._write_mark()
        return results

    def _write_mark(self) -> None:
        self._is_marked = False
        try:
            self._mark.write(self._sequence)
        except OSError as error:
            raise JournalUnwritable(f"{self._mark.path}: {error}") from error
        self._is_marked = True

    def grow_log(self) -> None:
        """Make SQLite's log as long as it becomes between two checkpoints, so that what is written overwrites it.

        For the file system that is less than to append: a commit takes 0.1 ms less, and is not held up by what others
        do (docs/benchmarks.md). It takes some 50 ms. Where there is no room for it, it is left as it is.
        """
        with suppress(OSError, sqlite3.Error):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.execute("CREATE TABLE room (content BLOB)")
                self._connection.execute("INSERT INTO room VALUES (zeroblob(?))", (_ROOM_BYTES,))
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")  # which leaves the log as long as it is
            with self.path.with_name(f"{self.path.name}-wal").open("rb+") as log:
                os.fsync(log.fileno())

    def _add(self, entry: Entry) -> IbwireError | None:
        takes_id = entry.kind in TAKES_ID
        if takes_id and entry.order_id > MAX_ORDER_ID:
            text = f"order id {entry.order_id} is above {MAX_ORDER_ID}, the largest there is; nothing was sent"
            return JournalUnwritable(
                text, retryable=False, hint="place orders with a client id that has used fewer ids"
            )
        if takes_id and entry.order_id <= self.mark(entry.client_id):
            return DuplicateOrderId(
                f"order id {entry.order_id} of client {entry.client_id} is not above {self.mark(entry.client_id)}, the "
                "highest it has used; nothing was sent"
            )
        columns = (
            *(entry.at_us, str(entry.kind), entry.client_ref, entry.client_id, entry.order_id),
            *(entry.detail, entry.frames),
        )
        sequence = self._sequence + 1
        total = checksum(self._checksum, sequence, *columns)
        try:
            self._connection.execute(_INSERT, (sequence, *columns, total))
        except sqlite3.IntegrityError as error:  # the index `intents` has it: no need to look before each insertion
            if entry.kind is Kind.INTENT and "client_ref" in str(error):
                text = f"the reference {entry.client_ref} was used before; nothing was sent"
                return JournalUnwritable(text, retryable=False)
            raise
        self._sequence, self._checksum = sequence, total
        if takes_id:
            self._marks[entry.client_id] = entry.order_id
            mark = (entry.client_id, entry.order_id, checksum(0, entry.client_id, entry.order_id))
            self._connection.execute(
                "INSERT OR REPLACE INTO marks (client_id, order_id, checksum) VALUES (?, ?, ?)", mark
            )
        return None


def _undo_half_made(path: Path) -> None:
    """Let SQLite undo what a process that was killed while it made the file left: it does that for writers only.

    A file that has a log was made whole; then there is nothing to undo.
    """
    undo, log = (path.with_name(f"{path.name}-{part}") for part in ("journal", "wal"))
    if not undo.exists() or log.exists():
        return
    connection = sqlite3.connect(path, isolation_level=None)
    with closing(connection), suppress(sqlite3.DatabaseError):  # what is wrong with it then, looking at it tells
        connection.execute("SELECT 1 FROM sqlite_schema").fetchall()


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = 1")  # on macOS fsync alone does not reach the disk
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection
