"""A recording of a user's own played again: the market data in Parquet files, as docs/recording.md explains them.

Knows that page and nothing of who writes such files. Knows no clock and never a whole file.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from operator import attrgetter
from pathlib import Path

from ibwire.simulator.catalogue import by_con_id
from ibwire.simulator.feed import DAY_PRICES, SIZE_OF_PRICE, Tick, TickType, state_ticks
from ibwire.simulator.parquet_books import ParquetBook
from ibwire.simulator.parquet_rows import exact, files_by_con_id, parquet, rows_in
from ibwire.simulator.recording_files import RecordingError
from ibwire.simulator.subscriptions import DELAYED_TYPES

COLUMNS = {
    "received_ns": "int64",
    "stream": "string",
    "kind": "string",
    "tick_type": "int32",
    "price": "double",
    "size": "string",
    "ask_price": "double",
    "ask_size": "string",
    "text": "string",
}
"""The columns that are played, and their Arrow types; those of books are in `parquet_books`."""

LEVEL_1, TICK_BY_TICK = "market_data", "tick_by_tick"
"""What the names of the streams begin with that are played: of an instrument the first one that there is."""

_LIVE_TYPES = {delayed: live for live, delayed in DELAYED_TYPES.items()}
_PRICES = frozenset({*SIZE_OF_PRICE, *DAY_PRICES})
_SIZES = frozenset({*SIZE_OF_PRICE.values(), TickType.VOLUME})
_APART_S = 1e-6
"""Ticks one by one that were received together are events of their own, so much apart."""

Row = tuple[int, str, int | None, float | None, Decimal | None, float | None, Decimal | None, str | None]
"""The time, kind, tick type, price, size, price and size of the ask, and text."""


class ParquetFeed:
    """The market data in a recording's folder, from the first row of any instrument on; played once.

    What a gateway makes of it: the prices, sizes and halts of each instrument and the times of its trades, in their
    order, rows received together as one event; delayed data as live ones. Of an instrument without market data the
    ticks one by one are played, each trade and each quote as an event. Books of one exchange are played with them
    (`books`). What a gateway makes up by itself (generic ticks, option computations, bars, smart books) is not
    played. In a gap nothing happens. With `day` (of UTC) only that day is played: what stood at its beginning is told
    when it changes. `played_as` gives, by contract id, the contract to play an instrument as; without it, it has to be
    one that the simulator knows. `start_s` is when the recording begins, in Unix seconds: a clock that starts then
    gives trades the times that they had.

    Raises RecordingError for a folder or file that can't be used, or if pyarrow is not installed; `ticks()` for a bad
    row.
    """

    def __init__(
        self, folder: Path | str, *, day: date | None = None, played_as: Mapping[int, int] | None = None
    ) -> None:
        parquet()
        self.folder = Path(folder)
        recorded = files_by_con_id(self.folder, day)
        played_as = played_as or {}
        self._files = {played_as.get(con_id, con_id): files for con_id, files in recorded.items()}
        self._streams: dict[int, str] = {}
        starts_ns = {}
        for con_id, files in self._files.items():
            for stream in (LEVEL_1, TICK_BY_TICK):
                first = next(_rows(files, stream), None)
                if first is not None:
                    self._streams[con_id], starts_ns[con_id] = stream, first[0]
                    break
        if not self._streams:
            raise RecordingError(f"{self.folder}: no market data in it; name the folder of a recording that has some")
        unknown = [con_id for con_id in self._streams if by_con_id(con_id) is None]
        if unknown:
            raise RecordingError(
                f"{self.folder}: the simulator has no instrument with the contract id "
                f"{', '.join(map(str, unknown))}; name one to play it as in played_as"
            )
        self._start_ns = min(starts_ns.values())

    @property
    def con_ids(self) -> tuple[int, ...]:
        """The contract ids that are played."""
        return tuple(self._streams)

    @property
    def start_s(self) -> float:
        """When the recording begins, in Unix seconds."""
        return self._start_ns / 1e9

    def ticks(self) -> Iterator[Tick]:
        """Play all instruments merged by time. Raises RecordingError at a bad row."""
        plays = [self._play(con_id, stream) for con_id, stream in self._streams.items()]
        return heapq.merge(*plays, key=attrgetter("at_s"))

    def books(self) -> list[ParquetBook]:
        """The books of those instruments that have one of an exchange in the recording."""
        books = [ParquetBook(con_id, self._files[con_id], self._start_ns) for con_id in self._streams]
        return [book for book in books if book.is_there]

    def _play(self, con_id: int, stream: str) -> Iterator[Tick]:
        at_s = 0.0
        apart_s = _APART_S if stream == TICK_BY_TICK else 0.0
        for row in _rows(self._files[con_id], stream):
            at_s = max(at_s + apart_s, (row[0] - self._start_ns) / 1e9)  # a clock set back does not set the market back
            yield from _level_1(at_s, con_id, row) if stream == LEVEL_1 else _tick_by_tick(at_s, con_id, row)


def _rows(files: list[Path], played: str) -> Iterator[Row]:
    """The rows of a stream that tell something of the market."""
    for received_ns, stream, kind, tick_type, price, size, ask, ask_size, text in rows_in(files, COLUMNS):
        if stream.partition(":")[0] == played and (tick_type is not None or kind in ("trade", "bid_ask")):
            live = _LIVE_TYPES.get(tick_type, tick_type) if played == LEVEL_1 else tick_type
            yield received_ns, kind, live, price, exact(size), ask, exact(ask_size), text


def _level_1(at_s: float, con_id: int, row: Row) -> Iterator[Tick]:
    _, _, tick_type, price, size, _, _, text = row
    if tick_type in _PRICES:
        yield Tick(at_s, con_id, tick_type, price, size if tick_type in SIZE_OF_PRICE else None)
    elif tick_type in _SIZES:
        yield Tick(at_s, con_id, tick_type, None, size)
    elif tick_type == TickType.HALTED and price is not None:
        yield Tick(at_s, con_id, tick_type, None, Decimal(repr(price)))
    elif tick_type == TickType.LAST_TIMESTAMP:
        yield Tick(at_s, con_id, tick_type, None, None, text)


def _tick_by_tick(at_s: float, con_id: int, row: Row) -> Iterator[Tick]:
    _, kind, _, price, size, ask, ask_size, _ = row
    if kind == "trade":
        yield from state_ticks(at_s, con_id, TickType.LAST, price, size)
        yield Tick(at_s, con_id, TickType.LAST_TIMESTAMP, None, None)
    elif kind == "bid_ask":
        yield from state_ticks(at_s, con_id, TickType.BID, price, size)
        yield from state_ticks(at_s, con_id, TickType.ASK, ask, ask_size)
