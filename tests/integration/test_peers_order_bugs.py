"""What went wrong with orders in other libraries, against the simulator; each test names its issues."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from ibwire.connection_state import ConnectionState
from ibwire.events import EventType
from ibwire.exceptions import NotConnected, OrderUnconfirmed
from ibwire.order_changes import TermsDiffer
from ibwire.order_states import OrderState
from ibwire.orders import bracket, limit, market
from ibwire.simulator import GatewayLimits
from ibwire.wire import messages as m
from tests.helpers.scripted_gateway import PORT
from tests.helpers.sessions import told
from tests.helpers.simulated import bought, raw, simulated
from tests.helpers.trading_floor import APPLE, QUIET_S, a_moment, agree, floor, move, of_journal, trader
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset


@pytest.mark.parametrize(
    ("when", "state"), [("before_accept", OrderState.UNCONFIRMED), ("after_accept", OrderState.SUBMITTED)]
)
def test_ib_async_66_ibx_116_lean_93_an_order_around_which_the_connection_dies_is_never_silently_lost(
    when: str, state: OrderState, tmp_path: Path
) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path) as (gateway, session):
            await session.trading.ready()
            await gateway.inject("drop_order", when=when)
            handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
            await a_moment(QUIET_S)
            assert handle.status is state
            if state is OrderState.UNCONFIRMED:
                for wait in (handle.done, handle.acknowledged):
                    with pytest.raises(OrderUnconfirmed):
                        await wait()
                assert len(told(session, EventType.ORDER_UNCONFIRMED)) == 1
            another = await session.trading.place(APPLE, limit("BUY", 10, 99))
            await another.acknowledged()
            assert another.key.order_id > handle.key.order_id
            assert [one.times_received for one in gateway.state().orders_received] == [1, 1]
            agree(gateway, session)
            assert of_journal(tmp_path)[handle.key.client_ref] == (state, 0)

    run()


@on_virtual_time
async def test_ib_insync_623_138_164_an_order_without_an_acknowledgement_is_asked_about(tmp_path: Path) -> None:
    async with floor(tmp_path, ack_timeout_s=3) as (gateway, session):
        await session.trading.ready()
        await gateway.inject("no_ack", count=2)
        resting = await session.trading.place(APPLE, limit("BUY", 10, 99))
        filled = await session.trading.place(APPLE, market("BUY", 10))
        await a_moment(2)
        assert {resting.status, filled.status} == {OrderState.SENT}
        assert await resting.acknowledged() is OrderState.SUBMITTED
        assert await filled.done() is OrderState.FILLED
        assert len(filled.fills) == 1
        await resting.cancel()
        assert await resting.done() is OrderState.CANCELLED
        agree(gateway, session)


@on_virtual_time
async def test_lean_249_ibx_113_what_fills_while_the_gateway_is_down_is_booked_once(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await gateway.inject("fill_while_down", down_for_s=5.0)
        assert await handle.done() is OrderState.FILLED
        await session.trading.reconcile()
        assert len(told(session, EventType.EXECUTION)) == 1
        agree(gateway, session)
        await a_moment()
        assert of_journal(tmp_path) == {handle.key.client_ref: (OrderState.FILLED, 10)}


@on_virtual_time
async def test_nautilus_4564_two_live_orders_of_one_reference_are_an_alarm_and_a_cancel_cancels_both(
    tmp_path: Path,
) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await gateway.inject("duplicate_live_order")
        await handle.modify(limit_price=Decimal(98))
        await a_moment()
        alarms = [event.data for event in told(session, EventType.DUPLICATE_ORDER)]
        perm_ids = {order.perm_id for order in gateway.state().orders}
        assert [{alarm.key.perm_id, alarm.perm_id} for alarm in alarms] == [perm_ids]
        move(gateway, 98.6, 98.9, 4)  # of the two only the first can fill, in part
        await a_moment()
        agree(gateway, session, twins=True)
        await handle.cancel()
        assert await handle.done() is OrderState.CANCELLED
        await a_moment(5)
        assert {order.status for order in gateway.state().orders} == {"Cancelled"}
        agree(gateway, session, twins=True)


@on_virtual_time
async def test_nautilus_4564_two_live_orders_that_end_while_the_link_is_down_are_both_over(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await gateway.inject("duplicate_live_order")
        await handle.modify(limit_price=Decimal(98))
        await a_moment()
        assert len(handle.others) == 1
        await gateway.inject("fill_while_down", down_for_s=2.0)
        assert await handle.done() is OrderState.FILLED
        assert handle.filled == 10, "the fills of the second are not counted as ours"
        agree(gateway, session, twins=True)


@on_virtual_time
async def test_lean_242_order_ids_never_go_back_when_the_gateways_do(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        placed = [await session.trading.place(APPLE, limit("BUY", 10, 90 + at)) for at in range(5)]
        highest = placed[-1].key.order_id
        await a_moment()
        await gateway.inject("order_id_rollback", orders=4)
        await a_moment(QUIET_S)
        placed.append(await session.trading.place(APPLE, limit("BUY", 10, 95)))
        await a_moment()
        await session.aclose()
        await gateway.inject("order_id_rollback", orders=6)
        async with trader(tmp_path, seed=2) as again:
            assert again.next_id() < highest, "the gateway names ids that were used"
            last = await again.trading.place(APPLE, limit("BUY", 10, 96))
            await last.acknowledged()
            assert last.key.order_id > placed[-1].key.order_id > highest
            assert len(gateway.state().orders) == 7
            agree(gateway, again)


@on_virtual_time
async def test_nautilus_3176_ib_insync_130_after_a_restart_every_order_has_an_answer_and_nothing_is_sent_again(
    tmp_path: Path,
) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        trading = session.trading
        works = await trading.place(APPLE, limit("BUY", 10, 90))
        fills = await trading.place(APPLE, limit("BUY", 10, 99))
        goes = await trading.place(APPLE, limit("BUY", 10, 91))
        done = await trading.place(APPLE, market("BUY", 10))
        await done.done()
        await a_moment()
        await gateway.inject("drop_order", when="before_accept")
        lost = await trading.place(APPLE, limit("BUY", 10, 92))
        await session.aclose()
        move(gateway, 98.0, 98.5)
        gateway.desk.cancel_manual(goes.key.perm_id or 0)
        async with trader(tmp_path, seed=2) as again:
            await again.trading.ready()
            by_ref = {handle.key.client_ref: handle for handle in again.trading.orders}
            states = [by_ref[one.key.client_ref].status for one in (works, fills, goes, lost)]
            assert states == [
                OrderState.SUBMITTED,
                OrderState.FILLED,
                OrderState.CANCELLED,
                OrderState.UNCONFIRMED,
            ]
            assert len(by_ref[fills.key.client_ref].fills) == 1
            move(gateway, 88.0, 89.0)
            assert await by_ref[works.key.client_ref].done() is OrderState.FILLED
            agree(gateway, again)
            await a_moment()
            assert of_journal(tmp_path)[works.key.client_ref] == (OrderState.FILLED, 10)
        async with trader(tmp_path, seed=3) as third:
            await third.trading.ready()
            unsettled = [handle.status for handle in third.trading.orders if not handle.is_over]
            assert unsettled == [OrderState.UNCONFIRMED]
            assert told(third, EventType.EXECUTION) == [], "what was booked before is not told again"
            assert all(one.times_received == 1 for one in gateway.state().orders_received), "nothing is sent again"


@on_virtual_time
async def test_ib_async_66_orders_that_wait_for_their_turn_when_the_link_falls_all_get_an_answer(
    tmp_path: Path,
) -> None:
    limits = GatewayLimits(active_orders=None, checks_funds=False)
    async with simulated(port=PORT, limits=limits) as gateway, trader(tmp_path) as session:
        await session.trading.ready()
        placing = [asyncio.create_task(session.trading.place(APPLE, limit("BUY", 1, 90))) for _ in range(120)]
        await a_moment(0.2)  # more than a second's worth: most still wait
        assert 0 < len(gateway.state().orders) < 120
        await gateway.inject("restart", down_for_s=1.0)
        handles = await asyncio.gather(*placing, return_exceptions=True)
        await a_moment(QUIET_S)
        for handle in handles:
            assert not isinstance(handle, BaseException), handle
            assert handle.status in (OrderState.SUBMITTED, OrderState.REJECTED, OrderState.UNCONFIRMED)
        assert all(one.times_received == 1 for one in gateway.state().orders_received)
        agree(gateway, session)
        await gateway.go_down()
        await a_moment(0.1)
        with pytest.raises(NotConnected):
            await session.trading.place(APPLE, limit("BUY", 1, 90))
        await gateway.come_back()
        number = len(gateway.state().orders_received)
        await a_moment(QUIET_S)
        assert session.state is ConnectionState.CONNECTED
        assert len(gateway.state().orders_received) == number, "what was refused left later"


@on_virtual_time
async def test_nautilus_4564_a_change_lost_with_the_link_is_told_and_makes_no_second_order(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await gateway.inject("drop_order", when="before_accept")
        await handle.modify(limit_price=Decimal(98), total_quantity=Decimal(20))
        await a_moment(QUIET_S)
        assert (handle.order.limit_price, handle.remaining) == (99, 10), "the terms are the gateway's"
        lost = [event.data.difference for event in told(session, EventType.WARNING) if _is_difference(event.data)]
        assert {(one.field, one.asked, one.actual) for one in lost} == {
            ("limit_price", 98, 99),
            ("total_quantity", 20, 10),
        }
        assert len(gateway.state().orders) == 1
        await handle.modify(total_quantity=Decimal(20))
        await a_moment()
        (order,) = gateway.desk.register.working.values()
        assert (order.limit, order.quantity) == (99, 20), "the lost price is not sent along"
        agree(gateway, session)


@on_virtual_time
async def test_nautilus_4564_a_second_order_is_found_also_if_nothing_was_said_and_the_first_has_filled(
    tmp_path: Path,
) -> None:
    async with floor(tmp_path, ack_timeout_s=3) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await gateway.inject("duplicate_live_order")
        await gateway.inject("no_ack")
        await handle.modify(limit_price=Decimal(97))
        await a_moment()
        move(gateway, 98.0, 98.5)
        await a_moment()
        assert handle.status is OrderState.FILLED
        await a_moment(5)
        assert len(told(session, EventType.DUPLICATE_ORDER)) == 1
        await handle.cancel()
        await handle.done()
        agree(gateway, session, twins=True)


@on_virtual_time
async def test_nautilus_4564_the_alarm_of_two_live_orders_comes_again_after_a_restart(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await gateway.inject("duplicate_live_order")
        await handle.modify(limit_price=Decimal(98))
        await a_moment()
        await session.aclose()
        async with trader(tmp_path, seed=2) as again:
            await again.trading.ready()
            (alarm,) = told(again, EventType.DUPLICATE_ORDER)
            assert {alarm.data.key.perm_id, alarm.data.perm_id} == {one.perm_id for one in gateway.state().orders}
            (followed,) = again.trading.orders
            await followed.cancel()
            assert await followed.done() is OrderState.CANCELLED
            agree(gateway, again, twins=True)


@on_virtual_time
async def test_nautilus_4970_3958_fills_of_others_under_the_same_order_id_are_not_ours(tmp_path: Path) -> None:
    """The master client hears of everybody's orders; another client's have the same ids, the TWS user's have none."""
    async with simulated(port=PORT, master_client_id=1) as gateway, trader(tmp_path) as session:
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        async with raw(gateway, 9) as other:
            await other.answers_to(bought(handle.key.order_id, "5"))
        gateway.desk.place_manual(APPLE, m.Order(action="BUY", order_type="MKT", total_quantity="7"))
        await a_moment()
        await session.trading.reconcile()
        assert len(gateway.state().executions) == 2
        assert (handle.filled, handle.status) == (0, OrderState.SUBMITTED)
        move(gateway, 98.0, 98.5)
        assert await handle.done() is OrderState.FILLED
        assert (handle.filled, len(handle.fills)) == (10, 1)
        agree(gateway, session)


@pytest.mark.parametrize("code", [10349, 399, 2109, 2161, 404, 110])
def test_ib_async_191_217_ib_insync_502_an_advisory_is_neither_a_cancel_nor_a_rejection(
    code: int, tmp_path: Path
) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path) as (gateway, session):
            handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
            await handle.acknowledged()
            advisory = m.ErrorMessage(id=handle.key.order_id, error_code=code, error_msg="as it comes with this code")
            session.connection._dispatcher.dispatch([advisory])
            await a_moment(QUIET_S)
            assert handle.status is OrderState.SUBMITTED
            assert [one.code for one in handle.tracked.notices] == [code]
            assert told(session, EventType.ORDER_CANCELLED, EventType.ORDER_REJECTED) == []
            agree(gateway, session)

    run()


@on_virtual_time
async def test_ib_insync_502_a_refused_change_leaves_the_order_and_its_terms(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await handle.modify(limit_price=Decimal("98.999"))  # off the price grid: 110
        await a_moment(5)
        assert (handle.status, handle.order.limit_price) == (OrderState.SUBMITTED, 99)
        await handle.modify(total_quantity=Decimal(20))
        await a_moment()
        assert [one.code for one in handle.tracked.notices] == [110], "the refused price is not sent along"
        assert gateway.state().orders[0].quantity == 20


@on_virtual_time
async def test_ib_insync_647_614_the_orders_of_a_bracket_can_be_changed(tmp_path: Path) -> None:
    """A parent that is sent anew as it was placed, not to be transmitted, is not heard of."""
    async with floor(tmp_path) as (gateway, session):
        orders = bracket("BUY", 10, limit_price=99, take_profit_price=101, stop_loss_price=98)
        assert orders.take_profit is not None
        assert orders.stop_loss is not None
        parent = await session.trading.place(APPLE, replace(orders.parent, transmit=False))
        children = [replace(one, parent_id=parent.key.order_id) for one in (orders.take_profit, orders.stop_loss)]
        profit = await session.trading.place(APPLE, replace(children[0], transmit=False))
        await session.trading.place(APPLE, children[1])
        await parent.acknowledged()
        await profit.acknowledged()
        await parent.modify(limit_price=Decimal("98.9"))
        await profit.modify(limit_price=Decimal(102))
        await a_moment()
        assert {one.limit for one in gateway.desk.register.working.values()} == {Decimal("98.9"), 102, None}
        assert [one.tracked.is_change_open for one in session.trading.orders] == [False] * 3
        agree(gateway, session)


def _is_difference(data: object) -> bool:
    return isinstance(data, TermsDiffer)
