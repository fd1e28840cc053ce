"""Where the bars of a request lie: its span of trading sessions, cut into bars the way IBKR aligns them.

Pure: sessions come from `TradingHours`, times are whole Unix seconds. One rule keeps all requests in agreement: a bar
that begins in the span asked for is given whole, and only the present cuts one short.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from ibwire.simulator.bar_sizes import DAY_S, WEEK_S, BarSize, Duration
from ibwire.simulator.history_times import zone_of
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.trading_sessions import TradingHours, TradingSession, trading_day

_LONGEST_BREAK = timedelta(days=11)
_MOST_DAYS_OF_SECONDS = timedelta(days=45)
"""The longest duration in seconds, 86400, is spent within this many days of any instrument's trading."""


class Slot(Struct, frozen=True, gc=False):
    """The place of one bar: `start_s` dates it within the day, `day` is its trading day, or the last of a week's.

    `pieces` are the spans of trading in it, the ends not included; `first_day` is the trading day of the first.
    """

    start_s: int
    first_day: date
    day: date
    pieces: tuple[tuple[int, int], ...]


class Span(Struct, frozen=True):
    """What a request covers: the sessions whose bars it may have, and from when to when bars may begin."""

    sessions: tuple[TradingSession, ...]
    start_s: float
    end_s: float


def span_of(
    hours: TradingHours, instrument: Instrument, duration: Duration, end_s: float, *, regular_only: bool
) -> Span:
    """The span that ends at `end_s` and goes back by `duration`; without sessions if there is nothing.

    Seconds are counted in trading time, days in trading days; weeks, months and years go back on the calendar from the
    last trading day.
    """
    if duration.unit == "S":
        return _last_seconds(hours, instrument, duration.number, end_s, regular_only=regular_only)
    last = trading_day(instrument, end_s) + timedelta(days=1)  # a session may begin on the evening before its day
    # Five trading days take a week, and holidays some more.
    reach = timedelta(days=duration.number // 2) if duration.unit == "D" else timedelta()
    first = calendar_back(last, duration) - reach - _LONGEST_BREAK
    sessions = _begun(hours, instrument, first, last, end_s, regular_only=regular_only)
    days = sorted({session.day for session in sessions})
    if not days:
        return Span((), end_s, end_s)
    first = (
        days[-duration.number :][0] if duration.unit == "D" else calendar_back(days[-1], duration) + timedelta(days=1)
    )
    chosen = tuple(session for session in sessions if session.day >= first)
    return Span(chosen, chosen[0].start_s, end_s)


def _last_seconds(
    hours: TradingHours, instrument: Instrument, number: int, end_s: float, *, regular_only: bool
) -> Span:
    last = trading_day(instrument, end_s) + timedelta(days=1)
    sessions = _begun(hours, instrument, last - _MOST_DAYS_OF_SECONDS, last, end_s, regular_only=regular_only)
    left: float = number
    chosen: list[TradingSession] = []
    for session in reversed(sessions):
        chosen.insert(0, session)
        traded = min(session.end_s, end_s) - session.start_s
        if traded >= left:
            return Span(tuple(chosen), min(session.end_s, end_s) - left, end_s)
        left -= traded
    return Span(tuple(chosen), chosen[0].start_s if chosen else end_s, end_s)


def _begun(
    hours: TradingHours, instrument: Instrument, first: date, last: date, end_s: float, *, regular_only: bool
) -> list[TradingSession]:
    sessions = hours.sessions(instrument, first, last, regular_only=regular_only)
    return [session for session in sessions if session.start_s < end_s]


def calendar_back(day: date, duration: Duration) -> date:
    """The date that lies a duration of days, weeks, months or years before another."""
    match duration.unit:
        case "D":
            return day - timedelta(days=duration.number)
        case "W":
            return day - timedelta(weeks=duration.number)
        case "M":
            return _months_back(day, duration.number)
    return _months_back(day, 12 * duration.number)


def _months_back(day: date, months: int) -> date:
    month = day.year * 12 + day.month - 1 - months
    year, month = max(1, month // 12), month % 12 + 1
    last_of_month = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(day.day, last_of_month))


def slots(
    hours: TradingHours, instrument: Instrument, span: Span, size: BarSize, now_s: float, *, regular_only: bool
) -> Iterator[Slot]:
    """The places of the bars of a span, in order, none later than `now_s`."""
    if not span.sessions:
        return
    if size.is_intraday:
        places = _by_the_clock(instrument, span, size.length_s)
    else:
        first, last = span.sessions[0].day, span.sessions[-1].day
        first, last = period_of(first, size)[0], period_of(last, size)[1]
        whole = hours.sessions(instrument, first, last, regular_only=regular_only)
        places = _by_days((session for session in whole if session.start_s < now_s), size)
    for slot in places:
        if slot.pieces[-1][1] > now_s:
            slot = _until(slot, int(now_s))
        if slot.pieces:
            yield slot


def clock_start(instrument: Instrument, at_s: float, length_s: int) -> int:
    """When the bar of this moment begins: at a whole multiple of its length on the exchange's clock."""
    offset = datetime.fromtimestamp(at_s, UTC).astimezone(zone_of(instrument.time_zone_id)).utcoffset()
    offset_s = 0 if offset is None else int(offset.total_seconds())
    return (int(at_s) + offset_s) // length_s * length_s - offset_s


def _by_the_clock(instrument: Instrument, span: Span, length_s: int) -> Iterator[Slot]:
    """Bars begin at whole multiples of their length, the first of a session with it."""
    for session in span.sessions:
        start_s, end_s = int(session.start_s), int(session.end_s)
        boundary_s = clock_start(instrument, start_s, length_s)
        if span.start_s > start_s:
            boundary_s += math.ceil((span.start_s - boundary_s) / length_s) * length_s
        while boundary_s < end_s and boundary_s < span.end_s:
            piece = max(boundary_s, start_s), min(boundary_s + length_s, end_s)
            yield Slot(piece[0], session.day, session.day, (piece,))
            boundary_s += length_s


def _by_days(sessions: Iterable[TradingSession], size: BarSize) -> Iterator[Slot]:
    for _, group in groupby(sessions, key=lambda session: period_of(session.day, size)):
        members = list(group)
        pieces = tuple((int(session.start_s), int(session.end_s)) for session in members)
        yield Slot(pieces[0][0], members[0].day, members[-1].day, pieces)


def period_of(day: date, size: BarSize) -> tuple[date, date]:
    """The first and last date of the day, week or month that a day is in."""
    if size.length_s == DAY_S:
        return day, day
    if size.length_s == WEEK_S:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _until(slot: Slot, now_s: int) -> Slot:
    pieces = tuple((start_s, min(end_s, now_s)) for start_s, end_s in slot.pieces if start_s < now_s)
    return replace(slot, pieces=pieces)
