"""An order as the simulated gateway keeps it, the statuses it can go through, and the fills it has had."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from ibwire.simulator.order_kinds import Limit
from ibwire.simulator.order_terms import OrderTerms
from ibwire.simulator.triggers import limit_behind


class Status(StrEnum):
    """IBKR's words for an order's status (protocol notes, 4.1)."""

    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    CANCELLED = "Cancelled"
    FILLED = "Filled"
    INACTIVE = "Inactive"


WORKING = frozenset({Status.PRE_SUBMITTED, Status.SUBMITTED})
"""An order that may still fill."""

_ENDS = frozenset({Status.PENDING_CANCEL, Status.CANCELLED, Status.FILLED, Status.INACTIVE})

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PRE_SUBMITTED: WORKING | _ENDS,
    # Back to PreSubmitted when its market closes over night.
    Status.SUBMITTED: WORKING | _ENDS,
    Status.PENDING_CANCEL: frozenset({Status.CANCELLED}),
    Status.CANCELLED: frozenset(),
    Status.FILLED: frozenset(),
    Status.INACTIVE: frozenset(),
}
"""What may follow each status."""

BY_TRADER = "Cancelled by Trader"
BY_SYSTEM = "Cancelled by System:\n"
"""How a completed order says by whom it was ended (protocol notes, 4.10)."""


class Fill(Struct, frozen=True, kw_only=True):
    """One execution. `quantity` and `price` are exact, `total_filled` includes it, `time_s` is Unix seconds."""

    execution_id: str
    quantity: Decimal
    price: Decimal
    total_filled: Decimal
    average_price: Decimal
    commission: Decimal
    time_s: int


class Ticket(Struct, kw_only=True, eq=False):
    """One order: whose it is, what was asked, and how far it got.

    `order_id` is 0 for an order of the TWS user that no client has bound. `quantity` is what is wanted now: less than
    the terms say once an OCA group has reduced it. `limit` is the worst price it may fill at now, None for any;
    `stop` the price that triggers it, which trails for a trailing order. `starts_s` and `ends_s` are Unix seconds.
    """

    client_id: int
    order_id: int
    perm_id: int
    terms: OrderTerms
    quantity: Decimal
    limit: Decimal | None = None
    stop: Decimal | None = None
    is_triggered: bool = False
    has_met_conditions: bool = False
    starts_s: float | None = None
    ends_s: float | None = None
    parent: Ticket | None = None
    oca_group: str = ""
    oca_type: int = 0
    status: Status = Status.PRE_SUBMITTED
    is_manual: bool = False
    ended_by: str = BY_TRADER
    done_at_s: int | None = None  # Unix seconds
    fills: list[Fill] = []

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.terms.is_buy

    @property
    def is_working(self) -> bool:
        """Whether it can still fill."""
        return self.status in WORKING

    @property
    def awaits_trigger(self) -> bool:
        """Whether it is a stop, trail or touch order whose price has not come yet."""
        return self.terms.kind.trigger is not None and not self.is_triggered

    @property
    def filled(self) -> Decimal:
        """How much of it is filled."""
        return sum((fill.quantity for fill in self.fills), Decimal(0))

    @property
    def remaining(self) -> Decimal:
        """How much of it is not filled; what was left when it was cancelled, too."""
        return self.quantity - self.filled

    @property
    def average_price(self) -> Decimal:
        """The average price of its fills, 0 without any."""
        filled = self.filled
        cost = sum((fill.quantity * fill.price for fill in self.fills), Decimal(0))
        return cost / filled if filled else Decimal(0)

    def may_fill_at(self, price: Decimal) -> bool:
        """Whether its limit allows this price; a pegged order has none to fill at until it is pegged."""
        if self.limit is None:
            return self.terms.kind.peg is None
        return price <= self.limit if self.is_buy else price >= self.limit

    def move_to(self, status: Status) -> None:
        """Take the next status; raises ValueError for one that cannot follow."""
        if status not in TRANSITIONS[self.status]:
            raise ValueError(f"order {self.perm_id} cannot become {status} after {self.status}")
        self.status = status

    def take(self, terms: OrderTerms) -> None:
        """Take other terms in place of the old ones; what has happened to it so far stays."""
        before, self.terms, self.quantity = self.terms, terms, terms.quantity
        is_same_kind = terms.kind is before.kind
        if not is_same_kind or terms.kind.limit in (Limit.NEEDED, Limit.CAP):
            self.limit = terms.first_limit
        self.is_triggered = self.is_triggered and is_same_kind
        if not self.is_triggered:
            self.stop = terms.trigger_price
        elif terms.kind.limit is Limit.OFFSET:
            self.limit = limit_behind(self)
        self.has_met_conditions = self.has_met_conditions and terms.conditions == before.conditions
        if self.parent is None or terms.oca_group:
            self.oca_group, self.oca_type = terms.oca_group, terms.oca_type


def new_ticket(client_id: int, order_id: int, perm_id: int, terms: OrderTerms) -> Ticket:
    """A ticket that nothing has happened to yet."""
    return Ticket(
        client_id=client_id,
        order_id=order_id,
        perm_id=perm_id,
        terms=terms,
        quantity=terms.quantity,
        limit=terms.first_limit,
        stop=terms.trigger_price,
        oca_group=terms.oca_group,
        oca_type=terms.oca_type,
    )
