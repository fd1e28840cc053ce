"""Who is told what of orders, and in which order a gateway says it.

News of an order goes to the client that owns it and to the master client, if one is set (protocol notes, 1.7). The
sequences are those of 4.2: openOrder before orderStatus, an execution before the pair that shows it, its commission
last, an error after the status that it explains. What happens together leaves together, at the end of a `batch`, so
that news of different orders do not mix and a fault can distort the whole of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from ibwire.simulator import order_messages
from ibwire.simulator.order_register import UNBOUND
from ibwire.simulator.tickets import Fill, Status, Ticket
from ibwire.wire import Message
from ibwire.wire import messages as m

Tell = Callable[[int, Message], None]
"""Sends a message to the client with this id, if it is connected."""

Distort = Callable[[list[Message]], list[Message]]
"""What becomes of the messages that one client is to be told together."""


class OrderNews:
    """Collects what is to be told, and tells it. `now_s` gives Unix seconds, `booked` hears of what was filled."""

    def __init__(
        self,
        tell: Tell,
        booked: Callable[[str, int], None],
        distort: Distort,
        now_s: Callable[[], float],
        master_client_id: int | None,
    ) -> None:
        self._tell = tell
        self._booked = booked
        self._distort = distort
        self._now_s = now_s
        self._master_client_id = master_client_id
        self._waiting: dict[int, list[Message]] = {}
        self._bookings: list[tuple[str, int]] = []

    @contextmanager
    def batch(self, *, is_muted: bool = False) -> Iterator[None]:
        """Tell what is said in here when it is over; nothing of it if muted."""
        yield
        waiting, self._waiting = self._waiting, {}
        bookings, self._bookings = self._bookings, []
        for client_id, messages in waiting.items():
            for message in () if is_muted else self._distort(messages):
                self._tell(client_id, message)
        for account, con_id in bookings:
            self._booked(account, con_id)

    def echo(self, ticket: Ticket) -> None:
        """The order as it stands, alone."""
        self._say(ticket, order_messages.open_order(ticket))

    def status(self, ticket: Ticket) -> None:
        """Where the order stands, alone."""
        self._say(ticket, order_messages.order_status(ticket))

    def pair(self, ticket: Ticket) -> None:
        """The order as it stands, and where."""
        self.echo(ticket)
        self.status(ticket)

    def error(self, ticket: Ticket, code: int, text: str) -> None:
        """An error or warning on an order, for its owner alone; the TWS user's own order has no id to tell it on."""
        if ticket.order_id != UNBOUND:
            self.refuse(ticket.client_id, ticket.order_id, code, text)

    def refuse(self, client_id: int, order_id: int, code: int, text: str) -> None:
        """An error on an order id that may stand for no order."""
        now_ms = round(self._now_s() * 1000)
        error = m.ErrorMessage(id=order_id, error_time=now_ms, error_code=code, error_msg=text)
        self._waiting.setdefault(client_id, []).append(error)

    def answer(self, client_id: int, *messages: Message) -> None:
        """What one client alone is told."""
        self._waiting.setdefault(client_id, []).extend(messages)

    def fill(self, ticket: Ticket, fill: Fill, realized: Decimal | None, *, is_status_first: bool = False) -> None:
        """One execution; `is_status_first` tells the pair before it, as a gateway does after some modifications."""
        if is_status_first:
            self.pair(ticket)
        self._say(ticket, order_messages.execution_details(ticket, fill))
        if not is_status_first:
            self.pair(ticket)
        self._say(ticket, order_messages.commission_report(ticket, fill, realized))
        self._bookings.append((ticket.terms.account, ticket.terms.instrument.con_id))

    def correction(self, ticket: Ticket, fill: Fill, realized: Decimal | None) -> None:
        """An execution told anew under the id that replaces its former one."""
        self._say(ticket, order_messages.execution_details(ticket, fill))
        self._say(ticket, order_messages.commission_report(ticket, fill, realized))
        self._bookings.append((ticket.terms.account, ticket.terms.instrument.con_id))

    def bound(self, ticket: Ticket) -> None:
        """An order of the TWS user has got an order id."""
        self._say(ticket, m.OrderBound(ticket.perm_id, ticket.client_id, ticket.order_id))

    def cancelled(self, ticket: Ticket, reason: str = "") -> None:
        """Its end; the error that IBKR calls a cancel by comes after the status (protocol notes, 4.2)."""
        assert ticket.status is Status.CANCELLED
        self.status(ticket)
        self.error(ticket, 202, f"Order Canceled - reason:{reason}")

    def _say(self, ticket: Ticket, message: Message) -> None:
        audience = {ticket.client_id: None, self._master_client_id: None}  # a dict keeps the order, and each once
        for client_id in audience:
            if client_id is not None:
                self._waiting.setdefault(client_id, []).append(message)
