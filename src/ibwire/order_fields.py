"""An order with every field that IBKR has for it.

Fields carry IBKR's names in snake_case (`limit_price` is its lmtPrice). Quantities and prices are exact, moments are
aware datetimes or IBKR's text (`order_times`). The defaults are what IBKR's own client sends for an order in which
nothing was set; None leaves a field out. Constructors for the types in use stand in `order_types`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from ibwire.order_conditions import Condition
from ibwire.order_times import Moment
from ibwire.wire import messages as m

ZERO = Decimal(0)


class Order(Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """One order. Make it with a constructor of `ibwire.orders`, change it with `msgspec.structs.replace`.

    `aux_price` is the stop price, the trailing amount or the offset, as the type has it. `transmit` false keeps the
    order at the gateway until it is sent again with true. What only a gateway sets is not sent: `order_id`,
    `parent_perm_id`, `filled_quantity`, `auto_cancel_date`, `shareholder`, `ref_futures_con_id`.
    """

    client_id: int | None = 0
    order_id: int | None = None
    perm_id: int | None = 0
    parent_id: int | None = 0
    action: str | None = None
    total_quantity: Decimal | None = None
    display_size: int | None = 0
    order_type: str | None = None
    limit_price: Decimal | None = None
    aux_price: Decimal | None = None
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
    percent_offset: Decimal | None = None
    trailing_percent: Decimal | None = None
    trail_stop_price: Decimal | None = None
    min_qty: int | None = None
    good_after_time: Moment | None = None
    good_till_date: Moment | None = None
    oca_group: str | None = None
    order_ref: str | None = None
    rule_80a: str | None = None
    oca_type: int | None = 0
    trigger_method: int | None = 0
    active_start_time: Moment | None = None
    active_stop_time: Moment | None = None
    fa_group: str | None = None
    fa_method: str | None = None
    fa_percentage: str | None = None
    volatility: Decimal | None = None
    volatility_type: int | None = None
    continuous_update: bool | None = None
    reference_price_type: int | None = None
    delta_neutral_order_type: str | None = None
    delta_neutral_aux_price: Decimal | None = None
    delta_neutral_con_id: int | None = 0
    delta_neutral_open_close: str | None = None
    delta_neutral_short_sale: bool | None = None
    delta_neutral_short_sale_slot: int | None = 0
    delta_neutral_designated_location: str | None = None
    scale_init_level_size: int | None = None
    scale_subs_level_size: int | None = None
    scale_price_increment: Decimal | None = None
    scale_price_adjust_value: Decimal | None = None
    scale_price_adjust_interval: int | None = None
    scale_profit_offset: Decimal | None = None
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
    transmit: bool | None = True
    override_percentage_constraints: bool | None = None
    open_close: str | None = None
    origin: int | None = 0
    short_sale_slot: int | None = 0
    designated_location: str | None = None
    exempt_code: int | None = -1
    delta_neutral_settling_firm: str | None = None
    delta_neutral_clearing_account: str | None = None
    delta_neutral_clearing_intent: str | None = None
    discretionary_amt: Decimal | None = ZERO
    opt_out_smart_routing: bool | None = None
    starting_price: Decimal | None = None
    stock_ref_price: Decimal | None = None
    delta: Decimal | None = None
    stock_range_lower: Decimal | None = None
    stock_range_upper: Decimal | None = None
    not_held: bool | None = None
    order_misc_options: dict[str, str] = {}
    solicited: bool | None = None
    randomize_size: bool | None = None
    randomize_price: bool | None = None
    reference_contract_id: int | None = 0
    pegged_change_amount: Decimal | None = ZERO
    is_pegged_change_amount_decrease: bool | None = None
    reference_change_amount: Decimal | None = ZERO
    reference_exchange_id: str | None = None
    adjusted_order_type: str | None = None
    trigger_price: Decimal | None = None
    adjusted_stop_price: Decimal | None = None
    adjusted_stop_limit_price: Decimal | None = None
    adjusted_trailing_amount: Decimal | None = None
    adjustable_trailing_unit: int | None = 0
    limit_price_offset: Decimal | None = None
    conditions: tuple[Condition, ...] = ()
    conditions_cancel_order: bool | None = None
    conditions_ignore_rth: bool | None = None
    model_code: str | None = None
    ext_operator: str | None = None
    soft_dollar_tier: m.SoftDollarTier | None = m.SoftDollarTier()
    cash_qty: Decimal | None = None
    mifid2_decision_maker: str | None = None
    mifid2_decision_algo: str | None = None
    mifid2_execution_trader: str | None = None
    mifid2_execution_algo: str | None = None
    dont_use_auto_price_for_hedge: bool | None = None
    is_oms_container: bool | None = None
    discretionary_up_to_limit_price: bool | None = None
    auto_cancel_date: str | None = None
    filled_quantity: Decimal | None = None
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
    manual_order_time: Moment | None = None
    min_trade_qty: int | None = None
    min_compete_size: int | None = None
    compete_against_best_offset: Decimal | None = None
    mid_offset_at_whole: Decimal | None = None
    mid_offset_at_half: Decimal | None = None
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

    # These travel beside the order: the prices of a combo's legs with its contract, a preset's children on their own.
    leg_prices: tuple[Decimal | None, ...] = ()
    sl_order_id: int | None = None
    sl_order_type: str | None = None
    pt_order_id: int | None = None
    pt_order_type: str | None = None


_NAMES = Order.__struct_fields__
_UNTOUCHED = astuple(Order())


def given_fields(order: Order) -> dict[str, Any]:
    """What was set in an order, by name: some ten of its 130 fields.

    Every order is looked through on its way out; the fields in which it is as untouched need no look of their own
    (docs/benchmarks.md). One that was set to what it would be anyway may be among those given, or not.
    """
    return {_NAMES[place]: value for place, value in enumerate(astuple(order)) if value is not _UNTOUCHED[place]}
