"""ib_async's API and the native services on one session: one connection, one counter of ids, one journal."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ibwire.events import EventType
from ibwire.ib_async import LimitOrder, MarketOrder, Stock
from ibwire.journal_reader import JournalReader
from ibwire.journal_records import Kind
from ibwire.order_states import OrderState
from ibwire.orders import limit
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings, TradingSettings
from ibwire.simulator import GeneratedFeed, RealClock, SimulatedGateway
from ibwire.wire import messages as m
from tests.helpers.ib_async_floor import until
from tests.helpers.scripted_gateway import PORT
from tests.helpers.sessions import wall_clock
from tests.helpers.simulated import AAPL_CONTRACT, simulated
from tests.helpers.trading_floor import crowd
from tests.helpers.virtual_time import on_virtual_time

AAPL = Stock("AAPL", "SMART", "USD", conId=265598)


def session_of(folder: Path) -> IBSession:
    settings = Settings(
        connection=ConnectionSettings(port=PORT, client_id=5), trading=TradingSettings(journal_path=folder / "journal")
    )
    return IBSession(settings, clock=wall_clock, rng=random.Random(1), journal_in_thread=False)


@asynccontextmanager
async def both(folder: Path) -> AsyncIterator[tuple[IBSession, Any, SimulatedGateway]]:
    async with (
        simulated(GeneratedFeed(7), port=PORT, clock=RealClock(wall_clock)) as gateway,
        session_of(folder) as session,
    ):
        await session.ib.connectAsync()
        yield session, session.ib, gateway


async def native_positions(session: IBSession) -> list[Any]:
    """The native view of them, which is let go again."""
    view = session.account.positions()
    await view.ready()
    rows = list(view.read().rows)
    view.release()
    return rows


@on_virtual_time
async def test_one_connection_and_one_counter(tmp_path: Path) -> None:
    async with both(tmp_path) as (session, ib, gateway):
        assert ib is session.ib
        assert len(gateway.state().clients) == 1
        assert ib.wrapper.clientId == 5
        first = ib.client.getReqId()
        assert (session.next_id(), ib.client.getReqId()) == (first + 1, first + 2)
        ticker = ib.reqMktData(AAPL)
        async with session.market_data.quotes(AAPL_CONTRACT) as quotes:
            await anext(quotes)
            await until(lambda: ticker.bid > 0)
        assert len(gateway.state().clients) == 1
        ib.placeOrder(AAPL, MarketOrder("BUY", 4))
        await until(lambda: ib.positions())
        native = await session.request(m.PositionsRequest())
        assert [one.position for one in native if isinstance(one, m.Position)] == ["4"]
        assert [one.position for one in ib.positions()] == [4.0]
        # The native question is over; what ib_async lives on is not.
        ib.placeOrder(AAPL, MarketOrder("BUY", 1))
        await until(lambda: [one.position for one in ib.positions()] == [5.0])
        assert [item.quantity for item in await native_positions(session)] == [5]
        ib.placeOrder(AAPL, MarketOrder("BUY", 2))
        await until(lambda: [one.position for one in ib.positions()] == [7.0])
        assert [item.quantity for item in await native_positions(session)] == [7]


@on_virtual_time
async def test_its_events_reach_the_event_manager(tmp_path: Path) -> None:
    async with both(tmp_path) as (session, ib, _):
        heard: list[str] = []
        session.events.subscribe(EventType.IB_ASYNC, lambda event: heard.append(event.data.name))
        ib.reqMktData(AAPL)
        trade = ib.placeOrder(AAPL, MarketOrder("BUY", 1))
        await until(trade.isDone)
        await until(lambda: "commissionReportEvent" in heard)
        expected = {"newOrderEvent", "orderStatusEvent", "execDetailsEvent", "pendingTickersEvent", "updateEvent"}
        assert expected <= set(heard)


@on_virtual_time
async def test_its_orders_are_journalled_and_known_to_the_native_service(tmp_path: Path) -> None:
    async with both(tmp_path) as (session, ib, gateway):
        trade = ib.placeOrder(AAPL, LimitOrder("BUY", 3, 10.0, orderRef="mine"))
        await until(lambda: trade.orderStatus.status == "Submitted")
        (handle,) = session.trading.orders
        assert handle.key.order_id == trade.order.orderId
        assert handle.order.total_quantity == 3
        assert trade.order.orderRef == "mine"
        trade.order.lmtPrice = 11.0
        ib.placeOrder(AAPL, trade.order)
        await until(lambda: handle.order.limit_price == Decimal(11))
        ib.cancelOrder(trade.order)
        await until(trade.isDone)
        assert trade.orderStatus.status == "Cancelled"
        assert handle.status is OrderState.CANCELLED
        assert len(gateway.state().orders) == 1


@on_virtual_time
async def test_its_orders_survive_the_process_in_the_journal(tmp_path: Path) -> None:
    async with both(tmp_path) as (session, ib, gateway):
        trade = ib.placeOrder(AAPL, LimitOrder("BUY", 3, 10.0))
        await until(lambda: trade.orderStatus.status == "Submitted")
        await gateway.inject("restart", down_for_s=2)
        await until(lambda: ib.isConnected() and not session.stats().limiter.waiting.get("order"), 120)
        await asyncio.sleep(5)
        assert trade.orderStatus.status == "Submitted"
        assert [handle.is_over for handle in session.trading.orders] == [False]
        order_id = trade.order.orderId
    journal = JournalReader(tmp_path / "journal")
    assert [one.key.order_id for one in journal.orders(only_open=True)] == [order_id]
    journal.close()


@on_virtual_time
async def test_news_of_native_orders_reach_ib_async_and_its_own_miss_nothing(tmp_path: Path) -> None:
    async with both(tmp_path) as (session, ib, _):
        handle = await session.trading.place(AAPL_CONTRACT, limit("BUY", 2, "10.00"))
        own = ib.placeOrder(AAPL, LimitOrder("BUY", 3, 10.0))
        await until(lambda: own.orderStatus.status == "Submitted")
        await session.trading.open_orders()
        found = {trade.order.orderId for trade in ib.openTrades()}
        assert found == {handle.key.order_id, own.order.orderId}


@on_virtual_time
async def test_what_the_journal_refuses_shows_in_the_trade(tmp_path: Path) -> None:
    async with both(tmp_path) as (session, ib, gateway):
        await session.trading.halt("a test")
        trade = ib.placeOrder(AAPL, LimitOrder("BUY", 3, 10.0))
        await until(trade.isDone)
        assert trade.orderStatus.status == "Cancelled"
        assert "halted" in trade.log[-1].message
        assert gateway.state().orders == []


@on_virtual_time
async def test_it_can_be_left_and_taken_up_again_and_the_session_goes_on(tmp_path: Path) -> None:
    async with both(tmp_path) as (session, ib, gateway):
        ib.reqMktData(AAPL)
        ib.disconnect()
        assert session.connection.is_up
        await session.ib.connectAsync()
        seen: list[Any] = []
        ib.orderStatusEvent += lambda trade: seen.append(trade.orderStatus.status)
        trade = ib.placeOrder(AAPL, LimitOrder("BUY", 3, 10.0))
        await until(lambda: trade.orderStatus.status == "Submitted")
        assert seen == ["PreSubmitted", "Submitted"]
        assert len(gateway.state().clients) == 1


@on_virtual_time
async def test_what_a_change_may_not_change_is_said_in_the_trade(tmp_path: Path) -> None:
    """It was left out of the change without a word: who flips BUY to SELL has to be told that it still buys."""
    async with both(tmp_path) as (session, ib, gateway):
        trade = ib.placeOrder(AAPL, LimitOrder("BUY", 3, 10.0))
        await until(lambda: trade.orderStatus.status == "Submitted")
        (handle,) = session.trading.orders
        for name, value in (("action", "SELL"), ("account", "DU7654321")):
            before = getattr(trade.order, name)
            setattr(trade.order, name, value)
            ib.placeOrder(AAPL, trade.order)
            await until(lambda name=name: f"{name} cannot be changed" in trade.log[-1].message)  # type: ignore[misc]
            setattr(trade.order, name, before)
        trade.order.lmtPrice = 11.0
        ib.placeOrder(AAPL, trade.order)
        await until(lambda: handle.order.limit_price == 11)
        assert [one.times_received for one in gateway.state().orders_received] == [2]


@on_virtual_time
async def test_orders_of_the_native_service_and_of_earlier_runs_are_changed_and_cancelled(tmp_path: Path) -> None:
    async with both(tmp_path) as (first, _, gateway):
        native = await first.trading.place(AAPL_CONTRACT, limit("BUY", 2, "10.00"))
        await native.acknowledged()
        await first.aclose()
        session = session_of(tmp_path)
        await session.start()
        ib = session.ib
        await ib.connectAsync()
        (trade,) = ib.openTrades()
        trade.order.lmtPrice = 11.0
        ib.placeOrder(AAPL, trade.order)
        (handle,) = session.trading.orders
        await until(lambda: handle.order.limit_price == 11)
        ib.cancelOrder(trade.order)
        await until(trade.isDone)
        assert handle.status is OrderState.CANCELLED
        assert [one.times_received for one in gateway.state().orders_received] == [2]
        await session.aclose()
    journal = JournalReader(tmp_path / "journal")
    kinds = [one.entry.kind for one in journal.records(handle.key.client_ref)]
    journal.close()
    assert (kinds.count(Kind.CHANGE), kinds.count(Kind.CANCEL)) == (1, 1)


@on_virtual_time
async def test_a_quantity_that_is_no_number_is_refused_by_its_name(tmp_path: Path) -> None:
    async with both(tmp_path) as (_, ib, gateway):
        trade = ib.placeOrder(AAPL, LimitOrder("BUY", float("nan"), 10.0))
        await until(trade.isDone)
        assert "total_quantity is 'NaN', which is no number" in trade.log[-1].message
        assert gateway.state().orders_received == []


@on_virtual_time
async def test_a_cancel_right_behind_its_order_does_not_overtake_it(tmp_path: Path) -> None:
    """The order waits for the disk, the cancel would not: it would name an order that the gateway has not got yet."""
    async with both(tmp_path) as (session, ib, gateway):
        trade = ib.placeOrder(AAPL, LimitOrder("BUY", 3, 10.0))
        ib.cancelOrder(trade.order)
        await asyncio.sleep(5)
        assert [handle.is_over for handle in session.trading.orders] == [True]
        assert {one.status for one in gateway.state().orders} <= {"Cancelled"}


@pytest.mark.parametrize("how", ["cancel", "global cancel", "loss"])
@pytest.mark.parametrize("is_written", [False, True])
def test_an_order_that_has_not_left_yet_ends_for_its_trade_too(how: str, is_written: bool, tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        async with both(tmp_path) as (session, ib, gateway):
            crowd(session)
            trade = ib.placeOrder(AAPL, LimitOrder("BUY", 3, 10.0))
            if is_written:
                await asyncio.sleep(0.05)
            if how == "cancel":
                ib.cancelOrder(trade.order)
            elif how == "global cancel":
                ib.reqGlobalCancel()
            else:
                await gateway.inject("connectivity_lost")
            await until(trade.isDone)
            assert (trade.orderStatus.status, trade.log[-1].message[:10]) == ("Cancelled", "never sent")
            if how == "loss":
                await gateway.inject("connectivity_restored", data_lost=False)
            await asyncio.sleep(20)
            assert gateway.state().orders_received == []

    run()
