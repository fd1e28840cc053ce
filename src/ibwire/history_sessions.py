"""Trading sessions as IBKR's schedules tell them, and which bars are missing inside of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from msgspec import Struct

from ibwire.bar_times import parse_day, parse_moment, zone_named
from ibwire.history_bars import Bar, Hole, closes_at, period_of, position
from ibwire.history_spans import BarSize, Interval, joined
from ibwire.record_table import RecordTable
from ibwire.wire import messages as m


class TradingSession(Struct, frozen=True):
    """One span of trading in aware UTC, the end not included; `day` is the trading day that it counts for."""

    start: datetime
    end: datetime
    day: date


class Schedule(RecordTable[TradingSession]):
    """The sessions of a span, in order; `time_zone` is the exchange's, `known` the time of which they tell, if any."""

    def __init__(self, sessions: Iterable[TradingSession], time_zone: str, known: Interval | None) -> None:
        super().__init__(TradingSession, tuple(sessions))
        self.time_zone = time_zone
        self.known = known

    @property
    def zone(self) -> tzinfo:
        """The exchange's time zone."""
        return zone_named(self.time_zone) if self.time_zone else UTC


def sessions_of(message: m.HistoricalSchedule) -> list[TradingSession]:
    """The sessions of an answer. Raises RequestError for times that cannot be read."""
    zone = zone_named(message.time_zone) if message.time_zone else None
    return [
        TradingSession(
            parse_moment(one.start_date_time, zone=zone),
            parse_moment(one.end_date_time, zone=zone),
            parse_day(one.ref_date),
        )
        for one in message.historical_sessions
    ]


def trading_time(schedule: Schedule, size: BarSize) -> list[Interval]:
    """When bars of this size may begin: in a session, or a bar's length before it for those cut by the clock."""
    return joined(Interval(session.start - size.length, session.end) for session in schedule)


def holes(bars: Sequence[Bar], schedule: Schedule, size: BarSize, span: Interval, now: datetime) -> tuple[Hole, ...]:
    """Where bars are missing: places of bars that lie in a session and in the span, had closed by `now`, and are
    empty. Neighbours are one hole."""
    starts = [position(bar.start) for bar in bars]
    found: list[Hole] = []
    has_neighbour = False
    for place in _places(schedule, size):
        first, end = position(place.start), position(place.end)
        if not (span.start <= first and first < span.end) or closes_at(place.start, size) > now:
            continue
        at = bisect_left(starts, first)
        if at < len(starts) and starts[at] < end:
            has_neighbour = False
        elif has_neighbour:
            found[-1] = Hole(found[-1].start, place.end)
        else:
            found.append(place)
            has_neighbour = True
    return tuple(found)


def _places(schedule: Schedule, size: BarSize) -> Iterator[Hole]:
    """Where each bar lies in time."""
    if not size.is_intraday:
        for first, after in sorted({period_of(session.day, size) for session in schedule}):
            yield Hole(first, after)
        return
    zone = schedule.zone
    for session in schedule:
        # Bars begin at whole multiples of their length on the exchange's clock, the first with the session.
        local = session.start.astimezone(zone)
        since_midnight = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
        start, end = session.start, session.start - since_midnight % size.length + size.length
        while start < session.end:
            yield Hole(start, min(end, session.end))
            start, end = end, end + size.length
