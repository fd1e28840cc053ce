"""The historical data of a session, against the simulated gateway: each method, its errors, and lost links."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from ibwire.exceptions import (
    AmbiguousContract,
    ConnectionLost,
    DataFarmDown,
    InvalidRequest,
    NoData,
    NoSecurityDefinition,
    NotConnected,
    RequestFailed,
)
from ibwire.gaps import Gap, Resumed
from ibwire.history import History
from ibwire.history_bars import Bar
from ibwire.history_ticks import MidpointTick, QuoteTick, TradeTick
from ibwire.live_bars import LiveBars, LiveItem
from ibwire.session import IBSession
from ibwire.simulator import ExchangeHours, GatewayLimits, RealClock, SimulatedGateway
from ibwire.simulator.farms import HISTORY_FARM
from ibwire.simulator.feed import Feed
from ibwire.wire import messages as m
from tests.helpers.history import FRIDAY_NOON, instrument
from tests.helpers.scripted_feed import LiveFeed, ScriptedFeed
from tests.helpers.sessions import session_at
from tests.helpers.simulated import AAPL_CONTRACT, ES_FUTURES, OPENING, REST_OF_THE_DAY
from tests.helpers.streaming import traded
from tests.helpers.virtual_time import on_virtual_time

NOON = datetime.fromtimestamp(FRIDAY_NOON, UTC)  # in New York
OPENS = NOON - timedelta(hours=2, minutes=30)
UNKNOWN = m.Contract(con_id=1, exchange="SMART")
BTC = m.Contract(symbol="BTC", sec_type="CRYPTO", exchange="PAXOS")
EURO = m.Contract(con_id=12087792, exchange="IDEALPRO")
ES = m.Contract(symbol="ES", sec_type="CONTFUT", exchange="CME")


@asynccontextmanager
async def connected(
    feed: Feed | None = None, *, start_s: float = FRIDAY_NOON, **options: Any
) -> AsyncIterator[tuple[SimulatedGateway, IBSession]]:
    """A session that began at noon on a Friday, while shares trade."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    def wall_s() -> float:
        return start_s + loop.time() - began

    options.setdefault("limits", GatewayLimits())
    still = feed if feed is not None else ScriptedFeed(OPENING)
    async with SimulatedGateway(port=4002, feed=still, clock=RealClock(wall_s), **options) as gateway:
        session = session_at(backoff_max_s=5.0)
        session.clock = wall_s
        async with session:
            yield gateway, session


Call = Callable[[IBSession], Awaitable[Any]]

OF_A_CONTRACT: dict[str, Callable[[History, m.Contract], Awaitable[Any]]] = {
    "bars": lambda history, one: history.bars(one, "1 hour", start=OPENS),
    "ticks": lambda history, one: history.ticks(one, start=OPENS),
    "head_timestamp": lambda history, one: history.head_timestamp(one),
    "histogram": lambda history, one: history.histogram(one),
    "schedule": lambda history, one: history.schedule(one, duration="1 W"),
    "keep_up_to_date": lambda history, one: anext(history.keep_up_to_date(one, "1 min")),
}

CALLS: dict[str, Call] = {
    "bars": lambda session: session.history.bars(AAPL_CONTRACT, "5 mins", start=OPENS, end=NOON - timedelta(minutes=5)),
    "ticks": lambda session: session.history.ticks(AAPL_CONTRACT, start=OPENS, end=OPENS + timedelta(minutes=5)),
    "head_timestamp": lambda session: session.history.head_timestamp(AAPL_CONTRACT),
    "histogram": lambda session: session.history.histogram(AAPL_CONTRACT, period="2 days"),
    "schedule": lambda session: session.history.schedule(AAPL_CONTRACT, start=date(2026, 4, 6)),
}


# --- what is asked for


@on_virtual_time
async def test_each_method_gives_what_the_gateway_has() -> None:
    async with connected(hours=ExchangeHours()) as (gateway, session):
        found = {name: await call(session) for name, call in CALLS.items()}
        assert [bar.start for bar in found["bars"]] == [OPENS + number * timedelta(minutes=5) for number in range(29)]
        assert all(bar.is_closed for bar in found["bars"])
        assert found["head_timestamp"] == datetime(2000, 1, 3, 14, 30, tzinfo=UTC)
        sessions = found["schedule"]
        assert [one.day for one in sessions] == [date(2026, 4, day) for day in (6, 7, 8, 9, 10)]
        assert (sessions[-1].start, sessions.time_zone) == (OPENS, "US/Eastern")
        two_days = await session.history.bars(AAPL_CONTRACT, "1 min", start=date(2026, 4, 9))
        assert sum(level.size for level in found["histogram"]) == sum(bar.volume or 0 for bar in two_days)
        prices = [level.price for level in found["histogram"]]
        assert prices == sorted(set(prices))
        source = gateway.bars.seconds(
            instrument("AAPL"), "TRADES", int(OPENS.timestamp()), int(OPENS.timestamp()) + 300, is_backward=False
        )
        ticks = [(tick.at_s, tick.price, tick.size) for second in source for tick in second]
        assert [(int(tick.time.timestamp()), tick.price, tick.size) for tick in found["ticks"]] == ticks
        assert gateway.state().violations == []
        await session.connection.ping()
        assert gateway.open_history() == 0


@pytest.mark.parametrize(("what", "kind"), [("TRADES", TradeTick), ("BID_ASK", QuoteTick), ("midpoint", MidpointTick)])
def test_ticks_over_several_pages_and_sessions_are_all_there_once(what: str, kind: type[Any]) -> None:
    @on_virtual_time
    async def test() -> None:
        async with connected(hours=ExchangeHours()) as (gateway, session):
            start, end = datetime(2026, 4, 9, 19, 40, tzinfo=UTC), OPENS + timedelta(minutes=20)
            ticks = await session.history.ticks(AAPL_CONTRACT, start=start, end=end, what=what)
            assert len(ticks) > 3000
            assert {type(tick) for tick in ticks} == {kind}
            parts = [
                await session.history.ticks(
                    AAPL_CONTRACT,
                    start=start + number * part,
                    end=start + (number + 1) * part,
                    what=what,
                    empty_ok=True,
                )
                for part in [(end - start) / 4]
                for number in range(4)
            ]
            assert [tick for part in parts for tick in part] == list(ticks)
            assert gateway.state().violations == []

    test()


@on_virtual_time
async def test_bar_that_is_open_says_so_and_days_are_dates() -> None:
    async with connected() as (_, session):
        await asyncio.sleep(90)
        bars = await session.history.bars(AAPL_CONTRACT, "5 mins", duration=timedelta(minutes=12))
        assert [(bar.start, bar.is_closed) for bar in bars][-2:] == [(NOON - timedelta(minutes=5), True), (NOON, False)]
        await asyncio.sleep(212)
        # Two seconds after its end the gateway's clock may not have reached it yet.
        *_, last, _ = await session.history.bars(AAPL_CONTRACT, "5 mins", duration=timedelta(minutes=12))
        assert (last.start, last.is_closed) == (NOON, False)
        days = await session.history.bars(AAPL_CONTRACT, "1 day", start=date(2026, 4, 6))
        assert [(bar.start, bar.is_closed) for bar in days][-2:] == [
            (date(2026, 4, 9), True),
            (date(2026, 4, 10), False),
        ]
        assert days.holes == ()
        weeks = await session.history.bars(AAPL_CONTRACT, "1 week", start=date(2026, 3, 21))
        assert [bar.start for bar in weeks] == [date(2026, 3, 27), date(2026, 4, 3), date(2026, 4, 10)]


@on_virtual_time
async def test_what_ibkr_gives_up_to_now_only_is_one_request() -> None:
    async with connected() as (_, session):
        adjusted = await session.history.bars(AAPL_CONTRACT, "1 hour", duration="1 W", what="ADJUSTED_LAST")
        plain = await session.history.bars(AAPL_CONTRACT, "1 hour", duration="1 W")
        assert list(adjusted) == list(plain)
        years = await session.history.bars(AAPL_CONTRACT, "1 day", duration="5 Y", what="ADJUSTED_LAST")
        assert len(years) > 1300
        earlier = {"start": NOON - timedelta(days=9), "end": NOON - timedelta(days=7)}
        future = await session.history.bars(ES, "1 hour", **earlier)
        assert {bar.start.date() for bar in future if isinstance(bar.start, datetime)} <= {
            date(2026, 4, n) for n in (1, 2, 3)
        }
        assert (future.holes, future.holes_unknown) == (None, "continuous futures have no schedule of the past")
        for contract, what in ((AAPL_CONTRACT, "ADJUSTED_LAST"), (ES, "TRADES")):
            with pytest.raises(InvalidRequest, match="up to now only, in one request"):
                await session.history.bars(contract, "1 min", duration="1 M", what=what)


# --- what is refused

BAD: list[tuple[Callable[[IBSession], Any], str]] = [
    (
        lambda session: session.history.bars(AAPL_CONTRACT, "1 minute", what="PRICES", at_once=0),
        "bar_size is '1 minute'.*what is 'PRICES'.*either start or duration.*at_once is 0",
    ),
    (lambda session: session.history.bars(AAPL_CONTRACT, "1 min", duration="1 fortnight"), "duration is '1 fortnight'"),
    (lambda session: session.history.bars(AAPL_CONTRACT, "1 min", duration=timedelta()), "has to be positive"),
    (lambda session: session.history.bars(AAPL_CONTRACT, "1 min", duration="9999 Y"), "longer than the calendar"),
    (lambda session: session.history.bars(AAPL_CONTRACT, "1 min", start=NOON, end=OPENS), "nothing lies between"),
    (
        lambda session: session.history.bars(AAPL_CONTRACT, "1 min", start=NOON.replace(tzinfo=None)),
        "start is .* names no time zone",
    ),
    (lambda session: session.history.head_timestamp(AAPL_CONTRACT, what="SCHEDULE"), "what is 'SCHEDULE'"),
    (lambda session: session.history.histogram(AAPL_CONTRACT, period="3 D"), "period is '3 D'"),
    (lambda session: session.history.schedule(AAPL_CONTRACT), "either start or duration"),
]


@on_virtual_time
async def test_bad_arguments_are_named_all_at_once_and_nothing_is_asked() -> None:
    async with connected() as (_, session):
        before = session.stats().limiter.sent
        for call, complaint in BAD:
            with pytest.raises(InvalidRequest, match=complaint):
                await call(session)
        for arguments, complaint in (
            (("1 secs", "1 D", "TRADES"), "5 secs and longer"),
            (("1 min", "1 Y", "TRADES"), "more than one request may ask for"),
            (("1 min", "1 D", "BID_ASK"), "kept up to date of"),
        ):
            size, duration, what = arguments
            with pytest.raises(InvalidRequest, match=complaint):
                session.history.keep_up_to_date(AAPL_CONTRACT, size, duration=duration, what=what)
        assert session.stats().limiter.sent == before


REFUSED: list[tuple[m.Contract, dict[str, Any], type[RequestFailed]]] = [
    (UNKNOWN, {}, NoSecurityDefinition),
    (ES_FUTURES, {}, AmbiguousContract),
    (BTC, {}, InvalidRequest),
    (EURO, {}, NoData),
    (AAPL_CONTRACT, {"what": "YIELD_LAST"}, NoData),
    (AAPL_CONTRACT, {"start": date(1995, 1, 1), "end": date(1995, 2, 1)}, NoData),
]


@pytest.mark.parametrize(("contract", "changed", "kind"), REFUSED)
def test_what_ibkr_refuses_is_raised_by_its_class_at_once(
    contract: m.Contract, changed: dict[str, Any], kind: type[RequestFailed]
) -> None:
    @on_virtual_time
    async def test() -> None:
        loop = asyncio.get_running_loop()
        async with connected() as (_, session):
            began = loop.time()
            arguments = {"start": OPENS, **changed}
            with pytest.raises(kind):
                await session.history.bars(contract, "1 hour", **arguments)
            assert loop.time() - began < 5

    test()


@pytest.mark.parametrize("method", OF_A_CONTRACT)
def test_every_method_refuses_an_unknown_and_an_ambiguous_contract(method: str) -> None:
    @on_virtual_time
    async def test() -> None:
        loop = asyncio.get_running_loop()
        async with connected() as (gateway, session):
            began = loop.time()
            for contract, kind in ((UNKNOWN, NoSecurityDefinition), (ES_FUTURES, AmbiguousContract)):
                with pytest.raises(kind):
                    await OF_A_CONTRACT[method](session.history, contract)
            assert loop.time() - began < 30
            await session.connection.ping()
            assert gateway.open_history() == 0

    test()


@on_virtual_time
async def test_no_data_is_an_empty_answer_only_if_asked_for() -> None:
    nineties = {"start": date(1995, 1, 1), "end": date(1995, 2, 1)}
    async with connected() as (_, session):
        assert list(await session.history.bars(AAPL_CONTRACT, "1 day", **nineties, empty_ok=True)) == []
        empty = await session.history.bars(AAPL_CONTRACT, "1 day", **nineties, empty_ok=True)
        assert list(empty.columns()) == list(Bar.__struct_fields__)
        new_year = {"start": date(1995, 1, 3), "end": date(1995, 1, 4)}
        with pytest.raises(NoData, match="TRADES ticks"):
            await session.history.ticks(AAPL_CONTRACT, **new_year)
        assert len(await session.history.ticks(AAPL_CONTRACT, **new_year, rth=False, empty_ok=True)) == 0
        sunday = {"start": date(2026, 4, 5), "end": date(2026, 4, 6)}
        with pytest.raises(NoData):
            await session.history.schedule(AAPL_CONTRACT, **sunday)
        assert len(await session.history.schedule(AAPL_CONTRACT, **sunday, empty_ok=True)) == 0


# --- what happens meanwhile


@pytest.mark.parametrize("name", CALLS)
def test_lost_link_is_waited_for(name: str) -> None:
    @on_virtual_time
    async def test() -> None:
        async with connected() as (_, session):
            plain = await CALLS[name](session)
        async with connected() as (gateway, session):
            gateway.start_fault("disconnect", {})  # the client has not noticed yet
            assert await CALLS[name](session) == plain
            assert session.stats().reconnects == 1
            await session.connection.ping()
            assert gateway.open_history() == 0

    test()


@pytest.mark.parametrize("name", CALLS)
def test_history_farm_that_is_away_is_waited_for(name: str) -> None:
    @on_virtual_time
    async def test() -> None:
        loop = asyncio.get_running_loop()
        async with connected() as (gateway, session):
            gateway.farms_down.add(HISTORY_FARM)
            loop.call_later(40, gateway.farms_down.clear)
            began = loop.time()
            assert await CALLS[name](session)
            assert 40 <= loop.time() - began < 75

    test()


@on_virtual_time
async def test_farm_that_stays_away_is_an_error_in_the_end() -> None:
    async with connected() as (gateway, session):
        gateway.farms_down.add(HISTORY_FARM)
        with pytest.raises(DataFarmDown):
            await session.history.bars(AAPL_CONTRACT, "1 hour", start=OPENS, find_holes=False)


@on_virtual_time
async def test_closing_the_session_ends_what_is_under_way() -> None:
    async with connected() as (_, session):
        work = asyncio.create_task(session.history.bars(AAPL_CONTRACT, "30 secs", duration="3 M"))
        await asyncio.sleep(3)
        await session.aclose()
        with pytest.raises((NotConnected, ConnectionLost)):
            await work


@on_virtual_time
async def test_cancelled_download_leaves_nothing_open() -> None:
    async with connected() as (gateway, session):
        work = asyncio.create_task(session.history.bars(AAPL_CONTRACT, "30 secs", duration="3 M"))
        await asyncio.sleep(3)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await session.connection.ping()
        assert (gateway.open_history(), session.connection.requests_under_way) == (0, 0)


@on_virtual_time
async def test_progress_that_raises_ends_the_download() -> None:
    class Enough(Exception):
        pass

    def stop(_: object) -> None:
        raise Enough

    async with connected() as (_, session):
        with pytest.raises(Enough):
            await session.history.bars(AAPL_CONTRACT, "1 hour", start=OPENS, progress=stop)


# --- kept up to date


class Reader:
    """Reads live bars in a task of its own."""

    def __init__(self, bars: LiveBars) -> None:
        self.items: list[LiveItem] = []
        self._task = asyncio.create_task(self._read(bars))

    async def _read(self, bars: LiveBars) -> None:
        async with bars:
            async for item in bars:
                self.items.append(item)

    @property
    def closed(self) -> list[datetime]:
        return [
            item.start
            for item in self.items
            if isinstance(item, Bar) and item.is_closed and isinstance(item.start, datetime)
        ]

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.mark.parametrize("fault", ["disconnect", "connectivity", "farm"])
def test_bars_kept_up_to_date_have_no_hole_after_a_gap(fault: str) -> None:
    @on_virtual_time
    async def test() -> None:
        loop = asyncio.get_running_loop()
        feed = LiveFeed([*REST_OF_THE_DAY, *OPENING])
        async with connected(feed) as (gateway, session):
            reader = Reader(session.history.keep_up_to_date(AAPL_CONTRACT, "5 secs", duration=timedelta(seconds=60)))

            async def trade(seconds: int) -> None:
                for number in range(seconds):
                    feed.tell(traded(100.0 + number % 7, 5))
                    await asyncio.sleep(1)

            await trade(30)
            match fault:
                case "disconnect":
                    await gateway.inject("restart", down_for_s=90)
                case "connectivity":
                    await gateway.inject("connectivity_lost")
                    await trade(90)
                    await gateway.inject("connectivity_restored", data_lost=True)
                case "farm":
                    await gateway.inject("farm_down", farm="usfarm")
                    await trade(90)
                    await gateway.inject("farm_up", farm="usfarm")
            await trade(90)
            await reader.close()
            assert {type(item) for item in reader.items} == {Bar, Gap, Resumed}
            closed = reader.closed
            steps = {later - earlier for earlier, later in pairwise(closed)}
            assert steps == {timedelta(seconds=5)}
            assert closed[0] <= NOON - timedelta(seconds=60)
            assert closed[-1] >= NOON + timedelta(seconds=180)
            await session.connection.ping()
            assert gateway.open_history() == 0
            assert loop.time() < 3600

    test()


@on_virtual_time
async def test_last_bar_of_the_day_is_closed_soon_after_it_and_as_the_gateway_has_it() -> None:
    feed = LiveFeed([*REST_OF_THE_DAY, *OPENING])
    end = NOON + timedelta(hours=4)
    async with connected(feed, start_s=end.timestamp() - 100, hours=ExchangeHours()) as (_, session):
        live = session.history.keep_up_to_date(AAPL_CONTRACT, "1 min", duration=timedelta(minutes=5))
        reader = Reader(live)
        for number in range(99):
            feed.tell(traded(100.0 + number % 7, 5))
            await asyncio.sleep(1)
        await asyncio.sleep(70)
        assert reader.closed[-1] == end - timedelta(minutes=1)
        closed = [item for item in reader.items if isinstance(item, Bar) and item.is_closed]
        bars = await session.history.bars(AAPL_CONTRACT, "1 min", start=end - timedelta(minutes=1), end=end)
        assert list(bars) == closed[-1:]
        await asyncio.sleep(60)
        assert len(reader.closed) == len(closed)
        await reader.close()


@on_virtual_time
async def test_live_bars_that_are_closed_are_cancelled_at_the_gateway() -> None:
    async with connected() as (gateway, session):
        bars = session.history.keep_up_to_date(AAPL_CONTRACT, "1 min")
        assert isinstance(await anext(bars), Bar)
        assert gateway.open_history() == 1
        bars.close()
        bars.close()
        await session.connection.ping()
        assert gateway.open_history() == 0
        assert all([isinstance(item, Bar) async for item in bars]), "what waits can still be taken"


@on_virtual_time
async def test_refusal_of_a_stream_is_raised_by_its_iterator() -> None:
    async with connected() as (_, session):
        with pytest.raises(NoSecurityDefinition):
            await anext(session.history.keep_up_to_date(UNKNOWN, "5 secs", duration="60 S"))


def test_numbers_stay_exact() -> None:
    @on_virtual_time
    async def test() -> None:
        async with connected() as (_, session):
            (bar, *_) = await session.history.bars(AAPL_CONTRACT, "1 hour", start=OPENS)
            assert isinstance(bar.volume, Decimal)
            assert isinstance(bar.average, Decimal)

    test()
