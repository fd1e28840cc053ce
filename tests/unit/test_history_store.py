"""Downloads on disk: whole spans or nothing."""

from __future__ import annotations

import sqlite3
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.exceptions import ConfigurationError
from ibwire.history_spans import Interval, joined, overlaps
from ibwire.history_store import BarStore
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign

START = datetime(2026, 4, 6, tzinfo=UTC)


def span(first: int, length: int) -> Interval:
    start = START + timedelta(minutes=first)
    return Interval(start, start + timedelta(minutes=length))


def bars(one: Interval) -> tuple[m.HistoricalDataBar, ...]:
    return (m.HistoricalDataBar(date=str(int(one.start.timestamp())), open=1.5, volume="0.1", wap="1.25", bar_count=3),)


@campaign(part=15, full=300)
@given(st.lists(st.builds(span, st.integers(0, 50), st.integers(1, 20)), max_size=8, unique=True))
def test_what_was_kept_is_there_after_opening_again(spans: list[Interval]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.sqlite3"
        with BarStore(path) as store:
            for one in spans:
                store.add("a", one, bars(one))
        with BarStore(path) as store:
            assert store.covered("a") == joined(spans)
            assert store.covered("b") == []
            part = span(10, 10)
            touched = [bars(one) for one in spans if overlaps(part, [one])]
            assert list(store.bars("a", part)) == touched


def test_two_may_write_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "bars.sqlite3"
    with BarStore(path) as one, BarStore(path) as two:
        one.add("a", span(0, 10), ())
        two.add("a", span(10, 10), ())
        assert one.covered("a") == two.covered("a") == [span(0, 20)]


def test_a_span_again_takes_the_place_of_the_former(tmp_path: Path) -> None:
    with BarStore(tmp_path / "bars.sqlite3") as store:
        store.add("a", span(0, 10), ())
        store.add("a", span(0, 10), bars(span(0, 10)))
        assert list(store.bars("a", span(0, 10))) == [bars(span(0, 10))]


def test_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but longer than its header would be " * 4)
    with pytest.raises(ConfigurationError, match=r"notes\.txt"):
        BarStore(text)
    with pytest.raises(ConfigurationError, match="nowhere"):
        BarStore(tmp_path / "nowhere" / "bars.sqlite3")
    later = tmp_path / "later.sqlite3"
    database = sqlite3.connect(later)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(ConfigurationError, match="format 99"):
        BarStore(later)


def test_a_full_disk_costs_what_came_last_only(tmp_path: Path) -> None:
    first, second = span(0, 1), span(1, 1)
    with BarStore(tmp_path / "bars.sqlite3") as store:
        assert store.is_empty
        store.add("a", first, bars(first))
        store._database.execute("PRAGMA max_page_count = 1")
        with pytest.raises(OSError, match="cannot be written to: database or disk is full"):
            store.add("a", second, bars(second) * 10_000)
        assert store.covered("a") == [first]
        assert not store.is_empty


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bars.sqlite3"
    with BarStore(path) as store:
        for number in range(50):
            store.add("a", span(number, 1), bars(span(number, 1)) * 100)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with BarStore(path) as store, pytest.raises(ConfigurationError, match="is damaged"):
        list(store.bars("a", span(0, 50)))
