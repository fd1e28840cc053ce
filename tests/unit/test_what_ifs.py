"""What an order would do, from the gateway's answers: a warning, or half an answer, does not end the question."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ibwire.exceptions import OrderRejected
from ibwire.what_ifs import WhatIfs
from ibwire.wire import messages as m

ANSWER = m.OpenOrder(
    order_id=7, order_state=m.OrderState(status="PreSubmitted", init_margin_change=25.0, commission_and_fees=1.0)
)


async def test_warnings_orders_of_others_and_half_an_answer_are_passed_over() -> None:
    asked = WhatIfs()
    with asked.asked(7) as answer:
        for message in (
            m.ErrorMessage(id=7, error_code=399, error_msg="Order Message: Warning: your order will not be placed"),
            m.ErrorMessage(id=7, error_code=2109, error_msg="Outside Regular Trading Hours is ignored"),
            m.ErrorMessage(id=8, error_code=201, error_msg="Order rejected - reason:another one"),
            m.OpenOrder(order_id=7, order_state=m.OrderState(status="PreSubmitted")),
            m.OpenOrder(order_id=8, order_state=ANSWER.order_state),
            m.OpenOrder(order_id=7),
        ):
            asked.hear(message)
            assert not answer.done()
        asked.hear(ANSWER)
        asked.hear(ANSWER)  # it may come twice
        asked.hear(m.ErrorMessage(id=7, error_code=201, error_msg="Order rejected - reason:too late"))
        found = await answer
    assert (found.status, found.commission, found.commission_currency, found.warning_text) == (
        *("PreSubmitted", Decimal(1), "", ""),
    )
    asked.hear(ANSWER)


async def test_a_rejection_ends_it_with_ibkrs_words() -> None:
    asked = WhatIfs()
    with asked.asked(7) as answer:
        asked.hear(m.ErrorMessage(id=7, error_code=201, error_msg="Order rejected - reason:no such luck"))
        with pytest.raises(OrderRejected, match="no such luck"):
            await answer


async def test_who_gives_up_leaves_nothing_behind() -> None:
    asked = WhatIfs()
    with asked.asked(7) as answer:
        pass
    assert answer.cancelled()
    asked.hear(ANSWER)
