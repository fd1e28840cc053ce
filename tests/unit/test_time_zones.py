"""Time zones as gateways name them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from ibwire.exceptions import UnreadableAnswer
from ibwire.time_zones import ALIASES, zone_named

YEAR = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(weeks=week) for week in range(52)]


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("US/Eastern", "America/New_York"),
        ("EST", "America/New_York"),
        ("EST (Eastern Standard Time)", "America/New_York"),
        ("EST5EDT", "America/New_York"),
        ("CST (Central Standard Time)", "America/Chicago"),
        ("CST (China Standard Time)", "Asia/Shanghai"),
        ("MET", "Europe/Berlin"),
        ("MET (Middle Europe Time)", "Europe/Berlin"),
        ("Central European Standard Time", "Europe/Berlin"),
        ("GB", "Europe/London"),
        ("GMT (Greenwich Mean Time)", "Europe/London"),
        ("Hongkong", "Asia/Hong_Kong"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("AET (Australian Eastern Standard Time (New South Wales))", "Australia/Sydney"),
        ("coordinated universal  time", "Etc/UTC"),
        ("Europe/Zurich", "Europe/Zurich"),
    ],
)
def test_names_that_gateways_use_mean_their_zone(name: str, zone: str) -> None:
    assert zone_named(name) == ZoneInfo(zone)


@pytest.mark.parametrize("alias", [alias for aliases in ALIASES.values() for alias in aliases])
def test_an_alias_means_what_the_zone_database_means_by_it(alias: str) -> None:
    found = zone_named(alias)
    try:
        database = ZoneInfo(alias)
    except (ZoneInfoNotFoundError, OSError):
        return
    if alias in ("EST", "MST"):  # there without summer time: see the table
        assert {at.astimezone(database).utcoffset() for at in YEAR} < {at.astimezone(found).utcoffset() for at in YEAR}
    else:
        assert [at.astimezone(database).utcoffset() for at in YEAR] == [at.astimezone(found).utcoffset() for at in YEAR]


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "America", "../etc/passwd", "XYZ (Nowhere Time)", "a\0b", "x" * 5000]
)
def test_an_unknown_zone_is_an_error_that_names_it(name: str) -> None:
    with pytest.raises(UnreadableAnswer, match="time zone") as caught:
        zone_named(name)
    assert repr(name[:80]) in caught.value.message
