"""Where bars lie: aligned to the exchange's clock, inside sessions, and the same for every request."""

from __future__ import annotations

import itertools
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator.bar_sizes import BAR_SIZES, DAY_S, misfit, parse_duration
from ibwire.simulator.bar_slots import Slot
from ibwire.simulator.calendar_hours import ExchangeHours
from ibwire.simulator.instruments import Instrument
from tests.helpers.campaigns import campaign
from tests.helpers.history import KINDS, MOMENTS, SIZES, TABLE, at, instrument, places

AAPL, ES, HONG_KONG, EURO = (instrument(name) for name in ("AAPL", "ESU6", "700", "EUR.USD"))
FRIDAY_NOON = at("2026-04-10T16:00:07")  # in New York
INTRADAY = [size for size in SIZES if BAR_SIZES[size].is_intraday]


def clock(one: Instrument, found: list[Slot]) -> list[str]:
    zone = ZoneInfo(one.time_zone_id)
    return [f"{datetime.fromtimestamp(slot.start_s, zone):%d %H:%M}" for slot in found]


def test_hours_of_a_regular_day_begin_with_half_an_hour() -> None:
    found = places(AAPL, "1 D", "1 hour", FRIDAY_NOON, now_s=FRIDAY_NOON, regular_only=True)
    assert clock(AAPL, found) == ["10 09:30", "10 10:00", "10 11:00", "10 12:00"]
    assert [end_s - start_s for slot in found for start_s, end_s in slot.pieces] == [1800, 3600, 3600, 7]


@pytest.mark.parametrize(
    ("one", "size", "expected"),
    [
        (HONG_KONG, "1 hour", ["10 09:30", "10 10:00", "10 11:00", "10 13:00", "10 14:00", "10 15:00"]),
        (ES, "8 hours", ["09 17:00", "10 00:00", "10 08:00"]),
        (EURO, "4 hours", ["09 17:15", "09 20:00", "10 00:00", "10 04:00", "10 08:00", "10 12:00", "10 16:00"]),
    ],
)
def test_bars_are_cut_by_lunch_and_by_the_evening(one: Instrument, size: str, expected: list[str]) -> None:
    found = places(one, "1 D", size, at("2026-04-10T21:30:00"))
    assert clock(one, found) == expected


@pytest.mark.parametrize(
    ("duration", "size", "days"),
    [
        ("1 D", "1 day", ["0410"]),
        ("3 D", "1 day", ["0408", "0409", "0410"]),
        ("1 W", "1 day", ["0406", "0407", "0408", "0409", "0410"]),
        ("2 W", "1W", ["0403", "0410"]),
        ("2 M", "1M", ["0227", "0331", "0410"]),
    ],
)
def test_days_weeks_and_months_are_dated_by_their_last_trading_day(duration: str, size: str, days: list[str]) -> None:
    found = places(AAPL, duration, size, FRIDAY_NOON, now_s=FRIDAY_NOON)
    assert [f"{slot.day:%m%d}" for slot in found] == days


def test_on_a_weekend_the_last_session_is_what_there_is() -> None:
    sunday = at("2026-04-12T12:00:00")
    assert clock(AAPL, places(AAPL, "60 S", "30 secs", sunday, regular_only=True)) == ["10 15:59", "10 15:59"]
    assert [f"{slot.day:%m%d}" for slot in places(AAPL, "2 D", "1 day", sunday)] == ["0409", "0410"]


def test_seconds_go_on_in_the_session_before() -> None:
    soon_after_opening = at("2026-04-10T13:31:00")
    found = places(AAPL, "120 S", "30 secs", soon_after_opening, regular_only=True)
    assert clock(AAPL, found) == ["09 15:59", "09 15:59", "10 09:30", "10 09:30"]


def test_a_year_of_a_calendar_has_no_holidays() -> None:
    found = places(AAPL, "1 Y", "1 day", at("2025-12-31T22:00:00"), hours=ExchangeHours(), regular_only=True)
    assert len(found) == 250
    (half_day,) = [slot for slot in found if f"{slot.day:%m%d}" == "1128"]
    assert sum(end_s - start_s for start_s, end_s in half_day.pieces) == 3.5 * 3600


DURATIONS = ["60 S", "1800 S", "28800 S", "1 D", "2 D", "1 W", "1 M"]


def is_short_and_fits(pair: tuple[str, str]) -> bool:
    duration, size = parse_duration(pair[0]), BAR_SIZES[pair[1]]
    return misfit(size, duration) is None and duration.length_s / size.length_s < 3000


PAIRS = st.sampled_from([pair for pair in itertools.product(DURATIONS, SIZES) if is_short_and_fits(pair)])


@campaign(part=40, full=500)
@given(KINDS, PAIRS, MOMENTS, st.booleans())
def test_bars_are_in_order_and_inside_the_sessions(
    one: Instrument, pair: tuple[str, str], end_s: int, regular_only: object
) -> None:
    duration, size = pair
    found = places(one, duration, size, end_s, now_s=end_s, regular_only=bool(regular_only))
    assert found
    pieces = [piece for slot in found for piece in slot.pieces]
    assert all(start_s < stop_s <= end_s for start_s, stop_s in pieces)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(pieces))
    sessions = TABLE.sessions(one, found[0].first_day, found[-1].day, regular_only=bool(regular_only))
    everything = TABLE.sessions(one, found[0].first_day, found[-1].day, regular_only=False)
    for start_s, stop_s in pieces:
        for of in (sessions, everything):  # regular hours are within all hours
            assert any(session.start_s <= start_s and stop_s <= session.end_s for session in of)
    assert all(slot.pieces[0][0] == slot.start_s for slot in found)
    if size in INTRADAY:
        assert all(stop_s - start_s <= BAR_SIZES[size].length_s for start_s, stop_s in pieces)


@campaign(part=40, full=500)
@given(KINDS, PAIRS, MOMENTS, st.integers(1, 3 * DAY_S), st.booleans())
def test_requests_that_overlap_agree_on_every_bar(
    one: Instrument, pair: tuple[str, str], end_s: int, later_s: int, regular_only: object
) -> None:
    duration, size = pair
    first, second = (
        {slot.start_s: slot for slot in places(one, duration, size, end, regular_only=bool(regular_only))}
        for end in (end_s, end_s + later_s)
    )
    assert {start_s: first[start_s] for start_s in first.keys() & second.keys()} == {
        start_s: second[start_s] for start_s in first.keys() & second.keys()
    }
    overlap = [start_s for start_s in first if min(second, default=0) <= start_s]
    assert all(start_s in second for start_s in overlap)
