"""ib_async's API on a simulated gateway, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from ibwire.ib_async import IB
from ibwire.simulator import GeneratedFeed, RealClock, SimulatedGateway
from ibwire.simulator.feed import Feed
from tests.helpers.scripted_gateway import PORT
from tests.helpers.sessions import wall_clock
from tests.helpers.simulated import simulated

SEED = 7


@asynccontextmanager
async def floor(
    feed: Feed | None = None, *, ib: IB | None = None, **options: Any
) -> AsyncIterator[tuple[IB, SimulatedGateway]]:
    """A connected IB and its gateway."""
    options.setdefault("clock", RealClock(wall_clock))
    async with simulated(feed if feed is not None else GeneratedFeed(SEED), port=PORT, **options) as gateway:
        ib = ib or IB()
        await ib.connectAsync("127.0.0.1", PORT, clientId=1)
        try:
            yield ib, gateway
        finally:
            ib.disconnect()
            await asyncio.sleep(0.1)


async def until(is_reached: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait, in steps of virtual time, until this is so."""
    async with asyncio.timeout(seconds):
        while not is_reached():  # noqa: ASYNC110  what is waited for has no event of its own
            await asyncio.sleep(0.05)
