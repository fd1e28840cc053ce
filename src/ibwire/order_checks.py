"""What is wrong with an order, said before anything is sent; and rounding its prices, if that is asked for.

Pure: the order, its contract and, where the prices are to be looked at, the grid of prices that the instrument allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from operator import attrgetter
from typing import Any, Protocol

from msgspec.structs import replace

from ibwire.exceptions import InvalidOrder
from ibwire.order_conditions import condition_problem
from ibwire.order_fields import Order
from ibwire.order_rules import ACTIONS, INSIDE_ONLY, PRICES, TIFS, TYPE_RULES, TypeRule
from ibwire.order_times import moment_problem
from ibwire.order_wire import MOMENTS, NUMBERS, QUANTITIES, exact
from ibwire.wire import messages as m

_OTHER_LEVELS = ("adjusted_stop_price", "adjusted_stop_limit_price", "trigger_price")
"""Prices of the market that any type may have (adjustable stops)."""

_INT32 = range(-(2**31), 2**31 - 1)  # the largest means "unset" to IBKR's clients
_MAY_BE_INFINITE = "compete_against_best_offset"  # up to the middle


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
    parts = (
        _contract_problems(order, contract),
        _number_problems(order),
        _quantity_problems(order),
        _type_problems(order),
        _price_problems(order, contract, grid),
        _time_problems(order),
        _relation_problems(order),
        _text_problems(order),
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
    if len(order.leg_prices) > len(contract.combo_legs):
        yield f"leg_prices has {len(order.leg_prices)} prices, the contract {len(contract.combo_legs)} combo_legs"


def _number_problems(order: Order) -> Iterator[str]:
    """Numbers that the wire cannot carry as they are."""
    for name, value in zip(_DECIMALS, _READ_DECIMALS(order), strict=True):
        if value is None:
            continue
        if not isinstance(value, Decimal):
            yield f"{name} is {value!r}; allowed are Decimals"
        elif not value.is_finite() and not (name == _MAY_BE_INFINITE and value == Decimal("Infinity")):
            yield f"{name} is {value}"
        elif name in NUMBERS and exact(float(value)) != value:
            yield f"{name} is {value}: more digits than IBKR's wire carries"
    for name, value in zip(_WHOLE, _READ_WHOLE(order), strict=True):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value not in _INT32):
            yield f"{name} is {value!r}; allowed are whole numbers of 32 bits"


def _quantity_problems(order: Order) -> Iterator[str]:
    quantity, cash = _finite(order.total_quantity), _finite(order.cash_qty)
    if order.cash_qty is not None and order.total_quantity:
        yield "total_quantity and cash_qty are both set; an order is for a quantity or for an amount of money"
    elif cash is not None and cash <= 0:
        yield f"cash_qty is {cash}; allowed are amounts above 0"
    elif order.total_quantity is None and order.cash_qty is None:
        yield "total_quantity is not set"
    elif order.cash_qty is None and quantity is not None and quantity <= 0:
        yield f"total_quantity is {quantity}; allowed are quantities above 0 (action says buy or sell)"
    if quantity is not None and quantity > 0:
        for name in ("display_size", "min_qty", "min_trade_qty"):
            part = getattr(order, name)
            if isinstance(part, int) and not 0 <= part <= quantity:
                yield f"{name} is {part}; allowed are 0 to the total_quantity, {quantity}"


def _type_problems(order: Order) -> Iterator[str]:
    if order.action not in ACTIONS:
        yield f"action is {order.action!r}; allowed are {', '.join(ACTIONS)}"
    rule = TYPE_RULES.get(order.order_type or "")
    if rule is None:
        yield f"order_type is {order.order_type!r}; allowed are {', '.join(TYPE_RULES)}"
        return
    for name in rule.needs:
        if getattr(order, name) is None:
            yield f"{order.order_type} needs {name}"
    for group in rule.one_of:
        given = [name for name in group if getattr(order, name) is not None]
        if len(given) != 1:
            yield f"{order.order_type} needs exactly one of {' and '.join(group)}; there are {len(given)}"
    for name in sorted(PRICES - rule.known):
        if getattr(order, name):  # 0 is what gateways write into fields that mean nothing (protocol notes, 4.2)
            yield f"{order.order_type} has no use for {name}, which is {getattr(order, name)}"
    tif = order.tif or "DAY"
    if tif in TIFS and tif not in rule.tifs:
        yield f"tif is {tif}; with {order.order_type} allowed are {', '.join(rule.tifs)}"


def _price_problems(order: Order, contract: m.Contract, grid: PriceGrid | None) -> Iterator[str]:
    for name, price in _levels(order):
        if not price.is_finite():
            continue
        if price <= 0 and contract.sec_type in INSIDE_ONLY:
            yield f"{name} is {price}; the price of a {contract.sec_type} is above 0"
        elif grid is not None and not grid.holds(price):
            yield f"{name} is {price}, between two ticks; the nearest price allowed is {grid.round(price)}"
    percent = _finite(order.trailing_percent)
    if percent is not None and not 0 < percent < 100:
        yield f"trailing_percent is {percent}; allowed are percentages above 0 and below 100"
    amount = _finite(order.aux_price)
    if amount is not None and order.order_type in ("TRAIL", "TRAIL LIMIT", "TRAIL MIT", "TRAIL LIT") and amount <= 0:
        yield f"aux_price is {amount}; the amount by which a stop trails is above 0"


def _time_problems(order: Order) -> Iterator[str]:
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
        moment = getattr(order, name)
        problem = moment_problem(moment) if moment else None
        if problem is not None:
            yield f"{name}: {problem}"


def _relation_problems(order: Order) -> Iterator[str]:
    if order.oca_type not in (None, 0, 1, 2, 3):
        yield f"oca_type is {order.oca_type}; allowed are 1, 2 and 3"
    if order.oca_type and not order.oca_group:
        yield f"oca_type is {order.oca_type} without an oca_group"
    if order.algo_params and not order.algo_strategy:
        yield "algo_params without an algo_strategy"
    if order.scale_init_level_size is not None and not order.scale_price_increment:
        yield "scale_init_level_size needs scale_price_increment"
    if order.short_sale_slot == 2 and not order.designated_location:
        yield "short_sale_slot 2 needs a designated_location"
    if order.order_type == "PEG BENCH" and not order.reference_contract_id:
        yield "PEG BENCH needs reference_contract_id"
    for leg in ("sl", "pt"):
        if (getattr(order, f"{leg}_order_id") is None) != (getattr(order, f"{leg}_order_type") is None):
            yield f"{leg}_order_id and {leg}_order_type need each other"
    for place, condition in enumerate(order.conditions, 1):
        problem = condition_problem(condition)
        if problem is not None:
            yield f"condition {place}: {problem}"


def _text_problems(order: Order) -> Iterator[str]:
    """IBKR's client refuses all but printable ASCII (its local error 579)."""
    for name, text in zip(_TEXTS, _READ_TEXTS(order), strict=True):
        if text is not None and not (isinstance(text, str) and text.isascii() and (text.isprintable() or not text)):
            yield f"{name} is {text!r}; allowed is printable ASCII"


def _levels(order: Order) -> Iterator[tuple[str, Decimal]]:
    """The prices of the market in an order."""
    rule = TYPE_RULES.get(order.order_type or "", TypeRule())
    for name in (*rule.levels, *_OTHER_LEVELS):
        value: Any = getattr(order, name)
        if isinstance(value, Decimal):
            yield name, value


def _finite(value: Decimal | None) -> Decimal | None:
    return value if isinstance(value, Decimal) and value.is_finite() else None


def _of_kind(kind: str) -> tuple[str, ...]:
    """The fields that are of one plain kind on the wire."""
    return tuple(name for name, written in Order.__annotations__.items() if written == f"{kind} | None")


_WHOLE = tuple(name for name in _of_kind("int") if name not in ("perm_id", "parent_perm_id"))
_TEXTS = _of_kind("str")
_DECIMALS = (*QUANTITIES, *NUMBERS)
_READ_WHOLE, _READ_TEXTS, _READ_DECIMALS = (attrgetter(*names) for names in (_WHOLE, _TEXTS, _DECIMALS))
