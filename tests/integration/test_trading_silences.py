"""Orders at a gateway that says little, or the same moment too much: each of them is found out about in the end."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ibwire import tracked_orders
from ibwire.client_refs import split_order_ref
from ibwire.events import EventType
from ibwire.exceptions import OrderChangeRefused, OrderUnconfirmed, RequestTimeout
from ibwire.order_changes import TermsDiffer
from ibwire.order_states import OrderState
from ibwire.orders import limit
from ibwire.wire import messages as m
from tests.helpers.scripted_orders import PERM_ID, desk
from tests.helpers.sessions import told
from tests.helpers.trading_floor import APPLE, QUIET_S, a_moment, of_journal
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset

BUY = limit("BUY", 10, 10)


def manual(order_id: int, **more: Any) -> m.OpenOrder:
    """A working order of the TWS user, bound under this id."""
    order = m.Order(perm_id=PERM_ID, action="BUY", total_quantity="10", order_type="LMT", lmt_price=9.0, **more)
    return m.OpenOrder(order_id=order_id, contract=APPLE, order=order, order_state=m.OrderState(status="Submitted"))


@on_virtual_time
async def test_ib_insync_363_the_cancel_of_an_inactive_order_that_nobody_answers_ends_it(tmp_path: Path) -> None:
    async with desk(tmp_path, ack_timeout_s=3) as (gateway, session):
        handle = await session.trading.place(APPLE, BUY)
        await a_moment()
        gateway.open = [gateway.open_order("Inactive"), gateway.status("Inactive")]
        gateway.say(*gateway.open)
        await a_moment(5)
        assert handle.status is OrderState.INACTIVE
        gateway.open = []
        await handle.cancel()
        async with asyncio.timeout(QUIET_S):
            assert await handle.done() is OrderState.CANCELLED


@on_virtual_time
async def test_a_warning_that_comes_while_the_gateway_is_asked_leaves_no_order_in_the_dark(tmp_path: Path) -> None:
    """The order is nowhere, and of the warning's moment nothing was concluded: it is asked about once more."""
    async with desk(tmp_path, ack_timeout_s=3) as (gateway, session):
        handle = await session.trading.place(APPLE, BUY)
        await a_moment()
        gateway.on_open_orders = lambda: (
            gateway.say(gateway.error(399, "Order Message: it waits")) if gateway.asked < 3 else None
        )
        async with asyncio.timeout(QUIET_S):
            with pytest.raises(OrderUnconfirmed):
                await handle.done()
        assert gateway.asked == 3


@on_virtual_time
async def test_an_order_of_which_news_comes_with_every_answer_is_asked_about_until_there_is_none(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, BUY)
        await a_moment()
        gateway.say(gateway.open_order("Inactive"), gateway.status("Inactive"))
        gateway.open = [gateway.open_order("Submitted"), gateway.status("Submitted")]
        gateway.on_open_orders = lambda: (
            gateway.say(gateway.open_order("Submitted"), gateway.status("Submitted")) if gateway.asked < 8 else None
        )
        await a_moment(QUIET_S)
        assert handle.status is OrderState.SUBMITTED
        assert gateway.asked == 8


@on_virtual_time
async def test_an_order_said_to_be_filled_of_which_nothing_is_known_after_midnight_has_filled(tmp_path: Path) -> None:
    """The journal says the same."""
    async with desk(tmp_path, ack_timeout_s=3) as (gateway, session):
        handle = await session.trading.place(APPLE, BUY)
        await a_moment()
        gateway.say(gateway.open_order("Submitted"), gateway.status("Filled", 10, 0, avg_fill_price=9.5))
        async with asyncio.timeout(QUIET_S):
            assert await handle.done() is OrderState.FILLED
        assert (handle.filled, handle.average_price) == (10, Decimal("9.5"))
        ref = handle.key.client_ref
    assert of_journal(tmp_path) == {ref: (OrderState.FILLED, Decimal(10))}


@on_virtual_time
async def test_an_order_of_which_only_the_echo_says_filled_is_asked_about(tmp_path: Path) -> None:
    async with desk(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, BUY)
        await a_moment()
        gateway.executions = [gateway.execution(1, 10, 10)]
        gateway.say(gateway.open_order("Filled"))
        async with asyncio.timeout(QUIET_S):
            assert await handle.done() is OrderState.FILLED
        assert (handle.filled, len(handle.fills)) == (10, 1)


@on_virtual_time
async def test_a_combo_is_filled_by_its_own_execution_and_charged_by_its_legs(tmp_path: Path) -> None:
    legs = (m.ComboLeg(con_id=1, ratio=1, action="BUY"), m.ComboLeg(con_id=2, ratio=1, action="SELL"))
    bag = m.Contract(symbol="IBKR", sec_type="BAG", exchange="SMART", currency="USD", combo_legs=legs)
    leg = m.Contract(con_id=1, symbol="IBKR", sec_type="OPT")
    async with desk(tmp_path) as (gateway, session):
        handle = await session.trading.place(bag, limit("BUY", 10, "-0.5"))
        await a_moment()
        gateway.say(
            gateway.execution(2, 10, 10, price=3.0, contract=leg),
            gateway.execution(3, 10, 10, price=3.5, contract=leg),
            gateway.execution(1, 10, 10, price=-0.5),
            gateway.open_order("Filled"),
            gateway.status("Filled", 10, 0, avg_fill_price=-0.5),
            *(
                m.CommissionAndFeesReport(exec_id=f"0000e0d5.69e02bfb.{at:02}.01", commission_and_fees=1.5)
                for at in (2, 3)
            ),
        )
        assert await handle.done() is OrderState.FILLED
        await a_moment()
        assert (handle.filled, handle.average_price, handle.commission) == (10, Decimal("-0.5"), 3)
        assert (len(handle.fills), len(handle.tracked.leg_fills), handle.tracked.doubts) == (1, 2, ())


@on_virtual_time
async def test_an_error_that_names_nothing_is_not_about_a_bound_order_with_that_id(tmp_path: Path) -> None:
    """TWS may bind with negative numbers, and -1 is also what stands where an error names no order. It leaves out the
    client's number where that is 0."""
    async with desk(tmp_path, client_id=0) as (gateway, session):
        gateway.open = [manual(-1)]
        (bound,) = await session.trading.bind_manual_orders()
        gateway.say(m.ErrorMessage(id=-1, error_code=2104, error_msg="Market data farm connection is OK:usfarm"))
        gateway.say(m.ErrorMessage(id=-1, error_code=202, error_msg="Order Canceled - reason:"))
        await a_moment()
        assert (bound.status, bound.tracked.notices) == (OrderState.SUBMITTED, ())
        gateway.say(m.OrderStatus(order_id=-1, status="Cancelled", filled="0", remaining="10", perm_id=PERM_ID))
        assert await bound.done() is OrderState.CANCELLED


@on_virtual_time
async def test_an_error_that_may_be_about_either_of_two_orders_is_a_reason_to_ask(tmp_path: Path) -> None:
    async with desk(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, BUY)
        await a_moment()
        gateway.say(gateway.open_order("Submitted"), gateway.open_order("Submitted", perm_id=PERM_ID + 1))
        await a_moment(5)
        assert [one.perm_id for one in (event.data for event in told(session, EventType.DUPLICATE_ORDER))] == [
            PERM_ID + 1
        ]
        asked = gateway.asked
        gateway.open = [gateway.open_order("Submitted"), gateway.status("Submitted")]
        gateway.say(gateway.error(202, "Order Canceled - reason:"))
        await a_moment(5)
        assert gateway.asked > asked
        assert handle.status is OrderState.SUBMITTED
        assert [one.state for one in handle.others.values()] == [OrderState.CANCELLED]


@on_virtual_time
async def test_an_order_is_not_done_before_the_fills_that_the_gateway_has_spoken_of_are_booked(tmp_path: Path) -> None:
    """A part filled, the rest was cancelled, and the execution comes after the status that ends the order."""
    async with desk(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, BUY)
        await a_moment()
        gateway.say(gateway.open_order("Submitted"), gateway.status("Cancelled", 4, 6))
        await a_moment()
        assert handle.status is OrderState.CANCELLED
        gateway.completed = [
            m.CompletedOrder(
                order=m.Order(perm_id=PERM_ID, filled_quantity="4"), order_state=m.OrderState(status="Cancelled")
            )
        ]
        async with asyncio.timeout(QUIET_S):
            assert await handle.done() is OrderState.CANCELLED
        assert (handle.filled, handle.remaining) == (4, 6)
        assert len(told(session, EventType.ORDER_CANCELLED)) == 1


@on_virtual_time
async def test_what_a_second_order_s_legs_cost_is_its_own(tmp_path: Path) -> None:
    legs = (m.ComboLeg(con_id=1, ratio=1, action="BUY"), m.ComboLeg(con_id=2, ratio=1, action="SELL"))
    bag = m.Contract(symbol="IBKR", sec_type="BAG", exchange="SMART", currency="USD", combo_legs=legs)
    leg = m.Contract(con_id=1, symbol="IBKR", sec_type="OPT")
    async with desk(tmp_path) as (gateway, session):
        handle = await session.trading.place(bag, limit("BUY", 10, "0.5"))
        await a_moment()
        twin = PERM_ID + 1
        gateway.say(
            gateway.open_order("Submitted"),
            gateway.execution(1, 10, 10, perm_id=twin),
            gateway.execution(2, 10, 10, perm_id=twin, contract=leg),
            gateway.commission(2),
        )
        await a_moment()
        (other,) = handle.others.values()
        assert (handle.filled, handle.commission) == (0, None)
        assert (other.filled, [one.amount for one in other.commissions]) == (10, [Decimal("1.5")])


@on_virtual_time
async def test_an_order_that_lives_again_after_its_end_is_followed_however_many_others_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracked_orders, "MAX_SETTLED", 2)
    async with desk(tmp_path) as (gateway, session):
        first = await session.trading.place(APPLE, BUY)
        await a_moment()
        gateway.say(gateway.open_order("Submitted"), gateway.status("Cancelled"))
        await a_moment()
        gateway.open = [gateway.open_order("Submitted"), gateway.status("Submitted")]
        gateway.say(gateway.status("Submitted"))
        await a_moment(5)
        assert first.status is OrderState.SUBMITTED
        for at in range(1, 5):
            await session.trading.place(APPLE, BUY)
            await a_moment()
            gateway.say(gateway.open_order("Cancelled", at), gateway.status("Cancelled", at=at))
        await a_moment()
        assert first in session.trading.orders
        gateway.say(gateway.status("Cancelled"))
        assert await first.done() is OrderState.CANCELLED


@on_virtual_time
async def test_ib_async_82_executions_whose_end_is_never_told_are_booked_and_nothing_follows_from_silence(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, ack_timeout_s=3) as (gateway, session):
        filled, cancelled, swallowed = [await session.trading.place(APPLE, BUY) for _ in range(3)]
        await a_moment()
        for at in (0, 1):
            gateway.say(gateway.open_order("Submitted", at), gateway.status("Submitted", at=at))
        await a_moment()
        gateway.ends_executions = False
        gateway.executions = [gateway.execution(1, 10, 10)]
        gateway.completed = [
            m.CompletedOrder(order=m.Order(perm_id=PERM_ID + 1), order_state=m.OrderState(status="Cancelled"))
        ]
        with pytest.raises(RequestTimeout):
            await session.trading.reconcile()
        assert (filled.status, filled.filled) == (OrderState.FILLED, 10)
        assert (cancelled.status, swallowed.status) == (OrderState.CANCELLED, OrderState.SENT)
        gateway.ends_executions = True
        with pytest.raises(OrderUnconfirmed):
            await swallowed.done()


@on_virtual_time
async def test_a_what_if_about_an_order_of_ours_is_not_taken_for_the_order(tmp_path: Path) -> None:
    """The first answer has IBKR's sign for no value where the margins will be (protocol notes, 4.8)."""
    async with desk(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, BUY)
        await a_moment()
        gateway.say(gateway.open_order("Submitted"), gateway.status("Submitted"))
        await a_moment()
        question = asyncio.create_task(
            session.trading.what_if(APPLE, replace(handle.order, total_quantity=Decimal(20)))
        )
        await a_moment()
        asked = gateway.placed[1].order
        assert asked is not None
        assert split_order_ref(asked.order_ref) == ("", None)
        for margin in (1.7976931348623157e308, 500.0):
            told_ref = gateway.open_order("PreSubmitted", 1, order_ref=handle.order.order_ref)
            state = m.OrderState(status="PreSubmitted", init_margin_change=margin, init_margin_after=margin)
            gateway.say(replace(told_ref, order_state=state))
        assert (await question).init_margin_after == 500
        assert (handle.order.total_quantity, handle.status) == (10, OrderState.SUBMITTED)
        assert handle.others == {}
        assert told(session, EventType.DUPLICATE_ORDER) == []


@on_virtual_time
async def test_a_change_to_another_type_that_was_lost_is_told_and_the_order_has_its_old_terms(tmp_path: Path) -> None:
    """An old echo with the quantity that was asked for is no answer to it."""
    async with desk(tmp_path, ack_timeout_s=3) as (gateway, session):
        handle = await session.trading.place(APPLE, BUY)
        await a_moment()
        gateway.open = [gateway.open_order("Submitted"), gateway.status("Submitted")]
        gateway.say(*gateway.open)
        await a_moment()
        await handle.modify(order_type="MKT", limit_price=None)
        await a_moment()
        gateway.say(*gateway.open)
        await a_moment(10)
        assert (handle.order.order_type, handle.order.limit_price) == ("LMT", 10)
        warnings = [event.data for event in told(session, EventType.WARNING) if isinstance(event.data, TermsDiffer)]
        assert [one.difference.field for one in warnings] == ["order_type", "limit_price"]


@pytest.mark.parametrize("knows_perm_id", [False, True])
@pytest.mark.parametrize("perm_id", [None, 0])
def test_an_open_order_that_has_no_permanent_id_yet_is_open(
    perm_id: int | None, tmp_path: Path, *, knows_perm_id: bool
) -> None:
    """IBKR's servers have not seen it, the gateway has it (ApiPending)."""

    @on_virtual_time
    async def run() -> None:
        async with desk(tmp_path) as (gateway, session):
            handle = await session.trading.place(APPLE, BUY)
            await a_moment()
            if knows_perm_id:
                gateway.say(gateway.open_order("Submitted"), gateway.status("Submitted"))
                await a_moment()
            gateway.open = [
                gateway.open_order("ApiPending", perm_id=perm_id),
                gateway.status("ApiPending", perm_id=perm_id),
            ]
            await session.trading.reconcile()
            assert handle.status is OrderState.PENDING_SUBMIT
            gateway.say(gateway.status("Cancelled"))
            assert await handle.done() is OrderState.CANCELLED

    run()


@on_virtual_time
async def test_an_order_that_the_gateway_may_hold_back_is_not_sent_again(tmp_path: Path) -> None:
    """It says nothing of orders that were not transmitted, also when it is asked (protocol notes, 4.7)."""
    async with desk(tmp_path, ack_timeout_s=3) as (gateway, session):
        session.trading.send_again_if = lambda _: True
        held = await session.trading.place(APPLE, replace(BUY, transmit=False))
        with pytest.raises(OrderUnconfirmed):
            await held.done()
        await a_moment(10)
        assert len(gateway.placed) == 1
        with pytest.raises(OrderChangeRefused, match="hold"):
            await session.trading.send_again(held)
        assert len(gateway.placed) == 1
        await held.cancel()
        gateway.say(gateway.error(202, "Order was discarded"))
        await a_moment()
        assert await held.done() is OrderState.CANCELLED


@on_virtual_time
async def test_the_cancel_of_a_bound_order_that_nobody_answers_is_asked_about(tmp_path: Path) -> None:
    async with desk(tmp_path, client_id=0, ack_timeout_s=3) as (gateway, session):
        order = m.Order(
            perm_id=PERM_ID, action="BUY", total_quantity="10", order_type="LMT", lmt_price=9.0, client_id=0
        )
        gateway.open = [
            m.OpenOrder(order_id=7, contract=APPLE, order=order, order_state=m.OrderState(status="Submitted"))
        ]
        (bound,) = await session.trading.bind_manual_orders()
        await bound.cancel()
        gateway.open = []
        async with asyncio.timeout(QUIET_S):
            assert await bound.done() is OrderState.CANCELLED
