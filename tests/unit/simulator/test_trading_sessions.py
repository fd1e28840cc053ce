"""When instruments trade, by the table."""

from __future__ import annotations

from datetime import UTC, date, datetime

from ibwire.simulator.instruments import Instrument, by_local_symbol
from ibwire.simulator.trading_sessions import AlwaysOpen, next_close, next_open, trading_day

HOURS = AlwaysOpen()
FRIDAY, SATURDAY, MONDAY = date(2026, 4, 10), date(2026, 4, 11), date(2026, 4, 13)


def instrument(local_symbol: str) -> Instrument:
    found = by_local_symbol(local_symbol)
    assert found is not None
    return found


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def spans(local_symbol: str, first: date, last: date, *, regular_only: bool) -> list[str]:
    sessions = HOURS.sessions(instrument(local_symbol), first, last, regular_only=regular_only)
    times = [
        (datetime.fromtimestamp(one.start_s, UTC), datetime.fromtimestamp(one.end_s, UTC), one.day) for one in sessions
    ]
    return [f"{start:%d %H%M}-{end:%d %H%M} for {day:%d}" for start, end, day in times]


def test_a_share_trades_on_weekdays_in_its_exchanges_time() -> None:
    assert spans("AAPL", FRIDAY, MONDAY, regular_only=True) == ["10 1330-10 2000 for 10", "13 1330-13 2000 for 13"]
    assert spans("AAPL", FRIDAY, FRIDAY, regular_only=False) == ["10 0800-11 0000 for 10"]


def test_a_session_may_begin_on_the_evening_before_and_a_day_may_have_two() -> None:
    assert spans("ESH4", MONDAY, MONDAY, regular_only=False) == ["12 2200-13 2100 for 13"]
    assert spans("700", MONDAY, MONDAY, regular_only=True) == ["13 0130-13 0400 for 13", "13 0500-13 0800 for 13"]


def test_the_next_close_and_open_skip_the_weekend() -> None:
    apple = instrument("AAPL")
    friday_evening = at("2026-04-10T21:00:00+00:00")
    assert next_close(HOURS, apple, friday_evening, regular_only=True) == at("2026-04-13T20:00:00+00:00")
    assert next_close(HOURS, apple, friday_evening, regular_only=False) == at("2026-04-11T00:00:00+00:00")
    assert next_open(HOURS, apple, friday_evening, regular_only=True) == at("2026-04-13T13:30:00+00:00")
    assert next_open(HOURS, apple, at("2026-04-13T13:30:00+00:00"), regular_only=True) == at(
        "2026-04-14T13:30:00+00:00"
    )


def test_a_lunch_break_does_not_end_the_day() -> None:
    assert next_close(HOURS, instrument("700"), at("2026-04-13T04:30:00+00:00"), regular_only=True) == at(
        "2026-04-13T08:00:00+00:00"
    )


def test_a_day_is_that_of_the_exchange() -> None:
    assert trading_day(instrument("AAPL"), at("2026-04-11T02:00:00+00:00")) == FRIDAY
    assert trading_day(instrument("700"), at("2026-04-10T20:00:00+00:00")) == SATURDAY
