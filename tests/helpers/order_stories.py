"""A small model of a gateway: what it says of one order from beginning to end, and what is true at the end.

It knows nothing of how ibwire follows orders: the truth is written down here as the story is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import strategies as st

from ibwire.order_changes import OrderKey
from ibwire.order_fields import Order
from ibwire.order_state import TrackedOrder
from ibwire.order_states import OrderState
from ibwire.order_types import limit
from ibwire.wire import Message
from ibwire.wire import messages as m

ORDER_ID = 41
CLIENT_ID = 7
PERM_ID = 1_000_041
CONTRACT = m.Contract(con_id=265598, symbol="AAPL", sec_type="STK", exchange="SMART")

WARNINGS = (
    (399, "Order Message:\nBUY 1 SPY ARCA\nWarning: your order will not be placed at the exchange until 2026-12-02"),
    (404, "Shares for this order are not immediately available for short sale. The order will be held"),
    (2109, "Order Event Warning: Attribute 'Outside Regular Trading Hours' is ignored"),
    (2161, "Limit price capped"),
    (10349, "Order TIF was set to DAY based on order preset."),
)
"""What IBKR says of an order that goes on (protocol notes, 4.4)."""


def tracked(quantity: Decimal = Decimal(100), order: Order | None = None, **key: object) -> TrackedOrder:
    """An order that has just left."""
    names = {"client_ref": "01JD8PZK3M4QX7RT.1", "client_id": CLIENT_ID, "order_id": ORDER_ID, **key}
    made = TrackedOrder(OrderKey(**names), CONTRACT, order or limit("BUY", quantity, 10))  # type: ignore[arg-type]
    made.sent()
    return made


def status(text: str, filled: Decimal | int = 0, remaining: Decimal | int = 100, **fields: object) -> m.OrderStatus:
    told = {"order_id": ORDER_ID, "perm_id": PERM_ID, "client_id": CLIENT_ID, "mkt_cap_price": 0.0, **fields}
    return m.OrderStatus(status=text, filled=str(filled), remaining=str(remaining), **told)  # type: ignore[arg-type]


def open_order(text: str, quantity: Decimal | int = 100, **state: object) -> m.OpenOrder:
    echo = m.Order(client_id=CLIENT_ID, perm_id=PERM_ID, total_quantity=str(quantity), action="BUY")
    told = m.OrderState(status=text, **state)  # type: ignore[arg-type]
    return m.OpenOrder(order_id=ORDER_ID, contract=CONTRACT, order=echo, order_state=told)


def execution(
    trade: int, shares: Decimal | int, total: Decimal | int, *, revision: int = 1, price: float = 10.0, **fields: object
) -> m.ExecutionDetails:
    told = {"order_id": ORDER_ID, "perm_id": PERM_ID, "client_id": CLIENT_ID, **fields}
    execution = m.Execution(
        exec_id=f"0000e0d5.69e02bfb.{trade:02}.{revision:02}",
        time="20260413 15:27:04 US/Eastern",
        side="BOT",
        shares=str(shares),
        cum_qty=str(total),
        price=price,
        **told,  # type: ignore[arg-type]
    )
    return m.ExecutionDetails(-1, CONTRACT, execution)


def commission(trade: int, amount: float = 1.0, *, revision: int = 1) -> m.CommissionAndFeesReport:
    return m.CommissionAndFeesReport(
        exec_id=f"0000e0d5.69e02bfb.{trade:02}.{revision:02}", commission_and_fees=amount, currency="USD"
    )


def error(code: int, text: str, time: int = 1) -> m.ErrorMessage:
    return m.ErrorMessage(id=ORDER_ID, error_time=time, error_code=code, error_msg=text)


@dataclass
class Story:
    """What the gateway says, in order, and the truth at its end. The acts of the owner come before all of it."""

    quantity: Decimal
    messages: list[Message] = field(default_factory=list)
    shares: dict[int, Decimal] = field(default_factory=dict)
    costs: dict[int, Decimal] = field(default_factory=dict)
    warnings: int = 0
    is_changed: bool = False
    is_cancelled_by_us: bool = False
    end: OrderState = OrderState.SENT

    @property
    def filled(self) -> Decimal:
        return sum(self.shares.values(), Decimal(0))

    def start(self) -> TrackedOrder:
        """The order as its owner has it before the gateway says anything."""
        order = tracked(self.quantity)
        if self.is_changed:
            order.change_sent(limit("BUY", self.quantity, 11))
        if self.is_cancelled_by_us:
            order.cancel_sent()
        return order

    def pair(self, text: str) -> None:
        self.messages += [open_order(text, self.quantity), status(text, self.filled, self.quantity - self.filled)]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Stories of one order: told in pairs, with fills, corrections, warnings and one of the ends there are."""
    story = Story(quantity=Decimal(draw(st.integers(1, 9))) * 10)
    end = draw(
        st.sampled_from(("working", "filled", "cancelled", "killed", "refused", "rejected", "margin", "inactive"))
    )
    if end == "refused":
        return _refused(draw, story)
    for text, state in (("PendingSubmit", "pending_submit"), ("PreSubmitted", "pre_submitted")):
        if draw(st.booleans()):
            story.pair(text)
            story.end = OrderState(state)
    _warn(draw, story)
    if end in ("rejected", "margin"):
        return _rejected(story, end)
    if end == "inactive":
        story.pair("Inactive")
        story.end = OrderState.INACTIVE
        return story
    story.pair("Submitted")
    story.end = OrderState.SUBMITTED
    if draw(st.booleans()):
        story.is_changed = True
        if draw(st.booleans()):
            story.messages.append(error(draw(st.sampled_from((110, 201, 321, 329))), "the change was refused", 5))
    _fill(draw, story, completely=end == "filled")
    _warn(draw, story)
    if end in ("cancelled", "killed"):
        _cancelled(draw, story, is_ours=end == "cancelled")
    return story


def _refused(draw: st.DrawFn, story: Story) -> Story:
    """By the validator: an error, and no order ever (protocol notes, 4.4)."""
    code, text = draw(
        st.sampled_from(
            (
                (321, "Error validating request.-'bX' : cause - no"),
                (110, "The price does not conform"),
                (103, "Duplicate"),
            )
        )
    )
    story.messages.append(error(code, text))
    story.end = OrderState.REJECTED
    return story


def _rejected(story: Story, end: str) -> Story:
    story.messages.append(error(201, "Order rejected - reason:no margin"))
    story.pair("Inactive" if end == "rejected" else "Cancelled")
    story.end = OrderState.REJECTED
    return story


def _warn(draw: st.DrawFn, story: Story) -> None:
    for code, text in draw(st.lists(st.sampled_from(WARNINGS), max_size=2, unique=True)):
        story.warnings += 1
        story.messages.append(error(code, text, 100 + story.warnings))


def _fill(draw: st.DrawFn, story: Story, *, completely: bool) -> None:
    left, trade = story.quantity, 0
    while left and (completely or (left > 1 and draw(st.booleans()))):
        part = Decimal(draw(st.integers(1, int(left) - (0 if completely else 1))))
        trade, left = trade + 1, left - part
        wrong = draw(st.booleans())
        story.shares[trade], story.costs[trade] = part, Decimal(trade)
        story.end = OrderState.PARTIALLY_FILLED if left else OrderState.FILLED
        if wrong:  # at another price, corrected later
            story.messages.append(execution(trade, part, story.filled, price=9.0))
            story.messages.append(commission(trade, 99.0))
        story.messages.append(execution(trade, part, story.filled, revision=2 if wrong else 1))
        if draw(st.booleans()) or not left:
            story.pair("Filled" if not left else "Submitted")
        story.messages.append(commission(trade, float(trade), revision=2 if wrong else 1))


def _cancelled(draw: st.DrawFn, story: Story, *, is_ours: bool) -> None:
    story.is_cancelled_by_us = is_ours
    if draw(st.booleans()):
        story.pair("PendingCancel")
    story.messages.append(status("Cancelled", story.filled, story.quantity - story.filled))
    story.messages.append(error(202, "Order Canceled - reason:"))
    story.end = OrderState.CANCELLED
    if draw(st.booleans()):  # a fill that crossed the cancel (pysystemtrade 1580)
        left = story.quantity - story.filled
        if left:
            story.shares[90], story.costs[90] = left, Decimal(1)
            story.messages += [execution(90, left, story.filled), commission(90)]
            story.end = OrderState.FILLED
