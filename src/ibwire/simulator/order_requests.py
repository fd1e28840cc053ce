"""One client's order requests: placing and cancelling, and asking for orders and executions.

Each is passed to the desk; what the desk has to tell comes by itself. Here are the answers with an end, and the
rules of who may ask for what (protocol notes, 3.13, 3.14 and 4.10).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibwire.simulator.knowledge import NO_ID, VALIDATING, id_of
from ibwire.simulator.order_desk import OrderDesk
from ibwire.simulator.order_faults import AFTER_ACCEPT, BEFORE_ACCEPT
from ibwire.simulator.order_register import TWS_CLIENT_ID
from ibwire.wire import Message
from ibwire.wire import messages as m


class OrderRequests:
    """The order side of one session. `client_id` gives the session's; `cut` breaks its connection."""

    def __init__(
        self,
        desk: OrderDesk,
        client_id: Callable[[], int],
        send: Callable[[Message], None],
        send_error: Callable[[int, int, str], None],
        cut: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._client_id = client_id
        self._send = send
        self._send_error = send_error
        self._cut = cut

    def on_place_order(self, request: m.PlaceOrderRequest) -> None:
        """A new order, or new terms for one that works."""
        cut = self._desk.faults.next_cut()
        if cut != BEFORE_ACCEPT:
            self._desk.place(self._client_id(), request)
        if cut in (BEFORE_ACCEPT, AFTER_ACCEPT):
            self._cut()

    def on_cancel_order(self, request: m.CancelOrderRequest) -> None:
        """The end of one of its orders."""
        self._desk.cancel(self._client_id(), id_of(request.order_id))

    def on_global_cancel(self, _: m.GlobalCancelRequest) -> None:
        """The end of everybody's orders; only their owners are told."""
        self._desk.cancel_all()

    def on_open_orders(self, _: m.OpenOrdersRequest) -> None:
        """Its own orders; client 0 binds the TWS user's."""
        self._send_all([*self._desk.open_orders(self._client_id()), m.OpenOrdersEnd()])

    def on_all_open_orders(self, _: m.AllOpenOrdersRequest) -> None:
        """Everybody's orders."""
        self._send_all([*self._desk.all_open_orders(), m.OpenOrdersEnd()])

    def on_auto_open_orders(self, request: m.AutoOpenOrdersRequest) -> None:
        """Whether the TWS user's orders to come are bound: for client 0 alone."""
        if self._client_id() != TWS_CLIENT_ID:
            self._send_error(NO_ID, 321, f"{VALIDATING}only the default client (i.e 0) can auto bind orders")
        else:
            self._desk.bind_orders(at_once=bool(request.auto_bind))

    def on_completed_orders(self, request: m.CompletedOrdersRequest) -> None:
        """The orders that are done."""
        done = self._desk.completed_orders(api_only=bool(request.api_only))
        self._send_all([*done, m.CompletedOrdersEnd()])

    def on_executions(self, request: m.ExecutionRequest) -> None:
        """The executions that its filter lets through; one with a time that cannot be read is refused."""
        id_ = id_of(request.req_id)
        found, advice = self._desk.executions(id_, self._client_id(), request.execution_filter)
        if advice is not None:
            self._send_error(id_, advice.code, advice.text)
        if advice is None or advice.code != 321:
            self._send_all([*found, m.ExecutionDetailsEnd(id_)])

    def _send_all(self, messages: list[Message]) -> None:
        for message in messages:
            self._send(message)


ORDER_HANDLERS: dict[type[Message], Callable[[OrderRequests, Any], None]] = {
    m.PlaceOrderRequest: OrderRequests.on_place_order,
    m.CancelOrderRequest: OrderRequests.on_cancel_order,
    m.GlobalCancelRequest: OrderRequests.on_global_cancel,
    m.OpenOrdersRequest: OrderRequests.on_open_orders,
    m.AllOpenOrdersRequest: OrderRequests.on_all_open_orders,
    m.CompletedOrdersRequest: OrderRequests.on_completed_orders,
    m.AutoOpenOrdersRequest: OrderRequests.on_auto_open_orders,
    m.ExecutionRequest: OrderRequests.on_executions,
}
"""What takes each order request."""
