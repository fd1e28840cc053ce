"""Recorded bars: answered by their real dates, put together from the finest there are."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from ibwire.simulator.recorded_bars import RecordedBars
from ibwire.simulator.recording_files import HEADERS, RecordingError
from tests.helpers.history import at, bars, folded, instrument, places

AAPL, EURO = instrument("AAPL"), instrument("EUR.USD")
NINE_THIRTY = at("2014-05-06T13:30:00")  # in New York, a Tuesday


def write(folder: Path, name: str, header: str, *rows: str) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress("\n".join([header, *rows, ""]).encode()))
    return path


def row(at_s: int, *values: object) -> str:
    return ",".join([f"{at_s}000000000", *map(str, values)])


@pytest.fixture
def recorded(tmp_path: Path) -> RecordedBars:
    minutes = [
        row(NINE_THIRTY, "AAPL", "1 min", "TRADES", 10, 12, 9, 11, 100, 10.5, 3),
        row(NINE_THIRTY + 60, "AAPL", "1 min", "TRADES", 11, 11.5, 10.5, 11.25, 300, 11, 5),
        row(NINE_THIRTY + 600, "AAPL", "1 min", "TRADES", 11, 13, 11, 13, 50, "", ""),
        row(NINE_THIRTY, "EUR.USD", "1 min", "BID", 1.3871, 1.3872, 1.387, 1.3871, "", "", ""),
        row(NINE_THIRTY, "EUR.USD", "1 min", "ASK", 1.3873, 1.3875, 1.3872, 1.3874, "", "", ""),
    ]
    days = [row(at("2014-05-05T00:00:00"), "AAPL", "1 day", "TRADES", 9, 9.5, 8, 9, 1000, "", "")]
    write(tmp_path, "bars_1min.csv.gz", HEADERS["bars"], *minutes)
    write(tmp_path, "bars_1day.csv.gz", HEADERS["bars"], *days)
    return RecordedBars(tmp_path)


def test_minutes_are_answered_where_they_were_recorded_and_nowhere_else(recorded: RecordedBars) -> None:
    found = bars(recorded, AAPL, "TRADES", places(AAPL, "1 D", "1 min", NINE_THIRTY + 3600), "1 min")
    assert [(bar.slot.start_s - NINE_THIRTY, bar.close) for bar in found] == [(0, 11.0), (60, 11.25), (600, 13.0)]
    assert (found[0].volume, found[0].turnover, found[0].count) == (100, Decimal("1050.0"), 3)
    assert (found[2].volume, found[2].turnover, found[2].count) == (50, None, -1)


def test_larger_bars_are_put_together(recorded: RecordedBars) -> None:
    five, _ = bars(recorded, AAPL, "TRADES", places(AAPL, "1 D", "5 mins", NINE_THIRTY + 3600), "5 mins")
    assert (five.open, five.high, five.low, five.close) == (10.0, 12.0, 9.0, 11.25)
    assert (five.volume, five.turnover, five.count) == (400, Decimal("4350.0"), 8)


def test_days_come_from_minutes_where_there_are_some_and_from_days_elsewhere(recorded: RecordedBars) -> None:
    monday, tuesday = bars(recorded, AAPL, "TRADES", places(AAPL, "1 W", "1 day", NINE_THIRTY + 3600), "1 day")
    assert (monday.open, monday.close, monday.volume) == (9.0, 9.0, 1000)
    assert (tuesday.open, tuesday.high, tuesday.close, tuesday.volume) == (10.0, 13.0, 13.0, 450)


def test_smaller_bars_than_recorded_do_not_exist(recorded: RecordedBars) -> None:
    assert bars(recorded, AAPL, "TRADES", places(AAPL, "1800 S", "30 secs", NINE_THIRTY + 900), "30 secs") == []


def test_midpoints_are_made_of_bid_and_ask(recorded: RecordedBars) -> None:
    slots = places(EURO, "60 S", "1 min", NINE_THIRTY + 60)
    (middle,) = bars(recorded, EURO, "MIDPOINT", slots, "1 min")
    assert (middle.open, middle.high, middle.low, middle.close) == (1.3872, 1.38735, 1.3871, 1.38725)
    (both,) = bars(recorded, EURO, "BID_ASK", slots, "1 min")
    assert (both.open, both.high, both.low, both.close) == (1.3871, 1.3875, 1.387, 1.3874)
    assert (both.volume, both.count) == (-1, -1)
    assert bars(recorded, EURO, "TRADES", slots, "1 min") == []


def test_head_is_the_first_bar_of_any_size(recorded: RecordedBars) -> None:
    assert recorded.head_s(AAPL, "TRADES") == at("2014-05-05T00:00:00")
    assert recorded.head_s(EURO, "MIDPOINT") == NINE_THIRTY
    assert recorded.head_s(EURO, "TRADES") is None


def test_ticks_are_those_of_the_tick_files(tmp_path: Path) -> None:
    rows = [
        row(NINE_THIRTY, "AAPL", "Q", "", "", "", 9.9, 10.1, 5, 6),
        row(NINE_THIRTY, "AAPL", "T", 10.1, 3, "", "", "", "", ""),
        row(NINE_THIRTY + 2, "AAPL", "T", 10.0, 4, "", "", "", "", ""),
        row(NINE_THIRTY + 2, "MSFT", "T", 50.0, 4, "", "", "", "", ""),
    ]
    write(tmp_path, "ticks_x.csv.gz", HEADERS["ticks"], *rows)
    recorded = RecordedBars(tmp_path)
    trades = recorded.seconds(AAPL, "TRADES", NINE_THIRTY, NINE_THIRTY + 60, is_backward=True)
    assert [[(tick.at_s - NINE_THIRTY, tick.price, tick.size) for tick in second] for second in trades] == [
        [(2, 10.0, 4)],
        [(0, 10.1, 3)],
    ]
    ((quote,),) = recorded.seconds(AAPL, "BID_ASK", NINE_THIRTY, NINE_THIRTY + 60, is_backward=False)
    assert (quote.bid, quote.ask, quote.bid_size, quote.ask_size) == (9.9, 10.1, 5, 6)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(NINE_THIRTY, "NOPE", "1 min", "TRADES", 1, 1, 1, 1, 1, 1, 1), "NOPE"),
        (row(NINE_THIRTY, "AAPL", "7 mins", "TRADES", 1, 1, 1, 1, 1, 1, 1), "7 mins"),
        (row(NINE_THIRTY + 60, "AAPL", "1 min", "TRADES", 1, "", 1, 1, 1, 1, 1), "four prices"),
        (row(NINE_THIRTY + 60, "AAPL", "1 min", "TRADES", 1, "x", 1, 1, 1, 1, 1), "not a number"),
        (row(NINE_THIRTY - 60, "AAPL", "1 min", "TRADES", 1, 1, 1, 1, 1, 1, 1), "not after"),
    ],
)
def test_bad_row_is_named_before_anything_is_served(tmp_path: Path, bad: str, reason: str) -> None:
    good = row(NINE_THIRTY, "AAPL", "1 min", "TRADES", 1, 1, 1, 1, 1, 1, 1)
    write(tmp_path, "bars_x.csv.gz", HEADERS["bars"], good, bad)
    with pytest.raises(RecordingError, match=f"bars_x.csv.gz, line 3: .*{reason}"):
        RecordedBars(tmp_path)


DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the recorded data are not there: {DATA}")


@pytest.fixture(scope="module")
def real() -> RecordedBars:
    return RecordedBars(DATA)


@needs_data
@pytest.mark.parametrize(
    ("local_symbol", "what", "end", "duration", "size", "number"),
    [
        ("SPY", "TRADES", "2011-01-04T02:00:00", "1 D", "1 hour", 16),
        ("VIX", "TRADES", "2025-12-31T22:00:00", "1 Y", "1 day", 258),
        ("EUR.USD", "MIDPOINT", "2014-05-07T20:00:00", "1 D", "1 min", 1340),
        ("NQZ3", "TRADES", "2023-10-04T12:00:00", "1800 S", "30 secs", 60),
        ("AAPL", "ADJUSTED_LAST", "2014-12-31T22:00:00", "1 Y", "1W", 52),
    ],
)
def test_real_recordings_are_reachable_by_asking_for_their_dates(
    real: RecordedBars, local_symbol: str, what: str, end: str, duration: str, size: str, number: int
) -> None:
    one = instrument(local_symbol)
    found = bars(real, one, what, places(one, duration, size, at(end)), size)
    assert abs(len(found) - number) <= number * 0.03
    assert all(bar.low <= min(bar.open, bar.close) and max(bar.open, bar.close) <= bar.high for bar in found)
    assert bars(real, one, what, places(one, "1 D", size, at("2003-05-05T18:00:00")), size) == []


@needs_data
def test_hours_of_real_minutes_are_their_sum(real: RecordedBars) -> None:
    one = instrument("SPY")
    end_s = at("2011-01-14T22:00:00")
    minute_slots = places(one, "1 W", "1 min", end_s)
    for slot in places(one, "2 D", "1 hour", end_s):
        hour = bars(real, one, "TRADES", [slot], "1 hour")
        parts = [part for part in minute_slots if slot.pieces[0][0] <= part.start_s < slot.pieces[0][1]]
        minutes = bars(real, one, "TRADES", parts, "1 min")
        if minutes:
            whole = msgspec.structs.replace(folded(slot, minutes), turnover=None, count=-1)  # not recorded
            assert hour == [whole]
