from ibwire.wire.schema import contract_pb2 as _contract_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HistoricalDataRequest(_message.Message):
    __slots__ = ("req_id", "contract", "end_date_time", "bar_size_setting", "duration", "use_rth", "what_to_show", "format_date", "keep_up_to_date", "chart_options")
    class ChartOptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    END_DATE_TIME_FIELD_NUMBER: _ClassVar[int]
    BAR_SIZE_SETTING_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    USE_RTH_FIELD_NUMBER: _ClassVar[int]
    WHAT_TO_SHOW_FIELD_NUMBER: _ClassVar[int]
    FORMAT_DATE_FIELD_NUMBER: _ClassVar[int]
    KEEP_UP_TO_DATE_FIELD_NUMBER: _ClassVar[int]
    CHART_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract: _contract_pb2.Contract
    end_date_time: str
    bar_size_setting: str
    duration: str
    use_rth: bool
    what_to_show: str
    format_date: int
    keep_up_to_date: bool
    chart_options: _containers.ScalarMap[str, str]
    def __init__(self, req_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., end_date_time: _Optional[str] = ..., bar_size_setting: _Optional[str] = ..., duration: _Optional[str] = ..., use_rth: bool = ..., what_to_show: _Optional[str] = ..., format_date: _Optional[int] = ..., keep_up_to_date: bool = ..., chart_options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CancelHistoricalData(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class HistoricalData(_message.Message):
    __slots__ = ("req_id", "historical_data_bars")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_DATA_BARS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    historical_data_bars: _containers.RepeatedCompositeFieldContainer[HistoricalDataBar]
    def __init__(self, req_id: _Optional[int] = ..., historical_data_bars: _Optional[_Iterable[_Union[HistoricalDataBar, _Mapping]]] = ...) -> None: ...

class HistoricalDataBar(_message.Message):
    __slots__ = ("date", "open", "high", "low", "close", "volume", "wap", "bar_count")
    DATE_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    WAP_FIELD_NUMBER: _ClassVar[int]
    BAR_COUNT_FIELD_NUMBER: _ClassVar[int]
    date: str
    open: float
    high: float
    low: float
    close: float
    volume: str
    wap: str
    bar_count: int
    def __init__(self, date: _Optional[str] = ..., open: _Optional[float] = ..., high: _Optional[float] = ..., low: _Optional[float] = ..., close: _Optional[float] = ..., volume: _Optional[str] = ..., wap: _Optional[str] = ..., bar_count: _Optional[int] = ...) -> None: ...

class HistoricalDataUpdate(_message.Message):
    __slots__ = ("req_id", "historical_data_bar")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_DATA_BAR_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    historical_data_bar: HistoricalDataBar
    def __init__(self, req_id: _Optional[int] = ..., historical_data_bar: _Optional[_Union[HistoricalDataBar, _Mapping]] = ...) -> None: ...

class HistoricalDataEnd(_message.Message):
    __slots__ = ("req_id", "start_date_str", "end_date_str")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    START_DATE_STR_FIELD_NUMBER: _ClassVar[int]
    END_DATE_STR_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    start_date_str: str
    end_date_str: str
    def __init__(self, req_id: _Optional[int] = ..., start_date_str: _Optional[str] = ..., end_date_str: _Optional[str] = ...) -> None: ...

class HistoricalSchedule(_message.Message):
    __slots__ = ("req_id", "start_date_time", "end_date_time", "time_zone", "historical_sessions")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    START_DATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_DATE_TIME_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    start_date_time: str
    end_date_time: str
    time_zone: str
    historical_sessions: _containers.RepeatedCompositeFieldContainer[HistoricalSession]
    def __init__(self, req_id: _Optional[int] = ..., start_date_time: _Optional[str] = ..., end_date_time: _Optional[str] = ..., time_zone: _Optional[str] = ..., historical_sessions: _Optional[_Iterable[_Union[HistoricalSession, _Mapping]]] = ...) -> None: ...

class HistoricalSession(_message.Message):
    __slots__ = ("start_date_time", "end_date_time", "ref_date")
    START_DATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_DATE_TIME_FIELD_NUMBER: _ClassVar[int]
    REF_DATE_FIELD_NUMBER: _ClassVar[int]
    start_date_time: str
    end_date_time: str
    ref_date: str
    def __init__(self, start_date_time: _Optional[str] = ..., end_date_time: _Optional[str] = ..., ref_date: _Optional[str] = ...) -> None: ...

class HeadTimestampRequest(_message.Message):
    __slots__ = ("req_id", "contract", "use_rth", "what_to_show", "format_date")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    USE_RTH_FIELD_NUMBER: _ClassVar[int]
    WHAT_TO_SHOW_FIELD_NUMBER: _ClassVar[int]
    FORMAT_DATE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract: _contract_pb2.Contract
    use_rth: bool
    what_to_show: str
    format_date: int
    def __init__(self, req_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., use_rth: bool = ..., what_to_show: _Optional[str] = ..., format_date: _Optional[int] = ...) -> None: ...

class CancelHeadTimestamp(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class HeadTimestamp(_message.Message):
    __slots__ = ("req_id", "head_timestamp")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    HEAD_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    head_timestamp: str
    def __init__(self, req_id: _Optional[int] = ..., head_timestamp: _Optional[str] = ...) -> None: ...

class HistogramDataRequest(_message.Message):
    __slots__ = ("req_id", "contract", "use_rth", "time_period")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    USE_RTH_FIELD_NUMBER: _ClassVar[int]
    TIME_PERIOD_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract: _contract_pb2.Contract
    use_rth: bool
    time_period: str
    def __init__(self, req_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., use_rth: bool = ..., time_period: _Optional[str] = ...) -> None: ...

class CancelHistogramData(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class HistogramData(_message.Message):
    __slots__ = ("req_id", "histogram_data_entries")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    HISTOGRAM_DATA_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    histogram_data_entries: _containers.RepeatedCompositeFieldContainer[HistogramDataEntry]
    def __init__(self, req_id: _Optional[int] = ..., histogram_data_entries: _Optional[_Iterable[_Union[HistogramDataEntry, _Mapping]]] = ...) -> None: ...

class HistogramDataEntry(_message.Message):
    __slots__ = ("price", "size")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    price: float
    size: str
    def __init__(self, price: _Optional[float] = ..., size: _Optional[str] = ...) -> None: ...

class HistoricalTicksRequest(_message.Message):
    __slots__ = ("req_id", "contract", "start_date_time", "end_date_time", "number_of_ticks", "what_to_show", "use_rth", "ignore_size", "misc_options")
    class MiscOptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    START_DATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_DATE_TIME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_OF_TICKS_FIELD_NUMBER: _ClassVar[int]
    WHAT_TO_SHOW_FIELD_NUMBER: _ClassVar[int]
    USE_RTH_FIELD_NUMBER: _ClassVar[int]
    IGNORE_SIZE_FIELD_NUMBER: _ClassVar[int]
    MISC_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract: _contract_pb2.Contract
    start_date_time: str
    end_date_time: str
    number_of_ticks: int
    what_to_show: str
    use_rth: bool
    ignore_size: bool
    misc_options: _containers.ScalarMap[str, str]
    def __init__(self, req_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., start_date_time: _Optional[str] = ..., end_date_time: _Optional[str] = ..., number_of_ticks: _Optional[int] = ..., what_to_show: _Optional[str] = ..., use_rth: bool = ..., ignore_size: bool = ..., misc_options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CancelHistoricalTicks(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class HistoricalTicks(_message.Message):
    __slots__ = ("req_id", "historical_ticks", "is_done")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_TICKS_FIELD_NUMBER: _ClassVar[int]
    IS_DONE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    historical_ticks: _containers.RepeatedCompositeFieldContainer[HistoricalTick]
    is_done: bool
    def __init__(self, req_id: _Optional[int] = ..., historical_ticks: _Optional[_Iterable[_Union[HistoricalTick, _Mapping]]] = ..., is_done: bool = ...) -> None: ...

class HistoricalTicksBidAsk(_message.Message):
    __slots__ = ("req_id", "historical_ticks_bid_ask", "is_done")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_TICKS_BID_ASK_FIELD_NUMBER: _ClassVar[int]
    IS_DONE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    historical_ticks_bid_ask: _containers.RepeatedCompositeFieldContainer[HistoricalTickBidAsk]
    is_done: bool
    def __init__(self, req_id: _Optional[int] = ..., historical_ticks_bid_ask: _Optional[_Iterable[_Union[HistoricalTickBidAsk, _Mapping]]] = ..., is_done: bool = ...) -> None: ...

class HistoricalTicksLast(_message.Message):
    __slots__ = ("req_id", "historical_ticks_last", "is_done")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_TICKS_LAST_FIELD_NUMBER: _ClassVar[int]
    IS_DONE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    historical_ticks_last: _containers.RepeatedCompositeFieldContainer[HistoricalTickLast]
    is_done: bool
    def __init__(self, req_id: _Optional[int] = ..., historical_ticks_last: _Optional[_Iterable[_Union[HistoricalTickLast, _Mapping]]] = ..., is_done: bool = ...) -> None: ...

class HistoricalTick(_message.Message):
    __slots__ = ("time", "price", "size")
    TIME_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    time: int
    price: float
    size: str
    def __init__(self, time: _Optional[int] = ..., price: _Optional[float] = ..., size: _Optional[str] = ...) -> None: ...

class HistoricalTickBidAsk(_message.Message):
    __slots__ = ("time", "tick_attrib_bid_ask", "price_bid", "price_ask", "size_bid", "size_ask")
    TIME_FIELD_NUMBER: _ClassVar[int]
    TICK_ATTRIB_BID_ASK_FIELD_NUMBER: _ClassVar[int]
    PRICE_BID_FIELD_NUMBER: _ClassVar[int]
    PRICE_ASK_FIELD_NUMBER: _ClassVar[int]
    SIZE_BID_FIELD_NUMBER: _ClassVar[int]
    SIZE_ASK_FIELD_NUMBER: _ClassVar[int]
    time: int
    tick_attrib_bid_ask: TickAttribBidAsk
    price_bid: float
    price_ask: float
    size_bid: str
    size_ask: str
    def __init__(self, time: _Optional[int] = ..., tick_attrib_bid_ask: _Optional[_Union[TickAttribBidAsk, _Mapping]] = ..., price_bid: _Optional[float] = ..., price_ask: _Optional[float] = ..., size_bid: _Optional[str] = ..., size_ask: _Optional[str] = ...) -> None: ...

class HistoricalTickLast(_message.Message):
    __slots__ = ("time", "tick_attrib_last", "price", "size", "exchange", "special_conditions")
    TIME_FIELD_NUMBER: _ClassVar[int]
    TICK_ATTRIB_LAST_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    SPECIAL_CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    time: int
    tick_attrib_last: TickAttribLast
    price: float
    size: str
    exchange: str
    special_conditions: str
    def __init__(self, time: _Optional[int] = ..., tick_attrib_last: _Optional[_Union[TickAttribLast, _Mapping]] = ..., price: _Optional[float] = ..., size: _Optional[str] = ..., exchange: _Optional[str] = ..., special_conditions: _Optional[str] = ...) -> None: ...

class TickAttribBidAsk(_message.Message):
    __slots__ = ("bid_past_low", "ask_past_high")
    BID_PAST_LOW_FIELD_NUMBER: _ClassVar[int]
    ASK_PAST_HIGH_FIELD_NUMBER: _ClassVar[int]
    bid_past_low: bool
    ask_past_high: bool
    def __init__(self, bid_past_low: bool = ..., ask_past_high: bool = ...) -> None: ...

class TickAttribLast(_message.Message):
    __slots__ = ("past_limit", "unreported")
    PAST_LIMIT_FIELD_NUMBER: _ClassVar[int]
    UNREPORTED_FIELD_NUMBER: _ClassVar[int]
    past_limit: bool
    unreported: bool
    def __init__(self, past_limit: bool = ..., unreported: bool = ...) -> None: ...
