"""Orders and executions as a gateway tells of them when it is asked, whosever they are."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from ibwire.client_refs import split_order_ref
from ibwire.execution_matching import NO_ORDER_ID
from ibwire.order_fields import Order
from ibwire.order_fills import Commission, Fill, commission_of, fill_of
from ibwire.order_wire import order_from_wire
from ibwire.wire import Message
from ibwire.wire import messages as m


class KnownOrder(Struct, frozen=True, kw_only=True):
    """An order that the gateway knows: ours, another client's, or of the TWS user (client id 0, order id 0 or below).

    As a WARNING: an open order of this client that ibwire placed, and that is not in this journal; told once.
    `client_ref` is there if ibwire placed it. `status` is IBKR's text. A completed order has no order id any more
    (protocol notes, 4.10); its `completed_text` says how it ended.
    """

    contract: m.Contract
    order: Order
    status: str
    perm_id: int
    client_id: int | None
    order_id: int | None
    tag: str
    client_ref: str | None
    completed_text: str = ""


class KnownExecution(Struct, frozen=True, kw_only=True):
    """An execution that the gateway knows, with its commission if it told that."""

    fill: Fill
    perm_id: int
    client_id: int | None
    order_id: int | None
    tag: str
    client_ref: str | None
    commission: Commission | None


def known_order(told: m.OpenOrder | m.CompletedOrder) -> KnownOrder:
    """The order that a message tells of. Raises ProtocolError if a quantity in it is no number."""
    contract, order, state = told.contract or m.Contract(), told.order or m.Order(), told.order_state or m.OrderState()
    tag, ref = split_order_ref(order.order_ref)
    is_open = isinstance(told, m.OpenOrder)
    return KnownOrder(
        contract=contract,
        order=order_from_wire(order, contract=contract),
        status=state.status or "",
        perm_id=order.perm_id or 0,
        client_id=order.client_id if is_open else None,
        order_id=told.order_id if isinstance(told, m.OpenOrder) else None,
        tag=tag,
        client_ref=str(ref) if ref is not None else None,
        completed_text=state.completed_status or "",
    )


def known_executions(answers: Iterable[Message]) -> tuple[KnownExecution, ...]:
    """The executions in an answer, each with its commission. Raises ProtocolError for one that lacks what it needs."""
    answers = list(answers)
    reports = [commission_of(one) for one in answers if isinstance(one, m.CommissionAndFeesReport)]
    commissions = {one.exec_id: one for one in reports}
    return tuple(_known_execution(one, commissions) for one in answers if isinstance(one, m.ExecutionDetails))


def _known_execution(told: m.ExecutionDetails, commissions: dict[str, Commission]) -> KnownExecution:
    fill, execution = fill_of(told), told.execution or m.Execution()
    tag, ref = split_order_ref(execution.order_ref)
    return KnownExecution(
        fill=fill,
        perm_id=execution.perm_id or 0,
        client_id=execution.client_id,
        order_id=execution.order_id,
        tag=tag,
        client_ref=str(ref) if ref is not None else None,
        commission=commissions.get(fill.exec_id),
    )


def taken_order_id(message: Message, client_id: int) -> int:
    """The order id that an order has of which a message tells, if the client could give it to another one; else 0.

    An order of the TWS user that client 0 binds may get the very number that is next (protocol notes, 4.9): an order of
    ours under it would be a change of that order.
    """
    match message:
        case m.OpenOrder(order=m.Order() as order) if (order.client_id or 0) == client_id:
            order_id = message.order_id or 0
        case m.OrderBound() if (message.client_id or 0) == client_id:
            order_id = message.order_id or 0
        case _:
            return 0
    return 0 if order_id in NO_ORDER_ID else order_id
