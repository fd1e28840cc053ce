"""Every method of ib_async's `IB`, played by ib_async itself and by `ibwire.ib_async`: the same results and events.

What is different on purpose (the table in docs/ib_async.md) has its tests elsewhere and is not asked for here.
"""

from __future__ import annotations

import asyncio
import inspect
from types import CodeType
from typing import Any

import ib_async
import pytest
from ib_async import (
    Bond,
    ContFuture,
    Contract,
    Crypto,
    ExecutionFilter,
    Forex,
    Future,
    Index,
    LimitOrder,
    MarketOrder,
    Option,
    ScannerSubscription,
    StartupFetchNONE,
    Stock,
    StopOrder,
    TagValue,
    WshEventData,
)

from ibwire.simulator import SimulatedGateway
from tests.helpers.like_stock import UTC_NOW, Program, by_ours, by_stock, outcome

AAPL = Stock("AAPL", "SMART", "USD", conId=265598)
EURO = Forex("EURUSD", conId=12087792)
NOPE = Stock("NOPE", "SMART", "USD", conId=5)
MSFT = Stock("MSFT", "SMART", "USD", conId=272093)
CALL_BY_ID = Contract(conId=445067953, exchange="SMART")
CALL = Option("TSLA", "20261218", 400, "C", "SMART")
ACCOUNT = "DU1234567"
GAINERS = ScannerSubscription(instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN")
PAST = "20261117 16:00:00 US/Eastern"

wait = asyncio.sleep
Gateway = SimulatedGateway


async def what_is_there(ib: Any, _: Gateway) -> Any:
    client = ib.client
    known = [ib.managedAccounts(), ib.accountValues(), ib.positions(), ib.portfolio(), ib.trades(), ib.openTrades()]
    known += [ib.orders(), ib.openOrders(), ib.fills(), ib.executions(), ib.tickers(), ib.pendingTickers()]
    known += [ib.realtimeBars(), ib.newsTicks(), ib.newsBulletins(), ib.pnl(), ib.pnlSingle(), ib.ticker(AAPL)]
    return [*known, ib.isConnected(), client.isReady(), client.connState, client.clientId, client.getAccounts()]


async def contracts(ib: Any, _: Gateway) -> Any:
    asked = [Stock("AAPL", "SMART", "USD"), NOPE, Future("ES", exchange="CME"), Forex("EURUSD"), Index("SPX", "CBOE")]
    asked += [Bond(symbol="912828C57"), ContFuture("ES", "CME"), Crypto("BTC", "PAXOS", "USD"), Contract(conId=272093)]
    details = [await outcome(ib.reqContractDetailsAsync(one)) for one in asked]
    again = [Stock("AAPL", "SMART", "USD"), Stock("NOPE", "SMART", "USD"), Future("ES", exchange="CME"), CALL]
    qualified = [await ib.qualifyContractsAsync(*again), await ib.qualifyContractsAsync(*again[:3], returnAll=True)]
    more = [await ib.reqMatchingSymbolsAsync("AA"), await ib.reqMatchingSymbolsAsync("")]
    more += [await ib.reqMarketRuleAsync(26), await ib.reqSecDefOptParamsAsync("AAPL", "", "STK", 265598)]
    more += [await ib.reqSmartComponentsAsync("9c0001"), await ib.reqMktDepthExchangesAsync()]
    return details, qualified, more


async def history(ib: Any, _: Gateway) -> Any:
    bars = ib.reqHistoricalDataAsync
    return [
        await bars(AAPL, "", "2 D", "1 hour", "TRADES", useRTH=True),
        await bars(AAPL, UTC_NOW.date(), "10 D", "1 day", "TRADES", useRTH=True, formatDate=2),
        await bars(EURO, UTC_NOW, "1 D", "1 hour", "MIDPOINT", useRTH=False, formatDate=2),
        await bars(AAPL, "tomorrow", "1 D", "1 hour", "TRADES", useRTH=True),
        await bars(AAPL, "19500101 00:00:00 UTC", "1 D", "1 hour", "TRADES", useRTH=True),
        await bars(NOPE, "", "1 D", "1 hour", "TRADES", useRTH=True),
        await ib.reqHistoricalScheduleAsync(AAPL, 5),
        await ib.reqHeadTimeStampAsync(AAPL, "TRADES", useRTH=True, formatDate=1),
        await ib.reqHeadTimeStampAsync(AAPL, "BID", useRTH=True, formatDate=2),
        await ib.reqHistogramDataAsync(AAPL, useRTH=True, period="3 days"),
        await ib.reqHistoricalTicksAsync(AAPL, "", PAST, 10, "TRADES", useRth=True),
        await ib.reqHistoricalTicksAsync(AAPL, PAST, "", 10, "BID_ASK", useRth=False),
        await ib.reqHistoricalTicksAsync(AAPL, PAST, "", 10, "MIDPOINT", useRth=False),
    ]


async def bars_that_go_on(ib: Any, _: Gateway) -> Any:
    updates: list[Any] = []
    kept = await ib.reqHistoricalDataAsync(AAPL, "", "3600 S", "1 min", "TRADES", useRTH=False, keepUpToDate=True)
    live = ib.reqRealTimeBars(AAPL, 5, "TRADES", useRTH=False)
    bad = ib.reqRealTimeBars(AAPL, 5, "NOTHING", useRTH=False)
    for one in (kept, live, bad):
        one.updateEvent += lambda bars, has_new: updates.append((bars[-1], len(bars), has_new))
    await wait(130)
    there = [list(kept[-3:]), list(live), list(bad), ib.realtimeBars() == [kept, live, bad]]
    ib.cancelHistoricalData(kept)
    ib.cancelRealTimeBars(live)
    await wait(20)
    return there, updates, len(kept), len(live), ib.realtimeBars() == [bad]


async def market_data(ib: Any, _: Gateway) -> Any:
    one, other = ib.reqMktData(AAPL, "233,165,100,101,106,236,456"), ib.reqMktData(EURO)
    ib.reqMktData(NOPE)
    snapshot = ib.reqMktData(CALL_BY_ID, snapshot=True)
    await wait(15)
    same = [ib.ticker(AAPL) is one, ib.tickers()[:2] == [one, other]]
    shown = [_told_of(ticker) for ticker in (one, other, snapshot)]
    cancelled = [ib.cancelMktData(AAPL), ib.cancelMktData(AAPL), ib.cancelMktData(EURO)]
    ib.reqMarketDataType(3)
    asked = await ib.reqTickersAsync(MSFT)
    return same, shown, cancelled, [_told_of(ticker) for ticker in asked]


def _told_of(ticker: Any) -> Any:
    """All of a ticker that is not about when it came or not set."""
    skipped = ("created", "time", "timestamp", "contract", "ticks", "domTicks", "tickByTicks", "rtTime")
    values = {name: getattr(ticker, name) for name in ticker.__dataclass_fields__ if name not in skipped}
    return {name: value for name, value in values.items() if value == value}  # without what is nan


async def ticks_and_books(ib: Any, _: Gateway) -> Any:
    ticker = ib.reqTickByTickData(AAPL, "Last")
    quotes = ib.reqTickByTickData(EURO, "BidAsk")
    bad = ib.reqTickByTickData(MSFT, "Nothing")
    seen: list[Any] = []
    for one in (ticker, quotes, bad):
        one.updateEvent += lambda ticker: seen.append(list(ticker.tickByTicks))
    plain, smart = ib.reqMktDepth(EURO, numRows=5), ib.reqMktDepth(AAPL, numRows=5, isSmartDepth=True)
    await wait(10)
    books = [(one.domBids, one.domAsks) for one in (plain, smart)]
    ended = [ib.cancelTickByTickData(AAPL, "Last"), ib.cancelTickByTickData(AAPL, "Last")]
    ended.append(ib.cancelTickByTickData(EURO, "BidAsk"))
    ib.cancelMktDepth(EURO)
    ib.cancelMktDepth(AAPL, isSmartDepth=True)
    ib.cancelMktDepth(AAPL)
    await wait(5)
    return books, seen, ended


async def account(ib: Any, _: Gateway) -> Any:
    ib.setTimeout(5)
    profit = ib.reqPnL(ACCOUNT)
    ib.placeOrder(AAPL, MarketOrder("BUY", 10))
    await wait(10)
    single = ib.reqPnLSingle(ACCOUNT, "", AAPL.conId)
    await wait(190)
    answers = [await ib.accountSummaryAsync(), await ib.accountSummaryAsync("XX"), await ib.reqAccountSummaryAsync()]
    answers += [await ib.reqPositionsAsync(), await ib.reqAccountUpdatesMultiAsync(ACCOUNT), ib.accountValues(ACCOUNT)]
    answers += [await ib.reqAccountUpdatesAsync(ACCOUNT), ib.portfolio(), ib.positions("XX"), ib.portfolio("XX")]
    answers += [ib.pnl() == [profit], ib.pnlSingle() == [single], profit, single, await ib.reqUserInfoAsync()]
    ib.cancelPnL(ACCOUNT)
    ib.cancelPnLSingle(ACCOUNT, "", AAPL.conId)
    ib.cancelPnL(ACCOUNT)
    return answers, ib.pnl(), ib.pnlSingle(), type(await ib.reqCurrentTimeAsync())


def _followed(trade: Any, seen: list[Any]) -> Any:
    for name in ib_async.Trade.events:
        getattr(trade, name).connect(lambda *given, name=name: seen.append((name, given[0].orderStatus.status)))
    return trade


async def orders(ib: Any, _: Gateway) -> Any:
    seen: list[Any] = []
    first = MarketOrder("BUY", 10)
    filled = _followed(ib.placeOrder(AAPL, first), seen)
    resting = _followed(ib.placeOrder(AAPL, LimitOrder("BUY", 10, 100.0, orderRef="mine")), seen)
    at_once = _followed(ib.placeOrder(AAPL, StopOrder("SELL", 1, 90.0)), seen)
    ib.cancelOrder(at_once.order)
    await wait(2)
    resting.order.lmtPrice, resting.order.totalQuantity = 101.0, 20
    same = ib.placeOrder(AAPL, resting.order) is resting
    unknown = _followed(ib.placeOrder(NOPE, MarketOrder("BUY", 1)), seen)
    off_grid = _followed(ib.placeOrder(AAPL, LimitOrder("BUY", 1, 100.00012)), seen)
    await wait(2)
    open_ones = [await ib.reqOpenOrdersAsync(), await ib.reqAllOpenOrdersAsync()]
    cancelled = [ib.cancelOrder(resting.order) is resting, ib.cancelOrder(LimitOrder("BUY", 1, 1.0, orderId=99))]
    await wait(2)
    trades = [filled, resting, at_once, unknown, off_grid]
    known = [
        filled.order is first,
        same,
        ib.fills() == filled.fills,
        ib.executions(),
        ib.openTrades(),
        len(ib.orders()),
    ]
    asked = [await ib.reqExecutionsAsync(), await ib.reqExecutionsAsync(ExecutionFilter(symbol="MSFT"))]
    return seen, trades, known, open_ones, cancelled, asked, [one.isDone() for one in trades]


async def groups_of_orders(ib: Any, _: Gateway) -> Any:
    bracket = ib.bracketOrder("BUY", 10, 1000.0, takeProfitPrice=1200.0, stopLossPrice=90.0, outsideRth=True)
    trades = [ib.placeOrder(AAPL, one) for one in bracket]
    group = ib.oneCancelsAll([LimitOrder("BUY", 1, 100.0), LimitOrder("BUY", 2, 99.0)], "a group", 1)
    trades += [ib.placeOrder(AAPL, one) for one in group]
    await wait(3)
    ib.cancelOrder(group[0])
    await wait(3)
    ib.reqGlobalCancel()
    await wait(3)
    what_if = await ib.whatIfOrderAsync(AAPL, LimitOrder("BUY", 10, 100.0))
    refused = await ib.whatIfOrderAsync(NOPE, LimitOrder("BUY", 10, 100.0))
    ib.exerciseOptions(CALL, 1, 1, ACCOUNT, 0)
    await wait(1)
    return bracket, trades, what_if, refused, len(ib.trades())


async def orders_of_another_client(ib: Any, _: Gateway) -> Any:
    other = type(ib)()
    other.connect_again, port = None, ib.client.port
    await other.connectAsync("127.0.0.1", port, clientId=9)
    trades = [other.placeOrder(AAPL, one) for one in (MarketOrder("BUY", 1), LimitOrder("BUY", 1, 100.0))]
    await wait(2)
    before = [await ib.reqAllOpenOrdersAsync(), await ib.reqOpenOrdersAsync(), await ib.reqExecutionsAsync()]
    other.cancelOrder(trades[1].order)
    await wait(2)
    completed = await ib.reqCompletedOrdersAsync(apiOnly=False)
    ended = [(one.contract, one.order.permId, one.orderStatus) for one in completed]
    other.disconnect()
    await wait(1)
    return before, trades, ended, len(ib.trades()), len(ib.fills())


async def scanners_and_news(ib: Any, _: Gateway) -> Any:
    lengths: list[int] = []
    found = [await ib.reqScannerDataAsync(GAINERS, [], [TagValue("priceAbove", "5")])]
    found.append(await ib.reqScannerDataAsync(ScannerSubscription(instrument="XX", scanCode="NOPE")))
    going_on = ib.reqScannerSubscription(GAINERS)
    going_on.updateEvent += lambda rows: lengths.append(len(rows))
    ib.reqNewsBulletins(allMessages=True)
    await wait(100)
    ib.cancelScannerSubscription(going_on)
    bulletins = ib.newsBulletins()
    ib.cancelNewsBulletins()
    news = [await ib.reqNewsProvidersAsync(), await ib.reqHistoricalNewsAsync(AAPL.conId, "BRFG", "", UTC_NOW, 5)]
    news += [await ib.reqHistoricalNewsAsync(AAPL.conId, "XXXX", "", "", 5), ib.newsTicks()]
    news += [await ib.reqNewsArticleAsync("BRFG", "BRFG$265598-1"), await ib.reqNewsArticleAsync("BRFG", "none")]
    return found, lengths, bulletins, news, await ib.reqScannerParametersAsync()


async def what_is_refused(ib: Any, _: Gateway) -> Any:
    answers = [await ib.getWshMetaDataAsync(), await ib.getWshEventDataAsync(WshEventData(conId=AAPL.conId))]
    ib.reqWshMetaData()
    ib.reqWshEventData(WshEventData(conId=AAPL.conId))
    await wait(1)
    ib.cancelWshMetaData()
    ib.cancelWshEventData()
    ib.replaceFA(1, "<xml/>")
    await wait(1)
    ib.reqAutoOpenOrders()
    answers += [await ib.calculateImpliedVolatilityAsync(CALL, 10.0, 400.0), await ib.reqTickersAsync(NOPE) != []]
    answers += [await ib.calculateOptionPriceAsync(CALL, 0.5, 400.0)]
    answers += [await outcome(ib.calculateOptionPriceAsync(AAPL, 0.5, 400.0))]
    ib.RaiseRequestErrors = True
    asks = (ib.reqContractDetailsAsync, ib.qualifyContractsAsync, ib.reqTickersAsync)
    answers += [await outcome(ask(NOPE)) for ask in asks]
    answers.append(await outcome(ib.whatIfOrderAsync(NOPE, MarketOrder("BUY", 1))))
    await wait(1)
    return answers


async def nothing_without_a_connection(ib: Any, _: Gateway) -> Any:
    ib.disconnect()
    of_apple = (ib.reqContractDetailsAsync, ib.reqMktData, ib.reqTickersAsync, ib.qualifyContractsAsync)
    of_all = (ib.reqPositionsAsync, ib.reqCurrentTimeAsync, ib.reqGlobalCancel, ib.client.getReqId)
    asked = [await _refusal(ask, AAPL) for ask in of_apple] + [await _refusal(ask) for ask in of_all]
    asked.append(await _refusal(ib.placeOrder, AAPL, MarketOrder("BUY", 1)))
    return asked, ib.trades(), ib.tickers(), ib.managedAccounts(), ib.client.connState, ib.disconnect()


async def _refusal(ask: Any, *what: Any) -> Any:
    try:
        answer = ask(*what)
        return await answer if inspect.isawaitable(answer) else answer
    except ConnectionError as error:
        return error


async def connecting_again(ib: Any, _: Gateway) -> Any:
    ib.placeOrder(AAPL, MarketOrder("BUY", 1))
    resting = ib.placeOrder(AAPL, LimitOrder("BUY", 1, 100.0, orderRef="mine"))
    ticker = ib.reqMktData(AAPL)
    await wait(2)
    said = ib.disconnect()
    left = [said is not None, ib.isConnected(), ib.trades(), ib.tickers(), ib.positions()]
    await wait(1)
    await ib.connect_again()
    known = [ib.openTrades(), ib.fills(), ib.positions(), ib.ticker(AAPL) is ticker, resting in ib.trades()]
    ended = [one.orderStatus for one in ib.trades()]
    ib.disconnect()
    await wait(1)
    await ib.connect_again(clientId=0, readonly=True, account=ACCOUNT, fetchFields=StartupFetchNONE)
    return left, known, ended, ib.accountValues(), ib.trades(), ib.positions(), ib.client.clientId


async def a_gateway_that_goes_away(ib: Any, gateway: Gateway) -> Any:
    """With the switch that says so; the rest of the link's loss is not as in stock."""
    ib.ReconnectForever = False
    ib.reqMktData(AAPL)
    await gateway.inject("restart", down_for_s=3)
    return ib.isConnected(), ib.tickers(), ib.managedAccounts(), ib.client.connState


PROGRAMS: list[Program] = [
    *(what_is_there, contracts, history, bars_that_go_on, market_data, ticks_and_books, account, orders),
    *(groups_of_orders, orders_of_another_client, scanners_and_news, what_is_refused, nothing_without_a_connection),
    *(connecting_again, a_gateway_that_goes_away),
]

ELSEWHERE = {
    "reqFundamentalDataAsync": "IBKR has removed it, and it says so (test_ib_async_requests)",
    "requestFAAsync": "without an answer RequestTimeout where stock gives None (docs/ib_async.md)",
    **dict.fromkeys(
        ("run", "sleep", "schedule", "timeRange", "timeRangeAsync", "waitUntil", "waitOnUpdate", "loopUntil"),
        "is of the loop, not of the connection (test_ib_async_recipes)",
    ),
}


def names_in(code: CodeType) -> set[str]:
    """The names that some code uses, that of the functions in it too."""
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return set(code.co_names).union(*map(names_in, inner))


def test_every_method_of_ib_is_played() -> None:
    methods = {name for name, _ in inspect.getmembers(ib_async.IB, callable) if not name.startswith("_")}
    code = {name: names_in(getattr(ib_async.IB, name).__code__) for name in methods}
    blocking = {name for name in methods if {"_run", f"{name}Async"} <= code[name]}  # that is all they do
    used = set().union(*(names_in(program.__code__) for program in PROGRAMS))  # type: ignore[attr-defined]
    assert methods - blocking - used == set(ELSEWHERE)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_same_program_has_the_same_results_and_events(program: Program) -> None:
    theirs, their_events = by_stock(program)
    ours, our_events = by_ours(program)
    assert ours == theirs
    assert our_events == their_events
