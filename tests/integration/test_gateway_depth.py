"""Market depth of the simulated gateway: a client that applies what it is told has the gateway's book."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from ibwire.simulator import GatewayLimits, GeneratedFeed, RecordedFeed, SimulatedGateway
from ibwire.simulator.books import ASK, BID, SIDES
from ibwire.simulator.feed import Tick
from ibwire.simulator.instruments import by_con_id
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign
from tests.helpers.scripted_feed import quote
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, MSFT_CONTRACT, RawClient, codes, raw
from tests.helpers.streaming import MOMENT_S, after, contract, live, of_kind, streaming
from tests.helpers.virtual_time import on_virtual_time

RECORDINGS = Path(__file__).parents[3] / "shared" / "data"
NASDAQ_CONTRACT = m.Contract(con_id=AAPL, exchange="NASDAQ")
ARCA_CONTRACT = m.Contract(con_id=AAPL, exchange="ARCA")


def asked(req_id: int, contract_: m.Contract = ARCA_CONTRACT, rows: int = 5, *, smart: bool = False) -> Message:
    return m.MarketDepthRequest(req_id=req_id, contract=contract_, num_rows=rows, is_smart_depth=smart)


def operations(messages: list[Message], req_id: int) -> list[m.MarketDepthData]:
    told = [one for one in messages if isinstance(one, m.MarketDepth | m.MarketDepthL2) and one.req_id == req_id]
    return [one.market_depth_data for one in told if one.market_depth_data is not None]


def book_of(messages: list[Message], req_id: int, rows: int) -> dict[int, list[tuple[float | None, str | None]]]:
    """What a client makes of it; fails for an operation on a row that it does not have, and for too deep a book."""
    book: dict[int, list[Any]] = defaultdict(list)
    for one in operations(messages, req_id):
        assert one.position is not None
        assert one.side in SIDES
        side = book[one.side]
        assert 0 <= one.position < len(side) + (one.operation == 0)
        if one.operation == 0:
            side.insert(one.position, (one.price, one.size))
        elif one.operation == 1:
            side[one.position] = (one.price, one.size)
        else:
            del side[one.position]
        assert len(side) <= rows
    return book


def assert_is_the_gateways(client: RawClient, gateway: SimulatedGateway, req_id: int, rows: int, con_id: int) -> None:
    book = book_of(client.messages, req_id, rows)
    instrument = by_con_id(con_id)
    assert instrument is not None
    real = gateway.data.book(instrument)
    for side in SIDES:
        assert book[side] == [(row.price, f"{row.size:f}") for row in real.rows(side)[:rows]]


@on_virtual_time
@pytest.mark.parametrize(
    ("contract_", "smart", "kind", "makers"),
    [
        (ARCA_CONTRACT, False, m.MarketDepth, {None}),
        (NASDAQ_CONTRACT, False, m.MarketDepthL2, {"NSDQ", "CDRG", "JANE", "VIRT", "IMCC", "SUSQ", "GTSM", "HRTF"}),
        (AAPL_CONTRACT, True, m.MarketDepthL2, {"NASDAQ", "ARCA", "NYSE", "BATS", "IEX"}),
    ],
)
async def test_book_begins_with_insertions_and_its_top_is_the_quote(
    contract_: m.Contract, smart: bool, kind: type[Message], makers: set[str | None]
) -> None:
    feed = live()
    async with streaming(feed) as (client, _):
        answers = await client.answers_to(asked(5, contract_, 4, smart=smart))
        assert codes(answers) == [(5, 2152)] * smart
        rows = operations(answers, 5)
        assert {type(one) for one in answers[smart:]} == {kind}
        assert {row.operation for row in rows} == {0}
        assert {row.market_maker for row in rows} <= makers
        assert {row.is_smart_depth for row in rows} == {smart or None}
        assert [(row.side, row.position) for row in rows] == [(side, at) for side in (ASK, BID) for at in range(4)]
        book = book_of(answers, 5, 4)
        assert (book[BID][0], book[ASK][0]) == ((100.0, "300"), (100.1, "200"))
        told = await after(client, feed, quote(AAPL, 100.03, 50), quote(AAPL, 99.9, 20, 100.2, 30))
        assert {0, 2} <= {row.operation for row in operations(told, 5)}
        book = book_of(client.messages, 5, 4)
        assert (book[BID][0], book[ASK][0]) == ((99.9, "20"), (100.2, "30"))


QUOTES = st.tuples(st.integers(1, 60), st.integers(1, 20), st.integers(0, 9), st.integers(0, 9))


@campaign(part=25, full=400)
@given(st.lists(QUOTES, min_size=1, max_size=15), st.integers(1, 25), st.lists(st.integers(0, 14), max_size=2))
def test_clients_book_is_the_gateways_after_any_quotes_and_faults(
    quotes: list[tuple[int, ...]], rows: int, silent_at: list[int]
) -> None:
    events = [
        quote(AAPL, float(bid) / 100, bid_size, float(bid + spread) / 100, ask_size)
        for bid, spread, bid_size, ask_size in quotes
    ]
    _play_book(events, rows, set(silent_at))


@on_virtual_time
async def _play_book(events: list[list[Tick]], rows: int, silent_at: set[int]) -> None:
    feed = live()
    async with streaming(feed) as (client, gateway):
        await client.answers_to(asked(5, rows=rows))
        for number, event in enumerate(events):
            if number in silent_at:
                is_on = AAPL not in gateway.silent_con_ids
                await gateway.inject("silent_stream", symbol="AAPL", is_on=is_on)
            await after(client, feed, event)
        await gateway.inject("silent_stream", symbol="AAPL", is_on=False)
        await asyncio.sleep(MOMENT_S)
        assert_is_the_gateways(client, gateway, 5, rows, AAPL)


@on_virtual_time
async def test_generated_book_is_followed_for_ten_minutes() -> None:
    async with streaming(GeneratedFeed(3, [AAPL])) as (client, gateway):
        client.send(asked(5, rows=10), m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT))
        await asyncio.sleep(600)
        assert_is_the_gateways(client, gateway, 5, 10, AAPL)
        book = book_of(client.messages, 5, 10)
        for side, price_type in ((BID, 1), (ASK, 2)):
            last = [tick.price for tick in of_kind(m.TickPrice, client.messages) if tick.tick_type == price_type][-1]
            assert book[side][0][0] == last
        assert {one.operation for one in operations(client.messages, 5)} == {0, 1, 2}


@on_virtual_time
@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (asked(5, AAPL_CONTRACT), 10092),
        (asked(5, NASDAQ_CONTRACT, smart=True), 10092),
        (asked(5, m.Contract(con_id=AAPL, exchange="AMEX")), 10092),
        (asked(5, contract("SPX")), 10092),
        (asked(5, contract("ESH4"), smart=True), 10092),
        (asked(5, m.Contract(con_id=1, exchange="SMART")), 200),
        (asked(5, m.Contract(con_id=MSFT_CONTRACT.con_id, exchange="ARCA")), 354),
        (m.CancelMarketDepth(5), 310),
    ],
)
async def test_book_that_cannot_be_had_is_refused(request_: Message, code: int) -> None:
    async with streaming(permissions={"MSFT": "none"}) as (client, _):
        assert codes(await client.answers_to(request_)) == [(5, code)]


@on_virtual_time
async def test_cancel_has_to_say_whether_it_is_smart_depth_and_ends_the_stream() -> None:
    feed = live()
    async with streaming(feed) as (client, _):
        await client.answers_to(asked(5, AAPL_CONTRACT, smart=True))
        assert codes(await client.answers_to(asked(5))) == [(5, 322)]
        assert codes(await client.answers_to(m.CancelMarketDepth(5, is_smart_depth=False))) == [(5, 310)]
        assert await client.answers_to(m.CancelMarketDepth(5, is_smart_depth=True)) == []
        assert await after(client, feed, quote(AAPL, 100.05, 1)) == []


@on_virtual_time
async def test_fourth_instrument_is_refused_but_not_another_stream_of_the_third() -> None:
    async with streaming(limits=GatewayLimits()) as (client, gateway):
        symbols = ("AAPL", "MSFT", "NVDA", "AMD")
        contracts = [m.Contract(symbol=symbol, sec_type="STK", exchange="ARCA") for symbol in symbols]
        async with raw(gateway, 2) as other:
            for number, one in enumerate(contracts[:3]):
                assert not codes(await client.answers_to(asked(number, one)))
            assert not codes(await other.answers_to(asked(1, contracts[2])))
            assert codes(await other.answers_to(asked(2, contracts[3]))) == [(2, 309)]
            await client.answers_to(m.CancelMarketDepth(0))
            assert not codes(await other.answers_to(asked(2, contracts[3])))


@on_virtual_time
async def test_halted_book_has_to_be_asked_for_again() -> None:
    feed = live()
    async with streaming(feed) as (client, gateway):
        await client.answers_to(asked(5))
        await gateway.inject("depth_halted", symbol="AAPL")
        assert codes(await after(client, feed, quote(AAPL, 100.05, 1))) == [(5, 316)]
        assert len(operations(await client.answers_to(asked(5)), 5)) == 10


@on_virtual_time
async def test_reset_book_comes_again_from_nothing() -> None:
    feed = live()
    async with streaming(feed) as (client, gateway):
        await client.answers_to(asked(5))
        before = len(client.messages)
        await gateway.inject("depth_reset", symbol="AAPL")
        await after(client, feed, quote(AAPL, 100.05, 1))
        told = client.messages[before:]
        assert codes(told) == [(5, 317)]
        assert book_of(told, 5, 5)[BID][0] == (100.05, "1")


@pytest.mark.skipif(
    not RECORDINGS.exists(), reason=f"the recordings are not part of the project, and {RECORDINGS} is not there"
)
@on_virtual_time
async def test_recorded_book_is_played_beside_the_recorded_quotes() -> None:
    async with streaming(RecordedFeed(RECORDINGS)) as (client, gateway):
        await client.answers_to(asked(5, contract("EUR.USD"), 5))
        await asyncio.sleep(20)
        assert_is_the_gateways(client, gateway, 5, 5, contract("EUR.USD").con_id or 0)
        assert len(operations(client.messages, 5)) > 100
        assert of_kind(m.MarketDepth, client.messages)
