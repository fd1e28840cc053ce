"""Holds a simulator's truth against a journal and what a process believes: what is wrong, as sentences.

Nothing is under way when this is asked: the market stands still, and the process has taken all that was told to it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from ibwire.client_refs import split_order_ref
from ibwire.journal_reader import JournalReader
from ibwire.journal_records import TAKES_ID, Kind
from ibwire.order_state import TrackedOrder
from ibwire.order_states import OrderState
from ibwire.simulator.state import GatewayState
from ibwire.simulator.state import OrderState as OrderThere
from tests.chaos.order_kills_child import Shown
from tests.helpers.trading_floor import ENDED_TEXTS


class Written(Struct, frozen=True):
    """What a journal says: its orders by reference, the references that were begun, and each id that was taken, in the
    order of writing."""

    orders: Mapping[str, TrackedOrder]
    begun: Set[str]
    ids: Sequence[int]
    changes: Mapping[int, int]
    mark: int
    problems: Sequence[str]


def read(path: Path, client_id: int) -> Written:
    """Everything that a journal says of the orders of a client, found by reading all of it."""
    reader = JournalReader(path)
    try:
        problems = reader.problems()  # what can be read and followed at all, the following lines find out
        records = [one for one in reader.records() if one.entry.client_id == client_id]
        orders = {order.key.client_ref or "": order for order in reader.orders()}
        mark = reader.marks().get(client_id, 0)
    finally:
        reader.close()
    changes = Counter(one.entry.order_id for one in records if one.entry.kind is Kind.CHANGE)
    begun = {one.entry.client_ref for one in records if one.entry.kind in (Kind.INTENT, Kind.QUEUED)}
    ids = [one.entry.order_id for one in records if one.entry.kind in TAKES_ID]
    return Written(orders, begun, ids, changes, mark, problems)


def wrongs(truth: GatewayState, written: Written, shown: Sequence[Shown], client_id: int) -> list[str]:
    """All that does not hold of what was promised; nothing if all is well."""
    there = [order for order in truth.orders if order.client_id == client_id]
    by_ref: defaultdict[str, list[OrderThere]] = defaultdict(list)
    for order in there:
        by_ref[str(split_order_ref(order.order_ref)[1])].append(order)
    return [
        *written.problems,
        *_doubled(by_ref),
        *_order_ids(truth, written, client_id),
        *(wrong for ref, (order, *_) in by_ref.items() for wrong in _booked(ref, order, truth, written)),
        *_ends(written, by_ref),
        *_believed(shown, written, by_ref),
        *_position(truth, written),
    ]


def _doubled(by_ref: Mapping[str, Sequence[OrderThere]]) -> Iterator[str]:
    for ref, orders in by_ref.items():
        if len(orders) > 1:
            yield f"{ref} has {len(orders)} orders: {', '.join(str(one.perm_id) for one in orders)}"


def _order_ids(truth: GatewayState, written: Written, client_id: int) -> Iterator[str]:
    ids = written.ids
    for before, after in pairwise(ids):
        if after <= before:
            yield f"order id {after} was used after {before}"
    for received in truth.orders_received:
        if received.client_id != client_id:
            continue
        if received.order_id not in ids:
            yield f"order {received.order_id} came to the gateway, and the journal has no intent of it"
        elif received.times_received > 1 + written.changes.get(received.order_id, 0):
            yield f"order {received.order_id} came {received.times_received} times"
    if written.mark < max(ids, default=0):
        yield f"the mark is {written.mark}, and {max(ids)} was used"


def _booked(ref: str, order: OrderThere, truth: GatewayState, written: Written) -> Iterator[str]:
    """Whether an order of the gateway's is in the journal as it is."""
    mine = written.orders.get(ref)
    if mine is None:
        yield f"the gateway has order {order.order_id} ({order.order_ref!r}), the journal does not"
        return
    if (mine.key.order_id, mine.key.perm_id) != (order.order_id, order.perm_id):
        yield f"{mine.key} is {order.order_id}, {order.perm_id} at the gateway"
    executions = {one.exec_id: one for one in truth.executions if one.perm_id == order.perm_id}
    if mine.filled != order.filled:
        yield f"{mine.key} has filled {mine.filled}, at the gateway {order.filled}"
    if {(one.exec_id, one.quantity, one.price) for one in mine.fills} != {
        (one.exec_id, one.quantity, one.price) for one in executions.values()
    }:
        yield f"{mine.key} has the fills {[one.exec_id for one in mine.fills]}, at the gateway {list(executions)}"
    charged = {one.exec_id: one.amount for one in mine.commissions}
    if charged != {one.exec_id: one.commission for one in executions.values()}:
        yield f"{mine.key} has the commissions {charged}"
    expected = ENDED_TEXTS.get(order.status)
    if mine.state is not expected if expected is not None else not mine.state.is_working:
        yield f"{mine.key} is {mine.state}, at the gateway {order.status}"
    if mine.state.is_working and mine.quantity != order.quantity:
        yield f"{mine.key} is for {mine.quantity}, at the gateway for {order.quantity}"


def _ends(written: Written, by_ref: Mapping[str, object]) -> Iterator[str]:
    """Whether every intent has an end, works, or is unconfirmed; and those that the gateway does not have."""
    if written.begun != written.orders.keys():
        yield f"the journal has begun {len(written.begun)} orders, and has {len(written.orders)}"
    for ref, order in written.orders.items():
        if ref in by_ref:
            continue
        # What was not transmitted is told of to nobody, but that it was discarded if it is cancelled.
        was_discarded = order.state is OrderState.CANCELLED and not order.order.transmit
        if not was_discarded and order.state not in (OrderState.UNCONFIRMED, OrderState.REJECTED):
            yield f"{order.key} is {order.state}, and the gateway does not have it"


def _believed(shown: Sequence[Shown], written: Written, by_ref: Mapping[str, object]) -> Iterator[str]:
    """Whether the process believes what its journal says, and follows everything that has not ended."""
    by_name = {one.client_ref: one for one in shown}
    for ref, order in written.orders.items():
        one = by_name.get(ref)
        if one is None:
            if not order.state.is_ended:
                yield f"{order.key} is {order.state}, and nobody follows it"
            continue
        said = (one.state, one.filled, one.remaining, one.order_id, one.perm_id)
        if said != (order.state, order.filled, order.remaining, order.key.order_id, order.key.perm_id):
            yield f"{order.key} is {said} for the process, {order.state}, {order.filled}, {order.remaining} on disk"
        if one.doubts or one.others:
            yield f"{order.key} is in doubt: {one.doubts}, {one.others} others"
    for ref in by_name.keys() - written.orders.keys():
        yield f"{ref} is followed, and not in the journal"


def _position(truth: GatewayState, written: Written) -> Iterator[str]:
    """Whether the fills in the journal make the position that the gateway has."""
    held = sum((one.quantity for one in truth.positions), Decimal(0))
    fills = [fill for order in written.orders.values() for fill in order.fills]
    booked = sum((one.quantity if one.side == "BOT" else -one.quantity for one in fills), Decimal(0))
    if held != booked:
        yield f"the gateway holds {held}, the journal's fills make {booked}"
