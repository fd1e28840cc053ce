"""ib_async's API over our connection against the simulator: each part of it, and each again across a restart."""

from __future__ import annotations

import asyncio
from typing import Any

import ib_async
import pytest

import ibwire.ib_async as ours
from ibwire.exceptions import LiveTradingDisabled
from ibwire.gaps import Gap, Resumed
from ibwire.ib_async import (
    IB,
    Client,
    Contract,
    Forex,
    LimitOrder,
    MarketOrder,
    Option,
    RequestError,
    ScannerSubscription,
    Stock,
    StopOrder,
    TagValue,
    Wrapper,
)
from ibwire.settings import Settings, TradingSettings
from tests.helpers.ib_async_floor import floor, until
from tests.helpers.scripted_gateway import PORT
from tests.helpers.virtual_time import on_virtual_time

AAPL = Stock("AAPL", "SMART", "USD", conId=265598)


async def restarted(ib: IB, gateway: Any) -> None:
    """The gateway restarts, and everything has come back."""
    resumed: list[Any] = []
    ib.resumedEvent += lambda subject, _: resumed.append(subject)
    await gateway.inject("restart", down_for_s=3)
    await until(lambda: ib in resumed)


@on_virtual_time
async def test_connecting_brings_accounts_positions_orders_and_ids() -> None:
    async with floor() as (ib, gateway):
        assert ib.isConnected()
        assert ib.managedAccounts() == list(gateway.accounts)
        assert {value.account for value in ib.accountValues()} == set(gateway.accounts)
        assert (ib.positions(), ib.portfolio(), ib.trades(), ib.fills()) == ([], [], [], [])
        first, second = ib.client.getReqId(), ib.client.getReqId()
        assert second == first + 1
        stats = ib.client.connectionStats()
        assert stats.numBytesRecv > 1000
        assert stats.numMsgSent >= 5
        assert ib.client.serverVersion() >= 213


@on_virtual_time
async def test_disconnecting_tells_and_can_be_done_again() -> None:
    async with floor() as (ib, _):
        told: list[str] = []
        ib.disconnectedEvent += lambda: told.append("disconnected")
        ib.disconnect()
        assert told == ["disconnected"]
        assert not ib.isConnected()
        with pytest.raises(ConnectionError):
            ib.reqMktData(AAPL)
        await ib.connectAsync("127.0.0.1", PORT, clientId=1)
        assert ib.isConnected()


@on_virtual_time
async def test_nothing_listens_there() -> None:
    with pytest.raises(ConnectionError):
        await IB().connectAsync("127.0.0.1", 5, clientId=1)


@on_virtual_time
async def test_contracts() -> None:
    async with floor() as (ib, _):
        wanted = Stock("AAPL", "SMART", "USD")
        assert await ib.qualifyContractsAsync(wanted) == [wanted]
        assert (wanted.conId, wanted.primaryExchange) == (AAPL.conId, "NASDAQ")
        (details,) = await ib.reqContractDetailsAsync(wanted)
        assert details.minTick == 0.01
        assert details.tradingSessions()
        assert [one.contract.symbol for one in await ib.reqMatchingSymbolsAsync("AAP")] == ["AAPL"]
        chains = await ib.reqSecDefOptParamsAsync("AAPL", "", "STK", AAPL.conId)
        assert all(chain.strikes for chain in chains)
        rules = await ib.reqMarketRuleAsync(int(details.marketRuleIds.split(",")[0]))
        assert rules[0].increment == 0.01
        assert await ib.qualifyContractsAsync(Stock("NOSUCH", "SMART", "USD")) == [None]


@on_virtual_time
async def test_errors_of_requests_are_as_in_stock() -> None:
    async with floor() as (ib, _):
        codes: list[int] = []
        ib.errorEvent += lambda req_id, code, text, contract: codes.append(code)
        assert await ib.reqContractDetailsAsync(Stock("NOSUCH", "SMART", "USD")) == []
        assert codes == [200]
        ib.RaiseRequestErrors = True
        with pytest.raises(RequestError, match="200"):
            await ib.reqContractDetailsAsync(Stock("NOSUCH", "SMART", "USD"))


@on_virtual_time
async def test_tickers_go_on_with_the_same_object_after_a_restart() -> None:
    async with floor() as (ib, gateway):
        pending: list[Any] = []
        ib.pendingTickersEvent += lambda tickers: pending.extend(tickers)
        ticker = ib.reqMktData(AAPL)
        await until(lambda: ticker.bid > 0 and ticker.ask > 0 and ticker.last > 0)
        assert set(pending) == {ticker}
        gaps: list[Any] = []
        ib.gapEvent += lambda subject, gap: gaps.append((subject, type(gap)))
        ib.resumedEvent += lambda subject, resumed: gaps.append((subject, type(resumed)))
        await restarted(ib, gateway)
        before = len(pending)
        await until(lambda: len(pending) > before + 5)
        assert ib.ticker(AAPL) is ticker
        assert set(pending) == {ticker}
        assert (ticker, Gap) in gaps
        assert {(ib, Gap), (ib, Resumed), (ticker, Gap)} <= set(gaps)
        assert ib.cancelMktData(AAPL)
        await asyncio.sleep(1)
        before = len(pending)
        await asyncio.sleep(5)
        assert len(pending) == before


@on_virtual_time
async def test_snapshots_hold_nothing_old() -> None:
    async with floor() as (ib, _):
        (first,) = await ib.reqTickersAsync(AAPL)
        assert first.bid > 0
        first.bid = first.low26week = 12345.0
        (second,) = await ib.reqTickersAsync(AAPL)
        assert second.bid != 12345.0
        assert second.low26week != 12345.0
        ib.FreshSnapshots = False
        second.low26week = 54321.0
        (third,) = await ib.reqTickersAsync(AAPL)
        assert third.low26week == 54321.0


@on_virtual_time
async def test_a_snapshot_of_what_is_subscribed_is_the_live_ticker() -> None:
    async with floor() as (ib, _):
        live = ib.reqMktData(AAPL)
        await until(lambda: live.bid > 0)
        assert await ib.reqTickersAsync(AAPL) == [live]


@on_virtual_time
async def test_bars_and_their_updates_go_on_in_the_same_list() -> None:
    async with floor() as (ib, gateway):
        bars = await ib.reqHistoricalDataAsync(AAPL, "", "1 D", "1 min", "TRADES", useRTH=False, keepUpToDate=True)
        assert bars
        assert ib.realtimeBars() == [bars]
        updates: list[bool] = []
        bars.updateEvent += lambda _, has_new: updates.append(has_new)
        await until(lambda: updates.count(True) >= 1, 300)
        await restarted(ib, gateway)
        seen = len(updates)
        await until(lambda: True in updates[seen:], 300)
        times = [bar.date for bar in bars]
        assert times == sorted(set(times))
        ib.cancelHistoricalData(bars)
        assert ib.realtimeBars() == []


@on_virtual_time
async def test_history() -> None:
    async with floor() as (ib, _):
        bars = await ib.reqHistoricalDataAsync(AAPL, "", "2 D", "1 hour", "TRADES", useRTH=True)
        assert len(bars) > 5
        assert all(bar.low <= bar.close <= bar.high for bar in bars)
        head = await ib.reqHeadTimeStampAsync(AAPL, "TRADES", useRTH=True, formatDate=1)
        assert head < bars[0].date.replace(tzinfo=None)
        schedule = await ib.reqHistoricalScheduleAsync(AAPL, 3)
        assert len(schedule.sessions) >= 1
        histogram = await ib.reqHistogramDataAsync(AAPL, useRTH=True, period="3 days")
        assert sum(one.count for one in histogram) > 0
        ticks = await ib.reqHistoricalTicksAsync(AAPL, "", bars[-1].date, 20, "TRADES", useRth=True)
        assert ticks
        assert all(tick.price > 0 for tick in ticks)


@on_virtual_time
async def test_real_time_bars_ticks_and_depth() -> None:
    async with floor() as (ib, gateway):
        five = ib.reqRealTimeBars(AAPL, 5, "TRADES", useRTH=False)
        ticker = ib.reqTickByTickData(AAPL, "BidAsk")
        seen: list[Any] = []
        ticker.updateEvent += lambda one: seen.extend(one.tickByTicks)
        at_arca = Stock("AAPL", "ARCA", "USD", conId=AAPL.conId)
        depth = ib.reqMktDepth(at_arca, numRows=5)
        await until(lambda: len(five) >= 2 and len(depth.domBids) == 5 and seen, 120)
        await restarted(ib, gateway)
        count = len(five)
        await until(lambda: len(five) >= count + 2 and len(depth.domBids) == 5, 120)
        ib.cancelMktDepth(at_arca)
        ib.cancelRealTimeBars(five)
        assert ib.cancelTickByTickData(AAPL, "BidAsk")


@on_virtual_time
async def test_an_order_is_filled_and_everything_says_so() -> None:
    async with floor() as (ib, _):
        told: list[str] = []
        ib.newOrderEvent += lambda trade: told.append("new")
        ib.execDetailsEvent += lambda trade, fill: told.append(f"fill {fill.execution.shares:g}")
        ib.commissionReportEvent += lambda trade, fill, report: told.append("commission")
        trade = ib.placeOrder(AAPL, MarketOrder("BUY", 10))
        trade.filledEvent += lambda _: told.append("filled")
        await until(trade.isDone)
        await until(lambda: "commission" in told)
        assert trade.orderStatus.status == "Filled"
        assert trade.filled() == 10
        assert told[0] == "new"
        assert {"fill 10", "filled", "commission"} <= set(told)
        await until(lambda: ib.positions())
        (position,) = ib.positions()
        assert (position.contract.symbol, position.position) == ("AAPL", 10.0)
        assert [one.execution.shares for one in await ib.reqExecutionsAsync()] == [10.0]


@on_virtual_time
async def test_a_bracket_is_modified_and_cancelled() -> None:
    async with floor() as (ib, _):
        bracket = ib.bracketOrder("BUY", 5, limitPrice=10.0, takeProfitPrice=20.0, stopLossPrice=5.0)
        trades = [ib.placeOrder(AAPL, order) for order in bracket]
        await until(lambda: all(trade.orderStatus.status in ("Submitted", "PreSubmitted") for trade in trades))
        assert isinstance(bracket.stopLoss, StopOrder)
        assert len(ib.openTrades()) == 3
        bracket.parent.lmtPrice, bracket.parent.transmit = 11.0, True
        ib.placeOrder(AAPL, bracket.parent)
        await until(lambda: trades[0].log[-1].message != "Modify")
        assert trades[0].order.lmtPrice == 11.0
        ib.cancelOrder(bracket.parent)
        await until(lambda: all(trade.isDone() for trade in trades))
        assert {trade.orderStatus.status for trade in trades} == {"Cancelled"}
        assert ib.openTrades() == []


@on_virtual_time
async def test_a_what_if_order_says_its_margin() -> None:
    async with floor() as (ib, _):
        state = await ib.whatIfOrderAsync(AAPL, LimitOrder("BUY", 10, 100.0))
        assert float(state.initMarginChange) > 0
        assert state.commission > 0
        assert ib.openTrades() == []


@on_virtual_time
async def test_orders_are_found_again_after_a_restart() -> None:
    async with floor() as (ib, gateway):
        resting = ib.placeOrder(AAPL, LimitOrder("BUY", 1, 10.0))
        await until(lambda: resting.orderStatus.status == "Submitted")
        await restarted(ib, gateway)
        assert resting.orderStatus.status == "Submitted"
        assert ib.openTrades() == [resting]
        ib.cancelOrder(resting.order)
        await until(resting.isDone)
        assert resting.orderStatus.status == "Cancelled"


@on_virtual_time
async def test_advisory_codes_leave_a_live_order_alone() -> None:
    async with floor() as (ib, _):
        trade = ib.placeOrder(AAPL, LimitOrder("BUY", 1, 10.0))
        await until(lambda: trade.orderStatus.status == "Submitted")
        for code, text in ((2109, "outside rth is ignored"), (10148, "cannot be cancelled"), (399, "will be held")):
            ib.wrapper.error(trade.order.orderId, code, text, "")
            assert trade.orderStatus.status == "Submitted", code
        ib.wrapper.error(trade.order.orderId, 201, "Order rejected", "")
        await asyncio.sleep(1)
        assert trade.orderStatus.status == "Submitted"
        ib.AdvisoryErrorsKeepOrders = False
        ib.wrapper.error(trade.order.orderId, 10148, "cannot be cancelled", "")
        assert trade.orderStatus.status == "Cancelled"


@on_virtual_time
async def test_a_new_order_that_is_refused_is_shown_as_cancelled_with_the_reason() -> None:
    async with floor() as (ib, _):
        told: list[Any] = []
        ib.errorEvent += lambda req_id, code, text, contract: told.append((req_id, code))
        trade = ib.placeOrder(AAPL, LimitOrder("BUY", 1, 10.001))
        await until(trade.isDone)
        assert trade.orderStatus.status == "Cancelled"
        assert told[-1] == (trade.order.orderId, 110)
        assert "minimum price variation" in trade.log[-1].message
        assert ib.openTrades() == []


@on_virtual_time
async def test_many_doubts_are_put_to_the_gateway_in_few_questions() -> None:
    async with floor() as (ib, _):
        trade = ib.placeOrder(AAPL, LimitOrder("BUY", 1, 10.0))
        await until(lambda: trade.orderStatus.status == "Submitted")
        before = ib.client.connectionStats().numMsgSent
        for _number in range(100):
            ib.wrapper.error(trade.order.orderId, 201, "Order rejected", "")
        await asyncio.sleep(30)
        assert 0 < ib.client.connectionStats().numMsgSent - before <= 10
        assert trade.orderStatus.status == "Submitted"


@on_virtual_time
async def test_account() -> None:
    async with floor() as (ib, _):
        account = ib.managedAccounts()[0]
        summary = await ib.accountSummaryAsync()
        assert "NetLiquidation" in {value.tag for value in summary}
        pnl = ib.reqPnL(account)
        ib.placeOrder(AAPL, MarketOrder("BUY", 10))
        await until(lambda: ib.portfolio() and ib.portfolio()[0].position == 10, 300)
        single = ib.reqPnLSingle(account, "", AAPL.conId)
        await until(lambda: pnl.dailyPnL == pnl.dailyPnL and single.position == 10)
        ib.cancelPnLSingle(account, "", AAPL.conId)
        ib.cancelPnL(account)


@on_virtual_time
async def test_positions_closed_while_away_are_gone() -> None:
    async with floor() as (ib, gateway):
        ib.placeOrder(AAPL, MarketOrder("BUY", 3))
        await until(lambda: ib.positions() and ib.portfolio(), 300)
        account = ib.managedAccounts()[0]
        old = Contract(conId=1, symbol="OLD")
        ib.wrapper.position(account, old, 5.0, 1.0)
        ib.wrapper.updatePortfolio(old, 5.0, 1.0, 5.0, 1.0, 0.0, 0.0, account)
        told: list[Any] = []
        ib.positionEvent += lambda one: told.append((one.contract.symbol, one.position, len(ib.positions())))
        await restarted(ib, gateway)
        await until(lambda: len(ib.portfolio()) == 1)
        assert [one.contract.symbol for one in ib.positions()] == ["AAPL"]
        assert [one.contract.symbol for one in ib.portfolio()] == ["AAPL"]
        assert told[:2] == [("AAPL", 3.0, 2), ("OLD", 0.0, 1)]


@on_virtual_time
async def test_scanner_and_news() -> None:
    async with floor() as (ib, _):
        wanted = ScannerSubscription(instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN")
        found = await ib.reqScannerDataAsync(wanted, scannerSubscriptionFilterOptions=[TagValue("priceAbove", "1")])
        assert [one.rank for one in found] == list(range(len(found)))
        assert found
        assert "<" in await ib.reqScannerParametersAsync()
        providers = await ib.reqNewsProvidersAsync()
        codes = "+".join(one.code for one in providers)
        headlines = await ib.reqHistoricalNewsAsync(AAPL.conId, codes, "", "", 5)
        assert headlines
        article = await ib.reqNewsArticleAsync(headlines[0].providerCode, headlines[0].articleId)
        assert article.articleText


@on_virtual_time
async def test_option_calculations_and_small_questions() -> None:
    async with floor() as (ib, _):
        assert (await ib.reqCurrentTimeAsync()).tzinfo is not None
        assert await ib.reqMktDepthExchangesAsync()
        assert await ib.qualifyContractsAsync(Forex("EURUSD"))
        option = Option("TSLA", "20230120", 100.0, "C", "SMART", currency="USD")
        assert await ib.qualifyContractsAsync(option) == [option]
        computed = await ib.calculateOptionPriceAsync(option, 0.3, 250.0)
        assert computed.optPrice is not None


@on_virtual_time
async def test_a_request_without_an_answer_ends_with_an_error() -> None:
    async with floor() as (ib, gateway):
        ib.AnswerTimeout = 5.0
        gateway.start_fault("stall", {"for_s": 60})
        with pytest.raises(Exception, match="no complete answer within 5"):
            await ib.reqContractDetailsAsync(Stock("AAPL", "SMART", "USD"))
        with pytest.raises(Exception, match="no complete answer within 2"):
            await ib.reqHistoricalDataAsync(AAPL, "", "1 D", "1 hour", "TRADES", useRTH=True, timeout=2)


@on_virtual_time
async def test_a_question_that_the_link_left_unanswered_is_asked_again() -> None:
    async with floor() as (ib, gateway):
        gateway.start_fault("stall", {"for_s": 2})
        asked = asyncio.ensure_future(ib.reqContractDetailsAsync(Stock("AAPL", "SMART", "USD")))
        await asyncio.sleep(0.5)
        await gateway.inject("restart", down_for_s=1)
        assert len(await asked) == 1


@on_virtual_time
async def test_an_order_overtakes_what_waits_and_waiting_is_told() -> None:
    async with floor() as (ib, gateway):
        told: list[str] = []
        ib.client.throttleStart += lambda: told.append("start")
        ib.client.throttleEnd += lambda: told.append("end")
        waiting = [asyncio.ensure_future(ib.reqContractDetailsAsync(AAPL)) for _ in range(200)]
        await asyncio.sleep(0)
        ib.placeOrder(AAPL, LimitOrder("BUY", 1, 10.0))
        await until(lambda: gateway.state().orders, 0.5)
        assert not all(one.done() for one in waiting)
        assert [len(one) for one in await asyncio.gather(*waiting)] == [1] * 200
        await asyncio.sleep(1)
        assert told == ["start", "end"]


@on_virtual_time
async def test_the_switch_back_to_stock_ends_everything_with_the_link() -> None:
    ib = IB()
    ib.ReconnectForever = False
    async with floor(ib=ib) as (_, gateway):
        told: list[str] = []
        ib.disconnectedEvent += lambda: told.append("disconnected")
        ib.reqMktData(AAPL)
        await gateway.inject("restart", down_for_s=1)
        await until(lambda: told)
        await asyncio.sleep(30)
        assert not ib.isConnected()
        assert ib.tickers() == []


@on_virtual_time
async def test_orders_of_a_live_account_need_leave() -> None:
    async with floor(accounts=("U7654321",)) as (ib, gateway):
        with pytest.raises(LiveTradingDisabled):
            ib.placeOrder(AAPL, MarketOrder("BUY", 1))
        assert ib.trades() == []
        assert gateway.state().orders == []
    allowed = IB(settings=Settings(trading=TradingSettings(allow_live=True)))
    async with floor(ib=allowed, accounts=("U7654321",)) as (ib, _):
        trade = ib.placeOrder(AAPL, MarketOrder("BUY", 1))
        await until(trade.isDone)


def test_what_is_exported() -> None:
    assert set(ib_async.__all__) <= set(ours.__all__)
    assert all(hasattr(ours, name) for name in ours.__all__)
    assert (ours.IB, ours.Client, ours.Wrapper) == (IB, Client, Wrapper)
    assert issubclass(IB, ib_async.IB)


@on_virtual_time
async def test_the_same_order_may_be_placed_twice_unless_settings_are_given() -> None:
    for settings, expected in ((None, {"Filled"}), (Settings(), {"Filled", "Cancelled"})):
        async with floor(ib=IB(settings=settings)) as (ib, _):
            trades = [ib.placeOrder(AAPL, MarketOrder("BUY", 1)) for _ in range(2)]
            await until(lambda trades=trades: all(trade.isDone() for trade in trades))  # type: ignore[misc]
            assert {trade.orderStatus.status for trade in trades} == expected
