"""What can go wrong with orders, on demand: `await gateway.inject("drop_order", when="after_accept")`.

`OrderFaults` is what is armed: the desk asks it at four places. Below are the faults by name, which arm it or act at
once (protocol notes, 5.5: each has happened to somebody).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ibwire.simulator.clock import Clock
from ibwire.simulator.fault_values import Seconds, Times
from ibwire.simulator.refusals import Refusal
from ibwire.wire import Message
from ibwire.wire import messages as m

if TYPE_CHECKING:
    from ibwire.simulator.order_desk import OrderDesk

BEFORE_ACCEPT, AFTER_ACCEPT = "before_accept", "after_accept"
EXECUTION_FIRST, STATUS_FIRST, STATUS_ONLY = "execution_first", "status_first", "status_only"


class OrderFaults:
    """The order faults that are armed; asking for one of a certain number uses it up."""

    def __init__(self) -> None:
        self.cut: str | None = None
        self.unacknowledged = 0
        self.rejection: Refusal | None = None
        self.splits_next_modify = False
        self.duplicates_status = False
        self.execution_order: str | None = None

    def active(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What is armed, or lasts: the faults' names, with what they were given."""
        if self.cut is not None:
            yield "drop_order", {"when": self.cut}
        if self.unacknowledged:
            yield "no_ack", {"count": self.unacknowledged}
        if self.rejection is not None:
            yield "reject_order", {"code": self.rejection.code, "message": self.rejection.text}
        if self.splits_next_modify:
            yield "duplicate_live_order", {}
        if self.duplicates_status:
            yield "duplicate_status", {}
        if self.execution_order is not None:
            yield "reorder_execution", {"how": self.execution_order}

    def next_cut(self) -> str | None:
        """When the connection of the client that places an order now dies: before or after it is accepted, or not."""
        cut, self.cut = self.cut, None
        return cut

    def next_is_unacknowledged(self) -> bool:
        """Whether nothing is said to the order that comes now."""
        is_silent = self.unacknowledged > 0
        self.unacknowledged -= is_silent
        return is_silent

    def next_rejection(self) -> Refusal | None:
        """Why the new order that comes now is rejected, if it is."""
        rejection, self.rejection = self.rejection, None
        return rejection

    def next_modify_is_split(self) -> bool:
        """Whether the modification that comes now becomes an order of its own."""
        splits, self.splits_next_modify = self.splits_next_modify, False
        return splits

    def distort(self, messages: list[Message]) -> list[Message]:
        """What a client is told in place of these messages."""
        if self.execution_order == STATUS_ONLY:
            messages = [one for one in messages if not _is_execution(one)]
        elif self.execution_order == EXECUTION_FIRST:
            messages = sorted(messages, key=lambda one: not isinstance(one, m.ExecutionDetails))
        elif self.execution_order == STATUS_FIRST:
            messages = sorted(messages, key=_is_execution)
        if self.duplicates_status:
            messages = [one for message in messages for one in _twice(message)]
        return messages


def _is_execution(message: Message) -> bool:
    return isinstance(message, m.ExecutionDetails | m.CommissionAndFeesReport)


def _twice(message: Message) -> tuple[Message, ...]:
    return (message, message) if isinstance(message, m.OrderStatus) else (message,)


class Gateway(Protocol):
    """What order faults need of the gateway."""

    desk: OrderDesk
    clock: Clock

    async def go_down(self) -> None:
        """Stop listening and cut every client."""

    async def come_back(self) -> None:
        """Listen again, on the same port."""


def drop_order(gateway: Gateway, *, when: Literal["before_accept", "after_accept"] = "before_accept") -> None:
    """Let the connection die around the next order that comes: `before_accept` loses it, `after_accept` works it."""
    gateway.desk.faults.cut = when


def no_ack(gateway: Gateway, *, count: Times = 1) -> None:
    """Take the next orders without a word about what they come to at once; they work, and later news is told."""
    gateway.desk.faults.unacknowledged = count


def reject_order(gateway: Gateway, *, code: int = 201, message: str = "Order rejected - reason:by request") -> None:
    """Reject the next new order with an error, and the status Inactive."""
    gateway.desk.faults.rejection = Refusal(code, message)


def duplicate_status(gateway: Gateway, *, is_on: bool = True) -> None:
    """Tell every order status twice from now on; or stop that."""
    gateway.desk.faults.duplicates_status = is_on


def reorder_execution(
    gateway: Gateway, *, how: Literal["execution_first", "status_first", "status_only"] | None = "execution_first"
) -> None:
    """Tell executions otherwise from now on; None ends it.

    `execution_first`: before the order's acknowledgement, if it comes with it. `status_first`: after the status, with
    the commission. `status_only`: not at all; they are found by asking for executions.
    """
    gateway.desk.faults.execution_order = how


async def fill_while_down(gateway: Gateway, *, down_for_s: Seconds = 0.0) -> None:
    """Cut everybody, fill every order that works at the market whole, and come back after so many seconds."""
    await gateway.go_down()
    gateway.desk.fill_everything()
    await gateway.clock.sleep(down_for_s)
    await gateway.come_back()


def duplicate_live_order(gateway: Gateway) -> None:
    """Let the next modification become a second live order: the same order id and reference, two permanent ids."""
    gateway.desk.faults.splits_next_modify = True


async def order_id_rollback(gateway: Gateway, *, orders: Times = 10, down_for_s: Seconds = 0.0) -> None:
    """Restart, and have forgotten the last order ids that every client used: the next valid one is used already."""
    await gateway.go_down()
    gateway.desk.register.roll_back(orders)
    await gateway.clock.sleep(down_for_s)
    await gateway.come_back()


ORDER_FAULTS: dict[str, Callable[..., Coroutine[Any, Any, None] | None]] = {
    fault.__name__: fault
    for fault in (
        drop_order,
        no_ack,
        reject_order,
        duplicate_status,
        reorder_execution,
        fill_while_down,
        duplicate_live_order,
        order_id_rollback,
    )
}
"""Every order fault by its name."""
