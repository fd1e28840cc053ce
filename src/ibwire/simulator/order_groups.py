"""Orders that belong together: brackets (a parent and its children) and OCA groups.

Pure. A bracket's children are an OCA group of their own, named by the parent's permanent id, which reduces
(protocol notes, 4.7).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal

from ibwire.simulator.tickets import Fill, Status, Ticket

CANCEL_WITH_BLOCK, REDUCE_WITH_BLOCK, REDUCE = 1, 2, 3
"""IBKR's types of OCA groups. Blocked or not, the simulator never lets two orders of a group fill at one quote
before the group has been told of the first."""


def adopt(child: Ticket, parent: Ticket) -> None:
    """Make an order the child of another."""
    child.parent = parent
    if not child.oca_group:
        child.oca_group, child.oca_type = str(parent.perm_id), REDUCE


def waits_for_parent(ticket: Ticket) -> bool:
    """Whether its parent has not filled."""
    return ticket.parent is not None and ticket.parent.status is not Status.FILLED


def children_of(parent: Ticket, tickets: Iterable[Ticket]) -> list[Ticket]:
    """The working children of an order."""
    return [ticket for ticket in tickets if ticket.parent is parent and ticket.is_working]


def others_in_group(ticket: Ticket, tickets: Iterable[Ticket]) -> list[Ticket]:
    """The working orders of the same account in the same OCA group."""
    if not ticket.oca_group:
        return []
    return [
        other
        for other in tickets
        if other is not ticket
        and other.is_working
        and (other.oca_group, other.terms.account) == (ticket.oca_group, ticket.terms.account)
    ]


def left_after(fill: Fill, ticket: Ticket, other: Ticket) -> Decimal:
    """How much of another order of the group is left to work after a fill of this one; 0 cancels it.

    A reducing group leaves of the other the same part as is left of the one that filled, in whole size increments.
    """
    if ticket.oca_type == CANCEL_WITH_BLOCK:
        return Decimal(0)
    before = ticket.remaining + fill.quantity
    step = other.terms.instrument.size_increment
    left = other.remaining * ticket.remaining / before
    return (left / step).to_integral_value(ROUND_FLOOR) * step


def has_lost_parent(ticket: Ticket) -> bool:
    """Whether its parent ended without a fill, so that it can never work."""
    return ticket.parent is not None and ticket.parent.status in (Status.CANCELLED, Status.INACTIVE)
