"""Real recordings played again: ticks and gateway streams from a folder of gzip CSV files.

Knows the two file formats and turns their rows into ticks. Knows no clock and never a whole file: rows are read
as they are played. The recordings are not part of this project, and nothing of them may be copied into it.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from operator import attrgetter
from pathlib import Path

from ibwire.simulator.feed import DAY_PRICES, SIZE_OF_PRICE, State, Tick, TickType, opening_ticks, state_ticks
from ibwire.simulator.instruments import by_con_id, by_local_symbol
from ibwire.simulator.recording_files import RecordingError, Row, RowReader, kind_of

FILE_NAMES = "ticks_*.csv.gz or ibstream_*.csv.gz"

LOOP_GAP_S = 1.0
"""Seconds between the last tick of a recording and its next opening; above zero, so that time always passes."""

STANDING_ROWS = 200
"""How many rows of a stream are read in advance for the prices that stood when it began."""

_LEVEL_1 = ("ticks", "ibstream")

_PRICE_OF_SIZE = {size: price for price, size in SIZE_OF_PRICE.items()}
_PRICE_KINDS = (*SIZE_OF_PRICE, *DAY_PRICES)
_STREAM_KINDS = {str(int(kind)): kind for kind in (*_PRICE_KINDS, *_PRICE_OF_SIZE, TickType.VOLUME)}


class RecordedFeed:
    """All recordings of a folder side by side, each shifted to begin at 0 s.

    Reads `ticks_*.csv.gz` and `ibstream_*.csv.gz` (columns: `HEADERS`; `ts_ns` is nanoseconds since 1970 UTC,
    an empty field is unknown). Each symbol is played from one file, shown in `sources` by con_id: an ibstream
    before ticks, then the file with the most rows. With `loop`, a recording that ends starts again
    `LOOP_GAP_S` later, with its opening ticks.

    What a recording doesn't tell is not made up: a quote without sizes has no size ticks; VOLUME, HIGH and LOW
    of a ticks file count from its beginning; an ibstream is passed on row by row, also where the gateway
    left out the size tick after a price. `depth_files` are recordings of books (`recorded_depth`).

    Raises RecordingError for a folder, file or header that can't be used; `ticks()` raises it for a bad row.
    """

    def __init__(self, folder: Path, *, loop: bool = True) -> None:
        self.folder = folder
        self.sources = _choose_sources(folder)
        self.depth_files = sorted(folder.glob("depth_*.csv.gz"))
        self._loop = loop

    @property
    def con_ids(self) -> tuple[int, ...]:
        """The contract ids that have a recording."""
        return tuple(self.sources)

    def ticks(self) -> Iterator[Tick]:
        """Play all recordings merged by time; endless with `loop`. Raises RecordingError at a bad row."""
        plays = [self._play(con_id, path) for con_id, path in self.sources.items()]
        return heapq.merge(*plays, key=attrgetter("at_s"))

    def _play(self, con_id: int, path: Path) -> Iterator[Tick]:
        start_s = 0.0
        while True:
            end_s = start_s
            for tick in _Recording(path, con_id, start_s).ticks():
                end_s = tick.at_s
                yield tick
            if not self._loop:
                return
            start_s = end_s + LOOP_GAP_S


def _choose_sources(folder: Path) -> dict[int, Path]:
    if not folder.is_dir():
        raise RecordingError(f"{folder}: no such folder; name one with {FILE_NAMES}")
    best: dict[int, tuple[bool, int, Path]] = {}
    for path in sorted(folder.glob("*.csv.gz")):
        if kind_of(path) in _LEVEL_1:
            for con_id, rows in _count_rows(path).items():
                candidate = (kind_of(path) == "ibstream", rows, path)
                if con_id not in best or candidate[:2] > best[con_id][:2]:
                    best[con_id] = candidate
    if not best:
        raise RecordingError(f"{folder}: no recording in it; put {FILE_NAMES} there or generate a market")
    return {con_id: path for con_id, (_, _, path) in best.items()}


def _count_rows(path: Path) -> Counter[int]:
    """Rows by con_id. Reads the file once to its end, so that a torn or foreign file is found before the start."""
    reader = RowReader(path)
    con_ids: dict[str, int] = {}
    rows: Counter[int] = Counter()
    for row in reader.rows():
        symbol = row["symbol"]
        if symbol not in con_ids:
            instrument = by_local_symbol(symbol)
            if instrument is None:
                raise reader.error(
                    f"no instrument has the local symbol {symbol!r}",
                    "add it to simulator/instruments.toml or move the file away",
                )
            con_ids[symbol] = instrument.con_id
        rows[con_ids[symbol]] += 1
    return rows


class _Recording:
    """One pass through the rows of one instrument, from `start_s` on."""

    def __init__(self, path: Path, con_id: int, start_s: float) -> None:
        instrument = by_con_id(con_id)
        assert instrument is not None  # sources are chosen by looking it up
        self.path, self.symbol, self.con_id, self.start_s = path, instrument.local_symbol, con_id, start_s

    def ticks(self) -> Iterator[Tick]:
        reader = RowReader(self.path)
        return self._stream(reader) if kind_of(self.path) == "ibstream" else self._quotes_and_trades(reader)

    def _timed_rows(self, reader: RowReader) -> Iterator[tuple[float, Row]]:
        first_ns = last_ns = None
        for row in reader.rows():
            if row["symbol"] != self.symbol:
                continue
            at_ns = reader.time_ns(row)
            if first_ns is None or last_ns is None:
                first_ns = last_ns = at_ns
            if at_ns < last_ns:
                raise reader.error(f"ts_ns is {at_ns}, before the row above it", "sort the rows by time")
            last_ns = at_ns
            yield self.start_s + (at_ns - first_ns) / 1e9, row

    def _quotes_and_trades(self, reader: RowReader) -> Iterator[Tick]:
        book = _Book(self.con_id)
        has_opened = False
        for at_s, row in self._timed_rows(reader):
            if not has_opened and at_s > self.start_s:
                yield from opening_ticks(self.start_s, self.con_id, book.state)
                has_opened = True
            changes = book.apply(at_s, row, reader)
            if has_opened:
                yield from changes
        if not has_opened:
            yield from opening_ticks(self.start_s, self.con_id, book.state)

    def _stream(self, reader: RowReader) -> Iterator[Tick]:
        yield from self._standing_state()
        for at_s, row in self._timed_rows(reader):
            kind, price, size = _stream_fields(row, reader)
            yield Tick(at_s, self.con_id, kind, price if kind in _PRICE_KINDS else None, size)

    def _standing_state(self) -> Iterator[Tick]:
        """The opening state: what the first instant tells, and the prices that later size rows say they stand at."""
        reader = RowReader(self.path)
        told: State = {}
        for at_s, row in islice(self._timed_rows(reader), STANDING_ROWS):
            kind, price, size = _stream_fields(row, reader)
            is_first = at_s == self.start_s
            # A later size is news, and so is a later price: only the price under a size row is older than it.
            # A price of -1 is IBKR's "no data", which is also what a row of volume says.
            is_standing = price != -1 and (is_first or kind in _PRICE_OF_SIZE)
            standing = price if is_standing else None
            told.setdefault(_PRICE_OF_SIZE.get(kind, kind), (standing, size if is_first else None))
        yield from opening_ticks(self.start_s, self.con_id, told)


def _stream_fields(row: Row, reader: RowReader) -> tuple[TickType, float | None, Decimal | None]:
    kind = _STREAM_KINDS.get(row["tick_type"])
    if kind is None:
        raise reader.error(f"tick_type is {row['tick_type']!r}, not one of {', '.join(_STREAM_KINDS)}")
    needed = "price" if kind in _PRICE_KINDS else "size"
    if not row[needed]:
        raise reader.error(f"a row of tick_type {int(kind)} needs a {needed}")
    return kind, reader.price(row, "price"), reader.size(row, "size")


class _Book:
    """What the rows of a ticks file have told so far, and the ticks that the next row adds."""

    def __init__(self, con_id: int) -> None:
        self.con_id = con_id
        self.state: State = defaultdict(lambda: (None, None))

    def apply(self, at_s: float, row: Row, reader: RowReader) -> list[Tick]:
        match row["kind"]:
            case "Q":
                return self._quote(at_s, row, reader)
            case "T":
                return self._trade(at_s, row, reader)
            case kind:
                raise reader.error(f"kind is {kind!r}, neither T (trade) nor Q (quote)")

    def _quote(self, at_s: float, row: Row, reader: RowReader) -> list[Tick]:
        bid = (reader.price(row, "bid"), reader.size(row, "bid_size"))
        ask = (reader.price(row, "ask"), reader.size(row, "ask_size"))
        if bid[0] is None and ask[0] is None:
            raise reader.error("a quote needs a bid or an ask")
        sides = [(TickType.BID, bid), (TickType.ASK, ask)]
        old_ask = self.state[TickType.ASK][0]
        if bid[0] is not None and old_ask is not None and bid[0] >= old_ask:
            sides.reverse()  # first out of the way, so that a reader never sees the bid at the ask
        return [tick for side in sides for tick in self._changes(at_s, *side)]

    def _changes(self, at_s: float, kind: TickType, new: tuple[float | None, Decimal | None]) -> Iterator[Tick]:
        old, (price, size) = self.state[kind], new
        if price is not None and new != old:
            self.state[kind] = new
            yield from state_ticks(at_s, self.con_id, kind, price if price != old[0] else None, size)

    def _trade(self, at_s: float, row: Row, reader: RowReader) -> list[Tick]:
        price, size = reader.price(row, "price"), reader.size(row, "size")
        if price is None:
            raise reader.error("a trade needs a price")
        self.state[TickType.LAST] = (price, size)
        ticks = list(state_ticks(at_s, self.con_id, TickType.LAST, price, size))
        if size is not None:
            volume = (self.state[TickType.VOLUME][1] or 0) + size
            self.state[TickType.VOLUME] = (None, volume)
            ticks.append(Tick(at_s, self.con_id, TickType.VOLUME, None, volume))
        ticks.append(Tick(at_s, self.con_id, TickType.LAST_TIMESTAMP, None, None))
        for kind, sign in ((TickType.HIGH, 1), (TickType.LOW, -1)):
            extreme = self.state[kind][0]
            if extreme is None or sign * price > sign * extreme:
                self.state[kind] = (price, None)
                ticks.append(Tick(at_s, self.con_id, kind, price, None))
        return ticks
