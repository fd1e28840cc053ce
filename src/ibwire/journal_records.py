"""What the journal says of an order: one record for each thing that we did, were told, or found out.

A record holds the very frames that were sent or received, so an order can be followed anew from its records, by feeding
them to `order_state` again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ibwire.exceptions import JournalCorrupt, ProtocolError
from ibwire.order_changes import OrderKey
from ibwire.order_state import TrackedOrder
from ibwire.order_wire import order_from_wire
from ibwire.wire import Message, encode
from ibwire.wire import messages as m
from ibwire.wire.codec import CLIENT_MESSAGES, SERVER_MESSAGES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    """What a record tells of."""

    INTENT = "intent"  # an order is to be placed; nothing has left
    QUEUED = "queued"  # it waits for the session to be connected again, and has no order id while it does
    NUMBERED = "numbered"  # it waits no more, and leaves under this order id
    SENT = "sent"  # its bytes have left; with a request those of a change or a cancel
    NOT_SENT = "not_sent"  # they never will, and that is certain; `detail` says why
    CHANGE = "change"  # new terms are to be sent
    CANCEL = "cancel"  # a cancel is to be sent; `detail` if it is of a second order, of which no more is said
    OPEN_ORDER = "open_order"
    ORDER_STATUS = "order_status"
    EXECUTION = "execution"
    COMMISSION = "commission"
    ERROR = "error"
    COMPLETED = "completed"
    RECONCILED = "reconciled"  # found among the open orders, when they were asked for
    NOT_FOUND = "not_found"  # found nowhere; `detail` says where it was looked for
    ENDED = "ended"  # nothing more is expected; `detail` is the state
    FLAG = "flag"  # of no order, such as that trading was halted; `detail` is "name=value"


OURS = frozenset({Kind.INTENT, Kind.QUEUED, Kind.NUMBERED, Kind.SENT, Kind.NOT_SENT, Kind.CHANGE, Kind.CANCEL})
"""Records whose frames a client sends; those of all others come from a gateway."""

TAKES_ID = frozenset({Kind.INTENT, Kind.NUMBERED})
"""Records that give an order its id, which no order of its client had before."""

KIND_OF: Mapping[type[Message], Kind] = {
    m.OpenOrder: Kind.OPEN_ORDER,
    m.OrderStatus: Kind.ORDER_STATUS,
    m.ExecutionDetails: Kind.EXECUTION,
    m.CommissionAndFeesReport: Kind.COMMISSION,
    m.ErrorMessage: Kind.ERROR,
    m.CompletedOrder: Kind.COMPLETED,
}
"""The record of each message that a gateway says of an order."""


def micros(at: datetime) -> int:
    """An aware time in microseconds since 1970."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class Entry(Struct, frozen=True, kw_only=True):
    """A record to be written. `client_ref` is the reference of the order as text; `at` is aware."""

    kind: Kind
    at: datetime
    client_ref: str
    client_id: int
    order_id: int
    detail: str = ""
    frames: bytes = b""

    @property
    def at_us(self) -> int:
        """The time in microseconds since 1970."""
        return micros(self.at)


class Record(Struct, frozen=True, kw_only=True):
    """A record as the journal has it; `sequence` counts from 1 without gaps, `checksum` is over it and all before."""

    sequence: int
    entry: Entry
    checksum: int

    @property
    def messages(self) -> tuple[Message, ...]:
        """What was sent or received. Raises JournalCorrupt if the frames are none."""
        try:
            return tuple(_decoded(self.entry.frames, is_ours=self.entry.kind in OURS))
        except (KeyError, ProtocolError, ValueError) as error:
            raise JournalCorrupt(f"record {self.sequence} holds no message that can be read: {error}") from error

    def as_dict(self) -> dict[str, Any]:
        """The record as plain data that JSON can hold."""
        entry = self.entry
        return {
            "sequence": self.sequence,
            "at": entry.at.isoformat(),
            "kind": str(entry.kind),
            "client_ref": entry.client_ref,
            "client_id": entry.client_id,
            "order_id": entry.order_id,
            "detail": entry.detail,
            "messages": [{type(one).__name__: _said(one)} for one in self.messages],
        }


def entry(kind: Kind, at: datetime, key: OrderKey, *messages: Message, detail: str = "") -> Entry:
    """A record about the order with these names, with what was sent or received."""
    return Entry(
        kind=kind,
        at=at,
        client_ref=key.client_ref or "",
        client_id=key.client_id,
        order_id=key.order_id,
        detail=detail,
        frames=b"".join(map(encode, messages)),
    )


def heard(message: Message, at: datetime, key: OrderKey) -> Entry:
    """The record of what a gateway said of an order."""
    return entry(KIND_OF[type(message)], at, key, message)


def flag(name: str, value: str, at: datetime, client_id: int) -> Entry:
    """The record of something that is of no order, such as that trading was halted (which the halt mark decides)."""
    return Entry(kind=Kind.FLAG, at=at, client_ref="", client_id=client_id, order_id=0, detail=f"{name}={value}")


def entry_from_row(row: tuple[Any, ...]) -> Entry:
    """A record from the journal's columns between `sequence` and `checksum`."""
    at_us, kind, client_ref, client_id, order_id, detail, frames = row
    at = _EPOCH + timedelta(microseconds=at_us)
    return Entry(
        kind=Kind(kind),
        at=at,
        client_ref=client_ref,
        client_id=client_id,
        order_id=order_id,
        detail=detail,
        frames=bytes(frames),
    )


def replay(records: Iterable[Record]) -> TrackedOrder | None:
    """The order as it stands by its records, which begin with its intent; None without one. Order id 0: it waits.

    What was written and perhaps never sent (the process ended in between) is taken as sent: so nobody sends it again
    without asking the gateway.
    """
    records = list(records)
    open_ = _without_fate(records)
    order: TrackedOrder | None = None
    for record in records:
        if order is None and record.entry.kind in (Kind.INTENT, Kind.QUEUED):
            order = _begun(record)
        elif order is not None:
            _repeat(order, record)
    for record in open_:
        if order is not None:
            _sent(order, record)
    return order


def perhaps_sent(records: Iterable[Record], at: datetime) -> list[Entry]:
    """Records that say when changes and cancels are taken to have left, of which a process that ended did not know.

    Who goes on with an order writes them first: what `replay` takes to have happened last is then in its place.
    """
    detail = "perhaps: the process ended before it knew"
    return [replace(one.entry, kind=Kind.SENT, at=at, detail=detail) for one in _without_fate(list(records))]


def _without_fate(records: Sequence[Record]) -> list[Record]:
    """The changes and cancels of which nothing says whether they have left, unless the order has ended since."""
    asked: list[Record] = []
    for record in records:
        match record.entry.kind:
            case Kind.CHANGE | Kind.CANCEL if not record.entry.detail:  # else it is of a second order
                asked.append(record)
            case Kind.SENT | Kind.NOT_SENT if record.entry.frames:
                same = [one for one in asked if one.entry.frames == record.entry.frames]
                if same:
                    asked.remove(same[-1])
            case Kind.ENDED:
                asked.clear()
    return asked


def _begun(record: Record) -> TrackedOrder:
    (request,) = record.messages
    assert isinstance(request, m.PlaceOrderRequest)
    contract = request.contract or m.Contract()
    order = order_from_wire(request.order or m.Order(), request.attached_orders, contract)
    entry = record.entry
    key = OrderKey(client_ref=entry.client_ref, client_id=entry.client_id, order_id=entry.order_id)
    return TrackedOrder(key, contract, order)


def _repeat(order: TrackedOrder, record: Record) -> None:
    messages = record.messages
    match record.entry.kind:
        case Kind.QUEUED | Kind.NUMBERED:
            order.key = replace(order.key, order_id=record.entry.order_id)
        case Kind.SENT:
            _sent(order, record)
        case Kind.NOT_SENT if not messages:
            # One that ended while it was being numbered has never had that number.
            order.key = replace(order.key, order_id=record.entry.order_id)
            order.not_sent(record.entry.detail)
        case Kind.NOT_SENT | Kind.CHANGE | Kind.CANCEL:
            pass  # what has left, a record of its own says
        case Kind.RECONCILED:
            told, *status = messages
            assert isinstance(told, m.OpenOrder)
            order.reconciled(told, *(one for one in status if isinstance(one, m.OrderStatus)))
        case Kind.NOT_FOUND:
            order.not_found(record.entry.detail)
        case _:
            for message in messages:
                order.feed(message)


def _sent(order: TrackedOrder, record: Record) -> None:
    """The bytes of the order, of a change or of a cancel have left."""
    match record.messages:
        case (m.PlaceOrderRequest() as request,):
            order.change_sent(order_from_wire(request.order or m.Order(), request.attached_orders, request.contract))
        case (m.CancelOrderRequest(),):
            order.cancel_sent()
        case _:
            order.sent()


def _decoded(frames: bytes, *, is_ours: bool) -> Iterable[Message]:
    table = CLIENT_MESSAGES if is_ours else SERVER_MESSAGES
    while frames:
        end = 4 + int.from_bytes(frames[:4], "big")
        if end < 8 or end > len(frames):
            raise ProtocolError(f"a frame of {end - 4} bytes in {len(frames) - 4}")
        parse, convert, parsed, has = table[int.from_bytes(frames[4:8], "big")].parser()
        try:
            parse(frames[8:end])
        except Exception as error:
            raise ProtocolError(str(error)) from error
        yield convert(parsed, has)
        frames = frames[end:]


def _said(message: Message) -> dict[str, Any]:
    """A message as plain data, without what is not set."""
    plain = msgspec.to_builtins(message)
    return {name: value for name, value in plain.items() if value not in (None, {}, [], ())}
