"""What can happen, as a closed list of types, and the record that says it happened.

Knows names and small payloads; does not know who emits an event or who listens. Import these from `ibwire.events`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum, auto
from typing import Any

import msgspec

utc_now: Callable[[], datetime] = functools.partial(datetime.now, UTC)
"""The wall clock: aware UTC."""


class EventType(StrEnum):
    """Everything an event can be about; the value is the name in lower case, as logs and JSON show it."""

    # The connection and what recovers it
    CONNECTION_ESTABLISHED = auto()
    CONNECTION_LOST = auto()
    CONNECTION_STATE_CHANGED = auto()
    CONNECTION_RECOVERED = auto()
    RECONNECTING = auto()

    # What the gateway says of itself
    GATEWAY_CONNECTIVITY_LOST = auto()
    GATEWAY_CONNECTIVITY_RESTORED = auto()
    FARM_DOWN = auto()
    FARM_UP = auto()

    # Streams of data
    STREAM_GAP = auto()
    STREAM_RESUMED = auto()
    STREAM_STALE = auto()

    # Orders
    ORDER_SUBMITTED = auto()
    ORDER_STATUS = auto()
    ORDER_PARTIALLY_FILLED = auto()
    ORDER_FILLED = auto()
    ORDER_CANCELLED = auto()
    ORDER_REJECTED = auto()
    ORDER_UNCONFIRMED = auto()
    DUPLICATE_ORDER = auto()
    EXECUTION = auto()
    COMMISSION = auto()
    TRADING_HALTED = auto()
    TRADING_RESUMED = auto()

    # Market data: see HIGH_RATE
    QUOTE = auto()
    TICK = auto()
    BAR = auto()

    # The account
    POSITION = auto()
    PORTFOLIO = auto()
    ACCOUNT_VALUE = auto()
    ACCOUNT_PNL = auto()
    POSITION_PNL = auto()

    # Pacing
    THROTTLED = auto()
    PACING_VIOLATION = auto()

    # What ib_async's API tells (the extra): see HIGH_RATE
    IB_ASYNC = auto()

    # Trouble
    WARNING = auto()
    ERROR = auto()
    HANDLER_FAILED = auto()


HIGH_RATE = frozenset({EventType.QUOTE, EventType.TICK, EventType.BAR, EventType.IB_ASYNC})
"""Market data. Kept in no history unless asked for, and emitted only after `EventManager.has_subscribers` said yes."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened.

    `time` is aware UTC; `sequence` rises with every event of its manager (and so orders events of the same instant);
    `data` is a frozen record whose class follows from `type`, or None.
    """

    type: EventType
    time: datetime
    sequence: int
    data: Any = None


class IbAsyncEvent(msgspec.Struct, frozen=True):
    """IB_ASYNC: an event of ib_async's `IB` by its name (`orderStatusEvent` …), and what it was emitted with."""

    name: str
    args: tuple[Any, ...] = ()


class StateChange(msgspec.Struct, frozen=True, kw_only=True):
    """CONNECTION_STATE_CHANGED: from which state to which, by their names, and why in plain words."""

    old: str
    new: str
    reason: str = ""


class LinkLoss(msgspec.Struct, frozen=True, kw_only=True):
    """CONNECTION_LOST: why, and how many requests and streams were under way."""

    reason: str
    under_way: int


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """CONNECTION_ESTABLISHED: what the gateway said when the session opened."""

    server_version: int
    accounts: tuple[str, ...]
    client_id: int


class Reconnecting(msgspec.Struct, frozen=True, kw_only=True):
    """RECONNECTING: the next attempt, counted from 1, comes in `pause_s` seconds; the last ended with `error`.

    `is_planned`: a restart window of the settings is on, so this is nothing to worry about.
    """

    attempt: int
    pause_s: float
    down_s: float
    error: str
    is_planned: bool


class RecoveryStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a recovery: what was recovered, how long it took, and the error if it failed."""

    name: str
    took_s: float
    recovered: int = 0
    error: str = ""


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """CONNECTION_RECOVERED: the link is back after `down_s` seconds, and all that was to be recovered took `took_s`."""

    down_s: float
    took_s: float
    steps: tuple[RecoveryStep, ...]


class ClockSkew(msgspec.Struct, frozen=True, kw_only=True):
    """WARNING: the gateway's clock is ahead of ours by `offset_s` (negative: behind), give or take `uncertain_s`."""

    offset_s: float
    uncertain_s: float


class Connectivity(msgspec.Struct, frozen=True, kw_only=True):
    """GATEWAY_CONNECTIVITY_LOST and _RESTORED: the gateway's own link to IBKR, with IBKR's code and text.

    `is_data_lost`: every subscription has to be made again (1101).
    """

    code: int
    text: str
    is_data_lost: bool = False


class Farm(msgspec.Struct, frozen=True, kw_only=True):
    """FARM_DOWN and FARM_UP: a farm of IBKR's data servers, with IBKR's code and text, which names it."""

    name: str
    code: int
    text: str


class StreamGap(msgspec.Struct, frozen=True, kw_only=True):
    """STREAM_GAP: a stream's consumer was told of a gap; `request` is what is streamed, `since` aware UTC."""

    request: str
    since: datetime
    reason: str
    detail: str


class StreamResumed(msgspec.Struct, frozen=True, kw_only=True):
    """STREAM_RESUMED: data comes again, after `gap_s` seconds."""

    request: str
    reason: str
    gap_s: float


class StreamStale(msgspec.Struct, frozen=True, kw_only=True):
    """STREAM_STALE: silent for `silent_s` seconds while others tick; it is asked for again, once."""

    request: str
    silent_s: float


class Throttling(msgspec.Struct, frozen=True, kw_only=True):
    """THROTTLED: a message has to wait for the pacing rule named, for about `wait_s` seconds."""

    rule: str
    lane: str
    wait_s: float
    waiting: int
    """How many messages wait, this one included."""


class HandlerFailure(msgspec.Struct, frozen=True, kw_only=True):
    """HANDLER_FAILED: a subscriber's handler or predicate raised on an event; the others got it all the same.

    `error` is text, not the exception, whose traceback would keep the handler's variables alive in the history.
    """

    subscription: str
    event_type: EventType
    event_sequence: int
    error: str


class SlowHandler(msgspec.Struct, frozen=True, kw_only=True):
    """WARNING: a call of a handler took longer than the bound; told once a call.

    A sync handler, or an async one that blocks, held up the event loop for `elapsed_s` seconds. An async handler that
    waits (`is_running`: it still does) holds up only its own queue.
    """

    subscription: str
    event_type: EventType
    event_sequence: int
    elapsed_s: float
    is_running: bool


class EventsDropped(msgspec.Struct, frozen=True, kw_only=True):
    """WARNING: a subscriber's queue is full and loses events; told once until it has been empty again.

    `dropped` counts what the subscriber has lost so far, `bound` is the length of its queue.
    """

    subscription: str
    dropped: int
    bound: int


class MessageLost(msgspec.Struct, frozen=True, kw_only=True):
    """WARNING: a message of the gateway could not be taken, by a mistake of ibwire's or of a service on it: the session
    goes on without it. A request whose answer it was a part of fails."""

    message: str
    error: str


class CacheTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """WARNING: a file of kept answers could not be used, and what was done about it; they are asked for anew."""

    path: str
    problem: str
    remedy: str
