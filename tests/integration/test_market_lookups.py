"""What market data are asked for once, at the simulated gateway: the answers, the errors, and a link that falls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from ibwire.contracts import Option
from ibwire.exceptions import InvalidRequest, NoData, NoSecurityDefinition, RequestTimeout
from ibwire.market_data import MarketData
from ibwire.session import IBSession
from ibwire.simulator import RealClock, SimulatedGateway
from ibwire.wire import messages as m
from tests.helpers.sessions import session_at, wall_clock
from tests.helpers.simulated import AAPL_CONTRACT, simulated
from tests.helpers.virtual_time import on_virtual_time

CALL = Option("AAPL", "20270115", "C", 100)
LOOKUPS: dict[str, Callable[[MarketData, float], Awaitable[object]]] = {
    "implied_volatility": lambda data, seconds: data.implied_volatility(CALL, 5.0, 100.0, timeout=seconds),
    "option_price": lambda data, seconds: data.option_price(CALL, 0.2, 100.0, timeout=seconds),
    "smart_components": lambda data, seconds: data.smart_components("9c0001", timeout=seconds),
    "depth_exchanges": lambda data, seconds: data.depth_exchanges(timeout=seconds),
    "snapshot": lambda data, seconds: data.snapshot(AAPL_CONTRACT, timeout=seconds),
}


@asynccontextmanager
async def asking() -> AsyncIterator[tuple[SimulatedGateway, IBSession]]:
    async with simulated(port=4002, clock=RealClock(wall_clock)) as gateway, session_at() as session:
        yield gateway, session


@on_virtual_time
async def test_price_and_volatility_of_an_option_are_each_others_inverse() -> None:
    async with asking() as (gateway, session):
        data = session.market_data
        priced = await data.option_price(CALL, 0.25, 105.0)
        assert priced.option_price is not None
        assert priced.option_price > 5
        assert priced.delta is not None
        assert 0.5 < priced.delta < 1
        found = await data.implied_volatility(CALL, priced.option_price, 105.0)
        assert found.implied_volatility == pytest.approx(0.25, rel=1e-6)
        assert (found.delta, found.underlying_price) == (pytest.approx(priced.delta), 105.0)
        assert session.stats().streams.live == 0
        assert gateway.state().violations == []


@on_virtual_time
async def test_what_cannot_be_computed_is_an_error_and_no_empty_answer() -> None:
    async with asking() as (_, session):
        data = session.market_data
        with pytest.raises(NoData, match="no volatility"):
            await data.implied_volatility(CALL, 1_000.0, 100.0)
        with pytest.raises(InvalidRequest):
            await data.option_price(CALL, -1.0, 100.0)
        for calculation in (data.implied_volatility(AAPL_CONTRACT, 5.0, 100.0), data.option_price(m.Contract(), 1, 1)):
            with pytest.raises(NoSecurityDefinition):
                await calculation
        assert session.connection.requests_under_way == 0


@on_virtual_time
async def test_letters_of_a_quote_are_expanded_and_books_are_listed() -> None:
    async with asking() as (_, session):
        data = session.market_data
        async with data.quotes(AAPL_CONTRACT) as quotes:
            await asyncio.sleep(1)
            quote = await anext(quotes)
        names = await data.smart_components(quote.bbo_exchange)
        assert set(names) >= set(quote.bid_exchanges or "")
        assert "NASDAQ" in names.values()
        with pytest.raises(NoData, match="'nowhere'"):
            await data.smart_components("nowhere")
        books = await data.depth_exchanges()
        assert ("ARCA", "STK") in {(one.exchange, one.sec_type) for one in books}
        assert all(one.service_data_type in ("Deep", "Deep2") for one in books)


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_question_on_a_link_that_dies_is_answered_after_the_reconnect(name: str) -> None:
    @on_virtual_time
    async def run() -> None:
        async with asking() as (gateway, session):
            stalling = asyncio.create_task(gateway.inject("stall", for_s=5))
            answer = asyncio.ensure_future(LOOKUPS[name](session.market_data, 30.0))
            await asyncio.sleep(1)
            assert not answer.done()
            await gateway.inject("disconnect")
            assert await answer
            assert session.stats().reconnects == 1
            await stalling

    run()


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_question_that_is_not_answered_is_a_time_out(name: str) -> None:
    @on_virtual_time
    async def run() -> None:
        async with asking() as (gateway, session):
            stalling = asyncio.create_task(gateway.inject("stall", for_s=6))
            await asyncio.sleep(0)
            with pytest.raises(RequestTimeout) as caught:
                await LOOKUPS[name](session.market_data, 3.0)
            assert caught.value.retryable
            assert session.stats().streams.live == 0
            await stalling
            assert await LOOKUPS[name](session.market_data, 30.0)

    run()
