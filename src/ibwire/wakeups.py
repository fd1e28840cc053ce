"""Wakes the consumers of streams at the end of the read that brought them something, in the same turn of the loop.

A task that awaits one of asyncio's futures is resumed in the loop's next turn: another look at all sockets and timers,
and a handle for each consumer. For single ticks that is a large part of the way from the socket to the consumer. So
consumers wait for a `Waiter`, which has of a future what a task asks of it (see `asyncio.isfuture`), and whoever reads
the socket resumes their tasks when it is done, and nothing that they could disturb is on the stack any more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any
from weakref import WeakKeyDictionary


class _NoLoop:
    """For a future that nobody ever waits for: the one question that it asks of its loop."""

    def get_debug(self) -> bool:
        """Whether it is to be made with the place where it was made."""
        return False


_DONE: asyncio.Future[None] = asyncio.Future(loop=_NoLoop())  # type: ignore[arg-type]
"""What a resumed task is told that it has waited for: of asyncio's own futures it takes the result without a call."""
_DONE.set_result(None)


class Wakeups:
    """The consumers of one event loop that are to be resumed. Used from that loop only."""

    def __init__(self) -> None:
        self.woken: deque[Waiter] = deque()
        self.is_held = False
        """Whether somebody is going to `hand_over`: who sets it has to call that, and not from inside a task."""

    def hand_over_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nobody is about to do it: in the loop's next turn."""
        self.is_held = True
        loop.call_soon(self.hand_over)

    def hand_over(self) -> None:
        """Resume everybody who was woken, in that order. Whom they wake has to wait for the next turn."""
        self.is_held = False
        woken = self.woken
        try:
            for _ in range(len(woken)):
                if not woken:  # one of them has run the loop again (`util.startLoop` allows it), and so the others
                    break
                waiter = woken.popleft()
                if waiter.callback is not None:
                    waiter.context.run(waiter.callback, _DONE)
        finally:
            if woken and not self.is_held:  # a KeyboardInterrupt of one consumer is not the others' affair
                self.hand_over_soon(woken[0].loop)


class Waiter:
    """What one consumer's task awaits, again and again. Of a future it has what a task asks of it."""

    __slots__ = ("_asyncio_future_blocking", "_wakeups", "callback", "context", "is_waiting", "loop")

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._wakeups = wakeups_of(self.loop)
        self._asyncio_future_blocking = False
        self.is_waiting = False
        """Whether there is a task that has not been woken yet."""
        self.callback: Callable[[Any], object] | None = None
        """How the task is resumed, in its `context`; None if there is none."""
        self.context: Context

    def wake(self) -> None:
        """Let the task go on that waits, when it is handed over; does nothing if none does."""
        if self.is_waiting:
            self.is_waiting = False
            wakeups = self._wakeups
            wakeups.woken.append(self)
            if not wakeups.is_held:
                wakeups.hand_over_soon(self.loop)

    # --- what a task asks of a future

    def __await__(self) -> Generator[Waiter, None, None]:
        if self.callback is not None:
            raise RuntimeError("a stream has one consumer at a time; this one is already being waited for")
        self._asyncio_future_blocking = self.is_waiting = True
        try:
            yield self
        finally:
            self.callback = None
            self.is_waiting = False

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of the task."""
        return self.loop

    def add_done_callback(self, callback: Callable[[Any], object], *, context: Context) -> None:
        """Called by the task that waits, once: how it is resumed."""
        self.callback, self.context = callback, context

    def cancel(self, msg: object = None) -> bool:
        """Called when the task is cancelled; whether that is what ends the waiting."""
        if not self.is_waiting or self.callback is None:
            return False
        self.is_waiting = False
        self.loop.call_soon(self.callback, self, context=self.context)
        return True

    def result(self) -> None:
        """Called by the task when it goes on after `cancel`; who was woken is told of another future."""
        raise asyncio.CancelledError


_OF_LOOP: WeakKeyDictionary[asyncio.AbstractEventLoop, Wakeups] = WeakKeyDictionary()


def wakeups_of(loop: asyncio.AbstractEventLoop) -> Wakeups:
    """Those of this event loop: readers and consumers need not know of each other."""
    wakeups = _OF_LOOP.get(loop)
    if wakeups is None:
        wakeups = _OF_LOOP[loop] = Wakeups()
    return wakeups
