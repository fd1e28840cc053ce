"""What a request's answers are delivered to: a collection that completes, or a stream that goes on.

Both are fed by the dispatcher, which never waits for them, and both end in exactly one way: complete, or one error.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Generic, Protocol, Self, TypeAlias, TypeVar

from ibwire.exceptions import IbwireError, StreamOverflow
from ibwire.wakeups import Waiter
from ibwire.wire import Message

T = TypeVar("T")


class Receiver(Protocol):
    """What the dispatcher feeds."""

    def deliver(self, message: Message) -> None:
        """Take one answer."""

    def end(self) -> None:
        """The last answer has come."""

    def fail(self, error: IbwireError) -> None:
        """No more answers will come, because of `error`."""


class Collection:
    """Collects the answers of a request that ends; `result` gets them all, or the error, never a part.

    `sent` is set when the request has left, or never will.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.result: asyncio.Future[list[Message]] = loop.create_future()
        self.sent = asyncio.Event()
        self._messages: list[Message] = []

    @property
    def so_far(self) -> tuple[Message, ...]:
        """What has come."""
        return tuple(self._messages)

    def deliver(self, message: Message) -> None:
        """Keep one answer for the result; a result that is there does not change any more."""
        if not self.result.done():
            self._messages.append(message)

    def end(self) -> None:
        """Complete the result."""
        if not self.result.done():
            self.result.set_result(self._messages)

    def fail(self, error: IbwireError) -> None:
        """End the result with `error`; what had come is not passed off as the whole."""
        if not self.result.done():
            self.result.set_exception(error)
            self.result.exception()  # who waits for `sent` may be cancelled in this very turn, and never look
        self.sent.set()


class Waiting(Protocol[T]):
    """What waits for a consumer, in the order in which it is given; a deque, or one that keeps less."""

    def __len__(self) -> int: ...

    def append(self, item: T, /) -> None:
        """Add one."""

    def popleft(self) -> T:
        """Take the next; there is one."""


class Stream(AsyncIterator[T], Generic[T]):
    """What goes on, as an async iterator: of messages (`ConnectionManager.stream`), or of what a service makes of them.

    It is asked for (`open_`) when the first item is, or on entering `async with`, and given up (`close`) by `close`,
    which leaving `async with` does. Up to `bound` items wait for the consumer; one that is further behind gets those
    and then StreamOverflow. An error ends the iteration after the items that came before it, one in asking for it at
    once. `waiting` is what they wait in.
    """

    def __init__(
        self,
        bound: int,
        open_: Callable[[Stream[T]], None],
        close: Callable[[Stream[T]], None],
        waiting: Waiting[T] | None = None,
    ) -> None:
        self._bound = bound
        self._open: Callable[[Stream[T]], None] | None = open_
        self._close: Callable[[Stream[T]], None] | None = close
        self._queue: Waiting[T] = deque() if waiting is None else waiting
        self._waiter: Waiter | None = None
        self._ended = False
        self._error: Exception | None = None

    def __len__(self) -> int:
        """How many items wait for the consumer."""
        return len(self._queue)

    async def __aenter__(self) -> Self:
        self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        queue = self._queue
        if self._open is not None and not queue:
            self._start()
        while not queue:
            if self._ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            if self._waiter is None:
                self._waiter = Waiter()
            await self._waiter
        return queue.popleft()

    def close(self) -> None:
        """End the stream and give up what feeds it. What waits can still be taken. Safe to call again."""
        self.end()
        if self._open is None and self._close is not None:
            close, self._close = self._close, None
            close(self)

    def deliver(self, item: T) -> None:
        """Queue one item; called by what feeds the stream."""
        if self._ended:
            return
        if len(self._queue) >= self._bound:
            self.fail(StreamOverflow(f"the consumer is {self._bound} messages behind"))
            self.close()
            return
        self._queue.append(item)
        waiter = self._waiter  # as `nudge`, but without a call
        if waiter is not None and waiter.is_waiting:
            waiter.wake()

    def nudge(self) -> None:
        """Look again at what waits: something is there that was not delivered."""
        waiter = self._waiter
        if waiter is not None:
            waiter.wake()

    def end(self) -> None:
        """No more items will come."""
        self._ended = True
        self.nudge()

    def fail(self, error: IbwireError) -> None:
        """No more items will come, because of `error`; a stream that has ended stays as it is."""
        if not self._ended:
            self._error = error
            self.end()

    def _start(self) -> None:
        if self._open is not None:
            open_, self._open = self._open, None
            close, self._close = self._close, None
            try:
                open_(self)
            except Exception as error:
                # Nothing was asked for: there is nothing to give up, and whoever reads on is told the same again.
                self._ended, self._error = True, error
                raise
            self._close = close
            if self._ended:  # while it was being asked for: what was done for it is given up
                self.close()


MessageStream: TypeAlias = Stream[Message]
"""The answers of a request that goes on."""
