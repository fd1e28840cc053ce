"""Quotes as a person reads them: the latest of each field per instrument, as a table or as lines."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from rich import box
from rich.table import Table

from ibwire.wire import Message
from ibwire.wire import messages as m

BID_SIZE, BID, ASK, ASK_SIZE, LAST, LAST_SIZE, VOLUME = 0, 1, 2, 3, 4, 5, 8
"""IBKR's numbers of the ticks shown."""

_FIELDS = {
    BID_SIZE: "bid_size",
    BID: "bid",
    ASK: "ask",
    ASK_SIZE: "ask_size",
    LAST: "last",
    LAST_SIZE: "last_size",
    VOLUME: "volume",
}
_COLUMNS = ("bid_size", "bid", "ask", "ask_size", "last", "last_size", "volume")


class Line(Struct):
    """One instrument's latest; None where nothing came."""

    symbol: str
    currency: str
    ticks: int = 0
    bid_size: str | None = None
    bid: float | None = None
    ask: float | None = None
    ask_size: str | None = None
    last: float | None = None
    last_size: str | None = None
    volume: str | None = None

    def take(self, message: Message) -> None:
        """Take over what a message of the stream says."""
        match message:
            case m.TickPrice(tick_type=number, price=price) if number in _FIELDS:
                # IBKR says "nothing now" with a price of -1.
                setattr(self, _FIELDS[number], None if price == -1 else price)
            case m.TickSize(tick_type=number, size=size) if number in _FIELDS:
                setattr(self, _FIELDS[number], size)
            case m.TickPrice() | m.TickSize() | m.TickString() | m.TickGeneric():
                pass
            case _:
                return
        self.ticks += 1

    def cells(self) -> list[str]:
        """The columns after the symbol, as text."""
        values = [getattr(self, name) for name in _COLUMNS]
        return ["-" if value is None else f"{value:.10g}" if isinstance(value, float) else value for value in values]


def table(lines: Iterable[Line], title: str) -> Table:
    """The board as a table that fits a terminal of 80 columns."""
    board = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    board.add_column("instrument", no_wrap=True)
    for name in (*_COLUMNS, "ticks"):
        board.add_column("size" if name.endswith("_size") else name, justify="right", no_wrap=True)
    for line in lines:
        board.add_row(f"{line.symbol} {line.currency}", *line.cells(), str(line.ticks))
    return board


def plain(lines: Iterable[Line]) -> str:
    """The board as one line an instrument, for a pipe or a log."""
    rows = []
    for line in lines:
        bid_size, bid, ask, ask_size, last, last_size, volume = line.cells()
        rows.append(
            f"{line.symbol:<10} {line.currency} bid {bid_size} x {bid}  ask {ask} x {ask_size}  "
            f"last {last} x {last_size}  volume {volume}  ticks {line.ticks}"
        )
    return "\n".join(rows)
