"""Matching against the quotes of the market: an order takes what is shown at its price or better, and no more.

Pure: it is told the time and asked after every change of a quote.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ibwire.simulator.commissions import commission
from ibwire.simulator.market import Market, Quote
from ibwire.simulator.tickets import Fill, Ticket

_NOTHING = Decimal(0)


class Exchange:
    """The orders at one market. `now_s` gives Unix seconds for the executions."""

    def __init__(self, market: Market, now_s: Callable[[], float]) -> None:
        self._market = market
        self._now_s = now_s
        self._admitted: dict[int, dict[int, Ticket]] = {}
        self._taken: dict[tuple[int, bool], tuple[int, Decimal]] = {}
        self._executions = 0

    def admit(self, ticket: Ticket) -> None:
        """Put an order to the market; it keeps its place if it is there already."""
        con_id = ticket.terms.instrument.con_id
        self._market.has_data(con_id)  # an order alone is a reason to make a market
        self._admitted.setdefault(con_id, {})[ticket.perm_id] = ticket

    def withdraw(self, ticket: Ticket) -> None:
        """Take an order off the market, if it is there."""
        self._admitted.get(ticket.terms.instrument.con_id, {}).pop(ticket.perm_id, None)

    def admitted(self, con_id: int) -> list[Ticket]:
        """The orders on this contract, oldest first."""
        return list(self._admitted.get(con_id, {}).values())

    def is_admitted(self, ticket: Ticket) -> bool:
        """Whether it is at the market."""
        return ticket.perm_id in self._admitted.get(ticket.terms.instrument.con_id, ())

    def quote_for(self, ticket: Ticket) -> Quote:
        """The quote of an order's contract."""
        return self._market.quote(ticket.terms.instrument.con_id)

    def available(self, ticket: Ticket) -> Decimal:
        """How much of an order the quote of now would fill: what is shown and not yet taken, at its price or better."""
        price, size = self.quote_for(ticket).side(is_buy=ticket.is_buy)
        return _NOTHING if price is None or not ticket.may_fill_at(price) else self._left_for(ticket, size)

    def match(self, ticket: Ticket) -> Fill | None:
        """Fill as much of an order as the quote of now lets, None if that is nothing."""
        price, size = self.quote_for(ticket).side(is_buy=ticket.is_buy)
        if price is None or not ticket.may_fill_at(price):
            return None
        quantity = self._left_for(ticket, size)
        if quantity == 0:
            return None
        side = (ticket.terms.instrument.con_id, ticket.is_buy)
        self._taken[side] = (self._changes(ticket), self._taken_of(ticket) + quantity)
        return self.fill(ticket, quantity, price)

    def fill(self, ticket: Ticket, quantity: Decimal, price: Decimal) -> Fill:
        """Fill an order at a price, whatever is shown."""
        self._executions += 1
        total = ticket.filled + quantity
        fill = Fill(
            execution_id=f"0000e0d5.{self._executions:08x}.01.01",
            quantity=quantity,
            price=price,
            total_filled=total,
            average_price=(ticket.average_price * ticket.filled + price * quantity) / total,
            commission=commission(ticket.terms.instrument, quantity, price, is_first=not ticket.fills),
            time_s=int(self._now_s()),
        )
        ticket.fills.append(fill)
        return fill

    def _left_for(self, ticket: Ticket, size: Decimal | None) -> Decimal:
        """How much of a size (None: unknown, so all that is wanted) is left for an order."""
        return ticket.remaining if size is None else max(_NOTHING, min(ticket.remaining, size - self._taken_of(ticket)))

    def _taken_of(self, ticket: Ticket) -> Decimal:
        """How much orders have taken of the side this one would meet; of one told anew, nothing yet."""
        changes, taken = self._taken.get((ticket.terms.instrument.con_id, ticket.is_buy), (0, _NOTHING))
        return taken if changes == self._changes(ticket) else _NOTHING

    def _changes(self, ticket: Ticket) -> int:
        return self.quote_for(ticket).changes_of_side(is_buy=ticket.is_buy)
