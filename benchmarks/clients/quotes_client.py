"""ibwire's quotes: a consumer per instrument, `async for quote in quotes`; conflated, or one for every message.

A conflated consumer gets fewer quotes than there were messages, so messages are counted by what its quotes say that
they passed over: the last quote has come when all have. `--every` asks for one quote for each message, `--handler` for
the same as QUOTE events with a sync handler, which is called while the socket is read.
"""

from __future__ import annotations

import asyncio

from benchmarks.clients.common import CLIENT_ID, HOST, Measurement
from benchmarks.clients.ibwire_client import market_data_request
from benchmarks.content import BLOCK, INSTRUMENTS, PER_BLOCK
from ibwire.events import Event, EventType
from ibwire.quotes import Quote
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, RateLimitSettings, Settings


class Run:
    """One run: how many messages the quotes stood for, and how many quotes there were."""

    def __init__(self, measurement: Measurement, *, conflate: bool) -> None:
        self.measurement = measurement
        self.conflate = conflate
        self.messages = self.quotes = self.finished = 0
        self.everyone = asyncio.Barrier(INSTRUMENTS)

    async def consume(self, session: IBSession, number: int) -> None:
        """Count one instrument. One consumer reports for all: each gets the same number in a block."""
        contract = market_data_request(number).contract
        share, reports = self.measurement.messages // INSTRUMENTS, number == 1
        count, report_at = 0, PER_BLOCK
        if number == INSTRUMENTS:
            self.measurement.start()
        async with session.market_data.quotes(contract, conflate=self.conflate) as quotes:
            async for quote in quotes:
                assert type(quote) is Quote
                self.quotes += 1
                count += 1 + quote.skipped
                if self.measurement.latency:
                    self.measurement.sample(quote.bid)
                if reports and count >= report_at:
                    self.measurement.progress(count * INSTRUMENTS)
                    report_at = count - count % PER_BLOCK + PER_BLOCK
                if count == share:
                    break
            self.messages += count
            self.finished += 1
            if self.finished == INSTRUMENTS:
                self.measurement.stop()
            await self.everyone.wait()  # cancelling the subscriptions is not part of it


class Handled:
    """One run of a handler: each message is an event with a quote."""

    def __init__(self, measurement: Measurement) -> None:
        self.measurement = measurement
        self.messages = self.quotes = 0
        self.report_at = BLOCK
        self.everything = asyncio.Event()

    def on_quote(self, event: Event) -> None:
        """Count it."""
        quote = event.data
        assert type(quote) is Quote
        self.messages += 1
        if self.measurement.latency:
            self.measurement.sample(quote.bid)
        if self.messages == self.report_at:
            self.measurement.progress(self.messages)
            self.report_at += BLOCK
        if self.messages == self.measurement.messages:
            self.measurement.stop()
            self.everything.set()

    async def consume(self, session: IBSession, number: int) -> None:
        """Keep a line open."""
        if number == 1:
            session.events.subscribe(EventType.QUOTE, self.on_quote)
        if number == INSTRUMENTS:
            self.measurement.start()
        async with session.market_data.quotes(market_data_request(number).contract):
            await self.everything.wait()
        self.quotes = self.messages


async def run(measurement: Measurement) -> Run | Handled:
    """Subscribe to everything and count to the last message."""
    settings = Settings(
        connection=ConnectionSettings(host=HOST, port=measurement.port, client_id=CLIENT_ID),
        rate_limit=RateLimitSettings(market_data_lines=1_000_000),
    )
    made = Handled(measurement) if measurement.handler else Run(measurement, conflate=not measurement.every)
    async with IBSession(settings) as session, asyncio.TaskGroup() as consumers:
        measurement.connected()
        for number in range(1, INSTRUMENTS + 1):
            consumers.create_task(made.consume(session, number))
    return made


def main() -> None:
    measurement = Measurement()
    made = asyncio.run(run(measurement))
    measurement.report(made.messages, quotes=made.quotes)


if __name__ == "__main__":
    main()
