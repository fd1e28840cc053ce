"""The dates and times of historical data: every way in which IBKR writes them, and the one way in which we ask.

The zone always comes from the text, or from the message that the text stands in, never from configuration: it follows
a setting of the gateway (protocol notes, 3.25).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ibwire.exceptions import RequestError

FORMAT_TEXT, FORMAT_EPOCH = 1, 2
"""What a request's `format_date` may be: with a time zone, or in Unix seconds. Days are dated alike in both."""

_DAY = re.compile(r"\d{8}", re.ASCII)
_EPOCH = re.compile(r"-?\d{1,12}", re.ASCII)
_HYPHENED = re.compile(r"(\d{8})-(\d{1,2}:\d{2}:\d{2})Z?", re.ASCII)
_SPACED = re.compile(r"(\d{8})\s+(\d{1,2}:\d{2}:\d{2})(?:\s+(\S.*))?", re.ASCII)
_DASHED = re.compile(r"(\d{4})-(\d{2})-(\d{2}) (\d{1,2}:\d{2}:\d{2})(?:\.\d+)?", re.ASCII)
_NO_YEAR = re.compile(r"(\d{4})\s+(\d{1,2}:\d{2}:\d{2})(?:\s+(\S.*))?", re.ASCII)

_SLACK = timedelta(days=1)
"""How far a date without its year may lie after the present: clocks and zones differ."""


def request_time(moment: datetime) -> str:
    """A moment as requests name it: "20260131-14:30:00", which is UTC (protocol notes, 3.25). Whole seconds."""
    return moment.astimezone(UTC).strftime("%Y%m%d-%H:%M:%S")


def parse_bar_time(text: str | None, *, zone: tzinfo | None = None, now: datetime | None = None) -> datetime | date:
    """When a bar begins: aware UTC, or a date for bars of a day and longer.

    `zone` is that of a text that names none, `now` dates one without a year. Raises RequestError for what cannot be
    read.
    """
    stripped = (text or "").strip()
    if _DAY.fullmatch(stripped):
        return parse_day(stripped)
    return parse_moment(stripped, zone=zone, now=now)


def parse_day(text: str | None) -> date:
    """The date of "20260131". Raises RequestError for what is none."""
    try:
        return datetime.strptime((text or "").strip(), "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise _unreadable(text) from None


def parse_moment(text: str | None, *, zone: tzinfo | None = None, now: datetime | None = None) -> datetime:
    """A moment in aware UTC, from any of IBKR's forms:

        1768487400                       Unix seconds
        20260131-14:30:00[Z]             UTC; in schedules that of `zone`
        20260131 09:30:00 US/Eastern     also with two blanks, and without a zone if `zone` is given
        2026-01-31 14:30:00[.0]          UTC
        0131 09:30:00 US/Eastern         format 3, which leaves out the year; needs `now`

    An hour that a clock goes through twice is taken for the first one. Raises RequestError for what cannot be read.
    """
    stripped = (text or "").strip()
    try:
        if _EPOCH.fullmatch(stripped):
            return datetime.fromtimestamp(int(stripped), UTC)
        if (match := _HYPHENED.fullmatch(stripped)) is not None:
            return _at(match[1], match[2], zone or UTC)
        if (match := _SPACED.fullmatch(stripped)) is not None:
            return _at(match[1], match[2], _zone_of(match[3], zone))
        if (match := _DASHED.fullmatch(stripped)) is not None:
            return _at(match[1] + match[2] + match[3], match[4], UTC)
        if (match := _NO_YEAR.fullmatch(stripped)) is not None and now is not None:
            return _of_last_year(match[1], match[2], _zone_of(match[3], zone), now)
    except (ValueError, OverflowError, OSError):
        pass  # it looks like a time and is none
    raise _unreadable(text)


@lru_cache
def zone_named(name: str) -> tzinfo:
    """The time zone of this name. Raises RequestError if there is none."""
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the name of a folder of zones is an OSError
        raise RequestError(f"the gateway names a time zone {name!r} that is not known here") from None


def _zone_of(name: str | None, otherwise: tzinfo | None) -> tzinfo:
    if name is not None:
        return zone_named(name)
    if otherwise is None:
        raise ValueError("no zone")
    return otherwise


def _at(day: str, clock: str, zone: tzinfo) -> datetime:
    return datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=zone).astimezone(UTC)


def _of_last_year(month_and_day: str, clock: str, zone: tzinfo, now: datetime) -> datetime:
    """The latest such moment that is not in the future."""
    for year in range(now.year + 1, now.year - 9, -1):  # between two leap days up to eight years may lie
        try:
            moment = _at(f"{year:04}{month_and_day}", clock, zone)
        except ValueError:
            continue
        if moment <= now + _SLACK:
            return moment
    raise ValueError("no such day")


def _unreadable(text: str | None) -> RequestError:
    return RequestError(f"the gateway wrote a time as {text!r}, which cannot be read")
