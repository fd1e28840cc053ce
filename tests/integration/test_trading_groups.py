"""Groups in one call: a bracket's orders know each other, all are in the journal before a byte leaves, all or none."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ibwire.exceptions import InvalidOrder, NotConnected, OrderLimitExceeded, RateLimitQueueFull
from ibwire.journal_reader import JournalReader
from ibwire.journal_records import Kind
from ibwire.order_states import OrderState
from ibwire.orders import bracket, limit, one_cancels_all
from ibwire.wire import messages as m
from tests.helpers.trading_floor import APPLE, QUIET_S, a_moment, agree, floor, move
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset

BRACKET = bracket("BUY", 10, limit_price="99", take_profit_price="101", stop_loss_price="97", order_ref="mine")


@on_virtual_time
async def test_a_bracket_is_placed_as_one_and_its_profit_ends_its_stop(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        parent, profit, loss = await session.trading.place_group(APPLE, BRACKET)
        assert [one.key.order_id - parent.key.order_id for one in (parent, profit, loss)] == [0, 1, 2]
        assert [one.order.parent_id or 0 for one in (parent, profit, loss)] == [0, *[parent.key.order_id] * 2]
        assert [one.order.transmit for one in (parent, profit, loss)] == [False, False, True]
        assert [one.order.order_ref for one in (parent, profit, loss)] == [
            f"mine~{one.key.client_ref}" for one in (parent, profit, loss)
        ]
        await parent.acknowledged()
        move(gateway, 98.0, 98.5)
        assert await parent.done() is OrderState.FILLED
        move(gateway, 101.5, 101.6)
        assert await profit.done() is OrderState.FILLED
        assert await loss.done() is OrderState.CANCELLED
        agree(gateway, session)


@on_virtual_time
async def test_of_one_cancels_all_one_fills_and_the_others_are_cancelled(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        group = one_cancels_all([limit("BUY", 10, 99), limit("BUY", 10, 98), limit("BUY", 10, 97)], "one of them")
        handles = await session.trading.place_group(APPLE, group)
        assert all(one.order.transmit for one in handles)
        await handles[2].acknowledged()
        move(gateway, 98.5, 98.6)
        assert [await one.done() for one in handles] == [
            OrderState.FILLED,
            OrderState.CANCELLED,
            OrderState.CANCELLED,
        ]
        agree(gateway, session)


@on_virtual_time
async def test_the_whole_group_is_in_the_journal_before_the_first_byte_leaves(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        seen: list[int] = []
        send = session.connection.send

        def watched(message: Any, frame: Any = None) -> Any:
            reader = JournalReader(tmp_path / "journal.sqlite3")
            seen.append(sum(record.entry.kind is Kind.INTENT for record in reader.records()))
            reader.close()
            return send(message, frame)

        session.connection.send = watched  # type: ignore[method-assign]
        await session.trading.place_group(APPLE, BRACKET)
        assert seen == [3, 3, 3]
        await a_moment()
        agree(gateway, session)


@pytest.mark.parametrize(
    ("limits", "group", "error"),
    [
        ({"max_order_value": Decimal(1000)}, BRACKET, OrderLimitExceeded),  # the profit's value alone is above
        ({"max_open_orders": 2}, BRACKET, OrderLimitExceeded),
        ({"max_orders_per_minute": 2}, BRACKET, OrderLimitExceeded),
        ({}, [limit("BUY", 1, 99), limit("BUY", 0, 99)], InvalidOrder),
        ({}, [limit("BUY", 1, 99), limit("BUY", 1, 99, order_ref="much too long a tag for this")], InvalidOrder),
        ({}, [], InvalidOrder),
    ],
)
def test_if_one_is_refused_none_is_sent(
    limits: dict[str, Any], group: Any, error: type[Exception], tmp_path: Path
) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path, **limits) as (gateway, session):
            with pytest.raises(error):
                await session.trading.place_group(APPLE, group)
            await a_moment()
            assert gateway.state().orders_received == []
            assert session.trading.orders == ()
            await session.trading.place(APPLE, limit("BUY", 1, 90))  # what was refused does not count

    run()


@on_virtual_time
async def test_a_disk_that_fails_sends_none_of_them(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        journal: Any = session.trading._followed._journal
        await journal.aclose()
        with pytest.raises(Exception, match="closed"):
            await session.trading.place_group(APPLE, BRACKET)
        await a_moment()
        assert gateway.state().orders_received == []


@pytest.mark.parametrize("when", ["before_accept", "after_accept"])
def test_if_the_link_falls_between_them_asking_tells_which_there_are(when: str, tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path) as (gateway, session):
            await session.trading.ready()
            await gateway.inject("drop_order", when=when)  # with the first, the link is gone
            group = one_cancels_all([limit("BUY", 10, 99), limit("BUY", 10, 98)], "one of them")
            handles = await session.trading.place_group(APPLE, group)
            await a_moment(QUIET_S)
            assert handles[0].status is (OrderState.UNCONFIRMED if when == "before_accept" else OrderState.SUBMITTED)
            agree(gateway, session)  # whether the second arrived, too

    run()


@on_virtual_time
async def test_what_waits_of_a_group_is_taken_back_together_when_the_link_goes(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        for _ in range(44):  # there is room for one order in this second
            session.send(m.CancelOrderRequest(1_000_000)).add_done_callback(lambda done: done.exception())
        handles = await session.trading.place_group(APPLE, BRACKET)
        await gateway.inject("connectivity_lost")
        await a_moment(0.1)
        taken_back = [one for one in handles if one.unsent_because is not None]
        assert taken_back
        assert all(isinstance(one.unsent_because, NotConnected) for one in taken_back)
        await gateway.inject("connectivity_restored", data_lost=False)
        await a_moment(QUIET_S)
        agree(gateway, session)


@on_virtual_time
async def test_if_the_queue_is_full_in_the_middle_those_that_left_are_cancelled(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        send, sent = session.connection.send, 0

        def full_after_one(message: Any, frame: Any = None) -> Any:
            nonlocal sent
            sent += 1
            if sent == 2:
                raise RateLimitQueueFull("10000 messages wait already")
            return send(message, frame)

        session.connection.send = full_after_one  # type: ignore[method-assign]
        group = one_cancels_all([limit("BUY", 10, 99), limit("BUY", 10, 98), limit("BUY", 10, 97)], "one of them")
        with pytest.raises(RateLimitQueueFull):
            await session.trading.place_group(APPLE, group)
        await a_moment()
        assert [one.status for one in gateway.state().orders] == ["Cancelled"]
        assert [one.status for one in session.trading.orders] == [
            OrderState.CANCELLED,
            OrderState.REJECTED,
            OrderState.REJECTED,
        ]
        agree(gateway, session)
