"""What the dispatcher gives to whom, where a request's answers and the news of orders look the same."""

from __future__ import annotations

import asyncio

from ibwire.dispatch import Dispatcher
from ibwire.streams import Collection
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.virtual_time import on_virtual_time


@on_virtual_time
async def test_a_commission_that_comes_after_the_answer_with_its_execution_was_complete_is_news() -> None:
    news: list[Message] = []
    dispatcher = Dispatcher(news.append)
    answer = Collection(asyncio.get_running_loop())
    dispatcher.add(m.ExecutionRequest(req_id=5), answer)
    execution = m.ExecutionDetails(req_id=5, execution=m.Execution(exec_id="one", order_id=1))
    first, late = m.CommissionAndFeesReport(exec_id="one"), m.CommissionAndFeesReport(exec_id="one", currency="USD")
    dispatcher.dispatch([execution, first, m.ExecutionDetailsEnd(req_id=5), late])
    assert (await answer.result)[:2] == [execution, first]
    assert news == [late]
