"""Streaming market data: level 1, tick by tick, depth, five-second bars, option calculations.

Generated from `../schema/market_data.proto` by `make wire`; do not edit.
"""

from __future__ import annotations

from msgspec import Struct

from ibwire.wire.messages.contract import Contract
from ibwire.wire.messages.history import HistoricalTick, HistoricalTickBidAsk, HistoricalTickLast


class MarketDataRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 1, REQ_MKT_DATA."""

    req_id: int | None = None
    contract: Contract | None = Contract()
    generic_tick_list: str | None = None
    snapshot: bool | None = None
    regulatory_snapshot: bool | None = None
    market_data_options: dict[str, str] = {}


class CancelMarketData(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 2, CANCEL_MKT_DATA."""

    req_id: int | None = None


class MarketDataTypeRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 59, REQ_MARKET_DATA_TYPE."""

    market_data_type: int | None = None


class MarketDataType(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 58, MARKET_DATA_TYPE."""

    req_id: int | None = None
    market_data_type: int | None = None  # 1 live, 2 frozen, 3 delayed, 4 delayed-frozen


class TickReqParams(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 81, TICK_REQ_PARAMS."""

    req_id: int | None = None
    min_tick: str | None = None  # decimal text
    bbo_exchange: str | None = None
    snapshot_permissions: int | None = None
    last_price_precision: str | None = None
    last_size_precision: str | None = None


class TickPrice(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 1, TICK_PRICE."""

    req_id: int | None = None
    tick_type: int | None = None
    price: float | None = None
    size: str | None = None  # decimal text
    attr_mask: int | None = None  # bits 1 auto-executable, 2 past limit, 4 pre-open; absent reads as all


class TickSize(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 2, TICK_SIZE."""

    req_id: int | None = None
    tick_type: int | None = None
    size: str | None = None  # decimal text


class TickGeneric(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 45, TICK_GENERIC."""

    req_id: int | None = None
    tick_type: int | None = None
    value: float | None = None


class TickString(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 46, TICK_STRING."""

    req_id: int | None = None
    tick_type: int | None = None
    value: str | None = None


class TickOptionComputation(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 21, TICK_OPTION_COMPUTATION."""

    req_id: int | None = None
    tick_type: int | None = None
    tick_attrib: int | None = None
    implied_vol: float | None = None
    delta: float | None = None
    opt_price: float | None = None
    pv_dividend: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    und_price: float | None = None


class TickNews(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 84, TICK_NEWS."""

    req_id: int | None = None
    timestamp: int | None = None  # epoch milliseconds
    provider_code: str | None = None
    article_id: str | None = None
    headline: str | None = None
    extra_data: str | None = None


class TickSnapshotEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 57, TICK_SNAPSHOT_END."""

    req_id: int | None = None


class RerouteMarketDataRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 91, REROUTE_MKT_DATA_REQ."""

    req_id: int | None = None
    con_id: int | None = None
    exchange: str | None = None


class MarketDepthRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 10, REQ_MKT_DEPTH."""

    req_id: int | None = None
    contract: Contract | None = Contract()
    num_rows: int | None = None
    is_smart_depth: bool | None = None
    market_depth_options: dict[str, str] = {}


class CancelMarketDepth(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 11, CANCEL_MKT_DEPTH."""

    req_id: int | None = None
    is_smart_depth: bool | None = None


class MarketDepthData(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Part of MarketDepth, MarketDepthL2."""

    position: int | None = None
    operation: int | None = None  # 0 insert, 1 update, 2 delete
    side: int | None = None  # 0 ask, 1 bid
    price: float | None = None
    size: str | None = None  # decimal text
    market_maker: str | None = None
    is_smart_depth: bool | None = None


class MarketDepth(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 12, MARKET_DEPTH."""

    req_id: int | None = None
    market_depth_data: MarketDepthData | None = None


class MarketDepthL2(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 13, MARKET_DEPTH_L2."""

    req_id: int | None = None
    market_depth_data: MarketDepthData | None = None


class RerouteMarketDepthRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 92, REROUTE_MKT_DEPTH_REQ."""

    req_id: int | None = None
    con_id: int | None = None
    exchange: str | None = None


class TickByTickRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 97, REQ_TICK_BY_TICK_DATA."""

    req_id: int | None = None
    contract: Contract | None = Contract()
    tick_type: str | None = None
    number_of_ticks: int | None = None
    ignore_size: bool | None = None


class CancelTickByTick(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 98, CANCEL_TICK_BY_TICK_DATA."""

    req_id: int | None = None


class TickByTickData(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Incoming 99, TICK_BY_TICK."""

    req_id: int | None = None
    tick_type: int | None = None  # 1 Last, 2 AllLast, 3 BidAsk, 4 MidPoint
    historical_tick_last: HistoricalTickLast | None = None
    historical_tick_bid_ask: HistoricalTickBidAsk | None = None
    historical_tick_mid_point: HistoricalTick | None = None


class RealTimeBarsRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 50, REQ_REAL_TIME_BARS."""

    req_id: int | None = None
    contract: Contract | None = Contract()
    bar_size: int | None = None
    what_to_show: str | None = None
    use_rth: bool | None = None
    real_time_bars_options: dict[str, str] = {}


class CancelRealTimeBars(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 51, CANCEL_REAL_TIME_BARS."""

    req_id: int | None = None


class RealTimeBarTick(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 50, REAL_TIME_BARS."""

    req_id: int | None = None
    time: int | None = None  # epoch seconds
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    volume: str | None = None  # decimal text
    wap: str | None = None  # decimal text
    count: int | None = None


class CalculateImpliedVolatilityRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 54, REQ_CALC_IMPLIED_VOLAT."""

    req_id: int | None = None
    contract: Contract | None = Contract()
    option_price: float | None = None
    under_price: float | None = None
    implied_volatility_options: dict[str, str] = {}


class CancelCalculateImpliedVolatility(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 56, CANCEL_CALC_IMPLIED_VOLAT."""

    req_id: int | None = None


class CalculateOptionPriceRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 55, REQ_CALC_OPTION_PRICE."""

    req_id: int | None = None
    contract: Contract | None = Contract()
    volatility: float | None = None
    under_price: float | None = None
    option_price_options: dict[str, str] = {}


class CancelCalculateOptionPrice(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 57, CANCEL_CALC_OPTION_PRICE."""

    req_id: int | None = None
