"""A program on uvloop, and on a loop whose tasks are eager: over TCP, in real time, across a restart."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from ibwire.contracts import Stock
from ibwire.exceptions import ConnectionRefused
from ibwire.order_states import OrderState
from ibwire.orders import limit, market
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings, TradingSettings
from ibwire.simulator import GeneratedFeed, SimulatedGateway
from tests.helpers.trading_floor import agree


async def everything(folder: Path) -> None:
    """Streams, questions and orders, all of which have to go on after a restart of the gateway."""
    async with SimulatedGateway(feed=GeneratedFeed(7)) as gateway, asyncio.timeout(40):
        settings = Settings(
            connection=ConnectionSettings(port=gateway.port),
            trading=TradingSettings(journal_path=folder / "journal.sqlite3"),
        )
        async with IBSession(settings) as session:
            apple = await session.contracts.qualify(Stock("AAPL"))
            async with session.market_data.quotes(apple) as quotes:
                assert (await anext(quotes)).bid
                far = await session.trading.place(apple, limit("BUY", 1, 50))
                assert await far.acknowledged() is OrderState.SUBMITTED

                await gateway.inject("restart", down_for_s=0.3)
                filled = await session.trading.place(apple, market("BUY", 3), queue_while_down=30)
                assert await filled.done() is OrderState.FILLED
                await far.cancel()
                assert await far.done() is OrderState.CANCELLED
                agree(gateway, session)
                while len(quotes):
                    await anext(quotes)
                assert (await anext(quotes)).bid
    with pytest.raises(ConnectionRefused):
        await IBSession(settings).start()


def on_uvloop() -> asyncio.AbstractEventLoop:
    uvloop = pytest.importorskip("uvloop", reason="it is not made for Windows")
    return cast("asyncio.AbstractEventLoop", uvloop.new_event_loop())


def with_eager_tasks() -> asyncio.AbstractEventLoop:
    if sys.version_info < (3, 12):
        pytest.skip("asyncio has eager tasks since Python 3.12")
    loop = asyncio.new_event_loop()
    loop.set_task_factory(asyncio.eager_task_factory)
    return loop


@pytest.mark.parametrize("loop", [on_uvloop, with_eager_tasks])
def test_everything_goes_on(loop: Callable[[], asyncio.AbstractEventLoop], tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(everything(tmp_path))
