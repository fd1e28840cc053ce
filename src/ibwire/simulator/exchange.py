"""Matching against the quotes of the market: an order takes what is shown at its price or better, and no more.

Pure: it is told the time and asked after every change of a quote.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ibwire.simulator.market import Market
from ibwire.simulator.tickets import CANCELLED, FILLED, SUBMITTED, Fill, Ticket

_COMMISSION_PER_UNIT = {"STK": Decimal("0.005"), "FUT": Decimal("2.25"), "OPT": Decimal("0.65"), "FOP": Decimal("1.42")}
_COMMISSION_OF_VALUE = {"CASH": Decimal("0.00002"), "CRYPTO": Decimal("0.0018")}
_MINIMUM_COMMISSION = {"STK": Decimal(1), "CASH": Decimal(2), "CRYPTO": Decimal("1.75"), "OPT": Decimal(1)}


class Exchange:
    """The working orders of one market. `now_s` gives Unix seconds for the executions."""

    def __init__(self, market: Market, now_s: Callable[[], float]) -> None:
        self._market = market
        self._now_s = now_s
        self._working: dict[int, list[Ticket]] = {}
        self._changes: dict[tuple[int, bool], int] = {}
        self._taken: dict[tuple[int, bool], Decimal] = {}
        self._executions = 0

    def submit(self, ticket: Ticket) -> list[Fill]:
        """Put an order (new, or with other terms) to the market; its fills so far, it works on with the rest."""
        con_id = ticket.instrument.con_id
        self._market.has_data(con_id)  # an order alone is a reason to make a market
        working = self._working.setdefault(con_id, [])
        if ticket not in working:
            working.append(ticket)
        ticket.status = SUBMITTED
        return self._match(ticket)

    def cancel(self, ticket: Ticket) -> None:
        """Take an order off the market."""
        self._end(ticket, CANCELLED)

    def quote_moved(self, con_id: int) -> list[tuple[Ticket, Fill]]:
        """Fill what the new quote of this contract lets fill, oldest order first."""
        for is_buy in (True, False):
            self._look(con_id, is_buy=is_buy)
        tickets = list(self._working.get(con_id, ()))
        return [(ticket, fill) for ticket in tickets for fill in self._match(ticket)]

    def _match(self, ticket: Ticket) -> list[Fill]:
        con_id, is_buy = ticket.instrument.con_id, ticket.is_buy
        price, size = self._look(con_id, is_buy=is_buy)
        if price is None or not _is_marketable(ticket, price):
            return []
        taken = self._taken.get((con_id, is_buy), Decimal(0))
        quantity = ticket.remaining if size is None else min(ticket.remaining, size - taken)
        if quantity <= 0:
            return []
        self._taken[con_id, is_buy] = taken + quantity
        fill = self._fill(ticket, quantity, price)
        if ticket.remaining == 0:
            self._end(ticket, FILLED)
        return [fill]

    def _look(self, con_id: int, *, is_buy: bool) -> tuple[Decimal | None, Decimal | None]:
        """Price and size shown to orders of this direction; when told anew, nobody has taken of it yet."""
        quote = self._market.quote(con_id)
        changes = quote.changes_of_side(is_buy=is_buy)
        if self._changes.get((con_id, is_buy)) != changes:
            self._changes[con_id, is_buy] = changes
            self._taken.pop((con_id, is_buy), None)
        return quote.side(is_buy=is_buy)

    def _fill(self, ticket: Ticket, quantity: Decimal, price: Decimal) -> Fill:
        self._executions += 1
        cost = ticket.average_price * ticket.filled + price * quantity
        total = ticket.filled + quantity
        fill = Fill(
            execution_id=f"0000e0d5.{self._executions:08x}.01.01",
            quantity=quantity,
            price=price,
            total_filled=total,
            average_price=cost / total,
            commission=_commission(ticket, quantity, price),
            time_s=int(self._now_s()),
        )
        ticket.fills.append(fill)
        return fill

    def _end(self, ticket: Ticket, status: str) -> None:
        ticket.status, ticket.done_at_s = status, int(self._now_s())
        working = self._working.get(ticket.instrument.con_id, [])
        if ticket in working:
            working.remove(ticket)


def _is_marketable(ticket: Ticket, price: Decimal) -> bool:
    limit = ticket.limit_price
    return limit is None or (price <= limit if ticket.is_buy else price >= limit)


def _commission(ticket: Ticket, quantity: Decimal, price: Decimal) -> Decimal:
    """About what IBKR charges, so that a report looks as it does there; the minimum is charged on the first fill."""
    kind = ticket.instrument.sec_type
    value = quantity * price * _COMMISSION_OF_VALUE.get(kind, Decimal(0))
    amount = value + quantity * _COMMISSION_PER_UNIT.get(kind, Decimal(0))
    return max(amount, _MINIMUM_COMMISSION.get(kind, Decimal(0)) if not ticket.fills else Decimal(0))
