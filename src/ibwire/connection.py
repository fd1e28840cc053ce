"""One socket's life: connecting, the handshake, requests and streams, and an end that nobody is left hanging by.

Knows the wire and the catalogue of requests; knows nothing of orders or quotes.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable
from enum import Enum
from functools import partial
from types import TracebackType

from msgspec.structs import replace

from ibwire.claims import claims_of
from ibwire.dispatch import Dispatcher, Entry
from ibwire.error_codes import ERROR_TABLE, Category, ErrorTable, Scope
from ibwire.events import EventManager, EventType, StateChange
from ibwire.exceptions import (
    ConnectionFailed,
    ConnectionLost,
    ConnectionRefused,
    ConnectTimeout,
    IbwireError,
    NotConnected,
    RequestError,
    RequestTimeout,
)
from ibwire.link import Link
from ibwire.pacing import family_of
from ibwire.rate_limiter import RateLimiter
from ibwire.settings import ConnectionSettings, RateLimitSettings
from ibwire.streams import Collection, MessageStream, Receiver
from ibwire.turns import Turn
from ibwire.wire import Message, ServerHello, encode
from ibwire.wire import messages as m
from ibwire.wire.catalogue import CATALOGUE, Correlation, Kind, RequestSpec, Shape, cancel_for, shape_of

_GOOD_NEWS = frozenset({Category.INFO, Category.FARM_UP, Category.FARM_IDLE})
"""Kinds of notices that are not worth a warning."""

_log = logging.getLogger(__name__)


class ConnectionState(Enum):
    """Where the connection is in its life."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"


_TRANSITIONS = {
    (ConnectionState.DISCONNECTED, ConnectionState.CONNECTING),
    (ConnectionState.CONNECTING, ConnectionState.CONNECTED),
    (ConnectionState.CONNECTING, ConnectionState.DISCONNECTED),
    (ConnectionState.CONNECTED, ConnectionState.DISCONNECTED),
}


class ConnectionManager:
    """A connection to one gateway: `connect`, then requests and streams, then `disconnect`, or `async with` for both.

    Ready means ready: `connect` returns after the gateway named its accounts and the next order id. When the link
    falls, every request and stream under way ends at once with ConnectionLost. `on_unsolicited` gets, on the event
    loop, what belongs to no request: notices (errors without a request of ours) and news of orders nobody here watches.

    Every message leaves through one limiter, so IBKR's pacing rules hold. State changes, notices and breaches are
    emitted to `events`; one of its own is closed on leaving `async with`. What IBKR's codes mean is looked up in
    `errors`.
    """

    def __init__(
        self,
        settings: ConnectionSettings | None = None,
        *,
        rate_limit: RateLimitSettings | None = None,
        events: EventManager | None = None,
        errors: ErrorTable = ERROR_TABLE,
        on_unsolicited: Callable[[Message], object] = lambda _: None,
    ) -> None:
        self.settings = settings or ConnectionSettings()
        self.events = events if events is not None else EventManager()
        self._owns_events = events is None
        self._rate_limit = rate_limit or RateLimitSettings()
        self._limiter: RateLimiter | None = None
        self._errors = errors
        self.state = ConnectionState.DISCONNECTED
        self.server_version = 0
        self.accounts: tuple[str, ...] = ()
        self._on_unsolicited = on_unsolicited
        self._dispatcher = Dispatcher(self._take_unsolicited, self._note_error, errors)
        self._link: Link | None = None
        self._failure: IbwireError | None = None
        self._changed = asyncio.Event()
        self._next_id = 0
        self._one_at_a_time: defaultdict[Kind, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def __aenter__(self) -> ConnectionManager:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.disconnect()
        if self._owns_events:
            await self.events.aclose()

    async def connect(self) -> None:
        """Connect and wait until the session can be used.

        Raises ConnectionRefused, ConnectTimeout (naming the stage that hung), HandshakeFailed,
        UnsupportedServerVersion, ClientIdInUse, ConnectionLost if the gateway hung up before it was ready, and
        IbwireError if it is connected already.
        """
        if self.state is not ConnectionState.DISCONNECTED:
            raise IbwireError(f"connect() while {self.state.value}")
        self._enter(ConnectionState.CONNECTING, "asked to")
        self._failure, self.server_version, self.accounts, self._next_id = None, 0, (), 0
        try:
            link = await self._open_socket()
            await self._until(lambda: self.server_version > 0, "the gateway's hello")
            link.write(encode(m.StartApiRequest(client_id=self.settings.client_id)))
            await self._until(lambda: bool(self.accounts) and self._next_id > 0, "accounts and next order id")
        except BaseException as error:
            if self._link is not None:
                self._link.abort()
                self._link = None
            self._enter(ConnectionState.DISCONNECTED, str(error) or type(error).__name__)
            raise
        self._enter(ConnectionState.CONNECTED, "accounts and next order id are known")
        self.limiter.resume()

    async def disconnect(self) -> None:
        """Close the connection; what is under way ends with ConnectionLost. Does nothing if there is none."""
        link = self._link
        if link is not None:
            await link.close()

    @property
    def requests_under_way(self) -> int:
        """How many requests and streams wait for answers."""
        return len(self._dispatcher)

    @property
    def unrouted(self) -> Counter[str]:
        """Messages that belonged to no request under way (late answers to cancelled ones, mostly), by name."""
        return self._dispatcher.unrouted

    @property
    def skipped(self) -> Counter[int]:
        """Frames of this connection that were skipped whole, by id on the wire: text, and ids unknown to us."""
        return self._link.wire.skipped if self._link is not None else Counter()

    def next_id(self) -> int:
        """A number for a request or an order, larger than every one before it on this connection.

        Both come from one counter, because an error's id may mean either (protocol notes, 1.8).
        """
        if self.state is not ConnectionState.CONNECTED:
            raise NotConnected("the next id is known once the gateway has said it")
        number, self._next_id = self._next_id, self._next_id + 1
        return number

    @property
    def limiter(self) -> RateLimiter:
        """What decides when messages leave; made at the first use, on the running event loop."""
        if self._limiter is None:
            self._limiter = RateLimiter(
                self._rate_limit,
                on_violation=partial(self.events.emit, EventType.PACING_VIOLATION),
                on_throttled=partial(self.events.emit, EventType.THROTTLED),
            )
        return self._limiter

    def send(self, message: Message) -> asyncio.Future[None]:
        """Send a message without waiting for an answer; the future is done when it has left, or fails if it never will.

        Raises NotConnected, InvalidMessage, RateLimitQueueFull, or RequestError if the gateway is too old for it.
        """
        left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Whoever waits for it may have stopped waiting.
        self._transmit(
            message,
            sent=lambda: None if left.done() else left.set_result(None),
            fail=lambda error: None if left.done() else left.set_exception(error),
        )
        return left

    async def request(self, message: Message, *, timeout: float | None = None) -> list[Message]:
        """Send a request that ends and return all its answers in order, its end message last.

        A request id is filled in if it has none. For a subscription that marks the end of its first answers (positions,
        account summary …) those are returned and the subscription is cancelled. `timeout` is in seconds from when it
        was sent; the default is the settings' `request_timeout_s`. How long it may wait for its turn, the rate-limit
        settings say. Cancelling the awaiting task cancels the request at the gateway.

        Raises RequestFailed (or what the code stands for), RequestTimeout, ConnectionLost, NotConnected,
        InvalidMessage, RateLimitError, and RequestError if the request has no end to wait for.
        """
        spec, shape = self._spec(message), shape_of(message)
        if shape is Shape.COMMAND or not spec.finals or (shape is Shape.STREAM and spec.end is None):
            raise RequestError(f"{type(message).__name__} has no end to wait for; use stream() or send()")
        seconds = self.settings.request_timeout_s if timeout is None else timeout
        if spec.correlation is not Correlation.SINGLETON:
            return await self._collect(message, shape, seconds)
        # The answers carry no id: a second one of its kind waits for its turn.
        async with self._one_at_a_time[spec.end or spec.responses[0]]:
            return await self._collect(message, shape, seconds)

    def stream(self, message: Message, *, bound: int | None = None) -> MessageStream:
        """The answers of a request that goes on, as an async iterator holding at most `bound` messages.

        A request id is filled in if it has none. For an order, `order_id` is needed, the iterator also gives the errors
        and warnings about it, and closing it leaves the order alone. What fails in sending is raised when the iterator
        starts. Raises RequestError if the message has no answers.
        """
        self._spec(message)
        if shape_of(message) is Shape.COMMAND:
            raise RequestError(f"{type(message).__name__} has no answers; use send()")
        entry: Entry | None = None

        def open_(stream: MessageStream) -> None:
            nonlocal entry
            entry = self._start(message, stream)

        def close(_: MessageStream) -> None:
            if entry is not None and entry.unregister():
                self._cancel(entry.message)

        return MessageStream(bound or self.settings.stream_bound, open_, close)

    async def _collect(self, message: Message, shape: Shape, seconds: float) -> list[Message]:
        collection = Collection(asyncio.get_running_loop())
        entry = self._start(message, collection, sent=collection.sent.set)
        try:
            await collection.sent.wait()
            async with asyncio.timeout(seconds):
                answers = await collection.result
        except BaseException as error:
            if entry.unregister():
                self._cancel(entry.message)
            if isinstance(error, TimeoutError):
                raise RequestTimeout(f"no complete answer within {seconds:g} s", request=repr(message)) from None
            raise
        if shape is Shape.STREAM:
            self._cancel(entry.message)
        return answers

    def _start(self, message: Message, receiver: Receiver, sent: Callable[[], None] = lambda: None) -> Entry:
        """Register a request and let it leave; neither, if one of the two fails."""
        correlation = self._spec(message).correlation
        if correlation is Correlation.REQUEST_ID and message.req_id is None:  # type: ignore[attr-defined]
            message = replace(message, req_id=self.next_id())
        entry = self._dispatcher.add(message, receiver)
        try:
            turn = self._transmit(message, sent=sent, fail=entry.fail)
        except IbwireError:
            entry.unregister()
            raise
        # No longer watching an order must not take it out of the queue.
        entry.withdraw = turn.cancel if correlation is not Correlation.ORDER_ID else lambda: False
        return entry

    def _transmit(self, message: Message, *, sent: Callable[[], None], fail: Callable[[IbwireError], None]) -> Turn:
        """Let a message leave when the limits allow it."""
        link = self._link
        if link is None or self.state is not ConnectionState.CONNECTED:
            raise NotConnected(f"{type(message).__name__} was not sent: {self.state.value}")
        spec = self._spec(message)
        if spec.since > self.server_version:
            raise RequestError(
                f"{type(message).__name__} needs server version {spec.since}, this gateway has {self.server_version}"
            )
        frame = encode(message)

        def grant() -> None:
            link.write(frame)
            sent()

        return self.limiter.enqueue(spec.lane, claims_of(message), grant=grant, fail=fail)

    def _cancel(self, message: Message) -> None:
        cancel = cancel_for(message)
        if cancel is None or self.state is not ConnectionState.CONNECTED:
            return
        if self._spec(cancel).since <= self.server_version:
            # A link that falls before it leaves has done its work.
            self._transmit(cancel, sent=lambda: None, fail=lambda error: _log.debug("cancel not sent: %s", error))

    def _spec(self, message: Message) -> RequestSpec:
        spec = CATALOGUE.get(type(message))
        if spec is None:
            raise RequestError(f"{type(message).__name__} is not a request")
        return spec

    async def _open_socket(self) -> Link:
        settings = self.settings
        where = f"{settings.host}:{settings.port}"
        link = self._link = Link(self._take, self._lost)
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                await asyncio.get_running_loop().create_connection(lambda: link, settings.host, settings.port)
        except TimeoutError:
            raise ConnectTimeout(f"no TCP connection to {where} within {settings.connect_timeout_s:g} s") from None
        except OSError as error:
            raise ConnectionRefused(f"no TCP connection to {where}: {error}") from error
        return link

    async def _until(self, is_reached: Callable[[], bool], stage: str) -> None:
        """Wait for a stage of connecting."""
        try:
            async with asyncio.timeout(self.settings.connect_timeout_s):
                while not is_reached():
                    if self._failure is not None:
                        raise self._failure
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            seconds = self.settings.connect_timeout_s
            raise ConnectTimeout(f"TCP is connected, but {stage} did not come within {seconds:g} s") from None

    def _take(self, messages: list[Message]) -> None:
        if isinstance(messages[0], ServerHello):
            self.server_version = messages[0].server_version
            self._changed.set()
            del messages[0]
        self._dispatcher.dispatch(messages)

    def _take_unsolicited(self, message: Message) -> None:
        match message:
            case m.ManagedAccounts():
                names = (message.accounts_list or "").split(",")
                self.accounts = tuple(name.strip() for name in names if name.strip())
            case m.NextValidId():
                self._next_id = max(self._next_id, message.order_id or 0)
            case m.ErrorMessage():
                self._take_notice(message)
        self._changed.set()
        try:
            self._on_unsolicited(message)
        except Exception:  # noqa: BLE001 - a user's mistake must not end the connection, as one raised here would
            _log.exception("on_unsolicited raised on %s", type(message).__name__)

    def _note_error(self, message: m.ErrorMessage) -> None:
        """Slow down if IBKR says that we were too fast."""
        code, text = message.error_code or 0, message.error_msg or ""
        rule = self._errors.rule_for(code, text)
        if rule.category is Category.PACING:
            self.limiter.report_violation(code, family_of(code))
        elif rule.category is Category.RATE and rule.scope is Scope.SESSION:
            self.limiter.report_violation(code)

    def _take_notice(self, message: m.ErrorMessage) -> None:
        code, text = message.error_code or 0, message.error_msg or ""
        rule = self._errors.rule_for(code, text)
        if rule.category is Category.ID_IN_USE and self.state is ConnectionState.CONNECTING:
            self._failure = self._errors.exception_for(code, text)
        if self._errors.ends_request(code, text):
            self.events.emit(EventType.ERROR, message)
        elif rule.category not in _GOOD_NEWS:
            self.events.emit(EventType.WARNING, message)

    def _lost(self, link: Link) -> None:
        """The end of the link, whoever brought it about."""
        if link is not self._link:
            return  # an attempt that was given up
        self._link = None
        reason = "the gateway closed the connection" if link.cause is None else f"the connection ended: {link.cause}"
        if self._failure is None:
            self._failure = self._failure_of(link, reason)
        if self.state is ConnectionState.CONNECTED:
            self._enter(ConnectionState.DISCONNECTED, reason)
        self._changed.set()
        self._dispatcher.fail_all(reason, link.cause)
        if self._limiter is not None:
            self._limiter.link_lost(lambda: ConnectionLost(reason))

    def _failure_of(self, link: Link, reason: str) -> IbwireError:
        if isinstance(link.cause, ConnectionFailed):
            return link.cause  # the handshake's own, more exact error
        failure = ConnectionLost(
            f"{reason} before it was ready" if self.state is ConnectionState.CONNECTING else reason
        )
        failure.__cause__ = link.cause
        return failure

    def _enter(self, state: ConnectionState, reason: str) -> None:
        if (self.state, state) not in _TRANSITIONS:
            raise RuntimeError(f"illegal transition {self.state.name} -> {state.name}")  # a bug of ours
        old, self.state = self.state, state
        self.events.emit(EventType.CONNECTION_STATE_CHANGED, StateChange(old=old.name, new=state.name, reason=reason))
