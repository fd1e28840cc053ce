"""The states of an order, which steps between them there are, and what IBKR's status texts say.

    INTENT ─► SENT ─► PENDING_SUBMIT ─► PRE_SUBMITTED ─► SUBMITTED ─► PARTIALLY_FILLED ─► FILLED
                │            (each may skip what lies between, and end as CANCELLED or REJECTED, or be INACTIVE)
                └─► UNCONFIRMED (it may exist or not)

`ONWARD` are the steps that an order's life takes. `BACK` are those that take something back: a fill after a cancel, a
correction, a refusal that the order turns out to have survived, a reconciliation that finds another state.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class OrderState(StrEnum):
    """Where an order is in its life."""

    INTENT = "intent"  # in the journal, nothing sent
    SENT = "sent"  # the bytes have left, the gateway has said nothing
    PENDING_SUBMIT = "pending_submit"  # the gateway has it, the venue has not said anything
    PRE_SUBMITTED = "pre_submitted"  # held by IBKR: a trigger, a parent, the market's opening
    SUBMITTED = "submitted"  # works
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    INACTIVE = "inactive"  # with IBKR, but does not work and may work again
    UNCONFIRMED = "unconfirmed"  # sent, and nobody knows whether it arrived

    @property
    def is_working(self) -> bool:
        """Whether the gateway has it and it may fill."""
        return self in WORKING

    @property
    def is_ended(self) -> bool:
        """Whether it is over, as far as one can know: a late fill may still come."""
        return self in ENDED


S = OrderState

WORKING = frozenset({S.PENDING_SUBMIT, S.PRE_SUBMITTED, S.SUBMITTED, S.PARTIALLY_FILLED})
ENDED = frozenset({S.FILLED, S.CANCELLED, S.REJECTED})

_UNHAPPY = frozenset({S.CANCELLED, S.REJECTED, S.INACTIVE})
_KNOWN = WORKING | ENDED | {S.INACTIVE}

ONWARD: Mapping[OrderState, frozenset[OrderState]] = {
    S.INTENT: _KNOWN | {S.SENT, S.UNCONFIRMED},
    S.SENT: _KNOWN | {S.UNCONFIRMED},
    S.UNCONFIRMED: _KNOWN,
    S.PENDING_SUBMIT: _KNOWN - {S.PENDING_SUBMIT},
    S.PRE_SUBMITTED: _UNHAPPY | {S.SUBMITTED, S.PARTIALLY_FILLED, S.FILLED},
    S.SUBMITTED: _UNHAPPY | {S.PARTIALLY_FILLED, S.FILLED},
    S.PARTIALLY_FILLED: _UNHAPPY | {S.FILLED},
    S.INACTIVE: _KNOWN - {S.INACTIVE},
    S.FILLED: frozenset(),
    S.CANCELLED: frozenset(),
    S.REJECTED: frozenset(),
}

BACK: Mapping[OrderState, frozenset[OrderState]] = {
    S.PRE_SUBMITTED: frozenset({S.PENDING_SUBMIT}),
    S.SUBMITTED: frozenset({S.PENDING_SUBMIT, S.PRE_SUBMITTED}),
    S.PARTIALLY_FILLED: frozenset({S.PENDING_SUBMIT, S.PRE_SUBMITTED, S.SUBMITTED}),
    S.FILLED: _KNOWN - {S.FILLED},
    S.CANCELLED: _KNOWN - {S.CANCELLED},
    S.REJECTED: _KNOWN - {S.REJECTED},
}

RANKS: Mapping[str, OrderState] = {
    "ApiPending": S.PENDING_SUBMIT,
    "PendingSubmit": S.PENDING_SUBMIT,
    "PendingCancel": S.PENDING_SUBMIT,  # says nothing of how far it had come
    "PreSubmitted": S.PRE_SUBMITTED,
    "Submitted": S.SUBMITTED,
    "Filled": S.SUBMITTED,  # that it is filled is for its executions to say
}
"""IBKR's status texts of an order that lives, to the state that they say it has reached (protocol notes, 4.1)."""

CANCELLED_TEXTS = frozenset({"Cancelled", "ApiCancelled"})
INACTIVE_TEXT = "Inactive"
FILLED_TEXT = "Filled"
PENDING_CANCEL_TEXT = "PendingCancel"


def further(one: OrderState | None, other: OrderState | None) -> OrderState | None:
    """Of two states of a living order the one further on: so it does not matter which was told first."""
    if one is None or other is None:
        return one or other
    return one if one in ONWARD[other] else other
