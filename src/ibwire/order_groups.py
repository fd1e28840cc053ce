"""Orders that belong together: brackets, and groups of which only one fills.

A bracket's orders know each other by order id, which is only known when they are placed: `bracket` makes the orders,
and `Bracket.placed` the ones to send once the ids are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import IntEnum
from itertools import pairwise
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ibwire.exceptions import InvalidOrder
from ibwire.order_fields import Order
from ibwire.order_types import Number, limit, market, number, stop

_OTHER_SIDE = {"BUY": "SELL", "SELL": "BUY", "SSHORT": "BUY", "SLONG": "SELL"}


class OcaType(IntEnum):
    """What becomes of the others when one order of a group fills (protocol notes, 4.7)."""

    CANCEL_WITH_BLOCK = 1
    REDUCE_WITH_BLOCK = 2
    REDUCE_WITHOUT_BLOCK = 3


class Bracket(Struct, frozen=True):
    """An entry, and what closes its position: at a profit, at a loss, or one of them."""

    parent: Order
    take_profit: Order | None
    stop_loss: Order | None

    @property
    def orders(self) -> tuple[Order, ...]:
        """Its orders, in the order in which they are sent."""
        return tuple(order for order in (self.parent, self.take_profit, self.stop_loss) if order is not None)

    def placed(self, order_ids: Iterable[int]) -> tuple[tuple[int, Order], ...]:
        """The orders to send, in this order, each with its id: only the last is transmitted, which releases all.

        `order_ids` must ascend and there must be one for each. Raises InvalidOrder if not.
        """
        ids = list(order_ids)
        return tuple(zip(ids, as_bracket(ids, self.orders), strict=True))


def as_bracket(order_ids: Sequence[int], orders: Sequence[Order]) -> tuple[Order, ...]:
    """Orders that know of each other by these ids: the first is the parent, and the last releases all.

    Raises InvalidOrder unless there is an id for each, ascending.
    """
    if len(order_ids) != len(orders) or list(order_ids) != sorted(set(order_ids)):
        raise InvalidOrder(
            f"a bracket of {len(orders)} orders needs as many order ids, ascending; there are {list(order_ids)}"
        )
    parent, *children = orders
    linked = (parent, *(replace(child, parent_id=order_ids[0]) for child in children))
    return tuple(replace(order, transmit=order is linked[-1]) for order in linked)


def bracket(
    action: str,
    quantity: Number,
    *,
    limit_price: Number | None = None,
    take_profit_price: Number | None = None,
    stop_loss_price: Number | None = None,
    **fields: Any,
) -> Bracket:
    """A bracket: a limit order, or a market order without a limit price, with a limit to take the profit and a stop.

    `fields` go into all of its orders. Raises InvalidOrder if neither child is asked for, or if the prices are not on
    their sides of each other.
    """
    entry = None if limit_price is None else number(limit_price, "limit_price")
    profit = None if take_profit_price is None else number(take_profit_price, "take_profit_price")
    loss = None if stop_loss_price is None else number(stop_loss_price, "stop_loss_price")
    problems = _bracket_problems(action, entry, profit, loss)
    if problems:
        raise InvalidOrder("; ".join(problems))
    other = _OTHER_SIDE[action]
    parent = market(action, quantity, **fields) if entry is None else limit(action, quantity, entry, **fields)
    return Bracket(
        parent,
        None if profit is None else limit(other, quantity, profit, **fields),
        None if loss is None else stop(other, quantity, loss, **fields),
    )


def one_cancels_all(
    orders: Iterable[Order], group: str, oca_type: OcaType = OcaType.CANCEL_WITH_BLOCK
) -> tuple[Order, ...]:
    """The orders as one group, by a name that no other group of the account has today."""
    grouped = tuple(replace(order, oca_group=group, oca_type=int(oca_type)) for order in orders)
    if not group or len(grouped) < 2:
        raise InvalidOrder(f"a group needs a name and two orders or more; this is {group!r} with {len(grouped)}")
    return grouped


def _bracket_problems(action: str, entry: Decimal | None, profit: Decimal | None, loss: Decimal | None) -> list[str]:
    if action not in _OTHER_SIDE:
        return [f"action is {action!r}; allowed are {', '.join(_OTHER_SIDE)}"]
    if profit is None and loss is None:
        return ["a bracket needs take_profit_price or stop_loss_price or both"]
    rising = [("stop_loss_price", loss), ("limit_price", entry), ("take_profit_price", profit)]
    known = [
        (name, price)
        for name, price in (rising if _OTHER_SIDE[action] == "SELL" else rising[::-1])
        if price is not None
    ]
    return [
        f"{low_name} ({low}) must be below {high_name} ({high}) for {action}"
        for (low_name, low), (high_name, high) in pairwise(known)
        if not low < high
    ]
