"""The market data of the whole gateway: who streams what, what each may take, and where every event of the market goes.

Streams of all clients are found by their instrument, so that an event costs only those that it concerns. Whether a
stream may have it now (the gateway's link, its farms, the exchange's hours) is decided here, once for all kinds.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from typing import Protocol

from ibwire.simulator.books import Book
from ibwire.simulator.catalogue import Catalogue, by_con_id, followed_by
from ibwire.simulator.feed import DAY_PRICES, SIZE_OF_PRICE, State, Tick, TickType, state_ticks
from ibwire.simulator.generated_feed import MIDDLE_DIGITS
from ibwire.simulator.history_pacing import HistoryPacing
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.limits import GatewayLimits
from ibwire.simulator.market import Market, Quote
from ibwire.simulator.market_books import MarketBooks
from ibwire.simulator.market_events import MarketEvent
from ibwire.simulator.permissions import Permissions
from ibwire.simulator.recent_ticks import RecentTicks
from ibwire.simulator.trading_sessions import TradingHours


class StreamKind(enum.Enum):
    """What a stream delivers, by the name of the request for it."""

    LINE = "MarketDataRequest"
    TICK_BY_TICK = "TickByTickRequest"
    DEPTH = "MarketDepthRequest"
    BARS = "RealTimeBarsRequest"


TAKES_A_LINE = frozenset({StreamKind.LINE, StreamKind.BARS})
"""The kinds that need a market-data line (pacing notes, 3 and 6)."""


class Stream(Protocol):
    """Something that a client has subscribed to."""

    kind: StreamKind
    instrument: Instrument

    def on_event(self, event: MarketEvent) -> None:
        """Something happened to the instrument."""


class Obstacles(Protocol):
    """What may stand between the market and its streams: faults."""

    has_competitor: bool

    def is_held_back(self, con_id: int) -> bool:
        """Whether this contract's data do not come now."""


class MarketData:
    """Every stream of every client.

    `now_s` gives Unix seconds; `seed` decides about books and generic ticks. `pacing` is that of historical data, which
    real-time bars share; `kept_bars` gives the contracts whose historical bars are kept up to date: they take a line.
    """

    def __init__(
        self,
        market: Market,
        permissions: Permissions,
        limits: GatewayLimits,
        hours: TradingHours,
        now_s: Callable[[], float],
        obstacles: Obstacles,
        books: MarketBooks,
        pacing: HistoryPacing,
        kept_bars: Callable[[], set[int]],
        seed: int,
    ) -> None:
        self.market = market
        self.permissions = permissions
        self.limits = limits
        self.hours = hours
        self.now_s = now_s
        self.obstacles = obstacles
        self.books = books
        self.seed = seed
        self.pacing = pacing
        self._kept_bars = kept_bars
        self.tick_by_tick_asked_at_s: dict[int, float] = {}
        self._streams: dict[int, dict[Stream, None]] = {}
        self._counts: dict[StreamKind, Counter[int]] = {kind: Counter() for kind in StreamKind}
        self._recent: dict[int, RecentTicks] = {}
        self._missed: set[int] = set()

    # --- who streams what

    def add(self, stream: Stream) -> None:
        """Let a stream have the events of its instrument."""
        con_id = stream.instrument.con_id
        self._streams.setdefault(con_id, {})[stream] = None
        self._counts[stream.kind][con_id] += 1

    def remove(self, stream: Stream) -> None:
        """End a stream."""
        con_id = stream.instrument.con_id
        del self._streams[con_id][stream]
        self._counts[stream.kind][con_id] -= 1
        if not self._counts[stream.kind][con_id]:
            del self._counts[stream.kind][con_id]

    def has_line_for(self, con_id: int) -> bool:
        """Whether this contract may be streamed: it is already, or there is a market-data line left."""
        taken = self._kept_bars().union(*(self._counts[kind] for kind in TAKES_A_LINE))
        return _has_room(taken, con_id, self.limits.market_data_lines)

    def has_book_for(self, con_id: int) -> bool:
        """Whether there may be a stream of this contract's book: instruments count, not requests (pacing notes, 5)."""
        return _has_room(self._counts[StreamKind.DEPTH], con_id, self.limits.depth_streams)

    def has_tick_by_tick(self) -> bool:
        """Whether there may be one more tick-by-tick stream."""
        most = self.limits.tick_by_tick_streams
        return most is None or self._counts[StreamKind.TICK_BY_TICK].total() < most

    # --- what is known

    def watch(self, instrument: Instrument) -> bool:
        """Make a market for this instrument if the feed can; whether it has one."""
        has_data = self.market.has_data(instrument.con_id)
        self._look_at_hours([instrument.con_id])
        return has_data

    def quote(self, con_id: int) -> Quote:
        """The quote now."""
        return self.market.quote(con_id)

    def book(self, instrument: Instrument) -> Book:
        """The order book, from now on kept."""
        return self.books.book(instrument, self.quote(instrument.con_id))

    def recent(self, con_id: int) -> RecentTicks:
        """What happened to the contract lately."""
        recent = self._recent.get(con_id)
        if recent is None:
            recent = self._recent[con_id] = RecentTicks()
        return recent

    def is_open(self, con_id: int) -> bool:
        """Whether the market of this contract is open."""
        return con_id not in self.market.closed

    def is_behind(self, con_id: int) -> bool:
        """Whether the streams of this contract have not been told all that its quote says."""
        return con_id in self._missed or self.obstacles.is_held_back(con_id)

    def today(self) -> date:
        """The date in UTC."""
        return datetime.fromtimestamp(self.now_s(), UTC).date()

    def catalogue(self) -> Catalogue:
        """Every contract that there is now."""
        return self.market.catalogue(self.today())

    def under_price(self, instrument: Instrument) -> float | None:
        """The price of an option's underlying: the middle of its market's bid and ask, its last price if it has none.

        Without a market it is the level that one would start from. None if it is unknown.
        """
        underlying = followed_by(instrument)
        if underlying is None:
            return None
        prices = self.market.quote(underlying.con_id).prices
        bid, ask = prices.get(TickType.BID, 0.0), prices.get(TickType.ASK, 0.0)
        if bid > 0 and ask > 0:
            return round((bid + ask) / 2, MIDDLE_DIGITS)
        return prices.get(TickType.LAST) or prices.get(TickType.BID) or underlying.reference_price

    # --- what happens

    def publish(self, ticks: list[Tick]) -> bool:
        """Bring one event of the market to its streams; whether it came through."""
        con_id = ticks[0].con_id
        instrument = by_con_id(con_id)
        if instrument is None:
            return True
        quote, recent, now_s = self.market.quote(con_id), self.recent(con_id), self.now_s()
        trade, bid_ask = recent.add(ticks, quote, now_s)
        self.books.follow(con_id, quote)
        if self.obstacles.is_held_back(con_id):
            self._missed.add(con_id)
            return False
        streams = self._streams.get(con_id)
        if streams:
            if con_id in self._missed:
                self._missed.discard(con_id)
                ticks = list(_whole(con_id, quote))
            under_price = self.under_price(instrument)
            event = MarketEvent(
                instrument, ticks, quote, now_s, recent, trade=trade, bid_ask=bid_ask, under_price=under_price
            )
            for stream in list(streams):
                stream.on_event(event)
        return True

    def miss(self, con_id: int) -> None:
        """Something of this contract was not told: the next event tells all of its quote."""
        self._missed.add(con_id)

    def advance(self) -> None:
        """Let markets open and close, and recorded books move on."""
        self._look_at_hours(self.market.con_ids)
        self.books.play_until(self.market.at_s)

    def _look_at_hours(self, con_ids: Collection[int]) -> None:
        now_s = self.now_s()
        instruments = [instrument for instrument in map(by_con_id, con_ids) if instrument is not None]
        is_open = {one.con_id: self.hours.is_open(one, now_s, regular_only=False) for one in instruments}
        opened = {con_id for con_id in self.market.closed if is_open.get(con_id)}
        closed = {con_id for con_id in is_open if not is_open[con_id]}
        self._missed |= opened
        if opened or not closed <= self.market.closed:
            self.market.closed = (self.market.closed | closed) - opened


def _has_room(taken: Collection[int], con_id: int, most: int | None) -> bool:
    return most is None or con_id in taken or len(taken) < most


def _whole(con_id: int, quote: Quote) -> list[Tick]:
    """Everything that a quote says, as ticks."""
    state: State = {}
    for kind in (*SIZE_OF_PRICE, *DAY_PRICES):
        if kind in quote.prices:
            state[kind] = quote.prices[kind], quote.sizes.get(SIZE_OF_PRICE.get(kind, kind))
    if TickType.VOLUME in quote.sizes:
        state[TickType.VOLUME] = None, quote.sizes[TickType.VOLUME]
    return [tick for kind, told in state.items() for tick in state_ticks(0.0, con_id, kind, *told)]
