"""The past of a generated market: every second of every instrument since 2000, made when it is asked for.

A pure function of seed, instrument and time, so that all that is asked for agrees. The price stays near the
instrument's reference price, as the live generated market does, so that the one joins the other without a great leap:
where a day begins strays from it with a standard deviation of six times a minute's move, and the end of each hour by
five times from there; the live market strays by five or six. An hour is put together from patterns, chosen for where
they lead. The past knows no sessions: it goes on through the night and the weekend, so that a share opens elsewhere
than it closed.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct

from ibwire.simulator.catalogue import by_con_id
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.price_patterns import Hour, Minute, Patterns, Second, Totals

BEGINS_S = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
"""Before this there is nothing."""

_LEVEL_MOVES, _HOUR_MOVES = 6, 5
"""How far days and hours stray, in standard deviations of a minute's move."""

_TREND_DAYS = 20
_TREND_SHARE, _DAY_SHARE = 0.8, 0.6
_LARGEST_DEVIATION = 2.5
_MOST_ACTIVE = 3
"""The sizes of an hour are up to so many times those of its pattern."""

MINUTE_S, HOUR_S, DAY_S, HOURS = 60, 3600, 86_400, 24
_INSTRUMENTS_KEPT, _DAYS_KEPT = 16, 1024


class PlacedHour(Struct, frozen=True):
    """An hour of some day: where it begins in ticks, and by how much its sizes are larger than its pattern's."""

    ticks: int
    factor: int
    hour: Hour


class GeneratedPast:
    """The past of all instruments, in ticks and lots."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.patterns = lru_cache(_INSTRUMENTS_KEPT)(self._make_patterns)
        self._day = lru_cache(_DAYS_KEPT)(self._make_day)
        self._deviation = lru_cache(_DAYS_KEPT)(self._make_deviation)

    def totals(self, con_id: int, start_s: int, end_s: int) -> Totals:
        """What the trading from `start_s` until before `end_s` comes to, in whole Unix seconds; never of no time."""
        parts = self._parts(con_id, start_s, end_s)
        first, ticks, factor = next(parts)
        totals = Totals.starting(first.totals, ticks, factor)
        for part, ticks, factor in parts:
            totals.add(part.totals, ticks, factor)
        return totals

    def prices(self, con_id: int, start_s: int, end_s: int) -> Counter[int]:
        """How many trades there were at each price, in ticks, from `start_s` until before `end_s`."""
        patterns, found = self.patterns(con_id), Counter[int]()
        for part, start, _ in self._parts(con_id, start_s, end_s):
            for ticks, number in patterns.prices_of(part).items():
                found[start + ticks] += number
        return found

    def second(self, con_id: int, at_s: int) -> tuple[Second, int, int]:
        """One second, the ticks at which it begins, and the factor of its sizes."""
        placed = self._day(con_id, at_s // DAY_S)[at_s % DAY_S // HOUR_S]
        ticks, minute = placed.hour.minutes[at_s % HOUR_S // MINUTE_S]
        return minute.seconds[at_s % MINUTE_S], placed.ticks + ticks, placed.factor

    def _parts(self, con_id: int, start_s: int, end_s: int) -> Iterator[tuple[Hour | Minute | Second, int, int]]:
        """Whole hours where there are, whole minutes around them, seconds at the edges; with ticks and factors."""
        at_s = start_s
        while at_s < end_s:
            placed = self._day(con_id, at_s // DAY_S)[at_s % DAY_S // HOUR_S]
            if at_s % HOUR_S == 0 and at_s + HOUR_S <= end_s:
                yield placed.hour, placed.ticks, placed.factor
                at_s += HOUR_S
                continue
            ticks, minute = placed.hour.minutes[at_s % HOUR_S // MINUTE_S]
            ticks += placed.ticks
            if at_s % MINUTE_S == 0 and at_s + MINUTE_S <= end_s:
                yield minute, ticks, placed.factor
                at_s += MINUTE_S
            else:
                yield minute.seconds[at_s % MINUTE_S], ticks, placed.factor
                at_s += 1

    def _make_patterns(self, con_id: int) -> Patterns:
        return Patterns(_known(con_id), self._seed)

    def _make_day(self, con_id: int, number: int) -> tuple[PlacedHour, ...]:
        """The hours of a UTC day, from its level to the next one's, so that days join."""
        patterns = self.patterns(con_id)
        rng = random.Random(f"{self._seed}/{con_id}/day/{number}")
        ticks = level = self._level(con_id, number)
        rise = self._level(con_id, number + 1) - level
        hours: list[PlacedHour] = []
        for ended in range(1, HOURS + 1):
            is_last = ended == HOURS
            strays = 0.0 if is_last else rng.gauss(0, _HOUR_MOVES * patterns.per_minute)
            goal = level + rise * ended / HOURS + strays
            hour = patterns.hour_moving(goal - ticks, rng, exactly=is_last)
            hours.append(PlacedHour(ticks, rng.randint(1, _MOST_ACTIVE), hour))
            ticks += hour.totals.close
        return tuple(hours)

    def _level(self, con_id: int, number: int) -> int:
        """The ticks at which a day begins: the reference, a trend of some weeks, and something of the day's own."""
        patterns = self.patterns(con_id)
        block, place = divmod(number, _TREND_DAYS)
        weight = (1 - math.cos(math.pi * place / _TREND_DAYS)) / 2
        before, after = (self._deviation(con_id, f"trend/{one}") for one in (block, block + 1))
        trend = before * (1 - weight) + after * weight
        deviation = _TREND_SHARE * trend + _DAY_SHARE * self._deviation(con_id, f"level/{number}")
        return patterns.reference + round(deviation * patterns.per_minute * _LEVEL_MOVES)

    def _make_deviation(self, con_id: int, name: str) -> float:
        drawn = random.Random(f"{self._seed}/{con_id}/{name}").gauss(0, 1)
        return max(-_LARGEST_DEVIATION, min(drawn, _LARGEST_DEVIATION))


def _known(con_id: int) -> Instrument:
    instrument = by_con_id(con_id)
    if instrument is None:
        raise ValueError(f"no instrument has con_id {con_id}")
    return instrument
