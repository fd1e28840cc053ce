"""ib_async's client on our wire: every request of its client has a message of ours, with the same content."""

from __future__ import annotations

import dataclasses
import inspect
import math
from typing import Any

import ib_async
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ib_async.util import UNSET_DOUBLE, UNSET_INTEGER

from ibwire.ib_async import Client, RemovedRequest, dropped_fields
from ibwire.ib_async.outgoing import REMOVED, REQUESTS
from ibwire.ib_async.to_wire import contract, order
from ibwire.wire import encode
from ibwire.wire import messages as m
from ibwire.wire.catalogue import CATALOGUE

LIFE = {
    *("reset", "run", "startApi", "send", "sendMsg", "connect", "connectAsync", "disconnect", "setConnectOptions"),
    *("serverVersion", "isConnected", "isReady", "connectionStats", "getReqId", "updateReqId", "getAccounts"),
}
"""What is no request in the interface of ib_async's client."""


def requests_of_theirs() -> set[str]:
    names = {name for name, one in vars(ib_async.Client).items() if inspect.isfunction(one)}
    return {name for name in names if not name.startswith("_")} - LIFE


def test_every_request_of_their_client_is_mapped_or_said_to_be_gone() -> None:
    assert requests_of_theirs() == REQUESTS.keys() | REMOVED.keys()
    assert not REQUESTS.keys() & REMOVED.keys()


def test_no_request_method_is_left_that_speaks_text() -> None:
    assert [name for name in requests_of_theirs() if getattr(Client, name) is getattr(ib_async.Client, name)] == []


@pytest.mark.parametrize("name", sorted(REMOVED))
def test_what_ibkr_removed_says_so(name: str) -> None:
    client = Client(ib_async.IB().wrapper)
    with pytest.raises(RemovedRequest, match=name):
        getattr(client, name)()


def test_the_text_dialect_is_refused_and_not_sent_into_nowhere() -> None:
    client = Client(ib_async.IB().wrapper)
    with pytest.raises(RemovedRequest):
        client.send(1, 11, 7)


class Sent(Exception):
    """Carries the message that a request method made."""


def made_by(name: str, *args: Any, **kwargs: Any) -> Any:
    client = Client(ib_async.IB().wrapper)

    def keep(message: Any) -> None:
        raise Sent(message)

    client.request = keep  # type: ignore[method-assign]
    with pytest.raises(Sent) as caught:
        getattr(client, name)(*args, **kwargs)
    return caught.value.args[0]


EXAMPLES: dict[str, Any] = {
    "contract": ib_async.Stock("AAPL", "SMART", "USD"),
    "order": ib_async.LimitOrder("BUY", 1, 2.5),
    "execFilter": ib_async.ExecutionFilter(symbol="AAPL"),
    "subscription": ib_async.ScannerSubscription(instrument="STK"),
    "data": ib_async.WshEventData(conId=8314),
    **dict.fromkeys(("snapshot", "regulatorySnapshot", "isSmartDepth", "ignoreSize", "useRTH", "useRth"), True),
    **dict.fromkeys(("keepUpToDate", "subscribe", "apiOnly", "allMsgs", "bAutoBind", "ledgerAndNLV"), True),
    **dict.fromkeys(("reqId", "orderId", "tickerId", "conId", "conid", "numRows", "numIds", "numberOfTicks"), 7),
    **dict.fromkeys(("faData", "marketRuleId", "marketDataType", "formatDate", "groupId", "totalResults"), 3),
    **dict.fromkeys(("barSize", "logLevel", "underlyingConId", "exerciseAction", "exerciseQuantity", "override"), 1),
    **dict.fromkeys(("optionPrice", "underPrice", "volatility"), 1.5),
}


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_every_request_makes_a_message_that_can_be_sent(name: str) -> None:
    parameters = [one for one in inspect.signature(getattr(ib_async.Client, name)).parameters if one != "self"]
    given_ = {
        one: [ib_async.TagValue("tag", "value")] if one.endswith("ptions") else EXAMPLES.get(one, "text")
        for one in parameters
    }
    if name == "reqTickByTickData":
        given_["tickType"] = "BidAsk"
    message = made_by(name, *given_.values())
    assert type(message) in CATALOGUE
    assert encode(message)
    if {"reqId", "orderId", "tickerId"} & given_.keys():
        assert 7 in (getattr(message, "req_id", None), getattr(message, "order_id", None))
    assert made_by(name, **given_) == message


# --- objects

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_double = st.sampled_from([0.0, -1.5, 1e-7, 1e12, UNSET_DOUBLE]) | st.floats(-1e9, 1e9)
_integer = st.sampled_from([0, 1, -1, UNSET_INTEGER]) | st.integers(-(2**31), 2**31 - 2)
_tags = st.lists(st.builds(ib_async.TagValue, _text.filter(bool), _text), max_size=2, unique_by=lambda one: one.tag)


def values_of(kind: type, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Random objects of one of ib_async's classes."""
    by_type = {str: _text, float: _double, int: _integer, bool: st.booleans()}
    fields = {
        one.name: by_type[type(one.default)]
        for one in dataclasses.fields(kind)
        if one.name not in more and type(one.default) in by_type
    }
    return st.builds(kind, **fields, **more)


_leg = values_of(ib_async.ComboLeg)
_contract = values_of(
    ib_async.Contract,
    multiplier=st.sampled_from(["", "100", "0.5"]),
    comboLegs=st.lists(_leg, max_size=3),
    deltaNeutralContract=st.none() | values_of(ib_async.DeltaNeutralContract),
)
_condition = st.one_of(
    values_of(kind, condType=st.just(kind().condType), conjunction=st.sampled_from("ao"))
    for kind in (
        *(ib_async.PriceCondition, ib_async.TimeCondition, ib_async.MarginCondition),
        *(ib_async.ExecutionCondition, ib_async.VolumeCondition, ib_async.PercentChangeCondition),
    )
)
_order = values_of(
    ib_async.Order,
    orderType=st.sampled_from(["LMT", "VOL", "PEG BENCH", "STP"]),
    conditions=st.lists(_condition, max_size=2),
    softDollarTier=values_of(ib_async.SoftDollarTier),
    algoParams=_tags,
    smartComboRoutingParams=_tags,
    orderMiscOptions=_tags,
    orderComboLegs=st.lists(st.builds(ib_async.OrderComboLeg, _double), max_size=3),
)


@given(_contract, _order)
def test_whatever_is_in_an_order_can_be_sent(what: Any, wanted: Any) -> None:
    encode(m.PlaceOrderRequest(order_id=1, contract=contract(what, wanted), order=order(wanted)))


@given(_order)
def test_an_order_says_what_it_said(wanted: Any) -> None:
    sent = order(wanted)
    for theirs, ours in {
        "action": "action",
        "tif": "tif",
        "ocaGroup": "oca_group",
        "orderRef": "order_ref",
        "account": "account",
        "rule80A": "rule_80a",
        "hedgeParam": "hedge_param",
        "algoStrategy": "algo_strategy",
        "lmtPrice": "lmt_price",
        "auxPrice": "aux_price",
        "trailStopPrice": "trail_stop_price",
        "delta": "delta",
        "minQty": "min_qty",
        "parentId": "parent_id",
        "transmit": "transmit",
        "hidden": "hidden",
        "competeAgainstBestOffset": "compete_against_best_offset",
        "duration": "duration",
        "cashQty": "cash_qty",
    }.items():
        value = getattr(wanted, theirs)
        assert getattr(sent, ours) == (None if value in ("", UNSET_DOUBLE, UNSET_INTEGER) else value)
    assert sent.algo_params == dict(wanted.algoParams)
    assert len(sent.conditions) == len(wanted.conditions)
    if wanted.totalQuantity != UNSET_DOUBLE:
        assert math.isclose(float(sent.total_quantity or ""), wanted.totalQuantity)
    assert (sent.volatility is None) or wanted.orderType == "VOL"


def test_prices_of_the_legs_go_with_the_legs() -> None:
    bag = ib_async.Bag(comboLegs=[ib_async.ComboLeg(conId=1, ratio=1), ib_async.ComboLeg(conId=2, ratio=2)])
    wanted = ib_async.LimitOrder("BUY", 1, 0.5, orderComboLegs=[ib_async.OrderComboLeg(1.25), ib_async.OrderComboLeg()])
    assert [leg.per_leg_price for leg in contract(bag, wanted).combo_legs] == [1.25, None]
    assert [leg.per_leg_price for leg in contract(bag).combo_legs] == [None, None]


def test_a_stock_has_no_strike_and_infinity_is_one() -> None:
    assert contract(ib_async.Stock("AAPL", "SMART", "USD")).strike is None
    assert order(ib_async.Order(competeAgainstBestOffset=math.inf)).compete_against_best_offset == math.inf


def test_what_our_wire_has_no_field_for_is_counted() -> None:
    dropped_fields.clear()
    order(ib_async.LimitOrder("BUY", 1, 2.0, eTradeOnly=True))
    order(ib_async.LimitOrder("BUY", 1, 2.0))
    assert dropped_fields == {"LimitOrder.eTradeOnly": 1}
