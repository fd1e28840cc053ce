"""Orders: placing, cancelling, their state, executions and commissions.

Generated from `../schema/order.proto` by `make wire`; do not edit.
"""

from __future__ import annotations

from msgspec import Struct

from ibwire.wire.messages.contract import Contract


class OrderCondition(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Part of Order."""

    type: int | None = None
    is_conjunction_connection: bool | None = True
    is_more: bool | None = None
    con_id: int | None = None
    exchange: str | None = None
    symbol: str | None = None
    sec_type: str | None = None
    percent: int | None = None
    change_percent: float | None = None
    price: float | None = None
    trigger_method: int | None = None
    time: str | None = None
    volume: int | None = None


class SoftDollarTier(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of Order, SoftDollarTiers."""

    name: str | None = None
    value: str | None = None
    display_name: str | None = None


class Order(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Part of CompletedOrder, OpenOrder, PlaceOrderRequest."""

    client_id: int | None = 0
    order_id: int | None = None
    perm_id: int | None = 0
    parent_id: int | None = 0
    action: str | None = None
    total_quantity: str | None = None  # decimal text
    display_size: int | None = 0
    order_type: str | None = None
    lmt_price: float | None = None  # IBKR's limit price
    aux_price: float | None = None  # stop price or trailing amount
    tif: str | None = None
    account: str | None = None
    settling_firm: str | None = None
    clearing_account: str | None = None
    clearing_intent: str | None = None
    all_or_none: bool | None = None
    block_order: bool | None = None
    hidden: bool | None = None
    outside_rth: bool | None = None
    sweep_to_fill: bool | None = None
    percent_offset: float | None = None
    trailing_percent: float | None = None
    trail_stop_price: float | None = None
    min_qty: int | None = None
    good_after_time: str | None = None
    good_till_date: str | None = None
    oca_group: str | None = None
    order_ref: str | None = None
    rule_80a: str | None = None
    oca_type: int | None = 0
    trigger_method: int | None = 0
    active_start_time: str | None = None
    active_stop_time: str | None = None
    fa_group: str | None = None
    fa_method: str | None = None
    fa_percentage: str | None = None
    volatility: float | None = None
    volatility_type: int | None = None
    continuous_update: bool | None = None
    reference_price_type: int | None = None
    delta_neutral_order_type: str | None = None
    delta_neutral_aux_price: float | None = None
    delta_neutral_con_id: int | None = 0
    delta_neutral_open_close: str | None = None
    delta_neutral_short_sale: bool | None = None
    delta_neutral_short_sale_slot: int | None = 0
    delta_neutral_designated_location: str | None = None
    scale_init_level_size: int | None = None
    scale_subs_level_size: int | None = None
    scale_price_increment: float | None = None
    scale_price_adjust_value: float | None = None
    scale_price_adjust_interval: int | None = None
    scale_profit_offset: float | None = None
    scale_auto_reset: bool | None = None
    scale_init_position: int | None = None
    scale_init_fill_qty: int | None = None
    scale_random_percent: bool | None = None
    scale_table: str | None = None
    hedge_type: str | None = None
    hedge_param: str | None = None
    algo_strategy: str | None = None
    algo_params: dict[str, str] = {}
    algo_id: str | None = None
    smart_combo_routing_params: dict[str, str] = {}
    what_if: bool | None = None
    transmit: bool | None = True  # absent means held at the gateway
    override_percentage_constraints: bool | None = None
    open_close: str | None = None
    origin: int | None = 0
    short_sale_slot: int | None = 0
    designated_location: str | None = None
    exempt_code: int | None = -1
    delta_neutral_settling_firm: str | None = None
    delta_neutral_clearing_account: str | None = None
    delta_neutral_clearing_intent: str | None = None
    discretionary_amt: float | None = 0.0
    opt_out_smart_routing: bool | None = None
    starting_price: float | None = None
    stock_ref_price: float | None = None
    delta: float | None = None
    stock_range_lower: float | None = None
    stock_range_upper: float | None = None
    not_held: bool | None = None
    order_misc_options: dict[str, str] = {}
    solicited: bool | None = None
    randomize_size: bool | None = None
    randomize_price: bool | None = None
    reference_contract_id: int | None = 0
    pegged_change_amount: float | None = 0.0
    is_pegged_change_amount_decrease: bool | None = None
    reference_change_amount: float | None = 0.0
    reference_exchange_id: str | None = None
    adjusted_order_type: str | None = None
    trigger_price: float | None = None
    adjusted_stop_price: float | None = None
    adjusted_stop_limit_price: float | None = None
    adjusted_trailing_amount: float | None = None
    adjustable_trailing_unit: int | None = 0
    lmt_price_offset: float | None = None
    conditions: tuple[OrderCondition, ...] = ()
    conditions_cancel_order: bool | None = None
    conditions_ignore_rth: bool | None = None
    model_code: str | None = None
    ext_operator: str | None = None
    soft_dollar_tier: SoftDollarTier | None = SoftDollarTier()
    cash_qty: float | None = None
    mifid2_decision_maker: str | None = None
    mifid2_decision_algo: str | None = None
    mifid2_execution_trader: str | None = None
    mifid2_execution_algo: str | None = None
    dont_use_auto_price_for_hedge: bool | None = None
    is_oms_container: bool | None = None
    discretionary_up_to_limit_price: bool | None = None
    auto_cancel_date: str | None = None
    filled_quantity: str | None = None  # decimal text
    ref_futures_con_id: int | None = None
    auto_cancel_parent: bool | None = None
    shareholder: str | None = None
    imbalance_only: bool | None = None
    route_marketable_to_bbo: int | None = None
    parent_perm_id: int | None = None
    use_price_mgmt_algo: int | None = None
    duration: int | None = None
    post_to_ats: int | None = None
    advanced_error_override: str | None = None
    manual_order_time: str | None = None
    min_trade_qty: int | None = None
    min_compete_size: int | None = None
    compete_against_best_offset: float | None = None
    mid_offset_at_whole: float | None = None
    mid_offset_at_half: float | None = None
    customer_account: str | None = None
    professional_customer: bool | None = None
    bond_accrued_interest: str | None = None
    include_overnight: bool | None = None
    manual_order_indicator: int | None = None
    submitter: str | None = None
    deactivate: bool | None = None
    post_only: bool | None = None
    allow_pre_open: bool | None = None
    ignore_open_auction: bool | None = None
    seek_price_improvement: int | None = None
    what_if_type: int | None = None
    hedge_max_size: int | None = None
    conditions_include_overnight: bool | None = None


class AttachedOrders(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Part of PlaceOrderRequest."""

    sl_order_id: int | None = None
    sl_order_type: str | None = None
    pt_order_id: int | None = None
    pt_order_type: str | None = None


class PlaceOrderRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 3, PLACE_ORDER."""

    order_id: int | None = None
    contract: Contract | None = Contract()
    order: Order | None = Order()
    attached_orders: AttachedOrders | None = AttachedOrders()


class OrderCancel(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of CancelOrderRequest, GlobalCancelRequest."""

    manual_order_cancel_time: str | None = None
    ext_operator: str | None = None
    manual_order_indicator: int | None = None


class CancelOrderRequest(Struct, frozen=True, repr_omit_defaults=True):
    """Outgoing 4, CANCEL_ORDER."""

    order_id: int | None = None
    order_cancel: OrderCancel | None = OrderCancel()


class GlobalCancelRequest(Struct, frozen=True, repr_omit_defaults=True):
    """Outgoing 58, REQ_GLOBAL_CANCEL."""

    order_cancel: OrderCancel | None = OrderCancel()


class ExerciseOptionsRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Outgoing 21, EXERCISE_OPTIONS."""

    order_id: int | None = None
    contract: Contract | None = Contract()
    exercise_action: int | None = None
    exercise_quantity: int | None = None
    account: str | None = None
    override: bool | None = None
    manual_order_time: str | None = None
    customer_account: str | None = None
    professional_customer: bool | None = None


class OpenOrdersRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 5, REQ_OPEN_ORDERS."""


class AllOpenOrdersRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 16, REQ_ALL_OPEN_ORDERS."""


class AutoOpenOrdersRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 15, REQ_AUTO_OPEN_ORDERS."""

    auto_bind: bool | None = None


class CompletedOrdersRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 99, REQ_COMPLETED_ORDERS."""

    api_only: bool | None = None


class OrderAllocation(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Part of OrderState."""

    account: str | None = None
    position: str | None = None  # decimal text
    position_desired: str | None = None
    position_after: str | None = None
    desired_alloc_qty: str | None = None
    allowed_alloc_qty: str | None = None
    is_monetary: bool | None = None


class OrderState(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Part of CompletedOrder, OpenOrder."""

    status: str | None = None
    init_margin_before: float | None = None
    maint_margin_before: float | None = None
    equity_with_loan_before: float | None = None
    init_margin_change: float | None = None
    maint_margin_change: float | None = None
    equity_with_loan_change: float | None = None
    init_margin_after: float | None = None
    maint_margin_after: float | None = None
    equity_with_loan_after: float | None = None
    commission_and_fees: float | None = None
    min_commission_and_fees: float | None = None
    max_commission_and_fees: float | None = None
    commission_and_fees_currency: str | None = None
    margin_currency: str | None = None
    init_margin_before_outside_rth: float | None = None
    maint_margin_before_outside_rth: float | None = None
    equity_with_loan_before_outside_rth: float | None = None
    init_margin_change_outside_rth: float | None = None
    maint_margin_change_outside_rth: float | None = None
    equity_with_loan_change_outside_rth: float | None = None
    init_margin_after_outside_rth: float | None = None
    maint_margin_after_outside_rth: float | None = None
    equity_with_loan_after_outside_rth: float | None = None
    suggested_size: str | None = None
    reject_reason: str | None = None
    order_allocations: tuple[OrderAllocation, ...] = ()
    warning_text: str | None = None
    completed_time: str | None = None
    completed_status: str | None = None


class OpenOrder(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Incoming 5, OPEN_ORDER."""

    order_id: int | None = None
    contract: Contract | None = None
    order: Order | None = None
    order_state: OrderState | None = None


class OrderStatus(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 3, ORDER_STATUS."""

    order_id: int | None = None
    status: str | None = None
    filled: str | None = None  # decimal text
    remaining: str | None = None  # decimal text
    avg_fill_price: float | None = None
    perm_id: int | None = None
    parent_id: int | None = None
    last_fill_price: float | None = None
    client_id: int | None = None
    why_held: str | None = None
    mkt_cap_price: float | None = None


class OpenOrdersEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 53, OPEN_ORDER_END."""


class OrderBound(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 100, ORDER_BOUND."""

    perm_id: int | None = None
    client_id: int | None = None
    order_id: int | None = None


class CompletedOrder(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 101, COMPLETED_ORDER."""

    contract: Contract | None = None
    order: Order | None = None
    order_state: OrderState | None = None


class CompletedOrdersEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 102, COMPLETED_ORDERS_END."""


class ExecutionFilter(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Part of ExecutionRequest."""

    client_id: int | None = 0
    acct_code: str | None = None
    time: str | None = None
    symbol: str | None = None
    sec_type: str | None = None
    exchange: str | None = None
    side: str | None = None
    last_n_days: int | None = None
    specific_dates: tuple[int, ...] = ()


class ExecutionRequest(Struct, frozen=True, repr_omit_defaults=True):
    """Outgoing 7, REQ_EXECUTIONS."""

    req_id: int | None = None
    execution_filter: ExecutionFilter | None = ExecutionFilter()


class Execution(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Part of ExecutionDetails."""

    order_id: int | None = None
    exec_id: str | None = None
    time: str | None = None
    acct_number: str | None = None
    exchange: str | None = None
    side: str | None = None  # BOT or SLD
    shares: str | None = None  # decimal text
    price: float | None = None
    perm_id: int | None = None
    client_id: int | None = None
    is_liquidation: bool | None = None
    cum_qty: str | None = None  # decimal text
    avg_price: float | None = None
    order_ref: str | None = None
    ev_rule: str | None = None
    ev_multiplier: float | None = None
    model_code: str | None = None
    last_liquidity: int | None = None
    is_price_revision_pending: bool | None = None
    submitter: str | None = None
    opt_exercise_or_lapse_type: int | None = None


class ExecutionDetails(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 11, EXECUTION_DATA."""

    req_id: int | None = None  # -1 when not asked for
    contract: Contract | None = None
    execution: Execution | None = None


class ExecutionDetailsEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 55, EXECUTION_DATA_END."""

    req_id: int | None = None


class CommissionAndFeesReport(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Incoming 59, COMMISSION_AND_FEES_REPORT."""

    exec_id: str | None = None
    commission_and_fees: float | None = None
    currency: str | None = None
    realized_pnl: float | None = None
    bond_yield: float | None = None
    yield_redemption_date: str | None = None
