"""Changes and cancels that do not go as usual: taken back, refused, held back, and with a disk that is slow or full."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from ibwire.events import EventType
from ibwire.exceptions import InvalidOrder, JournalUnwritable, NotConnected, OrderChangeRefused
from ibwire.journal import Journal
from ibwire.journal_file import JournalFile
from ibwire.journal_reader import JournalReader
from ibwire.order_handles import OrderHandle
from ibwire.order_states import OrderState
from ibwire.orders import bracket, limit
from ibwire.price_grid import even_grid
from ibwire.session import IBSession
from ibwire.simulator import SimulatedGateway
from tests.helpers.sessions import told
from tests.helpers.trading_floor import APPLE, QUIET_S, a_moment, agree, floor, move, of_journal, slow_down, trader
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset


@on_virtual_time
async def test_a_change_that_is_given_up_before_it_left_is_not_in_the_journal_s_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        write = Journal.write

        async def slow(self: Journal, *entries: object) -> None:
            await asyncio.sleep(1)
            await write(self, *entries)  # type: ignore[arg-type]

        with monkeypatch.context() as patched:
            patched.setattr(Journal, "write", slow)
            given_up = asyncio.create_task(handle.modify(total_quantity=Decimal(500)))
            await asyncio.sleep(0.5)
            given_up.cancel()
            lost = asyncio.create_task(handle.modify(total_quantity=Decimal(600)))
            await asyncio.sleep(0.5)
            await gateway.inject("disconnect")
            with pytest.raises(NotConnected):
                await lost
        await a_moment(10)
        assert gateway.state().orders[0].quantity == 10
        agree(gateway, session)
    reader = JournalReader(tmp_path / "journal.sqlite3")
    (order,) = reader.orders()
    assert reader.problems(is_thorough=True) == []
    reader.close()
    assert (order.state, order.quantity) == (OrderState.SUBMITTED, 10)


@on_virtual_time
async def test_the_journal_knows_what_a_reconciliation_has_settled(tmp_path: Path) -> None:
    """It showed nothing new, but that the order is for 7 now: so it is whole with 7, and not only with the first 10."""
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await handle.modify(total_quantity=Decimal(7))
        await a_moment()
        await session.trading.reconcile()
        move(gateway, 98.8, 98.9)
        assert await handle.done() is OrderState.FILLED
        await a_moment()
    reader = JournalReader(tmp_path / "journal.sqlite3")
    (order,) = reader.orders()
    reader.close()
    assert (order.state, order.filled, order.remaining) == (OrderState.FILLED, 7, 0)


@on_virtual_time
async def test_a_change_of_a_bracket_s_child_is_transmitted(tmp_path: Path) -> None:
    """The child itself was not, so that it would wait for its siblings."""
    async with floor(tmp_path) as (gateway, session):
        both = bracket("BUY", 10, limit_price=99, take_profit_price=103, stop_loss_price=97)
        (_, parent), (_, profit), (_, loss) = both.placed([1, 2, 3])
        first = await session.trading.place(APPLE, parent)
        handles = [
            await session.trading.place(APPLE, replace(one, parent_id=first.key.order_id)) for one in (profit, loss)
        ]
        await asyncio.gather(*(handle.acknowledged() for handle in (first, *handles)))
        assert handles[0].order.transmit is False
        await handles[0].modify(limit_price=Decimal(104))
        await handles[0].modify(total_quantity=Decimal(7))
        await a_moment()
        assert [one.quantity for one in gateway.state().orders] == [10, 7, 10]
        agree(gateway, session)


@on_virtual_time
async def test_a_held_order_may_be_changed_and_stays_held(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, replace(limit("BUY", 10, 99), transmit=False))
        await handle.modify(total_quantity=Decimal(7))
        await a_moment()
        assert gateway.state().orders == []


@on_virtual_time
async def test_a_held_order_is_released_by_a_change_though_nobody_says_that_it_is_there(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, replace(limit("BUY", 10, 99), transmit=False))
        await a_moment(QUIET_S)
        assert handle.status is OrderState.UNCONFIRMED
        await handle.modify(transmit=True)
        await a_moment()
        assert handle.status is OrderState.SUBMITTED
        assert [one.status for one in gateway.state().orders] == ["Submitted"]
        agree(gateway, session)


@on_virtual_time
async def test_an_order_that_the_gateway_has_twice_or_that_has_ended_is_not_changed(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await gateway.inject("duplicate_live_order")
        await handle.modify(limit_price=Decimal(98))
        await a_moment(QUIET_S)
        assert len(handle.others) == 1
        with pytest.raises(OrderChangeRefused, match="two orders of this reference"):
            await handle.modify(limit_price=Decimal(97))
        await handle.cancel()
        await a_moment()
        with pytest.raises(OrderChangeRefused, match="the order is cancelled"):
            await handle.modify(limit_price=Decimal(97))
        assert {one.status for one in gateway.state().orders} == {"Cancelled"}


@on_virtual_time
async def test_an_unconfirmed_order_is_not_changed_because_that_would_place_it(tmp_path: Path) -> None:
    """With `send_again` there would be two of it, under two order ids."""
    async with floor(tmp_path) as (gateway, session):
        handle = await lost_on_the_way(gateway, session)
        await a_moment(QUIET_S)
        assert handle.status is OrderState.UNCONFIRMED
        with pytest.raises(OrderChangeRefused, match="it would take the change for a new one"):
            await handle.modify(limit_price=Decimal(98))
        again = await session.trading.send_again(handle)
        await again.acknowledged()
        assert [one.order_id for one in gateway.state().orders] == [again.key.order_id]


@on_virtual_time
async def test_before_the_gateway_was_asked_how_an_order_stands_it_is_not_changed(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await lost_on_the_way(gateway, session)
        await session.aclose()
        async with trader(tmp_path, seed=2) as again:
            again.trading.open()
            (handle,) = again.trading.orders
            assert handle.status is OrderState.SENT
            with pytest.raises(OrderChangeRefused, match="nobody knows"):
                await handle.modify(limit_price=Decimal(98))
        assert gateway.state().orders == []


@on_virtual_time
async def test_a_change_does_not_leave_when_the_link_was_away_while_it_was_written(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        slow_down(session, 2)
        change = asyncio.create_task(handle.modify(limit_price=Decimal(98)))
        await asyncio.sleep(0.5)
        await gateway.inject("connectivity_lost")
        await asyncio.sleep(1)
        await gateway.inject("connectivity_restored", data_lost=False)  # the gateway is asked a second later
        with pytest.raises(NotConnected, match="is being asked"):
            await change
        await a_moment(QUIET_S)
        assert [one.times_received for one in gateway.state().orders_received] == [1]
        agree(gateway, session)


@on_virtual_time
async def test_what_cannot_be_changed_is_said_and_nothing_leaves(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        for changes, said in (
            ({"lmt_price": Decimal(1), "qty": 2}, "an order has no field lmt_price, qty"),
            ({"action": "SELL", "account": "DU1234567"}, "account, action cannot be changed"),
            ({"limit_price": Decimal("98.005"), "grid": even_grid(Decimal("0.01"))}, "between two ticks"),
            ({"what_if": True}, "what_if is set"),
            ({"limit_price": 98.5}, "allowed are Decimals"),
        ):
            with pytest.raises(InvalidOrder, match=said):
                await handle.modify(**changes)  # type: ignore[arg-type]
        await handle.modify(limit_price=Decimal("98.01"), grid=even_grid(Decimal("0.01")))
        await a_moment()
        assert [one.times_received for one in gateway.state().orders_received] == [2]


@on_virtual_time
async def test_a_cancel_overtakes_a_change_that_waits_for_the_disk(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        slow_down(session, 60)
        change = asyncio.create_task(handle.modify(limit_price=Decimal("99.5")))
        await a_moment()
        await handle.cancel()
        await a_moment()
        assert not change.done()
        assert handle.status is OrderState.CANCELLED
        with pytest.raises(OrderChangeRefused, match="the order is cancelled"):
            await change
        agree(gateway, session)


@on_virtual_time
async def test_a_cancel_leaves_though_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: JournalFile, _: object) -> None:
        raise JournalUnwritable(f"{self.path}: database or disk is full")

    async with floor(tmp_path) as (gateway, session):
        handles = [await session.trading.place(APPLE, limit("BUY", quantity, 99)) for quantity in (10, 11)]
        await asyncio.gather(*(handle.acknowledged() for handle in handles))
        with monkeypatch.context() as patched:
            patched.setattr(JournalFile, "write", full)
            assert await session.trading.cancel_all() == 2
            await a_moment()
        assert [handle.status for handle in handles] == [OrderState.CANCELLED] * 2
        assert [one.status for one in gateway.state().orders] == ["Cancelled"] * 2
        assert any(isinstance(event.data, JournalUnwritable) for event in told(session, EventType.ERROR))
        await session.aclose()
        async with trader(tmp_path, seed=2) as again:  # what the journal missed, asking the gateway shows
            await again.trading.ready()
            await a_moment()
            agree(gateway, again)
    assert [state for state, _ in of_journal(tmp_path).values()] == [OrderState.CANCELLED] * 2


async def lost_on_the_way(gateway: SimulatedGateway, session: IBSession) -> OrderHandle:
    """An order that has left and never arrived."""
    await session.trading.ready()
    await gateway.inject("drop_order", when="before_accept")
    handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
    await asyncio.sleep(0.01)
    assert handle.status is OrderState.SENT
    return handle
