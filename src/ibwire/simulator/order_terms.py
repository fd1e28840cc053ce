"""What an order says, read once and checked: exact numbers, its instrument and account, its times and conditions.

`read_terms` gives a record that everything else works with, or the refusal that a gateway answers; the checks are in
`order_checks`.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from msgspec import Struct
from msgspec.structs import replace

from ibwire.simulator import order_conditions, reference, request_times
from ibwire.simulator.catalogue import Catalogue
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.order_conditions import Condition
from ibwire.simulator.order_kinds import IMMEDIATE, KINDS, TIMES_IN_FORCE, Limit, OrderKind, Trigger
from ibwire.simulator.refusals import Refusal, invalid, not_simulated
from ibwire.wire import messages as m

_MOST_DIGITS = 12
"""A quantity with more digits than this before or after the point is none."""

_ALL_HOURS = ("FUT", "CONTFUT", "FOP", "CASH", "CRYPTO", "CMDTY")
"""Kinds of instruments that need no `outside_rth` to trade whenever their exchange is open."""

_NOT_SIMULATED = (
    "algo_strategy", "hedge_type", "scale_init_level_size", "scale_price_increment", "volatility", "volatility_type",
    "delta_neutral_order_type", "all_or_none", "min_qty", "cash_qty", "deactivate", "adjusted_order_type",
    "discretionary_amt", "starting_price", "stock_ref_price", "delta", "reference_contract_id", "block_order",
    "not_held", "fa_group", "model_code", "post_only", "active_start_time", "active_stop_time", "duration",
    "compete_against_best_offset",
)  # fmt: skip
"""Terms that would change what becomes of an order: better refused than worked as if they were not there."""


class OrderTerms(Struct, frozen=True, kw_only=True):
    """One order as it was asked for. `order` is the client's own record, `contract` how a gateway echoes his.

    Prices are in the instrument's price units, times Unix seconds; None is not given. `limit_price` of a pegged order
    is its cap. `trigger_price` is the stop of a stop, trailing or touch order.
    """

    order: m.Order
    contract: m.Contract
    instrument: Instrument
    account: str
    kind: OrderKind
    quantity: Decimal
    tif: str = "DAY"
    limit_price: Decimal | None = None
    limit_offset: Decimal | None = None
    trigger_price: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    peg_offset: Decimal | None = None
    peg_percent: Decimal | None = None
    good_after_s: float | None = None
    good_till_s: float | None = None
    conditions: tuple[Condition, ...] = ()
    has_time_without_zone: bool = False

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.order.action == "BUY"

    @property
    def oca_group(self) -> str:
        """The group of which one order cancels or reduces the others, "" for none."""
        return self.order.oca_group or ""

    @property
    def oca_type(self) -> int:
        """1 cancels the group's others, 2 and 3 reduce them; 1 if a group is named without a type."""
        return self.order.oca_type or (1 if self.oca_group else 0)

    @property
    def first_limit(self) -> Decimal | None:
        """The limit that it begins with: one that is pegged, or follows a stop, has none yet."""
        return self.limit_price if self.kind.limit is Limit.NEEDED else None

    @property
    def is_in_auction(self) -> bool:
        """Whether it is for the opening or the closing of the regular session alone."""
        return self.kind.is_at_close or self.tif == "OPG"

    @property
    def is_immediate(self) -> bool:
        """Whether what does not fill at once is not worked."""
        return self.tif in IMMEDIATE or self.is_in_auction

    @property
    def needs_regular_hours(self) -> bool:
        """Whether it only trades in the liquid hours of its instrument."""
        return not self.order.outside_rth and self.instrument.sec_type not in _ALL_HOURS

    @property
    def cancels_on_conditions(self) -> bool:
        """Whether its conditions end it, instead of letting it begin."""
        return bool(self.conditions) and bool(self.order.conditions_cancel_order)


def read_terms(request: m.PlaceOrderRequest, accounts: tuple[str, ...], catalogue: Catalogue) -> OrderTerms | Refusal:
    """Read an order's terms, unchecked but for what they cannot be read without; `accounts` are the gateway's."""
    order, contract = request.order or m.Order(), request.contract
    if contract is not None and contract.sec_type == "BAG":
        return not_simulated("BAG contracts")
    if lack := reference.lacks(contract, reference.NO_ORDER_EXCHANGE, reference.LIVE):
        return invalid(lack)
    found = reference.instruments_for(contract, catalogue)
    if contract is None or len(found) != 1:
        return Refusal(200, reference.AMBIGUOUS if found else reference.NO_DEFINITION)
    if order.action not in ("BUY", "SELL"):
        return invalid(f"Invalid side: {order.action or ''}")
    kind = KINDS.get(order.order_type or "")
    if kind is None:
        return not_simulated(f"order type '{order.order_type or ''}'")
    if (order.tif or "DAY") not in TIMES_IN_FORCE:
        return not_simulated(f"time in force '{order.tif}'")
    if not order.account and len(accounts) > 1:
        return Refusal(435, "You must specify an account.")
    account = order.account or accounts[0]
    if account not in accounts:
        return invalid(f"Invalid account code '{account}'")
    if unknown := [name for name in _NOT_SIMULATED if getattr(order, name)]:
        return not_simulated(", ".join(unknown))
    quantity = _quantity(order.total_quantity)
    if quantity is None or quantity <= 0:
        return Refusal(434, "The order size cannot be zero")
    terms = OrderTerms(
        order=order,
        contract=reference.contract_of(found[0], contract.exchange or ""),
        instrument=found[0],
        account=account,
        kind=kind,
        quantity=quantity,
        tif=order.tif or "DAY",
    )
    return _with_times(_with_prices(terms), catalogue)


def _with_prices(terms: OrderTerms) -> OrderTerms:
    """The prices that the order's kind has a use for."""
    order, kind = terms.order, terms.kind
    aux = _exact(order.aux_price)
    is_trail, is_capped = kind.trigger is Trigger.TRAIL, kind.limit is Limit.CAP
    has_trigger = kind.trigger is not None and not is_trail
    limit = None if kind.limit is Limit.UNUSED or (is_capped and not order.lmt_price) else _exact(order.lmt_price)
    stop = _exact(order.trail_stop_price) if is_trail else aux if has_trigger else None
    offset = _exact(order.lmt_price_offset)
    if kind.limit is Limit.OFFSET and offset is None and limit is not None and stop is not None:
        offset = limit - stop if terms.is_buy else stop - limit
    return replace(
        terms,
        limit_price=limit,
        limit_offset=offset if kind.limit is Limit.OFFSET else None,
        trigger_price=stop,
        trail_amount=aux if is_trail and aux else None,
        trail_percent=_exact(order.trailing_percent) if is_trail else None,
        peg_offset=aux if kind.peg is not None and aux else None,
        peg_percent=_exact(order.percent_offset) if kind.peg is not None else None,
    )


def _with_times(terms: OrderTerms, catalogue: Catalogue) -> OrderTerms | Refusal:
    """Its times and conditions."""
    order = terms.order
    after = request_times.parse(order.good_after_time) if order.good_after_time else None
    till = request_times.parse(order.good_till_date) if order.good_till_date and terms.tif == "GTD" else None
    if order.good_after_time and after is None:
        return Refusal(337, f"Invalid date, time or time-zone entered: '{order.good_after_time}'")
    if terms.tif == "GTD" and till is None:
        return Refusal(334, "Invalid Good Till Date")
    conditions = order_conditions.read(order.conditions, catalogue)
    if isinstance(conditions, Refusal):
        return conditions
    return replace(
        terms,
        good_after_s=after and after.unix_s,
        good_till_s=till and till.unix_s,
        conditions=conditions,
        has_time_without_zone=any(at is not None and not at.names_zone for at in (after, till)),
    )


def _exact(price: float | None) -> Decimal | None:
    """The shortest text of a price on the grid is the price itself, so this is exact."""
    return None if price is None else Decimal(repr(price))


def _quantity(text: str | None) -> Decimal | None:
    try:
        value = Decimal(text or "")
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) <= _MOST_DIGITS else None
