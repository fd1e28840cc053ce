"""A session with a real gateway: what needs no fault. Written with care, and never run in CI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from ibwire.connection import ConnectionState
from ibwire.gaps import Gap, Resumed
from ibwire.session import HealthStatus, IBSession
from ibwire.settings import Settings
from ibwire.wire import messages as m
from tests.helpers.sessions import Consumer

pytestmark = pytest.mark.tws

EUR_USD = m.Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
"""Trades around the clock on weekdays, and needs no market-data subscription."""

PATIENCE_S = 60.0


@pytest.fixture
async def session() -> AsyncIterator[IBSession]:
    async with IBSession(Settings.from_env(prefix="TWS_TEST_", env_file=None)) as session:
        assert all(account.startswith("D") for account in session.connection.accounts), "not a paper account"
        yield session


async def test_session_is_ready_and_well(session: IBSession) -> None:
    assert session.state in (ConnectionState.CONNECTED, ConnectionState.DEGRADED)
    assert session.connection.server_version >= 213
    assert session.connection.next_id() > 0
    await session.connection.ping()
    clock = session.stats().clock
    assert clock is not None
    assert abs(clock.offset_s) < 60


async def test_requests_are_answered_whole(session: IBSession) -> None:
    *details, end = await session.request(m.ContractDataRequest(contract=EUR_USD), timeout=PATIENCE_S)
    assert isinstance(end, m.ContractDataEnd)
    assert details
    *_, positions_end = await session.request(m.PositionsRequest(), timeout=PATIENCE_S)
    assert isinstance(positions_end, m.PositionEnd)
    *_, orders_end = await session.request(m.OpenOrdersRequest(), timeout=PATIENCE_S)
    assert isinstance(orders_end, m.OpenOrdersEnd)


async def test_stream_goes_on_over_a_link_that_we_cut(session: IBSession) -> None:
    quotes = Consumer(session.stream(m.MarketDataRequest(contract=EUR_USD)))
    async with asyncio.timeout(PATIENCE_S):
        await quotes.until(5)
        session.connection.abort("cut by the test")
        await session.connection.wait_until_down()
        await session.connection.wait_until_up()
        while not any(isinstance(item, Resumed) for item in quotes.items):
            await quotes.until(len(quotes.items) + 1)
    assert sum(isinstance(item, Gap) for item in quotes.items) == 1
    await quotes.close()
    assert session.stats().reconnects == 1
    assert session.health().status is not HealthStatus.DOWN
