"""Profit and loss: of an account, and of one of its positions."""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from ibwire.account_numbers import decimal_of, money_of
from ibwire.wire import Message
from ibwire.wire import messages as m


class AccountPnL(Struct, frozen=True, kw_only=True):
    """An account's profit and loss in its base currency, about once a second as it changes.

    None is what IBKR does not know (yet): the first ones often hold nothing else. `daily` is by the reset time set in
    TWS. Source: protocol notes, 3.12.
    """

    account: str
    model_code: str = ""
    daily: Decimal | None = None
    unrealized: Decimal | None = None
    realized: Decimal | None = None

    @property
    def identity(self) -> Hashable:
        """Account and model."""
        return (AccountPnL, self.account, self.model_code)

    @property
    def is_over(self) -> bool:
        """Never: there is always a profit and loss, known or not."""
        return False

    def emptied(self) -> Self:
        """The same, unknown."""
        return replace(self, daily=None, unrealized=None, realized=None)


class PositionPnL(Struct, frozen=True, kw_only=True):
    """The profit and loss of one position, in its contract's currency; None is what IBKR does not know (yet).

    `quantity` is 0 when the account holds nothing of the contract, and `value` what the position is worth. Source:
    protocol notes, 3.12.
    """

    account: str
    con_id: int
    model_code: str = ""
    quantity: Decimal | None = None
    daily: Decimal | None = None
    unrealized: Decimal | None = None
    realized: Decimal | None = None
    value: Decimal | None = None

    @property
    def identity(self) -> Hashable:
        """Account, model and contract."""
        return (PositionPnL, self.account, self.model_code, self.con_id)

    @property
    def is_over(self) -> bool:
        """Never: a closed position has its profit of the day."""
        return False

    def emptied(self) -> Self:
        """The same, unknown."""
        return replace(self, quantity=None, daily=None, unrealized=None, realized=None, value=None)


def read_account_pnl(request: m.PnLRequest, message: Message) -> AccountPnL | None:
    """The answer to `request`, which says whose it is; None for another message."""
    if not isinstance(message, m.PnL):
        return None
    return AccountPnL(
        account=request.account or "",
        model_code=request.model_code or "",
        daily=money_of(message.daily_pnl),
        unrealized=money_of(message.unrealized_pnl),
        realized=money_of(message.realized_pnl),
    )


def read_position_pnl(request: m.PnLSingleRequest, message: Message) -> PositionPnL | None:
    """The answer to `request`, which says of what it is; None for another message."""
    if not isinstance(message, m.PnLSingle):
        return None
    return PositionPnL(
        account=request.account or "",
        model_code=request.model_code or "",
        con_id=request.con_id or 0,
        quantity=decimal_of(message.position),
        daily=money_of(message.daily_pnl),
        unrealized=money_of(message.unrealized_pnl),
        realized=money_of(message.realized_pnl),
        value=money_of(message.value),
    )
