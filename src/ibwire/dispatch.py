"""Finds, for each message from the gateway, the request it belongs to.

Knows the catalogue, not the socket: by request id, by order id (executions and commissions among them), by market rule,
or as the one request of its kind under way. What belongs to nothing is counted, never misdelivered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from ibwire.error_codes import ERROR_TABLE, ErrorTable
from ibwire.exceptions import ConnectionLost, DuplicateRequest, IbwireError, UnreadableAnswer
from ibwire.streams import Collection, Receiver
from ibwire.wire import Message
from ibwire.wire import messages as m
from ibwire.wire.catalogue import CATALOGUE, UNSOLICITED, Correlation, Kind, Shape, shape_of

NO_ID = -1
"""The id of an error that belongs to no request."""

_MAX_EXECUTIONS = 100_000
"""How many execution ids are remembered, so that a commission report finds what its execution went to."""


class Entry:
    """One request under way: what was asked, who gets its answers, where it is registered, and how to withdraw it.

    `withdraw` takes the request out of the queue to the gateway, or gives back what it held open there; it says whether
    the request had not been sent.
    """

    __slots__ = (
        "_finals",
        "_kinds",
        "_stray",
        "is_given_up",
        "keys",
        "message",
        "receiver",
        "table",
        "take",
        "withdraw",
    )

    def __init__(self, message: Message, receiver: Receiver, stray: Callable[[Message], None] = lambda _: None) -> None:
        spec = CATALOGUE[type(message)]
        self.message = message
        self.receiver = receiver
        self.is_given_up = isinstance(receiver, _LateAnswer)
        self.withdraw: Callable[[], bool] = lambda: True
        self.keys: tuple[int | Kind, ...] = ()
        self.table: dict[int, Entry] | dict[Kind, Entry] = {}
        ends = isinstance(receiver, Collection | _LateAnswer) or shape_of(message) is Shape.ONE_SHOT
        self._finals = spec.finals if ends else frozenset()
        self._kinds = frozenset((*spec.responses, spec.end))
        self._stray = stray
        # Most messages are ticks of a stream without an end: they go straight to it, or past it to its consumer.
        self.take: Callable[[Message], None] = self._take_until_final if ends else receiver.deliver

    @property
    def is_registered(self) -> bool:
        """Whether it gets answers still."""
        table: dict[object, Entry] = self.table  # type: ignore[assignment]
        return any(table.get(key) is self for key in self.keys)

    def unregister(self) -> bool:
        """Stop getting answers; whether the gateway is still at it. What comes late is counted as unrouted."""
        table: dict[object, Entry] = self.table  # type: ignore[assignment]
        registered = [key for key in self.keys if table.get(key) is self]
        for key in registered:
            del table[key]
        return bool(registered) and not self.withdraw()

    def fail(self, error: IbwireError) -> None:
        """End it with `error`."""
        self.unregister()
        self.receiver.fail(error)

    def _take_until_final(self, message: Message) -> None:
        if type(message) not in self._kinds:  # under this id, and no answer to this: whoever asked could not read it
            self._stray(message)
            return
        self.receiver.deliver(message)
        # Historical ticks may come in several messages, only the last of them marked (protocol notes, 3.7).
        if type(message) in self._finals and getattr(message, "is_done", True):
            self.unregister()
            self.receiver.end()


class _LateAnswer:
    """Takes what is still to come for a request that was given up, and says once when it has come or won't."""

    def __init__(self, on_over: Callable[[], None]) -> None:
        self._on_over = on_over
        self._is_over = False
        self.entry: Entry | None = None

    def deliver(self, message: Message) -> None:
        """Nobody wants it."""

    def end(self) -> None:
        """It has all come, or has been waited for long enough."""
        if not self._is_over:
            self._is_over = True
            if self.entry is not None:
                self.entry.unregister()
            self._on_over()

    def fail(self, error: IbwireError) -> None:
        """It will not come."""
        self.end()


def _answers(correlation: Correlation) -> frozenset[Kind]:
    rows = [row for row in CATALOGUE.values() if row.correlation is correlation]
    return frozenset(kind for row in rows for kind in (*row.responses, row.end) if kind is not None)


_BY_ORDER = _answers(Correlation.ORDER_ID)
_BY_REQUEST = _answers(Correlation.REQUEST_ID) - _BY_ORDER


class Dispatcher:
    """The requests under way and the way to them. Used from one event loop only.

    `on_unsolicited` gets what belongs to no request, `on_error` every error, whosever it is; `errors` says which of
    them end a request.
    """

    def __init__(
        self,
        on_unsolicited: Callable[[Message], None],
        on_error: Callable[[m.ErrorMessage], None] = lambda _: None,
        errors: ErrorTable = ERROR_TABLE,
    ) -> None:
        self._by_request: dict[int, Entry] = {}
        self._by_order: dict[int, Entry] = {}
        self._by_rule: dict[int, Entry] = {}
        self._by_kind: dict[Kind, Entry] = {}
        self._of_execution: dict[str, tuple[Entry, ...]] = {}
        self._watchers: dict[Kind, list[Callable[[Message], None]]] = {}
        self._on_unsolicited = on_unsolicited
        self._on_error = on_error
        self._errors = errors
        self.unrouted: Counter[str] = Counter()
        """Messages that belonged to no request under way, by name, apart from those a gateway sends on its own."""
        self.on_stray: Callable[[int], object] = lambda _: None
        """Told the request id of each of them that has one."""
        self.on_failed: Callable[[Message | None, Exception], object] = lambda _, __: None
        """Told of each message that could not be taken, and why."""

    def __len__(self) -> int:
        """How many requests are under way."""
        return len(self._entries())

    def add(self, message: Message, receiver: Receiver) -> Entry:
        """Register a request that is about to be sent.

        Raises DuplicateRequest if its id, or the one place for its kind, is taken.
        """
        entry = Entry(message, receiver, self._count_unrouted)
        spec = CATALOGUE[type(message)]
        match spec.correlation:
            case Correlation.REQUEST_ID:
                entry.table, entry.keys = self._by_request, (message.req_id,)  # type: ignore[attr-defined]
            case Correlation.ORDER_ID:
                entry.table, entry.keys = self._by_order, (message.order_id,)  # type: ignore[attr-defined]
            case Correlation.RULE_ID:
                entry.table, entry.keys = self._by_rule, (message.market_rule_id,)  # type: ignore[attr-defined]
            case Correlation.SINGLETON:
                entry.table = self._by_kind
                entry.keys = tuple(kind for kind in (*spec.responses, spec.end) if kind is not None)
        table: dict[object, Entry] = entry.table  # type: ignore[assignment]
        for key in entry.keys:
            if key in table:
                what = f"id {key}" if isinstance(key, int) else "one of its kind"
                raise DuplicateRequest(f"{type(message).__name__}: {what} is already under way")
        table.update(dict.fromkeys(entry.keys, entry))
        return entry

    def await_late_answer(self, message: Message, *, on_over: Callable[[], None]) -> _LateAnswer:
        """Keep the place of a request without an id that was given up until its answer has come, so that no other
        request of its kind gets it; what comes is counted as unrouted. `end` stops waiting."""
        late = _LateAnswer(on_over)
        late.entry = self.add(message, late)
        return late

    def fail_all(self, reason: str, cause: BaseException | None) -> None:
        """End every request under way with a ConnectionLost of its own, which names the request."""
        for entry in self._entries():
            error = ConnectionLost(reason, request=repr(entry.message))
            error.__cause__ = cause
            entry.fail(error)
        self._of_execution.clear()

    def watch(self, kinds: Iterable[Kind], watcher: Callable[[Message], None]) -> None:
        """Show `watcher` every message of these kinds, whosever it is, before whoever asked for it gets it.

        For kinds that are not found by a request id only, and for what needs everybody's: news of orders, for one.
        """
        for kind in kinds:
            self._watchers.setdefault(kind, []).append(watcher)

    def is_watched(self, kinds: Iterable[Kind]) -> bool:
        """Whether somebody watches messages of one of these kinds."""
        return any(kind in self._watchers for kind in kinds)

    def dispatch(self, messages: Iterable[Message]) -> None:
        """Give each message to its request. One that nobody could take is told to `on_failed`; the others are given."""
        by_request, keyed = self._by_request, _BY_REQUEST
        rest, message = iter(messages), None
        while True:
            try:
                for message in rest:
                    kind = type(message)
                    if kind in keyed:
                        entry = by_request.get(message.req_id)  # type: ignore[attr-defined]
                        if entry is not None:
                            entry.take(message)
                        else:
                            self.unrouted[kind.__name__] += 1
                            self.on_stray(message.req_id)  # type: ignore[attr-defined]
                    else:
                        self._dispatch_other(message)
            except Exception as error:  # noqa: BLE001 - raised further it would end the connection and lose the others
                self._could_not_take(message, error)
            else:
                return

    def _could_not_take(self, message: Message | None, error: Exception) -> None:
        """A mistake of ours or of a service. An answer of which a part is lost is not passed off as the whole."""
        entry = self._by_request.get(getattr(message, "req_id", None) or NO_ID)
        if entry is not None and isinstance(entry.receiver, Collection):
            failure = UnreadableAnswer(
                f"{type(message).__name__} could not be taken: {error!r}", request=repr(entry.message)
            )
            failure.__cause__ = error
            entry.fail(failure)
        self.on_failed(message, error)

    def _dispatch_other(self, message: Message) -> None:
        for watcher in self._watchers.get(type(message), ()):
            watcher(message)
        match message:
            case m.ErrorMessage():
                self._dispatch_error(message)
            case m.OpenOrder() | m.OrderStatus():
                # An answer to a question about open orders and news for whoever watches the order look the same.
                # So who listens gets both: a question takes no news away from who follows the order.
                asker = self._by_kind.get(type(message))
                if asker in self._give(message, self._by_order.get(_id(message.order_id)), asker):
                    self._on_unsolicited(message)
            case m.ExecutionDetails():
                order_id = message.execution.order_id if message.execution is not None else None
                entries = (self._by_request.get(_id(message.req_id)), self._by_order.get(_id(order_id)))
                self._remember_execution(message, self._give(message, *entries))
            case m.CommissionAndFeesReport():
                # An answer that is complete takes no more: its late commissions are news for whoever listens.
                askers = self._of_execution.get(message.exec_id or "", ())
                # One that comes meanwhile may be news as well.
                if self._give(message, *(entry for entry in askers if entry.is_registered)):
                    self._on_unsolicited(message)
            case m.MarketRule():
                self._give(message, self._by_rule.get(_id(message.market_rule_id)))
            case _:
                self._give(message, self._by_kind.get(type(message)))

    def _give(self, message: Message, *entries: Entry | None) -> tuple[Entry, ...]:
        found = [entry for entry in entries if entry is not None]
        for entry in found:
            entry.take(message)
        takers = tuple(entry for entry in found if not entry.is_given_up)
        if not takers and type(message) not in UNSOLICITED and type(message) not in self._watchers:
            self._count_unrouted(message)
        if not takers or type(message) in UNSOLICITED:
            self._on_unsolicited(message)
        return takers

    def _remember_execution(self, message: m.ExecutionDetails, entries: tuple[Entry, ...]) -> None:
        if entries and message.execution is not None and message.execution.exec_id:
            self._of_execution[message.execution.exec_id] = entries
            if len(self._of_execution) > _MAX_EXECUTIONS:
                del self._of_execution[next(iter(self._of_execution))]

    def _dispatch_error(self, message: m.ErrorMessage) -> None:
        order = self._by_order.get(_id(message.id))
        request = self._by_request.get(_id(message.id))
        code, text = message.error_code or 0, message.error_msg or ""
        self._on_error(message)
        if order is not None:
            order.take(message)  # what an error means for an order is not decided here: most codes do not end it
            return
        is_stream = request is not None and not isinstance(request.receiver, Collection)
        if request is not None and self._errors.ends_request(code, text, is_stream=is_stream):
            request.fail(self._errors.exception_for(code, text, request=repr(request.message)))
        elif request is not None and is_stream:
            request.receiver.deliver(message)  # `take` may be a shortcut for data
        else:
            self._on_unsolicited(message)

    def _count_unrouted(self, message: Message) -> None:
        self.unrouted[type(message).__name__] += 1

    def _entries(self) -> list[Entry]:
        tables = (self._by_request, self._by_order, self._by_rule, self._by_kind)
        return list({id(entry): entry for table in tables for entry in table.values()}.values())


def _id(value: int | None) -> int:
    return NO_ID if value is None else value
