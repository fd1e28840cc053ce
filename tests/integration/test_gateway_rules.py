"""The gateway's own rules: how many clients, read-only mode, the order at the start, what cannot be read."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from ibwire.exceptions import ConnectionFailed
from ibwire.simulator import GatewayLimits
from ibwire.wire import encode, encode_frame
from ibwire.wire import messages as m
from tests.helpers.simulated import (
    AAPL,
    AAPL_CONTRACT,
    bought,
    client_of,
    codes,
    kinds,
    limit,
    placed,
    raw,
    simulated,
)

TIME = m.CurrentTimeRequest()


async def test_the_33rd_client_is_accepted_and_closed_and_its_place_is_free_when_one_leaves() -> None:
    async with simulated() as gateway, AsyncExitStack() as stack:
        first = await stack.enter_async_context(raw(gateway, 1))
        for number in range(2, 33):
            await stack.enter_async_context(raw(gateway, number))
        async with raw(gateway) as too_many:
            await too_many.until(lambda: too_many.is_closed)
            assert too_many.bytes_received == b""
        with pytest.raises(ConnectionFailed):
            await client_of(gateway, 33).connect()
        assert first.transport is not None
        first.transport.abort()
        await first.until(lambda: first.is_closed)
        async with raw(gateway, 33) as now:
            assert await now.answers_to(TIME)


async def test_max_clients_is_an_option() -> None:
    async with simulated(max_clients=1) as gateway, raw(gateway, 1), raw(gateway) as second:
        await second.until(lambda: second.is_closed)
    with pytest.raises(ValueError, match="max_clients"):
        simulated(max_clients=0)


ORDER_REQUESTS = [
    bought(5, "10"),
    placed(5, limit("SELL", "10", 1.0)),
    m.CancelOrderRequest(order_id=5),
    m.ExerciseOptionsRequest(order_id=5, contract=AAPL_CONTRACT),
]


async def test_read_only_gateway_refuses_order_requests_on_their_id_and_serves_the_rest() -> None:
    async with simulated(is_read_only=True) as gateway, raw(gateway, 1) as client:
        for request in ORDER_REQUESTS:
            (refusal,) = await client.answers_to(request)
            assert codes([refusal]) == [(5, 321)], request
            assert isinstance(refusal, m.ErrorMessage)
            assert str(refusal.error_msg).endswith("The API interface is currently in Read-Only mode.")
        assert codes(await client.answers_to(m.GlobalCancelRequest())) == [(-1, 321)]
        assert await client.answers_to(m.CompletedOrdersRequest()) == [], "as such a gateway was seen to do"
        assert kinds(await client.answers_to(m.OpenOrdersRequest())) == ["OpenOrdersEnd"]
        assert kinds(await client.answers_to(m.PositionsRequest()))[-1] == "PositionEnd"
        assert "TickReqParams" in kinds(await client.answers_to(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT)))
        assert gateway.state().orders == []
        assert [(one.order_id, one.times_received) for one in gateway.state().orders_received] == [(5, 2)]


async def test_order_of_a_gateway_that_is_not_read_only_is_taken() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        assert codes(await client.answers_to(bought(5, "10"))) == []
        assert [order.status for order in gateway.state().orders] == ["Filled"]


@pytest.mark.parametrize("notices_first", [False, True])
async def test_farm_notices_come_after_or_before_the_order_id(*, notices_first: bool) -> None:
    async with simulated(sends_notices_first=notices_first) as gateway, raw(gateway, 1) as client:
        came = kinds(client.messages[1:-1])
        notices = ["ErrorMessage"] * 3
        expected = [*notices, "NextValidId"] if notices_first else ["NextValidId", *notices]
        assert came == ["ManagedAccounts", *expected]
        async with client_of(gateway, 2) as ours:
            assert ours.next_id() == 1


@pytest.mark.parametrize(
    ("frame", "cause"),
    [
        (encode_frame(17, b"1\x002\x00"), "Message id 17 is text"),
        (encode_frame(200, b""), "Message id 200 is text"),
        (encode_frame(999, b"\xff\xff"), "Message id 999 is not known"),
        (encode_frame(0, b""), "Message id 0 is text"),
    ],
)
async def test_message_that_cannot_be_read_is_answered_with_320_in_its_turn(frame: bytes, cause: str) -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        before = len(client.messages)
        client.send_bytes(encode(TIME) + frame + encode(m.IdsRequest()))
        await client.fence()
        time, error, next_id, _ = client.messages[before:]
        assert isinstance(time, m.CurrentTime)
        assert isinstance(next_id, m.NextValidId)
        assert isinstance(error, m.ErrorMessage)
        assert (error.id, error.error_code) == (-1, 320)
        assert cause in str(error.error_msg)
        assert [violation.code for violation in gateway.state().violations] == [320]


async def test_unreadable_message_before_the_start_closes_the_connection() -> None:
    async with simulated() as gateway, raw(gateway) as client:
        await client.greet()
        client.send_bytes(encode_frame(71, b"2\x001\x00\x00"))
        await client.until(lambda: client.is_closed)


@pytest.mark.parametrize(("is_read_only", "rejects"), [(False, False), (True, True)])
async def test_settings_tell_how_the_gateway_was_started(*, is_read_only: bool, rejects: bool) -> None:
    limits = GatewayLimits(messages_per_s=None, rejects=rejects)
    async with simulated(is_read_only=is_read_only, limits=limits) as gateway, raw(gateway, 1) as client:
        (answer,) = await client.answers_to(m.ConfigRequest(1))
        assert isinstance(answer, m.ConfigResponse)
        assert answer.api is not None
        assert answer.api.settings is not None
        told = answer.api.settings
        assert (told.read_only_api, told.reject_messages_above_max_rate) == (is_read_only, rejects)
        assert told.socket_port == gateway.port


async def test_accounts_of_the_login_are_those_given_and_at_least_one() -> None:
    async with simulated(accounts=("DU1", "DU2")) as gateway, raw(gateway, 1) as client:
        assert m.ManagedAccounts("DU1,DU2") in client.messages
        await client.answers_to(bought(1, "10", account="DU2"))
        held = [(one.account, one.contract.con_id, one.quantity) for one in gateway.state().positions]
        assert held == [("DU2", AAPL, 10)]
    with pytest.raises(ValueError, match="accounts"):
        simulated(accounts=())
