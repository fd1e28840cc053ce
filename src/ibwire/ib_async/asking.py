"""How what ib_async asks for goes out on a session, and how what it awaits ends in any case.

The catalogue says which way a request goes:

    ends (contract details, history …)      a task that asks, again if the link falls, until the time limit
    goes on (quotes, bars …)                a stream that the session keeps: ib_async's id stays, the wire's does not
    has no id (positions, account updates)  sent, remembered, and sent again after a reconnect
    orders and commands                     sent once, never again
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from contextvars import ContextVar
from functools import partial
from typing import Any

from ibwire.exceptions import (
    ConnectionFailed,
    IbwireError,
    InvalidOrder,
    LiveTradingDisabled,
    NotConnected,
    RequestTimeout,
)
from ibwire.ib_async.guards import OrderGuards
from ibwire.ib_async.journalled_orders import JournalledOrders
from ibwire.ib_async.receivers import BarSubscription, Calls, Question, Subscription
from ibwire.requests import NOT_REPEATABLE, spec_of
from ibwire.session import IBSession
from ibwire.session_api import Feed
from ibwire.tasks import begin
from ibwire.wire import Message
from ibwire.wire import messages as m
from ibwire.wire.catalogue import CATALOGUE, Correlation, Shape, shape_of

ORDER_NEWS: frozenset[type[Message]] = frozenset(
    {m.OpenOrder, m.OrderStatus, m.ExecutionDetails, m.CommissionAndFeesReport, m.OrderBound}
)
"""What comes of orders, asked for or not: all of it is shown to ib_async, in the order in which it came."""

ACCOUNT_NEWS: frozenset[type[Message]] = frozenset(
    {
        *(m.Position, m.PositionEnd),
        *(m.AccountValue, m.PortfolioValue, m.AccountUpdateTime, m.AccountDataEnd),
        m.NewsBulletin,
    }
)
"""What answers subscriptions without an id, of which a connection has one only."""

WATCHED = ORDER_NEWS | ACCOUNT_NEWS

SETTINGS = (m.MarketDataTypeRequest, m.AutoOpenOrdersRequest, m.SetServerLogLevelRequest)
"""What the gateway has to be told again after a reconnect before anything is asked for."""

STANDING = (m.PositionsRequest, m.AccountDataRequest, m.NewsBulletinsRequest)
"""Subscriptions without an id."""

ENDS_OF_STANDING: dict[type[Message], type[Message]] = {
    m.CancelPositions: m.PositionsRequest,
    m.CancelNewsBulletins: m.NewsBulletinsRequest,
}

CANCELS = frozenset(
    row.cancel for row in CATALOGUE.values() if row.cancel is not None and row.correlation is Correlation.REQUEST_ID
)

KEYS: dict[type, str] = {
    m.PositionsRequest: "positions",
    m.AccountDataRequest: "accountValues",
    m.OpenOrdersRequest: "openOrders",
    m.AllOpenOrdersRequest: "openOrders",
    m.CompletedOrdersRequest: "completedOrders",
    m.CurrentTimeRequest: "currentTime",
    m.MarketDepthExchangesRequest: "mktDepthExchanges",
    m.NewsProvidersRequest: "newsProviders",
    m.ScannerParametersRequest: "scannerParams",
    m.FARequest: "requestFA",
}
"""By what name ib_async's wrapper awaits the answer of a request without an id."""

FOREVER_S = 1e9

time_limit_s: ContextVar[float | None] = ContextVar("time_limit_s", default=None)
"""The time limit of the request that is made in this context, where it has one of its own."""

_log = logging.getLogger(__name__)


class Asking:
    """What is asked on one session; `client` calls the wrapper. A session's own `orders` go through its journal."""

    def __init__(self, client: Calls, session: IBSession, orders: JournalledOrders | None) -> None:
        self._client = client
        self._session = session
        self._orders = orders
        self._guards = OrderGuards(session, client.wrapper)
        self._leaving: dict[asyncio.Future[None], tuple[m.PlaceOrderRequest, bool]] = {}
        self._feeds: dict[int, Feed] = {}
        self._questions: dict[Any, asyncio.Task[None]] = {}
        self._standing: dict[type[Message], Message] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """End all that was asked for here."""
        self._standing.clear()
        for task in list(self._tasks):
            task.cancel()
        feeds, self._feeds = self._feeds, {}
        for feed in feeds.values():
            feed.close()

    def go(self, message: Message) -> None:
        """Let a request go its way. Raises NotConnected, and what cannot be put on the wire."""
        kind = type(message)
        if kind in CANCELS:
            self.cancel(message.req_id)  # type: ignore[attr-defined]
        elif kind in ENDS_OF_STANDING or (isinstance(message, m.AccountDataRequest) and not message.subscribe):
            self._standing.pop(ENDS_OF_STANDING.get(kind, kind), None)
            if self._orders is None:  # on a shared session the native services may go on with it
                self._send(message)
        elif isinstance(message, (*SETTINGS, *STANDING)):
            self._standing[kind] = message
            self._limit_time(KEYS.get(kind))
            self._send(message)
        elif spec_of(message).correlation is Correlation.ORDER_ID or shape_of(message) is Shape.COMMAND:
            self._send(message)
        elif shape_of(message) is Shape.STREAM:
            self._subscribe(message)
        else:
            self._ask(message)

    def _subscribe(self, message: Message) -> None:
        req_id: int = message.req_id  # type: ignore[attr-defined]
        receiver = (BarSubscription if isinstance(message, m.HistoricalDataRequest) else Subscription)(
            self._client, req_id
        )
        old = self._feeds.pop(req_id, None)
        if old is not None:
            old.close()
        try:
            self._feeds[req_id] = self._session.feed(message, receiver)
        except NotConnected:
            raise
        except IbwireError as error:  # as the gateway's own refusals, it comes after the call
            asyncio.get_running_loop().call_soon(self._client.failed, req_id, error)
        self._limit_time(req_id)

    def _ask(self, message: Message) -> None:
        if isinstance(message, m.MarketRuleRequest):
            self._ask_rule(message)
        else:
            req_id = getattr(message, "req_id", -1)
            key = KEYS.get(type(message), req_id)
            self._begin(message, req_id, key, self._client.wrapper._futures.get(key))

    def _ask_rule(self, message: m.MarketRuleRequest) -> None:
        """Ask for a market rule once for all who wait for it: contract details name the same one many times."""
        key = f"marketRule-{message.market_rule_id}"
        under_way, future = self._questions.get(key), self._client.wrapper._futures.get(key)
        if under_way is None:
            self._begin(message, -1, key, None)
        elif future is not None:  # it may have been answered just now, and its answer was not for this one
            under_way.add_done_callback(lambda _: None if future.done() else self._ask_rule(message))

    def _begin(self, message: Message, req_id: int, key: Any, future: Any) -> None:
        task = self.do(self._answer(message, req_id, key, future, self._limit_s()))
        self._questions[key] = task
        task.add_done_callback(lambda done: self._questions.pop(key) if self._questions.get(key) is done else None)

    async def _answer(self, message: Message, req_id: int, key: Any, future: Any, limit_s: float) -> None:
        """Ask until there is an answer; what is awaited (by all, if there is no `future`) ends in any case."""

        def collect(loop: asyncio.AbstractEventLoop) -> Question:
            self.begin_answer_anew(key)
            return Question(loop, partial(self._client.take, req_id), WATCHED)

        repeats = self._client.keeps_connection and not isinstance(message, NOT_REPEATABLE)
        try:
            await self._session.connection.requests.request(message, timeout=limit_s, retry=repeats, collect=collect)
        except IbwireError as error:
            self._end_with(error, req_id, key, future)

    def _end_with(self, error: IbwireError, req_id: int, key: Any, future: Any) -> None:
        """End what waits for it: this future, or without one all who wait under the key."""
        wrapper = self._client.wrapper
        waiting = wrapper._futures.get(key)
        failure: Exception = error
        if isinstance(error, ConnectionFailed):
            failure = ConnectionError("Socket disconnect")
            failure.__cause__ = error
        if error.code is not None:
            self._client.take(req_id, m.ErrorMessage(id=req_id, error_code=error.code, error_msg=error.message))
        if waiting is not None and future in (None, waiting):
            if error.code is None:
                wrapper._endReq(key, failure, success=False)
            elif wrapper._futures.get(key) is waiting:
                wrapper.end_refused(key, req_id, error.code, error.message)
        elif future is not None and not future.done():  # somebody else waits under the key now
            future.set_exception(failure)
        elif error.code is None:
            _log.error("request %s: %s", req_id, error)

    def _send(self, message: Message) -> None:
        if isinstance(message, m.PlaceOrderRequest):
            self._limit_time(message.order_id)  # of a what-if order something is awaited
        is_journalled = self._orders is not None and self._orders.takes(message)
        try:
            message = self._guarded(message, is_journalled=is_journalled)
        except LiveTradingDisabled:
            raise
        except IbwireError as error:
            if not isinstance(message, m.PlaceOrderRequest):
                raise
            # As the gateway's own refusals it comes after the call, which makes the Trade.
            asyncio.get_running_loop().call_soon(self._client.wrapper.never_left, message, str(error))
            return
        if self._orders is not None and is_journalled:
            self.do(self._orders.carry_out(message))
            return
        if isinstance(message, m.CancelOrderRequest | m.GlobalCancelRequest) and self._take_back(message):
            return
        is_new = isinstance(message, m.PlaceOrderRequest) and self._guards.is_new(message)
        left = self._session.send(message)
        if isinstance(message, m.PlaceOrderRequest) and not (message.order or m.Order()).what_if and not left.done():
            self._leaving[left] = (message, is_new)
        left.add_done_callback(partial(self._has_left, message, is_new))

    def _take_back(self, message: m.CancelOrderRequest | m.GlobalCancelRequest) -> bool:
        """A cancel goes before all that waits, so it would overtake its order: what has not left is taken back.

        Whether nothing is left to be cancelled: the order itself has not left.
        """
        order_id = message.order_id if isinstance(message, m.CancelOrderRequest) else None
        waiting = [left for left, (one, _) in self._leaving.items() if order_id in (None, one.order_id)]
        taken = [self._leaving[left] for left in waiting if left.cancel()]
        return order_id is not None and any(is_new for _, is_new in taken)

    def _has_left(self, message: Message, is_new: bool, left: asyncio.Future[None]) -> None:
        self._leaving.pop(left, None)
        error = "it was cancelled before it left" if left.cancelled() else left.exception()
        if error is None:
            return
        if isinstance(message, m.PlaceOrderRequest | m.CancelOrderRequest):
            self._client.wrapper.never_left(message, str(error), is_new=is_new)
        else:
            _log.error("%s never left: %s", type(message).__name__, error)

    def _guarded(self, message: Message, *, is_journalled: bool) -> Message:
        """The message to send, if the guards of the settings let it through."""
        if isinstance(message, m.ExerciseOptionsRequest):
            self._guards.check_exercise(message)
        elif isinstance(message, m.PlaceOrderRequest) and is_journalled:
            with contextlib.suppress(InvalidOrder):  # which the native service says
                self._guards.account_of(message)
        elif isinstance(message, m.PlaceOrderRequest):
            return self._guards.checked(message)
        return message

    def cancel(self, req_id: int) -> None:
        """End what was asked under this id."""
        feed, question = self._feeds.pop(req_id, None), self._questions.get(req_id)
        if feed is not None:
            feed.close()
        elif question is not None:
            question.cancel()

    def failed(self, req_id: int, error: IbwireError) -> None:
        """A subscription is over: as the gateway's error, or as what is awaited of it."""
        self._feeds.pop(req_id, None)
        self._end_with(error, req_id, req_id, self._client.wrapper._futures.get(req_id))

    # --- time limits

    def _limit_s(self) -> float:
        own = time_limit_s.get()
        return (self._client.wrapper.ib.AnswerTimeout if own is None else own) or FOREVER_S

    def _limit_time(self, key: Any) -> None:
        """End what is awaited of a subscription's beginning if it does not come."""
        future, limit_s = self._client.wrapper._futures.get(key), self._limit_s()
        if future is not None:
            handle = asyncio.get_running_loop().call_later(limit_s, self._time_is_up, key, future, limit_s)
            future.add_done_callback(lambda _: handle.cancel())

    def _time_is_up(self, key: Any, future: Any, limit_s: float) -> None:
        if not future.done():
            if isinstance(key, int):
                self.cancel(key)
            self._end_with(RequestTimeout(f"no complete answer within {limit_s:g} s"), -1, key, future)

    def begin_answer_anew(self, key: Any) -> None:
        """Half an answer, of which the rest is lost with the link, is not passed off as part of the next one."""
        half = self._client.wrapper._results.get(key)
        if isinstance(half, list):
            half.clear()

    async def say_again(self, kinds: tuple[type[Message], ...]) -> int:
        """Send again what the gateway has forgotten; how much."""
        said = [message for kind, message in self._standing.items() if kind in kinds]
        for message in said:
            if isinstance(message, STANDING):
                self._client.wrapper.expect_anew(message)
            await self._session.send(message)
        return len(said)

    def do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something that waits, until it is done or all is closed."""
        task = begin(work, name="ibwire ib_async")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
