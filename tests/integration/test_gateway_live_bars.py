"""Bars that the simulated gateway keeps up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import msgspec
import pytest

from ibwire.simulator import NO_LIMITS, ExchangeHours, GeneratedFeed, RealClock
from ibwire.simulator.farms import HISTORY_FARM
from ibwire.simulator.feed import Tick, TickType
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.history import FRIDAY_NOON, asked, at, living
from tests.helpers.scripted_feed import LiveFeed, quote
from tests.helpers.simulated import AAPL, MSFT_CONTRACT, OPENING, client_of, codes, kinds, raw, simulated
from tests.helpers.virtual_time import on_virtual_time

LIVE = asked(bar_size_setting="5 secs", duration="60 S", keep_up_to_date=True)


def trade(price: float, volume: int) -> list[Tick]:
    last = Tick(0.0, AAPL, TickType.LAST, price, Decimal(1))
    return [last, Tick(0.0, AAPL, TickType.VOLUME, None, Decimal(volume))]


def updates(messages: Sequence[Message]) -> list[tuple[str, float | None, float | None, str | None]]:
    bars = [one.historical_data_bar for one in messages if isinstance(one, m.HistoricalDataUpdate)]
    return [(str(bar.date)[15:17], bar.open, bar.close, bar.volume) for bar in bars if bar is not None]


@on_virtual_time
async def test_open_bar_is_told_as_it_closes_and_the_next_as_it_begins() -> None:
    feed = LiveFeed([*OPENING, *trade(100.0, 1000)])
    async with living(feed) as (_, client):
        past = await client.answers_to(LIVE)
        assert kinds(past) == ["HistoricalData", "HistoricalDataEnd"]
        here = len(client.messages)
        await asyncio.sleep(5)
        # Nothing happened, but bars begin.
        assert updates(client.messages[here:]) == [("00", 100.0, 100.0, "0"), ("05", 100.0, 100.0, "0")]
        feed.tell(trade(100.5, 1010))
        await asyncio.sleep(1)
        feed.tell(trade(100.25, 1015))
        await asyncio.sleep(4)
        assert updates(client.messages[here:])[2:] == [("05", 100.0, 100.25, "15"), ("10", 100.25, 100.25, "0")]


@on_virtual_time
async def test_long_bar_is_told_every_five_seconds_if_it_changes() -> None:
    feed = LiveFeed([*OPENING, *trade(100.0, 1000)])
    async with living(feed) as (_, client):
        await client.answers_to(asked(bar_size_setting="1 hour", keep_up_to_date=True))
        here = len(client.messages)
        for second in range(20):
            if second < 11:
                feed.tell(trade(100.0 + second, 1000 + second))
            await asyncio.sleep(1)
        told = updates(client.messages[here:])
        assert 3 <= len(told) <= 4
        assert told[-1][2] == 110.0


@on_virtual_time
async def test_bar_that_is_open_goes_on_from_its_past() -> None:
    loop = asyncio.get_running_loop()

    def minutes_later() -> float:
        return FRIDAY_NOON + 600 + loop.time()

    feed = LiveFeed([*OPENING, *trade(900.0, 1000)])
    async with living(feed, clock=RealClock(minutes_later)) as (_, client):
        data, _ = await client.answers_to(asked(bar_size_setting="1 day", keep_up_to_date=True))
        feed.tell(trade(901.0, 1007))
        await client.until(lambda: isinstance(client.messages[-1], m.HistoricalDataUpdate))
        assert isinstance(data, m.HistoricalData)
        past, update = data.historical_data_bars[-1], client.messages[-1]
        assert isinstance(update, m.HistoricalDataUpdate)
        now = update.historical_data_bar
        assert now is not None
        assert (now.date, now.open, now.low, now.high, now.close) == ("20260410", past.open, past.low, 901.0, 901.0)
        assert Decimal(str(now.volume)) - Decimal(str(past.volume)) == 7


@on_virtual_time
async def test_quotes_make_bars_of_their_own() -> None:
    feed = LiveFeed(OPENING)
    async with living(feed) as (_, client):
        for number, what in enumerate(("BID", "ASK", "MIDPOINT")):
            await client.answers_to(msgspec.structs.replace(LIVE, req_id=number, what_to_show=what))
        feed.tell(quote(AAPL, 99.0, 5))
        here = len(client.messages)
        await asyncio.sleep(5)
        told = [one for one in client.messages[here:] if isinstance(one, m.HistoricalDataUpdate)]
        closes = {one.req_id: one.historical_data_bar.close for one in told if one.historical_data_bar is not None}
        assert closes == {0: 99.0, 1: 100.1, 2: 99.55}
        assert {one.historical_data_bar.volume for one in told if one.historical_data_bar is not None} == {"-1"}


@on_virtual_time
async def test_cancel_ends_the_updates_and_is_confirmed() -> None:
    feed = LiveFeed([*OPENING, *trade(100.0, 1000)])
    async with living(feed) as (_, client):
        await client.answers_to(LIVE)
        assert codes(await client.answers_to(LIVE)) == [(1, 386)]
        (error,) = await client.answers_to(m.CancelHistoricalData(1))
        assert isinstance(error, m.ErrorMessage)
        assert (error.error_code, str(error.error_msg)[-12:]) == (162, "cancelled: 1")
        here = len(client.messages)
        feed.tell(trade(101.0, 1001))
        await asyncio.sleep(20)
        assert updates(client.messages[here:]) == []
        assert codes(await client.answers_to(m.CancelHistoricalData(1))) == [(1, 366)]


@on_virtual_time
async def test_updates_die_with_the_link_and_stay_dead() -> None:
    feed = LiveFeed([*OPENING, *trade(100.0, 1000)])
    async with living(feed) as (gateway, client):
        await client.answers_to(LIVE)
        here = len(client.messages)
        await gateway.inject("connectivity_lost")
        assert codes(await client.answers_to(asked(req_id=2)))[-1] == (2, 162)
        await gateway.inject("connectivity_restored", data_lost=False)
        await asyncio.sleep(20)
        assert codes(client.messages[here:])[:2] == [(-1, 1100), (1, 10182)]
        assert updates(client.messages[here:]) == []
        assert codes(await client.answers_to(LIVE)) == []  # its id is free again


@pytest.mark.parametrize(("farm", "dies"), [("usfarm", True), ("hfarm", False)])
def test_updates_die_with_the_farm_that_they_come_from(farm: str, dies: object) -> None:
    @on_virtual_time
    async def test() -> None:
        async with living(LiveFeed(OPENING)) as (gateway, client):
            await client.answers_to(LIVE)
            await gateway.inject("farm_down", farm=farm)
            await gateway.inject("farm_up", farm=farm)
            await client.fence()
            assert ((1, 10182) in codes(client.messages)) == dies

    test()


@on_virtual_time
async def test_without_the_farm_of_history_nothing_of_it_is_answered() -> None:
    async with living(LiveFeed(OPENING)) as (gateway, client):
        await client.answers_to(LIVE)
        session = gateway.session_of(1)
        assert session is not None
        gateway.farms_down.add(HISTORY_FARM)
        session.history.farm_lost(HISTORY_FARM)
        assert codes(await client.answers_to(asked(req_id=2))) == [(1, 10182), (2, 162)]


@on_virtual_time
async def test_silent_stream_silences_the_bars_too() -> None:
    feed = LiveFeed([*OPENING, *trade(100.0, 1000)])
    async with living(feed) as (gateway, client):
        await client.answers_to(LIVE)
        await gateway.inject("silent_stream", symbol="AAPL")
        here = len(client.messages)
        feed.tell(trade(101.0, 1001))
        await asyncio.sleep(20)
        assert updates(client.messages[here:]) == []
        assert codes(client.messages[here:]) == []


@on_virtual_time
async def test_when_the_market_closes_no_more_bars_begin() -> None:
    loop = asyncio.get_running_loop()
    nearly_four = at("2026-04-10T19:59:50") - loop.time()
    feed = LiveFeed([*OPENING, *trade(100.0, 1000)])
    async with living(feed, hours=ExchangeHours(), clock=RealClock(lambda: nearly_four + loop.time())) as (_, client):
        await client.answers_to(LIVE)
        here = len(client.messages)
        for second in range(40):
            feed.tell(trade(100.0, 1000 + second))
            await asyncio.sleep(1)
        assert {date for date, *_ in updates(client.messages[here:])} <= {"50", "55"}


async def test_our_client_streams_bars_and_their_updates() -> None:
    async with simulated(GeneratedFeed(1, [AAPL]), clock=RealClock(Clock())) as gateway, client_of(gateway) as client:
        async with client.stream(
            asked(req_id=None, bar_size_setting="5 secs", duration="60 S", keep_up_to_date=True)
        ) as bars:
            first = [await anext(bars) for _ in range(3)]
        assert kinds(first) == ["HistoricalData", "HistoricalDataEnd", "HistoricalDataUpdate"]


class Clock:
    """Goes on by a quarter of a second each time it is looked at."""

    def __init__(self) -> None:
        self.now_s = float(FRIDAY_NOON)

    def __call__(self) -> float:
        self.now_s += 0.25
        return self.now_s


async def test_bars_kept_up_to_date_take_a_market_data_line() -> None:
    limits = msgspec.structs.replace(NO_LIMITS, market_data_lines=1)
    async with simulated(limits=limits, clock=RealClock(lambda: FRIDAY_NOON)) as gateway, raw(gateway, 1) as client:
        assert codes(await client.answers_to(LIVE)) == []
        other = m.MarketDataRequest(req_id=5, contract=MSFT_CONTRACT)
        assert codes(await client.answers_to(other)) == [(5, 101)]
        await client.answers_to(m.CancelHistoricalData(1))
        assert codes(await client.answers_to(other)) == []
        assert codes(await client.answers_to(LIVE)) == [(1, 101)]
