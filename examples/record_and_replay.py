"""Record market data to Parquet files, then play them again: the same code sees live quotes and recorded ones.

    python record_and_replay.py AAPL MSFT --seconds 60 --folder recordings
    python record_and_replay.py AAPL MSFT --folder recordings --replay-only

The replay is a simulated gateway inside this process, which plays the recording as fast as it can.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

from ibwire.contracts import parse_contract
from ibwire.exceptions import IbwireError
from ibwire.quotes import Quote
from ibwire.recording_reader import read_recording
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings
from ibwire.simulator import ManualClock, ParquetFeed, RecordingError, SimulatedGateway
from ibwire.wire.messages import CurrentTimeRequest

STEP_S = 1.0


async def count_quotes(quotes: AsyncIterator[object], symbol: str, counts: Counter[str]) -> None:
    """What you do with quotes; it cannot tell whether they are live."""
    async for item in quotes:
        counts[symbol] += isinstance(item, Quote)


async def record(texts: Sequence[str], seconds: float, folder: Path) -> None:
    """Record the market data of some contracts for so many seconds. Gaps are recorded too."""
    async with IBSession(Settings.from_env()) as session, session.recorder(folder) as recorder:
        contracts = await session.contracts.qualify(map(parse_contract, texts))
        await recorder.record(*contracts)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await recorder.wait()  # ends early only if it fails, and raises why


async def replay(texts: Sequence[str], folder: Path) -> Counter[str]:
    """Play all that is in the folder; how many quotes came, by symbol."""
    rows = list(read_recording(folder))
    print(f"{len(rows)} rows: {dict(Counter(row.kind for row in rows))}")
    counts: Counter[str] = Counter()
    feed = ParquetFeed(folder)
    async with SimulatedGateway(feed=feed, clock=ManualClock(feed.start_s)) as gateway:
        settings = replace(Settings.from_env(), connection=ConnectionSettings(port=gateway.port))
        async with IBSession(settings, clock=gateway.now_s) as session:  # and so on the recording's time
            contracts = await session.contracts.qualify(map(parse_contract, texts))
            async with AsyncExitStack() as lines:
                watching = []
                for contract in contracts:
                    quotes = await lines.enter_async_context(session.market_data.quotes(contract, conflate=False))
                    watching.append(asyncio.create_task(count_quotes(quotes, contract.symbol or "?", counts)))
                await session.request(CurrentTimeRequest())  # answered after all that was asked before: now all listen
                while gateway.now_s() * 1e9 < rows[-1].received_ns:
                    await gateway.advance(STEP_S)
                await session.aclose()  # ends the streams; what has come is read first
                await asyncio.gather(*watching)
    return counts


async def main(arguments: Sequence[str] | None = None) -> Counter[str]:
    parser = argparse.ArgumentParser(description="Record market data and play it again.")
    parser.add_argument("contracts", nargs="+", help="for instance AAPL, EUR.USD, FUT:ES:CME:202612")
    parser.add_argument("--seconds", type=float, default=60, help="how long to record")
    parser.add_argument("--folder", type=Path, default=Path("recordings"), help="where recordings are")
    parser.add_argument("--replay-only", action="store_true", help="play what is there")
    options = parser.parse_args(arguments)
    if not options.replay_only:
        await record(options.contracts, options.seconds, options.folder)
    counts = await replay(options.contracts, options.folder)
    for symbol, number in counts.items():
        print(f"{symbol}: {number} quotes played again")
    return counts


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # what was recorded is in the folder
    except (IbwireError, RecordingError) as error:
        sys.exit(f"error: {error}")
