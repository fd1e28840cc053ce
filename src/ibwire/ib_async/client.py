"""ib_async's client on our connection: the same methods, attributes and events, another wire underneath.

Everything rests on an `IBSession`: one of its own, made by `connectAsync`, or a running one that it shares with the
native services (`IBSession.ib`). How a request goes out, `asking` says; what comes in, `incoming`.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace as changed
from functools import partial, update_wrapper
from typing import Any

import ib_async

from ibwire.connection import ConnectionState
from ibwire.events import Event, EventType, IbAsyncEvent
from ibwire.exceptions import (
    ConnectionRefused,
    ConnectTimeout,
    IbwireError,
    NotConnected,
    RequestError,
)
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.ib_async.asking import SETTINGS, STANDING, WATCHED, Asking
from ibwire.ib_async.fields import as_declared
from ibwire.ib_async.incoming import CALLS
from ibwire.ib_async.journalled_orders import JournalledOrders
from ibwire.ib_async.order_recovery import recover_orders
from ibwire.ib_async.outgoing import REMOVED, REQUESTS
from ibwire.recovery import Stage
from ibwire.session import IBSession
from ibwire.settings import Settings
from ibwire.tasks import begin
from ibwire.wire import Message
from ibwire.wire import messages as m

LINK_RESTORED = frozenset({1101, 1102})
"""The gateway has its link to IBKR again; news of orders may have been lost (protocol notes, 5.1)."""

_log = logging.getLogger(__name__)


class RemovedRequest(RequestError):
    """A request of ib_async's client that today's wire has no message for; nothing was sent."""

    hint = "IBKR does not answer this any more; there is nothing to put in its place here"


@contextlib.contextmanager
def inside(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let code run that asks for the running loop, though the loop is between two turns.

    Programs that block call `ib.placeOrder` while no loop runs, and expect the order to be on its way when it returns.
    """
    if asyncio._get_running_loop() is not None:
        yield
        return
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(None)


class Client(ib_async.Client):
    """What `IB.client` is. `settings` are the session's, but for host, port and client id; `session` one to share."""

    def __init__(self, wrapper: Any, settings: Settings | None = None, session: IBSession | None = None) -> None:
        super().__init__(wrapper)
        self.settings = settings or Settings()
        self._logger = logging.getLogger("ibwire.ib_async.client")
        self._shared = session
        self._session: IBSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_started = False
        self._is_in_batch = self._is_throttling = False
        self._closing: asyncio.Task[None] | None = None
        self._asking: Asking | None = None
        self._doubts = 0
        self._attached: IBSession | None = None
        self._target: tuple[str, int, int] | None = None
        self._connecting: asyncio.Future[None] | None = None

    # --- its life

    async def connectAsync(self, host: str, port: int, clientId: int, timeout: float | None = 2.0) -> None:
        """Connect, and stay connected unless the switch says otherwise.

        While it is being connected again to the same, this waits for the link; to another gateway or client id, the old
        connection ends first. Raises what stock ib_async raises: ConnectionRefusedError, TimeoutError, ConnectionError.
        """
        while self._connecting is not None:  # one at a time, or a session would be left that nobody knows
            await asyncio.wait([self._connecting])
        self._connecting = asyncio.get_running_loop().create_future()
        try:
            await self._connect(host, port, clientId, timeout)
        finally:
            self._connecting.set_result(None)
            self._connecting = None

    async def _connect(self, host: str, port: int, clientId: int, timeout: float | None) -> None:
        target = (host, int(port), int(clientId))
        if self._is_started and self._shared is None and target != self._target:
            self._end_for_good()
        if self._closing is not None:
            await asyncio.gather(self._closing, return_exceptions=True)
        if self._session is not None and self._is_started:
            await self._session.connection.wait_until_up()  # it is being connected again, or is connected
            self.wrapper.clientId = self._session.client_id
            if self._shared is not None:
                await self._shared.trading.ready()  # its journal knows which ids are taken
            return
        self._loop = asyncio.get_running_loop()
        self.connState = self.CONNECTING
        try:
            async with asyncio.timeout(timeout or None):
                await self._start(*target)
        except BaseException as error:
            self.disconnect()
            text = f"API connection failed: {error!r}"
            self._logger.error(text)
            self.apiError.emit(text)
            if isinstance(error, IbwireError):
                raise _as_builtin(error) from error
            raise
        self.connState, self._is_started = self.CONNECTED, True
        self.wrapper.connectAck()
        self.apiStart.emit()

    async def _start(self, host: str, port: int, client_id: int) -> None:
        if self._shared is not None:
            self.share(self._shared)
            await self._shared.trading.ready()
            return
        self.host, self.port, self.clientId = self._target = (host, port, client_id)
        own = changed(self.settings.connection, host=host, port=port, client_id=client_id)
        session = IBSession(changed(self.settings, connection=own))
        self._attach(session)
        await session.start()
        self.clientId = self.wrapper.clientId = session.client_id

    def share(self, session: IBSession) -> None:
        """Begin on a session that runs. Raises NotConnected if it does not."""
        if not session.connection.is_up:
            raise NotConnected(f"the session is {session.state.value}")
        self._loop = asyncio.get_running_loop()
        self.host, self.port = session.settings.connection.host, session.connection.port
        self.clientId = self.wrapper.clientId = session.client_id
        self._attach(session, JournalledOrders(session, self.wrapper))
        self.connState, self._is_started = self.CONNECTED, True
        self.take(-1, m.ManagedAccounts(",".join(session.accounts)))

    def _attach(self, session: IBSession, orders: JournalledOrders | None = None) -> None:
        self._session, self._asking, self._doubts = session, Asking(self, session, orders), 0
        if session is self._attached:
            return  # a shared one, again
        self._attached = session
        session.listen(partial(self._hear, session))
        session.connection.watch(WATCHED, partial(self._see, session))
        session.events.subscribe(EventType.CONNECTION_STATE_CHANGED, partial(self._state_changed, session))
        session.events.subscribe(EventType.CONNECTION_RECOVERED, partial(self._recovered, session))
        session.events.subscribe(EventType.THROTTLED, partial(self._throttled, session))
        recovery = session.recovery
        recovery.register("ib_async: settings", Stage.PREPARATION, partial(self._say_again, session, SETTINGS))
        recovery.register("ib_async: accounts", Stage.ACCOUNT, partial(self._say_again, session, STANDING))
        recovery.register("ib_async: orders", Stage.ORDERS, partial(self._recover_orders, session))

    def connect(self, host: str, port: int, clientId: int, timeout: float | None = 2.0) -> None:
        """The same, blocking."""
        ib_async.util.run(self.connectAsync(host, port, clientId, timeout))

    def disconnect(self) -> None:
        """End the connection at once; a shared session goes on, and only what was asked for here ends."""
        session, self._session = self._session, None
        self._is_started, self.connState = False, self.DISCONNECTED
        asking, self._asking = self._asking, None
        loop = self._loop
        if session is None or asking is None or loop is None or loop.is_closed():
            return
        with inside(loop):
            asking.close()
            self.wrapper.fail_all(ConnectionError("Socket disconnect"))
        if session is self._shared:
            return
        if loop.is_running():
            self._closing = begin(session.aclose(), name="ibwire ib_async closing")
        else:
            loop.run_until_complete(session.aclose())

    def reset(self) -> None:
        """Forget what the last connection was; `disconnect` does that."""
        super().reset()

    def isConnected(self) -> bool:
        """Whether there is a link now; while it is being made again there is none."""
        return self._is_started and self._session is not None and self._session.connection.is_up

    def isReady(self) -> bool:
        """The same: with us a link counts when the session can be used."""
        return self.isConnected()

    def serverVersion(self) -> int:
        """The version of the wire that is spoken."""
        return self._session.connection.server_version if self._session is not None else 0

    def getReqId(self) -> int:
        """A new number for a request or an order, from the one counter that all of the session shares."""
        session = self._connected()
        try:
            return session.next_id()
        except NotConnected as error:
            raise ConnectionError("Not connected") from error

    def updateReqId(self, minReqId: int) -> None:
        """Let every number from now on be at least this."""
        if self._session is not None:
            self._session.use_ids_above(minReqId - 1)

    def getAccounts(self) -> list[str]:
        """The accounts of the login."""
        return list(self._connected().accounts)

    def connectionStats(self) -> ib_async.ConnectionStats:
        """Since when, for how long, bytes and messages in and out."""
        session = self._connected()
        link = session.connection
        assert self._loop is not None
        with inside(self._loop):
            messages_sent, up_s = sum(link.limiter.statistics().sent.values()), link.uptime_s
        start = session.clock() - up_s
        return ib_async.ConnectionStats(
            start, up_s, link.bytes_received, link.bytes_sent, self._numMsgRecv, messages_sent
        )

    def startApi(self) -> None:
        """Nothing to do: connecting has done it."""

    def send(self, *fields: object, makeEmpty: bool = True) -> None:
        """Raises RemovedRequest: fields of the text dialect cannot be sent."""
        raise RemovedRequest("the text dialect is not spoken; use the client's request methods")

    def sendMsg(self, msg: str) -> None:
        """Raises RemovedRequest, as `send` does."""
        raise RemovedRequest("the text dialect is not spoken; use the client's request methods")

    def pass_on(self, name: str, *args: object) -> None:
        """Give an event of ib_async's to the session's event manager, if anybody listens there."""
        if self._session is not None and self._session.events.has_subscribers(EventType.IB_ASYNC):
            self._session.events.emit(EventType.IB_ASYNC, IbAsyncEvent(name, args))

    # --- what goes out

    def request(self, message: Message) -> None:
        """Let a request go its way. Raises ConnectionError without a link, and what cannot be put on the wire."""
        self._connected()
        assert self._loop is not None
        assert self._asking is not None
        with inside(self._loop):
            try:
                self._asking.go(message)
            except NotConnected as error:
                raise ConnectionError("Not connected") from error

    def let_go(self, req_id: int) -> None:
        """End a subscription, with or without a link."""
        if self._asking is not None and self._loop is not None:
            with inside(self._loop):
                self._asking.cancel(req_id)

    # --- what comes

    def take(self, req_id: int, message: Message) -> None:
        """Call the wrapper, which is told when a bunch of messages begins and when it is over."""
        if not self._is_in_batch:
            self._begin_batch()
        self._numMsgRecv += 1
        try:
            CALLS[type(message)](self.wrapper, req_id, message)
        except Exception:
            self._logger.exception("Error handling %r", message)

    def _begin_batch(self) -> None:
        self._is_in_batch = True
        self.wrapper.tcpDataArrived()
        # All that one read has brought is taken before the loop's next turn begins.
        asyncio.get_running_loop().call_soon(self._end_batch)

    def _end_batch(self) -> None:
        self._is_in_batch = False
        self.wrapper.tcpDataProcessed()

    def _see(self, session: IBSession, message: Message) -> None:
        if session is self._session:
            self.take(_req_id_of(message), message)

    def _hear(self, session: IBSession, message: Message) -> None:
        if session is not self._session or type(message) in WATCHED or type(message) not in CALLS:
            return
        self.take(_req_id_of(message), message)
        if isinstance(message, m.ErrorMessage) and message.error_code in LINK_RESTORED:
            self.ask_for_orders()

    def gap(self, req_id: int, gap: Gap) -> None:
        """Tell the user's handlers; a book whose rows nobody updates is empty."""
        self.wrapper.forget_book(req_id)
        if self._asking is not None:
            self._asking.begin_answer_anew(req_id)
        self.wrapper.ib.gapEvent.emit(self.wrapper.subject_of(req_id), gap)

    def resumed(self, req_id: int, resumed: Resumed) -> None:
        """Tell the user's handlers."""
        self.wrapper.ib.resumedEvent.emit(self.wrapper.subject_of(req_id), resumed)

    def failed(self, req_id: int, error: IbwireError) -> None:
        """A subscription is over: as the gateway's error, or as what is awaited of it."""
        if self._asking is not None:
            self._asking.failed(req_id, error)

    # --- the link

    @property
    def is_started(self) -> bool:
        """Whether there is a connection to end: a link, or one that is being made again."""
        return self._is_started

    @property
    def keeps_connection(self) -> bool:
        """Whether a fallen link is made again."""
        return self._shared is not None or bool(self.wrapper.ib.ReconnectForever)

    def _state_changed(self, session: IBSession, event: Event) -> None:
        if session is not self._session or not self._is_started:
            return
        new, reason = event.data.new, event.data.reason
        if new == ConnectionState.RECONNECTING.name and self.keeps_connection:
            if event.data.old in (ConnectionState.CONNECTED.name, ConnectionState.DEGRADED.name):
                self.wrapper.ib.gapEvent.emit(self.wrapper.ib, Gap(session.now(), GapReason.LINK_LOST, reason))
        elif new in (ConnectionState.RECONNECTING.name, ConnectionState.DISCONNECTED.name):
            self._end_for_good(reason)

    def _end_for_good(self, reason: str = "") -> None:
        """The link is gone and nobody makes it again, or (without a reason) is left: all ends as in stock ib_async."""
        if reason:
            self._logger.error(reason)
            self.apiError.emit(reason)
        self.wrapper.setEventsDone()
        self.wrapper.fail_all(ConnectionError("Socket disconnect"))
        self.wrapper.connectionClosed()
        self.disconnect()
        self.apiEnd.emit()

    def _recovered(self, session: IBSession, event: Event) -> None:
        if session is self._session:
            self.wrapper.ib.resumedEvent.emit(self.wrapper.ib, Resumed(session.now()))

    async def _say_again(self, session: IBSession, kinds: tuple[type[Message], ...]) -> int:
        return await self._asking.say_again(kinds) if session is self._session and self._asking is not None else 0

    async def _recover_orders(self, session: IBSession) -> int:
        if session is not self._session or not self._is_started:
            return 0
        return await recover_orders(session, self.wrapper)

    async def _ask_for_orders(self, session: IBSession) -> None:
        while session is self._session and self._doubts:
            seen = self._doubts
            try:
                await self._recover_orders(session)
            except IbwireError as error:  # the next loss, or the next doubt, brings it up again
                self._logger.error("orders could not be asked for: %s", error)
            self._doubts -= seen

    def ask_for_orders(self) -> None:
        """Have the gateway say how our orders stand, because it is in doubt."""
        if self._session is not None and self._asking is not None and self._is_started:
            self._doubts += 1
            if self._doubts > 1:
                return  # one question at a time, and one more for all doubts that came meanwhile
            self._asking.do(self._ask_for_orders(self._session))

    def _throttled(self, session: IBSession, event: Event) -> None:
        if session is self._session and not self._is_throttling:
            self._is_throttling = True
            self.throttleStart.emit()
            self._look_at_queue(session)

    def _look_at_queue(self, session: IBSession) -> None:
        if session is self._session and any(session.connection.limiter.statistics().waiting.values()):
            asyncio.get_running_loop().call_later(0.1, self._look_at_queue, session)
        else:
            self._is_throttling = False
            self.throttleEnd.emit()

    # --- inside

    def _connected(self) -> IBSession:
        if self._session is None or not self.isConnected():
            raise ConnectionError("Not connected")
        return self._session


def _req_id_of(message: Message) -> int:
    number = message.id if isinstance(message, m.ErrorMessage) else getattr(message, "req_id", None)
    return -1 if number is None else number


def _as_builtin(error: IbwireError) -> Exception:
    """The exception that stock ib_async raises when connecting fails so."""
    if isinstance(error, ConnectionRefused):
        return ConnectionRefusedError(str(error))
    if isinstance(error, ConnectTimeout):
        return TimeoutError(str(error))
    return ConnectionError(str(error))


def _method(name: str, make: Callable[..., Message]) -> Callable[..., None]:
    def method(self: Client, *args: Any, **kwargs: Any) -> None:
        self.request(as_declared(make(*bound(name, args, kwargs))))

    return update_wrapper(method, getattr(ib_async.Client, name))


def _removed(name: str, why: str) -> Callable[..., None]:
    def method(self: Client, *args: Any, **kwargs: Any) -> None:
        raise RemovedRequest(f"{name}: {why}")

    return update_wrapper(method, getattr(ib_async.Client, name))


def bound(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments of a request method in their order, however they were given."""
    if not kwargs:
        return args
    signature = inspect.signature(getattr(ib_async.Client, name))
    return signature.bind(None, *args, **kwargs).args[1:]


for _name, _make in REQUESTS.items():
    setattr(Client, _name, _method(_name, _make))
for _name, _why in REMOVED.items():
    setattr(Client, _name, _removed(_name, _why))
