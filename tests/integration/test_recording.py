"""Recording a simulated gateway's streams: what came through the wire is what is read back, and can be played again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ibwire.depth_books import DepthBook
from ibwire.exceptions import RecordingFailed, RequestError
from ibwire.recorder import Recorder
from ibwire.recording_reader import read_recording
from ibwire.recording_rows import Request
from ibwire.recording_schema import RecordingRow
from ibwire.session import IBSession
from ibwire.simulator import GeneratedFeed, ParquetFeed, RealClock, RecordingError, SimulatedGateway
from ibwire.simulator.feed import Feed, Tick, TickType
from ibwire.streams import MessageStream
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.recordings import DAY_NS, MIDNIGHT_NS, opened
from tests.helpers.scripted_feed import ScriptedFeed, quote
from tests.helpers.sessions import START_S, session_at, wall_clock
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, MSFT, MSFT_CONTRACT, simulated
from tests.helpers.virtual_time import on_virtual_time

LEVEL_1 = m.MarketDataRequest(contract=AAPL_CONTRACT)
KINDS: list[Request] = [
    LEVEL_1,
    m.TickByTickRequest(contract=AAPL_CONTRACT, tick_type="AllLast"),
    m.TickByTickRequest(contract=AAPL_CONTRACT, tick_type="BidAsk"),
    m.TickByTickRequest(contract=AAPL_CONTRACT, tick_type="MidPoint"),
    m.MarketDepthRequest(contract=AAPL_CONTRACT, num_rows=5, is_smart_depth=True),
    m.RealTimeBarsRequest(contract=AAPL_CONTRACT, bar_size=5, what_to_show="TRADES", use_rth=False),
]
MARKS = ("begin", "gap", "resumed", "end")

Told = tuple[object, ...]


async def here(work: Callable[[], None]) -> None:
    """On a loop of virtual time no thread is waited for."""
    work()


class Tap:
    """A session that keeps what its streams are given, before any consumer sees it."""

    def __init__(self, session: IBSession) -> None:
        self._session = session
        self._items: dict[str, list[Message]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def of(self, request: Message) -> list[Message]:
        """All that came for a request."""
        return self._items[repr(request)]

    def stream(self, request: Message) -> MessageStream:
        """A stream of the session."""
        stream = self._session.stream(request)
        items, deliver = self._items.setdefault(repr(request), []), stream.deliver

        def tapped(item: Message) -> None:
            items.append(item)
            deliver(item)

        stream.deliver = tapped  # type: ignore[method-assign]
        return stream


def recorder_of(session: Any, folder: Path, *, flush_s: float = 5.0, row_group_rows: int = 500) -> Recorder:
    return Recorder(session, folder, flush_s=flush_s, row_group_rows=row_group_rows, run=here)


@asynccontextmanager
async def trading(feed: Feed | None = None) -> AsyncIterator[tuple[SimulatedGateway, IBSession]]:
    """A session on a gateway whose clock began at START_S when it did."""
    gateway = simulated(feed or GeneratedFeed(3, con_ids=(AAPL, MSFT)), port=4002, clock=RealClock(wall_clock))
    async with gateway, session_at(gateway.port) as session:
        yield gateway, session


def told_by_message(message: Message) -> Told | None:
    """What a message says, in the words of this test; None for what says nothing of the market."""
    match message:
        case m.TickPrice():
            return "price", message.tick_type, message.price, message.size, message.attr_mask
        case m.TickSize():
            return "size", message.tick_type, message.size
        case m.TickGeneric():
            return "number", message.tick_type, message.value
        case m.TickString():
            return "text", message.tick_type, message.value
        case m.TickByTickData(historical_tick_last=m.HistoricalTickLast() as tick):
            return "trade", message.tick_type, tick.time, tick.price, tick.size, tick.exchange
        case m.TickByTickData(historical_tick_bid_ask=m.HistoricalTickBidAsk() as tick):
            return "bid_ask", tick.time, tick.price_bid, tick.size_bid, tick.price_ask, tick.size_ask
        case m.TickByTickData(historical_tick_mid_point=m.HistoricalTick() as tick):
            return "mid_point", tick.time, tick.price
        case m.MarketDepth(market_depth_data=data) | m.MarketDepthL2(market_depth_data=data) if data is not None:
            return "depth", data.position, data.operation, data.side, data.price, data.size, data.market_maker
        case m.RealTimeBarTick() as bar:
            return "bar", bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.count
    return None


def told_by_row(row: RecordingRow) -> Told | None:
    """The same of a row."""
    at_s = None if row.event_ns is None else row.event_ns // 1_000_000_000
    match row.kind:
        case "price":
            return "price", row.tick_type, row.price, row.size, row.attributes
        case "size":
            return "size", row.tick_type, row.size
        case "number":
            return "number", row.tick_type, row.price
        case "text":
            return "text", row.tick_type, row.text
        case "trade":
            return "trade", row.tick_type, at_s, row.price, row.size, row.exchange
        case "bid_ask":
            return "bid_ask", at_s, row.price, row.size, row.ask_price, row.ask_size
        case "mid_point":
            return "mid_point", at_s, row.price
        case "depth":
            return "depth", row.position, row.operation, row.side, row.price, row.size, row.exchange
        case "bar":
            return "bar", at_s, row.open, row.high, row.low, row.price, row.size, row.wap, row.count
    return None


def told_by(rows: Sequence[RecordingRow]) -> list[Told]:
    return [told for row in rows if (told := told_by_row(row)) is not None]


def came(messages: Sequence[Message]) -> list[Told]:
    return [told for message in messages if (told := told_by_message(message)) is not None]


def by_stream(rows: Sequence[RecordingRow]) -> dict[str, list[RecordingRow]]:
    streams: dict[str, list[RecordingRow]] = {}
    for row in rows:
        streams.setdefault(row.stream, []).append(row)
    return streams


@on_virtual_time
async def test_what_comes_through_the_wire_is_read_back_tick_for_tick(tmp_path: Path) -> None:
    async with trading() as (_, session):
        seen = Tap(session)
        async with recorder_of(seen, tmp_path) as recorder:
            await recorder.record(*KINDS)
            await asyncio.sleep(120)
    streams = by_stream(list(read_recording(tmp_path)))
    assert len(streams) == len(KINDS)
    for request, rows in zip(KINDS, streams.values(), strict=True):
        assert [row.kind for row in rows if row.kind in MARKS] == ["begin", "end"]
        assert len(told_by(rows)) >= 10
        assert told_by(rows) == came(seen.of(request)), rows[0].stream


@on_virtual_time
async def test_a_gap_is_marked_and_exactly_what_came_in_it_is_missing(tmp_path: Path) -> None:
    """Every bid of the market is another one, so that what is missing is known."""
    ticks = [tick for n in range(600) for tick in quote(AAPL, 200 + n / 100, 100 + n, at_s=n / 10)]
    async with trading(ScriptedFeed(ticks)) as (gateway, session):
        seen = Tap(session)
        async with recorder_of(seen, tmp_path) as recorder:
            await recorder.record(AAPL_CONTRACT)
            await asyncio.sleep(10)
            await gateway.inject("restart", down_for_s=15)
            await asyncio.sleep(60)
    rows = list(read_recording(tmp_path))
    assert [row.kind for row in rows if row.kind in MARKS] == ["begin", "gap", "resumed", "end"]
    assert told_by(rows) == came(seen.of(LEVEL_1))
    here_, on = (next(at for at, row in enumerate(rows) if row.kind == kind) for kind in ("gap", "resumed"))
    assert rows[here_].event_ns is not None
    assert '"reason":"link_lost"' in (rows[here_].text or "")
    assert rows[on].received_ns - rows[here_].received_ns >= 15_000_000_000
    before, missed, after = bids_of(rows[:here_]), bids_of(rows[here_:on]), bids_of(rows[on:])
    assert before == list(range(before[0], before[-1] + 1))
    assert not missed
    assert after == list(range(after[0], 600))
    assert after[0] - before[-1] >= 150  # fifteen seconds of ten bids each


@on_virtual_time
async def test_a_recording_begun_and_ended_while_the_link_is_down_says_so(tmp_path: Path) -> None:
    async with trading() as (gateway, session):
        recorder = recorder_of(session, tmp_path)
        await recorder.start()
        await recorder.record(AAPL_CONTRACT)
        await asyncio.sleep(10)
        restarting = asyncio.create_task(gateway.inject("restart", down_for_s=20))
        await asyncio.sleep(2)
        await recorder.record(MSFT_CONTRACT)
        ended = asyncio.create_task(recorder.wait())
        await asyncio.sleep(2)
        assert not ended.done()
        await recorder.aclose()
        await ended
        await restarting
        await asyncio.sleep(30)
        assert session.stats().streams.live == 0
    for con_id, marks in ((AAPL, ["begin", "gap", "end"]), (MSFT, ["begin", "gap", "end"])):
        rows = list(read_recording(tmp_path / str(con_id)))
        assert [row.kind for row in rows if row.kind in MARKS] == marks
        assert rows[-1].text == "closed"
        assert bool(told_by(rows)) is (con_id == AAPL)


def bids_of(rows: Sequence[RecordingRow]) -> list[int]:
    """The numbers of the bids, which are in their prices."""
    bids = [row for row in rows if row.kind == "price" and row.tick_type == TickType.BID]
    return [round(((row.price or 0.0) - 200) * 100) for row in bids]


@on_virtual_time
async def test_a_recording_played_again_and_recorded_again_is_the_same(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    async with trading() as (_, session), recorder_of(session, first) as recorder:
        await recorder.record(AAPL_CONTRACT, MSFT_CONTRACT)
        await asyncio.sleep(120)
    feed = ParquetFeed(first)
    loop = asyncio.get_running_loop()
    behind_s = START_S + loop.time() - feed.start_s
    clock = RealClock(lambda: START_S + loop.time() - behind_s)
    async with (
        simulated(feed, port=4002, clock=clock) as gateway,
        session_at(gateway.port) as session,
        recorder_of(session, second) as recorder,
    ):
        await recorder.record(AAPL_CONTRACT, MSFT_CONTRACT)
        await asyncio.sleep(120)
    for con_id in (AAPL, MSFT):
        before, after = (list(read_recording(folder / str(con_id))) for folder in (first, second))
        assert len(before) > 500
        assert [msgless(row) for row in after] == [msgless(row) for row in before]
        shifts = {after_.received_ns - before_.received_ns for before_, after_ in zip(before, after, strict=True)}
        assert max(shifts) - min(shifts) <= 10_000_000  # the market is played in steps


def msgless(row: RecordingRow) -> Told:
    """A row without its times."""
    return row.stream, row.kind, row.tick_type, row.price, row.size, row.attributes, row.exchange, row.text


ARCA = m.Contract(con_id=AAPL, exchange="ARCA")
BOOK = m.MarketDepthRequest(contract=ARCA, num_rows=5)
ONE_BY_ONE: list[Request] = [
    m.TickByTickRequest(contract=AAPL_CONTRACT, tick_type="AllLast"),
    m.TickByTickRequest(contract=AAPL_CONTRACT, tick_type="BidAsk"),
]


@asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[tuple[SimulatedGateway, IBSession]]:
    """A session on a gateway that plays a recording from its beginning, and makes up the rest by another seed."""
    feed, loop = ParquetFeed(folder), asyncio.get_running_loop()
    began = loop.time()
    clock = RealClock(lambda: feed.start_s + loop.time() - began)
    gateway = simulated(feed, port=4002, clock=clock, seed=99)
    async with gateway, session_at(gateway.port, clock_skew_s=80_000) as session:
        yield gateway, session


@on_virtual_time
async def test_ticks_one_by_one_alone_are_a_market_that_gives_the_same_ticks(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    async with trading() as (_, session), recorder_of(session, first) as recorder:
        await recorder.record(*ONE_BY_ONE)
        await asyncio.sleep(120)
    async with playing(first) as (_, session), recorder_of(session, second) as recorder:
        await recorder.record(*ONE_BY_ONE)
        await asyncio.sleep(130)
    before, after = ({name: ticks_of(rows) for name, rows in recorded(one).items()} for one in (first, second))
    for name, ticks in before.items():
        assert len(ticks) > 50
        # The first trade and quote of a feed are its opening, which is no news.
        played = after[name]
        assert len(ticks) - len(played) <= 2, name
        assert played == ticks[len(ticks) - len(played) :], name


def recorded(folder: Path) -> dict[str, list[RecordingRow]]:
    return by_stream(list(read_recording(folder)))


def ticks_of(rows: list[RecordingRow]) -> list[Told]:
    """What the ticks one by one say but for their times."""
    return [
        (row.kind, row.price, row.size, row.ask_price, row.ask_size) for row in rows if row.kind in ("trade", "bid_ask")
    ]


def book_told_by(rows: Sequence[RecordingRow]) -> dict[int, list[tuple[float | None, Decimal]]]:
    """The book that somebody has who was told these rows: by the rules of the page, not by anybody's code."""
    book: dict[int, list[tuple[float | None, Decimal]]] = {0: [], 1: []}
    for row in rows:
        if row.kind == "resumed" or (row.kind == "message" and '"error_code":317' in (row.text or "")):
            book = {0: [], 1: []}
        elif row.kind == "depth":
            assert row.side is not None
            assert row.position is not None
            level = [(row.price, Decimal(row.size or "0"))]
            side, at = book[row.side], row.position
            side[at : at + (row.operation != 0)] = [] if row.operation == 2 else level
    return book


@on_virtual_time
async def test_a_book_that_was_recorded_is_the_book_that_is_played(tmp_path: Path) -> None:
    async with trading() as (gateway, session), recorder_of(session, tmp_path) as recorder:
        await recorder.record(AAPL_CONTRACT, BOOK)
        await asyncio.sleep(20)
        await gateway.inject("depth_reset", symbol="AAPL")
        await asyncio.sleep(20)
        await gateway.inject("disconnect")
        await asyncio.sleep(40)
    rows = recorded(tmp_path)["market_depth:ARCA"]
    assert [row.kind for row in rows if row.kind in MARKS] == ["begin", "gap", "resumed", "end"]
    changes = [row for row in rows if row.kind == "depth"]
    assert len(changes) > 100
    quiet = [(one.received_ns, later.received_ns) for one, later in pairwise(rows) if _s(one, later) > 0.8]
    assert len(quiet) > 5
    async with playing(tmp_path) as (gateway, session), session.market_data.depth(ARCA, 5) as books:
        for since_ns, until_ns in quiet:
            await asyncio.sleep((since_ns + until_ns) / 2e9 - gateway.now_s())
            for _ in range(len(books)):
                shown = await anext(books)
            assert isinstance(shown, DepthBook)
            levels = {side: [(row.price, row.size) for row in at] for side, at in ((0, shown.asks), (1, shown.bids))}
            assert levels == book_told_by([row for row in rows if row.received_ns <= since_ns])


def _s(one: RecordingRow, later: RecordingRow) -> float:
    return (later.received_ns - one.received_ns) / 1e9


@on_virtual_time
async def test_a_refused_stream_ends_the_recording_with_what_came_before_it(tmp_path: Path) -> None:
    async with trading() as (_, session):
        recorder = recorder_of(session, tmp_path)
        await recorder.start()
        await recorder.record(AAPL_CONTRACT)
        await asyncio.sleep(1)
        await recorder.record(m.Contract(con_id=12345, exchange="SMART"))
        with pytest.raises(RecordingFailed, match="market_data of contract 12345 ended"):
            await recorder.wait()
        with pytest.raises(RecordingFailed, match="market_data of contract 12345 ended"):
            await recorder.record(MSFT_CONTRACT)
        with pytest.raises(RecordingFailed, match="market_data of contract 12345 ended"):
            await recorder.aclose()
    assert len(told_by(list(read_recording(tmp_path / str(AAPL))))) > 5
    assert [row.kind for row in read_recording(tmp_path / "12345")] == ["begin", "end"]


@on_virtual_time
async def test_the_session_makes_a_recorder(tmp_path: Path) -> None:
    async with trading() as (_, session):
        recorder = session.recorder(tmp_path)
        with pytest.raises(RecordingFailed, match="does not run"):
            await recorder.record(AAPL_CONTRACT)
        async with recorder_of(session, tmp_path) as running:
            with pytest.raises(RequestError, match=r"no con_id.*AccountDataRequest cannot be recorded"):
                await running.record(m.Contract(symbol="AAPL"), m.AccountDataRequest())  # type: ignore[arg-type]


@on_virtual_time
async def test_a_folder_that_is_in_use_is_refused_at_the_start(tmp_path: Path) -> None:
    async with trading() as (_, session), recorder_of(session, tmp_path) as running:
        await running.record(AAPL_CONTRACT)
        other = recorder_of(session, tmp_path)
        with pytest.raises(RecordingFailed, match="another recorder writes"):
            await other.start()
        await asyncio.sleep(5)
        with pytest.raises(RecordingFailed, match="started once"):
            await running.start()
    assert told_by(list(read_recording(tmp_path)))


@on_virtual_time
async def test_a_recording_of_an_unknown_instrument_is_played_as_another(tmp_path: Path) -> None:
    async with trading() as (_, session), recorder_of(session, tmp_path) as recorder:
        await recorder.record(AAPL_CONTRACT)
        await asyncio.sleep(5)
    (tmp_path / str(AAPL)).rename(tmp_path / "77")
    with pytest.raises(RecordingError, match="no instrument with the contract id 77"):
        ParquetFeed(tmp_path)
    feed = ParquetFeed(tmp_path, played_as={77: MSFT})
    assert feed.con_ids == (MSFT,)
    ticks = list(feed.ticks())
    assert {tick.con_id for tick in ticks} == {MSFT}
    assert all(isinstance(tick, Tick) and (tick.size is None or tick.size >= Decimal(0)) for tick in ticks)


def test_one_day_of_a_recording_is_played(tmp_path: Path) -> None:
    writer = opened(tmp_path)
    told: dict[str, Any] = {"con_id": AAPL, "stream": "market_data", "kind": "price", "tick_type": 1}
    writer.write([RecordingRow(received_ns=MIDNIGHT_NS + n * DAY_NS // 4, price=200.0 + n, **told) for n in range(12)])
    writer.close()
    feed = ParquetFeed(tmp_path, day=datetime.fromtimestamp(MIDNIGHT_NS / 1e9, UTC).date() + timedelta(days=1))
    assert feed.start_s == (MIDNIGHT_NS + DAY_NS) / 1e9
    assert [(tick.at_s, tick.price) for tick in feed.ticks()] == [(n * 21_600.0, 204.0 + n) for n in range(4)]


def test_a_folder_without_market_data_cannot_be_played(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no market data in it"):
        ParquetFeed(tmp_path)
    with pytest.raises(RecordingError, match="no such folder"):
        ParquetFeed(tmp_path / "nowhere")
