"""What a recording plays comes back tick for tick, through quotes and through the recorder, but for exactly the gap."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import pytest

from ibwire.gaps import Gap, Resumed
from ibwire.quotes import Quote
from ibwire.recorder import Recorder
from ibwire.recording_reader import read_recording
from ibwire.recording_schema import RecordingRow
from ibwire.session import IBSession
from ibwire.simulator import GeneratedFeed, ParquetFeed, RealClock, RecordedFeed
from ibwire.simulator.feed import SIZE_OF_PRICE, Feed, Tick, TickType
from tests.helpers.scripted_gateway import PORT
from tests.helpers.sessions import START_S, session_at, wall_clock
from tests.helpers.simulated import AAPL, MSFT, numbered, simulated
from tests.helpers.virtual_time import on_virtual_time

RECORDINGS = Path(__file__).parents[3] / "shared" / "data"
RECORDED = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason=f"the recordings are not part of the project, and {RECORDINGS} is not there"
)
ESH4, EURUSD, TENCENT = 533620665, 12087792, 900000003

PLAYED_S, LOST_AT_S, LOST_FOR_S = 120.0, 40.0, 15.0
STEP_S = 0.05
"""The market is played in steps, and the wire takes a moment: so exact are times here."""

PRICES = {
    TickType.BID: ("bid", "bid_size"),
    TickType.ASK: ("ask", "ask_size"),
    TickType.LAST: ("last", "last_size"),
    TickType.HIGH: ("high", ""),
    TickType.LOW: ("low", ""),
    TickType.OPEN: ("open", ""),
    TickType.CLOSE: ("close", ""),
}
"""By tick type: the fields of a quote that a price is in, and its size."""

SIZES = {
    TickType.BID_SIZE: "bid_size",
    TickType.ASK_SIZE: "ask_size",
    TickType.LAST_SIZE: "last_size",
    TickType.VOLUME: "volume",
}

Told = tuple[int, float | None, str | None]
"""A tick's type, price and size: one of them, or both, or neither for the time of a trade."""


class Came(NamedTuple):
    """What came, and when, in seconds of the feed; a mark of a gap by its name."""

    at_s: float
    what: Told | str


def exactly(size: object) -> str | None:
    return None if size is None else f"{size:f}"


def of_tick(tick: Tick) -> Told:
    has_size = tick.price is None or tick.tick_type in SIZE_OF_PRICE
    return tick.tick_type, tick.price, exactly(tick.size) if has_size else None


def of_quote(quote: Quote) -> Told | None:
    """The tick that a quote was made for; None for what the gateway says on its own."""
    assert quote.tick_type is not None
    if quote.tick_type in PRICES:
        price, size = PRICES[TickType(quote.tick_type)]
        return quote.tick_type, getattr(quote, price), exactly(getattr(quote, size)) if size else None
    if quote.tick_type in SIZES:
        return quote.tick_type, None, exactly(getattr(quote, SIZES[TickType(quote.tick_type)]))
    return None if quote.tick_type == TickType.HALTED else (quote.tick_type, None, None)


def of_row(row: RecordingRow) -> Told | str | None:
    match row.kind:
        case "price":
            assert row.tick_type is not None
            has_size = PRICES[TickType(row.tick_type)][1]
            return row.tick_type, row.price, row.size if has_size else None
        case "size" | "text":
            assert row.tick_type is not None
            return row.tick_type, None, row.size
        case "gap" | "resumed":
            return row.kind
    return None


async def here(work: Callable[[], None]) -> None:
    """On a loop of virtual time no thread is waited for."""
    work()


async def follow(session: IBSession, con_id: int, came: list[Came]) -> None:
    """Every update of a contract's quote."""
    async with session.market_data.quotes(numbered(con_id), conflate=False) as quotes:
        async for item in quotes:
            at_s = asyncio.get_running_loop().time()
            if isinstance(item, Quote):
                assert item.skipped == 0
                assert not item.is_stale
                told = of_quote(item)
                if told is not None:
                    came.append(Came(at_s, told))
            else:
                came.append(Came(at_s, "gap" if isinstance(item, Gap) else "resumed"))
                assert isinstance(item, Gap | Resumed)


async def stream_and_record(feed: Feed, con_ids: Sequence[int], folder: Path, *, lost: bool) -> dict[int, list[Came]]:
    """What the consumers of `quotes` got, while the recorder recorded the same; with a link that is lost on the way."""
    came: dict[int, list[Came]] = {con_id: [] for con_id in con_ids}
    async with (
        simulated(feed, port=PORT, clock=RealClock(wall_clock)) as gateway,
        session_at(PORT) as session,
        Recorder(session, folder, run=here) as recorder,
        asyncio.TaskGroup() as consumers,
    ):
        await recorder.record(*(numbered(con_id) for con_id in con_ids))
        tasks = [consumers.create_task(follow(session, con_id, came[con_id])) for con_id in con_ids]
        if lost:
            await asyncio.sleep(LOST_AT_S)
            await gateway.inject("restart", down_for_s=LOST_FOR_S)
        await asyncio.sleep(PLAYED_S - asyncio.get_running_loop().time())
        for task in tasks:
            task.cancel()
    return came


def recorded(folder: Path, con_id: int) -> list[Came]:
    """The same of a recording."""
    rows = ((row.received_ns / 1e9 - START_S, of_row(row)) for row in read_recording(folder / str(con_id)))
    return [Came(at_s, told) for at_s, told in rows if told is not None]


def standing(ticks: Sequence[Tick]) -> list[Told]:
    """Where a market stands after these: the newest of each type, and with a price its newest size."""
    newest = {tick.tick_type: of_tick(tick) for tick in ticks if tick.tick_type != TickType.LAST_TIMESTAMP}
    for kind, size_kind in SIZE_OF_PRICE.items():
        if kind in newest and size_kind in newest:
            newest[kind] = (kind, newest[kind][1], newest[size_kind][2])
    return sorted(newest.values(), key=itemgetter(0))


def assert_unbroken(came: Sequence[Came], source: Sequence[Tick], until_s: float) -> float:
    """First what the market stands at, then each tick of the source, without a hole, up to `until_s`.

    Returns when it began.
    """
    began_s = came[0].at_s
    opening = [one.what for one in came if one.at_s == began_s]
    ticks = [one.what for one in came if one.at_s > began_s]
    earliest, latest = (sum(tick.at_s <= at_s for tick in source) for at_s in (began_s - STEP_S, began_s))
    told = [of_tick(tick) for tick in source]
    start = next((start for start in range(earliest, latest + 1) if told[start : start + len(ticks)] == ticks), None)
    assert start is not None, "not the ticks of the source, one after the other"
    assert len(ticks) > 20
    end = start + len(ticks)
    assert source[end - 1].at_s <= until_s
    assert end == len(source) or source[end].at_s >= until_s - STEP_S, "some are missing at the end"
    stands_at = [one for one in opening if one[0] != TickType.LAST_TIMESTAMP]
    assert sorted(stands_at, key=itemgetter(0)) == standing(source[:start])
    return began_s


def assert_equal_to(came: list[Came], source: Sequence[Tick], *, lost: bool) -> None:
    marks = [one.what for one in came if isinstance(one.what, str)]
    if not lost:
        assert marks == []
        assert_unbroken(came, source, PLAYED_S)
        return
    assert marks == ["gap", "resumed"]
    gap, resumed = (next(at for at, one in enumerate(came) if one.what == mark) for mark in marks)
    assert resumed == gap + 1
    assert_unbroken(came[:gap], source, LOST_AT_S)
    again_s = assert_unbroken(came[resumed + 1 :], source, PLAYED_S)
    assert came[gap].at_s == pytest.approx(LOST_AT_S, abs=STEP_S)
    assert came[resumed].at_s == again_s
    assert again_s >= LOST_AT_S + LOST_FOR_S


async def validate(feed: Feed, con_ids: Sequence[int], folder: Path, *, lost: bool) -> None:
    quotes = await stream_and_record(feed, con_ids, folder, lost=lost)
    ticks: dict[int, list[Tick]] = {con_id: [] for con_id in con_ids}
    for tick in feed.ticks():
        if tick.at_s > PLAYED_S + 1:
            break
        if tick.con_id in ticks and tick.tick_type != TickType.HALTED:
            ticks[tick.con_id].append(tick)
    for con_id in con_ids:
        assert_equal_to(quotes[con_id], ticks[con_id], lost=lost)
        assert_equal_to(recorded(folder, con_id), ticks[con_id], lost=lost)


@pytest.mark.parametrize("lost", [False, True], ids=["unbroken", "link lost"])
def test_own_recording_played_again_equals_its_source(tmp_path: Path, lost: bool) -> None:
    con_ids = (AAPL, MSFT)

    @on_virtual_time
    async def record() -> None:
        await stream_and_record(GeneratedFeed(5, con_ids=con_ids), con_ids, tmp_path / "source", lost=False)

    @on_virtual_time
    async def play() -> None:
        await validate(ParquetFeed(tmp_path / "source"), con_ids, tmp_path / "again", lost=lost)

    record()
    play()


@RECORDED
@pytest.mark.parametrize("lost", [False, True], ids=["unbroken", "link lost"])
@on_virtual_time
async def test_real_recordings_equal_their_source(tmp_path: Path, lost: bool) -> None:
    await validate(RecordedFeed(RECORDINGS), (ESH4, EURUSD, TENCENT), tmp_path, lost=lost)
