"""What a gateway in read-only API mode does with orders (protocol notes, 1.11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibwire.simulator.knowledge import VALIDATING, id_of
from ibwire.wire import Message
from ibwire.wire import messages as m

READ_ONLY = f"{VALIDATING}The API interface is currently in Read-Only mode."

OrderRequest = m.PlaceOrderRequest | m.CancelOrderRequest | m.GlobalCancelRequest | m.ExerciseOptionsRequest


class ReadOnlyApi:
    """Stands before the order side of one session. Accounts, positions, open orders, executions and data stay."""

    def __init__(self, send_error: Callable[[int, int, str], None]) -> None:
        self._send_error = send_error

    def on_order_request(self, request: OrderRequest) -> None:
        """Refused, on the order's id if there is one."""
        self._send_error(id_of(getattr(request, "order_id", None)), 321, READ_ONLY)

    def on_completed_orders(self, _: m.CompletedOrdersRequest) -> None:
        """Nothing: a gateway in this mode was seen not to answer it at all, and clients must live with that."""


READ_ONLY_HANDLERS: dict[type[Message], Callable[[ReadOnlyApi, Any], None]] = {
    m.PlaceOrderRequest: ReadOnlyApi.on_order_request,
    m.CancelOrderRequest: ReadOnlyApi.on_order_request,
    m.GlobalCancelRequest: ReadOnlyApi.on_order_request,
    m.ExerciseOptionsRequest: ReadOnlyApi.on_order_request,
    m.CompletedOrdersRequest: ReadOnlyApi.on_completed_orders,
}
"""What is not as usual in read-only mode."""
