"""A download in a process of its own, with the gateway, both in virtual time, so that the process can be killed.

    python -m tests.helpers.killed_download <store> <days>

Prints a line for each request that the gateway is asked, one for each that is in the store, and at the end whether all
that came equals the source and how many breaches of IBKR's pacing there were.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from typing import Any

import async_solipsism

from ibwire.history_store import BarStore
from ibwire.simulator import ExchangeHours, history_desk
from ibwire.wire import messages as m
from tests.integration.test_history_download import NOW, SYMBOLS, connected, contract, source


def say(text: str) -> None:
    """One line, at once."""
    print(text, flush=True)  # noqa: T201 - it is how this process is watched


async def main(path: str, days: int) -> None:
    """Download as many days as are asked for, of five shares."""
    read_bars = history_desk.read_bars

    def read(request: m.HistoricalDataRequest, *more: Any) -> Any:
        if request.what_to_show != "SCHEDULE":
            say(f"asked {request.contract.con_id if request.contract else 0} {request.end_date_time}")
        return read_bars(request, *more)

    history_desk.read_bars = read
    last = NOW.date() - timedelta(days=1)
    first = last - timedelta(days=days)
    async with connected(ExchangeHours()) as (gateway, session):
        with BarStore(path) as store:

            async def download(symbol: str) -> bool:
                bars = await session.history.bars(
                    contract(symbol),
                    "1 min",
                    start=first,
                    end=last + timedelta(days=1),
                    store=store,
                    progress=lambda progress: say(f"stored {progress.done}"),
                )
                return list(bars) == source(gateway, symbol, "1 min", first, last) and bars.holes == ()

            equal = await asyncio.gather(*map(download, SYMBOLS))
        say(f"complete {all(equal)} {gateway.state().violations_counted}")


if __name__ == "__main__":
    async_solipsism.EventLoop().run_until_complete(main(sys.argv[1], int(sys.argv[2])))
