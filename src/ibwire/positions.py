"""Positions: what an account holds of a contract, and at what cost."""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from ibwire.account_numbers import decimal_of, money_of
from ibwire.wire import Message
from ibwire.wire import messages as m


class Position(Struct, frozen=True, kw_only=True):
    """What `account` holds of `contract`: negative if short; a quantity of 0 says that it was closed.

    `average_cost` is of one unit in the contract's currency, with the multiplier of a derivative and with commissions.
    The contract's exchange is where it is listed or empty, not one to send orders to. Source: protocol notes, 3.11.
    """

    account: str
    contract: m.Contract
    quantity: Decimal
    average_cost: Decimal | None = None
    model_code: str = ""

    @property
    def identity(self) -> Hashable:
        """Account, model and contract."""
        return (Position, self.account, self.model_code, self.contract.con_id or self.contract)

    @property
    def is_over(self) -> bool:
        """Whether it was closed."""
        return not self.quantity

    def emptied(self) -> Self:
        """The same, closed."""
        return replace(self, quantity=Decimal(0), average_cost=None)


def read_position(message: Message) -> Position | None:
    """A position as the gateway sends it, by request or not; None for another message, or one that names nothing."""
    if not isinstance(message, m.Position | m.PositionMulti):
        return None
    quantity = decimal_of(message.position)
    if message.account is None or message.contract is None or quantity is None:
        return None
    return Position(
        account=message.account,
        contract=message.contract,
        quantity=quantity,
        average_cost=money_of(message.avg_cost),
        model_code=(message.model_code or "") if isinstance(message, m.PositionMulti) else "",
    )
