"""Exchange hours with holidays and half days, from the `exchange_calendars` library (the extra `ibwire[calendar]`)."""

from __future__ import annotations

import warnings
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from msgspec import Struct

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


_LOOK_AGAIN_S = 3600.0
"""With nothing before the end of tomorrow, so long nothing opens: what opens the day after does so later still."""


class NoCalendars(RuntimeError):
    """The library with the calendars is not installed."""


class ExchangeHours:
    """When the exchanges really trade: the instrument table's sessions, without holidays and cut on half days.

    On a half day extended hours end as long after the close as on others: those of a US share at 17:00 then. Raises
    NoCalendars if `exchange_calendars` is missing.
    """

    def __init__(self) -> None:
        _library()
        self._known: dict[tuple[int, bool], _Known] = {}

    def sessions(
        self, instrument: Instrument, first_day: date, last_day: date, *, regular_only: bool
    ) -> list[TradingSession]:
        """The sessions of these trading days, both included, in order; `regular_only` are the liquid hours."""
        name = _CALENDARS.get(instrument.exchange)
        real: list[TradingSession] = []
        for session in table_sessions(instrument, first_day, last_day, regular_only=regular_only):
            end_s = session.end_s if name is None else self._end_s(instrument, session, _days_of(name))
            if session.start_s < end_s:
                real.append(TradingSession(session.start_s, end_s, session.day))
        return real

    def is_open(self, instrument: Instrument, at_s: float, *, regular_only: bool) -> bool:
        """Whether one of its sessions is under way."""
        key = instrument.con_id, regular_only
        known = self._known.get(key)
        if known is None or not known.from_s <= at_s < known.until_s:
            known = self._known[key] = self._state(instrument, at_s, regular_only=regular_only)
        return known.is_open

    def _end_s(self, instrument: Instrument, session: TradingSession, days: _Days) -> float:
        """When a session of the table really ends: not after it began, if it is not held at all."""
        if not days.trades_on(session.day):
            return session.start_s
        closes_s = days.early_closes_s.get(session.day)
        if closes_s is None:
            return session.end_s
        usual_s, last_s = (
            [one.end_s for one in table_sessions(instrument, session.day, session.day, regular_only=regular_only)][-1]
            for regular_only in (True, False)
        )
        # Extended hours end as much after the early close as they do after the usual one.
        return min(session.end_s, closes_s + (last_s - usual_s if session.end_s > usual_s else 0.0))

    def _state(self, instrument: Instrument, at_s: float, *, regular_only: bool) -> _Known:
        """Whether it is open at a moment, and until when that holds; kept because it is asked with every quote."""
        today = trading_day(instrument, at_s)
        for session in self.sessions(instrument, today, today + timedelta(days=1), regular_only=regular_only):
            if at_s < session.start_s:
                return _Known(at_s, session.start_s, is_open=False)
            if at_s < session.end_s:
                return _Known(session.start_s, session.end_s, is_open=True)
        return _Known(at_s, at_s + _LOOK_AGAIN_S, is_open=False)


class _Known(Struct, frozen=True):
    """Whether a market is open from one moment until before another."""

    from_s: float
    until_s: float
    is_open: bool


class _Days:
    """An exchange's trading days, and when it closes on half days, in Unix seconds."""

    def __init__(self, name: str) -> None:
        with warnings.catch_warnings():
            # How the library uses pandas is not for our users to hear about.
            warnings.simplefilter("ignore", DeprecationWarning)
            calendar = _library().get_calendar(name, start=FIRST_DAY.isoformat(), end=LAST_DAY.isoformat())
        self._trading = frozenset(session.date() for session in calendar.sessions)
        closes = ((day.date(), calendar.session_close(day)) for day in calendar.early_closes)
        self.early_closes_s: dict[date, float] = {day: close.timestamp() for day, close in closes}

    def trades_on(self, day: date) -> bool:
        """Whether it is no holiday; weekends are the table's."""
        return day in self._trading or not FIRST_DAY <= day <= LAST_DAY


@lru_cache
def _days_of(name: str) -> _Days:
    return _Days(name)


def _library() -> Any:
    try:
        import exchange_calendars  # type: ignore[import-untyped]  # it has no types
    except ImportError as error:
        raise NoCalendars("exchange hours need exchange_calendars: pip install 'ibwire[calendar]'") from error
    return exchange_calendars
