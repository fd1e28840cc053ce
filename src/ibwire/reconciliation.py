"""Reconciliation: what we believe of our orders, held against what the gateway says of them. It never sends an order.

It asks for executions, open orders and completed orders, in this order: an order that moves on meanwhile is then found
further on, or tells so itself. The answer about open orders also holds the news that came while it was under way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from ibwire.exceptions import ConnectionFailed, IbwireError, RequestTimeout
from ibwire.order_guards import is_of_login
from ibwire.order_handles import OrderHandle
from ibwire.order_state import TrackedOrder
from ibwire.session_api import SessionApi
from ibwire.tasks import begin
from ibwire.tracked_orders import TrackedOrders
from ibwire.wire import Message
from ibwire.wire import messages as m

DOUBT_GRACE_S = 1.0
"""How long a doubt may last before the gateway is asked: what comes in an unusual order mostly comes all the same."""

MOST_ROUNDS = 3
"""How often the gateway is asked at most about orders of which news came while it answered."""

_log = logging.getLogger(__name__)

NOWHERE = "the gateway has it neither among its open nor its completed orders, and reports no execution that ends it"


async def reconcile(session: SessionApi, orders: TrackedOrders) -> int:
    """Ask the gateway about everything and bring the orders up to date; how many were asked about.

    An order that is found nowhere has ended if the gateway ever had it, or else is UNCONFIRMED. Of an order that news
    came of meanwhile the answer may be older than the news: about it the gateway is asked again. Of orders of accounts
    that the login does not have nothing is learned: they stay as they are. Raises what requests raise; then nothing was
    concluded from silence.
    """
    left = (handle for handle in orders.handles if handle.has_left and _is_open(handle))
    about = [handle for handle in left if is_of_login(handle.order, session.accounts)]
    overtaken = await _ask(session, orders, about)
    for _ in range(MOST_ROUNDS - 1):
        if overtaken:
            overtaken = await _ask(session, orders, [handle for handle in overtaken if _is_open(handle)])
    orders.ask_again(handle for handle in overtaken if _is_open(handle))
    return len(about)


async def _ask(session: SessionApi, orders: TrackedOrders, about: Iterable[OrderHandle]) -> set[OrderHandle]:
    """Ask once; the orders whose answer could not be taken as the whole truth, because news of them came meanwhile."""
    asked = {handle: handle.heard for handle in about}
    unended = await _take_executions(session, orders)
    is_own = all(handle.key.client_id == session.client_id for handle in asked)
    question = m.OpenOrdersRequest() if is_own else m.AllOpenOrdersRequest()
    found, overtaken = _take_open_orders(orders, asked, await session.request(question))
    for message in await session.request(m.CompletedOrdersRequest(api_only=False)):
        handle = orders.take(message) if isinstance(message, m.CompletedOrder) else None
        if handle is not None and isinstance(message, m.CompletedOrder) and message.order is not None:
            found.add((handle, message.order.perm_id or handle.key.perm_id))
    if unended is not None:
        raise unended
    for handle, heard in asked.items():
        perm_ids = {perm_id for one, perm_id in found if one is handle}
        if handle.heard == heard:
            _conclude_from_silence(orders, handle, perm_ids)
        elif not perm_ids:
            overtaken.add(handle)  # nothing was concluded from the silence, and nothing else will tell
    return overtaken


async def _take_executions(session: SessionApi, orders: TrackedOrders) -> RequestTimeout | None:
    """Take the executions of the day; the failure if their end was not told, as by some gateways (protocol notes, 7.5):
    what has come is true all the same."""
    try:
        answers: Iterable[object] = await session.request(m.ExecutionRequest())
        unended = None
    except RequestTimeout as error:
        answers, unended = error.so_far, error
    for message in answers:
        if isinstance(message, m.ExecutionDetails | m.CommissionAndFeesReport):
            orders.take(message)
    return unended


def _is_open(handle: OrderHandle) -> bool:
    return not handle.is_over or bool(handle.tracked.doubts)


def _take_open_orders(
    orders: TrackedOrders, asked: dict[OrderHandle, int], answers: Sequence[Message]
) -> tuple[set[tuple[OrderHandle, int | None]], set[OrderHandle]]:
    """Take what the gateway says of its open orders; which it spoke of and by which permanent id, and which it has to
    be asked about again.

    `asked` is how much had happened to each order when the question was asked, and then when it was answered.
    """
    found: dict[tuple[OrderHandle, int | None], list[Message]] = {}
    last: dict[OrderHandle, int | None] = {}
    for message in answers:
        handle = orders.find(message)
        if handle is not None:
            # One that IBKR's servers have not seen has no permanent id yet: it is there all the same.
            last[handle] = _perm_id(message) or last.get(handle, handle.key.perm_id)
            found.setdefault((handle, last[handle]), []).append(message)
            if handle in asked:
                asked[handle] += 1  # who listens has heard of it too
    overtaken: set[OrderHandle] = set()
    for (handle, perm_id), messages in found.items():
        told, status = messages[0], messages[1] if len(messages) > 1 else None
        is_answer = isinstance(told, m.OpenOrder) and len(messages) <= 2 and not isinstance(status, m.OpenOrder)
        # News is newer than the answer, perhaps: then it must not be forgotten.
        if handle in asked and handle.key.perm_id in (None, perm_id):
            if is_answer and handle.heard == asked[handle]:
                assert isinstance(told, m.OpenOrder)
                orders.reconciled(handle, told, status if isinstance(status, m.OrderStatus) else None)
            else:
                overtaken.add(handle)
        for message in messages:
            orders.take(message)
    return set(found), overtaken


def _conclude_from_silence(orders: TrackedOrders, handle: OrderHandle, perm_ids: set[int | None]) -> None:
    for perm_id, other in handle.others.items():
        if perm_id not in perm_ids and not other.state.is_ended:
            orders.other_not_found(handle, other, NOWHERE)
    if handle.key.perm_id not in perm_ids and _is_in_question(handle.tracked):
        orders.not_found(handle, NOWHERE)


def _is_in_question(tracked: TrackedOrder) -> bool:
    return not tracked.state.is_ended or bool(tracked.doubts)


def _perm_id(message: Message) -> int | None:
    if isinstance(message, m.OpenOrder):
        return message.order.perm_id if message.order is not None else None
    return message.perm_id if isinstance(message, m.OrderStatus) else None


class Inquiry:
    """Has the gateway asked when there is a reason to, one question at a time, and again if that failed.

    `is_connected` and `is_in_doubt` say how things stand, `ask` asks; after a failure it is asked again in `again_s`.
    """

    def __init__(
        self,
        is_connected: Callable[[], bool],
        is_in_doubt: Callable[[], bool],
        ask: Callable[[], Awaitable[object]],
        *,
        again_s: float,
    ) -> None:
        self._is_connected = is_connected
        self._is_in_doubt = is_in_doubt
        self._ask = ask
        self._again_s = again_s
        self._task: asyncio.Task[None] | None = None
        self._is_wanted = self._is_sure = self._is_closed = False

    def ask_soon(self, *, is_sure: bool = False) -> None:
        """Ask in a moment; unless `is_sure`, only if there is still a doubt then."""
        self._is_wanted, self._is_sure = True, self._is_sure or is_sure
        if self._task is None and not self._is_closed:
            self._task = begin(self._run(), name="ibwire reconciliation")

    async def aclose(self) -> None:
        """Ask no more."""
        self._is_closed = True
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        pause_s = DOUBT_GRACE_S
        try:
            while self._is_wanted:
                self._is_wanted = False
                await asyncio.sleep(pause_s)
                if not self._is_connected():
                    return  # a reconnect, or the news that the gateway has its link again, brings a reconciliation
                if not self._is_sure and not self._is_in_doubt():
                    continue
                self._is_sure = False
                try:
                    await self._ask()
                except ConnectionFailed:
                    return
                except IbwireError as error:
                    _log.warning("the gateway was asked about orders in vain, and is asked again: %s", error)
                    self._is_wanted = self._is_sure = True
                    pause_s = self._again_s
        finally:
            self._task = None
