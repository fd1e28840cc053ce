"""What ib_async's README and recipes show, as programs that block, unchanged but for the import.

Each runs against a gateway in another thread, over TCP and in real time.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from ibwire.exceptions import InvalidRequest
from ibwire.ib_async import *  # noqa: F403
from ibwire.ib_async import IB, Forex, LimitOrder, MarketOrder, Option, RequestError, ScannerSubscription, Stock, util
from ibwire.simulator.threaded import GatewayThread

CLIENT_ID = 17


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayThread]:
    with GatewayThread(seed=7) as running:
        yield running


@pytest.fixture(autouse=True)
def _loop_of_its_own() -> Iterator[None]:
    """A program that blocks finds its loop by asyncio's policy."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    leftovers = asyncio.all_tasks(loop)
    asyncio.set_event_loop(None)
    loop.close()
    assert not leftovers


@pytest.fixture
def ib(gateway: GatewayThread) -> Iterator[IB]:
    ib = IB()
    ib.connect("127.0.0.1", gateway.port, clientId=CLIENT_ID)
    yield ib
    ib.disconnect()


def test_first_steps_bars_as_a_data_frame(ib: IB) -> None:
    contract = Forex("EURUSD")
    bars = ib.reqHistoricalData(
        contract,
        endDateTime="",
        durationStr="30 D",
        barSizeSetting="1 hour",
        whatToShow="MIDPOINT",
        useRTH=True,
    )
    assert len(bars) > 100
    pandas = pytest.importorskip("pandas")
    assert isinstance(util.df(bars), pandas.DataFrame)


def test_account_and_positions_are_there_at_once(ib: IB) -> None:
    assert ib.managedAccounts()
    assert [v for v in ib.accountValues() if v.tag == "NetLiquidationByCurrency" and v.currency == "BASE"] or [
        v for v in ib.accountValues() if v.tag == "NetLiquidation"
    ]
    assert ib.positions() is not None


def test_contract_details_and_qualifying(ib: IB) -> None:
    amd = Stock("AAPL", "SMART", "USD")
    cds = ib.reqContractDetails(amd)
    assert len(cds) == 1
    assert {cd.contract.conId for cd in cds} == {265598}
    ib.qualifyContracts(amd)
    assert amd.conId == 265598


def test_streaming_ticks(ib: IB) -> None:
    contracts = [Stock("AAPL", "SMART", "USD"), Forex("EURUSD")]
    ib.qualifyContracts(*contracts)
    for contract in contracts:
        ib.reqMktData(contract, "", False, False)  # noqa: FBT003  as documented
    ticker = ib.ticker(contracts[0])
    assert ticker is not None
    for _ in range(50):
        ib.sleep(0.1)
        if ticker.marketPrice() > 0:
            break
    assert ticker.marketPrice() > 0
    seen = []

    def on_pending_tickers(tickers: set[object]) -> None:
        seen.extend(tickers)

    ib.pendingTickersEvent += on_pending_tickers
    for _ in range(50):
        if seen:
            break
        ib.sleep(0.1)
    ib.pendingTickersEvent -= on_pending_tickers
    assert seen
    for contract in contracts:
        ib.cancelMktData(contract)


def test_waiting_for_updates(ib: IB) -> None:
    ticker = ib.reqMktData(Stock("AAPL", "SMART", "USD", conId=265598))
    assert ib.waitOnUpdate(timeout=5)
    for found in ib.loopUntil(ticker.hasBidAsk, timeout=5):
        last = found
    assert last


def test_orders(ib: IB) -> None:
    contract = Stock("AAPL", "SMART", "USD")
    ib.qualifyContracts(contract)
    order = LimitOrder("SELL", 1, 1_000.0)
    trade = ib.placeOrder(contract, order)
    ib.sleep(1)
    assert trade in ib.openTrades()
    assert order in ib.orders()
    ib.cancelOrder(order)
    while not trade.isDone():
        ib.waitOnUpdate(timeout=5)
    assert trade.orderStatus.status == "Cancelled"
    market = ib.placeOrder(contract, MarketOrder("BUY", 1))
    while not market.isDone():
        ib.waitOnUpdate(timeout=5)
    assert market.fills
    assert ib.whatIfOrder(contract, MarketOrder("SELL", 20)).commission > 0


def test_an_order_leaves_though_the_loop_never_turns_again(gateway: GatewayThread, ib: IB) -> None:
    contract = Stock("AAPL", "SMART", "USD", conId=265598)
    before = len(gateway.state().orders)
    ib.placeOrder(contract, LimitOrder("BUY", 1, 1.0))
    for _ in range(100):
        if len(gateway.state().orders) > before:
            break
        time.sleep(0.05)
    assert len(gateway.state().orders) == before + 1


def test_silence_is_told_after_the_time_that_was_set(ib: IB) -> None:
    idle: list[float] = []
    ib.timeoutEvent += idle.append
    ib.setTimeout(0.3)
    ib.sleep(1.5)
    assert len(idle) == 1
    assert idle[0] >= 0.3


def test_scanner(ib: IB) -> None:
    sub = ScannerSubscription(instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN")
    scan_data = ib.reqScannerData(sub)
    assert scan_data
    assert all(data.contractDetails.contract.conId for data in scan_data)


def test_news(ib: IB) -> None:
    providers = ib.reqNewsProviders()
    codes = "+".join(provider.code for provider in providers)
    headlines = ib.reqHistoricalNews(265598, codes, "", "", 10)
    latest = headlines[0]
    assert ib.reqNewsArticle(latest.providerCode, latest.articleId)


def test_with_a_statement_and_async(gateway: GatewayThread) -> None:
    async def main() -> int:
        with await IB().connectAsync("127.0.0.1", gateway.port, clientId=CLIENT_ID + 1) as ib:
            bars = await ib.reqHistoricalDataAsync(
                Stock("AAPL", "SMART", "USD"), "", "1 D", "1 hour", "TRADES", useRTH=True
            )
        await asyncio.sleep(0.1)
        return len(bars)

    assert util.run(main()) > 0


def test_integration_with_asyncio_gathering(ib: IB) -> None:
    pair = [Stock("AAPL", "SMART", "USD"), Stock("MSFT", "SMART", "USD")]

    async def both() -> list[object]:
        return await asyncio.gather(*(ib.reqContractDetailsAsync(one) for one in pair))

    assert [len(found) for found in ib.run(both())] == [1, 1]  # type: ignore[arg-type]


def test_consecutive_historical_data(ib: IB) -> None:
    contract = Stock("AAPL", "SMART", "USD")
    end, days = "", []
    for _ in range(3):
        bars = ib.reqHistoricalData(
            contract,
            endDateTime=end,
            durationStr="5 D",
            barSizeSetting="1 day",
            whatToShow="TRADES",
            useRTH=True,
            formatDate=1,
        )
        if not bars:
            break
        days = [*bars, *days]
        end = bars[0].date
    dates = [bar.date for bar in days]
    assert len(dates) >= 13
    assert dates == sorted(dates)


def test_async_streaming_ticks(gateway: GatewayThread) -> None:
    class App:
        async def run(self) -> int:
            self.ib = IB()
            with await self.ib.connectAsync("127.0.0.1", gateway.port, clientId=CLIENT_ID + 2):
                contracts = [Stock(symbol, "SMART", "USD") for symbol in ["AAPL", "TSLA", "MSFT"]]
                await self.ib.qualifyContractsAsync(*contracts)
                for contract in contracts:
                    self.ib.reqMktData(contract)
                seen = 0
                async for tickers in self.ib.pendingTickersEvent:
                    seen += sum(ticker.last > 0 for ticker in tickers)
                    if seen >= 5:
                        break
            await asyncio.sleep(0.1)
            return seen

        def stop(self) -> None:
            self.ib.disconnect()

    assert util.run(App().run()) >= 5


def test_scanner_streaming(ib: IB) -> None:
    def on_scan_data(scan_data: list[object]) -> None:
        seen.append(len(scan_data))

    seen: list[int] = []
    sub = ScannerSubscription(instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN")
    scan_data = ib.reqScannerSubscription(sub)
    scan_data.updateEvent += on_scan_data
    for _ in range(50):
        if seen:
            break
        ib.sleep(0.1)
    ib.cancelScannerSubscription(scan_data)
    assert seen[0] > 0


def test_option_calculations(ib: IB) -> None:
    option = Option("TSLA", "20230120", 100, "C", "SMART", multiplier=100, currency="USD")  # type: ignore[arg-type]
    ib.qualifyContracts(option)
    calc = ib.calculateImpliedVolatility(option, optionPrice=160.0, underPrice=250.0)
    assert calc is not None
    calc = ib.calculateOptionPrice(option, volatility=0.14, underPrice=525)
    assert calc.optPrice > 0


def test_option_chain_with_tickers(ib: IB) -> None:
    share = Stock("AAPL", "SMART", "USD")
    ib.qualifyContracts(share)
    (chain,) = [
        one for one in ib.reqSecDefOptParams(share.symbol, "", share.secType, share.conId) if one.exchange == "SMART"
    ]
    strikes = [strike for strike in chain.strikes if strike % 5 == 0 and 240 <= strike <= 260]
    expirations = sorted(chain.expirations)[:2]
    contracts = [
        Option("AAPL", expiration, strike, right, "SMART", tradingClass="AAPL")
        for right in "PC"
        for expiration in expirations
        for strike in strikes
    ]
    qualified = ib.qualifyContracts(*contracts)
    assert len(qualified) == len(contracts) == 20
    tickers = ib.reqTickers(*qualified)  # type: ignore[arg-type]
    for ticker in tickers:
        assert 0 < ticker.bid < ticker.ask
        assert ticker.modelGreeks is not None
        assert 0.1 < (ticker.modelGreeks.impliedVol or 0) < 0.5
    details = ib.reqContractDetails(Option("AAPL", expirations[0], exchange="SMART"))
    assert len(details) == 2 * len(chain.strikes)


def test_order_book(ib: IB) -> None:
    contract = Stock("AAPL", "ARCA", "USD")
    ib.qualifyContracts(contract)
    ticker = ib.reqMktDepth(contract)
    for _ in range(50):
        if ticker.domBids and ticker.domAsks:
            break
        ib.sleep(0.1)
    assert ticker.domBids[0].size > 0
    assert ticker.domAsks[0].size > 0
    ib.cancelMktDepth(contract)


def test_minimum_price_increments(ib: IB) -> None:
    (details,) = ib.reqContractDetails(Stock("AAPL", "SMART", "USD"))
    rules = [ib.reqMarketRule(rule_id) for rule_id in details.marketRuleIds.split(",")]  # texts, as the recipe has it
    assert all(steps[0].increment > 0 for steps in rules)


def test_a_text_that_is_no_number_is_refused_by_name(ib: IB) -> None:
    with pytest.raises(InvalidRequest, match="market_rule_id of MarketRuleRequest has to be a number, not 'all'"):
        ib.reqMarketRule("all")  # type: ignore[arg-type]


def test_news_bulletins(ib: IB) -> None:
    ib.reqNewsBulletins(True)  # noqa: FBT003  as documented
    for _ in range(50):
        if ib.newsBulletins():
            break
        ib.sleep(0.1)
    assert ib.newsBulletins()
    ib.cancelNewsBulletins()


def test_an_event_calendar_without_a_subscription_is_ibkrs_refusal_and_no_silence(ib: IB) -> None:
    ib.RaiseRequestErrors = True
    with pytest.raises(RequestError, match="10276"):
        ib.getWshMetaData()


def test_dividends_and_generic_ticks(ib: IB) -> None:
    contract = Stock("AAPL", "SMART", "USD")
    ib.qualifyContracts(contract)
    ticker = ib.reqMktData(contract, "456,236")
    for _ in range(50):
        if ticker.dividends and ticker.shortableShares > 0:
            break
        ib.sleep(0.1)
    assert ticker.dividends is not None
    assert ticker.dividends.next12Months > 0
    assert ticker.shortableShares > 0


def test_short_lived_connections(gateway: GatewayThread) -> None:
    for _ in range(2):
        with IB().connect("127.0.0.1", gateway.port, clientId=CLIENT_ID + 3) as ib:
            assert ib.isConnected()
        assert not ib.isConnected()


def test_a_bracket_as_documented(ib: IB) -> None:
    contract = Stock("AAPL", "SMART", "USD", conId=265598)
    bracket = ib.bracketOrder("BUY", 1, limitPrice=5.0, takeProfitPrice=10.0, stopLossPrice=4.0)
    for order in bracket:
        ib.placeOrder(contract, order)
    ib.sleep(0.5)
    assert {order.orderId for order in bracket} <= {order.orderId for order in ib.openOrders()}
    ib.reqGlobalCancel()
    while {trade.order.orderId for trade in ib.openTrades()} & {order.orderId for order in bracket}:
        assert ib.waitOnUpdate(timeout=5)


NOTEBOOK = """
import asyncio, sys
from ibwire.ib_async import *

util.startLoop()


async def cell():
    ib = IB()
    ib.connect("127.0.0.1", int(sys.argv[1]), clientId=40)
    assert len(ib.reqContractDetails(Stock("AAPL", "SMART", "USD"))) == 1
    ib.sleep(0.1)
    ib.disconnect()


asyncio.get_event_loop().run_until_complete(cell())
"""


@pytest.mark.parametrize(
    "program",
    [
        NOTEBOOK,
        "import sys\nfrom ibwire.ib_async import *\nib = IB()\nib.connect('127.0.0.1', int(sys.argv[1]), clientId=41)",
    ],
    ids=["a notebook, with blocking calls inside a running loop", "a program that ends without a word"],
)
def test_whole_programs_end_well(gateway: GatewayThread, program: str) -> None:
    # The patch that startLoop applies to asyncio is for good: it gets a process of its own.
    ended = subprocess.run(
        [sys.executable, "-c", program, str(gateway.port)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
