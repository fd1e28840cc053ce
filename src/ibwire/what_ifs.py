"""What an order would do to the account, asked by an order that says so and is never worked (protocol notes, 4.8)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from msgspec import Struct

from ibwire.error_codes import ERROR_TABLE, OrderVerdict
from ibwire.order_fills import money
from ibwire.wire import Message
from ibwire.wire import messages as m


class WhatIf(Struct, frozen=True, kw_only=True):
    """What an order would do to the account. A number is None where IBKR has none: paper accounts often lack the
    commission (protocol notes, 4.8)."""

    status: str
    init_margin_before: Decimal | None
    init_margin_after: Decimal | None
    maint_margin_before: Decimal | None
    maint_margin_after: Decimal | None
    equity_with_loan_before: Decimal | None
    equity_with_loan_after: Decimal | None
    commission: Decimal | None
    min_commission: Decimal | None
    max_commission: Decimal | None
    commission_currency: str
    warning_text: str


class WhatIfs:
    """The what-if orders that wait for their answers, by order id."""

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[WhatIf]] = {}

    @contextmanager
    def asked(self, order_id: int) -> Iterator[asyncio.Future[WhatIf]]:
        """The answer to the order of this id, or OrderRejected with IBKR's reason."""
        answer = self._waiting[order_id] = asyncio.get_running_loop().create_future()
        try:
            yield answer
        finally:
            del self._waiting[order_id]
            answer.cancel()

    def hear(self, message: Message) -> None:
        """Any news; what is no answer is left alone."""
        match message:
            case m.OpenOrder(order_state=m.OrderState() as state) if money(state.init_margin_change) is not None:
                # One without margins, or with IBKR's sign for no value there, may come first; the next has them.
                answer = self._waiting.get(message.order_id or 0)
                if answer is not None and not answer.done():
                    answer.set_result(what_if_of(state))
            case m.ErrorMessage():
                answer = self._waiting.get(message.id or 0)
                code, text = message.error_code or 0, message.error_msg or ""
                is_over = ERROR_TABLE.order_verdict(code, text, is_working=False) is not OrderVerdict.KEEP
                if answer is not None and not answer.done() and is_over:
                    answer.set_exception(ERROR_TABLE.order_exception_for(code, text, is_working=False))


def what_if_of(state: m.OrderState) -> WhatIf:
    """The numbers in a gateway's answer to a what-if order."""
    return WhatIf(
        status=state.status or "",
        init_margin_before=money(state.init_margin_before),
        init_margin_after=money(state.init_margin_after),
        maint_margin_before=money(state.maint_margin_before),
        maint_margin_after=money(state.maint_margin_after),
        equity_with_loan_before=money(state.equity_with_loan_before),
        equity_with_loan_after=money(state.equity_with_loan_after),
        commission=money(state.commission_and_fees),
        min_commission=money(state.min_commission_and_fees),
        max_commission=money(state.max_commission_and_fees),
        commission_currency=state.commission_and_fees_currency or "",
        warning_text=state.warning_text or "",
    )
