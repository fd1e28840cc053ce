"""Nothing leaves while the link is away: what waits for its turn is taken back, what may wait leaves once, later."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ibwire.connection_state import ConnectionState
from ibwire.exceptions import (
    InvalidOrder,
    LiveTradingDisabled,
    NotConnected,
    OrderCancelled,
    OrderChangeRefused,
    OrderExpired,
    OrderLimitExceeded,
)
from ibwire.journal_reader import JournalReader
from ibwire.journal_records import Kind
from ibwire.order_states import OrderState
from ibwire.orders import limit
from ibwire.session import IBSession
from ibwire.simulator import SimulatedGateway
from tests.helpers.trading_floor import APPLE, QUIET_S, a_moment, agree, crowd, floor, slow_down, trader
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset

ORDER = limit("BUY", 10, 99)


def kinds(path: Path, client_ref: str | None) -> list[Kind]:
    """What the journal has of an order."""
    reader = JournalReader(path / "journal.sqlite3")
    try:
        return [record.entry.kind for record in reader.records(client_ref)]
    finally:
        reader.close()


async def lose(gateway: SimulatedGateway, how: str) -> None:
    if how == "1100":
        await gateway.inject("connectivity_lost")
    else:
        await gateway.go_down()


async def restore(gateway: SimulatedGateway, how: str) -> None:
    if how == "1100":
        await gateway.inject("connectivity_restored", data_lost=False)
    else:
        await gateway.come_back()


both_losses = pytest.mark.parametrize("how", ["1100", "the link falls"])


@both_losses
def test_an_order_and_a_change_that_wait_for_their_turn_are_taken_back(how: str, tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path) as (gateway, session):
            works = await session.trading.place(APPLE, ORDER)
            await works.acknowledged()
            crowd(session)
            waits = await session.trading.place(APPLE, ORDER)
            changing = asyncio.create_task(works.modify(limit_price=Decimal(98)))
            await asyncio.sleep(0.01)
            assert waits.status is OrderState.INTENT
            await lose(gateway, how)
            with pytest.raises(NotConnected):
                await waits.acknowledged()
            with pytest.raises(NotConnected):
                await changing
            assert (waits.status, works.order.limit_price) == (OrderState.REJECTED, 99)
            await restore(gateway, how)
            await a_moment(QUIET_S)
            assert [one.times_received for one in gateway.state().orders_received] == [1]
            agree(gateway, session)
            assert kinds(tmp_path, waits.key.client_ref) == [Kind.INTENT, Kind.NOT_SENT, Kind.ENDED]

    run()


@both_losses
@pytest.mark.parametrize("begins", ["as it goes down", "while it is down", "in the queue"])
def test_an_order_that_may_wait_leaves_once_when_the_session_is_back(how: str, begins: str, tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path) as (gateway, session):
            await session.trading.ready()
            if begins == "in the queue":
                crowd(session)
                handle = await session.trading.place(APPLE, ORDER, queue_while_down=600)
                await lose(gateway, how)
                await a_moment(0.1)
            else:
                await lose(gateway, how)
                await a_moment(0.1 if begins == "as it goes down" else QUIET_S)
                handle = await session.trading.place(APPLE, ORDER, queue_while_down=timedelta(minutes=10))
            assert (handle.status, handle.key.order_id) == (OrderState.INTENT, 0)
            with (
                pytest.raises(OrderChangeRefused)
                if session.state is ConnectionState.CONNECTED
                else pytest.raises(NotConnected)
            ):
                await handle.modify(limit_price=Decimal(98))
            await a_moment(QUIET_S)
            assert gateway.state().orders_received == []
            await restore(gateway, how)
            assert await handle.acknowledged() is OrderState.SUBMITTED
            await a_moment(QUIET_S)
            assert [one.times_received for one in gateway.state().orders_received] == [1]
            agree(gateway, session)
            await handle.cancel()
            assert await handle.done() is OrderState.CANCELLED
            another = await session.trading.place(APPLE, ORDER)
            assert another.key.order_id > handle.key.order_id > 0
            await a_moment(600)
            assert handle.unsent_because is None
        first, second, *_ = [one for one in kinds(tmp_path, handle.key.client_ref) if one is not Kind.INTENT]
        assert (first, second) == (Kind.QUEUED, Kind.NUMBERED)

    run()


@on_virtual_time
async def test_it_waits_for_the_reconciliation_not_only_for_the_link(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        await gateway.inject("connectivity_lost")
        await a_moment(0.1)
        handle = await session.trading.place(APPLE, ORDER, queue_while_down=60)
        await gateway.inject("connectivity_restored", data_lost=False)
        await a_moment(0.3)
        assert session.state is ConnectionState.CONNECTED
        another = await session.trading.place(APPLE, limit("BUY", 1, 98), queue_while_down=60)
        assert (handle.status, another.status) == (OrderState.INTENT, OrderState.INTENT)
        await session.trading.reconcile()
        await asyncio.gather(handle.acknowledged(), another.acknowledged())
        assert handle.key.order_id < another.key.order_id
        at_once = await session.trading.place(APPLE, limit("BUY", 1, 97), queue_while_down=60)
        assert at_once.status is OrderState.SENT


@both_losses
def test_its_time_is_over_and_it_ends_unsent(how: str, tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path) as (gateway, session):
            await session.trading.ready()
            await lose(gateway, how)
            await a_moment(0.1)
            handle = await session.trading.place(APPLE, ORDER, queue_while_down=30)
            with pytest.raises(OrderExpired):
                await handle.acknowledged()
            assert await handle.done() is OrderState.REJECTED
            await restore(gateway, how)
            await a_moment(QUIET_S)
            assert gateway.state().orders_received == []
            assert kinds(tmp_path, handle.key.client_ref) == [Kind.QUEUED, Kind.NOT_SENT, Kind.ENDED]

    run()


@on_virtual_time
async def test_an_order_whose_time_is_over_before_the_disk_or_the_gateway_was_ready_does_not_leave_late(
    tmp_path: Path,
) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        slow_down(session)
        handle = await session.trading.place(APPLE, ORDER, queue_while_down=1)
        with pytest.raises(OrderExpired):
            await handle.acknowledged()
        await a_moment(QUIET_S)
        assert gateway.state().orders_received == []


@on_virtual_time
async def test_an_order_behind_others_in_the_queue_expires_there(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        for _ in range(3):
            crowd(session)
        handle = await session.trading.place(APPLE, ORDER, queue_while_down=1)
        with pytest.raises(OrderExpired):
            await handle.acknowledged()
        await a_moment(QUIET_S)
        assert gateway.state().orders_received == []
        assert kinds(tmp_path, handle.key.client_ref) == [Kind.INTENT, Kind.NOT_SENT, Kind.ENDED]


@on_virtual_time
async def test_what_waits_can_be_cancelled_and_a_halt_ends_it(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        await gateway.inject("connectivity_lost")
        await a_moment(0.1)
        one, other = [await session.trading.place(APPLE, ORDER, queue_while_down=60) for _ in range(2)]
        await one.cancel()
        with pytest.raises(OrderCancelled):
            await one.acknowledged()
        await session.trading.halt("enough")
        assert await other.done() is OrderState.REJECTED
        with pytest.raises(OrderLimitExceeded, match="guard: halt"):
            await session.trading.place(APPLE, ORDER, queue_while_down=60)
        await gateway.inject("connectivity_restored", data_lost=False)
        await a_moment(QUIET_S)
        assert gateway.state().orders_received == []


@on_virtual_time
async def test_a_cancel_does_not_overtake_its_order(tmp_path: Path) -> None:
    """The cancel would leave first, name an order that nobody knows, and the order would work."""
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        crowd(session)
        handle = await session.trading.place(APPLE, ORDER)
        await handle.cancel()
        assert await handle.done() is OrderState.REJECTED
        await a_moment(QUIET_S)
        assert gateway.state().orders_received == []


@on_virtual_time
async def test_the_cancel_of_everybodys_orders_does_not_overtake_an_order(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        crowd(session)
        handle = await session.trading.place(APPLE, ORDER)
        await session.trading.cancel_all(of_everybody=True)
        with pytest.raises(OrderCancelled, match="before it left"):
            await handle.acknowledged()
        await a_moment(QUIET_S)
        assert gateway.state().orders_received == []


@on_virtual_time
async def test_a_change_whose_caller_gave_up_is_taken_back(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, ORDER)
        await handle.acknowledged()
        crowd(session)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await handle.modify(limit_price=Decimal(98))
        await a_moment(QUIET_S)
        assert [one.times_received for one in gateway.state().orders_received] == [1]
        assert handle.order.limit_price == 99


@pytest.mark.parametrize("way", ["closed", "killed"])
def test_what_waited_when_the_process_ended_is_never_sent(way: str, tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path) as (gateway, session):
            await session.trading.ready()
            await gateway.inject("connectivity_lost")
            await a_moment(0.1)
            handle = await session.trading.place(APPLE, ORDER, queue_while_down=3600)
            if way == "killed":
                forget_the_queue(session)
            await session.aclose()
            await gateway.inject("connectivity_restored", data_lost=False)
            async with trader(tmp_path, seed=2) as again:
                await again.trading.ready()
                ended = {one.key.client_ref: one.status for one in again.trading.orders}
                assert ended in ({}, {handle.key.client_ref: OrderState.REJECTED})
                assert bool(ended) == (way == "killed")
                await a_moment(QUIET_S)
            assert gateway.state().orders_received == []
        assert kinds(tmp_path, handle.key.client_ref) == [Kind.QUEUED, Kind.NOT_SENT, Kind.ENDED]
        reader = JournalReader(tmp_path / "journal.sqlite3")
        assert reader.problems(is_thorough=True) == []
        reader.close()

    run()


@on_virtual_time
async def test_a_link_lost_while_it_is_numbered_leaves_it_waiting_also_for_the_journal(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        await gateway.inject("connectivity_lost")
        await a_moment(0.1)
        handle = await session.trading.place(APPLE, ORDER, queue_while_down=3600)
        slow_down(session)
        await gateway.inject("connectivity_restored", data_lost=False)
        await a_moment(2)  # a second until the gateway is asked, then it is being numbered for two
        await gateway.inject("connectivity_lost")
        await a_moment(5)
        assert handle.status is OrderState.INTENT
        forget_the_queue(session)
        await session.aclose()
        assert kinds(tmp_path, handle.key.client_ref) == [Kind.QUEUED, Kind.NUMBERED, Kind.QUEUED]
        await gateway.inject("connectivity_restored", data_lost=False)
        async with trader(tmp_path, seed=2) as again:
            await again.trading.ready()
            (ended,) = again.trading.orders
            assert ended.status is OrderState.REJECTED
        assert gateway.state().orders_received == []


@on_virtual_time
async def test_what_waited_is_held_to_the_guards_again_when_it_leaves(tmp_path: Path) -> None:
    """The market, the login or the user's source of prices may be another by then."""
    async with floor(tmp_path, max_distance_percent=Decimal(5)) as (gateway, session):
        trading, trading.market_price = session.trading, lambda _: Decimal(100)
        await trading.ready()

        def moved(_: object) -> Decimal:
            return Decimal(200)

        def broken(_: object) -> Decimal:
            raise ZeroDivisionError

        for source, guard in ((moved, "max_distance_percent"), (broken, "its source failed: ZeroDivisionError")):
            trading.market_price = lambda _: Decimal(100)
            await gateway.inject("connectivity_lost")
            await a_moment(0.1)
            handle = await trading.place(APPLE, ORDER, queue_while_down=60)
            trading.market_price = source
            await gateway.inject("connectivity_restored", data_lost=False)
            with pytest.raises(OrderLimitExceeded, match=guard):
                await handle.acknowledged()
            assert kinds(tmp_path, handle.key.client_ref)[-2:] == [Kind.NOT_SENT, Kind.ENDED]
        assert gateway.state().orders_received == []


@on_virtual_time
async def test_what_waited_does_not_leave_for_another_login(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        await gateway.inject("connectivity_lost")
        await a_moment(0.1)
        group = replace(ORDER, fa_group="All", fa_method="EqualQuantity")
        handles = [await session.trading.place(APPLE, one, queue_while_down=60) for one in (ORDER, group)]
        session.connection._accounts = ("U1234567",)  # the gateway was started again, as the live one
        await gateway.inject("connectivity_restored", data_lost=False)
        for handle, error in zip(handles, (InvalidOrder, LiveTradingDisabled), strict=True):
            with pytest.raises(error):
                await handle.acknowledged()
        assert gateway.state().orders_received == []


@on_virtual_time
async def test_of_those_that_waited_no_more_leave_in_a_minute_than_may_be_placed(tmp_path: Path) -> None:
    async with floor(tmp_path, max_orders_per_minute=2) as (gateway, session):
        trading = session.trading
        await trading.ready()
        await gateway.inject("connectivity_lost")
        await a_moment(0.1)
        handles = []
        for at in range(5):
            handles.append(
                await trading.place(APPLE, limit("BUY", 1, 90 + at), queue_while_down=300 if at < 4 else 150)
            )
            await a_moment(40)
        await gateway.inject("connectivity_restored", data_lost=False)
        for expected in (2, 3, 4, 4):
            await a_moment(31)
            assert len(gateway.state().orders) == expected
            if expected == 2:  # the link is there, and it has no number yet that a change could name
                with pytest.raises(OrderChangeRefused, match="waits to be sent"):
                    await handles[3].modify(limit_price=Decimal(50))
        assert handles[4].status is OrderState.REJECTED  # its time was over before there was room for it
        await a_moment(30)
        assert len(gateway.state().orders) == 4


@on_virtual_time
async def test_what_waits_for_room_in_the_minute_ends_unsent_with_the_session(tmp_path: Path) -> None:
    async with floor(tmp_path, max_orders_per_minute=1) as (gateway, session):
        await session.trading.ready()
        await gateway.inject("connectivity_lost")
        await a_moment(0.1)
        first = await session.trading.place(APPLE, ORDER, queue_while_down=600)
        await a_moment(40)
        with pytest.raises(OrderLimitExceeded, match="guard: max_orders_per_minute"):
            await session.trading.place(APPLE, ORDER, queue_while_down=600)
        await a_moment(21)
        second = await session.trading.place(APPLE, ORDER, queue_while_down=600)
        await a_moment(30)
        await gateway.inject("connectivity_restored", data_lost=False)
        await a_moment(5)
        assert (first.status, second.status) == (OrderState.INTENT, OrderState.INTENT)  # the second's place is taken
        before = asyncio.get_running_loop().time()
        await session.aclose()
        assert asyncio.get_running_loop().time() - before < 1
        assert (first.status, second.status) == (OrderState.REJECTED, OrderState.REJECTED)
        assert gateway.state().orders_received == []


def forget_the_queue(session: IBSession) -> None:
    """As if the process ended here: nothing more is written of what waits."""
    queue: Any = session.trading._placing.queue
    for handle in queue.waiting:
        queue.drop(handle)


@on_virtual_time
async def test_an_order_that_may_wait_has_no_number_yet(tmp_path: Path) -> None:
    async with floor(tmp_path) as (_, session):
        with pytest.raises(InvalidOrder, match="gets its order_id when it leaves"):
            await session.trading.place(APPLE, ORDER, order_id=session.next_id(), queue_while_down=5)


@on_virtual_time
async def test_no_time_to_wait_is_refused(tmp_path: Path) -> None:
    async with floor(tmp_path) as (_, session):
        for waits in (0, -1, float("inf"), timedelta(0)):
            with pytest.raises(InvalidOrder, match="queue_while_down"):
                await session.trading.place(APPLE, ORDER, queue_while_down=waits)
