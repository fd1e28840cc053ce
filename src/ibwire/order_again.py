"""Sending again what nobody knows of: only when the user says so, and never two attempts side by side.

An attempt keeps the root of its order's reference, its lineage, and has the next number; the journal has both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ibwire.client_refs import ClientRef, read_client_ref, split_order_ref
from ibwire.exceptions import OrderChangeRefused
from ibwire.order_fields import Order
from ibwire.order_handles import OrderHandle
from ibwire.order_states import OrderState
from ibwire.tasks import begin

if TYPE_CHECKING:
    from ibwire.journal import Journal

Policy = Callable[[OrderHandle], bool]
"""Whether an unconfirmed order is to be sent again."""


class Again:
    """The attempts under way, and the user's policy. `send_again` sends one; `on_failure` is told if that fails."""

    def __init__(
        self, send_again: Callable[[OrderHandle], Awaitable[object]], on_failure: Callable[[Exception], object]
    ) -> None:
        self._send_again = send_again
        self._on_failure = on_failure
        self._under_way: set[str] = set()
        self._asked: set[OrderHandle] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @contextmanager
    def attempt(self, handle: OrderHandle, journal: Journal) -> Iterator[ClientRef]:
        """The reference for the next attempt at an order; nobody else gets one of its lineage meanwhile.

        Raises OrderChangeRefused unless the order is unconfirmed, if the gateway may hold it back (`transmit` false: an
        order that it has is then in none of its answers; protocol notes, 4.7), and if a later attempt was sent or is
        under way.
        """
        ref = read_client_ref(handle.key.client_ref or "")
        if handle.status is not OrderState.UNCONFIRMED or handle.others or ref is None:
            raise OrderChangeRefused(
                f"nothing was sent: only an unconfirmed order is sent again, it is {handle.status}"
            )
        if handle.order.transmit is False:
            raise OrderChangeRefused(
                "nothing was sent: a gateway does not say which orders it holds back, so this one may be there",
                hint="look in TWS; what it holds is sent by the last of its group, or can be cancelled",
            )
        if ref.root in self._under_way:
            raise OrderChangeRefused("nothing was sent: the order is being sent again already")
        ref = ref.next_attempt()
        while (later := journal.order(str(ref))) is not None:
            if not later.is_unsent:
                raise OrderChangeRefused(f"nothing was sent: the order was sent again already, as {ref}")
            ref = ref.next_attempt()
        self._under_way.add(ref.root)
        try:
            yield ref
        finally:
            self._under_way.discard(ref.root)

    def consider(self, handles: Iterable[OrderHandle], policy: Policy | None) -> None:
        """Ask the policy about each order that has become unconfirmed, once, and send those again that it wants."""
        for handle in handles if policy is not None else ():
            if handle.status is OrderState.UNCONFIRMED and handle not in self._asked:
                self._asked.add(handle)
                task = begin(self._follow(policy, handle), name="ibwire send again")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Send nothing more."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, policy: Policy | None, handle: OrderHandle) -> None:
        try:
            if policy is not None and policy(handle):
                await self._send_again(handle)
        except Exception as error:  # noqa: BLE001 - the user's policy may raise anything; that is told
            self._on_failure(error)


def untagged(order: Order) -> Order:
    """The order with the user's own tag alone, as it was given."""
    return replace(order, order_ref=split_order_ref(order.order_ref)[0] or None)
