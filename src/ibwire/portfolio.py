"""The portfolio: positions with what they are worth, as account updates tell them."""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from ibwire.account_numbers import decimal_of, money_of
from ibwire.wire import Message
from ibwire.wire import messages as m


class PortfolioItem(Struct, frozen=True, kw_only=True):
    """A position and what it is worth, in the contract's currency; a quantity of 0 says that it was closed.

    `average_cost` is as in a Position; `realized_pnl` is today's. IBKR renews the values about every three minutes and
    after fills; `market_price` is what it values the position at, not a quote. Source: protocol notes, 3.9.
    """

    account: str
    contract: m.Contract
    quantity: Decimal
    market_price: float | None = None
    market_value: Decimal | None = None
    average_cost: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    realized_pnl: Decimal | None = None

    @property
    def identity(self) -> Hashable:
        """Account and contract."""
        return (PortfolioItem, self.account, self.contract.con_id or self.contract)

    @property
    def is_over(self) -> bool:
        """Whether it was closed."""
        return not self.quantity

    def emptied(self) -> Self:
        """The same, closed; what it made is not known."""
        return replace(
            self,
            quantity=Decimal(0),
            market_price=None,
            market_value=None,
            average_cost=None,
            unrealized_pnl=None,
            realized_pnl=None,
        )


def read_portfolio_item(message: Message) -> PortfolioItem | None:
    """A row of the portfolio as the gateway sends it; None for another message, or one that names nothing."""
    if not isinstance(message, m.PortfolioValue):
        return None
    quantity = decimal_of(message.position)
    if message.account_name is None or message.contract is None or quantity is None:
        return None
    return PortfolioItem(
        account=message.account_name,
        contract=message.contract,
        quantity=quantity,
        market_price=None if money_of(message.market_price) is None else message.market_price,
        market_value=money_of(message.market_value),
        average_cost=money_of(message.average_cost),
        unrealized_pnl=money_of(message.unrealized_pnl),
        realized_pnl=money_of(message.realized_pnl),
    )
