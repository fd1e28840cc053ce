"""What is said of an order from which a person looks away."""

from __future__ import annotations

from typing import Any

import pytest

from ibwire.cli.following import whereabouts
from ibwire.exceptions import NotConnected
from ibwire.order_changes import OrderKey
from ibwire.order_handles import OrderHandle
from ibwire.order_state import TrackedOrder
from ibwire.orders import limit
from ibwire.wire import messages as m

APPLE = m.Contract(con_id=265598, symbol="AAPL")


@pytest.fixture
def handle() -> OrderHandle:
    actions: Any = None
    key = OrderKey(client_ref="01ABC.1", client_id=1, order_id=7)
    return OrderHandle(TrackedOrder(key, APPLE, limit("BUY", 1, "1.00")), actions)


def test_one_that_has_not_left_is_not_said_to_work(handle: OrderHandle) -> None:
    assert "has not left yet, and is taken back" in whereabouts(handle)


def test_one_that_works_is_said_to_with_the_way_to_cancel_it(handle: OrderHandle) -> None:
    handle.tracked.sent()
    handle.has_left = True
    assert whereabouts(handle) == (
        "the order is working (sent, 0 of 1 filled): reference 01ABC.1; `ibwire cancel 01ABC.1` cancels it"
    )


def test_one_of_which_nobody_knows_is_not_said_to_work(handle: OrderHandle) -> None:
    handle.tracked.sent()
    handle.has_left = True
    handle.tracked.not_found("nowhere")
    assert "whether the order works is not known; reference 01ABC.1" in whereabouts(handle)


def test_one_that_never_left_says_why(handle: OrderHandle) -> None:
    handle.unsent_because = NotConnected("the link fell")
    assert whereabouts(handle) == "the order was not sent: the link fell"
