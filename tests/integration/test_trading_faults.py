"""Trading through every order fault, and through restarts: at the end journal, books and gateway agree."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ibwire.events import EventType
from ibwire.exceptions import NotConnected, OrderUnconfirmed
from ibwire.journal_reader import JournalReader
from ibwire.order_states import OrderState
from ibwire.orders import limit, market
from ibwire.wire import messages as m
from tests.helpers.sessions import told
from tests.helpers.simulated import raw
from tests.helpers.trading_floor import APPLE, QUIET_S, a_moment, agree, floor, move, trader
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset


def of_journal(path: Path) -> dict[str | None, tuple[OrderState, Decimal]]:
    """How the orders stand by the journal alone."""
    reader = JournalReader(path / "journal.sqlite3")
    try:
        return {order.key.client_ref: (order.state, order.filled) for order in reader.orders()}
    finally:
        reader.close()


@pytest.mark.parametrize(
    ("when", "state"), [("before_accept", OrderState.UNCONFIRMED), ("after_accept", OrderState.SUBMITTED)]
)
def test_the_connection_dies_around_an_order(when: str, state: OrderState, tmp_path: Path) -> None:
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
async def test_an_order_without_an_acknowledgement_is_asked_about(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("how", ["execution_first", "status_first", "status_only"])
def test_executions_out_of_order_or_only_when_asked_for(how: str, tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path) as (gateway, session):
            await session.trading.ready()
            await gateway.inject("reorder_execution", how=how)
            await gateway.inject("duplicate_status")
            handle = await session.trading.place(APPLE, limit("BUY", 300, "100.1"))
            await handle.acknowledged()
            await a_moment(5)
            assert (handle.filled, len(handle.fills)) == (200, 1)
            move(gateway, 98.0, 98.5)
            assert await handle.done() is OrderState.FILLED
            await a_moment(5)
            assert (len(handle.fills), handle.filled) == (2, 300)
            assert len(told(session, EventType.EXECUTION)) == 2
            agree(gateway, session)

    run()


@on_virtual_time
async def test_what_fills_while_the_gateway_is_down_is_booked_once(tmp_path: Path) -> None:
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
async def test_two_live_orders_of_one_reference_are_an_alarm_and_a_cancel_cancels_both(tmp_path: Path) -> None:
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
async def test_order_ids_never_go_back_when_the_gateways_do(tmp_path: Path) -> None:
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
async def test_after_a_restart_every_order_of_the_journal_has_an_answer(tmp_path: Path) -> None:
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
async def test_an_order_that_had_ended_in_the_journal_is_followed_again_when_the_gateway_speaks_of_it(
    tmp_path: Path,
) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, market("BUY", 10))
        await handle.done()
        await a_moment()
        await session.aclose()
        async with trader(tmp_path, seed=2) as again:
            await again.trading.ready()
            (execution,) = gateway.state().executions
            gateway.correct_execution(execution.exec_id, quantity=Decimal(9))
            await again.trading.reconcile()
            (followed,) = again.trading.orders
            assert (followed.key.client_ref, followed.filled) == (handle.key.client_ref, 9)


@on_virtual_time
async def test_an_order_changed_and_cancelled_while_the_gateway_was_offline_is_found(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await gateway.inject("connectivity_lost")
        await a_moment()
        with pytest.raises(NotConnected, match="degraded"):
            await session.trading.place(APPLE, limit("BUY", 10, 99))
        async with raw(gateway, 7) as other:
            await other.answers_to(m.GlobalCancelRequest())
        await gateway.inject("connectivity_restored", data_lost=False)
        assert await handle.done() is OrderState.CANCELLED
        agree(gateway, session)


@on_virtual_time
async def test_two_live_orders_that_end_while_the_link_is_down_are_both_over(tmp_path: Path) -> None:
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
