"""Orders at the simulated gateway: sequences of messages, refusals, and what survives a reconnect."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ibwire.simulator import GeneratedFeed
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import LiveFeed, quote
from tests.helpers.simulated import (
    AAPL,
    AAPL_CONTRACT,
    ACCEPTED,
    CANCELLED,
    ES_FUTURES,
    FILLED,
    MSFT_CONTRACT,
    OPENING,
    RESTING,
    bought,
    client_of,
    codes,
    kinds,
    limit,
    next_of,
    placed,
    raw,
    simulated,
    so_far,
    take,
    told,
    trading,
    within,
)
from tests.helpers.virtual_time import on_virtual_time

# --- orders


async def test_resting_limit_order_is_pre_submitted_then_submitted() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        messages = await take(client, news)
        assert [told(message) for message in messages] == RESTING
        echo, status = messages[2:]
        assert isinstance(echo, m.OpenOrder)
        assert isinstance(status, m.OrderStatus)
        assert echo.order is not None
        assert echo.contract is not None
        assert (echo.order_id, echo.order.action, echo.order.lmt_price) == (1, "BUY", 99.0)
        assert (echo.order.account, echo.order.tif, echo.order.client_id) == ("DU1234567", "DAY", 1)
        assert (echo.contract.local_symbol, echo.contract.exchange) == ("AAPL", "SMART")
        assert status.perm_id == echo.order.perm_id
        assert (status.client_id, status.parent_id, status.avg_fill_price, status.last_fill_price) == (1, 0, 0.0, 0.0)


async def test_cancelled_order_is_pending_then_cancelled_then_202() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        await take(client, news)
        client.send(m.CancelOrderRequest(1))
        assert await so_far(client, news) == CANCELLED


async def test_partly_filled_order_keeps_what_it_has_when_it_is_cancelled() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "500", 100.1)) as news:
        await take(client, news)
        client.send(m.CancelOrderRequest(1))
        assert await so_far(client, news) == ["S PendingCancel 200/300", "S Cancelled 200/300", "E 202"]


async def test_cancelled_order_does_not_fill_when_the_market_comes_to_it() -> None:
    async with trading() as (client, feed, _), client.stream(bought(1, "10", 99.0)) as news:
        client.send(m.CancelOrderRequest(1))
        await take(client, news)
        async with client.stream(bought(2, "10", 99.0)) as others:
            assert await so_far(client, others) == RESTING
            feed.tell(quote(AAPL, ask=98.0, ask_size=100))
            assert (await next_of(others, 4))[-1] == "C"
        assert await so_far(client, news) == []


async def test_marketable_limit_order_fills_at_the_quote_not_at_its_limit() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 105.0)) as news:
        assert await so_far(client, news) == FILLED


@pytest.mark.parametrize(("action", "fill"), [("BUY", "X BOT 10@100.1"), ("SELL", "X SLD 10@100.0")])
async def test_market_order_fills_at_the_other_side(action: str, fill: str) -> None:
    order = m.Order(action=action, order_type="MKT", total_quantity="10")
    async with trading() as (client, _, _), client.stream(placed(1, order)) as news:
        assert await so_far(client, news) == [*ACCEPTED, fill, *FILLED[3:]]


async def test_order_above_the_shown_size_fills_in_parts() -> None:
    async with trading() as (client, feed, _), client.stream(bought(1, "500", order_ref="ours")) as news:
        first = await take(client, news)
        assert [told(message) for message in first] == [
            "O PreSubmitted",
            "S PreSubmitted 0/500",
            "X BOT 200@100.1",
            "O Submitted",
            "S Submitted 200/300",
            "C",
        ]
        feed.tell(quote(AAPL, ask=100.2, ask_size=1000))
        second = [await within(anext(news)) for _ in range(4)]
        assert [told(message) for message in second] == ["X BOT 300@100.2", "O Filled", "S Filled 500/0", "C"]
        assert_fills_add_up(first, second)


def assert_fills_add_up(first: list[Message], second: list[Message]) -> None:
    executions = [one.execution for one in (*first, *second) if isinstance(one, m.ExecutionDetails) and one.execution]
    reports = [one for one in (*first, *second) if isinstance(one, m.CommissionAndFeesReport)]
    assert [one.cum_qty for one in executions] == ["200", "500"]
    assert [one.avg_price for one in executions] == [100.1, pytest.approx(100.16)]
    assert [one.exec_id for one in executions] == [report.exec_id for report in reports]
    assert len({one.exec_id for one in executions}) == 2
    assert {(one.order_id, one.client_id, one.acct_number, one.order_ref) for one in executions} == {
        (1, 1, "DU1234567", "ours")
    }
    assert {one.time for one in executions} == {"20010908 21:46:40 US/Eastern"}
    assert [report.currency for report in reports] == ["USD", "USD"]
    assert all(report.commission_and_fees is not None and report.commission_and_fees > 0 for report in reports)
    status = second[2]
    assert isinstance(status, m.OrderStatus)
    assert (status.avg_fill_price, status.last_fill_price) == (pytest.approx(100.16), 100.2)
    assert {one.req_id for one in (*first, *second) if isinstance(one, m.ExecutionDetails)} == {-1}


@on_virtual_time
async def test_size_already_taken_is_not_given_again_when_the_other_side_changes() -> None:
    async with trading() as (client, feed, _), client.stream(bought(1, "500")) as news:
        assert "S Submitted 200/300" in await so_far(client, news)
        feed.tell(quote(AAPL, 100.0, 400))
        await asyncio.sleep(1)
        assert await so_far(client, news) == []


async def test_resting_order_fills_when_the_market_comes_to_it() -> None:
    async with trading() as (client, feed, _), client.stream(bought(1, "10", 99.0)) as news:
        await take(client, news)
        feed.tell(quote(AAPL, 98.0, 5, 98.5, 500))
        assert await next_of(news, 4) == ["X BOT 10@98.5", *FILLED[3:]]


async def test_modified_order_that_still_rests_is_echoed_under_its_permanent_id() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        before = await take(client, news)
        client.send(bought(1, "20", 99.5))
        echo, status = await take(client, news)
        assert [told(echo), told(status)] == ["O Submitted", "S Submitted 0/20"]
        assert isinstance(echo, m.OpenOrder)
        assert isinstance(status, m.OrderStatus)
        assert echo.order is not None
        assert (echo.order.lmt_price, echo.order.total_quantity) == (99.5, "20")
        assert {one.perm_id for one in (*before, status) if isinstance(one, m.OrderStatus)} == {echo.order.perm_id}


async def test_order_whose_limit_is_made_marketable_fills() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        await take(client, news)
        client.send(bought(1, "10", 100.1))
        assert await so_far(client, news) == FILLED[2:]


async def test_limit_order_made_a_market_order_is_told_filled_before_its_execution() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        await take(client, news)
        client.send(bought(1, "10"))
        assert await so_far(client, news) == ["O Filled", "S Filled 10/0", "X BOT 10@100.1", "C"]


@pytest.mark.parametrize(
    "other",
    [
        placed(1, limit("SELL", "500", 100.1)),
        placed(1, limit("BUY", "500", 100.1), MSFT_CONTRACT),
        bought(1, "150", 100.1),  # below what is filled
    ],
    ids=["side", "contract", "quantity"],
)
async def test_modification_into_another_order_is_refused_and_the_order_lives_on(other: m.PlaceOrderRequest) -> None:
    async with trading() as (client, feed, _), client.stream(bought(1, "500", 100.1)) as news:
        await take(client, news)
        client.send(other)
        assert await so_far(client, news) == ["E 105"]
        feed.tell(quote(AAPL, ask=100.0, ask_size=1000))
        assert await next_of(news, 4) == ["X BOT 300@100.0", "O Filled", "S Filled 500/0", "C"]


async def test_modification_that_is_invalid_is_refused_and_the_order_lives_on() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        await take(client, news)
        client.send(bought(1, "10", 99.005))
        client.send(bought(1, "0", 99.0))
        assert await so_far(client, news) == ["E 110", "E 434"]
        client.send(m.CancelOrderRequest(1))
        assert await so_far(client, news) == CANCELLED


async def test_untransmitted_order_is_not_heard_of_until_it_is_transmitted() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0, transmit=False)) as news:
        assert await so_far(client, news) == []
        assert kinds(await client.request(m.AllOpenOrdersRequest())) == ["OpenOrdersEnd"]
        client.send(bought(1, "10", 99.0))
        assert await so_far(client, news) == RESTING


async def test_untransmitted_order_can_be_discarded() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0, transmit=False)) as news:
        client.send(m.CancelOrderRequest(1))
        client.send(m.CancelOrderRequest(1))
        assert await so_far(client, news) == ["E 202", "E 161", "E 10147"]


async def test_cancel_after_an_untransmitted_modification_cancels_the_working_order() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        client.send(bought(1, "10", 99.5, transmit=False))
        await take(client, news)
        client.send(m.CancelOrderRequest(1))
        assert "S Cancelled 0/10" in await so_far(client, news)
        assert kinds(await client.request(m.OpenOrdersRequest())) == ["OpenOrdersEnd"]


async def test_cancel_after_a_transmitted_modification_cancels_the_working_order() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10", 99.0)) as news:
        client.send(bought(1, "10", 99.5, transmit=False))
        client.send(bought(1, "10", 99.5))
        await take(client, news)
        client.send(m.CancelOrderRequest(1))
        assert await so_far(client, news) == CANCELLED


async def test_modification_after_the_fill_is_refused_with_104() -> None:
    async with trading() as (client, _, _), client.stream(bought(1, "10")) as news:
        await take(client, news)
        client.send(bought(1, "20", 105.0))
        assert await so_far(client, news) == ["E 104"]


async def test_order_id_below_the_next_is_refused_with_103() -> None:
    async with trading() as (client, _, _):
        async with client.stream(bought(5, "10", 99.005)) as news:  # refused, but its id is used up
            assert await so_far(client, news) == ["E 110"]
        for order_id in (5, 4):
            async with client.stream(bought(order_id, "10", 99.0)) as news:
                assert await so_far(client, news) == ["E 103"]
        async with client.stream(bought(6, "10", 99.0)) as news:
            assert await so_far(client, news) == RESTING


@pytest.mark.parametrize("order_id", [0, -1, -5, 2**31 - 1])
async def test_order_id_that_cannot_be_is_refused_with_10149(order_id: int) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        assert codes(await client.answers_to(bought(order_id, "10"))) == [(order_id, 10149)]


async def test_cancel_of_an_unknown_order_is_refused_with_10147() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client, raw(gateway, 2) as other:
        await other.answers_to(bought(7, "10", 99.0))
        answers = await client.answers_to(m.CancelOrderRequest(7))  # another client's number is not its own
        assert codes(answers) == [(7, 10147)]
        assert len(answers) == 1
        assert [told(one) for one in await other.answers_to(m.OpenOrdersRequest())][:1] == ["O Submitted"]


@pytest.mark.parametrize(
    ("first", "state"), [([bought(1, "10")], "Filled"), ([bought(1, "10", 99.0), m.CancelOrderRequest(1)], "Cancelled")]
)
async def test_cancel_of_an_order_that_is_over_is_refused_with_10148(first: list[Message], state: str) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        await client.answers_to(*first)
        answers = await client.answers_to(m.CancelOrderRequest(1))
        assert codes(answers) == [(1, 10148)]
        assert f"state: {state}." in str(answers)
        assert len(answers) == 1


ES_MARCH = m.Contract(local_symbol="ESH4", sec_type="FUT", exchange="CME")
UNKNOWN_CONTRACT = m.Contract(con_id=1, exchange="SMART")
MARKET = m.Order(action="BUY", order_type="MKT", total_quantity="10")


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        (bought(1, "10", 100.005), 110, "minimum price variation"),
        (placed(1, limit("BUY", "1", 4800.1), ES_MARCH), 110, "minimum price variation"),
        (bought(1, "10", float("nan")), 110, "minimum price variation"),
        (bought(1, "10", float("inf")), 110, "minimum price variation"),
        (bought(1, "0"), 434, "size cannot be zero"),
        (bought(1, "-5"), 434, "size cannot be zero"),
        (bought(1, "ten"), 434, "size cannot be zero"),
        (bought(1, ""), 434, "size cannot be zero"),
        (bought(1, "NaN"), 434, "size cannot be zero"),
        (bought(1, "10", account="DU999"), 321, "DU999"),
        (placed(1, MARKET, UNKNOWN_CONTRACT), 200, "No security definition"),
        (placed(1, MARKET, ES_FUTURES), 200, "ambiguous"),
        (placed(1, limit("BUY", "10", None)), 321, "limit price"),
        (placed(1, limit("HOLD", "10", 99.0)), 321, "HOLD"),
        (placed(1, limit("BUY", "10", 99.0, tif="GTX")), 321, "GTX"),
        (placed(1, m.Order(action="BUY", order_type="WONDER", total_quantity="10")), 321, "WONDER"),
        (m.PlaceOrderRequest(order_id=1, contract=None, order=None), 200, "No security definition"),
    ],
)
async def test_order_that_cannot_be_is_refused_with_its_error_and_nothing_else(
    request_: m.PlaceOrderRequest, code: int, text: str
) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(request_)
        assert codes(answers) == [(1, code)]
        assert text in str(answers)
        assert len(answers) == 1
        assert kinds(await client.answers_to(m.OpenOrdersRequest())) == ["OpenOrdersEnd"]


async def test_order_with_a_limit_beyond_all_prices_is_refused_and_the_client_lives_on() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        assert codes(await client.answers_to(bought(1, "10", 1.7976931348623157e308))) == [(1, 110)]
        assert not client.is_closed


@pytest.mark.parametrize("quantity", ["1E+5000000", "1E-5000000"])
async def test_order_of_a_quantity_beyond_all_sizes_is_refused_and_the_client_lives_on(quantity: str) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(bought(1, quantity, 99.0))
        assert kinds(answers) == ["ErrorMessage"]
        assert not client.is_closed


@pytest.mark.parametrize(
    "terms",
    [
        {"all_or_none": True},
        {"min_qty": 5},
        {"conditions": (m.OrderCondition(type=6),)},
        {"trigger_method": 1},
        {"algo_strategy": "Twap"},
        {"hedge_type": "D"},
        {"scale_init_level_size": 5},
        {"volatility": 0.2},
        {"discretionary_amt": 0.1},
    ],
    ids=lambda terms: next(iter(terms)),
)
async def test_order_with_terms_that_are_not_simulated_is_refused_by_their_name(terms: dict[str, Any]) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(bought(1, "10", **terms))
        assert codes(answers) == [(1, 321)]
        assert next(iter(terms)).replace("_", " ").removesuffix("s") in str(answers).replace("_", " ")
        assert len(answers) == 1


async def fills_on_generated_market(contract: m.Contract, *con_ids: int) -> bool:
    """Whether a market order fills within a minute on a market made for these and what is asked for."""
    async with simulated(GeneratedFeed(1, con_ids)) as gateway, raw(gateway, 1) as client:
        await client.answers_to(placed(1, MARKET, contract))
        await asyncio.sleep(60)
        return "S Filled 10/0" in map(told, client.messages)


@on_virtual_time
async def test_order_on_a_generated_market_fills_without_a_subscription() -> None:
    assert await fills_on_generated_market(AAPL_CONTRACT, AAPL)


@on_virtual_time
async def test_order_on_an_instrument_that_nobody_watches_fills_too() -> None:
    assert await fills_on_generated_market(MSFT_CONTRACT, AAPL)


@on_virtual_time
async def test_order_on_a_market_that_began_empty_fills_too() -> None:
    assert await fills_on_generated_market(MSFT_CONTRACT)


async def test_clients_hear_of_their_own_orders_only() -> None:
    feed = LiveFeed(OPENING)
    async with simulated(feed) as gateway, raw(gateway, 1) as client, raw(gateway, 2) as other:
        assert [told(one) for one in await client.answers_to(bought(1, "10", 99.0))] == RESTING
        assert [told(one) for one in await other.answers_to(bought(1, "10", 98.0))] == RESTING
        before = len(other.messages)
        feed.tell(quote(AAPL, ask=98.5, ask_size=1000))
        await client.until(lambda: told(client.messages[-1]) == "C")
        assert await other.answers_to() == []
        assert len(other.messages) == before + 1  # the fence
        client.send(m.CancelOrderRequest(1))
        await client.fence()
        assert await other.answers_to() == []


async def test_global_cancel_cancels_every_order_and_tells_each_owner_of_his() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client, raw(gateway, 2) as other:
        await client.answers_to(bought(1, "10", 99.0), bought(2, "10", 98.0), bought(3, "10"))
        await other.answers_to(bought(1, "10", 97.0))
        before = len(other.messages)
        assert [told(one) for one in await client.answers_to(m.GlobalCancelRequest())] == [*CANCELLED, *CANCELLED]
        await other.fence()
        assert [told(one) for one in other.messages[before:-1]] == CANCELLED
        assert kinds(await client.answers_to(m.AllOpenOrdersRequest())) == ["OpenOrdersEnd"]


async def test_open_orders_are_ones_own_and_all_open_orders_are_all_as_pairs_with_an_end() -> None:
    async with simulated() as gateway, client_of(gateway, 1) as client, raw(gateway, 2) as other:
        await other.answers_to(bought(5, "7", 97.0), bought(6, "10"))
        async with client.stream(bought(1, "10", 99.0)), client.stream(bought(2, "500", 100.1)) as news:
            await take(client, news)
            own, every = await client.request(m.OpenOrdersRequest()), await client.request(m.AllOpenOrdersRequest())
        pairs = ["O Submitted", "S Submitted 0/10", "O Submitted", "S Submitted 190/310"]
        assert [told(one) for one in own] == [*pairs, "OpenOrdersEnd"]
        assert [told(one) for one in every] == ["O Submitted", "S Submitted 0/7", *pairs, "OpenOrdersEnd"]
        statuses = [one for one in every if isinstance(one, m.OrderStatus)]
        assert [(one.client_id, one.order_id) for one in statuses] == [(2, 5), (1, 1), (1, 2)]
        assert len({one.perm_id for one in statuses}) == 3


async def test_executions_are_ones_own_each_with_its_commission_and_then_the_end() -> None:
    async with simulated() as gateway, client_of(gateway, 1) as client, raw(gateway, 2) as other:
        await other.answers_to(bought(1, "5"))
        sell = placed(2, m.Order(action="SELL", order_type="MKT", total_quantity="20"), MSFT_CONTRACT)
        async with client.stream(bought(1, "10")) as one, client.stream(sell) as two:
            news = [*await take(client, one), *await take(client, two)]
        answers = await client.request(m.ExecutionRequest())
        assert [told(one) for one in answers] == ["X BOT 10@100.1", "C", "X SLD 20@480.0", "C", "ExecutionDetailsEnd"]
        asked = [one for one in answers if isinstance(one, m.ExecutionDetails)]
        assert [one.execution for one in asked] == [o.execution for o in news if isinstance(o, m.ExecutionDetails)]
        assert len({one.req_id for one in asked} | {-1}) == 2


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (m.ExecutionFilter(), 2),
        (m.ExecutionFilter(symbol="MSFT"), 1),
        (m.ExecutionFilter(symbol="TSLA"), 0),
        (m.ExecutionFilter(side="SELL"), 1),
        (m.ExecutionFilter(side="BUY", symbol="MSFT"), 0),
        (m.ExecutionFilter(acct_code="DU1234567", sec_type="STK"), 2),
        (m.ExecutionFilter(acct_code="DU7"), 0),
        (m.ExecutionFilter(sec_type="FUT"), 0),
        (m.ExecutionFilter(client_id=1), 2),
        (m.ExecutionFilter(client_id=2), 0),
    ],
)
async def test_executions_are_filtered(wanted: m.ExecutionFilter, expected: int) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        sell = placed(2, m.Order(action="SELL", order_type="MKT", total_quantity="20"), MSFT_CONTRACT)
        await client.answers_to(bought(1, "10"), sell)
        answers = await client.answers_to(m.ExecutionRequest(9, wanted))
        assert kinds(answers) == ["ExecutionDetails", "CommissionAndFeesReport"] * expected + ["ExecutionDetailsEnd"]


# --- reconnecting


async def test_order_ids_go_on_after_a_reconnect_and_are_a_clients_own() -> None:
    async with simulated() as gateway:
        async with raw(gateway, 1) as client:
            await client.answers_to(bought(41, "10"))
            assert await client.answers_to(m.IdsRequest()) == [m.NextValidId(42)]
        async with raw(gateway, 1) as client, raw(gateway, 2) as other:
            assert m.NextValidId(42) in client.messages
            assert m.NextValidId(1) in other.messages
            assert codes(await client.answers_to(bought(40, "10"))) == [(40, 103)]


async def test_order_stays_when_its_client_goes_and_is_his_again_when_he_is_back() -> None:
    feed = LiveFeed(OPENING)
    async with simulated(feed) as gateway:
        async with raw(gateway, 1) as client:
            await client.answers_to(bought(1, "10", 99.0), bought(2, "10", 98.0))
        async with raw(gateway, 2) as witness:
            await witness.answers_to(m.MarketDataRequest(req_id=4, contract=AAPL_CONTRACT))
            before = len(witness.messages)
            feed.tell(quote(AAPL, ask=98.5, ask_size=1000))
            await witness.until(lambda: len(witness.messages) > before)
        async with raw(gateway, 1) as client:
            assert [told(one) for one in await client.answers_to(m.OpenOrdersRequest())] == [
                "O Submitted",
                "S Submitted 0/10",
                "OpenOrdersEnd",
            ]
            executions = await client.answers_to(m.ExecutionRequest(9))
            assert [told(one) for one in executions] == ["X BOT 10@98.5", "C", "ExecutionDetailsEnd"]
            before = len(client.messages)
            feed.tell(quote(AAPL, ask=97.5, ask_size=1000))
            await client.until(lambda: len(client.messages) >= before + 4)
            assert [told(one) for one in client.messages[before:]] == ["X BOT 10@97.5", *FILLED[3:]]


async def test_market_data_ends_with_the_connection() -> None:
    async with simulated(LiveFeed(OPENING)) as gateway:
        async with raw(gateway, 1) as client:
            await client.answers_to(m.MarketDataRequest(req_id=4, contract=AAPL_CONTRACT))
        async with raw(gateway, 1) as client:
            assert not codes(await client.answers_to(m.MarketDataRequest(req_id=4, contract=MSFT_CONTRACT)))


# --- done


async def test_completed_orders_are_those_that_are_done_with_how_and_when() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        await client.answers_to(bought(1, "10"))
        await client.answers_to(bought(2, "10", 90.0), m.CancelOrderRequest(order_id=2))
        await client.answers_to(bought(3, "10", 90.0))
        *orders, end = await client.answers_to(m.CompletedOrdersRequest())
        assert end == m.CompletedOrdersEnd()
        states = [order.order_state for order in orders if isinstance(order, m.CompletedOrder)]
        assert [(state.status, state.completed_status) for state in states if state is not None] == [
            ("Filled", "Filled Size: 10"),
            ("Cancelled", "Cancelled by Trader"),
        ]
        assert {state.completed_time for state in states if state is not None} == {"20010908 21:46:40 US/Eastern"}


async def test_auto_open_orders_is_for_client_0_alone() -> None:
    async with simulated() as gateway, raw(gateway, 0) as default, raw(gateway, 1) as other:
        assert await default.answers_to(m.AutoOpenOrdersRequest(auto_bind=True)) == []
        assert codes(await other.answers_to(m.AutoOpenOrdersRequest(auto_bind=True))) == [(-1, 321)]
