"""Message ids and the message each one carries, in both directions. This is data; `codec` uses it.

Ids are IBKR's logical ones. On the wire a protobuf message has its id plus 200, a text message its id as it is.
"""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct

from ibwire.wire import messages as m

PROTOBUF_OFFSET = 200
"""Added to the id of every protobuf message on the wire."""


class BondContractData(m.ContractData, frozen=True, repr_omit_defaults=True):
    """Incoming 18, BOND_CONTRACT_DATA: the same message as ContractData under an id of its own."""


class Incoming(IntEnum):
    """Messages from the gateway to the client."""

    TICK_PRICE = 1
    TICK_SIZE = 2
    ORDER_STATUS = 3
    ERR_MSG = 4
    OPEN_ORDER = 5
    ACCT_VALUE = 6
    PORTFOLIO_VALUE = 7
    ACCT_UPDATE_TIME = 8
    NEXT_VALID_ID = 9
    CONTRACT_DATA = 10
    EXECUTION_DATA = 11
    MARKET_DEPTH = 12
    MARKET_DEPTH_L2 = 13
    NEWS_BULLETINS = 14
    MANAGED_ACCTS = 15
    RECEIVE_FA = 16
    HISTORICAL_DATA = 17
    BOND_CONTRACT_DATA = 18
    SCANNER_PARAMETERS = 19
    SCANNER_DATA = 20
    TICK_OPTION_COMPUTATION = 21
    TICK_GENERIC = 45
    TICK_STRING = 46
    TICK_EFP = 47
    CURRENT_TIME = 49
    REAL_TIME_BARS = 50
    CONTRACT_DATA_END = 52
    OPEN_ORDER_END = 53
    ACCT_DOWNLOAD_END = 54
    EXECUTION_DATA_END = 55
    DELTA_NEUTRAL_VALIDATION = 56
    TICK_SNAPSHOT_END = 57
    MARKET_DATA_TYPE = 58
    COMMISSION_AND_FEES_REPORT = 59
    POSITION_DATA = 61
    POSITION_END = 62
    ACCOUNT_SUMMARY = 63
    ACCOUNT_SUMMARY_END = 64
    VERIFY_MESSAGE_API = 65
    VERIFY_COMPLETED = 66
    DISPLAY_GROUP_LIST = 67
    DISPLAY_GROUP_UPDATED = 68
    VERIFY_AND_AUTH_MESSAGE_API = 69
    VERIFY_AND_AUTH_COMPLETED = 70
    POSITION_MULTI = 71
    POSITION_MULTI_END = 72
    ACCOUNT_UPDATE_MULTI = 73
    ACCOUNT_UPDATE_MULTI_END = 74
    SECURITY_DEFINITION_OPTION_PARAMETER = 75
    SECURITY_DEFINITION_OPTION_PARAMETER_END = 76
    SOFT_DOLLAR_TIERS = 77
    FAMILY_CODES = 78
    SYMBOL_SAMPLES = 79
    MKT_DEPTH_EXCHANGES = 80
    TICK_REQ_PARAMS = 81
    SMART_COMPONENTS = 82
    NEWS_ARTICLE = 83
    TICK_NEWS = 84
    NEWS_PROVIDERS = 85
    HISTORICAL_NEWS = 86
    HISTORICAL_NEWS_END = 87
    HEAD_TIMESTAMP = 88
    HISTOGRAM_DATA = 89
    HISTORICAL_DATA_UPDATE = 90
    REROUTE_MKT_DATA_REQ = 91
    REROUTE_MKT_DEPTH_REQ = 92
    MARKET_RULE = 93
    PNL = 94
    PNL_SINGLE = 95
    HISTORICAL_TICKS = 96
    HISTORICAL_TICKS_BID_ASK = 97
    HISTORICAL_TICKS_LAST = 98
    TICK_BY_TICK = 99
    ORDER_BOUND = 100
    COMPLETED_ORDER = 101
    COMPLETED_ORDERS_END = 102
    REPLACE_FA_END = 103
    WSH_META_DATA = 104
    WSH_EVENT_DATA = 105
    HISTORICAL_SCHEDULE = 106
    USER_INFO = 107
    HISTORICAL_DATA_END = 108
    CURRENT_TIME_IN_MILLIS = 109
    CONFIG_RESPONSE = 110
    UPDATE_CONFIG_RESPONSE = 111


class Outgoing(IntEnum):
    """Messages from the client to the gateway."""

    REQ_MKT_DATA = 1
    CANCEL_MKT_DATA = 2
    PLACE_ORDER = 3
    CANCEL_ORDER = 4
    REQ_OPEN_ORDERS = 5
    REQ_ACCT_DATA = 6
    REQ_EXECUTIONS = 7
    REQ_IDS = 8
    REQ_CONTRACT_DATA = 9
    REQ_MKT_DEPTH = 10
    CANCEL_MKT_DEPTH = 11
    REQ_NEWS_BULLETINS = 12
    CANCEL_NEWS_BULLETINS = 13
    SET_SERVER_LOGLEVEL = 14
    REQ_AUTO_OPEN_ORDERS = 15
    REQ_ALL_OPEN_ORDERS = 16
    REQ_MANAGED_ACCTS = 17
    REQ_FA = 18
    REPLACE_FA = 19
    REQ_HISTORICAL_DATA = 20
    EXERCISE_OPTIONS = 21
    REQ_SCANNER_SUBSCRIPTION = 22
    CANCEL_SCANNER_SUBSCRIPTION = 23
    REQ_SCANNER_PARAMETERS = 24
    CANCEL_HISTORICAL_DATA = 25
    REQ_CURRENT_TIME = 49
    REQ_REAL_TIME_BARS = 50
    CANCEL_REAL_TIME_BARS = 51
    REQ_CALC_IMPLIED_VOLAT = 54
    REQ_CALC_OPTION_PRICE = 55
    CANCEL_CALC_IMPLIED_VOLAT = 56
    CANCEL_CALC_OPTION_PRICE = 57
    REQ_GLOBAL_CANCEL = 58
    REQ_MARKET_DATA_TYPE = 59
    REQ_POSITIONS = 61
    REQ_ACCOUNT_SUMMARY = 62
    CANCEL_ACCOUNT_SUMMARY = 63
    CANCEL_POSITIONS = 64
    VERIFY_REQUEST = 65
    VERIFY_MESSAGE = 66
    QUERY_DISPLAY_GROUPS = 67
    SUBSCRIBE_TO_GROUP_EVENTS = 68
    UPDATE_DISPLAY_GROUP = 69
    UNSUBSCRIBE_FROM_GROUP_EVENTS = 70
    START_API = 71
    VERIFY_AND_AUTH_REQUEST = 72
    VERIFY_AND_AUTH_MESSAGE = 73
    REQ_POSITIONS_MULTI = 74
    CANCEL_POSITIONS_MULTI = 75
    REQ_ACCOUNT_UPDATES_MULTI = 76
    CANCEL_ACCOUNT_UPDATES_MULTI = 77
    REQ_SEC_DEF_OPT_PARAMS = 78
    REQ_SOFT_DOLLAR_TIERS = 79
    REQ_FAMILY_CODES = 80
    REQ_MATCHING_SYMBOLS = 81
    REQ_MKT_DEPTH_EXCHANGES = 82
    REQ_SMART_COMPONENTS = 83
    REQ_NEWS_ARTICLE = 84
    REQ_NEWS_PROVIDERS = 85
    REQ_HISTORICAL_NEWS = 86
    REQ_HEAD_TIMESTAMP = 87
    REQ_HISTOGRAM_DATA = 88
    CANCEL_HISTOGRAM_DATA = 89
    CANCEL_HEAD_TIMESTAMP = 90
    REQ_MARKET_RULE = 91
    REQ_PNL = 92
    CANCEL_PNL = 93
    REQ_PNL_SINGLE = 94
    CANCEL_PNL_SINGLE = 95
    REQ_HISTORICAL_TICKS = 96
    REQ_TICK_BY_TICK_DATA = 97
    CANCEL_TICK_BY_TICK_DATA = 98
    REQ_COMPLETED_ORDERS = 99
    REQ_WSH_META_DATA = 100
    CANCEL_WSH_META_DATA = 101
    REQ_WSH_EVENT_DATA = 102
    CANCEL_WSH_EVENT_DATA = 103
    REQ_USER_INFO = 104
    REQ_CURRENT_TIME_IN_MILLIS = 105
    CANCEL_CONTRACT_DATA = 106
    CANCEL_HISTORICAL_TICKS = 107
    REQ_CONFIG = 108
    UPDATE_CONFIG = 109


INCOMING: dict[Incoming, type[Struct]] = {
    Incoming.TICK_PRICE: m.TickPrice,
    Incoming.TICK_SIZE: m.TickSize,
    Incoming.ORDER_STATUS: m.OrderStatus,
    Incoming.ERR_MSG: m.ErrorMessage,
    Incoming.OPEN_ORDER: m.OpenOrder,
    Incoming.ACCT_VALUE: m.AccountValue,
    Incoming.PORTFOLIO_VALUE: m.PortfolioValue,
    Incoming.ACCT_UPDATE_TIME: m.AccountUpdateTime,
    Incoming.NEXT_VALID_ID: m.NextValidId,
    Incoming.CONTRACT_DATA: m.ContractData,
    Incoming.EXECUTION_DATA: m.ExecutionDetails,
    Incoming.MARKET_DEPTH: m.MarketDepth,
    Incoming.MARKET_DEPTH_L2: m.MarketDepthL2,
    Incoming.NEWS_BULLETINS: m.NewsBulletin,
    Incoming.MANAGED_ACCTS: m.ManagedAccounts,
    Incoming.RECEIVE_FA: m.ReceiveFA,
    Incoming.HISTORICAL_DATA: m.HistoricalData,
    Incoming.BOND_CONTRACT_DATA: BondContractData,
    Incoming.SCANNER_PARAMETERS: m.ScannerParameters,
    Incoming.SCANNER_DATA: m.ScannerData,
    Incoming.TICK_OPTION_COMPUTATION: m.TickOptionComputation,
    Incoming.TICK_GENERIC: m.TickGeneric,
    Incoming.TICK_STRING: m.TickString,
    Incoming.CURRENT_TIME: m.CurrentTime,
    Incoming.REAL_TIME_BARS: m.RealTimeBarTick,
    Incoming.CONTRACT_DATA_END: m.ContractDataEnd,
    Incoming.OPEN_ORDER_END: m.OpenOrdersEnd,
    Incoming.ACCT_DOWNLOAD_END: m.AccountDataEnd,
    Incoming.EXECUTION_DATA_END: m.ExecutionDetailsEnd,
    Incoming.TICK_SNAPSHOT_END: m.TickSnapshotEnd,
    Incoming.MARKET_DATA_TYPE: m.MarketDataType,
    Incoming.COMMISSION_AND_FEES_REPORT: m.CommissionAndFeesReport,
    Incoming.POSITION_DATA: m.Position,
    Incoming.POSITION_END: m.PositionEnd,
    Incoming.ACCOUNT_SUMMARY: m.AccountSummary,
    Incoming.ACCOUNT_SUMMARY_END: m.AccountSummaryEnd,
    Incoming.VERIFY_MESSAGE_API: m.VerifyMessageApi,
    Incoming.VERIFY_COMPLETED: m.VerifyCompleted,
    Incoming.DISPLAY_GROUP_LIST: m.DisplayGroupList,
    Incoming.DISPLAY_GROUP_UPDATED: m.DisplayGroupUpdated,
    Incoming.POSITION_MULTI: m.PositionMulti,
    Incoming.POSITION_MULTI_END: m.PositionMultiEnd,
    Incoming.ACCOUNT_UPDATE_MULTI: m.AccountUpdateMulti,
    Incoming.ACCOUNT_UPDATE_MULTI_END: m.AccountUpdateMultiEnd,
    Incoming.SECURITY_DEFINITION_OPTION_PARAMETER: m.SecDefOptParameter,
    Incoming.SECURITY_DEFINITION_OPTION_PARAMETER_END: m.SecDefOptParameterEnd,
    Incoming.SOFT_DOLLAR_TIERS: m.SoftDollarTiers,
    Incoming.FAMILY_CODES: m.FamilyCodes,
    Incoming.SYMBOL_SAMPLES: m.SymbolSamples,
    Incoming.MKT_DEPTH_EXCHANGES: m.MarketDepthExchanges,
    Incoming.TICK_REQ_PARAMS: m.TickReqParams,
    Incoming.SMART_COMPONENTS: m.SmartComponents,
    Incoming.NEWS_ARTICLE: m.NewsArticle,
    Incoming.TICK_NEWS: m.TickNews,
    Incoming.NEWS_PROVIDERS: m.NewsProviders,
    Incoming.HISTORICAL_NEWS: m.HistoricalNews,
    Incoming.HISTORICAL_NEWS_END: m.HistoricalNewsEnd,
    Incoming.HEAD_TIMESTAMP: m.HeadTimestamp,
    Incoming.HISTOGRAM_DATA: m.HistogramData,
    Incoming.HISTORICAL_DATA_UPDATE: m.HistoricalDataUpdate,
    Incoming.REROUTE_MKT_DATA_REQ: m.RerouteMarketDataRequest,
    Incoming.REROUTE_MKT_DEPTH_REQ: m.RerouteMarketDepthRequest,
    Incoming.MARKET_RULE: m.MarketRule,
    Incoming.PNL: m.PnL,
    Incoming.PNL_SINGLE: m.PnLSingle,
    Incoming.HISTORICAL_TICKS: m.HistoricalTicks,
    Incoming.HISTORICAL_TICKS_BID_ASK: m.HistoricalTicksBidAsk,
    Incoming.HISTORICAL_TICKS_LAST: m.HistoricalTicksLast,
    Incoming.TICK_BY_TICK: m.TickByTickData,
    Incoming.ORDER_BOUND: m.OrderBound,
    Incoming.COMPLETED_ORDER: m.CompletedOrder,
    Incoming.COMPLETED_ORDERS_END: m.CompletedOrdersEnd,
    Incoming.REPLACE_FA_END: m.ReplaceFAEnd,
    Incoming.WSH_META_DATA: m.WshMetaData,
    Incoming.WSH_EVENT_DATA: m.WshEventData,
    Incoming.HISTORICAL_SCHEDULE: m.HistoricalSchedule,
    Incoming.USER_INFO: m.UserInfo,
    Incoming.HISTORICAL_DATA_END: m.HistoricalDataEnd,
    Incoming.CURRENT_TIME_IN_MILLIS: m.CurrentTimeInMillis,
    Incoming.CONFIG_RESPONSE: m.ConfigResponse,
    Incoming.UPDATE_CONFIG_RESPONSE: m.UpdateConfigResponse,
}
"""The message each incoming id carries. Ids without one are text only (see TEXT_ONLY)."""

TEXT_ONLY = frozenset(
    {
        Incoming.TICK_EFP,
        Incoming.DELTA_NEUTRAL_VALIDATION,
        Incoming.VERIFY_AND_AUTH_MESSAGE_API,
        Incoming.VERIFY_AND_AUTH_COMPLETED,
    }
)
"""Incoming ids that never became protobuf: exchange-for-physical ticks, the delta-neutral notice, and the verification
of special clients. They are skipped whole and counted (protocol notes, 2.2)."""

OUTGOING: dict[Outgoing, type[Struct]] = {
    Outgoing.REQ_MKT_DATA: m.MarketDataRequest,
    Outgoing.CANCEL_MKT_DATA: m.CancelMarketData,
    Outgoing.PLACE_ORDER: m.PlaceOrderRequest,
    Outgoing.CANCEL_ORDER: m.CancelOrderRequest,
    Outgoing.REQ_OPEN_ORDERS: m.OpenOrdersRequest,
    Outgoing.REQ_ACCT_DATA: m.AccountDataRequest,
    Outgoing.REQ_EXECUTIONS: m.ExecutionRequest,
    Outgoing.REQ_IDS: m.IdsRequest,
    Outgoing.REQ_CONTRACT_DATA: m.ContractDataRequest,
    Outgoing.REQ_MKT_DEPTH: m.MarketDepthRequest,
    Outgoing.CANCEL_MKT_DEPTH: m.CancelMarketDepth,
    Outgoing.REQ_NEWS_BULLETINS: m.NewsBulletinsRequest,
    Outgoing.CANCEL_NEWS_BULLETINS: m.CancelNewsBulletins,
    Outgoing.SET_SERVER_LOGLEVEL: m.SetServerLogLevelRequest,
    Outgoing.REQ_AUTO_OPEN_ORDERS: m.AutoOpenOrdersRequest,
    Outgoing.REQ_ALL_OPEN_ORDERS: m.AllOpenOrdersRequest,
    Outgoing.REQ_MANAGED_ACCTS: m.ManagedAccountsRequest,
    Outgoing.REQ_FA: m.FARequest,
    Outgoing.REPLACE_FA: m.FAReplace,
    Outgoing.REQ_HISTORICAL_DATA: m.HistoricalDataRequest,
    Outgoing.EXERCISE_OPTIONS: m.ExerciseOptionsRequest,
    Outgoing.REQ_SCANNER_SUBSCRIPTION: m.ScannerSubscriptionRequest,
    Outgoing.CANCEL_SCANNER_SUBSCRIPTION: m.CancelScannerSubscription,
    Outgoing.REQ_SCANNER_PARAMETERS: m.ScannerParametersRequest,
    Outgoing.CANCEL_HISTORICAL_DATA: m.CancelHistoricalData,
    Outgoing.REQ_CURRENT_TIME: m.CurrentTimeRequest,
    Outgoing.REQ_REAL_TIME_BARS: m.RealTimeBarsRequest,
    Outgoing.CANCEL_REAL_TIME_BARS: m.CancelRealTimeBars,
    Outgoing.REQ_CALC_IMPLIED_VOLAT: m.CalculateImpliedVolatilityRequest,
    Outgoing.REQ_CALC_OPTION_PRICE: m.CalculateOptionPriceRequest,
    Outgoing.CANCEL_CALC_IMPLIED_VOLAT: m.CancelCalculateImpliedVolatility,
    Outgoing.CANCEL_CALC_OPTION_PRICE: m.CancelCalculateOptionPrice,
    Outgoing.REQ_GLOBAL_CANCEL: m.GlobalCancelRequest,
    Outgoing.REQ_MARKET_DATA_TYPE: m.MarketDataTypeRequest,
    Outgoing.REQ_POSITIONS: m.PositionsRequest,
    Outgoing.REQ_ACCOUNT_SUMMARY: m.AccountSummaryRequest,
    Outgoing.CANCEL_ACCOUNT_SUMMARY: m.CancelAccountSummary,
    Outgoing.CANCEL_POSITIONS: m.CancelPositions,
    Outgoing.VERIFY_REQUEST: m.VerifyRequest,
    Outgoing.VERIFY_MESSAGE: m.VerifyMessageRequest,
    Outgoing.QUERY_DISPLAY_GROUPS: m.QueryDisplayGroupsRequest,
    Outgoing.SUBSCRIBE_TO_GROUP_EVENTS: m.SubscribeToGroupEventsRequest,
    Outgoing.UPDATE_DISPLAY_GROUP: m.UpdateDisplayGroupRequest,
    Outgoing.UNSUBSCRIBE_FROM_GROUP_EVENTS: m.UnsubscribeFromGroupEventsRequest,
    Outgoing.START_API: m.StartApiRequest,
    Outgoing.REQ_POSITIONS_MULTI: m.PositionsMultiRequest,
    Outgoing.CANCEL_POSITIONS_MULTI: m.CancelPositionsMulti,
    Outgoing.REQ_ACCOUNT_UPDATES_MULTI: m.AccountUpdatesMultiRequest,
    Outgoing.CANCEL_ACCOUNT_UPDATES_MULTI: m.CancelAccountUpdatesMulti,
    Outgoing.REQ_SEC_DEF_OPT_PARAMS: m.SecDefOptParamsRequest,
    Outgoing.REQ_SOFT_DOLLAR_TIERS: m.SoftDollarTiersRequest,
    Outgoing.REQ_FAMILY_CODES: m.FamilyCodesRequest,
    Outgoing.REQ_MATCHING_SYMBOLS: m.MatchingSymbolsRequest,
    Outgoing.REQ_MKT_DEPTH_EXCHANGES: m.MarketDepthExchangesRequest,
    Outgoing.REQ_SMART_COMPONENTS: m.SmartComponentsRequest,
    Outgoing.REQ_NEWS_ARTICLE: m.NewsArticleRequest,
    Outgoing.REQ_NEWS_PROVIDERS: m.NewsProvidersRequest,
    Outgoing.REQ_HISTORICAL_NEWS: m.HistoricalNewsRequest,
    Outgoing.REQ_HEAD_TIMESTAMP: m.HeadTimestampRequest,
    Outgoing.REQ_HISTOGRAM_DATA: m.HistogramDataRequest,
    Outgoing.CANCEL_HISTOGRAM_DATA: m.CancelHistogramData,
    Outgoing.CANCEL_HEAD_TIMESTAMP: m.CancelHeadTimestamp,
    Outgoing.REQ_MARKET_RULE: m.MarketRuleRequest,
    Outgoing.REQ_PNL: m.PnLRequest,
    Outgoing.CANCEL_PNL: m.CancelPnL,
    Outgoing.REQ_PNL_SINGLE: m.PnLSingleRequest,
    Outgoing.CANCEL_PNL_SINGLE: m.CancelPnLSingle,
    Outgoing.REQ_HISTORICAL_TICKS: m.HistoricalTicksRequest,
    Outgoing.REQ_TICK_BY_TICK_DATA: m.TickByTickRequest,
    Outgoing.CANCEL_TICK_BY_TICK_DATA: m.CancelTickByTick,
    Outgoing.REQ_COMPLETED_ORDERS: m.CompletedOrdersRequest,
    Outgoing.REQ_WSH_META_DATA: m.WshMetaDataRequest,
    Outgoing.CANCEL_WSH_META_DATA: m.CancelWshMetaData,
    Outgoing.REQ_WSH_EVENT_DATA: m.WshEventDataRequest,
    Outgoing.CANCEL_WSH_EVENT_DATA: m.CancelWshEventData,
    Outgoing.REQ_USER_INFO: m.UserInfoRequest,
    Outgoing.REQ_CURRENT_TIME_IN_MILLIS: m.CurrentTimeInMillisRequest,
    Outgoing.CANCEL_CONTRACT_DATA: m.CancelContractData,
    Outgoing.CANCEL_HISTORICAL_TICKS: m.CancelHistoricalTicks,
    Outgoing.REQ_CONFIG: m.ConfigRequest,
    Outgoing.UPDATE_CONFIG: m.UpdateConfigRequest,
}
"""The message each outgoing id carries. The VERIFY_AND_AUTH ids belong to a handshake ordinary clients never use."""

SINCE: dict[Outgoing, int] = {
    Outgoing.CANCEL_CONTRACT_DATA: 215,
    Outgoing.CANCEL_HISTORICAL_TICKS: 215,
    Outgoing.REQ_CONFIG: 219,
    Outgoing.UPDATE_CONFIG: 221,
}
"""The server version a request needs, where that is above the minimum of 213."""
