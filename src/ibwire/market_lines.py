"""One subscription of market data at the gateway, shared by everybody who wants it.

A line takes its messages as they come (it is a `Receiver`) and tells its consumers; when the last one has left it is
cancelled. A consumer gets everything, in a bounded queue of its own, or it is conflated: then what is newest is made at
the moment it takes it, so that a message costs no more for a slow consumer, or for many.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec.structs import replace

from ibwire.events import EventType
from ibwire.exceptions import IbwireError
from ibwire.fan_out import FanOut
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.session_api import Feed, SessionApi
from ibwire.streams import Stream
from ibwire.wire import Message
from ibwire.wire import messages as m

_log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_WAITING = 5
"""More never waits for a conflated consumer: three marks of gaps and the state, with room for one that is taken in."""

_REROUTES = (m.RerouteMarketDataRequest, m.RerouteMarketDepthRequest)


class MarketLine(Generic[T]):
    """A line whose consumers get every item.

    `contract` is what was asked for; `on_over` is called when the line has ended.
    """

    def __init__(self, session: SessionApi, contract: m.Contract, on_over: Callable[[], object]) -> None:
        self._session = session
        self.contract = contract
        self._on_over = on_over
        self._everything: FanOut[T | Gap | Resumed] = FanOut(self._left)
        self._feed: Feed | None = None
        self._request: Message | None = None
        self.gap: Gap | None = None
        self.is_over = False
        self._is_adrift = False
        """What comes is not to be trusted: it is asked for again."""
        self._is_moving = False

    def open(self, request: Message, *, priority: int, should_tick: Callable[[], bool]) -> None:
        """Ask for it. Raises what sending raises, RateLimitReached among it."""
        self._request, self._priority, self._should_tick = request, priority, should_tick
        self._feed = self._session.feed(request, self, priority=priority, should_tick=should_tick)

    def close(self) -> None:
        """Cancel it at the gateway; its consumers end."""
        if self._feed is not None:
            self._feed.close()
        self._finish(None)

    def add(self, consumer: Stream[T | Gap | Resumed]) -> None:
        """Give it every item from now on; first the gap, if there is one."""
        self._everything.add(consumer, first=[] if self.gap is None else [self.gap])

    def remove(self, consumer: Stream[T | Gap | Resumed]) -> None:
        """It wants no more."""
        self._everything.remove(consumer)

    # --- the receiver

    def deliver(self, message: Message) -> None:
        """What the gateway says, or a mark of a gap."""
        if isinstance(message, Gap):
            self._begin_gap(message)
        elif isinstance(message, Resumed):
            self._end_gap(message)
        elif isinstance(message, m.ErrorMessage):
            self._take_warning(message)
        elif isinstance(message, _REROUTES):
            self._reroute(message.con_id, message.exchange)
        elif not self._is_adrift:
            self._take(message)

    def end(self) -> None:
        """The session has ended, or just the feed that another one replaces."""
        if not self._is_moving:
            self._finish(None)

    def fail(self, error: IbwireError) -> None:
        """It was refused, or ended for good."""
        self._finish(error)

    # --- for those who know what is on it

    def _take(self, message: Message) -> None:
        raise NotImplementedError  # pragma: no cover

    def _begin_gap(self, gap: Gap) -> None:
        if self.gap is None:
            self.gap = gap
            self._mark(gap)

    def _end_gap(self, resumed: Resumed) -> None:
        self._is_adrift = False
        if self.gap is not None:
            self.gap = None
            self._mark(resumed)

    def _mark(self, mark: Gap | Resumed) -> None:
        self._everything.publish(mark)

    def _distrust(self, detail: str) -> None:
        """Take nothing more until it was asked for again, which is a gap."""
        self._is_adrift = True
        asyncio.get_running_loop().call_soon(self._ask_again, detail)  # not inside a delivery

    def _ask_again(self, detail: str) -> None:
        if self._feed is not None and not self.is_over:
            _log.warning("%s is asked for again: %s", type(self._request).__name__, detail)
            self._feed.ask_again(GapReason.INVALID, detail)

    def _take_warning(self, warning: m.ErrorMessage) -> None:
        """What does not end it (delayed data instead of live ones, a part that is not subscribed): an event."""
        _log.info("%s: [%s] %s", type(self._request).__name__, warning.error_code, warning.error_msg)
        self._session.events.emit(EventType.WARNING, warning)

    def _reroute(self, con_id: int | None, exchange: str | None) -> None:
        """The data of a CFD are those of its underlying, which has to be asked for (protocol notes, 3.2)."""
        assert self._request is not None
        request = replace(self._request, contract=m.Contract(con_id=con_id, exchange=exchange))
        if self._feed is not None:
            self._is_moving = True
            self._feed.close()
            self._is_moving = False
        try:
            self.open(request, priority=self._priority, should_tick=self._should_tick)
        except IbwireError as error:
            self._finish(error)

    def _left(self) -> None:
        if not self.is_over:
            self.close()

    def _finish(self, error: IbwireError | None) -> None:
        if not self.is_over:
            self.is_over = True
            self._on_over()
            self._everything.end(error)


class ConflatedLine(MarketLine[T]):
    """A line that has a state: consumers get every change of it, or what it is when they look.

    `updates` counts its changes, the last of which came at `received_s` (Unix seconds).
    """

    def __init__(
        self, session: SessionApi, contract: m.Contract, on_over: Callable[[], object], event: EventType | None = None
    ) -> None:
        super().__init__(session, contract, on_over)
        self._clock = session.clock
        self._listeners = session.events.listeners
        self._event = event
        self._conflated: dict[Stream[T | Gap | Resumed], NewestState[T]] = {}
        self._has_everything = False
        """Whether anybody wants every change."""
        self.updates = 0
        self.received_s = 0.0
        self.has_told = False
        """Whether the conflated consumers know that there is news; whoever takes it sets this back."""

    def newest(self, skipped: int = 0) -> T:
        """The state now, as an immutable record."""
        raise NotImplementedError  # pragma: no cover

    @property
    def has_data(self) -> bool:
        """Whether there is a state worth showing to a consumer that comes late."""
        raise NotImplementedError  # pragma: no cover

    def add(self, consumer: Stream[T | Gap | Resumed]) -> None:
        """Give it every change, or with a `NewestState` for a queue what is newest; first what is known already."""
        known: list[T | Gap | Resumed] = [] if self.gap is None else [self.gap]
        if self.has_data:
            known.append(self.newest())
        self._everything.add(consumer, first=known)
        self._has_everything = True

    def add_conflated(self, consumer: Stream[T | Gap | Resumed], queue: NewestState[T]) -> None:
        """Give it what is newest whenever it looks; `queue` is what it waits in."""
        queue.attach(self)
        self._conflated[consumer] = queue
        self.has_told = False

    def remove(self, consumer: Stream[T | Gap | Resumed]) -> None:
        """It wants no more."""
        if self._conflated.pop(consumer, None) is None:
            super().remove(consumer)
            self._has_everything = bool(len(self._everything))
        elif not self._conflated and not len(self._everything):
            self._left()

    def _changed(self) -> None:
        """The state has changed: count it, and tell those who want to know."""
        self.updates += 1
        self.received_s = self._clock()
        self._tell()

    def _tell(self) -> None:
        if not self.has_told:
            self.has_told = True
            for consumer in self._conflated:
                consumer.nudge()
        if self._event is not None and self._listeners[self._event]:
            self._session.events.emit(self._event, self.newest())
        if self._has_everything:
            self._everything.publish(self.newest())

    def _left(self) -> None:
        if not self._conflated:
            super()._left()

    def _mark(self, mark: Gap | Resumed) -> None:
        for consumer in tuple(self._conflated):
            consumer.deliver(mark)
        super()._mark(mark)

    def _finish(self, error: IbwireError | None) -> None:
        super()._finish(error)
        consumers, self._conflated = self._conflated, {}
        for consumer in consumers:
            if error is None:
                consumer.end()
            else:
                consumer.fail(error)


class NewestState(Generic[T]):
    """What a conflated consumer waits in: marks of gaps, then the newest state, which is made when it is taken.

    What was not taken before a gap is passed over then: it is old by now. Gaps that nobody has read become one.
    """

    def __init__(self) -> None:
        self._line: ConflatedLine[T] | None = None
        self._marks: deque[Gap | Resumed] = deque()
        self._seen = 0
        self._passed_over = 0

    def attach(self, line: ConflatedLine[T]) -> None:
        """Wait for news of this line; what it knows already is news."""
        self._line = line
        self._seen = line.updates - 1 if line.has_data else line.updates
        if line.gap is not None:
            self._marks.append(line.gap)

    def __len__(self) -> int:
        line = self._line
        return len(self._marks) + (line is not None and line.updates != self._seen)

    def __bool__(self) -> bool:
        line = self._line  # asked several times for every state that is taken
        return line is not None and (line.updates != self._seen or bool(self._marks))

    def append(self, mark: T | Gap | Resumed, /) -> None:
        """Add a mark; a gap takes the place of a resumption that nobody has read, if its own gap is there as well."""
        assert self._line is not None
        assert isinstance(mark, Gap | Resumed)
        if isinstance(mark, Gap):
            self._passed_over += self._line.updates - self._seen
            self._seen = self._line.updates
            if len(self._marks) >= 2:
                self._marks.pop()
                return
        self._marks.append(mark)

    def popleft(self) -> T | Gap | Resumed:
        """Take the oldest mark, or the state as it is now."""
        line = self._line
        assert line is not None
        if self._marks:
            return self._marks.popleft()
        line.has_told = False
        skipped = self._passed_over + line.updates - self._seen - 1
        self._passed_over, self._seen = 0, line.updates
        return line.newest(skipped)
