"""Conditions of orders: a price or a time that an order waits for, or is cancelled at, and how several are joined.

"And" binds closer than "or", as in `a and b or c`. Source: IBKR's order conditioning page; protocol notes 4.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from ibwire.simulator import request_times
from ibwire.simulator.catalogue import Catalogue, by_con_id
from ibwire.simulator.market import Market
from ibwire.simulator.refusals import Refusal, not_simulated
from ibwire.simulator.triggers import TRIGGER_METHODS, watched_price
from ibwire.wire import messages as m

PRICE, TIME = 1, 3
_OTHER_TYPES = {4: "margin", 5: "execution", 6: "volume", 7: "percent change"}


class Condition(Struct, frozen=True, kw_only=True):
    """A price of a contract, or a time in Unix seconds, that must be passed upwards (`is_more`) or downwards.

    `is_joined_by_and` says how the next condition is joined to this one.
    """

    is_more: bool
    is_joined_by_and: bool
    con_id: int = 0
    price: Decimal = Decimal(0)
    method: int = 0
    time_s: float | None = None

    def is_met(self, market: Market, now_s: float) -> bool:
        """Whether it holds now; a price that nobody has shown yet is passed by nothing."""
        if self.time_s is not None:
            return now_s >= self.time_s if self.is_more else now_s <= self.time_s
        instrument = by_con_id(self.con_id)
        assert instrument is not None, "looked up when it was read"
        seen = watched_price(instrument, market.quote(self.con_id), self.method, is_rising=self.is_more)
        return seen is not None and (seen >= self.price if self.is_more else seen <= self.price)


def are_met(conditions: Sequence[Condition], market: Market, now_s: float) -> bool:
    """Whether they hold together."""
    group_holds = True
    for condition in conditions:
        group_holds = group_holds and condition.is_met(market, now_s)
        if not condition.is_joined_by_and and condition is not conditions[-1]:
            if group_holds:
                return True
            group_holds = True
    return group_holds


def read(conditions: Sequence[m.OrderCondition], catalogue: Catalogue) -> tuple[Condition, ...] | Refusal:
    """The conditions of an order, or why they are refused: what is not simulated is by its name."""
    found = []
    for asked in conditions:
        condition = _read(asked, catalogue)
        if isinstance(condition, Refusal):
            return condition
        found.append(condition)
    return tuple(found)


def _read(asked: m.OrderCondition, catalogue: Catalogue) -> Condition | Refusal:
    is_more, by_and = bool(asked.is_more), asked.is_conjunction_connection is not False
    if asked.type == TIME:
        at = request_times.parse(asked.time or "")
        if at is None:
            return Refusal(337, f"Invalid date, time or time-zone in a condition: '{asked.time or ''}'")
        return Condition(is_more=is_more, is_joined_by_and=by_and, time_s=at.unix_s)
    if asked.type != PRICE:
        name = _OTHER_TYPES.get(asked.type or 0, f"type {asked.type}")
        return not_simulated(f"{name} conditions")
    if asked.trigger_method is None:
        return Refusal(320, "Error reading request. Invalid value in field # 6127")
    if asked.trigger_method not in TRIGGER_METHODS:
        return not_simulated(f"trigger method {asked.trigger_method}")
    if catalogue.by_con_id(asked.con_id or 0) is None or asked.price is None:
        return Refusal(147, "The condition's contract is not complete or does not exist")
    return Condition(
        is_more=is_more,
        is_joined_by_and=by_and,
        con_id=asked.con_id or 0,
        price=Decimal(repr(asked.price)),
        method=asked.trigger_method,
    )
