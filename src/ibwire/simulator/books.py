"""Order books: one generated around the quote from the seed, and how to get from what a client has to what there is.

The top of a generated book is always the quote. Pure; what plays a recorded book is `recorded_depth`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from ibwire.simulator.instruments import Instrument
from ibwire.simulator.market import Quote

LEVELS = 20
"""How deep a book is."""

ASK, BID = 0, 1
SIDES = (ASK, BID)
"""IBKR's numbers of the sides."""

INSERT, UPDATE, DELETE = 0, 1, 2
"""IBKR's numbers of the operations (protocol notes, 3.4)."""

RESIZE_SHARE = 0.5
"""How often an event of the quote comes with another size further down."""


class Row(Struct, frozen=True):
    """One level of a side; `maker` is the number of who shows it, to be named by the venue."""

    price: float
    size: Decimal
    maker: int = 0


class Book(Protocol):
    """Both sides, the best price first, each price once."""

    def rows(self, side: int) -> Sequence[Row]:
        """One side."""
        ...


class Change(Struct, frozen=True):
    """One operation on a side of a book; a deletion names the row that goes."""

    position: int
    operation: int
    row: Row


def changes(old: Sequence[Row], new: Sequence[Row]) -> list[Change]:
    """The operations that turn one side of a book into another, to be applied in order.

    Deletions first, from the bottom, then insertions from the top: so the book never gets deeper than the two are.
    """
    wanted, had = {row.price for row in new}, {row.price: row for row in old}
    gone = [Change(at, DELETE, row) for at, row in enumerate(old) if row.price not in wanted]
    come = [Change(at, INSERT, row) for at, row in enumerate(new) if row.price not in had]
    other = [Change(at, UPDATE, row) for at, row in enumerate(new) if had.get(row.price, row) != row]
    return [*reversed(gone), *come, *other]


class GeneratedBook:
    """The book of one instrument, made from the seed and what its quotes have been."""

    def __init__(self, instrument: Instrument, seed: int) -> None:
        self._rng = random.Random(f"{seed}/{instrument.con_id}/book")
        self._tick = instrument.min_tick
        self._numerator, self._denominator = instrument.min_tick.as_integer_ratio()
        self._gap = max(1, instrument.spread_ticks // 2)
        self._step = instrument.quote_size_step
        self._typical_lots = max(1, int(instrument.typical_size / instrument.quote_size_step))
        self._rows: dict[int, list[Row]] = {side: [] for side in SIDES}

    def rows(self, side: int) -> Sequence[Row]:
        """One side."""
        return self._rows[side]

    def follow(self, quote: Quote) -> None:
        """Make the quote the top; levels that stay in sight stay as they are, but now and then one is resized."""
        for side in SIDES:
            price, size = quote.side(is_buy=side == ASK)
            rows = self._around(side, price, size) if price is not None else []
            if len(rows) > 1 and self._rng.random() < RESIZE_SHARE:
                at = self._rng.randrange(1, len(rows))
                rows[at] = Row(rows[at].price, self._size(at), rows[at].maker)
            self._rows[side] = rows

    def _around(self, side: int, best: Decimal, size: Decimal | None) -> list[Row]:
        known = {row.price: row for row in self._rows[side]}
        price = float(best)
        top = known.get(price)
        rows = [Row(price, size if size is not None else self._size(0), top.maker if top else self._maker())]
        for level, behind in enumerate(self._prices_behind(side, best), start=1):
            rows.append(known.get(behind) or Row(behind, self._size(level), self._maker()))
        return rows

    def _prices_behind(self, side: int, best: Decimal) -> Iterable[float]:
        """The prices further away, on a grid of their own, so that they are the same wherever the quote is."""
        ticks = int(best / self._tick)
        first = ticks // self._gap + 1 if side == ASK else -(-ticks // self._gap) - 1
        step = 1 if side == ASK else -1
        numbers = [first + step * number for number in range(LEVELS - 1)]
        return [number * self._gap * self._numerator / self._denominator for number in numbers if number > 0]

    def _size(self, level: int) -> Decimal:
        """More further down."""
        return self._step * (1 + int(self._typical_lots * (1 + level / 4) * 2 * self._rng.random()))

    def _maker(self) -> int:
        return self._rng.randrange(64)
