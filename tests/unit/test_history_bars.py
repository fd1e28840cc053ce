"""Bars as records: read, put together, and those that are missing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.exceptions import RequestError
from ibwire.history_bars import Bar, Hole, bar_of, closes_at, merged, position
from ibwire.history_sessions import Schedule, TradingSession, holes, sessions_of
from ibwire.history_spans import BAR_SIZES, Interval
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign

START = datetime(2026, 4, 6, tzinfo=UTC)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WIDE = Interval(START - timedelta(days=900), NOW)


def bar(start: datetime | date, price: float = 1.0, *, is_closed: bool = True) -> Bar:
    return Bar(start=start, open=price, high=price, low=price, close=price, is_closed=is_closed)


def told(**changed: object) -> m.HistoricalDataBar:
    fields = {"date": "1775800000", "open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": "10", "wap": "1.25"}
    return m.HistoricalDataBar(**{**fields, "bar_count": 3, **changed})  # type: ignore[arg-type]


def test_bar_is_read_exactly_and_what_is_not_kept_is_none() -> None:
    size = BAR_SIZES["1 min"]
    assert bar_of(told(volume="0.1"), size, NOW).volume == Decimal("0.1")
    of_quotes = bar_of(told(volume="-1", wap="-1", bar_count=-1), size, NOW)
    assert (of_quotes.volume, of_quotes.average, of_quotes.count) == (None, None, None)
    start = datetime.fromtimestamp(1775800000, UTC)
    assert not bar_of(told(), size, start + timedelta(seconds=59)).is_closed
    assert bar_of(told(), size, start + timedelta(seconds=60)).is_closed


@pytest.mark.parametrize("changed", [{"date": "20260410"}, {"open": None}, {"volume": "many"}, {"date": None}])
def test_bar_that_makes_no_sense_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(RequestError):
        bar_of(told(**changed), BAR_SIZES["1 min"], NOW)


@pytest.mark.parametrize(
    ("size", "closes"), [("1 day", date(2026, 4, 9)), ("1W", date(2026, 4, 13)), ("1M", date(2026, 5, 1))]
)
def test_days_weeks_and_months_close_when_the_next_begins(size: str, closes: date) -> None:
    assert closes_at(date(2026, 4, 8), BAR_SIZES[size]) == position(closes)


@campaign(part=200, full=5000)
@given(
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(-10, 60), st.integers(0, 40), st.randoms(use_true_random=False)), max_size=6),
    st.integers(-10, 60),
    st.integers(1, 80),
)
def test_overlapping_answers_in_any_order_come_to_the_source(
    length: int, pages: list[tuple[int, int, object]], first: int, width: int
) -> None:
    source = {START + number * MINUTE: bar(START + number * MINUTE, float(number)) for number in range(length)}
    answers = []
    for start, number, shuffle in pages:
        page = [one for at, one in source.items() if START + start * MINUTE <= at < START + (start + number) * MINUTE]
        shuffle.shuffle(page)  # type: ignore[attr-defined]
        answers.append(page)
    span = Interval(START + first * MINUTE, START + (first + width) * MINUTE)
    seen = {one.start for page in answers for one in page}
    assert merged(answers, span) == [one for at, one in source.items() if at in seen and at in span]


def test_bar_that_has_closed_holds_against_one_that_was_open() -> None:
    whole, part = bar(START, 2.0), bar(START, 1.0, is_closed=False)
    assert merged([[whole], [part]], WIDE) == merged([[part], [whole]], WIDE) == [whole]
    later = bar(START, 3.0)
    assert merged([[whole], [later]], WIDE) == [later]


# --- holes


def schedule(*days: date, opens: int = 9, closes: int = 12, minute: int = 30) -> Schedule:
    """Sessions from half past nine to twelve, UTC."""
    sessions = [
        TradingSession(
            datetime(day.year, day.month, day.day, opens, minute, tzinfo=UTC),
            datetime(day.year, day.month, day.day, closes, tzinfo=UTC),
            day,
        )
        for day in days
    ]
    return Schedule(sessions, "UTC", WIDE)


DAYS = [date(2026, 4, day) for day in (6, 7, 8, 9, 10)]


@campaign(part=100, full=2000)
@given(st.sampled_from(["5 mins", "20 mins", "1 hour", "2 hours"]), st.data())
def test_exactly_what_is_missing_is_told(text: str, data: st.DataObject) -> None:
    size, table = BAR_SIZES[text], schedule(*DAYS)
    starts = []
    for session in table:
        starts.append(session.start)
        # The first bar begins with the session, the others on the clock.
        boundary = session.start.replace(hour=0, minute=0) + size.length
        while boundary < session.end:
            if boundary > session.start:
                starts.append(boundary)
            boundary += size.length
    missing = data.draw(st.sets(st.sampled_from(starts)))
    there = [bar(start) for start in starts if start not in missing]
    found = holes(there, table, size, WIDE, NOW)
    assert {start for start in starts if any(hole.start <= start < hole.end for hole in found)} == missing
    assert not any(hole.start <= one.start < hole.end for one in there for hole in found)
    # Neighbours are one hole.
    runs = sum(start in missing and (at == 0 or starts[at - 1] not in missing) for at, start in enumerate(starts))
    assert len(found) == runs


def test_what_is_still_open_or_not_asked_for_is_no_hole() -> None:
    size, table = BAR_SIZES["1 hour"], schedule(DAYS[0])
    at = table[0].start
    assert len(holes([], table, size, Interval(at, at + timedelta(hours=9)), NOW)) == 1
    assert holes([], table, size, Interval(at + timedelta(hours=3), NOW), NOW) == ()
    ten = at.replace(hour=10, minute=0)
    assert holes([], table, size, WIDE, ten + timedelta(minutes=59)) == (Hole(at, ten),)


def test_days_and_weeks_without_a_bar_are_holes() -> None:
    table = schedule(*DAYS, date(2026, 4, 13))
    there = [bar(day) for day in DAYS if day.day != 8]
    assert holes(there, table, BAR_SIZES["1 day"], WIDE, NOW) == (
        Hole(date(2026, 4, 8), date(2026, 4, 9)),
        Hole(date(2026, 4, 13), date(2026, 4, 14)),
    )
    # A week is dated by its last day of trading.
    assert holes([bar(date(2026, 4, 10))], table, BAR_SIZES["1W"], WIDE, NOW) == (
        Hole(date(2026, 4, 13), date(2026, 4, 20)),
    )


def test_schedule_is_in_the_zone_that_it_names() -> None:
    answer = m.HistoricalSchedule(
        time_zone="US/Eastern",
        historical_sessions=(m.HistoricalSession("20260410-09:30:00", "20260410-16:00:00", "20260410"),),
    )
    (session,) = sessions_of(answer)
    assert (session.start.hour, session.end.hour, session.day) == (13, 20, date(2026, 4, 10))
