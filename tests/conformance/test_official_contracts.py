"""What IBKR's own client is told of contracts that say too little, whatever it asks for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from ibapi.contract import Contract
from ibapi.order import Order

from tests.conformance.test_official_client import Peer, contract, order, simulator

PAST = "20260410 16:00:00 US/Eastern"
IDS = itertools.count(1000)

ASKS: dict[str, Callable[[Peer, int, Contract], object]] = {
    "reqMktData": lambda peer, id_, what: peer.api.reqMktData(
        id_, what, "", snapshot=False, regulatorySnapshot=False, mktDataOptions=[]
    ),
    "reqMktDepth": lambda peer, id_, what: peer.api.reqMktDepth(id_, what, 5, isSmartDepth=False, mktDepthOptions=[]),
    "reqTickByTickData": lambda peer, id_, what: peer.api.reqTickByTickData(id_, what, "Last", 0, ignoreSize=False),
    "reqRealTimeBars": lambda peer, id_, what: peer.api.reqRealTimeBars(
        id_, what, 5, "TRADES", useRTH=False, realTimeBarsOptions=[]
    ),
    "reqHistoricalData": lambda peer, id_, what: peer.api.reqHistoricalData(
        id_, what, PAST, "1 D", "1 hour", "TRADES", 1, 1, keepUpToDate=False, chartOptions=[]
    ),
    "reqHistoricalTicks": lambda peer, id_, what: peer.api.reqHistoricalTicks(
        id_, what, "", PAST, 10, "TRADES", 1, ignoreSize=True, miscOptions=[]
    ),
    "reqHeadTimeStamp": lambda peer, id_, what: peer.api.reqHeadTimeStamp(id_, what, "TRADES", 1, 1),
    "reqHistogramData": lambda peer, id_, what: peer.api.reqHistogramData(id_, what, useRTH=True, timePeriod="3 days"),
    "placeOrder": lambda peer, id_, what: peer.api.placeOrder(id_, what, order("BUY", "1", 1.25)),
    "placeOrder, what-if": lambda peer, id_, what: peer.api.placeOrder(id_, what, what_if()),
}

INCOMPLETE = {
    "no exchange": contract(symbol="AAPL", secType="STK", currency="USD"),
    "an id and no exchange": contract(conId=265598),
    "no security type": contract(symbol="AAPL", exchange="SMART", currency="USD"),
    "a security type that there is not": contract(symbol="AAPL", secType="STOCK", exchange="SMART", currency="USD"),
    "nothing": contract(),
}

CONTINUOUS = contract(symbol="ES", secType="CONTFUT", exchange="CME")
ALL_ES = contract(symbol="ES", secType="FUT+CONTFUT", exchange="CME")


def what_if() -> Order:
    made = order("BUY", "1", 1.25)
    made.whatIf = True
    return made


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with simulator("--no-limits") as (_, port):
        connected = Peer(port, 7)
        connected.news.wait_for("nextValidId")
        yield connected
        connected.disconnect()
        connected.join()


def told(peer: Peer, request: str, what: Contract) -> list[tuple[int, str]]:
    """The codes and causes of all errors about a request, which is answered by nothing else."""
    id_ = peer.order_id() if request.startswith("placeOrder") else next(IDS)
    here = peer.here
    ask = ASKS.get(request, lambda peer, id_, what: peer.api.reqContractDetails(id_, what))
    ask(peer, id_, what)
    peer.fence()
    calls = [call for call in peer.news.calls(since=here) if call.arguments[:1] == (id_,)]
    assert {call.name for call in calls} == {"error"}
    return [(call.arguments[2], call.arguments[3].partition("cause - ")[2]) for call in calls]


@pytest.mark.parametrize("request_name", ASKS)
@pytest.mark.parametrize("lack", INCOMPLETE)
def test_official_client_is_told_what_a_contract_lacks(peer: Peer, lack: str, request_name: str) -> None:
    cause = "Please enter a valid security type"
    if "no exchange" in lack:
        cause = "Missing order exchange." if request_name.startswith("placeOrder") else "Please enter exchange"
    assert told(peer, request_name, INCOMPLETE[lack]) == [(321, cause)]


@pytest.mark.parametrize("lack", [lack for lack in INCOMPLETE if "no exchange" not in lack])
def test_official_client_needs_no_exchange_but_a_security_type_or_id_for_details(peer: Peer, lack: str) -> None:
    assert told(peer, "reqContractDetails", INCOMPLETE[lack]) == [(321, "Please enter a valid security type")]
    here = peer.here
    for what in (INCOMPLETE["no exchange"], INCOMPLETE["an id and no exchange"]):
        peer.api.reqContractDetails(next(IDS), what)
    peer.fence()
    assert len(peer.news.calls("contractDetailsEnd", since=here)) == 2


NO_HISTORY = ["reqMktData", "reqMktDepth", "reqTickByTickData", "reqRealTimeBars", "placeOrder", "placeOrder, what-if"]


@pytest.mark.parametrize("request_name", NO_HISTORY)
def test_official_client_has_no_live_data_and_no_orders_of_a_continuous_future(peer: Peer, request_name: str) -> None:
    assert told(peer, request_name, CONTINUOUS) == [(321, "Please enter a valid security type")]


@pytest.mark.parametrize("request_name", ASKS)
def test_official_client_can_ask_for_all_futures_together_only_for_their_details(peer: Peer, request_name: str) -> None:
    assert told(peer, request_name, ALL_ES) == [(321, "Please enter a valid security type")]
