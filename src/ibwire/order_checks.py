"""What is wrong with an order, said before anything is sent; and rounding its prices, if that is asked for.

Pure: the order, its contract and, where the prices are to be looked at, the grid of prices that the instrument allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Protocol

from msgspec.structs import replace

from ibwire.exceptions import InvalidOrder
from ibwire.order_condition_checks import condition_problem
from ibwire.order_fields import Order, given_fields
from ibwire.order_rules import ACTIONS, INSIDE_ONLY, NO_USE, TIFS, TYPE_RULES, TypeRule
from ibwire.order_times import moment_problem
from ibwire.order_values import (
    PROBLEM_OF_KIND,
    Problem,
    id_problem,
    number_or_infinity_problem,
    number_problem,
    quantity_problem,
)
from ibwire.order_wire import MOMENTS, NUMBERS, QUANTITIES
from ibwire.wire import messages as m

_OTHER_LEVELS = ("adjusted_stop_price", "adjusted_stop_limit_price", "trigger_price")
"""Prices of the market that any type may have (adjustable stops)."""

_CHILDREN = (("sl_order_id", "sl_order_type"), ("pt_order_id", "pt_order_type"))
"""The children of a preset: an id and a type, or neither."""

_LARGEST_PRICE = Decimal(10) ** 15
"""Grids hold no price beyond it."""


class PriceGrid(Protocol):
    """The prices that an instrument may be ordered at."""

    def holds(self, price: Decimal) -> bool:
        """Whether an order may have this price."""

    def round(self, price: Decimal) -> Decimal:
        """The nearest price that an order may have."""


def problems(order: Order, contract: m.Contract, grid: PriceGrid | None = None) -> tuple[str, ...]:
    """Everything that is wrong with an order for a contract, a sentence each; nothing if it can be sent.

    Without a grid the prices are not held to any tick size. What only the gateway can know is not looked at: the
    account, its permissions, which types the venue takes.
    """
    given = given_fields(order)
    parts = (
        _contract_problems(order, contract),
        _value_problems(given),
        _quantity_problems(order),
        _type_problems(order, contract, given),
        _price_problems(order, contract, grid),
        _time_problems(order, given),
        _relation_problems(order, given),
    )
    return tuple(problem for part in parts for problem in part)


def check(order: Order, contract: m.Contract, grid: PriceGrid | None = None) -> None:
    """Raises one InvalidOrder that names everything that is wrong with the order; see `problems`."""
    found = problems(order, contract, grid)
    if found:
        count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
        raise InvalidOrder(f"nothing was sent, the order has {count}: {'; '.join(found)}")


def rounded(order: Order, grid: PriceGrid) -> Order:
    """The order with its prices rounded to the nearest that the instrument allows; amounts and offsets stay."""
    found = {name: price for name, price in _levels(order) if price.is_finite()}
    return replace(order, **{name: grid.round(price) for name, price in found.items()})


def _contract_problems(order: Order, contract: m.Contract) -> Iterator[str]:
    if not contract.con_id and not (contract.symbol or contract.local_symbol or contract.sec_id or contract.combo_legs):
        yield "the contract names no instrument: give con_id, or symbol with sec_type, exchange and currency"
    if not contract.exchange:
        yield "the contract names no exchange; SMART lets IBKR choose"
    if contract.sec_type == "BAG" and not contract.combo_legs:
        yield "the contract is a combo (BAG) without combo_legs"
    if isinstance(order.leg_prices, tuple) and len(order.leg_prices) > len(contract.combo_legs):
        yield f"leg_prices has {len(order.leg_prices)} prices, the contract {len(contract.combo_legs)} combo_legs"


def _value_problems(given: Mapping[str, Any]) -> Iterator[str]:
    """Values that the wire cannot carry as they are."""
    for name, value in given.items():
        problem_of = _PROBLEM_OF.get(name)
        problem = problem_of(name, value) if problem_of is not None and value is not None else None
        if problem is not None:
            yield problem
    if "leg_prices" in given:
        yield from _leg_price_problems(given["leg_prices"])
    tier = given.get("soft_dollar_tier")
    if tier is not None and not isinstance(tier, m.SoftDollarTier):
        yield f"soft_dollar_tier is {tier!r}; allowed is a SoftDollarTier"


def _leg_price_problems(prices: object) -> Iterator[str]:
    if not isinstance(prices, tuple):
        yield f"leg_prices is {prices!r}; allowed is a tuple of Decimals"
        return
    for place, price in enumerate(prices, 1):
        problem = None if price is None else number_problem(f"leg_prices {place}", price)
        if problem is not None:
            yield problem


def _quantity_problems(order: Order) -> Iterator[str]:
    quantity, cash = _finite(order.total_quantity), _finite(order.cash_qty)
    if order.cash_qty is not None and order.total_quantity:
        yield "total_quantity and cash_qty are both set; an order is for a quantity or for an amount of money"
    elif cash is not None and cash <= 0:
        yield f"cash_qty is {cash}; allowed are amounts above 0"
    elif order.fa_percentage and not order.total_quantity:
        pass  # so much more or less of what each account of the group has: IBKR works out how many
    elif order.hedge_type and not order.total_quantity:
        pass  # so much of its parent's quantity, which IBKR works out (its sample `MarketFHedge`)
    elif order.total_quantity is None and order.cash_qty is None:
        yield "total_quantity is not set"
    elif order.cash_qty is None and quantity is not None and quantity <= 0:
        yield f"total_quantity is {quantity}; allowed are quantities above 0 (action says buy or sell)"
    if quantity is not None and quantity > 0:
        for name in ("display_size", "min_qty", "min_trade_qty"):
            part = getattr(order, name)
            if isinstance(part, int) and not 0 <= part <= quantity:
                yield f"{name} is {part}; allowed are 0 to the total_quantity, {quantity}"


def _has_all_leg_prices(order: Order, contract: m.Contract) -> bool:
    """The limit of a combination may be given leg by leg (IBKR's sample `LimitOrderForComboWithLegPrices`)."""
    prices = order.leg_prices
    return bool(prices) and len(prices) == len(contract.combo_legs) and None not in prices


def _type_problems(order: Order, contract: m.Contract, given: Mapping[str, Any]) -> Iterator[str]:
    if order.action not in ACTIONS:
        yield f"action is {order.action!r}; allowed are {', '.join(ACTIONS)}"
    kind = _kind(order)
    rule = TYPE_RULES.get(kind)
    if rule is None:
        yield f"order_type is {order.order_type!r}; allowed are {', '.join(TYPE_RULES)}"
        return
    for name in rule.needs:
        if getattr(order, name) is None and not (name == "limit_price" and _has_all_leg_prices(order, contract)):
            yield f"{kind} needs {name}"
    for group in rule.one_of:
        there_are = sum(getattr(order, name) is not None for name in group)
        if there_are != 1:
            yield f"{kind} needs exactly one of {' and '.join(group)}; there are {there_are}"
    for name, value in given.items():
        if value and name in NO_USE[kind]:  # 0 is what gateways write where it means nothing (protocol notes, 4.2)
            yield f"{kind} has no use for {name}, which is {value}"
    tif = order.tif or "DAY"
    if tif in TIFS and tif not in rule.tifs:
        yield f"tif is {tif}; with {kind} allowed are {', '.join(rule.tifs)}"


def _price_problems(order: Order, contract: m.Contract, grid: PriceGrid | None) -> Iterator[str]:
    for name, price in _levels(order):
        if not price.is_finite():
            continue
        if price <= 0 and contract.sec_type in INSIDE_ONLY:
            yield f"{name} is {price}; the price of a {contract.sec_type} is above 0"
        elif grid is not None and abs(price) > _LARGEST_PRICE:
            yield f"{name} is {price}; no instrument has such a price"
        elif grid is not None and not grid.holds(price):
            yield f"{name} is {price}, between two ticks; the nearest price allowed is {grid.round(price)}"
    percent = _finite(order.trailing_percent)
    if percent is not None and not 0 < percent < 100:
        yield f"trailing_percent is {percent}; allowed are percentages above 0 and below 100"
    amount = _finite(order.aux_price)
    if amount is not None and order.order_type in ("TRAIL", "TRAIL LIMIT", "TRAIL MIT", "TRAIL LIT") and amount <= 0:
        yield f"aux_price is {amount}; the amount by which a stop trails is above 0"


def _time_problems(order: Order, given: Mapping[str, Any]) -> Iterator[str]:
    tif = order.tif or "DAY"
    if tif not in TIFS:
        yield f"tif is {tif!r}; allowed are {', '.join(TIFS)}"
    if tif == "GTD" and not order.good_till_date:
        yield "tif is GTD, which needs good_till_date"
    if order.good_till_date and tif != "GTD":
        yield f"good_till_date needs tif GTD; it is {tif}"
    if order.good_after_time and tif in ("IOC", "FOK", "OPG", "AUC"):
        yield f"good_after_time and tif {tif} exclude each other"
    if order.all_or_none and tif in ("OPG", "AUC"):
        yield f"all_or_none and tif {tif} exclude each other"
    if (order.active_start_time or order.active_stop_time) and tif != "GTC":
        yield f"active_start_time and active_stop_time need tif GTC; it is {tif}"
    for name in MOMENTS:
        moment = given.get(name)
        problem = moment_problem(moment) if moment is not None and moment != "" else None
        if problem is not None:
            yield f"{name}: {problem}"


def _relation_problems(order: Order, given: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(order.oca_type, int) and order.oca_type not in range(4):
        yield f"oca_type is {order.oca_type}; allowed are 1, 2 and 3"
    if order.oca_type and not order.oca_group:
        yield f"oca_type is {order.oca_type} without an oca_group"
    if order.algo_params and not order.algo_strategy:
        yield "algo_params without an algo_strategy"
    if order.scale_init_level_size is not None and not order.scale_price_increment:
        yield "scale_init_level_size needs scale_price_increment"
    if isinstance(order.short_sale_slot, int) and order.short_sale_slot == 2 and not order.designated_location:
        yield "short_sale_slot 2 needs a designated_location"
    if order.order_type == "PEG BENCH" and not order.reference_contract_id:
        yield "PEG BENCH needs reference_contract_id"
    for pair in _CHILDREN:
        if sum(name in given for name in pair) == 1:
            yield f"{' and '.join(pair)} need each other"
    if not isinstance(order.conditions, tuple):
        yield f"conditions is {order.conditions!r}; allowed is a tuple of conditions"
        return
    for place, condition in enumerate(order.conditions, 1):
        problem = condition_problem(condition)
        if problem is not None:
            yield f"condition {place}: {problem}"


def _levels(order: Order) -> Iterator[tuple[str, Decimal]]:
    """The prices of the market in an order."""
    rule = TYPE_RULES.get(_kind(order), TypeRule())
    for name in (*rule.levels, *_OTHER_LEVELS):
        value: Any = getattr(order, name)
        if isinstance(value, Decimal):
            yield name, value


def _kind(order: Order) -> str:
    return order.order_type if isinstance(order.order_type, str) else ""


def _finite(value: Decimal | None) -> Decimal | None:
    return value if isinstance(value, Decimal) and value.is_finite() else None


def _of_kind(kind: str) -> tuple[str, ...]:
    """The fields that are of one kind."""
    return tuple(name for name, written in Order.__annotations__.items() if written in (kind, f"{kind} | None"))


_PROBLEM_OF: Mapping[str, Problem] = {
    **{name: problem for kind, problem in PROBLEM_OF_KIND.items() for name in _of_kind(kind)},
    **dict.fromkeys(NUMBERS, number_problem),
    **dict.fromkeys(QUANTITIES, quantity_problem),
    "compete_against_best_offset": number_or_infinity_problem,  # up to the middle
    "perm_id": id_problem,
    "parent_perm_id": id_problem,
}
