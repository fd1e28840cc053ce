"""The orders of ours that are followed: from each message to its order, and from each change to journal and events.

An order is found by its reference, then by its permanent id, and only then by its order id (protocol notes, 4.9). News
and answers to questions come the same way: what is known already changes nothing.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Protocol

from msgspec.structs import replace

from ibwire.client_refs import split_order_ref
from ibwire.events import EventManager, EventType
from ibwire.exceptions import ProtocolError
from ibwire.execution_matching import NO_ORDER_ID, ExecutionMatcher
from ibwire.journal_records import Entry, Kind, entry, heard
from ibwire.order_changes import Change, Identified, InDoubt, OrderKey, SecondOrder, StateChanged, event_of
from ibwire.order_fields import Order
from ibwire.order_handles import OrderActions, OrderHandle
from ibwire.order_state import TrackedOrder
from ibwire.order_states import OrderState
from ibwire.order_wire import order_from_wire
from ibwire.wire import Message
from ibwire.wire import messages as m

MAX_SETTLED = 10_000
"""How many orders are remembered after nothing more is expected of them; the oldest make way."""

NO_ID = -1
"""The id of an error that names nothing (protocol notes, 1.9); TWS may have given it to an order of its user."""

NEWS = (m.OpenOrder, m.OrderStatus, m.ExecutionDetails, m.CommissionAndFeesReport, m.ErrorMessage, m.CompletedOrder)
"""What a gateway says of orders."""

_log = logging.getLogger(__name__)


class Notes(Protocol):
    """Where it is written down what becomes of orders; `Journal` is one."""

    def note(self, *entries: Entry) -> None:
        """Keep records, in this order."""

    def order(self, client_ref: str) -> TrackedOrder | None:
        """An order as it stands by its records."""


class Doubt(Protocol):
    """Has the gateway asked how things stand, in a moment; unless `is_sure`, only if there is still a doubt then."""

    def __call__(self, *, is_sure: bool = False) -> None: ...


class TrackedOrders:
    """The orders that are followed. `on_doubt` is called when the gateway has to be asked how things stand."""

    def __init__(
        self,
        journal: Notes,
        actions: OrderActions,
        events: EventManager,
        *,
        now: Callable[[], datetime],
        client_id: Callable[[], int],
        on_doubt: Doubt,
    ) -> None:
        self._journal = journal
        self._actions = actions
        self._events = events
        self._now = now
        self._client_id = client_id
        self._on_doubt = on_doubt
        self._by_ref: dict[str, OrderHandle] = {}
        self._by_perm_id: dict[int, OrderHandle] = {}
        self._by_order_id: dict[tuple[int, int], OrderHandle] = {}
        self._matcher: ExecutionMatcher[str] = ExecutionMatcher()
        self._settled: OrderedDict[str, OrderHandle] = OrderedDict()

    @property
    def handles(self) -> tuple[OrderHandle, ...]:
        """Every order that is followed, oldest first."""
        return tuple(self._by_ref.values())

    def add(self, handle: OrderHandle) -> None:
        """Follow an order."""
        self._by_ref[_ref(handle)] = handle
        self._learn_names(handle)

    # --- what we did

    def sent(self, handle: OrderHandle) -> None:
        """Its bytes have left."""
        handle.has_left = True
        self._journal.note(entry(Kind.SENT, self._now(), handle.key))
        self._tell(handle, handle.tracked.sent())

    def numbered(self, handle: OrderHandle, order_id: int) -> None:
        """It leaves under this order id; that is in the journal."""
        handle.tracked.key = replace(handle.key, order_id=order_id)
        self._learn_names(handle)

    def queued(self, handle: OrderHandle, waiting: Entry) -> None:
        """Its bytes have not left under its order id, and it waits without one, as this record of it says."""
        self._matcher.forget(handle.key)
        self._by_order_id.pop((handle.key.client_id, handle.key.order_id), None)
        handle.tracked.key = replace(handle.key, order_id=0)
        self._journal.note(waiting)
        self._learn_names(handle)

    def not_sent(self, handle: OrderHandle, reason: str) -> None:
        """Its bytes never will."""
        self._journal.note(entry(Kind.NOT_SENT, self._now(), handle.key, detail=reason))
        self._tell(handle, handle.tracked.not_sent(reason))

    def change_sent(self, handle: OrderHandle, order: Order, request: Message) -> None:
        """New terms have left."""
        handle.heard += 1  # an answer that is under way may be older
        self._journal.note(entry(Kind.SENT, self._now(), handle.key, request))
        self._tell(handle, handle.tracked.change_sent(order))

    def cancel_sent(self, handle: OrderHandle, request: Message) -> None:
        """A cancel has left."""
        handle.heard += 1
        self._journal.note(entry(Kind.SENT, self._now(), handle.key, request))
        self._tell(handle, handle.tracked.cancel_sent())

    def request_not_sent(self, handle: OrderHandle, request: Message, reason: str) -> None:
        """A change or a cancel, which may be in the journal, never will."""
        self._journal.note(entry(Kind.NOT_SENT, self._now(), handle.key, request, detail=reason))

    # --- what the gateway said

    def hear(self, message: Message) -> None:
        """News that nobody asked for."""
        handle = self.find(message)
        if handle is not None and isinstance(message, m.OpenOrder | m.OrderStatus | m.ErrorMessage):
            handle.heard += 1
        self.take(message)

    def take(self, message: Message) -> OrderHandle | None:
        """Anything that a gateway says of orders; the order that it was about, if it is one of these."""
        if isinstance(message, m.ExecutionDetails | m.CommissionAndFeesReport):
            return self._take_report(message)
        handle = self.find(message)
        if handle is not None:
            self._feed(handle, message)
        return handle

    def of_id(self, client_id: int, order_id: int) -> OrderHandle | None:
        """The order that a client placed under this order id."""
        return self._by_order_id.get((client_id, order_id))

    def find(self, message: Message) -> OrderHandle | None:
        """The order that a message is about, but for executions and commissions."""
        match message:
            case m.OpenOrder(order=m.Order(what_if=True)):
                return None  # a question, also if it was about an order with the reference of one of ours
            case m.OpenOrder(order=m.Order() as order):
                return self._find(order, order.client_id or 0, message.order_id)
            case m.CompletedOrder(order=m.Order() as order):
                return self._find(order, 0, None)
            case m.OrderStatus():
                if message.perm_id in self._by_perm_id:
                    return self._by_perm_id[message.perm_id or 0]
                return self.of_id(message.client_id or 0, message.order_id or 0)
            case m.ErrorMessage() if message.id != NO_ID:
                return self.of_id(self._client_id(), message.id or 0)
        return None

    def _find(self, order: m.Order, client_id: int, order_id: int | None) -> OrderHandle | None:
        _, ref = split_order_ref(order.order_ref)
        if ref is not None:
            return self._by_ref.get(str(ref)) or self._recall(str(ref))
        if order.perm_id in self._by_perm_id:
            return self._by_perm_id[order.perm_id or 0]
        return None if order_id in NO_ORDER_ID else self.of_id(client_id, order_id or 0)

    # --- what asking the gateway showed

    def reconciled(self, handle: OrderHandle, told: m.OpenOrder, status: m.OrderStatus | None) -> None:
        """The gateway has it among its open orders."""
        said = (told,) if status is None else (told, status)
        changes = handle.tracked.reconciled(told, status)
        # Also if nothing has changed by it: what was believed of requests and refusals before is forgotten.
        self._journal.note(entry(Kind.RECONCILED, self._now(), handle.key, *said))
        self._tell(handle, changes)

    def not_found(self, handle: OrderHandle, reason: str) -> None:
        """The gateway has it nowhere."""
        before = handle.tracked.facts
        changes = handle.tracked.not_found(reason)
        if changes or handle.tracked.facts != before:
            self._journal.note(entry(Kind.NOT_FOUND, self._now(), handle.key, detail=reason))
        self._tell(handle, changes)

    def tell_unconfirmed(self, left_behind: Iterable[OrderHandle]) -> None:
        """Tell anew of the orders that an earlier run left unconfirmed, if the gateway knows nothing of them still."""
        for handle in left_behind:
            if handle.status is OrderState.UNCONFIRMED:
                self._emit(handle, [handle.tracked.still_unconfirmed()])

    def ask_again(self, left_open: Iterable[OrderHandle]) -> None:
        """News has overtaken every answer about these orders: ask again, if there is still something to find out."""
        if any(handle.tracked.doubts or not handle.tracked.is_acknowledged for handle in left_open):
            self._on_doubt(is_sure=True)

    def other_not_found(self, handle: OrderHandle, other: TrackedOrder, reason: str) -> None:
        """The gateway has a second order nowhere any more."""
        self._emit(handle, other.not_found(reason))
        self._settle(handle)

    # --- inside

    def _recall(self, client_ref: str) -> OrderHandle | None:
        """An order that was over and done with, and of which the gateway speaks again."""
        tracked = self._journal.order(client_ref)
        if tracked is None:
            return None
        handle = OrderHandle(tracked, self._actions, has_left=True)
        self.add(handle)
        self._settled[client_ref] = handle  # its end is in the journal: what is open was followed from the start
        return handle

    def _take_report(self, report: m.ExecutionDetails | m.CommissionAndFeesReport) -> OrderHandle | None:
        if isinstance(report, m.ExecutionDetails) and report.execution is not None:
            _, ref = split_order_ref(report.execution.order_ref)
            if ref is not None and str(ref) not in self._by_ref:
                self._recall(str(ref))
        found = self._matcher.match(report)
        if found is None:
            return None
        handle = self._by_ref.get(found[0])
        for one in found[1] if handle is not None else ():
            assert handle is not None
            self._feed(handle, one)
        return handle

    def _feed(self, handle: OrderHandle, message: Message) -> None:
        if handle.others and isinstance(message, m.ErrorMessage):
            self._on_doubt(is_sure=True)  # it names an order id that two orders have
            return
        before = handle.tracked.facts
        try:
            other = _other_charged(handle, message)
            if other is not None:
                self._emit(handle, other.feed(message))
                return
            changes = handle.tracked.feed(message)
            perm_id = _perm_id(message)
            if perm_id and handle.key.perm_id not in (None, perm_id):
                if perm_id not in handle.others and not any(isinstance(one, SecondOrder) for one in changes):
                    changes.append(SecondOrder(key=handle.key, perm_id=perm_id))  # the alarm of an earlier run
                self._feed_other(handle, perm_id, message)
        except ProtocolError as error:
            _log.warning("%s: %s", handle.key, error)
            self._events.emit(EventType.ERROR, error)
            return
        if changes or handle.tracked.facts != before:
            self._journal.note(heard(message, self._now(), handle.key))
        self._tell(handle, changes)

    def _feed_other(self, handle: OrderHandle, perm_id: int, message: Message) -> None:
        """Follow a second order under the reference of one of ours; it has no journal of its own."""
        other = handle.others.get(perm_id)
        if other is None:
            order_id = message.order_id if isinstance(message, m.OpenOrder | m.OrderStatus) else None
            key = OrderKey(
                client_ref=handle.key.client_ref,
                client_id=handle.key.client_id,
                order_id=order_id or handle.key.order_id,
                perm_id=perm_id,
            )
            # What was asked of it is not known: of the terms that were ever sent it has some.
            terms = replace(handle.order, total_quantity=None)
            other = handle.others[perm_id] = TrackedOrder(key, handle.contract, terms)
            self._by_perm_id[perm_id] = handle
        self._emit(handle, other.feed(message))
        if isinstance(message, m.OpenOrder) and message.order is not None:
            other.order = order_from_wire(message.order, contract=message.contract)

    def _tell(self, handle: OrderHandle, changes: list[Change]) -> None:
        self._emit(handle, changes)
        if any(isinstance(change, Identified) for change in changes):
            self._learn_names(handle)
        if any(map(_asks, changes)):
            self._on_doubt()
        self._settle(handle)

    def _emit(self, handle: OrderHandle, changes: list[Change]) -> None:
        for change in changes:
            self._events.emit(event_of(change), change)
        if changes:
            handle.publish(changes)

    def _learn_names(self, handle: OrderHandle) -> None:
        key = handle.key
        if key.order_id not in NO_ORDER_ID:
            self._by_order_id[key.client_id, key.order_id] = handle
        if key.perm_id:
            self._by_perm_id[key.perm_id] = handle
        for report in self._matcher.know(_ref(handle), key):
            self._feed(handle, report)

    def _settle(self, handle: OrderHandle) -> None:
        """Note an order's end when nothing more is expected of it, and let the oldest such orders go."""
        tracked, ref = handle.tracked, _ref(handle)
        is_complete = len(tracked.commissions) >= len(tracked.fills)
        if not handle.is_over:
            self._settled.pop(ref, None)  # it lives again: it may not make way
        if ref in self._settled or not handle.is_over or tracked.doubts or not is_complete:
            return
        self._settled[ref] = handle
        self._journal.note(entry(Kind.ENDED, self._now(), handle.key, detail=str(handle.status)))
        if len(self._settled) > MAX_SETTLED:
            self._forget(*self._settled.popitem(last=False))

    def _forget(self, ref: str, handle: OrderHandle) -> None:
        key = handle.key
        self._matcher.forget(key)
        self._by_ref.pop(ref, None)
        self._by_order_id.pop((key.client_id, key.order_id), None)
        for perm_id in (key.perm_id or 0, *handle.others):
            self._by_perm_id.pop(perm_id, None)


def _asks(change: Change) -> bool:
    """Whether only the gateway can tell what follows: of an inactive order for one, whether it may work again."""
    return isinstance(change, InDoubt) or (isinstance(change, StateChanged) and change.new is OrderState.INACTIVE)


def _other_charged(handle: OrderHandle, message: Message) -> TrackedOrder | None:
    """The second order whose execution a commission is of; a commission names no order."""
    if not isinstance(message, m.CommissionAndFeesReport):
        return None
    return next((one for one in handle.others.values() if one.has_execution(message.exec_id)), None)


def _ref(handle: OrderHandle) -> str:
    return handle.key.client_ref or f"perm_id {handle.key.perm_id}"  # of an order that ibwire did not place


def _perm_id(message: Any) -> int | None:
    part = message
    if isinstance(message, m.OpenOrder | m.CompletedOrder):
        part = message.order
    elif isinstance(message, m.ExecutionDetails):
        part = message.execution
    return getattr(part, "perm_id", None)
