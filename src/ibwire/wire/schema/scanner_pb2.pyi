from ibwire.wire.schema import contract_pb2 as _contract_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ScannerParametersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ScannerParameters(_message.Message):
    __slots__ = ("xml",)
    XML_FIELD_NUMBER: _ClassVar[int]
    xml: str
    def __init__(self, xml: _Optional[str] = ...) -> None: ...

class ScannerSubscriptionRequest(_message.Message):
    __slots__ = ("req_id", "scanner_subscription")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    SCANNER_SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    scanner_subscription: ScannerSubscription
    def __init__(self, req_id: _Optional[int] = ..., scanner_subscription: _Optional[_Union[ScannerSubscription, _Mapping]] = ...) -> None: ...

class ScannerSubscription(_message.Message):
    __slots__ = ("number_of_rows", "instrument", "location_code", "scan_code", "above_price", "below_price", "above_volume", "market_cap_above", "market_cap_below", "moody_rating_above", "moody_rating_below", "sp_rating_above", "sp_rating_below", "maturity_date_above", "maturity_date_below", "coupon_rate_above", "coupon_rate_below", "exclude_convertible", "average_option_volume_above", "scanner_setting_pairs", "stock_type_filter", "scanner_subscription_filter_options", "scanner_subscription_options")
    class ScannerSubscriptionFilterOptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class ScannerSubscriptionOptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NUMBER_OF_ROWS_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_CODE_FIELD_NUMBER: _ClassVar[int]
    SCAN_CODE_FIELD_NUMBER: _ClassVar[int]
    ABOVE_PRICE_FIELD_NUMBER: _ClassVar[int]
    BELOW_PRICE_FIELD_NUMBER: _ClassVar[int]
    ABOVE_VOLUME_FIELD_NUMBER: _ClassVar[int]
    MARKET_CAP_ABOVE_FIELD_NUMBER: _ClassVar[int]
    MARKET_CAP_BELOW_FIELD_NUMBER: _ClassVar[int]
    MOODY_RATING_ABOVE_FIELD_NUMBER: _ClassVar[int]
    MOODY_RATING_BELOW_FIELD_NUMBER: _ClassVar[int]
    SP_RATING_ABOVE_FIELD_NUMBER: _ClassVar[int]
    SP_RATING_BELOW_FIELD_NUMBER: _ClassVar[int]
    MATURITY_DATE_ABOVE_FIELD_NUMBER: _ClassVar[int]
    MATURITY_DATE_BELOW_FIELD_NUMBER: _ClassVar[int]
    COUPON_RATE_ABOVE_FIELD_NUMBER: _ClassVar[int]
    COUPON_RATE_BELOW_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_CONVERTIBLE_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_OPTION_VOLUME_ABOVE_FIELD_NUMBER: _ClassVar[int]
    SCANNER_SETTING_PAIRS_FIELD_NUMBER: _ClassVar[int]
    STOCK_TYPE_FILTER_FIELD_NUMBER: _ClassVar[int]
    SCANNER_SUBSCRIPTION_FILTER_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    SCANNER_SUBSCRIPTION_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    number_of_rows: int
    instrument: str
    location_code: str
    scan_code: str
    above_price: float
    below_price: float
    above_volume: int
    market_cap_above: float
    market_cap_below: float
    moody_rating_above: str
    moody_rating_below: str
    sp_rating_above: str
    sp_rating_below: str
    maturity_date_above: str
    maturity_date_below: str
    coupon_rate_above: float
    coupon_rate_below: float
    exclude_convertible: bool
    average_option_volume_above: int
    scanner_setting_pairs: str
    stock_type_filter: str
    scanner_subscription_filter_options: _containers.ScalarMap[str, str]
    scanner_subscription_options: _containers.ScalarMap[str, str]
    def __init__(self, number_of_rows: _Optional[int] = ..., instrument: _Optional[str] = ..., location_code: _Optional[str] = ..., scan_code: _Optional[str] = ..., above_price: _Optional[float] = ..., below_price: _Optional[float] = ..., above_volume: _Optional[int] = ..., market_cap_above: _Optional[float] = ..., market_cap_below: _Optional[float] = ..., moody_rating_above: _Optional[str] = ..., moody_rating_below: _Optional[str] = ..., sp_rating_above: _Optional[str] = ..., sp_rating_below: _Optional[str] = ..., maturity_date_above: _Optional[str] = ..., maturity_date_below: _Optional[str] = ..., coupon_rate_above: _Optional[float] = ..., coupon_rate_below: _Optional[float] = ..., exclude_convertible: bool = ..., average_option_volume_above: _Optional[int] = ..., scanner_setting_pairs: _Optional[str] = ..., stock_type_filter: _Optional[str] = ..., scanner_subscription_filter_options: _Optional[_Mapping[str, str]] = ..., scanner_subscription_options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CancelScannerSubscription(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class ScannerData(_message.Message):
    __slots__ = ("req_id", "scanner_data_element")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    SCANNER_DATA_ELEMENT_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    scanner_data_element: _containers.RepeatedCompositeFieldContainer[ScannerDataElement]
    def __init__(self, req_id: _Optional[int] = ..., scanner_data_element: _Optional[_Iterable[_Union[ScannerDataElement, _Mapping]]] = ...) -> None: ...

class ScannerDataElement(_message.Message):
    __slots__ = ("rank", "contract", "market_name", "distance", "benchmark", "projection", "combo_key")
    RANK_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    MARKET_NAME_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_FIELD_NUMBER: _ClassVar[int]
    BENCHMARK_FIELD_NUMBER: _ClassVar[int]
    PROJECTION_FIELD_NUMBER: _ClassVar[int]
    COMBO_KEY_FIELD_NUMBER: _ClassVar[int]
    rank: int
    contract: _contract_pb2.Contract
    market_name: str
    distance: str
    benchmark: str
    projection: str
    combo_key: str
    def __init__(self, rank: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., market_name: _Optional[str] = ..., distance: _Optional[str] = ..., benchmark: _Optional[str] = ..., projection: _Optional[str] = ..., combo_key: _Optional[str] = ...) -> None: ...
