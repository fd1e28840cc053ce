"""Whose orders are whose: the TWS user's own, client 0 that binds them, the master client, several accounts; and what
of executions is shown to whom, and corrected."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from ibwire.simulator import RealClock
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import LiveFeed, quote
from tests.helpers.simulated import (
    AAPL,
    AAPL_CONTRACT,
    CANCELLED,
    FILLED,
    OPENING,
    RESTING,
    bought,
    codes,
    kinds,
    limit,
    placed,
    raw,
    simulated,
    told,
)

ACCOUNT = "DU1234567"
MANUAL = limit("BUY", "10", 99.0)
PAIR = ["O Submitted", "S Submitted 0/10"]


def texts(messages: Sequence[Message]) -> list[str]:
    return [told(message) for message in messages]


def of_kind(messages: Sequence[Message], kind: type[Message]) -> list[Any]:
    return [message for message in messages if isinstance(message, kind)]


# --- the TWS user's orders


async def test_manual_order_is_seen_by_all_who_ask_for_all_and_has_no_order_id() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        perm_id = gateway.desk.place_manual(AAPL_CONTRACT, MANUAL)
        assert await client.answers_to(m.OpenOrdersRequest()) == [m.OpenOrdersEnd()]
        echo, status, _ = await client.answers_to(m.AllOpenOrdersRequest())
        assert isinstance(status, m.OrderStatus)
        assert (status.order_id, status.client_id, status.perm_id) == (0, 0, perm_id)
        assert told(echo) == "O Submitted"
        gateway.desk.cancel_manual(perm_id)
        assert await client.answers_to(m.AllOpenOrdersRequest()) == [m.OpenOrdersEnd()]


async def test_client_0_binds_the_orders_there_are_by_asking_and_may_then_cancel_them() -> None:
    async with simulated() as gateway, raw(gateway, 0) as client:
        await client.answers_to(bought(4, "10", 98.0))
        perm_id = gateway.desk.place_manual(AAPL_CONTRACT, MANUAL)
        await client.fence()
        answers = await client.answers_to(m.OpenOrdersRequest())
        assert answers[0] == m.OrderBound(perm_id, 0, 5)
        assert texts(answers[1:]) == [*PAIR, *PAIR, "OpenOrdersEnd"]
        assert [one.order_id for one in of_kind(answers, m.OrderStatus)] == [4, 5]
        assert kinds(await client.answers_to(m.OpenOrdersRequest()))[0] == "OpenOrder", "bound once"
        assert texts(await client.answers_to(m.CancelOrderRequest(5))) == CANCELLED
        assert await client.answers_to(m.IdsRequest()) == [m.NextValidId(6)]


async def test_client_0_binds_the_orders_to_come_until_it_asks_not_to_or_is_gone() -> None:
    async with simulated(binds_negative=True) as gateway:
        async with raw(gateway, 0) as client:
            await client.answers_to(m.AutoOpenOrdersRequest(auto_bind=True))
            perm_id = gateway.desk.place_manual(AAPL_CONTRACT, MANUAL)
            await client.fence()
            bound, *news = client.messages[-6:-1]
            assert bound == m.OrderBound(perm_id, 0, -1)
            assert texts(news) == RESTING
            assert texts(await client.answers_to(placed(-1, limit("BUY", "10", 98.0)))) == PAIR
            assert texts(await client.answers_to(m.CancelOrderRequest(-1))) == CANCELLED
        async with raw(gateway, 0) as client:
            gateway.desk.place_manual(AAPL_CONTRACT, MANUAL)
            await client.fence()
            assert of_kind(client.messages, m.OrderBound) == []


def test_manual_order_that_cannot_be_is_refused_where_it_is_entered() -> None:
    gateway = simulated()
    with pytest.raises(ValueError, match="110: The price does not conform"):
        gateway.desk.place_manual(AAPL_CONTRACT, limit("BUY", "10", 99.005))
    with pytest.raises(ValueError, match="permanent id 5"):
        gateway.desk.cancel_manual(5)


async def test_completed_orders_of_the_api_only_leave_the_users_out() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        gateway.desk.cancel_manual(gateway.desk.place_manual(AAPL_CONTRACT, MANUAL))
        await client.answers_to(bought(1, "10"))
        assert len(await client.answers_to(m.CompletedOrdersRequest(api_only=True))) == 1 + 1
        assert len(await client.answers_to(m.CompletedOrdersRequest(api_only=False))) == 2 + 1


# --- the master client


async def test_master_client_hears_of_everybodys_orders_but_not_their_errors() -> None:
    async with simulated(master_client_id=9) as gateway, raw(gateway, 1) as client, raw(gateway, 9) as master:
        here = len(master.messages)
        await client.answers_to(bought(1, "10"), bought(2, "10", 99.0), m.CancelOrderRequest(2), bought(3, "0"))
        await master.fence()
        assert texts(master.messages[here:-1]) == [*FILLED, *RESTING, *CANCELLED[:-1]]
        assert codes(await master.answers_to(m.CancelOrderRequest(2))) == [(2, 10147)]
        assert texts(await master.answers_to(bought(1, "10", 99.0))) == RESTING, "its own once, not twice"


async def test_executions_of_others_are_for_client_0_and_their_commissions_for_the_master() -> None:
    async with (
        simulated(master_client_id=9) as gateway,
        raw(gateway, 0) as default,
        raw(gateway, 1) as client,
        raw(gateway, 9) as master,
    ):
        await client.answers_to(bought(1, "10"))
        await default.answers_to(bought(1, "20"))
        asked = m.ExecutionRequest(req_id=5)
        assert texts(await client.answers_to(asked)) == ["X BOT 10@100.1", "C", "ExecutionDetailsEnd"]
        expected = ["X BOT 10@100.1", "X BOT 20@100.1", "C", "ExecutionDetailsEnd"]
        assert texts(await default.answers_to(asked)) == expected
        assert texts(await master.answers_to(asked)) == [expected[0], "C", *expected[1:]]
        of_client_1 = m.ExecutionRequest(5, m.ExecutionFilter(client_id=1))
        assert texts(await master.answers_to(of_client_1)) == [expected[0], "C", "ExecutionDetailsEnd"]


# --- executions of which time, and corrected


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        (m.ExecutionFilter(), ["2"]),
        (m.ExecutionFilter(last_n_days=1), ["1", "2"]),
        (m.ExecutionFilter(last_n_days=2147483647), ["1", "2"]),
        (m.ExecutionFilter(specific_dates=(20010909,)), ["1"]),
        (m.ExecutionFilter(specific_dates=(20010911,)), []),
        (m.ExecutionFilter(last_n_days=2, time="20010909-01:46:41"), ["2"]),
        (m.ExecutionFilter(last_n_days=2, time="20010908 21:46:40 US/Eastern"), ["1", "2"]),
        (m.ExecutionFilter(time="20010910-12:00:00"), []),
    ],
)
async def test_executions_are_filtered_by_their_time(filter_: m.ExecutionFilter, expected: list[str]) -> None:
    now_s = [1_000_000_000.0]  # 9 September 2001, 01:46:40
    async with simulated(clock=RealClock(lambda: now_s[0])) as gateway, raw(gateway, 1) as client:
        await client.answers_to(bought(1, "1"))
        now_s[0] += 86_400
        await client.answers_to(bought(2, "2"))
        answers = await client.answers_to(m.ExecutionRequest(5, filter_))
        assert [one.execution.shares for one in of_kind(answers, m.ExecutionDetails)] == expected
        assert answers[-1] == m.ExecutionDetailsEnd(5)


async def test_time_without_a_zone_is_warned_of_and_one_that_is_none_refused() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        warned = await client.answers_to(m.ExecutionRequest(5, m.ExecutionFilter(time="20010909 01:00:00")))
        assert texts(warned) == ["E 2174", "ExecutionDetailsEnd"]
        refused = await client.answers_to(m.ExecutionRequest(5, m.ExecutionFilter(time="yesterday")))
        assert codes(refused) == [(5, 321)]
        assert len(refused) == 1


async def test_corrected_execution_replaces_the_first_in_the_books_and_is_told_with_its_commission() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        (first,) = of_kind(await client.answers_to(bought(1, "10")), m.ExecutionDetails)
        sell = m.Order(action="SELL", order_type="MKT", total_quantity="4")
        await client.answers_to(placed(2, sell))
        new_id = gateway.correct_execution(first.execution.exec_id, price=Decimal("100.05"), quantity=Decimal(8))
        await client.fence()
        told_now = [one for one in client.messages[-3:] if not isinstance(one, m.CurrentTimeInMillis)]
        assert texts(told_now) == ["X BOT 8@100.05", "C"]
        assert new_id == f"{first.execution.exec_id[:-2]}02"
        assert {one.execution.exec_id for one in of_kind(told_now, m.ExecutionDetails)} == {new_id}
        assert gateway.ledger.cash(ACCOUNT) == {"USD": 1_000_000 - 8 * Decimal("100.05") - 1 + 400 - 1}
        holding = gateway.ledger.position(ACCOUNT, AAPL)
        assert holding is not None
        assert holding.quantity == 4
        assert holding.realized == 4 * Decimal("-0.05") - 1 - Decimal("0.5")
        answers = await client.answers_to(m.ExecutionRequest(req_id=5))
        assert texts(answers)[0] == "X BOT 8@100.05", "the newest alone"
        assert gateway.correct_execution(new_id, price=Decimal(101)).endswith(".03")


async def test_execution_that_is_none_or_a_quantity_that_cannot_be_is_not_corrected() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        with pytest.raises(ValueError, match="no execution"):
            gateway.correct_execution("0000e0d5.1.01.01", price=Decimal(1))
        (news,) = of_kind(await client.answers_to(bought(1, "10")), m.ExecutionDetails)
        for quantity in (Decimal(11), Decimal(-1), Decimal(0)):
            with pytest.raises(ValueError, match="not above 0"):
                gateway.correct_execution(news.execution.exec_id, quantity=quantity)
        gateway.ledger.new_day({})
        with pytest.raises(ValueError, match="not of today"):
            gateway.correct_execution(news.execution.exec_id, quantity=Decimal(5))


# --- what if


async def test_what_if_order_is_answered_with_margins_and_commission_and_is_not_worked() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(bought(1, "100", what_if=True))
        assert texts(answers) == ["O PreSubmitted", "S PreSubmitted 0/100"]
        (echo,) = of_kind(answers, m.OpenOrder)
        state = echo.order_state
        assert (state.init_margin_before, state.init_margin_change) == (0.0, pytest.approx(100 * 100.05 / 4))
        assert state.init_margin_after == state.maint_margin_after == state.init_margin_change
        assert state.equity_with_loan_change == pytest.approx(-100 * 0.05 - 1)
        assert (state.commission_and_fees, state.commission_and_fees_currency) == (1.0, "USD")
        assert await client.answers_to(m.AllOpenOrdersRequest()) == [m.OpenOrdersEnd()]
        assert gateway.ledger.cash(ACCOUNT) == {"USD": 1_000_000}
        assert await client.answers_to(m.IdsRequest()) == [m.NextValidId(2)], "its id is used up"
        assert codes(await client.answers_to(bought(2, "100", what_if=True, transmit=False))) == [(2, 413)]


# --- several accounts


async def test_with_several_accounts_one_must_be_named() -> None:
    accounts = ("DU1", "DU2")
    async with simulated(accounts=accounts) as gateway, raw(gateway, 1) as client:
        assert codes(await client.answers_to(bought(1, "10"))) == [(1, 435)]
        assert codes(await client.answers_to(m.PnLRequest(req_id=5))) == [(5, 321)]
        assert texts(await client.answers_to(bought(2, "10", account="DU2"))) == FILLED
        positions = of_kind(await client.answers_to(m.PositionsRequest()), m.Position)
        assert [(one.account, one.position) for one in positions] == [("DU2", "10")]


# --- attached orders, and what a client that is gone misses


@pytest.mark.parametrize(
    ("attached", "code"),
    [
        (m.AttachedOrders(sl_order_id=2, sl_order_type="PRESET"), 10355),
        (m.AttachedOrders(sl_order_id=2), 320),
        (m.AttachedOrders(pt_order_id=2, pt_order_type="LMT"), 320),
    ],
)
async def test_attached_orders_need_a_preset_which_there_is_not(attached: m.AttachedOrders, code: int) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        request = m.PlaceOrderRequest(order_id=1, contract=AAPL_CONTRACT, order=MANUAL, attached_orders=attached)
        assert codes(await client.answers_to(request)) == [(1, code)]
        assert await client.answers_to(m.AllOpenOrdersRequest()) == [m.OpenOrdersEnd()]


async def test_every_sending_of_an_order_is_counted() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        for order in (limit("BUY", "10", 99.0, transmit=False), MANUAL, limit("BUY", "10", 98.0)):
            await client.answers_to(placed(1, order))
        (order_state,) = gateway.state().orders
        (ticket,) = gateway.desk.register.tickets.values()
        assert (order_state.times_received, ticket.limit) == (3, 98)


async def test_clock_of_the_gateway_ends_and_triggers_orders() -> None:
    now_s = [1_000_000_000.0]
    feed = LiveFeed(OPENING)
    async with simulated(feed, clock=RealClock(lambda: now_s[0])) as gateway, raw(gateway, 1) as client:
        order = limit("BUY", "10", 99.0, tif="GTD", good_till_date="20010909-02:00:00")
        await client.answers_to(placed(1, order))
        await client.answers_to(placed(2, m.Order(action="BUY", order_type="STP", total_quantity="5", aux_price=101.0)))
        now_s[0] += 3600
        await client.until(lambda: (1, 202) in codes(client.messages))
        feed.tell(quote(AAPL, 101.0, 50, 101.1, 50))
        await client.until(lambda: told(client.messages[-1]) == "C")
