"""Historical data from a folder of recordings: the bars of `bars_*.csv.gz`, the ticks of `ticks_*.csv.gz`.

By their real dates: data years old are there for who asks for those years, and outside of them there are none. The
recordings are not part of this project, and nothing of them may be copied into it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from msgspec import Struct, field

from ibwire.simulator.bar_sizes import BAR_SIZES, DAY_S
from ibwire.simulator.bar_slots import Slot
from ibwire.simulator.bar_source import UNKNOWN, Bar, PastTick
from ibwire.simulator.instruments import Instrument, by_local_symbol
from ibwire.simulator.recording_files import Row, RowReader

_NS = 1_000_000_000


class _Recorded(Struct, frozen=True, gc=False):
    """One row; volume and count are -1 and the turnover None where the recording does not tell."""

    open: float
    high: float
    low: float
    close: float
    volume: Decimal
    turnover: Decimal | None
    count: int


class _Rows(Struct):
    """The bars of one instrument, kind of data and size, by when they start."""

    starts_s: list[int] = field(default_factory=list)
    rows: list[_Recorded] = field(default_factory=list)

    def between(self, start_s: int, end_s: int) -> list[_Recorded]:
        return self.rows[bisect_left(self.starts_s, start_s) : bisect_left(self.starts_s, end_s)]


class RecordedBars:
    """A `BarSource` of what the files of a folder hold. Bars of a larger size are made of the finest there are.

    MIDPOINT and BID_ASK are made of BID and ASK where they were not recorded. Raises RecordingError for a file that
    cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bars: dict[tuple[int, str], dict[int, _Rows]] = {}
        for path in sorted(folder.glob("bars_*.csv.gz")):
            self._load(path)
        self._ticks: dict[tuple[int, bool], dict[int, list[PastTick]]] = {}

    def bars(self, instrument: Instrument, what: str, slots: Iterable[Slot], length_s: int) -> Iterator[Bar]:
        """The bars of the slots that there are rows for."""
        for slot in slots:
            bar = self._bar(instrument.con_id, what, slot, length_s)
            if bar is not None:
                yield bar

    def head_s(self, instrument: Instrument, what: str) -> int | None:
        """The start of the first bar, or of the first of the quotes that it is made of."""
        names = (what,) if (instrument.con_id, what) in self._bars else _MADE_OF_QUOTES.get(what, ())
        found = [self._bars.get((instrument.con_id, name), {}) for name in names]
        return min((rows.starts_s[0] for sizes in found for rows in sizes.values()), default=None)

    def starts_s(self, what: str, length_s: int) -> dict[int, list[int]]:
        """When the bars start that were recorded in just this length, by `con_id`."""
        return {
            con_id: rows[length_s].starts_s
            for (con_id, name), rows in self._bars.items()
            if name == what and length_s in rows
        }

    def seconds(
        self, instrument: Instrument, what: str, start_s: int, end_s: int, *, is_backward: bool
    ) -> Iterator[list[PastTick]]:
        """The recorded ticks of every second that has some."""
        ticks = self._ticks_of(instrument, is_trade=what == "TRADES")
        moments = list(ticks)
        chosen = moments[bisect_left(moments, start_s) : bisect_left(moments, end_s)]
        for at_s in reversed(chosen) if is_backward else chosen:
            yield ticks[at_s]

    def _bar(self, con_id: int, what: str, slot: Slot, length_s: int) -> Bar | None:
        rows = self._rows_in(con_id, what, slot, length_s)
        if rows:
            return _folded(slot, rows)
        if what in _MADE_OF_QUOTES:
            bids, asks = (self._rows_in(con_id, side, slot, length_s) for side in _MADE_OF_QUOTES[what])
            if bids and asks:
                return _MADE[what](slot, bids, asks)
        return None

    def _rows_in(self, con_id: int, what: str, slot: Slot, length_s: int) -> list[_Recorded]:
        """The rows that a slot consists of: the finest there are in it, none larger than itself."""
        for size_s, rows in sorted(self._bars.get((con_id, what), {}).items()):
            if size_s > length_s:
                break
            spans = slot.pieces if size_s < DAY_S else (_days_in_utc(slot),)
            found = [row for span in spans for row in rows.between(*span)]
            if found:
                return found
        return []

    def _load(self, path: Path) -> None:
        reader = RowReader(path)
        for row in reader.rows():
            instrument, size = by_local_symbol(row["symbol"]), BAR_SIZES.get(row["bar_size"])
            if instrument is None or size is None:
                raise reader.error(f"{row['symbol']!r} or {row['bar_size']!r} is not known")
            sizes = self._bars.setdefault((instrument.con_id, row["what"]), {})
            rows = sizes.setdefault(size.length_s, _Rows())
            start_s = reader.time_ns(row) // _NS
            if rows.starts_s and start_s <= rows.starts_s[-1]:
                raise reader.error("its time is not after that of the bar before", "sort the rows by time")
            rows.starts_s.append(start_s)
            rows.rows.append(_recorded(reader, row))

    def _ticks_of(self, instrument: Instrument, *, is_trade: bool) -> dict[int, list[PastTick]]:
        """The ticks by second, read when they are first asked for: their files are large."""
        key = instrument.con_id, is_trade
        if key not in self._ticks:
            self._ticks[key] = {}
            for path in sorted(self._folder.glob("ticks_*.csv.gz")):
                for tick in _ticks(path, instrument.local_symbol, is_trade=is_trade):
                    self._ticks[key].setdefault(tick.at_s, []).append(tick)
            self._ticks[key] = dict(sorted(self._ticks[key].items()))
        return self._ticks[key]


def _recorded(reader: RowReader, row: Row) -> _Recorded:
    first, high, low, last = (reader.price(row, name) for name in ("open", "high", "low", "close"))
    volume, wap, count = reader.size(row, "volume"), reader.number(row, "wap"), reader.number(row, "count")
    if first is None or high is None or low is None or last is None:
        raise reader.error("a bar needs its four prices")
    turnover = wap * volume if wap is not None and volume is not None else None
    return _Recorded(
        first,
        high,
        low,
        last,
        UNKNOWN if volume is None else volume,
        turnover,
        -1 if count is None else int(count),
    )


def _ticks(path: Path, symbol: str, *, is_trade: bool) -> Iterator[PastTick]:
    reader = RowReader(path)
    for row in reader.rows():
        if row["symbol"] != symbol or (row["kind"] == "T") != is_trade:
            continue
        at_s = reader.time_ns(row) // _NS
        price, bid, ask = (reader.price(row, name) for name in ("price", "bid", "ask"))
        size, bid_size, ask_size = (reader.size(row, name) or Decimal(0) for name in ("size", "bid_size", "ask_size"))
        if is_trade and price is not None:
            yield PastTick(at_s, price=price, size=size)
        elif bid is not None and ask is not None:
            yield PastTick(at_s, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size)


def _days_in_utc(slot: Slot) -> tuple[int, int]:
    """From midnight to midnight, in UTC, of the trading days in a slot: how recorded days are dated."""
    first, last = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (slot.first_day, slot.day))
    return int(first.timestamp()), int(last.timestamp()) + DAY_S


def _folded(slot: Slot, rows: list[_Recorded]) -> Bar:
    turnovers = [row.turnover for row in rows if row.turnover is not None]
    knows_volume = all(row.volume >= 0 for row in rows)
    return Bar(
        slot,
        rows[0].open,
        max(row.high for row in rows),
        min(row.low for row in rows),
        rows[-1].close,
        volume=sum((row.volume for row in rows), Decimal(0)) if knows_volume else UNKNOWN,
        turnover=sum(turnovers, Decimal(0)) if len(turnovers) == len(rows) else None,
        count=sum(row.count for row in rows) if all(row.count >= 0 for row in rows) else -1,
    )


def _midpoint(slot: Slot, bids: list[_Recorded], asks: list[_Recorded]) -> Bar:
    bid, ask = _folded(slot, bids), _folded(slot, asks)
    return Bar(
        slot,
        _mean((bid.open, ask.open)),
        _mean((bid.high, ask.high)),
        _mean((bid.low, ask.low)),
        _mean((bid.close, ask.close)),
    )


def _bid_ask(slot: Slot, bids: list[_Recorded], asks: list[_Recorded]) -> Bar:
    """IBKR's four: the average bid, the highest ask, the lowest bid, the average ask. Each row counts its close."""
    high, low = max(row.high for row in asks), min(row.low for row in bids)
    return Bar(slot, _mean([row.close for row in bids]), high, low, _mean([row.close for row in asks]))


def _mean(prices: Sequence[float]) -> float:
    exact = [Decimal(repr(price)) for price in prices]
    return float(sum(exact, Decimal(0)) / len(exact))


_MADE = {"MIDPOINT": _midpoint, "BID_ASK": _bid_ask}
_MADE_OF_QUOTES = dict.fromkeys(_MADE, ("BID", "ASK"))
