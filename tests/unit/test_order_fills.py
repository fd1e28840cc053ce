"""What an order has filled, at which price and for how much, where several executions tell of the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from ibwire.exceptions import ProtocolError
from ibwire.order_state import TrackedOrder
from ibwire.order_states import OrderState as S
from ibwire.order_types import limit
from ibwire.order_wire import read_decimal
from ibwire.wire import messages as m
from tests.helpers.order_stories import CONTRACT, PERM_ID, commission, execution, open_order, status, tracked

BAG = m.Contract(sec_type="BAG", symbol="IBKR", exchange="SMART")


def of_account(account: str, told: m.ExecutionDetails, contract: m.Contract = CONTRACT) -> m.ExecutionDetails:
    assert told.execution is not None
    return replace(told, contract=contract, execution=replace(told.execution, acct_number=account))


def feed(order: TrackedOrder, *messages: object) -> TrackedOrder:
    for message in messages:
        order.feed(message)  # type: ignore[arg-type]
    return order


# --- combos ----------------------------------------------------------------------------------------------------------


def test_a_combo_has_its_own_quantity_and_price_and_the_commissions_of_its_legs() -> None:
    """Protocol notes, 4.3; only the legs' executions have commissions (nautilus 3949: 01.01 is the combo, 02.01 a
    leg)."""
    combo = TrackedOrder(tracked().key, BAG, limit("BUY", 10, "-0.5"))
    option = m.Contract(sec_type="OPT", symbol="IBKR")
    feed(
        combo,
        of_account("DU1", execution(2, 4, 4, price=3.0), option),
        of_account("DU1", execution(3, 8, 8, price=1.75), option),
        of_account("DU1", execution(1, 4, 4, price=-0.5), BAG),
        commission(2, 1.5),
        commission(3, 2.5),
    )
    assert (combo.state, combo.filled, combo.remaining) == (S.PARTIALLY_FILLED, 4, 6)
    feed(
        combo,
        of_account("DU1", execution(4, 6, 10, price=-0.75), BAG),
        of_account("DU1", execution(5, 6, 10, price=3.0), option),
        of_account("DU1", execution(6, 12, 20, price=1.875), option),
        commission(5, 1.0),
        commission(6, 1.0),
    )
    assert (combo.state, combo.filled, combo.average_price) == (S.FILLED, 10, Decimal("-0.65"))
    assert sum(one.amount or 0 for one in combo.commissions) == 6
    assert (len(combo.fills), len(combo.leg_fills), combo.allocations) == (2, 4, ())


def test_a_combo_of_which_only_the_legs_are_told_has_what_its_status_says() -> None:
    combo = TrackedOrder(tracked().key, BAG, limit("BUY", 10, "0"))
    feed(combo, execution(2, 10, 10), execution(3, 10, 10), status("Filled", 10, 0, avg_fill_price=0.0))
    assert combo.doubts
    combo.not_found("nowhere")
    assert (combo.state, combo.filled, combo.average_price) == (S.FILLED, 10, 0)


# --- an advisor's orders ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("advisor", "clients"), [("F1234567", ("U1", "U2")), ("DF1234567", ("DU1", "DU2"))])
@pytest.mark.parametrize("whole_first", [True, False])
def test_lean_an_advisors_order_is_not_booked_again_for_each_account(
    advisor: str, clients: tuple[str, str], *, whole_first: bool
) -> None:
    """Executions and commissions of the whole come first, under the advisor's account, then those of each account
    (QuantConnect's brokerage, `CanEmitFill`)."""
    whole = (of_account(advisor, execution(1, 100, 100)), commission(1, 3.0))
    shares = (
        *(of_account(clients[0], execution(2, 60, 60)), commission(2, 2.0)),
        *(of_account(clients[1], execution(3, 40, 40)), commission(3, 1.0)),
    )
    order = feed(tracked(), *((*whole, *shares) if whole_first else (*shares, *whole)), status("Filled", 100, 0))
    assert (order.state, order.filled, order.average_price, order.doubts) == (S.FILLED, 100, 10, ())
    assert [one.amount for one in order.commissions] == [3]
    assert [fill.account for fill in order.fills] == [advisor]
    assert [fill.account for fill in order.allocations] == list(clients)


def test_allocations_without_the_whole_are_the_whole() -> None:
    order = feed(tracked(), of_account("U1", execution(2, 60, 60)), of_account("U2", execution(3, 40, 40)))
    assert (order.state, order.filled, len(order.fills), order.allocations) == (S.FILLED, 100, 2, ())


def test_of_an_advisors_order_the_accounts_fills_count_if_those_of_the_whole_are_missing() -> None:
    order = feed(
        tracked(),
        of_account("F1", execution(1, 50, 50)),
        of_account("U1", execution(2, 30, 30)),
        of_account("U2", execution(3, 50, 50)),
        commission(2, 2.0),
        commission(3, 1.0),
    )
    assert (order.filled, sum(one.amount or 0 for one in order.commissions)) == (80, 3)
    assert feed(order, of_account("F1", execution(4, 50, 100))).filled == 100


# --- fills without executions ----------------------------------------------------------------------------------------


def test_fills_of_another_day_count_in_the_average_price() -> None:
    """IBKR tells of executions of today only, but of the whole order's average price."""
    order = tracked()
    order.reconciled(open_order("Submitted"), status("Submitted", 40, 60, avg_fill_price=10.0))
    assert order.average_price == 10
    feed(order, execution(2, 60, 100, price=12.0))
    assert (order.state, order.filled, order.average_price) == (S.FILLED, 100, Decimal("11.2"))
    feed(order, execution(1, 40, 40, price=10.0))  # it comes after all
    assert (order.filled, order.average_price) == (100, Decimal("11.2"))


def test_an_average_price_that_is_not_known_of_a_part_is_not_made_up() -> None:
    order = tracked()
    order.completed(
        m.CompletedOrder(CONTRACT, m.Order(perm_id=PERM_ID, filled_quantity="100"), m.OrderState(status="Filled"))
    )
    feed(order, execution(2, 60, 100, price=12.0))
    assert (order.filled, order.average_price) == (100, None)


# --- numbers that are none -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "2147483647", "9223372036854775807", "1.7976931348623157E308", "170141183460469231731687303715884105727"],
)
def test_what_ibkr_writes_for_no_value_fills_nothing(text: str) -> None:
    order = feed(tracked(), open_order("Submitted", 100), status("Submitted"))
    told = m.Order(perm_id=PERM_ID, filled_quantity=text, total_quantity=text)
    order.completed(m.CompletedOrder(CONTRACT, told, m.OrderState(status="Cancelled")))
    assert (order.state, order.filled, order.remaining) == (S.CANCELLED, 0, 100)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "many"])
def test_a_quantity_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="no number"):
        read_decimal(text, "it")
