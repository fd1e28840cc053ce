"""What all streams of the simulated gateway have in common: faults, set quotes, generic ticks, and the same bytes."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from ibwire.simulator import NO_LIMITS, GatewayLimits, GeneratedFeed
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import quote
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, MSFT_CONTRACT, bought, codes, raw, simulated, told
from tests.helpers.streaming import after, live, of_kind, streaming, traded
from tests.helpers.virtual_time import on_virtual_time

EVERY_KIND = (
    m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT),
    m.TickByTickRequest(req_id=2, contract=AAPL_CONTRACT, tick_type="AllLast"),
    m.TickByTickRequest(req_id=3, contract=AAPL_CONTRACT, tick_type="BidAsk"),
    m.MarketDepthRequest(req_id=4, contract=AAPL_CONTRACT, is_smart_depth=True),
    m.RealTimeBarsRequest(req_id=5, contract=AAPL_CONTRACT, what_to_show="TRADES"),
)
STREAMED = (
    *(m.TickPrice, m.TickSize, m.TickString, m.TickByTickData),
    *(m.MarketDepthL2, m.RealTimeBarTick),
)


def ids_streamed(messages: list[Message]) -> set[int]:
    return {one.req_id for one in messages if isinstance(one, STREAMED) and one.req_id is not None}


@on_virtual_time
@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (("connectivity_lost", {}), ("connectivity_restored", {"data_lost": False})),
        (("farm_down", {"farm": "usfarm"}), ("farm_up", {"farm": "usfarm"})),
        (("silent_stream", {"symbol": "AAPL"}), ("silent_stream", {"symbol": "AAPL", "is_on": False})),
        (("competing_session", {}), ("competing_session", {"is_on": False})),
    ],
    ids=lambda fault: fault[0],
)
async def test_fault_holds_back_every_kind_of_stream_until_it_ends(
    begins: tuple[str, dict[str, object]], ends: tuple[str, dict[str, object]]
) -> None:
    async with streaming(GeneratedFeed(1, [AAPL])) as (client, gateway):
        await client.answers_to(*EVERY_KIND)
        await asyncio.sleep(12)
        assert ids_streamed(client.messages) == {1, 2, 3, 4, 5}
        await gateway.inject(begins[0], **begins[1])
        await asyncio.sleep(0.5)
        silent_from = len(client.messages)
        await asyncio.sleep(60)
        assert ids_streamed(client.messages[silent_from:]) == set()
        await gateway.inject(ends[0], **ends[1])
        await asyncio.sleep(12)
        assert ids_streamed(client.messages[silent_from:]) == {1, 2, 3, 4, 5}


@on_virtual_time
async def test_data_lost_ends_every_kind_of_stream_and_frees_ids_and_limits() -> None:
    limits = GatewayLimits(messages_per_s=None, tick_by_tick_repeat_s=None, tick_by_tick_streams=2, depth_streams=1)
    async with streaming(GeneratedFeed(1, [AAPL]), limits=limits) as (client, gateway):
        assert {code for _, code in codes(await client.answers_to(*EVERY_KIND))} == {2152}
        await gateway.inject("connectivity_lost")
        await gateway.inject("connectivity_restored", data_lost=True)
        await asyncio.sleep(1)
        silent_from = len(client.messages)
        await asyncio.sleep(30)
        assert ids_streamed(client.messages[silent_from:]) == set()
        assert {code for _, code in codes(await client.answers_to(*EVERY_KIND))} == {2152}
        await asyncio.sleep(12)
        assert ids_streamed(client.messages[silent_from:]) == {1, 2, 3, 4, 5}


@on_virtual_time
async def test_competing_session_is_told_to_streams_of_every_kind_there_are_and_to_come() -> None:
    async with streaming(GeneratedFeed(1, [AAPL])) as (client, gateway):
        await client.answers_to(*EVERY_KIND[:3])
        await gateway.inject("competing_session")
        assert (await client.answers_to(*EVERY_KIND[3:])) is not None
        assert sorted(id_ for id_, code in codes(client.messages) if code == 10197) == [1, 2, 3, 4, 5]


@on_virtual_time
async def test_line_opened_while_data_are_held_back_gets_all_of_the_quote_afterwards() -> None:
    feed = live()
    async with streaming(feed) as (client, gateway):
        await gateway.inject("silent_stream", symbol="AAPL")
        opening = await client.answers_to(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT))
        assert not of_kind(m.TickPrice, opening)
        assert await after(client, feed, quote(AAPL, 99.0, 1)) == []
        await gateway.inject("silent_stream", symbol="AAPL", is_on=False)
        shown = {told(one) for one in await after(client, feed, quote(AAPL, bid_size=2))}
        assert {"1=99.0 x 2", "2=100.1 x 200", "4=100.1 x 5", "9=99.0 x 0", "8=12345"} <= shown


@on_virtual_time
async def test_line_is_told_afterwards_what_changed_while_data_were_held_back() -> None:
    feed = live()
    async with streaming(feed) as (client, gateway):
        await client.answers_to(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT))
        await gateway.inject("silent_stream", symbol="AAPL")
        assert await after(client, feed, quote(AAPL, 99.0, 1)) == []
        await gateway.inject("silent_stream", symbol="AAPL", is_on=False)
        first, second = quote(AAPL, ask_size=7), quote(AAPL, ask_size=8)
        assert {"1=99.0 x 1", "3=7"} <= {told(one) for one in await after(client, feed, first)}
        assert [told(one) for one in await after(client, feed, second)] == ["3=8"], "only once"


@on_virtual_time
async def test_set_quote_is_streamed_and_matched_like_a_tick_of_the_feed() -> None:
    async with streaming(live()) as (client, gateway):
        await client.answers_to(*EVERY_KIND[:3])
        client.send(bought(7, "10", 90.0))
        await client.fence()
        before = len(client.messages)
        gateway.set_quote(AAPL, bid=89.9, bid_size=Decimal(5), ask=89.95, ask_size=Decimal(6), last=89.95)
        await client.fence()
        news = client.messages[before:]
        shown = [told(one) for one in news if isinstance(one, m.TickPrice | m.TickSize)]
        assert shown == ["1=89.9 x 5", "0=5", "2=89.95 x 6", "3=6", "4=89.95 x None"]
        assert "X BOT 6@89.95" in [told(one) for one in news]
        (tick,) = [one.historical_tick_bid_ask for one in of_kind(m.TickByTickData, news)]
        assert tick is not None
        assert (tick.price_bid, tick.price_ask) == (89.9, 89.95)


@pytest.mark.parametrize(
    ("con_id", "values", "complaint"), [(1, {"bid": 1.0}, "no instrument"), (AAPL, {}, "a quote needs")]
)
async def test_set_quote_of_nothing_is_refused(con_id: int, values: dict[str, float], complaint: str) -> None:
    async with simulated() as gateway:
        with pytest.raises(ValueError, match=complaint):
            gateway.set_quote(con_id, **values)  # type: ignore[arg-type]


@on_virtual_time
async def test_generic_ticks_come_once_and_trade_volume_with_every_trade() -> None:
    feed = live()
    async with streaming(feed) as (client, _):
        request = m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT, generic_tick_list="100,233,292,375,456")
        opening = await client.answers_to(request)
        assert {29, 30, 59} <= {getattr(one, "tick_type", None) for one in opening}
        (news,) = of_kind(m.TickNews, opening)
        assert news.req_id == 1
        assert "APPLE INC" in str(news.headline)
        strings = of_kind(m.TickString, await after(client, feed, traded(101.0, 10), traded(103.0, 30)))
        volumes = [one.value for one in strings if one.tick_type == 48]
        assert [volume.split(";")[:2] for volume in volumes if volume is not None] == [["101.0", "10"], ["103.0", "30"]]
        price, size, time_ms, total, average, single = (volumes[1] or "").split(";")
        assert (price, size, total, float(average), single) == ("103.0", "30", "12345", 102.5, "false")
        assert int(time_ms) > 1_775_000_000_000
        assert [one.value for one in strings if one.tick_type == 77] == volumes


@on_virtual_time
async def test_unknown_generic_tick_is_refused_by_name() -> None:
    async with streaming() as (client, _):
        request = m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT, generic_tick_list="233,999")
        (refusal,) = await client.answers_to(request)
        assert codes([refusal]) == [(1, 321)]
        assert "Incorrect generic tick list of 233,999" in str(refusal)
        assert "233(RTVolume)" in str(refusal)


@on_virtual_time
async def test_hundred_and_first_instrument_is_refused_whoever_streams_the_others() -> None:
    async with streaming(limits=GatewayLimits(market_data_lines=2)) as (client, gateway):
        async with raw(gateway, 2) as other:
            await client.answers_to(EVERY_KIND[0], EVERY_KIND[4])
            assert not codes(await other.answers_to(m.MarketDataRequest(req_id=1, contract=MSFT_CONTRACT)))
            third = m.MarketDataRequest(req_id=2, contract=m.Contract(symbol="NVDA", sec_type="STK", exchange="SMART"))
            assert codes(await other.answers_to(third)) == [(2, 101)]
        await asyncio.sleep(1)
        assert not codes(await client.answers_to(third))


def test_same_seed_gives_the_same_bytes_of_every_kind_of_stream() -> None:
    runs: list[bytes] = []

    @on_virtual_time
    async def run() -> None:
        async with streaming(GeneratedFeed(5, [AAPL]), limits=NO_LIMITS, seed=5) as (client, _):
            client.send(*EVERY_KIND)
            await asyncio.sleep(60)
            runs.append(client.bytes_received)

    run()
    run()
    assert runs[0] == runs[1]
    assert len(runs[0]) > 20_000
