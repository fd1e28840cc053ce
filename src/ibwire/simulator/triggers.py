"""What lets stop, trailing and touch orders loose: the price they watch, the stop that trails it, and when it is hit.

Pure: a quote in, what follows out. Sources: IBKR's trigger method page (a buyer's stop watches the last price or the
bid, a seller's the last price or the ask; touch orders, which wait for the better price, watch the other side).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ibwire.simulator.feed import TickType
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.market import Quote
from ibwire.simulator.order_kinds import Limit, Trigger
from ibwire.simulator.price_grid import round_less_eager

if TYPE_CHECKING:
    from ibwire.simulator.tickets import Ticket

DEFAULT, LAST, BID_ASK, LAST_OR_BID_ASK, MIDPOINT = 0, 2, 4, 7, 8
TRIGGER_METHODS = frozenset({DEFAULT, LAST, BID_ASK, LAST_OR_BID_ASK, MIDPOINT})
"""IBKR's trigger methods but for those that look at two prices in a row (1 and 3)."""

_BID_ASK_BY_DEFAULT = ("CASH", "OPT", "FOP", "CMDTY")


def watched_price(instrument: Instrument, quote: Quote, method: int, *, is_rising: bool) -> Decimal | None:
    """The price to compare with one that is to be reached from below (`is_rising`) or from above; None before any.

    By default the last price, of currencies and options bid or ask; those are also looked at while nothing was traded.
    """
    if method == DEFAULT:
        method = BID_ASK if instrument.sec_type in _BID_ASK_BY_DEFAULT else LAST
    last = _price(quote, TickType.LAST)
    bid, ask = _price(quote, TickType.BID), _price(quote, TickType.ASK)
    side = bid if is_rising else ask
    if method == MIDPOINT:
        return None if bid is None or ask is None else (bid + ask) / 2
    if method == BID_ASK or last is None:
        return side
    if method == LAST_OR_BID_ASK and side is not None:
        return max(last, side) if is_rising else min(last, side)
    return last


def pull(ticket: Ticket, quote: Quote) -> bool:
    """Let an untriggered order look at a quote: its stop follows if it trails, and it is triggered if that is hit.

    Whether it was triggered now; its limit is set then, if it has one that follows the stop.
    """
    terms, kind = ticket.terms, ticket.terms.kind
    is_rising = ticket.is_buy != (kind.trigger is Trigger.TOUCH)
    seen = watched_price(terms.instrument, quote, terms.order.trigger_method or DEFAULT, is_rising=is_rising)
    if seen is None:
        return False
    if kind.trigger is Trigger.TRAIL:
        _follow(ticket, seen)
    if ticket.stop is None or not (seen >= ticket.stop if is_rising else seen <= ticket.stop):
        return False
    ticket.is_triggered = True
    if kind.limit is Limit.OFFSET:
        ticket.limit = limit_behind(ticket)
    return True


def limit_behind(ticket: Ticket) -> Decimal | None:
    """The limit of a trailing limit order at its stop of now; None before it has one."""
    if ticket.stop is None or ticket.terms.limit_offset is None:
        return None
    offset = ticket.terms.limit_offset
    price = ticket.stop + offset if ticket.is_buy else ticket.stop - offset
    return round_less_eager(ticket.terms.instrument, price, is_buy=ticket.is_buy)


def _follow(ticket: Ticket, seen: Decimal) -> None:
    """Move the stop after a price that went the order's way; it never moves back."""
    terms = ticket.terms
    distance = terms.trail_amount
    if distance is None:
        distance = seen * (terms.trail_percent or Decimal(0)) / 100
    behind = seen + distance if ticket.is_buy else seen - distance
    # Rounded away from the market, so that the distance is never less than what was asked for.
    behind = round_less_eager(terms.instrument, behind, is_buy=not ticket.is_buy)
    if ticket.stop is None or (behind < ticket.stop if ticket.is_buy else behind > ticket.stop):
        ticket.stop = behind


def _price(quote: Quote, kind: TickType) -> Decimal | None:
    price = quote.prices.get(kind, 0.0)
    return Decimal(repr(price)) if price > 0 else None
