"""Our Order, given what IBKR's own client is given, leaves as the same bytes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import COMPETE_AGAINST_BEST_OFFSET_UP_TO_MID, Order
from ibapi.tag_value import TagValue

from ibwire import orders as o
from ibwire.order_wire import order_from_wire, place_request
from ibwire.wire import messages as m
from tests.conformance.official_client import assert_same_frame, client, sent_by
from tests.conformance.official_requests import arguments, carry, record
from tests.conformance.official_values import ATTRIBUTES, Given, least
from tests.helpers.campaigns import campaign


def through_our_order(request: Any) -> m.PlaceOrderRequest:
    """The same request, made again from the Order that it holds."""
    order = order_from_wire(request.order, request.attached_orders, request.contract)
    return place_request(request.order_id, request.contract, order)


@campaign(part=100, full=1000)
@given(values=arguments("placeOrder"))
def test_any_order_is_the_same_bytes(values: dict[str, Any]) -> None:
    request = record("placeOrder", values)
    assume("nan" not in repr(request))  # there are many of these, and a Decimal knows only one
    assert_same_frame(sent_by("placeOrder", values), through_our_order(request))


def test_each_attribute_alone_is_the_same_bytes() -> None:
    for name, attribute in ATTRIBUTES[Order].items():
        for value in attribute.edges:
            method, values = carry(Given(Order, least(Order) | {name: value}))
            assert_same_frame(sent_by(method, values), through_our_order(record(method, values)))


CONTRACT = m.Contract(con_id=265598, exchange="SMART")

SAME: list[tuple[o.Order, dict[str, Any]]] = [
    (o.market("BUY", 100), {"orderType": "MKT"}),
    (o.limit("BUY", 100, "187.2", tif="GTC"), {"orderType": "LMT", "lmtPrice": 187.2, "tif": "GTC"}),
    (o.stop("BUY", 100, 180), {"orderType": "STP", "auxPrice": 180.0}),
    (o.stop_limit("BUY", 100, 181, 180), {"orderType": "STP LMT", "lmtPrice": 181.0, "auxPrice": 180.0}),
    (
        o.trailing_stop("BUY", 100, percent=5, stop_price=180),
        {"orderType": "TRAIL", "trailingPercent": 5.0, "trailStopPrice": 180.0},
    ),
    (
        o.trailing_stop_limit("BUY", 100, stop_price=180, amount="0.5", limit_price_offset="0.1"),
        {"orderType": "TRAIL LIMIT", "trailStopPrice": 180.0, "auxPrice": 0.5, "lmtPriceOffset": 0.1},
    ),
    (o.market_if_touched("BUY", 100, 170), {"orderType": "MIT", "auxPrice": 170.0}),
    (o.limit_if_touched("BUY", 100, 171, 170), {"orderType": "LIT", "lmtPrice": 171.0, "auxPrice": 170.0}),
    (o.relative("BUY", 100, "0.01", price_cap=190), {"orderType": "REL", "auxPrice": 0.01, "lmtPrice": 190.0}),
    (o.midprice("BUY", 100, price_cap=190), {"orderType": "MIDPRICE", "lmtPrice": 190.0}),
    (o.pegged_to_market("BUY", 100, "0.01"), {"orderType": "PEG MKT", "auxPrice": 0.01}),
    (
        o.pegged_to_benchmark(
            "BUY",
            100,
            starting_price=180,
            change="0.1",
            reference_con_id=12087792,
            reference_exchange="ISLAND",
            reference_change=1,
            is_decrease=True,
        ),
        {
            "orderType": "PEG BENCH",
            "startingPrice": 180.0,
            "isPeggedChangeAmountDecrease": True,
            "peggedChangeAmount": 0.1,
            "referenceChangeAmount": 1.0,
            "referenceContractId": 12087792,
            "referenceExchangeId": "ISLAND",
        },
    ),
    (
        o.pegged_to_best("BUY", 100, 190, mid_offset_at_whole="0.02", mid_offset_at_half="0.01", min_trade_qty=5),
        {
            "orderType": "PEG BEST",
            "notHeld": True,
            "lmtPrice": 190.0,
            "minTradeQty": 5,
            "competeAgainstBestOffset": COMPETE_AGAINST_BEST_OFFSET_UP_TO_MID,
            "midOffsetAtWhole": 0.02,
            "midOffsetAtHalf": 0.01,
        },
    ),
    (
        o.adaptive("BUY", 100, priority=o.Priority.PATIENT),
        {"orderType": "MKT", "algoStrategy": "Adaptive", "algoParams": [TagValue("adaptivePriority", "Patient")]},
    ),
    (
        o.with_algo(o.market("BUY", 100), o.MinImpact(max_pct_vol=Decimal("0.1"))),
        {"orderType": "MKT", "algoStrategy": "MinImpact", "algoParams": [TagValue("maxPctVol", 0.1)]},
    ),
]


@pytest.mark.parametrize(("ours", "theirs"), SAME, ids=[str(theirs["orderType"]) for _, theirs in SAME])
def test_a_constructor_makes_what_ibkrs_client_sends(ours: o.Order, theirs: dict[str, Any]) -> None:
    contract, order, made = Contract(), Order(), client()
    contract.conId, contract.exchange = 265598, "SMART"
    order.action, order.totalQuantity = "BUY", Decimal(100)
    for name, value in theirs.items():
        assert hasattr(order, name)
        setattr(order, name, value)
    EClient.placeOrder(made, 7, contract, order)
    assert made.wrapper.errors == []
    assert_same_frame(b"".join(made.conn.sent), place_request(7, CONTRACT, ours))
