"""Which order an execution belongs to, whatever it calls it and whenever it comes."""

from __future__ import annotations

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ibwire.client_refs import ClientRef
from ibwire.execution_matching import ExecutionMatcher
from ibwire.order_changes import OrderKey
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign
from tests.helpers.order_stories import CLIENT_ID, ORDER_ID, PERM_ID, commission, execution

REF = ClientRef("01JD8PZK3M4QX7RT")
NEW = OrderKey(client_ref=str(REF), client_id=CLIENT_ID, order_id=ORDER_ID)
KNOWN = OrderKey(client_ref=str(REF), client_id=CLIENT_ID, order_id=ORDER_ID, perm_id=PERM_ID)
NAMELESS = OrderKey(client_ref=None, client_id=CLIENT_ID, order_id=ORDER_ID)


def matcher(names: OrderKey = KNOWN) -> ExecutionMatcher[str]:
    made: ExecutionMatcher[str] = ExecutionMatcher()
    made.know("ours", names)
    return made


def test_nautilus_4970_an_execution_without_an_order_id_goes_by_its_permanent_id() -> None:
    for order_id in (0, 2**31 - 1):
        found = execution(1, 10, 10, order_id=order_id)
        assert matcher().match(found) == ("ours", [found])
        assert matcher().match(execution(1, 10, 10, order_id=order_id, perm_id=5)) is None
        assert matcher(NAMELESS).match(execution(1, 10, 10, order_id=order_id, perm_id=0)) is None


def test_nautilus_3465_orders_of_tws_all_have_order_id_0() -> None:
    made: ExecutionMatcher[str] = ExecutionMatcher()
    made.know("first", OrderKey(client_ref=None, client_id=0, order_id=0, perm_id=11))
    made.know("second", OrderKey(client_ref=None, client_id=0, order_id=0, perm_id=12))
    for perm_id, key in ((12, "second"), (11, "first")):
        found = made.match(execution(perm_id, 1, 1, order_id=0, client_id=0, perm_id=perm_id))
        assert found is not None
        assert found[0] == key


def test_lean_242_an_older_order_that_had_our_id_keeps_its_fills() -> None:
    """The gateway gave an id twice; its older order's execution has another permanent id."""
    older = execution(1, 10, 10, perm_id=77)
    assert matcher().match(older) is None
    assert matcher(NEW).match(older) is None


def test_lean_189_an_execution_that_comes_before_its_order_waits() -> None:
    made = matcher(NEW)
    early, paid = execution(1, 10, 10), commission(1)
    assert made.match(paid) is None
    assert made.match(early) is None
    assert made.waiting == (early,)
    assert made.know("ours", KNOWN) == [early, paid]
    assert made.waiting == ()
    assert made.know("ours", KNOWN) == []


def test_our_reference_is_enough() -> None:
    found = execution(1, 10, 10, order_id=0, perm_id=5, order_ref=REF.order_ref("my tag"))
    assert matcher(NEW).match(found) == ("ours", [found])


def test_another_attempt_at_the_same_order_is_another_order() -> None:
    again = execution(1, 10, 10, perm_id=5, order_ref=REF.next_attempt().order_ref())
    assert matcher(NEW).match(again) is None


def test_the_order_id_counts_for_this_client_only() -> None:
    mine = execution(1, 10, 10, perm_id=0)
    assert matcher(NAMELESS).match(mine) == ("ours", [mine])
    assert matcher(NAMELESS).match(execution(2, 10, 10, perm_id=0, client_id=8)) is None


def test_a_commission_finds_its_execution_before_and_after() -> None:
    made = matcher()
    first, second = commission(1), commission(2)
    assert made.match(second) is None
    made.match(execution(1, 10, 10))
    assert made.match(first) == ("ours", [first])
    two = execution(2, 10, 20)
    assert made.match(two) == ("ours", [two, second])
    made.forget(KNOWN)
    assert made.match(first) == ("ours", [first])
    assert made.match(execution(3, 10, 30)) is None


def test_what_waits_is_bounded_and_what_is_lost_is_counted() -> None:
    made: ExecutionMatcher[str] = ExecutionMatcher(max_waiting=3)
    for number in range(5):
        made.match(execution(number, 1, 1, perm_id=100 + number))
        made.match(commission(50 + number))
    assert made.dropped == 4
    assert [one.execution.perm_id for one in made.waiting if one.execution] == [102, 103, 104]
    assert made.know("late", OrderKey(client_ref=None, client_id=1, order_id=1, perm_id=100)) == []


@campaign(part=100, full=2000)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 5))
def test_every_report_reaches_its_order_once_whatever_comes_first(seed: int, count: int) -> None:
    chance = random.Random(seed)
    told: list[object] = []
    for perm_id in range(1, count + 1):
        names = OrderKey(client_ref=None, client_id=CLIENT_ID, order_id=perm_id, perm_id=perm_id)
        order_id = chance.choice((0, 2**31 - 1, perm_id, 1))  # also another order's
        told += [names, execution(perm_id, 1, 1, perm_id=perm_id, order_id=order_id), commission(perm_id)]
    chance.shuffle(told)
    made: ExecutionMatcher[int] = ExecutionMatcher()
    got: list[tuple[int, Decimal | int]] = []
    for one in told:
        if isinstance(one, OrderKey):
            found = (one.perm_id or 0, made.know(one.perm_id or 0, one))
        else:
            assert isinstance(one, m.ExecutionDetails | m.CommissionAndFeesReport)
            found = made.match(one) or (0, [])
        got += [(found[0], trade_of(report)) for report in found[1]]
    assert sorted(got) == sorted((number, number) for number in range(1, count + 1) for _ in range(2))


def trade_of(report: m.ExecutionDetails | m.CommissionAndFeesReport) -> int:
    exec_id = (
        report.exec_id if isinstance(report, m.CommissionAndFeesReport) else (report.execution or m.Execution()).exec_id
    )
    return int((exec_id or "").split(".")[2])
