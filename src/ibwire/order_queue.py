"""Orders that wait, because they were asked to, until the session is connected and reconciled again.

They are in the journal and have no order id yet. Each leaves once, or ends unsent when its time is over. Nothing here
outlives the process: what waited when it ended is ended unsent by the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from ibwire.exceptions import InvalidOrder, NotConnected
from ibwire.order_handles import OrderHandle
from ibwire.tasks import begin


def time_of(waits: float | timedelta | None) -> float | None:
    """Until when an order may wait, as a time of the event loop. Raises InvalidOrder for no time at all."""
    if waits is None:
        return None
    seconds = waits.total_seconds() if isinstance(waits, timedelta) else waits
    if not 0 < seconds < float("inf"):
        raise InvalidOrder(f"nothing was sent: queue_while_down is {waits}; allowed are times above 0")
    return asyncio.get_running_loop().time() + seconds


_log = logging.getLogger(__name__)


class OrderQueue:
    """Who waits. `leave` lets one leave if it still may (`may_leave`); `expire` is told of one whose time is over."""

    def __init__(
        self,
        *,
        may_leave: Callable[[], bool],
        leave: Callable[[OrderHandle], Awaitable[None]],
        expire: Callable[[OrderHandle], object],
    ) -> None:
        self._may_leave = may_leave
        self._leave = leave
        self._expire = expire
        self._timers: dict[OrderHandle, asyncio.TimerHandle] = {}
        self._since: dict[OrderHandle, float] = {}
        self._waiting: dict[OrderHandle, None] = {}
        self._task: asyncio.Task[None] | None = None

    def __contains__(self, handle: OrderHandle) -> bool:
        """Whether it waits here now."""
        return handle in self._waiting

    @property
    def waiting(self) -> tuple[OrderHandle, ...]:
        """Who waits here now, oldest first."""
        return tuple(self._waiting)

    def accept(self, handle: OrderHandle, until: float, since: float) -> None:
        """An order that may wait here until this time of the event loop, now or when it is taken back.

        `since` is when the guards let it through.
        """
        self._since[handle] = since
        self._timers[handle] = asyncio.get_running_loop().call_at(until, self._expire, handle)

    def accepts(self, handle: OrderHandle) -> bool:
        """Whether an order may wait here."""
        return handle in self._timers

    def since(self, handle: OrderHandle) -> float:
        """When the guards let an order through that may wait here."""
        return self._since[handle]

    def is_too_late(self, handle: OrderHandle) -> bool:
        """Whether the time of an order is over, and nobody has said so yet."""
        timer = self._timers.get(handle)
        return timer is not None and asyncio.get_running_loop().time() >= timer.when()

    def wait(self, handle: OrderHandle) -> None:
        """It waits here from now on."""
        self._waiting[handle] = None
        self.release()

    def go(self, handle: OrderHandle) -> None:
        """It waits here no more, and is on its way; its time runs on."""
        self._waiting.pop(handle, None)

    def drop(self, handle: OrderHandle) -> None:
        """It has left, or ended."""
        self._waiting.pop(handle, None)
        self._since.pop(handle, None)
        timer = self._timers.pop(handle, None)
        if timer is not None:
            timer.cancel()

    def release(self) -> None:
        """Let those that wait leave, if they may; the oldest first."""
        if self._task is None and self._waiting and self._may_leave():
            self._task = begin(self._let_leave(), name="ibwire waiting orders")

    async def aclose(self) -> None:
        """Let nothing more leave. Those that wait still do."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for timer in self._timers.values():
            timer.cancel()

    async def _let_leave(self) -> None:
        try:
            while self._waiting and self._may_leave():
                await self._leave(next(iter(self._waiting)))
        except NotConnected:  # the session was closed meanwhile: those that wait still do
            _log.debug("the orders that wait are not sent: the session is closed")
        finally:
            self._task = None
