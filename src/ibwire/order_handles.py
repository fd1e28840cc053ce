"""What a user holds of an order: where it stands, waiting for what becomes of it, changing and cancelling it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from ibwire.exceptions import (
    IbwireError,
    InvalidOrder,
    OrderCancelled,
    OrderChangeRefused,
    OrderRejected,
    OrderUnconfirmed,
)
from ibwire.fan_out import FanOut
from ibwire.order_changes import Change, OrderKey, StateChanged
from ibwire.order_checks import PriceGrid
from ibwire.order_fields import Order
from ibwire.order_fills import Fill
from ibwire.order_state import TrackedOrder
from ibwire.order_states import OrderState
from ibwire.streams import Stream
from ibwire.wire import messages as m

UPDATES_BOUND = 1_000
"""How many changes may wait for a reader of `updates`."""


FIXED = frozenset({"action", "account", "order_ref"})
"""What a change may not change."""


class OrderActions(Protocol):
    """Who can act for an order; `Trading` does."""

    async def cancel(self, handle: OrderHandle) -> None:
        """Ask for the order to be cancelled."""

    async def modify(self, handle: OrderHandle, *, grid: PriceGrid | None = None, **changes: Any) -> None:
        """Ask for other terms."""


class OrderHandle:
    """An order of ours. Everything it tells is as far as is known now; nothing here waits but the coroutines.

    `others` are second orders that the gateway has under this one's reference (a fault of the gateway's), by
    permanent id: their fills are not counted here.
    """

    def __init__(self, tracked: TrackedOrder, actions: OrderActions, *, has_left: bool = False) -> None:
        self.tracked = tracked
        self.has_left = has_left
        """Whether its bytes have left, as far as one knows: what may be anywhere at the gateway."""
        self.heard = 0
        """How much has happened to it that no question asked for: news that came, and what was sent."""
        self.others: dict[int, TrackedOrder] = {}
        self.reason = ""
        """IBKR's words for why it is where it is."""
        self.unsent_because: IbwireError | None = None
        """Why its bytes have never left, if that is so; an order of an earlier run only has the `reason`."""
        self._actions = actions
        self._consumers: FanOut[Change] = FanOut()
        self._news: asyncio.Event | None = None  # made for the first who waits
        self._failure: IbwireError | None = None

    def __repr__(self) -> str:
        order = self.order
        price = "" if order.limit_price is None else f" {order.limit_price}"
        what = f"{order.action} {order.total_quantity} {self.contract.symbol or self.contract.con_id}"
        stands = f"{order.order_type}{price}, {self.status}, {self.filled} filled"
        return f"<OrderHandle {self.key.order_id}: {what} {stands}>"

    # --- what is known

    @property
    def key(self) -> OrderKey:
        """The names it goes by."""
        return self.tracked.key

    @property
    def tag(self) -> str:
        """What the user gave as `order_ref`: IBKR carries it with the order, so it is there after a restart too."""
        return self.tracked.tag

    @property
    def contract(self) -> m.Contract:
        """What it is for."""
        return self.tracked.contract

    @property
    def order(self) -> Order:
        """What was asked for last."""
        return self.tracked.order

    @property
    def status(self) -> OrderState:
        """Where it is in its life."""
        return self.tracked.state

    @property
    def fills(self) -> tuple[Fill, ...]:
        """Its executions, by time."""
        return self.tracked.fills

    @property
    def filled(self) -> Decimal:
        """The quantity filled."""
        return self.tracked.filled

    @property
    def remaining(self) -> Decimal | None:
        """What is left to fill, or was when it ended."""
        return self.tracked.remaining

    @property
    def average_price(self) -> Decimal | None:
        """The average price of the fills."""
        return self.tracked.average_price

    @property
    def commission(self) -> Decimal | None:
        """The sum of the commissions that have come; None before the first. Their currencies are in `tracked`."""
        amounts = [one.amount for one in self.tracked.commissions if one.amount is not None]
        return sum(amounts, Decimal(0)) if amounts else None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, and every second order with it."""
        return all(one.state.is_ended for one in (self.tracked, *self.others.values()))

    # --- waiting

    async def acknowledged(self) -> OrderState:
        """Wait until the gateway has shown that it has the order; its state then.

        Raises OrderRejected, OrderCancelled, OrderUnconfirmed if nobody knows whether it arrived, and for an order that
        was never sent `unsent_because`.
        """
        await self._until(lambda: self.tracked.is_acknowledged or self._is_at_rest)
        if not self.tracked.is_acknowledged or self.status is OrderState.REJECTED:
            self._raise_for_state()
        return self.status

    async def done(self) -> OrderState:
        """Wait until it has ended: FILLED, CANCELLED or REJECTED, also if it was never sent (`unsent_because`).

        Fills that the gateway has spoken of are booked by then. Raises OrderUnconfirmed if nobody knows.
        """
        await self._until(lambda: self._is_done or self.status is OrderState.UNCONFIRMED)
        if self.status is OrderState.UNCONFIRMED:
            self._raise_for_state()
        return self.status

    def updates(self) -> Stream[Change]:
        """What changes from now on, as an async iterator that ends with the session; StreamOverflow if it is not read.

        It goes on after the order's end, because a late fill counts.
        """

        def open_(stream: Stream[Change]) -> None:
            self._consumers.add(stream)

        return Stream(UPDATES_BOUND, open_, self._consumers.remove)

    # --- acting

    async def cancel(self) -> None:
        """See `Trading.cancel`."""
        await self._actions.cancel(self)

    async def modify(self, *, grid: PriceGrid | None = None, **changes: Any) -> None:
        """See `Trading.modify`."""
        await self._actions.modify(self, grid=grid, **changes)

    # --- for who feeds it

    def publish(self, changes: list[Change]) -> None:
        """Tell what has changed to everybody who waits or reads."""
        for change in changes:
            if isinstance(change, StateChanged):
                self.reason = change.reason
            self._consumers.publish(change)
        self._tell_who_waits()

    def close(self, failure: IbwireError) -> None:
        """Nobody follows the order any more; it goes on by itself."""
        self._failure = failure
        self._consumers.end()
        self._tell_who_waits()

    def _tell_who_waits(self) -> None:
        if self._news is not None:
            self._news.set()

    @property
    def _is_done(self) -> bool:
        return self.is_over and not self.tracked.is_fill_missing

    @property
    def _is_at_rest(self) -> bool:
        return self.status.is_ended or self.status is OrderState.UNCONFIRMED

    async def _until(self, is_reached: Callable[[], bool]) -> None:
        while not is_reached():
            if self._failure is not None:
                raise self._failure
            self._news = self._news or asyncio.Event()
            self._news.clear()
            await self._news.wait()

    def _raise_for_state(self) -> None:
        if self.unsent_because is not None:
            raise self.unsent_because
        text = self.reason or f"the order is {self.status}"
        match self.status:
            case OrderState.REJECTED:
                raise OrderRejected(text)
            case OrderState.CANCELLED:
                raise OrderCancelled(text)
            case OrderState.UNCONFIRMED:
                raise OrderUnconfirmed(text)


def check_change(handle: OrderHandle, changes: Mapping[str, object]) -> None:
    """Raises OrderChangeRefused for an order that cannot be changed as it stands, InvalidOrder for what cannot be.

    One that a gateway may hold back (`transmit` false) is unconfirmed as well, and a change is what releases it.
    """
    if handle.status.is_ended:
        raise OrderChangeRefused(f"nothing was sent: the order is {handle.status}")
    if handle.status is OrderState.UNCONFIRMED and handle.order.transmit is not False:
        raise OrderChangeRefused(
            "nothing was sent: nobody knows whether the gateway has the order; it would take the change for a new one",
            hint="`send_again` sends it, as it is; or cancel it and place another",
        )
    if handle.others:
        raise OrderChangeRefused("nothing was sent: the gateway has two orders of this reference; cancel them")
    unknown = sorted(changes.keys() - set(Order.__struct_fields__))
    if unknown:
        raise InvalidOrder(f"nothing was sent: an order has no field {', '.join(unknown)}")
    fixed = sorted(changes.keys() & FIXED)
    if fixed:
        raise InvalidOrder(f"nothing was sent: {', '.join(fixed)} cannot be changed")
