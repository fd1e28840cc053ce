"""Tests of the bot with the pytest plugin that comes with ibwire: run `pytest` in this folder, nothing else is needed.

`simulated_gateway` is a gateway on a free port, for one test. The test sets quotes, lets things go wrong, and judges
by the gateway's own books.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from dip_buyer import buy_the_dip

from ibwire.contracts import Stock
from ibwire.exceptions import OrderLimitExceeded
from ibwire.order_states import OrderState
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings, TradingSettings
from ibwire.simulator import GatewayThread

# So slow that it stands still: AAPL is offered at about 250, until a test sets something else.
pytestmark = pytest.mark.simulated_gateway(seed=1, speed=1e-9)

BELOW, TEN = Decimal(240), Decimal(10)


@asynccontextmanager
async def session_of(gateway: GatewayThread, folder: Path, **trading: object) -> AsyncIterator[IBSession]:
    """A session with its journal in the test's folder, so that a second one finds what the first has done."""
    settings = Settings(
        connection=ConnectionSettings(host=gateway.host, port=gateway.port),
        trading=TradingSettings(journal_path=folder / "journal.sqlite3", **trading),  # type: ignore[arg-type]
    )
    async with IBSession(settings) as session:
        yield session


def offer(gateway: GatewayThread, ask: float, size: int = 500) -> None:
    gateway.set_quote("AAPL", bid=ask - 0.02, bid_size=Decimal(500), ask=ask, ask_size=Decimal(size))


def test_buys_once_the_price_is_low(simulated_gateway: GatewayThread, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with session_of(simulated_gateway, tmp_path) as session:
            buying = asyncio.create_task(buy_the_dip(session, Stock("AAPL"), BELOW, TEN))
            await asyncio.sleep(0.2)
            assert simulated_gateway.state().orders == []  # 250 is not low
            offer(simulated_gateway, 239.5)
            handle = await buying
            assert handle.status is OrderState.FILLED
            assert handle.average_price == Decimal("239.5")

    asyncio.run(asyncio.wait_for(scenario(), 10))


def test_buys_once_although_the_link_breaks_and_the_bot_is_started_again(
    simulated_gateway: GatewayThread, tmp_path: Path
) -> None:
    async def run(seconds: float) -> None:
        async with session_of(simulated_gateway, tmp_path) as session, asyncio.timeout(seconds):
            await buy_the_dip(session, Stock("AAPL"), BELOW, TEN)

    offer(simulated_gateway, 239.5, size=0)  # so the order will work, not fill
    simulated_gateway.start_fault("drop_order", when="after_accept")  # the link breaks before the bot is told of it
    with pytest.raises(TimeoutError):
        asyncio.run(run(1))
    offer(simulated_gateway, 239.5)
    asyncio.run(run(10))
    (order,) = simulated_gateway.state().orders
    assert (order.status, order.times_received) == ("Filled", 1)


def test_limits_in_the_settings_hold(simulated_gateway: GatewayThread, tmp_path: Path) -> None:
    offer(simulated_gateway, 239.5)

    async def scenario() -> None:
        async with session_of(simulated_gateway, tmp_path, max_order_quantity=Decimal(5)) as session:
            with pytest.raises(OrderLimitExceeded):
                await buy_the_dip(session, Stock("AAPL"), BELOW, TEN)

    asyncio.run(asyncio.wait_for(scenario(), 10))
    assert simulated_gateway.state().orders == []
