"""One connection to a gateway: its socket's life, what the gateway says of itself, and an end that nobody hangs on.

Knows the wire and IBKR's codes; knows nothing of orders or quotes. Opening a session is `opening`, the states are
`connection_state`, requests and streams are `requests`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType

from ibwire.connection_state import ConnectionState, StateKeeper
from ibwire.dispatch import Dispatcher
from ibwire.error_codes import ERROR_TABLE, Category, ErrorTable, Scope
from ibwire.events import EventManager, EventType, LinkLoss, MessageLost, Session
from ibwire.exceptions import ConnectionLost, ConnectTimeout, IbwireError, NotConnected
from ibwire.gateway_links import GatewayLinks
from ibwire.link import Link
from ibwire.notices import News, Notice, read_notice
from ibwire.opening import Opening, no_socket
from ibwire.pacing import family_of
from ibwire.rate_limiter import RateLimiter
from ibwire.requests import Requests
from ibwire.server_clock import ServerClock
from ibwire.settings import ConnectionSettings, RateLimitSettings
from ibwire.streams import MessageStream
from ibwire.wire import Message, ServerHello, encode
from ibwire.wire import messages as m

__all__ = ["ConnectionManager", "ConnectionState"]

_log = logging.getLogger(__name__)


class ConnectionManager:
    """A connection to one gateway: `connect`, then requests and streams, then `disconnect`, or `async with` for both.

    Ready means ready: `connect` returns after the gateway named its accounts and the next order id. When the link
    falls, every request and stream under way ends at once with ConnectionLost; with `is_supervised` the state is
    RECONNECTING then, because somebody will connect again, otherwise DISCONNECTED. `on_unsolicited` gets, on the event
    loop, what belongs to no request: notices (errors without a request of ours) and news of orders nobody here watches;
    also what may be news or an answer, because it comes without an id (open orders, commissions). `on_notice` gets the
    notices again, read.

    Every message leaves through one limiter, so IBKR's pacing rules hold. State changes, notices and breaches are
    emitted to `events`; one of its own is closed on leaving `async with`. What IBKR's codes mean is looked up in
    `errors`. `clock` gives Unix seconds, for the comparison with the gateway's clock.
    """

    def __init__(
        self,
        settings: ConnectionSettings | None = None,
        *,
        rate_limit: RateLimitSettings | None = None,
        events: EventManager | None = None,
        errors: ErrorTable = ERROR_TABLE,
        on_unsolicited: Callable[[Message], object] = lambda _: None,
        on_notice: Callable[[Notice], object] = lambda _: None,
        is_supervised: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings or ConnectionSettings()
        self.events = events if events is not None else EventManager()
        self._owns_events = events is None
        self._rate_limit = rate_limit or RateLimitSettings()
        self._limiter: RateLimiter | None = None
        self._errors = errors
        self._on_unsolicited = on_unsolicited
        self._on_notice = on_notice
        self.is_supervised = is_supervised
        self.client_id = self.settings.client_id
        self.port = self.settings.port
        self.server_clock = ServerClock(clock)
        self._states = StateKeeper(self.events)
        self._gateway_links = GatewayLinks(self._states, self.events)
        self._dispatcher = Dispatcher(self._take_unsolicited, self._note_error, errors)
        self._dispatcher.on_failed = self._note_lost
        self._requests = Requests(
            self,
            self._dispatcher,
            timeout_s=self.settings.request_timeout_s,
            queue_timeout_s=self._rate_limit.queue_timeout_s,
            bound=self.settings.stream_bound,
        )
        self._opening = Opening()
        self._accounts: tuple[str, ...] = ()
        self._link: Link | None = None
        self._latest: Link | None = None
        self._doom = ""
        self._is_disconnecting = self._is_closing = False
        self.down_because = ""
        """Why the last link fell."""
        self._up_at_s = 0.0
        self._next_id = 0

    async def __aenter__(self) -> ConnectionManager:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    # --- its life

    async def connect(self) -> None:
        """Connect and wait until the session can be used.

        Raises ConnectionRefused, HostUnreachable, ConnectTimeout (naming the stage that hung), HandshakeFailed,
        UnsupportedServerVersion, ClientIdInUse, ConnectionLost if the gateway hung up before it was ready, and
        IbwireError if it is connected already, or closed.
        """
        if self.state not in (ConnectionState.DISCONNECTED, ConnectionState.RECONNECTING):
            raise IbwireError(f"connect() while {self.state.value}")
        self._states.enter(ConnectionState.CONNECTING, "asked to")
        self._opening, self._doom, self._is_disconnecting = Opening(), "", False
        self._gateway_links.forget()
        try:
            await self._open()
        except BaseException as error:
            if self._link is not None:
                self._link.abort()
                self._link = None
            self._states.enter(self._state_when_down, str(error) or type(error).__name__)
            self._end_for_good()
            raise
        self._up_at_s = asyncio.get_running_loop().time()
        self._states.enter(ConnectionState.CONNECTED, "accounts and next order id are known")
        self._gateway_links.opened()
        session = Session(server_version=self.server_version, accounts=self.accounts, client_id=self.client_id)
        self.events.emit(EventType.CONNECTION_ESTABLISHED, session)
        self.limiter.resume()

    async def disconnect(self) -> None:
        """Close the link, or give up making it; what is under way ends with ConnectionLost. Does nothing if there is
        none."""
        link = self._link
        if link is not None:
            self._doom, self._is_disconnecting = "disconnect() was called", True
            await link.close()
        await self._states.until(lambda: self.state not in (ConnectionState.CONNECTING, ConnectionState.HANDSHAKING))

    async def aclose(self) -> None:
        """Disconnect for good; an event manager of its own is closed too. Safe to call again."""
        self.is_supervised, self._is_closing = False, True
        try:
            await self.disconnect()
        except asyncio.CancelledError:
            self.cut()
            raise
        self._end_for_good()
        if self._owns_events:
            await self.events.aclose()

    def cut(self) -> None:
        """Disconnect for good and at once, as `aclose` does if it is cancelled; events stay open."""
        self.is_supervised, self._is_closing = False, True
        self.abort("closing was cut short")
        self._end_for_good()

    def _end_for_good(self) -> None:
        """Closed, as soon as there is neither a link nor an attempt at one."""
        if self._is_closing and self.state is ConnectionState.RECONNECTING:
            self._states.enter(ConnectionState.DISCONNECTED, "nobody connects again")
        if self._is_closing and self.state is ConnectionState.DISCONNECTED:
            self._states.enter(ConnectionState.CLOSED, "closed on purpose")

    def abort(self, reason: str) -> None:
        """Cut the link at once, as if it had fallen by itself, because of `reason`."""
        if self._link is not None:
            self._doom = reason
            self._link.abort()

    def give_up(self, reason: str) -> None:
        """Nobody will connect again: RECONNECTING becomes DISCONNECTED."""
        if self.state is ConnectionState.RECONNECTING:
            self._states.enter(ConnectionState.DISCONNECTED, reason)

    async def wait_until_up(self) -> None:
        """Wait until messages can be sent. Raises NotConnected if nobody is at work to bring that about."""

        def is_up() -> bool:
            if self.state is ConnectionState.CLOSED or (not self.is_up and not self.will_return):
                raise self.not_connected("nobody connects again")
            return self.is_up

        await self._states.until(is_up)

    def not_connected(self, what: str) -> NotConnected:
        """The error of what needs a link when there is none: why there is none, and what can be done."""
        hint = None
        if self.state is ConnectionState.CLOSED:
            hint = "what is closed stays closed: make another session"
        elif self.will_return:
            hint = "wait until the session is back; a question may be asked with retry=True, which does"
        return NotConnected(f"{what}: the connection is {self.state.value}", hint=hint)

    async def wait_until_down(self) -> None:
        """Wait until the link has fallen, or was closed."""
        await self._states.until(lambda: not self.is_up)

    @property
    def state(self) -> ConnectionState:
        """Where the connection is in its life."""
        return self._states.state

    @property
    def is_up(self) -> bool:
        """Whether messages can be sent."""
        return self._states.is_up

    @property
    def will_return(self) -> bool:
        """Whether somebody is at work to make the link again."""
        return self.is_supervised and self.state is not ConnectionState.DISCONNECTED

    @property
    def server_version(self) -> int:
        """The version both sides speak, 0 before the gateway's hello."""
        return self._opening.server_version

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts of the gateway's login, as it named them last: also while there is no link."""
        return self._accounts

    @property
    def idle_s(self) -> float:
        """For how many seconds nothing has come from the gateway, on this link or the last one; 0 before the first."""
        return asyncio.get_running_loop().time() - self._latest.received_at if self._latest is not None else 0.0

    @property
    def uptime_s(self) -> float:
        """For how long the link has been up, in seconds; 0 if it is not."""
        return asyncio.get_running_loop().time() - self._up_at_s if self.is_up else 0.0

    @property
    def bytes_received(self) -> int:
        """How much has come over this link, or over the last one."""
        return self._latest.bytes_received if self._latest is not None else 0

    @property
    def bytes_sent(self) -> int:
        """How much has gone out over this link, or over the last one."""
        return self._latest.bytes_sent if self._latest is not None else 0

    # --- what goes over it

    def next_id(self) -> int:
        """A number for a request or an order, larger than every one before it, on earlier links too.

        Both come from one counter, because an error's id may mean either (protocol notes, 1.8).
        """
        if not self.is_up:
            raise self.not_connected("the next id is not known")
        number, self._next_id = self._next_id, self._next_id + 1
        return number

    def use_ids_above(self, highest: int) -> None:
        """Let every number that `next_id` gives from now on be above this one, whatever the gateway says."""
        self._next_id = max(self._next_id, highest + 1)

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

    def write(self, frame: bytes) -> None:
        """Put a frame on the socket; the limiter's grants do that, and nobody else may."""
        if self._link is not None:
            self._link.write(frame)

    def send(self, message: Message, frame: bytes | None = None) -> asyncio.Future[None]:
        """Send a message without waiting for an answer; the future is done when it has left, or fails if it never will.

        Cancelling the future takes the message back if it still waits for its turn. `frame` is the message as `encode`
        made it, if somebody has had it encoded already.
        Raises NotConnected, InvalidMessage, RateLimitQueueFull, or RequestError if the gateway is too old for it.
        """
        return self._requests.send(message, frame)

    async def request(self, message: Message, *, timeout: float | None = None, retry: bool = False) -> list[Message]:
        """Send a request that ends and return all its answers in order, its end message last.

        A request id is filled in if it has none. For a subscription that marks the end of its first answers (positions,
        account summary …) those are returned and the subscription is cancelled. `timeout` is in seconds from when it
        was sent; the default is the settings' `request_timeout_s`. How long it may wait for its turn, the rate-limit
        settings say. Cancelling the awaiting task cancels the request at the gateway.

        With `retry`, a question that the link's fall left unanswered is asked again when the link is back, as long as
        both time limits together allow.

        Raises RequestFailed (or what the code stands for), RequestTimeout, ConnectionLost, NotConnected,
        InvalidMessage, RateLimitError, and RequestError if the request has no end to wait for or may not be repeated.
        """
        return await self._requests.request(message, timeout=timeout, retry=retry)

    def stream(self, message: Message, *, bound: int | None = None) -> MessageStream:
        """The answers of a request that goes on, as an async iterator holding at most `bound` messages.

        A request id is filled in if it has none. For an order, `order_id` is needed, the iterator also gives the errors
        and warnings about it, and closing it leaves the order alone. What fails in sending is raised when the iterator
        starts. It ends with ConnectionLost when the link falls; `IBSession.stream` gives one that outlives that. Raises
        RequestError if the message has no answers.
        """
        return self._requests.stream(message, bound=bound)

    @property
    def requests(self) -> Requests:
        """The requests of this connection, for what is built on it."""
        return self._requests

    def watch(self, kinds: Iterable[type[Message]], watcher: Callable[[Message], None]) -> None:
        """Show `watcher` every message of these kinds, whosever it is; see `Dispatcher.watch`. It must not raise."""
        self._dispatcher.watch(kinds, watcher)

    async def ping(self) -> None:
        """Ask for the gateway's time, and take note of it; returns when it came, or raises as `request` does."""
        with self.server_clock.question() as answered:
            (answer,) = await self.request(m.CurrentTimeInMillisRequest())
            answered(answer.current_time_in_millis or 0)  # type: ignore[attr-defined]

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

    # --- opening

    async def _open(self) -> None:
        opening, seconds = self._opening, self.settings.handshake_timeout_s
        link = await self._open_socket()
        self._states.enter(ConnectionState.HANDSHAKING, "TCP is connected")
        try:
            async with asyncio.timeout(seconds):
                await self._states.until(opening.has_hello)
            link.write(encode(m.StartApiRequest(client_id=self.client_id)))
            async with asyncio.timeout(seconds):
                await self._states.until(opening.is_ready)
        except TimeoutError:
            raise opening.timed_out(seconds) from None

    async def _open_socket(self) -> Link:
        host, seconds = self.settings.host, self.settings.connect_timeout_s
        where = f"{host}:{self.port}"
        link = Link(
            lambda messages: self._take_hello(link, messages),
            self._lost,
            pause=self.limiter.pause,
            resume=self.limiter.resume,
        )
        self._link = self._latest = link
        try:
            async with asyncio.timeout(seconds):
                await link.open(host, self.port)
        except TimeoutError:
            raise ConnectTimeout(f"no TCP connection to {where} within {seconds:g} s") from None
        except OSError as error:
            if self._doom:
                raise _given_up(self._doom) from None
            raise no_socket(error, where) from error
        return link

    @property
    def _state_when_down(self) -> ConnectionState:
        return ConnectionState.RECONNECTING if self.is_supervised else ConnectionState.DISCONNECTED

    def _lost(self, link: Link) -> None:
        """The end of the link, whoever brought it about."""
        if link is not self._link:
            return  # an attempt that was given up
        self._link = None
        if self._doom:
            reason = self._doom
        elif link.cause is None:
            reason = "the gateway closed the connection"
        else:
            reason = f"the connection ended: {getattr(link.cause, 'message', link.cause)}"
        was_up = self.is_up
        if not was_up and self._opening.failure is None:
            self._opening.failure = _given_up(reason) if self._doom else self._opening.ended(reason, link.cause)
        under_way = self.requests_under_way
        self.down_because = reason
        if was_up:
            self._states.enter(self._state_when_down, reason)
            if not self._is_disconnecting:
                self.events.emit(EventType.CONNECTION_LOST, LinkLoss(reason=reason, under_way=under_way))
        self._states.notify()
        self._dispatcher.fail_all(reason, link.cause)
        if self._limiter is not None:
            self._limiter.link_lost(lambda: ConnectionLost(reason))
        self._end_for_good()

    # --- what comes

    def _take_hello(self, link: Link, messages: list[Message]) -> None:
        """The first messages of a link; what comes later goes to the dispatcher without a detour."""
        hello, *more = messages
        assert isinstance(hello, ServerHello)
        self._opening.server_version = hello.server_version
        self._states.notify()
        link.on_messages = self._dispatcher.dispatch
        self._dispatcher.dispatch(more)

    def _take_unsolicited(self, message: Message) -> None:
        match message:
            case m.ManagedAccounts():
                names = (message.accounts_list or "").split(",")
                self._accounts = tuple(name.strip() for name in names if name.strip())
                self._opening.has_accounts = bool(self._accounts)
            case m.NextValidId():
                self._opening.next_order_id = message.order_id or 0
                self._next_id = max(self._next_id, self._opening.next_order_id)
            case m.ErrorMessage():
                self._take_notice(message)
        self._states.notify()
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

    def _note_lost(self, message: Message | None, error: Exception) -> None:
        """A message that could not be taken: it must not end the session, nor be lost in silence."""
        _log.error("a message could not be taken, the session goes on: %r", message, exc_info=error)
        self.events.emit(EventType.WARNING, MessageLost(message=repr(message), error=repr(error)))

    def _take_notice(self, message: m.ErrorMessage) -> None:
        code, text = message.error_code or 0, message.error_msg or ""
        notice = read_notice(self._errors, code, text)
        if not self.is_up and self._errors.ends_request(code, text):
            self._opening.said = self._errors.exception_for(code, text)
        match notice.news:
            case News.CLIENT_ID_IN_USE if not self.is_up:
                self._opening.failure = self._errors.exception_for(code, text)
            case News.RECONNECT:
                self.port = notice.port or self.port
                self.abort(text)
            case _:
                self._gateway_links.take(notice)
        if self._errors.ends_request(code, text):
            self.events.emit(EventType.ERROR, message)
        elif notice.is_worth_a_warning:
            self.events.emit(EventType.WARNING, message)
        self._on_notice(notice)


def _given_up(reason: str) -> ConnectionLost:
    return ConnectionLost(f"{reason} before it was ready", hint="nothing was under way")
