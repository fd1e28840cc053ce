"""IBKR's own client: an EWrapper that counts its tick callbacks, with the client's thread and logging as they are.

It makes a second call, tickSize, out of every TickPrice of a bid, an ask or a last price, which are all the prices that
are sent; those calls are made and answered here, but only messages are counted in the result.
"""

from __future__ import annotations

from decimal import Decimal

from ibapi.client import EClient
from ibapi.common import TickAttrib
from ibapi.contract import Contract
from ibapi.wrapper import EWrapper

from benchmarks.clients.common import CLIENT_ID, CONTRACT, HOST, Measurement
from benchmarks.content import BLOCK, INSTRUMENTS, prices_in

CALLS_PER_BLOCK = BLOCK + prices_in(BLOCK)


class CountingClient(EWrapper, EClient):
    """Subscribes when it is connected, counts calls, and hangs up after the last."""

    def __init__(self, measurement: Measurement) -> None:
        EClient.__init__(self, self)
        self.measurement = measurement
        self.calls = 0
        self.report_at = CALLS_PER_BLOCK

    def nextValidId(self, orderId: int) -> None:
        for number in range(1, INSTRUMENTS + 1):
            contract = Contract()
            contract.conId = number
            for name, value in CONTRACT.items():
                setattr(contract, name, value)
            if number == INSTRUMENTS:
                self.measurement.start()
            self.reqMktData(number, contract, "", snapshot=False, regulatorySnapshot=False, mktDataOptions=[])

    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: TickAttrib) -> None:
        self.calls += 1
        if self.calls == self.report_at:
            self.on_block()

    def tickSize(self, reqId: int, tickType: int, size: Decimal) -> None:
        self.calls += 1
        if self.calls == self.report_at:
            self.on_block()

    def tickString(self, reqId: int, tickType: int, value: str) -> None:
        self.calls += 1
        if self.calls == self.report_at:
            self.on_block()

    def on_block(self) -> None:
        self.measurement.progress(self.messages())
        self.report_at += CALLS_PER_BLOCK
        if self.messages() == self.measurement.messages:
            self.measurement.stop()
            self.disconnect()

    def messages(self) -> int:
        """How many messages the calls so far came from; exact at the end of a block."""
        return self.calls * BLOCK // CALLS_PER_BLOCK


def main() -> None:
    measurement = Measurement()
    client = CountingClient(measurement)
    client.connect(HOST, measurement.port, CLIENT_ID)
    client.run()
    measurement.report(client.messages())


if __name__ == "__main__":
    main()
