"""One download of bars: which requests it takes, several of them at a time, and what they come to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from ibwire.asking import Asker
from ibwire.bar_series import BarSeries
from ibwire.exceptions import NoData
from ibwire.history_bars import Bar, bar_of, merged, position
from ibwire.history_sessions import Schedule, trading_time
from ibwire.history_spans import CLOCKS_DIFFER, Interval, chunks, duration_for, joined, overlaps, request_span, without
from ibwire.session_api import SessionApi
from ibwire.wire import messages as m

if TYPE_CHECKING:
    from ibwire.history_store import BarStore


class DownloadProgress(Struct, frozen=True, kw_only=True):
    """How far a download is: `done` of `total` requests, `bars` so far, those from the store among them.

    `span` is what the last request was for, None at the start.
    """

    done: int
    total: int
    bars: int
    span: Interval | None = None


class BarDownload:
    """The bars of one series within a span. What is in `store` is not asked for, and what comes is kept there.

    `schedule` saves the requests for when nothing is traded. `progress` is called at the start and after each request;
    what it raises ends the download. `at_once` requests are under way at a time.
    """

    def __init__(
        self,
        session: SessionApi,
        asker: Asker,
        series: BarSeries,
        span: Interval,
        *,
        schedule: Schedule | None,
        store: BarStore | None,
        progress: Callable[[DownloadProgress], object] | None,
        at_once: int,
    ) -> None:
        self._session = session
        self._asker = asker
        self._series = series
        self._span = span
        self._schedule = schedule
        self._store = store
        self._progress = progress
        self._at_once = at_once
        self._answers: list[list[Bar]] = []
        self._bars = 0
        self._done = 0
        self._total = 0

    async def run(self) -> list[Bar]:
        """Ask for everything that is missing, and give all: each bar once, in order.

        Raises the first error that asking again cannot mend; what has come until then is in the store.
        """
        missing = without(self._span, await self._take_from_store())
        todo = deque(self._plan(missing))
        self._total = len(todo)
        self._tell(None)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._at_once, len(todo))):
                    group.create_task(self._work(todo))
        except BaseExceptionGroup as failures:
            first = failures.exceptions[0]
            raise first from first.__cause__
        return merged(self._answers, self._span)

    def _plan(self, missing: list[Interval]) -> list[Interval]:
        """The spans of the requests, the oldest first."""
        if self._series.ends_now:
            return missing[:1]
        size = self._series.size
        known = self._schedule.known if self._schedule is not None and size.is_intraday else None
        if self._schedule is None or known is None:
            return chunks(missing, size)
        # Of what the schedule says nothing, everything is asked for.
        worth = joined([*trading_time(self._schedule, size), *without(self._span, [known])])
        return chunks([piece for gap in missing for piece in overlaps(gap, worth)], size)

    async def _take_from_store(self) -> list[Interval]:
        """Take what is there; which time that is."""
        if self._store is None:
            return []
        now, key, size = self._certain_now(), self._series.key, self._series.size
        covered = overlaps(self._span, self._store.covered(key))
        for messages in self._store.bars(key, self._span):
            bars = [bar_of(message, size, now) for message in messages]
            self._take([bar for bar in bars if position(bar.start) in self._span])
            await asyncio.sleep(0)  # a year of them takes a second: others have their turn between
        return covered

    async def _work(self, todo: deque[Interval]) -> None:
        while todo:
            chunk = todo.popleft()
            now, size = self._certain_now(), self._series.size  # what had closed before we asked is whole
            messages = await self._ask(chunk)
            pairs = [(message, bar_of(message, size, now)) for message in messages]
            pairs = [(message, bar) for message, bar in pairs if position(bar.start) in chunk]
            self._take([bar for _, bar in pairs])
            settled = self._settled(chunk, now)
            # An empty answer may be IBKR's way to say that we are too fast (pacing notes, 2): it is not for ever.
            if self._store is not None and settled is not None and messages:
                kept = [message for message, bar in pairs if position(bar.start) in settled]
                self._store.add(self._series.key, settled, kept)
            self._done += 1
            self._tell(chunk)

    async def _ask(self, chunk: Interval) -> list[m.HistoricalDataBar]:
        """The bars of an answer; none if IBKR says that it has none."""
        try:
            answers = await self._asker.ask(self._request(chunk))
        except NoData:
            return []
        return [bar for one in answers if isinstance(one, m.HistoricalData) for bar in one.historical_data_bars]

    def _request(self, chunk: Interval) -> m.HistoricalDataRequest:
        series, now = self._series, self._session.now()
        if series.ends_now:
            duration = duration_for(now - chunk.start + 2 * series.size.length, series.size, is_whole=True)
            return series.request(None, duration)
        end, duration = request_span(chunk, series.size)
        return series.request(end if end <= now else None, duration)

    def _settled(self, chunk: Interval, now: datetime) -> Interval | None:
        """The part of a span whose bars do not change any more."""
        end = min(chunk.end, (now - self._series.size.length).replace(microsecond=0))
        return Interval(chunk.start, end) if chunk.start < end else None

    def _certain_now(self) -> datetime:
        return self._session.now() - CLOCKS_DIFFER

    def _take(self, bars: list[Bar]) -> None:
        self._answers.append(bars)
        self._bars += len(bars)

    def _tell(self, chunk: Interval | None) -> None:
        if self._progress is not None:
            self._progress(DownloadProgress(done=self._done, total=self._total, bars=self._bars, span=chunk))
