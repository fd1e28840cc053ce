"""The recorder against a session that a test feeds by hand: when rows are written, and how a recording ends."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire import recording_day
from ibwire.exceptions import ConfigurationError, ConnectionLost, InvalidRequest, RecordingFailed
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.recorder import Recorder, RecorderStatistics
from ibwire.recording_rows import nanoseconds, sources_of
from ibwire.streams import MessageStream
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.recordings import read
from tests.helpers.sessions import START_S
from tests.helpers.virtual_time import on_virtual_time

APPLE = m.Contract(con_id=265598, symbol="AAPL")
BOUND = 50


class FedSession:
    """What the recorder uses of a session. `streams` are those it opened, in their order."""

    def __init__(self) -> None:
        self.streams: list[MessageStream] = []
        self.given_up = 0

    def now(self) -> datetime:
        return datetime.fromtimestamp(START_S, UTC) + timedelta(seconds=asyncio.get_running_loop().time())

    def stream(self, message: Message) -> MessageStream:
        def close(_: MessageStream) -> None:
            self.given_up += 1

        stream = MessageStream(BOUND, lambda _: None, close)
        self.streams.append(stream)
        return stream


class Disk:
    """Runs what writes, when the test lets it."""

    def __init__(self) -> None:
        self.is_free = asyncio.Event()
        self.is_free.set()

    async def run(self, work: Callable[[], None]) -> None:
        await self.is_free.wait()
        work()


def recorder_in(folder: Path, session: FedSession, disk: Disk | None = None, **options: Any) -> Recorder:
    return Recorder(session, folder, run=(disk or Disk()).run, **options)  # type: ignore[arg-type]


def sizes(folder: Path) -> list[str | None]:
    return [row.size for row in read(folder) if row.kind == "size"]


def kinds(folder: Path) -> list[str]:
    return [row.kind for row in read(folder)]


def files_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*.parquet"))


def size(number: int) -> m.TickSize:
    return m.TickSize(1, 0, str(number))


async def settle() -> None:
    """Let every task do what it can without time passing."""
    for _ in range(20):
        await asyncio.sleep(0)


@on_virtual_time
async def test_a_row_is_on_the_disk_after_the_flush_interval_at_the_latest(tmp_path: Path) -> None:
    session = FedSession()
    async with recorder_in(tmp_path, session, flush_s=3.0) as recorder:
        await recorder.record(APPLE)
        session.streams[0].deliver(size(1))
        await asyncio.sleep(2.9)
        assert not files_in(tmp_path)
        await asyncio.sleep(0.2)
        assert sizes(tmp_path) == ["1"]
        assert "end" not in kinds(tmp_path)
    assert kinds(tmp_path) == ["begin", "size", "end"]
    assert session.given_up == 1


@on_virtual_time
async def test_so_many_rows_as_make_a_row_group_are_written_at_once(tmp_path: Path) -> None:
    session = FedSession()
    async with recorder_in(tmp_path, session, flush_s=1000.0, row_group_rows=5) as recorder:
        await recorder.record(APPLE)
        for number in range(4):
            session.streams[0].deliver(size(number))
        await settle()
        assert sizes(tmp_path) == ["0", "1", "2", "3"]


@on_virtual_time
async def test_one_that_falls_behind_ends_in_one_error_with_all_that_it_had_taken(tmp_path: Path) -> None:
    """The disk stands still: first rows wait, then the stream, then its bound is reached."""
    session, disk = FedSession(), Disk()
    recorder = recorder_in(tmp_path, session, disk, row_group_rows=10)
    await recorder.start()
    await recorder.record(APPLE)
    disk.is_free.clear()
    sent = 0
    while session.given_up == 0:
        session.streams[0].deliver(size(sent))
        sent += 1
        await settle()
        assert len(recorder._pending) <= 10
        assert sent < 200
    disk.is_free.set()
    with pytest.raises(RecordingFailed, match="behind"):
        await recorder.wait()
    assert sizes(tmp_path) == [str(number) for number in range(sent - 1)]
    assert "behind" in (read(tmp_path)[-1].text or "")


@on_virtual_time
async def test_a_full_disk_ends_the_recording_and_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session = FedSession()
    with pytest.raises(RecordingFailed, match="No space left"):
        async with recorder_in(tmp_path, session) as recorder:
            await _record_until_full(recorder, session, monkeypatch)
    assert sizes(tmp_path) == ["1"]  # and nothing of what came later, or there would be a hole that nobody sees
    assert kinds(tmp_path) == ["begin", "size"]
    assert sum("No space left" in text for text in caplog.messages) == 1
    assert session.given_up == 1


async def _record_until_full(recorder: Recorder, session: FedSession, monkeypatch: pytest.MonkeyPatch) -> None:
    await recorder.record(APPLE)
    session.streams[0].deliver(size(1))
    await asyncio.sleep(6)
    left = [OSError(errno.ENOSPC, "No space left on device")]
    fsync = recording_day.os.fsync

    def full_once(number: int) -> None:
        if left:
            raise left.pop()
        fsync(number)

    monkeypatch.setattr(recording_day.os, "fsync", full_once)
    session.streams[0].deliver(size(2))
    await asyncio.sleep(6)
    session.streams[0].deliver(size(3))
    await recorder.wait()


@pytest.mark.parametrize("place", ["write", "close"])
@on_virtual_time
async def test_an_error_that_nobody_foresaw_ends_the_recording_as_loudly(tmp_path: Path, place: str) -> None:
    session = FedSession()
    recorder = recorder_in(tmp_path, session, flush_s=1.0)

    def fail(*_: object) -> None:
        raise RuntimeError("cannot schedule new futures after shutdown")

    await recorder.start()
    await recorder.record(APPLE)
    setattr(recorder._writer, place, fail)
    await asyncio.sleep(2)
    if place == "write":
        assert session.given_up == 1
    with pytest.raises(RecordingFailed, match="after shutdown"):
        await recorder.aclose()
    assert session.given_up == 1


@on_virtual_time
async def test_what_waits_when_it_is_closed_is_written(tmp_path: Path) -> None:
    session = FedSession()
    async with recorder_in(tmp_path, session, row_group_rows=3) as recorder:
        await recorder.record(APPLE)
        for number in range(40):
            session.streams[0].deliver(size(number))
    assert sizes(tmp_path) == [str(number) for number in range(40)]


@on_virtual_time
async def test_a_stream_that_fails_ends_all_and_says_so_in_its_rows(tmp_path: Path) -> None:
    session = FedSession()
    recorder = recorder_in(tmp_path, session)
    await recorder.start()
    await recorder.record(APPLE, m.TickByTickRequest(contract=APPLE, tick_type="AllLast"))
    session.streams[0].deliver(size(1))
    session.streams[1].fail(ConnectionLost("it is gone"))
    with pytest.raises(RecordingFailed, match=r"tick_by_tick:AllLast of contract 265598 \(AAPL\) ended: it is gone"):
        await recorder.aclose()
    ends = {row.stream: row.text for row in read(tmp_path) if row.kind == "end"}
    assert ends["market_data"] == "closed"
    assert "it is gone" in (ends["tick_by_tick:AllLast"] or "")
    assert sizes(tmp_path) == ["1"]


@on_virtual_time
async def test_midnight_begins_another_file_and_closes_the_one_before(tmp_path: Path) -> None:
    session = FedSession()
    async with recorder_in(tmp_path, session) as recorder:
        await recorder.record(APPLE)
        for number in range(30):
            session.streams[0].deliver(size(number))
            await asyncio.sleep(3600)
        days = sorted(path.name for path in (tmp_path / "265598").iterdir())
        assert len(days) == 2
        assert len(list((tmp_path / "265598" / days[0]).iterdir())) == 1
    assert sizes(tmp_path) == [str(number) for number in range(30)]


async def test_it_writes_in_a_thread_unless_told_otherwise(tmp_path: Path) -> None:
    session = FedSession()
    async with Recorder(session, tmp_path, flush_s=0.01) as recorder:  # type: ignore[arg-type]
        await recorder.record(APPLE)
        session.streams[0].deliver(size(1))
    assert kinds(tmp_path) == ["begin", "size", "end"]
    async with Recorder(session, tmp_path) as recorder:  # type: ignore[arg-type]
        await recorder.record(APPLE)
    assert kinds(tmp_path) == ["begin", "size", "end", "begin", "end"]


def test_numbers_that_cannot_work_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"flush_s is 0.*row_group_rows is -1"):
        Recorder(FedSession(), tmp_path, flush_s=0, row_group_rows=-1)  # type: ignore[arg-type]


def test_everything_that_cannot_be_recorded_is_named_at_once() -> None:
    what: list[Any] = [
        m.Contract(symbol="MSFT"),
        m.MarketDataRequest(contract=APPLE, snapshot=True),
        m.PositionsRequest(),
        APPLE,
        m.MarketDataRequest(contract=APPLE),
    ]
    with pytest.raises(InvalidRequest) as raised:
        sources_of(what, set())
    for part in ("no con_id", "a snapshot", "PositionsRequest cannot", "market_data of contract 265598 is recorded"):
        assert part in str(raised.value)


_SECONDS = st.integers(-(2**63), 2**63 - 1)
_OUR_TIMES = st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_TEXTS = st.text(max_size=20) | _SECONDS.map(str) | st.just("9" * 5000)
_ITEMS = (
    st.builds(
        m.TickString,
        st.none(),
        st.sampled_from([45, 88, 84]),
        st.text(max_size=20) | _SECONDS.map(str) | st.just("9" * 5000),
    )
    | st.builds(
        m.TickByTickData,
        historical_tick_last=st.none() | st.builds(m.HistoricalTickLast, time=_SECONDS),
        historical_tick_bid_ask=st.none() | st.builds(m.HistoricalTickBidAsk, time=_SECONDS),
    )
    | st.builds(m.MarketDepthL2, market_depth_data=st.none() | st.builds(m.MarketDepthData))
    | st.builds(m.TickOptionComputation, delta=st.floats())
    | st.builds(m.RealTimeBarTick, time=_SECONDS)
    | st.builds(m.ErrorMessage)
    | st.builds(Gap, _OUR_TIMES, st.sampled_from(GapReason), st.text())
    | st.builds(Resumed, _OUR_TIMES)
)


@given(_ITEMS)
def test_whatever_comes_has_a_row_that_fits_the_table(item: Message) -> None:
    source = sources_of([APPLE], set())[0]
    row = source.row(item, 5)
    assert (row.received_ns, row.con_id, row.stream) == (5, 265598, "market_data")
    assert row.event_ns is None or -(2**63) <= row.event_ns < 2**63


def test_times_keep_their_microseconds() -> None:
    assert nanoseconds(datetime(2026, 11, 22, 18, 0, 0, 123_457, tzinfo=UTC)) == 1_795_370_400_123_457_000


@on_virtual_time
async def test_statistics_count_what_came_and_what_is_written(tmp_path: Path) -> None:
    session = FedSession()
    async with recorder_in(tmp_path, session, flush_s=3.0) as recorder:
        await recorder.record(APPLE)
        session.streams[0].deliver(size(1))
        session.streams[0].deliver(Gap(since=session.now(), reason=GapReason.LINK_LOST))
        await settle()
        assert recorder.statistics() == RecorderStatistics(streams=1, rows=3, written=0, gaps=1)
        await asyncio.sleep(3.1)
        assert recorder.statistics() == RecorderStatistics(streams=1, rows=3, written=3, gaps=1)
    assert recorder.statistics() == RecorderStatistics(streams=1, rows=4, written=4, gaps=1)
