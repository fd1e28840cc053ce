"""A scripted gateway that answers questions about orders from lists, and says nothing else but what a test lets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ibwire.session import IBSession
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_gateway import ScriptedGateway
from tests.helpers.sessions import wall_clock
from tests.helpers.trading_floor import trader

PERM_ID = 5_000


@dataclass
class Desk:
    """What the gateway says when it is asked. `placed` and `cancelled` are the requests that came.

    `on_open_orders` is called before open orders are answered, and may send news then.
    """

    open: list[Message] = field(default_factory=list)
    completed: list[Message] = field(default_factory=list)
    executions: list[Message] = field(default_factory=list)
    placed: list[m.PlaceOrderRequest] = field(default_factory=list)
    cancelled: list[m.CancelOrderRequest] = field(default_factory=list)
    asked: int = 0
    ends_executions: bool = True
    on_open_orders: Callable[[], object] = lambda: None
    client_id: int = 1
    gateway: ScriptedGateway = field(init=False)

    def __post_init__(self) -> None:
        self.gateway = ScriptedGateway(self._answer)

    def say(self, *messages: Message) -> None:
        """News that nobody asked for."""
        self.gateway.send(*messages)

    def open_order(self, status: str, at: int = 0, **terms: Any) -> m.OpenOrder:
        """The echo of an order that came, whose permanent id goes with its place; `terms` are fields of the order."""
        placed = self.placed[at]
        assert placed.order is not None
        order = replace(placed.order, **{"client_id": self.client_id, "perm_id": PERM_ID + at, **terms})
        return m.OpenOrder(
            order_id=placed.order_id, contract=placed.contract, order=order, order_state=m.OrderState(status=status)
        )

    def status(self, status: str, filled: int = 0, remaining: int = 10, at: int = 0, **fields: Any) -> m.OrderStatus:
        told = {"order_id": self.placed[at].order_id, "perm_id": PERM_ID + at, "client_id": self.client_id, **fields}
        return m.OrderStatus(status=status, filled=str(filled), remaining=str(remaining), **told)

    def execution(
        self,
        trade: int,
        shares: int,
        total: int,
        at: int = 0,
        *,
        price: float = 10.0,
        contract: m.Contract | None = None,
        **fields: Any,
    ) -> m.ExecutionDetails:
        placed = self.placed[at]
        assert placed.order is not None
        told = {"order_id": placed.order_id, "perm_id": PERM_ID + at, "client_id": self.client_id}
        execution = m.Execution(
            exec_id=f"0000e0d5.69e02bfb.{trade:02}.01",
            time="20260413 15:27:04 US/Eastern",
            side="BOT",
            shares=str(shares),
            cum_qty=str(total),
            price=price,
            **{"order_ref": placed.order.order_ref, **told, **fields},
        )
        return m.ExecutionDetails(-1, contract or placed.contract, execution)

    def commission(self, trade: int, amount: float = 1.5) -> m.CommissionAndFeesReport:
        return m.CommissionAndFeesReport(
            exec_id=f"0000e0d5.69e02bfb.{trade:02}.01", commission_and_fees=amount, currency="USD"
        )

    def error(self, code: int, text: str, at: int = 0) -> m.ErrorMessage:
        now_ms = int(asyncio.get_running_loop().time() * 1000)
        return m.ErrorMessage(id=self.placed[at].order_id, error_time=now_ms, error_code=code, error_msg=text)

    def _answer(self, gateway: ScriptedGateway, message: Message) -> None:
        match message:
            case m.PlaceOrderRequest():
                self.placed.append(message)
            case m.CancelOrderRequest():
                self.cancelled.append(message)
            case m.ExecutionRequest():
                told = (replace(one, req_id=message.req_id) for one in self.executions if hasattr(one, "req_id"))
                gateway.send(*told, *([m.ExecutionDetailsEnd(message.req_id)] if self.ends_executions else []))
            case m.OpenOrdersRequest() | m.AllOpenOrdersRequest():
                self.asked += 1
                self.on_open_orders()
                gateway.send(*self.open, m.OpenOrdersEnd())
            case m.CompletedOrdersRequest():
                gateway.send(*self.completed, m.CompletedOrdersEnd())
            case m.CurrentTimeRequest():
                gateway.send(m.CurrentTime(int(wall_clock())))
            case m.CurrentTimeInMillisRequest():
                gateway.send(m.CurrentTimeInMillis(int(wall_clock() * 1000)))


@asynccontextmanager
async def desk(path: Path, *, client_id: int = 1, **trading: Any) -> AsyncIterator[tuple[Desk, IBSession]]:
    """The gateway and a session that trades at it."""
    one = Desk(client_id=client_id)
    async with one.gateway, trader(path, client_id=client_id, **trading) as session:
        yield one, session
