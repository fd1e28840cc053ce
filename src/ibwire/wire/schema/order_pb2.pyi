from ibwire.wire.schema import contract_pb2 as _contract_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Order(_message.Message):
    __slots__ = ("client_id", "order_id", "perm_id", "parent_id", "action", "total_quantity", "display_size", "order_type", "lmt_price", "aux_price", "tif", "account", "settling_firm", "clearing_account", "clearing_intent", "all_or_none", "block_order", "hidden", "outside_rth", "sweep_to_fill", "percent_offset", "trailing_percent", "trail_stop_price", "min_qty", "good_after_time", "good_till_date", "oca_group", "order_ref", "rule_80a", "oca_type", "trigger_method", "active_start_time", "active_stop_time", "fa_group", "fa_method", "fa_percentage", "volatility", "volatility_type", "continuous_update", "reference_price_type", "delta_neutral_order_type", "delta_neutral_aux_price", "delta_neutral_con_id", "delta_neutral_open_close", "delta_neutral_short_sale", "delta_neutral_short_sale_slot", "delta_neutral_designated_location", "scale_init_level_size", "scale_subs_level_size", "scale_price_increment", "scale_price_adjust_value", "scale_price_adjust_interval", "scale_profit_offset", "scale_auto_reset", "scale_init_position", "scale_init_fill_qty", "scale_random_percent", "scale_table", "hedge_type", "hedge_param", "algo_strategy", "algo_params", "algo_id", "smart_combo_routing_params", "what_if", "transmit", "override_percentage_constraints", "open_close", "origin", "short_sale_slot", "designated_location", "exempt_code", "delta_neutral_settling_firm", "delta_neutral_clearing_account", "delta_neutral_clearing_intent", "discretionary_amt", "opt_out_smart_routing", "starting_price", "stock_ref_price", "delta", "stock_range_lower", "stock_range_upper", "not_held", "order_misc_options", "solicited", "randomize_size", "randomize_price", "reference_contract_id", "pegged_change_amount", "is_pegged_change_amount_decrease", "reference_change_amount", "reference_exchange_id", "adjusted_order_type", "trigger_price", "adjusted_stop_price", "adjusted_stop_limit_price", "adjusted_trailing_amount", "adjustable_trailing_unit", "lmt_price_offset", "conditions", "conditions_cancel_order", "conditions_ignore_rth", "model_code", "ext_operator", "soft_dollar_tier", "cash_qty", "mifid2_decision_maker", "mifid2_decision_algo", "mifid2_execution_trader", "mifid2_execution_algo", "dont_use_auto_price_for_hedge", "is_oms_container", "discretionary_up_to_limit_price", "auto_cancel_date", "filled_quantity", "ref_futures_con_id", "auto_cancel_parent", "shareholder", "imbalance_only", "route_marketable_to_bbo", "parent_perm_id", "use_price_mgmt_algo", "duration", "post_to_ats", "advanced_error_override", "manual_order_time", "min_trade_qty", "min_compete_size", "compete_against_best_offset", "mid_offset_at_whole", "mid_offset_at_half", "customer_account", "professional_customer", "bond_accrued_interest", "include_overnight", "manual_order_indicator", "submitter", "deactivate", "post_only", "allow_pre_open", "ignore_open_auction", "seek_price_improvement", "what_if_type", "hedge_max_size", "conditions_include_overnight")
    class AlgoParamsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class SmartComboRoutingParamsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class OrderMiscOptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    PERM_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TOTAL_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_SIZE_FIELD_NUMBER: _ClassVar[int]
    ORDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    LMT_PRICE_FIELD_NUMBER: _ClassVar[int]
    AUX_PRICE_FIELD_NUMBER: _ClassVar[int]
    TIF_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SETTLING_FIRM_FIELD_NUMBER: _ClassVar[int]
    CLEARING_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CLEARING_INTENT_FIELD_NUMBER: _ClassVar[int]
    ALL_OR_NONE_FIELD_NUMBER: _ClassVar[int]
    BLOCK_ORDER_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    OUTSIDE_RTH_FIELD_NUMBER: _ClassVar[int]
    SWEEP_TO_FILL_FIELD_NUMBER: _ClassVar[int]
    PERCENT_OFFSET_FIELD_NUMBER: _ClassVar[int]
    TRAILING_PERCENT_FIELD_NUMBER: _ClassVar[int]
    TRAIL_STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    MIN_QTY_FIELD_NUMBER: _ClassVar[int]
    GOOD_AFTER_TIME_FIELD_NUMBER: _ClassVar[int]
    GOOD_TILL_DATE_FIELD_NUMBER: _ClassVar[int]
    OCA_GROUP_FIELD_NUMBER: _ClassVar[int]
    ORDER_REF_FIELD_NUMBER: _ClassVar[int]
    RULE_80A_FIELD_NUMBER: _ClassVar[int]
    OCA_TYPE_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_METHOD_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_START_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_STOP_TIME_FIELD_NUMBER: _ClassVar[int]
    FA_GROUP_FIELD_NUMBER: _ClassVar[int]
    FA_METHOD_FIELD_NUMBER: _ClassVar[int]
    FA_PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    VOLATILITY_FIELD_NUMBER: _ClassVar[int]
    VOLATILITY_TYPE_FIELD_NUMBER: _ClassVar[int]
    CONTINUOUS_UPDATE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_PRICE_TYPE_FIELD_NUMBER: _ClassVar[int]
    DELTA_NEUTRAL_ORDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    DELTA_NEUTRAL_AUX_PRICE_FIELD_NUMBER: _ClassVar[int]
    DELTA_NEUTRAL_CON_ID_FIELD_NUMBER: _ClassVar[int]
    DELTA_NEUTRAL_OPEN_CLOSE_FIELD_NUMBER: _ClassVar[int]
    DELTA_NEUTRAL_SHORT_SALE_FIELD_NUMBER: _ClassVar[int]
    DELTA_NEUTRAL_SHORT_SALE_SLOT_FIELD_NUMBER: _ClassVar[int]
    DELTA_NEUTRAL_DESIGNATED_LOCATION_FIELD_NUMBER: _ClassVar[int]
    SCALE_INIT_LEVEL_SIZE_FIELD_NUMBER: _ClassVar[int]
    SCALE_SUBS_LEVEL_SIZE_FIELD_NUMBER: _ClassVar[int]
    SCALE_PRICE_INCREMENT_FIELD_NUMBER: _ClassVar[int]
    SCALE_PRICE_ADJUST_VALUE_FIELD_NUMBER: _ClassVar[int]
    SCALE_PRICE_ADJUST_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    SCALE_PROFIT_OFFSET_FIELD_NUMBER: _ClassVar[int]
    SCALE_AUTO_RESET_FIELD_NUMBER: _ClassVar[int]
    SCALE_INIT_POSITION_FIELD_NUMBER: _ClassVar[int]
    SCALE_INIT_FILL_QTY_FIELD_NUMBER: _ClassVar[int]
    SCALE_RANDOM_PERCENT_FIELD_NUMBER: _ClassVar[int]
    SCALE_TABLE_FIELD_NUMBER: _ClassVar[int]
    HEDGE_TYPE_FIELD_NUMBER: _ClassVar[int]
    HEDGE_PARAM_FIELD_NUMBER: _ClassVar[int]
    ALGO_STRATEGY_FIELD_NUMBER: _ClassVar[int]
    ALGO_PARAMS_FIELD_NUMBER: _ClassVar[int]
    ALGO_ID_FIELD_NUMBER: _ClassVar[int]
    SMART_COMBO_ROUTING_PARAMS_FIELD_NUMBER: _ClassVar[int]
    WHAT_IF_FIELD_NUMBER: _ClassVar[int]
    TRANSMIT_FIELD_NUMBER: _ClassVar[int]
    OVERRIDE_PERCENTAGE_CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    OPEN_CLOSE_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    SHORT_SALE_SLOT_FIELD_NUMBER: _ClassVar[int]
    DESIGNATED_LOCATION_FIELD_NUMBER: _ClassVar[int]
    EXEMPT_CODE_FIELD_NUMBER: _ClassVar[int]
    DELTA_NEUTRAL_SETTLING_FIRM_FIELD_NUMBER: _ClassVar[int]
    DELTA_NEUTRAL_CLEARING_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    DELTA_NEUTRAL_CLEARING_INTENT_FIELD_NUMBER: _ClassVar[int]
    DISCRETIONARY_AMT_FIELD_NUMBER: _ClassVar[int]
    OPT_OUT_SMART_ROUTING_FIELD_NUMBER: _ClassVar[int]
    STARTING_PRICE_FIELD_NUMBER: _ClassVar[int]
    STOCK_REF_PRICE_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    STOCK_RANGE_LOWER_FIELD_NUMBER: _ClassVar[int]
    STOCK_RANGE_UPPER_FIELD_NUMBER: _ClassVar[int]
    NOT_HELD_FIELD_NUMBER: _ClassVar[int]
    ORDER_MISC_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    SOLICITED_FIELD_NUMBER: _ClassVar[int]
    RANDOMIZE_SIZE_FIELD_NUMBER: _ClassVar[int]
    RANDOMIZE_PRICE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_CONTRACT_ID_FIELD_NUMBER: _ClassVar[int]
    PEGGED_CHANGE_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    IS_PEGGED_CHANGE_AMOUNT_DECREASE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_CHANGE_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_EXCHANGE_ID_FIELD_NUMBER: _ClassVar[int]
    ADJUSTED_ORDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_PRICE_FIELD_NUMBER: _ClassVar[int]
    ADJUSTED_STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    ADJUSTED_STOP_LIMIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    ADJUSTED_TRAILING_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ADJUSTABLE_TRAILING_UNIT_FIELD_NUMBER: _ClassVar[int]
    LMT_PRICE_OFFSET_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_CANCEL_ORDER_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_IGNORE_RTH_FIELD_NUMBER: _ClassVar[int]
    MODEL_CODE_FIELD_NUMBER: _ClassVar[int]
    EXT_OPERATOR_FIELD_NUMBER: _ClassVar[int]
    SOFT_DOLLAR_TIER_FIELD_NUMBER: _ClassVar[int]
    CASH_QTY_FIELD_NUMBER: _ClassVar[int]
    MIFID2_DECISION_MAKER_FIELD_NUMBER: _ClassVar[int]
    MIFID2_DECISION_ALGO_FIELD_NUMBER: _ClassVar[int]
    MIFID2_EXECUTION_TRADER_FIELD_NUMBER: _ClassVar[int]
    MIFID2_EXECUTION_ALGO_FIELD_NUMBER: _ClassVar[int]
    DONT_USE_AUTO_PRICE_FOR_HEDGE_FIELD_NUMBER: _ClassVar[int]
    IS_OMS_CONTAINER_FIELD_NUMBER: _ClassVar[int]
    DISCRETIONARY_UP_TO_LIMIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    AUTO_CANCEL_DATE_FIELD_NUMBER: _ClassVar[int]
    FILLED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    REF_FUTURES_CON_ID_FIELD_NUMBER: _ClassVar[int]
    AUTO_CANCEL_PARENT_FIELD_NUMBER: _ClassVar[int]
    SHAREHOLDER_FIELD_NUMBER: _ClassVar[int]
    IMBALANCE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ROUTE_MARKETABLE_TO_BBO_FIELD_NUMBER: _ClassVar[int]
    PARENT_PERM_ID_FIELD_NUMBER: _ClassVar[int]
    USE_PRICE_MGMT_ALGO_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    POST_TO_ATS_FIELD_NUMBER: _ClassVar[int]
    ADVANCED_ERROR_OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    MANUAL_ORDER_TIME_FIELD_NUMBER: _ClassVar[int]
    MIN_TRADE_QTY_FIELD_NUMBER: _ClassVar[int]
    MIN_COMPETE_SIZE_FIELD_NUMBER: _ClassVar[int]
    COMPETE_AGAINST_BEST_OFFSET_FIELD_NUMBER: _ClassVar[int]
    MID_OFFSET_AT_WHOLE_FIELD_NUMBER: _ClassVar[int]
    MID_OFFSET_AT_HALF_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    PROFESSIONAL_CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    BOND_ACCRUED_INTEREST_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_OVERNIGHT_FIELD_NUMBER: _ClassVar[int]
    MANUAL_ORDER_INDICATOR_FIELD_NUMBER: _ClassVar[int]
    SUBMITTER_FIELD_NUMBER: _ClassVar[int]
    DEACTIVATE_FIELD_NUMBER: _ClassVar[int]
    POST_ONLY_FIELD_NUMBER: _ClassVar[int]
    ALLOW_PRE_OPEN_FIELD_NUMBER: _ClassVar[int]
    IGNORE_OPEN_AUCTION_FIELD_NUMBER: _ClassVar[int]
    SEEK_PRICE_IMPROVEMENT_FIELD_NUMBER: _ClassVar[int]
    WHAT_IF_TYPE_FIELD_NUMBER: _ClassVar[int]
    HEDGE_MAX_SIZE_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_INCLUDE_OVERNIGHT_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    order_id: int
    perm_id: int
    parent_id: int
    action: str
    total_quantity: str
    display_size: int
    order_type: str
    lmt_price: float
    aux_price: float
    tif: str
    account: str
    settling_firm: str
    clearing_account: str
    clearing_intent: str
    all_or_none: bool
    block_order: bool
    hidden: bool
    outside_rth: bool
    sweep_to_fill: bool
    percent_offset: float
    trailing_percent: float
    trail_stop_price: float
    min_qty: int
    good_after_time: str
    good_till_date: str
    oca_group: str
    order_ref: str
    rule_80a: str
    oca_type: int
    trigger_method: int
    active_start_time: str
    active_stop_time: str
    fa_group: str
    fa_method: str
    fa_percentage: str
    volatility: float
    volatility_type: int
    continuous_update: bool
    reference_price_type: int
    delta_neutral_order_type: str
    delta_neutral_aux_price: float
    delta_neutral_con_id: int
    delta_neutral_open_close: str
    delta_neutral_short_sale: bool
    delta_neutral_short_sale_slot: int
    delta_neutral_designated_location: str
    scale_init_level_size: int
    scale_subs_level_size: int
    scale_price_increment: float
    scale_price_adjust_value: float
    scale_price_adjust_interval: int
    scale_profit_offset: float
    scale_auto_reset: bool
    scale_init_position: int
    scale_init_fill_qty: int
    scale_random_percent: bool
    scale_table: str
    hedge_type: str
    hedge_param: str
    algo_strategy: str
    algo_params: _containers.ScalarMap[str, str]
    algo_id: str
    smart_combo_routing_params: _containers.ScalarMap[str, str]
    what_if: bool
    transmit: bool
    override_percentage_constraints: bool
    open_close: str
    origin: int
    short_sale_slot: int
    designated_location: str
    exempt_code: int
    delta_neutral_settling_firm: str
    delta_neutral_clearing_account: str
    delta_neutral_clearing_intent: str
    discretionary_amt: float
    opt_out_smart_routing: bool
    starting_price: float
    stock_ref_price: float
    delta: float
    stock_range_lower: float
    stock_range_upper: float
    not_held: bool
    order_misc_options: _containers.ScalarMap[str, str]
    solicited: bool
    randomize_size: bool
    randomize_price: bool
    reference_contract_id: int
    pegged_change_amount: float
    is_pegged_change_amount_decrease: bool
    reference_change_amount: float
    reference_exchange_id: str
    adjusted_order_type: str
    trigger_price: float
    adjusted_stop_price: float
    adjusted_stop_limit_price: float
    adjusted_trailing_amount: float
    adjustable_trailing_unit: int
    lmt_price_offset: float
    conditions: _containers.RepeatedCompositeFieldContainer[OrderCondition]
    conditions_cancel_order: bool
    conditions_ignore_rth: bool
    model_code: str
    ext_operator: str
    soft_dollar_tier: SoftDollarTier
    cash_qty: float
    mifid2_decision_maker: str
    mifid2_decision_algo: str
    mifid2_execution_trader: str
    mifid2_execution_algo: str
    dont_use_auto_price_for_hedge: bool
    is_oms_container: bool
    discretionary_up_to_limit_price: bool
    auto_cancel_date: str
    filled_quantity: str
    ref_futures_con_id: int
    auto_cancel_parent: bool
    shareholder: str
    imbalance_only: bool
    route_marketable_to_bbo: int
    parent_perm_id: int
    use_price_mgmt_algo: int
    duration: int
    post_to_ats: int
    advanced_error_override: str
    manual_order_time: str
    min_trade_qty: int
    min_compete_size: int
    compete_against_best_offset: float
    mid_offset_at_whole: float
    mid_offset_at_half: float
    customer_account: str
    professional_customer: bool
    bond_accrued_interest: str
    include_overnight: bool
    manual_order_indicator: int
    submitter: str
    deactivate: bool
    post_only: bool
    allow_pre_open: bool
    ignore_open_auction: bool
    seek_price_improvement: int
    what_if_type: int
    hedge_max_size: int
    conditions_include_overnight: bool
    def __init__(self, client_id: _Optional[int] = ..., order_id: _Optional[int] = ..., perm_id: _Optional[int] = ..., parent_id: _Optional[int] = ..., action: _Optional[str] = ..., total_quantity: _Optional[str] = ..., display_size: _Optional[int] = ..., order_type: _Optional[str] = ..., lmt_price: _Optional[float] = ..., aux_price: _Optional[float] = ..., tif: _Optional[str] = ..., account: _Optional[str] = ..., settling_firm: _Optional[str] = ..., clearing_account: _Optional[str] = ..., clearing_intent: _Optional[str] = ..., all_or_none: bool = ..., block_order: bool = ..., hidden: bool = ..., outside_rth: bool = ..., sweep_to_fill: bool = ..., percent_offset: _Optional[float] = ..., trailing_percent: _Optional[float] = ..., trail_stop_price: _Optional[float] = ..., min_qty: _Optional[int] = ..., good_after_time: _Optional[str] = ..., good_till_date: _Optional[str] = ..., oca_group: _Optional[str] = ..., order_ref: _Optional[str] = ..., rule_80a: _Optional[str] = ..., oca_type: _Optional[int] = ..., trigger_method: _Optional[int] = ..., active_start_time: _Optional[str] = ..., active_stop_time: _Optional[str] = ..., fa_group: _Optional[str] = ..., fa_method: _Optional[str] = ..., fa_percentage: _Optional[str] = ..., volatility: _Optional[float] = ..., volatility_type: _Optional[int] = ..., continuous_update: bool = ..., reference_price_type: _Optional[int] = ..., delta_neutral_order_type: _Optional[str] = ..., delta_neutral_aux_price: _Optional[float] = ..., delta_neutral_con_id: _Optional[int] = ..., delta_neutral_open_close: _Optional[str] = ..., delta_neutral_short_sale: bool = ..., delta_neutral_short_sale_slot: _Optional[int] = ..., delta_neutral_designated_location: _Optional[str] = ..., scale_init_level_size: _Optional[int] = ..., scale_subs_level_size: _Optional[int] = ..., scale_price_increment: _Optional[float] = ..., scale_price_adjust_value: _Optional[float] = ..., scale_price_adjust_interval: _Optional[int] = ..., scale_profit_offset: _Optional[float] = ..., scale_auto_reset: bool = ..., scale_init_position: _Optional[int] = ..., scale_init_fill_qty: _Optional[int] = ..., scale_random_percent: bool = ..., scale_table: _Optional[str] = ..., hedge_type: _Optional[str] = ..., hedge_param: _Optional[str] = ..., algo_strategy: _Optional[str] = ..., algo_params: _Optional[_Mapping[str, str]] = ..., algo_id: _Optional[str] = ..., smart_combo_routing_params: _Optional[_Mapping[str, str]] = ..., what_if: bool = ..., transmit: bool = ..., override_percentage_constraints: bool = ..., open_close: _Optional[str] = ..., origin: _Optional[int] = ..., short_sale_slot: _Optional[int] = ..., designated_location: _Optional[str] = ..., exempt_code: _Optional[int] = ..., delta_neutral_settling_firm: _Optional[str] = ..., delta_neutral_clearing_account: _Optional[str] = ..., delta_neutral_clearing_intent: _Optional[str] = ..., discretionary_amt: _Optional[float] = ..., opt_out_smart_routing: bool = ..., starting_price: _Optional[float] = ..., stock_ref_price: _Optional[float] = ..., delta: _Optional[float] = ..., stock_range_lower: _Optional[float] = ..., stock_range_upper: _Optional[float] = ..., not_held: bool = ..., order_misc_options: _Optional[_Mapping[str, str]] = ..., solicited: bool = ..., randomize_size: bool = ..., randomize_price: bool = ..., reference_contract_id: _Optional[int] = ..., pegged_change_amount: _Optional[float] = ..., is_pegged_change_amount_decrease: bool = ..., reference_change_amount: _Optional[float] = ..., reference_exchange_id: _Optional[str] = ..., adjusted_order_type: _Optional[str] = ..., trigger_price: _Optional[float] = ..., adjusted_stop_price: _Optional[float] = ..., adjusted_stop_limit_price: _Optional[float] = ..., adjusted_trailing_amount: _Optional[float] = ..., adjustable_trailing_unit: _Optional[int] = ..., lmt_price_offset: _Optional[float] = ..., conditions: _Optional[_Iterable[_Union[OrderCondition, _Mapping]]] = ..., conditions_cancel_order: bool = ..., conditions_ignore_rth: bool = ..., model_code: _Optional[str] = ..., ext_operator: _Optional[str] = ..., soft_dollar_tier: _Optional[_Union[SoftDollarTier, _Mapping]] = ..., cash_qty: _Optional[float] = ..., mifid2_decision_maker: _Optional[str] = ..., mifid2_decision_algo: _Optional[str] = ..., mifid2_execution_trader: _Optional[str] = ..., mifid2_execution_algo: _Optional[str] = ..., dont_use_auto_price_for_hedge: bool = ..., is_oms_container: bool = ..., discretionary_up_to_limit_price: bool = ..., auto_cancel_date: _Optional[str] = ..., filled_quantity: _Optional[str] = ..., ref_futures_con_id: _Optional[int] = ..., auto_cancel_parent: bool = ..., shareholder: _Optional[str] = ..., imbalance_only: bool = ..., route_marketable_to_bbo: _Optional[int] = ..., parent_perm_id: _Optional[int] = ..., use_price_mgmt_algo: _Optional[int] = ..., duration: _Optional[int] = ..., post_to_ats: _Optional[int] = ..., advanced_error_override: _Optional[str] = ..., manual_order_time: _Optional[str] = ..., min_trade_qty: _Optional[int] = ..., min_compete_size: _Optional[int] = ..., compete_against_best_offset: _Optional[float] = ..., mid_offset_at_whole: _Optional[float] = ..., mid_offset_at_half: _Optional[float] = ..., customer_account: _Optional[str] = ..., professional_customer: bool = ..., bond_accrued_interest: _Optional[str] = ..., include_overnight: bool = ..., manual_order_indicator: _Optional[int] = ..., submitter: _Optional[str] = ..., deactivate: bool = ..., post_only: bool = ..., allow_pre_open: bool = ..., ignore_open_auction: bool = ..., seek_price_improvement: _Optional[int] = ..., what_if_type: _Optional[int] = ..., hedge_max_size: _Optional[int] = ..., conditions_include_overnight: bool = ...) -> None: ...

class OrderCondition(_message.Message):
    __slots__ = ("type", "is_conjunction_connection", "is_more", "con_id", "exchange", "symbol", "sec_type", "percent", "change_percent", "price", "trigger_method", "time", "volume")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    IS_CONJUNCTION_CONNECTION_FIELD_NUMBER: _ClassVar[int]
    IS_MORE_FIELD_NUMBER: _ClassVar[int]
    CON_ID_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SEC_TYPE_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    CHANGE_PERCENT_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_METHOD_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    type: int
    is_conjunction_connection: bool
    is_more: bool
    con_id: int
    exchange: str
    symbol: str
    sec_type: str
    percent: int
    change_percent: float
    price: float
    trigger_method: int
    time: str
    volume: int
    def __init__(self, type: _Optional[int] = ..., is_conjunction_connection: bool = ..., is_more: bool = ..., con_id: _Optional[int] = ..., exchange: _Optional[str] = ..., symbol: _Optional[str] = ..., sec_type: _Optional[str] = ..., percent: _Optional[int] = ..., change_percent: _Optional[float] = ..., price: _Optional[float] = ..., trigger_method: _Optional[int] = ..., time: _Optional[str] = ..., volume: _Optional[int] = ...) -> None: ...

class SoftDollarTier(_message.Message):
    __slots__ = ("name", "value", "display_name")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    display_name: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ..., display_name: _Optional[str] = ...) -> None: ...

class AttachedOrders(_message.Message):
    __slots__ = ("sl_order_id", "sl_order_type", "pt_order_id", "pt_order_type")
    SL_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SL_ORDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    PT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    PT_ORDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    sl_order_id: int
    sl_order_type: str
    pt_order_id: int
    pt_order_type: str
    def __init__(self, sl_order_id: _Optional[int] = ..., sl_order_type: _Optional[str] = ..., pt_order_id: _Optional[int] = ..., pt_order_type: _Optional[str] = ...) -> None: ...

class PlaceOrderRequest(_message.Message):
    __slots__ = ("order_id", "contract", "order", "attached_orders")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    ATTACHED_ORDERS_FIELD_NUMBER: _ClassVar[int]
    order_id: int
    contract: _contract_pb2.Contract
    order: Order
    attached_orders: AttachedOrders
    def __init__(self, order_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., order: _Optional[_Union[Order, _Mapping]] = ..., attached_orders: _Optional[_Union[AttachedOrders, _Mapping]] = ...) -> None: ...

class CancelOrderRequest(_message.Message):
    __slots__ = ("order_id", "order_cancel")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_CANCEL_FIELD_NUMBER: _ClassVar[int]
    order_id: int
    order_cancel: OrderCancel
    def __init__(self, order_id: _Optional[int] = ..., order_cancel: _Optional[_Union[OrderCancel, _Mapping]] = ...) -> None: ...

class OrderCancel(_message.Message):
    __slots__ = ("manual_order_cancel_time", "ext_operator", "manual_order_indicator")
    MANUAL_ORDER_CANCEL_TIME_FIELD_NUMBER: _ClassVar[int]
    EXT_OPERATOR_FIELD_NUMBER: _ClassVar[int]
    MANUAL_ORDER_INDICATOR_FIELD_NUMBER: _ClassVar[int]
    manual_order_cancel_time: str
    ext_operator: str
    manual_order_indicator: int
    def __init__(self, manual_order_cancel_time: _Optional[str] = ..., ext_operator: _Optional[str] = ..., manual_order_indicator: _Optional[int] = ...) -> None: ...

class GlobalCancelRequest(_message.Message):
    __slots__ = ("order_cancel",)
    ORDER_CANCEL_FIELD_NUMBER: _ClassVar[int]
    order_cancel: OrderCancel
    def __init__(self, order_cancel: _Optional[_Union[OrderCancel, _Mapping]] = ...) -> None: ...

class ExerciseOptionsRequest(_message.Message):
    __slots__ = ("order_id", "contract", "exercise_action", "exercise_quantity", "account", "override", "manual_order_time", "customer_account", "professional_customer")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    EXERCISE_ACTION_FIELD_NUMBER: _ClassVar[int]
    EXERCISE_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    MANUAL_ORDER_TIME_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    PROFESSIONAL_CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    order_id: int
    contract: _contract_pb2.Contract
    exercise_action: int
    exercise_quantity: int
    account: str
    override: bool
    manual_order_time: str
    customer_account: str
    professional_customer: bool
    def __init__(self, order_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., exercise_action: _Optional[int] = ..., exercise_quantity: _Optional[int] = ..., account: _Optional[str] = ..., override: bool = ..., manual_order_time: _Optional[str] = ..., customer_account: _Optional[str] = ..., professional_customer: bool = ...) -> None: ...

class OpenOrdersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AllOpenOrdersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AutoOpenOrdersRequest(_message.Message):
    __slots__ = ("auto_bind",)
    AUTO_BIND_FIELD_NUMBER: _ClassVar[int]
    auto_bind: bool
    def __init__(self, auto_bind: bool = ...) -> None: ...

class CompletedOrdersRequest(_message.Message):
    __slots__ = ("api_only",)
    API_ONLY_FIELD_NUMBER: _ClassVar[int]
    api_only: bool
    def __init__(self, api_only: bool = ...) -> None: ...

class OpenOrder(_message.Message):
    __slots__ = ("order_id", "contract", "order", "order_state")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    ORDER_STATE_FIELD_NUMBER: _ClassVar[int]
    order_id: int
    contract: _contract_pb2.Contract
    order: Order
    order_state: OrderState
    def __init__(self, order_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., order: _Optional[_Union[Order, _Mapping]] = ..., order_state: _Optional[_Union[OrderState, _Mapping]] = ...) -> None: ...

class OrderState(_message.Message):
    __slots__ = ("status", "init_margin_before", "maint_margin_before", "equity_with_loan_before", "init_margin_change", "maint_margin_change", "equity_with_loan_change", "init_margin_after", "maint_margin_after", "equity_with_loan_after", "commission_and_fees", "min_commission_and_fees", "max_commission_and_fees", "commission_and_fees_currency", "margin_currency", "init_margin_before_outside_rth", "maint_margin_before_outside_rth", "equity_with_loan_before_outside_rth", "init_margin_change_outside_rth", "maint_margin_change_outside_rth", "equity_with_loan_change_outside_rth", "init_margin_after_outside_rth", "maint_margin_after_outside_rth", "equity_with_loan_after_outside_rth", "suggested_size", "reject_reason", "order_allocations", "warning_text", "completed_time", "completed_status")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    INIT_MARGIN_BEFORE_FIELD_NUMBER: _ClassVar[int]
    MAINT_MARGIN_BEFORE_FIELD_NUMBER: _ClassVar[int]
    EQUITY_WITH_LOAN_BEFORE_FIELD_NUMBER: _ClassVar[int]
    INIT_MARGIN_CHANGE_FIELD_NUMBER: _ClassVar[int]
    MAINT_MARGIN_CHANGE_FIELD_NUMBER: _ClassVar[int]
    EQUITY_WITH_LOAN_CHANGE_FIELD_NUMBER: _ClassVar[int]
    INIT_MARGIN_AFTER_FIELD_NUMBER: _ClassVar[int]
    MAINT_MARGIN_AFTER_FIELD_NUMBER: _ClassVar[int]
    EQUITY_WITH_LOAN_AFTER_FIELD_NUMBER: _ClassVar[int]
    COMMISSION_AND_FEES_FIELD_NUMBER: _ClassVar[int]
    MIN_COMMISSION_AND_FEES_FIELD_NUMBER: _ClassVar[int]
    MAX_COMMISSION_AND_FEES_FIELD_NUMBER: _ClassVar[int]
    COMMISSION_AND_FEES_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    MARGIN_CURRENCY_FIELD_NUMBER: _ClassVar[int]
    INIT_MARGIN_BEFORE_OUTSIDE_RTH_FIELD_NUMBER: _ClassVar[int]
    MAINT_MARGIN_BEFORE_OUTSIDE_RTH_FIELD_NUMBER: _ClassVar[int]
    EQUITY_WITH_LOAN_BEFORE_OUTSIDE_RTH_FIELD_NUMBER: _ClassVar[int]
    INIT_MARGIN_CHANGE_OUTSIDE_RTH_FIELD_NUMBER: _ClassVar[int]
    MAINT_MARGIN_CHANGE_OUTSIDE_RTH_FIELD_NUMBER: _ClassVar[int]
    EQUITY_WITH_LOAN_CHANGE_OUTSIDE_RTH_FIELD_NUMBER: _ClassVar[int]
    INIT_MARGIN_AFTER_OUTSIDE_RTH_FIELD_NUMBER: _ClassVar[int]
    MAINT_MARGIN_AFTER_OUTSIDE_RTH_FIELD_NUMBER: _ClassVar[int]
    EQUITY_WITH_LOAN_AFTER_OUTSIDE_RTH_FIELD_NUMBER: _ClassVar[int]
    SUGGESTED_SIZE_FIELD_NUMBER: _ClassVar[int]
    REJECT_REASON_FIELD_NUMBER: _ClassVar[int]
    ORDER_ALLOCATIONS_FIELD_NUMBER: _ClassVar[int]
    WARNING_TEXT_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_TIME_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_STATUS_FIELD_NUMBER: _ClassVar[int]
    status: str
    init_margin_before: float
    maint_margin_before: float
    equity_with_loan_before: float
    init_margin_change: float
    maint_margin_change: float
    equity_with_loan_change: float
    init_margin_after: float
    maint_margin_after: float
    equity_with_loan_after: float
    commission_and_fees: float
    min_commission_and_fees: float
    max_commission_and_fees: float
    commission_and_fees_currency: str
    margin_currency: str
    init_margin_before_outside_rth: float
    maint_margin_before_outside_rth: float
    equity_with_loan_before_outside_rth: float
    init_margin_change_outside_rth: float
    maint_margin_change_outside_rth: float
    equity_with_loan_change_outside_rth: float
    init_margin_after_outside_rth: float
    maint_margin_after_outside_rth: float
    equity_with_loan_after_outside_rth: float
    suggested_size: str
    reject_reason: str
    order_allocations: _containers.RepeatedCompositeFieldContainer[OrderAllocation]
    warning_text: str
    completed_time: str
    completed_status: str
    def __init__(self, status: _Optional[str] = ..., init_margin_before: _Optional[float] = ..., maint_margin_before: _Optional[float] = ..., equity_with_loan_before: _Optional[float] = ..., init_margin_change: _Optional[float] = ..., maint_margin_change: _Optional[float] = ..., equity_with_loan_change: _Optional[float] = ..., init_margin_after: _Optional[float] = ..., maint_margin_after: _Optional[float] = ..., equity_with_loan_after: _Optional[float] = ..., commission_and_fees: _Optional[float] = ..., min_commission_and_fees: _Optional[float] = ..., max_commission_and_fees: _Optional[float] = ..., commission_and_fees_currency: _Optional[str] = ..., margin_currency: _Optional[str] = ..., init_margin_before_outside_rth: _Optional[float] = ..., maint_margin_before_outside_rth: _Optional[float] = ..., equity_with_loan_before_outside_rth: _Optional[float] = ..., init_margin_change_outside_rth: _Optional[float] = ..., maint_margin_change_outside_rth: _Optional[float] = ..., equity_with_loan_change_outside_rth: _Optional[float] = ..., init_margin_after_outside_rth: _Optional[float] = ..., maint_margin_after_outside_rth: _Optional[float] = ..., equity_with_loan_after_outside_rth: _Optional[float] = ..., suggested_size: _Optional[str] = ..., reject_reason: _Optional[str] = ..., order_allocations: _Optional[_Iterable[_Union[OrderAllocation, _Mapping]]] = ..., warning_text: _Optional[str] = ..., completed_time: _Optional[str] = ..., completed_status: _Optional[str] = ...) -> None: ...

class OrderAllocation(_message.Message):
    __slots__ = ("account", "position", "position_desired", "position_after", "desired_alloc_qty", "allowed_alloc_qty", "is_monetary")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    POSITION_DESIRED_FIELD_NUMBER: _ClassVar[int]
    POSITION_AFTER_FIELD_NUMBER: _ClassVar[int]
    DESIRED_ALLOC_QTY_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_ALLOC_QTY_FIELD_NUMBER: _ClassVar[int]
    IS_MONETARY_FIELD_NUMBER: _ClassVar[int]
    account: str
    position: str
    position_desired: str
    position_after: str
    desired_alloc_qty: str
    allowed_alloc_qty: str
    is_monetary: bool
    def __init__(self, account: _Optional[str] = ..., position: _Optional[str] = ..., position_desired: _Optional[str] = ..., position_after: _Optional[str] = ..., desired_alloc_qty: _Optional[str] = ..., allowed_alloc_qty: _Optional[str] = ..., is_monetary: bool = ...) -> None: ...

class OrderStatus(_message.Message):
    __slots__ = ("order_id", "status", "filled", "remaining", "avg_fill_price", "perm_id", "parent_id", "last_fill_price", "client_id", "why_held", "mkt_cap_price")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    FILLED_FIELD_NUMBER: _ClassVar[int]
    REMAINING_FIELD_NUMBER: _ClassVar[int]
    AVG_FILL_PRICE_FIELD_NUMBER: _ClassVar[int]
    PERM_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_FILL_PRICE_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    WHY_HELD_FIELD_NUMBER: _ClassVar[int]
    MKT_CAP_PRICE_FIELD_NUMBER: _ClassVar[int]
    order_id: int
    status: str
    filled: str
    remaining: str
    avg_fill_price: float
    perm_id: int
    parent_id: int
    last_fill_price: float
    client_id: int
    why_held: str
    mkt_cap_price: float
    def __init__(self, order_id: _Optional[int] = ..., status: _Optional[str] = ..., filled: _Optional[str] = ..., remaining: _Optional[str] = ..., avg_fill_price: _Optional[float] = ..., perm_id: _Optional[int] = ..., parent_id: _Optional[int] = ..., last_fill_price: _Optional[float] = ..., client_id: _Optional[int] = ..., why_held: _Optional[str] = ..., mkt_cap_price: _Optional[float] = ...) -> None: ...

class OpenOrdersEnd(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OrderBound(_message.Message):
    __slots__ = ("perm_id", "client_id", "order_id")
    PERM_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    perm_id: int
    client_id: int
    order_id: int
    def __init__(self, perm_id: _Optional[int] = ..., client_id: _Optional[int] = ..., order_id: _Optional[int] = ...) -> None: ...

class CompletedOrder(_message.Message):
    __slots__ = ("contract", "order", "order_state")
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    ORDER_STATE_FIELD_NUMBER: _ClassVar[int]
    contract: _contract_pb2.Contract
    order: Order
    order_state: OrderState
    def __init__(self, contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., order: _Optional[_Union[Order, _Mapping]] = ..., order_state: _Optional[_Union[OrderState, _Mapping]] = ...) -> None: ...

class CompletedOrdersEnd(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExecutionRequest(_message.Message):
    __slots__ = ("req_id", "execution_filter")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FILTER_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    execution_filter: ExecutionFilter
    def __init__(self, req_id: _Optional[int] = ..., execution_filter: _Optional[_Union[ExecutionFilter, _Mapping]] = ...) -> None: ...

class ExecutionFilter(_message.Message):
    __slots__ = ("client_id", "acct_code", "time", "symbol", "sec_type", "exchange", "side", "last_n_days", "specific_dates")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACCT_CODE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SEC_TYPE_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    LAST_N_DAYS_FIELD_NUMBER: _ClassVar[int]
    SPECIFIC_DATES_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    acct_code: str
    time: str
    symbol: str
    sec_type: str
    exchange: str
    side: str
    last_n_days: int
    specific_dates: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, client_id: _Optional[int] = ..., acct_code: _Optional[str] = ..., time: _Optional[str] = ..., symbol: _Optional[str] = ..., sec_type: _Optional[str] = ..., exchange: _Optional[str] = ..., side: _Optional[str] = ..., last_n_days: _Optional[int] = ..., specific_dates: _Optional[_Iterable[int]] = ...) -> None: ...

class ExecutionDetails(_message.Message):
    __slots__ = ("req_id", "contract", "execution")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    contract: _contract_pb2.Contract
    execution: Execution
    def __init__(self, req_id: _Optional[int] = ..., contract: _Optional[_Union[_contract_pb2.Contract, _Mapping]] = ..., execution: _Optional[_Union[Execution, _Mapping]] = ...) -> None: ...

class Execution(_message.Message):
    __slots__ = ("order_id", "exec_id", "time", "acct_number", "exchange", "side", "shares", "price", "perm_id", "client_id", "is_liquidation", "cum_qty", "avg_price", "order_ref", "ev_rule", "ev_multiplier", "model_code", "last_liquidity", "is_price_revision_pending", "submitter", "opt_exercise_or_lapse_type")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    EXEC_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    ACCT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    PERM_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    IS_LIQUIDATION_FIELD_NUMBER: _ClassVar[int]
    CUM_QTY_FIELD_NUMBER: _ClassVar[int]
    AVG_PRICE_FIELD_NUMBER: _ClassVar[int]
    ORDER_REF_FIELD_NUMBER: _ClassVar[int]
    EV_RULE_FIELD_NUMBER: _ClassVar[int]
    EV_MULTIPLIER_FIELD_NUMBER: _ClassVar[int]
    MODEL_CODE_FIELD_NUMBER: _ClassVar[int]
    LAST_LIQUIDITY_FIELD_NUMBER: _ClassVar[int]
    IS_PRICE_REVISION_PENDING_FIELD_NUMBER: _ClassVar[int]
    SUBMITTER_FIELD_NUMBER: _ClassVar[int]
    OPT_EXERCISE_OR_LAPSE_TYPE_FIELD_NUMBER: _ClassVar[int]
    order_id: int
    exec_id: str
    time: str
    acct_number: str
    exchange: str
    side: str
    shares: str
    price: float
    perm_id: int
    client_id: int
    is_liquidation: bool
    cum_qty: str
    avg_price: float
    order_ref: str
    ev_rule: str
    ev_multiplier: float
    model_code: str
    last_liquidity: int
    is_price_revision_pending: bool
    submitter: str
    opt_exercise_or_lapse_type: int
    def __init__(self, order_id: _Optional[int] = ..., exec_id: _Optional[str] = ..., time: _Optional[str] = ..., acct_number: _Optional[str] = ..., exchange: _Optional[str] = ..., side: _Optional[str] = ..., shares: _Optional[str] = ..., price: _Optional[float] = ..., perm_id: _Optional[int] = ..., client_id: _Optional[int] = ..., is_liquidation: bool = ..., cum_qty: _Optional[str] = ..., avg_price: _Optional[float] = ..., order_ref: _Optional[str] = ..., ev_rule: _Optional[str] = ..., ev_multiplier: _Optional[float] = ..., model_code: _Optional[str] = ..., last_liquidity: _Optional[int] = ..., is_price_revision_pending: bool = ..., submitter: _Optional[str] = ..., opt_exercise_or_lapse_type: _Optional[int] = ...) -> None: ...

class ExecutionDetailsEnd(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class CommissionAndFeesReport(_message.Message):
    __slots__ = ("exec_id", "commission_and_fees", "currency", "realized_pnl", "bond_yield", "yield_redemption_date")
    EXEC_ID_FIELD_NUMBER: _ClassVar[int]
    COMMISSION_AND_FEES_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    BOND_YIELD_FIELD_NUMBER: _ClassVar[int]
    YIELD_REDEMPTION_DATE_FIELD_NUMBER: _ClassVar[int]
    exec_id: str
    commission_and_fees: float
    currency: str
    realized_pnl: float
    bond_yield: float
    yield_redemption_date: str
    def __init__(self, exec_id: _Optional[str] = ..., commission_and_fees: _Optional[float] = ..., currency: _Optional[str] = ..., realized_pnl: _Optional[float] = ..., bond_yield: _Optional[float] = ..., yield_redemption_date: _Optional[str] = ...) -> None: ...
