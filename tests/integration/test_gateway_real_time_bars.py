"""Five-second bars of the simulated gateway: on the wall clock, true to the ticks, not while data are held back."""

from __future__ import annotations

import asyncio

import pytest

from ibwire.simulator import NO_LIMITS, GatewayLimits, GeneratedFeed
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import ScriptedFeed, quote
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, MSFT_CONTRACT, OPENING, codes
from tests.helpers.streaming import START_S, Hours, after, contract, live, of_kind, streaming, traded
from tests.helpers.virtual_time import on_virtual_time


def asked(
    req_id: int, what: str = "TRADES", contract_: m.Contract = AAPL_CONTRACT, *, use_rth: bool = False
) -> m.RealTimeBarsRequest:
    return m.RealTimeBarsRequest(req_id=req_id, contract=contract_, bar_size=5, what_to_show=what, use_rth=use_rth)


def bars(messages: list[Message], req_id: int = 1) -> list[m.RealTimeBarTick]:
    return [bar for bar in of_kind(m.RealTimeBarTick, messages) if bar.req_id == req_id]


@on_virtual_time
async def test_bar_of_trades_is_what_was_traded_in_its_five_seconds() -> None:
    feed = live()
    async with streaming(feed) as (client, _):
        assert await client.answers_to(asked(1)) == []
        await after(client, feed, traded(101.0, 10), traded(103.0, 20), traded(99.0, 10), traded(100.0, 10))
        await asyncio.sleep(5)
        await after(client, feed, quote(AAPL, 90.0, 1))
        await asyncio.sleep(5)
        first, second = bars(client.messages)
        assert first == m.RealTimeBarTick(
            req_id=1,
            time=int(START_S),
            open=101.0,
            high=103.0,
            low=99.0,
            close=100.0,
            volume="50",
            wap="101.2",
            count=4,
        )
        assert second == m.RealTimeBarTick(
            req_id=1,
            time=int(START_S) + 5,
            open=100.0,
            high=100.0,
            low=100.0,
            close=100.0,
            volume="0",
            wap="100",
            count=0,
        )


@on_virtual_time
@pytest.mark.parametrize(
    ("what", "prices"), [("BID", (99.0, 101.0, 98.0, 98.0)), ("ASK", (102.0, 104.0, 102.0, 103.0)), ("MIDPOINT", None)]
)
async def test_bar_of_quotes_has_neither_volume_nor_count(what: str, prices: tuple[float, ...] | None) -> None:
    feed = live()
    async with streaming(feed) as (client, _):
        await client.answers_to(asked(1, what))
        sides = [(99.0, 102.0), (101.0, 104.0), (98.0, 103.0)]
        await after(client, feed, *(quote(AAPL, bid, 1, ask, 1) for bid, ask in sides), traded(50.0, 1))
        await asyncio.sleep(5)
        (bar,) = bars(client.messages)
        expected = prices if prices is not None else (100.5, 102.5, 100.5, 100.5)
        assert (bar.open, bar.high, bar.low, bar.close) == expected
        assert (bar.volume, bar.wap, bar.count) == ("-1", "-1", -1)


@on_virtual_time
async def test_bars_come_every_five_seconds_of_the_wall_clock_until_the_cancel() -> None:
    async with streaming(GeneratedFeed(1, [AAPL])) as (client, _):
        await asyncio.sleep(3)
        await client.answers_to(asked(1))
        await asyncio.sleep(60)
        times = [bar.time for bar in bars(client.messages)]
        assert times == [int(START_S) + 5 * number for number in range(12)]
        for bar in bars(client.messages):
            assert bar.low is not None
            assert bar.high is not None
            assert bar.low <= min(bar.open or 0, bar.close or 0) <= max(bar.open or 0, bar.close or 0) <= bar.high
        assert await client.answers_to(m.CancelRealTimeBars(1)) == []
        before = len(client.messages)
        await asyncio.sleep(20)
        assert bars(client.messages[before:]) == []


@on_virtual_time
async def test_bars_of_a_generated_market_add_up_to_its_trades() -> None:
    async with streaming(GeneratedFeed(1, [AAPL])) as (client, _):
        client.send(asked(1), m.TickByTickRequest(req_id=2, contract=AAPL_CONTRACT, tick_type="AllLast"))
        await asyncio.sleep(60.2)
        ticks = [one.historical_tick_last for one in of_kind(m.TickByTickData, client.messages)]
        made = bars(client.messages)
        end = (made[-1].time or 0) + 5
        within = [tick for tick in ticks if tick is not None and (tick.time or 0) < end]
        assert sum(bar.count or 0 for bar in made) == len(within) > 20
        assert sum(int(bar.volume or "0") for bar in made) == sum(int(tick.size or "0") for tick in within)


@on_virtual_time
async def test_bars_of_regular_hours_only_pause_outside_of_them_and_all_do_when_closed() -> None:
    hours = Hours(is_regular=False)
    async with streaming(live(), hours=hours) as (client, _):
        client.send(asked(1, use_rth=True), asked(2))
        await asyncio.sleep(11)
        assert (len(bars(client.messages, 1)), len(bars(client.messages, 2))) == (0, 2)
        hours.is_regular = True
        await asyncio.sleep(10)
        assert (len(bars(client.messages, 1)), len(bars(client.messages, 2))) == (2, 4)
        hours.is_now_open = False
        await asyncio.sleep(10)
        assert (len(bars(client.messages, 1)), len(bars(client.messages, 2))) == (2, 4)


@on_virtual_time
@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (asked(5, "YIELD"), 321),
        (asked(5, "TRADES", m.Contract(con_id=1, exchange="SMART")), 200),
        (asked(5, "TRADES", contract("EUR.USD")), 420),
        (asked(5, "BID", contract("SPX")), 420),
        (asked(5, "TRADES", MSFT_CONTRACT), 10089),
        (asked(5, "TRADES", contract("NVDA")), 420),
        (m.CancelRealTimeBars(5), 300),
    ],
)
async def test_bars_that_cannot_be_had_are_refused(request_: Message, code: int) -> None:
    async with streaming(permissions={"MSFT": "delayed", "NVDA": "none"}) as (client, _):
        assert codes(await client.answers_to(request_)) == [(5, code)]


@on_virtual_time
async def test_sixty_first_subscription_in_ten_minutes_is_a_pacing_violation() -> None:
    limits = GatewayLimits(messages_per_s=None, historical_identical_s=None)
    async with streaming(ScriptedFeed(OPENING), limits=limits) as (client, _):
        requests = [(asked(number), m.CancelRealTimeBars(number)) for number in range(60)]
        assert not codes(await client.answers_to(*(one for pair in requests for one in pair)))
        assert codes(await client.answers_to(asked(99))) == [(99, 420)]
        await asyncio.sleep(600)
        assert not codes(await client.answers_to(asked(99)))


@on_virtual_time
async def test_same_subscription_within_fifteen_seconds_is_a_pacing_violation() -> None:
    async with streaming(ScriptedFeed(OPENING), limits=GatewayLimits()) as (client, _):
        assert not codes(await client.answers_to(asked(1), m.CancelRealTimeBars(1)))
        assert codes(await client.answers_to(asked(2))) == [(2, 420)]
        await asyncio.sleep(15)
        assert not codes(await client.answers_to(asked(2)))


@on_virtual_time
async def test_bars_take_a_market_data_line_which_their_instrument_shares() -> None:
    async with streaming(limits=GatewayLimits(market_data_lines=1)) as (client, _):
        assert not codes(await client.answers_to(asked(1)))
        assert not codes(await client.answers_to(m.MarketDataRequest(req_id=2, contract=AAPL_CONTRACT)))
        assert codes(await client.answers_to(asked(3, contract_=MSFT_CONTRACT))) == [(3, 101)]
        await client.answers_to(m.CancelRealTimeBars(1), m.CancelMarketData(2))
        assert not codes(await client.answers_to(asked(3, contract_=MSFT_CONTRACT)))


@on_virtual_time
async def test_bars_that_were_held_back_come_in_a_burst_when_the_link_is_there_again() -> None:
    async with streaming(GeneratedFeed(1, [AAPL]), limits=NO_LIMITS) as (client, gateway):
        client.send(asked(1))
        await asyncio.sleep(6)
        await gateway.inject("connectivity_lost")
        await asyncio.sleep(30)
        assert len(bars(client.messages)) == 1
        await gateway.inject("connectivity_restored", data_lost=False)
        await asyncio.sleep(0.2)
        assert [bar.time for bar in bars(client.messages)] == [int(START_S) + 5 * number for number in range(7)]
