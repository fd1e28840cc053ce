"""Trading: orders that are never lost and never doubled.

    handle = await session.trading.place(contract, limit("BUY", 100, "187.20"))
    await handle.acknowledged()
    await handle.modify(limit_price=Decimal("187.30"))
    state = await handle.done()

An order is checked, on the disk, and only then sent. Nothing is ever sent again by itself: after every loss the gateway
is asked how things stand, and an order that nobody knows of is UNCONFIRMED.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from msgspec.structs import replace

from ibwire.client_refs import new_client_ref
from ibwire.connection_state import ConnectionState
from ibwire.events import EventType
from ibwire.exceptions import (
    ConnectionFailed,
    IbwireError,
    InvalidOrder,
    NotConnected,
    OrderChangeRefused,
    OrderLimitExceeded,
    RequestTimeout,
)
from ibwire.journal import Journal
from ibwire.journal_records import Kind, entry, flag
from ibwire.order_changes import OrderKey
from ibwire.order_fields import Order
from ibwire.order_guards import account_for, check_limits, check_link
from ibwire.order_handles import OrderHandle
from ibwire.order_state import TrackedOrder
from ibwire.order_states import OrderState
from ibwire.order_views import KnownExecution, KnownOrder, known_executions, known_order
from ibwire.order_wire import place_request
from ibwire.orders import PriceGrid, check
from ibwire.reconciliation import Inquiry, reconcile
from ibwire.recovery import Stage
from ibwire.session_api import SessionApi
from ibwire.settings import TradingSettings
from ibwire.tracked_orders import NEWS, TrackedOrders
from ibwire.what_ifs import WhatIf, WhatIfs
from ibwire.wire import Message
from ibwire.wire import messages as m

LINK_RESTORED = frozenset({1101, 1102})
"""The gateway has its own link to IBKR again; news of orders may have been lost (protocol notes, 5.1)."""

HALTED = "halted"
"""The journal's flag for a trading halt."""


class Trading:
    """The orders of a session. The journal is opened when it is first needed: by `ready`, or by the first order."""

    def __init__(
        self,
        session: SessionApi,
        settings: TradingSettings,
        *,
        journal_in_thread: bool = True,
        chance: random.Random | None = None,
    ) -> None:
        self._session = session
        self._settings = settings
        self._journal_in_thread = journal_in_thread
        self._chance = chance or random.SystemRandom()
        self._journal: Journal | None = None
        self._orders: TrackedOrders | None = None
        self._halted = ""
        self._is_reconciled = False
        self._is_closed = False
        self._one_at_a_time = asyncio.Lock()
        self._what_ifs = WhatIfs()
        self._timers: dict[OrderHandle, asyncio.TimerHandle] = {}
        self._inquiry = Inquiry(
            lambda: session.state is ConnectionState.CONNECTED,
            lambda: any(one.tracked.doubts or one.status is OrderState.INACTIVE for one in self.orders),
            self.reconcile,
            again_s=settings.ack_timeout_s,
        )
        session.listen(self._hear)
        session.recovery.register("orders", Stage.ORDERS, self._recover)

    # --- what there is

    @property
    def orders(self) -> tuple[OrderHandle, ...]:
        """The orders of ours that are followed: what the journal had open, and what was placed since; oldest first."""
        return self._orders.handles if self._orders is not None else ()

    @property
    def halted(self) -> str:
        """Why trading is halted, or nothing."""
        return self._halted

    async def ready(self) -> None:
        """Open the journal and find out what became of the orders in it. Placing does this by itself.

        Raises JournalError, and what requests raise; it can be called again then.
        """
        self._open()
        if not self._is_reconciled:
            await self.reconcile()

    async def reconcile(self) -> int:
        """Ask the gateway how our orders stand, and bring them up to date; how many were open. Sends no order.

        Raises what requests raise; an order about which nothing was learned stays as it was.
        """
        orders, journal = self._open()
        async with self._one_at_a_time:
            self._session.use_ids_above(journal.mark(self._session.client_id))
            number = await reconcile(self._session, orders)
            self._is_reconciled = True
        return number

    async def open_orders(self) -> tuple[KnownOrder, ...]:
        """The working orders of all clients and of the TWS user, from the gateway. Raises what requests raise."""
        answers = await self._session.request(m.AllOpenOrdersRequest(), retry=True)
        for message in answers if self._orders is not None else ():
            self._take(message)
        found = [known_order(one) for one in answers if isinstance(one, m.OpenOrder)]
        return tuple({one.perm_id: one for one in found}.values())

    async def completed_orders(self, *, api_only: bool = False) -> tuple[KnownOrder, ...]:
        """The orders that have ended, about those of today, from the gateway. Raises what requests raise."""
        answers = await self._session.request(m.CompletedOrdersRequest(api_only), retry=True)
        return tuple(known_order(one) for one in answers if isinstance(one, m.CompletedOrder))

    async def executions(self, since: datetime | None = None) -> tuple[KnownExecution, ...]:
        """The executions since a moment (aware), or since the gateway's midnight, from the gateway.

        How far back they go is a setting of TWS (protocol notes, 3.14). A client sees its own; client 0 and the master
        client see everybody's. Raises what requests raise.
        """
        filter_ = m.ExecutionFilter()
        if since is not None:
            days = (self._session.now().date() - since.astimezone(UTC).date()).days
            filter_ = m.ExecutionFilter(time=f"{since.astimezone(UTC):%Y%m%d-%H:%M:%S}", last_n_days=max(0, days))
        answers = await self._session.request(m.ExecutionRequest(execution_filter=filter_), retry=True)
        for message in answers if self._orders is not None else ():
            self._take(message)
        return known_executions(answers)

    # --- placing, changing, cancelling

    async def place(
        self, contract: m.Contract, order: Order, *, grid: PriceGrid | None = None, order_id: int | None = None
    ) -> OrderHandle:
        """Place an order; its handle, when it is on the disk and on its way. Its `order_ref` is the user's tag.

        `order_id` is for who took one from the session's `next_id` before; ids have to come in ascending order.

        Raises, with nothing sent: InvalidOrder, LiveTradingDisabled, OrderLimitExceeded (also while trading is halted),
        NotConnected unless the session is connected, JournalError, RateLimitError, and at the first use what `ready`
        raises. If it is cancelled nothing was sent.
        """
        order = self._checked(contract, order, grid)
        await self.ready()
        self._check_may_trade()
        orders, journal = self._open()
        session = self._session
        ref = new_client_ref(session.now(), self._chance)
        order = replace(order, order_ref=ref.order_ref(order.order_ref or ""))
        # From the number to the journal's queue without a pause: the journal wants ascending ids.
        session.use_ids_above(journal.mark(session.client_id))
        key = OrderKey(client_ref=str(ref), client_id=session.client_id, order_id=order_id or session.next_id())
        request = place_request(key.order_id, contract, order)
        intent = entry(Kind.INTENT, session.now(), key, request)
        handle = OrderHandle(TrackedOrder(key, contract, order), self)
        try:
            await journal.write(intent)
            self._check_may_trade()
            orders.add(handle)
            left = session.send(request)
        except BaseException as error:
            # Whether it was written or not: if it was, this ends it, and the journal keeps the order of records.
            if not isinstance(error, IbwireError) or journal.mark(key.client_id) >= key.order_id:
                orders.not_sent(handle, f"not sent: {error!r}")
            raise
        self._when_left(left, partial(self._order_left, handle))
        return handle

    async def modify(self, handle: OrderHandle, **changes: Any) -> None:
        """Send new terms for an order (fields of `Order`); returns when they have left.

        A refused change leaves the order as it is, and comes as a notice. Raises, with nothing sent, what `place` does,
        and OrderChangeRefused for an order that has ended or that the gateway has twice.
        """
        if handle.status.is_ended:
            raise OrderChangeRefused(f"nothing was sent: the order is {handle.status}")
        if handle.others:
            raise OrderChangeRefused("nothing was sent: the gateway has two orders of this reference; cancel them")
        fixed = {"action", "account", "order_ref"} & changes.keys()
        if fixed:
            raise InvalidOrder(f"nothing was sent: {', '.join(sorted(fixed))} cannot be changed")
        order = self._checked(handle.contract, replace(handle.order, **changes))
        self._check_may_trade()
        orders, journal = self._open()
        request = place_request(handle.key.order_id, handle.contract, order)
        await journal.write(entry(Kind.CHANGE, self._session.now(), handle.key, request))
        self._check_may_trade()
        if handle.status.is_ended:
            raise OrderChangeRefused(f"nothing was sent: the order is {handle.status}")
        left = self._session.send(request)
        self._when_left(left, lambda error: orders.change_sent(handle, order) if error is None else None)
        await left

    async def cancel(self, handle: OrderHandle) -> None:
        """Ask for an order to be cancelled, and for every second one the gateway has; returns when that has left.

        For an order that has ended nothing is done. Raises NotConnected unless the session is connected, JournalError,
        RateLimitError.
        """
        orders, journal = self._open()
        for tracked in (handle.tracked, *handle.others.values()):
            if tracked.state.is_ended:
                continue
            check_link(self._session.state)
            request = m.CancelOrderRequest(tracked.key.order_id)
            await journal.write(entry(Kind.CANCEL, self._session.now(), handle.key, request))
            check_link(self._session.state)
            left = self._session.send(request)
            self._when_left(left, partial(self._cancel_left, orders, handle, tracked))
            await left

    async def cancel_all(self, *, of_everybody: bool = False) -> int:
        """Cancel all orders of ours; how many. `of_everybody`: those of other clients and of the TWS user as well.

        Raises what `cancel` raises.
        """
        await self.ready()
        live = [handle for handle in self.orders if not handle.is_over]
        if of_everybody:
            check_link(self._session.state)
            await self._session.send(m.GlobalCancelRequest())
            return len(live)
        results = await asyncio.gather(*(self.cancel(handle) for handle in live), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return len(live)

    async def what_if(self, contract: m.Contract, order: Order) -> WhatIf:
        """What an order would do to margin and commission; nothing is placed.

        Raises what `place` does, OrderRejected with IBKR's reason, and RequestTimeout after `ack_timeout_s`.
        """
        order = replace(self._checked(contract, order), what_if=True)
        await self.ready()
        check_link(self._session.state)
        order_id = self._session.next_id()
        with self._what_ifs.asked(order_id) as answer:
            await self._session.send(place_request(order_id, contract, order))
            try:
                async with asyncio.timeout(self._settings.ack_timeout_s):
                    return await answer
            except TimeoutError:
                text = f"no answer to a what-if order within {self._settings.ack_timeout_s:g} s"
                raise RequestTimeout(text) from None

    async def halt(self, reason: str) -> None:
        """Place and change nothing from now on, also after a restart, until `resume`; and cancel all orders of ours.

        Raises JournalError, and what `cancel_all` raises if not all could be cancelled: the halt holds all the same.
        """
        _, journal = self._open()
        self._halted = reason or "no reason was given"
        await journal.write(flag(HALTED, self._halted, self._session.now(), self._session.client_id))
        await self.cancel_all()

    async def resume(self) -> None:
        """End a halt. Raises JournalError."""
        _, journal = self._open()
        await journal.write(flag(HALTED, "", self._session.now(), self._session.client_id))
        self._halted = ""

    async def aclose(self) -> None:
        """Follow the orders no longer, which go on, and close the journal. Safe to call again."""
        self._is_closed = True
        await self._inquiry.aclose()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for handle in self.orders:
            handle.close(NotConnected("the session was closed; the order goes on"))
        journal, self._journal = self._journal, None
        if journal is not None:
            await journal.aclose()

    # --- before anything leaves

    def _checked(self, contract: m.Contract, order: Order, grid: PriceGrid | None = None) -> Order:
        """The order with its account, if nothing is wrong with it."""
        check_link(self._session.state)
        if order.what_if:
            raise InvalidOrder("nothing was sent: what_if is set; use `what_if`")
        check(order, contract, grid)
        account = account_for(order, self._settings, self._session.accounts)
        check_limits(order, contract, self._settings)
        return replace(order, account=account)

    def _check_may_trade(self) -> None:
        check_link(self._session.state)
        if self._halted:
            raise OrderLimitExceeded(
                f"nothing was sent: trading is halted: {self._halted} (guard: halt)", hint="`resume` ends the halt"
            )

    def _open(self) -> tuple[TrackedOrders, Journal]:
        """The journal, and the orders that it has open."""
        if self._is_closed:
            raise NotConnected("the session is closed")
        if self._journal is None or self._orders is None:
            self._journal = Journal(
                self._settings.journal_path,
                self._session.now(),
                is_threaded=self._journal_in_thread,
                on_failure=partial(self._session.events.emit, EventType.ERROR),
            )
            self._orders = TrackedOrders(
                self._journal,
                self,
                self._session.events,
                now=self._session.now,
                client_id=lambda: self._session.client_id,
                on_doubt=self._inquiry.ask_soon,
            )
            self._halted = self._journal.flags().get(HALTED, "")
            for tracked in self._journal.orders():
                self._orders.add(OrderHandle(tracked, self, has_left=True))
        return self._orders, self._journal

    # --- what leaves

    @staticmethod
    def _when_left(left: asyncio.Future[None], then: Callable[[BaseException | None], object]) -> None:
        """Call `then` when a message has left, at once if it has, or with the error if it never will."""
        if left.done():
            then(left.exception())
        else:
            left.add_done_callback(lambda done: then(None if done.cancelled() else done.exception()))

    def _order_left(self, handle: OrderHandle, error: BaseException | None) -> None:
        orders = self._orders
        if self._is_closed or orders is None:
            return
        if error is not None:
            orders.not_sent(handle, f"not sent: {error}")
            return
        orders.sent(handle)
        self._watch(handle)

    def _cancel_left(
        self, orders: TrackedOrders, handle: OrderHandle, tracked: TrackedOrder, error: BaseException | None
    ) -> None:
        if error is not None or self._is_closed:
            return
        if tracked is handle.tracked:
            orders.cancel_sent(handle)
        self._watch(handle)

    def _watch(self, handle: OrderHandle) -> None:
        """Ask the gateway if it does not acknowledge in time."""
        old = self._timers.pop(handle, None)
        if old is not None:
            old.cancel()
        loop = asyncio.get_running_loop()
        self._timers[handle] = loop.call_later(self._settings.ack_timeout_s, self._check_acknowledged, handle)

    def _check_acknowledged(self, handle: OrderHandle) -> None:
        self._timers.pop(handle, None)
        is_known = handle.tracked.is_acknowledged or handle.status is OrderState.UNCONFIRMED
        if not handle.is_over and (not is_known or handle.tracked.is_cancelling):
            self._inquiry.ask_soon(is_sure=True)

    # --- what comes

    def _hear(self, message: Message) -> None:
        if isinstance(message, m.ErrorMessage) and message.error_code in LINK_RESTORED and self._orders is not None:
            self._inquiry.ask_soon(is_sure=True)
        self._what_ifs.hear(message)
        if self._orders is not None and not self._is_closed and isinstance(message, NEWS):
            self._orders.hear(message)

    def _take(self, message: Message) -> None:
        if self._orders is not None and not self._is_closed and isinstance(message, NEWS):
            self._orders.take(message)

    # --- asking

    async def _recover(self) -> int:
        """After a reconnect. What fails but for the link is tried again later."""
        if self._orders is None or self._is_closed:
            return 0
        try:
            return await self.reconcile()
        except ConnectionFailed:
            raise
        except IbwireError:
            self._inquiry.ask_soon(is_sure=True)
            raise
