"""The guards that look at orders together: which orders are the same, and when what was placed counts."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ibwire.exceptions import OrderLimitExceeded
from ibwire.order_flow import OrderFlow
from ibwire.orders import Order, limit
from ibwire.settings import TradingSettings
from ibwire.wire import messages as m

SHARE = m.Contract(con_id=1, sec_type="STK", exchange="SMART")
ORDER = replace(limit("BUY", 1, 99), account="DU1")


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def flow_of(clock: Clock, **limits: Any) -> OrderFlow:
    return OrderFlow(TradingSettings(**limits), open_orders=lambda: 0, now=clock)


def spread_of(*con_ids: int) -> m.Contract:
    legs = tuple(m.ComboLeg(con_id=con_id, ratio=1, action="BUY", exchange="SMART") for con_id in con_ids)
    return m.Contract(con_id=28812380, symbol="AAPL", sec_type="BAG", exchange="SMART", combo_legs=legs)


@pytest.mark.parametrize(
    ("contract", "order"),
    [
        (replace(SHARE, exchange="NYSE"), replace(ORDER, order_ref="another tag", tif="GTC")),
        (SHARE, limit("BUY", "1.00", "99.0", account="DU1")),
    ],
)
def test_what_is_the_same_to_a_user_is_a_duplicate(contract: m.Contract, order: Order) -> None:
    flow = flow_of(Clock(), duplicate_window_s=5.0)
    flow.admit(SHARE, [ORDER], allow_duplicate=False)
    with pytest.raises(OrderLimitExceeded, match=r"placed 0 s ago, less than 5 s \(guard: duplicate_window_s\)"):
        flow.admit(contract, [order], allow_duplicate=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"account": "DU2"},
        {"account": None, "fa_group": "one"},
        {"action": "SELL"},
        {"order_type": "LOC"},
        {"total_quantity": 2},
        {"limit_price": 98},
        {"aux_price": 98},
        {"trail_stop_price": 98},
        {"trailing_percent": 9},
        {"cash_qty": 9},
    ],
    ids=lambda changes: ", ".join(changes),
)
def test_what_differs_to_a_user_is_none(changes: dict[str, Any]) -> None:
    flow = flow_of(Clock(), duplicate_window_s=5.0)
    flow.admit(SHARE, [ORDER], allow_duplicate=False)
    flow.admit(SHARE, [replace(ORDER, **changes)], allow_duplicate=False)


def test_combinations_have_one_con_id_and_are_told_apart_by_their_legs() -> None:
    flow = flow_of(Clock(), duplicate_window_s=5.0)
    flow.admit(spread_of(1, 2), [ORDER], allow_duplicate=False)
    flow.admit(spread_of(1, 3), [ORDER], allow_duplicate=False)
    with pytest.raises(OrderLimitExceeded):
        flow.admit(spread_of(1, 2), [ORDER], allow_duplicate=False)


def test_what_was_placed_before_counts_by_its_age_and_a_clock_that_went_back_makes_it_new() -> None:
    clock = Clock()
    flow = flow_of(clock, max_orders_per_minute=3, duplicate_window_s=30.0)
    orders = [replace(ORDER, account=f"DU{at}") for at in range(4)]
    flow.remember([(-3600.0, SHARE, orders[0]), (70.0, SHARE, orders[1]), (40.0, SHARE, orders[2])])
    flow.admit(SHARE, orders[2:3], allow_duplicate=False)
    with pytest.raises(OrderLimitExceeded, match="duplicate_window_s"):
        flow.admit(SHARE, orders[:1], allow_duplicate=False)
    with pytest.raises(OrderLimitExceeded, match="max_orders_per_minute"):
        flow.admit(SHARE, orders[3:], allow_duplicate=False)
    clock.now_s += 21
    flow.admit(SHARE, orders[3:], allow_duplicate=False)


def test_what_has_waited_counts_when_it_leaves() -> None:
    clock = Clock()
    flow = flow_of(clock, max_orders_per_minute=2)
    waited = flow.admit(SHARE, [ORDER], allow_duplicate=True)
    waited.end()
    assert flow.room_in_s(waited.at_s) == 0
    clock.now_s += 50
    flow.admit(SHARE, [ORDER], allow_duplicate=True).end()
    assert flow.room_in_s(waited.at_s) == 0  # it has its own place
    flow.leaves(waited.at_s)
    clock.now_s += 20
    with pytest.raises(OrderLimitExceeded, match="max_orders_per_minute"):
        flow.admit(SHARE, [ORDER], allow_duplicate=True)
    assert flow.room_in_s(waited.at_s) == 40
    clock.now_s += 40
    assert flow.room_in_s(waited.at_s) == 0
