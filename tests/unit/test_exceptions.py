"""The tree of exceptions: drawn as it is, and each with something that a person can do."""

from __future__ import annotations

import pickle
import re

import pytest

from ibwire import exceptions
from ibwire.exceptions import (
    ConnectionFailed,
    ConnectionLost,
    IbwireError,
    InvalidRequest,
    LiveTradingDisabled,
    OrderError,
    OrderLimitExceeded,
    OrderRejected,
    OrderRejectedReadOnly,
    OrderUnconfirmed,
    PacingViolation,
    RateLimitError,
    RateLimitQueueFull,
    RateLimitTimeout,
    ReadOnlyApi,
    RequestCancelled,
    RequestError,
    RequestFailed,
    RequestTimeout,
)

CLASSES = [
    kind for kind in vars(exceptions).values() if isinstance(kind, type) and kind.__module__ == "ibwire.exceptions"
]


def drawn() -> dict[str, str]:
    """Class to parent, as the module's docstring draws them."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (exceptions.__doc__ or "").splitlines():
        found = re.match(r"    ([│├└─ ]*)(\w+)", line)
        if found and (found[1] or found[2] == "IbwireError"):
            depth = len(found[1]) // 4
            path = [*path[:depth], found[2]]
            if depth:
                parents[found[2]] = path[depth - 1]
    return parents


def test_every_exception_is_drawn_in_the_tree_below_its_parent() -> None:
    real = {kind.__name__: kind.__bases__[0].__name__ for kind in CLASSES if kind is not IbwireError}
    assert drawn() == real


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind is not IbwireError])
def test_every_exception_says_what_a_person_can_do(kind: type[IbwireError]) -> None:
    assert kind.hint
    assert kind.__doc__
    assert str(kind("what happened")) == f"what happened; hint: {kind.hint}"


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind.__init__ is IbwireError.__init__])
def test_every_exception_carries_code_message_request_and_can_be_told_otherwise(kind: type[IbwireError]) -> None:
    error = kind("IBKR's words", code=1, request="request", retryable=not kind.retryable, hint="do this")
    assert str(error) == "[1] IBKR's words; request: request; hint: do this"
    assert (error.message, error.code, error.request) == ("IBKR's words", 1, "request")
    assert error.retryable is not kind.retryable


@pytest.mark.parametrize("kind", CLASSES)
def test_every_exception_survives_pickling(kind: type[IbwireError]) -> None:
    error = kind("text")
    error.code, error.request = 200, "request"
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (str(copy), vars(copy)) == (str(error), vars(error))


@pytest.mark.parametrize(
    ("kind", "caught_as"),
    [
        (OrderRejectedReadOnly, OrderRejected),
        (OrderRejectedReadOnly, ReadOnlyApi),
        (ReadOnlyApi, RequestFailed),
        (InvalidRequest, RequestFailed),
        (InvalidRequest, ValueError),
        (RequestTimeout, RequestError),
        (RequestCancelled, RequestError),
        (RateLimitQueueFull, RateLimitError),
        (LiveTradingDisabled, OrderError),
    ],
)
def test_a_handler_of_the_wider_class_catches_the_narrower(kind: type[Exception], caught_as: type[Exception]) -> None:
    with pytest.raises(caught_as):
        raise kind("text")


@pytest.mark.parametrize("kind", [OrderError, OrderRejected, OrderUnconfirmed, LiveTradingDisabled, OrderLimitExceeded])
def test_no_order_is_retryable_by_default(kind: type[IbwireError]) -> None:
    assert not kind.retryable


@pytest.mark.parametrize(
    "kind", [ConnectionLost, PacingViolation, RateLimitQueueFull, RateLimitTimeout, RequestTimeout]
)
def test_what_passes_by_waiting_is_retryable(kind: type[IbwireError]) -> None:
    assert kind.retryable


def test_order_errors_are_neither_request_nor_connection_errors() -> None:
    assert not issubclass(OrderError, (RequestError, ConnectionFailed))
