"""Every message of ours as a call of ib_async's wrapper: the same method, arguments and order as its own decoder makes.

`CALLS` is the table; a call gets the wrapper, the id by which ib_async knows the request, and the message. What is
absent becomes what its decoder makes of an empty field: 0, False or an empty text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import ib_async

from ibwire.ib_async import from_wire as theirs
from ibwire.wire import messages as m
from ibwire.wire.ids import BondContractData

Call = Callable[[Any, int, Any], None]

NOT_ON_THE_WIRE = {
    47: "tickEFP: exchange for physical has no message any more",
    51: "fundamentalData: IBKR has removed it",
    56: "deltaNeutralValidation: has no message any more",
    69: "verifyAndAuthMessageAPI: offered to IBKR's own programs only",
    70: "verifyAndAuthCompleted: offered to IBKR's own programs only",
}
"""What ib_async's decoder knows, by its number, and the wire of today has no message for."""


def _row(method: str, with_id: bool, **fields: type) -> Call:
    """A call whose arguments are the message's fields as these types; of a method that the wrapper may lack."""
    readers = tuple((name, kind, "" if kind is str else 0) for name, kind in fields.items())

    def call(wrapper: Any, req_id: int, message: Any) -> None:
        take = getattr(wrapper, method, None)
        if take is not None:
            args = [kind(getattr(message, name) or empty) for name, kind, empty in readers]
            take(req_id, *args) if with_id else take(*args)

    return call


def _asked(method: str, **fields: type) -> Call:
    return _row(method, True, **fields)  # noqa: FBT003


def _told(method: str, **fields: type) -> Call:
    return _row(method, False, **fields)  # noqa: FBT003


# --- market data


def _tick_price(wrapper: Any, req_id: int, x: m.TickPrice) -> None:
    if x.price is not None:
        wrapper.priceSizeTick(req_id, x.tick_type or 0, x.price, float(x.size or 0))


def _tick_size(wrapper: Any, req_id: int, x: m.TickSize) -> None:
    wrapper.tickSize(req_id, x.tick_type or 0, float(x.size or 0))


def _tick_option_computation(wrapper: Any, req_id: int, x: m.TickOptionComputation) -> None:
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


def _depth(wrapper: Any, req_id: int, x: m.MarketDepth) -> None:
    row = x.market_depth_data or m.MarketDepthData()
    wrapper.updateMktDepth(
        req_id, row.position or 0, row.operation or 0, row.side or 0, row.price or 0.0, float(row.size or 0)
    )


def _depth_l2(wrapper: Any, req_id: int, x: m.MarketDepthL2) -> None:
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


def _tick_by_tick(wrapper: Any, req_id: int, x: m.TickByTickData) -> None:
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


def _historical_data(wrapper: Any, req_id: int, x: m.HistoricalData) -> None:
    for bar in x.historical_data_bars:
        wrapper.historicalData(req_id, theirs.bar(bar))


def _historical_data_update(wrapper: Any, req_id: int, x: m.HistoricalDataUpdate) -> None:
    wrapper.historicalDataUpdate(req_id, theirs.bar(x.historical_data_bar or m.HistoricalDataBar()))


def _historical_schedule(wrapper: Any, req_id: int, x: m.HistoricalSchedule) -> None:
    sessions = [
        ib_async.HistoricalSession(one.start_date_time or "", one.end_date_time or "", one.ref_date or "")
        for one in x.historical_sessions
    ]
    wrapper.historicalSchedule(req_id, x.start_date_time or "", x.end_date_time or "", x.time_zone or "", sessions)


def _time(wrapper: Any, seconds: int | None) -> datetime:
    return datetime.fromtimestamp(seconds or 0, wrapper.defaultTimezone)


def _historical_ticks(wrapper: Any, req_id: int, x: m.HistoricalTicks) -> None:
    ticks = [
        ib_async.HistoricalTick(_time(wrapper, one.time), one.price or 0.0, float(one.size or 0))
        for one in x.historical_ticks
    ]
    wrapper.historicalTicks(req_id, ticks, bool(x.is_done))


def _historical_ticks_bid_ask(wrapper: Any, req_id: int, x: m.HistoricalTicksBidAsk) -> None:
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


def _historical_ticks_last(wrapper: Any, req_id: int, x: m.HistoricalTicksLast) -> None:
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


def _histogram(wrapper: Any, req_id: int, x: m.HistogramData) -> None:
    items = [ib_async.HistogramData(one.price or 0.0, int(float(one.size or 0))) for one in x.histogram_data_entries]
    wrapper.histogramData(req_id, items)


# --- contracts


def _contract_data(wrapper: Any, req_id: int, x: m.ContractData) -> None:
    wrapper.contractDetails(req_id, theirs.contract_details(x, is_bond=False))


def _bond_contract_data(wrapper: Any, req_id: int, x: m.ContractData) -> None:
    wrapper.bondContractDetails(req_id, theirs.contract_details(x, is_bond=True))


def _symbol_samples(wrapper: Any, req_id: int, x: m.SymbolSamples) -> None:
    found = [
        ib_async.ContractDescription(theirs.contract(one.contract), list(one.derivative_sec_types))
        for one in x.contract_descriptions
    ]
    wrapper.symbolSamples(req_id, found)


def _sec_def_opt_parameter(wrapper: Any, req_id: int, x: m.SecDefOptParameter) -> None:
    wrapper.securityDefinitionOptionParameter(
        req_id,
        x.exchange or "",
        str(x.underlying_con_id or 0),  # text, as programs written for ib_async 2.1 get it
        x.trading_class or "",
        x.multiplier or "",
        list(x.expirations),
        list(x.strikes),
    )


def _market_rule(wrapper: Any, req_id: int, x: m.MarketRule) -> None:
    steps = [ib_async.PriceIncrement(one.low_edge or 0.0, one.increment or 0.0) for one in x.price_increments]
    wrapper.marketRule(x.market_rule_id or 0, steps)


def _smart_components(wrapper: Any, req_id: int, x: m.SmartComponents) -> None:
    components = [
        ib_async.SmartComponent(one.bit_number or 0, one.exchange or "", one.exchange_letter or "")
        for one in x.smart_components
    ]
    wrapper.smartComponents(req_id, components)


def _depth_exchanges(wrapper: Any, req_id: int, x: m.MarketDepthExchanges) -> None:
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


def _open_order(wrapper: Any, req_id: int, x: m.OpenOrder) -> None:
    order = theirs.order(x.order, x.contract, x.order_id)
    wrapper.openOrder(order.orderId, theirs.contract(x.contract), order, theirs.order_state(x.order_state))


def _completed_order(wrapper: Any, req_id: int, x: m.CompletedOrder) -> None:
    order, state = theirs.order(x.order, x.contract), theirs.order_state(x.order_state, has_margins=False)
    wrapper.completedOrder(theirs.contract(x.contract), order, state)


def _execution(wrapper: Any, req_id: int, x: m.ExecutionDetails) -> None:
    wrapper.execDetails(req_id, theirs.contract(x.contract), theirs.execution(x.execution, wrapper))


def _commission(wrapper: Any, req_id: int, x: m.CommissionAndFeesReport) -> None:
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


def _order_bound(wrapper: Any, req_id: int, x: m.OrderBound) -> None:
    wrapper.orderBound(x.perm_id or 0, x.client_id or 0, x.order_id or 0)


# --- accounts


def _portfolio_value(wrapper: Any, req_id: int, x: m.PortfolioValue) -> None:
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


def _position(wrapper: Any, req_id: int, x: m.Position) -> None:
    wrapper.position(x.account or "", theirs.contract(x.contract), float(x.position or 0), x.avg_cost or 0.0)


def _position_multi(wrapper: Any, req_id: int, x: m.PositionMulti) -> None:
    wrapper.positionMulti(
        req_id,
        x.account or "",
        x.model_code or "",
        theirs.contract(x.contract),
        float(x.position or 0),
        x.avg_cost or 0.0,
    )


def _family_codes(wrapper: Any, req_id: int, x: m.FamilyCodes) -> None:
    wrapper.familyCodes([ib_async.FamilyCode(one.account_id or "", one.family_code or "") for one in x.family_codes])


def _soft_dollar_tiers(wrapper: Any, req_id: int, x: m.SoftDollarTiers) -> None:
    tiers = [
        ib_async.SoftDollarTier(one.name or "", one.value or "", one.display_name or "") for one in x.soft_dollar_tiers
    ]
    wrapper.softDollarTiers(req_id, tiers)


# --- news, scanner, session


def _news_providers(wrapper: Any, req_id: int, x: m.NewsProviders) -> None:
    providers = [ib_async.NewsProvider(one.provider_code or "", one.provider_name or "") for one in x.news_providers]
    wrapper.newsProviders(providers)


def _scanner_data(wrapper: Any, req_id: int, x: m.ScannerData) -> None:
    for row in x.scanner_data_element:
        details = ib_async.ContractDetails(contract=theirs.contract(row.contract), marketName=row.market_name or "")
        texts = (row.distance or "", row.benchmark or "", row.projection or "", row.combo_key or "")
        wrapper.scannerData(req_id, row.rank or 0, details, *texts)
    wrapper.scannerDataEnd(req_id)


def _error(wrapper: Any, req_id: int, x: m.ErrorMessage) -> None:
    wrapper.error(req_id, x.error_code or 0, x.error_msg or "", x.advanced_order_reject_json or "")


CALLS: Mapping[type, Call] = {
    # market data
    m.TickPrice: _tick_price,
    m.TickSize: _tick_size,
    m.TickGeneric: _asked("tickGeneric", tick_type=int, value=float),
    m.TickString: _asked("tickString", tick_type=int, value=str),
    m.TickOptionComputation: _tick_option_computation,
    m.TickReqParams: _asked("tickReqParams", min_tick=float, bbo_exchange=str, snapshot_permissions=int),
    m.TickSnapshotEnd: _asked("tickSnapshotEnd"),
    m.TickNews: _asked("tickNews", timestamp=int, provider_code=str, article_id=str, headline=str, extra_data=str),
    m.MarketDataType: _asked("marketDataType", market_data_type=int),
    m.MarketDepth: _depth,
    m.MarketDepthL2: _depth_l2,
    m.TickByTickData: _tick_by_tick,
    m.RealTimeBarTick: _asked(
        "realtimeBar",
        time=int,
        open=float,
        high=float,
        low=float,
        close=float,
        volume=float,
        wap=float,
        count=int,
    ),
    m.RerouteMarketDataRequest: _asked("rerouteMktDataReq", con_id=int, exchange=str),
    m.RerouteMarketDepthRequest: _asked("rerouteMktDepthReq", con_id=int, exchange=str),
    # history
    m.HistoricalData: _historical_data,
    m.HistoricalDataEnd: _asked("historicalDataEnd", start_date_str=str, end_date_str=str),
    m.HistoricalDataUpdate: _historical_data_update,
    m.HistoricalSchedule: _historical_schedule,
    m.HistoricalTicks: _historical_ticks,
    m.HistoricalTicksBidAsk: _historical_ticks_bid_ask,
    m.HistoricalTicksLast: _historical_ticks_last,
    m.HeadTimestamp: _asked("headTimestamp", head_timestamp=str),
    m.HistogramData: _histogram,
    # contracts
    m.ContractData: _contract_data,
    BondContractData: _bond_contract_data,
    m.ContractDataEnd: _asked("contractDetailsEnd"),
    m.SymbolSamples: _symbol_samples,
    m.SecDefOptParameter: _sec_def_opt_parameter,
    m.SecDefOptParameterEnd: _asked("securityDefinitionOptionParameterEnd"),
    m.MarketRule: _market_rule,
    m.SmartComponents: _smart_components,
    m.MarketDepthExchanges: _depth_exchanges,
    # orders
    m.OpenOrder: _open_order,
    m.OpenOrdersEnd: _told("openOrderEnd"),
    m.OrderStatus: _told(
        "orderStatus",
        order_id=int,
        status=str,
        filled=float,
        remaining=float,
        avg_fill_price=float,
        perm_id=int,
        parent_id=int,
        last_fill_price=float,
        client_id=int,
        why_held=str,
        mkt_cap_price=float,
    ),
    m.CompletedOrder: _completed_order,
    m.CompletedOrdersEnd: _told("completedOrdersEnd"),
    m.ExecutionDetails: _execution,
    m.ExecutionDetailsEnd: _asked("execDetailsEnd"),
    m.CommissionAndFeesReport: _commission,
    m.OrderBound: _order_bound,
    # accounts
    m.ManagedAccounts: _told("managedAccounts", accounts_list=str),
    m.AccountValue: _told("updateAccountValue", key=str, value=str, currency=str, account_name=str),
    m.PortfolioValue: _portfolio_value,
    m.AccountUpdateTime: _told("updateAccountTime", time_stamp=str),
    m.AccountDataEnd: _told("accountDownloadEnd", account_name=str),
    m.AccountSummary: _asked("accountSummary", account=str, tag=str, value=str, currency=str),
    m.AccountSummaryEnd: _asked("accountSummaryEnd"),
    m.Position: _position,
    m.PositionEnd: _told("positionEnd"),
    m.PositionMulti: _position_multi,
    m.PositionMultiEnd: _asked("positionMultiEnd"),
    m.AccountUpdateMulti: _asked("accountUpdateMulti", account=str, model_code=str, key=str, value=str, currency=str),
    m.AccountUpdateMultiEnd: _asked("accountUpdateMultiEnd"),
    m.PnL: _asked("pnl", daily_pnl=float, unrealized_pnl=float, realized_pnl=float),
    m.PnLSingle: _asked(
        "pnlSingle", position=float, daily_pnl=float, unrealized_pnl=float, realized_pnl=float, value=float
    ),
    m.ReceiveFA: _told("receiveFA", fa_data_type=int, xml=str),
    m.ReplaceFAEnd: _asked("replaceFAEnd", text=str),
    m.FamilyCodes: _family_codes,
    m.SoftDollarTiers: _soft_dollar_tiers,
    m.UserInfo: _asked("userInfo", white_branding_id=str),
    # news
    m.NewsBulletin: _told(
        "updateNewsBulletin", news_msg_id=int, news_msg_type=int, news_message=str, originating_exch=str
    ),
    m.NewsProviders: _news_providers,
    m.NewsArticle: _asked("newsArticle", article_type=int, article_text=str),
    m.HistoricalNews: _asked("historicalNews", time=str, provider_code=str, article_id=str, headline=str),
    m.HistoricalNewsEnd: _asked("historicalNewsEnd", has_more=bool),
    m.WshMetaData: _asked("wshMetaData", data_json=str),
    m.WshEventData: _asked("wshEventData", data_json=str),
    # scanner
    m.ScannerParameters: _told("scannerParameters", xml=str),
    m.ScannerData: _scanner_data,
    # session
    m.NextValidId: _told("nextValidId", order_id=int),
    m.CurrentTime: _told("currentTime", current_time=int),
    m.ErrorMessage: _error,
    m.VerifyMessageApi: _told("verifyMessageAPI", api_data=str),
    m.VerifyCompleted: _told("verifyCompleted", is_successful=bool, error_text=str),
    m.DisplayGroupList: _asked("displayGroupList", groups=str),
    m.DisplayGroupUpdated: _asked("displayGroupUpdated", contract_info=str),
}
"""By the class of the message."""
