"""The order book against plain lists, through everything that may and may not be told of it."""

from __future__ import annotations

from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ibwire.depth_books import MOST_ROWS, BookState, DepthRow, ImpossibleOperation
from ibwire.wire import messages as m
from tests.helpers.campaigns import size

ASK, BID = 0, 1
INSERT, UPDATE, DELETE = 0, 1, 2
ROWS = st.tuples(st.integers(1, 9999), st.integers(0, 500), st.sampled_from([None, "ARCA", "NSDQ"]))


def operation(kind: int | None, side: int | None, position: int | None, row: tuple[int, int, str | None]):  # type: ignore[no-untyped-def]
    cents, shares, maker = row
    return m.MarketDepthData(
        operation=kind, side=side, position=position, price=cents / 100, size=str(shares), market_maker=maker
    )


class BookMachine(RuleBasedStateMachine):
    """Any operations, possible or not."""

    @initialize(shown=st.integers(1, 6))
    def begin(self, shown: int) -> None:
        self.shown = shown
        self.book = BookState(shown)
        self.model: dict[int, list[DepthRow]] = {ASK: [], BID: []}

    @rule(
        kind=st.sampled_from([INSERT, INSERT, UPDATE, DELETE]),
        side=st.sampled_from([ASK, BID]),
        at=st.integers(0, 8),
        row=ROWS,
    )
    def told(self, kind: int, side: int, at: int, row: tuple[int, int, str | None]) -> None:
        rows = self.model[side]
        if at > len(rows) or (at == len(rows) and kind != INSERT):
            with pytest.raises(ImpossibleOperation, match=f"operation {kind} on row {at} of side {side}"):
                self.book.apply(operation(kind, side, at, row))
            return
        self.book.apply(operation(kind, side, at, row))
        new = DepthRow(row[0] / 100, Decimal(row[1]), row[2])
        if kind == DELETE:
            rows.pop(at)
        elif kind == UPDATE:
            rows[at] = new
        else:
            rows.insert(at, new)

    @rule(
        kind=st.sampled_from([None, 3, -1, INSERT]),
        side=st.sampled_from([None, 2, -1, ASK]),
        at=st.sampled_from([None, -1, 0]),
        row=ROWS,
    )
    def told_nonsense(self, kind: int | None, side: int | None, at: int | None, row: tuple[int, int, str]) -> None:
        if (kind, side, at) == (INSERT, ASK, 0):
            return
        with pytest.raises(ImpossibleOperation):
            self.book.apply(operation(kind, side, at, row))

    @rule()
    def reset(self) -> None:
        self.book.clear()
        self.model = {ASK: [], BID: []}

    @invariant()
    def book_is_the_models(self) -> None:
        if hasattr(self, "book"):
            assert self.book.asks == tuple(self.model[ASK][: self.shown])
            assert self.book.bids == tuple(self.model[BID][: self.shown])


BookMachine.TestCase.settings = settings(
    max_examples=size(part=25, full=2_000), stateful_step_count=30, deadline=None, database=None, derandomize=True
)
TestBookMachine = pytest.mark.campaign(BookMachine.TestCase)


def test_book_that_is_never_told_of_deletions_is_found_out() -> None:
    book = BookState(5)
    for _ in range(MOST_ROWS):
        book.apply(operation(INSERT, BID, 0, (100, 1, None)))
    with pytest.raises(ImpossibleOperation):
        book.apply(operation(INSERT, BID, 0, (100, 1, None)))
    assert len(book.bids) == 5
