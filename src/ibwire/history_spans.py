"""Cuts a span of time into requests for historical bars that IBKR allows.

IBKR has published two tables of durations and bar sizes, which disagree; what is asked here satisfies both, so that it
is legal under either (pacing notes, section 2). A duration counts trading time back from its end, or days, weeks and
months of trading: it reaches back at least as far as the same time on the clock, and from a moment in the midst of a
day the first day is a part of one. `_REACH` takes the least that any reading promises; what comes beyond what was
asked for is dropped by who asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

CLOCKS_DIFFER = timedelta(seconds=5)
"""How far the gateway's clock may be behind ours: so much later what was then is certainly over."""

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


class BarSize(Struct, frozen=True):
    """A bar size as IBKR writes it, its length (nominal for a month), and the durations that go with it.

    These are `unit` (S, D, W, M or Y) and from `fewest` to `most` of them.
    """

    text: str
    length: timedelta
    unit: str
    fewest: int
    most: int

    @property
    def is_intraday(self) -> bool:
        """Whether a bar is dated by its time, not by its day."""
        return self.length < _DAY


def _size(text: str, unit: str, fewest: int, most: int, **length: float) -> BarSize:
    return BarSize(text, timedelta(**length), unit, fewest, most)


# Shortest and longest by IBKR's older table, the unit by its current one. The older table has daily bars for a year at
# most, and nothing between 2 D and 1 W or 1 W and 1 M: a duration is taken for legal if the next longer one is.
_SIZES = (
    _size("1 secs", "S", 60, 1800, seconds=1),
    _size("5 secs", "S", 60, 3600, seconds=5),
    _size("10 secs", "S", 60, 14_400, seconds=10),
    _size("15 secs", "S", 60, 14_400, seconds=15),
    _size("30 secs", "S", 60, 28_800, seconds=30),
    _size("1 min", "S", 60, 86_400, minutes=1),
    _size("2 mins", "D", 1, 2, minutes=2),
    _size("3 mins", "D", 1, 7, minutes=3),
    _size("5 mins", "D", 1, 7, minutes=5),
    _size("10 mins", "D", 1, 7, minutes=10),
    _size("15 mins", "D", 1, 7, minutes=15),
    _size("20 mins", "D", 1, 7, minutes=20),
    _size("30 mins", "D", 1, 28, minutes=30),
    _size("1 hour", "D", 1, 28, hours=1),
    _size("2 hours", "W", 1, 4, hours=2),
    _size("3 hours", "W", 1, 4, hours=3),
    _size("4 hours", "W", 1, 4, hours=4),
    _size("8 hours", "M", 1, 1, hours=8),
    _size("1 day", "Y", 1, 1, days=1),
    _size("1W", "Y", 1, 1, weeks=1),
    _size("1M", "Y", 1, 1, days=31),
)

BAR_SIZES: dict[str, BarSize] = {size.text: size for size in _SIZES}
BAR_SIZES |= {alias: BAR_SIZES[text] for alias, text in {"1 sec": "1 secs", "1 week": "1W", "1 month": "1M"}.items()}
"""Every bar size by what it may be called."""

_REACH: dict[str, Callable[[int], timedelta]] = {
    "S": lambda number: timedelta(seconds=number),
    # The first of the days may be a part of one, and one may be an hour shorter than the others.
    "D": lambda number: (number - 1) * _DAY - _HOUR,
    "W": lambda number: (7 * number - 1) * _DAY - _HOUR,
    "M": lambda number: (28 * number - 1) * _DAY - _HOUR,
    "Y": lambda number: (365 * number - 1) * _DAY - _HOUR,
}
"""How far back from its end a duration reaches at least."""


MOST_YEARS = 68
"""The longest duration in years, by IBKR's current table."""


class Interval(Struct, frozen=True, order=True):
    """A span of time in aware UTC, the end not included."""

    start: datetime
    end: datetime

    def __contains__(self, moment: object) -> bool:
        return isinstance(moment, datetime) and self.start <= moment < self.end


def longest_chunk(size: BarSize) -> timedelta:
    """How much one request can be relied on to cover, with a bar to spare at either end."""
    return _REACH[size.unit](size.most) - 2 * size.length


def chunks(pieces: Iterable[Interval], size: BarSize) -> list[Interval]:
    """The spans of the requests that cover these pieces (disjoint, in order): each as long as may be, none overlapping.

    A piece that is too long is cut; pieces that fit into one request are joined, with the time between them.
    """
    longest = longest_chunk(size)
    found: list[Interval] = []
    for piece in pieces:
        start = piece.start
        if found and piece.end - found[-1].start <= longest:
            found[-1] = Interval(found[-1].start, piece.end)
            continue
        while start < piece.end:
            end = min(start + longest, piece.end)
            found.append(Interval(start, end))
            start = end
    return found


def request_span(chunk: Interval, size: BarSize) -> tuple[datetime, str]:
    """The end and the duration of the request for a chunk.

    It asks for a bar more at either end, so that no bar of the chunk is one that the request's ends have cut short.
    """
    end = chunk.end + size.length
    if end.microsecond:
        end = end.replace(microsecond=0) + timedelta(seconds=1)
    return end, duration_for(end - chunk.start + size.length, size)


def duration_for(span: timedelta, size: BarSize, *, is_whole: bool = False) -> str:
    """The shortest legal duration that reaches back this far. Raises ValueError if none does.

    What `is_whole` cannot be had in parts: then days and longer bars may go back as far as the current table allows.
    """
    reach = _REACH[size.unit]
    step = reach(2) - reach(1)
    number = max(size.fewest, math.ceil((span - reach(0)) / step))
    most = MOST_YEARS if is_whole and size.unit == "Y" else size.most
    if number > most:
        raise ValueError(f"{span} of {size.text} bars is more than one request may ask for ({most} {size.unit})")
    return f"{number} {size.unit}"


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time as disjoint intervals in order."""
    found: list[Interval] = []
    for one in sorted(intervals):
        if one.start >= one.end:
            continue
        if found and one.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, one.end))
        else:
            found.append(one)
    return found


def without(span: Interval, taken: Iterable[Interval]) -> list[Interval]:
    """What is left of a span without these."""
    left: list[Interval] = []
    start = span.start
    for one in joined(taken):
        if one.end <= start:
            continue
        if one.start >= span.end:
            break
        if one.start > start:
            left.append(Interval(start, one.start))
        start = max(start, one.end)
    if start < span.end:
        left.append(Interval(start, span.end))
    return left


def overlaps(span: Interval, others: Sequence[Interval]) -> list[Interval]:
    """The parts of a span that any of these covers, disjoint and in order."""
    parts = (Interval(max(span.start, one.start), min(span.end, one.end)) for one in others)
    return joined(part for part in parts if part.start < part.end)
