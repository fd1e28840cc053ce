"""Dates of historical requests and answers."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator.history_times import bar_time, local_text, parse_time, utc_text

NOW_S = datetime(2026, 4, 10, 15, 30, tzinfo=UTC).timestamp()
HALF_PAST_TWO = int(datetime(2026, 1, 31, 14, 30, tzinfo=UTC).timestamp())

MOMENTS = st.integers(int(datetime(1950, 1, 1, tzinfo=UTC).timestamp()), int(NOW_S))
ZONES = st.sampled_from(["US/Eastern", "US/Central", "Asia/Hong_Kong", "MET", "UTC"])


@pytest.mark.parametrize(
    ("text", "at_s", "has_zone"),
    [
        ("20260131-14:30:00", HALF_PAST_TWO, True),
        ("20260131-14:30:00Z", HALF_PAST_TWO, True),
        ("20260131 09:30:00 US/Eastern", HALF_PAST_TWO, True),
        ("20260131 09:30:00 America/New_York", HALF_PAST_TWO, True),
        ("20260131  14:30:00", HALF_PAST_TWO, False),
        ("20260131 14:30:00", HALF_PAST_TWO, False),
        ("14:30:00 UTC", int(datetime(2026, 4, 10, 14, 30, tzinfo=UTC).timestamp()), True),
    ],
)
def test_every_format_is_read(text: str, at_s: int, has_zone: object) -> None:
    moment = parse_time(text, NOW_S)
    assert (moment.at_s, moment.has_zone) == (at_s, has_zone)


@pytest.mark.parametrize(
    "text",
    [
        "now",
        "20260131",
        "20261331-14:30:00",
        "20260131-25:30:00",
        "20260131 14:30:00 Nowhere/Else",
        "20260131 14:30:00 US",
        "20260131 14:30:00 ../etc",
        "00010101-00:00:00",
        "99991231-00:00:00",
        "\uff12\uff10\uff12\uff160131-14:30:00",  # digits, but not those of ASCII
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text, NOW_S)


@given(MOMENTS, ZONES)
def test_what_is_written_is_read_as_the_same_moment(at_s: int, zone_id: str) -> None:
    assert parse_time(utc_text(at_s), NOW_S).at_s == at_s
    local = datetime.fromtimestamp(at_s, ZoneInfo(zone_id))
    if local.replace(fold=0).timestamp() == at_s:  # not in the hour that comes twice
        assert parse_time(local_text(at_s, zone_id), NOW_S).at_s == at_s


def test_bar_is_dated_in_the_format_asked_for() -> None:
    dates = [bar_time(HALF_PAST_TWO, "US/Eastern", format_date) for format_date in (1, 2, 3)]
    assert dates == ["20260131 09:30:00 US/Eastern", str(HALF_PAST_TWO), "0131 09:30:00 US/Eastern"]
