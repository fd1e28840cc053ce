"""What IBKR's error codes mean, and what follows from each: one table, and the only place that knows a code's number.

The rows stand in `error_codes.tsv` beside this file: a general row per code, and before it rows that hold only if the
text contains theirs. `ERROR_TABLE` is the table that ibwire uses; `override` and `extend` change it at run time.

What a code does to what it names follows from the row's action, and from nothing else except where a note says so:

    action                    one-shot    stream      new order       working order
    ------------------------  ----------  ----------  --------------  -------------
    ignore, log, keep_order   goes on     goes on     keep            keep
    reconcile                 goes on     goes on     reconcile       reconcile
    wait                      fails       goes on     reconcile       reconcile      note 1
    resubscribe               fails       ends        reconcile       reconcile      note 2
    slow_down                 fails       ends        reconcile       reconcile
    reconnect (both)          fails       ends        reconcile       reconcile
    fail_request, stop        fails       ends        see note 3      reconcile      note 3
    reject_order              fails       ends        rejected        reconcile      note 4
    confirm_cancel            fails       ends        cancelled       cancelled
    any, with scope system    goes on     goes on     keep            keep           note 5

A working order is one that the gateway has acknowledged (by open order or status) and that has not ended; a new one has
been sent and not been acknowledged. `reconcile` means: believe nothing, ask the gateway.

1. A one-shot that is told to wait gets no answer any more. A stream stalls (10197) and its owner, who gets the message,
   says so to its consumer and asks again when the reason has gone; where the code refused a new stream (10189 from
   another IP address, 321 'already in progress') nothing will come until it does.
2. The gateway's side of the stream is dead and stays so (10182, 10225, 316): it ends with SubscriptionEnded.
3. A new order is rejected if the category says that it can't have been taken (`REFUSALS`); if not, reconcile.
4. On a working order a rejection is one of the last change (110, 321, 103) or is followed by a status that ends the
   order (201): no error alone says which. But where the code's general row is confirm_cancel (202) the order is gone.
5. Notices about the gateway's own links may carry any id (1100 has come with 0).

An unknown code fails a request that it names, never an order, and is logged once; from 2100 to 2199, where IBKR keeps
its warnings, it does not end a request either.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cached_property
from pkgutil import get_data
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ibwire import exceptions as ex
from ibwire.exceptions import ConfigurationError, IbwireError, OrderError

WARNING_CODES = range(2100, 2200)
"""IBKR's warnings; clients differ in where the range ends, 2199 is what ib_async and nautilus_trader take."""

ACCOUNT_UPDATES_TAKEN, ACCOUNT_UPDATES_REFUSED = 2100, 2101
"""Of account updates, which answer without a request id: another client has taken them over, or keeps them."""

COLUMNS = (
    *("code", "text_contains", "scope", "category", "action"),
    *("raises", "retryable", "hint", "meaning", "sources"),
)
"""The columns of a table file, in order, separated by tabs; the first line names them."""

DEPTH_RESET = 317
"""The book of a market-depth subscription begins anew; the subscription goes on."""

_MAX_LOGGED = 1_000
"""How many unknown codes are logged; a gateway that invents more of them does not fill the log or the memory."""

_log = logging.getLogger(__name__)

_E = TypeVar("_E", bound=IbwireError)


class Scope(StrEnum):
    """What a code is about."""

    CLIENT = "client"  # made by IBKR's client libraries, never on the wire
    ORDER = "order"
    REQUEST = "request"
    SESSION = "session"  # this connection
    SYSTEM = "system"  # the gateway's own links: true for every client


class Category(StrEnum):
    """What kind of thing happened."""

    AMBIGUOUS = "ambiguous"
    COMPETING_SESSION = "competing_session"
    CONNECTIVITY_LOST = "connectivity_lost"
    CONNECTIVITY_RESTORED_DATA_LOST = "connectivity_restored_data_lost"
    CONNECTIVITY_RESTORED_DATA_OK = "connectivity_restored_data_ok"
    DELAYED_DATA = "delayed_data"
    DUPLICATE_ID = "duplicate_id"
    FARM_DOWN = "farm_down"
    FARM_IDLE = "farm_idle"
    FARM_UP = "farm_up"
    ID_IN_USE = "id_in_use"
    INFO = "info"
    INVALID_REQUEST = "invalid_request"
    NO_DATA = "no_data"
    NO_PERMISSION = "no_permission"
    NO_SECURITY = "no_security"
    NOT_CONNECTED = "not_connected"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_REJECTED = "order_rejected"
    ORDER_UNKNOWN = "order_unknown"
    ORDER_WARNING = "order_warning"
    OTHER = "other"
    PACING = "pacing"
    RATE = "rate"
    READ_ONLY = "read_only"
    SERVER_ERROR = "server_error"
    UNKNOWN = "unknown"  # not in the table
    UNSUPPORTED_VERSION = "unsupported_version"
    WARNING = "warning"


class Action(StrEnum):
    """What has to be done about it."""

    CONFIRM_CANCEL = "confirm_cancel"
    FAIL_REQUEST = "fail_request"
    IGNORE = "ignore"
    KEEP_ORDER = "keep_order"
    LOG = "log"
    RECONCILE = "reconcile"
    RECONNECT = "reconnect"
    RECONNECT_NEW_CLIENT_ID = "reconnect_new_client_id"
    REJECT_ORDER = "reject_order"
    RESUBSCRIBE = "resubscribe"
    SLOW_DOWN = "slow_down"
    STOP = "stop"
    WAIT = "wait"


class OrderVerdict(StrEnum):
    """What a code says about the order that it names."""

    KEEP = "keep"  # nothing: the order is as it was
    RECONCILE = "reconcile"  # not enough to know: ask the gateway
    REJECTED = "rejected"
    CANCELLED = "cancelled"


REFUSALS = frozenset({Category.INVALID_REQUEST, Category.NO_SECURITY, Category.AMBIGUOUS, Category.READ_ONLY})
"""Of what ends a request, the categories that also say that a new order was not taken."""

_GOES_ON = frozenset({Action.IGNORE, Action.LOG, Action.KEEP_ORDER, Action.RECONCILE})
_KEEPS_ORDER = frozenset({Action.IGNORE, Action.LOG, Action.KEEP_ORDER})
_KEEPS_STREAM = _GOES_ON | {Action.WAIT}

_CALMING = frozenset(
    {
        *(Category.ORDER_WARNING, Category.WARNING, Category.INFO, Category.DELAYED_DATA),
        *(Category.FARM_UP, Category.FARM_IDLE),
    }
)
"""Categories that may not come with an action that ends something: a warning never ends an order."""

_ENDING = frozenset({Action.REJECT_ORDER, Action.CONFIRM_CANCEL, Action.FAIL_REQUEST, Action.STOP})

_ADVICE = {
    Action.IGNORE: "nothing to do",
    Action.LOG: "nothing to do: it only informs, and what it names goes on",
    Action.KEEP_ORDER: "nothing to do for the order to live; follow its status",
}

_CLASSES: tuple[tuple[Scope | None, Category | None, Action | None, type[IbwireError]], ...] = (
    (Scope.ORDER, Category.READ_ONLY, None, ex.OrderRejectedReadOnly),
    (Scope.ORDER, Category.DUPLICATE_ID, None, ex.DuplicateOrderId),
    (Scope.ORDER, Category.ORDER_UNKNOWN, None, ex.OrderNotFound),
    (None, None, Action.CONFIRM_CANCEL, ex.OrderCancelled),
    (None, None, Action.REJECT_ORDER, ex.OrderRejected),
    (Scope.ORDER, None, Action.RECONCILE, ex.OrderUnconfirmed),
    (Scope.CLIENT, None, Action.RECONCILE, ex.OrderUnconfirmed),
    (Scope.ORDER, None, None, OrderError),
    (None, None, Action.RESUBSCRIBE, ex.SubscriptionEnded),
    (None, None, Action.RECONNECT_NEW_CLIENT_ID, ex.ClientIdInUse),
    (None, Category.UNSUPPORTED_VERSION, Action.STOP, ex.UnsupportedClientVersion),
    (None, Category.UNSUPPORTED_VERSION, None, ex.UnsupportedServerVersion),
    (None, None, Action.RECONNECT, ex.ConnectionLost),
    (None, Category.NOT_CONNECTED, None, ex.NotConnected),
    (None, Category.CONNECTIVITY_LOST, None, ex.GatewayOffline),
    (None, Category.FARM_DOWN, None, ex.DataFarmDown),
    (None, Category.NO_SECURITY, None, ex.NoSecurityDefinition),
    (None, Category.AMBIGUOUS, None, ex.AmbiguousContract),
    (None, Category.INVALID_REQUEST, None, ex.InvalidRequest),
    (None, Category.NO_PERMISSION, None, ex.NoPermission),
    (None, Category.DELAYED_DATA, None, ex.NoMarketDataPermission),
    (None, Category.NO_DATA, None, ex.NoData),
    (None, Category.PACING, None, ex.PacingViolation),
    (None, Category.RATE, Action.SLOW_DOWN, ex.PacingViolation),
    (None, Category.RATE, None, ex.SubscriptionLimitReached),
    (None, Category.DUPLICATE_ID, None, ex.DuplicateRequest),
    (None, Category.COMPETING_SESSION, None, ex.CompetingSession),
    (None, Category.READ_ONLY, None, ex.ReadOnlyApi),
    (None, Category.SERVER_ERROR, None, ex.ServerError),
    (None, None, None, ex.RequestFailed),
)
"""Scope, category and action (None: any) to exception class; the first row that fits holds."""


class ErrorRule(Struct, frozen=True, kw_only=True):
    """One row of the table.

    `text_contains` limits it to texts that contain this, in any case; empty is the code's general row. `raises`,
    `retryable` and `hint` are set where they differ from what the other columns and the exception class say: read
    `exception_class`, `is_retryable` and `advice` instead. `sources` says where the row was read.
    """

    code: int
    text_contains: str = ""
    scope: Scope
    category: Category
    action: Action
    meaning: str
    raises: type[IbwireError] | None = None
    retryable: bool | None = None
    hint: str = ""
    sources: str = ""
    is_known: bool = True

    @property
    def exception_class(self) -> type[IbwireError]:
        """What a request or an order that ends by this raises."""
        if self.raises is not None:
            return self.raises
        key = (self.scope, self.category, self.action)
        return next(
            kind
            for *row, kind in _CLASSES
            if all(want is None or want is got for want, got in zip(row, key, strict=True))
        )

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may succeed later."""
        return self.exception_class.retryable if self.retryable is None else self.retryable

    @property
    def advice(self) -> str:
        """What a person can do about it."""
        return self.hint or _ADVICE.get(self.action) or self.exception_class.hint


class ErrorTable:
    """Codes and texts to rules, and what follows from them. Used from one thread only."""

    def __init__(self, rules: Iterable[ErrorRule] = ()) -> None:
        """Of several rules for a code, the first whose text fits holds. Raises ConfigurationError as `extend` does."""
        self._rows: dict[int, list[tuple[str, ErrorRule]]] = {}
        self._logged: set[int] = set()
        self.extend(reversed(tuple(rules)))

    def __contains__(self, code: object) -> bool:
        return code in self._rows

    def copy(self) -> ErrorTable:
        """A table with the same rules, to be changed on its own."""
        return ErrorTable(self.rules())

    def rules(self) -> Iterator[ErrorRule]:
        """All rules, by code, and within a code in the order in which they are tried."""
        for code in sorted(self._rows):
            yield from self.rules_of(code)

    def rules_of(self, code: int) -> tuple[ErrorRule, ...]:
        """The rules of one code in the order in which they are tried; none if it is unknown."""
        return tuple(rule for _, rule in self._rows.get(code, ()))

    def find(self, code: int, text: str = "") -> ErrorRule | None:
        """The rule for a code with this text, or None."""
        text = text.casefold()
        return next((rule for needle, rule in self._rows.get(code, ()) if needle in text), None)

    def rule_for(self, code: int, text: str = "") -> ErrorRule:
        """The rule for a code with this text; for an unknown code a careful one, which is logged the first time."""
        rule = self.find(code, text)
        if rule is None:
            rule = unknown_rule(code)
            self._log_once(rule)
        return rule

    def override(self, rule: ErrorRule) -> None:
        """Add a rule, in front of the code's others and in place of one with the same text; a general one stays last.

        Raises ConfigurationError saying what is wrong with it.
        """
        self.extend((rule,))

    def extend(self, rules: Iterable[ErrorRule]) -> None:
        """Add rules one after the other, later ones first in line.

        Raises ConfigurationError naming everything that is wrong with any of them; then none is added.
        """
        rules = tuple(rules)
        problems = [problem for rule in rules for problem in _problems(rule)]
        if problems:
            raise ConfigurationError("; ".join(problems))
        for rule in rules:
            self._put(rule)

    def ends_request(self, code: int, text: str = "", *, is_stream: bool = False) -> bool:
        """Whether the request that a code names is over by it (the table in this module's docstring)."""
        rule = self.rule_for(code, text)
        goes_on = _KEEPS_STREAM if is_stream else _GOES_ON
        return rule.scope is not Scope.SYSTEM and rule.action not in goes_on

    def order_verdict(self, code: int, text: str = "", *, is_working: bool) -> OrderVerdict:
        """What a code says about the order that it names (the table in this module's docstring).

        `is_working`: the gateway has acknowledged the order, and it has not ended.
        """
        rule = self.rule_for(code, text)
        if rule.scope is Scope.SYSTEM or rule.action in _KEEPS_ORDER:
            return OrderVerdict.KEEP
        if rule.action is Action.CONFIRM_CANCEL:
            return OrderVerdict.CANCELLED
        if rule.action is Action.REJECT_ORDER and (not is_working or self._always_cancels(code)):
            return OrderVerdict.REJECTED
        if rule.action in (Action.FAIL_REQUEST, Action.STOP) and rule.category in REFUSALS and not is_working:
            return OrderVerdict.REJECTED
        return OrderVerdict.RECONCILE

    def ends_order(self, code: int, text: str = "", *, is_working: bool) -> bool:
        """Whether the order that a code names is over by it: never by a warning, a doubt or an unknown code."""
        return self.order_verdict(code, text, is_working=is_working) in (OrderVerdict.REJECTED, OrderVerdict.CANCELLED)

    def exception_for(self, code: int, text: str = "", *, request: str | None = None) -> IbwireError:
        """The exception for a request that a code ended; `text` is IBKR's, `request` says what was asked.

        Raise it `from` what it follows from, if there is such a thing.
        """
        rule = self.rule_for(code, text)
        return _made(rule.exception_class, rule, text, request)

    def order_exception_for(
        self, code: int, text: str = "", *, is_working: bool, request: str | None = None
    ) -> OrderError:
        """The exception for an order, or a change of one, that a code was the answer to; always an OrderError.

        The class fits `order_verdict`: so 321 is OrderRejected for a new order, OrderChangeRefused for a working one.
        """
        rule = self.rule_for(code, text)
        kind = _order_class(rule, self.order_verdict(code, text, is_working=is_working))
        if kind is ex.OrderUnconfirmed and kind is not rule.exception_class:
            rule = replace(rule, retryable=None, hint="")  # in doubt the advice is always the same: do not send again
        return _made(kind, rule, text, request)

    def _always_cancels(self, code: int) -> bool:
        general = self.find(code)
        return general is not None and general.action is Action.CONFIRM_CANCEL

    def _put(self, rule: ErrorRule) -> None:
        needle = rule.text_contains.casefold()
        others = [row for row in self._rows.get(rule.code, ()) if row[0] != needle]
        place = 0 if needle else len(others)
        others.insert(place, (needle, replace(rule, is_known=True)))
        self._rows[rule.code] = others

    def _log_once(self, rule: ErrorRule) -> None:
        if rule.code not in self._logged and len(self._logged) < _MAX_LOGGED:
            self._logged.add(rule.code)
            _log.warning("IBKR's error code %d is not in the table; taken as %s: %s", rule.code, rule.action, rule.hint)


def unknown_rule(code: int) -> ErrorRule:
    """How a code that no table knows is taken: it fails a request that it names, if it is no warning, and no order."""
    is_warning = code in WARNING_CODES
    return ErrorRule(
        code=code,
        scope=Scope.REQUEST,
        category=Category.WARNING if is_warning else Category.UNKNOWN,
        action=Action.LOG if is_warning else Action.FAIL_REQUEST,
        meaning=f"Not known to ibwire{': one of the numbers that IBKR keeps for warnings' if is_warning else ''}",
        hint="read IBKR's text; teach ibwire the code with ERROR_TABLE.override (docs/error-codes.md)",
        is_known=False,
    )


def rules_from_tsv(text: str) -> list[ErrorRule]:
    """Read rules from the text of a table file (`COLUMNS`); `raises` names a class of `ibwire.exceptions`.

    Raises ConfigurationError naming the line that can't be read.
    """
    lines = text.splitlines()
    if not lines or tuple(lines[0].split("\t")) != COLUMNS:
        raise ConfigurationError(f"line 1: the columns must be {', '.join(COLUMNS)}, separated by tabs")
    rules = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            rules.append(_rule_from(dict(zip(COLUMNS, line.split("\t"), strict=True))))
        except (ValueError, AttributeError, KeyError) as error:
            raise ConfigurationError(f"line {number}: {error}") from error
    return rules


def _rule_from(cells: dict[str, str]) -> ErrorRule:
    return ErrorRule(
        code=int(cells["code"]),
        text_contains=cells["text_contains"],
        scope=Scope(cells["scope"]),
        category=Category(cells["category"]),
        action=Action(cells["action"]),
        raises=getattr(ex, cells["raises"]) if cells["raises"] else None,
        retryable={"": None, "yes": True, "no": False}[cells["retryable"]],
        hint=cells["hint"],
        meaning=cells["meaning"],
        sources=cells["sources"],
    )


def _problems(rule: ErrorRule) -> list[str]:
    """What is wrong with a rule; records are not checked when they are made."""
    if not isinstance(rule, ErrorRule):
        return [f"{rule!r} is no ErrorRule"]
    problems = []
    if not isinstance(rule.code, int) or isinstance(rule.code, bool) or rule.code <= 0:
        problems.append("a code is a positive whole number")
    if not isinstance(rule.text_contains, str) or rule.text_contains != rule.text_contains.strip():
        problems.append("text_contains is text without spaces around it, or empty")
    for kind, value in ((Scope, rule.scope), (Category, rule.category), (Action, rule.action)):
        if not isinstance(value, kind):
            problems.append(f"{value!r} is no {kind.__name__}; there are {', '.join(kind)}")
    if not rule.meaning:
        problems.append("it must say what the code means")
    if rule.category in _CALMING and rule.action in _ENDING:
        problems.append(f"category {rule.category} can't have action {rule.action}: a warning never ends anything")
    if rule.scope is Scope.SYSTEM and rule.action in _ENDING:
        problems.append(f"a system notice can't have action {rule.action}: it is about no request and no order")
    if rule.raises is not None and not _can_be_raised(rule.raises):
        problems.append(f"{rule.raises!r} is no IbwireError that takes message, code, request, retryable and hint")
    return [f"rule for code {rule.code!r}: {problem}" for problem in problems]


def _can_be_raised(kind: object) -> bool:
    if not (isinstance(kind, type) and issubclass(kind, IbwireError)):
        return False
    try:
        kind("text", code=1, request="request", retryable=False, hint="hint")
    except TypeError:
        return False
    return True


def _order_class(rule: ErrorRule, verdict: OrderVerdict) -> type[OrderError]:
    kind = rule.exception_class
    stated = kind if issubclass(kind, OrderError) else None
    match verdict:
        case OrderVerdict.CANCELLED:
            return stated or ex.OrderCancelled
        case OrderVerdict.REJECTED if stated is None and rule.category is Category.READ_ONLY:
            return ex.OrderRejectedReadOnly
        case OrderVerdict.REJECTED:
            return stated or ex.OrderRejected
        case OrderVerdict.KEEP:
            return stated or OrderError
    if stated is None:
        return ex.OrderChangeRefused if rule.category in REFUSALS else ex.OrderUnconfirmed
    # The order works: what was refused is its last change.
    return ex.OrderChangeRefused if issubclass(stated, ex.OrderRejected) else stated


def _made(kind: type[_E], rule: ErrorRule, text: str, request: str | None) -> _E:
    hint = rule.hint or kind.hint
    return kind(text or rule.meaning, code=rule.code, request=request, retryable=rule.retryable, hint=hint)


class _ShippedTable(ErrorTable):
    """The rules of error_codes.tsv, read when the first code is looked up: not everybody who imports this has one."""

    @cached_property
    def _rows(self) -> dict[int, list[tuple[str, ErrorRule]]]:  # type: ignore[override]  # as long as nobody looks
        # `importlib.resources` would do the same, and takes longer to import than all this takes.
        table = ErrorTable(rules_from_tsv((get_data("ibwire", "error_codes.tsv") or b"").decode()))
        return table._rows  # noqa: SLF001 - of its own kind

    def __init__(self) -> None:
        self._logged = set()


ERROR_TABLE: ErrorTable = _ShippedTable()
"""The table that ibwire uses."""
