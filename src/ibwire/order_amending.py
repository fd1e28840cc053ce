"""What is asked of an order that was placed: new terms, and its cancel; written, sent, and noted if it never leaves.

New terms are on the disk before their bytes leave. A cancel waits for no disk, which may be full or slow: it doubles
nothing and loses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from ibwire.exceptions import NotConnected, OrderCancelled, OrderChangeRefused, RequestCancelled
from ibwire.followed_orders import FollowedOrders
from ibwire.journal_records import Kind, entry
from ibwire.order_departures import Departures
from ibwire.order_fields import Order
from ibwire.order_guards import check_is_own, check_link, check_login
from ibwire.order_handles import OrderHandle, check_change
from ibwire.order_placing import Placing
from ibwire.order_wire import place_request
from ibwire.orders import PriceGrid
from ibwire.session_api import SessionApi
from ibwire.tracked_orders import TrackedOrders
from ibwire.wire import messages as m


class Amending:
    """Changes and cancels orders. `checked` gives an order with new terms as it may be sent, or raises; `check` raises
    unless one may leave now; `on_left` is told of the order when a change or a cancel of it has left."""

    def __init__(
        self,
        session: SessionApi,
        followed: FollowedOrders,
        placing: Placing,
        departures: Departures,
        *,
        checked: Callable[[m.Contract, Order, PriceGrid | None], Order],
        check: Callable[[], None],
        on_left: Callable[[OrderHandle], object],
    ) -> None:
        self._session = session
        self._followed = followed
        self._placing = placing
        self._departures = departures
        self._checked = checked
        self._check = check
        self._on_left = on_left

    async def modify(self, handle: OrderHandle, changes: Mapping[str, Any], grid: PriceGrid | None) -> None:
        """Send new terms; returns when they have left. See `Trading.modify`."""
        check_is_own(handle.key, self._session.client_id)
        check_change(handle, changes)
        check_link(self._session.state)
        if not self._followed.is_settled:
            await self._followed.reconcile()
            check_change(handle, changes)
        if handle in self._placing.queue:
            raise OrderChangeRefused("nothing was sent: the order itself waits to be sent; cancel it and place another")
        if handle.tracked.is_acknowledged:  # else it may be held back until the last of its group is transmitted
            changes = {"transmit": True, **changes}
        order = self._checked(handle.contract, replace(handle.order, **changes), grid)
        self._check()
        orders, journal = self._followed.open()
        request = place_request(handle.key.order_id, handle.contract, order)
        was_cancelling = handle.tracked.is_cancelling
        try:
            record = entry(Kind.CHANGE, self._session.now(), handle.key, request)
            await journal.write(record)
            self._check()
            if not self._followed.is_settled:
                raise NotConnected("nothing was sent: the link fell meanwhile, and the gateway is being asked")
            check_change(handle, changes)
            if handle.tracked.is_cancelling > was_cancelling:
                raise OrderChangeRefused("nothing was sent: the order was cancelled meanwhile")
            has_left = partial(orders.change_sent, handle, order, request)
            then = partial(self._tell, orders, handle, request, has_left)
            left = self._departures.send(handle, request, record.frames, then)
        except BaseException as error:
            orders.request_not_sent(handle, request, f"not sent: {error!r}")
            raise
        await left

    async def cancel(self, handle: OrderHandle) -> None:
        """Ask for its cancel, and that of every second order; returns when that has left. See `Trading.cancel`."""
        orders, journal = self._followed.open()
        self._placing.take_back(handle, OrderCancelled("the order was cancelled before it left"))
        for tracked in (handle.tracked, *handle.others.values()):
            if tracked.state.is_ended:
                continue
            check_link(self._session.state)
            check_is_own(handle.key, self._session.client_id)
            check_login(handle.order, self._session.accounts)
            # The state of a second order is the gateway's affair: the journal knows of its cancel, and that is all.
            is_first = tracked is handle.tracked
            request = m.CancelOrderRequest(tracked.key.order_id)
            detail = "" if is_first else f"of the second order, perm_id {tracked.key.perm_id}"
            record = entry(Kind.CANCEL, self._session.now(), handle.key, request, detail=detail)
            journal.note(record)
            try:
                left = self._session.send(request, record.frames)
            except BaseException as error:
                orders.request_not_sent(handle, request, f"not sent: {error!r}")
                raise
            has_left = partial(orders.cancel_sent, handle, request) if is_first else lambda: None
            _when_left(left, partial(self._tell, orders, handle, request, has_left))
            await asyncio.shield(left)  # who gives up waiting for it still wants the order cancelled

    def _tell(
        self,
        orders: TrackedOrders,
        handle: OrderHandle,
        request: m.PlaceOrderRequest | m.CancelOrderRequest,
        has_left: Callable[[], object],
        error: BaseException | None,
    ) -> None:
        """A change or a cancel has left, which `has_left` notes, or it never will."""
        if self._followed.is_closed:
            return
        if error is not None:
            orders.request_not_sent(handle, request, f"not sent: {error!r}")
            return
        has_left()
        self._on_left(handle)


def _when_left(left: asyncio.Future[None], then: Callable[[BaseException | None], object]) -> None:
    """Call `then` when a message has left, at once if it has, or with the error if it never will."""

    def tell(done: asyncio.Future[None]) -> None:
        then(RequestCancelled("it was taken back") if done.cancelled() else done.exception())

    if left.done():
        tell(left)
    else:
        left.add_done_callback(tell)
