"""What a gateway checks of an order before it takes it: one function a rule, in a list.

Each gives the refusal that the order is answered with, or None. Codes are IBKR's (protocol notes, 3.24 and 4.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from ibwire.simulator.order_kinds import IMMEDIATE, Limit, Trigger
from ibwire.simulator.order_terms import OrderTerms
from ibwire.simulator.price_grid import is_on_grid
from ibwire.simulator.refusals import Refusal, invalid, not_simulated
from ibwire.simulator.triggers import TRIGGER_METHODS
from ibwire.wire import messages as m

_MAY_BE_NEGATIVE = ("FUT", "CONTFUT", "FOP")
_OF_AUCTION = ("MKT", "LMT")
_PRESET = "PRESET"

Check = Callable[[OrderTerms], Refusal | None]


def check(terms: OrderTerms, now_s: float) -> Refusal | None:
    """The first refusal of all checks, None if the order can be taken at this time (Unix seconds)."""
    if terms.good_till_s is not None and terms.good_till_s <= now_s:
        return Refusal(334, "Invalid Good Till Date")
    return next((refusal for rule in CHECKS if (refusal := rule(terms)) is not None), None)


def check_attached(attached: m.AttachedOrders | None) -> Refusal | None:
    """Attached orders come from presets, which a simulator's user has none of (protocol notes, 4.7)."""
    if attached is None or attached == m.AttachedOrders():
        return None
    legs = (
        ("Stop Loss", attached.sl_order_id, attached.sl_order_type),
        ("Profit Taker", attached.pt_order_id, attached.pt_order_type),
    )
    for name, order_id, order_type in legs:
        if (order_id is not None or order_type is not None) and (order_id is None or order_type != _PRESET):
            return Refusal(320, f"Error reading request. Invalid value for {name} order-id or order-type")
    return Refusal(10355, "Attached order is requested but no preset is defined for it")


def _order_type(terms: OrderTerms) -> Refusal | None:
    if terms.kind.listed_as not in terms.instrument.order_types.split(","):
        return Refusal(387, "Unsupported order type for this exchange and security type.")
    return None


def _time_in_force(terms: OrderTerms) -> Refusal | None:
    if terms.kind.is_at_close and terms.tif != "DAY":
        return Refusal(113, "The Tif (Time in Force) should be set to DAY for MOC and LOC orders.")
    if terms.tif == "OPG" and terms.kind.name not in _OF_AUCTION:
        return Refusal(111, "The TIF (time in force) and order type are incompatible.")
    if terms.tif in IMMEDIATE and (terms.kind.trigger is not None or terms.kind.peg is not None):
        return Refusal(111, "The TIF (time in force) and order type are incompatible.")
    return None


def _size(terms: OrderTerms) -> Refusal | None:
    instrument = terms.instrument
    if terms.quantity < instrument.min_size:
        text = f"Order size {terms.quantity:f} is smaller than the minimum required size of {instrument.min_size:f}."
        return Refusal(388, text)
    if terms.quantity % instrument.size_increment:
        return Refusal(355, "Order size does not conform to market rule.")
    return None


def _needed_prices(terms: OrderTerms) -> Refusal | None:
    kind = terms.kind
    if kind.limit is Limit.NEEDED and terms.limit_price is None:
        return invalid("a limit order needs a limit price")
    if kind.limit is Limit.OFFSET and terms.limit_offset is None:
        return invalid("a trailing limit order needs a limit offset, or a limit price and a stop price")
    if kind.trigger is Trigger.TRAIL and (terms.trail_amount is None) == (terms.trail_percent is None):
        return Refusal(158, "A trailing order needs either a trailing amount or a trailing percent.")
    if kind.trigger in (Trigger.STOP, Trigger.TOUCH) and terms.trigger_price is None:
        return Refusal(403, "Invalid stop price.")
    return None


def _percents(terms: OrderTerms) -> Refusal | None:
    given = [percent for percent in (terms.trail_percent, terms.peg_percent) if percent is not None]
    if not all(percent.is_finite() and 0 <= percent <= 100 for percent in given):
        return Refusal(159, "Percent offset must be between 0 and 100.")
    return None


def _offsets(terms: OrderTerms) -> Refusal | None:
    given = (terms.trail_amount, terms.peg_offset, terms.limit_offset)
    if not all(offset is None or offset.is_finite() for offset in given):
        return _OFF_GRID
    if any(offset is not None and offset < 0 for offset in (terms.trail_amount, terms.peg_offset)):
        return invalid("an offset or trailing amount is not negative")
    return None


def _price_grid(terms: OrderTerms) -> Refusal | None:
    venue = terms.contract.exchange or ""
    amounts = (terms.trail_amount, terms.peg_offset)
    if not all(is_on_grid(terms.instrument, price, venue) for price in (*_prices(terms), *filter(None, amounts))):
        return _OFF_GRID
    return None


def _sign(terms: OrderTerms) -> Refusal | None:
    if terms.instrument.sec_type in _MAY_BE_NEGATIVE or all(price > 0 for price in _prices(terms)):
        return None
    if terms.limit_price is not None and terms.limit_price <= 0:
        return invalid("the limit price must be above 0")
    return Refusal(403, "Invalid stop price.")


def _group(terms: OrderTerms) -> Refusal | None:
    if terms.oca_group and terms.oca_type not in (1, 2, 3):
        return invalid(f"Invalid OCA type: {terms.oca_type}")
    return None


def _trigger_method(terms: OrderTerms) -> Refusal | None:
    method = terms.order.trigger_method or 0
    return None if method in TRIGGER_METHODS else not_simulated(f"trigger method {method}")


def _what_if(terms: OrderTerms) -> Refusal | None:
    if terms.order.what_if and not terms.order.transmit:
        return Refusal(413, "The what-if order should have the transmit flag set to true.")
    return None


def _prices(terms: OrderTerms) -> Iterator[Decimal]:
    """The prices that it names itself."""
    return (price for price in (terms.limit_price, terms.trigger_price) if price is not None)


_OFF_GRID = Refusal(110, "The price does not conform to the minimum price variation for this contract.")

CHECKS: tuple[Check, ...] = (
    _order_type,
    _time_in_force,
    _trigger_method,
    _what_if,
    _group,
    _size,
    _needed_prices,
    _percents,
    _offsets,
    _price_grid,
    _sign,
)
"""Every rule, in the order in which they are looked at."""
