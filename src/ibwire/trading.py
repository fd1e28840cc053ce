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
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from msgspec.structs import replace

from ibwire.bound_orders import BINDING_CLIENT_ID, cancel_by_id, own_order_id
from ibwire.connection_state import ConnectionState
from ibwire.events import EventType
from ibwire.exceptions import (
    DuplicateOrderId,
    InvalidOrder,
    JournalUnwritable,
    NotConnected,
    OrderCancelled,
    OrderOfAnotherClient,
    RequestTimeout,
)
from ibwire.followed_orders import FollowedOrders
from ibwire.halt_mark import Halt, HaltMark
from ibwire.journal_records import flag
from ibwire.order_acknowledgements import Acknowledgements
from ibwire.order_again import Again, Policy, untagged
from ibwire.order_amending import Amending
from ibwire.order_departures import Departures
from ibwire.order_fields import Order
from ibwire.order_flow import OrderFlow
from ibwire.order_groups import Bracket, as_bracket
from ibwire.order_guards import (
    MarketPrice,
    account_for,
    check_limits,
    check_link,
    is_of_login,
)
from ibwire.order_handles import OrderHandle
from ibwire.order_placing import Placing, apart
from ibwire.order_questions import OrderQuestions
from ibwire.order_queue import time_of
from ibwire.order_views import KnownOrder, taken_order_id
from ibwire.order_wire import order_from_wire, place_request
from ibwire.orders import PriceGrid, check
from ibwire.session_api import SessionApi
from ibwire.settings import TradingSettings
from ibwire.trading_halt import HaltWatch
from ibwire.what_ifs import WhatIf, WhatIfs
from ibwire.wire import Message
from ibwire.wire import messages as m


class Trading(OrderQuestions):
    """The orders of a session. The journal is opened when it is first needed: by `ready`, or by the first order."""

    def __init__(
        self,
        session: SessionApi,
        settings: TradingSettings,
        *,
        journal_in_thread: bool = True,
        chance: random.Random | None = None,
        market_price: MarketPrice = lambda _: None,
    ) -> None:
        self.market_price = market_price
        """What a contract trades at, for the guard that holds limits to it; put another source here if need be."""
        self._session = session
        self._settings = settings
        self._flow = OrderFlow(
            settings,
            open_orders=lambda: sum(not one.is_over for one in self.orders),
            now=lambda: asyncio.get_running_loop().time(),
        )
        self._departures = Departures(session.send)
        self._followed = FollowedOrders(
            session,
            settings,
            self,
            journal_in_thread=journal_in_thread,
            on_open=self._begin,
            on_loss=self._lost,
            on_reconciled=self._go_on,
        )
        self._halt = HaltWatch(
            HaltMark(settings.journal_path),
            session.events,
            to_cancel=self._may_be_cancelled,
            cancel=self.cancel,
            on_change=self._note_halt,
            is_threaded=journal_in_thread,
        )
        self._what_ifs = WhatIfs()
        self._acknowledgements = Acknowledgements(
            lambda: self._followed.inquiry.ask_soon(is_sure=True), seconds=settings.ack_timeout_s
        )
        self._again = Again(self.send_again, partial(session.events.emit, EventType.ERROR))
        self.send_again_if: Policy | None = None
        """The user's policy for orders that become unconfirmed: whether one is sent again. None: never by itself."""
        self._placing = Placing(
            session,
            self,
            self._departures,
            chance=chance or random.SystemRandom(),
            opened=self._followed.open,
            check=self._check_may_trade,
            check_again=self._check_again,
            flow=self._flow,
            is_settled=lambda: self._followed.is_settled,
            on_left=self._acknowledgements.expect,
        )
        self._amending = Amending(
            session,
            self._followed,
            self._placing,
            self._departures,
            checked=self._checked,
            check=self._check_may_trade,
            on_left=self._acknowledgements.expect,
        )
        session.listen(self._hear)

    # --- what there is

    @property
    def orders(self) -> tuple[OrderHandle, ...]:
        """The orders of ours that are followed: what the journal had open, and what was placed since; oldest first."""
        return self._followed.handles

    @property
    def bound_orders(self) -> tuple[OrderHandle, ...]:
        """The orders of client 0 that ibwire did not place, once `bind_manual_orders` has been called."""
        return self._followed.bound

    def order_of(self, order_id: int) -> OrderHandle | None:
        """The order of this client under an order id, of ours or a bound one; None if none is followed."""
        return self._followed.of_id(order_id)

    @property
    def halted(self) -> str:
        """Why trading is halted, or nothing: as the mark beside the journal says, whoever set it."""
        halt = self._halt.read()
        return halt.reason if halt is not None else ""

    def open(self) -> None:
        """Open the journal, as `ready` and placing do: to know before anything else that it is there and nobody's.

        Raises JournalError.
        """
        self._followed.open()

    async def ready(self) -> None:
        """Open the journal and find out what became of the orders in it. Placing does this by itself.

        Raises JournalError, and what requests raise; it can be called again then.
        """
        await self._followed.ready()

    async def reconcile(self) -> int:
        """Ask the gateway how our orders stand, and bring them up to date; how many were open. Sends no order.

        Raises what requests raise; an order about which nothing was learned stays as it was.
        """
        return await self._followed.reconcile()

    # --- placing, changing, cancelling

    async def place(
        self,
        contract: m.Contract,
        order: Order,
        *,
        grid: PriceGrid | None = None,
        order_id: int | None = None,
        allow_duplicate: bool = False,
        queue_while_down: float | timedelta | None = None,
    ) -> OrderHandle:
        """Place an order; its handle, when it is on the disk and on its way. Its `order_ref` is the user's tag.

        `allow_duplicate` lets through what was placed a moment ago already (`duplicate_window_s`). With
        `queue_while_down` (seconds, or a timedelta) the order waits that long, if need be, until the session is
        connected and reconciled, and then leaves once or ends unsent with OrderExpired. `order_id` is for who took one
        from the session's `next_id` before: ids have to come in ascending order, and what waits cannot have one yet.

        Raises, with nothing sent: InvalidOrder, LiveTradingDisabled, OrderLimitExceeded (also while trading is halted),
        NotConnected unless the session is connected, JournalError, RateLimitError, and at the first use what `ready`
        raises. If it is cancelled nothing was sent.
        """
        until = time_of(queue_while_down)
        if until is not None and order_id is not None:
            raise InvalidOrder("nothing was sent: an order that may wait gets its order_id when it leaves")
        if order_id is not None and any(one.key.order_id == order_id for one in self.bound_orders):
            raise DuplicateOrderId(f"nothing was sent: order id {order_id} is that of an order entered in TWS")
        if until is None:
            check_link(self._session.state)
        order = self._checked(contract, order, grid)
        if until is None or self._session.state is ConnectionState.CONNECTED:
            await self.ready()
        else:
            self._followed.open()
        self._halt.check()
        if until is None:
            check_link(self._session.state)
        admission = self._flow.admit(contract, [order], allow_duplicate=allow_duplicate)
        if until is not None and not self._followed.is_settled:
            return await self._placing.wait(contract, order, admission, until)
        ids = () if order_id is None else (order_id,)
        (handle,) = await self._placing.place(contract, [order], admission, ids=ids, until=until)
        return handle

    async def place_group(
        self,
        contract: m.Contract,
        group: Bracket | Sequence[Order],
        *,
        grid: PriceGrid | None = None,
        allow_duplicate: bool = False,
    ) -> tuple[OrderHandle, ...]:
        """Place a `bracket`, or the orders of `one_cancels_all`, in one call: all of them, or none.

        The handles, in the order of the orders, when all are on the disk and on their way. If the link falls while they
        leave, those that have not left end unsent, and asking the gateway tells what became of the others. Raises what
        `place` does, for the first order with which something is wrong.
        """
        given, arrange = (group.orders, as_bracket) if isinstance(group, Bracket) else (tuple(group), apart)
        if not given:
            raise InvalidOrder("nothing was sent: the group has no order")
        check_link(self._session.state)
        orders = [self._checked(contract, order, grid) for order in given]
        await self.ready()
        self._check_may_trade()
        admission = self._flow.admit(contract, orders, allow_duplicate=allow_duplicate)
        return await self._placing.place(contract, orders, admission, arrange=arrange)

    async def send_again(self, handle: OrderHandle) -> OrderHandle:
        """Send an unconfirmed order again, as a new order with a new id and the next reference of its lineage.

        The gateway is asked once more before. Should the first one turn up after all, both are followed. Raises what
        `place` does, and OrderChangeRefused unless the order is still unconfirmed and was not sent again before.
        """
        check_link(self._session.state)
        await self.reconcile()
        _, journal = self._followed.open()
        with self._again.attempt(handle, journal) as ref:
            order = self._checked(handle.contract, untagged(handle.order))
            self._check_may_trade()
            admission = self._flow.admit(handle.contract, [order], allow_duplicate=True)
            detail = f"again, after {handle.key.client_ref}"
            (again,) = await self._placing.place(handle.contract, [order], admission, refs=[ref], detail=detail)
        return again

    async def modify(self, handle: OrderHandle, *, grid: PriceGrid | None = None, **changes: Any) -> None:
        """Send new terms for an order (fields of `Order`); returns when they have left.

        A gateway that does not know the order takes new terms for a new order. So after a loss it is asked first, and
        an order of which nobody knows is not changed. A refused change leaves the order as it is, and comes as a
        notice. Raises, with nothing sent, what `place` and `reconcile` do, and OrderChangeRefused for an order that has
        ended, is unconfirmed, or that the gateway has twice.
        """
        await self._amending.modify(handle, changes, grid)

    async def cancel(self, handle: OrderHandle) -> None:
        """Ask for an order to be cancelled, and for every second one the gateway has; returns when that has left.

        For an order that has ended nothing is done; one that has not left yet is taken back and ends. It does not wait
        for the journal, and leaves also if that cannot be written (an ERROR event tells it). Raises NotConnected unless
        the session is connected, OrderOfAnotherClient for one that was placed under another client id, RateLimitError,
        and JournalError if the journal cannot be opened.
        """
        await self._amending.cancel(handle)

    async def cancel_all(self, *, of_everybody: bool = False) -> int:
        """Cancel all orders of ours; how many. `of_everybody`: those of other clients and of the TWS user as well.

        Raises what `cancel` raises.
        """
        await self.ready()
        live = [handle for handle in self.orders if not handle.is_over]
        if of_everybody:
            check_link(self._session.state)
            for handle in live:  # the global cancel goes before all that waits
                self._placing.take_back(handle, OrderCancelled("all orders were cancelled before it left"))
            await self._session.send(m.GlobalCancelRequest())
            return len(live)
        results = await asyncio.gather(*(self.cancel(handle) for handle in live), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return len(live)

    async def cancel_order(self, known: KnownOrder) -> None:
        """Ask for an order that `open_orders` showed to be cancelled, where IBKR allows it; returns when it has left.

        That is: an order of this client, and with client id 0 a bound one of the TWS user. Raises OrderOfAnotherClient
        for any other, OrderChangeRefused for a completed one, and what `cancel` does.
        """
        for handle in (*self.orders, *self.bound_orders):
            if known.perm_id and handle.key.perm_id == known.perm_id:
                await handle.cancel()
                return
        await cancel_by_id(self._session, own_order_id(known, self._session.client_id))

    async def bind_manual_orders(self) -> tuple[OrderHandle, ...]:
        """Bind the TWS user's orders, those to come too, also after reconnects; those there are, as `bound_orders`.

        TWS gives them order ids for it; then they are followed, tell events, and can be cancelled. Only client 0 may
        (OrderOfAnotherClient). Raises what `ready` and requests raise.
        """
        if self._session.client_id != BINDING_CLIENT_ID:
            raise OrderOfAnotherClient(f"only client 0 may bind orders, this is client {self._session.client_id}")
        check_link(self._session.state)
        await self._followed.bind()
        return self.bound_orders

    async def what_if(self, contract: m.Contract, order: Order) -> WhatIf:
        """What an order would do to margin and commission; nothing is placed.

        Raises what `place` does, OrderRejected with IBKR's reason, and RequestTimeout after `ack_timeout_s`.
        """
        check_link(self._session.state)
        order = replace(self._checked(contract, untagged(order)), what_if=True)
        _, journal = self._followed.open()  # for the ids only: nothing is placed, so nothing has to be reconciled
        self._session.use_ids_above(journal.mark(self._session.client_id))
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

        It is a mark beside the journal, which `ibwire halt` and other processes set as well: a session notices that
        within half a second. Raises what `cancel_all` raises if not all could be cancelled: the halt holds all the
        same, and while it does what still works is cancelled once it can be. Raises JournalUnwritable, when all was
        cancelled, if the mark cannot be set: then it holds for this session only.
        """
        errors: list[BaseException] = []
        try:
            await self._halt.begin(reason, self._session.now())
        except JournalUnwritable as unwritten:
            errors.append(unwritten)
        await self.ready()
        self._halt.look()
        errors += await self._halt.cancel_open(handle for handle in self.orders if not handle.is_over)
        for error in errors:
            raise error

    async def resume(self) -> None:
        """End a halt, whoever began it. Raises JournalUnwritable."""
        await self._halt.end()

    async def aclose(self) -> None:
        """Follow the orders no longer, which go on, and close the journal. Safe to call again.

        What has not left yet, and what waits for the session to be connected, ends unsent.
        """
        if not self._followed.is_closed:
            await self._placing.aclose()
        await self._halt.aclose()
        await self._again.aclose()
        self._acknowledgements.close()
        await self._followed.aclose()

    # --- before anything leaves

    def _begin(self) -> None:
        """The journal is open."""
        self._halt.start()
        now, journal = self._session.now(), self._followed.open()[1]
        placed = journal.placed_since(now - timedelta(seconds=self._flow.memory_s))
        self._flow.remember(
            ((now - at).total_seconds(), sent.contract or m.Contract(), order_from_wire(sent.order or m.Order()))
            for at, sent in placed
        )

    def _checked(self, contract: m.Contract, order: Order, grid: PriceGrid | None = None) -> Order:
        """The order with its account, if nothing is wrong with it."""
        if order.what_if:
            raise InvalidOrder("nothing was sent: what_if is set; use `what_if`")
        check(order, contract, grid)
        account = account_for(order, self._settings, self._session.accounts)
        check_limits(order, contract, self._settings, self.market_price)
        return replace(order, account=account)

    def _check_may_trade(self) -> None:
        check_link(self._session.state)
        self._halt.check()

    def _check_again(self, handle: OrderHandle) -> None:
        """The login, and the market, may be others than when the order began to wait."""
        account_for(handle.order, self._settings, self._session.accounts)
        check_limits(handle.order, handle.contract, self._settings, self.market_price)

    def _may_be_cancelled(self) -> list[OrderHandle]:
        """What a halt cancels now: all of this client's that works, or without a link what waits for one."""
        orders = self.orders if self._followed.is_settled else self._placing.queue.waiting
        own, accounts = self._session.client_id, self._session.accounts
        open_ = [handle for handle in orders if not handle.is_over and handle.key.client_id == own]
        return [handle for handle in open_ if is_of_login(handle.order, accounts)]

    def _note_halt(self, halt: Halt | None) -> None:
        """For who reads the journal later; what counts is the mark."""
        detail = halt.reason if halt is not None else ""
        journal = self._followed.open()[1]
        journal.note(flag("halted", detail, self._session.now(), self._session.client_id))

    def _lost(self, why: str) -> None:
        self._departures.take_back_all(lambda: NotConnected(f"taken back: {why}"))
        self._halt.forget()

    # --- what comes

    def _hear(self, message: Message) -> None:
        self._session.use_ids_above(taken_order_id(message, self._session.client_id))
        self._what_ifs.hear(message)
        self._followed.hear(message)

    def _take(self, message: Message) -> None:
        self._followed.take(message)

    def _go_on(self) -> None:
        """The gateway has been asked: what waited for that may leave, and what is unconfirmed be sent again."""
        self._placing.queue.release()
        self._again.consider(self.orders, self.send_again_if)
