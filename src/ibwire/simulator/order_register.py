"""Every order there is, by its ids: which are working, which are held back, and which ids come next.

An order belongs to (client id, order id); its permanent id is the same for everybody (protocol notes, 4.9).
"""

from __future__ import annotations

from ibwire.simulator.tickets import Ticket

FIRST_PERM_ID = 1_000_001

TWS_CLIENT_ID = 0
"""The client id of orders that the TWS user entered; the client with this id may bind them."""

UNBOUND = 0
"""The order id of an order that the TWS user entered and no client has bound."""


class OrderRegister:
    """The gateway's orders in the order in which they came. With `binds_negative`, bound orders get ids below 0."""

    def __init__(self, *, binds_negative: bool = False) -> None:
        self._binds_negative = binds_negative
        self._by_client: dict[tuple[int, int], Ticket] = {}
        self._next_perm_id = FIRST_PERM_ID
        self._next_negative_id = -1
        self._next_order_ids: dict[int, int] = {}
        self.tickets: dict[int, Ticket] = {}
        self.working: dict[int, Ticket] = {}
        self.held: dict[tuple[int, int], Ticket] = {}

    def next_order_id(self, client_id: int) -> int:
        """The next valid order id of this client; it is kept while the gateway runs, as TWS keeps it."""
        return self._next_order_ids.get(client_id, 1)

    def use_order_id(self, client_id: int, order_id: int) -> None:
        """No new order of this client may have this id or one below."""
        self._next_order_ids[client_id] = max(self.next_order_id(client_id), order_id + 1)

    def roll_back(self, orders: int) -> None:
        """Forget that every client used its last so many ids."""
        for client_id, next_id in self._next_order_ids.items():
            self._next_order_ids[client_id] = max(1, next_id - orders)

    def take_perm_id(self) -> int:
        """A permanent id that no order has."""
        self._next_perm_id += 1
        return self._next_perm_id - 1

    def find(self, client_id: int, order_id: int) -> Ticket | None:
        """The order that this client knows by this id, held ones left out; of two of them (a fault) one that works."""
        found = None if order_id == UNBOUND else self._by_client.get((client_id, order_id))
        if found is None or found.is_working:
            return found
        twins = (one for one in self.working.values() if (one.client_id, one.order_id) == (client_id, order_id))
        return next(twins, found)

    def add(self, ticket: Ticket) -> None:
        """Take an order in, working until it is `done`."""
        self.held.pop((ticket.client_id, ticket.order_id), None)
        self.tickets[ticket.perm_id] = self.working[ticket.perm_id] = ticket
        self._by_client[ticket.client_id, ticket.order_id] = ticket

    def done(self, ticket: Ticket) -> None:
        """It works no more."""
        self.working.pop(ticket.perm_id, None)

    def execution(self, execution_id: str) -> tuple[Ticket, int] | None:
        """The order that has this execution, and which of its fills it is."""
        for ticket in self.tickets.values():
            for index, fill in enumerate(ticket.fills):
                if fill.execution_id == execution_id:
                    return ticket, index
        return None

    def bind(self, ticket: Ticket) -> None:
        """Give an order of the TWS user an id under which client 0 knows it."""
        if self._binds_negative:
            ticket.order_id, self._next_negative_id = self._next_negative_id, self._next_negative_id - 1
        else:
            ticket.order_id = self.next_order_id(TWS_CLIENT_ID)
            self.use_order_id(TWS_CLIENT_ID, ticket.order_id)
        self._by_client[TWS_CLIENT_ID, ticket.order_id] = ticket

    def unbound(self) -> list[Ticket]:
        """The working orders of the TWS user that no client has bound."""
        return [ticket for ticket in self.working.values() if ticket.is_manual and ticket.order_id == UNBOUND]

    def parent(self, client_id: int, parent_id: int) -> Ticket | None:
        """The order that a child of this client names as its parent, held or not."""
        return self.held.get((client_id, parent_id)) or self.find(client_id, parent_id)

    def family_of(self, ticket: Ticket) -> list[Ticket]:
        """What is released when this order is transmitted: its held parent and that one's held children, then itself.

        The parent comes first (protocol notes, 4.7).
        """
        parent = ticket.parent
        if parent is None or self.held.get((parent.client_id, parent.order_id)) is not parent:
            return [ticket]
        siblings = [held for held in self.held.values() if held.parent is parent and held.order_id != ticket.order_id]
        return [parent, *siblings, ticket]
