"""The lines of market data by what is on them: quotes, order books, ticks one by one, bars."""

from __future__ import annotations

from collections.abc import Callable

from ibwire.bar_aggregation import Bar, BarAggregator, read_bar
from ibwire.depth_books import BookState, DepthBook, ImpossibleOperation
from ibwire.error_codes import DEPTH_RESET
from ibwire.events import EventType
from ibwire.gaps import Gap, Resumed
from ibwire.market_lines import ConflatedLine, MarketLine
from ibwire.quote_assembly import QuoteState
from ibwire.quotes import Quote
from ibwire.session_api import SessionApi
from ibwire.streams import Stream
from ibwire.tick_records import MarketTick, TickKind, read_tick
from ibwire.wire import Message
from ibwire.wire import messages as m

_QUOTE = EventType.QUOTE


class QuoteLine(ConflatedLine[Quote]):
    """Level 1 of a contract, with these entries of the generic tick list."""

    def __init__(
        self,
        session: SessionApi,
        contract: m.Contract,
        on_over: Callable[[], object],
        generic_ticks: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(session, contract, on_over, EventType.QUOTE)
        self.generic_ticks = generic_ticks
        self._state = QuoteState(contract)
        self._take_tick = self._state.take
        self.newest = self._state.quote  # type: ignore[method-assign]  # for each quote there is: no call on the way

    @property
    def has_data(self) -> bool:
        """Whether any tick has brought something."""
        return self._state.has_data

    def deliver(self, message: Message) -> None:
        """Nearly always a tick, so that is what is tried first."""
        if not self._take_tick(message):
            super().deliver(message)
        elif self.gap is None:  # in a gap only the kind of data is told, before any data
            # As `_changed`, but without calls for what nobody waits for: this is done for every tick there is.
            self.updates += 1
            self._state.received_s = self._clock()
            if not self.has_told or self._has_everything or self._listeners[_QUOTE]:
                self._tell()

    def _take(self, message: Message) -> None:
        """The state knows already."""

    def _begin_gap(self, gap: Gap) -> None:
        self._state.grow_stale()
        super()._begin_gap(gap)

    def _end_gap(self, resumed: Resumed) -> None:
        self._state.restart()
        super()._end_gap(resumed)


class DepthLine(ConflatedLine[DepthBook]):
    """The order book of a contract: level 2."""

    def __init__(self, session: SessionApi, contract: m.Contract, on_over: Callable[[], object], rows: int) -> None:
        super().__init__(session, contract, on_over)
        self._book = BookState(rows)
        self._times_asked = 1
        """How often it had been asked for when the book began."""

    @property
    def has_data(self) -> bool:
        """Whether the book has rows."""
        return bool(self._book.bids or self._book.asks)

    def newest(self, skipped: int = 0) -> DepthBook:
        """The book as it is now."""
        return DepthBook(
            contract=self.contract,
            bids=self._book.bids,
            asks=self._book.asks,
            received_ns=int(self.received_s * 1e9),
            is_stale=self.gap is not None,
            skipped=skipped,
        )

    def _take(self, message: Message) -> None:
        if not isinstance(message, m.MarketDepth | m.MarketDepthL2) or message.market_depth_data is None:
            return
        try:
            self._book.apply(message.market_depth_data)
        except ImpossibleOperation as impossible:
            self._distrust(str(impossible))
        else:
            self._changed()

    def _take_warning(self, warning: m.ErrorMessage) -> None:
        super()._take_warning(warning)
        if warning.error_code == DEPTH_RESET and not self._is_adrift:
            self._book.clear()
            self._changed()

    def _end_gap(self, resumed: Resumed) -> None:
        """A book that goes on after silence may have missed a change: only one that was asked for again begins anew."""
        times_asked = self._feed.times_asked if self._feed is not None else 0
        if times_asked == self._times_asked:
            self._distrust("the book may have changed unseen")
            return
        self._times_asked = times_asked
        self._book.clear()
        super()._end_gap(resumed)


class TickLine(MarketLine[MarketTick]):
    """Ticks one by one."""

    def __init__(
        self, session: SessionApi, contract: m.Contract, on_over: Callable[[], object], kind: TickKind
    ) -> None:
        super().__init__(session, contract, on_over)
        self._kind = kind

    def _take(self, message: Message) -> None:
        if not isinstance(message, m.TickByTickData):
            return
        tick = read_tick(message, self.contract, self._kind, self._session.now())
        if tick is None:
            self._distrust(f"a tick that is not of kind {self._kind.value}, or has no time")
            return
        if self._session.events.has_subscribers(EventType.TICK):
            self._session.events.emit(EventType.TICK, tick)
        self._everything.publish(tick)


class BarLine(MarketLine[Bar]):
    """Bars of five seconds, and of every length that a consumer wants of them."""

    def __init__(self, session: SessionApi, contract: m.Contract, on_over: Callable[[], object]) -> None:
        super().__init__(session, contract, on_over)
        self._sizes: dict[Stream[Bar | Gap | Resumed], int] = {}
        self._aggregators: dict[int, BarAggregator] = {}

    def add_size(self, consumer: Stream[Bar | Gap | Resumed], seconds: int) -> None:
        """Give it bars of this length from now on."""
        self._sizes[consumer] = seconds
        self._aggregators.setdefault(seconds, BarAggregator(seconds))
        self._everything.add(
            consumer,
            where=lambda item: not isinstance(item, Bar) or item.seconds == seconds,
            first=[] if self.gap is None else [self.gap],
        )

    def remove(self, consumer: Stream[Bar | Gap | Resumed]) -> None:
        """It wants no more; nor does anybody, perhaps, bars of its length."""
        seconds = self._sizes.pop(consumer, None)
        if seconds is not None and seconds not in self._sizes.values():
            del self._aggregators[seconds]
        super().remove(consumer)

    def _take(self, message: Message) -> None:
        part = read_bar(message, self.contract) if isinstance(message, m.RealTimeBarTick) else None
        if part is None:
            return
        for aggregator in tuple(self._aggregators.values()):
            for bar in aggregator.add(part):
                if self._session.events.has_subscribers(EventType.BAR):
                    self._session.events.emit(EventType.BAR, bar)
                self._everything.publish(bar)
