"""IBKR's limits as the simulated gateway enforces them, and our client kept within them by its own limiter."""

from __future__ import annotations

import asyncio

import pytest

from ibwire.settings import RateLimitSettings
from ibwire.simulator import NO_LIMITS, GatewayLimits
from ibwire.wire import messages as m
from tests.helpers.simulated import (
    AAPL_CONTRACT,
    ES_FUTURES,
    MSFT_CONTRACT,
    TSLA_CONTRACT,
    bought,
    client_of,
    codes,
    limit,
    placed,
    raw,
    simulated,
)
from tests.helpers.virtual_time import on_virtual_time

TIME = m.CurrentTimeRequest()


def now() -> float:
    return asyncio.get_running_loop().time()


@on_virtual_time
async def test_messages_above_the_rate_are_taken_later_and_none_is_lost() -> None:
    async with simulated(limits=GatewayLimits()) as gateway, raw(gateway, 1) as client:
        await asyncio.sleep(5)
        before, started = len(client.messages), now()
        client.send(*[TIME] * 200)
        await client.until(lambda: sum(isinstance(one, m.CurrentTime) for one in client.messages[before:]) == 200)
        assert 3.0 <= now() - started < 3.2
        assert codes(client.messages[before:]) == []
        session = gateway.session_of(1)
        assert session is not None
        assert session.rate.highest == 50


@on_virtual_time
async def test_messages_above_the_rate_in_reject_mode_get_error_100_and_the_third_ends_the_session() -> None:
    async with simulated(limits=GatewayLimits(rejects=True)) as gateway, raw(gateway, 1) as client:
        await asyncio.sleep(5)
        client.send(*[TIME] * 51)
        await asyncio.sleep(2)
        assert codes(client.messages)[-1:] == [(-1, 100)]
        assert sum(isinstance(one, m.CurrentTime) for one in client.messages) == 50
        assert not client.is_closed
        client.send(*[TIME] * 60)
        await client.until(lambda: client.is_closed)
        assert codes(client.messages)[-3:] == [(-1, 100)] * 3


@on_virtual_time
async def test_rate_is_each_clients_own() -> None:
    async with simulated(limits=GatewayLimits(rejects=True)) as gateway, raw(gateway, 1) as one, raw(gateway, 2) as two:
        await asyncio.sleep(5)
        for client in (one, two):
            client.send(*[TIME] * 50)
        await asyncio.sleep(0.5)
        assert (100 in dict(codes(one.messages)).values(), 100 in dict(codes(two.messages)).values()) == (False, False)


@on_virtual_time
async def test_our_client_never_breaks_the_rate_whatever_it_is_asked_to_do() -> None:
    gateway_limits = GatewayLimits(rejects=True, market_data_lines=None)
    async with simulated(limits=gateway_limits) as gateway, client_of(gateway) as client:
        await asyncio.sleep(5)
        requests = [client.request(m.ContractDataRequest(contract=AAPL_CONTRACT)) for _ in range(300)]
        answers = await asyncio.gather(*requests)
        assert all(isinstance(answer[-1], m.ContractDataEnd) for answer in answers)
        session = gateway.session_of(1)
        assert session is not None
        assert session.rate.highest <= 46
        assert session.rate.breaches == 0


@on_virtual_time
async def test_client_set_beyond_the_gateways_rate_is_told_and_slows_down() -> None:
    eager = RateLimitSettings(market_data_lines=110, safety_margin=0.0, reserved_messages=0)
    async with simulated(limits=GatewayLimits(rejects=True)) as gateway, client_of(gateway, rate_limit=eager) as client:
        await asyncio.sleep(5)
        requests = [m.ContractDataRequest(req_id=number, contract=AAPL_CONTRACT) for number in range(1, 501)]
        sent = [client.send(request) for request in requests]
        await asyncio.gather(*sent)
        session = gateway.session_of(1)
        assert session is not None, "it was cut off"
        assert 1 <= session.rate.breaches <= 2
        assert client.limiter.statistics().limit_per_s < 55


async def test_instruments_above_the_lines_are_refused_with_101_and_a_second_look_at_one_is_free() -> None:
    limits = GatewayLimits(market_data_lines=2)
    async with simulated(limits=limits) as gateway, raw(gateway, 1) as one, raw(gateway, 2) as two:
        for client, number, contract in ((one, 1, AAPL_CONTRACT), (two, 1, MSFT_CONTRACT), (two, 2, AAPL_CONTRACT)):
            answers = await client.answers_to(m.MarketDataRequest(req_id=number, contract=contract))
            assert codes(answers) == []
        third = m.MarketDataRequest(req_id=3, contract=TSLA_CONTRACT)
        assert codes(await one.answers_to(third)) == [(3, 101)]
        await two.answers_to(m.CancelMarketData(1))
        assert codes(await one.answers_to(third)) == []


async def test_orders_above_twenty_on_a_side_are_rejected_and_the_other_side_is_free() -> None:
    async with simulated(limits=GatewayLimits(messages_per_s=None)) as gateway, raw(gateway, 1) as client:
        for number in range(1, 21):
            assert codes(await client.answers_to(bought(number, "1", 90.0))) == []
        assert codes(await client.answers_to(bought(21, "1", 90.0))) == [(21, 201)]
        assert codes(await client.answers_to(placed(22, limit("SELL", "1", 190.0)))) == []
        await client.answers_to(m.CancelOrderRequest(order_id=1))
        assert codes(await client.answers_to(bought(23, "1", 90.0))) == []


@pytest.mark.parametrize("number", [300])
async def test_without_limits_everything_is_taken_at_once(number: int) -> None:
    async with simulated(limits=NO_LIMITS) as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(*[m.ContractDataRequest(req_id=1, contract=ES_FUTURES)] * number)
        assert sum(isinstance(answer, m.ContractDataEnd) for answer in answers) == number
