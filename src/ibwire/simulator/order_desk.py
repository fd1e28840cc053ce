"""The order desk: checks what clients ask, keeps every ticket, and tells of each change in the order a gateway does.

Sequences are those of protocol notes 4.2: openOrder before orderStatus, an execution before the pair that shows it, its
commission last; a cancelled order's status before error 202.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from ibwire.simulator import order_messages, reference
from ibwire.simulator.exchange import Exchange
from ibwire.simulator.knowledge import VALIDATING
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.tickets import PENDING_CANCEL, PRE_SUBMITTED, Fill, Ticket
from ibwire.wire import Message
from ibwire.wire import messages as m

FIRST_PERM_ID = 1_000_001

_MOST_DIGITS = 12
"""A quantity with more digits than this before or after the point is none."""

_NOT_SIMULATED = (
    "what_if", "parent_id", "oca_group", "conditions", "good_after_time", "good_till_date", "all_or_none", "min_qty",
    "algo_strategy", "hedge_type", "scale_init_level_size", "cash_qty", "deactivate",
)  # fmt: skip
"""Terms that would change what becomes of an order: better refused than worked as if they were not there."""

Tell = Callable[[int, Message], None]
"""Sends a message to the client with this id, if it is connected."""

TellError = Callable[[int, int, int, str], None]
"""Sends an error (client id, order id, code, text)."""


class OrderDesk:
    """Every order of every client. `accounts` are the gateway's; the first is the default.

    Fills are booked in `ledger`, and `booked` is told the account and contract then. `active_orders` is how many may
    work per account, contract and side; None is no limit.
    """

    def __init__(
        self,
        exchange: Exchange,
        accounts: tuple[str, ...],
        tell: Tell,
        tell_error: TellError,
        ledger: Ledger,
        booked: Callable[[str, int], None],
        active_orders: int | None = None,
    ) -> None:
        self._ledger = ledger
        self._booked = booked
        self._realized: dict[str, Decimal | None] = {}
        self._exchange = exchange
        self._accounts = accounts
        self._tell = tell
        self._tell_error = tell_error
        self._active_orders = active_orders
        self._held: dict[tuple[int, int], m.PlaceOrderRequest] = {}
        self._next_perm_id = FIRST_PERM_ID
        self.tickets: dict[tuple[int, int], Ticket] = {}
        self.next_order_ids: dict[int, int] = {}

    def next_order_id(self, client_id: int) -> int:
        """The next valid order id of this client; it is kept while the gateway runs, as TWS keeps it."""
        return self.next_order_ids.setdefault(client_id, 1)

    def place(self, client_id: int, request: m.PlaceOrderRequest) -> None:
        """Take a new order, or new terms for a working one."""
        order_id = request.order_id or 0
        if order_id <= 0:
            self._tell_error(client_id, order_id, 10149, f"Invalid order id: {order_id}")
            return
        key = (client_id, order_id)
        old = self.tickets.get(key)
        if old is None and order_id < self.next_order_id(client_id) and key not in self._held:
            self._tell_error(client_id, order_id, 103, "Duplicate order id")
            return
        if old is not None and not old.is_working:
            self._tell_error(client_id, order_id, 104, "Cannot modify a filled order.")
            return
        self.next_order_ids[client_id] = max(self.next_order_id(client_id), order_id + 1)
        ticket = self._check(client_id, order_id, request)
        if isinstance(ticket, tuple):
            self._tell_error(client_id, order_id, *ticket)
        elif request.order is None or not request.order.transmit:
            self._held[key] = request  # an untransmitted order is not heard of until it is transmitted
        else:
            self._held.pop(key, None)
            if old is None:
                self._accept(ticket)
            else:
                self._modify(old, ticket)

    def cancel(self, client_id: int, order_id: int) -> None:
        """Cancel one of a client's own orders, or say why not."""
        ticket = self.tickets.get((client_id, order_id))
        was_held = self._held.pop((client_id, order_id), None) is not None
        if was_held and ticket is None:
            self._tell_error(client_id, order_id, 202, "Order Canceled - reason:Order was discarded")
        elif ticket is None:
            text = f"OrderId {order_id} that needs to be cancelled is not found."
            self._tell_error(client_id, order_id, 10147, text)
        elif not ticket.is_working:
            text = f"OrderId {order_id} that needs to be cancelled can not be cancelled, state: {ticket.status}."
            self._tell_error(client_id, order_id, 10148, text)
        else:
            self._tell(client_id, order_messages.order_status(ticket, PENDING_CANCEL))
            self._exchange.cancel(ticket)
            self._tell(client_id, order_messages.order_status(ticket))
            self._tell_error(client_id, order_id, 202, "Order Canceled - reason:")

    def cancel_all(self) -> None:
        """Cancel every working order of every client."""
        for client_id, order_id in [key for key, ticket in self.tickets.items() if ticket.is_working]:
            self.cancel(client_id, order_id)

    def open_orders(self, client_id: int | None) -> list[Message]:
        """The working orders of a client, or of all, each as its pair of messages."""
        tickets = [ticket for ticket in self.tickets.values() if ticket.is_working]
        mine = [ticket for ticket in tickets if client_id is None or ticket.client_id == client_id]
        pairs = [(order_messages.open_order(ticket), order_messages.order_status(ticket)) for ticket in mine]
        return [message for pair in pairs for message in pair]

    def completed_orders(self) -> list[Message]:
        """Every order that is done, of every client."""
        done = [ticket for ticket in self.tickets.values() if ticket.done_at_s is not None]
        return [order_messages.completed_order(ticket) for ticket in done]

    def executions(self, request_id: int, client_id: int, filter_: m.ExecutionFilter | None) -> list[Message]:
        """A client's executions, each with its commission, as far as the filter lets them through."""
        wanted = filter_ or m.ExecutionFilter()
        messages: list[Message] = []
        for ticket in self.tickets.values():
            if ticket.client_id == client_id and _passes(ticket, wanted):
                for fill in ticket.fills:
                    messages.append(order_messages.execution_details(ticket, fill, request_id))
                    messages.append(self._commission_report(ticket, fill))
        return messages

    def quote_moved(self, con_id: int) -> None:
        """Let the orders on this contract fill at its new quote."""
        for ticket, fill in self._exchange.quote_moved(con_id):
            self._tell_fill(ticket, fill)

    def _check(self, client_id: int, order_id: int, request: m.PlaceOrderRequest) -> Ticket | tuple[int, str]:
        """The ticket for a request, or the code and text of the error that a gateway answers."""
        order = request.order or m.Order()
        found = reference.instruments_for(request.contract)
        if len(found) != 1:
            return 200, reference.AMBIGUOUS if found else reference.NO_DEFINITION
        instrument = found[0]
        quantity = _decimal(order.total_quantity)
        account = order.account or self._accounts[0]
        if order.action not in ("BUY", "SELL"):
            return _invalid(f"Invalid side: {order.action or ''}")
        if order.order_type not in ("MKT", "LMT"):
            return _invalid(f"the simulator does not know order type '{order.order_type or ''}' yet")
        if (order.tif or "DAY") not in ("DAY", "GTC"):
            return _invalid(f"the simulator does not know time in force '{order.tif}' yet")
        if account not in self._accounts:
            return _invalid(f"Invalid account code '{account}'")
        not_simulated = [name for name in _NOT_SIMULATED if getattr(order, name)]
        if request.attached_orders not in (None, m.AttachedOrders()):
            not_simulated.append("attached_orders")
        if not_simulated:
            return _invalid(f"the simulator does not know {', '.join(not_simulated)} yet")
        if quantity is None or quantity <= 0:
            return 434, "The order size cannot be zero"
        limit_price = None
        if order.order_type == "LMT":
            if order.lmt_price is None:
                return _invalid("a limit order needs a limit price")
            limit_price = Decimal(repr(order.lmt_price))
            if not _is_on_grid(limit_price, instrument.min_tick):
                return 110, "The price does not conform to the minimum price variation for this contract."
        exchange = request.contract.exchange if request.contract is not None else None
        return Ticket(
            client_id=client_id,
            order_id=order_id,
            perm_id=0,
            account=account,
            instrument=instrument,
            contract=reference.contract_of(instrument, exchange or ""),
            order=order,
            quantity=quantity,
            limit_price=limit_price,
        )

    def _accept(self, ticket: Ticket) -> None:
        if self._active_orders is not None and self._working_beside(ticket) >= self._active_orders:
            text = f"Order rejected - reason:{self._active_orders} orders work on this side of the contract already"
            self._tell_error(ticket.client_id, ticket.order_id, 201, text)
            return
        ticket.perm_id, self._next_perm_id = self._next_perm_id, self._next_perm_id + 1
        self.tickets[ticket.client_id, ticket.order_id] = ticket
        ticket.status = PRE_SUBMITTED
        self._tell_pair(ticket)
        self._submit(ticket)

    def _working_beside(self, ticket: Ticket) -> int:
        """How many orders of the same account work on the same side of the same contract."""
        return sum(
            other.is_working
            and other.account == ticket.account
            and other.instrument is ticket.instrument
            and other.is_buy == ticket.is_buy
            for other in self.tickets.values()
        )

    def _modify(self, old: Ticket, new: Ticket) -> None:
        same = (new.instrument, new.is_buy, new.account) == (old.instrument, old.is_buy, old.account)
        if not same or new.quantity <= old.filled:
            text = "Order being modified does not match original order"
            self._tell_error(old.client_id, old.order_id, 105, text)
            return
        old.order, old.quantity, old.limit_price = new.order, new.quantity, new.limit_price
        self._submit(old)

    def _submit(self, ticket: Ticket) -> None:
        fills = self._exchange.submit(ticket)
        for fill in fills:
            self._tell_fill(ticket, fill)
        if not fills:
            self._tell_pair(ticket)

    def _tell_fill(self, ticket: Ticket, fill: Fill) -> None:
        realized = self._ledger.book(ticket.account, ticket.instrument, fill, is_buy=ticket.is_buy)
        self._realized[fill.execution_id] = realized
        self._tell(ticket.client_id, order_messages.execution_details(ticket, fill))
        self._tell_pair(ticket)
        self._tell(ticket.client_id, self._commission_report(ticket, fill))
        self._booked(ticket.account, ticket.instrument.con_id)

    def _commission_report(self, ticket: Ticket, fill: Fill) -> m.CommissionAndFeesReport:
        return order_messages.commission_report(ticket, fill, self._realized[fill.execution_id])

    def _tell_pair(self, ticket: Ticket) -> None:
        self._tell(ticket.client_id, order_messages.open_order(ticket))
        self._tell(ticket.client_id, order_messages.order_status(ticket))


def _decimal(text: str | None) -> Decimal | None:
    try:
        value = Decimal(text or "")
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) <= _MOST_DIGITS else None


def _is_on_grid(price: Decimal, tick: Decimal) -> bool:
    try:
        return price % tick == 0
    except InvalidOperation:  # infinite, no number, or with more digits than any price
        return False


def _invalid(cause: str) -> tuple[int, str]:
    return 321, f"{VALIDATING}{cause}"


def _passes(ticket: Ticket, wanted: m.ExecutionFilter) -> bool:
    """Client id 0 and empty text are no filter (protocol notes, 3.14); times and days are not looked at yet."""
    instrument = ticket.instrument
    return all(
        (
            not wanted.client_id or wanted.client_id == ticket.client_id,
            not wanted.acct_code or wanted.acct_code == ticket.account,
            not wanted.symbol or wanted.symbol == instrument.symbol,
            not wanted.sec_type or wanted.sec_type == instrument.sec_type,
            not wanted.exchange or wanted.exchange in (ticket.contract.exchange, instrument.primary_exchange),
            not wanted.side or wanted.side == ticket.order.action,
        )
    )
