"""Minutes and hours of trading that a generated past is put together from.

A pattern is a stretch of trades in whole ticks, counted from the price at which it begins. Made once for an instrument
and a seed, with its sums; a past that strings them together knows the bar of an hour without looking at its trades.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections import Counter

from msgspec import Struct

from ibwire.simulator.instruments import Instrument

SECONDS = MINUTES = 60
MINUTE_PATTERNS = 64
HOUR_PATTERNS = 96
_SHAPES_TO_CHOOSE_FROM = 5
"""Of the hours that end about where one is to end, one of so many is taken."""

TRADES_PER_S = 1.4
"""About what `GeneratedFeed` makes at its usual rate."""


class Totals(Struct, gc=False):
    """What a stretch of trading comes to, in ticks and lots: all that a bar of any kind is made of.

    `turnover` is the sum of ticks times lots; `price_seconds` the sum of the prices at the end of each second.
    """

    open: int
    high: int
    low: int
    close: int
    lots: int = 0
    turnover: int = 0
    trades: int = 0
    price_seconds: int = 0
    seconds: int = 0

    def add(self, other: Totals, ticks: int = 0, factor: int = 1) -> None:
        """Go on with another stretch that lies `ticks` higher, its sizes times `factor`."""
        high, low = other.high + ticks, other.low + ticks
        if high > self.high:
            self.high = high
        if low < self.low:
            self.low = low
        self.close = other.close + ticks
        self.lots += factor * other.lots
        self.turnover += factor * (other.turnover + ticks * other.lots)
        self.trades += other.trades
        self.price_seconds += other.price_seconds + ticks * other.seconds
        self.seconds += other.seconds

    @classmethod
    def starting(cls, other: Totals, ticks: int = 0, factor: int = 1) -> Totals:
        """Those of one stretch alone."""
        totals = cls(other.open + ticks, other.high + ticks, other.low + ticks, other.close + ticks)
        totals.add(other, ticks, factor)
        return totals


Trade = tuple[int, int]
"""Ticks and lots."""


class Second(Struct, frozen=True, gc=False):
    """The trades of a second, none where nothing happens, and what they come to."""

    trades: tuple[Trade, ...]
    totals: Totals


class Minute(Struct, frozen=True):
    """Sixty seconds."""

    seconds: tuple[Second, ...]
    totals: Totals


class Hour(Struct, frozen=True):
    """Sixty minutes, each with how many ticks above the hour's beginning it begins."""

    minutes: tuple[tuple[int, Minute], ...]
    totals: Totals


class Patterns:
    """The minutes and hours of one instrument. `spread` is the one at which it is quoted, in ticks."""

    def __init__(self, instrument: Instrument, seed: int) -> None:
        rng = random.Random(f"{seed}/{instrument.con_id}/patterns")
        self.reference = round(instrument.reference_price / float(instrument.min_tick))
        self.per_minute = self.reference * instrument.volatility_bp / 10_000
        self.spread = instrument.spread_ticks
        self._prices: dict[int, Counter[int]] = {}  # by the ids of stretches, which live as long as these patterns
        self._lots_per_trade = max(1, int(instrument.typical_size / instrument.quote_size_step))
        walks = [self._walk(rng) for _ in range(MINUTE_PATTERNS // 2)]
        # Each with its mirror image, so that the bank as a whole leads nowhere.
        minutes = [_minute(walk, sign) for walk in walks for sign in (1, -1)]
        hours = [_hour(rng.choices(minutes, k=MINUTES)) for _ in range(HOUR_PATTERNS)]
        self._hours = sorted(hours, key=lambda hour: hour.totals.close)
        self._moves = [hour.totals.close for hour in self._hours]

    def prices_of(self, stretch: Hour | Minute | Second) -> Counter[int]:
        """How many trades of a stretch of these patterns were at each price, in ticks from where it begins."""
        if isinstance(stretch, Second):
            return Counter(ticks for ticks, _ in stretch.trades)
        found = self._prices.get(id(stretch))
        if found is None:
            found = self._prices[id(stretch)] = Counter()
            parts = stretch.minutes if isinstance(stretch, Hour) else [(0, second) for second in stretch.seconds]
            for start, part in parts:
                for ticks, number in self.prices_of(part).items():
                    found[start + ticks] += number
        return found

    def hour_moving(self, ticks: float, rng: random.Random, *, exactly: bool) -> Hour:
        """An hour that ends about so many ticks from where it begins; `exactly` takes the nearest there is."""
        index = min(bisect_left(self._moves, ticks), len(self._moves) - 1)
        if exactly:
            below = max(0, index - 1)
            return self._hours[min((below, index), key=lambda one: abs(self._moves[one] - ticks))]
        index += rng.randrange(_SHAPES_TO_CHOOSE_FROM) - _SHAPES_TO_CHOOSE_FROM // 2
        return self._hours[max(0, min(index, len(self._hours) - 1))]

    def _walk(self, rng: random.Random) -> list[list[Trade]]:
        """The trades of each second of a minute."""
        fair, step = 0.0, self.per_minute / math.sqrt(SECONDS * TRADES_PER_S)
        seconds: list[list[Trade]] = []
        for _ in range(SECONDS):
            trades = []
            for _ in range(int(rng.expovariate(1 / (TRADES_PER_S + 0.5)))):
                fair += rng.gauss(0, step)
                trades.append((round(fair), 1 + int(2 * self._lots_per_trade * rng.random() ** 3)))
            seconds.append(trades)
        return seconds


def _minute(walk: list[list[Trade]], sign: int) -> Minute:
    seconds: list[Second] = []
    price = 0
    for trades in walk:
        second = _second(tuple((sign * ticks, lots) for ticks, lots in trades), price)
        price = second.totals.close
        seconds.append(second)
    totals = Totals.starting(seconds[0].totals)
    for second in seconds[1:]:
        totals.add(second.totals)
    return Minute(tuple(seconds), totals)


def _second(trades: tuple[Trade, ...], price: int) -> Second:
    """A second with these trades; without any it stays at the price before it."""
    prices = [ticks for ticks, _ in trades] or [price]
    totals = Totals(
        open=prices[0],
        high=max(prices),
        low=min(prices),
        close=prices[-1],
        lots=sum(lots for _, lots in trades),
        turnover=sum(ticks * lots for ticks, lots in trades),
        trades=len(trades),
        price_seconds=prices[-1],
        seconds=1,
    )
    return Second(trades, totals)


def _hour(minutes: list[Minute]) -> Hour:
    placed: list[tuple[int, Minute]] = []
    ticks = 0
    for minute in minutes:
        placed.append((ticks, minute))
        ticks += minute.totals.close
    totals = Totals.starting(minutes[0].totals)
    for ticks, minute in placed[1:]:
        totals.add(minute.totals, ticks)
    return Hour(tuple(placed), totals)
