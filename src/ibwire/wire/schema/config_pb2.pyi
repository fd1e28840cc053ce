from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ConfigRequest(_message.Message):
    __slots__ = ("req_id",)
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    def __init__(self, req_id: _Optional[int] = ...) -> None: ...

class ConfigResponse(_message.Message):
    __slots__ = ("req_id", "lock_and_exit", "messages", "api", "orders")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    LOCK_AND_EXIT_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    API_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    lock_and_exit: LockAndExitConfig
    messages: _containers.RepeatedCompositeFieldContainer[MessageConfig]
    api: ApiConfig
    orders: OrdersConfig
    def __init__(self, req_id: _Optional[int] = ..., lock_and_exit: _Optional[_Union[LockAndExitConfig, _Mapping]] = ..., messages: _Optional[_Iterable[_Union[MessageConfig, _Mapping]]] = ..., api: _Optional[_Union[ApiConfig, _Mapping]] = ..., orders: _Optional[_Union[OrdersConfig, _Mapping]] = ...) -> None: ...

class UpdateConfigRequest(_message.Message):
    __slots__ = ("req_id", "lock_and_exit", "messages", "api", "orders", "accepted_warnings", "reset_api_order_sequence")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    LOCK_AND_EXIT_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    API_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_WARNINGS_FIELD_NUMBER: _ClassVar[int]
    RESET_API_ORDER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    lock_and_exit: LockAndExitConfig
    messages: _containers.RepeatedCompositeFieldContainer[MessageConfig]
    api: ApiConfig
    orders: OrdersConfig
    accepted_warnings: _containers.RepeatedCompositeFieldContainer[UpdateConfigWarning]
    reset_api_order_sequence: bool
    def __init__(self, req_id: _Optional[int] = ..., lock_and_exit: _Optional[_Union[LockAndExitConfig, _Mapping]] = ..., messages: _Optional[_Iterable[_Union[MessageConfig, _Mapping]]] = ..., api: _Optional[_Union[ApiConfig, _Mapping]] = ..., orders: _Optional[_Union[OrdersConfig, _Mapping]] = ..., accepted_warnings: _Optional[_Iterable[_Union[UpdateConfigWarning, _Mapping]]] = ..., reset_api_order_sequence: bool = ...) -> None: ...

class UpdateConfigResponse(_message.Message):
    __slots__ = ("req_id", "status", "message", "changed_fields", "errors", "warnings")
    REQ_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELDS_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    req_id: int
    status: str
    message: str
    changed_fields: _containers.RepeatedScalarFieldContainer[str]
    errors: _containers.RepeatedScalarFieldContainer[str]
    warnings: _containers.RepeatedCompositeFieldContainer[UpdateConfigWarning]
    def __init__(self, req_id: _Optional[int] = ..., status: _Optional[str] = ..., message: _Optional[str] = ..., changed_fields: _Optional[_Iterable[str]] = ..., errors: _Optional[_Iterable[str]] = ..., warnings: _Optional[_Iterable[_Union[UpdateConfigWarning, _Mapping]]] = ...) -> None: ...

class UpdateConfigWarning(_message.Message):
    __slots__ = ("message_id", "title", "message")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message_id: int
    title: str
    message: str
    def __init__(self, message_id: _Optional[int] = ..., title: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class LockAndExitConfig(_message.Message):
    __slots__ = ("auto_logoff_time", "auto_logoff_period", "auto_logoff_type")
    AUTO_LOGOFF_TIME_FIELD_NUMBER: _ClassVar[int]
    AUTO_LOGOFF_PERIOD_FIELD_NUMBER: _ClassVar[int]
    AUTO_LOGOFF_TYPE_FIELD_NUMBER: _ClassVar[int]
    auto_logoff_time: str
    auto_logoff_period: str
    auto_logoff_type: str
    def __init__(self, auto_logoff_time: _Optional[str] = ..., auto_logoff_period: _Optional[str] = ..., auto_logoff_type: _Optional[str] = ...) -> None: ...

class MessageConfig(_message.Message):
    __slots__ = ("id", "title", "message", "default_action", "enabled")
    ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_ACTION_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    id: int
    title: str
    message: str
    default_action: str
    enabled: bool
    def __init__(self, id: _Optional[int] = ..., title: _Optional[str] = ..., message: _Optional[str] = ..., default_action: _Optional[str] = ..., enabled: bool = ...) -> None: ...

class ApiConfig(_message.Message):
    __slots__ = ("precautions", "settings")
    PRECAUTIONS_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    precautions: ApiPrecautionsConfig
    settings: ApiSettingsConfig
    def __init__(self, precautions: _Optional[_Union[ApiPrecautionsConfig, _Mapping]] = ..., settings: _Optional[_Union[ApiSettingsConfig, _Mapping]] = ...) -> None: ...

class ApiPrecautionsConfig(_message.Message):
    __slots__ = ("bypass_order_precautions", "bypass_bond_warning", "bypass_negative_yield_confirmation", "bypass_called_bond_warning", "bypass_same_action_pair_trade_warning", "bypass_flagged_accounts_warning", "bypass_price_based_volatility_warning", "bypass_redirect_order_warning", "bypass_no_overfill_protection", "bypass_route_marketable_to_bbo")
    BYPASS_ORDER_PRECAUTIONS_FIELD_NUMBER: _ClassVar[int]
    BYPASS_BOND_WARNING_FIELD_NUMBER: _ClassVar[int]
    BYPASS_NEGATIVE_YIELD_CONFIRMATION_FIELD_NUMBER: _ClassVar[int]
    BYPASS_CALLED_BOND_WARNING_FIELD_NUMBER: _ClassVar[int]
    BYPASS_SAME_ACTION_PAIR_TRADE_WARNING_FIELD_NUMBER: _ClassVar[int]
    BYPASS_FLAGGED_ACCOUNTS_WARNING_FIELD_NUMBER: _ClassVar[int]
    BYPASS_PRICE_BASED_VOLATILITY_WARNING_FIELD_NUMBER: _ClassVar[int]
    BYPASS_REDIRECT_ORDER_WARNING_FIELD_NUMBER: _ClassVar[int]
    BYPASS_NO_OVERFILL_PROTECTION_FIELD_NUMBER: _ClassVar[int]
    BYPASS_ROUTE_MARKETABLE_TO_BBO_FIELD_NUMBER: _ClassVar[int]
    bypass_order_precautions: bool
    bypass_bond_warning: bool
    bypass_negative_yield_confirmation: bool
    bypass_called_bond_warning: bool
    bypass_same_action_pair_trade_warning: bool
    bypass_flagged_accounts_warning: bool
    bypass_price_based_volatility_warning: bool
    bypass_redirect_order_warning: bool
    bypass_no_overfill_protection: bool
    bypass_route_marketable_to_bbo: bool
    def __init__(self, bypass_order_precautions: bool = ..., bypass_bond_warning: bool = ..., bypass_negative_yield_confirmation: bool = ..., bypass_called_bond_warning: bool = ..., bypass_same_action_pair_trade_warning: bool = ..., bypass_flagged_accounts_warning: bool = ..., bypass_price_based_volatility_warning: bool = ..., bypass_redirect_order_warning: bool = ..., bypass_no_overfill_protection: bool = ..., bypass_route_marketable_to_bbo: bool = ...) -> None: ...

class ApiSettingsConfig(_message.Message):
    __slots__ = ("read_only_api", "total_quantity_for_mutual_funds", "download_open_orders_on_connection", "include_virtual_fx_positions", "prepare_daily_pnl", "send_status_updates_for_volatility_orders", "encode_api_messages", "socket_port", "use_negative_auto_range", "create_api_message_log_file", "include_market_data_in_log_file", "expose_trading_schedule_to_api", "split_insured_deposit_from_cash_balance", "send_zero_positions_for_today_only", "let_api_account_requests_switch_subscription", "use_account_groups_with_allocation_methods", "logging_level", "master_client_id", "bulk_data_timeout", "component_exch_separator", "show_forex_data_in_1_10_pips", "allow_forex_trading_in1_10_pips", "round_account_values_to_nearest_whole_number", "send_market_data_in_lots_for_us_stocks", "show_advanced_order_reject_in_ui", "reject_messages_above_max_rate", "maintain_connection_on_incorrect_fields", "compatibility_mode_nasdaq_stocks", "send_instrument_timezone", "send_forex_data_in_compatibility_mode", "maintain_and_resubmit_orders_on_reconnect", "historical_data_max_size", "auto_report_netting_event_contract_trades", "option_exercise_request_type", "allow_localhost_only", "trusted_ips")
    READ_ONLY_API_FIELD_NUMBER: _ClassVar[int]
    TOTAL_QUANTITY_FOR_MUTUAL_FUNDS_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_OPEN_ORDERS_ON_CONNECTION_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_VIRTUAL_FX_POSITIONS_FIELD_NUMBER: _ClassVar[int]
    PREPARE_DAILY_PNL_FIELD_NUMBER: _ClassVar[int]
    SEND_STATUS_UPDATES_FOR_VOLATILITY_ORDERS_FIELD_NUMBER: _ClassVar[int]
    ENCODE_API_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    SOCKET_PORT_FIELD_NUMBER: _ClassVar[int]
    USE_NEGATIVE_AUTO_RANGE_FIELD_NUMBER: _ClassVar[int]
    CREATE_API_MESSAGE_LOG_FILE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_MARKET_DATA_IN_LOG_FILE_FIELD_NUMBER: _ClassVar[int]
    EXPOSE_TRADING_SCHEDULE_TO_API_FIELD_NUMBER: _ClassVar[int]
    SPLIT_INSURED_DEPOSIT_FROM_CASH_BALANCE_FIELD_NUMBER: _ClassVar[int]
    SEND_ZERO_POSITIONS_FOR_TODAY_ONLY_FIELD_NUMBER: _ClassVar[int]
    LET_API_ACCOUNT_REQUESTS_SWITCH_SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    USE_ACCOUNT_GROUPS_WITH_ALLOCATION_METHODS_FIELD_NUMBER: _ClassVar[int]
    LOGGING_LEVEL_FIELD_NUMBER: _ClassVar[int]
    MASTER_CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    BULK_DATA_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_EXCH_SEPARATOR_FIELD_NUMBER: _ClassVar[int]
    SHOW_FOREX_DATA_IN_1_10_PIPS_FIELD_NUMBER: _ClassVar[int]
    ALLOW_FOREX_TRADING_IN1_10_PIPS_FIELD_NUMBER: _ClassVar[int]
    ROUND_ACCOUNT_VALUES_TO_NEAREST_WHOLE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SEND_MARKET_DATA_IN_LOTS_FOR_US_STOCKS_FIELD_NUMBER: _ClassVar[int]
    SHOW_ADVANCED_ORDER_REJECT_IN_UI_FIELD_NUMBER: _ClassVar[int]
    REJECT_MESSAGES_ABOVE_MAX_RATE_FIELD_NUMBER: _ClassVar[int]
    MAINTAIN_CONNECTION_ON_INCORRECT_FIELDS_FIELD_NUMBER: _ClassVar[int]
    COMPATIBILITY_MODE_NASDAQ_STOCKS_FIELD_NUMBER: _ClassVar[int]
    SEND_INSTRUMENT_TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    SEND_FOREX_DATA_IN_COMPATIBILITY_MODE_FIELD_NUMBER: _ClassVar[int]
    MAINTAIN_AND_RESUBMIT_ORDERS_ON_RECONNECT_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_DATA_MAX_SIZE_FIELD_NUMBER: _ClassVar[int]
    AUTO_REPORT_NETTING_EVENT_CONTRACT_TRADES_FIELD_NUMBER: _ClassVar[int]
    OPTION_EXERCISE_REQUEST_TYPE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_LOCALHOST_ONLY_FIELD_NUMBER: _ClassVar[int]
    TRUSTED_IPS_FIELD_NUMBER: _ClassVar[int]
    read_only_api: bool
    total_quantity_for_mutual_funds: bool
    download_open_orders_on_connection: bool
    include_virtual_fx_positions: bool
    prepare_daily_pnl: bool
    send_status_updates_for_volatility_orders: bool
    encode_api_messages: str
    socket_port: int
    use_negative_auto_range: bool
    create_api_message_log_file: bool
    include_market_data_in_log_file: bool
    expose_trading_schedule_to_api: bool
    split_insured_deposit_from_cash_balance: bool
    send_zero_positions_for_today_only: bool
    let_api_account_requests_switch_subscription: bool
    use_account_groups_with_allocation_methods: bool
    logging_level: str
    master_client_id: int
    bulk_data_timeout: int
    component_exch_separator: str
    show_forex_data_in_1_10_pips: bool
    allow_forex_trading_in1_10_pips: bool
    round_account_values_to_nearest_whole_number: bool
    send_market_data_in_lots_for_us_stocks: bool
    show_advanced_order_reject_in_ui: bool
    reject_messages_above_max_rate: bool
    maintain_connection_on_incorrect_fields: bool
    compatibility_mode_nasdaq_stocks: bool
    send_instrument_timezone: str
    send_forex_data_in_compatibility_mode: bool
    maintain_and_resubmit_orders_on_reconnect: bool
    historical_data_max_size: int
    auto_report_netting_event_contract_trades: bool
    option_exercise_request_type: str
    allow_localhost_only: bool
    trusted_ips: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, read_only_api: bool = ..., total_quantity_for_mutual_funds: bool = ..., download_open_orders_on_connection: bool = ..., include_virtual_fx_positions: bool = ..., prepare_daily_pnl: bool = ..., send_status_updates_for_volatility_orders: bool = ..., encode_api_messages: _Optional[str] = ..., socket_port: _Optional[int] = ..., use_negative_auto_range: bool = ..., create_api_message_log_file: bool = ..., include_market_data_in_log_file: bool = ..., expose_trading_schedule_to_api: bool = ..., split_insured_deposit_from_cash_balance: bool = ..., send_zero_positions_for_today_only: bool = ..., let_api_account_requests_switch_subscription: bool = ..., use_account_groups_with_allocation_methods: bool = ..., logging_level: _Optional[str] = ..., master_client_id: _Optional[int] = ..., bulk_data_timeout: _Optional[int] = ..., component_exch_separator: _Optional[str] = ..., show_forex_data_in_1_10_pips: bool = ..., allow_forex_trading_in1_10_pips: bool = ..., round_account_values_to_nearest_whole_number: bool = ..., send_market_data_in_lots_for_us_stocks: bool = ..., show_advanced_order_reject_in_ui: bool = ..., reject_messages_above_max_rate: bool = ..., maintain_connection_on_incorrect_fields: bool = ..., compatibility_mode_nasdaq_stocks: bool = ..., send_instrument_timezone: _Optional[str] = ..., send_forex_data_in_compatibility_mode: bool = ..., maintain_and_resubmit_orders_on_reconnect: bool = ..., historical_data_max_size: _Optional[int] = ..., auto_report_netting_event_contract_trades: bool = ..., option_exercise_request_type: _Optional[str] = ..., allow_localhost_only: bool = ..., trusted_ips: _Optional[_Iterable[str]] = ...) -> None: ...

class OrdersConfig(_message.Message):
    __slots__ = ("smart_routing",)
    SMART_ROUTING_FIELD_NUMBER: _ClassVar[int]
    smart_routing: OrdersSmartRoutingConfig
    def __init__(self, smart_routing: _Optional[_Union[OrdersSmartRoutingConfig, _Mapping]] = ...) -> None: ...

class OrdersSmartRoutingConfig(_message.Message):
    __slots__ = ("seek_price_improvement", "pre_open_reroute", "do_not_route_to_dark_pools", "default_algorithm")
    SEEK_PRICE_IMPROVEMENT_FIELD_NUMBER: _ClassVar[int]
    PRE_OPEN_REROUTE_FIELD_NUMBER: _ClassVar[int]
    DO_NOT_ROUTE_TO_DARK_POOLS_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    seek_price_improvement: bool
    pre_open_reroute: bool
    do_not_route_to_dark_pools: bool
    default_algorithm: str
    def __init__(self, seek_price_improvement: bool = ..., pre_open_reroute: bool = ..., do_not_route_to_dark_pools: bool = ..., default_algorithm: _Optional[str] = ...) -> None: ...
