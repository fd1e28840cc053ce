"""Where relative and midprice orders stand: the price that their peg gives at a quote, within their cap.

Pure. A pegged price is on the grid, rounded to the side that is no better for the market.
Source: IBKR's order type pages for REL and MIDPRICE.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ibwire.simulator.market import Quote
from ibwire.simulator.order_kinds import Peg
from ibwire.simulator.price_grid import round_less_eager

if TYPE_CHECKING:
    from ibwire.simulator.tickets import Ticket


def follow(ticket: Ticket, quote: Quote) -> None:
    """Move a pegged order's limit to where a quote puts it; one that shows not enough leaves it where it is."""
    price = _pegged(ticket, quote)
    if price is None:
        return
    price = round_less_eager(ticket.terms.instrument, price, is_buy=ticket.is_buy)
    # A relative order is only ever moved towards the other side: it does not back off from it.
    if ticket.terms.kind.peg is Peg.PRIMARY and ticket.limit is not None:
        price = _eagerer(ticket, price, ticket.limit)
    cap = ticket.terms.limit_price
    ticket.limit = price if cap is None else _less_eager(ticket, price, cap)


def _pegged(ticket: Ticket, quote: Quote) -> Decimal | None:
    own, _ = quote.side(is_buy=not ticket.is_buy)
    other, _ = quote.side(is_buy=ticket.is_buy)
    if ticket.terms.kind.peg is Peg.MIDPOINT:
        return None if own is None or other is None else (own + other) / 2
    if own is None:
        return None
    offset = ticket.terms.peg_offset
    if offset is None:
        offset = own * (ticket.terms.peg_percent or Decimal(0)) / 100
    return own + offset if ticket.is_buy else own - offset


def _eagerer(ticket: Ticket, one: Decimal, other: Decimal) -> Decimal:
    return max(one, other) if ticket.is_buy else min(one, other)


def _less_eager(ticket: Ticket, one: Decimal, other: Decimal) -> Decimal:
    return min(one, other) if ticket.is_buy else max(one, other)
