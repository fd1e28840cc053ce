"""The points at which a trading process can be made to die, by name: between validation, journal, write, ack and fill.

Nothing of this is in `src`: the process wraps the few seams that an order passes, and kills itself with SIGKILL at the
n-th passage of the point it was given.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import wraps
from typing import Any

from msgspec import Struct

from ibwire import journal_file
from ibwire.connection import ConnectionManager
from ibwire.journal import Journal
from ibwire.journal_file import JournalFile
from ibwire.journal_mark import MarkFile
from ibwire.journal_records import Entry, Kind
from ibwire.session import IBSession
from ibwire.tracked_orders import NEWS, TrackedOrders
from ibwire.wire import Message, encode
from ibwire.wire import messages as m

QUESTIONS = (m.ExecutionRequest, m.OpenOrdersRequest, m.CompletedOrdersRequest)
"""What a reconciliation asks."""

ASKED = (Kind.INTENT, Kind.CHANGE, Kind.NUMBERED)
"""What is written before something is sent. A cancel is written meanwhile."""

WITHOUT_LINK = (Kind.QUEUED, Kind.NUMBERED)
"""What is written of orders that wait for a link: it has to fall first."""

WHOLE_LIFE = tuple(kind for kind in Kind if kind not in (Kind.FLAG, Kind.QUEUED, Kind.CANCEL, *ASKED))

TO_THE_DISK = (
    *("is valid", "goes to the disk", "is in the transaction", "is committed", "is marked"),
    "is known to be on the disk",
)
TO_THE_GATEWAY = ("is about to be written", "is half written", "is written")


class Point(Struct, frozen=True, kw_only=True):
    """A point, and what makes sure that it is passed.

    `is_beginning`: only by a process that finds no journal. `after`: the point where the process before it dies.
    `ends_while_down`: orders have to end while no process is there. `loses_link`: the link has to fall while the
    process trades. `is_often`: it is passed many times a second.
    """

    name: str
    is_beginning: bool = False
    after: str = ""
    ends_while_down: bool = False
    loses_link: bool = False
    is_often: bool = False


def _points() -> tuple[Point, ...]:
    found = [Point(name=name, is_beginning=True) for name in ("no journal yet", "an empty journal was made")]
    found.append(Point(name="the journal is open"))
    for what in ASKED:
        waits = what in WITHOUT_LINK
        steps = (*TO_THE_DISK, *TO_THE_GATEWAY)
        found += [Point(name=f"{what}: {step}", loses_link=waits, is_often=not waits) for step in steps]
    steps = (*TO_THE_DISK[:-1], *TO_THE_GATEWAY)
    found += [Point(name=f"{Kind.CANCEL}: {step}", is_often=True) for step in steps]
    found += [Point(name=f"{Kind.QUEUED}: {step}", loses_link=True) for step in TO_THE_DISK]
    for kind in WHOLE_LIFE:
        after, ends = "", kind is Kind.COMPLETED
        if kind is Kind.NOT_FOUND:
            after = "intent: is about to be written"
        elif kind is Kind.RECONCILED:
            after = "intent: is written"
        for step in ("is in the transaction", "is committed"):
            is_often = kind in (Kind.SENT, Kind.OPEN_ORDER, Kind.ORDER_STATUS, Kind.EXECUTION, Kind.COMMISSION)
            name = f"{kind}: {step}"
            found.append(Point(name=name, after=after, ends_while_down=ends, is_often=is_often))
    for news in NEWS:
        ends = news is m.CompletedOrder
        for step in ("came", "was taken"):
            found.append(Point(name=f"{news.__name__} {step}", ends_while_down=ends, is_often=not ends))
    found += [Point(name=f"{one.__name__} {step}") for one in QUESTIONS for step in ("is asked", "was answered")]
    return tuple(found)


POINTS = {point.name: point for point in _points()}
"""Every point, by its name."""


class Trap:
    """Ends its own process, as `kill -9` does, when a point is passed for the `nth` time; without a point, never."""

    def __init__(self, point: str = "", nth: int = 1) -> None:
        if point and point not in POINTS:
            raise ValueError(f"there is no point {point!r}")
        self._point = point
        self._left = nth

    def is_next(self, point: str) -> bool:
        """Whether the process ends when this point is passed now."""
        return point == self._point and self._left == 1

    def passes(self, point: str) -> None:
        """A point is passed."""
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def set_trap(trap: Trap) -> None:
    """Wrap the seams of this process. For good: the process is made to be killed."""
    _watch_opening(trap)
    _watch_file(trap)
    kinds = _watch_journal(trap)
    _watch_bytes(trap, kinds)
    _watch_news(trap)
    _watch_questions(trap)


def _watch_opening(trap: Trap) -> None:
    migrate, make = journal_file.migrate, Journal.__init__

    def migrated(*arguments: Any, **named: Any) -> None:
        trap.passes("no journal yet")
        migrate(*arguments, **named)
        trap.passes("an empty journal was made")

    @wraps(make)
    def made(self: Journal, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        trap.passes("the journal is open")

    journal_file.migrate = migrated
    Journal.__init__ = made  # type: ignore[method-assign]


def _watch_file(trap: Trap) -> None:
    """In the thread that writes: what one transaction holds passes together."""
    add, write, mark = JournalFile._add, JournalFile.write, MarkFile.write
    batch: list[Kind] = []

    def added(self: JournalFile, entry: Entry) -> Any:
        refused = add(self, entry)
        trap.passes(f"{entry.kind}: is in the transaction")
        return refused

    def written(self: JournalFile, entries: Any) -> Any:
        batch[:] = [entry.kind for entry in entries]
        for kind in batch:
            trap.passes(f"{kind}: goes to the disk")
        results = write(self, entries)
        for kind in batch:
            trap.passes(f"{kind}: is marked")
        return results

    def marked(self: MarkFile, sequence: int) -> None:
        for kind in batch:
            trap.passes(f"{kind}: is committed")
        mark(self, sequence)

    JournalFile._add = added  # type: ignore[method-assign]
    JournalFile.write = written  # type: ignore[method-assign]
    MarkFile.write = marked  # type: ignore[method-assign]


def _watch_journal(trap: Trap) -> dict[int, Kind]:
    """Which record was written last for each order id, as the dictionary that is returned says at any time."""
    write, note = Journal.write, Journal.note
    kinds: dict[int, Kind] = {}

    async def written(self: Journal, *entries: Entry) -> None:
        for entry in entries:
            kinds[entry.order_id] = entry.kind
            trap.passes(f"{entry.kind}: is valid")
        await write(self, *entries)
        for entry in entries:
            trap.passes(f"{entry.kind}: is known to be on the disk")

    def noted(self: Journal, *entries: Entry) -> None:
        for entry in entries:
            if entry.kind is Kind.CANCEL:
                trap.passes(f"{entry.kind}: is valid")
        note(self, *entries)

    Journal.write = written  # type: ignore[method-assign]
    Journal.note = noted  # type: ignore[method-assign]
    return kinds


def _watch_bytes(trap: Trap, kinds: dict[int, Kind]) -> None:
    send, write = ConnectionManager.send, ConnectionManager.write
    names: dict[bytes, Kind] = {}

    def sent(self: ConnectionManager, message: Message, frame: bytes | None = None) -> Any:
        if isinstance(message, m.PlaceOrderRequest | m.CancelOrderRequest):
            is_cancel = isinstance(message, m.CancelOrderRequest)
            names[encode(message)] = Kind.CANCEL if is_cancel else kinds.get(message.order_id or 0, Kind.INTENT)
        return send(self, message, frame)

    def written(self: ConnectionManager, frame: bytes) -> None:
        name = names.get(frame)
        if name is None:
            write(self, frame)
            return
        trap.passes(f"{name}: is about to be written")
        if trap.is_next(f"{name}: is half written"):
            write(self, frame[: len(frame) // 2])
        trap.passes(f"{name}: is half written")
        write(self, frame)
        trap.passes(f"{name}: is written")

    ConnectionManager.send = sent  # type: ignore[method-assign]
    ConnectionManager.write = written  # type: ignore[method-assign]


def _watch_news(trap: Trap) -> None:
    take = TrackedOrders.take

    def taken(self: TrackedOrders, message: Message) -> Any:
        is_notice = isinstance(message, m.ErrorMessage) and (message.id or 0) <= 0
        if not is_notice:
            trap.passes(f"{type(message).__name__} came")
        handle = take(self, message)
        if not is_notice:
            trap.passes(f"{type(message).__name__} was taken")
        return handle

    TrackedOrders.take = taken  # type: ignore[method-assign]


def _watch_questions(trap: Trap) -> None:
    request: Callable[..., Any] = IBSession.request

    async def asked(self: IBSession, message: Message, **named: Any) -> list[Message]:
        name = type(message).__name__ if isinstance(message, QUESTIONS) else ""
        trap.passes(f"{name} is asked")
        answers: list[Message] = await request(self, message, **named)
        trap.passes(f"{name} was answered")
        return answers

    IBSession.request = asked  # type: ignore[method-assign]
