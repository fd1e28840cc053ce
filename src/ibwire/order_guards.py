"""What must hold before an order leaves: the account, paper only, quantity, value. Each refusal names its guard.

Pure: the order, its contract, the settings and the accounts of the login.
"""

from __future__ import annotations

from decimal import Decimal

from ibwire.connection_state import ConnectionState
from ibwire.exceptions import InvalidOrder, LiveTradingDisabled, NotConnected, OrderLimitExceeded
from ibwire.order_fields import Order
from ibwire.order_wire import exact
from ibwire.settings import TradingSettings
from ibwire.wire import messages as m

PAPER_PREFIX = "D"
"""How the ids of paper accounts begin (DU..., DF...)."""

_AT_LIMIT = frozenset({"LMT", "STP LMT", "LIT", "LOC"})
_AT_TRIGGER = frozenset({"STP", "MIT"})
_COUNTED_IN_LOTS = frozenset({"FUT", "OPT", "FOP", "WAR", "IOPT", "BAG", ""})
"""Instruments of which one is worth more than its price."""


def check_link(state: ConnectionState) -> None:
    """No order, change or cancel leaves while the gateway, or its own link to IBKR, is away. Raises NotConnected."""
    if state is not ConnectionState.CONNECTED:
        raise NotConnected(
            f"nothing was sent: the session is {state.value}", hint="wait until the session is connected again"
        )


def account_for(order: Order, settings: TradingSettings, accounts: tuple[str, ...]) -> str:
    """The account that an order is for: the one given, or the only one of the login.

    Raises InvalidOrder if that is none of the login's or not the one of the settings, or if it takes a choice;
    LiveTradingDisabled for a live one without `allow_live`.
    """
    account = order.account or settings.account or (accounts[0] if len(accounts) == 1 else None)
    if not account:
        raise InvalidOrder(f"nothing was sent: the login has {len(accounts)} accounts, name one (guard: account)")
    if settings.account is not None and account != settings.account:
        raise InvalidOrder("nothing was sent: the order is for another account than the settings (guard: account)")
    if account not in accounts:
        raise InvalidOrder("nothing was sent: the order is for an account that the login has not (guard: account)")
    if not settings.allow_live and not account.startswith(PAPER_PREFIX):
        raise LiveTradingDisabled("nothing was sent: the account is a live one (guard: allow_live)")
    return account


def check_limits(order: Order, contract: m.Contract, settings: TradingSettings) -> None:
    """Raises OrderLimitExceeded for more than the largest quantity or value, or if the value cannot be known."""
    quantity, largest = order.total_quantity, settings.max_order_quantity
    if largest is not None:
        if not quantity:
            raise OrderLimitExceeded(
                f"the order is for an amount of money, its quantity cannot be held to {largest} "
                "(guard: max_order_quantity)"
            )
        if quantity > largest:
            raise OrderLimitExceeded(f"a quantity of {quantity} is above {largest} (guard: max_order_quantity)")
    if settings.max_order_value is not None:
        value = value_of(order, contract)
        if value is None:
            raise OrderLimitExceeded(
                f"what a {order.order_type} order for this contract is worth cannot be known, so it cannot be held to "
                f"{settings.max_order_value} (guard: max_order_value)",
                hint="use an order with a limit or a stop price, and give the contract's sec_type and multiplier",
            )
        if value > settings.max_order_value:
            raise OrderLimitExceeded(f"a value of {value} is above {settings.max_order_value} (guard: max_order_value)")


def value_of(order: Order, contract: m.Contract) -> Decimal | None:
    """What the order is worth at its own price, in the currency of its contract; None if that cannot be known.

    A contract that is named by its id alone might be a future: it needs its `sec_type`, or a multiplier.
    """
    if order.cash_qty is not None:
        return order.cash_qty
    kind = order.order_type or ""
    price = order.limit_price if kind in _AT_LIMIT else order.aux_price if kind in _AT_TRIGGER else None
    multiplier = exact(contract.multiplier)
    if multiplier is None and (contract.sec_type or "") not in _COUNTED_IN_LOTS:
        multiplier = Decimal(1)
    if price is None or order.total_quantity is None or not multiplier:
        return None
    return abs(order.total_quantity * price * multiplier)
