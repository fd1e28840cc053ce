"""Order books: the top is the quote, and what clients are told leads from one book to the next."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator.books import ASK, BID, DELETE, INSERT, LEVELS, SIDES, Change, GeneratedBook, Row, changes
from ibwire.simulator.instruments import INSTRUMENTS, by_con_id
from ibwire.simulator.market import Quote
from tests.helpers.campaigns import campaign
from tests.helpers.scripted_feed import quote

AAPL = 265598

SIZES = st.integers(1, 50).map(Decimal)
SIDE_ROWS = st.dictionaries(st.integers(1, 30).map(float), st.builds(Row, st.just(0.0), SIZES, st.integers(0, 3)))


def side_of(rows: dict[float, Row], side: int) -> list[Row]:
    """The rows at these prices, the best first."""
    return [Row(price, rows[price].size, rows[price].maker) for price in sorted(rows, reverse=side == BID)]


def applied(book: Sequence[Row], told: Sequence[Change]) -> tuple[list[Row], int]:
    """What a client makes of the operations, and how deep its book was at most."""
    rows, deepest = list(book), len(book)
    for change in told:
        assert 0 <= change.position <= len(rows) - (change.operation != INSERT), "nothing is there"
        if change.operation == INSERT:
            rows.insert(change.position, change.row)
        elif change.operation == DELETE:
            assert rows.pop(change.position).price == change.row.price
        else:
            rows[change.position] = change.row
        deepest = max(deepest, len(rows))
    return rows, deepest


@campaign(part=300, full=3000)
@given(st.sampled_from(SIDES), SIDE_ROWS, SIDE_ROWS)
def test_changes_lead_from_any_side_of_a_book_to_any_other(
    side: int, old: dict[float, Row], new: dict[float, Row]
) -> None:
    before, after = side_of(old, side), side_of(new, side)
    rows, deepest = applied(before, changes(before, after))
    assert rows == after
    assert deepest <= max(len(before), len(after))


def test_changes_of_nothing_are_none_and_of_a_better_price_one_insertion() -> None:
    rows = [Row(100.0, Decimal(3)), Row(99.0, Decimal(4))]
    assert changes(rows, rows) == []
    better = Row(101.0, Decimal(1))
    assert changes(rows, [better, *rows]) == [Change(0, INSERT, better)]
    assert changes([better, *rows], rows) == [Change(0, DELETE, better)]


STEPS = st.tuples(st.integers(1, 4000), st.integers(1, 30), st.integers(0, 900), st.integers(0, 900))


@campaign(part=100, full=1500)
@given(st.sampled_from(INSTRUMENTS), st.lists(STEPS, min_size=1, max_size=12))
def test_generated_book_is_topped_by_the_quote_and_in_order(instrument: object, steps: list[tuple[int, ...]]) -> None:
    assert isinstance(instrument, type(INSTRUMENTS[0]))
    book, now = GeneratedBook(instrument, 1), Quote()
    for bid, spread, bid_size, ask_size in steps:
        prices = [float(ticks * instrument.min_tick) for ticks in (bid, bid + spread)]
        for tick in quote(instrument.con_id, prices[0], bid_size, prices[1], ask_size):
            now.apply(tick)
        book.follow(now)
        for side, price, size in ((BID, prices[0], bid_size), (ASK, prices[1], ask_size)):
            rows = book.rows(side)
            assert (rows[0].price, rows[0].size) == (price, Decimal(size))
            told = [row.price for row in rows]
            assert told == sorted(set(told), reverse=side == BID)
            assert all(row.price > 0 and row.size >= 0 for row in rows)
            assert all(Decimal(repr(row.price)) % instrument.min_tick == 0 for row in rows), "off the grid"
            assert len(rows) <= LEVELS


def followed(seed: int) -> list[Row]:
    instrument, now = by_con_id(AAPL), Quote()
    assert instrument is not None
    book = GeneratedBook(instrument, seed)
    for number in range(20):
        for tick in quote(AAPL, 100 + number % 3, 300, 101 + number % 3, 200):
            now.apply(tick)
        book.follow(now)
    return [*book.rows(ASK), *book.rows(BID)]


def test_generated_book_is_the_same_for_the_same_seed_only() -> None:
    assert followed(1) == followed(1) != followed(2)


def test_generated_book_keeps_the_levels_that_stay_in_sight_when_the_quote_moves() -> None:
    instrument, now = by_con_id(AAPL), Quote()
    assert instrument is not None
    book = GeneratedBook(instrument, 1)
    seen = []
    for bid in (100.0, 100.01):
        for tick in quote(AAPL, bid, 300, 100.1, 200):
            now.apply(tick)
        book.follow(now)
        seen.append({row.price: row for row in book.rows(BID)[2:]})
    kept = [price for price in seen[0] if seen[1].get(price) == seen[0][price]]
    assert len(kept) >= LEVELS - 5  # one may be resized at a time


def test_generated_book_of_half_a_market_has_one_side() -> None:
    instrument, now = by_con_id(AAPL), Quote()
    assert instrument is not None
    book = GeneratedBook(instrument, 1)
    book.follow(now)
    assert [len(book.rows(side)) for side in SIDES] == [0, 0]
    for tick in quote(AAPL, 100.0, 300):
        now.apply(tick)
    book.follow(now)
    assert (len(book.rows(ASK)), book.rows(BID)[0]) == (0, Row(100.0, Decimal(300), book.rows(BID)[0].maker))
