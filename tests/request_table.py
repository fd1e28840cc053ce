"""Where each request of the TWS API is in ibwire, and the test that shows it: what `docs/requests.md` is made from.

`tests/unit/test_request_docs.py` holds it to the catalogue of requests, to the methods there are and to the tests.
"""

from __future__ import annotations

from msgspec import Struct

from ibwire.account import Account
from ibwire.connection import ConnectionManager
from ibwire.contracts import Contracts
from ibwire.history import History
from ibwire.market_data import MarketData
from ibwire.session import IBSession
from ibwire.trading import Trading
from ibwire.wire import messages as m
from ibwire.wire.catalogue import CATALOGUE, Kind
from tests.service_coverage import SERVICES

PLAIN = "integration/test_plain_requests.py"
TRADING = "integration/test_trading.py"
MANY = f"{TRADING}::test_many_orders_at_once_have_ascending_ids_and_all_can_be_cancelled"
BOUND = "integration/test_trading_others.py::test_client_0_binds_the_tws_users_orders_and_follows_and_cancels_them"
BOOKED = (
    "integration/test_peers_order_bugs.py::test_lean_249_ibx_113_what_fills_while_the_gateway_is_down_is_booked_once"
)
CANCELLED = f"{PLAIN}::test_whoever_leaves_a_stream_or_stops_waiting_cancels_it_at_the_gateway"

NOT_YET = "not yet"

PATHS: dict[type, str] = {
    IBSession: "session",
    Contracts: "session.contracts",
    MarketData: "session.market_data",
    History: "session.history",
    Account: "session.account",
    Trading: "session.trading",
    ConnectionManager: "session.connection",
}
"""How a user comes to an object of these classes."""


class Ours(Struct, frozen=True):
    """A method that sends a request, and its test; "" for one that `service_coverage` has a test for."""

    owner: type
    name: str
    test: str = ""

    @property
    def text(self) -> str:
        """How it is called."""
        return f"{PATHS[self.owner]}.{self.name}"

    @property
    def shown_by(self) -> str:
        """Its test."""
        return self.test or SERVICES[self.owner][self.name].works


class Row(Struct, frozen=True, kw_only=True):
    """One request: what it is called in IBKR's client, and what sends it here. No method means `NOT_YET`.

    `is_untyped`: there is no method of its own, so that the request is built by the user and the answer is the wire's
    record. `note` says what the methods do not.
    """

    official: str
    methods: tuple[Ours, ...] = ()
    is_untyped: bool = False
    note: str = ""


def _typed(official: str, *methods: Ours, note: str = "") -> Row:
    return Row(official=official, methods=methods, note=note)


def _asked(official: str, note: str = "") -> Row:
    test = f"{PLAIN}::test_request_has_its_answer_or_ibkrs_refusal_before_and_after_a_reconnect"
    return Row(official=official, methods=(Ours(IBSession, "request", test),), is_untyped=True, note=note)


def _streamed(official: str) -> Row:
    test = f"{PLAIN}::test_stream_gives_its_messages_and_goes_on_after_a_loss"
    return Row(official=official, methods=(Ours(IBSession, "stream", test),), is_untyped=True)


def _commanded(official: str, note: str = "") -> Row:
    test = f"{PLAIN}::test_command_leaves_and_nobody_waits_for_an_answer"
    return Row(official=official, methods=(Ours(IBSession, "send", test),), is_untyped=True, note=note)


_DETAILS = ("qualify", "details", "find", "price_grid", "round_price", "trading_hours", "is_open", "next_open")

REQUESTS: dict[Kind, Row] = {
    # market data
    m.MarketDataRequest: _typed(
        "reqMktData", Ours(MarketData, "quotes"), Ours(MarketData, "snapshot"), note="with generic ticks by name"
    ),
    m.MarketDataTypeRequest: _typed("reqMarketDataType", Ours(MarketData, "set_market_data_kind")),
    m.MarketDepthRequest: _typed("reqMktDepth", Ours(MarketData, "depth")),
    m.TickByTickRequest: _typed("reqTickByTickData", Ours(MarketData, "ticks")),
    m.RealTimeBarsRequest: _typed("reqRealTimeBars", Ours(MarketData, "bars")),
    m.CalculateImpliedVolatilityRequest: _typed("calculateImpliedVolatility", Ours(MarketData, "implied_volatility")),
    m.CalculateOptionPriceRequest: _typed("calculateOptionPrice", Ours(MarketData, "option_price")),
    m.SmartComponentsRequest: _typed("reqSmartComponents", Ours(MarketData, "smart_components")),
    m.MarketDepthExchangesRequest: _typed("reqMktDepthExchanges", Ours(MarketData, "depth_exchanges")),
    # history
    m.HistoricalDataRequest: _typed(
        "reqHistoricalData", Ours(History, "bars"), Ours(History, "keep_up_to_date"), Ours(History, "schedule")
    ),
    m.HistoricalTicksRequest: _typed("reqHistoricalTicks", Ours(History, "ticks")),
    m.HeadTimestampRequest: _typed("reqHeadTimeStamp", Ours(History, "head_timestamp")),
    m.HistogramDataRequest: _typed("reqHistogramData", Ours(History, "histogram")),
    # contracts
    m.ContractDataRequest: _typed("reqContractDetails", *(Ours(Contracts, name) for name in (*_DETAILS, "next_close"))),
    m.MatchingSymbolsRequest: _typed("reqMatchingSymbols", Ours(Contracts, "search")),
    m.SecDefOptParamsRequest: _typed("reqSecDefOptParams", Ours(Contracts, "option_chain")),
    m.MarketRuleRequest: _typed(
        "reqMarketRule", Ours(Contracts, "market_rule"), Ours(Contracts, "price_grid"), Ours(Contracts, "round_price")
    ),
    # account
    m.AccountDataRequest: _typed("reqAccountUpdates", Ours(Account, "values"), Ours(Account, "portfolio")),
    m.AccountUpdatesMultiRequest: _typed("reqAccountUpdatesMulti", Ours(Account, "values")),
    m.AccountSummaryRequest: _typed("reqAccountSummary", Ours(Account, "summary")),
    m.PositionsRequest: _typed("reqPositions", Ours(Account, "positions")),
    m.PositionsMultiRequest: _typed("reqPositionsMulti", Ours(Account, "positions")),
    m.PnLRequest: _typed("reqPnL", Ours(Account, "pnl")),
    m.PnLSingleRequest: _typed("reqPnLSingle", Ours(Account, "position_pnl")),
    m.ManagedAccountsRequest: _asked("reqManagedAccts", "`session.accounts` has them without asking"),
    m.FARequest: Row(
        official="requestFA",
        methods=(
            Ours(
                IBSession,
                "request",
                f"{PLAIN}::test_request_for_advisors_is_refused_without_an_id_so_that_it_is_a_time_out",
            ),
        ),
        is_untyped=True,
    ),
    m.FAReplace: _asked("replaceFA"),
    m.FamilyCodesRequest: _asked("reqFamilyCodes"),
    m.SoftDollarTiersRequest: _asked("reqSoftDollarTiers"),
    m.UserInfoRequest: _asked("reqUserInfo"),
    # orders
    m.PlaceOrderRequest: _typed(
        "placeOrder",
        Ours(Trading, "place", f"{TRADING}::test_an_order_is_acknowledged_filled_and_charged"),
        Ours(Trading, "modify", f"{TRADING}::test_a_part_fills_the_terms_change_and_the_rest_is_cancelled"),
        Ours(Trading, "what_if", f"{TRADING}::test_executions_and_what_an_order_would_do"),
    ),
    m.CancelOrderRequest: _typed(
        "cancelOrder",
        Ours(Trading, "cancel", f"{TRADING}::test_a_part_fills_the_terms_change_and_the_rest_is_cancelled"),
    ),
    m.GlobalCancelRequest: _typed(
        "reqGlobalCancel",
        Ours(Trading, "cancel_all", MANY),
    ),
    m.OpenOrdersRequest: _typed(
        "reqOpenOrders",
        Ours(
            Trading,
            "reconcile",
            BOOKED,
        ),
    ),
    m.AllOpenOrdersRequest: _typed("reqAllOpenOrders", Ours(Trading, "open_orders", MANY)),
    m.CompletedOrdersRequest: _typed("reqCompletedOrders", Ours(Trading, "completed_orders", MANY)),
    m.ExecutionRequest: _typed(
        "reqExecutions", Ours(Trading, "executions", f"{TRADING}::test_executions_and_what_an_order_would_do")
    ),
    m.AutoOpenOrdersRequest: _typed("reqAutoOpenOrders", Ours(Trading, "bind_manual_orders", BOUND)),
    m.ExerciseOptionsRequest: Row(
        official="exerciseOptions",
        methods=(
            Ours(
                ConnectionManager,
                "stream",
                f"{PLAIN}::test_exercise_of_an_option_that_is_not_held_is_refused_on_its_order_id",
            ),
        ),
        is_untyped=True,
        note="past the guards and the journal: a crash leaves no record of it",
    ),
    # news, calendars, scanners
    m.NewsBulletinsRequest: _streamed("reqNewsBulletins"),
    m.NewsProvidersRequest: _asked("reqNewsProviders"),
    m.NewsArticleRequest: _asked("reqNewsArticle"),
    m.HistoricalNewsRequest: _asked("reqHistoricalNews"),
    m.WshMetaDataRequest: _asked("reqWshMetaData"),
    m.WshEventDataRequest: _asked("reqWshEventData"),
    m.ScannerParametersRequest: _asked("reqScannerParameters"),
    m.ScannerSubscriptionRequest: _streamed("reqScannerSubscription"),
    # the session
    m.StartApiRequest: _typed(
        "startApi",
        Ours(
            IBSession,
            "start",
            "unit/test_watchdog.py::test_gateway_that_is_not_there_at_the_start_is_an_error_unless_it_is_waited_for",
        ),
    ),
    m.IdsRequest: _asked("reqIds", "`session.next_id()` gives ids; the gateway's next one is known from the start"),
    m.CurrentTimeRequest: _asked("reqCurrentTime"),
    m.CurrentTimeInMillisRequest: _typed(
        "reqCurrentTimeInMillis",
        Ours(
            ConnectionManager,
            "ping",
            f"{PLAIN}::test_command_leaves_and_nobody_waits_for_an_answer",
        ),
        note="and the watchdog, for signs of life and to compare the clocks",
    ),
    m.SetServerLogLevelRequest: _commanded("setServerLogLevel"),
    m.VerifyRequest: _asked("verifyRequest"),
    m.VerifyMessageRequest: _asked("verifyMessage"),
    m.QueryDisplayGroupsRequest: _asked("queryDisplayGroups"),
    m.SubscribeToGroupEventsRequest: _streamed("subscribeToGroupEvents"),
    m.UpdateDisplayGroupRequest: _commanded("updateDisplayGroup", "needs the request id of the subscription"),
    m.ConfigRequest: _asked("reqConfig"),
    m.UpdateConfigRequest: _asked("updateConfig"),
}
"""Every request but the cancels, which leaving a stream or no longer waiting sends."""

CANCELS: dict[Kind, str] = {
    m.CancelAccountSummary: "cancelAccountSummary",
    m.CancelAccountUpdatesMulti: "cancelAccountUpdatesMulti",
    m.CancelCalculateImpliedVolatility: "cancelCalculateImpliedVolatility",
    m.CancelCalculateOptionPrice: "cancelCalculateOptionPrice",
    m.CancelContractData: "cancelContractData",
    m.CancelHeadTimestamp: "cancelHeadTimeStamp",
    m.CancelHistogramData: "cancelHistogramData",
    m.CancelHistoricalData: "cancelHistoricalData",
    m.CancelHistoricalTicks: "cancelHistoricalTicks",
    m.CancelMarketData: "cancelMktData",
    m.CancelMarketDepth: "cancelMktDepth",
    m.CancelNewsBulletins: "cancelNewsBulletins",
    m.CancelPnL: "cancelPnL",
    m.CancelPnLSingle: "cancelPnLSingle",
    m.CancelPositions: "cancelPositions",
    m.CancelPositionsMulti: "cancelPositionsMulti",
    m.CancelRealTimeBars: "cancelRealTimeBars",
    m.CancelScannerSubscription: "cancelScannerSubscription",
    m.CancelTickByTick: "cancelTickByTickData",
    m.CancelWshEventData: "cancelWshEventData",
    m.CancelWshMetaData: "cancelWshMetaData",
    m.UnsubscribeFromGroupEventsRequest: "unsubscribeFromGroupEvents",
}
"""What nobody sends by himself: leaving a stream does, or stopping to wait for an answer."""


def cancelled_by(cancel: Kind) -> Kind:
    """The request that it ends."""
    (request,) = [row.request for row in CATALOGUE.values() if row.cancel is cancel]
    return request
