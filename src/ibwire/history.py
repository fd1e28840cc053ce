"""Historical data of a session: bars and ticks of any span, bars kept up to date, head timestamps, histograms and
schedules.

    bars = await session.history.bars(apple, "1 min", duration="1 Y", store="apple.sqlite3")
    bars.to_pandas()

Any span is cut into the requests that IBKR allows; all of them leave through the rate limiter, which keeps IBKR's
pacing, after everything else that wants to leave. What may pass (a lost link, pacing, a farm that is down) is waited
for; what is wrong with the question is one typed error (protocol notes, 3.6 and 3.7).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ibwire.asking import Asker
from ibwire.bar_download import BarDownload, DownloadProgress
from ibwire.bar_series import ADJUSTED_LAST, BAR_KINDS, LIVE_KINDS, SHORTEST_LIVE_BAR, BarSeries, Problems
from ibwire.bar_times import FORMAT_TEXT, parse_moment
from ibwire.exceptions import NoData, RequestError
from ibwire.history_bars import Bars
from ibwire.history_sessions import Schedule, holes
from ibwire.history_spans import Interval, duration_for, longest_chunk, without
from ibwire.history_ticks import TICK_KINDS, Tick, TickPages, TickProgress, Ticks, pieces
from ibwire.live_bars import LiveBars
from ibwire.record_table import RecordTable
from ibwire.schedules import Schedules
from ibwire.session_api import SessionApi
from ibwire.wire import messages as m

if TYPE_CHECKING:
    from ibwire.history_store import BarStore

_PERIOD = re.compile(r"[1-9]\d{0,4} (second|minute|hour|day|week|month|year)s?", re.ASCII)
_MOST_AT_ONCE = 20
"""IBKR allows fifty open historical queries to all clients of a login together (pacing notes, 2)."""


class PriceLevel(Struct, frozen=True):
    """How much was traded at a price."""

    price: float
    size: Decimal


class Histogram(RecordTable[PriceLevel]):
    """Sizes by price, from the lowest price on."""


class History:
    """The historical data of a session. Contracts are those of the wire; times given have to be aware, or dates."""

    def __init__(self, session: SessionApi) -> None:
        self._session = session
        self._asker = Asker(session)
        self._schedules = Schedules(session, self._asker)

    async def bars(
        self,
        contract: m.Contract,
        bar_size: str,
        *,
        start: datetime | date | None = None,
        end: datetime | date | None = None,
        duration: timedelta | str | None = None,
        what: str = "TRADES",
        rth: bool = True,
        store: BarStore | Path | str | None = None,
        progress: Callable[[DownloadProgress], object] | None = None,
        find_holes: bool = True,
        empty_ok: bool = False,
        at_once: int = 4,
    ) -> Bars:
        """The bars that begin from `start` on and before `end` (or now), each once and in order.

        `duration` in place of `start` goes back from `end`: a timedelta, or "2 D", "3 M", "1 Y" on the calendar. For
        bars of a day and longer both are dates, `end` not included. The last bar may still be open (`Bar.is_closed`).
        With `store` (a file, or an open `BarStore`) every answer is kept there; what is there already is not asked for,
        so that an interrupted download goes on where it stopped. `find_holes` asks for the contract's schedule as well,
        which saves the requests for when nothing is traded, and tells where bars are missing (`Bars.holes`).
        `progress` is called on the event loop after each request. `at_once` requests are under way at a time.

        Raises InvalidRequest naming all that is wrong with the arguments, NoData if there is not one bar (unless
        `empty_ok`), and what IBKR refuses, by its class; retryable errors only after many attempts (`asking`).
        """
        problems = Problems("bars")
        series = problems.series(contract, bar_size, what, rth=rth)
        now = self._session.now()
        is_by_day = series is not None and not series.size.is_intraday
        span = problems.span(start, end, duration, now, is_by_day=is_by_day)
        problems.require(1 <= at_once <= _MOST_AT_ONCE, f"at_once is {at_once}; allowed are 1 to {_MOST_AT_ONCE}")
        if series is not None and series.ends_now:
            _check_ends_now(problems, series, span, now, store)
        problems.check()
        assert series is not None  # problems.check raised otherwise
        schedule, reason = await self._schedule(series, span) if find_holes else (None, "it was not asked for")
        with _opened(store) as opened:
            download = BarDownload(
                self._session,
                self._asker,
                series,
                span,
                schedule=schedule,
                store=opened,
                progress=progress,
                at_once=at_once,
            )
            bars = await download.run()
        if not bars and not empty_ok:
            raise NoData(f"there are no bars of {series.key} between {span.start} and {span.end}")
        if schedule is None:
            return Bars(bars, None, reason)
        return Bars(bars, holes(bars, schedule, series.size, span, now), reason)

    def keep_up_to_date(
        self,
        contract: m.Contract,
        bar_size: str,
        *,
        duration: timedelta | str | None = None,
        what: str = "TRADES",
        rth: bool = True,
        bound: int | None = None,
    ) -> LiveBars:
        """Bars as they form, after those of at least the last `duration` (by default a day, or less if one request for
        such bars may not go back as far); see `LiveBars`.

        Takes a market-data line. `bound` is how many messages may wait for the consumer. Raises InvalidRequest naming
        all that is wrong with the arguments; what IBKR refuses is raised by the iterator.
        """
        problems = Problems("keep_up_to_date")
        series = problems.series(contract, bar_size, what, rth=rth)
        if series is not None:
            problems.require(
                series.size.length >= SHORTEST_LIVE_BAR,
                f"bar_size is {bar_size!r}; bars of 5 secs and longer are kept up to date",
            )
        back = self._back(problems, series, duration)
        problems.require(
            what.upper() not in BAR_KINDS or what.upper() in LIVE_KINDS,
            f"what is {what!r}; bars are kept up to date of {', '.join(LIVE_KINDS)}",
        )
        problems.check()
        assert series is not None  # problems.check raised otherwise
        message = series.request(None, back, keep_up_to_date=True)

        async def fetch(span: Interval) -> Bars:
            return await self.bars(
                contract, bar_size, start=span.start, end=span.end, what=what, rth=rth, empty_ok=True
            )

        return LiveBars(self._session.stream(message, bound=bound), series.size, self._session.now, fetch)

    async def ticks(
        self,
        contract: m.Contract,
        *,
        start: datetime | date | None = None,
        end: datetime | date | None = None,
        duration: timedelta | str | None = None,
        what: str = "TRADES",
        rth: bool = True,
        ignore_size: bool = False,
        store: BarStore | Path | str | None = None,
        progress: Callable[[TickProgress], object] | None = None,
        empty_ok: bool = False,
    ) -> Ticks:
        """The ticks from the second `start` on and before `end` (or now), each exactly once.

        `duration` in place of `start` goes back from `end`, as of `bars`; `progress` is called after each page.
        `what` is TRADES (`TradeTick`), BID_ASK (`QuoteTick`; `ignore_size` leaves out changes of sizes alone) or
        MIDPOINT (`MidpointTick`). A thousand come with each request, and IBKR allows sixty requests in ten minutes
        (BID_ASK counts twice): an hour of a busy share may take that long. With `store`, as of `bars`, every page is
        kept, and an interrupted download goes on where it stopped.

        Raises as `bars` does.
        """
        kind = what.upper()
        problems = Problems("ticks")
        problems.require(kind in TICK_KINDS, f"what is {what!r}; allowed are {', '.join(TICK_KINDS)}")
        span = problems.span(start, end, duration, self._session.now())
        problems.check()
        # IBKR gives the ticks of one session at a time, so that it takes the schedule to find them all.
        schedule = await self._schedules.get(contract, span, rth=rth)
        sessions = [Interval(session.start, session.end) for session in schedule]
        # Of what the schedule says nothing, one page after the other is asked for until one is not full.
        unknown = without(span, [schedule.known] if schedule.known is not None else [])
        todo = [(piece, True) for piece in pieces(span, sessions)] + [(piece, False) for piece in unknown]
        found: list[Tick] = []
        with _opened(store) as opened:
            pages = TickPages(
                self._asker,
                contract,
                kind,
                rth=rth,
                ignore_size=ignore_size,
                store=opened,
                now=self._session.now,
                progress=progress,
            )
            for piece, is_session in sorted(todo):
                found += await pages.within(piece, is_session=is_session)
        if not found and not empty_ok:
            raise NoData(f"there are no {kind} ticks between {span.start} and {span.end}")
        return Ticks(TICK_KINDS[kind], found)

    async def head_timestamp(self, contract: m.Contract, *, what: str = "TRADES", rth: bool = True) -> datetime:
        """Since when IBKR has data of this kind, in aware UTC.

        Counts as a request for small bars, of which there are sixty in ten minutes. Raises as `bars` does.
        """
        problems = Problems("head_timestamp")
        problems.require(what.upper() in BAR_KINDS, f"what is {what!r}; allowed are {', '.join(BAR_KINDS)}")
        problems.check()
        message = m.HeadTimestampRequest(
            contract=contract, use_rth=rth, what_to_show=what.upper(), format_date=FORMAT_TEXT
        )
        (answer,) = await self._asker.ask(message)
        return parse_moment(answer.head_timestamp)  # type: ignore[attr-defined]

    async def histogram(
        self, contract: m.Contract, *, period: str = "3 days", rth: bool = True, empty_ok: bool = False
    ) -> Histogram:
        """How much was traded at which price in the last `period`: "3 days", "1 week" and the like.

        Raises as `bars` does.
        """
        problems = Problems("histogram")
        problems.require(
            _PERIOD.fullmatch(period) is not None, f'period is {period!r}; allowed are "3 days", "1 week" and the like'
        )
        problems.check()
        try:
            answers = await self._asker.ask(m.HistogramDataRequest(contract=contract, use_rth=rth, time_period=period))
        except NoData:
            if not empty_ok:
                raise
            answers = []
        entries = [entry for one in answers if isinstance(one, m.HistogramData) for entry in one.histogram_data_entries]
        if not entries and not empty_ok:
            raise NoData(f"the histogram of the last {period} is empty")
        if any(entry.price is None or entry.size is None for entry in entries):
            raise RequestError("the gateway sent a histogram without prices or sizes")
        try:
            levels = [PriceLevel(entry.price or 0.0, Decimal(entry.size or 0)) for entry in entries]
        except ArithmeticError:
            raise RequestError("the gateway sent a histogram with a size that is no number") from None
        return Histogram(PriceLevel, sorted(levels, key=lambda level: level.price))

    async def schedule(
        self,
        contract: m.Contract,
        *,
        start: datetime | date | None = None,
        end: datetime | date | None = None,
        duration: timedelta | str | None = None,
        rth: bool = True,
        empty_ok: bool = False,
    ) -> Schedule:
        """The trading sessions that overlap the span from `start` (or `duration` back) until before `end`, or now.

        Answers are remembered for a quarter of an hour. Raises as `bars` does.
        """
        problems = Problems("schedule")
        span = problems.span(start, end, duration, self._session.now())
        problems.check()
        found = await self._schedules.get(contract, span, rth=rth)
        if not found and not empty_ok:
            raise NoData(f"there are no trading sessions between {span.start} and {span.end}")
        return found

    def _back(self, problems: Problems, series: BarSeries | None, duration: timedelta | str | None) -> str:
        """A duration in IBKR's words, in one request."""
        now = self._session.now()
        span = timedelta(days=1) if duration is None else now - problems.back(now, duration)
        if series is None:
            return ""
        if duration is None:
            span = min(span, longest_chunk(series.size))
        try:
            return duration_for(span, series.size, is_whole=True)
        except ValueError as error:
            problems.add(f"duration is {duration!r}, and {error}")
            return ""

    async def _schedule(self, series: BarSeries, span: Interval) -> tuple[Schedule | None, str]:
        """The schedule for a download, or why there is none; and where it says nothing."""
        if series.contract.sec_type == "CONTFUT":
            return None, "continuous futures have no schedule of the past"
        try:
            schedule = await self._schedules.get(series.contract, span, rth=series.rth)
        except RequestError as error:
            return None, str(error)
        known = schedule.known
        if known is None:
            return None, "IBKR has no schedule of this time"
        if known == span:
            return schedule, ""
        return schedule, f"the schedule that IBKR gave goes from {known.start} to {known.end} only"


def _opened(store: BarStore | Path | str | None) -> AbstractContextManager[BarStore | None]:
    """The store that is meant; one that is open stays so."""
    if store is None:
        return nullcontext()
    from ibwire.history_store import BarStore  # brings SQLite, which is needed with a store only

    return nullcontext(store) if isinstance(store, BarStore) else BarStore(store)


def _check_ends_now(
    problems: Problems, series: BarSeries, span: Interval, now: datetime, store: BarStore | Path | str | None
) -> None:
    """IBKR gives these only up to now, so that they cannot be put together from several requests."""
    what = "a continuous future" if series.what != ADJUSTED_LAST else "ADJUSTED_LAST"
    problems.require(store is None, f"{what} cannot be kept in a store: it changes as a whole")
    try:
        duration_for(now - span.start + 2 * series.size.length, series.size, is_whole=True)
    except ValueError as error:
        problems.add(f"{what} is given up to now only, in one request, and {error}")
