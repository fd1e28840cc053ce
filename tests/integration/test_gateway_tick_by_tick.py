"""Tick-by-tick data of the simulated gateway, as a client gets them."""

from __future__ import annotations

import asyncio

import pytest

from ibwire.simulator import NO_LIMITS, GatewayLimits, GeneratedFeed
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import quote
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, MSFT, MSFT_CONTRACT, codes, raw
from tests.helpers.streaming import START_S, after, contract, live, of_kind, streaming, traded
from tests.helpers.virtual_time import on_virtual_time


def asked(req_id: int, tick_type: str, contract_: m.Contract = AAPL_CONTRACT, **more: object) -> m.TickByTickRequest:
    return m.TickByTickRequest(req_id=req_id, contract=contract_, tick_type=tick_type, **more)  # type: ignore[arg-type]


def lasts(messages: list[Message]) -> list[tuple[int | None, float | None, str | None]]:
    ticks = [(one.tick_type, one.historical_tick_last) for one in of_kind(m.TickByTickData, messages)]
    return [(kind, tick.price, tick.size) for kind, tick in ticks if tick is not None]


def sides(messages: list[Message]) -> list[tuple[float | None, str | None, float | None, str | None]]:
    ticks = [one.historical_tick_bid_ask for one in of_kind(m.TickByTickData, messages)]
    return [(one.price_bid, one.size_bid, one.price_ask, one.size_ask) for one in ticks if one is not None]


def middles(messages: list[Message]) -> list[float | None]:
    ticks = [one.historical_tick_mid_point for one in of_kind(m.TickByTickData, messages)]
    return [tick.price for tick in ticks if tick is not None]


@on_virtual_time
@pytest.mark.parametrize(("tick_type", "number"), [("Last", 1), ("AllLast", 2)])
async def test_trades_come_one_by_one_until_the_cancel(tick_type: str, number: int) -> None:
    feed = live()
    async with streaming(feed) as (client, _):
        assert await client.answers_to(asked(5, tick_type)) == []
        told = await after(client, feed, traded(100.1, 7), quote(AAPL, 99.0, 1), traded(100.1, 8), traded(99.0, 1))
        assert lasts(told) == [(number, 100.1, "7"), (number, 100.1, "8"), (number, 99.0, "1")]
        tick = of_kind(m.TickByTickData, told)[0].historical_tick_last
        assert tick is not None
        assert tick.time == int(START_S)
        assert tick.exchange == "NASDAQ"
        assert await client.answers_to(m.CancelTickByTick(5)) == []
        assert await after(client, feed, traded(100.1, 9)) == []


@on_virtual_time
async def test_quotes_come_when_they_change_and_without_sizes_only_when_prices_do() -> None:
    feed = live()
    async with streaming(feed) as (client, gateway), raw(gateway, 2) as other:
        await client.answers_to(asked(5, "BidAsk"))
        await other.answers_to(asked(5, "BidAsk", ignore_size=True))
        before = len(other.messages)
        same = quote(AAPL, 100.05, 300, 100.1, 200)
        told = await after(client, feed, same, same, quote(AAPL, bid_size=50), traded(100.1, 7))
        assert sides(told) == [(100.05, "300", 100.1, "200"), (100.05, "50", 100.1, "200")]
        assert sides(other.messages[before:]) == [(100.05, "300", 100.1, "200")]


@on_virtual_time
async def test_midpoints_come_when_they_change() -> None:
    feed = live()
    async with streaming(feed) as (client, _):
        await client.answers_to(asked(5, "MidPoint"))
        told = await after(
            client, feed, quote(AAPL, 99.0, 1, 101.0, 2), quote(AAPL, 98.0, 5, 102.0, 5), quote(AAPL, 99.0, 9)
        )
        assert middles(told) == [100.0, 100.5]


@on_virtual_time
async def test_last_ticks_come_first_if_some_are_asked_for() -> None:
    feed = live()
    async with streaming(feed) as (client, _):
        await after(client, feed, traded(1.0, 1), traded(2.0, 2), quote(AAPL, 99.0, 1), traded(3.0, 3))
        (history,) = await client.answers_to(asked(1, "AllLast", number_of_ticks=2))
        assert isinstance(history, m.HistoricalTicksLast)
        assert history.is_done
        assert [(tick.price, tick.size) for tick in history.historical_ticks_last] == [(2.0, "2"), (3.0, "3")]
        (quotes,) = await client.answers_to(asked(2, "BidAsk", number_of_ticks=1000))
        assert isinstance(quotes, m.HistoricalTicksBidAsk)
        assert [tick.price_bid for tick in quotes.historical_ticks_bid_ask] == [100.0, 99.0]
        (middle,) = await client.answers_to(asked(3, "MidPoint", number_of_ticks=1))
        assert isinstance(middle, m.HistoricalTicks)
        assert [tick.price for tick in middle.historical_ticks] == [(99.0 + 100.1) / 2]
        told = await after(client, feed, traded(4.0, 4))
        assert [one.req_id for one in of_kind(m.TickByTickData, told)] == [1]


@on_virtual_time
@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (asked(5, "Sometimes"), 321),
        (asked(5, ""), 321),
        (asked(5, "Last", m.Contract(con_id=1, exchange="SMART")), 200),
        (asked(5, "Last", contract("TSLA  230120C00100000")), 10189),
        (asked(5, "MidPoint", contract("SPX")), 10189),
        (asked(5, "AllLast", contract("EUR.USD")), 10189),
        (asked(5, "Last", MSFT_CONTRACT), 10189),
        (m.CancelTickByTick(5), 300),
    ],
)
async def test_what_cannot_be_streamed_tick_by_tick_is_refused(request_: Message, code: int) -> None:
    async with streaming(permissions={"MSFT": "delayed"}) as (client, _):
        assert codes(await client.answers_to(request_)) == [(5, code)]


@on_virtual_time
async def test_request_id_in_use_is_refused() -> None:
    async with streaming() as (client, _):
        await client.answers_to(asked(5, "Last"))
        assert codes(await client.answers_to(asked(5, "BidAsk"))) == [(5, 322)]


@on_virtual_time
async def test_sixth_stream_of_all_clients_is_refused_until_one_is_cancelled_or_its_client_is_gone() -> None:
    limits = GatewayLimits(tick_by_tick_repeat_s=None)
    async with streaming(limits=limits) as (client, gateway):
        async with raw(gateway, 2) as other:
            for number in range(3):
                assert not codes(await client.answers_to(asked(number, "Last")))
            for number in range(2):
                assert not codes(await other.answers_to(asked(number, "BidAsk", MSFT_CONTRACT)))
            assert codes(await client.answers_to(asked(9, "Last"))) == [(9, 10190)]
            await client.answers_to(m.CancelTickByTick(0))
            assert not codes(await client.answers_to(asked(9, "Last")))
            assert codes(await client.answers_to(asked(10, "Last"))) == [(10, 10190)]
        await asyncio.sleep(1)
        assert not codes(await client.answers_to(asked(10, "Last"), asked(11, "Last")))


@on_virtual_time
async def test_same_instrument_is_refused_within_fifteen_seconds_whoever_asks() -> None:
    async with streaming(limits=GatewayLimits()) as (client, gateway), raw(gateway, 2) as other:
        await client.answers_to(asked(1, "Last"), m.CancelTickByTick(1))
        assert codes(await other.answers_to(asked(1, "Last"))) == [(1, 420)]
        assert not codes(await other.answers_to(asked(2, "Last", MSFT_CONTRACT)))
        await asyncio.sleep(15)
        assert not codes(await client.answers_to(asked(1, "Last")))


@on_virtual_time
async def test_generated_market_is_told_tick_by_tick_as_its_line_tells_it() -> None:
    async with streaming(GeneratedFeed(1, [AAPL, MSFT]), limits=NO_LIMITS) as (client, _):
        client.send(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT))
        client.send(asked(2, "AllLast"), asked(3, "BidAsk"))
        await asyncio.sleep(0.5)
        before = len(client.messages)
        await asyncio.sleep(120)
        told = client.messages[before:]
        trades = [(tick.price, tick.size) for tick in of_kind(m.TickPrice, told) if tick.tick_type == 4]
        assert len(trades) > 50
        assert [(price, size) for _, price, size in lasts(told)] == trades
        shown = sides(told)
        assert all(bid < ask for bid, _, ask, _ in shown if bid is not None and ask is not None)
        last_bid = [tick.price for tick in of_kind(m.TickPrice, told) if tick.tick_type == 1][-1]
        assert shown[-1][0] == last_bid
