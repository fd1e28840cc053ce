"""How times are written on the command line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ibwire.cli.frame import BadOption
from ibwire.cli.time_terms import bar_size_of, duration_of, moment_of


@pytest.mark.parametrize(
    ("text", "size"),
    [
        *[("30s", "30 secs"), ("1m", "1 min"), ("5m", "5 mins"), ("60m", "1 hour"), ("8h", "8 hours"), ("1d", "1 day")],
        *[("1w", "1W"), ("1M", "1M"), ("1 min", "1 min"), ("7m", "7m"), ("nonsense", "nonsense")],
    ],
)
def test_bar_sizes(text: str, size: str) -> None:
    assert bar_size_of(text) == size


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        *[("90m", timedelta(minutes=90)), ("2h", timedelta(hours=2)), ("3d", "3 D"), ("2w", "2 W")],
        *[("6M", "6 M"), ("1Y", "1 Y"), ("1y", "1 Y"), ("30 S", "30 S"), ("soon", "soon")],
    ],
)
def test_durations_tell_minutes_from_months(text: str, duration: timedelta | str) -> None:
    assert duration_of(text) == duration


def test_moments_are_in_utc_unless_they_name_a_zone() -> None:
    assert moment_of("--start", None) is None
    assert moment_of("--start", "2026-11-20") == date(2026, 11, 20)
    assert moment_of("--start", "2026-11-20T14:30") == datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    assert moment_of("--start", "2026-11-20T09:30-05:00") == datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    for wrong in ("2026-13-01", "yesterday"):
        with pytest.raises(BadOption, match=f"--start {wrong}: write a day"):
            moment_of("--start", wrong)
