"""What happened, told to whoever wants to know: typed events, subscribers, history.

Knows how to deliver; does not know what the events mean. A subscriber that raises, blocks or falls behind is reported
and counted, and hurts neither the others nor the one who emits.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar, cast

import msgspec

from ibwire.event_reports import HandlerReports
from ibwire.event_subscriptions import (
    AsyncSubscription,
    EventQueue,
    EventStream,
    Handler,
    Overflow,
    Predicate,
    Subscriber,
    Subscription,
    SyncSubscription,
    Terms,
    Waiter,
)
from ibwire.event_types import (
    HIGH_RATE,
    CacheTrouble,
    ClockSkew,
    Connectivity,
    Event,
    EventsDropped,
    EventType,
    Farm,
    HandlerFailure,
    IbAsyncEvent,
    LinkLoss,
    MessageLost,
    Reconnecting,
    Recovered,
    RecoveryStep,
    Session,
    SlowHandler,
    StateChange,
    StreamGap,
    StreamResumed,
    StreamStale,
    Throttling,
    utc_now,
)
from ibwire.exceptions import ConfigurationError, IbwireError
from ibwire.tasks import begin

__all__ = [
    "CacheTrouble",
    "ClockSkew",
    "Connectivity",
    "Event",
    "EventManager",
    "EventStatistics",
    "EventStream",
    "EventType",
    "EventsDropped",
    "Farm",
    "HIGH_RATE",
    "HandlerFailure",
    "LinkLoss",
    "MessageLost",
    "Overflow",
    "Reconnecting",
    "Recovered",
    "RecoveryStep",
    "Session",
    "SlowHandler",
    "IbAsyncEvent",
    "StateChange",
    "StreamGap",
    "StreamResumed",
    "StreamStale",
    "Subscription",
    "Throttling",
    "utc_now",
]

CASCADE_BOUND = 10_000
"""How many events handlers may emit in answer to one event, and to those, before further ones are not delivered."""

CANCEL_TIMEOUT_S = 2.0
"""How long a cancelled handler may take to end, in seconds, before it is left behind."""

EventTypes = EventType | Iterable[EventType] | None
"""One type, several, or None for all."""

H = TypeVar("H", bound=Handler)
S = TypeVar("S", bound=Subscriber)

_log = logging.getLogger(__name__)


class EventStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counters since the manager was made, over all subscribers there were.

    `events` were made (one that nobody sees is not); handlers `failed`, were `slow` and `dropped` events; `unreported`
    of those concerned a report of such trouble and are in the log only; `undelivered` events were beyond CASCADE_BOUND.
    """

    events: int
    subscribers: int
    failed: int
    slow: int
    dropped: int
    unreported: int
    undelivered: int


class EventManager:
    """Takes events and gives them to subscribers, in the order in which they were emitted; keeps the last of each type.

    A sync handler runs in place, inside `emit`; an async one in a task of its own. An event that a handler emits is
    delivered after the one it is handling, to those who are subscribed when it is emitted: a handler added while an
    event is being delivered gets the next one, a handler cancelled meanwhile is not called any more.

    Belongs to one thread, that of the event loop. Without a running loop sync handlers work, async ones cannot be
    subscribed. `async with`, or `aclose`, ends its tasks.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = utc_now,
        timer: Callable[[], float] | None = None,
        history_size: int = 1000,
        history_sizes: Mapping[EventType, int] | None = None,
        slow_handler_s: float = 0.1,
        queue_bound: int = 1000,
    ) -> None:
        """Make a manager; it starts nothing.

        Args:
            clock: the wall clock, aware UTC; read once for each event that somebody sees.
            timer: seconds, for how long sync handlers take; the running loop's `time` unless given. Without either
                nobody is held up, and nothing is measured.
            history_size: how many events of each type are kept, the newest; none of the HIGH_RATE types.
            history_sizes: for single types, instead; 0 keeps none.
            slow_handler_s: how many seconds a call of a handler may take before it is reported.
            queue_bound: how many events may wait for an async handler unless `subscribe` says so.
        """
        sizes = {event_type: 0 if event_type in HIGH_RATE else history_size for event_type in EventType}
        sizes.update(history_sizes or {})
        if min(sizes.values()) < 0 or slow_handler_s <= 0:
            raise ConfigurationError("a history size is 0 or more, slow_handler_s more than 0")
        self._clock = clock
        self._timer = timer
        self._slow_handler_s = slow_handler_s
        self._queue_bound = queue_bound
        self._kept = {event_type: deque[Event](maxlen=size) for event_type, size in sizes.items() if size}
        self._histories = self._kept
        self._subscribers: dict[EventType, tuple[Subscriber, ...]] = dict.fromkeys(EventType, ())
        self._types: dict[Subscriber, tuple[EventType, ...]] = {}
        self._tasks: dict[asyncio.Task[None], AsyncSubscription] = {}
        self._pending: deque[tuple[Event, tuple[Subscriber, ...]]] = deque()
        self._is_delivering = False
        self._is_closed = False
        self._sequence = 0
        self._cascade = 0
        self._undelivered = 0
        self._reports = HandlerReports(self.emit)

    async def __aenter__(self) -> EventManager:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def emit(self, event_type: EventType, data: Any = None) -> None:
        """Tell all who subscribed to `event_type`, and keep it. Raises nothing of a handler's; waits for no async one.

        Inside a handler it returns before the event is delivered. After `aclose` it does nothing.
        """
        subscribers = self._subscribers[event_type]
        history = self._histories.get(event_type)
        if not subscribers and history is None:
            return
        self._sequence += 1
        event = Event(type=event_type, time=self._clock(), sequence=self._sequence, data=data)
        if history is not None:
            history.append(event)
        if subscribers:
            self._hand_over(event, subscribers)

    def has_subscribers(self, event_type: EventType) -> bool:
        """Whether anybody would be called for `event_type`: ask before building the data of a HIGH_RATE event."""
        return bool(self._subscribers[event_type])

    @property
    def listeners(self) -> Mapping[EventType, tuple[Subscriber, ...]]:
        """Who listens to each type, as it is at any time: for what asks at every tick and cannot afford a call."""
        return self._subscribers

    def subscribe(
        self,
        types: EventTypes,
        handler: Handler,
        *,
        once: bool = False,
        where: Predicate | None = None,
        name: str | None = None,
        queue_bound: int | None = None,
        overflow: Overflow = Overflow.DROP_OLDEST,
    ) -> Subscription:
        """Call `handler` for every event of `types`, or with `once` for the next; the handle cancels and counts.

        Args:
            types: one type, several, or None for all.
            handler: a sync one runs in place and should be short; an async one gets its events one after another.
            where: only events for which this, called in place, says so.
            name: what reports call it; the function's own unless given.
            queue_bound: how many events may wait for an async handler; then `overflow` decides what is lost.

        Raises IbwireError if the manager is closed, or the handler is async and no event loop runs;
        ConfigurationError if a bound is below 1 or `types` is empty.
        """
        name = name or str(getattr(handler, "__qualname__", type(handler).__qualname__))
        terms = self._terms(name, where, once=once)
        if not _is_async(handler):
            return self._add(SyncSubscription(terms, handler), types)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            raise IbwireError(f"no event loop runs yet, in which {name} could", hint="subscribe inside it") from None
        queue = EventQueue(self._queue_bound if queue_bound is None else queue_bound, overflow)
        handler = cast("Callable[[Event], Awaitable[object]]", handler)
        subscription = self._add(AsyncSubscription(terms, queue, handler, self._slow_handler_s), types)
        task = begin(subscription.run(), name=f"ibwire handler {name}")
        self._tasks[task] = subscription
        task.add_done_callback(self._tasks.pop)
        return subscription

    def on(self, *types: EventType, where: Predicate | None = None, once: bool = False) -> Callable[[H], H]:
        """Subscribe the decorated function to `types`, to all if there are none; the function stays what it is.

        Who wants the handle, or a queue of another length, calls `subscribe`.
        """

        def decorate(handler: H) -> H:
            self.subscribe(types or None, handler, where=where, once=once)
            return handler

        return decorate

    async def wait_for(self, types: EventTypes, where: Predicate | None = None, timeout: float | None = None) -> Event:
        """The next event of `types` (for which `where` says so) emitted after this began to run.

        For an event that your own next call may cause, open a `stream` before that call. `timeout` is in seconds, None
        waits for ever. Raises TimeoutError, and IbwireError if the predicate raised or the manager was closed.
        """
        waiter = self._add(Waiter(self._terms("wait_for", where, once=True)), types)
        try:
            async with asyncio.timeout(timeout):
                return await waiter.event
        except TimeoutError:
            if waiter.event.done() and not waiter.event.cancelled():
                return waiter.event.result()  # both came in the same turn of the loop
            raise TimeoutError(f"no such event within {timeout:g} s") from None
        finally:
            waiter.cancel()

    def stream(
        self,
        types: EventTypes = None,
        maxsize: int = 1000,
        *,
        overflow: Overflow = Overflow.RAISE,
        where: Predicate | None = None,
    ) -> EventStream:
        """Every event of `types` from this call on, as an async iterator; close it, or use `async with`.

        Up to `maxsize` events wait for the consumer, then `overflow` decides. The iteration raises StreamOverflow under
        Overflow.RAISE, and IbwireError if the predicate raised. Raises as `subscribe` does.
        """
        queue = EventQueue(maxsize, overflow)
        return self._add(EventStream(self._terms("stream", where), queue), types)

    def history(
        self,
        types: EventTypes = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[Event]:
        """The kept events of `types` with `since` <= time < `until` (aware), oldest first; the newest `limit` of them.

        What is kept is bounded per type, so a rare event is not pushed out by frequent ones. Works after `aclose` too.
        """
        found = [
            event
            for event_type in _chosen(types)
            for event in self._kept.get(event_type, ())
            if (since is None or event.time >= since) and (until is None or event.time < until)
        ]
        found.sort(key=lambda event: event.sequence)
        return found if limit is None else found[max(len(found) - limit, 0) :]

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        """Those who listen now, with their counters, in the order in which they came."""
        return tuple(self._types)

    def statistics(self) -> EventStatistics:
        """The counters as they are now."""
        return EventStatistics(
            events=self._sequence,
            subscribers=len(self._types),
            failed=self._reports.failed,
            slow=self._reports.slow,
            dropped=self._reports.dropped,
            unreported=self._reports.unreported,
            undelivered=self._undelivered,
        )

    async def aclose(self, *, grace_s: float = 1.0) -> None:
        """Take no more events, let async handlers finish what waits for `grace_s` seconds, then cancel them.

        Returns when their tasks are over. Streams end after what waits, `wait_for` raises IbwireError. A handler that
        ignores its cancellation is named in the log and left behind after CANCEL_TIMEOUT_S. Safe to call again.
        """
        self._is_closed = True
        self._histories = {}
        for subscriber in self.subscribers:
            subscriber.end()
        tasks = {task: owner for task, owner in self._tasks.items() if task is not asyncio.current_task()}
        if not tasks:
            return
        try:
            await asyncio.wait(tasks, timeout=grace_s)
        finally:
            late = {task for task in tasks if not task.done()}
            for task in late:
                waiting = tasks[task].abandon()
                _log.warning("%s is cancelled in a call, with %d events waiting", tasks[task].name, waiting)
                task.cancel()
        if late:
            _, stubborn = await asyncio.wait(late, timeout=CANCEL_TIMEOUT_S)
            for task in stubborn:
                _log.error("%s ignores its cancellation and is left behind", tasks[task].name)

    def _terms(self, name: str, where: Predicate | None, *, once: bool = False) -> Terms:
        return Terms(name=name, reports=self._reports, leave=self._remove, where=where, once=once)

    def _add(self, subscriber: S, types: EventTypes) -> S:
        if self._is_closed:
            raise IbwireError(f"{subscriber.name} would wait for ever: the event manager is closed")
        chosen = self._types[subscriber] = _chosen(types)
        for event_type in chosen:
            self._subscribers[event_type] += (subscriber,)
        return subscriber

    def _remove(self, subscriber: Subscriber) -> None:
        for event_type in self._types.pop(subscriber):
            others = (other for other in self._subscribers[event_type] if other is not subscriber)
            self._subscribers[event_type] = tuple(others)

    def _hand_over(self, event: Event, subscribers: tuple[Subscriber, ...]) -> None:
        """Deliver an event and then what its handlers emitted meanwhile; or queue it, if this is a handler's own."""
        if self._is_delivering:
            self._defer(event, subscribers)
            return
        self._is_delivering = True
        self._cascade = 0
        try:
            if self._pending:  # left by a handler that was interrupted (Ctrl-C)
                self._pending.append((event, subscribers))
            else:
                self._deliver(event, subscribers)
            while self._pending:
                self._deliver(*self._pending.popleft())
        finally:
            self._is_delivering = False

    def _defer(self, event: Event, subscribers: tuple[Subscriber, ...]) -> None:
        self._cascade += 1
        if self._cascade <= CASCADE_BOUND:
            self._pending.append((event, subscribers))
            return
        self._undelivered += 1
        if self._cascade == CASCADE_BOUND + 1:
            _log.error("handlers answer events with events without end; %s is not delivered", event.type)

    def _deliver(self, event: Event, subscribers: tuple[Subscriber, ...]) -> None:
        time, bound = self._timer or _loop_timer(), self._slow_handler_s
        began = time()
        for subscriber in subscribers:
            if subscriber.is_active:
                subscriber.offer(event)
                ended = time()
                if ended - began > bound:
                    subscriber.was_slow(event, ended - began)
                began = ended


def _chosen(types: EventTypes) -> tuple[EventType, ...]:
    if types is None:
        return tuple(EventType)
    if isinstance(types, EventType):  # before anything else: it is a string, and so an iterable
        return (types,)
    chosen = tuple(dict.fromkeys(map(EventType, types)))
    if not chosen:
        raise ConfigurationError("no event types; None means all")
    return chosen


def _is_async(handler: Handler) -> bool:
    """Whether calling `handler` gives a coroutine: an async function, a partial of one, or an object with one."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__)


def _loop_timer() -> Callable[[], float]:
    """The running loop's own time, or one that stands still: without a loop there is none to hold up."""
    try:
        return asyncio.get_running_loop().time
    except RuntimeError:
        return float
