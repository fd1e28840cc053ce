"""Trading hours as contract details show them."""

from __future__ import annotations

from datetime import date

import pytest

from ibwire.simulator.shown_hours import hours_shown
from tests.helpers.history import TABLE, instrument


@pytest.mark.parametrize(
    ("local_symbol", "first_day", "expected"),
    [
        ("AAPL", date(2026, 4, 5), "20260405:CLOSED;20260406:0400-20260406:2000;"),
        ("ESZ5", date(2025, 12, 19), "20251218:1700-20251219:1600;20251220:CLOSED;"),
        ("700", date(2022, 1, 7), "20220107:0930-20220107:1200;20220107:1300-20220107:1600;"),
        ("BTC.USD", date(2026, 4, 4), "20260404:0000-20260404:2359;20260405:0000-20260405:2359;"),
    ],
)
def test_hours_are_written_as_a_gateway_writes_them(local_symbol: str, first_day: date, expected: str) -> None:
    assert hours_shown(TABLE, instrument(local_symbol), first_day, regular_only=False).startswith(expected)


def test_sunday_on_which_mondays_session_opens_is_not_closed() -> None:
    shown = hours_shown(TABLE, instrument("ESZ5"), date(2025, 12, 20), regular_only=False)
    assert shown.startswith("20251220:CLOSED;20251221:1700-20251222:1600;")


def test_hours_that_end_on_a_sunday_call_it_closed() -> None:
    shown = hours_shown(TABLE, instrument("ESZ5"), date(2025, 12, 16), regular_only=False)
    assert shown.endswith(";20251220:CLOSED;20251221:CLOSED")
