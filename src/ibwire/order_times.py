"""Moments in an order (good till, good after, a time condition) as IBKR writes them, and back.

A moment is an aware datetime, which goes out as UTC, or IBKR's own text, which goes out as it is (protocol notes,
3.25): `20260405-14:30:00` in UTC, or `20260405 10:30:00 US/Eastern`. Text in UTC is read back as a datetime, any other
text stays what it is, so nothing is lost either way.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from ibwire.exceptions import InvalidOrder

Moment = datetime | str
"""An aware datetime in whole seconds, or text in IBKR's format."""

_UTC = re.compile(r"[0-9]{8}-[0-9]{2}:[0-9]{2}:[0-9]{2}")
_IN_ZONE = re.compile(r"([0-9]{8} [0-9]{2}:[0-9]{2}:[0-9]{2}) [A-Za-z][ -~]*")
_AS_TEXT = "20261231-14:30:00 (UTC) or 20261231 09:30:00 US/Eastern"


def moment_text(moment: Moment) -> str:
    """The moment as IBKR reads it. Raises InvalidOrder for a datetime that has no zone or fractions of a second."""
    if isinstance(moment, str):
        return moment
    problem = moment_problem(moment)
    if problem is not None:
        raise InvalidOrder(problem)
    at = moment.astimezone(UTC)
    return f"{at.year:04}{at.month:02}{at.day:02}-{at.hour:02}:{at.minute:02}:{at.second:02}"


def read_moment(text: str) -> Moment:
    """A moment from the wire: a datetime if it is in UTC, else the text."""
    return _in_utc(text) or text


def moment_problem(moment: object) -> str | None:
    """Why IBKR would misread the moment (without a zone it takes its host's: warning 2174), or None."""
    if isinstance(moment, datetime):
        if moment.tzinfo is None or moment.utcoffset() is None:
            return f"{moment} has no time zone; give an aware datetime"
        return f"{moment} has fractions of a second, which IBKR does not take" if moment.microsecond else None
    if not isinstance(moment, str):
        return f"{moment!r} is no moment; allowed are aware datetimes and text such as {_AS_TEXT}"
    found = _IN_ZONE.fullmatch(moment)
    is_a_date = _in_utc(moment) is not None or (found is not None and _parsed(found[1], "%Y%m%d %H:%M:%S") is not None)
    return None if is_a_date else f"{moment!r} is no date with time and zone, such as {_AS_TEXT}"


def _in_utc(text: str) -> datetime | None:
    return _parsed(text, "%Y%m%d-%H:%M:%S") if _UTC.fullmatch(text) else None


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None
