"""The gateway's own settings.

Generated from `../schema/config.proto` by `make wire`; do not edit.
"""

from __future__ import annotations

from msgspec import Struct


class ConfigRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 108, REQ_CONFIG."""

    req_id: int | None = None


class ApiPrecautionsConfig(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Part of ApiConfig."""

    bypass_order_precautions: bool | None = None
    bypass_bond_warning: bool | None = None
    bypass_negative_yield_confirmation: bool | None = None
    bypass_called_bond_warning: bool | None = None
    bypass_same_action_pair_trade_warning: bool | None = None
    bypass_flagged_accounts_warning: bool | None = None
    bypass_price_based_volatility_warning: bool | None = None
    bypass_redirect_order_warning: bool | None = None
    bypass_no_overfill_protection: bool | None = None
    bypass_route_marketable_to_bbo: bool | None = None


class ApiSettingsConfig(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Part of ApiConfig."""

    read_only_api: bool | None = None
    total_quantity_for_mutual_funds: bool | None = None
    download_open_orders_on_connection: bool | None = None
    include_virtual_fx_positions: bool | None = None
    prepare_daily_pnl: bool | None = None
    send_status_updates_for_volatility_orders: bool | None = None
    encode_api_messages: str | None = None
    socket_port: int | None = None
    use_negative_auto_range: bool | None = None
    create_api_message_log_file: bool | None = None
    include_market_data_in_log_file: bool | None = None
    expose_trading_schedule_to_api: bool | None = None
    split_insured_deposit_from_cash_balance: bool | None = None
    send_zero_positions_for_today_only: bool | None = None
    let_api_account_requests_switch_subscription: bool | None = None
    use_account_groups_with_allocation_methods: bool | None = None
    logging_level: str | None = None
    master_client_id: int | None = None
    bulk_data_timeout: int | None = None
    component_exch_separator: str | None = None
    show_forex_data_in_1_10_pips: bool | None = None
    allow_forex_trading_in1_10_pips: bool | None = None
    round_account_values_to_nearest_whole_number: bool | None = None
    send_market_data_in_lots_for_us_stocks: bool | None = None
    show_advanced_order_reject_in_ui: bool | None = None
    reject_messages_above_max_rate: bool | None = None
    maintain_connection_on_incorrect_fields: bool | None = None
    compatibility_mode_nasdaq_stocks: bool | None = None
    send_instrument_timezone: str | None = None
    send_forex_data_in_compatibility_mode: bool | None = None
    maintain_and_resubmit_orders_on_reconnect: bool | None = None
    historical_data_max_size: int | None = None
    auto_report_netting_event_contract_trades: bool | None = None
    option_exercise_request_type: str | None = None
    allow_localhost_only: bool | None = None
    trusted_ips: tuple[str, ...] = ()


class ApiConfig(Struct, frozen=True, repr_omit_defaults=True):
    """Part of ConfigResponse, UpdateConfigRequest."""

    precautions: ApiPrecautionsConfig | None = None
    settings: ApiSettingsConfig | None = None


class LockAndExitConfig(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of ConfigResponse, UpdateConfigRequest."""

    auto_logoff_time: str | None = None
    auto_logoff_period: str | None = None
    auto_logoff_type: str | None = None


class MessageConfig(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Part of ConfigResponse, UpdateConfigRequest."""

    id: int | None = None
    title: str | None = None
    message: str | None = None
    default_action: str | None = None
    enabled: bool | None = None


class OrdersSmartRoutingConfig(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Part of OrdersConfig."""

    seek_price_improvement: bool | None = None
    pre_open_reroute: bool | None = None
    do_not_route_to_dark_pools: bool | None = None
    default_algorithm: str | None = None


class OrdersConfig(Struct, frozen=True, repr_omit_defaults=True):
    """Part of ConfigResponse, UpdateConfigRequest."""

    smart_routing: OrdersSmartRoutingConfig | None = None


class ConfigResponse(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Incoming 110, CONFIG_RESPONSE."""

    req_id: int | None = None
    lock_and_exit: LockAndExitConfig | None = None
    messages: tuple[MessageConfig, ...] = ()
    api: ApiConfig | None = None
    orders: OrdersConfig | None = None


class UpdateConfigWarning(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of UpdateConfigRequest, UpdateConfigResponse."""

    message_id: int | None = None
    title: str | None = None
    message: str | None = None


class UpdateConfigRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 109, UPDATE_CONFIG."""

    req_id: int | None = None
    lock_and_exit: LockAndExitConfig | None = None
    messages: tuple[MessageConfig, ...] = ()
    api: ApiConfig | None = None
    orders: OrdersConfig | None = None
    accepted_warnings: tuple[UpdateConfigWarning, ...] = ()
    reset_api_order_sequence: bool | None = None


class UpdateConfigResponse(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Incoming 111, UPDATE_CONFIG_RESPONSE."""

    req_id: int | None = None
    status: str | None = None
    message: str | None = None
    changed_fields: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    warnings: tuple[UpdateConfigWarning, ...] = ()
