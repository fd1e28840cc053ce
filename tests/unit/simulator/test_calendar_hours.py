"""Holidays and half days of the exchanges."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator.calendar_hours import ExchangeHours, NoCalendars
from ibwire.simulator.instruments import INSTRUMENTS, Instrument, by_local_symbol
from ibwire.simulator.reference import contract_data
from ibwire.simulator.trading_sessions import table_sessions

HOURS = ExchangeHours()


def instrument(local_symbol: str) -> Instrument:
    found = by_local_symbol(local_symbol)
    assert found is not None
    return found


def spans(local_symbol: str, day: date, *, regular_only: bool) -> list[str]:
    one = instrument(local_symbol)
    zone = ZoneInfo(one.time_zone_id)
    times = [
        (datetime.fromtimestamp(session.start_s, zone), datetime.fromtimestamp(session.end_s, zone))
        for session in HOURS.sessions(one, day, day, regular_only=regular_only)
    ]
    return [f"{start:%d %H%M}-{end:%d %H%M}" for start, end in times]


@pytest.mark.parametrize(
    ("local_symbol", "day", "regular", "extended"),
    [
        ("AAPL", date(2025, 7, 4), [], []),
        ("AAPL", date(2025, 11, 28), ["28 0930-28 1300"], ["28 0400-28 1700"]),
        ("AAPL", date(2025, 11, 26), ["26 0930-26 1600"], ["26 0400-26 2000"]),
        ("SPX", date(2025, 11, 28), ["28 0830-28 1200"], ["28 0830-28 1200"]),
        ("ESZ5", date(2025, 11, 27), ["27 0830-27 1200"], ["26 1700-27 1200"]),
        ("GCG6", date(2026, 1, 19), ["19 0930-19 1300"], ["18 1800-19 1300"]),
        ("ESZ5", date(2025, 12, 25), [], []),
        ("700", date(2025, 12, 24), ["24 0930-24 1200"], ["24 0930-24 1200"]),
        ("700", date(2025, 1, 29), [], []),
        ("FDAX 20260320 M", date(2025, 12, 24), [], []),
        ("EUR.USD", date(2025, 12, 25), ["24 1715-25 1700"], ["24 1715-25 1700"]),
        ("BTC.USD", date(2025, 12, 25), ["25 0000-25 2359"], ["25 0000-25 2359"]),
    ],
)
def test_holidays_and_half_days(local_symbol: str, day: date, regular: list[str], extended: list[str]) -> None:
    assert spans(local_symbol, day, regular_only=True) == regular
    assert spans(local_symbol, day, regular_only=False) == extended


MOMENTS = st.floats(946_684_800, 2_208_988_800)
DAYS = st.dates(date(2000, 1, 1), date(2040, 1, 1))


@given(st.sampled_from(INSTRUMENTS), DAYS, st.booleans())
def test_no_session_is_outside_those_of_the_table(one: Instrument, day: date, regular_only: object) -> None:
    table = table_sessions(one, day, day, regular_only=bool(regular_only))
    usual = {session.start_s: session.end_s for session in table}
    for session in HOURS.sessions(one, day, day, regular_only=bool(regular_only)):
        assert session.start_s < session.end_s <= usual[session.start_s]


@given(st.sampled_from(INSTRUMENTS), MOMENTS, st.booleans())
def test_open_is_within_a_session(one: Instrument, at_s: float, regular_only: object) -> None:
    today, few = datetime.fromtimestamp(at_s, UTC).date(), timedelta(days=3)
    around = HOURS.sessions(one, today - few, today + few, regular_only=bool(regular_only))
    is_open = any(session.start_s <= at_s < session.end_s for session in around)
    # Asked for other moments before, which it may have kept.
    assert HOURS.is_open(one, at_s, regular_only=bool(regular_only)) == is_open
    assert ExchangeHours().is_open(one, at_s, regular_only=bool(regular_only)) == is_open


def test_contract_details_show_holidays_as_closed_and_half_days_short() -> None:
    details = contract_data(1, instrument("AAPL"), date(2025, 11, 26), "SMART", HOURS).contract_details
    assert details is not None
    assert details.liquid_hours == (
        "20251126:0930-20251126:1600;20251127:CLOSED;20251128:0930-20251128:1300;20251129:CLOSED;20251130:CLOSED;"
        "20251201:0930-20251201:1600"
    )


def test_missing_library_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "exchange_calendars", None)
    with pytest.raises(NoCalendars, match=r"ibwire\[calendar\]"):
        ExchangeHours()
