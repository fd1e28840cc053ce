"""A recording of a user's own played again: the level-1 rows of Parquet files, as docs/recording.md explains them.

Knows that page and nothing of who writes such files. Knows no clock and never a whole file: row groups are read as they
are played. Pyarrow, the extra `ibwire[recording]`, is imported when a feed is made.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

from ibwire.simulator.feed import DAY_PRICES, SIZE_OF_PRICE, Tick, TickType
from ibwire.simulator.instruments import by_con_id
from ibwire.simulator.recording_files import RecordingError
from ibwire.simulator.subscriptions import DELAYED_TYPES

COLUMNS = {
    "received_ns": "int64",
    "stream": "string",
    "kind": "string",
    "tick_type": "int32",
    "price": "double",
    "size": "string",
    "text": "string",
}
"""The columns that are played, and their Arrow types."""

STREAM = "market_data"
"""What the names of the streams begin with that are played."""

_PART = re.compile(r"(\d{6,})-(\d{6,})\.parquet")
_LIVE_TYPES = {delayed: live for live, delayed in DELAYED_TYPES.items()}
_PRICES = frozenset({*SIZE_OF_PRICE, *DAY_PRICES})
_SIZES = frozenset({*SIZE_OF_PRICE.values(), TickType.VOLUME})


class ParquetFeed:
    """The market data in a recording's folder, from the first row of any instrument on; played once.

    What a gateway makes of it: the prices, sizes and halts of each instrument and the times of its trades, in their
    order, rows received together as one event; delayed data as live ones. What a gateway makes up by itself (generic
    ticks, option computations, books) is not played, nor are tick-by-tick data and bars. In a gap nothing happens.
    With `day` (of UTC) only that day is played: what stood at its beginning is told when it changes. `played_as` gives,
    by contract id, the contract to play an instrument as; without it, it has to be one that the simulator knows.
    `start_s` is when the recording begins, in Unix seconds: a clock that starts then gives trades the times that they
    had.

    Raises RecordingError for a folder or file that can't be used, or if pyarrow is not installed; `ticks()` for a bad
    row.
    """

    def __init__(
        self, folder: Path | str, *, day: date | None = None, played_as: Mapping[int, int] | None = None
    ) -> None:
        self._pq = _parquet()
        self.folder = Path(folder)
        recorded = _files_by_con_id(self.folder, day)
        played_as = played_as or {}
        self._files = {played_as.get(con_id, con_id): files for con_id, files in recorded.items()}
        self._starts_ns = {con_id: next(self._rows(files), (None,))[0] for con_id, files in self._files.items()}
        self._files = {con_id: files for con_id, files in self._files.items() if self._starts_ns[con_id] is not None}
        if not self._files:
            raise RecordingError(f"{self.folder}: no market data in it; name the folder of a recording that has some")
        unknown = [con_id for con_id in self._files if by_con_id(con_id) is None]
        if unknown:
            raise RecordingError(
                f"{self.folder}: the simulator has no instrument with the contract id "
                f"{', '.join(map(str, unknown))}; name one to play it as in played_as"
            )
        self._start_ns = min(start_ns for start_ns in self._starts_ns.values() if start_ns is not None)

    @property
    def con_ids(self) -> tuple[int, ...]:
        """The contract ids that are played."""
        return tuple(self._files)

    @property
    def start_s(self) -> float:
        """When the recording begins, in Unix seconds."""
        return self._start_ns / 1e9

    def ticks(self) -> Iterator[Tick]:
        """Play all instruments merged by time. Raises RecordingError at a bad row."""
        plays = [self._play(con_id, files) for con_id, files in self._files.items()]
        return heapq.merge(*plays, key=attrgetter("at_s"))

    def _play(self, con_id: int, files: list[Path]) -> Iterator[Tick]:
        at_s = 0.0
        for received_ns, tick_type, price, size, text in self._rows(files):
            at_s = max(at_s, (received_ns - self._start_ns) / 1e9)  # a clock set back does not set the market back
            if tick_type in _PRICES:
                yield Tick(at_s, con_id, tick_type, price, size if tick_type in SIZE_OF_PRICE else None)
            elif tick_type in _SIZES:
                yield Tick(at_s, con_id, tick_type, None, size)
            elif tick_type == TickType.HALTED and price is not None:
                yield Tick(at_s, con_id, tick_type, None, Decimal(repr(price)))
            elif tick_type == TickType.LAST_TIMESTAMP:
                yield Tick(at_s, con_id, tick_type, None, None, text)

    def _rows(self, files: list[Path]) -> Iterator[tuple[int, int, float | None, Decimal | None, str | None]]:
        """The time, live tick type, price, size and text of each row of market data that has a tick."""
        for path in files:
            for received_ns, stream, _kind, tick_type, price, size, text in self._raw_rows(path):
                if tick_type is None or stream.partition(":")[0] != STREAM:
                    continue
                try:
                    exact = Decimal(size) if size is not None else None
                except InvalidOperation:
                    raise RecordingError(f"{path}: a size is {size!r}, not a number; move the file away") from None
                yield received_ns, _LIVE_TYPES.get(tick_type, tick_type), price, exact, text

    def _raw_rows(self, path: Path) -> Iterator[tuple[Any, ...]]:
        try:
            with self._pq.ParquetFile(path) as file:
                types = {field.name: str(field.type) for field in file.schema_arrow}
                wrong = [f"{name} ({kind})" for name, kind in COLUMNS.items() if types.get(name) != kind]
                if wrong:
                    raise RecordingError(f"{path}: it has no column {', '.join(wrong)}; it is no file of a recording")
                for batch in file.iter_batches(columns=list(COLUMNS)):
                    yield from zip(*(batch.column(name).to_pylist() for name in COLUMNS), strict=True)
        except (OSError, ValueError) as error:  # what pyarrow finds wrong with a file is a ValueError
            if isinstance(error, RecordingError):
                raise
            raise RecordingError(f"{path}: can't be read ({error}); get it again, or move it away") from error


def _parquet() -> ModuleType:
    try:
        import pyarrow.parquet as pq  # type: ignore[import-untyped]
    except ImportError as error:
        raise RecordingError('pyarrow is not installed; pip install "ibwire[recording]"') from error
    return pq  # type: ignore[no-any-return]  # pyarrow has no types


def _files_by_con_id(folder: Path, day: date | None) -> dict[int, list[Path]]:
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
