"""ib_async's contracts and orders as ours."""

from __future__ import annotations

from typing import Any

import ib_async
from msgspec.structs import replace

from ibwire.ib_async.fields import is_unset, record, side_by_side
from ibwire.wire import messages as m

CONTRACT = side_by_side(ib_async.Contract, m.Contract)
COMBO_LEG = side_by_side(ib_async.ComboLeg, m.ComboLeg)
DELTA_NEUTRAL = side_by_side(ib_async.DeltaNeutralContract, m.DeltaNeutralContract)
ORDER = side_by_side(ib_async.Order, m.Order)
SOFT_DOLLAR_TIER = side_by_side(ib_async.SoftDollarTier, m.SoftDollarTier)
EXECUTION_FILTER = side_by_side(ib_async.ExecutionFilter, m.ExecutionFilter)
SCANNER = side_by_side(ib_async.ScannerSubscription, m.ScannerSubscription)
WSH_EVENTS = side_by_side(ib_async.WshEventData, m.WshEventDataRequest)

CONDITION_FIELDS = {
    "isMore": "is_more",
    "price": "price",
    "conId": "con_id",
    "exch": "exchange",
    "triggerMethod": "trigger_method",
    "time": "time",
    "percent": "percent",
    "secType": "sec_type",
    "symbol": "symbol",
    "volume": "volume",
    "changePercent": "change_percent",
}
"""Of an order's conditions: their names and ours; each kind of condition has some of them."""

_TOLD_BY_TWS = ("filled_quantity", "ref_futures_con_id", "parent_perm_id", "auto_cancel_date", "shareholder")
"""Of orders: what only TWS says."""


def contract(theirs: Any, order: Any = None) -> m.Contract:
    """A contract; in our dialect the prices of an order's legs belong to its contract."""
    prices = [
        None if is_unset(leg.price) else float(leg.price) for leg in (order.orderComboLegs or () if order else ())
    ]
    prices += [None] * (len(theirs.comboLegs or ()) - len(prices))
    neutral = theirs.deltaNeutralContract
    made: m.Contract = record(
        CONTRACT,
        theirs,
        combo_legs=tuple(
            record(COMBO_LEG, leg, per_leg_price=price)
            for leg, price in zip(theirs.comboLegs or (), prices, strict=False)
        ),
        delta_neutral_contract=record(DELTA_NEUTRAL, neutral) if neutral else None,
    )
    # Theirs says 0 of what has no strike, and sends it; IBKR's own client sends none.
    return replace(made, strike=None) if made.strike == 0 else made


def order(theirs: Any) -> m.Order:
    """An order. A volatility is sent for orders on volatility only: TWS fills it into others, and then refuses it."""
    tier = theirs.softDollarTier
    made: m.Order = record(
        ORDER,
        theirs,
        conditions=tuple(map(_condition, theirs.conditions or ())),
        soft_dollar_tier=record(SOFT_DOLLAR_TIER, tier) if tier else m.SoftDollarTier(),
    )
    # Whose it is, the connection and the request say already; what TWS filled in is not sent back, as theirs does not.
    made = replace(made, client_id=0, perm_id=0, order_id=None, **dict.fromkeys(_TOLD_BY_TWS))
    made = replace(made, route_marketable_to_bbo=made.route_marketable_to_bbo or None)
    return made if (theirs.orderType or "").startswith("VOL") else replace(made, volatility=None)


def _condition(theirs: Any) -> m.OrderCondition:
    said = {ours: getattr(theirs, name) for name, ours in CONDITION_FIELDS.items() if hasattr(theirs, name)}
    return m.OrderCondition(type=theirs.condType, is_conjunction_connection=theirs.conjunction != "o", **said)
