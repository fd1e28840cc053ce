"""What the dispatcher gives to whom, where a request's answers and the news of orders look the same."""

from __future__ import annotations

import asyncio

from ibwire.dispatch import Dispatcher
from ibwire.streams import Collection
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.virtual_time import on_virtual_time


@on_virtual_time
async def test_a_commission_is_news_also_while_somebody_asks_for_executions() -> None:
    news: list[Message] = []
    dispatcher = Dispatcher(news.append)
    answer = Collection(asyncio.get_running_loop())
    dispatcher.add(m.ExecutionRequest(req_id=5), answer)
    execution = m.ExecutionDetails(req_id=5, execution=m.Execution(exec_id="one", order_id=1))
    first, late = m.CommissionAndFeesReport(exec_id="one"), m.CommissionAndFeesReport(exec_id="one", currency="USD")
    dispatcher.dispatch([execution, first, m.ExecutionDetailsEnd(req_id=5), late])
    assert (await answer.result)[:2] == [execution, first]
    assert news == [first, late]


@on_virtual_time
async def test_a_question_about_open_orders_takes_no_news_away() -> None:
    news: list[Message] = []
    dispatcher = Dispatcher(news.append)
    answer = Collection(asyncio.get_running_loop())
    dispatcher.add(m.OpenOrdersRequest(), answer)
    told = [m.OpenOrder(order_id=1), m.OrderStatus(order_id=1, status="Cancelled"), m.OpenOrdersEnd()]
    dispatcher.dispatch(told)
    assert await answer.result == told
    assert news == told[:2]


@on_virtual_time
async def test_who_watches_sees_every_message_of_a_kind_before_whoever_asked_for_it() -> None:
    order: list[str] = []
    dispatcher = Dispatcher(lambda message: order.append("news"))
    answer = Collection(asyncio.get_running_loop())
    dispatcher.watch([m.OrderStatus, m.Position], lambda message: order.append(f"watched {type(message).__name__}"))
    dispatcher.add(m.OpenOrdersRequest(), answer)
    dispatcher.dispatch([m.OrderStatus(order_id=1), m.OpenOrdersEnd(), m.Position()])
    assert len(await answer.result) == 2
    assert order == ["watched OrderStatus", "news", "watched Position", "news"]
    assert not dispatcher.unrouted


@on_virtual_time
async def test_what_is_no_answer_to_a_request_is_counted_and_not_taken_for_one() -> None:
    dispatcher = Dispatcher(lambda _: None)
    answer = Collection(asyncio.get_running_loop())
    dispatcher.add(m.SmartComponentsRequest(req_id=5), answer)
    right = m.SmartComponents(req_id=5)
    dispatcher.dispatch([m.SymbolSamples(req_id=5), m.ContractDataEnd(req_id=5), right, right])
    assert await answer.result == [right]
    assert dispatcher.unrouted == {"SymbolSamples": 1, "ContractDataEnd": 1, "SmartComponents": 1}
