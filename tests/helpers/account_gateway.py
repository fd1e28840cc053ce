"""A gateway that answers account requests with the rows that the test gives it, and what it sends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ibwire.positions import Position
from ibwire.session import IBSession
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_gateway import READY, ScriptedGateway
from tests.helpers.sessions import session_at
from tests.helpers.virtual_time import on_virtual_time

ACCOUNT, OTHER = "DU1234567", "DU7654321"
BOTH = (m.ManagedAccounts(f"{ACCOUNT},{OTHER},"), m.NextValidId(order_id=100))
LOST_1100 = m.ErrorMessage(id=-1, error_code=1100, error_msg="Connectivity has been lost.")
DATA_KEPT_1102 = m.ErrorMessage(id=-1, error_code=1102, error_msg="Connectivity has been restored - data maintained.")
TAKEN_2100 = m.ErrorMessage(id=-1, error_code=2100, error_msg="API client has been unsubscribed from account data.")
REFUSED_2101 = m.ErrorMessage(id=-1, error_code=2101, error_msg="Unable to subscribe to account.")


def position(con_id: int, quantity: str, account: str = ACCOUNT) -> m.Position:
    return m.Position(account=account, contract=m.Contract(con_id=con_id), position=quantity, avg_cost=1.5)


def value(key: str, text: str, currency: str = "", account: str = ACCOUNT) -> m.AccountValue:
    return m.AccountValue(key=key, value=text, currency=currency, account_name=account)


def item(con_id: int, quantity: str, account: str = ACCOUNT) -> m.PortfolioValue:
    return m.PortfolioValue(
        contract=m.Contract(con_id=con_id), position=quantity, market_price=2.0, market_value=0.1, account_name=account
    )


class AccountGateway(ScriptedGateway):
    """Answers account requests with `rows` and their end, unless `ends` says that it forgets the end."""

    def __init__(self, *rows: Message, accounts: tuple[Message, ...] = READY) -> None:
        super().__init__(self._respond, ready=accounts)
        self.rows = list(rows)
        self.ends = True

    def _respond(self, _: ScriptedGateway, message: Message) -> None:
        end: Message
        match message:
            case m.PositionsRequest():
                end = m.PositionEnd()
            case m.AccountDataRequest(subscribe=True):
                end = m.AccountDataEnd(message.acct_code)
            case m.AccountSummaryRequest():
                end = m.AccountSummaryEnd(message.req_id)
            case m.CurrentTimeInMillisRequest():
                self.send(m.CurrentTimeInMillis(0))
                return
            case _:
                return
        self.send(*self.rows, *([end] if self.ends else []))

    def stop_listening(self) -> None:
        """Refuse who comes from now on."""
        assert self._server is not None
        self._server.close()

    def asked(self, *kinds: type[Message]) -> list[Any]:
        """What was asked and cancelled, in order; everything about accounts unless kinds are given."""
        about = kinds or (
            *(m.PositionsRequest, m.CancelPositions, m.AccountDataRequest, m.AccountSummaryRequest),
            *(m.CancelAccountSummary, m.PnLRequest, m.CancelPnL),
        )
        return [message for message in self.received if isinstance(message, about)]


def with_gateway(*rows: Message, accounts: tuple[Message, ...] = READY) -> Callable[..., Callable[[], None]]:
    """Runs a test on virtual time with such a gateway and a session that is connected to it."""

    def decorate(test: Callable[[AccountGateway, IBSession], Any]) -> Callable[[], None]:
        @on_virtual_time
        async def run() -> None:
            async with AccountGateway(*rows, accounts=accounts) as gateway, session_at(clock_skew_s=86400) as session:
                await test(gateway, session)

        run.__name__ = test.__name__
        return run

    return decorate


async def settle() -> None:
    """Let everything that is on the way arrive, as far as nobody waits for time to pass."""
    await asyncio.sleep(0.1)


def held(rows: tuple[Position, ...]) -> dict[int | None, Decimal]:
    return {row.contract.con_id: row.quantity for row in rows}


def waiting(stream: Any) -> list[Any]:
    """What has come for a consumer, without waiting: a position as con id and quantity."""
    found = [stream._queue.popleft() for _ in range(len(stream))]
    return [
        (one.contract.con_id, int(one.quantity)) if isinstance(one, Position) else type(one).__name__ for one in found
    ]
