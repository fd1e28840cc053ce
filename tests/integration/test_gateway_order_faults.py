"""What a client sees of each order fault of the simulated gateway."""

from __future__ import annotations

import pytest

from ibwire.simulator import SimulatedGateway
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.simulated import (
    ACCEPTED,
    CANCELLED,
    FILLED,
    RESTING,
    RawClient,
    bought,
    codes,
    raw,
    simulated,
    told,
)


async def said(client: RawClient, *requests: Message) -> list[str]:
    return [told(answer) for answer in await client.answers_to(*requests)]


async def open_orders(gateway: SimulatedGateway) -> list[Message]:
    async with raw(gateway, 1) as client:
        return (await client.answers_to(m.OpenOrdersRequest()))[:-1]


@pytest.mark.parametrize(("when", "is_known"), [("before_accept", False), ("after_accept", True)])
async def test_connection_dies_around_an_order_and_only_asking_shows_whether_it_lives(
    when: str, *, is_known: bool
) -> None:
    async with simulated() as gateway:
        async with raw(gateway, 1) as client:
            await gateway.inject("drop_order", when=when)
            before = len(client.messages)
            client.send(bought(1, "10", 99.0))
            await client.until(lambda: client.is_closed)
            assert client.messages[before:] == []
        assert bool(await open_orders(gateway)) is is_known
        async with raw(gateway, 1) as client:
            assert m.NextValidId(2 if is_known else 1) in client.messages
            assert await said(client, bought(2, "10", 99.0)) == RESTING, "once only"


async def test_unacknowledged_order_works_and_is_heard_of_when_it_is_cancelled() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        await gateway.inject("no_ack", count=2)
        assert await said(client, bought(1, "10", 99.0), bought(2, "10")) == []
        assert await said(client, bought(3, "10", 99.0)) == RESTING
        assert await said(client, m.CancelOrderRequest(1)) == CANCELLED
        executions = await said(client, m.ExecutionRequest(req_id=9))
        assert executions == ["X BOT 10@100.1", "C", "ExecutionDetailsEnd"]


async def test_order_is_rejected_with_the_code_and_the_words_asked_for_and_inactive() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        await gateway.inject("reject_order", code=201, message="Order rejected - reason:because")
        answers = await client.answers_to(bought(1, "10", 99.0))
        assert [told(one) for one in answers] == ["E 201", "O Inactive", "S Inactive 0/10"]
        assert "reason:because" in str(answers)
        assert await said(client, bought(2, "10", 99.0)) == RESTING
        assert await said(client, m.CancelOrderRequest(1)) == ["E 10148"]


async def test_statuses_come_twice_until_that_is_over() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        await gateway.inject("duplicate_status")
        news = await said(client, bought(1, "10"))
        assert news == [
            "O PreSubmitted", *2 * ["S PreSubmitted 0/10"], "X BOT 10@100.1", "O Filled", *2 * ["S Filled 10/0"], "C",
        ]  # fmt: skip
        await gateway.inject("duplicate_status", is_on=False)
        assert await said(client, bought(2, "10")) == FILLED


@pytest.mark.parametrize(
    ("how", "news"),
    [
        ("execution_first", ["X BOT 10@100.1", *ACCEPTED, "O Filled", "S Filled 10/0", "C"]),
        ("status_first", [*ACCEPTED, "O Filled", "S Filled 10/0", "X BOT 10@100.1", "C"]),
        ("status_only", [*ACCEPTED, "O Filled", "S Filled 10/0"]),
    ],
)
async def test_executions_come_out_of_order_or_not_at_all(how: str, news: list[str]) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        await gateway.inject("reorder_execution", how=how)
        assert await said(client, bought(1, "10")) == news
        assert await said(client, m.ExecutionRequest(req_id=9)) == ["X BOT 10@100.1", "C", "ExecutionDetailsEnd"]
        await gateway.inject("reorder_execution", how=None)
        assert await said(client, bought(2, "10")) == FILLED


async def test_order_that_fills_while_the_gateway_is_down_is_found_by_asking() -> None:
    async with simulated() as gateway:
        async with raw(gateway, 1) as client:
            assert await said(client, bought(1, "10", 99.0)) == RESTING
            await gateway.inject("fill_while_down")
            await client.until(lambda: client.is_closed)
            assert "ExecutionDetails" not in str(client.messages)
        async with raw(gateway, 1) as client:
            assert await said(client, m.OpenOrdersRequest()) == ["OpenOrdersEnd"]
            executions = await said(client, m.ExecutionRequest(req_id=9))
            assert executions == ["X BOT 10@99.0", "C", "ExecutionDetailsEnd"]
            completed = await client.answers_to(m.CompletedOrdersRequest(api_only=True))
            assert "Filled Size: 10" in str(completed)


async def test_modification_becomes_a_second_live_order_of_the_same_reference() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        await said(client, bought(1, "10", 99.0, order_ref="ours"))
        await gateway.inject("duplicate_live_order")
        assert await said(client, bought(1, "10", 98.0, order_ref="ours")) == RESTING
        answers = await client.answers_to(m.OpenOrdersRequest())
        orders = [one.order for one in answers if isinstance(one, m.OpenOrder) and one.order is not None]
        assert [(order.order_ref, order.lmt_price) for order in orders] == [("ours", 99.0), ("ours", 98.0)]
        assert len({order.perm_id for order in orders}) == 2
        assert {one.order_id for one in answers if isinstance(one, m.OpenOrder)} == {1}


async def test_next_order_id_goes_back_after_a_restart_and_names_an_order_that_lives() -> None:
    async with simulated() as gateway:
        async with raw(gateway, 1) as client:
            await said(client, bought(41, "10"), bought(42, "10", 99.0))
        await gateway.inject("order_id_rollback", orders=1)
        async with raw(gateway, 1) as client:
            assert m.NextValidId(42) in client.messages
            news = await client.answers_to(bought(42, "10", 98.0))
            assert [told(one) for one in news] == ["O Submitted", "S Submitted 0/10"], "the old order was changed"
        await gateway.inject("order_id_rollback", orders=2)
        async with raw(gateway, 1) as client:
            assert m.NextValidId(41) in client.messages
            assert codes(await client.answers_to(bought(41, "10", 98.0))) == [(41, 104)]


@pytest.mark.parametrize(
    ("kind", "parameters"), [("drop_order", {"when": "later"}), ("reorder_execution", {"how": "backwards"})]
)
async def test_fault_that_cannot_be_is_refused(kind: str, parameters: dict[str, str]) -> None:
    async with simulated() as gateway:
        with pytest.raises(ValueError, match="Invalid enum value"):
            await gateway.inject(kind, **parameters)
