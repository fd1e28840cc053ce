"""A real client works: IBKR's own, with its threads and its decoder, against `ibwire sim` in a process of its own."""

from __future__ import annotations

import itertools
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel
from ibapi.wrapper import EWrapper

from ibwire.simulator.instruments import INSTRUMENTS
from ibwire.wire import encode
from ibwire.wire import messages as m

TIMEOUT_S = 30.0
CLIENT_IDS = itertools.count(100)

SPEED = "10"
"""The market is played faster, so that a test waits less for it."""


class Call(NamedTuple):
    """One callback of IBKR's client."""

    name: str
    arguments: tuple[Any, ...]


class Recorder(EWrapper):
    """Keeps every callback in the order in which it came, from whichever thread."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[Call] = []
        self._news = threading.Condition()

    def record(self, name: str, arguments: tuple[Any, ...]) -> None:
        with self._news:
            self._calls.append(Call(name, arguments))
            self._news.notify_all()

    def calls(self, *names: str, since: int = 0) -> list[Call]:
        """What has come, all or only these callbacks."""
        with self._news:
            return [call for call in self._calls[since:] if not names or call.name in names]

    def wait_for(self, name: str, *beginning: Any, since: int = 0, number: int = 1) -> Call:
        """Wait until a callback has come with these first arguments, `number` times, and give the last of them."""

        def found() -> list[Call]:
            calls = self._calls[since:]
            return [call for call in calls if call.name == name and call.arguments[: len(beginning)] == beginning]

        with self._news:
            in_time = self._news.wait_for(lambda: len(found()) >= number, TIMEOUT_S)
            came = found()
        assert in_time, f"{name}{beginning} came {len(came)} of {number} times; all: {self.calls()[-30:]}"
        return came[number - 1]


def _recording(name: str) -> Callable[..., None]:
    def callback(self: Recorder, *arguments: Any) -> None:
        self.record(name, arguments)

    return callback


for _name, _method in vars(EWrapper).items():
    if callable(_method) and not _name.startswith("_") and not _name.endswith("ProtoBuf"):
        setattr(Recorder, _name, _recording(_name))


class Peer:
    """IBKR's client, connected, with its message loop in a thread as its users run it."""

    def __init__(self, port: int, client_id: int) -> None:
        self.news = Recorder()
        self.api = EClient(self.news)
        self.api.connect("127.0.0.1", port, client_id)
        self._threads = [self.api.reader, threading.Thread(target=self.api.run, name=f"client {client_id}")]
        self._threads[1].start()
        self._streams: set[int] = set()

    @property
    def here(self) -> int:
        """A mark: what came before it is left out by `since`."""
        return len(self.news.calls())

    def stream(self, request_id: int, contract_: Contract) -> None:
        """Ask for market data until it is cancelled or the client hangs up."""
        self._streams.add(request_id)
        self.api.reqMktData(request_id, contract_, "", snapshot=False, regulatorySnapshot=False, mktDataOptions=[])

    def cancel(self, request_id: int) -> None:
        """Cancel a stream."""
        self._streams.discard(request_id)
        self.api.cancelMktData(request_id)

    def order_id(self) -> int:
        """The next order id, as IBKR's users get it."""
        here = self.here
        self.api.reqIds(-1)
        return int(self.news.wait_for("nextValidId", since=here).arguments[0])

    def fence(self) -> None:
        """Wait until all that was asked has been answered."""
        here = self.here
        self.api.reqCurrentTime()
        self.news.wait_for("currentTime", since=here)

    def disconnect(self) -> None:
        """Hang up; while nothing is under way, because IBKR's client trips over what comes after it hung up."""
        if self.api.isConnected():
            for request_id in list(self._streams):
                self.cancel(request_id)
            self.fence()
            self.api.disconnect()

    def join(self) -> None:
        """Wait for its threads; the reader looks up once a second."""
        for thread in self._threads:
            thread.join(TIMEOUT_S)
            assert not thread.is_alive()


@contextmanager
def simulator(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`ibwire sim` on a free port, as a process."""
    command = [sys.executable, "-m", "ibwire", "sim", "--port", "0", "--speed", SPEED, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", process.stdout.readline())
            assert match is not None, process.communicate(timeout=TIMEOUT_S)
            yield process, int(match[1])
        finally:
            process.kill()


def assert_ends_well(process: subprocess.Popen[str]) -> None:
    """Asked to stop, it does so without a complaint."""
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=TIMEOUT_S)
    assert complaints == ""
    assert process.returncode == 0


class Sim(NamedTuple):
    """A running simulator."""

    port: int
    server_version: int


@pytest.fixture(scope="module", params=[226, 213])
def sim(request: pytest.FixtureRequest) -> Iterator[Sim]:
    with simulator("--server-version", str(request.param)) as (process, port):
        yield Sim(port, request.param)
        if sys.platform != "win32":
            assert_ends_well(process)


@pytest.fixture(scope="module")
def gone() -> Iterator[list[Peer]]:
    """Peers that have hung up: their threads are joined at the end, together, because each takes up to a second."""
    peers: list[Peer] = []
    yield peers
    for peer in peers:
        peer.join()


@pytest.fixture
def connect(sim: Sim, gone: list[Peer]) -> Iterator[Callable[[int], Peer]]:
    """Connects another client."""
    peers: list[Peer] = []

    def connected(client_id: int) -> Peer:
        peers.append(Peer(sim.port, client_id))
        return peers[-1]

    yield connected
    for peer in peers:
        peer.disconnect()
    gone += peers


@pytest.fixture
def peer(connect: Callable[[int], Peer]) -> Peer:
    """A client that is ready, under an id of its own for each test, so that none sees another's orders."""
    connected = connect(next(CLIENT_IDS))
    connected.news.wait_for("nextValidId")
    return connected


def contract(**fields: Any) -> Contract:
    made = Contract()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def order(action: str, quantity: str, limit: float | None = None) -> Order:
    made = Order()
    made.action, made.totalQuantity = action, Decimal(quantity)
    made.orderType = "MKT" if limit is None else "LMT"
    if limit is not None:
        made.lmtPrice = limit
    return made


AAPL = contract(symbol="AAPL", secType="STK", exchange="SMART", currency="USD")
ES_FUTURES = contract(symbol="ES", secType="FUT", exchange="CME")
FAR_AWAY = 1.25
BELOW_THE_MARKET = 230.0
"""Where the generated market of AAPL does not come in a test, but not so far that price protection cancels."""


# --- connecting


def test_official_client_is_told_accounts_order_id_and_farms(connect: Callable[[int], Peer], sim: Sim) -> None:
    peer = connect(0)
    peer.fence()
    calls = peer.news.calls("managedAccounts", "nextValidId", "error")
    assert [call.name for call in calls] == ["managedAccounts", "nextValidId", "error", "error", "error"]
    assert calls[0].arguments == ("DU1234567",)
    assert calls[1].arguments == (1,)
    assert [(call.arguments[0], call.arguments[2]) for call in calls[2:]] == [(-1, 2104), (-1, 2106), (-1, 2158)]
    assert peer.api.serverVersion() == sim.server_version


def test_official_client_with_an_id_in_use_gets_326_and_is_closed_while_the_first_lives(
    connect: Callable[[int], Peer],
) -> None:
    first = connect(7)
    first.news.wait_for("nextValidId")
    second = connect(7)
    second.news.wait_for("connectionClosed")
    errors = [(call.arguments[0], call.arguments[2]) for call in second.news.calls("error")]
    assert errors == [(-1, 326)]
    assert not second.api.isConnected()
    first.fence()
    assert not first.news.calls("connectionClosed")


# --- contracts


def test_official_client_gets_contract_details(peer: Peer) -> None:
    peer.api.reqContractDetails(1, AAPL)
    peer.news.wait_for("contractDetailsEnd", 1)
    (call,) = peer.news.calls("contractDetails")
    details = call.arguments[1]
    assert call.arguments[0] == 1
    assert (details.contract.conId, details.contract.localSymbol, details.contract.exchange) == (
        265598,
        "AAPL",
        "SMART",
    )
    assert (details.contract.primaryExchange, details.contract.currency) == ("NASDAQ", "USD")
    assert (details.minTick, details.longName, details.timeZoneId) == (0.01, "APPLE INC", "US/Eastern")
    assert (details.minSize, details.sizeIncrement) == (Decimal("0.0001"), Decimal("0.0001"))
    assert "LMT" in details.orderTypes.split(",")
    assert re.match(r"\d{8}:", details.tradingHours)


def test_official_client_gets_200_and_no_end_for_an_unknown_contract(peer: Peer) -> None:
    peer.api.reqContractDetails(1, contract(symbol="NOPE", secType="STK", exchange="SMART", currency="USD"))
    error = peer.news.wait_for("error", 1)
    peer.fence()
    assert error.arguments[2] == 200
    assert not peer.news.calls("contractDetails", "contractDetailsEnd")


def test_official_client_gets_every_contract_that_an_ambiguous_one_may_mean(peer: Peer) -> None:
    peer.api.reqContractDetails(1, ES_FUTURES)
    peer.news.wait_for("contractDetailsEnd", 1)
    found = [call.arguments[1].contract for call in peer.news.calls("contractDetails")]
    assert [one.localSymbol for one in found] == ["ESH4", "ESZ5", "ESH6", "ESM6", "ESU6"]
    assert {one.multiplier for one in found} == {"50"}
    assert found[0].lastTradeDateOrContractMonth == "20240315"


# --- market data


def test_official_client_streams_ticks_until_it_cancels(peer: Peer) -> None:
    peer.fence()
    start = peer.here
    peer.stream(1, AAPL)
    peer.stream(2, AAPL)
    peer.news.wait_for("tickSize", 1, number=20)
    peer.cancel(1)
    peer.fence()
    here = peer.here
    peer.news.wait_for("tickSize", 2, since=here, number=20)  # the market goes on, but not for the first
    of_first = [call for call in peer.news.calls(since=start) if call.arguments[:1] == (1,)]
    assert not [call for call in peer.news.calls(since=here) if call.arguments[:1] == (1,)]
    assert [call.name for call in of_first[:2]] == ["tickReqParams", "marketDataType"]
    assert of_first[0].arguments == (1, 0.01, "9c0001", 3)
    assert of_first[1].arguments == (1, 1)
    assert_prices(of_first)
    assert {"1", "2", "4", "6", "7", "9", "14"} <= {str(c.arguments[1]) for c in of_first if c.name == "tickPrice"}
    assert {"0", "3", "5", "8"} <= {str(c.arguments[1]) for c in of_first if c.name == "tickSize"}
    assert_times(of_first)


def assert_prices(calls: list[Call]) -> None:
    for _, kind, price, attributes in (call.arguments for call in calls if call.name == "tickPrice"):
        assert 100 < price < 500
        assert attributes.canAutoExecute == (kind in (1, 2))
        assert not attributes.pastLimit
        assert not attributes.preOpen


def assert_times(calls: list[Call]) -> None:
    strings = [call.arguments for call in calls if call.name == "tickString"]
    assert strings
    for _, kind, text in strings:
        assert kind == 45
        assert text.isdigit()


def test_official_client_gets_a_snapshot_with_its_end(peer: Peer) -> None:
    peer.api.reqMktData(1, AAPL, "", snapshot=True, regulatorySnapshot=False, mktDataOptions=[])
    peer.news.wait_for("tickSnapshotEnd", 1)
    assert {1, 2, 4} <= {call.arguments[1] for call in peer.news.calls("tickPrice")}


def test_official_client_gets_200_for_market_data_of_an_ambiguous_contract(peer: Peer) -> None:
    peer.api.reqMktData(1, ES_FUTURES, "", snapshot=False, regulatorySnapshot=False, mktDataOptions=[])
    assert peer.news.wait_for("error", 1).arguments[2] == 200


# --- orders


def news_of(peer: Peer, order_id: int) -> list[str]:
    """What the client was told of an order, in its order, each in a few words."""
    told: list[str] = []
    executions = set()
    for call in peer.news.calls():
        match call:
            case Call("openOrder", (number, _, _, state)) if number == order_id:
                told.append(f"openOrder {state.status}")
            case Call("orderStatus", (number, status, filled, remaining, *_)) if number == order_id:
                told.append(f"orderStatus {status} {filled}/{remaining}")
            case Call("execDetails", (-1, _, execution)) if execution.orderId == order_id:
                executions.add(execution.execId)
                told.append(f"execDetails {execution.side} {execution.shares}")
            case Call("commissionAndFeesReport", (report,)) if report.execId in executions:
                told.append("commissionAndFeesReport")
            case Call("error", (number, _, code, *_)) if number == order_id:
                told.append(f"error {code}")
    return told


ACCEPTED = ["openOrder PreSubmitted", "orderStatus PreSubmitted 0/1"]
RESTING = [*ACCEPTED, "openOrder Submitted", "orderStatus Submitted 0/1"]


def test_official_client_places_a_limit_order_far_away_and_cancels_it(peer: Peer) -> None:
    number = peer.order_id()
    peer.api.placeOrder(number, AAPL, order("BUY", "1", FAR_AWAY))
    peer.fence()
    assert news_of(peer, number) == RESTING
    echo = peer.news.calls("openOrder")[-1].arguments
    assert (echo[1].conId, echo[1].localSymbol) == (265598, "AAPL")
    assert (echo[2].action, echo[2].orderType, echo[2].totalQuantity, echo[2].lmtPrice) == ("BUY", "LMT", 1, FAR_AWAY)
    assert (echo[2].account, echo[2].clientId, echo[2].tif) == ("DU1234567", peer.api.clientId, "DAY")
    assert echo[2].permId == peer.news.calls("orderStatus")[-1].arguments[5] > 0
    peer.api.cancelOrder(number, OrderCancel())
    peer.news.wait_for("error", number)
    cancelled = ["orderStatus PendingCancel 0/1", "orderStatus Cancelled 0/1", "error 202"]
    assert news_of(peer, number) == [*RESTING, *cancelled]


def test_official_client_fills_a_market_order(peer: Peer) -> None:
    number = peer.order_id()
    peer.api.placeOrder(number, AAPL, order("BUY", "1"))
    report = peer.news.wait_for("commissionAndFeesReport").arguments[0]
    assert news_of(peer, number) == [
        *ACCEPTED,
        "execDetails BOT 1",
        "openOrder Filled",
        "orderStatus Filled 1/0",
        "commissionAndFeesReport",
    ]
    (execution,) = [call.arguments[2] for call in peer.news.calls("execDetails")]
    status = peer.news.calls("orderStatus")[-1].arguments
    assert execution.execId == report.execId
    assert execution.price == execution.avgPrice == status[4] == status[7]
    assert 100 < execution.price < 500
    assert (execution.acctNumber, execution.cumQty, execution.permId) == ("DU1234567", 1, status[5])
    assert (report.commissionAndFees, report.currency) == (1.0, "USD")


def test_official_client_modifies_an_order_until_it_fills(peer: Peer) -> None:
    number = peer.order_id()
    peer.api.placeOrder(number, AAPL, order("SELL", "1", 900.0))
    peer.api.placeOrder(number, AAPL, order("SELL", "1", BELOW_THE_MARKET))
    peer.news.wait_for("commissionAndFeesReport")
    told = news_of(peer, number)
    assert told[:4] == RESTING
    assert told[-3:] == ["openOrder Filled", "orderStatus Filled 1/0", "commissionAndFeesReport"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (order("BUY", "1", 1.255), 110),
        (order("BUY", "0", FAR_AWAY), 434),
    ],
)
def test_official_client_is_told_why_an_order_is_refused(peer: Peer, bad: Order, code: int) -> None:
    number = peer.order_id()
    peer.api.placeOrder(number, AAPL, bad)
    peer.fence()
    assert news_of(peer, number) == [f"error {code}"]


def test_official_client_gets_its_open_orders_and_those_of_all(peer: Peer, connect: Callable[[int], Peer]) -> None:
    other = connect(99)
    other.news.wait_for("nextValidId")
    for one in (peer, other):
        one.api.placeOrder(one.order_id(), AAPL, order("BUY", "1", FAR_AWAY))
        one.fence()
    here = peer.here
    peer.api.reqOpenOrders()
    peer.news.wait_for("openOrderEnd", since=here)
    own = [call.name for call in peer.news.calls(since=here)]
    assert own == ["openOrder", "orderStatus", "openOrderEnd"]
    here = peer.here
    peer.api.reqAllOpenOrders()
    peer.news.wait_for("openOrderEnd", since=here)
    every = peer.news.calls(since=here)
    assert [call.name for call in every] == ["openOrder", "orderStatus"] * (len(every) // 2) + ["openOrderEnd"]
    owners = {call.arguments[8] for call in every if call.name == "orderStatus"}
    assert {peer.api.clientId, 99} <= owners
    peer.api.reqGlobalCancel(OrderCancel())
    other.news.wait_for("error", 1)


def test_official_client_gets_its_executions_with_their_commissions_and_the_end(peer: Peer) -> None:
    for action in ("BUY", "SELL"):
        here = peer.here
        peer.api.placeOrder(peer.order_id(), AAPL, order(action, "1"))
        peer.news.wait_for("commissionAndFeesReport", since=here)
    here = peer.here
    peer.api.reqExecutions(5, ExecutionFilter())
    peer.news.wait_for("execDetailsEnd", 5)
    answers = peer.news.calls(since=here)
    pair = ["execDetails", "commissionAndFeesReport"]
    assert [call.name for call in answers] == [*pair, *pair, "execDetailsEnd"]
    assert [call.arguments[2].side for call in answers if call.name == "execDetails"] == ["BOT", "SLD"]
    assert {call.arguments[0] for call in answers if call.name == "execDetails"} == {5}


# --- its reader loses data after exactly 4096 bytes when nothing follows (protocol notes, 1.13)


def test_official_client_loses_nothing_of_many_answers_while_contracts_stream(peer: Peer) -> None:
    streamed = [i for i in INSTRUMENTS if i.sec_type in ("FUT", "STK")][:20]
    for number, instrument in enumerate(streamed):
        peer.stream(1000 + number, contract(conId=instrument.con_id, exchange=instrument.exchange))
    for number, instrument in enumerate(INSTRUMENTS):
        peer.api.reqContractDetails(number, contract(conId=instrument.con_id))
    for number, instrument in enumerate(INSTRUMENTS):
        peer.news.wait_for("contractDetailsEnd", number)
        peer.news.wait_for("contractDetails", number)
        found = [c.arguments[1].contract.conId for c in peer.news.calls("contractDetails") if c.arguments[0] == number]
        assert found == [instrument.con_id]
    for number in range(len(streamed)):
        peer.news.wait_for("tickPrice", 1000 + number, 1)
    assert {call.arguments[2] for call in peer.news.calls("error")} <= {2104, 2106, 2158}


def test_official_client_loses_nothing_of_an_answer_of_exactly_4096_bytes(peer: Peer) -> None:
    times, lists = 279, 10  # answers of 14 and 19 bytes
    peer.fence()
    here = peer.here
    peer.api.conn.sendMsg(encode(m.CurrentTimeRequest()) * times + encode(m.ManagedAccountsRequest()) * lists)
    peer.news.wait_for("managedAccounts", since=here, number=lists)
    assert len(peer.news.calls("currentTime", since=here)) == times


# --- the end


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_official_client_is_closed_when_the_simulator_is_told_to_stop(gone: list[Peer]) -> None:
    with simulator() as (process, port):
        peer = Peer(port, 1)
        peer.news.wait_for("nextValidId")
        peer.stream(1, AAPL)
        peer.news.wait_for("tickPrice", 1)
        assert_ends_well(process)
        peer.news.wait_for("connectionClosed")
        gone.append(peer)
