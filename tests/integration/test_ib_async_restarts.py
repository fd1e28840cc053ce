"""ib_async's API across a restart of the gateway: what was asked is answered, what goes on goes on, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ibwire.ib_async import (
    IB,
    ExecutionFilter,
    LimitOrder,
    MarketOrder,
    Option,
    RequestTimeout,
    ScannerSubscription,
    Stock,
)
from tests.helpers.ib_async_floor import floor, until
from tests.helpers.virtual_time import on_virtual_time

AAPL = Stock("AAPL", "SMART", "USD", conId=265598)
OPTION = Option("TSLA", "20230120", 100.0, "C", "SMART", currency="USD")
SCAN = ScannerSubscription(instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN")

QUESTIONS: dict[str, Callable[[IB], Awaitable[Any]]] = {
    "contract details": lambda ib: ib.reqContractDetailsAsync(Stock("AAPL", "SMART", "USD")),
    "symbols": lambda ib: ib.reqMatchingSymbolsAsync("AAP"),
    "market rule": lambda ib: ib.reqMarketRuleAsync(26),
    "bars": lambda ib: ib.reqHistoricalDataAsync(AAPL, "", "1 D", "1 hour", "TRADES", useRTH=True),
    "bars kept up to date": lambda ib: ib.reqHistoricalDataAsync(
        AAPL, "", "1 D", "1 hour", "TRADES", useRTH=True, keepUpToDate=True
    ),
    "head timestamp": lambda ib: ib.reqHeadTimeStampAsync(AAPL, "TRADES", useRTH=True, formatDate=1),
    "snapshot": lambda ib: ib.reqTickersAsync(AAPL),
    "scanner": lambda ib: ib.reqScannerDataAsync(SCAN),
    "news providers": lambda ib: ib.reqNewsProvidersAsync(),
    "news": lambda ib: ib.reqHistoricalNewsAsync(AAPL.conId, "BRFG", "", "", 5),
    "open orders": lambda ib: ib.reqAllOpenOrdersAsync(),
    "completed orders": lambda ib: ib.reqCompletedOrdersAsync(apiOnly=False),
    "executions": lambda ib: ib.reqExecutionsAsync(ExecutionFilter()),
    "account summary": lambda ib: ib.accountSummaryAsync(),
    "positions": lambda ib: ib.reqPositionsAsync(),
    "time": lambda ib: ib.reqCurrentTimeAsync(),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_answered_though_the_gateway_restarts_meanwhile(name: str) -> None:
    @on_virtual_time
    async def check() -> None:
        async with floor() as (ib, gateway):
            ib.placeOrder(AAPL, LimitOrder("BUY", 1, 10.0))
            filled = ib.placeOrder(AAPL, MarketOrder("BUY", 5))
            await until(filled.isDone)
            undisturbed = await QUESTIONS[name](ib)
            for bars in ib.realtimeBars():
                ib.cancelHistoricalData(bars)
            ib.wrapper.acctSummary.clear()
            await asyncio.sleep(20)  # a question of history may be repeated after 15 s
            gateway.start_fault("stall", {"for_s": 2})
            asked = asyncio.ensure_future(QUESTIONS[name](ib))
            await asyncio.sleep(0.5)
            await gateway.inject("restart", down_for_s=1)
            answer = await asked
            if isinstance(undisturbed, list):
                assert len(answer) == len(undisturbed) > 0
            else:
                assert type(answer) is type(undisturbed)

    check()


SLOW: dict[str, Callable[[IB], Awaitable[Any]]] = {
    "symbols": QUESTIONS["symbols"],
    "market rule": QUESTIONS["market rule"],
    "news": QUESTIONS["news"],
    "option price": lambda ib: ib.calculateOptionPriceAsync(OPTION, 0.3, 250.0),
    "implied volatility": lambda ib: ib.calculateImpliedVolatilityAsync(OPTION, 160.0, 250.0),
}
"""What stock gives up after one or four seconds."""


@pytest.mark.parametrize("name", SLOW)
def test_an_answer_that_takes_its_time_is_waited_for_and_none_is_an_error(name: str) -> None:
    @on_virtual_time
    async def check() -> None:
        async with floor() as (ib, gateway):
            gateway.start_fault("stall", {"for_s": 8})
            assert await SLOW[name](ib)
            ib.AnswerTimeout = 5.0
            gateway.start_fault("stall", {"for_s": 8})
            with pytest.raises(RequestTimeout):
                await SLOW[name](ib)
            await asyncio.sleep(10)
            ib.AnswerTimeout = 0
            gateway.start_fault("stall", {"for_s": 8})
            assert await SLOW[name](ib) is None

    check()


async def away(ib: IB, gateway: Any, meanwhile: Callable[[], object]) -> None:
    """The gateway restarts, and something happens while nobody is connected."""
    resumed: list[Any] = []
    ib.resumedEvent += lambda subject, _: resumed.append(subject)
    restart = asyncio.ensure_future(gateway.inject("restart", down_for_s=5))
    await until(lambda: not ib.isConnected())
    meanwhile()
    await restart
    await until(lambda: ib in resumed)


@on_virtual_time
async def test_an_order_filled_while_away_is_shown_as_filled() -> None:
    async with floor() as (ib, gateway):
        told: list[str] = []
        ib.execDetailsEvent += lambda trade, fill: told.append("fill")
        trade = ib.placeOrder(AAPL, LimitOrder("BUY", 2, 200.0))
        trade.filledEvent += lambda _: told.append("filled")
        await until(lambda: trade.orderStatus.status == "Submitted")
        await away(ib, gateway, lambda: gateway.set_quote(AAPL.conId, ask=150.0, ask_size=500))
        await until(trade.isDone)
        assert trade.orderStatus.status == "Filled"
        assert (trade.filled(), trade.orderStatus.remaining) == (2.0, 0.0)
        assert sorted(told) == ["fill", "filled"]


@on_virtual_time
async def test_a_profit_and_loss_and_account_values_go_on() -> None:
    async with floor() as (ib, gateway):
        pnl = ib.reqPnL(ib.managedAccounts()[0])
        ib.placeOrder(AAPL, MarketOrder("BUY", 10))
        await until(lambda: ib.positions())
        values: list[Any] = []
        pnls: list[Any] = []
        await away(ib, gateway, lambda: None)
        ib.accountValueEvent += values.append
        ib.pnlEvent += pnls.append
        await until(lambda: values and pnls, 400)
        assert pnls[0] is pnl
        assert [one.position for one in ib.positions()] == [10.0]


@on_virtual_time
async def test_a_scanner_goes_on_in_the_same_list() -> None:
    async with floor() as (ib, gateway):
        found = ib.reqScannerSubscription(SCAN)
        await until(lambda: len(found) > 0)
        updates: list[Any] = []
        await away(ib, gateway, lambda: found.updateEvent.connect(updates.append))
        await until(lambda: updates, 120)
        assert updates[0] is found
        ib.cancelScannerSubscription(found)


@on_virtual_time
async def test_a_what_if_order_that_the_link_swallowed_ends_with_an_error() -> None:
    async with floor() as (ib, gateway):
        ib.AnswerTimeout = 20.0
        gateway.start_fault("stall", {"for_s": 2})
        asked = asyncio.ensure_future(ib.whatIfOrderAsync(AAPL, LimitOrder("BUY", 10, 100.0)))
        await asyncio.sleep(0.5)
        await gateway.inject("restart", down_for_s=1)
        with pytest.raises(RequestTimeout):
            await asked


@on_virtual_time
async def test_requests_without_a_link_are_refused_and_not_lost() -> None:
    async with floor() as (ib, gateway):
        refused: list[BaseException] = []

        def try_it() -> None:
            for call in (lambda: ib.reqMktData(AAPL), lambda: ib.placeOrder(AAPL, MarketOrder("BUY", 1))):
                with pytest.raises(ConnectionError) as caught:
                    call()
                refused.append(caught.value)

        await away(ib, gateway, try_it)
        assert len(refused) == 2
        assert ib.trades() == []


@on_virtual_time
async def test_orders_that_never_left_say_so_and_the_others_are_there() -> None:
    async with floor() as (ib, gateway):
        trades = [ib.placeOrder(AAPL, LimitOrder("BUY", 1, 10.0)) for _ in range(100)]
        await asyncio.sleep(0.05)
        await gateway.inject("restart", down_for_s=1)
        await until(lambda: ib.isConnected() and not any(one.orderStatus.status == "PendingSubmit" for one in trades))
        there = {one.order_id for one in gateway.state().orders}
        never_sent = {one.order.orderId for one in trades if "never sent" in one.log[-1].message}
        assert there
        assert never_sent
        assert there | never_sent == {one.order.orderId for one in trades}
        assert not there & never_sent
        assert {one.orderStatus.status for one in trades} == {"Submitted", "Cancelled"}
