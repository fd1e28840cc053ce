"""Bars that are kept up to date: the stream of IBKR's updates as bars, each told as closed once, holes filled.

The link may fall and the subscription die; the stream underneath asks again and says so (`Gap`, `Resumed`). What comes
then begins with the past again, as far back as was asked for, so that bars are known already, or are missing between
the last one and the first of these. The former are dropped; the latter are asked for. So they are when bars just jump:
while the farm of a contract is down there may be silence without a word about it. Where nothing was traded meanwhile,
that costs a request for each session.

When no bar begins after one that is over, as at the end of a day, nobody says that it is: it is asked for, and told as
it ended.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from types import TracebackType

from msgspec import Struct

from ibwire.exceptions import IbwireError
from ibwire.gaps import Gap, Resumed
from ibwire.history_bars import Bar, Bars, Hole, bar_of, closed, closes_at, ends_at, opened, position
from ibwire.history_spans import BarSize, Interval
from ibwire.streams import MessageStream
from ibwire.tasks import begin
from ibwire.wire import Message
from ibwire.wire import messages as m

LiveItem = Bar | Gap | Resumed | Hole
"""What a stream of bars gives."""


JUMP = timedelta(minutes=1)
"""Without a gap, so much time (and at least a bar) without bars is looked into: short bars in which nothing was traded
may be left out, and each look is a request. So long after its end, too, a bar without a next one is looked up."""


class _LookedUp(Struct, frozen=True):
    """The answer to a look-up: the bar that was open, and what was found of it."""

    asked: Bar
    found: Bar | None


class LiveBars(AsyncIterator[LiveItem]):
    """Bars as they form; made by `History.keep_up_to_date`. `async with` ends it at the gateway.

    A `Bar` that `is_closed` comes once for each start, in order, when a later one has begun, or a minute after its end;
    between them the one that is open comes as often as it changes. `Gap` and `Resumed` stand around the time in which
    nothing came, and a `Hole` where bars of that time could not be had, or IBKR has none.
    """

    def __init__(
        self,
        stream: MessageStream,
        size: BarSize,
        now: Callable[[], datetime],
        fetch: Callable[[Interval], Awaitable[Bars]],
    ) -> None:
        self._stream = stream
        self._size = size
        self._now = now
        self._fetch = fetch
        self._ready: deque[LiveItem] = deque()
        self._taken: Message | None = None
        self._open: Bar | None = None
        """The newest bar."""
        self._is_told = False
        """Whether that one was told as closed already."""
        self._is_looked_up = False
        self._is_after_gap = False
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> LiveBars:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        if self._looking is not None:
            await asyncio.gather(self._looking, return_exceptions=True)

    def __aiter__(self) -> LiveBars:
        return self

    def close(self) -> None:
        """End it. Safe to call again."""
        if self._looking is not None:
            self._looking.cancel()
        self._stream.close()

    async def __anext__(self) -> LiveItem:
        while not self._ready:
            # A consumer that stopped waiting while a hole was being filled gets the same message again.
            if self._taken is None:
                try:
                    async with asyncio.timeout(self._patience_s()):
                        self._taken = await anext(self._stream)
                except TimeoutError:
                    self._begin_to_look_up()
                    continue
            await self._take(self._taken)
            self._taken = None
        return self._ready.popleft()

    def _patience_s(self) -> float | None:
        """How long to wait for the next message before the open bar is looked up; None: for ever."""
        if len(self._stream) or self._open is None or self._is_looked_up or self._is_after_gap:
            return None
        return max(0.0, (closes_at(self._open.start, self._size) + JUMP - self._now()).total_seconds())

    def _begin_to_look_up(self) -> None:
        """The bar that was open is over, and nobody says how it ended: ask, while the stream is read on."""
        assert self._open is not None
        self._is_looked_up = True
        if self._looking is not None:
            self._looking.cancel()  # of a bar that has been told meanwhile
        self._looking = begin(self._look_up(self._open), name="ibwire bar look-up")

    async def _look_up(self, bar: Bar) -> None:
        """Ask for a bar; the answer takes its place among the messages."""
        try:
            bars = await self._fetch(Interval(position(bar.start), closes_at(bar.start, self._size)))
        except IbwireError:
            return  # it is told when the next one begins
        self._stream.deliver(_LookedUp(bar, next((one for one in bars if one.start == bar.start), None)))

    def _take_looked_up(self, answer: _LookedUp) -> None:
        """A bar as it ended; of no use if it was told meanwhile, or may have been followed by others in a gap."""
        bar = self._open
        if bar is None or bar.start != answer.asked.start or self._is_told or self._is_after_gap:
            return
        self._is_told = True
        self._ready.append(closed(answer.found or bar))

    async def _take(self, message: Message) -> None:
        match message:
            case Gap():
                self._is_after_gap = True
                self._ready.append(message)
            case Resumed():
                self._ready.append(message)
            case _LookedUp():
                self._take_looked_up(message)
            case m.HistoricalData():
                await self._take_bars(message.historical_data_bars)
            case m.HistoricalDataUpdate(historical_data_bar=m.HistoricalDataBar() as bar):
                await self._take_bars((bar,))

    async def _take_bars(self, messages: Sequence[m.HistoricalDataBar]) -> None:
        now = self._now()
        bars = sorted((bar_of(message, self._size, now) for message in messages), key=lambda bar: position(bar.start))
        if not bars:
            return
        if self._open is not None and (self._is_after_gap or self._jumps(self._open, bars[0])):
            await self._fill(self._open, bars[0])
        self._is_after_gap = False
        if self._go_on(bars) and self._open is not None:
            self._ready.append(self._open)

    def _go_on(self, bars: Sequence[Bar]) -> bool:
        """Take these bars, the last of which is open; False if all of them are older than what is known."""
        is_news = False
        for bar in bars:
            known = self._open
            if known is not None and self._is_old(bar, known):
                continue
            if known is not None and bar.start != known.start and not self._is_told:
                self._ready.append(closed(known))
            self._open = opened(bar)
            self._is_told = self._is_looked_up = False
            is_news = True
        return is_news

    def _is_old(self, bar: Bar, known: Bar) -> bool:
        """Whether what it says has been told to the end; of the known bar only if it was told as closed."""
        at, newest = position(bar.start), position(known.start)
        return at < newest or (at == newest and self._is_told)

    def _jumps(self, last: Bar, first: Bar) -> bool:
        missing = position(first.start) - closes_at(last.start, self._size)
        return missing >= max(JUMP, self._size.length)

    async def _fill(self, last: Bar, first: Bar) -> None:
        """Ask for the bars from the one that was open before a gap until before the first one after it.

        One that was told as closed is not asked for again.
        """
        begin = ends_at(last.start, self._size) if self._is_told else last.start
        span = Interval(position(begin), position(first.start))
        if span.start >= span.end:
            return
        try:
            bars = await self._fetch(span)
        except IbwireError as error:
            # How the bar that was open has ended is not known either.
            self._open = None
            self._is_told = False
            self._ready.append(Hole(begin, first.start, str(error)))
            return
        self._go_on(bars)
        self._ready.extend(bars.holes or ())
