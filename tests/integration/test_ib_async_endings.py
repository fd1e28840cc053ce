"""How it ends in ib_async's API: what was asked and is refused, and connections that the program itself leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from ibwire.ib_async import IB, LimitOrder, MarketOrder, Order, RequestError, RequestTimeout, Stock
from tests.helpers.ib_async_floor import floor, until
from tests.helpers.scripted_gateway import PORT
from tests.helpers.virtual_time import on_virtual_time

AAPL = Stock("AAPL", "SMART", "USD", conId=265598)
NO_SUCH_TYPE = Order(action="BUY", totalQuantity=1, orderType="XYZ")


def _clients(gateway: Any) -> list[int]:
    return [one.client_id for one in gateway.state().clients]


REFUSED = {
    "bars": lambda ib: ib.reqHistoricalDataAsync(AAPL, "", "1 D", "7 hours", "TRADES", useRTH=True),
    "bars kept up to date": lambda ib: ib.reqHistoricalDataAsync(
        AAPL, "", "1 D", "7 hours", "TRADES", useRTH=True, keepUpToDate=True
    ),
    "head timestamp": lambda ib: ib.reqHeadTimeStampAsync(AAPL, "NOTHING", useRTH=True, formatDate=1),
    "historical ticks": lambda ib: ib.reqHistoricalTicksAsync(AAPL, "", "", 10, "TRADES", useRth=True),
    "option chain": lambda ib: ib.reqSecDefOptParamsAsync("AAPL", "", "STK", 1),
    "what-if order": lambda ib: ib.whatIfOrderAsync(AAPL, NO_SUCH_TYPE),
}


@pytest.mark.parametrize("name", REFUSED)
@on_virtual_time
async def test_what_321_refuses_is_over_though_stock_takes_321_for_a_warning(name: str) -> None:
    async with floor() as (ib, _):
        codes: list[int] = []
        ib.errorEvent += lambda _id, code, *_: codes.append(code)
        async with asyncio.timeout(50):  # the same bars again wait 15 s for IBKR's pacing rule
            assert list(await REFUSED[name](ib)) == []
            ib.RaiseRequestErrors = True
            with pytest.raises(RequestError) as error:
                await REFUSED[name](ib)
        assert error.value.code == 321
        assert codes == [321, 321]


@on_virtual_time
async def test_what_is_awaited_when_the_program_disconnects_ends() -> None:
    async with floor() as (ib, gateway):
        stalled = asyncio.create_task(gateway.inject("stall", for_s=5))
        await asyncio.sleep(0.1)
        asked = [
            asyncio.ensure_future(one)
            for one in (ib.reqContractDetailsAsync(AAPL), ib.reqPositionsAsync(), ib.reqMarketRuleAsync(26))
        ]
        await asyncio.sleep(0.1)
        ib.disconnect()
        async with asyncio.timeout(1):
            ended = await asyncio.gather(*asked, return_exceptions=True)
        assert [(type(one), str(one)) for one in ended] == [(ConnectionError, "Socket disconnect")] * 3
        await stalled


@on_virtual_time
async def test_disconnecting_while_the_link_is_away_is_for_good() -> None:
    async with floor() as (ib, gateway):
        told: list[str] = []
        ib.disconnectedEvent += lambda: told.append("disconnected")
        ticker = ib.reqMktData(AAPL)
        restart = asyncio.create_task(gateway.inject("restart", down_for_s=5))
        await until(lambda: not ib.isConnected())
        assert ticker in ib.tickers()
        assert "while the link was away" in str(ib.disconnect())
        assert (told, ib.tickers(), ib.disconnect()) == (["disconnected"], [], None)
        await restart
        await asyncio.sleep(60)
        assert not ib.isConnected()
        assert _clients(gateway) == []
        await ib.connectAsync("127.0.0.1", PORT, clientId=1)
        assert ib.isConnected()


@on_virtual_time
async def test_connecting_to_something_else_leaves_what_it_was_connected_to() -> None:
    async with floor() as (ib, gateway):
        told: list[str] = []
        ib.disconnectedEvent += lambda: told.append("disconnected")
        await ib.connectAsync("127.0.0.1", PORT, clientId=1)  # the same: it stays
        assert (told, _clients(gateway)) == ([], [1])
        await ib.connectAsync("127.0.0.1", PORT, clientId=2)
        assert (told, _clients(gateway), ib.client.clientId) == (["disconnected"], [2], 2)
        with pytest.raises(ConnectionRefusedError):
            await ib.connectAsync("127.0.0.1", PORT + 1, clientId=2)
        assert not ib.isConnected()
        await asyncio.sleep(1)
        assert _clients(gateway) == []


@on_virtual_time
async def test_connecting_to_something_else_while_the_link_is_away_waits_for_nothing() -> None:
    async with floor() as (ib, gateway):
        restart = asyncio.create_task(gateway.inject("restart", down_for_s=30))
        await until(lambda: not ib.isConnected())
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionRefusedError):
                await ib.connectAsync("127.0.0.1", PORT + 1, clientId=1)
        await restart
        await asyncio.sleep(60)
        assert _clients(gateway) == []


@on_virtual_time
async def test_connecting_twice_at_once_makes_one_connection() -> None:
    async with floor() as (ib, gateway):
        ib.disconnect()
        await asyncio.sleep(1)
        await asyncio.gather(*(ib.connectAsync("127.0.0.1", PORT, clientId=3) for _ in range(3)))
        assert (ib.isConnected(), _clients(gateway)) == (True, [3])
        ib.disconnect()
        await asyncio.sleep(1)
        assert _clients(gateway) == []


@on_virtual_time
async def test_leaving_a_with_statement_while_the_link_is_away_is_for_good() -> None:
    async with floor() as (ib, gateway):
        with ib:
            restart = asyncio.create_task(gateway.inject("restart", down_for_s=5))
            await until(lambda: not ib.isConnected())
        await restart
        await asyncio.sleep(60)
        assert _clients(gateway) == []


def test_an_ib_that_never_connected_has_nothing_to_leave() -> None:
    assert IB().disconnect() is None


QUESTIONS: dict[str, Callable[[IB], Awaitable[Any]]] = {
    "market rule": lambda ib: ib.reqMarketRuleAsync(26),
    "time": lambda ib: ib.reqCurrentTimeAsync(),
    "positions": lambda ib: ib.reqPositionsAsync(),
    "open orders": lambda ib: ib.reqOpenOrdersAsync(),
    "completed orders": lambda ib: ib.reqCompletedOrdersAsync(apiOnly=True),
    "news providers": lambda ib: ib.reqNewsProvidersAsync(),
}


@pytest.mark.parametrize("name", QUESTIONS)
@on_virtual_time
async def test_all_who_ask_the_same_at_once_are_answered(name: str) -> None:
    async with floor() as (ib, _):
        ib.placeOrder(AAPL, LimitOrder("BUY", 1, 1.0))
        ib.placeOrder(AAPL, MarketOrder("BUY", 1))
        await asyncio.sleep(2)
        async with asyncio.timeout(5):
            alone = await QUESTIONS[name](ib)
            together = await asyncio.gather(*(QUESTIONS[name](ib) for _ in range(5)))
            again = await QUESTIONS[name](ib)
        if name != "time":
            assert [repr(one) for one in together] == [repr(alone)] * 5
            assert repr(again) == repr(alone)


@on_virtual_time
async def test_one_of_many_askers_may_leave_and_no_answer_is_an_error_for_all() -> None:
    async with floor() as (ib, gateway):
        ib.AnswerTimeout = 5
        asked = [asyncio.ensure_future(ib.reqMarketRuleAsync(26)) for _ in range(3)]
        await asyncio.sleep(0)
        asked[2].cancel()
        first, second, third = await asyncio.gather(*asked, return_exceptions=True)
        assert first == second != []
        assert isinstance(third, asyncio.CancelledError)
        given_up = asyncio.ensure_future(ib.reqMarketRuleAsync(26))
        await asyncio.sleep(0)
        given_up.cancel()
        assert await ib.reqMarketRuleAsync(26) == first
        stalled = asyncio.create_task(gateway.inject("stall", for_s=8))
        await asyncio.sleep(0.1)
        both = [
            ib.reqMarketRuleAsync(26),
            ib.reqMarketRuleAsync(26),
            ib.reqCurrentTimeAsync(),
            ib.reqCurrentTimeAsync(),
        ]
        *ended, last = await asyncio.gather(*both, return_exceptions=True)
        assert [type(one) for one in ended] == [RequestTimeout] * 3
        assert isinstance(last, datetime)  # it had its turn after the other, and has its own limit
        await stalled
