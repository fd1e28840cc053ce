"""Orders followed through whatever a gateway says of them, in whatever order."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from msgspec.structs import replace

from ibwire.error_codes import OrderVerdict
from ibwire.events import EventType
from ibwire.order_changes import (
    Change,
    Charged,
    Filled,
    Identified,
    InDoubt,
    Noticed,
    QuantityChanged,
    SecondOrder,
    StateChanged,
    TermsDiffer,
    event_of,
)
from ibwire.order_state import TrackedOrder
from ibwire.order_states import BACK, ONWARD, OrderState
from ibwire.order_types import limit
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign, campaign_settings
from tests.helpers.order_stories import (
    CONTRACT,
    PERM_ID,
    Story,
    commission,
    error,
    execution,
    open_order,
    status,
    stories,
    tracked,
)

S = OrderState


def snapshot(order: TrackedOrder) -> tuple[Any, ...]:
    """Everything that may not depend on the order in which things were told."""
    numbers = (order.filled, order.remaining, order.average_price)
    return (order.state, order.key, *numbers, order.fills, order.commissions, order.notices)


def feed(order: TrackedOrder, *messages: Message) -> list[Change]:
    return [change for message in messages for change in order.feed(message)]


def steps(changes: list[Change]) -> list[OrderState]:
    return [change.new for change in changes if isinstance(change, StateChanged)]


# --- any order, any number of times ----------------------------------------------------------------------------------


@campaign(part=200, full=5000)
@given(story=stories())
def test_a_story_ends_as_it_is_true(story: Story) -> None:
    order = story.start()
    feed(order, *story.messages)
    assert order.state is story.end
    assert order.filled == story.filled
    assert {fill.quantity for fill in order.fills} == set(story.shares.values())
    assert sorted(one.amount or 0 for one in order.commissions) == sorted(story.costs.values())
    assert order.average_price == (Decimal(10) if story.shares else None)


@campaign(part=300, full=10_000)
@given(story=stories(), seed=st.integers(0, 2**32))
def test_any_permutation_and_duplication_ends_the_same(story: Story, seed: int) -> None:
    in_order = story.start()
    feed(in_order, *story.messages)
    chance = random.Random(seed)
    shuffled = [*story.messages, *chance.choices(story.messages, k=chance.randrange(len(story.messages) + 1))]
    chance.shuffle(shuffled)
    order = story.start()
    feed(order, *shuffled)
    assert snapshot(order) == snapshot(in_order)


@campaign(part=100, full=2000)
@given(story=stories())
def test_a_story_told_again_changes_nothing(story: Story) -> None:
    order = story.start()
    feed(order, *story.messages)
    before = snapshot(order)
    assert [change for change in feed(order, *story.messages) if not isinstance(change, InDoubt)] == []
    assert snapshot(order) == before


@campaign(part=100, full=2000)
@given(story=stories())
def test_what_is_told_as_changes_adds_up_to_the_end(story: Story) -> None:
    order = story.start()
    changes = feed(order, *story.messages)
    assert steps(changes)[-1:] in ([order.state], [])
    booked: dict[str, Decimal] = {}
    for change in changes:
        if isinstance(change, Filled):
            booked[change.fill.trade_id] = change.fill.quantity
            assert (change.replaced is None) == (change.fill.exec_id.endswith(".01"))
    assert sum(booked.values()) == order.filled
    assert {one.commission for one in changes if isinstance(one, Charged)} >= set(order.commissions)


class Delivery(RuleBasedStateMachine):
    """A story whose messages arrive one by one in any order, again and again; the model is what has arrived."""

    @initialize(story=stories())
    def begin(self, story: Story) -> None:
        self.story = story
        self.order = story.start()
        self.arrived: list[Message] = []

    @rule(data=st.data())
    def one_arrives(self, data: st.DataObject) -> None:
        message = data.draw(st.sampled_from(self.story.messages))
        self.arrived.append(message)
        self.order.feed(message)

    @invariant()
    def the_fills_are_those_that_arrived(self) -> None:
        newest: dict[str, m.Execution] = {}
        for message in self.arrived:
            if isinstance(message, m.ExecutionDetails) and message.execution is not None:
                trade, _, revision = (message.execution.exec_id or "").rpartition(".")
                old = newest.get(trade)
                if old is None or (old.exec_id or "").rpartition(".")[2] < revision:
                    newest[trade] = message.execution
        assert self.order.filled == sum(Decimal(one.shares or 0) for one in newest.values())
        assert {fill.exec_id for fill in self.order.fills} == {one.exec_id for one in newest.values()}

    @invariant()
    def a_warning_alone_ends_nothing(self) -> None:
        if all(
            isinstance(one, m.ErrorMessage) and one.error_code in (399, 404, 2109, 2161, 10349) for one in self.arrived
        ):
            assert self.order.state is OrderState.SENT

    @invariant()
    def what_was_rejected_is_never_shown_as_cancelled_once_the_reason_is_there(self) -> None:
        reasons = {one.error_code for one in self.arrived if isinstance(one, m.ErrorMessage)}
        if self.story.end is OrderState.REJECTED and reasons & {201, 321, 110, 103}:
            assert self.order.state is not OrderState.CANCELLED

    def teardown(self) -> None:
        if hasattr(self, "order"):
            feed(self.order, *self.story.messages)
            assert self.order.state is self.story.end
            assert self.order.filled == self.story.filled


@pytest.mark.campaign
def test_messages_that_arrive_one_by_one() -> None:
    run_state_machine_as_test(Delivery, settings=campaign_settings(part=40, full=1000))  # type: ignore[no-untyped-call]


_TEXTS = (
    "PendingSubmit",
    "PreSubmitted",
    "Submitted",
    "Filled",
    "Cancelled",
    "Inactive",
    "PendingCancel",
    "ApiCancelled",
)
_ANYTHING = st.one_of(
    st.builds(status, st.sampled_from((*_TEXTS, "Unheard")), st.integers(0, 100)),
    st.builds(open_order, st.sampled_from(_TEXTS), st.integers(1, 200)),
    st.builds(execution, st.integers(1, 4), st.integers(0, 60), st.integers(0, 100), revision=st.integers(1, 3)),
    st.builds(commission, st.integers(1, 4)),
    st.builds(
        error, st.sampled_from((110, 161, 201, 202, 321, 399, 10148, 10349, 99_999)), st.just("text"), st.integers(1, 3)
    ),
)
_ACTS = st.sampled_from(("sent", "change_sent", "cancel_sent", "reconciled", "completed", "not_found"))


@campaign(part=300, full=10_000)
@given(told=st.lists(st.one_of(_ANYTHING, _ACTS), max_size=25))
def test_nothing_that_is_said_makes_a_step_that_there_is_not(told: list[Any]) -> None:
    order = tracked()
    for one in told:
        before = order.state
        changes = act(order, one) if isinstance(one, str) else order.feed(one)
        for change in changes:
            if isinstance(change, StateChanged):
                assert change.old is before
                assert change.new in ONWARD[before] | BACK.get(before, frozenset())
                assert change.takes_back == (change.new in BACK.get(before, frozenset()))
                before = change.new
            event_of(change)
        assert order.state is before
    if any(isinstance(one, m.OrderStatus) for one in told):
        assert order.state is not OrderState.SENT


@campaign(part=200, full=10_000)
@given(told=st.lists(st.one_of(_ANYTHING, _ACTS), max_size=14))
def test_who_hears_only_what_was_news_knows_the_same(told: list[Any]) -> None:
    """The journal keeps a message only if it has changed something, or `facts`."""
    live, kept = tracked(), tracked()
    for one in told:
        before = live.facts
        changes = act(live, one) if isinstance(one, str) else live.feed(one)
        is_ours = one in ("sent", "change_sent", "cancel_sent", "reconciled")
        if changes or is_ours or live.facts != before:
            _ = act(kept, one) if isinstance(one, str) else kept.feed(one)
        numbers = [(order.filled, order.remaining, order.average_price) for order in (live, kept)]
        assert (live.state, live.key, numbers[0]) == (kept.state, kept.key, numbers[1])


def act(order: TrackedOrder, name: str) -> list[Change]:
    match name:
        case "change_sent":
            return order.change_sent(limit("BUY", 50, 11))
        case "reconciled":
            return order.reconciled(open_order("Submitted"), status("Submitted"))
        case "completed":
            echo = m.Order(perm_id=PERM_ID, filled_quantity="0")
            return order.completed(m.CompletedOrder(CONTRACT, echo, m.OrderState(status="Cancelled")))
        case "not_found":
            return order.not_found("gone")
    changes: list[Change] = getattr(order, name)()
    return changes


# --- how it ends -----------------------------------------------------------------------------------------------------


def test_the_recorded_life_of_a_market_order() -> None:
    """Protocol notes, 4.2: O, S(PreSubmitted), X, O(Filled), S(Filled), C."""
    order = tracked()
    changes = feed(
        order,
        open_order("PreSubmitted"),
        status("PreSubmitted"),
        execution(1, 100, 100, price=10.25),
        open_order("Filled"),
        status("Filled", 100, 0),
        commission(1),
    )
    assert steps(changes) == [S.PRE_SUBMITTED, S.FILLED]
    assert [type(one) for one in changes] == [Identified, StateChanged, Filled, StateChanged, Charged]
    assert (order.filled, order.remaining, order.average_price) == (100, 0, Decimal("10.25"))
    assert order.doubts == ()


def test_changes_become_the_events_of_an_order() -> None:
    order = tracked()
    changes = feed(
        order, status("Submitted"), execution(1, 40, 40), commission(1), execution(2, 60, 100), error(399, "held")
    )
    assert [event_of(change) for change in changes] == [
        EventType.ORDER_STATUS,  # its permanent id
        EventType.ORDER_SUBMITTED,
        EventType.EXECUTION,
        EventType.ORDER_PARTIALLY_FILLED,
        EventType.COMMISSION,
        EventType.EXECUTION,
        EventType.ORDER_FILLED,
        EventType.WARNING,
    ]
    ends = [tracked().not_found("nowhere"), feed(tracked(), status("Cancelled")), feed(tracked(), error(201, "no"))]
    assert [event_of(changes[-1]) for changes in ends] == [
        EventType.ORDER_UNCONFIRMED,
        EventType.ORDER_CANCELLED,
        EventType.ORDER_REJECTED,
    ]


def test_filled_by_status_waits_for_its_executions() -> None:
    """Protocol notes, 4.2, modify LMT to MKT: S(Filled), and only 100 ms later the execution."""
    order = tracked()
    first = feed(order, status("Submitted"), status("Filled", 100, 0))
    assert order.state is S.SUBMITTED
    assert order.doubts == ("the gateway says 100 more filled than there are executions",)
    assert [type(one) for one in first].count(InDoubt) == 1
    feed(order, execution(1, 100, 100))
    assert (order.state, order.filled, order.doubts) == (S.FILLED, 100, ())


def test_filled_by_executions_alone() -> None:
    """No status comes for every step (Lean 851)."""
    order = tracked()
    assert steps(feed(order, execution(1, 40, 40), execution(2, 60, 100))) == [S.PARTIALLY_FILLED, S.FILLED]


@pytest.mark.parametrize("end", ["Inactive", "Cancelled"])
def test_a_rejection_by_the_server_is_a_rejection_whatever_the_status(end: str) -> None:
    order = tracked()
    changes = feed(
        order, status("PreSubmitted"), error(201, "Order rejected - reason:margin"), open_order(end), status(end)
    )
    assert steps(changes) == [S.PRE_SUBMITTED, S.REJECTED]
    (last,) = [one for one in changes if isinstance(one, StateChanged) and one.new is S.REJECTED]
    assert last.reason == "Order rejected - reason:margin"


def test_a_refusal_by_the_validator_ends_a_new_order() -> None:
    order = tracked()
    changes = feed(order, error(321, "Error validating request.-'bX' : cause - invalid"))
    assert steps(changes) == [S.REJECTED]
    assert [one.verdict for one in changes if isinstance(one, Noticed)] == [OrderVerdict.REJECTED]


def test_a_refusal_is_taken_back_by_a_sign_of_life() -> None:
    order = tracked()
    feed(order, error(321, "refused"))
    (change,) = [one for one in feed(order, status("Submitted")) if isinstance(one, StateChanged)]
    assert (change.new, change.takes_back) == (S.SUBMITTED, True)
    assert order.doubts == ("IBKR's 321: refused",)


@pytest.mark.parametrize("code", [110, 201, 321, 329, 105, 2102])
def test_a_refused_change_leaves_the_order_working(code: int) -> None:
    """ib_insync 502: 110 on a modify was taken for the order's end."""
    order = tracked()
    feed(order, status("Submitted"))
    order.change_sent(limit("BUY", 100, "10.005"))
    assert steps(feed(order, error(code, "no"))) == []
    assert order.state is S.SUBMITTED
    order.cancel_sent()
    assert steps(feed(order, status("Cancelled"), error(202, "Order Canceled - reason:"))) == [S.CANCELLED]


def test_a_change_that_kills_the_order_is_a_rejection() -> None:
    order = tracked()
    feed(order, status("Submitted"))
    order.change_sent(limit("BUY", 1000, 10))
    assert steps(feed(order, error(201, "Order rejected - reason:margin"), status("Cancelled"))) == [S.REJECTED]


def test_a_cancel_that_is_too_late_asks_and_changes_nothing() -> None:
    order = tracked()
    feed(order, status("Submitted"))
    order.cancel_sent()
    assert order.is_cancelling
    changes = feed(order, error(161, "Cancel attempted when order is not in a cancellable state"))
    assert steps(changes) == []
    assert order.doubts
    feed(order, execution(1, 100, 100))
    assert (order.state, order.doubts, order.is_cancelling) == (S.FILLED, (), False)


def test_pysystemtrade_1580_a_fill_after_cancelled_counts() -> None:
    order = tracked()
    feed(order, status("Submitted"), status("Cancelled", 0, 100), error(202, "Order Canceled - reason:"))
    changes = feed(order, execution(1, 40, 40))
    assert (order.state, order.filled, order.remaining) == (S.CANCELLED, 40, 60)
    assert any(isinstance(one, Filled) for one in changes)
    (last,) = [one for one in feed(order, execution(2, 60, 100)) if isinstance(one, StateChanged)]
    assert (last.old, last.new, last.takes_back) == (S.CANCELLED, S.FILLED, True)


def test_a_correction_replaces_its_execution() -> None:
    order = tracked()
    feed(order, execution(1, 40, 40, price=10.0), commission(1, 1.0), execution(2, 60, 100, price=10.0))
    assert order.state is S.FILLED
    changes = feed(order, execution(1, 30, 30, revision=2, price=11.0), commission(1, 0.75, revision=2))
    assert (order.filled, order.remaining) == (90, 10)
    assert order.state is S.PARTIALLY_FILLED
    filled = next(one for one in changes if isinstance(one, Filled))
    assert filled.replaced is not None
    assert (filled.replaced.quantity, filled.fill.quantity) == (40, 30)
    assert [one.amount for one in order.commissions] == [Decimal("0.75")]
    assert feed(order, execution(1, 40, 40, price=10.0)) == []


def test_a_busted_execution_leaves_a_working_order() -> None:
    order = tracked()
    feed(order, execution(1, 40, 40), execution(1, 0, 0, revision=2))
    assert (order.state, order.filled) == (S.PENDING_SUBMIT, 0)


def test_the_legs_of_a_combo_do_not_fill_it() -> None:
    """Protocol notes, 4.3: a combo's execution comes first, then one for each leg, under the combo's ids."""
    combo = TrackedOrder(
        tracked().key, m.Contract(sec_type="BAG", symbol="IBKR", exchange="SMART"), limit("BUY", 10, "0.5")
    )
    whole = execution(1, 10, 10)
    legs = [execution(2, 10, 10), execution(3, 10, 10)]
    bag = m.ExecutionDetails(-1, m.Contract(sec_type="BAG"), whole.execution)
    feed(combo, *legs)
    assert (combo.state, combo.filled) == (S.PENDING_SUBMIT, 0)
    feed(combo, bag)
    assert (combo.state, combo.filled, len(combo.leg_fills)) == (S.FILLED, 10, 2)


def test_another_permanent_id_under_the_same_names_is_told_and_not_booked() -> None:
    """nautilus 4564: two live orders under one reference."""
    order = tracked()
    feed(order, status("Submitted"))
    changes = feed(
        order, execution(1, 100, 100, perm_id=999), status("Cancelled", perm_id=999), open_order("Submitted")
    )
    assert [one.perm_id for one in changes if isinstance(one, SecondOrder)] == [999]
    assert (order.state, order.filled) == (S.SUBMITTED, 0)


def test_a_quantity_that_others_changed_is_told_and_counts() -> None:
    order = tracked()
    feed(order, open_order("Submitted", 100), status("Submitted"))
    (changed,) = feed(order, open_order("Submitted", 60))
    assert isinstance(changed, QuantityChanged)
    assert order.remaining == 60
    feed(order, open_order("Submitted", 100))  # an old echo
    assert order.remaining == 60
    feed(order, execution(1, 60, 60), status("Filled", 60, 0))
    assert order.state is S.FILLED


def test_a_smaller_quantity_that_was_asked_for_is_not_believed_before_the_gateway_says_so() -> None:
    order = tracked()
    feed(order, status("Submitted"))
    order.change_sent(limit("BUY", 50, 10))
    feed(order, execution(1, 60, 60))
    assert order.state is S.PARTIALLY_FILLED
    assert order.doubts == ("all of it is filled, and no status says so",)
    feed(order, execution(2, 40, 100), status("Filled", 100, 0))
    assert order.state is S.FILLED


def test_an_order_over_an_amount_of_money_is_filled_when_the_status_says_so() -> None:
    order = tracked(Decimal(0), limit("BUY", 0, 10, cash_qty=Decimal(500)))
    feed(order, execution(1, 20, 20), execution(2, 30, 50))
    assert (order.state, order.remaining) == (S.PARTIALLY_FILLED, None)
    feed(order, status("Filled", 50, 0))
    assert order.state is S.FILLED


# --- asking the gateway ----------------------------------------------------------------------------------------------


def test_an_intent_that_the_gateway_never_saw_is_unconfirmed_until_something_is_heard() -> None:
    order = tracked()
    (change,) = order.not_found("nowhere at the gateway")
    assert isinstance(change, StateChanged)
    assert (change.new, change.reason) == (S.UNCONFIRMED, "nowhere at the gateway")
    assert steps(feed(order, status("Submitted"))) == [S.SUBMITTED]


def test_an_acknowledged_order_that_is_gone_has_ended() -> None:
    order = tracked()
    feed(order, status("Submitted"), execution(1, 40, 40))
    (change,) = order.not_found("not among open or completed orders")
    assert isinstance(change, StateChanged)
    assert (change.new, change.filled, change.reason) == (S.CANCELLED, 40, "not among open or completed orders")


def test_a_refused_order_that_is_gone_was_rejected() -> None:
    order = tracked()
    feed(order, status("PreSubmitted"), error(201, "Order rejected - reason:margin"))
    assert steps(order.not_found("nowhere")) == [S.REJECTED]


def test_a_reconciliation_revives_what_was_taken_for_inactive() -> None:
    """nautilus 3603: Inactive while shares are located, Submitted later."""
    order = tracked()
    feed(order, status("Inactive"))
    feed(order, status("Submitted"))
    assert order.state is S.INACTIVE
    assert order.doubts == ("its status is Submitted, after it was over or inactive",)
    assert steps(order.reconciled(open_order("Submitted"), status("Submitted"))) == [S.SUBMITTED]
    assert order.doubts == ()


def test_a_reconciliation_settles_refusals() -> None:
    order = tracked()
    feed(order, status("Submitted"), error(321, "refused"))
    assert order.doubts
    order.reconciled(open_order("Submitted"), status("Submitted"))
    assert order.doubts == ()
    order.cancel_sent()
    assert steps(feed(order, status("Cancelled"))) == [S.CANCELLED]


def test_a_completed_order_is_in_no_doubt_because_it_was_told_to_work_after_its_end() -> None:
    """It ended while the gateway was asked for its open orders: news and answer came in the wrong order."""
    order = tracked()
    feed(order, open_order("Submitted"), status("Cancelled"), open_order("Submitted"))
    assert order.doubts
    feed(order, m.CompletedOrder(CONTRACT, m.Order(perm_id=PERM_ID), m.OrderState(status="Cancelled")))
    assert (order.state, order.doubts) == (S.CANCELLED, ())


def test_a_change_that_leaves_after_the_end_changes_nothing() -> None:
    """It waited for its turn while the order filled."""
    order = tracked()
    feed(order, open_order("Submitted"), execution(1, 100, 100))
    order.change_sent(limit("BUY", 500, 10))
    feed(order, error(104, "Cannot modify a filled order."))
    assert (order.state, order.remaining, order.order.total_quantity) == (S.FILLED, 0, 100)


def test_the_refusal_of_a_change_that_left_after_the_end_is_no_rejection_of_the_order() -> None:
    order = tracked()
    feed(order, open_order("PreSubmitted"), status("Cancelled"))  # with its parent, say
    order.change_sent(limit("BUY", 500, 10))
    feed(order, error(103, "Duplicate order id"))
    assert order.state is S.CANCELLED


def test_a_reconciliation_tells_of_a_quantity_that_is_not_what_was_believed() -> None:
    """A change that was written down and never arrived: what is told is also what gets into the journal."""
    order = tracked()
    feed(order, open_order("Submitted"))
    order.change_sent(limit("BUY", 500, 10))
    (change,) = order.reconciled(open_order("Submitted"), status("Submitted"))
    assert isinstance(change, TermsDiffer)
    assert (change.difference.asked, change.difference.actual, order.remaining) == (500, 100, 100)
    assert order.reconciled(open_order("Submitted"), status("Submitted")) == []


def test_an_order_that_was_asked_about_in_vain_is_unconfirmed_and_not_in_doubt() -> None:
    """A cancel of it, sent by a process that was killed, had been refused: the gateway does not know the order."""
    order = tracked()
    feed(order, error(10147, "OrderId 41 that needs to be cancelled is not found."))
    assert order.doubts
    assert steps(order.not_found("nowhere")) == [S.UNCONFIRMED]
    assert order.doubts == ()
    feed(order, error(10147, "OrderId 41 that needs to be cancelled is not found.", time=2))
    assert order.doubts  # this is news


def test_fills_of_another_day_are_settled_once() -> None:
    order = tracked()
    order.reconciled(open_order("Submitted"), status("Submitted", 40, 60))
    assert (order.filled, order.state, order.doubts) == (40, S.PARTIALLY_FILLED, ())
    feed(order, execution(2, 60, 100))
    assert (order.filled, order.state) == (100, S.FILLED)
    feed(order, execution(1, 40, 40))  # it comes after all
    assert order.filled == 100


def test_a_completed_order_that_filled_while_we_were_away() -> None:
    order = tracked()
    echo = m.Order(perm_id=PERM_ID, filled_quantity="100")
    told = m.CompletedOrder(CONTRACT, echo, m.OrderState(status="Filled", completed_status="Filled Size: 100"))
    assert steps(order.completed(told)) == [S.FILLED]
    assert (order.filled, order.fills) == (100, ())
    feed(order, execution(1, 100, 100))
    assert order.filled == 100
    assert order.completed(told) == []


def test_a_completed_order_that_was_cancelled_says_why() -> None:
    order = tracked()
    state = m.OrderState(status="Cancelled", completed_status="Cancelled by Trader")
    (_, change) = order.completed(m.CompletedOrder(CONTRACT, m.Order(perm_id=PERM_ID), state))
    assert isinstance(change, StateChanged)
    assert (change.new, change.reason) == (S.CANCELLED, "Cancelled by Trader")


# --- what others got wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_working", [False, True])
def test_ib_async_191_and_217_an_advisory_is_not_a_cancellation(is_working: bool) -> None:
    order = tracked()
    if is_working:
        feed(order, status("PreSubmitted"))
    before = order.state
    changes = feed(
        order,
        error(10349, "Order TIF was set to DAY based on order preset."),
        error(399, "Order Message:\nWarning: your order will not be placed at the exchange until 09:30", 2),
        error(2109, "Order Event Warning: Attribute 'Outside Regular Trading Hours' is ignored", 3),
    )
    assert order.state is before
    assert [(one.code, one.verdict) for one in changes if isinstance(one, Noticed)] == [
        (10349, OrderVerdict.KEEP),
        (399, OrderVerdict.KEEP),
        (2109, OrderVerdict.KEEP),
    ]
    assert steps(feed(order, status("Submitted"), execution(1, 100, 100))) == [S.SUBMITTED, S.FILLED]


def test_rust_365_an_order_cancelled_by_202_is_cancelled_and_not_failed() -> None:
    order = tracked()
    feed(order, status("Submitted"))
    order.cancel_sent()
    changes = feed(order, error(202, "Order Canceled - reason:"))
    assert steps(changes) == [S.CANCELLED]
    assert steps(feed(order, status("Cancelled"))) == []


def test_202_too_far_through_the_market_is_a_rejection() -> None:
    order = tracked()
    changes = feed(
        order, status("Submitted"), status("Cancelled"), error(202, "Limit price too far through the market")
    )
    assert steps(changes)[-1] is S.REJECTED


def test_ib_insync_554_rejected_before_inactive() -> None:
    order = tracked()
    changes = feed(order, error(201, "Order rejected - reason:x"), open_order("Inactive"), status("Inactive"))
    assert steps(changes) == [S.REJECTED]


def test_lean_242_the_messages_of_an_older_order_under_our_id_are_not_ours() -> None:
    """The gateway's counter went back, and an old order's fills were credited to the new one."""
    order = tracked()
    feed(order, status("Submitted"))
    changes = feed(order, status("Filled", 5, 0, perm_id=77), execution(9, 5, 5, perm_id=77))
    assert [type(one) for one in changes] == [SecondOrder]
    assert (order.state, order.filled) == (S.SUBMITTED, 0)


def test_a_flood_of_warnings_is_bounded_and_refusals_are_kept() -> None:
    order = tracked()
    feed(order, *(error(399, f"Warning {number}", number) for number in range(1000)))
    assert len(order.notices) == 200
    assert steps(feed(order, error(201, "Order rejected - reason:x", 5000))) == [S.REJECTED]


def test_an_order_that_never_left_is_rejected_with_the_reason_unless_the_gateway_has_it_after_all() -> None:
    order = tracked()
    order.not_sent("the link fell")
    assert order.state is OrderState.REJECTED
    order.feed(m.OrderStatus(order_id=order.key.order_id, status="Submitted", filled="0", perm_id=5))
    assert order.state is OrderState.SUBMITTED


def test_a_completed_order_that_is_inactive_was_refused_also_after_a_cancel_of_ours() -> None:
    order = tracked()
    order.sent()
    order.cancel_sent()
    order.feed(m.CompletedOrder(order=m.Order(perm_id=5), order_state=m.OrderState(status="Inactive")))
    assert order.state is OrderState.REJECTED


def test_a_change_that_crosses_the_end_of_its_order_makes_no_rejection_of_it() -> None:
    """An IOC order has ended when the change arrives: 103 is about the change."""
    order = tracked()
    order.change_sent(limit("BUY", 50, 10))
    feed(order, open_order("PreSubmitted", 100), status("PendingCancel"), status("Cancelled"))
    feed(order, error(103, "Duplicate order id"))
    assert order.state is S.CANCELLED


def test_a_correction_of_a_settled_fill_counts() -> None:
    order = tracked()
    feed(order, open_order("Submitted"), execution(1, 60, 60), status("Submitted", 60, 40))
    order.reconciled(open_order("Submitted"), status("Submitted", 60, 40))
    feed(order, execution(1, 50, 50, revision=2))
    assert order.filled == 50


def test_the_completed_order_has_the_last_word_on_what_is_filled() -> None:
    """A correction took from a filled order: then no execution is missing."""
    order = tracked()
    feed(order, execution(1, 100, 100), status("Filled", 100, 0), execution(1, 90, 90, revision=2))
    assert len(order.doubts) == 1
    state = m.OrderState(status="Filled")
    order.completed(m.CompletedOrder(CONTRACT, m.Order(perm_id=PERM_ID, filled_quantity="90"), state))
    assert (order.state, order.filled, order.doubts) == (S.FILLED, 90, ())


def test_terms_that_the_gateway_does_not_have_are_told_and_given_up_when_it_was_asked() -> None:
    order = tracked()
    feed(order, open_order("Submitted"))
    order.change_sent(limit("BUY", 50, 11))
    assert order.is_change_open
    told = open_order("Submitted", 100)
    assert told.order is not None
    told = replace(told, order=replace(told.order, order_type="LMT", lmt_price=10.0))
    changes = order.reconciled(told)
    differences = [one.difference for one in changes if isinstance(one, TermsDiffer)]
    assert [(one.field, one.asked, one.actual) for one in differences] == [
        ("total_quantity", 50, 100),
        ("limit_price", 11, 10),
    ]
    assert (order.order.limit_price, order.order.total_quantity, order.is_change_open) == (10, 100, False)


def test_a_refused_change_is_a_reason_to_ask_until_the_terms_are_known() -> None:
    order = tracked()
    feed(order, open_order("Submitted"))
    order.change_sent(limit("BUY", 100, 11))
    feed(order, error(110, "The price does not conform to the minimum price variation"))
    assert order.doubts == ("IBKR's 110: The price does not conform to the minimum price variation",)
    order.reconciled(open_order("Submitted"))
    assert order.doubts == ()


def test_a_quantity_that_others_changed_is_not_taken_back_by_the_next_change() -> None:
    order = tracked()
    feed(order, open_order("Submitted", 100), open_order("Submitted", 60))
    assert order.order.total_quantity == 60


def test_an_unconfirmed_order_that_cannot_be_cancelled_is_in_no_doubt_once_it_was_looked_for() -> None:
    order = tracked()
    order.not_found("nowhere")
    feed(order, error(10147, "OrderId 41 that needs to be cancelled is not found."))
    assert len(order.doubts) == 1
    order.not_found("nowhere")
    assert (order.state, order.doubts) == (S.UNCONFIRMED, ())


def test_a_refused_change_of_an_order_that_is_only_heard_of_among_the_completed_is_no_rejection_of_it() -> None:
    order = tracked()
    order.change_sent(limit("BUY", 50, 10))
    feed(order, error(103, "Duplicate order id"))
    state = m.OrderState(status="Cancelled", completed_status="Cancelled by System:")
    order.completed(m.CompletedOrder(CONTRACT, m.Order(perm_id=PERM_ID), state))
    assert order.state is S.CANCELLED
