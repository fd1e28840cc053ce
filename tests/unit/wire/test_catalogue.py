"""The catalogue is complete, both ways, and consistent with itself."""

from __future__ import annotations

import pytest

from ibwire.wire import messages as m
from ibwire.wire.catalogue import CATALOGUE, UNSOLICITED, Correlation, Lane, RequestSpec, Shape, cancel_for, shape_of
from ibwire.wire.ids import INCOMING, OUTGOING


def test_catalogue_has_a_row_for_every_message_a_client_can_send() -> None:
    assert set(CATALOGUE) == set(OUTGOING.values())


def test_every_message_a_gateway_sends_answers_a_request_or_comes_unasked() -> None:
    answers = {kind for row in CATALOGUE.values() for kind in (*row.responses, row.end) if kind is not None}
    assert set(INCOMING.values()) - answers == UNSOLICITED - answers
    assert answers <= set(INCOMING.values())


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=lambda row: row.request.__name__)
def test_row_is_consistent(row: RequestSpec) -> None:
    key = {Correlation.REQUEST_ID: "req_id", Correlation.ORDER_ID: "order_id", Correlation.RULE_ID: "market_rule_id"}
    field = key.get(row.correlation)
    assert field is None or field in row.request.__struct_fields__
    assert (row.shape is Shape.COMMAND) == (not row.responses)
    assert row.since >= 213
    if row.correlation is Correlation.REQUEST_ID and row.responses:
        assert all("req_id" in kind.__struct_fields__ for kind in (*row.responses, row.end or row.responses[0])) or (
            row.request is m.ExecutionRequest  # its commission reports carry the execution's id
        )
    if row.cancel is not None:
        assert row.cancel is row.request or CATALOGUE[row.cancel].lane is Lane.CANCEL


@pytest.mark.parametrize("row", [row for row in CATALOGUE.values() if row.cancel], ids=lambda row: row.request.__name__)
def test_cancel_of_a_request_names_the_same_id(row: RequestSpec) -> None:
    by_request = row.correlation is Correlation.REQUEST_ID
    request = row.request(req_id=77) if by_request else row.request()  # type: ignore[call-arg]
    cancel = cancel_for(request)
    if row.correlation is Correlation.ORDER_ID:
        assert cancel is None, "an order is not cancelled by no longer watching it"
        return
    assert type(cancel) is row.cancel
    assert not by_request or cancel.req_id == 77  # type: ignore[union-attr]


def test_cancel_of_depth_repeats_whether_it_was_smart() -> None:
    request = m.MarketDepthRequest(req_id=3, is_smart_depth=True)
    assert cancel_for(request) == m.CancelMarketDepth(req_id=3, is_smart_depth=True)


def test_cancel_of_account_updates_unsubscribes_the_same_account() -> None:
    request = m.AccountDataRequest(subscribe=True, acct_code="DU1")
    assert cancel_for(request) == m.AccountDataRequest(subscribe=False, acct_code="DU1")


def test_shape_follows_the_flags_that_change_it() -> None:
    assert shape_of(m.MarketDataRequest()) is Shape.STREAM
    assert shape_of(m.MarketDataRequest(snapshot=True)) is Shape.ONE_SHOT
    assert shape_of(m.HistoricalDataRequest()) is Shape.ONE_SHOT
    assert shape_of(m.HistoricalDataRequest(keep_up_to_date=True)) is Shape.STREAM


def test_cancels_overtake_orders_and_orders_overtake_all_else() -> None:
    assert CATALOGUE[m.CancelOrderRequest].lane < CATALOGUE[m.PlaceOrderRequest].lane
    others = {row.lane for row in CATALOGUE.values()} - {Lane.CANCEL, Lane.ORDER}
    assert CATALOGUE[m.PlaceOrderRequest].lane < min(others)
    assert CATALOGUE[m.HistoricalDataRequest].lane is max(Lane)
