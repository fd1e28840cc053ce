"""What must hold of one order before it leaves: the account, paper only, and the limits of the settings.

Each refusal names its guard and the limit. Pure: the order, its contract, the settings, the accounts of the login and
the market's price. What orders must hold together is `order_flow`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ibwire.connection_state import ConnectionState
from ibwire.exceptions import (
    InvalidOrder,
    LiveTradingDisabled,
    NotConnected,
    OrderLimitExceeded,
    OrderOfAnotherClient,
    OrderOfAnotherLogin,
)
from ibwire.order_changes import OrderKey
from ibwire.order_fields import ZERO, Order
from ibwire.order_rules import TYPE_RULES
from ibwire.order_wire import exact
from ibwire.quotes import Quote
from ibwire.settings import TradingSettings
from ibwire.wire import messages as m

PAPER_PREFIX = "D"
"""How the ids of paper accounts begin (DU..., DF...)."""

MarketPrice = Callable[[m.Contract], Decimal | None]
"""What a contract trades at now, in its own currency; None if that is not known."""

_AT_LIMIT = frozenset({"LMT", "STP LMT", "LIT", "LOC"})
_AT_TRIGGER = frozenset({"STP", "MIT"})
_NUMBERS = ("total_quantity", "cash_qty", "limit_price", "aux_price", "discretionary_amt")

_WITH_LIMIT = frozenset(
    kind
    for kind, rule in TYPE_RULES.items()
    if "limit_price" in (*rule.needs, *(one for a in rule.one_of for one in a))
)
"""Types with a limit of their own; the others that may have a limit price have it as a cap, and 0 for none."""

_WORTH_ITS_PRICE = frozenset({"STK", "CASH", "CFD", "CRYPTO", "CMDTY", "FUND"})
"""Instruments of which one is worth its price; of any other the multiplier has to be known."""


def check_link(state: ConnectionState) -> None:
    """No order, change or cancel leaves while the gateway, or its own link to IBKR, is away. Raises NotConnected."""
    if state is not ConnectionState.CONNECTED:
        raise NotConnected(
            f"nothing was sent: the session is {state.value}", hint="wait until the session is connected again"
        )


def check_is_own(key: OrderKey, client_id: int) -> None:
    """A change or a cancel names an order id, and under another client id that is another order, or none.

    Raises OrderOfAnotherClient.
    """
    if key.client_id != client_id:
        raise OrderOfAnotherClient(
            f"nothing was sent: the order was placed as client {key.client_id}, this is client {client_id}",
            hint=f"connect as client {key.client_id} to change or cancel it",
        )


def is_of_login(order: Order, accounts: tuple[str, ...]) -> bool:
    """Whether an order may be of a login with these accounts: one that names none of them is not."""
    return not order.account or not accounts or order.account in accounts


def check_login(order: Order, accounts: tuple[str, ...]) -> None:
    """A change or a cancel names an order id, and at another login that is another order, or none.

    Raises OrderOfAnotherLogin.
    """
    if not is_of_login(order, accounts):
        raise OrderOfAnotherLogin(
            f"nothing was sent: the order is for {order.account}, this login has {', '.join(accounts)}"
        )


def account_for(order: Order, settings: TradingSettings, accounts: tuple[str, ...]) -> str | None:
    """The account that an order is for: the one given, or the only one of the login; None for an adviser's group.

    Raises InvalidOrder if that is none of the login's or not the one of the settings, or if it takes a choice;
    LiveTradingDisabled for a live one without `allow_live`. Which accounts a group has is not known here: without
    `allow_live` all of the login have to be paper accounts.
    """
    if order.fa_group:  # also beside an account: which of them the gateway heeds is not documented
        _check_may_be_of_a_group(settings, accounts)
        if not order.account:
            return None
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


def _check_may_be_of_a_group(settings: TradingSettings, accounts: tuple[str, ...]) -> None:
    if settings.account is not None:
        raise InvalidOrder(
            "nothing was sent: the order is for a group of accounts, the settings for one (guard: account)"
        )
    if not accounts:
        raise InvalidOrder("nothing was sent: the login has no accounts (guard: account)")
    if not settings.allow_live and not all(account.startswith(PAPER_PREFIX) for account in accounts):
        raise LiveTradingDisabled(
            "nothing was sent: the order is for a group, and accounts of the login are live ones (guard: allow_live)"
        )


def check_limits(order: Order, contract: m.Contract, settings: TradingSettings, market_price: MarketPrice) -> None:
    """Raises OrderLimitExceeded for the first guard of the settings that refuses the order, or cannot judge it.

    InvalidOrder for a number that is none, which is neither above nor below a limit.
    """
    for name in _NUMBERS:
        number: Decimal | None = getattr(order, name)
        if number is not None and not number.is_finite():
            raise InvalidOrder(f"nothing was sent: {name} is {number}")
    _check_is_writable(settings)
    _check_is_allowed(contract, settings)
    _check_quantity(order, settings)
    _check_value(order, contract, settings, market_price)
    _check_distance(order, contract, settings, market_price)


def check_exercise(request: m.ExerciseOptionsRequest, settings: TradingSettings, accounts: tuple[str, ...]) -> None:
    """An exercise, or a lapse: the account, `read_only`, the lists and the quantity. Raises what they do for orders."""
    quantity = Decimal(request.exercise_quantity or 0)
    account_for(Order(account=request.account), settings, accounts)
    _check_is_writable(settings)
    _check_is_allowed(request.contract or m.Contract(), settings)
    _check_quantity(Order(total_quantity=quantity), settings)


def value_of(order: Order, contract: m.Contract, market: Decimal | None = None) -> Decimal | None:
    """What the order may be worth, in the currency of its contract; None if that cannot be known.

    That is at its own price, or at what the contract trades at if that is known and more: who sells below the market,
    or buys at a stop below it, trades at the market. A contract that is named by its id alone might be a future: it
    needs its `sec_type`, or a multiplier.
    """
    if order.cash_qty is not None:
        return order.cash_qty
    kind = order.order_type or ""
    own = (order.limit_price, _furthest_limit(order)) if kind in _AT_LIMIT else (order.aux_price,)
    multiplier = _multiplier(contract)
    if kind not in _AT_LIMIT | _AT_TRIGGER or None in own or order.total_quantity is None or not multiplier:
        return None
    price = max(abs(one) for one in (*own, market) if one is not None)
    return abs(order.total_quantity) * price * multiplier or None  # a spread at 0 may be worth anything


def _multiplier(contract: m.Contract) -> Decimal | None:
    multiplier = exact(contract.multiplier)
    if multiplier is None:
        return Decimal(1) if contract.sec_type in _WORTH_ITS_PRICE else None
    return abs(multiplier) if multiplier.is_finite() else None


def _furthest_limit(order: Order) -> Decimal | None:
    """The worst price at which an order may trade; a discretionary amount goes beyond its limit."""
    if order.limit_price is None:
        return None
    beyond = abs(order.discretionary_amt or ZERO)
    return order.limit_price + (beyond if order.action == "BUY" else -beyond)


def market_price_of(quote: Quote | None) -> Decimal | None:
    """What a quote says a contract trades at: the middle of bid and ask, else the last price, else None.

    A quote in a gap (`is_stale`) says nothing. A delayed one is taken: this is against typing errors, not slippage.
    """
    if quote is None or quote.is_stale:
        return None
    bid, ask, last = (exact(price) for price in (quote.bid, quote.ask, quote.last))
    if bid is not None and ask is not None and bid > 0:  # nobody bids 0: the middle would be half of the ask
        return (bid + ask) / 2
    return last if last is not None and last > 0 else None


def _check_is_writable(settings: TradingSettings) -> None:
    if settings.read_only:
        raise OrderLimitExceeded(
            "nothing was sent: orders and changes are not allowed (guard: read_only)",
            hint="set `read_only` to false if trading is meant; cancels are allowed as it is",
        )


def _check_is_allowed(contract: m.Contract, settings: TradingSettings) -> None:
    """By symbol or con_id; a combination by the con_ids of its legs, which say what is traded."""
    if not settings.allowed_symbols and not settings.allowed_con_ids:
        return
    if contract.sec_type == "BAG" or contract.combo_legs:
        con_ids = [leg.con_id for leg in contract.combo_legs]
        is_allowed = bool(con_ids) and all(str(con_id) in settings.allowed_con_ids for con_id in con_ids)
    else:
        is_allowed = str(contract.con_id) in settings.allowed_con_ids or contract.symbol in settings.allowed_symbols
    if not is_allowed:
        allowed = ", ".join((*settings.allowed_symbols, *settings.allowed_con_ids))
        raise OrderLimitExceeded(
            f"nothing was sent: symbol {contract.symbol or 'not given'}, con_id {contract.con_id or 'not given'} is "
            f"none of {allowed} (guards: allowed_symbols, allowed_con_ids)",
            hint="name the contract as the settings do, or add it to them; a combination needs the con_ids of its legs",
        )


def _check_quantity(order: Order, settings: TradingSettings) -> None:
    quantity, largest = order.total_quantity, settings.max_order_quantity
    if largest is None:
        return
    if not quantity:
        raise OrderLimitExceeded(
            f"the order names no quantity, so it cannot be held to {largest} (guard: max_order_quantity)"
        )
    if abs(quantity) > largest:
        raise OrderLimitExceeded(f"a quantity of {quantity} is above {largest} (guard: max_order_quantity)")


def _check_value(order: Order, contract: m.Contract, settings: TradingSettings, market_price: MarketPrice) -> None:
    if settings.max_order_value is None:
        return
    value = value_of(order, contract, _market(market_price, contract))
    if value is None:
        raise OrderLimitExceeded(
            f"what a {order.order_type} order for this contract is worth cannot be known, so it cannot be held to "
            f"{settings.max_order_value} (guard: max_order_value)",
            hint="use an order with a limit or a stop price, and give the contract's sec_type and multiplier",
        )
    if value > settings.max_order_value:
        raise OrderLimitExceeded(f"a value of {value} is above {settings.max_order_value} (guard: max_order_value)")


def _check_distance(order: Order, contract: m.Contract, settings: TradingSettings, market_price: MarketPrice) -> None:
    """For orders that have a limit of their own: those without one are not held to it."""
    most = settings.max_distance_percent
    if most is None or order.order_type not in _WITH_LIMIT:
        return
    limit = _furthest_limit(order)
    if limit is None and not order.leg_prices:
        return  # its limit is an offset from its stop
    price = _market(market_price, contract)
    if limit is None:
        raise OrderLimitExceeded(
            f"nothing was sent: limits of single legs cannot be held to {most} % of the market "
            "(guard: max_distance_percent)",
            hint="give the combination one limit_price",
        )
    if price is None or price <= 0:
        raise OrderLimitExceeded(
            f"nothing was sent: what the contract trades at is not known, so its limit cannot be held to {most} % of "
            "that (guard: max_distance_percent)",
            hint="keep a quote of this contract open, or give `trading.market_price` a source of prices",
        )
    distance = abs(limit - price) / price * 100
    if distance > most:
        raise OrderLimitExceeded(
            f"nothing was sent: a limit of {limit} is {distance:.2f} % from {price}, more than {most} % "
            "(guard: max_distance_percent)"
        )


def _market(market_price: MarketPrice, contract: m.Contract) -> Decimal | None:
    """What the user's source says, if that is a price; one that gives floats, as quotes do, is understood."""
    try:
        said: object = market_price(contract)
    except Exception as error:
        raise OrderLimitExceeded(
            f"nothing was sent: what the contract trades at is not known, its source failed: {error!r} "
            "(guards: max_distance_percent, max_order_value)",
            hint="correct the function in `trading.market_price`",
        ) from error
    price = exact(said) if isinstance(said, float) else said
    return price if isinstance(price, Decimal) and price.is_finite() else None
