"""What the books keep: commissions of second orders, reconciliations in the journal, orders of an earlier run."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from ibwire.events import EventType
from ibwire.exceptions import NotConnected
from ibwire.journal_reader import JournalReader
from ibwire.order_states import OrderState
from ibwire.orders import limit, one_cancels_all
from tests.helpers.sessions import told
from tests.helpers.trading_floor import APPLE, QUIET_S, a_moment, agree, floor, move, of_journal, trader
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset


@on_virtual_time
async def test_a_change_that_fills_without_a_word_is_found_out(tmp_path: Path) -> None:
    async with floor(tmp_path, ack_timeout_s=3) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await gateway.inject("no_ack")
        await handle.modify(limit_price=Decimal(101))
        await a_moment(2)
        assert handle.filled == 0
        assert await handle.done() is OrderState.FILLED
        agree(gateway, session)


@on_virtual_time
async def test_what_a_second_order_cost_is_its_own(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await gateway.inject("duplicate_live_order")
        await handle.modify(limit_price=Decimal("99.5"), total_quantity=Decimal(20))
        await a_moment()
        move(gateway, 99.2, 99.4)
        await a_moment()
        (second,) = handle.others.values()
        assert (second.filled, len(second.commissions), second.quantity) == (20, 1, 20)
        assert (handle.filled, handle.commission) == (0, None)
        agree(gateway, session, twins=True)


@on_virtual_time
async def test_the_journal_ends_an_order_whose_larger_quantity_was_lost(tmp_path: Path) -> None:
    """Filled is filled by the quantity that the gateway has, in the journal too."""
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await gateway.inject("drop_order", when="before_accept")
        await handle.modify(total_quantity=Decimal(20))
        await a_moment(QUIET_S)
        await gateway.inject("fill_while_down", down_for_s=2.0)
        assert await handle.done() is OrderState.FILLED
        await a_moment(QUIET_S)
        assert of_journal(tmp_path) == {handle.key.client_ref: (OrderState.FILLED, 10)}


@on_virtual_time
async def test_the_journal_keeps_the_terms_of_a_change_that_never_left(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        changing = asyncio.create_task(handle.modify(total_quantity=Decimal(20)))
        await asyncio.sleep(0)
        changing.cancel()  # while the disk is waited for
        await asyncio.gather(changing, return_exceptions=True)
        await a_moment()
        assert gateway.state().orders[0].quantity == 10
        reader = JournalReader(tmp_path / "journal.sqlite3")
        (kept,) = reader.orders()
        reader.close()
        assert (kept.quantity, kept.order.total_quantity) == (10, 10)


@on_virtual_time
async def test_an_order_left_unconfirmed_is_told_of_again_by_the_next_run(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        await gateway.inject("drop_order", when="before_accept")
        lost = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await a_moment(QUIET_S)
        assert len(told(session, EventType.ORDER_UNCONFIRMED)) == 1
        await session.aclose()
        async with trader(tmp_path, seed=2) as again:
            await again.trading.ready()
            await again.trading.reconcile()
            (event,) = told(again, EventType.ORDER_UNCONFIRMED)
            assert event.data.key.client_ref == lost.key.client_ref
            assert "neither among its open nor its completed" in event.data.reason


@on_virtual_time
async def test_a_price_change_does_not_take_back_what_the_group_took(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        orders = one_cancels_all([limit("BUY", 100, 99), limit("BUY", 100, 98)], "group", oca_type=3)  # type: ignore[arg-type]
        first, second = [await session.trading.place(APPLE, order) for order in orders]
        await first.acknowledged()
        await second.acknowledged()
        move(gateway, 98.5, 98.9, 40)
        await a_moment()
        assert (first.filled, second.remaining) == (40, 60)
        await second.modify(limit_price=Decimal(97))
        await a_moment()
        assert gateway.state().orders[1].quantity == 60
        agree(gateway, session)


def test_a_closed_session_opens_no_journal_any_more(tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path) as (_, session):
            await session.aclose()
            with pytest.raises(NotConnected):
                await session.trading.ready()

    run()
    assert list(tmp_path.iterdir()) == []
