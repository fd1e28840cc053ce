"""The way of an order out: numbered, on the disk, then sent; and what becomes of it if it does not leave after all.

Who calls has checked the orders and the guards. Several orders of one call are numbered together, written together and
sent in their order.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from ibwire.client_refs import ClientRef, new_client_ref
from ibwire.exceptions import ConnectionFailed, IbwireError, NotConnected, OrderExpired
from ibwire.journal_records import Entry, Kind, entry
from ibwire.order_changes import OrderKey
from ibwire.order_departures import Departures
from ibwire.order_fields import Order
from ibwire.order_flow import Admission, OrderFlow
from ibwire.order_handles import OrderActions, OrderHandle
from ibwire.order_queue import OrderQueue
from ibwire.order_state import TrackedOrder
from ibwire.order_wire import place_request
from ibwire.session_api import SessionApi
from ibwire.tracked_orders import TrackedOrders
from ibwire.wire import messages as m

if TYPE_CHECKING:
    from ibwire.journal import Journal

Arrange = Callable[[Sequence[int], Sequence[Order]], Iterable[Order]]
"""Makes the orders to send from their ids and the orders as they were given."""


def apart(_: Sequence[int], orders: Sequence[Order]) -> Iterable[Order]:
    """Orders that do not know of each other."""
    return orders


class _Departing(NamedTuple):
    """An order that is numbered: its record is on the disk before its request leaves."""

    handle: OrderHandle
    request: m.PlaceOrderRequest
    record: Entry


class Placing:
    """Places orders. `opened` gives the orders and the journal; `check` raises unless an order may leave now, and
    `is_settled` says whether one that waited may; `on_left` is told of each that has left.

    What was let through when it began to wait is held to the guards again when it leaves: `check_again` raises if they
    refuse it now, and `flow` has it wait on while too many were placed lately."""

    def __init__(
        self,
        session: SessionApi,
        actions: OrderActions,
        departures: Departures,
        *,
        chance: random.Random,
        opened: Callable[[], tuple[TrackedOrders, Journal]],
        check: Callable[[], None],
        check_again: Callable[[OrderHandle], None],
        flow: OrderFlow,
        is_settled: Callable[[], bool],
        on_left: Callable[[OrderHandle], object],
    ) -> None:
        self._session = session
        self._actions = actions
        self._departures = departures
        self._chance = chance
        self._opened = opened
        self._check = check
        self._check_again = check_again
        self._flow = flow
        self._on_left = on_left
        self.queue = OrderQueue(may_leave=is_settled, leave=self._leave, expire=self._expire)

    def new_ref(self) -> ClientRef:
        """A reference for a new order."""
        return new_client_ref(self._session.now(), self._chance)

    async def place(
        self,
        contract: m.Contract,
        orders: Sequence[Order],
        admission: Admission,
        *,
        arrange: Arrange = apart,
        refs: Sequence[ClientRef] = (),
        ids: Sequence[int] = (),
        detail: str = "",
        until: float | None = None,
    ) -> tuple[OrderHandle, ...]:
        """Place orders now, all or none; their handles when they are on the disk and on their way.

        `ids` are taken from the session where they are not given. `detail` goes into their records. One that may wait
        `until` a time of the event loop does so if the link falls.
        """
        session = self._session
        try:
            known, journal = self._opened()
            refs = refs or [self.new_ref() for _ in orders]
            # From the numbers to the journal's queue without a pause: the journal wants ascending ids.
            session.use_ids_above(journal.mark(session.client_id))
            ids = ids or [session.next_id() for _ in orders]
            both = zip(orders, refs, strict=True)
            named = [replace(order, order_ref=ref.order_ref(order.order_ref or "")) for order, ref in both]
            both_named = zip(refs, ids, arrange(ids, named), strict=True)
            departing = [self._departing(contract, order, ref, order_id, detail) for ref, order_id, order in both_named]
            handles = tuple([one.handle for one in departing])
        except BaseException:
            admission.end(is_back=True)
            raise
        try:
            await journal.write(*[one.record for one in departing])
            held = self._why_held(until)
        except BaseException as error:
            admission.end(is_back=True)
            # Whether it was written or not: if it was, this ends it, and the journal keeps the order of records.
            if not isinstance(error, IbwireError) or journal.mark(session.client_id) >= ids[0]:
                for handle in handles:
                    known.not_sent(handle, f"not sent: {error!r}")
            raise
        for handle in handles:
            known.add(handle)
            if until is not None:
                self.queue.accept(handle, until, admission.at_s)
        admission.end()
        if held is None:
            await self._send(departing)
        else:
            for handle in handles:
                self._left(handle, held)
        return handles

    async def wait(self, contract: m.Contract, order: Order, admission: Admission, until: float) -> OrderHandle:
        """An order that waits until the session is connected and reconciled; its handle when it is on the disk."""
        try:
            known, journal = self._opened()
            ref = self.new_ref()
            order = replace(order, order_ref=ref.order_ref(order.order_ref or ""))
            handle = OrderHandle(TrackedOrder(self._key(ref, 0), contract, order), self._actions)
            record = self._entry(Kind.QUEUED, handle, place_request(0, contract, order))
        except BaseException:
            admission.end(is_back=True)
            raise
        try:
            await journal.write(record)
        except BaseException as error:
            admission.end(is_back=True)
            if not isinstance(error, IbwireError):
                known.not_sent(handle, f"not sent: {error!r}")
            raise
        known.add(handle)
        admission.end()
        self.queue.accept(handle, until, admission.at_s)
        self.queue.wait(handle)
        return handle

    def take_back(self, handle: OrderHandle, error: IbwireError) -> None:
        """Let nothing leave of an order, or of its changes, that has not left yet; the order ends unsent with this."""
        if handle in self.queue:
            self._end(handle, error)
        self._departures.take_back(handle, error)

    async def aclose(self) -> None:
        """Let nothing more leave; what has not left by now ends unsent."""
        await self.queue.aclose()
        error = NotConnected("the session was closed before it left")
        for handle in self.queue.waiting:
            self._end(handle, error)
        self._departures.take_back_all(lambda: error)

    # --- inside

    def _why_held(self, until: float | None) -> IbwireError | None:
        """Why an order that may wait does not leave now; for any other order it is raised, as what else is wrong."""
        try:
            self._check()
        except ConnectionFailed as error:
            if until is None:
                raise
            return error
        return None

    async def _send(self, departing: Sequence[_Departing]) -> None:
        for place, one in enumerate(departing):
            try:
                self._depart(one)
            except IbwireError as error:
                for other in departing[place:]:
                    self._end(other.handle, error)
                for other in departing[:place]:  # of orders that belong together none is to work alone
                    self.take_back(other.handle, error)
                    with suppress(IbwireError):
                        await self._actions.cancel(other.handle)
                raise

    def _departing(self, contract: m.Contract, order: Order, ref: ClientRef, order_id: int, detail: str) -> _Departing:
        """An order with everything that it takes to write it down and to send it."""
        handle = OrderHandle(TrackedOrder(self._key(ref, order_id), contract, order), self._actions)
        request = place_request(order_id, contract, order)
        return _Departing(handle, request, self._entry(Kind.INTENT, handle, request, detail))

    def _depart(self, one: _Departing) -> None:
        """Let the very frame leave that its record holds."""
        handle = one.handle
        if self.queue.is_too_late(handle):  # the disk, or asking the gateway, took longer than it may wait
            self._expire(handle)
            return
        try:
            self._departures.send(handle, one.request, one.record.frames, partial(self._left, handle))
        except ConnectionFailed as error:
            if not self.queue.accepts(handle):
                raise
            self._left(handle, error)

    def _left(self, handle: OrderHandle, error: IbwireError | None) -> None:
        if error is None:
            self.queue.drop(handle)
            self._opened()[0].sent(handle)
            self._on_left(handle)
        elif self.queue.accepts(handle) and isinstance(error, ConnectionFailed):
            self._opened()[0].queued(handle, self._waiting_entry(handle))
            self.queue.wait(handle)
        else:
            self._end(handle, error)

    def _end(self, handle: OrderHandle, error: IbwireError) -> None:
        self.queue.drop(handle)
        handle.unsent_because = error
        self._opened()[0].not_sent(handle, f"not sent: {error}")

    def _expire(self, handle: OrderHandle) -> None:
        error = OrderExpired("it could not leave in the time that it was given")
        self._departures.take_back(handle, error)
        if self.queue.accepts(handle):  # it was not on its way
            self._end(handle, error)

    async def _leave(self, handle: OrderHandle) -> None:
        """Number an order that has waited, write that down, and let it leave, unless things have changed again."""
        known, journal = self._opened()
        session = self._session
        while (pause_s := self._flow.room_in_s(self.queue.since(handle))) > 0:
            await asyncio.sleep(pause_s + 0.01)
            if handle not in self.queue:
                return
        session.use_ids_above(journal.mark(session.client_id))
        order_id = session.next_id()
        request = place_request(order_id, handle.contract, handle.order)
        record = entry(Kind.NUMBERED, session.now(), replace(handle.key, order_id=order_id), request)
        try:
            await journal.write(record)
            if handle not in self.queue:
                return  # it ended meanwhile, and that stands behind its number in the journal
            self._check()
            self._check_again(handle)
        except ConnectionFailed:
            journal.note(self._waiting_entry(handle))  # it waits on, and needs another number then
            return
        except IbwireError as error:
            self._end(handle, error)
            return
        self._flow.leaves(self.queue.since(handle))
        self.queue.go(handle)
        known.numbered(handle, order_id)
        try:
            self._depart(_Departing(handle, request, record))
        except IbwireError as error:
            self._end(handle, error)

    def _key(self, ref: ClientRef, order_id: int) -> OrderKey:
        return OrderKey(client_ref=str(ref), client_id=self._session.client_id, order_id=order_id)

    def _entry(self, kind: Kind, handle: OrderHandle, request: m.PlaceOrderRequest, detail: str = "") -> Entry:
        return entry(kind, self._session.now(), handle.key, request, detail=detail)

    def _waiting_entry(self, handle: OrderHandle) -> Entry:
        key = replace(handle.key, order_id=0)
        return entry(Kind.QUEUED, self._session.now(), key, place_request(0, handle.contract, handle.order))
