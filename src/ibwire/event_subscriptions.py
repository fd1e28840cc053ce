"""How one subscriber gets its events: in place, through a queue and a task of its own, as a stream, or just once.

Knows handlers, queues and their bounds; does not know who else listens or what an event means.
"""

from __future__ import annotations

import asyncio
import inspect
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import Enum
from types import TracebackType

from msgspec import Struct

from ibwire.event_reports import HandlerReports
from ibwire.event_types import Event
from ibwire.exceptions import ConfigurationError, IbwireError, StreamOverflow

TURN_S = 0.005
"""How long one handler's task may work off its queue, in seconds, before the rest of the loop gets its turn."""

Handler = Callable[[Event], object]
"""A function or an async function of one event; what it returns is not used."""

Predicate = Callable[[Event], bool]


class Overflow(Enum):
    """What a full queue does with one event more; each policy counts the loss."""

    DROP_OLDEST = "drop_oldest"
    """The event that waited longest is lost."""
    DROP_NEWEST = "drop_newest"
    """The new event is lost."""
    RAISE = "raise"
    """The subscription ends: what waits is still delivered, then a stream raises StreamOverflow. A handler's end is
    reported at once, as HANDLER_FAILED."""


class Terms(Struct, frozen=True, kw_only=True):
    """What a subscriber of any kind is made with."""

    name: str
    reports: HandlerReports
    leave: Callable[[Subscriber], None]
    where: Predicate | None = None
    once: bool = False


class Subscriber(ABC):
    """What events are delivered to; see the kinds below.

    Counters: `delivered` events handed to the handler or taken by the consumer, `failed` times the handler or the
    predicate raised, `slow` calls longer than the bound, `dropped` events lost because the queue was full.
    """

    def __init__(self, terms: Terms) -> None:
        self.name = terms.name
        self.is_active = True
        self.delivered = 0
        self.failed = 0
        self.slow = 0
        self.dropped = 0
        self._reports = terms.reports
        self._leave = terms.leave
        self._where = terms.where
        self._once = terms.once

    @property
    def waiting(self) -> int:
        """How many events wait for the handler or the consumer."""
        return 0

    def offer(self, event: Event) -> None:
        """Take an event if it is wanted; called by the manager. Never waits, and raises nothing of the handler's."""
        if self._where is not None:
            try:
                is_wanted = bool(self._where(event))
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - a user's predicate raises anything
                self._fail(event, error)
                return
            if not is_wanted or not self.is_active:  # the predicate may have cancelled it
                return
        if self._once:
            self._detach()
        self._take(event)

    def was_slow(self, event: Event, elapsed_s: float, *, is_running: bool = False) -> None:
        """The call for `event` takes, or took, longer than the bound."""
        self.slow += 1
        self._reports.report_slow(self.name, event, elapsed_s, number=self.slow, is_running=is_running)

    def end(self) -> None:
        """No more events will come; called by the manager."""
        self._detach()

    @abstractmethod
    def _take(self, event: Event) -> None:
        """Hand a wanted event on, or queue it."""

    def _fail(self, event: Event, error: BaseException) -> None:
        self.failed += 1
        self._reports.report_failed(self.name, event, error, number=self.failed)

    def _detach(self) -> None:
        if self.is_active:
            self.is_active = False
            self._leave(self)


class Subscription(Subscriber):
    """The handle of a handler; made by `EventManager.subscribe`."""

    def cancel(self) -> None:
        """Call the handler no more, not even for an event being delivered now. Safe to call again, from anywhere.

        A call of an async handler that is under way is left to finish; the events waiting for it are forgotten.
        """
        self._detach()


class SyncSubscription(Subscription):
    """Runs its handler in place, while the event is being emitted."""

    def __init__(self, terms: Terms, handler: Handler) -> None:
        super().__init__(terms)
        self._handler = handler

    def _take(self, event: Event) -> None:
        self.delivered += 1
        try:
            result = self._handler(event)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - a user's handler raises anything
            self._fail(event, error)
            return
        if result is not None and inspect.iscoroutine(result):
            result.close()  # nobody would ever await it
            self._fail(event, TypeError("it returned a coroutine; subscribe the async function itself"))


class EventQueue(AsyncIterator[Event]):
    """Events that wait for one consumer: at most `bound`; then `overflow` decides which one is lost."""

    def __init__(self, bound: int, overflow: Overflow) -> None:
        if bound < 1:
            raise ConfigurationError(f"a queue needs room for at least one event, not {bound}")
        self.bound = bound
        self.overflow = overflow
        self.is_losing = False
        self._events: deque[Event] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._error: IbwireError | None = None

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: Event) -> bool:
        """Add an event; False if one was lost over it, this or the oldest."""
        if len(self._events) < self.bound:
            self._events.append(event)
            self._wake()
            return True
        if self.overflow is Overflow.DROP_OLDEST:
            self._events.popleft()
            self._events.append(event)
        return False

    async def __anext__(self) -> Event:
        while not self._events:
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            if self._waiter is not None:
                raise RuntimeError("a stream has one consumer at a time; this one is already being waited for")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        event = self._events.popleft()
        if not self._events:
            self.is_losing = False
        return event

    def end(self, error: IbwireError | None = None) -> None:
        """After what waits comes the end, or `error`. Only the first call counts."""
        if not self._ended:
            self._ended, self._error = True, error
            self._wake()

    def clear(self) -> int:
        """Forget what waits; how much it was."""
        number = len(self._events)
        self._events.clear()
        return number

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Queued(Subscriber):
    """What a handler and a consumer with a queue have in common."""

    def __init__(self, terms: Terms, queue: EventQueue) -> None:
        super().__init__(terms)
        self._queue = queue

    @property
    def waiting(self) -> int:
        """How many events wait in the queue."""
        return len(self._queue)

    def end(self) -> None:
        """No more events will come; those that wait can still be taken."""
        self._detach()
        self._queue.end()

    def _take(self, event: Event) -> None:
        if self._queue.put(event):
            if not self.is_active:
                self._queue.end()  # it was for this one
            return
        self.dropped += 1
        if self._queue.overflow is Overflow.RAISE:
            self._overflow(event, StreamOverflow(f"{self.name} is {self._queue.bound} events behind"))
        else:
            is_first, self._queue.is_losing = not self._queue.is_losing, True
            self._reports.report_lost(self.name, self._queue.bound, number=self.dropped, is_first=is_first)

    @abstractmethod
    def _overflow(self, event: Event, error: StreamOverflow) -> None:
        """End with `error`, because `event` did not fit."""


class AsyncSubscription(_Queued, Subscription):
    """Gives its async handler one event after another, from a queue of its own, in a task that the manager owns."""

    def __init__(
        self, terms: Terms, queue: EventQueue, handler: Callable[[Event], Awaitable[object]], slow_handler_s: float
    ) -> None:
        super().__init__(terms, queue)
        self._handler = handler
        self._slow_handler_s = slow_handler_s
        self._is_overdue = False

    def cancel(self) -> None:
        """As for every subscription: what waits is forgotten, a call under way is left to finish."""
        self.end()
        self._queue.clear()

    def abandon(self) -> int:
        """Drop what waits, because the manager cannot wait for the handler; how much it was."""
        number = self._queue.clear()
        self.dropped += number
        self._reports.dropped += number
        return number

    async def run(self) -> None:
        """Work off the queue until it ends; the work of the task."""
        time = asyncio.get_running_loop().time
        turn_began = time()
        async for event in self._queue:
            await self._call(event)
            if time() - turn_began >= TURN_S:
                await asyncio.sleep(0)
                turn_began = time()

    async def _call(self, event: Event) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._is_overdue = False
        watch = loop.call_later(self._slow_handler_s, self._overdue, event)
        self.delivered += 1
        try:
            await self._handler(event)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            self._fail(event, error)  # not ours: something the handler awaited was cancelled
        except Exception as error:  # noqa: BLE001 - a user's handler raises anything
            self._fail(event, error)
        finally:
            watch.cancel()
        elapsed = loop.time() - began
        if elapsed > self._slow_handler_s and not self._is_overdue:  # it blocked the loop, so the watch never came
            self.was_slow(event, elapsed)

    def _overdue(self, event: Event) -> None:
        self._is_overdue = True
        self.was_slow(event, self._slow_handler_s, is_running=True)

    def _overflow(self, event: Event, error: StreamOverflow) -> None:
        self.end()
        self._fail(event, error)


class EventStream(_Queued, AsyncIterator[Event]):
    """Events as an async iterator; made by `EventManager.stream`, and listening from then on.

    Leaving `async with`, or `close`, ends it. When the manager closes, the iteration ends after what waits.
    """

    async def __aenter__(self) -> EventStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> Event:
        event = await self._queue.__anext__()
        self.delivered += 1
        return event

    def close(self) -> None:
        """Listen no more. What waits can still be taken. Safe to call again."""
        self.end()

    def _overflow(self, event: Event, error: StreamOverflow) -> None:
        self._detach()
        self._queue.end(error)

    def _fail(self, event: Event, error: BaseException) -> None:
        self.failed += 1
        self._detach()
        self._queue.end(_predicate_raised(self.name, error))


class Waiter(Subscriber):
    """Waits for one event; `event` gets it, or IbwireError if the predicate raised or the manager closed."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self.event: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

    def end(self) -> None:
        """No event will come any more."""
        self._detach()
        if not self.event.done():
            self.event.set_exception(IbwireError(f"{self.name}: the event manager was closed"))

    def cancel(self) -> None:
        """Wait no more."""
        self._detach()
        if self.event.done() and not self.event.cancelled():
            self.event.exception()  # so that asyncio does not call it unseen, if the waiting task was cancelled too

    def _take(self, event: Event) -> None:
        self.delivered += 1
        if not self.event.done():
            self.event.set_result(event)

    def _fail(self, event: Event, error: BaseException) -> None:
        self.failed += 1
        self._detach()
        if not self.event.done():
            self.event.set_exception(_predicate_raised(self.name, error))


def _predicate_raised(name: str, error: BaseException) -> IbwireError:
    failure = IbwireError(f"{name}: the predicate raised {error!r}")
    failure.__cause__ = error
    return failure
