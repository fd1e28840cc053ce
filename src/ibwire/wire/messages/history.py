"""Historical bars, ticks, histograms and schedules.

Generated from `../schema/history.proto` by `make wire`; do not edit.
"""

from __future__ import annotations

from msgspec import Struct

from ibwire.wire.messages.contract import Contract


class HistoricalDataRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 20, REQ_HISTORICAL_DATA."""

    req_id: int | None = None
    contract: Contract | None = Contract()
    end_date_time: str | None = None
    bar_size_setting: str | None = None
    duration: str | None = None
    use_rth: bool | None = None
    what_to_show: str | None = None
    format_date: int | None = None
    keep_up_to_date: bool | None = None
    chart_options: dict[str, str] = {}


class CancelHistoricalData(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 25, CANCEL_HISTORICAL_DATA."""

    req_id: int | None = None


class HistoricalDataBar(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Part of HistoricalData, HistoricalDataUpdate."""

    date: str | None = None  # YYYYMMDD, "YYYYMMDD HH:MM:SS TZ" or epoch seconds, by bar size and format_date
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    volume: str | None = None  # decimal text
    wap: str | None = None  # decimal text
    bar_count: int | None = None


class HistoricalData(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 17, HISTORICAL_DATA."""

    req_id: int | None = None
    historical_data_bars: tuple[HistoricalDataBar, ...] = ()


class HistoricalDataUpdate(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 90, HISTORICAL_DATA_UPDATE."""

    req_id: int | None = None
    historical_data_bar: HistoricalDataBar | None = None


class HistoricalDataEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 108, HISTORICAL_DATA_END."""

    req_id: int | None = None
    start_date_str: str | None = None
    end_date_str: str | None = None


class HistoricalSession(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of HistoricalSchedule."""

    start_date_time: str | None = None
    end_date_time: str | None = None
    ref_date: str | None = None


class HistoricalSchedule(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Incoming 106, HISTORICAL_SCHEDULE."""

    req_id: int | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None
    time_zone: str | None = None
    historical_sessions: tuple[HistoricalSession, ...] = ()


class HeadTimestampRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 87, REQ_HEAD_TIMESTAMP."""

    req_id: int | None = None
    contract: Contract | None = Contract()
    use_rth: bool | None = None
    what_to_show: str | None = None
    format_date: int | None = None


class CancelHeadTimestamp(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 90, CANCEL_HEAD_TIMESTAMP."""

    req_id: int | None = None


class HeadTimestamp(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 88, HEAD_TIMESTAMP."""

    req_id: int | None = None
    head_timestamp: str | None = None


class HistogramDataRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 88, REQ_HISTOGRAM_DATA."""

    req_id: int | None = None
    contract: Contract | None = Contract()
    use_rth: bool | None = None
    time_period: str | None = None


class CancelHistogramData(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 89, CANCEL_HISTOGRAM_DATA."""

    req_id: int | None = None


class HistogramDataEntry(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of HistogramData."""

    price: float | None = None
    size: str | None = None  # decimal text


class HistogramData(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 89, HISTOGRAM_DATA."""

    req_id: int | None = None
    histogram_data_entries: tuple[HistogramDataEntry, ...] = ()


class HistoricalTicksRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 96, REQ_HISTORICAL_TICKS."""

    req_id: int | None = None
    contract: Contract | None = Contract()
    start_date_time: str | None = None
    end_date_time: str | None = None
    number_of_ticks: int | None = None
    what_to_show: str | None = None
    use_rth: bool | None = None
    ignore_size: bool | None = None
    misc_options: dict[str, str] = {}


class CancelHistoricalTicks(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 107, CANCEL_HISTORICAL_TICKS."""

    req_id: int | None = None


class HistoricalTick(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of HistoricalTicks, TickByTickData."""

    time: int | None = None  # epoch seconds
    price: float | None = None
    size: str | None = None  # decimal text


class HistoricalTicks(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 96, HISTORICAL_TICKS."""

    req_id: int | None = None
    historical_ticks: tuple[HistoricalTick, ...] = ()
    is_done: bool | None = None


class TickAttribBidAsk(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of HistoricalTickBidAsk."""

    bid_past_low: bool | None = None
    ask_past_high: bool | None = None


class HistoricalTickBidAsk(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Part of HistoricalTicksBidAsk, TickByTickData."""

    time: int | None = None  # epoch seconds
    tick_attrib_bid_ask: TickAttribBidAsk | None = None
    price_bid: float | None = None
    price_ask: float | None = None
    size_bid: str | None = None  # decimal text
    size_ask: str | None = None  # decimal text


class HistoricalTicksBidAsk(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 97, HISTORICAL_TICKS_BID_ASK."""

    req_id: int | None = None
    historical_ticks_bid_ask: tuple[HistoricalTickBidAsk, ...] = ()
    is_done: bool | None = None


class TickAttribLast(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of HistoricalTickLast."""

    past_limit: bool | None = None
    unreported: bool | None = None


class HistoricalTickLast(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Part of HistoricalTicksLast, TickByTickData."""

    time: int | None = None  # epoch seconds
    tick_attrib_last: TickAttribLast | None = None
    price: float | None = None
    size: str | None = None  # decimal text
    exchange: str | None = None
    special_conditions: str | None = None


class HistoricalTicksLast(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 98, HISTORICAL_TICKS_LAST."""

    req_id: int | None = None
    historical_ticks_last: tuple[HistoricalTickLast, ...] = ()
    is_done: bool | None = None
