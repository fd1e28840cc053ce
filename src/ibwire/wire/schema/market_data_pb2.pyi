from ibwire.wire.schema import contract_pb2 as _contract_pb2
from ibwire.wire.schema import history_pb2 as _history_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MarketDataRequest(_message.Message):
    __slots__ = ("req_id", "contract", "generic_tick_list", "snapshot", "regulatory_snapshot", "market_data_options")
    class MarketDataOptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    GENERIC_TICK_LIST_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    REGULATORY_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    MARKET_DATA_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract: _contract_pb2.Contract
    generic_tick_list: str
    snapshot: bool
    regulatory_snapshot: bool
    market_data_options: _containers.ScalarMap[str, str]
    def __init__(self, req_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., generic_tick_list: _Optional[str] = ..., snapshot: bool = ..., regulatory_snapshot: bool = ..., market_data_options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CancelMarketData(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class MarketDataTypeRequest(_message.Message):
    __slots__ = ("market_data_type",)
    MARKET_DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    market_data_type: int
    def __init__(self, market_data_type: _Optional[int] = ...) -> None: ...

class MarketDataType(_message.Message):
    __slots__ = ("req_id", "market_data_type")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    MARKET_DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    market_data_type: int
    def __init__(self, req_id: _Optional[int] = ..., market_data_type: _Optional[int] = ...) -> None: ...

class TickReqParams(_message.Message):
    __slots__ = ("req_id", "min_tick", "bbo_exchange", "snapshot_permissions", "last_price_precision", "last_size_precision")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    MIN_TICK_FIELD_NUMBER: _ClassVar[int]
    BBO_EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    LAST_PRICE_PRECISION_FIELD_NUMBER: _ClassVar[int]
    LAST_SIZE_PRECISION_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    min_tick: str
    bbo_exchange: str
    snapshot_permissions: int
    last_price_precision: str
    last_size_precision: str
    def __init__(self, req_id: _Optional[int] = ..., min_tick: _Optional[str] = ..., bbo_exchange: _Optional[str] = ..., snapshot_permissions: _Optional[int] = ..., last_price_precision: _Optional[str] = ..., last_size_precision: _Optional[str] = ...) -> None: ...

class TickPrice(_message.Message):
    __slots__ = ("req_id", "tick_type", "price", "size", "attr_mask")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    TICK_TYPE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    ATTR_MASK_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    tick_type: int
    price: float
    size: str
    attr_mask: int
    def __init__(self, req_id: _Optional[int] = ..., tick_type: _Optional[int] = ..., price: _Optional[float] = ..., size: _Optional[str] = ..., attr_mask: _Optional[int] = ...) -> None: ...

class TickSize(_message.Message):
    __slots__ = ("req_id", "tick_type", "size")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    TICK_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    tick_type: int
    size: str
    def __init__(self, req_id: _Optional[int] = ..., tick_type: _Optional[int] = ..., size: _Optional[str] = ...) -> None: ...

class TickGeneric(_message.Message):
    __slots__ = ("req_id", "tick_type", "value")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    TICK_TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    tick_type: int
    value: float
    def __init__(self, req_id: _Optional[int] = ..., tick_type: _Optional[int] = ..., value: _Optional[float] = ...) -> None: ...

class TickString(_message.Message):
    __slots__ = ("req_id", "tick_type", "value")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    TICK_TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    tick_type: int
    value: str
    def __init__(self, req_id: _Optional[int] = ..., tick_type: _Optional[int] = ..., value: _Optional[str] = ...) -> None: ...

class TickOptionComputation(_message.Message):
    __slots__ = ("req_id", "tick_type", "tick_attrib", "implied_vol", "delta", "opt_price", "pv_dividend", "gamma", "vega", "theta", "und_price")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    TICK_TYPE_FIELD_NUMBER: _ClassVar[int]
    TICK_ATTRIB_FIELD_NUMBER: _ClassVar[int]
    IMPLIED_VOL_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    OPT_PRICE_FIELD_NUMBER: _ClassVar[int]
    PV_DIVIDEND_FIELD_NUMBER: _ClassVar[int]
    GAMMA_FIELD_NUMBER: _ClassVar[int]
    VEGA_FIELD_NUMBER: _ClassVar[int]
    THETA_FIELD_NUMBER: _ClassVar[int]
    UND_PRICE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    tick_type: int
    tick_attrib: int
    implied_vol: float
    delta: float
    opt_price: float
    pv_dividend: float
    gamma: float
    vega: float
    theta: float
    und_price: float
    def __init__(self, req_id: _Optional[int] = ..., tick_type: _Optional[int] = ..., tick_attrib: _Optional[int] = ..., implied_vol: _Optional[float] = ..., delta: _Optional[float] = ..., opt_price: _Optional[float] = ..., pv_dividend: _Optional[float] = ..., gamma: _Optional[float] = ..., vega: _Optional[float] = ..., theta: _Optional[float] = ..., und_price: _Optional[float] = ...) -> None: ...

class TickNews(_message.Message):
    __slots__ = ("req_id", "timestamp", "provider_code", "article_id", "headline", "extra_data")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_CODE_FIELD_NUMBER: _ClassVar[int]
    ARTICLE_ID_FIELD_NUMBER: _ClassVar[int]
    HEADLINE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_DATA_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    timestamp: int
    provider_code: str
    article_id: str
    headline: str
    extra_data: str
    def __init__(self, req_id: _Optional[int] = ..., timestamp: _Optional[int] = ..., provider_code: _Optional[str] = ..., article_id: _Optional[str] = ..., headline: _Optional[str] = ..., extra_data: _Optional[str] = ...) -> None: ...

class TickSnapshotEnd(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class RerouteMarketDataRequest(_message.Message):
    __slots__ = ("req_id", "con_id", "exchange")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CON_ID_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    con_id: int
    exchange: str
    def __init__(self, req_id: _Optional[int] = ..., con_id: _Optional[int] = ..., exchange: _Optional[str] = ...) -> None: ...

class MarketDepthRequest(_message.Message):
    __slots__ = ("req_id", "contract", "num_rows", "is_smart_depth", "market_depth_options")
    class MarketDepthOptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    NUM_ROWS_FIELD_NUMBER: _ClassVar[int]
    IS_SMART_DEPTH_FIELD_NUMBER: _ClassVar[int]
    MARKET_DEPTH_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract: _contract_pb2.Contract
    num_rows: int
    is_smart_depth: bool
    market_depth_options: _containers.ScalarMap[str, str]
    def __init__(self, req_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., num_rows: _Optional[int] = ..., is_smart_depth: bool = ..., market_depth_options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CancelMarketDepth(_message.Message):
    __slots__ = ("req_id", "is_smart_depth")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    IS_SMART_DEPTH_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    is_smart_depth: bool
    def __init__(self, req_id: _Optional[int] = ..., is_smart_depth: bool = ...) -> None: ...

class MarketDepth(_message.Message):
    __slots__ = ("req_id", "market_depth_data")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    MARKET_DEPTH_DATA_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    market_depth_data: MarketDepthData
    def __init__(self, req_id: _Optional[int] = ..., market_depth_data: _Optional[_Union[MarketDepthData, _Mapping]] = ...) -> None: ...

class MarketDepthL2(_message.Message):
    __slots__ = ("req_id", "market_depth_data")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    MARKET_DEPTH_DATA_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    market_depth_data: MarketDepthData
    def __init__(self, req_id: _Optional[int] = ..., market_depth_data: _Optional[_Union[MarketDepthData, _Mapping]] = ...) -> None: ...

class MarketDepthData(_message.Message):
    __slots__ = ("position", "operation", "side", "price", "size", "market_maker", "is_smart_depth")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    MARKET_MAKER_FIELD_NUMBER: _ClassVar[int]
    IS_SMART_DEPTH_FIELD_NUMBER: _ClassVar[int]
    position: int
    operation: int
    side: int
    price: float
    size: str
    market_maker: str
    is_smart_depth: bool
    def __init__(self, position: _Optional[int] = ..., operation: _Optional[int] = ..., side: _Optional[int] = ..., price: _Optional[float] = ..., size: _Optional[str] = ..., market_maker: _Optional[str] = ..., is_smart_depth: bool = ...) -> None: ...

class RerouteMarketDepthRequest(_message.Message):
    __slots__ = ("req_id", "con_id", "exchange")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CON_ID_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    con_id: int
    exchange: str
    def __init__(self, req_id: _Optional[int] = ..., con_id: _Optional[int] = ..., exchange: _Optional[str] = ...) -> None: ...

class TickByTickRequest(_message.Message):
    __slots__ = ("req_id", "contract", "tick_type", "number_of_ticks", "ignore_size")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    TICK_TYPE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_OF_TICKS_FIELD_NUMBER: _ClassVar[int]
    IGNORE_SIZE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract: _contract_pb2.Contract
    tick_type: str
    number_of_ticks: int
    ignore_size: bool
    def __init__(self, req_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., tick_type: _Optional[str] = ..., number_of_ticks: _Optional[int] = ..., ignore_size: bool = ...) -> None: ...

class CancelTickByTick(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class TickByTickData(_message.Message):
    __slots__ = ("req_id", "tick_type", "historical_tick_last", "historical_tick_bid_ask", "historical_tick_mid_point")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    TICK_TYPE_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_TICK_LAST_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_TICK_BID_ASK_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_TICK_MID_POINT_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    tick_type: int
    historical_tick_last: _history_pb2.HistoricalTickLast
    historical_tick_bid_ask: _history_pb2.HistoricalTickBidAsk
    historical_tick_mid_point: _history_pb2.HistoricalTick
    def __init__(self, req_id: _Optional[int] = ..., tick_type: _Optional[int] = ..., historical_tick_last: _Optional[_Union[_history_pb2.HistoricalTickLast, _Mapping]] = ..., historical_tick_bid_ask: _Optional[_Union[_history_pb2.HistoricalTickBidAsk, _Mapping]] = ..., historical_tick_mid_point: _Optional[_Union[_history_pb2.HistoricalTick, _Mapping]] = ...) -> None: ...

class RealTimeBarsRequest(_message.Message):
    __slots__ = ("req_id", "contract", "bar_size", "what_to_show", "use_rth", "real_time_bars_options")
    class RealTimeBarsOptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    BAR_SIZE_FIELD_NUMBER: _ClassVar[int]
    WHAT_TO_SHOW_FIELD_NUMBER: _ClassVar[int]
    USE_RTH_FIELD_NUMBER: _ClassVar[int]
    REAL_TIME_BARS_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract: _contract_pb2.Contract
    bar_size: int
    what_to_show: str
    use_rth: bool
    real_time_bars_options: _containers.ScalarMap[str, str]
    def __init__(self, req_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., bar_size: _Optional[int] = ..., what_to_show: _Optional[str] = ..., use_rth: bool = ..., real_time_bars_options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CancelRealTimeBars(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class RealTimeBarTick(_message.Message):
    __slots__ = ("req_id", "time", "open", "high", "low", "close", "volume", "wap", "count")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    WAP_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    time: int
    open: float
    high: float
    low: float
    close: float
    volume: str
    wap: str
    count: int
    def __init__(self, req_id: _Optional[int] = ..., time: _Optional[int] = ..., open: _Optional[float] = ..., high: _Optional[float] = ..., low: _Optional[float] = ..., close: _Optional[float] = ..., volume: _Optional[str] = ..., wap: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class CalculateImpliedVolatilityRequest(_message.Message):
    __slots__ = ("req_id", "contract", "option_price", "under_price", "implied_volatility_options")
    class ImpliedVolatilityOptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    OPTION_PRICE_FIELD_NUMBER: _ClassVar[int]
    UNDER_PRICE_FIELD_NUMBER: _ClassVar[int]
    IMPLIED_VOLATILITY_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract: _contract_pb2.Contract
    option_price: float
    under_price: float
    implied_volatility_options: _containers.ScalarMap[str, str]
    def __init__(self, req_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., option_price: _Optional[float] = ..., under_price: _Optional[float] = ..., implied_volatility_options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CancelCalculateImpliedVolatility(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class CalculateOptionPriceRequest(_message.Message):
    __slots__ = ("req_id", "contract", "volatility", "under_price", "option_price_options")
    class OptionPriceOptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    VOLATILITY_FIELD_NUMBER: _ClassVar[int]
    UNDER_PRICE_FIELD_NUMBER: _ClassVar[int]
    OPTION_PRICE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract: _contract_pb2.Contract
    volatility: float
    under_price: float
    option_price_options: _containers.ScalarMap[str, str]
    def __init__(self, req_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., volatility: _Optional[float] = ..., under_price: _Optional[float] = ..., option_price_options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CancelCalculateOptionPrice(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...
