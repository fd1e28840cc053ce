"""The quotes of some instruments, for a while, as a pandas DataFrame. Where data may be missing, a row says so.

python quotes_to_dataframe.py AAPL MSFT EUR.USD --seconds 60 --out quotes.csv
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress

import pandas as pd

from ibwire.contracts import parse_contract
from ibwire.exceptions import IbwireError
from ibwire.gaps import Gap, Resumed
from ibwire.quotes import Quote
from ibwire.session import IBSession
from ibwire.settings import Settings
from ibwire.wire.messages import Contract

COLUMNS = ("time", "symbol", "bid", "ask", "last", "is_delayed", "note")


async def watch(session: IBSession, contract: Contract, rows: list[dict[str, object]]) -> None:
    """Append a row for each quote of one contract, and one wherever a gap begins or ends."""
    name = contract.local_symbol
    async with session.market_data.quotes(contract) as quotes:
        async for item in quotes:
            match item:
                case Quote(received_at=time, bid=bid, ask=ask, last=last, is_delayed=is_delayed):
                    rows.append(
                        {"time": time, "symbol": name, "bid": bid, "ask": ask, "last": last, "is_delayed": is_delayed}
                    )
                case Gap(since=since, reason=reason):  # do not fill prices forward across this
                    rows.append({"time": since, "symbol": name, "note": f"gap: {reason}"})
                case Resumed(at=at):
                    rows.append({"time": at, "symbol": name, "note": "resumed"})


async def collect(texts: Sequence[str], seconds: float, rows: list[dict[str, object]]) -> None:
    """Watch the contracts together for so many seconds."""
    async with IBSession(Settings.from_env()) as session:
        contracts = await session.contracts.qualify(map(parse_contract, texts))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(watch(session, contract, rows) for contract in contracts))


def main(arguments: Sequence[str] | None = None) -> pd.DataFrame:
    parser = argparse.ArgumentParser(description="Collect quotes in a pandas DataFrame.")
    parser.add_argument("contracts", nargs="+", help="for instance AAPL, EUR.USD, FUT:ES:CME:202612")
    parser.add_argument("--seconds", type=float, default=60, help="how long to collect; Ctrl-C ends it earlier")
    parser.add_argument("--out", help="a CSV file for them")
    options = parser.parse_args(arguments)
    rows: list[dict[str, object]] = []
    with suppress(KeyboardInterrupt):  # what had come until then is shown
        asyncio.run(collect(options.contracts, options.seconds, rows))
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).set_index("time")
    print(frame.tail(20).to_string())
    print(frame.groupby("symbol").last().to_string())
    if options.out:
        frame.to_csv(options.out)
    return frame


if __name__ == "__main__":
    try:
        main()
    except IbwireError as error:
        sys.exit(f"error: {error}")
