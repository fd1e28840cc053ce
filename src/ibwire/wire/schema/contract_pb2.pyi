from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Contract(_message.Message):
    __slots__ = ("con_id", "symbol", "sec_type", "last_trade_date_or_contract_month", "strike", "right", "multiplier", "exchange", "primary_exch", "currency", "local_symbol", "trading_class", "sec_id_type", "sec_id", "description", "issuer_id", "delta_neutral_contract", "include_expired", "combo_legs_descrip", "combo_legs", "last_trade_date")
    CON_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SEC_TYPE_FIELD_NUMBER: _ClassVar[int]
    LAST_TRADE_DATE_OR_CONTRACT_MONTH_FIELD_NUMBER: _ClassVar[int]
    STRIKE_FIELD_NUMBER: _ClassVar[int]
    RIGHT_FIELD_NUMBER: _ClassVar[int]
    MULTIPLIER_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    PRIMARY_EXCH_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    LOCAL_SYMBOL_FIELD_NUMBER: _ClassVar[int]
    TRADING_CLASS_FIELD_NUMBER: _ClassVar[int]
    SEC_ID_TYPE_FIELD_NUMBER: _ClassVar[int]
    SEC_ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ISSUER_ID_FIELD_NUMBER: _ClassVar[int]
    DELTA_NEUTRAL_CONTRACT_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_EXPIRED_FIELD_NUMBER: _ClassVar[int]
    COMBO_LEGS_DESCRIP_FIELD_NUMBER: _ClassVar[int]
    COMBO_LEGS_FIELD_NUMBER: _ClassVar[int]
    LAST_TRADE_DATE_FIELD_NUMBER: _ClassVar[int]
    con_id: int
    symbol: str
    sec_type: str
    last_trade_date_or_contract_month: str
    strike: float
    right: str
    multiplier: float
    exchange: str
    primary_exch: str
    currency: str
    local_symbol: str
    trading_class: str
    sec_id_type: str
    sec_id: str
    description: str
    issuer_id: str
    delta_neutral_contract: DeltaNeutralContract
    include_expired: bool
    combo_legs_descrip: str
    combo_legs: _containers.RepeatedCompositeFieldContainer[ComboLeg]
    last_trade_date: str
    def __init__(self, con_id: _Optional[int] = ..., symbol: _Optional[str] = ..., sec_type: _Optional[str] = ..., last_trade_date_or_contract_month: _Optional[str] = ..., strike: _Optional[float] = ..., right: _Optional[str] = ..., multiplier: _Optional[float] = ..., exchange: _Optional[str] = ..., primary_exch: _Optional[str] = ..., currency: _Optional[str] = ..., local_symbol: _Optional[str] = ..., trading_class: _Optional[str] = ..., sec_id_type: _Optional[str] = ..., sec_id: _Optional[str] = ..., description: _Optional[str] = ..., issuer_id: _Optional[str] = ..., delta_neutral_contract: _Optional[_Union[DeltaNeutralContract, _Mapping]] = ..., include_expired: bool = ..., combo_legs_descrip: _Optional[str] = ..., combo_legs: _Optional[_Iterable[_Union[ComboLeg, _Mapping]]] = ..., last_trade_date: _Optional[str] = ...) -> None: ...

class ComboLeg(_message.Message):
    __slots__ = ("con_id", "ratio", "action", "exchange", "open_close", "short_sales_slot", "designated_location", "exempt_code", "per_leg_price")
    CON_ID_FIELD_NUMBER: _ClassVar[int]
    RATIO_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    OPEN_CLOSE_FIELD_NUMBER: _ClassVar[int]
    SHORT_SALES_SLOT_FIELD_NUMBER: _ClassVar[int]
    DESIGNATED_LOCATION_FIELD_NUMBER: _ClassVar[int]
    EXEMPT_CODE_FIELD_NUMBER: _ClassVar[int]
    PER_LEG_PRICE_FIELD_NUMBER: _ClassVar[int]
    con_id: int
    ratio: int
    action: str
    exchange: str
    open_close: int
    short_sales_slot: int
    designated_location: str
    exempt_code: int
    per_leg_price: float
    def __init__(self, con_id: _Optional[int] = ..., ratio: _Optional[int] = ..., action: _Optional[str] = ..., exchange: _Optional[str] = ..., open_close: _Optional[int] = ..., short_sales_slot: _Optional[int] = ..., designated_location: _Optional[str] = ..., exempt_code: _Optional[int] = ..., per_leg_price: _Optional[float] = ...) -> None: ...

class DeltaNeutralContract(_message.Message):
    __slots__ = ("con_id", "delta", "price")
    CON_ID_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    con_id: int
    delta: float
    price: float
    def __init__(self, con_id: _Optional[int] = ..., delta: _Optional[float] = ..., price: _Optional[float] = ...) -> None: ...

class ContractDetails(_message.Message):
    __slots__ = ("market_name", "min_tick", "order_types", "valid_exchanges", "price_magnifier", "under_con_id", "long_name", "contract_month", "industry", "category", "subcategory", "time_zone_id", "trading_hours", "liquid_hours", "ev_rule", "ev_multiplier", "sec_id_list", "agg_group", "under_symbol", "under_sec_type", "market_rule_ids", "real_expiration_date", "stock_type", "min_size", "size_increment", "suggested_size_increment", "fund_name", "fund_family", "fund_type", "fund_front_load", "fund_back_load", "fund_back_load_time_interval", "fund_management_fee", "fund_closed", "fund_closed_for_new_investors", "fund_closed_for_new_money", "fund_notify_amount", "fund_minimum_initial_purchase", "fund_minimum_subsequent_purchase", "fund_blue_sky_states", "fund_blue_sky_territories", "fund_distribution_policy_indicator", "fund_asset_type", "cusip", "issue_date", "ratings", "bond_type", "coupon", "coupon_type", "convertible", "callable", "puttable", "desc_append", "next_option_date", "next_option_type", "next_option_partial", "bond_notes", "ineligibility_reason_list", "event_contract_1", "event_contract_description_1", "event_contract_description_2", "min_algo_size", "last_price_precision", "last_size_precision", "settlement_method")
    class SecIdListEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MARKET_NAME_FIELD_NUMBER: _ClassVar[int]
    MIN_TICK_FIELD_NUMBER: _ClassVar[int]
    ORDER_TYPES_FIELD_NUMBER: _ClassVar[int]
    VALID_EXCHANGES_FIELD_NUMBER: _ClassVar[int]
    PRICE_MAGNIFIER_FIELD_NUMBER: _ClassVar[int]
    UNDER_CON_ID_FIELD_NUMBER: _ClassVar[int]
    LONG_NAME_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_MONTH_FIELD_NUMBER: _ClassVar[int]
    INDUSTRY_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    SUBCATEGORY_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_ID_FIELD_NUMBER: _ClassVar[int]
    TRADING_HOURS_FIELD_NUMBER: _ClassVar[int]
    LIQUID_HOURS_FIELD_NUMBER: _ClassVar[int]
    EV_RULE_FIELD_NUMBER: _ClassVar[int]
    EV_MULTIPLIER_FIELD_NUMBER: _ClassVar[int]
    SEC_ID_LIST_FIELD_NUMBER: _ClassVar[int]
    AGG_GROUP_FIELD_NUMBER: _ClassVar[int]
    UNDER_SYMBOL_FIELD_NUMBER: _ClassVar[int]
    UNDER_SEC_TYPE_FIELD_NUMBER: _ClassVar[int]
    MARKET_RULE_IDS_FIELD_NUMBER: _ClassVar[int]
    REAL_EXPIRATION_DATE_FIELD_NUMBER: _ClassVar[int]
    STOCK_TYPE_FIELD_NUMBER: _ClassVar[int]
    MIN_SIZE_FIELD_NUMBER: _ClassVar[int]
    SIZE_INCREMENT_FIELD_NUMBER: _ClassVar[int]
    SUGGESTED_SIZE_INCREMENT_FIELD_NUMBER: _ClassVar[int]
    FUND_NAME_FIELD_NUMBER: _ClassVar[int]
    FUND_FAMILY_FIELD_NUMBER: _ClassVar[int]
    FUND_TYPE_FIELD_NUMBER: _ClassVar[int]
    FUND_FRONT_LOAD_FIELD_NUMBER: _ClassVar[int]
    FUND_BACK_LOAD_FIELD_NUMBER: _ClassVar[int]
    FUND_BACK_LOAD_TIME_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    FUND_MANAGEMENT_FEE_FIELD_NUMBER: _ClassVar[int]
    FUND_CLOSED_FIELD_NUMBER: _ClassVar[int]
    FUND_CLOSED_FOR_NEW_INVESTORS_FIELD_NUMBER: _ClassVar[int]
    FUND_CLOSED_FOR_NEW_MONEY_FIELD_NUMBER: _ClassVar[int]
    FUND_NOTIFY_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    FUND_MINIMUM_INITIAL_PURCHASE_FIELD_NUMBER: _ClassVar[int]
    FUND_MINIMUM_SUBSEQUENT_PURCHASE_FIELD_NUMBER: _ClassVar[int]
    FUND_BLUE_SKY_STATES_FIELD_NUMBER: _ClassVar[int]
    FUND_BLUE_SKY_TERRITORIES_FIELD_NUMBER: _ClassVar[int]
    FUND_DISTRIBUTION_POLICY_INDICATOR_FIELD_NUMBER: _ClassVar[int]
    FUND_ASSET_TYPE_FIELD_NUMBER: _ClassVar[int]
    CUSIP_FIELD_NUMBER: _ClassVar[int]
    ISSUE_DATE_FIELD_NUMBER: _ClassVar[int]
    RATINGS_FIELD_NUMBER: _ClassVar[int]
    BOND_TYPE_FIELD_NUMBER: _ClassVar[int]
    COUPON_FIELD_NUMBER: _ClassVar[int]
    COUPON_TYPE_FIELD_NUMBER: _ClassVar[int]
    CONVERTIBLE_FIELD_NUMBER: _ClassVar[int]
    CALLABLE_FIELD_NUMBER: _ClassVar[int]
    PUTTABLE_FIELD_NUMBER: _ClassVar[int]
    DESC_APPEND_FIELD_NUMBER: _ClassVar[int]
    NEXT_OPTION_DATE_FIELD_NUMBER: _ClassVar[int]
    NEXT_OPTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    NEXT_OPTION_PARTIAL_FIELD_NUMBER: _ClassVar[int]
    BOND_NOTES_FIELD_NUMBER: _ClassVar[int]
    INELIGIBILITY_REASON_LIST_FIELD_NUMBER: _ClassVar[int]
    EVENT_CONTRACT_1_FIELD_NUMBER: _ClassVar[int]
    EVENT_CONTRACT_DESCRIPTION_1_FIELD_NUMBER: _ClassVar[int]
    EVENT_CONTRACT_DESCRIPTION_2_FIELD_NUMBER: _ClassVar[int]
    MIN_ALGO_SIZE_FIELD_NUMBER: _ClassVar[int]
    LAST_PRICE_PRECISION_FIELD_NUMBER: _ClassVar[int]
    LAST_SIZE_PRECISION_FIELD_NUMBER: _ClassVar[int]
    SETTLEMENT_METHOD_FIELD_NUMBER: _ClassVar[int]
    market_name: str
    min_tick: str
    order_types: str
    valid_exchanges: str
    price_magnifier: int
    under_con_id: int
    long_name: str
    contract_month: str
    industry: str
    category: str
    subcategory: str
    time_zone_id: str
    trading_hours: str
    liquid_hours: str
    ev_rule: str
    ev_multiplier: float
    sec_id_list: _containers.ScalarMap[str, str]
    agg_group: int
    under_symbol: str
    under_sec_type: str
    market_rule_ids: str
    real_expiration_date: str
    stock_type: str
    min_size: str
    size_increment: str
    suggested_size_increment: str
    fund_name: str
    fund_family: str
    fund_type: str
    fund_front_load: str
    fund_back_load: str
    fund_back_load_time_interval: str
    fund_management_fee: str
    fund_closed: bool
    fund_closed_for_new_investors: bool
    fund_closed_for_new_money: bool
    fund_notify_amount: str
    fund_minimum_initial_purchase: str
    fund_minimum_subsequent_purchase: str
    fund_blue_sky_states: str
    fund_blue_sky_territories: str
    fund_distribution_policy_indicator: str
    fund_asset_type: str
    cusip: str
    issue_date: str
    ratings: str
    bond_type: str
    coupon: float
    coupon_type: str
    convertible: bool
    callable: bool
    puttable: bool
    desc_append: str
    next_option_date: str
    next_option_type: str
    next_option_partial: bool
    bond_notes: str
    ineligibility_reason_list: _containers.RepeatedCompositeFieldContainer[IneligibilityReason]
    event_contract_1: str
    event_contract_description_1: str
    event_contract_description_2: str
    min_algo_size: str
    last_price_precision: str
    last_size_precision: str
    settlement_method: str
    def __init__(self, market_name: _Optional[str] = ..., min_tick: _Optional[str] = ..., order_types: _Optional[str] = ..., valid_exchanges: _Optional[str] = ..., price_magnifier: _Optional[int] = ..., under_con_id: _Optional[int] = ..., long_name: _Optional[str] = ..., contract_month: _Optional[str] = ..., industry: _Optional[str] = ..., category: _Optional[str] = ..., subcategory: _Optional[str] = ..., time_zone_id: _Optional[str] = ..., trading_hours: _Optional[str] = ..., liquid_hours: _Optional[str] = ..., ev_rule: _Optional[str] = ..., ev_multiplier: _Optional[float] = ..., sec_id_list: _Optional[_Mapping[str, str]] = ..., agg_group: _Optional[int] = ..., under_symbol: _Optional[str] = ..., under_sec_type: _Optional[str] = ..., market_rule_ids: _Optional[str] = ..., real_expiration_date: _Optional[str] = ..., stock_type: _Optional[str] = ..., min_size: _Optional[str] = ..., size_increment: _Optional[str] = ..., suggested_size_increment: _Optional[str] = ..., fund_name: _Optional[str] = ..., fund_family: _Optional[str] = ..., fund_type: _Optional[str] = ..., fund_front_load: _Optional[str] = ..., fund_back_load: _Optional[str] = ..., fund_back_load_time_interval: _Optional[str] = ..., fund_management_fee: _Optional[str] = ..., fund_closed: bool = ..., fund_closed_for_new_investors: bool = ..., fund_closed_for_new_money: bool = ..., fund_notify_amount: _Optional[str] = ..., fund_minimum_initial_purchase: _Optional[str] = ..., fund_minimum_subsequent_purchase: _Optional[str] = ..., fund_blue_sky_states: _Optional[str] = ..., fund_blue_sky_territories: _Optional[str] = ..., fund_distribution_policy_indicator: _Optional[str] = ..., fund_asset_type: _Optional[str] = ..., cusip: _Optional[str] = ..., issue_date: _Optional[str] = ..., ratings: _Optional[str] = ..., bond_type: _Optional[str] = ..., coupon: _Optional[float] = ..., coupon_type: _Optional[str] = ..., convertible: bool = ..., callable: bool = ..., puttable: bool = ..., desc_append: _Optional[str] = ..., next_option_date: _Optional[str] = ..., next_option_type: _Optional[str] = ..., next_option_partial: bool = ..., bond_notes: _Optional[str] = ..., ineligibility_reason_list: _Optional[_Iterable[_Union[IneligibilityReason, _Mapping]]] = ..., event_contract_1: _Optional[str] = ..., event_contract_description_1: _Optional[str] = ..., event_contract_description_2: _Optional[str] = ..., min_algo_size: _Optional[str] = ..., last_price_precision: _Optional[str] = ..., last_size_precision: _Optional[str] = ..., settlement_method: _Optional[str] = ...) -> None: ...

class IneligibilityReason(_message.Message):
    __slots__ = ("id", "description")
    ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    id: str
    description: str
    def __init__(self, id: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class ContractDataRequest(_message.Message):
    __slots__ = ("req_id", "contract")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract: Contract
    def __init__(self, req_id: _Optional[int] = ..., contract: _Optional[_Union[Contract, _Mapping]] = ...) -> None: ...

class CancelContractData(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class ContractData(_message.Message):
    __slots__ = ("req_id", "contract", "contract_details")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_DETAILS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract: Contract
    contract_details: ContractDetails
    def __init__(self, req_id: _Optional[int] = ..., contract: _Optional[_Union[Contract, _Mapping]] = ..., contract_details: _Optional[_Union[ContractDetails, _Mapping]] = ...) -> None: ...

class ContractDataEnd(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class MatchingSymbolsRequest(_message.Message):
    __slots__ = ("req_id", "pattern")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    pattern: str
    def __init__(self, req_id: _Optional[int] = ..., pattern: _Optional[str] = ...) -> None: ...

class SymbolSamples(_message.Message):
    __slots__ = ("req_id", "contract_descriptions")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_DESCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract_descriptions: _containers.RepeatedCompositeFieldContainer[ContractDescription]
    def __init__(self, req_id: _Optional[int] = ..., contract_descriptions: _Optional[_Iterable[_Union[ContractDescription, _Mapping]]] = ...) -> None: ...

class ContractDescription(_message.Message):
    __slots__ = ("contract", "derivative_sec_types")
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    DERIVATIVE_SEC_TYPES_FIELD_NUMBER: _ClassVar[int]
    contract: Contract
    derivative_sec_types: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, contract: _Optional[_Union[Contract, _Mapping]] = ..., derivative_sec_types: _Optional[_Iterable[str]] = ...) -> None: ...

class SecDefOptParamsRequest(_message.Message):
    __slots__ = ("req_id", "underlying_symbol", "fut_fop_exchange", "underlying_sec_type", "underlying_con_id")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    UNDERLYING_SYMBOL_FIELD_NUMBER: _ClassVar[int]
    FUT_FOP_EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    UNDERLYING_SEC_TYPE_FIELD_NUMBER: _ClassVar[int]
    UNDERLYING_CON_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    underlying_symbol: str
    fut_fop_exchange: str
    underlying_sec_type: str
    underlying_con_id: int
    def __init__(self, req_id: _Optional[int] = ..., underlying_symbol: _Optional[str] = ..., fut_fop_exchange: _Optional[str] = ..., underlying_sec_type: _Optional[str] = ..., underlying_con_id: _Optional[int] = ...) -> None: ...

class SecDefOptParameter(_message.Message):
    __slots__ = ("req_id", "exchange", "underlying_con_id", "trading_class", "multiplier", "expirations", "strikes")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    UNDERLYING_CON_ID_FIELD_NUMBER: _ClassVar[int]
    TRADING_CLASS_FIELD_NUMBER: _ClassVar[int]
    MULTIPLIER_FIELD_NUMBER: _ClassVar[int]
    EXPIRATIONS_FIELD_NUMBER: _ClassVar[int]
    STRIKES_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    exchange: str
    underlying_con_id: int
    trading_class: str
    multiplier: str
    expirations: _containers.RepeatedScalarFieldContainer[str]
    strikes: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, req_id: _Optional[int] = ..., exchange: _Optional[str] = ..., underlying_con_id: _Optional[int] = ..., trading_class: _Optional[str] = ..., multiplier: _Optional[str] = ..., expirations: _Optional[_Iterable[str]] = ..., strikes: _Optional[_Iterable[float]] = ...) -> None: ...

class SecDefOptParameterEnd(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class MarketRuleRequest(_message.Message):
    __slots__ = ("market_rule_id",)
    MARKET_RULE_ID_FIELD_NUMBER: _ClassVar[int]
    market_rule_id: int
    def __init__(self, market_rule_id: _Optional[int] = ...) -> None: ...

class MarketRule(_message.Message):
    __slots__ = ("market_rule_id", "price_increments")
    MARKET_RULE_ID_FIELD_NUMBER: _ClassVar[int]
    PRICE_INCREMENTS_FIELD_NUMBER: _ClassVar[int]
    market_rule_id: int
    price_increments: _containers.RepeatedCompositeFieldContainer[PriceIncrement]
    def __init__(self, market_rule_id: _Optional[int] = ..., price_increments: _Optional[_Iterable[_Union[PriceIncrement, _Mapping]]] = ...) -> None: ...

class PriceIncrement(_message.Message):
    __slots__ = ("low_edge", "increment")
    LOW_EDGE_FIELD_NUMBER: _ClassVar[int]
    INCREMENT_FIELD_NUMBER: _ClassVar[int]
    low_edge: float
    increment: float
    def __init__(self, low_edge: _Optional[float] = ..., increment: _Optional[float] = ...) -> None: ...

class SmartComponentsRequest(_message.Message):
    __slots__ = ("req_id", "bbo_exchange")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    BBO_EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    bbo_exchange: str
    def __init__(self, req_id: _Optional[int] = ..., bbo_exchange: _Optional[str] = ...) -> None: ...

class SmartComponents(_message.Message):
    __slots__ = ("req_id", "smart_components")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    SMART_COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    smart_components: _containers.RepeatedCompositeFieldContainer[SmartComponent]
    def __init__(self, req_id: _Optional[int] = ..., smart_components: _Optional[_Iterable[_Union[SmartComponent, _Mapping]]] = ...) -> None: ...

class SmartComponent(_message.Message):
    __slots__ = ("bit_number", "exchange", "exchange_letter")
    BIT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_LETTER_FIELD_NUMBER: _ClassVar[int]
    bit_number: int
    exchange: str
    exchange_letter: str
    def __init__(self, bit_number: _Optional[int] = ..., exchange: _Optional[str] = ..., exchange_letter: _Optional[str] = ...) -> None: ...

class MarketDepthExchangesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MarketDepthExchanges(_message.Message):
    __slots__ = ("depth_market_data_descriptions",)
    DEPTH_MARKET_DATA_DESCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    depth_market_data_descriptions: _containers.RepeatedCompositeFieldContainer[DepthMarketDataDescription]
    def __init__(self, depth_market_data_descriptions: _Optional[_Iterable[_Union[DepthMarketDataDescription, _Mapping]]] = ...) -> None: ...

class DepthMarketDataDescription(_message.Message):
    __slots__ = ("exchange", "sec_type", "listing_exch", "service_data_type", "agg_group")
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    SEC_TYPE_FIELD_NUMBER: _ClassVar[int]
    LISTING_EXCH_FIELD_NUMBER: _ClassVar[int]
    SERVICE_DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    AGG_GROUP_FIELD_NUMBER: _ClassVar[int]
    exchange: str
    sec_type: str
    listing_exch: str
    service_data_type: str
    agg_group: int
    def __init__(self, exchange: _Optional[str] = ..., sec_type: _Optional[str] = ..., listing_exch: _Optional[str] = ..., service_data_type: _Optional[str] = ..., agg_group: _Optional[int] = ...) -> None: ...
