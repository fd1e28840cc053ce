"""ibwire as its README shows it: a consumer per instrument, `async for tick in ticks`. Counts what they get.

Its limit on requests per second is set out of reach, as ib_async's is: it would only make the subscribing slower.
"""

from __future__ import annotations

import asyncio

from benchmarks.clients.common import CLIENT_ID, CONTRACT, HOST, Measurement
from benchmarks.content import INSTRUMENTS, PER_BLOCK
from ibwire.connection import ConnectionManager
from ibwire.settings import ConnectionSettings, RateLimitSettings
from ibwire.wire import messages as m


async def run(measurement: Measurement) -> int:
    """Subscribe to everything, count to the last message, and return the count."""
    counts: list[int] = []
    everyone = asyncio.Barrier(INSTRUMENTS)

    async def consume(connection: ConnectionManager, number: int) -> None:
        if number == INSTRUMENTS:
            measurement.start()
        async with connection.stream(market_data_request(number)) as ticks:
            counts.append(await count_all(ticks, number == 1, measurement))
            if len(counts) == INSTRUMENTS:
                measurement.stop()
            await everyone.wait()  # cancelling the subscriptions is not part of it

    settings = ConnectionSettings(host=HOST, port=measurement.port, client_id=CLIENT_ID)
    pacing = RateLimitSettings(market_data_lines=1_000_000)
    async with ConnectionManager(settings, rate_limit=pacing) as connection, asyncio.TaskGroup() as consumers:
        for number in range(1, INSTRUMENTS + 1):
            consumers.create_task(consume(connection, number))
    return sum(counts)


async def count_all(ticks, reports: bool, measurement: Measurement) -> int:
    """Count the messages of one instrument. One consumer reports for all: each gets the same number in a block."""
    share = measurement.messages // INSTRUMENTS
    count, stop_at = 0, PER_BLOCK if reports else share
    async for _tick in ticks:
        count += 1
        if count == stop_at:
            if reports:
                measurement.progress(count * INSTRUMENTS)
                stop_at += PER_BLOCK
            if count == share:
                break
    return count


def market_data_request(number: int) -> m.MarketDataRequest:
    contract = m.Contract(
        con_id=number,
        sec_type=CONTRACT["secType"],
        exchange=CONTRACT["exchange"],
        currency=CONTRACT["currency"],
    )
    return m.MarketDataRequest(req_id=number, contract=contract)


def main() -> None:
    measurement = Measurement()
    measurement.report(asyncio.run(run(measurement)))


if __name__ == "__main__":
    main()
