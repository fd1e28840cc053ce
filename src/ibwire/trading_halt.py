"""Holding a session to the halt mark: nothing is placed while it is there, and what works is cancelled.

The mark may be set by this process or by another (`ibwire halt`), so it is looked at before every order and, while
the journal is open, every `LOOK_EVERY_S`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime
from typing import Any

from ibwire.events import EventManager, EventType
from ibwire.exceptions import IbwireError, JournalUnwritable, OrderLimitExceeded
from ibwire.halt_mark import Halt, HaltMark
from ibwire.order_handles import OrderHandle
from ibwire.tasks import begin

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
"""How long it may take until a process notices that another has halted trading."""

AGAIN_AFTER_S = 5.0
"""How long it waits until it cancels again what it could not cancel."""


def check_not_halted(mark: HaltMark) -> None:
    """Raises OrderLimitExceeded while trading is halted."""
    if mark.is_set():
        _refuse(mark.read())


def _refuse(halt: Halt | None) -> None:
    if halt is not None:
        raise OrderLimitExceeded(
            f"nothing was sent: trading is halted: {halt.reason} (guard: halt)",
            hint="`ibwire resume`, or `trading.resume()`, ends the halt",
        )


class HaltWatch:
    """Looks at the mark, and cancels `to_cancel()` (what works and may be cancelled now) with `cancel` while it is set.

    `on_change` is told when it is noticed first, and when it has gone (None). What fails is an ERROR event. The mark is
    set and removed in a thread if `is_threaded`.
    """

    def __init__(
        self,
        mark: HaltMark,
        events: EventManager,
        *,
        to_cancel: Callable[[], Iterable[OrderHandle]],
        cancel: Callable[[OrderHandle], Coroutine[Any, Any, None]],
        on_change: Callable[[Halt | None], object],
        is_threaded: bool = True,
    ) -> None:
        self.mark = mark
        self._events = events
        self._to_cancel = to_cancel
        self._cancel = cancel
        self._on_change = on_change
        self._is_threaded = is_threaded
        self._unwritten: Halt | None = None  # a halt that could not be marked: this session keeps to it by itself
        self._told: Halt | None = None
        self._asked: dict[OrderHandle, asyncio.Task[None]] = {}
        self._timer: asyncio.Handle | None = None
        self._cancelling: asyncio.Task[None] | None = None
        self._is_closed = False

    async def begin(self, reason: str, at: datetime) -> None:
        """Set the mark. Raises JournalUnwritable if that fails, and this session is halted all the same."""
        try:
            await self._run(lambda: self.mark.set(reason, at))
        except JournalUnwritable:
            self._unwritten = Halt(reason=reason or "no reason was given", at=at)
            raise

    async def end(self) -> None:
        """Remove the mark. Raises JournalUnwritable."""
        await self._run(self.mark.remove)
        self._unwritten = None
        self.look()

    def read(self) -> Halt | None:
        """The halt that this session is held to, or None."""
        return self.mark.read() or self._unwritten

    def check(self) -> None:
        """Raises OrderLimitExceeded while trading is halted."""
        _refuse(self._unwritten)
        check_not_halted(self.mark)

    def start(self) -> None:
        """Look from now on. Safe to call again."""
        if self._timer is None and not self._is_closed:
            self._timer = asyncio.get_running_loop().call_soon(self._look)

    def look(self) -> None:
        """Tell of a mark that was set or removed."""
        is_to_read = self._told is not None or self._unwritten is not None or self.mark.is_set()
        halt = self.read() if is_to_read else None
        if (halt is None) == (self._told is None):
            return
        before, self._told = self._told, halt
        self.forget()
        self._on_change(halt)
        self._events.emit(EventType.TRADING_HALTED if halt else EventType.TRADING_RESUMED, halt or before)

    def forget(self) -> None:
        """The link has gone: cancels may have gone with it, so what still works then is cancelled again."""
        self._asked = {handle: task for handle, task in self._asked.items() if not task.done()}

    async def cancel_open(self, handles: Iterable[OrderHandle]) -> list[BaseException]:
        """Cancel these, each once, and wait until that has left; why it has not of those that will be tried again."""
        handles = list(handles)
        for handle in handles:
            if handle not in self._asked:
                self._asked[handle] = begin(self._cancel(handle), name="ibwire halt")
        tasks = [self._asked[handle] for handle in handles]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        errors = [result for result in results if result is not None]
        for handle, result in zip(handles, results, strict=True):
            if result is not None:
                self._asked.pop(handle, None)
        return errors

    async def aclose(self) -> None:
        """Look no more. Safe to call again."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        tasks = [*self._asked.values(), *([self._cancelling] if self._cancelling is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _look(self) -> None:
        self.look()
        if self._told is not None and self._cancelling is None:
            handles = [one for one in self._to_cancel() if one not in self._asked]
            if handles:
                self._cancelling = begin(self._cancel_now(handles), name="ibwire halt")
        if not self._is_closed:
            self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look)

    async def _run(self, work: Callable[[], object]) -> None:
        """The disk may take its time; a loop in virtual time has no threads."""
        if self._is_threaded:
            await asyncio.to_thread(work)
        else:
            work()

    async def _cancel_now(self, handles: Iterable[OrderHandle]) -> None:
        try:
            errors = await self.cancel_open(handles)
            for error in errors:
                if isinstance(error, IbwireError):
                    self._events.emit(EventType.ERROR, error)
                else:
                    _log.error("an order could not be cancelled", exc_info=error)
            if errors:
                await asyncio.sleep(AGAIN_AFTER_S)
        finally:
            self._cancelling = None
