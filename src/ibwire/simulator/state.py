"""The truth about a gateway at one moment, as records: what `GET /state` shows and `gateway.state()` gives in process.

Quantities and money are decimals (text in JSON), times Unix seconds of the gateway's clock.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from msgspec import Struct

from ibwire.simulator.clock import Clock
from ibwire.simulator.happenings import Violation
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.tickets import Fill, Ticket


class OpenRequest(Struct, frozen=True):
    """Something a client has subscribed to: its request id (-1 for none), the request's name, and of what."""

    request_id: int
    request: str
    of: str


class ClientState(Struct, frozen=True, kw_only=True):
    """A client; `client_id` is None until it has started.

    `highest_per_s` is the most messages that came in any sliding second.
    """

    client_id: int | None
    server_version: int
    messages_received: int
    highest_per_s: int
    subscriptions: list[OpenRequest] = []


class ContractState(Struct, frozen=True, kw_only=True):
    """What is traded."""

    con_id: int
    symbol: str
    local_symbol: str
    sec_type: str


class OrderState(Struct, frozen=True, kw_only=True):
    """An order that the gateway has taken; `times_received` counts its modifications, and what came twice."""

    order_id: int
    client_id: int
    perm_id: int
    order_ref: str
    account: str
    contract: ContractState
    action: str
    order_type: str
    quantity: Decimal
    filled: Decimal
    status: str
    times_received: int


class ReceivedOrder(Struct, frozen=True, kw_only=True):
    """How often an order has come over the wire, whatever became of it."""

    client_id: int
    order_id: int
    times_received: int


class ExecutionState(Struct, frozen=True, kw_only=True):
    """An execution; `side` is BOT or SLD."""

    exec_id: str
    order_id: int
    client_id: int
    perm_id: int
    account: str
    contract: ContractState
    side: str
    quantity: Decimal
    price: Decimal
    commission: Decimal
    time_s: int


class PositionState(Struct, frozen=True, kw_only=True):
    """What an account holds of something; `average_cost` is of one unit, as IBKR has it."""

    account: str
    contract: ContractState
    quantity: Decimal
    average_cost: Decimal


class ActiveFault(Struct, frozen=True, kw_only=True):
    """A fault that goes on, with what it was given."""

    kind: str
    parameters: dict[str, Any] = {}


class GatewayState(Struct, frozen=True, kw_only=True):
    """Everything; `clients_gone` are the last hundred that left, `cash` is by account and currency.

    `orders_received` counts every order that came, `orders` are those that were taken. `violations` are the last
    thousand of `violations_counted`.
    """

    now_s: float
    elapsed_s: float
    host: str
    port: int
    is_listening: bool
    accounts: tuple[str, ...]
    clients: list[ClientState]
    clients_gone: list[ClientState]
    orders: list[OrderState]
    orders_received: list[ReceivedOrder]
    executions: list[ExecutionState]
    positions: list[PositionState]
    cash: dict[str, dict[str, Decimal]]
    active_faults: list[ActiveFault]
    violations: list[Violation]
    violations_counted: int


class _Rate(Protocol):
    highest: int


class Client(Protocol):
    """What is told of a session."""

    client_id: int | None
    server_version: int
    messages_received: int

    @property
    def arrivals(self) -> _Rate:
        """The messages as they came."""

    def open_requests(self) -> list[OpenRequest]:
        """What it has subscribed to."""


class _Register(Protocol):
    tickets: dict[int, Ticket]


class _Desk(Protocol):
    @property
    def register(self) -> _Register:
        """Every order, by its permanent id."""


class _Chronicle(Protocol):
    clients_gone: deque[ClientState]
    orders_received: Counter[tuple[int, int]]
    violations: deque[Violation]
    violations_counted: int


class Gateway(Protocol):
    """What is told of a gateway."""

    host: str
    port: int
    accounts: tuple[str, ...]
    ledger: Ledger

    @property
    def is_listening(self) -> bool:
        """Whether it can be connected to now."""

    @property
    def clock(self) -> Clock:
        """Its time."""

    @property
    def sessions(self) -> Collection[Client]:
        """Its clients."""

    @property
    def desk(self) -> _Desk:
        """Its orders."""

    @property
    def chronicle(self) -> _Chronicle:
        """What has happened."""

    def active_faults(self) -> list[ActiveFault]:
        """The faults that go on now."""


def state_of(gateway: Gateway) -> GatewayState:
    """The truth about a gateway at this moment."""
    tickets, chronicle = list(gateway.desk.register.tickets.values()), gateway.chronicle
    return GatewayState(
        now_s=gateway.clock.now_s(),
        elapsed_s=gateway.clock.elapsed_s(),
        host=gateway.host,
        port=gateway.port,
        is_listening=gateway.is_listening,
        accounts=gateway.accounts,
        clients=clients(gateway.sessions),
        clients_gone=list(chronicle.clients_gone),
        orders=orders(tickets, chronicle.orders_received),
        orders_received=received_orders(chronicle.orders_received),
        executions=executions(tickets),
        positions=positions(gateway.ledger, gateway.accounts),
        cash={account: gateway.ledger.cash(account) for account in gateway.accounts},
        active_faults=gateway.active_faults(),
        violations=list(chronicle.violations),
        violations_counted=chronicle.violations_counted,
    )


def client_state(client: Client, *, is_gone: bool = False) -> ClientState:
    """A session as it is now, or was when it ended."""
    return ClientState(
        client_id=client.client_id,
        server_version=client.server_version,
        messages_received=client.messages_received,
        highest_per_s=client.arrivals.highest,
        subscriptions=[] if is_gone else client.open_requests(),
    )


def clients(sessions: Collection[Client]) -> list[ClientState]:
    """Every client there is, by its id; those that have not started come last."""
    in_order = sorted(sessions, key=lambda one: (one.client_id is None, one.client_id or 0))
    return [client_state(session) for session in in_order]


def orders(tickets: Iterable[Ticket], received: Counter[tuple[int, int]]) -> list[OrderState]:
    """Every order that was taken, in the order in which they were."""
    return [
        OrderState(
            order_id=ticket.order_id,
            client_id=ticket.client_id,
            perm_id=ticket.perm_id,
            order_ref=ticket.terms.order.order_ref or "",
            account=ticket.terms.account,
            contract=_contract(ticket.terms.instrument),
            action=ticket.terms.order.action or "",
            order_type=ticket.terms.order.order_type or "",
            quantity=ticket.quantity,
            filled=ticket.filled,
            status=ticket.status,
            times_received=received[ticket.client_id, ticket.order_id],
        )
        for ticket in tickets
    ]


def received_orders(received: Mapping[tuple[int, int], int]) -> list[ReceivedOrder]:
    """Every order that came, in the order of its first coming."""
    return [
        ReceivedOrder(client_id=client_id, order_id=order_id, times_received=times)
        for (client_id, order_id), times in received.items()
    ]


def executions(tickets: Iterable[Ticket]) -> list[ExecutionState]:
    """Every execution, by its id, which is the order in which they happened."""
    found = [_execution(ticket, fill) for ticket in tickets for fill in ticket.fills]
    return sorted(found, key=lambda execution: execution.exec_id)


def _execution(ticket: Ticket, fill: Fill) -> ExecutionState:
    return ExecutionState(
        exec_id=fill.execution_id,
        order_id=ticket.order_id,
        client_id=ticket.client_id,
        perm_id=ticket.perm_id,
        account=ticket.terms.account,
        contract=_contract(ticket.terms.instrument),
        side="BOT" if ticket.is_buy else "SLD",
        quantity=fill.quantity,
        price=fill.price,
        commission=fill.commission,
        time_s=fill.time_s,
    )


def positions(ledger: Ledger, accounts: Iterable[str]) -> list[PositionState]:
    """Every position, and with quantity 0 those closed today."""
    return [
        PositionState(
            account=account,
            contract=_contract(holding.instrument),
            quantity=holding.quantity,
            average_cost=holding.average_cost,
        )
        for account in accounts
        for holding in ledger.positions(account)
    ]


def _contract(instrument: Instrument) -> ContractState:
    return ContractState(
        con_id=instrument.con_id,
        symbol=instrument.symbol,
        local_symbol=instrument.local_symbol,
        sec_type=instrument.sec_type,
    )
