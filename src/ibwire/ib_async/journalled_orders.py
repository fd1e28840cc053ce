"""Orders of a shared session: placed by the native service, so that they are journalled and reconciled like its own.

ib_async says what it wants in one call and does not wait; the journal has to be written first. So each order has its
calls carried out one after the other, and what is refused here shows in its Trade.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from msgspec.structs import asdict

from ibwire.exceptions import IbwireError
from ibwire.ib_async.guards import read_order
from ibwire.order_handles import OrderHandle
from ibwire.session import IBSession
from ibwire.wire import Message
from ibwire.wire import messages as m

_log = logging.getLogger(__name__)


class JournalledOrders:
    """The orders that ib_async places on a session."""

    def __init__(self, session: IBSession, wrapper: Any) -> None:
        self._session = session
        self._wrapper = wrapper
        self._turns: dict[int, asyncio.Lock] = {}

    def takes(self, message: Message) -> bool:
        """Whether this goes through the journal: orders, and cancels of those; a what-if order is none."""
        if isinstance(message, m.GlobalCancelRequest):
            return True
        if isinstance(message, m.CancelOrderRequest):
            return message.order_id in self._turns or self._handle_of(message.order_id or 0) is not None
        return isinstance(message, m.PlaceOrderRequest) and not (message.order or m.Order()).what_if

    def carry_out(self, message: Message) -> Coroutine[Any, Any, None]:
        """What places, changes or cancels an order when what was asked of it before is done.

        The order's turn begins with the call: a cancel right behind it has to wait for it.
        """
        if isinstance(message, m.GlobalCancelRequest):
            return self._cancel_all({one: turn for one, turn in self._turns.items() if self._handle_of(one) is None})
        order_id: int = message.order_id  # type: ignore[attr-defined]
        return self._in_turn(self._turns.setdefault(order_id, asyncio.Lock()), order_id, message)

    async def _in_turn(self, turn: asyncio.Lock, order_id: int, message: Message) -> None:
        placed: OrderHandle | None = None
        async with turn:
            try:
                if isinstance(message, m.PlaceOrderRequest):
                    placed = await self._place(order_id, message)
                elif (handle := self._handle_of(order_id)) is not None:
                    await handle.cancel()
            except IbwireError as error:
                self._wrapper.never_left(message, str(error))

        if placed is not None:
            await self._until_it_has_left(placed, message)

    async def _until_it_has_left(self, handle: OrderHandle, message: Message) -> None:
        """An order that is taken back before it has left, by a cancel or a loss, ends for its Trade too."""
        with contextlib.suppress(IbwireError):
            await handle.acknowledged()
        if handle.unsent_because is not None:
            self._wrapper.never_left(message, str(handle.unsent_because), is_new=True)

    async def _cancel_all(self, begun: Mapping[int, asyncio.Lock]) -> None:
        """Of everybody, at once, and beside that the orders that were on their way to the journal by then."""
        ours = (self._cancel_begun(order_id, turn) for order_id, turn in begun.items())
        everybodys = self._session.trading.cancel_all(of_everybody=True)
        for result in await asyncio.gather(everybodys, *ours, return_exceptions=True):
            if isinstance(result, BaseException):
                _log.error("not all orders were cancelled: %s", result)

    async def _cancel_begun(self, order_id: int, turn: asyncio.Lock) -> None:
        async with turn:
            handle = self._handle_of(order_id)
        if handle is not None:
            await handle.cancel()

    async def _place(self, order_id: int, message: m.PlaceOrderRequest) -> OrderHandle | None:
        """Place an order, or change it; the handle of one that was placed."""
        contract, order = message.contract or m.Contract(), read_order(message)
        handle = self._handle_of(order_id)
        if handle is None:
            return await self._session.trading.place(contract, order, order_id=order_id)
        now = asdict(handle.order)
        changes = {name: value for name, value in asdict(order).items() if value != now[name]}
        changes.pop("order_ref", None)  # it has ours beside the user's
        if not order.account:
            changes.pop("account", None)
        await handle.modify(**changes)
        return None

    def _handle_of(self, order_id: int) -> OrderHandle | None:
        """The order of this id: placed here, by the native service, or by an earlier run."""
        return self._session.trading.order_of(order_id)
