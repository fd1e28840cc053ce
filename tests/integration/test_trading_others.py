"""Orders of other clients and of the TWS user: seen, bound by client 0, cancelled where IBKR allows it; and sending
again what nobody knows of."""

from __future__ import annotations

import asyncio
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from ibwire.events import EventType
from ibwire.exceptions import (
    DuplicateOrderId,
    NotConnected,
    OrderChangeRefused,
    OrderLimitExceeded,
    OrderOfAnotherClient,
)
from ibwire.journal_reader import JournalReader
from ibwire.order_handles import OrderHandle
from ibwire.order_states import OrderState
from ibwire.order_views import KnownOrder
from ibwire.order_wire import place_request
from ibwire.orders import limit
from ibwire.session import IBSession
from ibwire.simulator import SimulatedGateway
from tests.helpers.scripted_gateway import PORT
from tests.helpers.sessions import told
from tests.helpers.simulated import AAPL_CONTRACT, bought, raw, simulated
from tests.helpers.simulated import limit as wire_limit
from tests.helpers.trading_floor import APPLE, QUIET_S, a_moment, agree, floor, move, slow_down, trader
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset

MANUAL = wire_limit("BUY", "10", 99.0)


@pytest.mark.parametrize("binds_negative", [False, True])
def test_client_0_binds_the_tws_users_orders_and_follows_and_cancels_them(binds_negative: bool, tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        async with simulated(port=PORT, binds_negative=binds_negative) as gateway:
            before = gateway.desk.place_manual(AAPL_CONTRACT, MANUAL)
            async with trader(tmp_path, client_id=0) as session:
                (one,) = await session.trading.bind_manual_orders()
                after = gateway.desk.place_manual(AAPL_CONTRACT, wire_limit("BUY", "10", 98.0))
                await a_moment()
                one, other = session.trading.bound_orders
                assert [one.key.perm_id, other.key.perm_id] == [before, after]
                assert [one.status, other.status] == [OrderState.SUBMITTED, OrderState.SUBMITTED]
                assert one.key.client_ref is None
                assert session.trading.orders == ()
                ours = await session.trading.place(APPLE, limit("BUY", 1, 97))
                assert ours.key.order_id > max(one.key.order_id, other.key.order_id)
                with pytest.raises(OrderChangeRefused, match="TWS"):
                    await one.modify(limit_price=Decimal(1))
                await one.cancel()
                assert await one.done() is OrderState.CANCELLED
                move(gateway, 97.5, 97.6)
                assert await other.done() is OrderState.FILLED
                await a_moment()
                assert (other.filled, len(told(session, EventType.EXECUTION))) == (10, 1)
                assert (other.commission or 0) > 0
                assert ours.status is OrderState.SUBMITTED

    run()


@on_virtual_time
async def test_orders_are_bound_again_after_a_reconnect_and_what_happened_meanwhile_is_known(tmp_path: Path) -> None:
    async with simulated(port=PORT) as gateway, trader(tmp_path, client_id=0) as session:
        prices = (97.0, 99.0, 98.0)
        stays, fills, goes = (gateway.desk.place_manual(AAPL_CONTRACT, wire_limit("BUY", "10", at)) for at in prices)
        await session.trading.bind_manual_orders()
        await gateway.go_down()
        await a_moment()
        gateway.desk.cancel_manual(goes)
        move(gateway, 98.5, 98.6)
        await gateway.come_back()
        await a_moment(QUIET_S)
        by_perm_id = {one.key.perm_id: one.status for one in session.trading.bound_orders}
        assert by_perm_id == {
            stays: OrderState.SUBMITTED,
            fills: OrderState.FILLED,
            goes: OrderState.CANCELLED,
        }
        new = gateway.desk.place_manual(AAPL_CONTRACT, MANUAL)
        await a_moment()
        assert session.trading.bound_orders[-1].key.perm_id == new


@on_virtual_time
async def test_ids_that_tws_gives_to_bound_orders_are_never_given_to_ours(tmp_path: Path) -> None:
    async with simulated(port=PORT) as gateway, trader(tmp_path, client_id=0) as session:
        await session.trading.bind_manual_orders()
        for _ in range(60):
            gateway.desk.place_manual(AAPL_CONTRACT, MANUAL)
        await a_moment()
        ours = await session.trading.place(APPLE, limit("BUY", 1, 90))
        await ours.acknowledged()
        ids = [one.key.order_id for one in (*session.trading.bound_orders, ours)]
        assert len(set(ids)) == 61
        assert max(ids) == ours.key.order_id


@on_virtual_time
async def test_only_client_0_may_bind(tmp_path: Path) -> None:
    async with floor(tmp_path) as (_, session):
        with pytest.raises(OrderOfAnotherClient, match="only client 0"):
            await session.trading.bind_manual_orders()


@on_virtual_time
async def test_an_order_seen_is_cancelled_if_it_is_this_clients_and_refused_with_the_reason_if_not(
    tmp_path: Path,
) -> None:
    async with floor(tmp_path) as (gateway, session):
        ours = await session.trading.place(APPLE, limit("BUY", 1, 90))
        await ours.acknowledged()
        await session.aclose()
        async with raw(gateway, 1) as without_ibwire, raw(gateway, 9) as other:
            await without_ibwire.answers_to(bought(500, "5", 91.0))
            await other.answers_to(bought(ours.key.order_id, "5", 92.0))
        gateway.desk.place_manual(AAPL_CONTRACT, MANUAL)
        async with trader(tmp_path, seed=2) as again:
            await again.trading.ready()
            known = {str(one.order.limit_price): one for one in await again.trading.open_orders()}
            with pytest.raises(OrderOfAnotherClient, match="of client 9, this is client 1"):
                await again.trading.cancel_order(known["92.0"])
            with pytest.raises(OrderOfAnotherClient, match="of the TWS user"):
                await again.trading.cancel_order(known["99.0"])
            await again.trading.cancel_order(known["90.0"])
            await again.trading.cancel_order(known["91.0"])
            await a_moment()
            assert {one.order.limit_price for one in await again.trading.open_orders()} == {92, 99}
            (ended,) = [one for one in await again.trading.completed_orders() if one.order.limit_price == 91]
            with pytest.raises(OrderChangeRefused, match="completed"):
                await again.trading.cancel_order(ended)
            assert again.trading.orders[0].status is OrderState.CANCELLED


@on_virtual_time
async def test_client_0_is_told_to_bind_before_it_cancels_a_manual_order(tmp_path: Path) -> None:
    async with simulated(port=PORT) as gateway, trader(tmp_path, client_id=0) as session:
        gateway.desk.place_manual(AAPL_CONTRACT, MANUAL)
        (known,) = await session.trading.open_orders()
        with pytest.raises(OrderOfAnotherClient, match="bind_manual_orders"):
            await session.trading.cancel_order(known)
        await session.trading.bind_manual_orders()
        await session.trading.cancel_order(known)
        await a_moment()
        assert await session.trading.open_orders() == ()


# --- sending again


async def lost(gateway: SimulatedGateway, session: IBSession) -> OrderHandle:
    """An order that never arrived, which nobody here can know."""
    await session.trading.ready()
    await gateway.inject("drop_order", when="before_accept")
    handle = await session.trading.place(APPLE, limit("BUY", 10, 99, order_ref="mine"))
    await a_moment(QUIET_S)
    assert handle.status is OrderState.UNCONFIRMED
    return handle


@on_virtual_time
async def test_an_unconfirmed_order_is_sent_again_once_as_the_next_of_its_lineage(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await lost(gateway, session)
        slow_down(session)
        results = await asyncio.gather(*(session.trading.send_again(handle) for _ in range(2)), return_exceptions=True)
        (again,) = [one for one in results if isinstance(one, OrderHandle)]
        (refused,) = [one for one in results if isinstance(one, OrderChangeRefused)]
        assert "again already" in str(refused)
        await again.acknowledged()
        root, _, attempt = (handle.key.client_ref or "").partition(".")
        assert (attempt, again.key.client_ref) == ("1", f"{root}.2")
        assert again.order.order_ref == f"mine~{root}.2"
        assert again.key.order_id > handle.key.order_id
        with pytest.raises(OrderChangeRefused, match=r"again already, as .*\.2"):
            await session.trading.send_again(handle)
        with pytest.raises(OrderChangeRefused, match="submitted"):
            await session.trading.send_again(again)
        await again.cancel()
        await again.done()
        await a_moment()
        await session.aclose()
        async with trader(tmp_path, seed=2) as other:
            await other.trading.ready()
            (still,) = [one for one in other.trading.orders if not one.is_over]
            with pytest.raises(OrderChangeRefused, match=r"again already, as .*\.2"):
                await other.trading.send_again(still)
        assert len(gateway.state().orders) == 1
        reader = JournalReader(tmp_path / "journal.sqlite3")
        first = next(iter(reader.records(again.key.client_ref)))
        assert first.entry.detail == f"again, after {handle.key.client_ref}"
        reader.close()


@on_virtual_time
async def test_an_order_that_turns_up_when_it_is_to_be_sent_again_is_not(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await lost(gateway, session)
        gateway.desk.place(1, place_request(handle.key.order_id, APPLE, handle.order))  # it was under way all the time
        with pytest.raises(OrderChangeRefused, match="submitted"):
            await session.trading.send_again(handle)
        assert len(gateway.state().orders) == 1
        agree(gateway, session)


@on_virtual_time
async def test_guards_hold_for_what_is_sent_again(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await lost(gateway, session)
        await session.trading.halt("enough")
        with pytest.raises(OrderLimitExceeded, match="guard: halt"):
            await session.trading.send_again(handle)
        await session.trading.resume()
        await (await session.trading.send_again(handle)).acknowledged()


@on_virtual_time
async def test_a_policy_of_the_users_decides_and_without_one_nothing_is_sent_again(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        asked: list[OrderHandle] = []

        def policy(handle: OrderHandle) -> bool:
            asked.append(handle)
            if len(asked) == 2:
                raise ValueError("a mistake of the user's")
            return len(asked) == 1

        session.trading.send_again_if = policy
        first = await lost(gateway, session)
        await a_moment(QUIET_S)
        assert asked == [first]
        (order,) = gateway.state().orders
        assert order.order_ref == f"mine~{(first.key.client_ref or '').removesuffix('1')}2"
        second, third = await lost(gateway, session), await lost(gateway, session)
        await a_moment(QUIET_S)
        assert asked == [first, second, third]
        assert len(gateway.state().orders) == 1
        assert any(isinstance(one.data, ValueError) for one in told(session, EventType.ERROR))


@on_virtual_time
async def test_an_order_that_a_mere_question_bound_is_not_changed_by_the_next_one_of_ours(tmp_path: Path) -> None:
    """To ask for open orders binds, for client 0: the TWS user's order gets the very id that is next."""
    async with simulated(port=PORT) as gateway, trader(tmp_path, client_id=0) as session:
        await session.trading.ready()
        first = await session.trading.place(APPLE, limit("BUY", 1, 97))
        await first.acknowledged()
        gateway.desk.place_manual(AAPL_CONTRACT, MANUAL)
        await session.trading.reconcile()
        ours = await session.trading.place(APPLE, limit("BUY", 5, 96))
        await ours.acknowledged()
        assert [order.quantity for order in gateway.state().orders] == [1, 10, 5]


@on_virtual_time
async def test_under_another_client_id_an_order_of_the_journal_is_neither_cancelled_nor_changed(tmp_path: Path) -> None:
    """Its order id would name another order there, or none: that one must live."""
    async with floor(tmp_path) as (gateway, session):
        await (await session.trading.place(APPLE, limit("BUY", 1, 99))).acknowledged()
        await session.aclose()
        async with trader(tmp_path, client_id=5, seed=2) as again:
            for _ in range(3):
                await (await again.trading.place(APPLE, limit("BUY", 2, 98))).acknowledged()
            earlier, *own = again.trading.orders
            assert earlier.key.order_id in {handle.key.order_id for handle in own}
            with pytest.raises(OrderOfAnotherClient, match="placed as client 1, this is client 5"):
                await earlier.cancel()
            with pytest.raises(OrderOfAnotherClient):
                await earlier.modify(limit_price=Decimal(97))
            await a_moment()
            assert [order.status for order in gateway.state().orders] == ["Submitted"] * 4


@pytest.mark.parametrize("what", ["another journal", "a backup of it, with its mark"])
def test_open_orders_that_the_journal_does_not_know_are_told(what: str, tmp_path: Path) -> None:
    """Their ids are not used again, and they can be cancelled."""

    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path / "first") as (gateway, session):
            await (await session.trading.place(APPLE, limit("BUY", 1, 99))).acknowledged()
            await session.aclose()
            if what != "another journal":
                shutil.copytree(tmp_path / "first", tmp_path / "second")
            async with trader(tmp_path / "first", seed=2) as session:
                unknown = [await session.trading.place(APPLE, limit("BUY", 2, 99)) for _ in range(2)]
                await unknown[-1].acknowledged()
            async with trader(tmp_path / "second", seed=3) as session:
                await session.trading.ready()
                await session.trading.reconcile()
                told_of = [event.data for event in told(session, EventType.WARNING)]
                known = [one for one in told_of if isinstance(one, KnownOrder)]
                expected = [one.key.client_ref for one in unknown]
                assert [one.client_ref for one in known][-2:] == expected
                assert len(known) == (3 if what == "another journal" else 2)
                placed = await session.trading.place(APPLE, limit("BUY", 3, 99))
                assert await placed.acknowledged() is OrderState.SUBMITTED
                assert placed.key.order_id > max(one.key.order_id for one in unknown)
                for one in known:
                    await session.trading.cancel_order(one)
                await a_moment()
            working = [one.order_id for one in gateway.state().orders if one.status == "Submitted"]
            assert placed.key.order_id in working
            assert not {one.order_id for one in known} & set(working)

    run()


@on_virtual_time
async def test_what_an_earlier_run_left_is_cancelled_with_all_by_the_first_call_of_the_next(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.place(APPLE, limit("BUY", 1, 97))
        await a_moment()
        await session.aclose()
        async with trader(tmp_path, seed=2) as again:
            assert await again.trading.cancel_all() == 1
            await a_moment()
        assert [one.status for one in gateway.state().orders] == ["Cancelled"]


@on_virtual_time
async def test_what_an_earlier_run_left_is_cancelled_by_a_halt_that_is_the_first_call_of_the_next(
    tmp_path: Path,
) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.place(APPLE, limit("BUY", 1, 97))
        await a_moment()
        await session.aclose()
        async with trader(tmp_path, seed=2) as again:
            await again.trading.halt("enough")
            await a_moment(0.1)
            assert [one.status for one in gateway.state().orders] == ["Cancelled"]


@on_virtual_time
async def test_a_bound_order_is_not_cancelled_while_the_gateway_has_no_link(tmp_path: Path) -> None:
    async with simulated(port=PORT) as gateway:
        gateway.desk.place_manual(AAPL_CONTRACT, MANUAL)
        async with trader(tmp_path, client_id=0) as session:
            (bound,) = await session.trading.bind_manual_orders()
            await gateway.inject("connectivity_lost")
            await a_moment(0.1)
            with pytest.raises(NotConnected):
                await bound.cancel()


@on_virtual_time
async def test_a_question_has_an_id_above_all_of_the_journal_also_if_the_gateway_counts_anew(tmp_path: Path) -> None:
    """Under the id of an order that works it would be a change of that order."""
    async with floor(tmp_path) as (_, session):
        await session.trading.place(APPLE, limit("BUY", 1, 97), order_id=5000)
    async with floor(tmp_path) as (gateway, session):
        await session.trading.what_if(APPLE, limit("BUY", 1, 97))
        assert [one.order_id for one in gateway.state().orders_received] == [5001]


@on_virtual_time
async def test_what_ibwire_asks_and_places_as_client_0_is_no_order_of_the_tws_user(tmp_path: Path) -> None:
    async with simulated(port=PORT) as gateway:
        gateway.desk.place_manual(AAPL_CONTRACT, MANUAL)
        async with trader(tmp_path, client_id=0) as session:
            await session.trading.bind_manual_orders()
            await session.trading.what_if(APPLE, limit("BUY", 1, 97))
            await session.trading.place(APPLE, limit("BUY", 1, 97))
            await session.trading.reconcile()
            await a_moment()
            assert [one.order.limit_price for one in session.trading.bound_orders] == [99]
            assert [one.order.limit_price for one in session.trading.orders] == [97]


@on_virtual_time
async def test_an_order_does_not_take_the_id_of_one_that_was_entered_in_tws(tmp_path: Path) -> None:
    """To the gateway it would be new terms of that order."""
    async with simulated(port=PORT) as gateway:
        gateway.desk.place_manual(AAPL_CONTRACT, MANUAL)
        async with trader(tmp_path, client_id=0) as session:
            (bound,) = await session.trading.bind_manual_orders()
            with pytest.raises(DuplicateOrderId, match="entered in TWS"):
                await session.trading.place(APPLE, limit("BUY", 1, 97), order_id=bound.key.order_id)
            ib = session.ib
            await ib.connectAsync()
            (trade,) = ib.openTrades()
            trade.order.lmtPrice = 98.0
            ib.placeOrder(trade.contract, trade.order)
            await a_moment()
            assert "entered in TWS" in trade.log[-1].message
        assert gateway.state().orders_received == []
