"""IBKR's own Python client, as its own examples use it, on the simulated gateway: no IBKR account needed.

    pip install ibapi-latest        # IBKR's code, under IBKR's licence (or from IBKR's site); not part of ibwire
    ibwire sim --port 4002          # in another terminal
    python official_ibapi.py AAPL

Nothing here is ibwire's but the settings that say where the gateway is: any program written for ibapi can be tried and
tested this way. Against a paper gateway it runs unchanged.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

from ibwire.settings import Settings


class App(EWrapper, EClient):
    """Buys at the market and prints what becomes of it."""

    def __init__(self, symbol: str, quantity: int) -> None:
        EWrapper.__init__(self)
        EClient.__init__(self, self)
        self.symbol = symbol
        self.quantity = quantity
        self.is_done = threading.Event()
        self.status = "nothing was heard of it"

    def nextValidId(self, orderId: int) -> None:
        contract, order = Contract(), Order()
        contract.symbol, contract.secType, contract.exchange, contract.currency = self.symbol, "STK", "SMART", "USD"
        order.action, order.orderType, order.totalQuantity = "BUY", "MKT", self.quantity
        self.placeOrder(orderId, contract, order)

    def orderStatus(self, orderId: int, status: str, filled: float, remaining: float, price: float, *_: object) -> None:
        print(f"order {orderId}: {status}, {filled} filled at {price}")
        self.status = status
        if status in ("Filled", "Cancelled", "Inactive"):
            self.is_done.set()

    def error(self, reqId: int, errorTime: int, errorCode: int, errorString: str, *_: object) -> None:
        print(f"{errorCode}: {errorString}")
        if errorCode in (200, 201, 502):  # no such contract, the order was refused, nothing listens there
            self.status = errorString
            self.is_done.set()

    def connectionClosed(self) -> None:
        self.is_done.set()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Buy a share with IBKR's own client.")
    parser.add_argument("symbol", help="for instance AAPL")
    parser.add_argument("--quantity", type=int, default=10, help="how many")
    parser.add_argument("--seconds", type=float, default=30, help="how long to wait for the fill")
    options = parser.parse_args(arguments)
    where = Settings.from_env().connection
    app = App(options.symbol, options.quantity)
    app.connect(where.host, where.port, where.client_id)
    reader = threading.Thread(target=app.run, daemon=True)
    reader.start()
    try:
        app.is_done.wait(options.seconds)
    finally:
        app.disconnect()
        reader.join()
    if app.status != "Filled":
        sys.exit(f"not filled: {app.status}")


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # the order is left as it is
        main()
