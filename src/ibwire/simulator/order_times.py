"""When an order begins to work and when it ends, by its time in force and the hours of its market.

Pure: Unix seconds in and out. MOC and LOC work at the regular close and OPG at the regular open, for that moment alone;
DAY ends with the trading day (of all hours if the order may trade outside the regular ones), GTD at its time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from ibwire.simulator.order_terms import OrderTerms
from ibwire.simulator.trading_sessions import TradingHours, next_close, next_open, trading_day

_LOOK_AHEAD = timedelta(days=10)


class OrderTimes(Struct, frozen=True):
    """Unix seconds; None is at once, or never."""

    starts_s: float | None
    ends_s: float | None


def times_of(terms: OrderTerms, hours: TradingHours, now_s: float) -> OrderTimes:
    """When an order that comes now begins, and when it ends if it has not by itself; of an auction both are one."""
    instrument = terms.instrument
    if terms.kind.is_at_close:
        close_s = next_close(hours, instrument, now_s, regular_only=True)
        return OrderTimes(close_s, close_s)
    if terms.tif == "OPG":
        open_s = next_open(hours, instrument, now_s, regular_only=True)
        return OrderTimes(open_s, open_s)
    ends_s = terms.good_till_s
    if terms.tif == "DAY" or terms.is_immediate:
        first_s = max(now_s, terms.good_after_s or now_s)
        ends_s = next_close(hours, instrument, first_s, regular_only=terms.needs_regular_hours)
    return OrderTimes(terms.good_after_s, ends_s)


def may_trade(terms: OrderTerms, hours: TradingHours, now_s: float) -> bool:
    """Whether the market is open for this order; for one in an auction it is, at its moment."""
    return terms.is_in_auction or hours.is_open(terms.instrument, now_s, regular_only=terms.needs_regular_hours)


def closed_warning(terms: OrderTerms, hours: TradingHours, now_s: float) -> str:
    """The text of 399 for an order that waits for its market to open (protocol notes, 3.24)."""
    instrument, day = terms.instrument, trading_day(terms.instrument, now_s)
    sessions = hours.sessions(instrument, day, day + _LOOK_AHEAD, regular_only=terms.needs_regular_hours)
    opens_s = next((session.start_s for session in sessions if session.start_s > now_s), now_s)
    zone = instrument.time_zone_id
    at = datetime.fromtimestamp(opens_s, UTC).astimezone(ZoneInfo(zone))
    venue = instrument.primary_exchange or instrument.exchange
    return (
        f"Order Message:\n{terms.order.action} {terms.quantity:f} {instrument.symbol} {venue}\n"
        f"Warning: your order will not be placed at the exchange until {at:%Y-%m-%d %H:%M:%S} {zone}"
    )
