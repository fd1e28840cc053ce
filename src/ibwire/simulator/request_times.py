"""Date-times as requests write them: in a zone, in UTC with a hyphen, or without a zone (protocol notes, 3.25)."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

HOST_ZONE = UTC
"""The zone of the gateway's host, as its hello says: what a time without a zone is read in."""

NO_ZONE_CODE = 2174
NO_ZONE_TEXT = (
    "Warning: You submitted request with date-time attributes without explicit time zone. "
    "Please switch to use yyyymmdd-hh:mm:ss in UTC or use instrument timezone, like US/Eastern. "
    "Implied time zone functionality will be removed in the next API release"
)
"""What a request with such a time is warned with; it goes on."""


class RequestTime(Struct, frozen=True):
    """A date-time in Unix seconds, and whether it named its zone."""

    unix_s: float
    names_zone: bool


def parse(text: str) -> RequestTime | None:
    """Read "yyyymmdd hh:mm:ss zone", "yyyymmdd-hh:mm:ss" (UTC) or "yyyymmdd hh:mm:ss"; None if it is none of them."""
    text = text.strip()
    if len(text) > _DATE_LENGTH and text[_DATE_LENGTH] == "-":
        return _read(text, "%Y%m%d-%H:%M:%S", "UTC")
    date_time, zone = text[:_DATE_TIME_LENGTH], text[_DATE_TIME_LENGTH:].strip()
    return _read(date_time, "%Y%m%d %H:%M:%S", zone)


_DATE_LENGTH = len("yyyymmdd")
_DATE_TIME_LENGTH = len("yyyymmdd hh:mm:ss")


def _read(text: str, shape: str, zone: str) -> RequestTime | None:
    try:
        named = ZoneInfo(zone) if zone else HOST_ZONE
        return RequestTime(datetime.strptime(text, shape).replace(tzinfo=named).timestamp(), bool(zone))
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None
