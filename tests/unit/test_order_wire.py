"""Orders to the wire and back: nothing is lost, and what only a gateway sets never leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from ibwire.exceptions import InvalidOrder, ProtocolError
from ibwire.order_conditions import OtherCondition, condition_from_wire, condition_to_wire
from ibwire.order_fields import Order
from ibwire.order_times import moment_problem, moment_text, read_moment
from ibwire.order_wire import ATTACHED, GATEWAY_ONLY, RENAMED, order_from_wire, order_to_wire, place_request
from ibwire.wire import encode
from ibwire.wire import messages as m
from ibwire.wire.codec import CLIENT_MESSAGES, WIRE_IDS
from tests.helpers.campaigns import campaign
from tests.helpers.order_strategies import CONDITIONS, MOMENTS, dense_order, orders


def over_the_wire(message: m.PlaceOrderRequest) -> m.PlaceOrderRequest:
    decoder = CLIENT_MESSAGES[WIRE_IDS[m.PlaceOrderRequest]]
    parse, convert, parsed, has = decoder.parser()
    parse(encode(message)[8:])
    found = convert(parsed, has)
    assert isinstance(found, m.PlaceOrderRequest)
    return found


def test_an_order_has_every_field_of_the_wire_with_its_default() -> None:
    ours = {field.name: field.default for field in fields(Order) if field.name not in {*ATTACHED, "leg_prices"}}
    wires = {RENAMED.get(field.name, field.name): field.default for field in fields(m.Order)}
    assert ours.keys() == wires.keys()
    assert order_to_wire(Order()) == m.Order()
    assert order_from_wire(m.Order()) == Order()


@campaign(part=150, full=3000)
@given(order=orders())
def test_an_order_comes_back_from_the_wire_as_it_was(order: Order) -> None:
    wire = order_to_wire(order)
    assert order_from_wire(wire, m.AttachedOrders(**{name: getattr(order, name) for name in ATTACHED})) == order
    assert order_to_wire(order_from_wire(wire)) == wire


@campaign(part=50, full=500)
@given(order=orders())
def test_an_order_comes_back_from_its_bytes_but_for_what_is_not_sent(order: Order) -> None:
    request = place_request(5, m.Contract(con_id=1), order)
    came = over_the_wire(request)
    back = order_from_wire(came.order or m.Order(), came.attached_orders)
    false = {name: None for name in Order.__struct_fields__ if getattr(order, name) is False}
    assert back == replace(order, **{**false, **dict.fromkeys(GATEWAY_ONLY)})


def test_every_field_alone_comes_back() -> None:
    dense = dense_order()
    for field in fields(Order):
        order = Order(**{field.name: getattr(dense, field.name)})
        attached = m.AttachedOrders(**{name: getattr(order, name) for name in ATTACHED})
        assert order_from_wire(order_to_wire(order), attached) == order, field.name


def test_what_only_a_gateway_sets_is_not_sent() -> None:
    sent = place_request(5, m.Contract(con_id=1), dense_order()).order
    assert sent is not None
    assert [name for name in GATEWAY_ONLY if getattr(sent, name) is not None] == []


def test_leg_prices_travel_with_the_legs_of_the_contract() -> None:
    legs = (m.ComboLeg(con_id=1), m.ComboLeg(con_id=2), m.ComboLeg(con_id=3))
    contract = m.Contract(sec_type="BAG", combo_legs=legs)
    order = Order(leg_prices=(None, Decimal("-1.25")))
    request = place_request(5, contract, order)
    assert request.contract is not None
    assert [leg.per_leg_price for leg in request.contract.combo_legs] == [None, -1.25, None]
    assert order_from_wire(m.Order(), None, request.contract).leg_prices == (None, Decimal("-1.25"), None)
    assert place_request(5, contract, Order()).contract == contract


def test_a_quantity_that_is_no_number_is_no_quantity() -> None:
    with pytest.raises(ProtocolError, match="total_quantity is 'many'"):
        order_from_wire(m.Order(total_quantity="many"))


@campaign(part=100, full=1000)
@given(condition=CONDITIONS)
def test_a_condition_comes_back_as_it_was(condition: object) -> None:
    assert condition_from_wire(condition_to_wire(condition)) == condition  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wire",
    [
        m.OrderCondition(type=2),
        m.OrderCondition(type=4, percent=5, is_more=True, symbol="not a margin's"),
        m.OrderCondition(type=1, con_id=1, exchange="X", is_more=True),
        m.OrderCondition(),
    ],
)
def test_a_condition_that_no_kind_can_say_is_kept_as_it_is(wire: m.OrderCondition) -> None:
    condition = condition_from_wire(wire)
    assert isinstance(condition, OtherCondition)
    assert condition_to_wire(condition) == wire


@given(moment=MOMENTS)
def test_moments_come_back(moment: datetime | str) -> None:
    assert read_moment(moment_text(moment)) == moment
    assert moment_problem(moment) is None


@given(text=st.text(max_size=30))
def test_any_text_stays_what_it_is(text: str) -> None:
    assert moment_text(read_moment(text)) == text


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    new_york = datetime(2026, 4, 5, 10, 30, tzinfo=timezone(timedelta(hours=-4)))
    assert moment_text(new_york) == "20260405-14:30:00"
    assert read_moment("20260405-14:30:00") == datetime(2026, 4, 5, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 4, 5, 10, 30),  # noqa: DTZ001
        datetime(2026, 4, 5, 10, 30, 0, 1, tzinfo=UTC),
        "20260405 10:30:00",
        "20260405",
        "20261340-10:30:00",
        "20260231 10:30:00 UTC",
        "tomorrow",
    ],
)
def test_a_moment_without_a_zone_or_a_date_is_refused(moment: datetime | str) -> None:
    assert moment_problem(moment)
    if isinstance(moment, datetime):
        with pytest.raises(InvalidOrder):
            moment_text(moment)
