"""How times are written on the command line: bar sizes, durations, moments."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from ibwire.cli.frame import BadOption
from ibwire.history_spans import BAR_SIZES

_SHORT = re.compile(r"(\d{1,5}) ?(s|m|h|d|w|D|W|M|y|Y)", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def bar_size_of(text: str) -> str:
    """IBKR's word for a bar size such as 30s, 5m, 1h, 1d or 1w; what is none is left as it is, for IBKR's own words."""
    match = _SHORT.fullmatch(text)
    if match is None or match[2] not in _UNITS:
        return text
    length = timedelta(**{_UNITS[match[2]]: int(match[1])})
    return next((size.text for size in BAR_SIZES.values() if size.length == length), text)


def duration_of(text: str) -> timedelta | str:
    """A duration such as 90m, 2h, 3d, 2w, 6M or 1Y; IBKR's own words are left as they are.

    A small m means minutes, a capital one months on the calendar.
    """
    match = _SHORT.fullmatch(text)
    if match is None or " " in text:
        return text
    number, unit = int(match[1]), match[2]
    return timedelta(**{_UNITS[unit]: number}) if unit in ("s", "m", "h") else f"{number} {unit.upper()}"


def moment_of(option: str, text: str | None) -> datetime | date | None:
    """A day, or a moment (in UTC if it names no zone), in ISO 8601. Raises BadOption."""
    if text is None:
        return None
    try:
        if len(text) == len("2026-11-20"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadOption(
            f"{option} {text}: write a day (2026-11-20) or a time (2026-11-20T14:30 in UTC, 2026-11-20T09:30-05:00)"
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
