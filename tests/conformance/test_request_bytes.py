"""Every request of IBKR's client, given the same values, is the same bytes in ours.

One exception: a list of tags and values is a protobuf map, whose entries have no defined order on the wire. Where a
message holds a map of more than one entry and the bytes differ, both are compared with their maps sorted; all other
messages are compared byte for byte.
"""

from __future__ import annotations

from decimal import Decimal
from unittest.mock import patch

import ibapi.client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi.client import EClient
from ibapi.contract import ComboLeg, Contract, DeltaNeutralContract
from ibapi.errors import UPDATE_TWS
from ibapi.message import OUT
from ibapi.order import Order, OrderComboLeg
from ibapi.order_cancel import OrderCancel
from ibapi.order_condition import PriceCondition
from ibapi.tag_value import TagValue

from ibwire.wire import ClientProtocol, encode
from ibwire.wire import messages as m
from ibwire.wire.handshake import MIN_SERVER_VERSION
from ibwire.wire.ids import OUTGOING, PROTOBUF_OFFSET, SINCE
from tests.conformance.official_client import Errors, FakeConnection, assert_same_frame, call, client, sent_by
from tests.conformance.official_protobuf import MESSAGES, alone, as_record, build, drawn
from tests.conformance.official_requests import (
    EXCLUDED,
    PROTOBUF_METHODS,
    PROTOBUF_ONLY,
    REQUESTS,
    TWINS,
    arguments,
    calls,
    carry,
    nothing_set,
    parameters,
    public_methods,
    record,
    sends_protobuf,
)
from tests.conformance.official_values import ATTRIBUTES, INT, Given, least
from tests.helpers.campaigns import campaign

# --- no method is forgotten ------------------------------------------------------------------------------------------


def test_every_public_method_is_compared_or_excluded():
    tables = [set(REQUESTS), set(PROTOBUF_ONLY), set(TWINS), set(EXCLUDED)]
    assert set().union(*tables) == public_methods()
    assert sum(map(len, tables)) == len(public_methods()), "a method is in two tables"


def test_every_method_that_can_send_protobuf_is_compared():
    senders = {name for name in public_methods() if sends_protobuf(name)}
    assert senders - {"connect", "sendMsgProtoBuf"} == {*REQUESTS, *PROTOBUF_METHODS}


def test_every_outgoing_message_is_one_of_the_requests():
    assert {*REQUESTS.values(), *PROTOBUF_ONLY.values()} == set(OUTGOING.values())
    assert set(OUT) - set(OUTGOING) == {OUT.VERIFY_AND_AUTH_REQUEST, OUT.VERIFY_AND_AUTH_MESSAGE}


@pytest.mark.parametrize("method", REQUESTS)
def test_a_classic_method_goes_through_its_protobuf_twin(method: str):
    """That is: it hands one message to its twin and sends nothing itself."""
    (twin,) = (twin for twin, classic in TWINS.items() if classic == method)
    spied = client()
    with patch.object(EClient, twin, autospec=True) as spy:
        call(spied, method, nothing_set(method))
    ((_, message),) = [one.args for one in spy.call_args_list]
    assert spied.conn.sent == []
    getattr(spied, twin)(message)
    assert b"".join(spied.conn.sent) == sent_by(method, nothing_set(method))
    assert "sendMsgProtoBuf" not in calls(method)


# --- classic arguments -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", REQUESTS)
def test_a_request_in_which_nothing_is_set(method: str):
    """Users of our records have no sentinels: what they leave out has to mean what IBKR's unset values mean."""
    assert encode(REQUESTS[method]()) == sent_by(method, nothing_set(method))


@pytest.mark.parametrize("method", REQUESTS)
def test_each_argument_alone(method: str):
    for name, kind in parameters(method).items():
        for value in kind.edges:
            values = nothing_set(method) | {name: value}
            assert_same_frame(sent_by(method, values), record(method, values))


@pytest.mark.parametrize("kind", ATTRIBUTES, ids=lambda kind: kind.__name__)
def test_each_attribute_alone(kind: type):
    for name, attribute in ATTRIBUTES[kind].items():
        for value in attribute.edges:
            method, values = carry(Given(kind, least(kind) | {name: value}))
            assert_same_frame(sent_by(method, values), record(method, values))


@pytest.mark.parametrize("method", sorted(REQUESTS.keys() - {"placeOrder"}))
@campaign(part=8, full=25)
@given(data=st.data())
def test_a_request_is_the_same_bytes(method: str, data: st.DataObject):
    values = data.draw(arguments(method))
    assert_same_frame(sent_by(method, values), record(method, values))


@campaign(part=100, full=700)
@given(values=arguments("placeOrder"))
def test_an_order_is_the_same_bytes(values: dict[str, object]):
    assert_same_frame(sent_by("placeOrder", values), record("placeOrder", values))


# --- IBKR's protobuf messages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", PROTOBUF_METHODS)
def test_each_protobuf_field_alone(method: str):
    message = MESSAGES[PROTOBUF_METHODS[method].__name__]
    for present in alone(message.DESCRIPTOR, explicit=method in PROTOBUF_ONLY):
        _assert_same_frame_over_protobuf(method, message, present)


@pytest.mark.parametrize("method", PROTOBUF_METHODS)
@campaign(part=4, full=12)
@given(data=st.data())
def test_a_protobuf_message_is_the_same_bytes(method: str, data: st.DataObject):
    message = MESSAGES[PROTOBUF_METHODS[method].__name__]
    present = data.draw(drawn(message.DESCRIPTOR, explicit=method in PROTOBUF_ONLY))
    _assert_same_frame_over_protobuf(method, message, present)


def _assert_same_frame_over_protobuf(method: str, message: type, present: dict[str, object]) -> None:
    made = client()
    getattr(made, method)(build(message(), present))
    assert made.wrapper.errors == []
    assert_same_frame(b"".join(made.conn.sent), as_record(message.DESCRIPTOR, present))


# --- spelled out, without the tables ---------------------------------------------------------------------------------


def test_objects_as_they_are_created():
    made = client()
    made.placeOrder(7, Contract(), Order())
    made.reqContractDetails(8, Contract())
    made.cancelOrder(9, OrderCancel())
    assert made.conn.sent == [
        encode(m.PlaceOrderRequest(order_id=7, contract=m.Contract(), order=m.Order())),
        encode(m.ContractDataRequest(8, m.Contract())),
        encode(m.CancelOrderRequest(9)),
    ]


def test_an_order_for_a_combo():
    leg, delta = ComboLeg(), DeltaNeutralContract()
    leg.conId, leg.ratio, leg.action, leg.exchange, leg.shortSaleSlot = 265598, 2, "SELL", "SMART", 2
    delta.conId, delta.delta = 12087792, -0.5
    contract = Contract()
    contract.symbol, contract.secType, contract.primaryExchange, contract.multiplier = "IBKR", "BAG", "ISLAND", "100"
    contract.comboLegs, contract.deltaNeutralContract = [leg, ComboLeg()], delta
    price = OrderComboLeg()
    price.price = -1.25
    order = Order()
    order.action, order.totalQuantity, order.orderType, order.lmtPrice = "BUY", Decimal("1E+2"), "LMT", 100
    order.transmit, order.usePriceMgmtAlgo, order.rule80A = False, True, "I"
    condition = PriceCondition(triggerMethod=0, conId=265598, exch="SMART", isMore=False, price=170.5)
    order.orderComboLegs, order.conditions = [price], [condition.Or()]
    order.algoStrategy, order.algoParams = "Adaptive", [TagValue("adaptivePriority", "Urgent")]
    order.softDollarTier.val = "BRK"
    order.ptOrderId, order.ptOrderType = 8, "PRESET"
    made = client()
    made.placeOrder(7, contract, order)

    ours = m.PlaceOrderRequest(
        order_id=7,
        contract=m.Contract(
            symbol="IBKR",
            sec_type="BAG",
            primary_exch="ISLAND",
            multiplier=100.0,
            combo_legs=(
                m.ComboLeg(
                    con_id=265598, ratio=2, action="SELL", exchange="SMART", short_sales_slot=2, per_leg_price=-1.25
                ),
                m.ComboLeg(),
            ),
            delta_neutral_contract=m.DeltaNeutralContract(12087792, -0.5),
        ),
        order=m.Order(
            action="BUY",
            total_quantity="100",
            order_type="LMT",
            lmt_price=100,
            transmit=False,
            use_price_mgmt_algo=1,
            rule_80a="I",
            conditions=(
                m.OrderCondition(
                    type=1,
                    is_conjunction_connection=False,
                    is_more=False,
                    con_id=265598,
                    exchange="SMART",
                    price=170.5,
                    trigger_method=0,
                ),
            ),
            algo_strategy="Adaptive",
            algo_params={"adaptivePriority": "Urgent"},
            soft_dollar_tier=m.SoftDollarTier(value="BRK"),
        ),
        attached_orders=m.AttachedOrders(pt_order_id=8, pt_order_type="PRESET"),
    )
    assert made.conn.sent == [encode(ours)]


# --- the hello, and what a server version allows ---------------------------------------------------------------------

PRINTABLE = st.text(st.characters(min_codepoint=9, max_codepoint=126).filter(lambda c: c >= " " or c in "\t\n\r"))


@campaign(part=10, full=50)
@given(client_id=INT.values, options=st.none() | PRINTABLE, capabilities=st.none() | PRINTABLE)
def test_connecting(client_id: int, options: str | None, capabilities: str | None):
    connection = FakeConnection()
    made = EClient(Errors())
    made.setConnectOptions(options)
    made.setOptionalCapabilities(capabilities)
    with patch.object(ibapi.client, "Connection", lambda _host, _port: connection):
        made.connect("127.0.0.1", 4002, client_id)
    reader = made.reader
    made.disconnect()
    reader.join(5)
    assert not reader.is_alive()
    assert made.wrapper.errors == []
    hello, start = connection.sent
    assert ClientProtocol(connect_options=options or "").hello == hello
    assert encode(m.StartApiRequest(INT.translate(client_id), capabilities)) == start


@pytest.mark.parametrize("method", [*REQUESTS, *PROTOBUF_ONLY])
def test_a_request_is_sent_from_the_server_version_we_say(method: str):
    kind = {**REQUESTS, **PROTOBUF_ONLY}[method]
    number = next(number for number, sent in OUTGOING.items() if sent is kind)
    values = nothing_set(method) if method in REQUESTS else {}
    needed = SINCE.get(number, MIN_SERVER_VERSION)

    def at(version: int) -> EClient:
        made = client(version)
        if method in PROTOBUF_ONLY:
            getattr(made, method)(MESSAGES[kind.__name__]())
        else:
            call(made, method, values)
        return made

    (frame,) = at(needed).conn.sent
    assert int.from_bytes(frame[4:8], "big") == number + PROTOBUF_OFFSET
    if number in SINCE:
        refused = at(needed - 1)
        assert refused.conn.sent == []
        assert [error[2] for error in refused.wrapper.errors] == [UPDATE_TWS.code()]
