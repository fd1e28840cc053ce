"""ib_async's API over real sockets and in real time: everything at once, and all of it again across a restart."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from ibwire.ib_async import IB, LimitOrder, MarketOrder, ScannerSubscription, Stock
from ibwire.simulator import GeneratedFeed, SimulatedGateway
from tests.helpers.ib_async_floor import until

AAPL = Stock("AAPL", "SMART", "USD", conId=265598)
AT_ARCA = Stock("AAPL", "ARCA", "USD", conId=265598)


async def ask(ib: IB) -> None:
    """Every kind of question has its answer."""
    assert [one.contract.conId for one in await ib.reqContractDetailsAsync(AAPL)] == [265598]
    assert await ib.reqHistoricalDataAsync(AAPL, "", "1 D", "1 hour", "TRADES", useRTH=True)
    assert await ib.reqScannerDataAsync(
        ScannerSubscription(instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN")
    )
    assert await ib.reqHistoricalNewsAsync(AAPL.conId, "BRFG", "", "", 5)
    assert [one for one in await ib.accountSummaryAsync() if one.tag == "NetLiquidation"]
    assert (await ib.whatIfOrderAsync(AAPL, LimitOrder("BUY", 10, 100.0))).commission > 0


async def everything() -> None:
    """One program with all of it; what goes on has to go on in the same objects."""
    async with SimulatedGateway(feed=GeneratedFeed(7)) as gateway:
        ib = IB()
        await ib.connectAsync("127.0.0.1", gateway.port, clientId=1)
        try:
            await ask(ib)
            ticker = ib.reqMktData(AAPL)
            depth = ib.reqMktDepth(AT_ARCA, numRows=5)
            bars = await ib.reqHistoricalDataAsync(AAPL, "", "1 D", "1 min", "TRADES", useRTH=False, keepUpToDate=True)
            ticks, updates = list[Any](), list[Any]()
            ticker.updateEvent += ticks.append
            bars.updateEvent += lambda _, has_new: updates.append(has_new)
            bracket = ib.bracketOrder("BUY", 5, limitPrice=10.0, takeProfitPrice=20.0, stopLossPrice=5.0)
            trades = [ib.placeOrder(AAPL, order) for order in bracket]
            filled = ib.placeOrder(AAPL, MarketOrder("BUY", 3))
            await until(filled.isDone, 30)
            await until(lambda: all(one.isActive() for one in trades), 30)
            await until(lambda: ticks and updates and depth.domBids and depth.domAsks, 30)

            resumed: list[Any] = []
            ib.resumedEvent += lambda subject, _: resumed.append(subject)
            await gateway.inject("restart", down_for_s=0.3)
            await until(lambda: ib in resumed, 30)

            await ask(ib)
            ticks.clear()
            updates.clear()
            await until(lambda: ticks and updates and depth.domBids and depth.domAsks, 30)
            assert len(ib.openTrades()) == 3
            bracket.parent.totalQuantity, bracket.parent.transmit = 4, True
            ib.placeOrder(AAPL, bracket.parent)
            await until(lambda: _quantity(gateway, bracket.parent.orderId) == 4, 30)
            ib.cancelOrder(bracket.parent)
            await until(lambda: all(one.isDone() for one in trades), 30)
            assert {one.orderStatus.status for one in trades} == {"Cancelled"}
            assert [one.position for one in ib.positions()] == [3.0]
        finally:
            ib.disconnect()


def _quantity(gateway: SimulatedGateway, order_id: int) -> Decimal:
    (order,) = [one for one in gateway.state().orders if one.order_id == order_id]
    return order.quantity


def test_everything_works_over_tcp_and_again_across_a_restart() -> None:
    asyncio.run(everything())
