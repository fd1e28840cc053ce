"""What becomes of an order that was taken: it waits, works, fills and ends, and so do those it belongs to.

Every order in here is in the register and either working or done. Sequences are those of protocol notes 4.2 to 4.7;
`OrderNews` says them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from ibwire.simulator import margin, order_conditions, order_groups, order_times, pegs, request_times, triggers
from ibwire.simulator.exchange import Exchange
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.limits import GatewayLimits
from ibwire.simulator.market import Market
from ibwire.simulator.order_news import OrderNews
from ibwire.simulator.order_register import OrderRegister
from ibwire.simulator.order_terms import OrderTerms
from ibwire.simulator.refusals import Refusal
from ibwire.simulator.tickets import BY_SYSTEM, BY_TRADER, Fill, Status, Ticket
from ibwire.simulator.trading_sessions import TradingHours

TOO_FAR = "The limit price is too far through the market: the exchange's price protection cancelled the order"


NO_PARENT = Refusal(10006, "Missing parent order.")

_WITHOUT_BAND = ("OPT", "FOP")


class OrderLife:
    """Moves orders from one status to the next. `now_s` gives Unix seconds."""

    def __init__(
        self,
        market: Market,
        hours: TradingHours,
        ledger: Ledger,
        limits: GatewayLimits,
        register: OrderRegister,
        news: OrderNews,
        now_s: Callable[[], float],
    ) -> None:
        self._market = market
        self._hours = hours
        self._ledger = ledger
        self._limits = limits
        self._register = register
        self._news = news
        self._now_s = now_s
        self._exchange = Exchange(market, now_s)
        self._conditional: dict[int, Ticket] = {}

    # --- beginning

    def begin(self, tickets: Sequence[Ticket], rejection: Refusal | None = None) -> None:
        """Take new orders in that came together, parents first, and let them work; `rejection` is the first one's.

        All are known before any can fill: a child that fills with its parent has to find its sibling.
        """
        for ticket in tickets:
            self._accept(ticket, rejection or self._rejection(ticket))
            rejection = None
        for ticket in tickets:
            if ticket.is_working and not self._exchange.is_admitted(ticket) and not self._waits(ticket):
                self._go_to_market(ticket)

    def _accept(self, ticket: Ticket, rejection: Refusal | None) -> None:
        """Take a new order in and tell of it, or reject it; one that is for this moment alone may end here."""
        self._register.add(ticket)
        if rejection is not None:
            self._reject(ticket, rejection)
            return
        self._set_times(ticket)
        is_waiting = self._waits(ticket)
        if is_waiting or not self._ends_untouched(ticket):
            self._news.pair(ticket)
        if is_waiting:
            self._warn_if_closed(ticket)

    def change(self, ticket: Ticket, terms: OrderTerms) -> None:
        """Let a working order go on with other terms."""
        becomes_market = terms.kind.name == "MKT" != ticket.terms.kind.name
        ticket.take(terms)
        self._set_times(ticket)
        if self._waits(ticket):
            self._take_back(ticket)
        else:
            self._go_to_market(ticket, is_status_first=becomes_market, is_change=True)

    def cancel(self, ticket: Ticket, reason: str = "", by: str = BY_TRADER) -> None:
        """End a working order, and its children with it."""
        if by == BY_TRADER and ticket.status is Status.SUBMITTED:
            ticket.move_to(Status.PENDING_CANCEL)
            self._news.status(ticket)
        ticket.move_to(Status.CANCELLED)
        self._done(ticket, by)
        self._news.cancelled(ticket, reason)
        self._cancel_family(ticket)

    # --- what moves orders

    def quote_moved(self, con_id: int) -> None:
        """Let the orders on this contract look at its new quote, and those that watch it as a condition."""
        for ticket in list(self._conditional.values()):
            if any(condition.con_id == con_id for condition in ticket.terms.conditions):
                self._look_at_clock(ticket, self._now_s())
        for ticket in self._exchange.admitted(con_id):
            if ticket.is_working:
                self._look_at_quote(ticket)

    def advance(self, now_s: float) -> None:
        """Begin and end the orders whose time has come, and those whose market opens or closes."""
        for ticket in list(self._register.working.values()):
            if ticket.is_working:
                self._look_at_clock(ticket, now_s)

    def fill_everything(self) -> None:
        """Fill every order that is at the market whole, whatever it shows."""
        for ticket in list(self._register.working.values()):
            if ticket.status is Status.SUBMITTED and ticket.is_working:
                shown, _ = self._exchange.quote_for(ticket).side(is_buy=ticket.is_buy)
                prices = (ticket.limit, shown, Decimal(repr(ticket.terms.instrument.reference_price)))
                price = next(price for price in prices if price is not None)
                self._filled(ticket, self._exchange.fill(ticket, ticket.remaining, price))

    def _look_at_clock(self, ticket: Ticket, now_s: float) -> None:
        terms = ticket.terms
        is_over = ticket.ends_s is not None and now_s >= ticket.ends_s
        if is_over and terms.is_in_auction:
            is_over = self._waits(ticket)  # for something else: its moment is now
        if not is_over and terms.cancels_on_conditions:
            is_over = order_conditions.are_met(terms.conditions, self._market, now_s)
        if is_over:
            self.cancel(ticket, by=BY_SYSTEM)
        elif not self._exchange.is_admitted(ticket):
            if not self._waits(ticket):
                self._go_to_market(ticket)
        elif not order_times.may_trade(terms, self._hours, now_s):
            self._take_back(ticket)

    def _look_at_quote(self, ticket: Ticket) -> None:
        quote = self._exchange.quote_for(ticket)
        if ticket.awaits_trigger:
            if not triggers.pull(ticket, quote):
                return
            ticket.move_to(Status.SUBMITTED)
            self._news.pair(ticket)
        self._match(ticket)
        if ticket.is_working and ticket.terms.kind.peg is not None:
            pegs.follow(ticket, quote)

    # --- to the market and back

    def _set_times(self, ticket: Ticket) -> None:
        times = order_times.times_of(ticket.terms, self._hours, self._now_s())
        ticket.starts_s, ticket.ends_s = times.starts_s, times.ends_s
        if ticket.terms.conditions:
            self._conditional[ticket.perm_id] = ticket
        for condition in ticket.terms.conditions:
            self._market.has_data(condition.con_id)  # to be watched is a reason to have a market
        if ticket.terms.has_time_without_zone:
            self._news.error(ticket, request_times.NO_ZONE_CODE, request_times.NO_ZONE_TEXT)

    def _waits(self, ticket: Ticket) -> bool:
        """Whether it may not go to the market yet: for its parent, its time, its conditions, or the opening."""
        terms, now_s = ticket.terms, self._now_s()
        if order_groups.waits_for_parent(ticket) or (ticket.starts_s is not None and now_s < ticket.starts_s):
            return True
        if terms.conditions and not terms.cancels_on_conditions and not ticket.has_met_conditions:
            ticket.has_met_conditions = order_conditions.are_met(terms.conditions, self._market, now_s)
            if not ticket.has_met_conditions:
                return True
        return not order_times.may_trade(terms, self._hours, now_s)

    def _warn_if_closed(self, ticket: Ticket) -> None:
        now_s = self._now_s()
        if not order_times.may_trade(ticket.terms, self._hours, now_s):
            self._news.error(ticket, 399, order_times.closed_warning(ticket.terms, self._hours, now_s))

    def _go_to_market(self, ticket: Ticket, *, is_status_first: bool = False, is_change: bool = False) -> None:
        """Work an order at the quote of now, and tell what comes of it."""
        if self._ends_untouched(ticket):
            return
        self._exchange.admit(ticket)
        quote = self._exchange.quote_for(ticket)
        if ticket.terms.kind.peg is not None:
            pegs.follow(ticket, quote)
        if ticket.awaits_trigger and not triggers.pull(ticket, quote):
            # A gateway tells an untriggered order twice, and its modification too (protocol notes, 4.2).
            for _ in range(2 if is_change else 1):
                self._news.pair(ticket)
            return
        if self._is_too_far(ticket):
            self.cancel(ticket, TOO_FAR, by=BY_SYSTEM)
            return
        if ticket.terms.kind.trigger is not None:
            ticket.move_to(Status.SUBMITTED)
            self._news.pair(ticket)
        if not self._match(ticket, is_status_first=is_status_first) and ticket.terms.kind.trigger is None:
            ticket.move_to(Status.SUBMITTED)
            if not ticket.terms.is_immediate:
                self._news.pair(ticket)
        if ticket.is_working and ticket.terms.is_immediate:
            self._end_rest(ticket)

    def _take_back(self, ticket: Ticket) -> None:
        """Let an order wait that was at the market."""
        self._exchange.withdraw(ticket)
        ticket.move_to(Status.PRE_SUBMITTED)
        self._news.pair(ticket)

    def _ends_untouched(self, ticket: Ticket) -> bool:
        """Whether an IOC or FOK order that cannot have what it wants has ended: the first is cancelled, the second
        goes inactive (protocol notes, 4.2)."""
        tif = ticket.terms.tif
        if tif not in ("IOC", "FOK"):
            return False
        available = Decimal(0) if self._is_too_far(ticket) else self._exchange.available(ticket)
        if available == ticket.remaining or (tif == "IOC" and available > 0):
            return False
        if tif == "IOC":
            self._news.echo(ticket)
            self._end_rest(ticket)
        else:
            ticket.move_to(Status.INACTIVE)
            self._done(ticket, BY_SYSTEM)
            self._news.pair(ticket)
            self._cancel_family(ticket)
        return True

    def _end_rest(self, ticket: Ticket) -> None:
        """End what an order that works for a moment alone did not get: no error follows (protocol notes, 4.2)."""
        ticket.move_to(Status.PENDING_CANCEL)
        self._news.status(ticket)
        ticket.move_to(Status.CANCELLED)
        self._done(ticket, BY_SYSTEM)
        self._news.status(ticket)
        self._cancel_family(ticket)

    def _is_too_far(self, ticket: Ticket) -> bool:
        """Whether its limit is so far through the market that the exchange protects it from itself."""
        band, limit = self._limits.price_band, ticket.limit
        shown, _ = self._exchange.quote_for(ticket).side(is_buy=ticket.is_buy)
        if band is None or limit is None or shown is None or ticket.terms.instrument.sec_type in _WITHOUT_BAND:
            return False
        beyond = limit - shown if ticket.is_buy else shown - limit
        return beyond > shown * band

    # --- filling

    def _match(self, ticket: Ticket, *, is_status_first: bool = False) -> bool:
        """Whether something of it filled."""
        fill = self._exchange.match(ticket)
        if fill is not None:
            self._filled(ticket, fill, is_status_first=is_status_first)
        return fill is not None

    def _filled(self, ticket: Ticket, fill: Fill, *, is_status_first: bool = False) -> None:
        terms = ticket.terms
        realized = self._ledger.book(terms.account, terms.instrument, fill, is_buy=ticket.is_buy)
        is_whole = ticket.remaining == 0
        ticket.move_to(Status.FILLED if is_whole else Status.SUBMITTED)
        if terms.kind.name == "MTL" and ticket.limit is None:
            ticket.limit = fill.price  # the rest goes on as a limit order
        if is_whole:
            self._done(ticket, BY_TRADER)
        self._news.fill(ticket, fill, realized, is_status_first=is_status_first)
        self._tell_group(ticket, fill)
        if is_whole:
            for child in order_groups.children_of(ticket, self._register.working.values()):
                # The first child may have filled at once, and that have cancelled the second.
                if child.is_working and not self._waits(child):
                    self._go_to_market(child)

    def _tell_group(self, ticket: Ticket, fill: Fill) -> None:
        """Cancel or reduce the other orders of its OCA group."""
        for other in order_groups.others_in_group(ticket, self._register.working.values()):
            left = order_groups.left_after(fill, ticket, other)
            if not other.is_working:
                continue  # it went with another one of the group
            if left == 0:
                self.cancel(other, by=BY_SYSTEM)
            elif left != other.remaining:
                other.quantity = other.filled + left
                self._news.pair(other)

    # --- ending

    def _rejection(self, ticket: Ticket) -> Refusal | None:
        """Why an order that is valid is not worked."""
        if order_groups.has_lost_parent(ticket):
            return NO_PARENT
        most = self._limits.active_orders
        if most is not None and self._working_beside(ticket) >= most:
            return Refusal(201, f"Order rejected - reason:{most} orders work on this side of the contract already")
        if not self._limits.checks_funds:
            return None
        effect = margin.effect_of(self._ledger, self._market.quotes, ticket)
        return margin.shortfall(effect, self._ledger.base_currency)

    def _working_beside(self, ticket: Ticket) -> int:
        """How many orders of the same account work on the same side of the same contract."""
        mine = ticket.terms
        return sum(
            (other.terms.account, other.terms.instrument.con_id, other.is_buy)
            == (mine.account, mine.instrument.con_id, ticket.is_buy)
            for other in self._register.working.values()
        )

    def _reject(self, ticket: Ticket, rejection: Refusal) -> None:
        """The error first, then the order as inactive (protocol notes, 4.4)."""
        ticket.move_to(Status.INACTIVE)
        self._done(ticket, BY_SYSTEM)
        self._news.error(ticket, rejection.code, rejection.text)
        self._news.pair(ticket)

    def _done(self, ticket: Ticket, by: str) -> None:
        ticket.ended_by, ticket.done_at_s = by, int(self._now_s())
        self._exchange.withdraw(ticket)
        self._register.done(ticket)
        self._conditional.pop(ticket.perm_id, None)

    def _cancel_family(self, ticket: Ticket) -> None:
        """A cancelled parent takes its children with it, a child its parent if it says so."""
        for child in order_groups.children_of(ticket, self._register.working.values()):
            if child.is_working:
                self.cancel(child, by=BY_SYSTEM)
        parent = ticket.parent
        if parent is not None and parent.is_working and ticket.terms.order.auto_cancel_parent:
            self.cancel(parent, by=BY_SYSTEM)
