"""Answers to historical requests as messages (protocol notes, 3.6 and 3.7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from ibwire.simulator.bar_slots import Span, calendar_back
from ibwire.simulator.bar_source import Bar, PastTick
from ibwire.simulator.history_requests import BarsAsked, TicksAsked
from ibwire.simulator.history_times import (
    FORMAT_EPOCH,
    bar_time,
    day_text,
    local_text,
    schedule_text,
    utc_text,
    zone_of,
)
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.what_to_show import BID_ASK
from ibwire.wire import Message
from ibwire.wire import messages as m

_WAP_DIGITS = 2
"""How many more digits an average price has than the instrument's tick."""


def bar_message(bar: Bar, asked: BarsAsked) -> m.HistoricalDataBar:
    """One bar."""
    zone_id = asked.instrument.time_zone_id
    is_intraday = asked.size.is_intraday
    return m.HistoricalDataBar(
        date=bar_time(bar.slot.start_s, zone_id, asked.format_date) if is_intraday else day_text(bar.slot.day),
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=f"{bar.volume:f}",
        wap=_average(bar, asked.instrument),
        bar_count=bar.count,
    )


def _average(bar: Bar, instrument: Instrument) -> str:
    """The average price by volume: -1 where none is kept; without a trade the price that stands."""
    if bar.turnover is None:
        return "-1"
    if not bar.volume:
        # An index has trades without sizes, and no average.
        return "0" if bar.count else repr(bar.close)
    tick = instrument.min_tick.normalize()
    return f"{(bar.turnover / bar.volume).quantize(tick.scaleb(-_WAP_DIGITS)):f}"


def bars(request_id: int, asked: BarsAsked, found: Iterable[Bar], end_s: float) -> list[Message]:
    """All bars in one message, then their end, with the span that was searched."""
    zone_id = asked.instrument.time_zone_id
    start = local_text(_calendar_start(asked, end_s), zone_id)
    return [
        m.HistoricalData(request_id, tuple(bar_message(bar, asked) for bar in found)),
        m.HistoricalDataEnd(request_id, start, local_text(end_s, zone_id)),
    ]


def _calendar_start(asked: BarsAsked, end_s: float) -> float:
    """The end less the duration on the calendar, as IBKR names it whatever the sessions were."""
    if asked.duration.unit == "S":
        return end_s - asked.duration.number
    end = datetime.fromtimestamp(end_s, zone_of(asked.instrument.time_zone_id))
    return datetime.combine(calendar_back(end.date(), asked.duration), end.timetz()).timestamp()


def update(request_id: int, asked: BarsAsked, bar: Bar) -> Message:
    """News of a bar that is kept up to date."""
    return m.HistoricalDataUpdate(request_id, bar_message(bar, asked))


def schedule(request_id: int, asked: BarsAsked, span: Span) -> Message:
    """The sessions themselves; there are neither bars nor an end with them."""
    zone_id = asked.instrument.time_zone_id
    sessions = tuple(
        m.HistoricalSession(
            schedule_text(session.start_s, zone_id), schedule_text(session.end_s, zone_id), day_text(session.day)
        )
        for session in span.sessions
    )
    return m.HistoricalSchedule(
        req_id=request_id,
        start_date_time=sessions[0].start_date_time,
        end_date_time=sessions[-1].end_date_time,
        time_zone=zone_id,
        historical_sessions=sessions,
    )


def head(request_id: int, at_s: int, format_date: int) -> Message:
    """Since when there are data: in UTC, as text or in seconds."""
    return m.HeadTimestamp(request_id, str(at_s) if format_date == FORMAT_EPOCH else utc_text(at_s))


def histogram(request_id: int, sizes: dict[float, Decimal]) -> Message:
    """Sizes by price, from the lowest on."""
    entries = tuple(m.HistogramDataEntry(price, f"{size:f}") for price, size in sorted(sizes.items()))
    return m.HistogramData(request_id, entries)


def ticks(request_id: int, asked: TicksAsked, found: Sequence[PastTick]) -> Message:
    """All ticks in one message that says it is the last."""
    if asked.what == "TRADES":
        exchange = asked.instrument.primary_exchange or asked.instrument.exchange
        trades = tuple(_trade(tick, exchange) for tick in found)
        return m.HistoricalTicksLast(request_id, trades, is_done=True)
    if asked.what == BID_ASK:
        return m.HistoricalTicksBidAsk(request_id, tuple(_quote(tick) for tick in found), is_done=True)
    return m.HistoricalTicks(request_id, tuple(_midpoint(tick) for tick in found), is_done=True)


def _trade(tick: PastTick, exchange: str) -> m.HistoricalTickLast:
    return m.HistoricalTickLast(
        time=tick.at_s,
        tick_attrib_last=m.TickAttribLast(),
        price=tick.price,
        size=f"{tick.size:f}",
        exchange=exchange,
        special_conditions="",
    )


def _quote(tick: PastTick) -> m.HistoricalTickBidAsk:
    return m.HistoricalTickBidAsk(
        time=tick.at_s,
        tick_attrib_bid_ask=m.TickAttribBidAsk(),
        price_bid=tick.bid,
        price_ask=tick.ask,
        size_bid=f"{tick.bid_size:f}",
        size_ask=f"{tick.ask_size:f}",
    )


def _midpoint(tick: PastTick) -> m.HistoricalTick:
    """A midpoint has no size (protocol notes, 3.7)."""
    return m.HistoricalTick(tick.at_s, midpoint(tick), "0")


def midpoint(tick: PastTick) -> float:
    """Half way between bid and ask."""
    return float((Decimal(repr(tick.bid)) + Decimal(repr(tick.ask))) / 2)
