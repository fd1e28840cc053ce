"""The market as the gateway sees it now: a feed played up to a moment, and the quotes that result.

Knows feeds and ticks. Knows no clock: it is told how far to play.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from msgspec import Struct, field

from ibwire.simulator.catalogue import Catalogue
from ibwire.simulator.feed import Feed, State, Tick, TickType, state_ticks
from ibwire.simulator.generated_feed import GeneratedFeed

_MOVE_ORDERS = frozenset({TickType.BID, TickType.BID_SIZE, TickType.ASK, TickType.ASK_SIZE, TickType.LAST})


class Quote(Struct):
    """The latest of every field of one instrument; what never came is missing.

    `changes` counts the ticks of each kind of price, its size's among them: a quote that came again is a new one.
    """

    prices: dict[int, float] = {}
    sizes: dict[int, Decimal] = {}
    changes: Counter[int] = field(default_factory=Counter)

    def apply(self, tick: Tick) -> None:
        """Take over what the tick says. A price without a size leaves none behind: it is of that price or unknown."""
        self.changes[_PRICE_TYPES.get(tick.tick_type, tick.tick_type)] += 1
        if tick.price is not None:
            self.prices[tick.tick_type] = tick.price
        size_type = tick.tick_type if tick.price is None else _SIZE_TYPES.get(tick.tick_type)
        if size_type is None:
            return
        if tick.size is not None:
            self.sizes[size_type] = tick.size
        else:
            self.sizes.pop(size_type, None)

    def side(self, *, is_buy: bool) -> tuple[Decimal | None, Decimal | None]:
        """Price and size (None: unknown) that an order of this direction would meet; no price if there is none."""
        price = self.prices.get(_side(is_buy=is_buy))
        size = self.sizes.get(_SIZE_TYPES[_side(is_buy=is_buy)])
        # The shortest text of a price on the grid is the price itself, so this is exact.
        return (Decimal(repr(price)) if price is not None and price > 0 else None), size

    def changes_of_side(self, *, is_buy: bool) -> int:
        """How often what an order of this direction would meet has been told anew."""
        return self.changes[_side(is_buy=is_buy)]


def _side(*, is_buy: bool) -> TickType:
    return TickType.ASK if is_buy else TickType.BID


_SIZE_TYPES: dict[int, int] = {
    TickType.BID: TickType.BID_SIZE,
    TickType.ASK: TickType.ASK_SIZE,
    TickType.LAST: TickType.LAST_SIZE,
}

_PRICE_TYPES = {size: price for price, size in _SIZE_TYPES.items()}


class Market:
    """Plays a feed and keeps the quotes. What happens to the contracts in `closed` after their opening is left out."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._ticks = feed.ticks()
        self._next = next(self._ticks, None)
        self.quotes: dict[int, Quote] = {}
        self.closed: frozenset[int] = frozenset()
        self.at_s = 0.0

    @property
    def con_ids(self) -> tuple[int, ...]:
        """The contracts that the feed plays."""
        return self._feed.con_ids

    def catalogue(self, today: date) -> Catalogue:
        """The contracts that there are on a day: with the options of all chains where the market is generated."""
        return Catalogue(today, None if isinstance(self._feed, GeneratedFeed) else self._feed.con_ids)

    @property
    def next_at_s(self) -> float | None:
        """When the next tick is due, in seconds of the feed; None when the feed is over."""
        return None if self._next is None else self._next.at_s

    def has_data(self, con_id: int) -> bool:
        """Whether there is, or now will be, a market for this contract; a generated feed makes one when asked."""
        if isinstance(self._feed, GeneratedFeed):
            self._feed.add(con_id)
            if self._next is None:  # it was over, for want of instruments
                self._ticks = self._feed.ticks()
                self._next = next(self._ticks, None)
        return con_id in self._feed.con_ids

    def quote(self, con_id: int) -> Quote:
        """The quote of a contract; empty until its first tick."""
        quote = self.quotes.get(con_id)
        if quote is None:
            quote = self.quotes[con_id] = Quote()
        return quote

    def play_until(self, at_s: float) -> Iterator[list[Tick]]:
        """Everything due by `at_s`, applied, in groups that are one event of one instrument."""
        self.at_s = at_s
        group: list[Tick] = []
        while self._next is not None and self._next.at_s <= at_s:
            tick = self._next
            if group and (tick.con_id != group[0].con_id or tick.at_s != group[0].at_s):
                if self._apply(group):
                    yield group
                group = []
            group.append(tick)
            self._next = next(self._ticks, None)
        if group and self._apply(group):
            yield group

    def tell(self, con_id: int, state: State) -> list[Tick]:
        """Let this happen to a contract now, as if the feed had told it; the ticks of the event.

        Raises ValueError while its market is closed.
        """
        ticks = [tick for kind, known in state.items() for tick in state_ticks(self.at_s, con_id, kind, *known)]
        if not self._apply(ticks):
            raise ValueError(f"the market of contract {con_id} is closed")
        return ticks

    def _apply(self, ticks: list[Tick]) -> bool:
        """Move the quote; whether it has."""
        con_id = ticks[0].con_id
        quote = self.quote(con_id)
        if con_id in self.closed and quote.changes:
            return False
        for tick in ticks:
            quote.apply(tick)
        return True


def moves_orders(ticks: list[Tick]) -> bool:
    """Whether bid, ask or their sizes are among these ticks, or a last price: then orders may trigger or fill."""
    return any(tick.tick_type in _MOVE_ORDERS for tick in ticks)
