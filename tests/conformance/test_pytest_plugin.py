"""IBKR's own client, blocking and with threads of its own, on the gateway of the pytest plugin."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

from ibwire.simulator import GatewayThread

TIMEOUT_S = 20.0


class App(EWrapper, EClient):
    """As IBKR's own examples are built."""

    def __init__(self) -> None:
        EWrapper.__init__(self)
        EClient.__init__(self, self)
        self.order_id = 0
        self.codes: list[int] = []
        self.has_started, self.is_filled, self.is_closed = threading.Event(), threading.Event(), threading.Event()
        self.is_told = threading.Event()

    def nextValidId(self, orderId: int) -> None:
        self.order_id = orderId
        self.has_started.set()

    def orderStatus(self, orderId: int, status: str, *_: object) -> None:
        if status == "Filled":
            self.is_filled.set()

    def error(self, reqId: int, errorTime: int, errorCode: int, errorString: str, *_: object) -> None:
        self.codes.append(errorCode)
        if errorCode in (321, 1100):
            self.is_told.set()

    def connectionClosed(self) -> None:
        self.is_closed.set()


@contextmanager
def connected(gateway: GatewayThread) -> Iterator[App]:
    app = App()
    app.connect(gateway.host, gateway.port, 5)
    thread = threading.Thread(target=app.run)
    thread.start()
    try:
        assert app.has_started.wait(TIMEOUT_S)
        yield app
    finally:
        app.disconnect()
        thread.join(TIMEOUT_S)


def buy(app: App) -> None:
    contract, order = Contract(), Order()
    contract.symbol, contract.secType, contract.exchange, contract.currency = "AAPL", "STK", "SMART", "USD"
    order.action, order.orderType, order.totalQuantity = "BUY", "MKT", 10
    order.orderRef = "theirs"
    app.placeOrder(app.order_id, contract, order)


@pytest.mark.simulated_gateway(seed=7)
def test_ibkrs_client_trades_and_the_test_sees_the_truth(simulated_gateway: GatewayThread) -> None:
    with connected(simulated_gateway) as app:
        buy(app)
        assert app.is_filled.wait(TIMEOUT_S)
        state = simulated_gateway.state()
        assert [(one.order_ref, one.status, one.times_received) for one in state.orders] == [("theirs", "Filled", 1)]
        assert [client.client_id for client in state.clients] == [5]
        simulated_gateway.inject("connectivity_lost")
        assert app.is_told.wait(TIMEOUT_S)
        simulated_gateway.inject("split_writes")
        app.reqIds(-1)
        app.has_started.clear()
        assert app.has_started.wait(TIMEOUT_S)
        simulated_gateway.inject("disconnect")
        assert app.is_closed.wait(TIMEOUT_S)


@pytest.mark.simulated_gateway(is_read_only=True, sends_notices_first=True)
def test_ibkrs_client_on_a_read_only_gateway_is_told_so(simulated_gateway: GatewayThread) -> None:
    with connected(simulated_gateway) as app:
        buy(app)
        assert app.is_told.wait(TIMEOUT_S)
        assert 321 in app.codes
        assert simulated_gateway.state().orders == []
