"""A book in a recording of a user's own played again: the depth rows of Parquet files (docs/recording.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from ibwire.simulator.books import DELETE, INSERT, SIDES, UPDATE, Row
from ibwire.simulator.parquet_rows import exact, rows_in
from ibwire.simulator.recorded_depth import MOST_ROWS, Operation, apply, in_order

COLUMNS = {
    "received_ns": "int64",
    "stream": "string",
    "kind": "string",
    "price": "double",
    "size": "string",
    "position": "int32",
    "operation": "int32",
    "side": "int32",
    "text": "string",
}
"""The columns that are played, and their Arrow types."""

STREAM, SMART = "market_depth:", "market_depth:smart"
"""What the name of a book's stream begins with. A smart book is not played: several of its rows may have one price."""

_RESET = re.compile(r'"error_code":317\b')
_OPERATIONS = (INSERT, UPDATE, DELETE)


class ParquetBook:
    """The book of one instrument at the first exchange that was recorded; played once.

    It is empty until its first row; what the recorder was told to empty, or got anew after a gap, begins anew here too.
    """

    def __init__(self, con_id: int, files: Sequence[Path], start_ns: int) -> None:
        self.con_id = con_id
        self._start_ns = start_ns
        self._operations = self._read(files)
        self._next = next(self._operations, None)
        self.is_there = self._next is not None
        self._rows: dict[int, list[Row]] = {side: [] for side in SIDES}

    def rows(self, side: int) -> Sequence[Row]:
        """One side; a row that does not lie behind the one above it is left out until the recording corrects it."""
        return in_order(self._rows[side], side)

    def play_until(self, at_s: float) -> None:
        """Apply what is due by then, in seconds of the recording."""
        while self._next is not None and self._next[0] <= at_s:
            operation = self._next[1]
            if operation is None:
                self._rows = {side: [] for side in SIDES}
            else:
                apply(self._rows, operation)
            self._next = next(self._operations, None)

    def _read(self, files: Sequence[Path]) -> Iterator[tuple[float, Operation | None]]:
        """When what is done to the book; None empties it."""
        played = None
        for received_ns, stream, kind, price, size, position, operation, side, text in rows_in(files, COLUMNS):
            if not stream.startswith(STREAM) or stream == SMART or played not in (None, stream):
                continue
            at_s = (received_ns - self._start_ns) / 1e9
            if kind == "depth":
                if side in SIDES and operation in _OPERATIONS and 0 <= position < MOST_ROWS:
                    played = stream
                    row = Row(price or 0.0, exact(size) or Decimal(0))
                    yield at_s, Operation(at_s, position, operation, side, row)
            elif played is not None and _begins_anew(kind, text):
                yield at_s, None


def _begins_anew(kind: str, text: str | None) -> bool:
    return kind in ("begin", "resumed") or (kind == "message" and _RESET.search(text or "") is not None)
