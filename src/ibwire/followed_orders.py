"""What is followed: the journal and its orders, and the bound ones; and asking the gateway about them after a loss.

Sends nothing but questions (and the wish to bind, again).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ibwire.bound_orders import BoundOrders
from ibwire.client_refs import split_order_ref
from ibwire.connection_state import ConnectionState
from ibwire.events import EventType
from ibwire.exceptions import (
    ConnectionFailed,
    IbwireError,
    NotConnected,
    OrderOfAnotherLogin,
    ProtocolError,
)
from ibwire.order_guards import is_of_login
from ibwire.order_handles import OrderActions, OrderHandle
from ibwire.order_states import OrderState
from ibwire.order_views import known_order
from ibwire.reconciliation import Inquiry, reconcile
from ibwire.recovery import Stage
from ibwire.session_api import SessionApi
from ibwire.settings import TradingSettings
from ibwire.tracked_orders import NEWS, TrackedOrders
from ibwire.wire import Message
from ibwire.wire import messages as m

if TYPE_CHECKING:
    from ibwire.journal import Journal

LINK_RESTORED = frozenset({1101, 1102})
"""The gateway has its own link to IBKR again; news of orders may have been lost (protocol notes, 5.1)."""


class FollowedOrders:
    """The orders of a session, for `actions`.

    `on_open` is called when the journal was opened, `on_loss` told why when the link, or the gateway's own, has gone,
    `on_reconciled` called when the gateway was asked.
    """

    def __init__(
        self,
        session: SessionApi,
        settings: TradingSettings,
        actions: OrderActions,
        *,
        journal_in_thread: bool,
        on_open: Callable[[], object],
        on_loss: Callable[[str], object],
        on_reconciled: Callable[[], object],
    ) -> None:
        self._session = session
        self._settings = settings
        self._actions = actions
        self._journal_in_thread = journal_in_thread
        self._on_open = on_open
        self._on_loss = on_loss
        self._on_reconciled = on_reconciled
        self._journal: Journal | None = None
        self._orders: TrackedOrders | None = None
        self._bound: BoundOrders | None = None
        self._told_unknown: set[int | None] = set()
        self._told_strangers: tuple[str, ...] = ()
        self._is_reconciled = False
        self._losses = 0
        self._one_at_a_time = asyncio.Lock()
        self.is_settled = False
        """Whether the session is connected, and the orders were reconciled since."""
        self.is_closed = False
        self.inquiry = Inquiry(
            lambda: session.state is ConnectionState.CONNECTED,
            lambda: any(
                one.tracked.doubts or one.status is OrderState.INACTIVE for one in (*self.handles, *self.bound)
            ),
            self.reconcile,
            again_s=settings.ack_timeout_s,
        )
        self._states = session.events.subscribe(
            EventType.CONNECTION_STATE_CHANGED, self._take_state, name="ibwire trading"
        )
        session.recovery.register("orders", Stage.ORDERS, self._recover)

    # --- what there is

    @property
    def handles(self) -> tuple[OrderHandle, ...]:
        """The orders of ours."""
        return self._orders.handles if self._orders is not None else ()

    @property
    def bound(self) -> tuple[OrderHandle, ...]:
        """The bound ones."""
        return self._bound.handles if self._bound is not None else ()

    def of_id(self, order_id: int) -> OrderHandle | None:
        """The order of this client under an order id, a bound one too."""
        found = (orders.of_id(self._session.client_id, order_id) for orders in self._followed)
        return next((handle for handle in found if handle is not None), None)

    def open(self) -> tuple[TrackedOrders, Journal]:
        """The orders and the journal, which is opened if it is not open yet. Raises NotConnected, JournalError."""
        if self.is_closed:
            raise NotConnected("the session is closed")
        if self._journal is None or self._orders is None:
            from ibwire.journal import Journal  # brings SQLite and file locks: not for sessions without orders

            self._journal = Journal(
                self._settings.journal_path,
                self._session.now(),
                is_threaded=self._journal_in_thread,
                on_failure=partial(self._session.events.emit, EventType.ERROR),
            )
            self._orders = TrackedOrders(
                self._journal,
                self._actions,
                self._session.events,
                now=self._session.now,
                client_id=lambda: self._session.client_id,
                on_doubt=self.inquiry.ask_soon,
            )
            self._journal.note(*self._journal.perhaps_sent(self._session.now()))
            for tracked in self._journal.orders():
                has_waited = not tracked.key.order_id
                handle = OrderHandle(tracked, self._actions, has_left=not has_waited)
                self._orders.add(handle)
                if has_waited:
                    self._orders.not_sent(handle, "not sent: the process ended while it waited for the session")
            self._on_open()
        return self._orders, self._journal

    async def ready(self) -> None:
        """Open the journal and ask about the orders in it, once."""
        self.open()
        if not self._is_reconciled:
            await self.reconcile()

    async def reconcile(self) -> int:
        """Ask the gateway how the orders stand; how many were open. Raises what requests raise."""
        orders, journal = self.open()
        async with self._one_at_a_time:
            losses = self._losses
            self._session.use_ids_above(journal.mark(self._session.client_id))
            known = () if self._is_reconciled else orders.handles
            left_behind = [handle for handle in known if handle.status is OrderState.UNCONFIRMED]
            number = await reconcile(self._session, orders)
            if self._bound is not None:
                await reconcile(self._session, self._bound)
            self._is_reconciled = True
            orders.tell_unconfirmed(left_behind)
            self._tell_strangers(orders.handles)
            self.is_settled = losses == self._losses and self._session.state is ConnectionState.CONNECTED
        self._on_reconciled()
        return number

    def _tell_strangers(self, orders: Iterable[OrderHandle]) -> None:
        """Tell, once at each login, of the journal's open orders that this one cannot know of."""
        accounts = self._session.accounts
        strangers = [one for one in orders if not one.is_over and not is_of_login(one.order, accounts)]
        if strangers and self._told_strangers != accounts:
            self._told_strangers = accounts
            of = ", ".join(sorted({str(one.order.account) for one in strangers}))
            text = (
                f"{len(strangers)} open orders of the journal are for {of}, this login has {', '.join(accounts)}: "
                "nothing is found out about them, they may be working"
            )
            self._session.events.emit(EventType.ERROR, OrderOfAnotherLogin(text))

    async def bind(self) -> None:
        """Have the TWS user's orders bound, and follow them. Raises what requests raise."""
        await self.ready()
        await self._session.send(m.AutoOpenOrdersRequest(auto_bind=True))
        if self._bound is None:
            self._bound = BoundOrders(
                self._session,
                self._session.events,
                self.inquiry.ask_soon,
                ack_timeout_s=self._settings.ack_timeout_s,
            )
        await self.reconcile()

    async def aclose(self) -> None:
        """Follow the orders no longer, and close the journal. Safe to call again."""
        self._states.cancel()
        self.is_closed = True
        await self.inquiry.aclose()
        if self._bound is not None:
            self._bound.close()
        for handle in (*self.handles, *self.bound):
            handle.close(NotConnected("the session was closed; the order goes on"))
        journal, self._journal = self._journal, None
        if journal is not None:
            await journal.aclose()

    # --- what comes

    def hear(self, message: Message) -> None:
        """News that nobody asked for."""
        if isinstance(message, m.ErrorMessage) and message.error_code in LINK_RESTORED and self._orders is not None:
            self.inquiry.ask_soon(is_sure=True)
        for orders in self._followed if isinstance(message, NEWS) else ():
            orders.hear(message)
        if isinstance(message, m.OpenOrder):
            self._tell_unknown(message)

    def take(self, message: Message) -> None:
        """An answer to somebody's question."""
        for orders in self._followed if isinstance(message, NEWS) else ():
            orders.take(message)

    @property
    def _followed(self) -> tuple[TrackedOrders, ...]:
        if self.is_closed or self._orders is None:
            return ()
        return (self._orders,) if self._bound is None else (self._orders, self._bound)

    def _tell_unknown(self, told: m.OpenOrder) -> None:
        """An order that was placed through another journal, or one restored from a backup: nothing here cancels it."""
        order = told.order or m.Order()
        is_placed_so = order.client_id == self._session.client_id and split_order_ref(order.order_ref)[1] is not None
        if not is_placed_so or self._orders is None or order.perm_id in self._told_unknown or self._orders.find(told):
            return
        self._told_unknown.add(order.perm_id)
        with suppress(ProtocolError):
            self._session.events.emit(EventType.WARNING, known_order(told))

    def _take_state(self, _: object) -> None:
        state = self._session.state
        if state is not ConnectionState.CONNECTED:
            self._losses += 1
            self.is_settled = False
            self._on_loss(f"the session is {state.value}")

    async def _recover(self) -> int:
        """After a reconnect. What fails but for the link is tried again later."""
        if self._orders is None or self.is_closed:
            return 0
        try:
            if self._bound is not None:
                await self._session.send(m.AutoOpenOrdersRequest(auto_bind=True))
            return await self.reconcile()
        except ConnectionFailed:
            raise
        except IbwireError:
            self.inquiry.ask_soon(is_sure=True)
            raise
