"""Every request of IBKR's client: the record it is in ours, its arguments, and why a public method is no request."""

from __future__ import annotations

import inspect
from itertools import zip_longest
from typing import Any

import msgspec
from hypothesis import strategies as st
from ibapi.client import EClient
from ibapi.common import WshEventData
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel
from ibapi.scanner import ScannerSubscription
from msgspec import Struct

from ibwire.wire import messages as m
from tests.conformance import official_values as v
from tests.conformance.official_values import Given, Kind, Tags, snake_case, translate

REQUESTS: dict[str, type[Struct]] = {
    "calculateImpliedVolatility": m.CalculateImpliedVolatilityRequest,
    "calculateOptionPrice": m.CalculateOptionPriceRequest,
    "cancelAccountSummary": m.CancelAccountSummary,
    "cancelAccountUpdatesMulti": m.CancelAccountUpdatesMulti,
    "cancelCalculateImpliedVolatility": m.CancelCalculateImpliedVolatility,
    "cancelCalculateOptionPrice": m.CancelCalculateOptionPrice,
    "cancelContractData": m.CancelContractData,
    "cancelHeadTimeStamp": m.CancelHeadTimestamp,
    "cancelHistogramData": m.CancelHistogramData,
    "cancelHistoricalData": m.CancelHistoricalData,
    "cancelHistoricalTicks": m.CancelHistoricalTicks,
    "cancelMktData": m.CancelMarketData,
    "cancelMktDepth": m.CancelMarketDepth,
    "cancelNewsBulletins": m.CancelNewsBulletins,
    "cancelOrder": m.CancelOrderRequest,
    "cancelPnL": m.CancelPnL,
    "cancelPnLSingle": m.CancelPnLSingle,
    "cancelPositions": m.CancelPositions,
    "cancelPositionsMulti": m.CancelPositionsMulti,
    "cancelRealTimeBars": m.CancelRealTimeBars,
    "cancelScannerSubscription": m.CancelScannerSubscription,
    "cancelTickByTickData": m.CancelTickByTick,
    "cancelWshEventData": m.CancelWshEventData,
    "cancelWshMetaData": m.CancelWshMetaData,
    "exerciseOptions": m.ExerciseOptionsRequest,
    "placeOrder": m.PlaceOrderRequest,
    "queryDisplayGroups": m.QueryDisplayGroupsRequest,
    "replaceFA": m.FAReplace,
    "reqAccountSummary": m.AccountSummaryRequest,
    "reqAccountUpdates": m.AccountDataRequest,
    "reqAccountUpdatesMulti": m.AccountUpdatesMultiRequest,
    "reqAllOpenOrders": m.AllOpenOrdersRequest,
    "reqAutoOpenOrders": m.AutoOpenOrdersRequest,
    "reqCompletedOrders": m.CompletedOrdersRequest,
    "reqContractDetails": m.ContractDataRequest,
    "reqCurrentTime": m.CurrentTimeRequest,
    "reqCurrentTimeInMillis": m.CurrentTimeInMillisRequest,
    "reqExecutions": m.ExecutionRequest,
    "reqFamilyCodes": m.FamilyCodesRequest,
    "reqGlobalCancel": m.GlobalCancelRequest,
    "reqHeadTimeStamp": m.HeadTimestampRequest,
    "reqHistogramData": m.HistogramDataRequest,
    "reqHistoricalData": m.HistoricalDataRequest,
    "reqHistoricalNews": m.HistoricalNewsRequest,
    "reqHistoricalTicks": m.HistoricalTicksRequest,
    "reqIds": m.IdsRequest,
    "reqManagedAccts": m.ManagedAccountsRequest,
    "reqMarketDataType": m.MarketDataTypeRequest,
    "reqMarketRule": m.MarketRuleRequest,
    "reqMatchingSymbols": m.MatchingSymbolsRequest,
    "reqMktData": m.MarketDataRequest,
    "reqMktDepth": m.MarketDepthRequest,
    "reqMktDepthExchanges": m.MarketDepthExchangesRequest,
    "reqNewsArticle": m.NewsArticleRequest,
    "reqNewsBulletins": m.NewsBulletinsRequest,
    "reqNewsProviders": m.NewsProvidersRequest,
    "reqOpenOrders": m.OpenOrdersRequest,
    "reqPnL": m.PnLRequest,
    "reqPnLSingle": m.PnLSingleRequest,
    "reqPositions": m.PositionsRequest,
    "reqPositionsMulti": m.PositionsMultiRequest,
    "reqRealTimeBars": m.RealTimeBarsRequest,
    "reqScannerParameters": m.ScannerParametersRequest,
    "reqScannerSubscription": m.ScannerSubscriptionRequest,
    "reqSecDefOptParams": m.SecDefOptParamsRequest,
    "reqSmartComponents": m.SmartComponentsRequest,
    "reqSoftDollarTiers": m.SoftDollarTiersRequest,
    "reqTickByTickData": m.TickByTickRequest,
    "reqUserInfo": m.UserInfoRequest,
    "reqWshEventData": m.WshEventDataRequest,
    "reqWshMetaData": m.WshMetaDataRequest,
    "requestFA": m.FARequest,
    "setServerLogLevel": m.SetServerLogLevelRequest,
    "startApi": m.StartApiRequest,
    "subscribeToGroupEvents": m.SubscribeToGroupEventsRequest,
    "unsubscribeFromGroupEvents": m.UnsubscribeFromGroupEventsRequest,
    "updateDisplayGroup": m.UpdateDisplayGroupRequest,
    "verifyMessage": m.VerifyMessageRequest,
    "verifyRequest": m.VerifyRequest,
}
"""The record for each method that takes plain arguments and objects of IBKR's client."""

PROTOBUF_ONLY: dict[str, type[Struct]] = {
    "reqConfigProtoBuf": m.ConfigRequest,
    "updateConfigProtoBuf": m.UpdateConfigRequest,
}
"""Requests that IBKR's client has only as methods taking IBKR's protobuf message."""

_STATE = "reads or sets the state of the client object and sends nothing"
_CHECK = "checks values before something is sent, and sends nothing"
_LOOP = "reads what the gateway sends; of requests it sends none"

EXCLUDED = {
    "checkConnected": _CHECK,
    "connect": "sends the hello, which is no message, then calls startApi: both are compared in a test of its own",
    "disconnect": "closes the connection without a word",
    "isConnected": _STATE,
    "keyboardInterrupt": _LOOP,
    "keyboardInterruptHard": _LOOP,
    "logRequest": "writes to the log",
    "msgLoopRec": _LOOP,
    "msgLoopTmo": _LOOP,
    "reset": _STATE,
    "run": _LOOP,
    "sendMsg": "the way of every text message to the socket, no request of its own",
    "sendMsgProtoBuf": "the way of every protobuf request to the socket, no request of its own",
    "serverVersion": _STATE,
    "setConnState": _STATE,
    "setConnectOptions": _STATE,
    "setOptionalCapabilities": _STATE,
    "twsConnectionTime": _STATE,
    "useProtoBuf": _CHECK,
    "validateAttachedOrdersParameters": _CHECK,
    "validateInvalidSymbols": _CHECK,
    "validateOrderParameters": _CHECK,
    "verifyAndAuthMessage": "text at every server version: verification of special clients",
    "verifyAndAuthRequest": "text at every server version: verification of special clients",
}
"""Public methods of IBKR's client that are no protobuf request, and why."""


# --- methods and what they call --------------------------------------------------------------------------------------


def public_methods() -> set[str]:
    return {name for name, _ in inspect.getmembers(EClient, callable) if not name.startswith("_")}


def calls(method: str) -> set[str]:
    """Methods of the client whose names the code of a method uses."""
    return set(inspect.unwrap(getattr(EClient, method)).__code__.co_names) & public_methods()


def sends_protobuf(method: str) -> bool:
    """Whether a method can end in a protobuf frame, directly or through others."""
    seen: set[str] = set()
    ahead = {method}
    while ahead:
        seen |= ahead
        ahead = {called for name in ahead for called in calls(name)} - seen
    return "sendMsgProtoBuf" in seen


TWINS = {
    twin: method
    for method in REQUESTS
    for twin in calls(method)
    if twin.endswith("ProtoBuf") and "sendMsgProtoBuf" in calls(twin)
}
"""Methods taking IBKR's protobuf message, with the classic method that goes through each."""

PROTOBUF_METHODS = PROTOBUF_ONLY | {twin: REQUESTS[method] for twin, method in TWINS.items()}


# --- arguments -------------------------------------------------------------------------------------------------------

_BY_ANNOTATION = {
    int: v.INT,
    str: v.TEXT,
    bool: v.BOOL,
    float: v.FLOAT,
    list: v.TAGS,
    Contract: v.CONTRACT,
    Order: v.ORDER,
    OrderCancel: v.or_none(v.CANCEL),
    ExecutionFilter: v.EXECUTIONS,
    ScannerSubscription: v.or_none(v.SCANNER),
    WshEventData: v.or_none(v.EVENTS),
}
_BY_NAME = {"useRTH": v.SWITCH, "useRth": v.SWITCH, "override": v.SWITCH}

_FIELDS = {
    "allMsgs": "all_messages",
    "bAutoBind": "auto_bind",
    "conid": "con_id",
    "cxml": "xml",
    "durationStr": "duration",
    "execFilter": "execution_filter",
    "faData": "fa_data_type",
    "groupName": "group",
    "implVolOptions": "implied_volatility_options",
    "mktDataOptions": "market_data_options",
    "mktDepthOptions": "market_depth_options",
    "optPrcOptions": "option_price_options",
    "tickerId": "req_id",
}
"""Our field for an argument, where it is not the argument's name in snake_case."""


def parameters(method: str) -> dict[str, Kind]:
    """The arguments of a request by name; those of startApi are set on the client beforehand."""
    if method == "startApi":
        return {"clientId": v.INT, "optionalCapabilities": v.TEXT}
    signature = list(inspect.signature(getattr(EClient, method)).parameters.values())[1:]
    return {p.name: _BY_NAME.get(p.name) or _BY_ANNOTATION[p.annotation] for p in signature}


def arguments(method: str) -> v.Values:
    return st.fixed_dictionaries({name: kind.values for name, kind in parameters(method).items()})


_UNSET = {v.INT: v.UNSET_INTEGER, v.FLOAT: v.UNSET_DOUBLE, v.TEXT: "", v.BOOL: False, v.SWITCH: 0, v.TAGS: None}


def nothing_set(method: str) -> dict[str, Any]:
    """Arguments by which a user says nothing: unset, empty, or an object as it is created."""
    return {name: _UNSET[kind] if kind in _UNSET else kind.edges[0] for name, kind in parameters(method).items()}


def record(method: str, given: dict[str, Any]) -> Struct:
    """Our record for a request with these arguments."""
    if method == "placeOrder":
        return _place_order(**given)
    if method == "reqScannerSubscription":
        return _scanner(**given)
    if method == "reqWshEventData":
        return _wsh_events(**given)
    fields = {name: kind.translate(given[name]) for name, kind in parameters(method).items()}
    renamed = _FIELDS | {"reqId": "order_id"} if method == "exerciseOptions" else _FIELDS
    return REQUESTS[method](**{renamed.get(name) or snake_case(name): value for name, value in fields.items()})


def _place_order(orderId: int, contract: Given, order: Given) -> m.PlaceOrderRequest:
    ours = translate(contract)
    per_leg = [_price(leg) for leg in order.values.get("orderComboLegs") or ()][: len(ours.combo_legs)]
    legs = [
        leg if price is None else msgspec.structs.replace(leg, per_leg_price=price)
        for leg, price in zip_longest(ours.combo_legs, per_leg)
    ]
    attached = {
        snake_case(name): v.ATTRIBUTES[Order][name].translate(order.values[name])
        for name in v.ATTACHED
        if name in order.values
    }
    return m.PlaceOrderRequest(
        order_id=v.INT.translate(orderId),
        contract=msgspec.structs.replace(ours, combo_legs=tuple(legs)),
        order=translate(order),
        attached_orders=m.AttachedOrders(**attached),
    )


def _price(leg: Given) -> float | None:
    return v.FLOAT.translate(leg.values["price"]) if "price" in leg.values else None


def _scanner(
    reqId: int,
    subscription: Given | None,
    scannerSubscriptionOptions: Tags | None,
    scannerSubscriptionFilterOptions: Tags | None,
) -> m.ScannerSubscriptionRequest:
    if subscription is None:  # then IBKR's client has nowhere to put the options either
        return m.ScannerSubscriptionRequest(v.INT.translate(reqId), None)
    ours = msgspec.structs.replace(
        translate(subscription),
        scanner_subscription_options=v.TAGS.translate(scannerSubscriptionOptions),
        scanner_subscription_filter_options=v.TAGS.translate(scannerSubscriptionFilterOptions),
    )
    return m.ScannerSubscriptionRequest(v.INT.translate(reqId), ours)


def _wsh_events(reqId: int, wshEventData: Given | None) -> m.WshEventDataRequest:
    ours = m.WshEventDataRequest() if wshEventData is None else translate(wshEventData)
    return msgspec.structs.replace(ours, req_id=v.INT.translate(reqId))


# --- a request for each object ---------------------------------------------------------------------------------------


def carry(given: Given) -> tuple[str, dict[str, Any]]:
    """A request that carries one object and otherwise as little as possible."""
    kind = given.kind
    if kind is Contract:
        return "reqContractDetails", {"reqId": 1, "contract": given}
    if kind in (v.ComboLeg, v.DeltaNeutralContract):
        part = {"comboLegs": [given]} if kind is v.ComboLeg else {"deltaNeutralContract": given}
        return carry(Given(Contract, part))
    if kind is Order:
        return "placeOrder", {"orderId": 1, "contract": Given(Contract, {}), "order": given}
    if kind is v.SoftDollarTier:
        return carry(Given(Order, {"softDollarTier": given}))
    if kind in v.CONDITION_TYPES:
        return carry(Given(Order, {"conditions": [given]}))
    if kind is v.OrderComboLeg:
        contract = Given(Contract, {"comboLegs": [Given(v.ComboLeg, {})]})
        return "placeOrder", {"orderId": 1, "contract": contract, "order": Given(Order, {"orderComboLegs": [given]})}
    if kind is OrderCancel:
        return "cancelOrder", {"orderId": 1, "orderCancel": given}
    if kind is ExecutionFilter:
        return "reqExecutions", {"reqId": 1, "execFilter": given}
    if kind is ScannerSubscription:
        return "reqScannerSubscription", nothing_set("reqScannerSubscription") | {"subscription": given}
    assert kind is WshEventData
    return "reqWshEventData", {"reqId": 1, "wshEventData": given}
