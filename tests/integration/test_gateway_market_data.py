"""Contracts and market data of the simulated gateway, over loopback TCP."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from ibwire.exceptions import (
    NoSecurityDefinition,
    RequestFailed,
)
from ibwire.simulator import GeneratedFeed, RealClock
from ibwire.simulator.feed import Tick, TickType
from ibwire.simulator.instruments import INSTRUMENTS, Instrument
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import LiveFeed, ScriptedFeed, quote
from tests.helpers.simulated import (
    AAPL,
    AAPL_CONTRACT,
    ES_FUTURES,
    MSFT,
    MSFT_CONTRACT,
    NOW_S,
    OPENING,
    REST_OF_THE_DAY,
    TSLA_CONTRACT,
    client_of,
    codes,
    kinds,
    raw,
    simulated,
    told,
    within,
)
from tests.helpers.virtual_time import on_virtual_time

# --- contracts


async def test_contract_details_of_every_instrument_are_found_by_con_id() -> None:
    async with simulated() as gateway, client_of(gateway) as client:
        requests = [m.ContractDataRequest(contract=m.Contract(con_id=i.con_id)) for i in INSTRUMENTS]
        answers = await asyncio.gather(*map(client.request, requests))
        for instrument, (data, end) in zip(INSTRUMENTS, answers, strict=True):
            assert_describes(data, instrument)
            assert isinstance(end, m.ContractDataEnd)


def assert_describes(data: Message, instrument: Instrument) -> None:
    assert isinstance(data, m.ContractData)
    assert data.contract is not None
    assert data.contract_details is not None
    assert data.contract.con_id == instrument.con_id
    assert data.contract.local_symbol == instrument.local_symbol
    assert Decimal(data.contract_details.min_tick or "0") == instrument.min_tick
    assert str(data.contract_details.trading_hours)[:8] in ("20010908", "20010909")  # of today, by the gateway's clock


async def test_contract_details_of_an_ambiguous_contract_are_all_it_may_mean() -> None:
    async with simulated() as gateway, client_of(gateway) as client:
        *found, end = await client.request(m.ContractDataRequest(contract=ES_FUTURES))
        symbols = [one.contract.local_symbol for one in found if isinstance(one, m.ContractData) and one.contract]
        assert symbols == ["ESH4", "ESZ5", "ESH6", "ESM6", "ESU6"]
        assert isinstance(end, m.ContractDataEnd)


@pytest.mark.parametrize("contract", [m.Contract(con_id=1), m.Contract(symbol="NOPE", sec_type="STK")])
async def test_contract_details_of_nothing_known_fail_without_an_end(contract: m.Contract) -> None:
    async with simulated() as gateway, client_of(gateway) as client, raw(gateway, 2) as other:
        with pytest.raises(NoSecurityDefinition, match="No security definition has been found"):
            await client.request(m.ContractDataRequest(contract=contract))
        answers = await other.answers_to(m.ContractDataRequest(req_id=9, contract=contract))
        assert codes(answers) == [(9, 200)]
        assert len(answers) == 1


# --- market data


async def test_stream_opens_with_parameters_type_and_quote_and_goes_on_with_the_market() -> None:
    feed = LiveFeed(OPENING)
    async with simulated(feed) as gateway, client_of(gateway) as client:
        async with client.stream(m.MarketDataRequest(contract=AAPL_CONTRACT)) as ticks:
            opening = [await within(anext(ticks)) for _ in range(7)]
            assert kinds(opening[:2]) == ["TickReqParams", "MarketDataType"]
            assert sorted(told(one) for one in opening[2:-1]) == ["0=300", "1=100.0 x 300", "2=100.1 x 200", "3=200"]
            assert opening[-1] == m.TickGeneric(opening[0].req_id, TickType.HALTED, 0.0)
            feed.tell(quote(MSFT, 481.0, 1))  # somebody else's
            feed.tell([*quote(AAPL, ask=100.2, ask_size=50), Tick(0, AAPL, TickType.LAST_TIMESTAMP, None, None)])
            news = [await within(anext(ticks)) for _ in range(3)]
            assert [told(one) for one in news] == ["2=100.2 x 50", "3=50", f"45={int(NOW_S)}"]
        assert len(ticks) == 0


async def test_stream_of_a_contract_without_data_says_so() -> None:
    async with simulated(ScriptedFeed(OPENING)) as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(m.MarketDataRequest(req_id=4, contract=TSLA_CONTRACT))
        assert [told(answer) for answer in answers[2:]] == ["1=-1.0 x 0", "2=-1.0 x 0"]


async def test_stream_that_is_cancelled_gets_no_more_ticks_and_its_id_is_free() -> None:
    feed = LiveFeed(OPENING)
    async with simulated(feed) as gateway, raw(gateway, 1) as client, raw(gateway, 2) as witness:
        request = m.MarketDataRequest(req_id=4, contract=AAPL_CONTRACT)
        await client.answers_to(request)
        await witness.answers_to(request)
        assert await client.answers_to(m.CancelMarketData(4)) == []
        before = len(witness.messages)
        feed.tell(quote(AAPL, 100.05, 7))
        await witness.until(lambda: len(witness.messages) > before)
        reopened = await client.answers_to(request)
        assert kinds(reopened)[:2] == ["TickReqParams", "MarketDataType"]
        assert not codes(reopened)


@pytest.mark.parametrize(
    ("contract", "text"),
    [
        (ES_FUTURES, "ambiguous"),
        (m.Contract(con_id=1, exchange="SMART"), "No security definition"),
    ],
)
async def test_stream_of_no_or_several_contracts_fails(contract: m.Contract, text: str) -> None:
    async with simulated() as gateway, client_of(gateway) as client:
        with pytest.raises(RequestFailed, match=text) as caught:
            await within(anext(client.stream(m.MarketDataRequest(contract=contract))))
        assert caught.value.code == 200


async def test_ticker_id_in_use_is_refused_and_its_stream_lives_on() -> None:
    feed = LiveFeed(OPENING)
    async with simulated(feed) as gateway, raw(gateway, 1) as client:
        await client.answers_to(m.MarketDataRequest(req_id=4, contract=AAPL_CONTRACT))
        assert codes(await client.answers_to(m.MarketDataRequest(req_id=4, contract=MSFT_CONTRACT))) == [(4, 322)]
        before = len(client.messages)
        feed.tell([*quote(MSFT, 481.0), *quote(AAPL, 100.05)])
        await client.until(lambda: len(client.messages) > before)
        assert [told(one) for one in client.messages[before:]] == ["1=100.05 x None"]


async def test_ticker_id_of_another_client_is_free() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client, raw(gateway, 2) as other:
        for one in (client, other):
            assert not codes(await one.answers_to(m.MarketDataRequest(req_id=4, contract=AAPL_CONTRACT)))


async def test_snapshot_that_has_all_ends_at_once() -> None:
    feed = ScriptedFeed([*OPENING, *REST_OF_THE_DAY])
    async with simulated(feed) as gateway, client_of(gateway) as client:
        *answers, end = await client.request(m.MarketDataRequest(contract=AAPL_CONTRACT, snapshot=True))
        kinds_told = {getattr(one, "tick_type", None) for one in answers[2:]}
        assert kinds_told == {0, 1, 2, 3, 4, 5, 8, 9, 45, 49}
        assert isinstance(end, m.TickSnapshotEnd)


@on_virtual_time
@pytest.mark.parametrize(
    ("contract", "shown"),
    [
        (AAPL_CONTRACT, {"0=300", "1=100.0 x 300", "2=100.1 x 200", "3=200", "TickGeneric"}),
        (TSLA_CONTRACT, {"1=-1.0 x 0", "2=-1.0 x 0"}),
    ],
)
async def test_snapshot_that_lacks_something_ends_after_eleven_seconds(contract: m.Contract, shown: set[str]) -> None:
    clock = asyncio.get_running_loop().time
    async with simulated(clock=RealClock(clock), port=4002) as gateway, raw(gateway, 1) as client:
        asked_at = clock()
        answers = await client.answers_to(m.MarketDataRequest(req_id=4, contract=contract, snapshot=True))
        assert {told(one) for one in answers[2:]} == shown
        await client.until(lambda: isinstance(client.messages[-1], m.TickSnapshotEnd))
        assert 11 <= clock() - asked_at < 11.3
        assert codes(await client.answers_to(m.CancelMarketData(4))) == [(4, 300)], "it is over"


async def test_snapshot_of_a_generated_instrument_has_its_quote() -> None:
    async with simulated(GeneratedFeed(1, [AAPL])) as gateway, client_of(gateway) as client:
        answers = await client.request(m.MarketDataRequest(contract=MSFT_CONTRACT, snapshot=True))
        assert {1, 2} <= {answer.tick_type for answer in answers if isinstance(answer, m.TickPrice)}


async def test_snapshot_with_generic_ticks_is_refused() -> None:
    async with simulated() as gateway, client_of(gateway) as client:
        with pytest.raises(RequestFailed, match="not applicable to generic ticks") as caught:
            await client.request(m.MarketDataRequest(contract=AAPL_CONTRACT, snapshot=True, generic_tick_list="233"))
        assert caught.value.code == 321


async def test_cancel_of_an_unknown_ticker_id_is_answered_with_300() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        answers = await client.answers_to(m.CancelMarketData(99))
        assert codes(answers) == [(99, 300)]
        assert "tickerId:99" in str(answers)
