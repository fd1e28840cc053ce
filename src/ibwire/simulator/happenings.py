"""What happens in a gateway, as records for whoever watches it: `ibwire sim --json` prints them, one a line.

Told from what passes on the wire, so they hold for every part of the simulator alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from ibwire.wire import Message
from ibwire.wire import messages as m


class Happening(Struct, frozen=True, kw_only=True, tag_field="event"):
    """Something that happened at `at_s`, Unix seconds of the gateway's clock."""

    at_s: float


class Listening(Happening, frozen=True, kw_only=True, tag="listening"):
    """The gateway can be connected to; `control_port` is None without one."""

    host: str
    port: int
    control_port: int | None


class ClientConnected(Happening, frozen=True, kw_only=True, tag="client_connected"):
    """A client has started its session."""

    client_id: int
    server_version: int


class ClientLeft(Happening, frozen=True, kw_only=True, tag="client_left"):
    """Its connection is gone."""

    client_id: int
    messages_received: int


class OrderNews(Happening, frozen=True, kw_only=True, tag="order"):
    """An order's status, as its client is told it."""

    client_id: int
    order_id: int
    perm_id: int
    status: str
    filled: str
    remaining: str


class FillNews(Happening, frozen=True, kw_only=True, tag="fill"):
    """An execution, as the order's client is told it; `side` is BOT or SLD."""

    client_id: int
    order_id: int
    perm_id: int
    exec_id: str
    account: str
    symbol: str
    side: str
    quantity: str
    price: float


class FaultNews(Happening, frozen=True, kw_only=True, tag="fault"):
    """A fault was injected."""

    kind: str
    parameters: dict[str, Any]


class Violation(Happening, frozen=True, kw_only=True, tag="violation"):
    """A client broke one of IBKR's rules; the code is what a gateway says of it, told to the client or not.

    `client_id` is None of a client that has not started.
    """

    client_id: int | None
    code: int
    text: str


Watcher = Callable[[Happening], None]
"""Is told of everything as it happens; it must not block."""


def order_news(at_s: float, client_id: int, message: Message) -> Happening | None:
    """The record for a message about an order, None for one that says nothing new or answers a request."""
    match message:
        case m.OrderStatus():
            return OrderNews(
                at_s=at_s,
                client_id=client_id,
                order_id=message.order_id or 0,
                perm_id=message.perm_id or 0,
                status=message.status or "",
                filled=message.filled or "0",
                remaining=message.remaining or "0",
            )
        case m.ExecutionDetails(execution=m.Execution() as execution):
            return FillNews(
                at_s=at_s,
                client_id=client_id,
                order_id=execution.order_id or 0,
                perm_id=execution.perm_id or 0,
                exec_id=execution.exec_id or "",
                account=execution.acct_number or "",
                symbol=(message.contract.symbol if message.contract is not None else None) or "",
                side=execution.side or "",
                quantity=execution.shares or "0",
                price=execution.price or 0.0,
            )
    return None


_RULES = {
    101: "",  # market-data lines
    103: "",  # order ids
    10149: "",
    162: "pacing",
    420: "pacing",
    309: "",  # depth
    10190: "",  # tick-by-tick
    201: "orders work on this side",
    320: "",  # what cannot be read
    322: "",  # duplicate ids, account summaries
    326: "",  # client ids
}
"""The errors that say that a client broke a rule, and what their text must contain for it. Error 100 is not among them:
the message rate is counted where messages arrive."""


def is_violation(code: int, text: str) -> bool:
    """Whether an error says that the client broke one of IBKR's rules."""
    return code in _RULES and _RULES[code] in text
