"""ib_async with a handler of `pendingTickersEvent` that looks at every tick it is given.

ib_async has no call per message for its user: a packet's ticks come together in that event, and not all of them (a size
that did not change and strings are no ticks). So the handler counts the ticks it sees, and the messages are counted by
ib_async itself (`connectionStats().numMsgRecv`), which costs it nothing more. Its own limit of 45 requests a second is
switched off: it would only make the subscribing slower.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ib_async import IB, Contract, StartupFetchNONE, Ticker

from benchmarks.clients.common import CLIENT_ID, CONTRACT, HOST, Measurement
from benchmarks.content import BLOCK, INSTRUMENTS, prices_in


class Counter:
    """The handler: counts ticks, reports progress, and says when all messages are in."""

    def __init__(self, ib: IB, measurement: Measurement) -> None:
        self.ib, self.measurement = ib, measurement
        self.before = ib.client.connectionStats().numMsgRecv
        self.messages = self.ticks = self.packets = 0
        self.report_at = BLOCK
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_tickers(self, tickers: set[Ticker]) -> None:
        self.packets += 1
        for ticker in tickers:
            for tick in ticker.ticks:
                self.ticks += 1
                if self.measurement.latency and tick.tickType == 1:
                    self.measurement.sample(tick.price)
        self.messages = self.ib.client.connectionStats().numMsgRecv - self.before
        if self.messages >= self.report_at:
            self.measurement.progress(self.messages)
            self.report_at = self.messages - self.messages % BLOCK + BLOCK
            if self.messages >= self.measurement.messages and not self.done.done():
                self.measurement.stop()
                self.done.set_result(None)


async def run(measurement: Measurement, ib: IB) -> Counter:
    """Subscribe to everything and wait for the last message."""
    await ib.connectAsync(HOST, measurement.port, CLIENT_ID, readonly=True, fetchFields=StartupFetchNONE)
    counter = Counter(ib, measurement)
    measurement.connected()
    ib.pendingTickersEvent += counter.on_tickers
    for number in range(1, INSTRUMENTS + 1):
        if number == INSTRUMENTS:
            measurement.start()
        ib.reqMktData(Contract(conId=number, **CONTRACT))
    await counter.done
    ib.disconnect()
    return counter


def stock() -> IB:
    ib = IB()
    ib.client.MaxRequests = 0
    return ib


def main(make: Callable[[], IB] = stock) -> None:
    measurement = Measurement()
    counter = asyncio.run(run(measurement, make()))
    if not measurement.latency and counter.ticks < prices_in(counter.messages):
        raise RuntimeError(f"only {counter.ticks} ticks out of {counter.messages} messages")
    measurement.report(counter.messages, ticks=counter.ticks, packets=counter.packets)


if __name__ == "__main__":
    main()
