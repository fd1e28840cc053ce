"""IBKR's pacing of historical data as the simulated gateway enforces it, and our client within it."""

from __future__ import annotations

import asyncio

from ibwire.simulator import GatewayLimits, RealClock
from ibwire.wire import messages as m
from tests.helpers.history import FRIDAY_NOON, asked, head, instrument, living, ticks_asked
from tests.helpers.scripted_feed import ScriptedFeed
from tests.helpers.simulated import AAPL_CONTRACT, MSFT_CONTRACT, OPENING, client_of, codes, raw, simulated
from tests.helpers.virtual_time import on_virtual_time

LIMITS = GatewayLimits(messages_per_s=None)

NVDA_CONTRACT, AMZN_CONTRACT, SPY_CONTRACT = (
    m.Contract(con_id=instrument(symbol).con_id, exchange="SMART") for symbol in ("NVDA", "AMZN", "SPY")
)


@on_virtual_time
async def test_sixty_small_requests_in_ten_minutes_are_all_there_is_for_all_clients_together() -> None:
    loop = asyncio.get_running_loop()
    small = {"bar_size_setting": "30 secs", "duration": "1800 S"}
    async with living(ScriptedFeed(OPENING), limits=LIMITS) as (gateway, one), raw(gateway, 2) as two:
        started = loop.time()
        for number in range(60):
            end = f"20260409-{14 + number // 60}:{number % 60:02}:00"
            client = two if number % 2 else one
            assert codes(await client.answers_to(asked(**small, end_date_time=end))) == []
            await asyncio.sleep(1)
        late = {**small, "end_date_time": "20260408-15:00:00"}
        assert codes(await one.answers_to(asked(**late))) == [(1, 162)]
        assert codes(await one.answers_to(head(what_to_show="BID"))) == [(1, 162)]
        assert codes(await two.answers_to(ticks_asked(start_date_time="20260409-15:00:00"))) == [(1, 162)]
        assert codes(await one.answers_to(asked())) == []  # large bars are free
        await asyncio.sleep(started + 600.5 - loop.time())
        (data, _) = await one.answers_to(asked(**late))
        assert isinstance(data, m.HistoricalData)
        (error,) = await one.answers_to(asked(**late))  # the same again
        assert isinstance(error, m.ErrorMessage)
        assert "pacing violation" in str(error.error_msg)


@on_virtual_time
async def test_bid_ask_counts_twice_and_five_requests_of_one_series_are_enough_for_two_seconds() -> None:
    async with living(ScriptedFeed(OPENING), limits=LIMITS) as (_, client):

        async def ask(number: int, what: str) -> list[tuple[int | None, int | None]]:
            return codes(await client.answers_to(asked(end_date_time=f"20260409-15:{number:02}:00", what_to_show=what)))

        assert [await ask(number, "TRADES") for number in range(6)] == [*[[]] * 5, [(1, 162)]]
        assert [await ask(number, "BID_ASK") for number in range(3)] == [[], [], [(1, 162)]]
        assert await ask(0, "MIDPOINT") == []
        await asyncio.sleep(2)
        assert await ask(7, "TRADES") == []


async def test_fifty_requests_may_be_open_and_those_of_who_is_gone_are_free() -> None:
    limits = GatewayLimits(
        messages_per_s=None, historical_small=None, historical_same_contract=None, historical_identical_s=None
    )
    async with simulated(limits=limits, clock=RealClock(lambda: FRIDAY_NOON)) as gateway, raw(gateway, 1) as one:
        async with raw(gateway, 2) as two:
            for client in (one, two):
                for number in range(25):
                    assert codes(await client.answers_to(head(req_id=number))) == []
            assert codes(await one.answers_to(asked(req_id=99))) == [(99, 162)]
            await one.answers_to(m.CancelHeadTimestamp(0))
            assert codes(await one.answers_to(asked(req_id=99))) == []
            assert codes(await one.answers_to(head(req_id=0, what_to_show="BID"))) == []
            assert codes(await one.answers_to(asked(req_id=99))) == [(99, 162)]
        await two.until(lambda: two.is_closed)
        for _ in range(100):
            if len(gateway.sessions) == 1:
                break
            await one.fence()
        assert codes(await one.answers_to(asked(req_id=99))) == []


@on_virtual_time
async def test_our_client_stays_within_the_pacing_whatever_it_is_asked_to_do() -> None:
    loop = asyncio.get_running_loop()
    async with (
        simulated(limits=GatewayLimits(), clock=RealClock(lambda: FRIDAY_NOON + loop.time())) as gateway,
        client_of(gateway) as client,
    ):
        ends = [f"202604{day:02}-15:{minute:02}:00" for day in (7, 8) for minute in range(0, 60, 2)]
        small = {"req_id": None, "bar_size_setting": "30 secs", "duration": "1800 S"}
        requests = [asked(**small, end_date_time=end) for end in ends]
        answers = await asyncio.gather(*[client.request(request, timeout=3600) for request in requests])
        assert all(isinstance(answer[-1], m.HistoricalDataEnd) for answer in answers)


@on_virtual_time
async def test_sixty_head_timestamps_in_a_row_leave_none_open() -> None:
    loop = asyncio.get_running_loop()
    async with (
        simulated(limits=GatewayLimits(), clock=RealClock(lambda: FRIDAY_NOON + loop.time())) as gateway,
        client_of(gateway) as client,
    ):
        kinds = ("TRADES", "BID", "ASK", "MIDPOINT", "ADJUSTED_LAST", "HISTORICAL_VOLATILITY")
        questions = [
            head(req_id=None, contract=contract, what_to_show=what, use_rth=use_rth)
            for contract in (AAPL_CONTRACT, MSFT_CONTRACT, NVDA_CONTRACT, AMZN_CONTRACT, SPY_CONTRACT)
            for what in kinds
            for use_rth in (False, True)
        ]
        assert len(questions) == 60
        for question in questions:
            (answer,) = await client.request(question)
            assert isinstance(answer, m.HeadTimestamp)
        await client.ping()
        assert gateway.open_history() == 0
        assert gateway.state().violations == []
