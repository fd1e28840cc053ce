"""What changed about an order: one record a change, and the event that each becomes."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from ibwire.error_codes import OrderVerdict
from ibwire.event_types import EventType
from ibwire.order_echo import Difference
from ibwire.order_fills import Commission, Fill
from ibwire.order_states import BACK, OrderState


class OrderKey(Struct, frozen=True, kw_only=True):
    """The names an order goes by: ours, the client's and the gateway's permanent one (None until it is told)."""

    client_ref: str | None
    client_id: int
    order_id: int
    perm_id: int | None = None


class StateChanged(Struct, frozen=True, kw_only=True):
    """The order went from one state to another; `reason` is IBKR's text where there is one."""

    key: OrderKey
    old: OrderState
    new: OrderState
    reason: str
    filled: Decimal
    remaining: Decimal | None
    average_price: Decimal | None

    @property
    def takes_back(self) -> bool:
        """Whether this corrects what was believed before, such as a cancelled order that has filled."""
        return self.new in BACK.get(self.old, frozenset())


class Identified(Struct, frozen=True, kw_only=True):
    """The gateway told the order's permanent id."""

    key: OrderKey


class QuantityChanged(Struct, frozen=True, kw_only=True):
    """Someone else changed the quantity: the group it is in, or a person in TWS."""

    key: OrderKey
    old: Decimal | None
    new: Decimal


class TermsDiffer(Struct, frozen=True, kw_only=True):
    """WARNING: when the gateway was asked, it had another value in a field of the order than was asked for last.

    A change was lost or refused, or somebody else made one. The order has the gateway's value from now on.
    """

    key: OrderKey
    difference: Difference


class Filled(Struct, frozen=True, kw_only=True):
    """An execution was booked; `replaced` is what it corrects."""

    key: OrderKey
    fill: Fill
    replaced: Fill | None
    filled: Decimal
    remaining: Decimal | None


class Settled(Struct, frozen=True, kw_only=True):
    """More is filled, by the gateway's word: there is no execution of it any more, and the state stays what it is."""

    key: OrderKey
    filled: Decimal
    remaining: Decimal | None
    average_price: Decimal | None


class Charged(Struct, frozen=True, kw_only=True):
    """The commission of an execution was booked."""

    key: OrderKey
    commission: Commission


class Noticed(Struct, frozen=True, kw_only=True):
    """IBKR said something about the order with an error code; `verdict` is what follows, for most nothing at all."""

    key: OrderKey
    code: int
    text: str
    verdict: OrderVerdict
    advanced_reject_json: str = ""


class InDoubt(Struct, frozen=True, kw_only=True):
    """What is known does not suffice: the gateway has to be asked how the order stands."""

    key: OrderKey
    reason: str


class SecondOrder(Struct, frozen=True, kw_only=True):
    """DUPLICATE_ORDER: under this order's names the gateway has another one, with the permanent id `perm_id` beside
    that of the key. Its fills are not booked here."""

    key: OrderKey
    perm_id: int


Change = (
    StateChanged
    | Identified
    | QuantityChanged
    | TermsDiffer
    | Filled
    | Settled
    | Charged
    | Noticed
    | InDoubt
    | SecondOrder
)

_OF_STATE = {
    OrderState.SUBMITTED: EventType.ORDER_SUBMITTED,
    OrderState.PARTIALLY_FILLED: EventType.ORDER_PARTIALLY_FILLED,
    OrderState.FILLED: EventType.ORDER_FILLED,
    OrderState.CANCELLED: EventType.ORDER_CANCELLED,
    OrderState.REJECTED: EventType.ORDER_REJECTED,
    OrderState.UNCONFIRMED: EventType.ORDER_UNCONFIRMED,
}
_OF_KIND = {
    Identified: EventType.ORDER_STATUS,
    QuantityChanged: EventType.ORDER_STATUS,
    TermsDiffer: EventType.WARNING,
    Filled: EventType.EXECUTION,
    Settled: EventType.ORDER_STATUS,
    Charged: EventType.COMMISSION,
    Noticed: EventType.WARNING,
    InDoubt: EventType.WARNING,
    SecondOrder: EventType.DUPLICATE_ORDER,
}


def event_of(change: Change) -> EventType:
    """The type of the event that tells of a change."""
    if isinstance(change, StateChanged):
        return _OF_STATE.get(change.new, EventType.ORDER_STATUS)
    return _OF_KIND[type(change)]
