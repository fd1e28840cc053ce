"""The life cycles of orders as IBKR's own client is told them: the sequences that live gateways were recorded with.

Protocol notes 4.2 and 4.5 to 4.8. The market stands still but for what a test says, so that each sequence is one.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel
from ibapi.order_condition import PriceCondition

from ibwire.simulator import SimulatedGateway
from ibwire.simulator.feed import Tick, TickType
from tests.conformance.test_official_client import AAPL, TIMEOUT_S, Call, Peer
from tests.helpers.scripted_feed import NOBODYS_CON_ID, LiveFeed, quote
from tests.helpers.simulated import AAPL as AAPL_ID
from tests.helpers.simulated import AAPL_CONTRACT, OPENING, limit, simulated

CLIENT_IDS = itertools.count(1)

ACCEPTED = ["openOrder PreSubmitted", "orderStatus PreSubmitted 0/10"]
HELD = ["openOrder PreSubmitted", "orderStatus PreSubmitted 0/10 trigger"]
WORKING = ["openOrder Submitted", "orderStatus Submitted 0/10"]
FILLED = ["openOrder Filled", "orderStatus Filled 10/0"]
COMMISSION = "commissionAndFeesReport"
CANCELLED = ["orderStatus Cancelled 0/10", "error 202"]


class WatchedFeed(LiveFeed):
    """Says when what it was told has been played."""

    def __init__(self) -> None:
        super().__init__(OPENING)
        self.was_played = threading.Event()

    def ticks(self) -> Iterator[Tick]:
        for tick in super().ticks():
            yield tick
            if tick.con_id == NOBODYS_CON_ID and not self._told:  # the next is asked for when this one was played
                self.was_played.set()


class Running:
    """A gateway in a thread of its own, on a market that a test moves."""

    def __init__(self) -> None:
        self.feed = WatchedFeed()
        self.gateway: SimulatedGateway
        self.loop: asyncio.AbstractEventLoop
        self._is_up = threading.Event()
        self._stop: asyncio.Event
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="simulated gateway")
        self.thread.start()
        assert self._is_up.wait(TIMEOUT_S)

    async def _serve(self) -> None:
        self.loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with simulated(self.feed) as self.gateway:
            self._is_up.set()
            await self._stop.wait()

    def call(self, function: Any, *arguments: Any) -> Any:
        """Call something of the gateway in its thread."""

        async def called() -> Any:
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(called(), self.loop).result(TIMEOUT_S)

    def move(self, *ticks: Tick) -> None:
        """Let the market move, and wait until it has."""
        self.feed.was_played.clear()
        self.feed.tell(ticks)
        assert self.feed.was_played.wait(TIMEOUT_S)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self.thread.join(TIMEOUT_S)
        assert not self.thread.is_alive()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    one = Running()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def gone() -> Iterator[list[Peer]]:
    """Peers that have hung up: joined together at the end, because each takes up to a second."""
    peers: list[Peer] = []
    yield peers
    for peer in peers:
        peer.join()


@pytest.fixture
def peer(running: Running, gone: list[Peer], request: pytest.FixtureRequest) -> Iterator[Peer]:
    """A client of its own for each test, on the opening quotes, and no order left of the test before."""
    running.call(running.gateway.desk.cancel_all)
    running.move(*quote(AAPL_ID, 100.0, 300, 100.1, 200), Tick(0.0, AAPL_ID, TickType.LAST, 100.0, None))
    connected = Peer(running.gateway.port, getattr(request, "param", None) or next(CLIENT_IDS))
    connected.news.wait_for("nextValidId")
    yield connected
    connected.disconnect()
    gone.append(connected)


def an_order(action: str, order_type: str, quantity: int = 10, **fields: Any) -> Order:
    made = Order()
    made.action, made.orderType, made.totalQuantity = action, order_type, Decimal(quantity)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def told(peer: Peer, since: int = 0) -> list[str]:
    """What the client was told of its orders, each in a few words."""
    words = []
    for call in peer.news.calls(since=since):
        match call:
            case Call("openOrder", (_, _, _, state)):
                words.append(f"openOrder {state.status}")
            case Call("orderStatus", (_, status, filled, remaining, *_, why_held, _)):
                words.append(f"orderStatus {status} {filled}/{remaining} {why_held}".strip())
            case Call("execDetails", (-1, _, execution)):
                words.append(f"execDetails {execution.side} {execution.shares}")
            case Call("commissionAndFeesReport", _):
                words.append(COMMISSION)
            case Call("error", (number, _, code, *_)) if number > 0:
                words.append(f"error {code}")
    return words


def place(peer: Peer, *orders: Order) -> list[str]:
    """Place orders under the client's next ids; what it is told of them at once."""
    here = peer.here
    number = peer.order_id()
    for offset, one in enumerate(orders):
        one.orderId = number + offset
        peer.api.placeOrder(number + offset, AAPL, one)
    peer.fence()
    return told(peer, here)


def modify(peer: Peer, order: Order, **fields: Any) -> list[str]:
    """Place an order again with other terms; what the client is told."""
    for name, value in fields.items():
        setattr(order, name, value)
    here = peer.here
    peer.api.placeOrder(order.orderId, AAPL, order)
    peer.fence()
    return told(peer, here)


def until_commission(peer: Peer, since: int) -> list[str]:
    peer.news.wait_for(COMMISSION, since=since)
    return told(peer, since)


@pytest.mark.parametrize(
    ("order", "sequence"),
    [
        (an_order("BUY", "LMT", lmtPrice=99.0), [*ACCEPTED, *WORKING]),
        (an_order("BUY", "MKT"), [*ACCEPTED, "execDetails BOT 10", *FILLED, COMMISSION]),
        (an_order("SELL", "MKT"), [*ACCEPTED, "execDetails SLD 10", *FILLED, COMMISSION]),
        (an_order("SELL", "STP", auxPrice=90.0), [*HELD, *HELD]),
        (
            an_order("BUY", "LMT", lmtPrice=99.0, tif="IOC"),
            ["openOrder PreSubmitted", "orderStatus PendingCancel 0/10", CANCELLED[0]],
        ),
        (an_order("BUY", "LMT", lmtPrice=99.0, tif="FOK"), ["openOrder Inactive", "orderStatus Inactive 0/10"]),
        (an_order("BUY", "WONDER"), ["error 321"]),
        (an_order("BUY", "LMT", lmtPrice=99.0, transmit=False), []),
        (an_order("BUY", "MKT", whatIf=True), ACCEPTED),
        (an_order("BUY", "MOC"), ACCEPTED),
        (an_order("BUY", "REL", auxPrice=0.01), [*ACCEPTED, *WORKING]),
        (an_order("BUY", "MIDPRICE"), [*ACCEPTED, *WORKING]),
    ],
    ids=lambda value: f"{value.orderType} {value.tif}" if isinstance(value, Order) else "",
)
def test_official_client_is_told_of_an_order_as_by_a_live_gateway(
    peer: Peer, order: Order, sequence: list[str]
) -> None:
    assert place(peer, order) == sequence


def test_official_client_cancels_a_resting_order(peer: Peer) -> None:
    order = an_order("BUY", "LMT", lmtPrice=99.0)
    place(peer, order)
    here = peer.here
    peer.api.cancelOrder(order.orderId, OrderCancel())
    peer.fence()
    assert told(peer, here) == ["orderStatus PendingCancel 0/10", *CANCELLED]
    here = peer.here
    peer.api.cancelOrder(order.orderId, OrderCancel())
    peer.fence()
    assert told(peer, here) == ["error 10148"]


def test_official_client_modifies_a_stop_and_is_told_twice(peer: Peer) -> None:
    order = an_order("SELL", "STP", auxPrice=90.0)
    place(peer, order)
    assert modify(peer, order, auxPrice=91.0) == [*HELD, *HELD]


def test_official_client_sees_a_trailing_stop_let_loose(peer: Peer, running: Running) -> None:
    order = an_order("SELL", "TRAIL", auxPrice=1.0)
    assert place(peer, order) == [*HELD, *HELD]
    assert peer.news.calls("openOrder")[-1].arguments[2].trailStopPrice == 99.0
    here = peer.here
    running.move(Tick(0.0, AAPL_ID, TickType.LAST, 98.9, None))
    assert until_commission(peer, here) == [*WORKING, "execDetails SLD 10", *FILLED, COMMISSION]


def test_official_client_makes_a_limit_order_a_market_order_and_hears_filled_first(peer: Peer) -> None:
    order = an_order("BUY", "LMT", lmtPrice=99.0)
    place(peer, order)
    assert modify(peer, order, orderType="MKT") == [*FILLED, "execDetails BOT 10", COMMISSION]
    assert modify(peer, order, totalQuantity=Decimal(20)) == ["error 104"]


def test_official_client_transmits_an_order_that_was_held(peer: Peer) -> None:
    order = an_order("BUY", "LMT", lmtPrice=99.0, transmit=False)
    assert place(peer, order) == []
    assert modify(peer, order, transmit=True) == [*ACCEPTED, *WORKING]


def test_official_client_hears_of_each_order_of_a_burst_together(peer: Peer) -> None:
    filled = [*ACCEPTED, "execDetails BOT 10", *FILLED, COMMISSION]
    assert place(peer, an_order("BUY", "MKT"), an_order("BUY", "MKT")) == [*filled, *filled]


def test_official_client_places_a_bracket_and_one_child_cancels_the_other(peer: Peer, running: Running) -> None:
    number = peer.order_id()
    news = place(
        peer,
        an_order("BUY", "LMT", lmtPrice=99.0, transmit=False),
        an_order("SELL", "LMT", lmtPrice=110.0, parentId=number, transmit=False),
        an_order("SELL", "STP", auxPrice=90.0, parentId=number),
    )
    assert news == [*ACCEPTED, *ACCEPTED, *HELD, *WORKING]
    echoes = [call.arguments for call in peer.news.calls("openOrder")]
    assert {echo[2].parentId for echo in echoes if echo[0] != number} == {number}
    assert {echo[2].ocaGroup for echo in echoes if echo[0] != number} == {str(echoes[0][2].permId)}
    here = peer.here
    running.move(*quote(AAPL_ID, ask=99.0, ask_size=100))
    peer.news.wait_for("orderStatus", number + 2, since=here)
    peer.fence()
    assert told(peer, here) == ["execDetails BOT 10", *FILLED, COMMISSION, *WORKING, *HELD]
    here = peer.here
    running.move(*quote(AAPL_ID, bid=110.0, bid_size=100))
    peer.news.wait_for("error", number + 2, since=here)
    assert told(peer, here) == ["execDetails SLD 10", *FILLED, COMMISSION, *CANCELLED]


def test_official_client_gets_margins_and_commission_of_what_it_would_order(peer: Peer) -> None:
    place(peer, an_order("BUY", "MKT", 100, whatIf=True))
    state = peer.news.calls("openOrder")[-1].arguments[3]
    assert float(state.initMarginAfter) - float(state.initMarginBefore) == pytest.approx(float(state.initMarginChange))
    assert float(state.initMarginChange) > 0
    assert (state.commissionAndFees, state.commissionAndFeesCurrency) == (1.0, "USD")


def test_official_client_has_an_order_wait_for_a_price(peer: Peer, running: Running) -> None:
    condition = PriceCondition(0, AAPL_ID, "SMART", isMore=True, price=105.0)
    assert place(peer, an_order("BUY", "LMT", lmtPrice=99.0, conditions=[condition])) == ACCEPTED
    here = peer.here
    running.move(Tick(0.0, AAPL_ID, TickType.LAST, 105.0, None))
    peer.news.wait_for("orderStatus", since=here)
    assert told(peer, here) == WORKING


def test_official_client_is_told_of_a_corrected_execution(peer: Peer, running: Running) -> None:
    place(peer, an_order("BUY", "MKT"))
    first = peer.news.calls("execDetails")[-1].arguments[2]
    here = peer.here
    running.call(lambda: running.gateway.correct_execution(first.execId, price=Decimal("100.05")))
    peer.news.wait_for(COMMISSION, since=here)
    second = peer.news.calls("execDetails", since=here)[0].arguments[2]
    assert (first.execId.rpartition(".")[0], second.price) == (second.execId.rpartition(".")[0], 100.05)
    assert second.execId.endswith(".02")


def test_official_client_0_binds_an_order_of_the_tws_user(running: Running, gone: list[Peer]) -> None:
    peer = Peer(running.gateway.port, 0)
    peer.news.wait_for("nextValidId")
    peer.api.reqAutoOpenOrders(bAutoBind=True)
    peer.fence()
    perm_id = running.call(running.gateway.desk.place_manual, AAPL_CONTRACT, limit("BUY", "10", 99.0))
    bound = peer.news.wait_for("orderBound", perm_id)
    peer.fence()
    assert told(peer) == [*ACCEPTED, *WORKING]
    here = peer.here
    peer.api.cancelOrder(bound.arguments[2], OrderCancel())
    peer.fence()
    assert told(peer, here) == ["orderStatus PendingCancel 0/10", *CANCELLED]
    peer.disconnect()
    gone.append(peer)
