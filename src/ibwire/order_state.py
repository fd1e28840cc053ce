"""One order, from intent to end: fed with everything that is said of it, in any order and any number of times.

Executions are the truth for fills, IBKR's status texts and errors for the rest; `order_evidence` says how a state
follows from them. Each feed returns what changed, nothing for what was known. Pure: no loop, no clock, no journal.

What the owner of the order does is told by `sent`, `change_sent`, `cancel_sent`; what it finds out by asking the
gateway by `reconciled`, `completed` and `not_found`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from ibwire.client_refs import split_order_ref
from ibwire.error_codes import ERROR_TABLE, ErrorTable
from ibwire.order_changes import (
    Change,
    Charged,
    Filled,
    Identified,
    InDoubt,
    Noticed,
    OrderKey,
    QuantityChanged,
    SecondOrder,
    Settled,
    StateChanged,
    TermsDiffer,
)
from ibwire.order_echo import Difference, other_terms
from ibwire.order_evidence import Evidence, Notice
from ibwire.order_fields import Order
from ibwire.order_fills import ZERO, Commission, Fill, FillBook, commission_of, fill_of
from ibwire.order_states import BACK, FILLED_TEXT, INACTIVE_TEXT, ONWARD, OrderState
from ibwire.order_wire import exact, read_decimal
from ibwire.wire import Message
from ibwire.wire import messages as m


class TrackedOrder:
    """What is known of one order. `key` names it, `order` is what was asked for last, `state` is where it is."""

    def __init__(self, key: OrderKey, contract: m.Contract, order: Order, *, table: ErrorTable = ERROR_TABLE) -> None:
        self.key = key
        self.contract = contract
        self.order = order
        self.state = OrderState.INTENT
        self.gateway_status = ""
        """IBKR's status text and `why_held` as they came last; for people, nothing here follows from them."""
        self.why_held = ""
        self._evidence = Evidence(table)
        self._book = FillBook(is_combo=contract.sec_type == "BAG")
        self._quantity = order.total_quantity
        self._asked = {order.total_quantity}
        self._told: set[str] = set()
        self._told_settled = ZERO
        self._others: set[int] = set()

    # --- what is known -----------------------------------------------------------------------------------------------

    @property
    def tag(self) -> str:
        """What the user gave as `order_ref`, without the reference that ibwire put behind it."""
        return split_order_ref(self.order.order_ref)[0]

    @property
    def fills(self) -> tuple[Fill, ...]:
        """The executions that hold, by time; not those of a combo's legs, nor an advisor's `allocations`."""
        return self._book.fills

    @property
    def leg_fills(self) -> tuple[Fill, ...]:
        """The executions of a combo's legs."""
        return self._book.leg_fills

    @property
    def allocations(self) -> tuple[Fill, ...]:
        """How an advisor's order was shared out among accounts; the whole is in `fills`."""
        return self._book.allocations

    @property
    def commissions(self) -> tuple[Commission, ...]:
        """The commissions of the executions that hold, as far as they have come."""
        return self._book.commissions

    @property
    def filled(self) -> Decimal:
        """The quantity filled."""
        return self._book.filled

    @property
    def quantity(self) -> Decimal | None:
        """The quantity ordered, as it is now; None for an order over an amount of money."""
        return self._quantity or None

    @property
    def remaining(self) -> Decimal | None:
        """What is left to fill, or was when the order ended; None if the quantity is not known."""
        if self.quantity is None:
            return None
        return ZERO if self.state is OrderState.FILLED else max(self.quantity - self.filled, ZERO)

    @property
    def average_price(self) -> Decimal | None:
        """The average price of what is filled; None without fills, and if it is not known of a part of them."""
        return self._book.average_price

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The errors and warnings that named the order."""
        return self._evidence.notices

    @property
    def is_acknowledged(self) -> bool:
        """Whether the gateway has shown that it has the order."""
        return self._evidence.is_acknowledged

    @property
    def is_unsent(self) -> bool:
        """Whether its bytes have never left, and never will."""
        return bool(self._evidence.not_sent) and not self._evidence.is_sent and not self.is_acknowledged

    @property
    def is_cancelling(self) -> bool:
        """Whether a cancel is under way."""
        return self.state.is_working and (self._evidence.is_cancelling or self._evidence.is_cancel_sent)

    @property
    def is_change_open(self) -> bool:
        """Whether new terms were sent, and the gateway has not shown yet that it has them."""
        return self._evidence.is_change_open

    @property
    def is_fill_missing(self) -> bool:
        """Whether the gateway has said that more is filled than is booked, and is being asked about it."""
        return self._evidence.reported > self.filled

    def has_execution(self, exec_id: str | None) -> bool:
        """Whether this execution is one of this order, also one of a combo's leg or of an advisor's client."""
        return self._book.has(exec_id)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the gateway has to be asked how the order stands; nothing if it need not."""
        found = list(self._evidence.doubts(self.state, self._evidence.reported - self.filled))
        if self.state.is_working and self.remaining == 0:
            found.append("all of it is filled, and no status says so")
        return tuple(found)

    @property
    def facts(self) -> tuple[object, ...]:
        """What its state follows from beside fills and errors: for a journal, which has to keep whatever changes this,
        also where nothing follows from it yet."""
        missing = max(self._evidence.reported - self.filled, ZERO)
        return (*self._evidence.facts, missing, frozenset(self._asked), self._quantity, self._book.settled)

    # --- what we did -------------------------------------------------------------------------------------------------

    def sent(self) -> list[Change]:
        """The order's bytes have left."""
        self._evidence.is_sent = True
        return self._conclude([])

    def not_sent(self, reason: str) -> list[Change]:
        """It was refused on this side: its bytes have not left, and never will."""
        self._evidence.not_sent = reason
        return self._conclude([])

    def change_sent(self, order: Order) -> list[Change]:
        """New terms for the order have left, under its id; one that has ended meanwhile takes none."""
        self._evidence.is_sent = self._evidence.is_change_sent = True
        if self.state.is_ended:
            return []
        self._evidence.is_change_open = True
        self.order = order
        self._quantity = order.total_quantity
        self._asked.add(order.total_quantity)
        return self._conclude([])

    def cancel_sent(self) -> list[Change]:
        """A cancel has left."""
        self._evidence.is_cancel_sent = True
        return self._conclude([])

    # --- what the gateway said ---------------------------------------------------------------------------------------

    def feed(self, message: Message) -> list[Change]:
        """Anything that a gateway says of this order; what it says of no order changes nothing.

        Raises ProtocolError for an execution or commission that lacks what it is about.
        """
        hear = _HEARD.get(type(message))
        return [] if hear is None else hear(self, message)

    def open_order(self, told: m.OpenOrder) -> list[Change]:
        """The order as the gateway has it."""
        order, state = told.order, told.order_state
        changes: list[Change] = []
        if not self._is_mine(order.perm_id if order else None, changes):
            return changes
        self._evidence.acknowledge()
        if state is not None:
            self._see_status(state.status)
            self._evidence.reject_reason = self._evidence.reject_reason or state.reject_reason or ""
        if order is not None:
            self._see_quantity(order, changes)
            self._see_terms(order)
        return self._conclude(changes)

    def order_status(self, told: m.OrderStatus) -> list[Change]:
        """The order's status."""
        changes: list[Change] = []
        if not self._is_mine(told.perm_id, changes):
            return changes
        self._evidence.acknowledge()
        self._see_status(told.status)
        self.why_held = told.why_held or ""
        filled = read_decimal(told.filled, "an order's filled quantity") or ZERO
        self._evidence.see_filled(told.status, filled, self._price_of(told))
        return self._conclude(changes)

    def execution(self, told: m.ExecutionDetails) -> list[Change]:
        """An execution of this order, also one that corrects another."""
        changes: list[Change] = []
        fill = fill_of(told, is_leg=self._book.is_leg(told.contract or m.Contract()))
        if not self._is_mine(told.execution.perm_id if told.execution else None, changes):
            return changes
        replaced = self._book.book(fill)
        self._evidence.acknowledge()
        if replaced is not None:
            changes.append(
                Filled(
                    key=self.key,
                    fill=fill,
                    replaced=None if replaced is fill else replaced,
                    filled=self.filled,
                    remaining=self.remaining,
                )
            )
        return self._conclude(changes)

    def commission(self, told: m.CommissionAndFeesReport) -> list[Change]:
        """What an execution of this order cost."""
        commission = commission_of(told)
        return [Charged(key=self.key, commission=commission)] if self._book.charge(commission) else []

    def error(self, told: m.ErrorMessage) -> list[Change]:
        """An error or a warning that named this order: attached to it, and rarely its end."""
        verdict = self._evidence.see_error(told)
        if verdict is None:
            return []
        noticed = Noticed(
            key=self.key,
            code=told.error_code or 0,
            text=told.error_msg or "",
            verdict=verdict,
            advanced_reject_json=told.advanced_order_reject_json or "",
        )
        return self._conclude([noticed])

    # --- what asking the gateway showed ------------------------------------------------------------------------------

    def reconciled(self, told: m.OpenOrder, status: m.OrderStatus | None = None) -> list[Change]:
        """The gateway has it among its open orders; every execution it still knows of has been fed before."""
        self._evidence.begin_anew()
        changes = self._take_terms(told.order) if told.order is not None else []
        changes += self.open_order(told)
        if status is not None:
            filled = read_decimal(status.filled, "an order's filled quantity") or ZERO
            self._book.settle(filled, self._price_of(status))
            changes += self.order_status(status)
        return changes

    def completed(self, told: m.CompletedOrder) -> list[Change]:
        """The gateway has it among its completed orders; every execution it still knows of has been fed before."""
        order, state = told.order, told.order_state
        changes: list[Change] = []
        if not self._is_mine(order.perm_id if order else None, changes):
            return changes
        filled = self._completed_quantity(told)
        if filled is not None:
            self._settle(filled)
        self._evidence.acknowledge()
        self._evidence.life_after_end = ""  # that was older
        if state is not None:
            self._see_status(state.status)
            self._evidence.completed_text = state.completed_status or ""
            self._evidence.reject_reason = self._evidence.reject_reason or state.reject_reason or ""
            self._evidence.is_completed = self._evidence.is_completed or state.status == FILLED_TEXT
            # Among the completed ones it does not work again: it was refused.
            self._evidence.is_refused = self._evidence.is_refused or state.status == INACTIVE_TEXT
        # Whatever its status says, or if there is none: it works no more.
        self._evidence.gone = self._evidence.completed_text or "the gateway has it among its completed orders"
        return self._conclude(changes)

    def not_found(self, reason: str) -> list[Change]:
        """The gateway has it nowhere: it is over if it was ever acknowledged, else nobody knows whether it arrived.

        What a status has said of its fills is all that will ever be known of those without an execution: the gateway
        tells of executions of the day only.
        """
        self._evidence.settle_questions()
        if not self._evidence.is_acknowledged:
            self._evidence.unconfirmed = reason
            return self._conclude([])
        self._evidence.life_after_end = ""
        told = self._evidence.reported
        if self._evidence.is_told_filled:
            told = self._evidence.reported_full or self._quantity or told
        if told > self.filled:
            self._settle(self.filled if self._book.is_corrected else told)
        if self._evidence.is_told_filled:
            self._evidence.is_completed = True
        else:
            self._evidence.gone = reason
        return self._conclude([])

    def still_unconfirmed(self) -> StateChanged:
        """What tells of an unconfirmed order once more."""
        return self._step(self.state, self.state)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _is_mine(self, perm_id: int | None, changes: list[Change]) -> bool:
        """Whether a message with this permanent id is about this order, which gets the first id that it hears of."""
        if not perm_id or perm_id == self.key.perm_id:
            return True
        if self.key.perm_id is None:
            self.key = OrderKey(
                client_ref=self.key.client_ref,
                client_id=self.key.client_id,
                order_id=self.key.order_id,
                perm_id=perm_id,
            )
            changes.append(Identified(key=self.key))
            return True
        if perm_id not in self._others:
            self._others.add(perm_id)
            changes.append(SecondOrder(key=self.key, perm_id=perm_id))
        return False

    def _completed_quantity(self, told: m.CompletedOrder) -> Decimal | None:
        """What is filled of a completed order: as it says, or all of it if it is filled, or by the last status.

        A gateway leaves the field out, or writes a zero there, where it has no figure. What follows from a status here
        must be the same for who follows the order by the journal: it has those only that said something new.
        """
        order, state = told.order or m.Order(), told.order_state or m.OrderState()
        filled = read_decimal(order.filled_quantity, "an order's filled quantity")
        if filled or self._book.is_corrected:
            return filled
        figure = self._evidence.reported
        if state.status == FILLED_TEXT:
            quantity = read_decimal(order.total_quantity, "an order's quantity")
            figure = self._evidence.reported_full or quantity or self._quantity or figure
        return max(figure, self.filled) if figure else filled

    def _settle(self, filled: Decimal) -> None:
        """So much is filled, and nothing that was said before, such as before a correction, is believed any more."""
        is_reported = filled == self._evidence.reported
        self._book.settle(filled, self._evidence.reported_price if is_reported else None)
        self._evidence.reported = filled

    def _price_of(self, told: m.OrderStatus) -> Decimal | None:
        """The average price that a status tells; 0 is none, but for a combo."""
        price = exact(told.avg_fill_price)
        return price if price or self.contract.sec_type == "BAG" else None

    def _see_status(self, status: str | None) -> None:
        if status:
            self.gateway_status = status
            self._evidence.see_status(status)

    def _see_quantity(self, order: m.Order, changes: list[Change]) -> None:
        """An echo of a quantity that we asked for may be old; any other is someone else's doing."""
        quantity = read_decimal(order.total_quantity, "an order's quantity")
        if quantity and quantity not in self._asked and quantity != self._quantity:
            changes.append(QuantityChanged(key=self.key, old=self._quantity, new=quantity))
            self._quantity = quantity
            # Or the next change, of its price say, would take this one back.
            self.order = replace(self.order, total_quantity=quantity)

    def _see_terms(self, order: m.Order) -> None:
        quantity = read_decimal(order.total_quantity, "an order's quantity")
        if quantity == self._quantity and not other_terms(self.order, order):
            self._evidence.is_change_open = False

    def _take_terms(self, order: m.Order) -> list[Change]:
        """The gateway was asked: its terms are the order's, whatever was asked for."""
        changes: list[Change] = []
        quantity = read_decimal(order.total_quantity, "an order's quantity") or self._quantity
        differences = other_terms(self.order, order)
        if quantity != self._quantity:
            if quantity in self._asked:  # by us, before
                differences = (Difference("total_quantity", self._quantity, quantity), *differences)
            elif quantity is not None:
                changes.append(QuantityChanged(key=self.key, old=self._quantity, new=quantity))
        changes += [TermsDiffer(key=self.key, difference=one) for one in differences]
        actual = {one.field: one.actual for one in differences}
        self.order = replace(self.order, **actual | {"total_quantity": quantity})
        self._quantity, self._asked = quantity, {quantity}
        return changes

    def _is_filled(self) -> bool:
        """Whether the executions make the whole order, by every quantity it may have, or by the status that says so."""
        filled, full = self.filled, self._evidence.reported_full
        largest = max((quantity for quantity in (*self._asked, self._quantity) if quantity), default=None)
        return filled > 0 and ((largest is not None and filled >= largest) or (full is not None and filled >= full))

    def _conclude(self, changes: list[Change]) -> list[Change]:
        """Adds the step to another state, or else fills that have no execution, and new doubts, if there are any."""
        old, new = self.state, self._evidence.state(is_filled=self._is_filled(), has_fills=self.filled > 0)
        if new is not old:
            if new not in ONWARD[old] and new not in BACK.get(old, frozenset()):
                raise RuntimeError(f"order {self.key}: there is no step from {old} to {new}")
            self.state = new
            changes.append(self._step(old, new))
        settled = self._book.without_execution
        if new is old and settled > self._told_settled:
            changes.append(
                Settled(key=self.key, filled=self.filled, remaining=self.remaining, average_price=self.average_price)
            )
        self._told_settled = settled
        doubts = set(self.doubts)
        changes += [InDoubt(key=self.key, reason=reason) for reason in sorted(doubts - self._told)]
        self._told = doubts
        return changes

    def _step(self, old: OrderState, new: OrderState) -> StateChanged:
        return StateChanged(
            key=self.key,
            old=old,
            new=new,
            reason=self._evidence.reason(new),
            filled=self.filled,
            remaining=self.remaining,
            average_price=self.average_price,
        )


_HEARD: Mapping[type[Any], Callable[[TrackedOrder, Any], list[Change]]] = {
    m.OpenOrder: TrackedOrder.open_order,
    m.OrderStatus: TrackedOrder.order_status,
    m.ExecutionDetails: TrackedOrder.execution,
    m.CommissionAndFeesReport: TrackedOrder.commission,
    m.ErrorMessage: TrackedOrder.error,
    m.CompletedOrder: TrackedOrder.completed,
}
