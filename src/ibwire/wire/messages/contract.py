"""Contracts: how an instrument is named, described and looked up.

Generated from `../schema/contract.proto` by `make wire`; do not edit.
"""

from __future__ import annotations

from msgspec import Struct


class ComboLeg(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Part of Contract."""

    con_id: int | None = 0
    ratio: int | None = 0
    action: str | None = None
    exchange: str | None = None
    open_close: int | None = 0
    short_sales_slot: int | None = 0
    designated_location: str | None = None
    exempt_code: int | None = -1
    per_leg_price: float | None = None


class DeltaNeutralContract(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of Contract."""

    con_id: int | None = 0
    delta: float | None = 0.0
    price: float | None = 0.0


class Contract(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Part of many messages."""

    con_id: int | None = 0
    symbol: str | None = None
    sec_type: str | None = None
    last_trade_date_or_contract_month: str | None = None
    strike: float | None = None
    right: str | None = None
    multiplier: float | None = None
    exchange: str | None = None
    primary_exch: str | None = None
    currency: str | None = None
    local_symbol: str | None = None
    trading_class: str | None = None
    sec_id_type: str | None = None
    sec_id: str | None = None
    description: str | None = None
    issuer_id: str | None = None
    delta_neutral_contract: DeltaNeutralContract | None = None
    include_expired: bool | None = None
    combo_legs_descrip: str | None = None
    combo_legs: tuple[ComboLeg, ...] = ()
    last_trade_date: str | None = None


class IneligibilityReason(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of ContractDetails."""

    id: str | None = None
    description: str | None = None


class ContractDetails(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Part of ContractData."""

    market_name: str | None = None
    min_tick: str | None = None  # decimal text
    order_types: str | None = None
    valid_exchanges: str | None = None
    price_magnifier: int | None = None
    under_con_id: int | None = None
    long_name: str | None = None
    contract_month: str | None = None
    industry: str | None = None
    category: str | None = None
    subcategory: str | None = None
    time_zone_id: str | None = None
    trading_hours: str | None = None
    liquid_hours: str | None = None
    ev_rule: str | None = None
    ev_multiplier: float | None = None
    sec_id_list: dict[str, str] = {}
    agg_group: int | None = None
    under_symbol: str | None = None
    under_sec_type: str | None = None
    market_rule_ids: str | None = None
    real_expiration_date: str | None = None
    stock_type: str | None = None
    min_size: str | None = None  # decimal text
    size_increment: str | None = None  # decimal text
    suggested_size_increment: str | None = None  # decimal text
    fund_name: str | None = None
    fund_family: str | None = None
    fund_type: str | None = None
    fund_front_load: str | None = None
    fund_back_load: str | None = None
    fund_back_load_time_interval: str | None = None
    fund_management_fee: str | None = None
    fund_closed: bool | None = None
    fund_closed_for_new_investors: bool | None = None
    fund_closed_for_new_money: bool | None = None
    fund_notify_amount: str | None = None
    fund_minimum_initial_purchase: str | None = None
    fund_minimum_subsequent_purchase: str | None = None
    fund_blue_sky_states: str | None = None
    fund_blue_sky_territories: str | None = None
    fund_distribution_policy_indicator: str | None = None
    fund_asset_type: str | None = None
    cusip: str | None = None
    issue_date: str | None = None
    ratings: str | None = None
    bond_type: str | None = None
    coupon: float | None = None
    coupon_type: str | None = None
    convertible: bool | None = None
    callable: bool | None = None
    puttable: bool | None = None
    desc_append: str | None = None
    next_option_date: str | None = None
    next_option_type: str | None = None
    next_option_partial: bool | None = None
    bond_notes: str | None = None
    ineligibility_reason_list: tuple[IneligibilityReason, ...] = ()
    event_contract_1: str | None = None
    event_contract_description_1: str | None = None
    event_contract_description_2: str | None = None
    min_algo_size: str | None = None
    last_price_precision: str | None = None
    last_size_precision: str | None = None
    settlement_method: str | None = None


class ContractDataRequest(Struct, frozen=True, repr_omit_defaults=True):
    """Outgoing 9, REQ_CONTRACT_DATA."""

    req_id: int | None = None
    contract: Contract | None = Contract()


class CancelContractData(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 106, CANCEL_CONTRACT_DATA."""

    req_id: int | None = None


class ContractData(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 10, CONTRACT_DATA. Incoming 18, BOND_CONTRACT_DATA."""

    req_id: int | None = None
    contract: Contract | None = None
    contract_details: ContractDetails | None = None


class ContractDataEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 52, CONTRACT_DATA_END."""

    req_id: int | None = None


class MatchingSymbolsRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 81, REQ_MATCHING_SYMBOLS."""

    req_id: int | None = None
    pattern: str | None = None


class ContractDescription(Struct, frozen=True, repr_omit_defaults=True):
    """Part of SymbolSamples."""

    contract: Contract | None = None
    derivative_sec_types: tuple[str, ...] = ()


class SymbolSamples(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 79, SYMBOL_SAMPLES."""

    req_id: int | None = None
    contract_descriptions: tuple[ContractDescription, ...] = ()


class SecDefOptParamsRequest(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Outgoing 78, REQ_SEC_DEF_OPT_PARAMS."""

    req_id: int | None = None
    underlying_symbol: str | None = None
    fut_fop_exchange: str | None = None
    underlying_sec_type: str | None = None
    underlying_con_id: int | None = None


class SecDefOptParameter(Struct, frozen=True, repr_omit_defaults=True, kw_only=True):
    """Incoming 75, SECURITY_DEFINITION_OPTION_PARAMETER."""

    req_id: int | None = None
    exchange: str | None = None
    underlying_con_id: int | None = None
    trading_class: str | None = None
    multiplier: str | None = None  # text here, a number in Contract
    expirations: tuple[str, ...] = ()  # YYYYMMDD
    strikes: tuple[float, ...] = ()  # unsorted


class SecDefOptParameterEnd(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Incoming 76, SECURITY_DEFINITION_OPTION_PARAMETER_END."""

    req_id: int | None = None


class MarketRuleRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 91, REQ_MARKET_RULE."""

    market_rule_id: int | None = None


class PriceIncrement(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of MarketRule."""

    low_edge: float | None = None
    increment: float | None = None


class MarketRule(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 93, MARKET_RULE."""

    market_rule_id: int | None = None
    price_increments: tuple[PriceIncrement, ...] = ()


class SmartComponentsRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 83, REQ_SMART_COMPONENTS."""

    req_id: int | None = None
    bbo_exchange: str | None = None


class SmartComponent(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Part of SmartComponents."""

    bit_number: int | None = None
    exchange: str | None = None
    exchange_letter: str | None = None


class SmartComponents(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 82, SMART_COMPONENTS."""

    req_id: int | None = None
    smart_components: tuple[SmartComponent, ...] = ()


class MarketDepthExchangesRequest(Struct, frozen=True, repr_omit_defaults=True, gc=False):
    """Outgoing 82, REQ_MKT_DEPTH_EXCHANGES."""


class DepthMarketDataDescription(Struct, frozen=True, repr_omit_defaults=True, kw_only=True, gc=False):
    """Part of MarketDepthExchanges."""

    exchange: str | None = None
    sec_type: str | None = None
    listing_exch: str | None = None
    service_data_type: str | None = None
    agg_group: int | None = None


class MarketDepthExchanges(Struct, frozen=True, repr_omit_defaults=True):
    """Incoming 80, MKT_DEPTH_EXCHANGES."""

    depth_market_data_descriptions: tuple[DepthMarketDataDescription, ...] = ()
