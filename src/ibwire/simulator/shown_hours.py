"""Trading hours as contract details show them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ibwire.simulator.history_times import zone_of
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.trading_sessions import TradingHours, TradingSession

DAYS_SHOWN = 6


def hours_shown(hours: TradingHours, instrument: Instrument, first_day: date, *, regular_only: bool) -> str:
    """The sessions of the days from `first_day` on, the way IBKR writes `tradingHours`.

    A day without any is CLOSED; but the evening before a trading day belongs to it, so that a Sunday on which Monday's
    session opens is not.

    Source: captured contract details, e.g. AAPL "20260405:CLOSED;20260406:0400-20260406:2000" and ES
    "20251220:CLOSED;20251221:1700-20251222:1600".
    """
    last_day = first_day + timedelta(days=DAYS_SHOWN - 1)
    zone = zone_of(instrument.time_zone_id)
    entries: list[str] = []
    by_day: dict[date, list[TradingSession]] = {}
    for session in hours.sessions(instrument, first_day, last_day, regular_only=regular_only):
        by_day.setdefault(session.day, []).append(session)
    for day in (first_day + timedelta(days=number) for number in range(DAYS_SHOWN)):
        for session in by_day.get(day, ()):
            opens, closes = (datetime.fromtimestamp(at_s, zone) for at_s in (session.start_s, session.end_s))
            entries.append(f"{opens:%Y%m%d:%H%M}-{closes:%Y%m%d:%H%M}")
        following = by_day.get(day + timedelta(days=1), ())
        opens_tonight = any(datetime.fromtimestamp(one.start_s, zone).date() == day for one in following)
        if day not in by_day and not opens_tonight:
            entries.append(f"{day:%Y%m%d}:CLOSED")
    return ";".join(entries)
