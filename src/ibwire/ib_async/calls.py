"""Calls of ib_async's wrapper that take more than handing over fields: what `incoming` names for such messages.

Each gets the wrapper, the id by which ib_async knows the request, and the message.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ib_async

from ibwire.ib_async import from_wire as theirs
from ibwire.wire import messages as m

# --- market data


def tick_price(wrapper: Any, req_id: int, x: m.TickPrice) -> None:
    if x.price is not None:
        wrapper.priceSizeTick(req_id, x.tick_type or 0, x.price, float(x.size or 0))


def tick_size(wrapper: Any, req_id: int, x: m.TickSize) -> None:
    wrapper.tickSize(req_id, x.tick_type or 0, float(x.size or 0))


def tick_option_computation(wrapper: Any, req_id: int, x: m.TickOptionComputation) -> None:
    # -1 and -2 are how IBKR says 'not computed' in text (protocol notes, 3.4).
    values = (
        -1.0 if x.implied_vol is None else x.implied_vol,
        -2.0 if x.delta is None else x.delta,
        -1.0 if x.opt_price is None else x.opt_price,
        -1.0 if x.pv_dividend is None else x.pv_dividend,
        -2.0 if x.gamma is None else x.gamma,
        -2.0 if x.vega is None else x.vega,
        -2.0 if x.theta is None else x.theta,
        -1.0 if x.und_price is None else x.und_price,
    )
    wrapper.tickOptionComputation(req_id, x.tick_type or 0, x.tick_attrib or 0, *values)


def depth(wrapper: Any, req_id: int, x: m.MarketDepth) -> None:
    row = x.market_depth_data or m.MarketDepthData()
    wrapper.updateMktDepth(
        req_id, row.position or 0, row.operation or 0, row.side or 0, row.price or 0.0, float(row.size or 0)
    )


def depth_l2(wrapper: Any, req_id: int, x: m.MarketDepthL2) -> None:
    row = x.market_depth_data or m.MarketDepthData()
    wrapper.updateMktDepthL2(
        req_id,
        row.position or 0,
        row.market_maker or "",
        row.operation or 0,
        row.side or 0,
        row.price or 0.0,
        float(row.size or 0),
        bool(row.is_smart_depth),
    )


def tick_by_tick(wrapper: Any, req_id: int, x: m.TickByTickData) -> None:
    if x.historical_tick_bid_ask is not None:
        quote = x.historical_tick_bid_ask
        wrapper.tickByTickBidAsk(
            req_id,
            quote.time or 0,
            quote.price_bid or 0.0,
            quote.price_ask or 0.0,
            float(quote.size_bid or 0),
            float(quote.size_ask or 0),
            _bid_ask_attrib(quote),
        )
    elif x.historical_tick_last is not None:
        last = x.historical_tick_last
        wrapper.tickByTickAllLast(
            req_id,
            x.tick_type or 0,
            last.time or 0,
            last.price or 0.0,
            float(last.size or 0),
            _last_attrib(last),
            last.exchange or "",
            last.special_conditions or "",
        )
    elif x.historical_tick_mid_point is not None:
        middle = x.historical_tick_mid_point
        wrapper.tickByTickMidPoint(req_id, middle.time or 0, middle.price or 0.0)


def _bid_ask_attrib(tick: m.HistoricalTickBidAsk) -> Any:
    said = tick.tick_attrib_bid_ask or m.TickAttribBidAsk()
    return ib_async.TickAttribBidAsk(bidPastLow=bool(said.bid_past_low), askPastHigh=bool(said.ask_past_high))


def _last_attrib(tick: m.HistoricalTickLast) -> Any:
    said = tick.tick_attrib_last or m.TickAttribLast()
    return ib_async.TickAttribLast(pastLimit=bool(said.past_limit), unreported=bool(said.unreported))


# --- history


def historical_data(wrapper: Any, req_id: int, x: m.HistoricalData) -> None:
    for bar in x.historical_data_bars:
        wrapper.historicalData(req_id, theirs.bar(bar))


def historical_data_update(wrapper: Any, req_id: int, x: m.HistoricalDataUpdate) -> None:
    wrapper.historicalDataUpdate(req_id, theirs.bar(x.historical_data_bar or m.HistoricalDataBar()))


def historical_schedule(wrapper: Any, req_id: int, x: m.HistoricalSchedule) -> None:
    sessions = [
        ib_async.HistoricalSession(one.start_date_time or "", one.end_date_time or "", one.ref_date or "")
        for one in x.historical_sessions
    ]
    wrapper.historicalSchedule(req_id, x.start_date_time or "", x.end_date_time or "", x.time_zone or "", sessions)


def _time(wrapper: Any, seconds: int | None) -> datetime:
    return datetime.fromtimestamp(seconds or 0, wrapper.defaultTimezone)


def historical_ticks(wrapper: Any, req_id: int, x: m.HistoricalTicks) -> None:
    ticks = [
        ib_async.HistoricalTick(_time(wrapper, one.time), one.price or 0.0, float(one.size or 0))
        for one in x.historical_ticks
    ]
    wrapper.historicalTicks(req_id, ticks, bool(x.is_done))


def historical_ticks_bid_ask(wrapper: Any, req_id: int, x: m.HistoricalTicksBidAsk) -> None:
    ticks = [
        ib_async.HistoricalTickBidAsk(
            _time(wrapper, one.time),
            _bid_ask_attrib(one),
            one.price_bid or 0.0,
            one.price_ask or 0.0,
            float(one.size_bid or 0),
            float(one.size_ask or 0),
        )
        for one in x.historical_ticks_bid_ask
    ]
    wrapper.historicalTicksBidAsk(req_id, ticks, bool(x.is_done))


def historical_ticks_last(wrapper: Any, req_id: int, x: m.HistoricalTicksLast) -> None:
    ticks = [
        ib_async.HistoricalTickLast(
            _time(wrapper, one.time),
            _last_attrib(one),
            one.price or 0.0,
            float(one.size or 0),
            one.exchange or "",
            one.special_conditions or "",
        )
        for one in x.historical_ticks_last
    ]
    wrapper.historicalTicksLast(req_id, ticks, bool(x.is_done))


def histogram(wrapper: Any, req_id: int, x: m.HistogramData) -> None:
    items = [ib_async.HistogramData(one.price or 0.0, int(float(one.size or 0))) for one in x.histogram_data_entries]
    wrapper.histogramData(req_id, items)


# --- contracts


def contract_data(wrapper: Any, req_id: int, x: m.ContractData) -> None:
    wrapper.contractDetails(req_id, theirs.contract_details(x, is_bond=False))


def bond_contract_data(wrapper: Any, req_id: int, x: m.ContractData) -> None:
    wrapper.bondContractDetails(req_id, theirs.contract_details(x, is_bond=True))


def symbol_samples(wrapper: Any, req_id: int, x: m.SymbolSamples) -> None:
    found = [
        ib_async.ContractDescription(theirs.contract(one.contract), list(one.derivative_sec_types))
        for one in x.contract_descriptions
    ]
    wrapper.symbolSamples(req_id, found)


def sec_def_opt_parameter(wrapper: Any, req_id: int, x: m.SecDefOptParameter) -> None:
    wrapper.securityDefinitionOptionParameter(
        req_id,
        x.exchange or "",
        str(x.underlying_con_id or 0),  # text, as programs written for ib_async 2.1 get it
        x.trading_class or "",
        x.multiplier or "",
        list(x.expirations),
        list(x.strikes),
    )


def market_rule(wrapper: Any, req_id: int, x: m.MarketRule) -> None:
    steps = [ib_async.PriceIncrement(one.low_edge or 0.0, one.increment or 0.0) for one in x.price_increments]
    wrapper.marketRule(x.market_rule_id or 0, steps)


def smart_components(wrapper: Any, req_id: int, x: m.SmartComponents) -> None:
    components = [
        ib_async.SmartComponent(one.bit_number or 0, one.exchange or "", one.exchange_letter or "")
        for one in x.smart_components
    ]
    wrapper.smartComponents(req_id, components)


def depth_exchanges(wrapper: Any, req_id: int, x: m.MarketDepthExchanges) -> None:
    found = [
        ib_async.DepthMktDataDescription(
            one.exchange or "",
            one.sec_type or "",
            one.listing_exch or "",
            one.service_data_type or "",
            ib_async.util.UNSET_INTEGER if one.agg_group is None else one.agg_group,
        )
        for one in x.depth_market_data_descriptions
    ]
    wrapper.mktDepthExchanges(found)


# --- orders


def open_order(wrapper: Any, req_id: int, x: m.OpenOrder) -> None:
    order = theirs.order(x.order, x.contract, x.order_id)
    wrapper.openOrder(order.orderId, theirs.contract(x.contract), order, theirs.order_state(x.order_state))


def completed_order(wrapper: Any, req_id: int, x: m.CompletedOrder) -> None:
    order, state = theirs.order(x.order, x.contract), theirs.order_state(x.order_state, has_margins=False)
    wrapper.completedOrder(theirs.contract(x.contract), order, state)


def execution(wrapper: Any, req_id: int, x: m.ExecutionDetails) -> None:
    wrapper.execDetails(req_id, theirs.contract(x.contract), theirs.execution(x.execution, wrapper))


def commission(wrapper: Any, req_id: int, x: m.CommissionAndFeesReport) -> None:
    wrapper.commissionReport(
        ib_async.CommissionReport(
            x.exec_id or "",
            x.commission_and_fees or 0.0,
            x.currency or "",
            x.realized_pnl or 0.0,
            x.bond_yield or 0.0,
            int(x.yield_redemption_date or 0),
        )
    )


def order_bound(wrapper: Any, req_id: int, x: m.OrderBound) -> None:
    wrapper.orderBound(x.perm_id or 0, x.client_id or 0, x.order_id or 0)


# --- accounts


def portfolio_value(wrapper: Any, req_id: int, x: m.PortfolioValue) -> None:
    wrapper.updatePortfolio(
        theirs.contract(x.contract),
        float(x.position or 0),
        x.market_price or 0.0,
        x.market_value or 0.0,
        x.average_cost or 0.0,
        x.unrealized_pnl or 0.0,
        x.realized_pnl or 0.0,
        x.account_name or "",
    )


def position(wrapper: Any, req_id: int, x: m.Position) -> None:
    wrapper.position(x.account or "", theirs.contract(x.contract), float(x.position or 0), x.avg_cost or 0.0)


def position_multi(wrapper: Any, req_id: int, x: m.PositionMulti) -> None:
    wrapper.positionMulti(
        req_id,
        x.account or "",
        x.model_code or "",
        theirs.contract(x.contract),
        float(x.position or 0),
        x.avg_cost or 0.0,
    )


def family_codes(wrapper: Any, req_id: int, x: m.FamilyCodes) -> None:
    wrapper.familyCodes([ib_async.FamilyCode(one.account_id or "", one.family_code or "") for one in x.family_codes])


def soft_dollar_tiers(wrapper: Any, req_id: int, x: m.SoftDollarTiers) -> None:
    tiers = [
        ib_async.SoftDollarTier(one.name or "", one.value or "", one.display_name or "") for one in x.soft_dollar_tiers
    ]
    wrapper.softDollarTiers(req_id, tiers)


# --- news, scanner, session


def news_providers(wrapper: Any, req_id: int, x: m.NewsProviders) -> None:
    providers = [ib_async.NewsProvider(one.provider_code or "", one.provider_name or "") for one in x.news_providers]
    wrapper.newsProviders(providers)


def scanner_data(wrapper: Any, req_id: int, x: m.ScannerData) -> None:
    for row in x.scanner_data_element:
        details = ib_async.ContractDetails(contract=theirs.contract(row.contract), marketName=row.market_name or "")
        texts = (row.distance or "", row.benchmark or "", row.projection or "", row.combo_key or "")
        wrapper.scannerData(req_id, row.rank or 0, details, *texts)
    wrapper.scannerDataEnd(req_id)


def error(wrapper: Any, req_id: int, x: m.ErrorMessage) -> None:
    wrapper.error(req_id, x.error_code or 0, x.error_msg or "", x.advanced_order_reject_json or "")
