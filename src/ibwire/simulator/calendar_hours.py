"""Exchange hours with holidays and half days, from the `exchange_calendars` library (the extra `ibwire[calendar]`)."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from ibwire.simulator.instruments import Instrument
from ibwire.simulator.trading_sessions import TradingSession, table_sessions, trading_day

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2049, 12, 31)
"""The days that the calendars are made for; outside of them there are no holidays."""

_CALENDARS = {
    "SMART": "XNYS",
    "NYSE": "XNYS",
    "NASDAQ": "XNYS",
    "ARCA": "XNYS",
    "CBOE": "XNYS",
    "RUSSELL": "XNYS",
    "CME": "CMES",
    "COMEX": "CMES",
    "NYMEX": "CMES",
    "SEHK": "XHKG",
    "EUREX": "XEUR",
}
"""The library's calendar of each exchange of the instrument table. Forex (IDEALPRO) and crypto (PAXOS) have no
holidays, so their days are those of the table."""


class NoCalendars(RuntimeError):
    """The library with the calendars is not installed."""


class ExchangeHours:
    """When the exchanges really trade: the instrument table's sessions, without holidays and cut on half days.

    On a half day everything ends as much earlier as the exchange closes earlier than usual, extended hours too: the
    last of a US share are from 13:00 to 17:00 then. Raises NoCalendars if `exchange_calendars` is missing.
    """

    def __init__(self) -> None:
        _library()

    def sessions(
        self, instrument: Instrument, first_day: date, last_day: date, *, regular_only: bool
    ) -> list[TradingSession]:
        """The sessions of these trading days, both included, in order; `regular_only` are the liquid hours."""
        sessions = table_sessions(instrument, first_day, last_day, regular_only=regular_only)
        name = _CALENDARS.get(instrument.exchange)
        return list(sessions) if name is None else _real(list(sessions), _days_of(name))

    def is_open(self, instrument: Instrument, at_s: float, *, regular_only: bool) -> bool:
        """Whether one of its sessions is under way."""
        today = trading_day(instrument, at_s)
        sessions = self.sessions(instrument, today, today + timedelta(days=1), regular_only=regular_only)
        return any(session.start_s <= at_s < session.end_s for session in sessions)


class _Days:
    """An exchange's trading days, and by how many seconds each closes earlier than usual."""

    def __init__(self, name: str) -> None:
        calendar = _library().get_calendar(name, start=FIRST_DAY.isoformat(), end=LAST_DAY.isoformat())
        self._usual = [(date.min if since is None else since.date(), at) for since, at in calendar.close_times]
        self._zone = calendar.tz
        self.trading = frozenset(session.date() for session in calendar.sessions)
        self.earlier_s = {day.date(): self._earlier_s(calendar, day) for day in calendar.early_closes}

    def knows(self, day: date) -> bool:
        return FIRST_DAY <= day <= LAST_DAY

    def _earlier_s(self, calendar: Any, day: Any) -> float:
        since = [since for since, _ in self._usual]
        usual = self._usual[bisect_right(since, day.date()) - 1][1]
        close = calendar.session_close(day).to_pydatetime()
        usual_close = datetime.combine(day.date(), usual, self._zone)
        return float((usual_close - close).total_seconds())


def _real(sessions: list[TradingSession], days: _Days) -> list[TradingSession]:
    """The sessions of the table less holidays and the ends of half days."""
    ends_s = {session.day: session.end_s for session in sessions}
    real: list[TradingSession] = []
    for session in sessions:
        if days.knows(session.day) and session.day not in days.trading:
            continue
        last_s = ends_s[session.day] - days.earlier_s.get(session.day, 0.0)
        if session.start_s < last_s:
            real.append(TradingSession(session.start_s, min(session.end_s, last_s), session.day))
    return real


@lru_cache
def _days_of(name: str) -> _Days:
    return _Days(name)


def _library() -> Any:
    try:
        import exchange_calendars  # type: ignore[import-untyped]  # it has no types
    except ImportError as error:
        raise NoCalendars("exchange hours need exchange_calendars: pip install 'ibwire[calendar]'") from error
    return exchange_calendars
