"""Every request of ib_async's client as a message of ours: the method's name, and what makes the message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibwire.ib_async.fields import record, tag_values
from ibwire.ib_async.to_wire import EXECUTION_FILTER, SCANNER, WSH_EVENTS, contract, order
from ibwire.wire import Message
from ibwire.wire import messages as m

REMOVED = {
    "reqFundamentalData": "IBKR has removed fundamental data from its API",
    "cancelFundamentalData": "IBKR has removed fundamental data from its API",
    "verifyAndAuthRequest": "IBKR offers this verification to its own programs only",
    "verifyAndAuthMessage": "IBKR offers this verification to its own programs only",
}
"""What the wire of today has no message for, and why."""


def _mkt_data(req_id: int, what: Any, ticks: str, snapshot: bool, regulatory: bool, options: Any) -> Message:
    return m.MarketDataRequest(
        req_id=req_id,
        contract=contract(what),
        generic_tick_list=ticks or None,
        snapshot=snapshot,
        regulatory_snapshot=regulatory,
        market_data_options=tag_values(options),
    )


def _mkt_depth(req_id: int, what: Any, rows: int, is_smart: bool, options: Any) -> Message:
    return m.MarketDepthRequest(
        req_id=req_id,
        contract=contract(what),
        num_rows=rows,
        is_smart_depth=is_smart,
        market_depth_options=tag_values(options),
    )


def _tick_by_tick(req_id: int, what: Any, kind: str, number: int, ignore_size: bool) -> Message:
    return m.TickByTickRequest(
        req_id=req_id, contract=contract(what), tick_type=kind, number_of_ticks=number, ignore_size=ignore_size
    )


def _real_time_bars(req_id: int, what: Any, size: int, show: str, use_rth: bool, options: Any) -> Message:
    return m.RealTimeBarsRequest(
        req_id=req_id,
        contract=contract(what),
        bar_size=size,
        what_to_show=show,
        use_rth=bool(use_rth),
        real_time_bars_options=tag_values(options),
    )


def _historical_data(
    req_id: int,
    what: Any,
    end: str,
    duration: str,
    size: str,
    show: str,
    use_rth: bool,
    format_date: int,
    keep: bool,
    options: Any,
) -> Message:
    return m.HistoricalDataRequest(
        req_id=req_id,
        contract=contract(what),
        end_date_time=end or None,
        bar_size_setting=size,
        duration=duration,
        use_rth=bool(use_rth),
        what_to_show=show,
        format_date=format_date,
        keep_up_to_date=keep,
        chart_options=tag_values(options),
    )


def _historical_ticks(
    req_id: int,
    what: Any,
    start: str,
    end: str,
    number: int,
    show: str,
    use_rth: bool,
    ignore_size: bool,
    options: Any,
) -> Message:
    return m.HistoricalTicksRequest(
        req_id=req_id,
        contract=contract(what),
        start_date_time=start or None,
        end_date_time=end or None,
        number_of_ticks=number,
        what_to_show=show,
        use_rth=bool(use_rth),
        ignore_size=ignore_size,
        misc_options=tag_values(options),
    )


def _head_timestamp(req_id: int, what: Any, show: str, use_rth: bool, format_date: int) -> Message:
    return m.HeadTimestampRequest(
        req_id=req_id, contract=contract(what), use_rth=bool(use_rth), what_to_show=show, format_date=format_date
    )


def _implied_volatility(req_id: int, what: Any, option_price: float, under_price: float, options: Any) -> Message:
    return m.CalculateImpliedVolatilityRequest(
        req_id=req_id,
        contract=contract(what),
        option_price=option_price,
        under_price=under_price,
        implied_volatility_options=tag_values(options),
    )


def _option_price(req_id: int, what: Any, volatility: float, under_price: float, options: Any) -> Message:
    return m.CalculateOptionPriceRequest(
        req_id=req_id,
        contract=contract(what),
        volatility=volatility,
        under_price=under_price,
        option_price_options=tag_values(options),
    )


def _exercise(order_id: int, what: Any, action: int, quantity: int, account: str, override: int) -> Message:
    return m.ExerciseOptionsRequest(
        order_id=order_id,
        contract=contract(what),
        exercise_action=action,
        exercise_quantity=quantity,
        account=account or None,
        override=bool(override),
    )


def _scanner(req_id: int, subscription: Any, options: Any, filters: Any) -> Message:
    return m.ScannerSubscriptionRequest(
        req_id,
        record(
            SCANNER,
            subscription,
            scanner_subscription_options=tag_values(options),
            scanner_subscription_filter_options=tag_values(filters),
        ),
    )


def _historical_news(
    req_id: int, con_id: int, providers: str, start: str, end: str, total: int, options: Any
) -> Message:
    return m.HistoricalNewsRequest(
        req_id=req_id,
        con_id=con_id,
        provider_codes=providers or None,
        start_date_time=start or None,
        end_date_time=end or None,
        total_results=total,
        historical_news_options=tag_values(options),
    )


def _news_article(req_id: int, provider: str, article: str, options: Any) -> Message:
    return m.NewsArticleRequest(
        req_id=req_id, provider_code=provider, article_id=article, news_article_options=tag_values(options)
    )


def _sec_def_opt_params(req_id: int, symbol: str, exchange: str, sec_type: str, con_id: int) -> Message:
    return m.SecDefOptParamsRequest(
        req_id=req_id,
        underlying_symbol=symbol,
        fut_fop_exchange=exchange or None,
        underlying_sec_type=sec_type,
        underlying_con_id=con_id,
    )


REQUESTS: dict[str, Callable[..., Message]] = {
    # market data
    "reqMktData": _mkt_data,
    "cancelMktData": m.CancelMarketData,
    "reqMarketDataType": m.MarketDataTypeRequest,
    "reqMktDepth": _mkt_depth,
    "cancelMktDepth": lambda req_id, is_smart: m.CancelMarketDepth(req_id, is_smart),
    "reqTickByTickData": _tick_by_tick,
    "cancelTickByTickData": m.CancelTickByTick,
    "reqRealTimeBars": _real_time_bars,
    "cancelRealTimeBars": m.CancelRealTimeBars,
    "calculateImpliedVolatility": _implied_volatility,
    "cancelCalculateImpliedVolatility": m.CancelCalculateImpliedVolatility,
    "calculateOptionPrice": _option_price,
    "cancelCalculateOptionPrice": m.CancelCalculateOptionPrice,
    # history
    "reqHistoricalData": _historical_data,
    "cancelHistoricalData": m.CancelHistoricalData,
    "reqHeadTimeStamp": _head_timestamp,
    "cancelHeadTimeStamp": m.CancelHeadTimestamp,
    "reqHistogramData": lambda req_id, what, use_rth, period: m.HistogramDataRequest(
        req_id=req_id, contract=contract(what), use_rth=bool(use_rth), time_period=period
    ),
    "cancelHistogramData": m.CancelHistogramData,
    "reqHistoricalTicks": _historical_ticks,
    # contracts
    "reqContractDetails": lambda req_id, what: m.ContractDataRequest(req_id, contract(what)),
    "reqMatchingSymbols": m.MatchingSymbolsRequest,
    "reqSecDefOptParams": _sec_def_opt_params,
    "reqMarketRule": m.MarketRuleRequest,
    "reqSmartComponents": m.SmartComponentsRequest,
    "reqMktDepthExchanges": m.MarketDepthExchangesRequest,
    # orders
    "placeOrder": lambda order_id, what, wanted: m.PlaceOrderRequest(
        order_id=order_id, contract=contract(what, wanted), order=order(wanted)
    ),
    "cancelOrder": lambda order_id, at="": m.CancelOrderRequest(order_id, m.OrderCancel(at or None)),
    "reqGlobalCancel": m.GlobalCancelRequest,
    "exerciseOptions": _exercise,
    "reqOpenOrders": m.OpenOrdersRequest,
    "reqAllOpenOrders": m.AllOpenOrdersRequest,
    "reqAutoOpenOrders": m.AutoOpenOrdersRequest,
    "reqCompletedOrders": m.CompletedOrdersRequest,
    "reqExecutions": lambda req_id, wanted: m.ExecutionRequest(req_id, record(EXECUTION_FILTER, wanted)),
    # accounts
    "reqManagedAccts": m.ManagedAccountsRequest,
    "reqAccountUpdates": lambda subscribe, account: m.AccountDataRequest(subscribe, account or None),
    "reqAccountSummary": m.AccountSummaryRequest,
    "cancelAccountSummary": m.CancelAccountSummary,
    "reqPositions": m.PositionsRequest,
    "cancelPositions": m.CancelPositions,
    "reqPositionsMulti": lambda req_id, account, model: m.PositionsMultiRequest(req_id, account or None, model or None),
    "cancelPositionsMulti": m.CancelPositionsMulti,
    "reqAccountUpdatesMulti": lambda req_id, account, model, ledger: m.AccountUpdatesMultiRequest(
        req_id=req_id, account=account or None, model_code=model or None, ledger_and_nlv=ledger
    ),
    "cancelAccountUpdatesMulti": m.CancelAccountUpdatesMulti,
    "reqPnL": lambda req_id, account, model: m.PnLRequest(req_id, account, model or None),
    "cancelPnL": m.CancelPnL,
    "reqPnLSingle": lambda req_id, account, model, con_id: m.PnLSingleRequest(
        req_id=req_id, account=account, model_code=model or None, con_id=con_id
    ),
    "cancelPnLSingle": m.CancelPnLSingle,
    "requestFA": m.FARequest,
    "replaceFA": m.FAReplace,
    "reqFamilyCodes": m.FamilyCodesRequest,
    "reqSoftDollarTiers": m.SoftDollarTiersRequest,
    "reqUserInfo": m.UserInfoRequest,
    # news
    "reqNewsBulletins": m.NewsBulletinsRequest,
    "cancelNewsBulletins": m.CancelNewsBulletins,
    "reqNewsProviders": m.NewsProvidersRequest,
    "reqNewsArticle": _news_article,
    "reqHistoricalNews": _historical_news,
    "reqWshMetaData": m.WshMetaDataRequest,
    "cancelWshMetaData": m.CancelWshMetaData,
    "reqWshEventData": lambda req_id, wanted: record(WSH_EVENTS, wanted, req_id=req_id),
    "cancelWshEventData": m.CancelWshEventData,
    # scanner
    "reqScannerParameters": m.ScannerParametersRequest,
    "reqScannerSubscription": _scanner,
    "cancelScannerSubscription": m.CancelScannerSubscription,
    # session
    "reqIds": m.IdsRequest,
    "reqCurrentTime": m.CurrentTimeRequest,
    "setServerLogLevel": m.SetServerLogLevelRequest,
    "verifyRequest": m.VerifyRequest,
    "verifyMessage": m.VerifyMessageRequest,
    "queryDisplayGroups": m.QueryDisplayGroupsRequest,
    "subscribeToGroupEvents": m.SubscribeToGroupEventsRequest,
    "updateDisplayGroup": m.UpdateDisplayGroupRequest,
    "unsubscribeFromGroupEvents": m.UnsubscribeFromGroupEventsRequest,
}
