"""A program that runs on uvloop instead of asyncio's own event loop: over TCP, in real time, across a restart."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from ibwire.contracts import Stock
from ibwire.exceptions import ConnectionRefused
from ibwire.order_states import OrderState
from ibwire.orders import limit, market
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings, TradingSettings
from ibwire.simulator import GeneratedFeed, SimulatedGateway
from tests.helpers.trading_floor import agree

uvloop = pytest.importorskip("uvloop", reason="uvloop is not made for Windows")


async def everything(folder: Path) -> None:
    """Streams, questions and orders, all of which have to go on after a restart of the gateway."""
    assert type(asyncio.get_running_loop()).__module__ == "uvloop"
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


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop is not made for Windows")
def test_everything_goes_on_with_uvloop(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(everything(tmp_path))
