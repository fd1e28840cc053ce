"""What has been said about one order, kept so that neither order nor repetition matters, and the state that follows.

Every fact here only ever grows (a flag that is set, a state that moves on, a set of errors), so a message that comes
twice, or after a later one, changes nothing. Only a reconciliation, which asks the gateway for the whole picture,
begins anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from ibwire.error_codes import ErrorTable, OrderVerdict
from ibwire.order_fills import ZERO
from ibwire.order_states import (
    CANCELLED_TEXTS,
    FILLED_TEXT,
    INACTIVE_TEXT,
    PENDING_CANCEL_TEXT,
    RANKS,
    OrderState,
    further,
)
from ibwire.wire import messages as m

MAX_NOTICES = 200
"""How many errors are kept of one order; more are counted only, and only warnings are ever left out."""

_LIFE = frozenset({"ApiPending", "PendingSubmit", "PreSubmitted", "Submitted"})


_OF_A_CHANGE = frozenset({103, 104, 105, 329})
"""Errors that speak of an order which the gateway has: of a change, once the order was seen alive."""


class Notice(Struct, frozen=True, kw_only=True):
    """An error that named the order: what it says of a new order, and of one that works.

    `after_change`: a change of the order had been sent before it came, so it may be about that. `is_settled`: a
    reconciliation since has shown how the order stands. `is_answered`: one has been tried, and found it nowhere.
    """

    code: int
    text: str
    if_new: OrderVerdict
    if_working: OrderVerdict
    after_change: bool
    is_settled: bool = False
    is_answered: bool = False

    @property
    def is_refusal(self) -> bool:
        """Whether it rejects the order, if the order was new, or else something about it."""
        return self.if_new is OrderVerdict.REJECTED and self.if_working is not OrderVerdict.REJECTED


class Evidence:
    """The facts about one order, but for its fills."""

    def __init__(self, table: ErrorTable) -> None:
        self._table = table
        self.is_sent = False
        self.not_sent = ""
        self.is_change_sent = False
        self.is_change_open = False
        self.is_cancel_sent = False
        self.is_acknowledged = False
        self.is_cancelling = False
        self.is_cancelled = False
        self.is_inactive = False
        self.is_completed = False
        self.is_refused = False
        self.reached: OrderState | None = None
        self.reject_reason = ""
        self.completed_text = ""
        self.unconfirmed = ""
        self.gone = ""
        self.life_after_end = ""
        self.is_told_filled = False
        self.reported = ZERO
        self.reported_price: Decimal | None = None
        self.reported_full: Decimal | None = None
        self.dropped_notices = 0
        self._notices: dict[tuple[int, str, int | None], Notice] = {}

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The errors that named the order, by code and text."""
        return tuple(sorted(self._notices.values(), key=lambda notice: (notice.code, notice.text)))

    @property
    def facts(self) -> tuple[object, ...]:
        """What the gateway has said that an end may follow from, now or with what comes later; errors left out."""
        return (
            self.is_acknowledged,
            self.is_cancelling,
            self.is_cancelled,
            self.is_inactive,
            self.is_completed,
            self.is_refused,
            self.reject_reason,
            self.completed_text,
            self.unconfirmed,
            self.gone,
            self.life_after_end,
            self.is_told_filled,
            self.reported_full,
        )

    def begin_anew(self) -> None:
        """Forget what a reconciliation is about to tell afresh; errors are settled by it."""
        self.is_acknowledged = True
        self.is_cancelling = self.is_cancelled = self.is_inactive = self.is_completed = False
        self.is_cancel_sent = self.is_refused = False
        self.reached = None
        self.reject_reason = self.completed_text = self.unconfirmed = self.gone = self.life_after_end = ""
        self.is_told_filled = False
        self.reported, self.reported_price, self.reported_full = ZERO, None, None
        self.is_change_open = False
        self._notices = {key: replace(notice, is_settled=True) for key, notice in self._notices.items()}

    def settle_questions(self) -> None:
        """The gateway was asked because of the errors, and has the order nowhere."""
        self._notices = {key: replace(notice, is_answered=True) for key, notice in self._notices.items()}

    def see_filled(self, status: str | None, filled: Decimal, price: Decimal | None) -> None:
        """What a status says of fills: how much, and at which price on average."""
        if filled and filled >= self.reported:
            self.reported, self.reported_price = filled, price
        if filled and status == FILLED_TEXT:
            self.reported_full = max(self.reported_full or ZERO, filled)

    def acknowledge(self) -> None:
        """The gateway has the order, whatever has become of it."""
        self.is_acknowledged = True
        self.unconfirmed = ""

    def see_status(self, status: str) -> None:
        """One of IBKR's status texts."""
        if status in CANCELLED_TEXTS:
            self.is_cancelled = True
        elif status == INACTIVE_TEXT:
            self.is_inactive = True
        else:
            self.is_cancelling = self.is_cancelling or status == PENDING_CANCEL_TEXT
            self.is_told_filled = self.is_told_filled or status == FILLED_TEXT
            self.reached = further(self.reached, RANKS.get(status, OrderState.PENDING_SUBMIT))
            self.gone = ""
            if status in _LIFE and (self.is_cancelled or self.is_inactive or self._is_cancel_confirmed()):
                self.life_after_end = f"its status is {status}, after it was over or inactive"

    def see_error(self, error: m.ErrorMessage) -> OrderVerdict | None:
        """An error that names the order: what follows for it now, or None if it came before."""
        code, text = error.error_code or 0, error.error_msg or ""
        key = (code, text, error.error_time)
        if key in self._notices:
            return None
        notice = Notice(
            code=code,
            text=text,
            if_new=self._table.order_verdict(code, text, is_working=False),
            if_working=self._table.order_verdict(code, text, is_working=True),
            after_change=self.is_change_sent,
        )
        verdict = notice.if_working if self.is_acknowledged else notice.if_new
        if len(self._notices) >= MAX_NOTICES and notice.if_new is OrderVerdict.KEEP:
            self.dropped_notices += 1
        else:
            self._notices[key] = notice
        return verdict

    def state(self, *, is_filled: bool, has_fills: bool) -> OrderState:
        """The state that follows from everything."""
        if is_filled or self.is_completed:
            return OrderState.FILLED
        if self._is_rejected():
            return OrderState.REJECTED
        if self.is_cancelled or self._is_cancel_confirmed():
            return OrderState.CANCELLED
        if self.gone:
            return OrderState.CANCELLED
        if self.is_inactive:
            return OrderState.INACTIVE
        if has_fills:
            return OrderState.PARTIALLY_FILLED
        if self.is_acknowledged:
            return self.reached or OrderState.PENDING_SUBMIT
        if self.unconfirmed:
            return OrderState.UNCONFIRMED
        return OrderState.SENT if self.is_sent else OrderState.INTENT

    def doubts(self, state: OrderState, missing: Decimal) -> Iterator[str]:
        """Why the gateway has to be asked how the order stands."""
        if missing > 0:
            yield f"the gateway says {missing} more filled than there are executions"
        elif self.is_told_filled and state is not OrderState.FILLED:
            yield "its status is Filled, and its executions do not make it that"
        if self.life_after_end:
            yield self.life_after_end
        if not state.is_ended:
            for notice in self.notices:
                verdict = notice.if_working if self.is_acknowledged else notice.if_new
                is_about_change = self.is_change_open and notice.after_change and notice.is_refusal
                is_open = not (notice.is_settled or notice.is_answered)
                if (verdict is OrderVerdict.RECONCILE or is_about_change) and is_open:
                    yield f"IBKR's {notice.code}: {notice.text}"

    def reason(self, state: OrderState) -> str:
        """IBKR's words for why the order is where it is, as far as there are any."""
        match state:
            case OrderState.REJECTED:
                texts = [notice.text for notice in self.notices if notice.if_new is OrderVerdict.REJECTED]
                return "; ".join(dict.fromkeys(texts)) or self.reject_reason or self.completed_text or self.not_sent
            case OrderState.CANCELLED:
                texts = [notice.text for notice in self.notices if notice.if_working is OrderVerdict.CANCELLED]
                return "; ".join(dict.fromkeys(texts)) or self.completed_text or self.gone
            case OrderState.UNCONFIRMED:
                return self.unconfirmed
        return ""

    def _is_rejected(self) -> bool:
        """Whether it was refused: not by a status, which says Inactive or even Cancelled, but by what came with it.

        An error that refuses a new order is taken back by a sign that the order lives. If the order had been changed by
        then the error may have been about the change: then it takes an end of which nothing says that it was a cancel.
        """
        if self.is_refused or (self.not_sent and not self.is_acknowledged):
            return True
        open_notices = [notice for notice in self._notices.values() if not notice.is_settled]
        if any(notice.if_working is OrderVerdict.REJECTED for notice in open_notices):
            return True
        refusals = [notice for notice in open_notices if notice.is_refusal and not self._is_of_change(notice)]
        has_stopped = self.is_cancelled or self.is_inactive
        if any(not notice.after_change for notice in refusals):
            is_over = has_stopped or self._is_cancel_confirmed() or bool(self.gone)
            return is_over or not self.is_acknowledged
        is_own_cancel = self._is_cancel_confirmed() or self.is_cancel_sent
        return has_stopped and not is_own_cancel and bool(refusals or self.reject_reason)

    def _is_of_change(self, notice: Notice) -> bool:
        has_lived = self.reached is not None or bool(self.completed_text)
        return notice.after_change and notice.code in _OF_A_CHANGE and has_lived

    def _is_cancel_confirmed(self) -> bool:
        return any(
            notice.if_working is OrderVerdict.CANCELLED and not notice.is_settled for notice in self._notices.values()
        )
