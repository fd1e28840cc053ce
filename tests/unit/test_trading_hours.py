"""IBKR's texts of trading hours, and what follows from them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.exceptions import InvalidRequest, NoData, UnreadableAnswer
from ibwire.trading_hours import TradingHours, parse_hours
from tests.helpers.campaigns import campaign

# As captured from gateways (protocol notes, 3.8 and 3.25; the simulator's sources).
APPLE = "20260405:CLOSED;20260406:0400-20260406:2000;20260407:0400-20260407:2000;20260411:CLOSED"
FUTURE = "20251220:CLOSED;20251221:1700-20251222:1600;20251222:1700-20251223:1600"
OLD = "20090507:0700-1830,1830-2330;20090508:CLOSED"
NEW_YORK, CHICAGO = ZoneInfo("America/New_York"), ZoneInfo("America/Chicago")


def at(text: str, zone: ZoneInfo) -> datetime:
    return datetime.strptime(text, "%Y%m%d %H%M").replace(tzinfo=zone)


def spans(hours: TradingHours, zone: ZoneInfo) -> list[str]:
    return [
        f"{one.opens_at.astimezone(zone):%Y%m%d:%H%M}-{one.closes_at.astimezone(zone):%Y%m%d:%H%M}"
        for one in hours.sessions
    ]


@pytest.mark.parametrize(
    ("text", "zone_id", "expected"),
    [
        (APPLE, "US/Eastern", ["20260406:0400-20260406:2000", "20260407:0400-20260407:2000"]),
        (FUTURE, "US/Central", ["20251221:1700-20251222:1600", "20251222:1700-20251223:1600"]),
        (OLD, "EST (Eastern Standard Time)", ["20090507:0700-20090507:2330"]),  # the two touch
        (
            "20260406:0930-20260406:1200;20260406:1300-20260406:1600",
            "Asia/Hong_Kong",
            ["20260406:0930-20260406:1200", "20260406:1300-20260406:1600"],
        ),
        (
            "20260406:0930-20260406:1200,20260406:1300-20260406:1600",
            "Hongkong",
            ["20260406:0930-20260406:1200", "20260406:1300-20260406:1600"],
        ),
        (
            "20130127:CLOSED;20130128:1700-1515,1530-1615",
            "CST",
            ["20130127:1700-20130128:1515", "20130128:1530-20130128:1615"],
        ),
        ("20260406:0115-20260406:2205;", "MET", ["20260406:0115-20260406:2205"]),
        ("20260406:0000-2400", "UTC", ["20260406:0000-20260407:0000"]),
    ],
)
def test_texts_of_every_form_become_sessions(text: str, zone_id: str, expected: list[str]) -> None:
    hours = parse_hours(text, zone_id)
    assert spans(hours, ZoneInfo(hours.zone)) == expected
    assert all(one.opens_at.tzinfo is UTC and one.closes_at.tzinfo is UTC for one in hours.sessions)


def test_open_and_closed_over_midnight_with_the_close_not_included() -> None:
    hours = parse_hours(FUTURE, "US/Central")
    assert not hours.is_open(at("20251221 1659", CHICAGO))
    assert hours.is_open(at("20251221 1700", CHICAGO))
    assert hours.is_open(at("20251222 0000", CHICAGO))
    assert not hours.is_open(at("20251222 1600", CHICAGO))
    assert hours.next_open(at("20251221 1800", CHICAGO)) == at("20251222 1700", CHICAGO)
    assert hours.next_close(at("20251221 1800", CHICAGO)) == at("20251222 1600", CHICAGO)
    assert hours.next_close(at("20251222 1630", CHICAGO)) == at("20251223 1600", CHICAGO)


def test_sessions_are_in_the_exchanges_time_on_both_sides_of_a_change_of_clocks() -> None:
    hours = parse_hours("20260306:0930-20260306:1600;20260309:0930-20260309:1600", "US/Eastern")
    assert [one.opens_at.hour for one in hours.sessions] == [14, 13]


@pytest.mark.parametrize(
    ("text", "zone", "known", "unknown"),
    [
        (APPLE, NEW_YORK, ["20260405 0000", "20260411 2359"], ["20260404 2359", "20260412 0000"]),
        # On the evening of the last day the next session may open, of which the text says nothing yet.
        (FUTURE, CHICAGO, ["20251220 0000", "20251223 1659"], ["20251219 2359", "20251223 1700"]),
        # What was before the evening on which the first session opens is not told.
        ("20251222:1700-20251223:1600", CHICAGO, ["20251222 1700"], ["20251222 1200"]),
        # A holiday, and in its evening the next day's session.
        ("20251225:CLOSED;20251225:1700-20251226:1600", CHICAGO, ["20251225 1200"], ["20251224 2300"]),
        # A session up to midnight opens nothing on the next day.
        ("20260406:0400-20260407:0000", CHICAGO, ["20260406 0100", "20260406 2359"], ["20260407 0000"]),
        # Round the clock, day by day: the day after the last is not told.
        ("20260405:0000-20260406:0000;20260406:0000-20260407:0000", CHICAGO, ["20260406 2359"], ["20260407 0000"]),
    ],
)
def test_what_the_text_does_not_tell_is_unknown_not_closed(
    text: str, zone: ZoneInfo, known: list[str], unknown: list[str]
) -> None:
    hours = parse_hours(text, zone.key)
    for moment in known:
        hours.is_open(at(moment, zone))
    for moment in unknown:
        for question in (hours.is_open, hours.next_open, hours.next_close):
            with pytest.raises(NoData, match="are known from"):
                question(at(moment, zone))


def test_no_next_open_within_what_is_known_is_an_error() -> None:
    hours = parse_hours(APPLE, "US/Eastern")
    with pytest.raises(NoData, match="no opening after"):
        hours.next_open(at("20260410 1200", NEW_YORK))


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="no time zone"):
        parse_hours(APPLE, "US/Eastern").is_open(datetime(2026, 4, 6, 12))  # noqa: DTZ001 - the mistake


def test_every_day_that_cannot_be_read_is_named() -> None:
    text = "20260406:0400-20260406:2000;20260407:0400;20261340:CLOSED;20260408:2000-20260408:0400;20260409:2500-2600"
    with pytest.raises(UnreadableAnswer) as caught:
        parse_hours(text, "US/Eastern")
    for part in text.split(";")[1:]:
        assert repr(part) in caught.value.message
    assert "20260406" not in caught.value.message


def test_no_text_is_no_data_and_an_unknown_zone_is_named() -> None:
    with pytest.raises(NoData):
        parse_hours(" ; ", "US/Eastern")
    with pytest.raises(UnreadableAnswer, match="Mars/Olympus"):
        parse_hours(APPLE, "Mars/Olympus")


_DAYS = st.lists(st.sampled_from(["closed", "day", "lunch", "overnight"]), min_size=1, max_size=8)


@campaign(part=100, full=5_000)
@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), _DAYS, st.integers(0, 10 * 24 * 4))
def test_open_is_what_a_look_at_each_session_says(first: date, kinds: list[str], quarters: int) -> None:
    spans_by_hand: list[tuple[datetime, datetime]] = []
    parts = []
    for number, kind in enumerate(kinds):
        day = datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(days=number)
        opens = {
            "closed": [],
            "day": [(9.5, 16)],
            "lunch": [(9.5, 12), (13, 16)],
            "overnight": [(-6, 8)],
        }[kind]
        sessions = [(day + timedelta(hours=start), day + timedelta(hours=end)) for start, end in opens]
        spans_by_hand += sessions
        text = ",".join(f"{start:%Y%m%d:%H%M}-{end:%Y%m%d:%H%M}" for start, end in sessions)
        parts.append(text or f"{day:%Y%m%d}:CLOSED")
    hours = parse_hours(";".join(parts), "UTC")
    moment = datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(minutes=15 * quarters - 24 * 60)
    by_hand = any(start <= moment < end for start, end in spans_by_hand)
    if not hours.covers(moment):
        assert not by_hand
        return
    assert hours.is_open(moment) == by_hand
    opens_later = [start for start, _ in spans_by_hand if start > moment]
    if opens_later:
        assert hours.next_open(moment) == min(opens_later)
    closes_later = [end for _, end in spans_by_hand if end > moment]
    if closes_later:
        assert hours.next_close(moment) == min(closes_later)
