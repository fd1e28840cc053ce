"""What becomes of each type of order, in which order a gateway tells it (protocol notes, 4.2 to 4.7), and when."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ibwire.simulator import GatewayLimits
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.tickets import TRANSITIONS, Status
from ibwire.simulator.trading_sessions import AlwaysOpen
from ibwire.wire import messages as m
from tests.helpers.order_floor import OrderFloor, an_order
from tests.helpers.simulated import MSFT, MSFT_CONTRACT, limit

ACCEPTED = ["O PreSubmitted", "S PreSubmitted 0/10"]
HELD = ["O PreSubmitted", "S PreSubmitted 0/10 trigger"]
WORKING = ["O Submitted", "S Submitted 0/10"]
CANCELLED = ["S PendingCancel 0/10", "S Cancelled 0/10", "E 202"]
ENDED = ["S Cancelled 0/10", "E 202"]


def filled(side: str, price: float) -> list[str]:
    return [f"X {side} 10@{price}", "O Filled", "S Filled 10/0", "C"]


def echo_of(floor: OrderFloor) -> Any:
    return [one.order for one in floor.heard[1] if isinstance(one, m.OpenOrder)][-1]


# --- triggers


@pytest.mark.parametrize(
    ("order", "before", "after", "price"),
    [
        (an_order("BUY", "10", "STP", aux_price=101.0), 100.9, 101.0, 101.1),
        (an_order("SELL", "10", "STP", aux_price=99.0), 99.1, 99.0, 98.9),
        (an_order("BUY", "10", "MIT", aux_price=99.0), 99.1, 99.0, 99.1),
        (an_order("SELL", "10", "MIT", aux_price=101.0), 100.9, 101.0, 100.9),
    ],
    ids=lambda value: f"{value.action} {value.order_type}" if isinstance(value, m.Order) else "",
)
def test_order_is_held_until_the_last_price_triggers_it_and_then_fills(
    order: m.Order, before: float, after: float, price: float
) -> None:
    floor = OrderFloor()
    floor.move(last=100.0)
    assert floor.place(1, order) == [*HELD, *HELD]
    assert floor.move(last=before) == []
    quote = (98.9, 300, 101.1, 200) if order.order_type == "STP" else (100.9, 300, 99.1, 200)
    assert floor.move(*quote, last=after) == [*WORKING, *filled("BOT" if order.action == "BUY" else "SLD", price)]


def test_stop_that_is_hit_when_it_comes_is_held_and_let_loose_at_once() -> None:
    floor = OrderFloor()
    floor.move(last=98.0)
    placed = floor.place(1, an_order("SELL", "10", "STP", aux_price=99.0))
    assert placed == [*HELD, *WORKING, *filled("SLD", 100.0)]


def test_stop_watches_bid_or_ask_while_nothing_was_traded_and_where_it_is_asked_to() -> None:
    floor = OrderFloor()
    assert floor.place(1, an_order("BUY", "10", "STP", aux_price=100.1)) == [*HELD, *HELD]  # the bid is below
    assert floor.move(bid=100.1, bid_size=5) == [*WORKING, *filled("BOT", 100.1)]
    floor.move(last=100.0)
    assert floor.place(2, an_order("SELL", "10", "STP", aux_price=90.0, trigger_method=4)) == [*HELD, *HELD]
    assert floor.move(last=80.0) == []
    assert floor.move(bid=89.0, bid_size=50, ask=90.0, ask_size=50) == [*WORKING, *filled("SLD", 89.0)]


def test_stop_limit_rests_at_its_limit_after_the_trigger() -> None:
    floor = OrderFloor()
    floor.move(last=100.0)
    floor.place(1, an_order("SELL", "10", "STP LMT", aux_price=99.0, lmt_price=98.5))
    assert floor.move(bid=97.0, bid_size=50, last=98.0) == WORKING
    assert floor.move(bid=98.6, bid_size=50) == filled("SLD", 98.6)


def test_modified_stop_is_told_twice_and_hit_at_its_new_price() -> None:
    floor = OrderFloor()
    floor.move(last=100.0)
    floor.place(1, an_order("SELL", "10", "STP", aux_price=99.0))
    assert floor.place(1, an_order("SELL", "10", "STP", aux_price=98.0)) == [*HELD, *HELD]
    assert floor.move(last=99.0) == []
    assert floor.move(last=98.0)[:2] == WORKING


@pytest.mark.parametrize("distance", [{"aux_price": 1.0}, {"trailing_percent": 1.0}], ids=["amount", "percent"])
def test_trailing_stop_follows_the_price_one_way_and_shows_where_it_is(distance: dict[str, float]) -> None:
    floor = OrderFloor()
    floor.move(last=100.0)
    assert floor.place(1, an_order("SELL", "10", "TRAIL", **distance)) == [*HELD, *HELD]
    assert echo_of(floor).trail_stop_price == 99.0
    for price in (101.0, 105.0, 104.5):
        assert floor.move(last=price) == []
    stop = floor.ticket(1).stop
    assert stop == (Decimal(104) if "aux_price" in distance else Decimal("103.95"))
    assert floor.move(bid=103.0, bid_size=50, last=float(stop)) == [*WORKING, *filled("SLD", 103.0)]


def test_trailing_stop_begins_where_it_is_told_to() -> None:
    floor = OrderFloor()
    floor.move(last=100.0)
    floor.place(1, an_order("BUY", "10", "TRAIL", aux_price=1.0, trail_stop_price=100.5))
    assert floor.ticket(1).stop == Decimal("100.5")
    assert floor.move(last=100.5)[:2] == WORKING


def test_trailing_limit_order_has_its_limit_at_an_offset_from_the_stop() -> None:
    floor = OrderFloor()
    floor.move(last=100.0)
    order = an_order("SELL", "10", "TRAIL LIMIT", aux_price=1.0, lmt_price_offset=0.1, trail_stop_price=99.0)
    floor.place(1, order)
    assert (echo_of(floor).trail_stop_price, echo_of(floor).lmt_price) == (99.0, 98.9)
    floor.move(last=102.0)
    assert floor.move(bid=100.8, bid_size=50, last=101.0) == WORKING
    assert echo_of(floor).lmt_price == 100.9
    assert floor.move(bid=100.9, bid_size=50) == filled("SLD", 100.9)


# --- other types


def test_market_to_limit_order_goes_on_as_a_limit_order_at_the_price_it_got() -> None:
    floor = OrderFloor()
    assert "S Submitted 200/300" in floor.place(1, an_order("BUY", "500", "MTL"))
    assert echo_of(floor).lmt_price == 100.1
    assert floor.move(ask=100.2, ask_size=500) == []
    assert floor.move(ask=100.1, ask_size=500)[0] == "X BOT 300@100.1"


def test_relative_order_stands_at_its_side_and_is_moved_only_towards_the_other() -> None:
    floor = OrderFloor()
    assert floor.place(1, an_order("BUY", "10", "REL", aux_price=0.02, lmt_price=100.5)) == [*ACCEPTED, *WORKING]
    assert floor.ticket(1).limit == Decimal("100.02")
    floor.move(bid=100.05, bid_size=10)
    floor.move(bid=99.0, bid_size=10)
    assert floor.ticket(1).limit == Decimal("100.07")
    floor.move(bid=100.6, bid_size=10, ask=100.7, ask_size=10)
    assert floor.ticket(1).limit == Decimal("100.5"), "the cap"
    assert floor.move(ask=100.5, ask_size=10) == filled("BOT", 100.5)


def test_midprice_order_stands_in_the_middle_and_fills_when_the_other_side_comes_there() -> None:
    floor = OrderFloor()
    floor.place(1, an_order("BUY", "10", "MIDPRICE"))
    assert floor.ticket(1).limit == Decimal("100.05")
    assert floor.move(ask=100.05, ask_size=10) == filled("BOT", 100.05)


@pytest.mark.parametrize("quantity", ["10", "300"])
def test_immediate_order_takes_what_there_is_and_no_error_follows(quantity: str) -> None:
    floor = OrderFloor()
    order = limit("BUY", quantity, 100.1, tif="IOC")
    news = floor.place(1, order)
    if quantity == "10":
        assert news == [*ACCEPTED, *filled("BOT", 100.1)]
    else:
        assert news[2:] == [
            "X BOT 200@100.1", "O Submitted", "S Submitted 200/100", "C", "S PendingCancel 200/100",
            "S Cancelled 200/100",
        ]  # fmt: skip


def test_immediate_order_that_nothing_is_there_for_is_cancelled_and_fill_or_kill_goes_inactive() -> None:
    floor = OrderFloor()
    assert floor.place(1, limit("BUY", "10", 99.0, tif="IOC")) == [
        "O PreSubmitted", "S PendingCancel 0/10", "S Cancelled 0/10",
    ]  # fmt: skip
    assert floor.place(2, limit("BUY", "201", 100.1, tif="FOK")) == ["O Inactive", "S Inactive 0/201"]
    assert floor.place(3, limit("BUY", "10", 100.1, tif="FOK")) == [*ACCEPTED, *filled("BOT", 100.1)]
    assert floor.cancel(2) == ["E 10148"]


def test_limit_far_through_the_market_is_cancelled_by_price_protection() -> None:
    floor = OrderFloor(limits=GatewayLimits())
    assert floor.place(1, limit("BUY", "10", 121.0)) == [*ACCEPTED, *ENDED]
    assert floor.place(2, limit("SELL", "10", 79.0, tif="IOC"))[1:] == ["S PendingCancel 0/10", "S Cancelled 0/10"]
    assert floor.place(3, limit("BUY", "10", 121.0, tif="FOK")) == ["O Inactive", "S Inactive 0/10"]
    assert floor.place(4, limit("BUY", "10", 120.12))[-1] == "C", "a fifth is not too far"
    assert floor.place(5, limit("BUY", "10", 1.0)) == [*ACCEPTED, *WORKING], "far away on its own side"


def test_order_without_funds_is_rejected_and_inactive_and_one_that_reduces_is_not() -> None:
    floor = OrderFloor(limits=GatewayLimits())
    assert floor.place(1, limit("BUY", "50000", 100.0)) == ["E 201", "O Inactive", "S Inactive 0/50000"]
    floor.move(100.0, 50_000, 100.0, 50_000)
    assert floor.place(2, an_order("BUY", "35000", "MKT"))[-1] == "C"
    floor.move(90.0, 50_000, 90.1, 50_000, last=5.0)  # the account is under water
    assert floor.place(3, an_order("BUY", "100", "MKT"))[0] == "E 201"
    assert floor.place(4, an_order("SELL", "100", "MKT"))[-1] == "C"


# --- times


def test_day_order_ends_with_the_regular_day_or_the_long_one() -> None:
    floor = OrderFloor()
    floor.place(1, limit("BUY", "10", 99.0))
    floor.place(2, limit("BUY", "10", 99.0, outside_rth=True))
    floor.place(3, limit("BUY", "10", 99.0, tif="GTC"))
    assert floor.wait_until(datetime(2026, 4, 8, 19, 59, 59, tzinfo=UTC)) == []
    assert floor.wait(1) == ENDED
    assert floor.wait_until(datetime(2026, 4, 8, 23, 59, 59, tzinfo=UTC)) == []
    assert floor.wait(1) == ENDED
    assert floor.wait(30 * 86_400) == []


def test_good_till_order_ends_at_its_time_and_good_after_begins_at_its_own() -> None:
    floor = OrderFloor()
    floor.place(1, limit("BUY", "10", 99.0, tif="GTD", good_till_date="20260408-15:30:00"))
    assert floor.place(2, an_order("BUY", "10", "MKT", good_after_time="20260408 11:45:00 US/Eastern")) == ACCEPTED
    assert floor.wait(1800 - 1) == []
    assert floor.wait(1) == ENDED
    assert floor.wait(900 - 1) == []
    assert floor.wait(1) == filled("BOT", 100.1)


def test_time_without_a_zone_is_taken_with_a_warning() -> None:
    news = OrderFloor().place(1, limit("BUY", "10", 99.0, tif="GTD", good_till_date="20260408 15:30:00"))
    assert news == ["E 2174", *ACCEPTED, *WORKING]


@pytest.mark.parametrize(("kind", "price", "got"), [("MOC", None, True), ("LOC", 100.1, True), ("LOC", 99.0, False)])
def test_order_at_the_close_works_at_that_moment_alone(kind: str, price: float | None, *, got: bool) -> None:
    floor = OrderFloor()
    assert floor.place(1, an_order("BUY", "10", kind, lmt_price=price)) == ACCEPTED
    floor.move(ask=100.05, ask_size=500)
    assert floor.wait_until(datetime(2026, 4, 8, 19, 59, 59, tzinfo=UTC)) == []
    ended = ["S PendingCancel 0/10", "S Cancelled 0/10"]
    assert floor.wait(1) == (filled("BOT", 100.05) if got else ended)


def test_order_for_the_opening_waits_for_the_next_one() -> None:
    floor = OrderFloor()
    assert floor.place(1, an_order("BUY", "10", "MKT", tif="OPG")) == ACCEPTED
    assert floor.wait_until(datetime(2026, 4, 9, 13, 29, 59, tzinfo=UTC)) == []
    assert floor.wait(1) == filled("BOT", 100.1)


class Table(AlwaysOpen):
    """Markets that are open when the instrument table says so."""

    def is_open(self, instrument: Instrument, at_s: float, *, regular_only: bool) -> bool:
        day = datetime.fromtimestamp(at_s, UTC).date()
        week = self.sessions(instrument, day, date(day.year, day.month, day.day + 2), regular_only=regular_only)
        return any(session.start_s <= at_s < session.end_s for session in week)


def test_order_waits_for_its_market_to_open_with_a_warning_and_again_the_next_night() -> None:
    floor = OrderFloor(Table())
    floor.wait_until(datetime(2026, 4, 8, 10, tzinfo=UTC))  # 06:00 in New York
    assert floor.place(1, limit("BUY", "10", 99.0, tif="GTC")) == [*ACCEPTED, "E 399"]
    warning = floor.heard[1][-1]
    assert isinstance(warning, m.ErrorMessage)
    assert warning.error_msg == (
        "Order Message:\nBUY 10 AAPL NASDAQ\n"
        "Warning: your order will not be placed at the exchange until 2026-04-08 09:30:00 US/Eastern"
    )
    assert floor.place(2, limit("BUY", "10", 99.0, outside_rth=True)) == [*ACCEPTED, *WORKING]
    assert floor.move(ask=98.0, ask_size=10)[0] == "X BOT 10@98.0", "only the one that may trade now"
    floor.move(ask=100.0, ask_size=10)
    assert floor.wait_until(datetime(2026, 4, 8, 13, 30, tzinfo=UTC)) == WORKING
    assert floor.wait_until(datetime(2026, 4, 8, 20, tzinfo=UTC)) == ACCEPTED
    assert floor.move(ask=98.0, ask_size=10) == []
    assert floor.wait_until(datetime(2026, 4, 9, 13, 30, tzinfo=UTC)) == filled("BOT", 98.0)


# --- brackets and groups


def bracket(floor: OrderFloor, parent: m.Order) -> list[str]:
    """A parent to buy 100, a profit taker at 110 and a stop at 90."""
    child = an_order("SELL", "100", "LMT", lmt_price=110.0, parent_id=1, transmit=False)
    held = floor.place(1, parent) + floor.place(2, child)
    assert held == []
    return floor.place(3, an_order("SELL", "100", "STP", aux_price=90.0, parent_id=1))


def statuses(floor: OrderFloor) -> list[str]:
    return [str(floor.ticket(number).status) for number in (1, 2, 3)]


def test_children_wait_for_their_parent_and_one_cancels_the_other() -> None:
    floor = OrderFloor()
    floor.move(last=100.0)
    news = bracket(floor, limit("BUY", "100", 99.0, transmit=False))
    pairs = ["O PreSubmitted", "S PreSubmitted 0/100"]
    assert news == [*pairs, *pairs, pairs[0], f"{pairs[1]} trigger", "O Submitted", "S Submitted 0/100"]
    perm_id = floor.ticket(1).perm_id
    assert (echo_of(floor).order_id, floor.ticket(2).oca_group) == (1, str(perm_id))
    assert floor.move(ask=99.0, ask_size=100) == [
        "X BOT 100@99.0", "O Filled", "S Filled 100/0", "C",
        "O Submitted", "S Submitted 0/100", "O PreSubmitted", "S PreSubmitted 0/100 trigger",
    ]  # fmt: skip
    assert floor.move(bid=110.0, bid_size=30) == [
        "X SLD 30@110.0", "O Submitted", "S Submitted 30/70", "C", "O PreSubmitted", "S PreSubmitted 0/70 trigger",
    ]  # fmt: skip
    assert floor.move(bid=110.0, bid_size=300)[4:] == ["S Cancelled 0/70", "E 202"]
    assert statuses(floor) == ["Filled", "Filled", "Cancelled"]


def test_child_that_fills_with_its_parent_cancels_its_sibling() -> None:
    floor = OrderFloor()
    floor.move(bid=120.0, bid_size=300, ask=120.0, ask_size=300, last=80.0)  # both children would fill at once
    news = bracket(floor, an_order("BUY", "100", "MKT", transmit=False))
    assert [one for one in news if one[0] == "X"] == ["X BOT 100@120.0", "X SLD 100@120.0"]
    assert statuses(floor) == ["Filled", "Filled", "Cancelled"]
    assert news[-2:] == ["S Cancelled 0/100", "E 202"]


def test_parent_that_is_cancelled_takes_its_children_with_it() -> None:
    floor = OrderFloor()
    bracket(floor, limit("BUY", "100", 99.0, transmit=False))
    cancelled = ["S Cancelled 0/100", "E 202"]
    assert floor.cancel(1) == ["S PendingCancel 0/100", *cancelled, *cancelled, *cancelled]


def test_child_whose_parent_is_rejected_or_unknown_is_refused() -> None:
    floor = OrderFloor(limits=GatewayLimits())
    floor.move(last=100.0)
    news = bracket(floor, limit("BUY", "90000", 99.0, transmit=False))
    assert [one for one in news if one[0] == "E"] == ["E 201", "E 10006", "E 10006"]
    assert statuses(floor) == ["Inactive"] * 3
    assert floor.place(4, limit("SELL", "1", 110.0, parent_id=77)) == ["E 10006"]


def test_held_parent_that_is_discarded_takes_its_held_children_with_it() -> None:
    floor = OrderFloor()
    floor.place(1, limit("BUY", "10", 99.0, transmit=False))
    floor.place(2, limit("SELL", "10", 110.0, transmit=False, parent_id=1))
    assert floor.cancel(1) == ["E 202", "E 161"]
    assert floor.cancel(2) == ["E 10147"]


@pytest.mark.parametrize(
    ("oca_type", "others"),
    [
        (1, ["S Cancelled 0/100", "E 202"]),
        (2, ["O Submitted", "S Submitted 0/50"]),
        (3, ["O Submitted", "S Submitted 0/50"]),
    ],
)
def test_fill_in_a_group_cancels_or_reduces_the_others(oca_type: int, others: list[str]) -> None:
    floor = OrderFloor()
    floor.move(100.0, 300, 100.1, 200, con_id=MSFT)
    group = {"oca_group": "one of us", "oca_type": oca_type}
    floor.place(1, limit("BUY", "40", 99.0, **group))
    floor.place(2, limit("BUY", "100", 98.0, **group), MSFT_CONTRACT)
    assert floor.move(ask=99.0, ask_size=20)[4:] == others


# --- conditions


def price_condition(price: float, **more: Any) -> m.OrderCondition:
    return m.OrderCondition(type=1, con_id=MSFT, exchange="SMART", price=price, trigger_method=0, **more)


def test_order_waits_for_its_conditions_and_then_works_on_without_them() -> None:
    floor = OrderFloor()
    floor.move(last=400.0, con_id=MSFT)
    conditions = (
        price_condition(410.0, is_more=True),
        m.OrderCondition(type=3, time="20260408-15:30:00", is_more=True),
    )
    assert floor.place(1, limit("BUY", "10", 99.0, conditions=conditions)) == ACCEPTED
    assert floor.move(last=411.0, con_id=MSFT) == []
    assert floor.wait(1800) == WORKING
    assert floor.move(last=300.0, con_id=MSFT) == []
    assert floor.move(ask=99.0, ask_size=100) == filled("BOT", 99.0)


def test_conditions_joined_by_or_need_one_and_may_cancel() -> None:
    floor = OrderFloor()
    floor.move(last=400.0, con_id=MSFT)
    conditions = (
        price_condition(410.0, is_more=True, is_conjunction_connection=False),
        price_condition(390.0, is_more=False),
    )
    order = limit("BUY", "10", 99.0, conditions=conditions, conditions_cancel_order=True)
    assert floor.place(1, order) == [*ACCEPTED, *WORKING]
    assert floor.move(last=390.0, con_id=MSFT) == ENDED


# --- a ticket's statuses


def test_only_ends_are_final_and_a_ticket_takes_no_step_that_is_not_in_the_table() -> None:
    assert {status for status, after in TRANSITIONS.items() if not after} == {
        Status.CANCELLED,
        Status.FILLED,
        Status.INACTIVE,
    }
    floor = OrderFloor()
    floor.place(1, an_order("BUY", "10", "MKT"))
    with pytest.raises(ValueError, match="cannot become Submitted after Filled"):
        floor.ticket(1).move_to(Status.SUBMITTED)
