"""Our contracts, orders and executions as ib_async's, as its own decoder would have made them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import ib_async
from ib_async.util import UNSET_DOUBLE, parseIBDatetime

from ibwire.client_refs import split_order_ref
from ibwire.ib_async.fields import UNSET_TEXT, fill, side_by_side
from ibwire.ib_async.to_wire import COMBO_LEG, CONDITION_FIELDS, CONTRACT, DELTA_NEUTRAL, ORDER, SOFT_DOLLAR_TIER
from ibwire.wire import messages as m

CONTRACT_DETAILS = side_by_side(ib_async.ContractDetails, m.ContractDetails)
ORDER_STATE = side_by_side(ib_async.OrderState, m.OrderState)
EXECUTION = side_by_side(ib_async.Execution, m.Execution)

_MARGINS = tuple(
    f"{kind}{when}"
    for when in ("Before", "Change", "After")
    for kind in ("initMargin", "maintMargin", "equityWithLoan")
)
_BOND = "BOND"


def contract(ours: m.Contract | None) -> Any:
    """A contract; an empty one for none."""
    theirs = ib_async.Contract()
    if ours is None:
        return theirs
    fill(CONTRACT, theirs, ours)
    theirs.comboLegs = [_filled(COMBO_LEG, ib_async.ComboLeg(), leg) for leg in ours.combo_legs]
    if ours.delta_neutral_contract is not None:
        theirs.deltaNeutralContract = _filled(
            DELTA_NEUTRAL, ib_async.DeltaNeutralContract(), ours.delta_neutral_contract
        )
    return theirs


def contract_details(message: m.ContractData, *, is_bond: bool) -> Any:
    """Contract details. The last trading day comes in one text with its time and zone, a bond's as its maturity."""
    details = ib_async.ContractDetails()
    if message.contract_details is not None:
        fill(CONTRACT_DETAILS, details, message.contract_details)
    details.contract = contract(message.contract)
    last: str = details.contract.lastTradeDateOrContractMonth
    parts = last.split("-" if "-" in last else None)
    day, time, zone, *_ = [*parts, "", "", ""]
    details.contract.lastTradeDateOrContractMonth = "" if is_bond else day
    if is_bond:
        details.maturity = day
    details.lastTradeTime = time
    details.timeZoneId = zone or details.timeZoneId
    return details


def order(ours: m.Order | None, legs: m.Contract | None, order_id: int | None = None) -> Any:
    """An order; `legs` is its contract, which has the prices of its legs."""
    theirs = ib_async.Order(openClose="")  # its default is for orders to be sent
    if ours is not None:
        fill(ORDER, theirs, ours)
        theirs.orderRef = _tag(theirs.orderRef)
        theirs.scalePriceIncrement = theirs.scalePriceIncrement or UNSET_DOUBLE
        theirs.conditions = [_condition(one) for one in ours.conditions]
        if ours.soft_dollar_tier is not None:
            theirs.softDollarTier = _filled(SOFT_DOLLAR_TIER, ib_async.SoftDollarTier(), ours.soft_dollar_tier)
    if order_id is not None:
        theirs.orderId = order_id
    combo_legs = legs.combo_legs if legs is not None else ()
    if any(leg.per_leg_price is not None for leg in combo_legs):
        theirs.orderComboLegs = [
            ib_async.OrderComboLeg() if leg.per_leg_price is None else ib_async.OrderComboLeg(leg.per_leg_price)
            for leg in combo_legs
        ]
    return theirs


def order_state(ours: m.OrderState | None, *, has_margins: bool = True) -> Any:
    """An order's state; its margins are text there, and of one that is not set the text of the largest number."""
    theirs = ib_async.OrderState()
    for name in _MARGINS if has_margins else ():
        setattr(theirs, name, UNSET_TEXT)
    return theirs if ours is None else _filled(ORDER_STATE, theirs, ours)


def execution(ours: m.Execution | None, wrapper: Any) -> Any:
    """An execution; its time in the wrapper's zone, and if it names none in that of TWS, if that is known."""
    theirs = ib_async.Execution()
    if ours is None:
        return theirs
    fill(EXECUTION, theirs, ours)
    theirs.orderRef = _tag(theirs.orderRef)
    time = parseIBDatetime(ours.time) if ours.time else None
    if isinstance(time, datetime):
        zone = wrapper.ib.TimezoneTWS
        if not time.tzinfo and zone:
            time = time.replace(tzinfo=ZoneInfo(str(zone)))
        theirs.time = time.astimezone(wrapper.defaultTimezone)
    return theirs


def _tag(order_ref: str) -> str:
    """The user's own part of an order's reference; the rest is how our journal knows the order again."""
    tag, ref = split_order_ref(order_ref)
    return order_ref if ref is None else tag


def bar(ours: m.HistoricalDataBar) -> Any:
    """A bar; its date is still text, which the wrapper reads."""
    return ib_async.BarData(
        date=ours.date or "",  # type: ignore[arg-type]  # as their decoder does it
        open=ours.open or 0.0,
        high=ours.high or 0.0,
        low=ours.low or 0.0,
        close=ours.close or 0.0,
        volume=float(ours.volume or 0),
        average=float(ours.wap or 0),
        barCount=ours.bar_count or 0,
    )


def _condition(ours: m.OrderCondition) -> Any:
    theirs = ib_async.OrderCondition.createClass(ours.type)()
    theirs.conjunction = "o" if ours.is_conjunction_connection is False else "a"
    for name, own in CONDITION_FIELDS.items():
        value = getattr(ours, own)
        if value is not None and hasattr(theirs, name):
            setattr(theirs, name, value)
    return theirs


def _filled(pairs: Any, theirs: Any, ours: Any) -> Any:
    fill(pairs, theirs, ours)
    return theirs
