"""What users of other libraries reported of market data and history, by the number of the issue: it does not happen.

Where another test shows it, `SHOWN_BY` names that; the rest are here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from ibwire.exceptions import NoData, NoSecurityDefinition, RequestTimeout
from ibwire.gaps import Gap, Resumed
from ibwire.history_bars import Bar
from ibwire.live_bars import LiveBars
from ibwire.session import IBSession
from ibwire.simulator import GatewayLimits, RealClock, SimulatedGateway
from ibwire.simulator.feed import Feed
from ibwire.wire import messages as m
from tests.helpers.named_tests import exists
from tests.helpers.scripted_feed import quote
from tests.helpers.sessions import session_at, wall_clock
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, simulated
from tests.helpers.streaming import live
from tests.helpers.virtual_time import on_virtual_time

A_WHILE_S = 120
MARKET, STREAMS = "unit/test_market_data.py", "unit/test_stream_keeper.py"

SHOWN_BY = {
    "ib_async 33, ib_insync 665: books corrupted": (
        f"{MARKET}::test_impossible_operation_is_a_gap_and_the_book_is_asked_for_again"
    ),
    "ib_async 40, ib_insync 547: slow option chains": (
        "integration/test_contract_lookups.py::test_many_look_ups_stay_within_the_rate_that_the_gateway_enforces"
    ),
    "ib_async 91, rust-ibapi 677: an advisory kills the data": f"{MARKET}::test_frozen_and_delayed_data_say_so",
    "ib_async 95: qualifying many hangs TWS": (
        "unit/test_contracts.py::test_many_are_qualified_together_in_order_and_not_too_many_at_once"
    ),
    "ib_async 131, rust-ibapi 233, 455: names of time zones": (
        "unit/test_time_zones.py::test_names_that_gateways_use_mean_their_zone"
    ),
    "ib_async 140, ib_insync 687: slow history without a word": (
        "integration/test_history_download.py::test_what_is_in_the_store_is_not_asked_for_again"
    ),
    "ib_async 156, ib_insync 236, 383, rust-ibapi 779: ticks missed by slow consumers": (
        f"{MARKET}::test_consumer_of_everything_that_is_too_slow_is_told"
    ),
    "ib_async 158, 164, thetagang 578: an ambiguous contract is None": (
        "integration/test_contract_lookups.py::test_unknown_and_ambiguous_contracts_are_typed_errors"
    ),
    "ib_insync 256, nautilus 1533, 3001: dead streams after a reconnect": (
        "integration/test_market_data_service.py::test_quotes_go_on_after_every_kind_of_loss"
    ),
    "ib_insync 409, 531, rust-ibapi 786: memory grows with ticks": (
        f"{MARKET}::test_consumer_of_everything_that_is_too_slow_is_told"
    ),
    "ib_insync 423, 451: stale prices": f"{MARKET}::test_after_a_gap_nothing_from_before_it_is_shown",
    "Lean 50, ib_insync 35: pacing bans": (
        "integration/test_history_download.py::"
        "test_a_year_of_minutes_keeps_the_pacing_survives_lost_links_and_equals_the_source"
    ),
    "Lean 79: too many lines": f"{MARKET}::test_beyond_the_limit_nothing_is_sent_and_the_error_says_so",
    "nautilus 3968: eight hours without ticks on a healthy link": (
        f"{STREAMS}::test_stream_silent_while_others_tick_is_reported_and_asked_for_again_ever_less_often"
    ),
    "nautilus 4412: too eager after a farm's flap": (
        f"{STREAMS}::test_lost_farm_stalls_what_is_silent_and_not_what_ticks"
    ),
    "rust-ibapi 694: a search that hangs": (
        "integration/test_contract_lookups.py::test_a_question_that_is_not_answered_is_a_time_out"
    ),
}


@pytest.mark.parametrize("pain", SHOWN_BY)
def test_what_shows_it_is_there(pain: str) -> None:
    assert exists(SHOWN_BY[pain])


@asynccontextmanager
async def market(feed: Feed | None = None, **options: Any) -> AsyncIterator[tuple[SimulatedGateway, IBSession]]:
    options.setdefault("clock", RealClock(wall_clock))
    async with (
        simulated(feed if feed is not None else live(), port=4002, **options) as gateway,
        session_at(stale_stream_s=80_000, connection={"request_timeout_s": 20.0}) as session,
    ):
        yield gateway, session


@on_virtual_time
async def test_ib_async_223_a_quote_of_half_an_hour_ago_prices_nothing() -> None:
    """A ticker kept its fields after a snapshot, and the next one was filled from them: a limit far off the market."""
    feed = live()
    async with market(feed) as (_, session):
        data = session.market_data
        first = await data.snapshot(AAPL_CONTRACT)
        async with data.quotes(AAPL_CONTRACT) as quotes:
            await asyncio.sleep(1)
            assert (await anext(quotes)).bid == first.bid == 100.0
        await asyncio.sleep(A_WHILE_S)
        assert data.latest(AAPL_CONTRACT) is None, "nobody reads it, so nobody knows"
        # Trading stands still: there is no bid any more, and the offer has moved.
        feed.tell(quote(AAPL, -1.0, 0, 150.0, 5))
        await asyncio.sleep(1)
        now = await data.snapshot(AAPL_CONTRACT)
        assert (now.bid, now.ask) == (None, 150.0)
        async with data.quotes(AAPL_CONTRACT) as quotes:
            await asyncio.sleep(1)
            again = await anext(quotes)
            assert (again.bid, again.ask, again.is_stale) == (None, 150.0, False)
            assert again.received_at is not None
            assert session.now() - again.received_at < timedelta(seconds=2)
            # And who looks at a quiet line later sees how old it is.
            await asyncio.sleep(A_WHILE_S)
            kept = data.latest(AAPL_CONTRACT)
            assert kept is not None
            assert kept.received_at is not None
            assert session.now() - kept.received_at > timedelta(seconds=A_WHILE_S - 2)


@on_virtual_time
async def test_ib_insync_281_296_what_has_failed_is_not_an_empty_list() -> None:
    nineties = {"start": datetime(1995, 1, 1, tzinfo=UTC), "end": datetime(1995, 1, 2, tzinfo=UTC)}
    async with market() as (gateway, session):
        history, contracts = session.history, session.contracts
        assert len(await history.bars(AAPL_CONTRACT, "1 hour", **nineties, empty_ok=True)) == 0
        with pytest.raises(NoData):
            await history.bars(AAPL_CONTRACT, "1 hour", **nineties)
        for empty_ok in (False, True):
            with pytest.raises(NoSecurityDefinition):
                await history.bars(m.Contract(con_id=1, exchange="SMART"), "1 hour", **nineties, empty_ok=empty_ok)
        assert await contracts.search("zzzzzz") == ()
        stalling = asyncio.create_task(gateway.inject("stall", for_s=14))
        await asyncio.sleep(0)
        with pytest.raises(RequestTimeout):
            await session.request(m.MatchingSymbolsRequest(pattern="AAPL"), timeout=5)
        await stalling


@on_virtual_time
async def test_ib_insync_268_lean_607_a_loop_of_short_bars_waits_instead_of_breaking_the_rules() -> None:
    """Sixty small requests in ten minutes, BID_ASK twice: thirty-one of those are too many."""
    async with market(limits=GatewayLimits()) as (gateway, session):
        loop = asyncio.get_running_loop()
        began, now = loop.time(), session.now()
        for number in range(31):
            end = now - timedelta(days=1, hours=number)
            await session.history.bars(
                AAPL_CONTRACT,
                "5 secs",
                start=end - timedelta(minutes=5),
                end=end,
                what="BID_ASK",
                rth=False,
                find_holes=False,
                empty_ok=True,
            )
        assert gateway.state().violations == []
        assert loop.time() - began > 300, "it has waited"
        assert session.stats().reconnects == 0


async def keep_all(bars: LiveBars, items: list[Any]) -> None:
    async with bars:
        while True:
            items.append(await anext(bars))


@pytest.mark.parametrize("data_lost", [False, True])
def test_ib_insync_333_344_391_533_bars_kept_up_to_date_go_on_without_holes_or_doubles(data_lost: bool) -> None:
    """After the gateway's own link was lost IBKR ends the updates with 10182, and no bar ever came again."""

    @on_virtual_time
    async def run() -> None:
        feed = live()
        async with market(feed) as (gateway, session):
            bars = session.history.keep_up_to_date(AAPL_CONTRACT, "5 secs", duration="60 S", what="MIDPOINT", rth=False)
            items: list[Any] = []
            reading = asyncio.create_task(keep_all(bars, items))
            for number in range(90):
                feed.tell(quote(AAPL, 100.0 + number % 5, 5, 101.0 + number % 5, 5))
                await asyncio.sleep(1)
                if number == 30:
                    await gateway.inject("connectivity_lost")
                if number == 50:
                    await gateway.inject("connectivity_restored", data_lost=data_lost)
            await asyncio.sleep(60)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            assert {type(item) for item in items} == {Bar, Gap, Resumed}
            starts = [item.start for item in items if isinstance(item, Bar) and item.is_closed]
            assert {later - earlier for earlier, later in pairwise(starts)} == {timedelta(seconds=5)}

    run()
