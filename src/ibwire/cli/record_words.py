"""What the messages of a journal's records say, in a few words each."""

from __future__ import annotations

from ibwire.cli.order_rows import in_words
from ibwire.order_wire import order_from_wire
from ibwire.wire import Message
from ibwire.wire import messages as m


def said(message: Message) -> str:
    """A message about an order in a few words."""
    match message:
        case m.PlaceOrderRequest():
            contract = message.contract or m.Contract()
            return in_words(contract, order_from_wire(message.order or m.Order(), message.attached_orders, contract))
        case m.CancelOrderRequest():
            return f"cancel order {message.order_id}"
        case m.OpenOrder(order_state=m.OrderState() as state):
            return f"open order: {state.status}"
        case m.OrderStatus():
            price = f" at {message.avg_fill_price:g}" if message.avg_fill_price else ""
            return f"{message.status}, {message.filled} filled{price}, {message.remaining} remaining"
        case m.ExecutionDetails(execution=m.Execution() as execution):
            return f"{execution.side} {execution.shares} at {execution.price:g}, execution {execution.exec_id}"
        case m.CommissionAndFeesReport():
            return f"{message.commission_and_fees} {message.currency}, execution {message.exec_id}"
        case m.ErrorMessage():
            return f"[{message.error_code}] {message.error_msg}"
        case m.CompletedOrder(order_state=m.OrderState() as state):
            return f"completed: {state.completed_status or state.status}"
    return type(message).__name__
