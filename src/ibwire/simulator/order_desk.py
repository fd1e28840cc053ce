"""The order desk: what clients and the TWS user ask of orders, and whether they may.

Takes, changes, holds back and cancels orders and answers questions about them; what becomes of the orders it has taken
is in `order_life`, who is told in `order_news`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from msgspec.structs import replace

from ibwire.simulator import margin, order_checks, order_groups, order_messages, order_queries
from ibwire.simulator.commissions import commission
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.limits import GatewayLimits
from ibwire.simulator.market import Market
from ibwire.simulator.order_faults import OrderFaults
from ibwire.simulator.order_life import NO_PARENT, OrderLife
from ibwire.simulator.order_news import OrderNews, Tell
from ibwire.simulator.order_register import TWS_CLIENT_ID, UNBOUND, OrderRegister
from ibwire.simulator.order_terms import OrderTerms, read_terms
from ibwire.simulator.refusals import Refusal
from ibwire.simulator.tickets import Fill, Status, Ticket, new_ticket
from ibwire.simulator.trading_sessions import TradingHours
from ibwire.wire import Message
from ibwire.wire import messages as m

_TYPES_TO_CHANGE_TO = ("MKT", "LMT")
"""An order may become one of these while it works; every other change of its type is refused (protocol notes, 4.6)."""


MOST_ORDER_ID = 2**31 - 2
"""The largest number of the wire means "none", and there has to be a next one."""


class OrderDesk:
    """Every order of every client. `accounts` are the gateway's; an order needs none if there is but one.

    `tell` sends to a client; `booked` is told the account and contract of every fill in `ledger`. `master_client_id`
    hears of everybody's orders. With `binds_negative` the TWS user's orders get negative ids when client 0 binds them.
    """

    def __init__(
        self,
        market: Market,
        hours: TradingHours,
        ledger: Ledger,
        limits: GatewayLimits,
        accounts: tuple[str, ...],
        now_s: Callable[[], float],
        tell: Tell,
        booked: Callable[[str, int], None],
        *,
        master_client_id: int | None = None,
        binds_negative: bool = False,
    ) -> None:
        self._market = market
        self._ledger = ledger
        self._accounts = accounts
        self._now_s = now_s
        self._master_client_id = master_client_id
        self._binds_at_once = False
        self.faults = OrderFaults()
        self.register = OrderRegister(binds_negative=binds_negative)
        self._news = OrderNews(tell, booked, self.faults.distort, now_s, master_client_id)
        self._life = OrderLife(market, hours, ledger, limits, self.register, self._news, now_s)

    # --- what passes

    def quote_moved(self, con_id: int) -> None:
        """Let the orders on this contract fill at its new quote."""
        with self._news.batch():
            self._life.quote_moved(con_id)

    def advance(self, now_s: float) -> None:
        """Begin and end the orders whose time has come, `now_s` in Unix seconds."""
        with self._news.batch():
            self._life.advance(now_s)

    def fill_everything(self) -> None:
        """Fill every order that is at the market whole, whatever it shows."""
        with self._news.batch():
            self._life.fill_everything()

    # --- what clients ask

    def start(self, client_id: int) -> int:
        """A client has come: its next valid order id. Client 0 binds nothing at once until it asks for it again."""
        if client_id == TWS_CLIENT_ID:
            self._binds_at_once = False
        return self.next_order_id(client_id)

    def next_order_id(self, client_id: int) -> int:
        """The next valid order id of this client."""
        return self.register.next_order_id(client_id)

    def place(self, client_id: int, request: m.PlaceOrderRequest) -> None:
        """Take a new order, or new terms for a working one."""
        with self._news.batch(is_muted=self.faults.next_is_unacknowledged()):
            order_id = request.order_id or 0
            refusal = self._place(client_id, order_id, request)
            if refusal is not None:
                self._news.refuse(client_id, order_id, refusal.code, refusal.text)

    def cancel(self, client_id: int, order_id: int) -> None:
        """Cancel one of a client's own orders, or say why not: another client's is not found (protocol notes, 4.5)."""
        with self._news.batch():
            held = self.register.held.pop((client_id, order_id), None)
            ticket = self.register.find(client_id, order_id)
            if held is not None:
                self._discard(held)
            elif ticket is None:
                text = f"OrderId {order_id} that needs to be cancelled is not found."
                self._news.refuse(client_id, order_id, 10147, text)
            elif not ticket.is_working:
                text = f"OrderId {order_id} that needs to be cancelled can not be cancelled, state: {ticket.status}."
                self._news.error(ticket, 10148, text)
            else:
                self._life.cancel(ticket)

    def cancel_all(self) -> None:
        """Cancel every working order of every client and of the TWS user."""
        with self._news.batch():
            for ticket in list(self.register.working.values()):
                if ticket.is_working:  # it may have gone with its parent
                    self._life.cancel(ticket)

    def bind_orders(self, *, at_once: bool) -> None:
        """Whether orders that the TWS user enters from now on are bound to client 0."""
        self._binds_at_once = at_once

    # --- what the TWS user does

    def place_manual(self, contract: m.Contract, order: m.Order) -> int:
        """Enter an order as the TWS user does; its permanent id. Raises ValueError for one that cannot be."""
        terms = self._checked(m.PlaceOrderRequest(contract=contract, order=replace(order, transmit=True)))
        if isinstance(terms, Refusal):
            raise ValueError(f"{terms.code}: {terms.text}")
        with self._news.batch():
            ticket = new_ticket(TWS_CLIENT_ID, UNBOUND, self.register.take_perm_id(), terms)
            ticket.is_manual = True
            if self._binds_at_once:
                self._bind(ticket)
            self._life.begin([ticket])
        return ticket.perm_id

    def cancel_manual(self, perm_id: int) -> None:
        """Cancel any working order as the TWS user can. Raises ValueError if none has this permanent id."""
        ticket = self.register.working.get(perm_id)
        if ticket is None:
            raise ValueError(f"no working order has the permanent id {perm_id}")
        with self._news.batch():
            self._life.cancel(ticket)

    def correct_execution(self, execution_id: str, price: Decimal | None, quantity: Decimal | None) -> str:
        """Put another price or quantity in the place of an execution's, and tell it; its new id.

        The last group of the id goes up by one, and the books are as if it had been this way from the start (protocol
        notes, 4.3). Raises ValueError if no execution of today has this id or the quantity cannot be.
        """
        found = self.register.execution(execution_id)
        if found is None:
            raise ValueError(f"no execution has the id {execution_id!r}")
        ticket, index = found
        before = ticket.fills[index]
        price = before.price if price is None else price
        quantity = before.quantity if quantity is None else quantity
        if not 0 < quantity <= before.quantity + ticket.remaining:
            raise ValueError(f"a quantity of {quantity} is not above 0 and within what was ordered")
        fill = _corrected(ticket, index, price, quantity)
        try:
            self._ledger.correct(ticket.terms.account, execution_id, fill)
        except KeyError:
            raise ValueError(f"execution {execution_id!r} is not of today") from None
        with self._news.batch():
            ticket.fills[index] = fill
            self._news.correction(ticket, fill, self._ledger.realized(ticket.terms.account, fill.execution_id))
        return fill.execution_id

    # --- what is answered

    def open_orders(self, client_id: int) -> list[Message]:
        """The working orders of a client as pairs; client 0 binds those of the TWS user with it."""
        if client_id == TWS_CLIENT_ID:
            with self._news.batch():
                for ticket in self.register.unbound():
                    self._bind(ticket)
        return order_queries.open_orders(t for t in self.register.working.values() if t.client_id == client_id)

    def all_open_orders(self) -> list[Message]:
        """The working orders of everybody as pairs."""
        return order_queries.open_orders(self.register.working.values())

    def completed_orders(self, *, api_only: bool) -> list[Message]:
        """Every order that is done, of every client."""
        return order_queries.completed_orders(self.register.tickets.values(), api_only=api_only)

    def executions(
        self, request_id: int, client_id: int, filter_: m.ExecutionFilter | None
    ) -> tuple[list[Message], Refusal | None]:
        """The executions that a client may see and its filter lets through, and what is wrong with the filter."""
        today = datetime.fromtimestamp(self._now_s(), UTC).date()
        query = order_queries.ExecutionQuery(request_id, client_id, filter_, today, self._master_client_id)
        return query.answer(self.register.tickets.values(), self._ledger), query.advice

    # --- taking orders

    def _place(self, client_id: int, order_id: int, request: m.PlaceOrderRequest) -> Refusal | None:
        """Take an order; the refusal if it cannot be taken."""
        old = self.register.find(client_id, order_id)
        is_held = (client_id, order_id) in self.register.held
        refusal = self._check_id(client_id, order_id, old, is_held=is_held)
        if refusal is not None:
            return refusal
        if order_id > 0:
            self.register.use_order_id(client_id, order_id)
        terms = self._checked(request)
        if isinstance(terms, Refusal):
            return terms
        if terms.order.what_if:
            self._answer_what_if(new_ticket(client_id, order_id, 0, terms))
            return None
        if old is not None:
            return self._change(old, terms)
        return self._take(client_id, order_id, terms)

    def _check_id(self, client_id: int, order_id: int, old: Ticket | None, *, is_held: bool) -> Refusal | None:
        if old is None and not 0 < order_id <= MOST_ORDER_ID:
            return Refusal(10149, f"Invalid order id: {order_id}")
        if old is not None and old.status is Status.FILLED:
            return Refusal(104, "Cannot modify a filled order.")
        is_used = old is None and order_id < self.next_order_id(client_id) and not is_held
        if is_used or (old is not None and not old.is_working):
            return Refusal(103, "Duplicate order id")
        return None

    def _checked(self, request: m.PlaceOrderRequest) -> OrderTerms | Refusal:
        attached = order_checks.check_attached(request.attached_orders)
        if attached is not None:
            return attached
        terms = read_terms(
            request, self._accounts, self._market.catalogue(datetime.fromtimestamp(self._now_s(), UTC).date())
        )
        return terms if isinstance(terms, Refusal) else order_checks.check(terms, self._now_s()) or terms

    def _take(self, client_id: int, order_id: int, terms: OrderTerms) -> Refusal | None:
        """Hold a new order back, or let it begin with those that were held for it."""
        held = self.register.held.get((client_id, order_id))
        ticket = new_ticket(client_id, order_id, held.perm_id if held else self.register.take_perm_id(), terms)
        if terms.order.parent_id:
            parent = self.register.parent(client_id, terms.order.parent_id)
            if parent is None:
                return NO_PARENT
            order_groups.adopt(ticket, parent)
            if order_groups.has_lost_parent(ticket):
                return NO_PARENT
        if not terms.order.transmit:
            # Not heard of until it is transmitted, but for its permanent id (protocol notes, 4.7).
            self.register.held[client_id, order_id] = ticket
            return None
        self._life.begin(self.register.family_of(ticket), self.faults.next_rejection())
        return None

    def _change(self, old: Ticket, terms: OrderTerms) -> Refusal | None:
        """New terms for a working order."""
        before = old.terms
        same = (terms.instrument.con_id, terms.is_buy, terms.account, terms.order.parent_id or 0)
        if same != (before.instrument.con_id, before.is_buy, before.account, before.order.parent_id or 0):
            return Refusal(105, "Order being modified does not match original order")
        if terms.quantity <= old.filled:
            return Refusal(105, "Order being modified does not match original order")
        if terms.kind is not before.kind and terms.kind.name not in _TYPES_TO_CHANGE_TO:
            return Refusal(329, "Order modify failed. Cannot change to the new order type.")
        if not terms.order.transmit:
            return None  # a change that is not transmitted is not heard of
        if self.faults.next_modify_is_split():
            self._life.begin([new_ticket(old.client_id, old.order_id, self.register.take_perm_id(), terms)])
        else:
            self._life.change(old, terms)
        return None

    def _answer_what_if(self, ticket: Ticket) -> None:
        """What an order would do, as its pair; nothing is worked (protocol notes, 4.8)."""
        effect = margin.effect_of(self._ledger, self._market.quotes, ticket)
        state = margin.order_state(effect, ticket, self._ledger.base_currency)
        echo = order_messages.open_order(ticket, state)
        self._news.answer(ticket.client_id, echo, order_messages.order_status(ticket))

    def _discard(self, held: Ticket) -> None:
        """Forget an order that was not transmitted, and those held for it; no status is told (protocol notes, 4.5)."""
        self._news.error(held, 202, "Order Canceled - reason:Order was discarded")
        text = f"Cancel attempted when order is not in a cancellable state. Order permId = {held.perm_id}"
        self._news.error(held, 161, text)
        for key, other in list(self.register.held.items()):
            if other.parent is held:
                del self.register.held[key]

    def _bind(self, ticket: Ticket) -> None:
        self.register.bind(ticket)
        self._news.bound(ticket)


def _corrected(ticket: Ticket, index: int, price: Decimal, quantity: Decimal) -> Fill:
    before, fill = ticket.fills[:index], ticket.fills[index]
    prefix, _, number = fill.execution_id.rpartition(".")
    total = sum((one.quantity for one in before), Decimal(0)) + quantity
    cost = sum((one.quantity * one.price for one in before), Decimal(0)) + quantity * price
    return replace(
        fill,
        execution_id=f"{prefix}.{int(number) + 1:02}",
        price=price,
        quantity=quantity,
        total_filled=total,
        average_price=cost / total if total else Decimal(0),
        commission=commission(ticket.terms.instrument, quantity, price, is_first=index == 0),
    )
