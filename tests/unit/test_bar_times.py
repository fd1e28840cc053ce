"""The dates of historical data, in every form in which IBKR writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.bar_times import parse_bar_time, parse_day, parse_moment, request_time, zone_named
from ibwire.exceptions import RequestError
from tests.helpers.campaigns import campaign

# After 1973, so that no epoch has eight digits, which is a date.
MOMENTS = st.datetimes(datetime(1974, 1, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001 - hypothesis wants naive ones
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
ZONES = st.sampled_from(["US/Eastern", "US/Central", "Europe/Berlin", "Asia/Hong_Kong", "Asia/Kolkata", "UTC", "EST"])


@campaign(part=200, full=5000)
@given(MOMENTS, ZONES)
def test_every_form_is_the_same_moment(moment: datetime, zone_name: str) -> None:
    local = moment.astimezone(ZoneInfo(zone_name)).replace(fold=0)
    first = local.astimezone(UTC)  # of an hour that a clock goes through twice, the first one is meant
    forms = {
        str(int(moment.timestamp())): moment,
        moment.strftime("%Y%m%d-%H:%M:%S"): moment,
        moment.strftime("%Y%m%d-%H:%M:%SZ"): moment,
        moment.strftime("%Y-%m-%d %H:%M:%S.0"): moment,
        moment.strftime("%Y-%m-%d %H:%M:%S"): moment,
        f"{local:%Y%m%d %H:%M:%S} {zone_name}": first,
        f"{local:%Y%m%d  %H:%M:%S} {zone_name}": first,
    }
    for text, meant in forms.items():
        assert parse_bar_time(text) == meant
        assert parse_moment(text).tzinfo is UTC
    # Where the text names no zone, its message does.
    zone = zone_named(zone_name)
    assert parse_moment(f"{local:%Y%m%d  %H:%M:%S}", zone=zone) == first
    assert parse_moment(f"{local:%Y%m%d-%H:%M:%S}", zone=zone) == first
    assert parse_moment(request_time(local)) == first


@campaign(part=100, full=2000)
@given(MOMENTS, st.integers(0, 364 * 86_400 - 1))
def test_year_that_format_three_leaves_out_is_the_latest_that_fits(moment: datetime, later_s: int) -> None:
    text = f"{moment:%m%d %H:%M:%S} UTC"
    assert parse_moment(text, now=moment + timedelta(seconds=later_s)) == moment


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)))
def test_days_are_dates(day: date) -> None:
    assert parse_bar_time(f"{day:%Y%m%d}") == parse_day(f"{day:%Y%m%d}") == day


@pytest.mark.parametrize(
    ("text", "zone", "complaint"),
    [
        (None, None, "''"),
        ("", None, "''"),
        ("yesterday", None, "yesterday"),
        ("20260231", None, "20260231"),
        ("20260230-10:00:00", None, "20260230"),
        ("20260410 25:00:00 UTC", None, "25:00"),
        ("20260410  09:30:00", None, "09:30:00"),  # in whose zone?
        ("0410 09:30:00 US/Eastern", None, "0410"),  # of which year?
        ("20260410 09:30:00 Nowhere/Else", None, "Nowhere/Else"),
        ("20260410 09:30:00 ../etc", None, "etc"),
        ("999999999999", None, "999999999999"),
    ],
)
def test_what_cannot_be_read_is_named(text: str | None, zone: tzinfo | None, complaint: str) -> None:
    with pytest.raises(RequestError, match=complaint):
        parse_bar_time(text, zone=zone)
