"""The one table of requests: what each is answered with, how answers find it, how it ends, and how urgent it is.

This is data. Ids stand in `ids`; here messages are named by their records. Sources: protocol notes, sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, IntEnum

from msgspec import Struct

from ibwire.wire import messages as m
from ibwire.wire.ids import OUTGOING, SINCE, BondContractData

Kind = type[Struct]


class Shape(Enum):
    """How a request goes on after it was sent."""

    ONE_SHOT = "ends with its end message, or with its first answer if it has none"
    STREAM = "goes on until it is cancelled; an end message closes what was there at the start"
    COMMAND = "has no answer of its own"


class Correlation(Enum):
    """How an answer finds its request."""

    REQUEST_ID = "req_id"
    ORDER_ID = "order_id"
    RULE_ID = "market_rule_id"
    SINGLETON = "there is one of it at a time"


class Lane(IntEnum):
    """Who goes first when not everything may be sent at once; lower overtakes higher."""

    CANCEL = 0
    ORDER = 1
    CONTROL = 2
    SUBSCRIPTION = 3
    QUERY = 4
    BULK = 5


class RequestSpec(Struct, frozen=True, kw_only=True):
    """One row: everything that is to be known about a request besides its fields.

    `responses` are the messages it is answered with, the end message not among them; `alone` is one of them that comes
    without an end message. `cancel` is the message that ends it at the gateway; no cancel is acknowledged (protocol
    notes, 3). What `stays_open` has to be cancelled even after its answer. `since` is the server version it needs.
    """

    request: Kind
    shape: Shape
    correlation: Correlation
    lane: Lane
    responses: tuple[Kind, ...] = ()
    end: Kind | None = None
    alone: Kind | None = None
    cancel: Kind | None = None
    stays_open: bool = False
    since: int

    @property
    def finals(self) -> frozenset[Kind]:
        """The messages that complete it: its end, what comes alone, or else any answer."""
        if self.end is None:
            return frozenset(self.responses)
        return frozenset({self.end} if self.alone is None else {self.end, self.alone})


_SINCE = {kind: SINCE[number] for number, kind in OUTGOING.items() if number in SINCE}
MINIMUM_VERSION = 213


def _row(
    request: Kind,
    shape: Shape,
    correlation: Correlation,
    lane: Lane,
    responses: Kind | tuple[Kind, ...] = (),
    end: Kind | None = None,
    cancel: Kind | None = None,
    alone: Kind | None = None,
    *,
    stays_open: bool = False,
) -> RequestSpec:
    return RequestSpec(
        request=request,
        shape=shape,
        correlation=correlation,
        lane=lane,
        responses=responses if isinstance(responses, tuple) else (responses,),
        end=end,
        cancel=cancel,
        alone=alone,
        stays_open=stays_open,
        since=_SINCE.get(request, MINIMUM_VERSION),
    )


_ONE, _STREAM, _COMMAND = Shape.ONE_SHOT, Shape.STREAM, Shape.COMMAND
_REQ, _ORDER_ID, _RULE, _SINGLE = Correlation
_CANCEL, _ORDER, _CONTROL, _SUBSCRIPTION, _QUERY, _BULK = Lane

_LEVEL_1 = (
    m.TickReqParams,
    m.MarketDataType,
    m.TickPrice,
    m.TickSize,
    m.TickGeneric,
    m.TickString,
    m.TickOptionComputation,
    m.TickNews,
    m.RerouteMarketDataRequest,
)
_DEPTH = (m.MarketDepth, m.MarketDepthL2, m.RerouteMarketDepthRequest)
_HISTORY = (m.HistoricalData, m.HistoricalDataUpdate)
_TICKS = (m.HistoricalTicks, m.HistoricalTicksBidAsk, m.HistoricalTicksLast)
_ORDER_NEWS = (m.OpenOrder, m.OrderStatus)

# fmt: off
_ROWS = (
    # market data
    _row(m.MarketDataRequest, _STREAM, _REQ, _SUBSCRIPTION, _LEVEL_1, m.TickSnapshotEnd, m.CancelMarketData),
    _row(m.MarketDataTypeRequest, _COMMAND, _SINGLE, _CONTROL),
    _row(m.MarketDepthRequest, _STREAM, _REQ, _SUBSCRIPTION, _DEPTH, None, m.CancelMarketDepth),
    _row(m.TickByTickRequest, _STREAM, _REQ, _SUBSCRIPTION, (m.TickByTickData, *_TICKS), None, m.CancelTickByTick),
    _row(m.RealTimeBarsRequest, _STREAM, _REQ, _SUBSCRIPTION, m.RealTimeBarTick, None, m.CancelRealTimeBars),
    _row(m.CalculateImpliedVolatilityRequest, _STREAM, _REQ, _QUERY, m.TickOptionComputation, None,
         m.CancelCalculateImpliedVolatility),
    _row(m.CalculateOptionPriceRequest, _STREAM, _REQ, _QUERY, m.TickOptionComputation, None,
         m.CancelCalculateOptionPrice),
    # history
    _row(m.HistoricalDataRequest, _ONE, _REQ, _BULK, (*_HISTORY, m.HistoricalSchedule), m.HistoricalDataEnd,
         m.CancelHistoricalData, alone=m.HistoricalSchedule),
    _row(m.HeadTimestampRequest, _ONE, _REQ, _QUERY, m.HeadTimestamp, None, m.CancelHeadTimestamp,
         stays_open=True),  # it takes a place among the open historical queries until then (pacing notes, 2)
    _row(m.HistogramDataRequest, _ONE, _REQ, _QUERY, m.HistogramData, None, m.CancelHistogramData),
    _row(m.HistoricalTicksRequest, _ONE, _REQ, _BULK, _TICKS, None, m.CancelHistoricalTicks),
    # contracts
    _row(m.ContractDataRequest, _ONE, _REQ, _QUERY, (m.ContractData, BondContractData), m.ContractDataEnd,
         m.CancelContractData),
    _row(m.MatchingSymbolsRequest, _ONE, _REQ, _QUERY, m.SymbolSamples),
    _row(m.SecDefOptParamsRequest, _ONE, _REQ, _QUERY, m.SecDefOptParameter, m.SecDefOptParameterEnd),
    _row(m.MarketRuleRequest, _ONE, _RULE, _QUERY, m.MarketRule),
    _row(m.SmartComponentsRequest, _ONE, _REQ, _QUERY, m.SmartComponents),
    _row(m.MarketDepthExchangesRequest, _ONE, _SINGLE, _QUERY, m.MarketDepthExchanges),
    # orders
    _row(m.PlaceOrderRequest, _STREAM, _ORDER_ID, _ORDER,
         (*_ORDER_NEWS, m.ExecutionDetails, m.CommissionAndFeesReport), None, m.CancelOrderRequest),
    _row(m.ExerciseOptionsRequest, _STREAM, _ORDER_ID, _ORDER, _ORDER_NEWS, None, None),
    _row(m.OpenOrdersRequest, _ONE, _SINGLE, _CONTROL, _ORDER_NEWS, m.OpenOrdersEnd),
    _row(m.AllOpenOrdersRequest, _ONE, _SINGLE, _CONTROL, _ORDER_NEWS, m.OpenOrdersEnd),
    _row(m.AutoOpenOrdersRequest, _COMMAND, _SINGLE, _CONTROL),
    _row(m.CompletedOrdersRequest, _ONE, _SINGLE, _CONTROL, m.CompletedOrder, m.CompletedOrdersEnd),
    _row(m.ExecutionRequest, _ONE, _REQ, _CONTROL, (m.ExecutionDetails, m.CommissionAndFeesReport),
         m.ExecutionDetailsEnd),
    _row(m.GlobalCancelRequest, _COMMAND, _SINGLE, _CANCEL),
    # account
    _row(m.ManagedAccountsRequest, _ONE, _SINGLE, _CONTROL, m.ManagedAccounts),
    _row(m.AccountDataRequest, _STREAM, _SINGLE, _SUBSCRIPTION, (m.AccountValue, m.PortfolioValue, m.AccountUpdateTime),
         m.AccountDataEnd, m.AccountDataRequest),
    _row(m.AccountSummaryRequest, _STREAM, _REQ, _SUBSCRIPTION, m.AccountSummary, m.AccountSummaryEnd,
         m.CancelAccountSummary),
    _row(m.PositionsRequest, _STREAM, _SINGLE, _SUBSCRIPTION, m.Position, m.PositionEnd, m.CancelPositions),
    _row(m.PositionsMultiRequest, _STREAM, _REQ, _SUBSCRIPTION, m.PositionMulti, m.PositionMultiEnd,
         m.CancelPositionsMulti),
    _row(m.AccountUpdatesMultiRequest, _STREAM, _REQ, _SUBSCRIPTION, m.AccountUpdateMulti, m.AccountUpdateMultiEnd,
         m.CancelAccountUpdatesMulti),
    _row(m.PnLRequest, _STREAM, _REQ, _SUBSCRIPTION, m.PnL, None, m.CancelPnL),
    _row(m.PnLSingleRequest, _STREAM, _REQ, _SUBSCRIPTION, m.PnLSingle, None, m.CancelPnLSingle),
    _row(m.FARequest, _ONE, _SINGLE, _QUERY, m.ReceiveFA),
    _row(m.FAReplace, _ONE, _REQ, _CONTROL, m.ReplaceFAEnd),
    _row(m.FamilyCodesRequest, _ONE, _SINGLE, _QUERY, m.FamilyCodes),
    _row(m.SoftDollarTiersRequest, _ONE, _REQ, _QUERY, m.SoftDollarTiers),
    _row(m.UserInfoRequest, _ONE, _REQ, _QUERY, m.UserInfo),
    # news
    _row(m.NewsBulletinsRequest, _STREAM, _SINGLE, _SUBSCRIPTION, m.NewsBulletin, None, m.CancelNewsBulletins),
    _row(m.NewsProvidersRequest, _ONE, _SINGLE, _QUERY, m.NewsProviders),
    _row(m.NewsArticleRequest, _ONE, _REQ, _QUERY, m.NewsArticle),
    _row(m.HistoricalNewsRequest, _ONE, _REQ, _QUERY, m.HistoricalNews, m.HistoricalNewsEnd),
    _row(m.WshMetaDataRequest, _ONE, _REQ, _QUERY, m.WshMetaData, None, m.CancelWshMetaData),
    _row(m.WshEventDataRequest, _ONE, _REQ, _QUERY, m.WshEventData, None, m.CancelWshEventData),
    # scanner
    _row(m.ScannerParametersRequest, _ONE, _SINGLE, _QUERY, m.ScannerParameters),
    _row(m.ScannerSubscriptionRequest, _STREAM, _REQ, _SUBSCRIPTION, m.ScannerData, None, m.CancelScannerSubscription),
    # session
    _row(m.StartApiRequest, _COMMAND, _SINGLE, _CONTROL),
    _row(m.IdsRequest, _ONE, _SINGLE, _CONTROL, m.NextValidId),
    _row(m.CurrentTimeRequest, _ONE, _SINGLE, _CONTROL, m.CurrentTime),
    _row(m.CurrentTimeInMillisRequest, _ONE, _SINGLE, _CONTROL, m.CurrentTimeInMillis),
    _row(m.SetServerLogLevelRequest, _COMMAND, _SINGLE, _CONTROL),
    _row(m.VerifyRequest, _ONE, _SINGLE, _CONTROL, (m.VerifyMessageApi, m.VerifyCompleted)),
    _row(m.VerifyMessageRequest, _ONE, _SINGLE, _CONTROL, m.VerifyCompleted),
    _row(m.QueryDisplayGroupsRequest, _ONE, _REQ, _QUERY, m.DisplayGroupList),
    _row(m.SubscribeToGroupEventsRequest, _STREAM, _REQ, _SUBSCRIPTION, m.DisplayGroupUpdated, None,
         m.UnsubscribeFromGroupEventsRequest),
    _row(m.UpdateDisplayGroupRequest, _COMMAND, _REQ, _CONTROL),
    # the gateway's settings
    _row(m.ConfigRequest, _ONE, _REQ, _CONTROL, m.ConfigResponse),
    _row(m.UpdateConfigRequest, _ONE, _REQ, _CONTROL, m.UpdateConfigResponse),
)
# fmt: on


def _cancel_rows(rows: Iterable[RequestSpec]) -> list[RequestSpec]:
    """A row for each cancel message: nothing answers it, and it goes before everything else."""
    known = {row.request for row in rows}
    cancels = {row.cancel: row.correlation for row in rows if row.cancel is not None and row.cancel not in known}
    return [_row(cancel, _COMMAND, correlation, _CANCEL) for cancel, correlation in cancels.items()]


CATALOGUE: dict[Kind, RequestSpec] = {row.request: row for row in (*_ROWS, *_cancel_rows(_ROWS))}
"""Every request by its record class."""

UNSOLICITED: frozenset[Kind] = frozenset({m.ErrorMessage, m.ManagedAccounts, m.NextValidId, m.OrderBound})
"""What a gateway sends on its own as well (orders, executions and commissions come both ways too)."""


def shape_of(message: Struct) -> Shape:
    """The shape of this very request: two of them change theirs by a flag.

    A market-data snapshot ends by itself; historical bars kept up to date go on after their end message.
    Raises KeyError for a message that is not in the catalogue.
    """
    if isinstance(message, m.MarketDataRequest) and (message.snapshot or message.regulatory_snapshot):
        return Shape.ONE_SHOT
    if isinstance(message, m.HistoricalDataRequest) and message.keep_up_to_date:
        return Shape.STREAM
    return CATALOGUE[type(message)].shape


def cancel_for(message: Struct) -> Struct | None:
    """The message that ends this request at the gateway, or None if there is none.

    An order is never cancelled by dropping what watches it, so there is none for a placed order here.
    """
    match message:
        case m.PlaceOrderRequest() | m.ExerciseOptionsRequest():
            return None
        case m.AccountDataRequest():
            return m.AccountDataRequest(subscribe=False, acct_code=message.acct_code)
        case m.MarketDepthRequest():
            return m.CancelMarketDepth(req_id=message.req_id, is_smart_depth=message.is_smart_depth)
    spec = CATALOGUE[type(message)]
    if spec.cancel is None:
        return None
    return spec.cancel(message.req_id) if spec.correlation is Correlation.REQUEST_ID else spec.cancel()  # type: ignore[attr-defined]
