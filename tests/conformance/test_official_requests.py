"""Every request that IBKR's client has, found by introspection, sent by it to `ibwire sim`: callbacks, or an error."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from ibapi.common import WshEventData
from ibapi.execution import ExecutionFilter
from ibapi.order_cancel import OrderCancel
from ibapi.scanner import ScannerSubscription

from tests.conformance.official_requests import EXCLUDED, PROTOBUF_ONLY, REQUESTS, TWINS, public_methods
from tests.conformance.test_official_client import AAPL, FAR_AWAY, Peer, contract, order, simulator

EURO = contract(symbol="EUR", secType="CASH", exchange="IDEALPRO", currency="USD")
OPTION = contract(symbol="TSLA", secType="OPT", exchange="SMART", currency="USD")
ERROR = "error"
ID = object()
"""Stands for a fresh request or order id."""


def scan() -> ScannerSubscription:
    made = ScannerSubscription()
    made.instrument, made.locationCode, made.scanCode = "STK", "STK.US", "MOST_ACTIVE"
    return made


def far_order() -> Any:
    return order("BUY", "10", FAR_AWAY * 100)


PAST = "20260410 16:00:00 US/Eastern"
BARS = (AAPL, PAST, "1 D", "1 hour", "TRADES", 1, 1, False, [])

ANSWERED: dict[str, tuple[tuple[Any, ...], str]] = {
    "calculateImpliedVolatility": ((ID, OPTION, 10.0, 400.0, []), "tickOptionComputation|error"),
    "calculateOptionPrice": ((ID, OPTION, 0.5, 400.0, []), "tickOptionComputation|error"),
    "cancelHeadTimeStamp": ((ID,), ERROR),
    "cancelHistogramData": ((ID,), ERROR),
    "cancelHistoricalData": ((ID,), ERROR),
    "cancelHistoricalTicks": ((ID,), ERROR),
    "cancelMktData": ((ID,), ERROR),
    "cancelMktDepth": ((ID, False), ERROR),
    "cancelOrder": ((ID, OrderCancel()), ERROR),
    "cancelRealTimeBars": ((ID,), ERROR),
    "cancelScannerSubscription": ((ID,), ERROR),
    "cancelTickByTickData": ((ID,), ERROR),
    "exerciseOptions": ((ID, OPTION, 1, 1, "", 0, "", "", False), ERROR),
    "placeOrder": ((ID, AAPL, far_order()), "openOrder"),
    "queryDisplayGroups": ((ID,), "displayGroupList"),
    "replaceFA": ((ID, 1, "<xml/>"), ERROR),
    "reqAccountSummary": ((ID, "All", "NetLiquidation"), "accountSummaryEnd"),
    "reqAccountUpdates": ((True, ""), "accountDownloadEnd"),
    "reqAccountUpdatesMulti": ((ID, "", "", False), "accountUpdateMultiEnd"),
    "reqAllOpenOrders": ((), "openOrderEnd"),
    "reqAutoOpenOrders": ((True,), ERROR),  # only client 0 may
    "reqCompletedOrders": ((False,), "completedOrdersEnd"),
    "reqContractDetails": ((ID, AAPL), "contractDetailsEnd"),
    "reqCurrentTime": ((), "currentTime"),
    "reqCurrentTimeInMillis": ((), "currentTimeInMillis"),
    "reqExecutions": ((ID, ExecutionFilter()), "execDetailsEnd"),
    "reqFamilyCodes": ((), "familyCodes"),
    "reqHeadTimeStamp": ((ID, AAPL, "TRADES", 1, 1), "headTimestamp"),
    "reqHistogramData": ((ID, AAPL, True, "3 days"), "histogramData"),
    "reqHistoricalData": ((ID, *BARS), "historicalDataEnd"),
    "reqHistoricalNews": ((ID, 265598, "BRFG", "", "", 5, []), "historicalNewsEnd"),
    "reqHistoricalTicks": ((ID, AAPL, "", PAST, 10, "TRADES", 1, True, []), "historicalTicksLast"),
    "reqIds": ((-1,), "nextValidId"),
    "reqManagedAccts": ((), "managedAccounts"),
    "reqMarketRule": ((26,), "marketRule"),
    "reqMatchingSymbols": ((ID, "AAPL"), "symbolSamples"),
    "reqMktData": ((ID, AAPL, "", False, False, []), "tickPrice"),
    "reqMktDepth": ((ID, EURO, 5, False, []), "updateMktDepth"),
    "reqMktDepthExchanges": ((), "mktDepthExchanges"),
    "reqNewsArticle": ((ID, "BRFG", "BRFG$265598-1", []), "newsArticle"),
    "reqNewsBulletins": ((True,), "updateNewsBulletin"),
    "reqNewsProviders": ((), "newsProviders"),
    "reqOpenOrders": ((), "openOrderEnd"),
    "reqPnL": ((ID, "DU1234567", ""), "pnl"),
    "reqPnLSingle": ((ID, "DU1234567", "", 265598), "pnlSingle"),
    "reqPositions": ((), "positionEnd"),
    "reqPositionsMulti": ((ID, "DU1234567", ""), "positionMultiEnd"),
    "reqRealTimeBars": ((ID, AAPL, 5, "TRADES", False, []), "realtimeBar"),
    "reqScannerParameters": ((), "scannerParameters"),
    "reqScannerSubscription": ((ID, scan(), [], []), "scannerDataEnd"),
    "reqSecDefOptParams": ((ID, "AAPL", "", "STK", 265598), "securityDefinitionOptionParameterEnd"),
    "reqSmartComponents": ((ID, "9c0001"), "smartComponents"),
    "reqSoftDollarTiers": ((ID,), "softDollarTiers"),
    "reqTickByTickData": ((ID, EURO, "BidAsk", 0, False), "tickByTickBidAsk"),
    "reqUserInfo": ((ID,), "userInfo"),
    "reqWshEventData": ((ID, WshEventData()), ERROR),
    "reqWshMetaData": ((ID,), ERROR),
    "requestFA": ((1,), ERROR),
    "startApi": ((), ERROR),  # a second time
    "subscribeToGroupEvents": ((ID, 1), "displayGroupUpdated"),
    "updateDisplayGroup": ((ID, "265598@SMART"), "displayGroupUpdated"),
    "verifyMessage": (("data",), "verifyCompleted"),
    "verifyRequest": (("program", "1.0"), "verifyCompleted"),
}
"""What each request is sent with, and the callback that answers it."""

SILENT: dict[str, tuple[Any, ...]] = {
    "cancelAccountSummary": (ID,),
    "cancelAccountUpdatesMulti": (ID,),
    "cancelCalculateImpliedVolatility": (ID,),
    "cancelCalculateOptionPrice": (ID,),
    "cancelContractData": (ID,),
    "cancelNewsBulletins": (),
    "cancelPnL": (ID,),
    "cancelPnLSingle": (ID,),
    "cancelPositions": (),
    "cancelPositionsMulti": (ID,),
    "cancelWshEventData": (ID,),
    "cancelWshMetaData": (ID,),
    "reqGlobalCancel": (OrderCancel(),),
    "reqMarketDataType": (1,),
    "setServerLogLevel": (5,),
    "unsubscribeFromGroupEvents": (ID,),
}
"""What a gateway takes without a word: no cancel is acknowledged, and these set something."""

ORDER_CANCELLED = 202
IDS = itertools.count(1000)


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with simulator("--no-limits") as (_, port):
        connected = Peer(port, 7)
        connected.news.wait_for("nextValidId")
        yield connected
        connected.disconnect()
        connected.join()


def send(peer: Peer, method: str, arguments: tuple[Any, ...]) -> None:
    id_ = peer.order_id() if method == "placeOrder" else next(IDS)
    # Some of IBKR's client's own requests need switches that no user turns on.
    if method.startswith("verify"):
        peer.api.extraAuth = True
    getattr(peer.api, method)(*(id_ if one is ID else one for one in arguments))


def test_every_request_of_ibkrs_client_is_in_one_of_the_tables() -> None:
    found = public_methods() - set(EXCLUDED) - set(TWINS) - set(PROTOBUF_ONLY)
    assert found == set(ANSWERED) | set(SILENT) == set(REQUESTS)
    assert not set(ANSWERED) & set(SILENT)


@pytest.mark.parametrize("method", sorted(ANSWERED))
def test_request_gets_its_callback_or_ibkrs_error(peer: Peer, method: str) -> None:
    arguments, callbacks = ANSWERED[method]
    here = peer.here
    send(peer, method, arguments)
    if "|" in callbacks:
        peer.fence()
        assert peer.news.calls(*callbacks.split("|"), since=here)
    else:
        peer.news.wait_for(callbacks, since=here)
    local = [call.arguments for call in peer.news.calls("error", since=here) if 500 <= call.arguments[2] < 600]
    assert not local, "IBKR's client itself has refused"


@pytest.mark.parametrize("method", sorted(SILENT))
def test_request_is_taken_without_a_word(peer: Peer, method: str) -> None:
    peer.fence()
    here = peer.here
    send(peer, method, SILENT[method])
    peer.fence()
    # An order of another test may go with it.
    assert {call.arguments[2] for call in peer.news.calls("error", since=here)} <= {ORDER_CANCELLED}
