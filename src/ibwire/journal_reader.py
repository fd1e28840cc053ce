"""Reading a journal, also while another process writes it, and finding out whether it is whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ibwire.exceptions import JournalCorrupt
from ibwire.journal_mark import MarkFile
from ibwire.journal_records import TAKES_ID, Record, entry_from_row, micros, replay
from ibwire.journal_schema import NAME_ANOTHER, checksum, expected_statements, statements_of, version_of
from ibwire.order_state import TrackedOrder

COLUMNS = "sequence, at_us, kind, client_ref, client_id, order_id, detail, frames, checksum"

_MAGIC = b"SQLite format 3\0"

MAX_PROBLEMS = 20
"""How many faults of a kind are named before it is enough."""


class JournalReader:
    """A journal to look at. Raises JournalCorrupt if the file is no journal, FileNotFoundError if there is none."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise FileNotFoundError(f"there is no journal at {path}")
        self.path = path
        self._connection, self.version = _connected(path)
        if not self.version:
            self.close()
            raise JournalCorrupt(f"{path} is empty: no journal was begun in it")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def records(self, client_ref: str | None = None) -> Iterator[Record]:
        """All records, or those of one order, oldest first. Raises JournalCorrupt for one that cannot be read."""
        where = "" if client_ref is None else "WHERE client_ref = ?"
        arguments = () if client_ref is None else (client_ref,)
        for row in self._query(f"SELECT {COLUMNS} FROM records {where} ORDER BY sequence", arguments):
            yield _record(row)

    def numbered_since(self, at: datetime) -> Iterator[Record]:
        """The records since then that gave an order its id, oldest first."""
        kinds = ", ".join(f"'{kind}'" for kind in sorted(TAKES_ID))
        query = f"SELECT {COLUMNS} FROM records WHERE kind IN ({kinds}) AND at_us > ? ORDER BY sequence"
        for row in self._query(query, (micros(at),)):
            yield _record(row)

    def client_refs(self, *, only_open: bool = False) -> list[str]:
        """The references of all orders, or of those that have not ended, oldest first."""
        ended = "AND NOT EXISTS (SELECT 1 FROM records e WHERE e.client_ref = i.client_ref AND e.kind = 'ended')"
        begun = "kind IN ('intent', 'queued')"
        query = f"""SELECT client_ref FROM records i WHERE {begun} {ended if only_open else ""}
            GROUP BY client_ref ORDER BY MIN(sequence)"""
        return [str(ref) for (ref,) in self._query(query)]

    def orders(self, *, only_open: bool = False) -> Iterator[TrackedOrder]:
        """The orders as they stand by their records."""
        for client_ref in self.client_refs(only_open=only_open):
            order = replay(self.records(client_ref))
            if order is not None:
                yield order

    def marks(self) -> dict[int, int]:
        """The highest order id ever used, by client id."""
        found = self._query("SELECT client_id, order_id FROM marks")
        return {int(client_id): int(order_id) for client_id, order_id in found}

    def last(self) -> tuple[int, int]:
        """The number of the newest record and its checksum; zeros for an empty journal."""
        rows = list(self._query("SELECT sequence, checksum FROM records ORDER BY sequence DESC LIMIT 1"))
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    def problems(self, *, is_thorough: bool = False) -> list[str]:
        """Everything that is wrong with the journal; thorough also reads every message and follows every order."""
        found: list[str] = []
        newest = 0
        try:
            newest = MarkFile(self.path).newest()  # before the view: records are durable before they are marked
        except JournalCorrupt as error:
            found.append(error.message)
        try:
            self._connection.execute("BEGIN")  # one view of it, whatever is being written meanwhile
            found += [*self._file_problems(), *self._row_problems(newest), *self._mark_problems()]
            if is_thorough and not found:
                found += self._message_problems()
        except JournalCorrupt as error:
            found.append(error.message)
        except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
            found.append(str(error))
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        return found

    def _query(self, sql: str, arguments: tuple[object, ...] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(sql, arguments)
        except sqlite3.DatabaseError as error:
            raise JournalCorrupt(f"{self.path}: {error}") from error

    def _file_problems(self) -> Iterator[str]:
        for (said,) in self._connection.execute(f"PRAGMA integrity_check({MAX_PROBLEMS})"):
            if said != "ok":
                yield f"SQLite says: {said}"
        if statements_of(self._connection) != expected_statements(self.version):
            yield f"its tables are not those of version {self.version}"

    def _row_problems(self, newest: int) -> Iterator[str]:
        before, expected, highest = 0, 1, dict[int, int]()
        for sequence, *columns, stored in self._connection.execute(f"SELECT {COLUMNS} FROM records ORDER BY sequence"):
            if sequence != expected:
                yield f"record {expected} is missing; the next is {sequence}"
                return
            if checksum(before, sequence, *columns) != stored:
                yield f"record {sequence} is not what was written"
                return
            before, expected = stored, expected + 1
            _, kind, _, client_id, order_id, _, _ = columns
            if kind in TAKES_ID:
                highest[client_id] = max(order_id, highest.get(client_id, 0))
        if newest >= expected:
            yield f"records {expected} to {newest} were written and are gone"
        marks = self.marks()
        for client_id, order_id in highest.items():
            if marks.get(client_id, 0) < order_id:
                yield f"client {client_id} has used order id {order_id}, and its mark is {marks.get(client_id, 0)}"

    def _mark_problems(self) -> Iterator[str]:
        for client_id, order_id, stored in self._connection.execute("SELECT * FROM marks"):
            if checksum(0, client_id, order_id) != stored:
                yield f"the highest order id of client {client_id} is not what was written"

    def _message_problems(self) -> Iterator[str]:
        for record in self.records():
            try:
                _ = record.messages
            except JournalCorrupt as error:
                yield error.message
        for _ in self.orders():
            pass


def is_begun(path: Path) -> bool:
    """Whether there is a journal at `path`: no file or an empty one is none. Raises JournalCorrupt for another file."""
    if path.exists():
        _check_is_file(path)
    if not path.exists() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:  # SQLite takes a very short file for an empty one
            raise JournalCorrupt(f"{path} is no SQLite database")
    connection, version = _connected(path)
    connection.close()
    return version > 0


def _check_is_file(path: Path) -> None:
    if path.is_dir():
        raise JournalCorrupt(f"{path} is a folder", hint=NAME_ANOTHER)


def _connected(path: Path) -> tuple[sqlite3.Connection, int]:
    """The file, to be read only, and the version of the journal in it."""
    _check_is_file(path)
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        return connection, version_of(connection)
    except JournalCorrupt as error:
        connection.close()
        raise JournalCorrupt(f"{path}: {error.message}", hint=error.hint) from error
    except sqlite3.DatabaseError as error:
        connection.close()
        raise JournalCorrupt(f"{path}: {error}") from error


def _record(row: tuple[object, ...]) -> Record:
    sequence, *columns, stored = row
    try:
        return Record(sequence=sequence, entry=entry_from_row(tuple(columns)), checksum=stored)  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError) as error:
        raise JournalCorrupt(f"record {sequence} cannot be read: {error}") from error
