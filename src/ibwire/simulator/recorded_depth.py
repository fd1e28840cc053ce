"""Recorded books played again: rows of `depth_*.csv.gz`, which are updateMktDepth callbacks of a real session.

A recording that begins in the middle of a session does not tell what was there before it; a level stands from the start
with what is first said of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from ibwire.simulator.books import ASK, DELETE, INSERT, SIDES, UPDATE, Row
from ibwire.simulator.instruments import by_local_symbol
from ibwire.simulator.recorded_feed import LOOP_GAP_S
from ibwire.simulator.recording_files import RecordingError, RowReader

MOST_ROWS = 20


class Operation(Struct, frozen=True):
    """One row of a recording, so many seconds after its start."""

    at_s: float
    position: int
    operation: int
    side: int
    row: Row


class RecordedBook:
    """One instrument's book as it was recorded, starting again `LOOP_GAP_S` after its end.

    Raises RecordingError for a file that can't be used.
    """

    def __init__(self, path: Path) -> None:
        self.con_id, self._operations = _read(path)
        self._rows = _standing(self._operations)
        self._start_s = 0.0
        self._done = 0

    def rows(self, side: int) -> Sequence[Row]:
        """One side; a row that does not lie behind the one above it is left out until the recording corrects it."""
        return in_order(self._rows[side], side)

    def play_until(self, at_s: float) -> None:
        """Apply what is due by then, in seconds of the recording."""
        while self._start_s + self._operations[self._done].at_s <= at_s:
            if self._done == 0:
                self._rows = _standing(self._operations)
            apply(self._rows, self._operations[self._done])
            self._done += 1
            if self._done == len(self._operations):
                self._start_s += self._operations[-1].at_s + LOOP_GAP_S
                self._done = 0


def in_order(rows: Sequence[Row], side: int) -> list[Row]:
    """The rows of a side without those that do not lie behind the one above them."""
    shown: list[Row] = []
    for row in rows:
        if not shown or (row.price > shown[-1].price if side == ASK else row.price < shown[-1].price):
            shown.append(row)
    return shown


def apply(book: dict[int, list[Row]], one: Operation) -> None:
    """Do to a book, by sides, what an operation says."""
    rows = book[one.side]
    if one.operation == DELETE:
        del rows[one.position : one.position + 1]
    elif one.operation == INSERT:
        rows.insert(one.position, one.row)
        del rows[MOST_ROWS:]
    elif one.position < len(rows):
        rows[one.position] = one.row


def _standing(operations: Sequence[Operation]) -> dict[int, list[Row]]:
    """The book before the first operation: each level that is updated before anything is inserted or deleted there."""
    rows: dict[int, list[Row]] = {}
    for side in SIDES:
        first: dict[int, Row] = {}
        for one in operations:
            if one.side == side:
                if one.operation != UPDATE:
                    break
                first.setdefault(one.position, one.row)
        rows[side] = [first[position] for position in sorted(first)]
    return rows


def _read(path: Path) -> tuple[int, list[Operation]]:
    reader = RowReader(path)
    operations: list[Operation] = []
    con_id = first_ns = None
    for row in reader.rows():
        instrument = by_local_symbol(row["symbol"])
        if instrument is None or con_id not in (None, instrument.con_id):
            raise reader.error(f"the symbol is {row['symbol']!r}", "a file holds one known instrument; split it")
        con_id = instrument.con_id
        at_ns = reader.time_ns(row)
        first_ns = at_ns if first_ns is None else first_ns
        numbers = [_choice(reader, row, "position", range(MOST_ROWS))]
        numbers += [_choice(reader, row, "operation", (INSERT, UPDATE, DELETE)), _choice(reader, row, "side", SIDES)]
        level = Row(reader.price(row, "price") or 0.0, reader.size(row, "size") or Decimal(0))
        operations.append(Operation((at_ns - first_ns) / 1e9, numbers[0], numbers[1], numbers[2], level))
    if con_id is None:
        raise RecordingError(f"{path}: it is empty")
    return con_id, operations


def _choice(reader: RowReader, row: dict[str, str], column: str, allowed: Sequence[int]) -> int:
    if not row[column].isdecimal() or int(row[column]) not in allowed:
        raise reader.error(f"{column} is {row[column]!r}, not one of {', '.join(map(str, allowed))}")
    return int(row[column])
