"""Streams of market data reach the callbacks of IBKR's own client, one kind after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from ibapi.client import EClient

from tests.conformance.test_official_client import (
    AAPL,
    CLIENT_IDS,
    Call,
    Peer,
    Sim,
    assert_ends_well,
    contract,
    simulator,
)

TICKS = ("tickPrice", "tickSize", "tickGeneric", "tickString")
ESH4 = contract(symbol="ES", secType="FUT", exchange="CME", localSymbol="ESH4")
ARCA_AAPL = contract(symbol="AAPL", secType="STK", exchange="ARCA", currency="USD")
MSFT = contract(symbol="MSFT", secType="STK", exchange="SMART", currency="USD")
OPTION = contract(conId=445067953, exchange="SMART")
EURUSD = contract(symbol="EUR", secType="CASH", exchange="IDEALPRO", currency="USD")


@pytest.fixture(scope="module", params=[226, 213])
def sim(request: pytest.FixtureRequest) -> Iterator[Sim]:
    with simulator("--server-version", str(request.param)) as (process, port):
        yield Sim(port, request.param)
        assert_ends_well(process)


@pytest.fixture(scope="module")
def gone() -> Iterator[list[Peer]]:
    """Peers that have hung up: their threads are joined together at the end, because each takes up to a second."""
    peers: list[Peer] = []
    yield peers
    for peer in peers:
        peer.join()


@pytest.fixture
def peer(sim: Sim, gone: list[Peer]) -> Iterator[Peer]:
    connected = Peer(sim.port, next(CLIENT_IDS))
    connected.news.wait_for("nextValidId")
    yield connected
    connected.disconnect()
    gone.append(connected)


def level_1(peer: Peer, request_id: int, instrument: Any, generic: str = "") -> None:
    peer.api.reqMktData(request_id, instrument, generic, snapshot=False, regulatorySnapshot=False, mktDataOptions=[])


def test_official_client_gets_generic_ticks_trade_volume_and_news(peer: Peer, sim: Sim) -> None:
    odd_lots = ",787" if sim.server_version >= 225 else ""
    level_1(peer, 1, AAPL, f"100,106,165,221,225,233,236,292,293,375,456,595{odd_lots}")
    peer.news.wait_for("tickNews", 1)
    peer.news.wait_for("tickString", 1, 48)
    peer.news.wait_for("tickString", 1, 77)
    told = {(call.name, call.arguments[1]) for call in peer.news.calls(*TICKS)}
    assert {("tickSize", 29), ("tickGeneric", 24), ("tickPrice", 15), ("tickPrice", 37), ("tickSize", 34)} <= told
    assert {("tickGeneric", 46), ("tickGeneric", 49), ("tickGeneric", 54), ("tickString", 59), ("tickSize", 63)} <= told
    assert (("tickPrice", 105) in told) == bool(odd_lots)
    assert not [call for call in peer.news.calls("error") if call.arguments[0] == 1]
    peer.api.cancelMktData(1)


def test_official_client_gets_option_computations(peer: Peer) -> None:
    level_1(peer, 1, OPTION)
    model = peer.news.wait_for("tickOptionComputation", 1, 13).arguments
    _, _, attribute, volatility, delta, price, _, _, _, _, underlying = model
    assert attribute == 1
    assert 0.5 < volatility < 1.5
    assert 0 <= delta <= 1
    assert price > 0
    assert underlying > 100
    peer.api.cancelMktData(1)


@pytest.mark.parametrize(("kind", "number"), [("Last", 1), ("AllLast", 2)])
def test_official_client_gets_trades_one_by_one(peer: Peer, kind: str, number: int) -> None:
    instrument = {"Last": AAPL, "AllLast": ESH4}[kind]
    peer.api.reqTickByTickData(1, instrument, kind, 10, ignoreSize=False)
    (_, ticks, done) = peer.news.wait_for("historicalTicksLast", 1).arguments
    assert done
    assert len(ticks) <= 10
    _, told, time, price, size, attributes, exchange, _ = peer.news.wait_for("tickByTickAllLast", 1).arguments
    assert (told, exchange) == (number, {"Last": "NASDAQ", "AllLast": "CME"}[kind])
    assert price > 100
    assert size >= 1
    assert time > 1_700_000_000
    assert not attributes.pastLimit
    peer.api.cancelTickByTickData(1)


def test_official_client_gets_quotes_and_midpoints(peer: Peer) -> None:
    peer.api.reqTickByTickData(1, EURUSD, "BidAsk", 0, ignoreSize=True)
    peer.api.reqTickByTickData(2, MSFT, "MidPoint", 0, ignoreSize=True)
    _, _, bid, ask, bid_size, ask_size, _ = peer.news.wait_for("tickByTickBidAsk", 1).arguments
    assert 0.5 < bid < ask < 2
    assert bid_size > 0 < ask_size
    assert 100 < peer.news.wait_for("tickByTickMidPoint", 2).arguments[2] < 1000
    assert not peer.news.calls("historicalTicksBidAsk")
    for request_id in (1, 2):
        peer.api.cancelTickByTickData(request_id)


def applied(calls: list[Call], rows: int) -> dict[int, list[tuple[float, Decimal]]]:
    """A book as a user of IBKR's client keeps it."""
    book: dict[int, list[tuple[float, Decimal]]] = defaultdict(list)
    for call in calls:
        position, *_, operation, side, price, size = call.arguments[1 : 7 if call.name.endswith("L2") else 6]
        if operation == 0:
            assert position <= len(book[side])
            book[side].insert(position, (price, size))
        elif operation == 1:
            book[side][position] = (price, size)
        else:
            del book[side][position]
        assert len(book[side]) <= rows
    return book


@pytest.mark.parametrize(
    ("instrument", "is_smart", "callback"),
    [(ARCA_AAPL, False, "updateMktDepth"), (AAPL, True, "updateMktDepthL2")],
)
def test_official_client_keeps_a_book_in_order(peer: Peer, instrument: Any, is_smart: bool, callback: str) -> None:
    peer.api.reqMktDepth(1, instrument, 6, is_smart, [])
    peer.news.wait_for(callback, 1, number=60)
    peer.api.cancelMktDepth(1, is_smart)
    peer.fence()
    calls = peer.news.calls(callback)
    book = applied(calls, 6)
    for side, is_bid in ((0, False), (1, True)):
        prices = [price for price, _ in book[side]]
        assert len(prices) == 6
        assert prices == sorted(set(prices), reverse=is_bid)
    if is_smart:
        assert {call.arguments[2] for call in calls} <= {"NASDAQ", "ARCA", "NYSE", "BATS", "IEX"}
        assert all(call.arguments[7] for call in calls)


def test_official_client_gets_a_bar_every_five_seconds(peer: Peer) -> None:
    shown = {1: "TRADES", 2: "MIDPOINT"}
    for request_id, what in shown.items():
        peer.api.reqRealTimeBars(request_id, AAPL, 5, what, useRTH=False, realTimeBarsOptions=[])
    for request_id, what in shown.items():
        bar = peer.news.wait_for("realtimeBar", request_id).arguments
        _, time, open_, high, low, close, volume, _, count = bar
        assert time % 5 == 0
        assert low <= min(open_, close) <= max(open_, close) <= high
        assert (volume == -1, count == -1) == (what == "MIDPOINT", what == "MIDPOINT")
        peer.api.cancelRealTimeBars(request_id)


REFUSED: dict[str, tuple[Callable[[EClient], object], int]] = {
    "tick by tick of an option": (lambda api: api.reqTickByTickData(9, OPTION, "Last", 0, ignoreSize=False), 10189),
    "depth on SMART": (lambda api: api.reqMktDepth(9, AAPL, 5, isSmartDepth=False, mktDepthOptions=[]), 10092),
    "depth cancel": (lambda api: api.cancelMktDepth(9, isSmartDepth=False), 310),
    "bars of nothing": (lambda api: api.reqRealTimeBars(9, AAPL, 5, "NO", useRTH=False, realTimeBarsOptions=[]), 321),
    "market data cancel": (lambda api: api.cancelMktData(9), 300),
}


@pytest.mark.parametrize("name", REFUSED)
def test_official_client_is_told_what_it_cannot_have(peer: Peer, name: str) -> None:
    ask, code = REFUSED[name]
    ask(peer.api)
    assert peer.news.wait_for("error", 9).arguments[2] == code


def test_official_client_is_told_which_generic_ticks_there_are(peer: Peer) -> None:
    level_1(peer, 9, AAPL, "999")
    _, _, code, text, _ = peer.news.wait_for("error", 9).arguments
    assert code == 321
    assert "233(RTVolume)" in text
