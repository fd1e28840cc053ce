"""The details of `ibwire history`: what is asked for, where it is kept, what a terminal shows."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ibwire.cli import history as command
from ibwire.exceptions import DataFarmDown
from ibwire.history_bars import Bar, Bars, Hole
from ibwire.history_spans import Interval
from ibwire.history_store import BarStore
from ibwire.wire import messages as m

START = datetime(2026, 4, 6, 13, 30, tzinfo=UTC)


def bars(number: int, holes: tuple[Hole, ...] | None = ()) -> Bars:
    rows = (
        Bar(
            start=START + timedelta(minutes=n),
            open=100.25,
            high=100.5,
            low=100.0,
            close=100.0 + n,
            volume=Decimal(7000),
        )
        for n in range(number)
    )
    return Bars(rows, holes, "" if holes is not None else "the login may not ask")


def wanted(bar_size: str = "1m", duration: str | None = None, **more: Any) -> command.Wanted:
    options = {"is_ticks": False, "all_hours": False, **more}
    return command._wanted("AAPL", bar_size, "trades", (duration, None, None), **options)


def test_how_far_back_it_goes_follows_from_what_is_asked_for() -> None:
    for bar_size, duration in (("1m", "5 D"), ("1h", "5 D"), ("7 parsecs", "5 D"), ("1d", "1 Y"), ("1W", "1 Y")):
        assert wanted(bar_size).span["duration"] == duration
    assert wanted("5s").span["duration"] == timedelta(hours=1)
    assert wanted(is_ticks=True).span["duration"] == timedelta(minutes=10)
    assert wanted(duration="3d").span["duration"] == "3 D"
    assert wanted().what == "TRADES"


def test_what_changes_as_a_whole_is_not_kept_in_parts() -> None:
    stock, future = m.Contract(sec_type="STK"), m.Contract(sec_type="CONTFUT")
    adjusted = command._wanted("AAPL", "1d", "adjusted_last", (None, None, None), is_ticks=False, all_hours=False)
    assert command._can_be_kept(wanted(), stock)
    assert not command._can_be_kept(wanted(), future)
    assert not command._can_be_kept(adjusted, stock)


def test_logins_are_not_mixed_in_what_is_kept() -> None:
    out = Path("days/aapl.parquet")
    one, other = command._beside(out, ("DU1", "DU2")), command._beside(out, ("DU7",))
    assert one.parent == out.parent
    assert one != other
    assert one == command._beside(out, ("DU2", "DU1"))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError("the disk is full"), "the disk is full; what has come is kept in "),
        (DataFarmDown("down", hint="wait"), "down; hint: wait; what has come is kept in "),
    ],
)
def test_an_error_says_in_its_one_line_where_the_rest_is_kept(tmp_path: Path, error: Exception, told: str) -> None:
    def fails() -> None:
        with command._opened(tmp_path / "a.part", is_for_good=False, say=pytest.fail) as store:
            assert isinstance(store, BarStore)
            store.add("a", Interval(START, START + timedelta(minutes=1)), [])
            raise error

    with pytest.raises(type(error), match=f"{told}.*a.part, and the same command goes on"):
        fails()


@pytest.mark.parametrize("is_for_good", [False, True])
def test_what_came_before_an_interruption_is_kept_and_nothing_is_not(tmp_path: Path, *, is_for_good: bool) -> None:
    path, said = tmp_path / "aapl.csv.part", list[str]()

    def interrupted(*keeps: Interval) -> None:
        with command._opened(path, is_for_good=is_for_good, say=said.append) as store:
            assert isinstance(store, BarStore)
            for span in keeps:
                store.add("a", span, [])
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        interrupted()
    assert path.exists() is is_for_good
    assert said == []
    with pytest.raises(asyncio.CancelledError):
        interrupted(Interval(START, START + timedelta(minutes=1)))
    assert said == [f"not complete: what has come is kept in {path}, and the same command goes on from there"]
    assert path.exists()
    command._remove(path)
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_of_80_columns_shows_the_first_and_the_last_rows() -> None:
    screen = io.StringIO()
    Console(file=screen, width=80).print(command._ends_of(bars(100)))
    text = screen.getvalue()
    assert "…" not in text.replace("… 60 more …", "")
    for part in ("100 rows", "2026-04-06 13:30:00", "2026-04-06 13:49:00", "… 60 more …", "14:50:00", "15:09:00"):
        assert part in text
    assert "13:50:00" not in text
    assert len(text.splitlines()) < 50
    screen = io.StringIO()
    Console(file=screen, width=80).print(command._ends_of(bars(40)))
    assert "more" not in screen.getvalue()


def test_holes_are_told_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    command._tell_holes(bars(1, (Hole(START, START + timedelta(minutes=5)),)))
    command._tell_holes(bars(1, None))
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines() == [
        "hole: no bars from 2026-04-06 13:30:00+00:00 until before 2026-04-06 13:35:00+00:00",
        "whether there are holes is not known: the login may not ask",
    ]
