"""Bars that are kept up to date: the stream of IBKR's updates as bars, each told as closed once, holes filled.

The link may fall and the subscription die; the stream underneath asks again and says so (`Gap`, `Resumed`). What comes
then begins with the past again, as far back as was asked for, so that bars are known already, or are missing between
the last one and the first of these. The former are dropped; the latter are asked for. So they are when bars just jump:
while the farm of a contract is down there may be silence without a word about it. Where nothing was traded meanwhile,
that costs a request for each session.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from types import TracebackType

from ibwire.exceptions import IbwireError
from ibwire.gaps import Gap, Resumed
from ibwire.history_bars import Bar, Bars, Hole, bar_of, closed, closes_at, opened, position
from ibwire.history_spans import BarSize, Interval
from ibwire.streams import MessageStream
from ibwire.wire import Message
from ibwire.wire import messages as m

LiveItem = Bar | Gap | Resumed | Hole
"""What a stream of bars gives."""


JUMP = timedelta(minutes=1)
"""Without a gap, so much time (and at least a bar) without bars is looked into: short bars in which nothing was traded
may be left out, and each look is a request."""


class LiveBars(AsyncIterator[LiveItem]):
    """Bars as they form; made by `History.keep_up_to_date`. `async with` ends it at the gateway.

    A `Bar` that `is_closed` comes once for each start, in order, when a later one has begun; between them the one that
    is open comes as often as it changes. `Gap` and `Resumed` stand around the time in which nothing came, and a `Hole`
    where bars of that time could not be had, or IBKR has none.
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
        self._is_after_gap = False

    async def __aenter__(self) -> LiveBars:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> LiveBars:
        return self

    def close(self) -> None:
        """End it. Safe to call again."""
        self._stream.close()

    async def __anext__(self) -> LiveItem:
        while not self._ready:
            # A consumer that stopped waiting while a hole was being filled gets the same message again.
            if self._taken is None:
                self._taken = await anext(self._stream)
            await self._take(self._taken)
            self._taken = None
        return self._ready.popleft()

    async def _take(self, message: Message) -> None:
        match message:
            case Gap():
                self._is_after_gap = True
                self._ready.append(message)
            case Resumed():
                self._ready.append(message)
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
            if self._open is not None and position(bar.start) < position(self._open.start):
                continue
            if self._open is not None and bar.start != self._open.start:
                self._ready.append(closed(self._open))
            self._open = opened(bar)
            is_news = True
        return is_news

    def _jumps(self, last: Bar, first: Bar) -> bool:
        missing = position(first.start) - closes_at(last.start, self._size)
        return missing >= max(JUMP, self._size.length)

    async def _fill(self, last: Bar, first: Bar) -> None:
        """Ask for the bars from the one that was open before a gap until before the first one after it."""
        span = Interval(position(last.start), position(first.start))
        if span.start >= span.end:
            return
        try:
            bars = await self._fetch(span)
        except IbwireError as error:
            # How the bar that was open has ended is not known either.
            self._open = None
            self._ready.append(Hole(last.start, first.start, str(error)))
            return
        self._go_on(bars)
        self._ready.extend(bars.holes or ())
