"""The TWS user's orders that client 0 has bound: they have got an order id, and can be followed and cancelled.

They are in no journal: nothing of them was sent from here, and after a restart the gateway tells of those that work.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ibwire.client_refs import split_order_ref
from ibwire.events import EventManager
from ibwire.exceptions import OrderChangeRefused, OrderOfAnotherClient
from ibwire.execution_matching import NO_ORDER_ID
from ibwire.journal_records import Entry
from ibwire.order_acknowledgements import Acknowledgements
from ibwire.order_changes import OrderKey
from ibwire.order_checks import PriceGrid
from ibwire.order_guards import check_link
from ibwire.order_handles import OrderHandle
from ibwire.order_state import TrackedOrder
from ibwire.order_views import KnownOrder
from ibwire.order_wire import order_from_wire
from ibwire.session_api import SessionApi
from ibwire.tracked_orders import Doubt, TrackedOrders
from ibwire.wire import Message
from ibwire.wire import messages as m

BINDING_CLIENT_ID = 0
"""The one client that may bind orders of the TWS user (protocol notes, 1.5)."""


class _NoJournal:
    def note(self, *entries: Entry) -> None:
        """Nothing is kept."""

    def order(self, client_ref: str) -> TrackedOrder | None:
        """There is none."""
        return None


class BoundOrders(TrackedOrders):
    """Follows every order of client 0 that ibwire has not placed. `on_doubt` as for `TrackedOrders`; a cancel that is
    not answered within `ack_timeout_s` is a reason to ask too."""

    def __init__(self, session: SessionApi, events: EventManager, on_doubt: Doubt, *, ack_timeout_s: float) -> None:
        super().__init__(
            _NoJournal(), self, events, now=session.now, client_id=lambda: BINDING_CLIENT_ID, on_doubt=on_doubt
        )
        self._session = session
        self._acknowledgements = Acknowledgements(partial(on_doubt, is_sure=True), seconds=ack_timeout_s)

    def close(self) -> None:
        """Wait for no answer any more."""
        self._acknowledgements.close()

    def find(self, message: Message) -> OrderHandle | None:
        """The order that a message is about; one that was not known yet is followed from now on."""
        found = super().find(message)
        return self._adopted(message) if found is None and isinstance(message, m.OpenOrder) else found

    async def cancel(self, handle: OrderHandle) -> None:
        """For the handle. Raises what `Trading.cancel` does."""
        if not handle.is_over:
            self.cancel_sent(handle, await cancel_by_id(self._session, handle.key.order_id))
            self._acknowledgements.expect(handle)

    async def modify(self, handle: OrderHandle, *, grid: PriceGrid | None = None, **changes: Any) -> None:
        """For the handle: it is refused."""
        raise OrderChangeRefused("nothing was sent: the order was entered in TWS; change it there, or cancel it")

    def _adopted(self, told: m.OpenOrder) -> OrderHandle | None:
        order = told.order or m.Order()
        is_bound = (order.client_id or 0) == BINDING_CLIENT_ID and told.order_id not in NO_ORDER_ID and order.perm_id
        if not is_bound or order.what_if or split_order_ref(order.order_ref)[1] is not None:
            return None
        order_id, contract = told.order_id or 0, told.contract or m.Contract()
        key = OrderKey(client_ref=None, client_id=BINDING_CLIENT_ID, order_id=order_id, perm_id=order.perm_id)
        handle = OrderHandle(TrackedOrder(key, contract, order_from_wire(order, contract=contract)), self)
        handle.has_left = True
        self.add(handle)
        return handle


async def cancel_by_id(session: SessionApi, order_id: int) -> m.CancelOrderRequest:
    """Ask for an order of this client to be cancelled; the request, when it has left. Raises what sending raises."""
    check_link(session.state)
    request = m.CancelOrderRequest(order_id)
    await session.send(request)
    return request


def own_order_id(known: KnownOrder, client_id: int) -> int:
    """The id by which this client may cancel an order. Raises OrderOfAnotherClient or OrderChangeRefused with why not.

    An order id means an order of the client that uses it: another client's id might name one of ours.
    """
    if known.client_id is None:
        raise OrderChangeRefused("nothing was sent: the order is a completed one")
    if known.client_id != client_id:
        owner = f"client {known.client_id}" if known.order_id not in NO_ORDER_ID else "the TWS user"
        raise OrderOfAnotherClient(f"nothing was sent: the order is of {owner}, this is client {client_id}")
    if known.order_id in NO_ORDER_ID:
        raise OrderOfAnotherClient(
            "nothing was sent: the order was entered in TWS and is not bound", hint="call `bind_manual_orders` first"
        )
    return known.order_id or 0
