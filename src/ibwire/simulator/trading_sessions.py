"""When an instrument trades: its daily sessions as spans of time, and whether its market is open.

Pure: sessions come from the instrument table, times are Unix seconds. `TradingHours` is what the gateway asks; by
default its markets are always open.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from ibwire.simulator.instruments import Instrument

_LONGEST_BREAK = timedelta(days=10)
"""No market is closed for longer than this at a stretch."""


class TradingSession(Struct, frozen=True):
    """One span of trading, in Unix seconds, the end not included; `day` is the trading day that it counts for."""

    start_s: float
    end_s: float
    day: date


class TradingHours(Protocol):
    """Says when markets are open, holidays included if it knows them."""

    def sessions(
        self, instrument: Instrument, first_day: date, last_day: date, *, regular_only: bool
    ) -> list[TradingSession]:
        """The sessions of these trading days, both included, in order; `regular_only` are the liquid hours."""

    def is_open(self, instrument: Instrument, at_s: float, *, regular_only: bool) -> bool:
        """Whether quotes come and orders are matched now."""


class AlwaysOpen:
    """Every market is open whenever anybody looks; days and their sessions are those of the instrument table."""

    def sessions(
        self, instrument: Instrument, first_day: date, last_day: date, *, regular_only: bool
    ) -> list[TradingSession]:
        """The sessions of the table on every weekday that it names: no holidays."""
        return list(table_sessions(instrument, first_day, last_day, regular_only=regular_only))

    def is_open(self, instrument: Instrument, at_s: float, *, regular_only: bool) -> bool:
        """Yes."""
        return True


def table_sessions(
    instrument: Instrument, first_day: date, last_day: date, *, regular_only: bool
) -> Iterator[TradingSession]:
    """The sessions that the instrument table gives for the trading days from `first_day` to `last_day`."""
    text = instrument.liquid_sessions if regular_only else instrument.trading_sessions
    zone = ZoneInfo(instrument.time_zone_id)
    day = first_day
    while day <= last_day:
        if day.weekday() < instrument.session_weekdays:
            for opens, closes in _spans(text):
                # A session that opens no earlier than it closes opened on the evening before.
                opening_day = day - timedelta(days=1) if opens >= closes else day
                yield TradingSession(_unix(opening_day, opens, zone), _unix(day, closes, zone), day)
        day += timedelta(days=1)


def trading_day(instrument: Instrument, at_s: float) -> date:
    """The date at the exchange."""
    return datetime.fromtimestamp(at_s, UTC).astimezone(ZoneInfo(instrument.time_zone_id)).date()


def next_close(hours: TradingHours, instrument: Instrument, at_s: float, *, regular_only: bool) -> float:
    """When the trading day that is under way, or comes next, ends: the end of its last session."""
    first = trading_day(instrument, at_s)
    sessions = hours.sessions(instrument, first, first + _LONGEST_BREAK, regular_only=regular_only)
    last_of_day = {session.day: session.end_s for session in sessions}
    return next(end_s for end_s in last_of_day.values() if end_s > at_s)


def next_open(hours: TradingHours, instrument: Instrument, at_s: float, *, regular_only: bool) -> float:
    """When the next trading day begins: the start of its first session, after `at_s`."""
    first = trading_day(instrument, at_s)
    starts: dict[date, float] = {}
    for session in hours.sessions(instrument, first, first + _LONGEST_BREAK, regular_only=regular_only):
        starts.setdefault(session.day, session.start_s)
    return next(start_s for start_s in starts.values() if start_s > at_s)


@lru_cache
def _spans(text: str) -> tuple[tuple[time, time], ...]:
    """Opening and closing of each session; "0930-1200,1300-1600" is two."""
    spans = (session.split("-") for session in text.split(","))
    return tuple((_time(opens), _time(closes)) for opens, closes in spans)


def _time(text: str) -> time:
    return time(int(text[:2]), int(text[2:]))


def _unix(day: date, at: time, zone: ZoneInfo) -> float:
    return datetime.combine(day, at, zone).timestamp()
