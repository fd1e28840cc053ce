"""Orders of which the gateway does not say all: a status, an execution, a figure or an end is missing."""

from __future__ import annotations

import pytest

from ibwire.events import EventType
from ibwire.order_changes import Filled, Settled, StateChanged, event_of
from ibwire.order_state import TrackedOrder
from ibwire.order_states import OrderState as S
from ibwire.wire import messages as m
from tests.helpers.order_stories import (
    CLIENT_ID,
    CONTRACT,
    ORDER_ID,
    PERM_ID,
    error,
    execution,
    open_order,
    status,
    tracked,
)

NOWHERE = "nowhere"


def feed(order: TrackedOrder, *messages: object) -> TrackedOrder:
    for message in messages:
        order.feed(message)  # type: ignore[arg-type]
    return order


def completed(status: str, filled: str | None = None, **state: object) -> m.CompletedOrder:
    return m.CompletedOrder(
        CONTRACT,
        m.Order(perm_id=PERM_ID, filled_quantity=filled),
        m.OrderState(status=status, **state),  # type: ignore[arg-type]
    )


# --- filled, as the gateway says -------------------------------------------------------------------------------------


def test_an_order_said_to_be_filled_by_an_open_order_alone_is_asked_about() -> None:
    """No status for each step, no execution before it was asked for (Lean 851): it would never end."""
    order = feed(tracked(), open_order("Filled"))
    assert order.doubts == ("its status is Filled, and its executions do not make it that",)
    assert feed(order, execution(1, 100, 100)).doubts == ()
    assert order.state is S.FILLED


def test_a_filled_status_without_a_quantity_fills_nothing_by_itself() -> None:
    bare = m.OrderStatus(order_id=ORDER_ID, perm_id=PERM_ID, client_id=CLIENT_ID, status="Filled")
    order = feed(tracked(), open_order("Submitted"), execution(1, 40, 40), bare)
    assert (order.state, order.filled) == (S.PARTIALLY_FILLED, 40)
    assert order.doubts


def test_what_was_said_to_be_filled_is_filled_also_if_nothing_else_is_ever_told_of_it() -> None:
    """It filled before midnight, the link came back after it, and the gateway was restarted in between: it reports no
    execution and no completed order."""
    order = feed(tracked(), open_order("Submitted"), status("Filled", 100, 0, avg_fill_price=9.5))
    (change,) = order.not_found(NOWHERE)
    assert isinstance(change, StateChanged)
    assert (order.state, order.filled, order.average_price, order.doubts) == (S.FILLED, 100, 9.5, ())


def test_an_open_order_alone_that_said_filled_is_enough_if_nothing_else_is_ever_told() -> None:
    order = feed(tracked(), open_order("Filled"))
    order.not_found(NOWHERE)
    assert (order.state, order.filled, order.average_price) == (S.FILLED, 100, None)


def test_the_part_that_was_said_to_be_filled_is_not_lost_with_the_rest() -> None:
    order = feed(tracked(), open_order("Submitted"), execution(1, 40, 40), status("Submitted", 60, 40))
    order.not_found(NOWHERE)
    assert (order.state, order.filled, order.remaining, order.doubts) == (S.CANCELLED, 60, 40, ())


def test_a_bust_is_not_taken_back_by_what_was_said_before_it() -> None:
    order = feed(tracked(), execution(1, 100, 100), status("Filled", 100, 0), execution(1, 90, 90, revision=2))
    order.not_found(NOWHERE)
    assert (order.state, order.filled, order.doubts) == (S.FILLED, 90, ())


def test_an_end_that_is_asked_about_in_vain_is_in_no_doubt_any_more() -> None:
    order = feed(tracked(), status("Cancelled"), status("Submitted"))
    assert order.doubts
    order.not_found(NOWHERE)
    assert (order.state, order.doubts) == (S.CANCELLED, ())


# --- completed orders that lack fields -------------------------------------------------------------------------------


def test_a_completed_order_without_its_filled_quantity_has_what_the_last_status_said() -> None:
    for figure in (None, "0"):
        order = feed(tracked(), open_order("Submitted"), status("Cancelled", 40, 60, avg_fill_price=10.0))
        order.completed(completed("Cancelled", figure))
        assert (order.state, order.filled, order.average_price, order.doubts) == (S.CANCELLED, 40, 10, ())


def test_a_completed_order_that_is_filled_and_does_not_say_how_much_is_filled_altogether() -> None:
    order = feed(tracked(), open_order("Submitted"), execution(1, 40, 40))
    order.completed(completed("Filled"))
    assert (order.state, order.filled, order.remaining) == (S.FILLED, 100, 0)


def test_what_was_settled_counts_beside_the_executions_when_the_completed_order_has_no_figure() -> None:
    order = tracked()
    order.reconciled(open_order("Submitted"), status("Submitted", 40, 60, avg_fill_price=10.0))
    feed(order, execution(2, 60, 100, price=10.0))
    order.completed(completed("Filled"))
    assert (order.state, order.filled, order.average_price) == (S.FILLED, 100, 10)


def test_a_completed_order_with_a_reason_for_its_refusal_was_rejected() -> None:
    """The error 201 was lost with the link; what completed orders say of it comes as Cancelled."""
    order = feed(tracked(), open_order("PreSubmitted"))
    (change,) = order.completed(completed("Cancelled", reject_reason="no margin"))
    assert isinstance(change, StateChanged)
    assert (change.new, change.reason) == (S.REJECTED, "no margin")
    cancelled = feed(tracked(), open_order("Submitted"))
    cancelled.cancel_sent()
    cancelled.completed(completed("Cancelled", reject_reason="", completed_status="Cancelled by Trader"))
    assert cancelled.state is S.CANCELLED


# --- quantities that others change -----------------------------------------------------------------------------------


def test_a_reduced_order_that_fills_without_a_word_is_asked_about_and_filled() -> None:
    """One-cancels-all with reduction: its group took 40 of it; no status came with the last fill."""
    order = feed(tracked(), open_order("Submitted"), open_order("Submitted", 60), execution(1, 60, 60))
    assert (order.state, order.remaining) == (S.PARTIALLY_FILLED, 0)
    assert order.doubts
    order.completed(completed("Filled", "60"))
    assert (order.state, order.filled, order.doubts) == (S.FILLED, 60, ())


def test_more_than_was_ordered_is_filled_and_counts() -> None:
    order = feed(tracked(), execution(1, 60, 60), execution(2, 60, 120), status("Filled", 120, 0))
    assert (order.state, order.filled, order.remaining, order.doubts) == (S.FILLED, 120, 0, ())


def test_an_order_that_fills_while_its_cancel_and_change_are_under_way_is_filled() -> None:
    order = feed(tracked(), open_order("Submitted"))
    order.change_sent(order.order)
    order.cancel_sent()
    feed(
        order,
        status("PendingCancel", 0, 100),
        execution(1, 100, 100),
        error(10148, "OrderId 41 that needs to be cancelled cannot be cancelled, state: Filled."),
        error(104, "Cannot modify a filled order.", time=2),
        error(161, "Cancel attempted when order is not in a cancellable state. Order permId =1000041", time=3),
        status("Filled", 100, 0),
    )
    assert (order.state, order.filled, order.doubts) == (S.FILLED, 100, ())


def test_fills_without_executions_are_told_once_and_an_end_is_not_told_again() -> None:
    order = feed(tracked(), open_order("Submitted"), execution(1, 40, 40), status("Cancelled", 60, 40))
    assert (order.state, order.filled, order.is_fill_missing) == (S.CANCELLED, 40, True)
    (settled,) = order.not_found(NOWHERE)
    assert isinstance(settled, Settled)
    assert (settled.filled, settled.remaining, order.is_fill_missing) == (60, 40, False)
    assert event_of(settled) is EventType.ORDER_STATUS
    assert order.not_found(NOWHERE) == []
    (booked,) = order.execution(execution(2, 20, 60))  # it comes after all
    assert isinstance(booked, Filled)
    assert (booked.filled, order.filled) == (60, 60)


@pytest.mark.parametrize("state", [None, m.OrderState(), m.OrderState(status="PendingCancel")])
def test_a_completed_order_is_over_whatever_its_status_says(state: m.OrderState | None) -> None:
    """It would never end: it is among the completed ones, so it is not missed either."""
    order = feed(tracked(), open_order("Submitted"), execution(1, 40, 40))
    order.completed(m.CompletedOrder(CONTRACT, m.Order(perm_id=PERM_ID), state))
    assert (order.state, order.filled, order.remaining) == (S.CANCELLED, 40, 60)
    order.execution(execution(2, 60, 100))
    assert order.state is S.FILLED


def test_of_a_filled_order_nothing_is_left() -> None:
    """Its group reduced it, and no open order said so."""
    order = feed(tracked(), open_order("Submitted"), execution(1, 60, 60), status("Filled", 60, 0))
    assert (order.state, order.filled, order.remaining) == (S.FILLED, 60, 0)


@pytest.mark.parametrize("end", ["nowhere", "completed"])
def test_what_is_filled_is_the_same_for_the_journal_which_has_no_status_that_said_nothing_new(end: str) -> None:
    ends = []
    for is_heard in (True, False):
        order = feed(tracked(), open_order("Submitted"), execution(1, 60, 60))
        feed(order, *([status("Submitted", 60, 40)] if is_heard else []), open_order("Filled"))
        before = order.facts
        assert feed(order, *([status("Submitted", 60, 40)] if is_heard else [])).facts == before
        order.not_found(NOWHERE) if end == "nowhere" else order.completed(completed("Filled"))
        ends.append((order.state, order.filled, order.remaining))
    assert ends == [(S.FILLED, 100, 0)] * 2
