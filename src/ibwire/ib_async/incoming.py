"""Every message of ours as a call of ib_async's wrapper: the same method, arguments and order as its own decoder makes.

`CALLS` is the table; a call gets the wrapper, the id by which ib_async knows the request, and the message. What is
absent becomes what its decoder makes of an empty field: 0, False or an empty text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ibwire.ib_async import calls
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


CALLS: Mapping[type, Call] = {
    # market data
    m.TickPrice: calls.tick_price,
    m.TickSize: calls.tick_size,
    m.TickGeneric: _asked("tickGeneric", tick_type=int, value=float),
    m.TickString: _asked("tickString", tick_type=int, value=str),
    m.TickOptionComputation: calls.tick_option_computation,
    m.TickReqParams: _asked("tickReqParams", min_tick=float, bbo_exchange=str, snapshot_permissions=int),
    m.TickSnapshotEnd: _asked("tickSnapshotEnd"),
    m.TickNews: _asked("tickNews", timestamp=int, provider_code=str, article_id=str, headline=str, extra_data=str),
    m.MarketDataType: _asked("marketDataType", market_data_type=int),
    m.MarketDepth: calls.depth,
    m.MarketDepthL2: calls.depth_l2,
    m.TickByTickData: calls.tick_by_tick,
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
    m.HistoricalData: calls.historical_data,
    m.HistoricalDataEnd: _asked("historicalDataEnd", start_date_str=str, end_date_str=str),
    m.HistoricalDataUpdate: calls.historical_data_update,
    m.HistoricalSchedule: calls.historical_schedule,
    m.HistoricalTicks: calls.historical_ticks,
    m.HistoricalTicksBidAsk: calls.historical_ticks_bid_ask,
    m.HistoricalTicksLast: calls.historical_ticks_last,
    m.HeadTimestamp: _asked("headTimestamp", head_timestamp=str),
    m.HistogramData: calls.histogram,
    # contracts
    m.ContractData: calls.contract_data,
    BondContractData: calls.bond_contract_data,
    m.ContractDataEnd: _asked("contractDetailsEnd"),
    m.SymbolSamples: calls.symbol_samples,
    m.SecDefOptParameter: calls.sec_def_opt_parameter,
    m.SecDefOptParameterEnd: _asked("securityDefinitionOptionParameterEnd"),
    m.MarketRule: calls.market_rule,
    m.SmartComponents: calls.smart_components,
    m.MarketDepthExchanges: calls.depth_exchanges,
    # orders
    m.OpenOrder: calls.open_order,
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
    m.CompletedOrder: calls.completed_order,
    m.CompletedOrdersEnd: _told("completedOrdersEnd"),
    m.ExecutionDetails: calls.execution,
    m.ExecutionDetailsEnd: _asked("execDetailsEnd"),
    m.CommissionAndFeesReport: calls.commission,
    m.OrderBound: calls.order_bound,
    # accounts
    m.ManagedAccounts: _told("managedAccounts", accounts_list=str),
    m.AccountValue: _told("updateAccountValue", key=str, value=str, currency=str, account_name=str),
    m.PortfolioValue: calls.portfolio_value,
    m.AccountUpdateTime: _told("updateAccountTime", time_stamp=str),
    m.AccountDataEnd: _told("accountDownloadEnd", account_name=str),
    m.AccountSummary: _asked("accountSummary", account=str, tag=str, value=str, currency=str),
    m.AccountSummaryEnd: _asked("accountSummaryEnd"),
    m.Position: calls.position,
    m.PositionEnd: _told("positionEnd"),
    m.PositionMulti: calls.position_multi,
    m.PositionMultiEnd: _asked("positionMultiEnd"),
    m.AccountUpdateMulti: _asked("accountUpdateMulti", account=str, model_code=str, key=str, value=str, currency=str),
    m.AccountUpdateMultiEnd: _asked("accountUpdateMultiEnd"),
    m.PnL: _asked("pnl", daily_pnl=float, unrealized_pnl=float, realized_pnl=float),
    m.PnLSingle: _asked(
        "pnlSingle", position=float, daily_pnl=float, unrealized_pnl=float, realized_pnl=float, value=float
    ),
    m.ReceiveFA: _told("receiveFA", fa_data_type=int, xml=str),
    m.ReplaceFAEnd: _asked("replaceFAEnd", text=str),
    m.FamilyCodes: calls.family_codes,
    m.SoftDollarTiers: calls.soft_dollar_tiers,
    m.UserInfo: _asked("userInfo", white_branding_id=str),
    # news
    m.NewsBulletin: _told(
        "updateNewsBulletin", news_msg_id=int, news_msg_type=int, news_message=str, originating_exch=str
    ),
    m.NewsProviders: calls.news_providers,
    m.NewsArticle: _asked("newsArticle", article_type=int, article_text=str),
    m.HistoricalNews: _asked("historicalNews", time=str, provider_code=str, article_id=str, headline=str),
    m.HistoricalNewsEnd: _asked("historicalNewsEnd", has_more=bool),
    m.WshMetaData: _asked("wshMetaData", data_json=str),
    m.WshEventData: _asked("wshEventData", data_json=str),
    # scanner
    m.ScannerParameters: _told("scannerParameters", xml=str),
    m.ScannerData: calls.scanner_data,
    # session
    m.NextValidId: _told("nextValidId", order_id=int),
    m.CurrentTime: _told("currentTime", current_time=int),
    m.ErrorMessage: calls.error,
    m.VerifyMessageApi: _told("verifyMessageAPI", api_data=str),
    m.VerifyCompleted: _told("verifyCompleted", is_successful=bool, error_text=str),
    m.DisplayGroupList: _asked("displayGroupList", groups=str),
    m.DisplayGroupUpdated: _asked("displayGroupUpdated", contract_info=str),
}
"""By the class of the message."""
