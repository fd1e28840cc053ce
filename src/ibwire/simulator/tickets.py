"""An order as the simulated gateway keeps it, and the fills it has had."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from ibwire.simulator.instruments import Instrument
from ibwire.wire import messages as m

PRE_SUBMITTED = "PreSubmitted"
SUBMITTED = "Submitted"
PENDING_CANCEL = "PendingCancel"
CANCELLED = "Cancelled"
FILLED = "Filled"
"""IBKR's words for an order's status (protocol notes, 4.1)."""


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
    """One order: whose it is, what was asked, and how far it got."""

    client_id: int
    order_id: int
    perm_id: int
    account: str
    instrument: Instrument
    contract: m.Contract
    order: m.Order
    quantity: Decimal
    limit_price: Decimal | None
    status: str = PRE_SUBMITTED
    done_at_s: int | None = None  # Unix seconds
    fills: list[Fill] = []

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.order.action == "BUY"

    @property
    def is_working(self) -> bool:
        """Whether it can still fill."""
        return self.status in (PRE_SUBMITTED, SUBMITTED)

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
