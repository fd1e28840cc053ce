"""Bars of any span into a CSV or Parquet file. Interrupted, it goes on where it stopped when it is run again.

python history_download.py AAPL --bar-size "1 min" --duration "1 M" --out apple.parquet
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from ibwire.bar_download import DownloadProgress
from ibwire.contracts import parse_contract
from ibwire.exceptions import IbwireError
from ibwire.session import IBSession
from ibwire.settings import Settings


def show(progress: DownloadProgress) -> None:
    """One line that is written again and again."""
    print(f"\r{progress.done} of {progress.total} requests, {progress.bars} bars", end="", flush=True)


async def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Download historical bars.")
    parser.add_argument("contract", help="for instance AAPL, EUR.USD, FUT:ES:CME:202612")
    parser.add_argument("--bar-size", default="1 min", help="as IBKR writes it: 5 secs, 1 min, 1 hour, 1 day …")
    parser.add_argument("--duration", default="5 D", help="how far back: 5 D, 3 M, 1 Y …")
    parser.add_argument("--what", default="TRADES", help="TRADES, MIDPOINT, BID, ASK …")
    parser.add_argument("--store", type=Path, default=Path("bars.sqlite3"), help="where every answer is kept")
    parser.add_argument("--out", type=Path, default=Path("bars.csv"), help="a .csv or .parquet file")
    options = parser.parse_args(arguments)
    async with IBSession(Settings.from_env()) as session:
        contract = await session.contracts.qualify(parse_contract(options.contract))
        bars = await session.history.bars(
            contract,
            options.bar_size,
            duration=options.duration,
            what=options.what,
            store=options.store,
            progress=show,
        )
    print()
    frame = bars.to_pandas()
    if options.out.suffix == ".parquet":
        frame.to_parquet(options.out)
    else:
        frame.to_csv(options.out, index=False)
    print(f"{len(bars)} bars from {bars[0].start} to {bars[-1].start} in {options.out}")
    if bars.holes is None:
        print(f"whether any are missing is not known: {bars.holes_unknown}")
    for hole in bars.holes or ():
        print(f"nothing from {hole.start} until {hole.end} {hole.detail}")  # no error where nothing was traded


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; run it again, and it goes on from here")
    except IbwireError as error:
        sys.exit(f"\nerror: {error}")
