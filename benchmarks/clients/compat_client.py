"""ib_async's API over our connection (`ibwire.ib_async`), with the handler that stock is measured with."""

from __future__ import annotations

from benchmarks.clients.ib_async_client import main
from ibwire.ib_async import IB
from ibwire.settings import RateLimitSettings, Settings


def ours() -> IB:
    return IB(settings=Settings(rate_limit=RateLimitSettings(market_data_lines=1_000_000)))


if __name__ == "__main__":
    main(ours)
