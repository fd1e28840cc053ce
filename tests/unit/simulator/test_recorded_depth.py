"""A recorded book is played as it was, and is at every moment a book."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from ibwire.simulator.books import ASK, BID, Row
from ibwire.simulator.recorded_depth import RecordedBook
from ibwire.simulator.recorded_feed import LOOP_GAP_S
from ibwire.simulator.recording_files import HEADERS, RecordingError

REAL_DATA = Path(__file__).parents[4] / "shared" / "data" / "depth_EURUSD_ib_20220221.csv.gz"
S = 10**9


def recording(folder: Path, *rows: str) -> Path:
    path = folder / "depth_test.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join([HEADERS["depth"], *rows, ""]))
    return path


def row(at_s: int, position: int, operation: int, side: int, price: float, size: int = 1) -> str:
    return f"{at_s * S},EUR.USD,{position},{operation},{side},{price},{size}"


def prices(book: RecordedBook, side: int) -> list[float]:
    return [one.price for one in book.rows(side)]


def test_recorded_book_applies_what_is_due_and_starts_again(tmp_path: Path) -> None:
    rows = [row(5, 0, 0, 1, 1.5), row(6, 0, 0, 1, 1.6), row(7, 1, 1, 1, 1.4, 9), row(8, 0, 2, 1, 1.6)]
    book = RecordedBook(recording(tmp_path, *rows))
    seen = []
    for at_s in (0.0, 1.0, 2.0, 3.0, 3.0 + LOOP_GAP_S):
        book.play_until(at_s)
        seen.append(prices(book, BID))
    assert seen == [[1.5], [1.6, 1.5], [1.6, 1.4], [1.4], [1.5]]
    assert prices(book, ASK) == []


def test_recorded_book_that_begins_in_the_middle_stands_with_what_is_first_said(tmp_path: Path) -> None:
    rows = [row(5, 1, 1, 0, 1.7), row(6, 0, 1, 0, 1.6), row(6, 1, 1, 0, 1.8)]
    book = RecordedBook(recording(tmp_path, *rows))
    assert prices(book, ASK) == [1.6, 1.7]
    book.play_until(1.0)
    assert prices(book, ASK) == [1.6, 1.8]


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (row(5, 0, 3, 1, 1.5), "operation is '3'"),
        (row(5, 0, 0, 2, 1.5), "side is '2'"),
        (row(5, 99, 0, 1, 1.5), "position is '99'"),
        ("5,NOPE,0,0,1,1.5,1", "'NOPE'"),
    ],
)
def test_recorded_book_of_a_bad_file_names_the_line(tmp_path: Path, bad: str, complaint: str) -> None:
    with pytest.raises(RecordingError, match=f"line 3: .*{complaint}"):
        RecordedBook(recording(tmp_path, row(1, 0, 0, 1, 1.5), bad))


def test_shared_recording_is_a_book_of_five_levels_throughout() -> None:
    if not REAL_DATA.exists():
        pytest.skip(f"no recorded market data at {REAL_DATA}")
    book = RecordedBook(REAL_DATA)
    for step in range(500):
        book.play_until(step / 10)
        for side in (ASK, BID):
            rows = book.rows(side)
            assert 1 <= len(rows) <= 5
            assert prices(book, side) == sorted(set(prices(book, side)), reverse=side == BID)
        assert book.rows(BID)[0].price < book.rows(ASK)[0].price
    assert isinstance(book.rows(BID)[0], Row)
    assert book.rows(BID)[0].size > Decimal(0)
