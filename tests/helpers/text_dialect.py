"""Messages of ours as the fields of IBKR's text dialect at server version 178, which is what ib_async 2.1 reads.

Written from the order in which ib_async's decoder and IBKR's own old clients read the fields. `TEXT` has a function for
each message; fields that the text dialect does not have are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ibwire.wire import messages as m
from ibwire.wire.ids import BondContractData

UNSET = "1.7976931348623157E308"

Fields = list[str]


def t(value: Any) -> str:
    """A field; empty if there is nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return repr(value)
    return str(value)


def n(value: Any) -> str:
    """A field that is a number in any case."""
    return t(value) or "0"


def fields(record: Any, *names: str) -> Fields:
    return [t(getattr(record, name)) for name in names]


def numbers(record: Any, *names: str) -> Fields:
    return [n(getattr(record, name)) for name in names]


def multiplier(contract: m.Contract) -> str:
    return "" if contract.multiplier is None else f"{contract.multiplier:g}"


LONG = (
    *("con_id", "symbol", "sec_type", "last_trade_date_or_contract_month", "strike", "right"),
    *("multiplier", "exchange", "currency", "local_symbol", "trading_class"),
)
"""What most messages say of a contract."""


def contract(one: m.Contract, names: Iterable[str] = LONG) -> Fields:
    return [multiplier(one) if name == "multiplier" else t(getattr(one, name)) for name in names]


def plain(number: int, *names: str, version: bool = True) -> Callable[[Any], Fields]:
    """A message whose fields stand one after the other."""
    return lambda record: [str(number), *(["1"] if version else []), *fields(record, *names)]


def tags(values: dict[str, str]) -> Fields:
    return [str(len(values)), *(part for pair in values.items() for part in pair)]


def _option_computation(x: m.TickOptionComputation) -> Fields:
    empty = {"delta": -2.0, "gamma": -2.0, "vega": -2.0, "theta": -2.0}
    names = ("implied_vol", "delta", "opt_price", "pv_dividend", "gamma", "vega", "theta", "und_price")
    values = [getattr(x, name) if getattr(x, name) is not None else empty.get(name, -1.0) for name in names]
    return ["21", *numbers(x, "req_id", "tick_type", "tick_attrib"), *map(t, values)]


def _depth(x: m.MarketDepth) -> Fields:
    return ["12", "1", t(x.req_id), *fields(x.market_depth_data, "position", "operation", "side", "price", "size")]


def _depth_l2(x: m.MarketDepthL2) -> Fields:
    names = ("position", "market_maker", "operation", "side", "price", "size", "is_smart_depth")
    return ["13", "1", t(x.req_id), *fields(x.market_depth_data, *names)]


def _mask(first: bool | None, second: bool | None) -> str:
    return str((1 if first else 0) | (2 if second else 0))


def _tick_by_tick(x: m.TickByTickData) -> Fields:
    head = ["99", t(x.req_id), t(x.tick_type)]
    if x.historical_tick_last is not None:
        tick = x.historical_tick_last
        mask = _mask(tick.tick_attrib_last.past_limit, tick.tick_attrib_last.unreported)
        return [*head, *numbers(tick, "time", "price", "size"), mask, *fields(tick, "exchange", "special_conditions")]
    if x.historical_tick_bid_ask is not None:
        quote = x.historical_tick_bid_ask
        mask = _mask(quote.tick_attrib_bid_ask.bid_past_low, quote.tick_attrib_bid_ask.ask_past_high)
        return [*head, *numbers(quote, "time", "price_bid", "price_ask", "size_bid", "size_ask"), mask]
    return [*head, *numbers(x.historical_tick_mid_point, "time", "price")]


def bars(x: m.HistoricalData, end: m.HistoricalDataEnd) -> Fields:
    """Bars and their end, which are one message in text."""
    names = ("open", "high", "low", "close", "volume", "wap", "bar_count")
    rows = [part for bar in x.historical_data_bars for part in (t(bar.date), *numbers(bar, *names))]
    head = ["17", t(x.req_id), *fields(end, "start_date_str", "end_date_str")]
    return [*head, str(len(x.historical_data_bars)), *rows]


def _bar_update(x: m.HistoricalDataUpdate) -> Fields:
    names = ("bar_count", "date", "open", "close", "high", "low", "wap", "volume")
    return ["90", t(x.req_id), *fields(x.historical_data_bar, *names)]


def _schedule(x: m.HistoricalSchedule) -> Fields:
    rows = [
        part for one in x.historical_sessions for part in fields(one, "start_date_time", "end_date_time", "ref_date")
    ]
    head = ["106", t(x.req_id), *fields(x, "start_date_time", "end_date_time", "time_zone")]
    return [*head, str(len(x.historical_sessions)), *rows]


def _ticks(x: m.HistoricalTicks) -> Fields:
    rows = [part for one in x.historical_ticks for part in (n(one.time), "0", n(one.price), n(one.size))]
    return ["96", t(x.req_id), str(len(x.historical_ticks)), *rows, n(x.is_done)]


def _ticks_bid_ask(x: m.HistoricalTicksBidAsk) -> Fields:
    rows: Fields = []
    for one in x.historical_ticks_bid_ask:
        mask = _mask(one.tick_attrib_bid_ask.ask_past_high, one.tick_attrib_bid_ask.bid_past_low)
        rows += [n(one.time), mask, *numbers(one, "price_bid", "price_ask", "size_bid", "size_ask")]
    return ["97", t(x.req_id), str(len(x.historical_ticks_bid_ask)), *rows, n(x.is_done)]


def _ticks_last(x: m.HistoricalTicksLast) -> Fields:
    rows: Fields = []
    for one in x.historical_ticks_last:
        mask = _mask(one.tick_attrib_last.past_limit, one.tick_attrib_last.unreported)
        rows += [n(one.time), mask, *numbers(one, "price", "size"), *fields(one, "exchange", "special_conditions")]
    return ["98", t(x.req_id), str(len(x.historical_ticks_last)), *rows, n(x.is_done)]


def _rows(number: int, inner: str, *names: str, head: tuple[str, ...] = ("req_id",)) -> Callable[[Any], Fields]:
    """A message of rows, all fields of which are there."""

    def made(x: Any) -> Fields:
        rows = getattr(x, inner)
        return [
            str(number),
            *numbers(x, *head),
            str(len(rows)),
            *(part for one in rows for part in fields(one, *names)),
        ]

    return made


def _contract_data(x: m.ContractData) -> Fields:
    c, d = x.contract, x.contract_details
    return [
        "10",
        t(x.req_id),
        *contract(c, ("symbol", "sec_type", "last_trade_date_or_contract_month", "strike", "right")),
        *contract(c, ("exchange", "currency", "local_symbol")),
        t(d.market_name),
        *contract(c, ("trading_class", "con_id")),
        t(d.min_tick),
        multiplier(c),
        *fields(d, "order_types", "valid_exchanges", "price_magnifier", "under_con_id", "long_name"),
        t(c.primary_exch),
        *fields(d, "contract_month", "industry", "category", "subcategory", "time_zone_id", "trading_hours"),
        *fields(d, "liquid_hours", "ev_rule"),
        "" if d.ev_multiplier is None else f"{d.ev_multiplier:.0f}",
        *tags(d.sec_id_list),
        *fields(d, "agg_group", "under_symbol", "under_sec_type", "market_rule_ids", "real_expiration_date"),
        *fields(d, "stock_type", "min_size", "size_increment", "suggested_size_increment"),
    ]


def _bond_contract_data(x: m.ContractData) -> Fields:
    c, d = x.contract, x.contract_details
    return [
        "18",
        t(x.req_id),
        *contract(c, ("symbol", "sec_type")),
        *fields(d, "cusip", "coupon"),
        t(c.last_trade_date_or_contract_month),
        *fields(d, "issue_date", "ratings", "bond_type", "coupon_type", "convertible", "callable", "puttable"),
        t(d.desc_append),
        *contract(c, ("exchange", "currency")),
        t(d.market_name),
        *contract(c, ("trading_class", "con_id")),
        *fields(d, "min_tick", "order_types", "valid_exchanges", "next_option_date", "next_option_type"),
        *fields(d, "next_option_partial", "bond_notes", "long_name", "ev_rule"),
        "" if d.ev_multiplier is None else f"{d.ev_multiplier:.0f}",
        *tags(d.sec_id_list),
        *fields(d, "agg_group", "market_rule_ids", "min_size", "size_increment", "suggested_size_increment"),
    ]


def _symbol_samples(x: m.SymbolSamples) -> Fields:
    rows: Fields = []
    for one in x.contract_descriptions:
        rows += [n(one.contract.con_id), *fields(one.contract, "symbol", "sec_type", "primary_exch", "currency")]
        rows += [str(len(one.derivative_sec_types)), *one.derivative_sec_types]
        rows += fields(one.contract, "description", "issuer_id")
    return ["79", t(x.req_id), str(len(x.contract_descriptions)), *rows]


def _option_parameter(x: m.SecDefOptParameter) -> Fields:
    head = ["75", t(x.req_id), t(x.exchange), n(x.underlying_con_id), *fields(x, "trading_class", "multiplier")]
    return [*head, str(len(x.expirations)), *x.expirations, str(len(x.strikes)), *map(t, x.strikes)]


def _combo(c: m.Contract) -> Fields:
    names = ("con_id", "ratio", "action", "exchange", "open_close", "short_sales_slot", "designated_location")
    rows = [part for leg in c.combo_legs for part in (*fields(leg, *names), t(leg.exempt_code))]
    prices = [t(leg.per_leg_price) for leg in c.combo_legs]
    if not any(prices):
        prices = []
    return [t(c.combo_legs_descrip), str(len(c.combo_legs)), *rows, str(len(prices)), *prices]


def _scale(o: m.Order) -> Fields:
    head = fields(o, "scale_init_level_size", "scale_subs_level_size", "scale_price_increment")
    if not o.scale_price_increment or o.scale_price_increment < 0:
        return head
    names = ("scale_price_adjust_value", "scale_price_adjust_interval", "scale_profit_offset", "scale_auto_reset")
    more = ("scale_init_position", "scale_init_fill_qty", "scale_random_percent")
    return [*head, *fields(o, *names, *more)]


def _neutral(c: m.Contract) -> Fields:
    one = c.delta_neutral_contract
    return ["0"] if one is None else ["1", *fields(one, "con_id", "delta", "price")]


def _algo(o: m.Order) -> Fields:
    return [t(o.algo_strategy), *(tags(o.algo_params) if o.algo_strategy else [])]


def _peg_bench(o: m.Order) -> Fields:
    if o.order_type not in ("PEG BENCH", "PEGBENCH"):
        return []
    names = ("reference_contract_id", "is_pegged_change_amount_decrease", "pegged_change_amount")
    return fields(o, *names, "reference_change_amount", "reference_exchange_id")


CONDITIONS: dict[int, tuple[str, ...]] = {
    1: ("is_more", "price", "con_id", "exchange", "trigger_method"),
    3: ("is_more", "time"),
    4: ("is_more", "percent"),
    5: ("sec_type", "exchange", "symbol"),
    6: ("is_more", "volume", "con_id", "exchange"),
    7: ("is_more", "change_percent", "con_id", "exchange"),
}


def _conditions(o: m.Order) -> Fields:
    rows: Fields = []
    for one in o.conditions:
        rows += [t(one.type), "o" if one.is_conjunction_connection is False else "a"]
        rows += fields(one, *CONDITIONS[one.type])
    flags = fields(o, "conditions_ignore_rth", "conditions_cancel_order") if o.conditions else []
    return [str(len(o.conditions)), *rows, *flags]


def _margin(value: float | None) -> str:
    return UNSET if value is None else repr(value)


def _state(s: m.OrderState) -> Fields:
    kinds = ("init_margin", "maint_margin", "equity_with_loan")
    margins = [_margin(getattr(s, f"{kind}_{when}")) for when in ("before", "change", "after") for kind in kinds]
    names = ("commission_and_fees", "min_commission_and_fees", "max_commission_and_fees")
    return [t(s.status), *margins, *fields(s, *names, "commission_and_fees_currency", "warning_text")]


def _open_order(x: m.OpenOrder) -> Fields:
    c, o, s = x.contract, x.order, x.order_state
    neutral = ("delta_neutral_con_id", "delta_neutral_settling_firm", "delta_neutral_clearing_account")
    neutral += ("delta_neutral_clearing_intent", "delta_neutral_open_close", "delta_neutral_short_sale")
    neutral += ("delta_neutral_short_sale_slot", "delta_neutral_designated_location")
    return [
        "5",
        t(x.order_id),
        *contract(c),
        *fields(o, "action", "total_quantity", "order_type", "lmt_price", "aux_price", "tif", "oca_group", "account"),
        *fields(o, "open_close", "origin", "order_ref", "client_id", "perm_id", "outside_rth", "hidden"),
        *fields(o, "discretionary_amt", "good_after_time"),
        "",
        *fields(o, "fa_group", "fa_method", "fa_percentage", "model_code", "good_till_date", "rule_80a"),
        *fields(o, "percent_offset", "settling_firm", "short_sale_slot", "designated_location", "exempt_code"),
        "0",  # auctionStrategy
        *fields(o, "starting_price", "stock_ref_price", "delta", "stock_range_lower", "stock_range_upper"),
        *fields(o, "display_size", "block_order", "sweep_to_fill", "all_or_none", "min_qty", "oca_type"),
        *("0", "0", ""),  # eTradeOnly, firmQuoteOnly, nbboPriceCap
        *fields(o, "parent_id", "trigger_method", "volatility", "volatility_type", "delta_neutral_order_type"),
        t(o.delta_neutral_aux_price),
        *(fields(o, *neutral) if o.delta_neutral_order_type else []),
        *fields(o, "continuous_update", "reference_price_type", "trail_stop_price", "trailing_percent"),
        *("", ""),  # basisPoints, basisPointsType
        *_combo(c),
        *tags(o.smart_combo_routing_params),
        *_scale(o),
        t(o.hedge_type),
        *([t(o.hedge_param)] if o.hedge_type else []),
        *fields(o, "opt_out_smart_routing", "clearing_account", "clearing_intent", "not_held"),
        *_neutral(c),
        *_algo(o),
        *fields(o, "solicited", "what_if"),
        *_state(s),
        *fields(o, "randomize_size", "randomize_price"),
        *_peg_bench(o),
        *_conditions(o),
        *fields(o, "adjusted_order_type", "trigger_price", "trail_stop_price", "lmt_price_offset"),
        *fields(o, "adjusted_stop_price", "adjusted_stop_limit_price", "adjusted_trailing_amount"),
        t(o.adjustable_trailing_unit),
        *fields(o.soft_dollar_tier, "name", "value", "display_name"),
        *fields(o, "cash_qty", "dont_use_auto_price_for_hedge", "is_oms_container"),
        *fields(o, "discretionary_up_to_limit_price", "use_price_mgmt_algo", "duration", "post_to_ats"),
        *fields(o, "auto_cancel_parent", "min_trade_qty", "min_compete_size", "compete_against_best_offset"),
        *fields(o, "mid_offset_at_whole", "mid_offset_at_half"),
    ]


def _completed_order(x: m.CompletedOrder) -> Fields:
    c, o, s = x.contract, x.order, x.order_state
    neutral = ("delta_neutral_con_id", "delta_neutral_short_sale", "delta_neutral_short_sale_slot")
    return [
        "101",
        *contract(c),
        *fields(o, "action", "total_quantity", "order_type", "lmt_price", "aux_price", "tif", "oca_group", "account"),
        *fields(o, "open_close", "origin", "order_ref", "perm_id", "outside_rth", "hidden", "discretionary_amt"),
        *fields(o, "good_after_time", "fa_group", "fa_method", "fa_percentage", "model_code", "good_till_date"),
        *fields(o, "rule_80a", "percent_offset", "settling_firm", "short_sale_slot", "designated_location"),
        *fields(o, "exempt_code", "starting_price", "stock_ref_price", "delta", "stock_range_lower"),
        *fields(o, "stock_range_upper", "display_size", "sweep_to_fill", "all_or_none", "min_qty", "oca_type"),
        *fields(o, "trigger_method", "volatility", "volatility_type", "delta_neutral_order_type"),
        t(o.delta_neutral_aux_price),
        *(fields(o, *neutral, "delta_neutral_designated_location") if o.delta_neutral_order_type else []),
        *fields(o, "continuous_update", "reference_price_type", "trail_stop_price", "trailing_percent"),
        *_combo(c),
        *tags(o.smart_combo_routing_params),
        *_scale(o),
        t(o.hedge_type),
        *([t(o.hedge_param)] if o.hedge_type else []),
        *fields(o, "clearing_account", "clearing_intent", "not_held"),
        *_neutral(c),
        *_algo(o),
        *[t(o.solicited), t(s.status)],
        *fields(o, "randomize_size", "randomize_price"),
        *_peg_bench(o),
        *_conditions(o),
        *fields(o, "trail_stop_price", "lmt_price_offset", "cash_qty", "dont_use_auto_price_for_hedge"),
        *fields(o, "is_oms_container", "auto_cancel_date", "filled_quantity", "ref_futures_con_id"),
        *fields(o, "auto_cancel_parent", "shareholder", "imbalance_only", "route_marketable_to_bbo", "parent_perm_id"),
        *fields(s, "completed_time", "completed_status"),
        *fields(o, "min_trade_qty", "min_compete_size", "compete_against_best_offset"),
        *fields(o, "mid_offset_at_whole", "mid_offset_at_half"),
    ]


def _execution(x: m.ExecutionDetails) -> Fields:
    e = x.execution
    return [
        "11",
        n(x.req_id),
        t(e.order_id),
        *contract(x.contract),
        *fields(e, "exec_id", "time", "acct_number", "exchange", "side", "shares", "price", "perm_id", "client_id"),
        *fields(e, "is_liquidation", "cum_qty", "avg_price", "order_ref", "ev_rule", "ev_multiplier", "model_code"),
        *fields(e, "last_liquidity", "is_price_revision_pending"),
    ]


PORTFOLIO = tuple("primary_exch" if name == "exchange" else name for name in LONG)
POSITION = LONG


def _portfolio(x: m.PortfolioValue) -> Fields:
    money = ("position", "market_price", "market_value", "average_cost", "unrealized_pnl", "realized_pnl")
    return ["7", "8", *contract(x.contract, PORTFOLIO), *numbers(x, *money), t(x.account_name)]


SCANNED = (
    *("con_id", "symbol", "sec_type", "last_trade_date_or_contract_month", "strike", "right"),
    *("exchange", "currency", "local_symbol"),
)


def _scanner(x: m.ScannerData) -> Fields:
    rows: Fields = []
    for one in x.scanner_data_element:
        rows += [n(one.rank), *contract(one.contract, SCANNED), t(one.market_name), t(one.contract.trading_class)]
        rows += fields(one, "distance", "benchmark", "projection", "combo_key")
    return ["20", "3", t(x.req_id), str(len(x.scanner_data_element)), *rows]


TEXT: dict[type, Callable[[Any], Fields]] = {
    m.TickPrice: lambda x: ["1", "6", *numbers(x, "req_id", "tick_type"), *fields(x, "price", "size", "attr_mask")],
    m.TickSize: plain(2, "req_id", "tick_type", "size"),
    m.OrderStatus: plain(
        3,
        *("order_id", "status", "filled", "remaining", "avg_fill_price", "perm_id", "parent_id", "last_fill_price"),
        *("client_id", "why_held", "mkt_cap_price"),
        version=False,
    ),
    m.ErrorMessage: lambda x: [
        "4",
        "2",
        *numbers(x, "id", "error_code"),
        *fields(x, "error_msg", "advanced_order_reject_json"),
    ],
    m.OpenOrder: _open_order,
    m.AccountValue: plain(6, "key", "value", "currency", "account_name"),
    m.PortfolioValue: _portfolio,
    m.AccountUpdateTime: plain(8, "time_stamp"),
    m.NextValidId: plain(9, "order_id"),
    m.ContractData: _contract_data,
    m.ExecutionDetails: _execution,
    m.MarketDepth: _depth,
    m.MarketDepthL2: _depth_l2,
    m.NewsBulletin: plain(14, "news_msg_id", "news_msg_type", "news_message", "originating_exch"),
    m.ManagedAccounts: plain(15, "accounts_list"),
    m.ReceiveFA: plain(16, "fa_data_type", "xml"),
    BondContractData: _bond_contract_data,
    m.ScannerParameters: plain(19, "xml"),
    m.ScannerData: _scanner,
    m.TickOptionComputation: _option_computation,
    m.TickGeneric: plain(45, "req_id", "tick_type", "value"),
    m.TickString: plain(46, "req_id", "tick_type", "value"),
    m.CurrentTime: plain(49, "current_time"),
    m.RealTimeBarTick: plain(50, "req_id", "time", "open", "high", "low", "close", "volume", "wap", "count"),
    m.ContractDataEnd: plain(52, "req_id"),
    m.OpenOrdersEnd: plain(53),
    m.AccountDataEnd: plain(54, "account_name"),
    m.ExecutionDetailsEnd: plain(55, "req_id"),
    m.TickSnapshotEnd: plain(57, "req_id"),
    m.MarketDataType: plain(58, "req_id", "market_data_type"),
    m.CommissionAndFeesReport: plain(
        59, "exec_id", "commission_and_fees", "currency", "realized_pnl", "bond_yield", "yield_redemption_date"
    ),
    m.Position: lambda x: ["61", "3", t(x.account), *contract(x.contract), *fields(x, "position", "avg_cost")],
    m.PositionEnd: plain(62),
    m.AccountSummary: plain(63, "req_id", "account", "tag", "value", "currency"),
    m.AccountSummaryEnd: plain(64, "req_id"),
    m.VerifyMessageApi: plain(65, "api_data"),
    m.VerifyCompleted: plain(66, "is_successful", "error_text"),
    m.DisplayGroupList: plain(67, "req_id", "groups"),
    m.DisplayGroupUpdated: plain(68, "req_id", "contract_info"),
    m.PositionMulti: lambda x: [
        *("71", "1", t(x.req_id), t(x.account)),
        *contract(x.contract),
        *fields(x, "position", "avg_cost", "model_code"),
    ],
    m.PositionMultiEnd: plain(72, "req_id"),
    m.AccountUpdateMulti: plain(73, "req_id", "account", "model_code", "key", "value", "currency"),
    m.AccountUpdateMultiEnd: plain(74, "req_id"),
    m.SecDefOptParameter: _option_parameter,
    m.SecDefOptParameterEnd: plain(76, "req_id", version=False),
    m.SoftDollarTiers: _rows(77, "soft_dollar_tiers", "name", "value", "display_name"),
    m.FamilyCodes: _rows(78, "family_codes", "account_id", "family_code", head=()),
    m.SymbolSamples: _symbol_samples,
    m.MarketDepthExchanges: _rows(
        80,
        "depth_market_data_descriptions",
        *("exchange", "sec_type", "listing_exch", "service_data_type", "agg_group"),
        head=(),
    ),
    m.TickReqParams: plain(81, "req_id", "min_tick", "bbo_exchange", "snapshot_permissions", version=False),
    m.SmartComponents: _rows(82, "smart_components", "bit_number", "exchange", "exchange_letter"),
    m.NewsArticle: plain(83, "req_id", "article_type", "article_text", version=False),
    m.TickNews: plain(
        84, "req_id", "timestamp", "provider_code", "article_id", "headline", "extra_data", version=False
    ),
    m.NewsProviders: _rows(85, "news_providers", "provider_code", "provider_name", head=()),
    m.HistoricalNews: plain(86, "req_id", "time", "provider_code", "article_id", "headline", version=False),
    m.HistoricalNewsEnd: plain(87, "req_id", "has_more", version=False),
    m.HeadTimestamp: plain(88, "req_id", "head_timestamp", version=False),
    m.HistogramData: _rows(89, "histogram_data_entries", "price", "size"),
    m.HistoricalDataUpdate: _bar_update,
    m.RerouteMarketDataRequest: plain(91, "req_id", "con_id", "exchange", version=False),
    m.RerouteMarketDepthRequest: plain(92, "req_id", "con_id", "exchange", version=False),
    m.MarketRule: _rows(93, "price_increments", "low_edge", "increment", head=("market_rule_id",)),
    m.PnL: plain(94, "req_id", "daily_pnl", "unrealized_pnl", "realized_pnl", version=False),
    m.PnLSingle: plain(95, "req_id", "position", "daily_pnl", "unrealized_pnl", "realized_pnl", "value", version=False),
    m.HistoricalTicks: _ticks,
    m.HistoricalTicksBidAsk: _ticks_bid_ask,
    m.HistoricalTicksLast: _ticks_last,
    m.TickByTickData: _tick_by_tick,
    m.OrderBound: plain(100, "perm_id", "client_id", "order_id", version=False),
    m.CompletedOrder: _completed_order,
    m.CompletedOrdersEnd: plain(102, version=False),
    m.ReplaceFAEnd: plain(103, "req_id", "text", version=False),
    m.WshMetaData: plain(104, "req_id", "data_json", version=False),
    m.WshEventData: plain(105, "req_id", "data_json", version=False),
    m.HistoricalSchedule: _schedule,
    m.UserInfo: plain(107, "req_id", "white_branding_id", version=False),
}
"""By the class of the message; bars and their end are one message (`bars`)."""
