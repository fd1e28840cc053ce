"""One stream that outlives its link: it tells its consumer of gaps, and is asked for again under another id.

The consumer is a `MessageStream`, or a service's own receiver; this is the other end of it. What happens when, the
keeper decides (see `stream_keeper`); here is which state a stream is in, and what it says at each step.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from ibwire.dispatch import Entry
from ibwire.exceptions import ConnectionFailed, DuplicateRequest, IbwireError, PacingViolation, RateLimitError
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.streams import Receiver
from ibwire.wire import Message
from ibwire.wire import messages as m

_PREAMBLE = (m.TickReqParams, m.MarketDataType)
"""What a gateway answers to a subscription at once, whether there is data or not."""

_log = logging.getLogger(__name__)

_MOST_TRIES = 16
"""As far as they are counted: nobody waits longer for more of them."""


def _is_our_own(error: IbwireError) -> bool:
    """Whether it was refused here: by our limits, or because a request of its kind has its one place just now."""
    return isinstance(error, RateLimitError) or (isinstance(error, DuplicateRequest) and error.code is None)


class StreamState(Enum):
    """Where a kept stream is in its life."""

    NEW = auto()
    """Nothing was asked of the gateway yet."""
    LIVE = auto()
    STALLED = auto()
    """In a gap: asked for at the gateway, but nothing comes, or nothing yet."""
    LOST = auto()
    """In a gap, and the gateway knows nothing of it."""
    OVER = auto()


_LIVE = StreamState.LIVE

_TRANSITIONS: dict[StreamState, frozenset[StreamState]] = {
    StreamState.NEW: frozenset({StreamState.LIVE, StreamState.LOST, StreamState.OVER}),
    StreamState.LIVE: frozenset({StreamState.STALLED, StreamState.LOST, StreamState.OVER}),
    StreamState.STALLED: frozenset({StreamState.LIVE, StreamState.LOST, StreamState.OVER}),
    StreamState.LOST: frozenset({StreamState.STALLED, StreamState.OVER}),
    StreamState.OVER: frozenset(),
}


class Owner(Protocol):
    """What a stream tells its keeper."""

    def gap_began(self, stream: KeptStream, gap: Gap) -> None:
        """It says `gap` to its consumer."""

    def resumed(self, stream: KeptStream, gap: Gap, resumed: Resumed) -> None:
        """Data came: `gap` is over."""

    def link_fell(self, stream: KeptStream, error: IbwireError) -> None:
        """There is no link (any more) over which it could come."""

    def warned(self, stream: KeptStream, warning: m.ErrorMessage) -> None:
        """The gateway said something about it that does not end it."""

    def ended_by_gateway(self, stream: KeptStream, error: IbwireError) -> None:
        """The gateway ended it, but it may be asked for again."""

    def is_over(self, stream: KeptStream) -> None:
        """It has ended for good."""


class KeptStream:
    """The producing end of a stream (a `Receiver`): `message` is what is asked for, without an id.

    `priority` says who is asked for first after a gap, lower first. `should_tick` says whether silence is odd now.
    """

    def __init__(
        self,
        owner: Owner,
        message: Message,
        consumer: Receiver,
        *,
        priority: int,
        should_tick: Callable[[], bool],
        now: Callable[[], datetime],
    ) -> None:
        self._owner = owner
        self.message = message
        self._consumer = consumer
        self._pass_on = consumer.deliver  # most messages are ticks: they go straight there
        self.priority = priority
        self._should_tick = should_tick
        self._now = now
        self.state = StreamState.NEW
        self.entry: Entry | None = None
        self.gap: Gap | None = None
        self._has_come = False
        """Whether anything has come at all."""
        self._is_news = False
        """Whether anything has come since the keeper looked."""
        self.data_at_s = 0.0
        """When the keeper last saw that something had come, by the loop's clock."""
        self.ask_again_at_s: float | None = None
        """When to ask for it again if nothing has come by then, by the loop's clock."""
        self.live_at_s = 0.0
        """When its last gap ended, by the loop's clock."""
        self.times_asked = 0
        self.tries = 0
        """How often asking again has not helped for long."""
        self.has_left = asyncio.Event()
        """Set once what was asked last has left for the gateway, or never will."""

    @property
    def is_over(self) -> bool:
        """Whether it has ended for good."""
        return self.state is StreamState.OVER

    # --- the gateway's side

    def deliver(self, message: Message) -> None:
        """Pass a message on to the consumer; the first one after a gap ends it.

        While it is live only the first message after each look has to come here: those that follow go to the consumer
        without a detour.
        """
        self._has_come = self._is_news = True
        if self.state is _LIVE and type(message) is not m.ErrorMessage:
            if self.entry is not None:
                self.entry.take = self._pass_on
            self._pass_on(message)
        else:
            self._deliver_with_care(message)

    def end(self) -> None:
        """The gateway has said all: does not happen to what is kept."""
        self.finish(None)

    def fail(self, error: IbwireError) -> None:
        """The gateway's side is over: a gap if it can be asked for again, otherwise the end of the stream."""
        self.entry = None
        self.has_left.set()
        if self.state is StreamState.OVER:
            return
        if isinstance(error, ConnectionFailed) and error.code is None:  # with a code it is an answer, over a link
            self._owner.link_fell(self, error)
        elif isinstance(error, PacingViolation) or (self._has_come and error.retryable):
            # Pacing is the login's: the first request of a process that was just started again may be one too many.
            self._owner.ended_by_gateway(self, error)
        elif _is_our_own(error) and (self._has_come or self.gap is not None):
            self._owner.ended_by_gateway(self, error)  # who had its place once gets it again, when there is room
        else:
            self.finish(error)

    # --- the keeper's side

    def begin(self, entry: Entry) -> None:
        """It was asked for the first time."""
        self.entry = entry
        self.times_asked = 1
        self._enter(StreamState.LIVE)

    def begin_again(self, entry: Entry) -> None:
        """It was asked for again."""
        self.entry = entry
        self.times_asked += 1
        self.tries = min(self.tries + 1, _MOST_TRIES)
        self._enter(StreamState.STALLED)

    def look(self) -> bool:
        """Whether anything has come since the last look."""
        self._watch()
        is_news, self._is_news = self._is_news, False
        return is_news

    def is_silence_odd(self) -> bool:
        """What whoever asked for it says; if that is an error, as if nobody had said anything."""
        try:
            return self._should_tick()
        except Exception:  # noqa: BLE001 - a user's mistake must not end the watch over all streams
            _log.exception("should_tick raised for %s; silence is taken for odd", type(self.message).__name__)
            return True

    def stall(self, reason: GapReason, detail: str, since: datetime | None = None) -> None:
        """Nothing comes, though the gateway has not forgotten it."""
        if self.state is StreamState.LIVE:
            self._enter(StreamState.STALLED)
            self._say_gap(reason, detail, since)

    def lose(self, reason: GapReason, detail: str, since: datetime | None = None) -> None:
        """The gateway knows nothing of it any more."""
        self.ask_again_at_s = None
        if self.state not in (StreamState.LOST, StreamState.OVER):
            self._enter(StreamState.LOST)
            self._say_gap(reason, detail, since)

    def settle(self) -> None:
        """Take it as going on, though nothing has come: it may well be silent."""
        if self.state is StreamState.STALLED:
            self._resume()

    def finish(self, error: IbwireError | None) -> None:
        """End it for its consumer, with an error or without."""
        if self.state is StreamState.OVER:
            return
        self._enter(StreamState.OVER)
        self.ask_again_at_s = None
        if error is not None:
            self._consumer.fail(error)
        else:
            self._consumer.end()
        self._owner.is_over(self)

    def close(self) -> Entry | None:
        """Its consumer wants no more: what is to be cancelled at the gateway, if anything."""
        entry, self.entry = self.entry, None
        self.has_left.set()
        self.finish(None)
        return entry

    def _deliver_with_care(self, message: Message) -> None:
        if isinstance(message, m.ErrorMessage):
            self._owner.warned(self, message)
        elif self.state is StreamState.STALLED and not isinstance(message, _PREAMBLE):
            self._resume()
        self._consumer.deliver(message)

    def _say_gap(self, reason: GapReason, detail: str, since: datetime | None) -> None:
        if self.gap is None:
            self.gap = Gap(since if since is not None else self._now(), reason, detail)
            self._consumer.deliver(self.gap)
            self._owner.gap_began(self, self.gap)

    def _resume(self) -> None:
        self._enter(StreamState.LIVE)
        self.ask_again_at_s = None
        gap, self.gap = self.gap, None
        if gap is not None:
            resumed = Resumed(self._now())
            self._consumer.deliver(resumed)
            self._owner.resumed(self, gap, resumed)

    def _enter(self, state: StreamState) -> None:
        if state not in _TRANSITIONS[self.state]:
            raise RuntimeError(f"illegal transition {self.state.name} -> {state.name}")  # a bug of ours
        self.state = state
        self._watch()

    def _watch(self) -> None:
        """Let the next message come here."""
        if self.entry is not None:
            self.entry.take = self.deliver
