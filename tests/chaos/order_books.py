"""Our books of orders held against the simulated gateway's: what is not as it must be, in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Context, Decimal
from pathlib import Path

from ibwire.client_refs import split_order_ref
from ibwire.journal_reader import JournalReader
from ibwire.order_handles import OrderHandle
from ibwire.order_state import TrackedOrder
from ibwire.order_states import OrderState
from ibwire.session import IBSession
from ibwire.simulator import SimulatedGateway
from ibwire.simulator.tickets import Fill, Status, Ticket

ENDED = {
    Status.FILLED: OrderState.FILLED,
    Status.CANCELLED: OrderState.CANCELLED,
    Status.INACTIVE: OrderState.REJECTED,
}
AT_FIXED_PRICES = frozenset({"LMT", "STP", "STP LMT"})
_ZERO = Decimal(0)


class Books:
    """Both sides at one moment: the gateway's orders of ours, the session's handles, and what the journal says."""

    def __init__(self, gateway: SimulatedGateway, session: IBSession, journal: Path) -> None:
        self._gateway = gateway
        self._tickets = [
            one for one in gateway.desk.register.tickets.values() if _ref(one) and one.client_id == session.client_id
        ]
        self.handles = {handle.key.client_ref or "": handle for handle in session.trading.orders}
        self._journal = _journal(journal)

    @property
    def twins(self) -> dict[str, frozenset[int]]:
        """The references of which the gateway has more than one order, with their permanent ids."""
        found = defaultdict(set)
        for ticket in self._tickets:
            found[_ref(ticket)].add(ticket.perm_id)
        return {ref: frozenset(perm_ids) for ref, perm_ids in found.items() if len(perm_ids) > 1}

    def differences(self) -> Iterator[str]:
        """What is not the same."""
        twins = self.twins
        for ticket in self._tickets:
            ref = _ref(ticket)
            kept = self._journal.get(ref)
            if kept is None:
                yield f"the journal knows nothing of {_told(ticket)}"
                continue
            if kept.key.perm_id == ticket.perm_id:
                yield from _unlike(ticket, kept, "the journal")
            elif ref not in twins:
                yield f"the journal has another permanent id: {kept.key}, {_told(ticket)}"
            if ref in self.handles:
                handle = self.handles[ref]
                followed = handle.tracked if handle.key.perm_id == ticket.perm_id else handle.others.get(ticket.perm_id)
                if followed is not None:
                    yield from _unlike(ticket, followed, "the handle")
                else:
                    yield f"nobody follows {_told(ticket)}: {handle.key}"
            elif ticket.is_working:
                yield f"no handle follows {_told(ticket)}"
        known = {_ref(ticket) for ticket in self._tickets}
        for ref, kept in self._journal.items():
            is_discarded = any(notice.code == 202 for notice in kept.notices)  # before it was transmitted
            never_was = is_discarded or kept.state in (OrderState.UNCONFIRMED, OrderState.REJECTED)
            if ref not in known and not never_was:
                yield f"the gateway has nothing of {kept.key}, which is {kept.state}"
        for handle in self.handles.values():
            if not handle.is_over and handle.tracked.doubts:
                yield f"{handle.key} is {handle.status}, and still in doubt: {handle.tracked.doubts}"
        yield from self._unlike_positions()

    def _unlike_positions(self) -> Iterator[str]:
        """What our fills make of the account, with the fills of others, must be what the gateway holds."""
        ours: Counter[int | None] = Counter()
        own = {one.key.perm_id for one in self._journal.values()}
        for order in self._journal.values():
            for fill in order.fills:
                ours[fill.contract.con_id] += fill.quantity if fill.side == "BOT" else -fill.quantity  # type: ignore[assignment]
        state = self._gateway.state()
        for one in state.executions:
            if one.perm_id not in own:
                ours[one.contract.con_id] += one.quantity if one.side == "BOT" else -one.quantity  # type: ignore[assignment]
        for position in state.positions:
            if ours[position.contract.con_id] != position.quantity:
                yield f"by our fills there are {ours[position.contract.con_id]}, and the gateway has {position}"


def _unlike(ticket: Ticket, order: TrackedOrder, who: str) -> Iterator[str]:
    fills = [(fill.exec_id, fill.quantity, fill.price) for fill in order.fills]
    theirs = [(fill.execution_id, fill.quantity, fill.price) for fill in ticket.fills]
    said = f"{_told(ticket)}; {who} says {order.state} ({order.gateway_status})"
    if sorted(fills) != sorted(theirs):
        yield f"other fills: {theirs}, here {fills}: {said}"
        return
    paid = sum((one.amount or _ZERO for one in order.commissions), _ZERO)
    if (order.filled, order.average_price, paid) != (ticket.filled, _average(ticket.fills), _commission(ticket.fills)):
        yield f"{order.filled} at {order.average_price} for {paid}: {said}"
    if ticket.status in ENDED:
        if order.state is not ENDED[ticket.status]:
            yield f"another end: {said}; {order.doubts}"
        return
    if not order.state.is_working:
        yield f"it works: {said}"
    if order.quantity != ticket.quantity:
        yield f"a quantity of {order.quantity}, there {ticket.quantity}: {said}"
    if ticket.terms.kind.name in AT_FIXED_PRICES:
        asked, there = order.order, ticket.terms.order
        here = tuple(None if one is None else float(one) for one in (asked.limit_price, asked.aux_price))
        if here != (there.lmt_price, there.aux_price):
            yield f"prices {here}, there {there.lmt_price, there.aux_price}: {said}"


def _journal(path: Path) -> dict[str, TrackedOrder]:
    if not path.exists():
        return {}
    reader = JournalReader(path)
    try:
        return {order.key.client_ref or "": order for order in reader.orders()}
    finally:
        reader.close()


def is_at_gateway(gateway: SimulatedGateway, handle: OrderHandle) -> bool:
    """Whether the gateway has it, working."""
    return any(_ref(one) == handle.key.client_ref for one in gateway.desk.register.working.values())


def _ref(ticket: Ticket) -> str:
    _, ref = split_order_ref(ticket.terms.order.order_ref)
    return "" if ref is None else str(ref)


def _told(ticket: Ticket) -> str:
    names = f"{_ref(ticket)} (order id {ticket.order_id}, permanent id {ticket.perm_id})"
    return f"{names}: {ticket.status}, {ticket.terms.kind.name}, {ticket.filled} of {ticket.quantity}"


def _average(fills: list[Fill]) -> Decimal | None:
    quantity = sum((fill.quantity for fill in fills), _ZERO)
    if not quantity:
        return None
    paid = sum((fill.quantity * fill.price for fill in fills), _ZERO)
    return Context(prec=60).divide(paid, quantity).normalize(Context(prec=28))


def _commission(fills: list[Fill]) -> Decimal:
    return sum((fill.commission for fill in fills), _ZERO)
