"""What an order would do to its account, by the ledger's rules: the answer to what-if orders, and who has no funds.

Pure. The order is taken to fill whole at the price it would meet now; other working orders are not counted.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from ibwire.simulator.commissions import commission
from ibwire.simulator.ledger import Ledger, Quotes, Totals
from ibwire.simulator.market import Quote
from ibwire.simulator.refusals import Refusal
from ibwire.simulator.tickets import Fill, Status, Ticket
from ibwire.wire import messages as m


class Effect(Struct, frozen=True, kw_only=True):
    """The sums of an account before and after an order, in the base currency; the commission in the instrument's."""

    before: Totals
    after: Totals
    commission: Decimal


def effect_of(ledger: Ledger, quotes: Quotes, ticket: Ticket) -> Effect:
    """What filling the rest of an order now would do."""
    terms = ticket.terms
    quantity, price = ticket.remaining, _likely_price(ticket, quotes)
    cost = commission(terms.instrument, quantity, price, is_first=True)
    fill = Fill(
        execution_id="what if",
        quantity=quantity,
        price=price,
        total_filled=quantity,
        average_price=price,
        commission=cost,
        time_s=0,
    )
    before = ledger.totals(terms.account, quotes)
    after = ledger.totals_after(terms.account, terms.instrument, fill, quotes, is_buy=terms.is_buy)
    return Effect(before=before, after=after, commission=cost)


def shortfall(effect: Effect, currency: str) -> Refusal | None:
    """Why an account cannot pay for an order; one that needs no more margin than before is always allowed."""
    equity, margin = effect.after.net_liquidation, effect.after.margin
    if margin <= effect.before.margin or equity >= margin:
        return None
    text = (
        "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH "
        f"LOAN VALUE [{equity:.2f} {currency}] MUST EXCEED THE INITIAL MARGIN [{margin:.2f} {currency}]"
    )
    return Refusal(201, text)


def order_state(effect: Effect, ticket: Ticket, base_currency: str) -> m.OrderState:
    """The effect as the answer to a what-if order says it (protocol notes, 4.8)."""
    margin, equity = (
        (float(before), float(after - before), float(after))
        for before, after in (
            (effect.before.margin, effect.after.margin),
            (effect.before.net_liquidation, effect.after.net_liquidation),
        )
    )
    return m.OrderState(
        status=Status.PRE_SUBMITTED,
        init_margin_before=margin[0],
        init_margin_change=margin[1],
        init_margin_after=margin[2],
        maint_margin_before=margin[0],
        maint_margin_change=margin[1],
        maint_margin_after=margin[2],
        equity_with_loan_before=equity[0],
        equity_with_loan_change=equity[1],
        equity_with_loan_after=equity[2],
        commission_and_fees=float(effect.commission),
        commission_and_fees_currency=ticket.terms.instrument.currency,
        margin_currency=base_currency,
    )


def _likely_price(ticket: Ticket, quotes: Quotes) -> Decimal:
    """What it would meet now; its own limit or stop if it waits for that, or if the market shows nothing."""
    terms = ticket.terms
    shown, _ = quotes.get(terms.instrument.con_id, Quote()).side(is_buy=terms.is_buy)
    own = terms.trigger_price if terms.limit_price is None else terms.limit_price
    if shown is not None and (own is None or ticket.may_fill_at(shown)):
        return shown
    return own if own is not None else Decimal(repr(terms.instrument.reference_price))
