"""An order book, kept from the operations that the gateway sends: insert, update and delete a row of a side.

There is no snapshot and nothing that marks the end of one: a book begins empty and is built by inserts (protocol
notes, 3.4). So one operation that was missed makes everything after it wrong, and what shows it is an operation that
is impossible.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from ibwire.quote_assembly import read_number, read_size
from ibwire.quotes import as_time
from ibwire.wire import messages as m

MOST_ROWS = 1000
"""No book is deeper: one that grows beyond this is not being told of its deletions."""

_ASK, _BID = 0, 1
_INSERT, _UPDATE, _DELETE = 0, 1, 2


class DepthRow(Struct, frozen=True, gc=False):
    """A row of one side. `market_maker` is the venue in a smart book, None where a venue does not name its makers."""

    price: float | None
    size: Decimal | None
    market_maker: str | None = None


class DepthBook(Struct, frozen=True, kw_only=True):
    """A book at one moment, the best row of each side first; the sides of a smart book may cross.

    `is_stale`: the line is in a gap, and this was so before it. `received_ns` are Unix nanoseconds. `skipped` says how
    many changes this consumer passed over since its last book.
    """

    contract: m.Contract
    bids: tuple[DepthRow, ...]
    asks: tuple[DepthRow, ...]
    received_ns: int
    is_stale: bool = False
    skipped: int = 0

    @property
    def received_at(self) -> datetime | None:
        """When the last change came."""
        return as_time(self.received_ns)


class ImpossibleOperation(Exception):
    """An operation that does not fit the book: something was missed, and the book is not to be trusted."""


class BookState:
    """A book as it is told; shows the best `rows` of each side."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._sides: dict[int | None, list[DepthRow]] = {_BID: [], _ASK: []}

    @property
    def bids(self) -> tuple[DepthRow, ...]:
        """The buyers, the highest price first."""
        return tuple(self._sides[_BID][: self._rows])

    @property
    def asks(self) -> tuple[DepthRow, ...]:
        """The sellers, the lowest price first."""
        return tuple(self._sides[_ASK][: self._rows])

    def apply(self, operation: m.MarketDepthData) -> None:
        """Change one row. Raises ImpossibleOperation, and leaves the book as it is."""
        side, at = self._sides.get(operation.side), operation.position
        # A row below those that are shown may be there for a moment: it is inserted above before the last is deleted.
        if side is None or at is None or not 0 <= at < len(side) + (operation.operation == _INSERT):
            raise ImpossibleOperation(self._describe(operation))
        if operation.operation == _INSERT and len(side) < MOST_ROWS:
            side.insert(at, _row(operation))
        elif operation.operation == _UPDATE:
            side[at] = _row(operation)
        elif operation.operation == _DELETE:
            del side[at]
        else:
            raise ImpossibleOperation(self._describe(operation))

    def clear(self) -> None:
        """Begin anew."""
        for side in self._sides.values():
            side.clear()

    def _describe(self, operation: m.MarketDepthData) -> str:
        has = f"{len(self._sides[_BID])} bids and {len(self._sides[_ASK])} asks"
        return (
            f"operation {operation.operation} on row {operation.position} of side {operation.side} of a book with {has}"
        )


def _row(operation: m.MarketDepthData) -> DepthRow:
    return DepthRow(read_number(operation.price), read_size(operation.size), operation.market_maker)
