"""Quotes as a person reads them: the latest of each instrument, as a table, as lines, or as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from msgspec import Struct
from rich import box
from rich.table import Table
from rich.text import Text

from ibwire.gaps import Gap, Resumed
from ibwire.quotes import MarketDataKind, Quote

COLUMNS = ("bid_size", "bid", "ask", "ask_size", "last", "last_size", "volume")
"""The fields of a quote that are shown, in this order."""

TABLE_COLUMNS = ("bid_size", "bid", "ask", "ask_size", "last", "volume")
"""Those of them that fit on a terminal of 80 columns."""

LONGEST_LABEL = 20

NOTHING = "-"
"""What stands where nothing came."""

_KINDS = {
    MarketDataKind.LIVE: "live",
    MarketDataKind.FROZEN: "frozen",
    MarketDataKind.DELAYED: "delayed",
    MarketDataKind.DELAYED_FROZEN: "delayed frozen",
}
_GOOD, _DOUBTFUL, _BAD = "green", "yellow", "red"


class Row(Struct):
    """One instrument's latest: its quote, None before the first, and the gap that it is in, if it is in one."""

    label: str
    quote: Quote | None = None
    gap: Gap | None = None
    updates: int = 0
    """How many changes of the line were seen, those that were passed over among them."""

    def take(self, item: Quote | Gap | Resumed) -> None:
        """Take over what a stream of quotes gave."""
        if isinstance(item, Gap):
            self.gap = item
        elif isinstance(item, Resumed):
            self.gap = self.quote = None  # what was known is from before the gap
        else:
            self.quote = item
            self.updates += 1 + item.skipped

    @property
    def state(self) -> str:
        """What to make of the prices: live, delayed, frozen, in a gap and why, or that nothing has come yet."""
        if self.gap is not None:
            return f"{'no data' if self.quote is None else 'stale'}: {in_words(self.gap)}"
        if self.quote is None:
            return "waiting"
        kind = kind_of(self.quote)
        if self.quote.is_stale:
            return f"stale, was {kind}"
        return f"{kind}, halted" if self.quote.halted else kind

    def cells(self, columns: Iterable[str] = COLUMNS) -> list[str]:
        """These fields of the quote, as text."""
        return [written(None if self.quote is None else getattr(self.quote, name)) for name in columns]


class Board:
    """The rows of several instruments, in the order in which they were named."""

    def __init__(self, labels: Iterable[str]) -> None:
        self._rows = {label: Row(label) for label in labels}

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def take(self, label: str, item: Quote | Gap | Resumed) -> Row:
        """Take over what the stream of one instrument gave; the row as it is now."""
        row = self._rows[label]
        row.take(item)
        return row


def table(rows: Iterable[Row], title: str = "") -> Table:
    """The rows as a table that fits a terminal of 80 columns."""
    board = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    board.add_column("instrument", no_wrap=True, max_width=LONGEST_LABEL)
    for name in TABLE_COLUMNS:
        board.add_column("size" if name.endswith("_size") else name, justify="right", no_wrap=True)
    board.add_column("state", overflow="fold")
    for row in rows:
        # As Text: rich would take [brackets] in a plain string for its mark-up.
        cells = (Text(cell, style="dim" if row.gap is not None else "") for cell in row.cells(TABLE_COLUMNS))
        board.add_row(Text(row.label), *cells, Text(row.state, style=_style_of(row)))
    return board


def line(row: Row) -> str:
    """One row as a line, for a pipe or a log."""
    bid_size, bid, ask, ask_size, last, last_size, volume = row.cells()
    return (
        f"{row.label:<10} bid {bid_size} x {bid}  ask {ask} x {ask_size}  "
        f"last {last} x {last_size}  volume {volume}  {row.state}"
    )


def plain(rows: Iterable[Row]) -> str:
    """The rows, a line each."""
    return "\n".join(map(line, rows))


def as_dict(label: str, quote: Quote) -> dict[str, Any]:
    """A quote as plain data that JSON can hold: sizes are decimal text, times ISO 8601, what did not come is null."""
    return {
        "event": "quote",
        "contract": label,
        "con_id": quote.contract.con_id,
        "received_at": quote.received_at,
        "exchange_time": quote.exchange_time,
        **{name: getattr(quote, name) for name in (*COLUMNS, "open", "high", "low", "close")},
        "kind": kind_of(quote),
        "is_delayed": quote.is_delayed,
        "is_stale": quote.is_stale,
        "is_halted": bool(quote.halted),
        "skipped": quote.skipped,
    }


def kind_of(quote: Quote) -> str:
    """Which kind of prices it has: live, frozen, delayed or delayed frozen."""
    if quote.market_data_kind is None:
        return _KINDS[MarketDataKind.DELAYED if quote.is_delayed else MarketDataKind.LIVE]
    return _KINDS[quote.market_data_kind]


def in_words(gap: Gap) -> str:
    """Why nothing comes and since when, for people."""
    return f"{gap.reason.value.replace('_', ' ')} since {gap.since:%H:%M:%S} UTC"


def written(value: Decimal | float | None) -> str:
    """A number as it is read: without what a float adds to it, and without an exponent."""
    if value is None:
        return NOTHING
    return f"{value:f}" if isinstance(value, Decimal) else f"{value:.10g}"


def _style_of(row: Row) -> str:
    if row.gap is not None:
        return _BAD
    return _GOOD if row.state == "live" else _DOUBTFUL
