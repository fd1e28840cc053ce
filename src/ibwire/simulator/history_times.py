"""Dates and times as historical requests and their answers write them (protocol notes, 3.25)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

FORMAT_TEXT, FORMAT_EPOCH, FORMAT_NO_YEAR = 1, 2, 3
FORMATS = (FORMAT_TEXT, FORMAT_EPOCH, FORMAT_NO_YEAR)
"""What a request's format_date may be: with its time zone, Unix seconds, and without the year."""

NOT_A_TIME = (
    "The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xx/xxxx where yyyymmdd "
    "and xx/xxxx are optional. E.g.: 20031126 15:59:00 US/Eastern  Note that there is a space between the date and "
    "time, and between the time and time-zone.  If no date is specified, current date is assumed.  If no time-zone is "
    "specified, local time-zone is assumed(deprecated).  You can also provide yyyymmddd-hh:mm:ss time is in UTC. Note "
    "that there is a dash between the date and time in UTC notation."
)

WITHOUT_ZONE = (
    "Warning: You submitted request with date-time attributes without explicit time zone. Please switch to use "
    "yyyymmdd-hh:mm:ss in UTC or use instrument time zone, like US/Eastern. Implied time zone functionality will be "
    "removed in the next API release"
)

_FIRST_YEAR, _LAST_YEAR = "1900", "2100"
"""Requests for other years are taken for mistakes, so that nothing is reckoned beyond what a date can be."""

_UTC_FORM = re.compile(r"(\d{8})-(\d{2}:\d{2}:\d{2})Z?", re.ASCII)
_ZONED_FORM = re.compile(r"(?:(\d{8})\s+)?(\d{2}:\d{2}:\d{2})(?:\s+(\S+))?", re.ASCII)


class Moment(Struct, frozen=True):
    """A time that a request named, in Unix seconds; `has_zone` is whether it said where."""

    at_s: int
    has_zone: bool = True


def parse_time(text: str, now_s: float) -> Moment:
    """The moment of "20260131-14:30:00" (UTC) or "20260131 14:30:00 US/Eastern"; without a date it is today.

    Without a zone it is read in the simulated gateway's own, UTC. Raises ValueError for anything else.
    """
    text = text.strip()
    in_utc = _UTC_FORM.fullmatch(text)
    if in_utc is not None:
        return Moment(_unix(in_utc[1], in_utc[2], UTC))
    match = _ZONED_FORM.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day, clock, zone_name = match.groups()
    zone = UTC if zone_name is None else zone_of(zone_name)
    today = day_text(datetime.fromtimestamp(now_s, zone).date())
    return Moment(_unix(day or today, clock, zone), has_zone=zone_name is not None)


@lru_cache
def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name. Raises ValueError if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:  # the name of a folder of zones is an OSError
        raise ValueError(f"no time zone is called {name!r}") from error


def _unix(day: str, clock: str, zone: tzinfo) -> int:
    if not _FIRST_YEAR <= day[:4] <= _LAST_YEAR:
        raise ValueError(f"{day} is too far away")
    moment = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=zone)
    return int(moment.timestamp())


def local_text(at_s: float, zone_id: str) -> str:
    """A moment as IBKR writes it with a zone: "20260402 15:00:00 US/Eastern"."""
    local = datetime.fromtimestamp(at_s, zone_of(zone_id))
    return f"{_stamp(local)} {zone_id}"


def schedule_text(at_s: float, zone_id: str) -> str:
    """A moment as schedules have it: in the exchange's zone, although the hyphen means UTC elsewhere."""
    return _stamp(datetime.fromtimestamp(at_s, zone_of(zone_id)), "-")


def utc_text(at_s: float) -> str:
    """A moment as "19801212-14:30:00", which is UTC."""
    return _stamp(datetime.fromtimestamp(at_s, UTC), "-")


def bar_time(at_s: int, zone_id: str, format_date: int) -> str:
    """The date of a bar shorter than a day."""
    if format_date == FORMAT_EPOCH:
        return str(at_s)
    text = local_text(at_s, zone_id)
    return text[len("YYYY") :] if format_date == FORMAT_NO_YEAR else text


def day_text(day: date) -> str:
    """The date of a bar of a day or more, whatever the format asked for (protocol notes, 3.6)."""
    return f"{day.year:04}{day.month:02}{day.day:02}"


def _stamp(moment: datetime, separator: str = " ") -> str:
    # Twice as fast as strftime, and there is one for each bar.
    day, clock = moment.date(), moment.time()
    return f"{day_text(day)}{separator}{clock.hour:02}:{clock.minute:02}:{clock.second:02}"
