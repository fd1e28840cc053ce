"""The board of quotes: what a person is told of each instrument."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from ibwire.cli import board
from ibwire.cli.board import Board, Row
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.quotes import MarketDataKind, Quote
from ibwire.wire import messages as m

APPLE = m.Contract(con_id=265598, symbol="AAPL")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOST = Gap(NOON, GapReason.LINK_LOST, "reset by peer")
QUOTE = Quote(APPLE, bid=250.07, bid_size=Decimal(100), ask=250.08, ask_size=Decimal("1E+3"), last=0.1, volume=None)


def drawn(rows: Board) -> str:
    out = io.StringIO()
    Console(file=out, width=80).print(board.table(rows))
    return out.getvalue()


def test_row_goes_from_waiting_through_a_gap_and_back() -> None:
    row = Row("AAPL")
    assert (row.state, row.cells()[0]) == ("waiting", "-")
    row.take(QUOTE)
    assert row.state == "live"
    row.take(LOST)
    assert row.state == "stale: link lost since 12:00:00 UTC"
    assert row.cells()[1] == "250.07"  # what is known stays to be seen, marked
    row.take(Resumed(NOON))
    assert (row.state, row.cells()[1]) == ("waiting", "-")  # and is not passed off as current afterwards


def test_gap_before_the_first_quote_is_no_stale_quote() -> None:
    row = Row("AAPL")
    row.take(Gap(NOON, GapReason.COMPETING_SESSION))
    assert row.state == "no data: competing session since 12:00:00 UTC"


@pytest.mark.parametrize(
    ("quote", "state"),
    [
        (Quote(APPLE, is_delayed=True), "delayed"),
        (Quote(APPLE, market_data_kind=MarketDataKind.FROZEN), "frozen"),
        (Quote(APPLE, market_data_kind=MarketDataKind.DELAYED_FROZEN, is_delayed=True), "delayed frozen"),
        (Quote(APPLE, halted=1), "live, halted"),
        (Quote(APPLE, halted=0), "live"),
        (Quote(APPLE, is_stale=True), "stale, was live"),
    ],
)
def test_state_says_what_the_prices_are(quote: Quote, state: str) -> None:
    assert Row("AAPL", quote).state == state


def test_updates_that_were_passed_over_are_counted() -> None:
    row = Row("AAPL")
    row.take(QUOTE)
    row.take(Quote(APPLE, skipped=7))
    assert row.updates == 9


def test_line_and_table_show_numbers_as_they_are_read() -> None:
    rows = Board(["AAPL", "FUT:ES:CME:202603", "[x]"])
    rows.take("AAPL", QUOTE)
    lines = board.plain(rows).splitlines()
    assert lines[0] == "AAPL       bid 100 x 250.07  ask 250.08 x 1000  last 0.1 x -  volume -  live"
    assert lines[1].endswith("waiting")
    shown = drawn(rows)
    assert "250.07" in shown
    assert "1000" in shown
    assert "FUT:ES:CME:202603" in shown
    assert "[x]" in shown  # not taken for mark-up
    assert "…" not in shown  # nothing is cut off


def test_plain_data_have_everything_and_null_for_what_did_not_come() -> None:
    data = board.as_dict("AAPL", QUOTE)
    assert (data["event"], data["con_id"], data["bid"], data["volume"]) == ("quote", 265598, 250.07, None)
    assert (data["kind"], data["is_stale"], data["is_halted"]) == ("live", False, False)
