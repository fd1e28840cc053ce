"""Trading against the simulated gateway: placing, following, changing, cancelling, asking; and what is refused."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ibwire.connection_state import ConnectionState
from ibwire.events import EventType
from ibwire.exceptions import (
    InvalidOrder,
    LiveTradingDisabled,
    NotConnected,
    OrderChangeRefused,
    OrderLimitExceeded,
    OrderRejected,
)
from ibwire.journal_reader import JournalReader
from ibwire.journal_records import Kind
from ibwire.order_changes import StateChanged
from ibwire.order_states import OrderState
from ibwire.orders import Order, limit, market
from ibwire.wire import messages as m
from tests.helpers.journals import records_of
from tests.helpers.scripted_gateway import PORT
from tests.helpers.sessions import told
from tests.helpers.simulated import raw, simulated
from tests.helpers.trading_floor import APPLE, a_moment, agree, floor, move, trader
from tests.helpers.virtual_time import on_virtual_time

ASKED = (Kind.INTENT, Kind.CHANGE, Kind.CANCEL)


@on_virtual_time
async def test_an_order_is_acknowledged_filled_and_charged(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, market("BUY", 10, order_ref="mine"))
        async with handle.updates() as updates:
            assert await handle.acknowledged() in (OrderState.PRE_SUBMITTED, OrderState.FILLED)
            assert await handle.done() is OrderState.FILLED
            await a_moment()
            seen = [await anext(updates) for _ in range(len(updates))]
        assert (handle.filled, handle.remaining, handle.average_price) == (10, 0, Decimal("100.1"))
        assert (handle.commission or 0) > 0
        assert len(handle.fills) == 1
        assert OrderState.FILLED in [one.new for one in seen if isinstance(one, StateChanged)]
        assert gateway.state().orders[0].order_ref == f"mine~{handle.key.client_ref}"
        assert handle.tag == "mine"
        types = [event.type for event in told(session, EventType.EXECUTION, EventType.COMMISSION)]
        assert types == [EventType.EXECUTION, EventType.COMMISSION]
        assert len(told(session, EventType.ORDER_FILLED)) == 1
        agree(gateway, session)


@on_virtual_time
async def test_a_part_fills_the_terms_change_and_the_rest_is_cancelled(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 500, "100.1"))
        await a_moment()
        assert (handle.status, handle.filled, handle.remaining) == (OrderState.PARTIALLY_FILLED, 200, 300)
        text = f"<OrderHandle {handle.key.order_id}: BUY 500 265598 LMT 100.1, partially_filled, 200 filled>"
        assert repr(handle) == text  # what a user sees who prints it
        await handle.modify(total_quantity=Decimal(400), limit_price=Decimal(99))
        await a_moment()
        assert (handle.remaining, handle.order.limit_price) == (200, 99)
        assert gateway.state().orders[0].quantity == 400
        await handle.cancel()
        assert await handle.done() is OrderState.CANCELLED
        await handle.cancel()  # nothing is left to cancel
        with pytest.raises(OrderChangeRefused):
            await handle.modify(limit_price=Decimal(98))
        assert gateway.state().orders_received[0].times_received == 2
        agree(gateway, session)


@on_virtual_time
async def test_what_leaves_is_what_is_in_the_journal(tmp_path: Path) -> None:
    async with floor(tmp_path) as (_, session):
        await session.trading.ready()
        left: list[bytes] = []
        write = session.connection.write

        def watched(frame: bytes) -> None:
            left.append(frame)
            write(frame)

        session.connection.write = watched  # type: ignore[method-assign]
        handle = await session.trading.place(APPLE, limit("BUY", 500, 99))
        await handle.acknowledged()
        await handle.modify(limit_price=Decimal(98))
        await handle.cancel()
        await a_moment()  # a cancel is written meanwhile
        assert left == [one.entry.frames for one in records_of(tmp_path / "journal.sqlite3") if one.entry.kind in ASKED]


@on_virtual_time
async def test_a_refused_order_is_rejected_and_a_refused_change_or_a_warning_is_no_end(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await gateway.inject("reject_order", message="Order rejected - reason:because")
        refused = await session.trading.place(APPLE, limit("BUY", 10, 99))
        with pytest.raises(OrderRejected, match="because"):
            await refused.acknowledged()
        assert await refused.done() is OrderState.REJECTED
        working = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await working.acknowledged()
        await working.modify(limit_price=Decimal("99.001"))
        await a_moment()
        assert (working.status, [one.code for one in working.tracked.notices]) == (OrderState.SUBMITTED, [110])
        warned = m.ErrorMessage(id=working.key.order_id, error_code=399, error_msg="Order Message: Warning: later")
        session.connection._dispatcher.dispatch([warned])
        await a_moment(5)
        assert working.status is OrderState.SUBMITTED
        agree(gateway, session)


@on_virtual_time
async def test_an_order_that_goes_inactive_for_good_ends(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 500, 99, tif="FOK"))
        assert await handle.done() is OrderState.REJECTED
        agree(gateway, session)


@on_virtual_time
async def test_many_orders_at_once_have_ascending_ids_and_all_can_be_cancelled(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        placed = await asyncio.gather(*(session.trading.place(APPLE, limit("BUY", 1, 90 + at)) for at in range(8)))
        await asyncio.gather(*(handle.acknowledged() for handle in placed))
        async with raw(gateway, 9) as other:
            order = m.Order(action="BUY", order_type="LMT", total_quantity="5", lmt_price=90.0)
            await other.answers_to(m.PlaceOrderRequest(order_id=1, contract=APPLE, order=order))
            everybody = await session.trading.open_orders()
            assert sorted((one.client_id, one.order.total_quantity) for one in everybody)[-1] == (9, 5)
            assert await session.trading.cancel_all() == 8
            await asyncio.gather(*(handle.done() for handle in placed))
            assert [one.client_id for one in await session.trading.open_orders()] == [9]
            await session.trading.cancel_all(of_everybody=True)
            await a_moment()
        assert await session.trading.open_orders() == ()
        assert len(await session.trading.completed_orders()) == 9
        agree(gateway, session)


@on_virtual_time
async def test_executions_and_what_an_order_would_do(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        effect = await session.trading.what_if(APPLE, limit("BUY", 10, 99))
        assert (effect.init_margin_after or 0) > 0
        with pytest.raises(OrderRejected):
            await session.trading.what_if(APPLE, limit("BUY", 10, "99.001"))
        assert gateway.state().orders == []
        handle = await session.trading.place(APPLE, market("BUY", 10))
        await handle.done()
        await a_moment()
        (one,) = await session.trading.executions(datetime(2001, 9, 1, tzinfo=UTC))
        assert await session.trading.executions() != ()
        assert (one.client_ref, one.fill.quantity) == (handle.key.client_ref, 10)
        assert one.commission is not None


@pytest.mark.parametrize(
    ("order", "settings", "error", "words"),
    [
        (limit("BUY", 10, 99, account="U1234567"), {}, InvalidOrder, "guard: account"),
        (limit("BUY", 10, 99), {"account": "DU7654321"}, InvalidOrder, "guard: account"),
        (limit("BUY", 11, 99), {"max_order_quantity": Decimal(10)}, OrderLimitExceeded, "max_order_quantity"),
        (limit("BUY", 11, 99), {"max_order_value": Decimal(1000)}, OrderLimitExceeded, "max_order_value"),
        (market("BUY", 1), {"max_order_value": Decimal(1000)}, OrderLimitExceeded, "cannot be known"),
        (limit("BUY", 0, 99), {}, InvalidOrder, "total_quantity"),
    ],
)
def test_a_guard_refuses_with_its_name_and_nothing_leaves(
    order: Order, settings: dict[str, object], error: type[Exception], words: str, tmp_path: Path
) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path, **settings) as (gateway, session):
            with pytest.raises(error, match=words):
                await session.trading.place(APPLE, order)
            await a_moment()
            assert gateway.state().orders_received == []
        assert not (tmp_path / "journal.sqlite3").exists(), "refused before the journal was needed"

    run()


@on_virtual_time
async def test_live_money_needs_to_be_allowed(tmp_path: Path) -> None:
    async with simulated(port=PORT, accounts=("U1234567",)) as gateway:
        async with trader(tmp_path) as session:
            with pytest.raises(LiveTradingDisabled, match="guard: allow_live"):
                await session.trading.place(APPLE, limit("BUY", 1, 99))
        async with trader(tmp_path, allow_live=True) as session:
            await (await session.trading.place(APPLE, limit("BUY", 1, 99))).acknowledged()
        assert len(gateway.state().orders) == 1


@on_virtual_time
async def test_nothing_leaves_while_the_link_is_down_or_the_gateway_offline(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 1, 99))
        await handle.acknowledged()
        await gateway.go_down()
        await a_moment(0.1)
        for act in (session.trading.place(APPLE, limit("BUY", 1, 99)), handle.cancel(), handle.modify(tif="GTC")):
            with pytest.raises(NotConnected):
                await act
        await gateway.come_back()
        await a_moment(20)
        assert session.state is ConnectionState.CONNECTED
        await handle.cancel()
        assert await handle.done() is OrderState.CANCELLED
        agree(gateway, session)


@on_virtual_time
async def test_a_halt_cancels_everything_and_holds_over_a_restart(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 1, 99))
        await session.trading.halt("enough")
        assert await handle.done() is OrderState.CANCELLED
        await session.aclose()
        async with trader(tmp_path, seed=2) as again:
            with pytest.raises(OrderLimitExceeded, match=r"enough.*guard: halt"):
                await again.trading.place(APPLE, limit("BUY", 1, 99))
            await again.trading.resume()
            await (await again.trading.place(APPLE, limit("BUY", 1, 99))).acknowledged()
        assert len(gateway.state().orders) == 2


def test_a_session_that_places_nothing_touches_no_journal(tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path) as (_, session):
            assert session.trading.orders == ()
            assert await session.trading.open_orders() == ()

    run()
    assert list(tmp_path.iterdir()) == []


@on_virtual_time
async def test_an_order_whose_caller_gave_up_while_the_disk_was_waited_for_is_never_sent(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        placing = asyncio.create_task(session.trading.place(APPLE, limit("BUY", 1, 99)))
        await asyncio.sleep(0)
        placing.cancel()
        await asyncio.gather(placing, return_exceptions=True)
        await a_moment()
        assert gateway.state().orders_received == []
    reader = JournalReader(tmp_path / "journal.sqlite3")
    (order,) = reader.orders()
    assert (order.state, reader.client_refs(only_open=True)) == (OrderState.REJECTED, [])
    reader.close()


@on_virtual_time
async def test_news_after_the_market_moved_reaches_the_order(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        move(gateway, 98.0, 98.5)
        assert await handle.done() is OrderState.FILLED
        agree(gateway, session)
