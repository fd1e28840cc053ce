"""Files of recordings: gzip CSV with a known header, and errors that name the file and the line."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

HEADERS = {
    "ticks": "ts_ns,symbol,kind,price,size,exchange,bid,ask,bid_size,ask_size",
    "bars": "ts_ns,symbol,bar_size,what,open,high,low,close,volume,wap,count",
    "ibstream": "ts_ns,symbol,tick_type,price,size",
    "depth": "ts_ns,symbol,position,operation,side,price,size",
}
"""The columns of each kind of file, by the beginning of its name."""

Row = dict[str, str]


def kind_of(path: Path) -> str:
    """What a file holds, by the beginning of its name."""
    return path.name.partition("_")[0]


class RecordingError(ValueError):
    """A recording can't be played; says in which file and line, what is wrong and what to do."""


class RowReader:
    """One file's rows and fields; all that is wrong with them becomes a RecordingError that names the line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = 1

    def error(self, what: str, advice: str = "correct the row or move the file away") -> RecordingError:
        """What is wrong with the line that was read last."""
        return RecordingError(f"{self.path}, line {self.line}: {what}; {advice}")

    def rows(self) -> Iterator[Row]:
        """Every row; raises RecordingError at one that does not fit."""
        header = HEADERS[kind_of(self.path)]
        try:
            with gzip.open(self.path, "rt", encoding="utf-8", newline="") as file:
                table = csv.DictReader(file)
                if table.fieldnames is None or ",".join(table.fieldnames) != header:
                    raise self.error(f"the header is {table.fieldnames}", f"it has to be {header}")
                for row in table:
                    self.line = table.line_num
                    if None in row or None in row.values():
                        raise self.error(f"the row doesn't have the columns {header}")
                    yield row
                if self.line == 1:
                    raise self.error("there are no rows below the header", "move the file away")
        except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
            self.line += 1
            raise self.error(f"can't be read ({error})", "get it again, it may be cut off") from error

    def time_ns(self, row: Row) -> int:
        """When the row was."""
        try:
            return int(row["ts_ns"])
        except ValueError:
            raise self.error(f"ts_ns is {row['ts_ns']!r}, not whole nanoseconds") from None

    def number(self, row: Row, column: str) -> Decimal | None:
        """A column, None if it is empty."""
        if not row[column]:
            return None
        try:
            number = Decimal(row[column])
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite():
            raise self.error(f"{column} is {row[column]!r}, not a number")
        return number

    def price(self, row: Row, column: str) -> float | None:
        """A price, None if it is empty."""
        number = self.number(row, column)
        return None if number is None else float(number)

    def size(self, row: Row, column: str) -> Decimal | None:
        """A size, None if it is empty."""
        number = self.number(row, column)
        if number is not None and number < 0:
            raise self.error(f"{column} is {number}, and a size can't be negative")
        return number
