"""Requests and streams over a connection: their ids, their turn to leave, their time limits, their cancels.

Knows the catalogue of requests, not the socket: what it needs of the connection is `Channel`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from ibwire.claims import claims_of
from ibwire.dispatch import Dispatcher, Entry
from ibwire.exceptions import ConnectionLost, IbwireError, NotConnected, RequestError, RequestTimeout
from ibwire.rate_limiter import RateLimiter
from ibwire.streams import Collection, MessageStream, Receiver
from ibwire.turns import Turn
from ibwire.wire import Message, encode
from ibwire.wire import messages as m
from ibwire.wire.catalogue import CATALOGUE, Correlation, Kind, RequestSpec, Shape, cancel_for, shape_of

QUARANTINE_S = 10.0
"""How long the next request of a kind whose answers carry no id waits for the late answer of one that was given up."""

NOT_REPEATABLE = (m.FAReplace, m.UpdateConfigRequest, m.VerifyRequest, m.VerifyMessageRequest)
"""Requests that end and are no mere questions."""

_Collect = Callable[[asyncio.AbstractEventLoop], Collection]

_log = logging.getLogger(__name__)


class Channel(Protocol):
    """What requests need of the connection they go over."""

    @property
    def server_version(self) -> int:
        """The version both sides speak."""

    @property
    def is_up(self) -> bool:
        """Whether messages can be sent."""

    @property
    def will_return(self) -> bool:
        """Whether somebody is at work to make the link again."""

    def not_connected(self, what: str) -> NotConnected:
        """The error of what needs a link when there is none: why there is none, and what can be done."""

    @property
    def limiter(self) -> RateLimiter:
        """What decides when messages leave."""

    def write(self, frame: bytes) -> None:
        """Put a frame on the socket."""

    def next_id(self) -> int:
        """A number for a request."""

    async def wait_until_up(self) -> None:
        """Wait until messages can be sent. Raises NotConnected if that will not be."""


CANCEL_AGAIN_S = 5.0
"""A cancel that leaves right after its subscription may be lost at the gateway; Lean keeps so long between the two
(protocol notes, 3.2). Here it leaves at once, and again if messages of the subscription still come so long after it."""

_MOST_CANCELLED = 1_000
"""How many cancelled subscriptions are remembered."""


class Requests:
    """The requests of one connection. Their documentation stands at `ConnectionManager`, which offers them."""

    def __init__(
        self, channel: Channel, dispatcher: Dispatcher, *, timeout_s: float, queue_timeout_s: float, bound: int
    ) -> None:
        self._channel = channel
        self._dispatcher = dispatcher
        self._timeout_s = timeout_s
        self._queue_timeout_s = queue_timeout_s
        self._bound = bound
        self._one_at_a_time: defaultdict[Kind, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._cancelled: dict[int, tuple[Message, float]] = {}
        """Subscriptions that were given up and when their last cancel was sent, by request id, the oldest first."""
        dispatcher.on_stray = self._stray

    def send(self, message: Message, frame: bytes | None = None) -> asyncio.Future[None]:
        """Send a message without waiting for an answer; cancelling the future takes back what has not left."""
        self._check_may_send(message)
        left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        turn = self._transmit(
            message,
            sent=lambda: left.set_result(None),
            fail=lambda error: None if left.done() else left.set_exception(error),
            is_wanted=lambda: not left.cancelled(),
            frame=frame,
        )
        if not left.done():
            left.add_done_callback(lambda done: turn.cancel() if done.cancelled() else None)
        return left

    async def request(
        self,
        message: Message,
        *,
        timeout: float | None,
        retry: bool,
        collect: _Collect = Collection,
    ) -> list[Message]:
        """Send a request that ends and return all its answers in order.

        `collect` makes what takes them, anew each time that it is asked: one that does more than to keep them.
        """
        spec, shape = spec_of(message), shape_of(message)
        if shape is Shape.COMMAND or not spec.finals or (shape is Shape.STREAM and spec.end is None):
            raise RequestError(f"{type(message).__name__} has no end to wait for; use stream() or send()")
        seconds = self._timeout_s if timeout is None else timeout
        if (
            not isinstance(seconds, int | float) or not seconds >= 0
        ):  # NaN is neither, and would upset the loop's timers
            raise RequestError(f"timeout is {timeout!r}; allowed are seconds from 0 on, or None for the settings'")
        if not retry:
            return await self._ask(message, spec, shape, seconds, collect)
        if isinstance(message, NOT_REPEATABLE):
            raise RequestError(f"{type(message).__name__} changes something: it is not asked twice")
        return await self._ask_again(message, spec, shape, seconds, collect)

    def stream(self, message: Message, *, bound: int | None) -> MessageStream:
        """The answers of a request that goes on, as an async iterator."""
        spec_of(message)
        if shape_of(message) is Shape.COMMAND:
            raise RequestError(f"{type(message).__name__} has no answers; use send()")
        entry: Entry | None = None

        def open_(stream: MessageStream) -> None:
            nonlocal entry
            entry = self.start(message, stream)

        def close(_: MessageStream) -> None:
            if entry is not None:
                self.give_up(entry)

        return MessageStream(bound or self._bound, open_, close)

    def start(self, message: Message, receiver: Receiver, sent: Callable[[], None] = lambda: None) -> Entry:
        """Register a request and let it leave; neither, if one of the two fails.

        Raises what sending raises, and DuplicateRequest if its id or the one place for its kind is taken.
        """
        correlation = spec_of(message).correlation
        self._check_may_send(message)
        if correlation is Correlation.REQUEST_ID and message.req_id is None:  # type: ignore[attr-defined]
            message = replace(message, req_id=self._channel.next_id())
        entry = self._dispatcher.add(message, receiver)
        try:
            turn = self._transmit(message, sent=sent, fail=entry.fail)
        except IbwireError:
            entry.unregister()
            raise
        # No longer watching an order must not take it out of the queue.
        entry.withdraw = turn.cancel if correlation is not Correlation.ORDER_ID else lambda: False
        return entry

    def give_up(self, entry: Entry) -> bool:
        """Want no more answers: take the request out of the queue, or cancel it at the gateway; whether it had left."""
        had_left = entry.unregister()
        if had_left:
            self._cancel(entry.message)
            self._remember(entry.message)
        return had_left

    async def _ask(
        self, message: Message, spec: RequestSpec, shape: Shape, seconds: float, collect: _Collect
    ) -> list[Message]:
        if spec.correlation is not Correlation.SINGLETON:
            return await self._collect(message, shape, seconds, collect)
        # The answers carry no id: a second one of its kind waits for its turn.
        turnstile = self._one_at_a_time[spec.end or spec.responses[0]]
        await turnstile.acquire()
        return await self._collect(message, shape, seconds, collect, turnstile)

    async def _ask_again(
        self, message: Message, spec: RequestSpec, shape: Shape, seconds: float, collect: _Collect
    ) -> list[Message]:
        """Ask until it is answered, waiting for the link as often as it falls; all in all no longer than once."""
        failure: IbwireError | None = None
        try:
            async with asyncio.timeout(self._queue_timeout_s + seconds):
                while True:
                    try:
                        return await self._ask(message, spec, shape, seconds, collect)
                    except (ConnectionLost, NotConnected) as error:
                        if not self._channel.will_return or error.code is not None:  # that is an answer
                            raise
                        failure = error
                    await self._channel.wait_until_up()
        except TimeoutError:
            raise failure or RequestTimeout(f"no complete answer within {seconds:g} s", request=repr(message)) from None

    async def _collect(
        self,
        message: Message,
        shape: Shape,
        seconds: float,
        collect: _Collect,
        turnstile: asyncio.Lock | None = None,
    ) -> list[Message]:
        """The whole answer. `turnstile` is held, and let go when the next of its kind may be asked."""
        collection = collect(asyncio.get_running_loop())
        entry: Entry | None = None
        is_owed = False
        try:
            entry = self.start(message, collection, sent=collection.sent.set)
            await collection.sent.wait()
            async with asyncio.timeout(seconds):
                answers = await collection.result
        except BaseException as error:
            is_owed = entry is not None and self.give_up(entry)
            if isinstance(error, TimeoutError):
                late = RequestTimeout(f"no complete answer within {seconds:g} s", request=repr(message))
                late.so_far = collection.so_far
                raise late from None
            raise
        finally:
            if turnstile is not None:
                self._let_go(turnstile, entry if is_owed else None)
        if shape is Shape.STREAM or spec_of(message).stays_open:
            self._cancel(entry.message)
        return answers

    def _let_go(self, turnstile: asyncio.Lock, owed: Entry | None) -> None:
        """Let the next of a kind be asked; if an answer is still to come, after it, so that nobody else gets it."""
        if owed is None or not self._channel.is_up:
            turnstile.release()
            return
        quarantine = self._dispatcher.await_late_answer(owed.message, on_over=turnstile.release)
        asyncio.get_running_loop().call_later(QUARANTINE_S, quarantine.end)

    def _transmit(
        self,
        message: Message,
        *,
        sent: Callable[[], None],
        fail: Callable[[IbwireError], None],
        is_wanted: Callable[[], bool] = lambda: True,
        frame: bytes | None = None,
    ) -> Turn:
        """Let a message leave when the limits allow it, if it is still wanted then."""
        self._check_may_send(message)
        channel, spec = self._channel, spec_of(message)
        if spec.since > channel.server_version:
            raise RequestError(
                f"{type(message).__name__} needs server version {spec.since}, this gateway has {channel.server_version}"
            )
        data = encode(message) if frame is None else frame

        def grant() -> None:
            if is_wanted():
                channel.write(data)
                sent()

        return channel.limiter.enqueue(spec.lane, claims_of(message), grant=grant, fail=fail)

    def _check_may_send(self, message: Message) -> None:
        """Elsewhere than in the connection's event loop a call would seem to work, and its answer never be noticed."""
        channel = self._channel
        if not channel.is_up:
            raise channel.not_connected(f"{type(message).__name__} was not sent")
        if not channel.limiter.is_in_its_loop:
            raise RequestError(
                f"{type(message).__name__} was not sent: this is not the event loop of the connection",
                hint="call it there; from another thread with asyncio.run_coroutine_threadsafe",
            )

    def _remember(self, message: Message) -> None:
        """A subscription that was cancelled, with or without success."""
        if shape_of(message) is Shape.STREAM and spec_of(message).correlation is Correlation.REQUEST_ID:
            self._cancelled[message.req_id] = message, asyncio.get_running_loop().time()  # type: ignore[attr-defined]
            if len(self._cancelled) > _MOST_CANCELLED:
                del self._cancelled[next(iter(self._cancelled))]

    def _stray(self, req_id: int) -> None:
        """Something came for a request that is not under way."""
        message, at_s = self._cancelled.get(req_id, (None, 0.0))
        now_s = asyncio.get_running_loop().time()
        if message is not None and now_s >= at_s + CANCEL_AGAIN_S:
            _log.info("%s still gives messages %.0f s after its cancel: again", type(message).__name__, now_s - at_s)
            self._cancelled[req_id] = message, now_s
            self._cancel(message)

    def _cancel(self, message: Message) -> None:
        cancel, spec = cancel_for(message), spec_of(message)
        if spec.correlation is Correlation.SINGLETON and self._dispatcher.is_watched(spec.responses):
            return  # there is one of its kind on a connection, and others live on it
        if cancel is None or not self._channel.is_up or spec_of(cancel).since > self._channel.server_version:
            return
        try:
            # A link that falls before it leaves has done its work.
            self._transmit(cancel, sent=lambda: None, fail=lambda error: _log.debug("cancel not sent: %s", error))
        except IbwireError as error:  # the queue is full: what comes late is counted as unrouted
            _log.warning("%s was given up, but not cancelled: %s", type(message).__name__, error)


def spec_of(message: Message) -> RequestSpec:
    """The catalogue's row. Raises RequestError for what is no request."""
    spec = CATALOGUE.get(type(message))
    if spec is None:
        raise RequestError(f"{type(message).__name__} is not a request")
    return spec
