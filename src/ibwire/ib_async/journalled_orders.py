"""Orders of a shared session: placed by the native service, so that they are journalled and reconciled like its own.

ib_async says what it wants in one call and does not wait; the journal has to be written first. So each order has its
calls carried out one after the other, and what is refused here shows in its Trade.
"""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import asdict

from ibwire.exceptions import IbwireError
from ibwire.order_handles import OrderHandle
from ibwire.order_wire import order_from_wire
from ibwire.session import IBSession
from ibwire.wire import Message
from ibwire.wire import messages as m

FIXED = frozenset({"action", "account", "order_ref"})
"""What a change may not change; ib_async sends all of an order again, with what TWS has filled in."""


class JournalledOrders:
    """The orders that ib_async places on a session."""

    def __init__(self, session: IBSession, wrapper: Any) -> None:
        self._session = session
        self._wrapper = wrapper
        self._handles: dict[int, OrderHandle] = {}
        self._turns: dict[int, asyncio.Lock] = {}

    def takes(self, message: Message) -> bool:
        """Whether this goes through the journal: orders, and cancels of those; a what-if order is none."""
        if isinstance(message, m.CancelOrderRequest):
            return message.order_id in self._turns
        return isinstance(message, m.PlaceOrderRequest) and not (message.order or m.Order()).what_if

    async def carry_out(self, message: Message) -> None:
        """Place, change or cancel an order when what was asked of it before is done."""
        order_id: int = message.order_id  # type: ignore[attr-defined]
        async with self._turns.setdefault(order_id, asyncio.Lock()):
            try:
                if isinstance(message, m.PlaceOrderRequest):
                    await self._place(order_id, message)
                elif order_id in self._handles:
                    await self._handles[order_id].cancel()
            except IbwireError as error:
                self._wrapper.never_left(message, str(error))

    async def _place(self, order_id: int, message: m.PlaceOrderRequest) -> None:
        contract, wire = message.contract or m.Contract(), message.order or m.Order()
        order = order_from_wire(wire, message.attached_orders, contract)
        handle = self._handles.get(order_id)
        if handle is None:
            self._handles[order_id] = await self._session.trading.place(contract, order, order_id=order_id)
            return
        now = asdict(handle.order)
        changes = {name: value for name, value in asdict(order).items() if value != now[name] and name not in FIXED}
        await handle.modify(**changes)
