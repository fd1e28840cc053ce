"""An endless, seeded market: believable level-1 ticks for any instrument of the table, and for options on them.

Knows the instruments and a seed; every instrument has its own `random.Random`, so that none disturbs another. Knows
no clock: times are drawn, not read, and the date, which options depend on, it is told. Prices are whole numbers of
ticks inside, so they never leave the grid.
"""

import heapq
import math
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from ibwire.simulator.catalogue import by_con_id, followed_by
from ibwire.simulator.feed import State, Tick, TickType, opening_ticks
from ibwire.simulator.generated_options import OptionBook
from ibwire.simulator.instruments import Instrument, by_local_symbol

DEFAULT_LOCAL_SYMBOLS = (
    *("AAPL", "MSFT", "NVDA", "SPY", "700"),
    *("ESH4", "NQZ3", "GCG6"),  # the front futures of the table
    *("EUR.USD", "GBP.USD"),
    *("SPX", "BTC.USD"),
)
"""What a `GeneratedFeed` plays when it is not told: one or more of each kind of market."""

TRADE_SHARE = 0.35  # of the book updates come with a trade
MOMENTUM = 0.7  # chance that a trade is on the same side as the one before
SPREAD_CHANGE_SHARE = 0.15  # of the book updates try another spread
USUAL_DAY = date(2026, 1, 2)
"""The date for the options of a feed that is not told it."""

MIDDLE_DIGITS = 8
"""What the middle of bid and ask is rounded to, so that it is a price and not one with the error of an addition."""

PULL_S = 3600.0  # time in which the price forgets how far it strayed from its reference

# In the inner loop a module's name is cheaper than the member of an enum.
_BID, _BID_SIZE = TickType.BID, TickType.BID_SIZE
_ASK, _ASK_SIZE = TickType.ASK, TickType.ASK_SIZE
_LAST, _LAST_SIZE = TickType.LAST, TickType.LAST_SIZE
_VOLUME, _LAST_TIMESTAMP = TickType.VOLUME, TickType.LAST_TIMESTAMP
_HIGH, _LOW = TickType.HIGH, TickType.LOW


class _Level:
    """The price level of one instrument: a mean-reverting walk, the day's extremes, and waiting times.

    By itself it is an index: it has a last value, and nothing to trade.
    """

    def __init__(self, instrument: Instrument, seed: int, updates_per_s: float) -> None:
        # A text seed is hashed with SHA-512: the same on every machine, and unrelated for neighbouring con_ids.
        rng = random.Random(f"{seed}/{instrument.con_id}")
        self.uniform, self.gauss = rng.random, rng.gauss
        self.con_id = instrument.con_id
        self.options: list[OptionBook] = []
        self.numerator, self.denominator = instrument.min_tick.as_integer_ratio()
        self.updates_per_s = updates_per_s
        self.reference = instrument.reference_price * self.denominator / self.numerator
        per_minute = self.reference * instrument.volatility_bp / 10_000
        self.step = per_minute / math.sqrt(60 * updates_per_s)
        self.pull = min(1.0, 1 / (PULL_S * updates_per_s))
        self.fair = max(2.0, self.reference + self.gauss(0, 3 * per_minute))
        self.close = max(1, round(self.reference + self.gauss(0, 10 * per_minute)))
        self.open = max(1, round((self.fair + self.close) / 2))
        self.last = max(1, round(self.fair))
        self.high = max(self.open, self.last) + int(3 * per_minute * self.uniform())
        self.low = max(1, min(self.open, self.last) - int(3 * per_minute * self.uniform()))

    def wait_s(self) -> float:
        """Seconds until the next update, exponentially distributed."""
        return -math.log(1.0 - self.uniform()) / self.updates_per_s

    def state(self) -> State:
        """The day so far, for the opening."""
        day = {TickType.HIGH: self.high, TickType.LOW: self.low}
        day |= {TickType.CLOSE: self.close, TickType.OPEN: self.open, TickType.LAST: self.last}
        return {kind: (self.price(ticks), None) for kind, ticks in day.items()}

    def update(self, at_s: float) -> list[Tick]:
        """Let the market move once and tell what changed; may be nothing."""
        self.walk()
        last = round(self.fair)
        if last == self.last:
            return []
        self.last = last
        out = [
            Tick(at_s, self.con_id, _LAST, self.price(last), None),
            Tick(at_s, self.con_id, _LAST_TIMESTAMP, None, None),
        ]
        self.mark_extremes(at_s, last, out)
        return out

    def price(self, ticks: int) -> float:
        # One division of two integers rounds correctly: 0.00005 * 23400 as floats would not be 1.17.
        return ticks * self.numerator / self.denominator

    def middle(self) -> float:
        """The price that options on it are reckoned from: what a client takes it for that sees its quote."""
        return self.price(self.last)

    def walk(self) -> None:
        moved = self.fair + self.gauss(0, self.step)
        self.fair = max(2.0, moved + (self.reference - moved) * self.pull)

    def mark_extremes(self, at_s: float, ticks: int, out: list[Tick]) -> None:
        if ticks > self.high:
            self.high = ticks
            out.append(Tick(at_s, self.con_id, _HIGH, self.price(ticks), None))
        elif ticks < self.low:
            self.low = ticks
            out.append(Tick(at_s, self.con_id, _LOW, self.price(ticks), None))


class _Book(_Level):
    """A market with a best bid and ask, and trades at them; forex has quotes only, as IDEALPRO shows none.

    Sizes are whole numbers of `quote_size_step` inside. The quotes follow the fair price when it leaves them.
    """

    def __init__(self, instrument: Instrument, seed: int, updates_per_s: float) -> None:
        super().__init__(instrument, seed, updates_per_s)
        self.has_trades = instrument.sec_type != "CASH"
        step = instrument.quote_size_step
        self.size_step = step
        self.typical_lots = max(1, int(instrument.typical_size / step))
        self.sizes = [step * lots for lots in range(4 * self.typical_lots + 2)]
        self.typical_spread = instrument.spread_ticks
        self.bid = max(1, round(self.fair - self.typical_spread / 2))
        self.ask = self.bid + self.typical_spread
        self.bid_lots, self.ask_lots = self.fresh_lots(), self.fresh_lots()
        self.is_buy = self.uniform() < 0.5
        self.last = self.ask if self.is_buy else self.bid
        self.last_lots = self.fresh_lots()
        self.volume_lots = self.typical_lots * int(1000 + 4000 * self.uniform())
        self.high, self.low = max(self.high, self.last), min(self.low, self.last)

    def state(self) -> State:
        state = super().state()
        state[_BID] = (self.price(self.bid), self.sizes[self.bid_lots])
        state[_ASK] = (self.price(self.ask), self.sizes[self.ask_lots])
        if self.has_trades:
            state[_LAST] = (self.price(self.last), self.sizes[self.last_lots])
            state[_VOLUME] = (None, self.volume())
        else:
            del state[_LAST]
        return state

    def update(self, at_s: float) -> list[Tick]:
        out: list[Tick] = []
        if self.has_trades and self.uniform() < TRADE_SHARE:
            self.trade(at_s, out)
        self.walk()
        bid, ask = self.next_quote()
        if bid == self.bid and ask == self.ask:
            self.resize_one_side(at_s, out)
        else:
            self.move_quote(at_s, bid, ask, out)
        return out

    def middle(self) -> float:
        return round((self.price(self.bid) + self.price(self.ask)) / 2, MIDDLE_DIGITS)

    def trade(self, at_s: float, out: list[Tick]) -> None:
        """Take some of the bid or the ask; taking all of it makes the price likely to move on."""
        if self.uniform() > MOMENTUM:
            self.is_buy = not self.is_buy
        ticks, offered = (self.ask, self.ask_lots) if self.is_buy else (self.bid, self.bid_lots)
        lots = 1 + int(offered * self.uniform() ** 3)
        left = max(1, offered - lots)
        self.last, self.last_lots = ticks, lots
        self.volume_lots += lots
        con_id, size = self.con_id, self.sizes[lots]
        out.append(Tick(at_s, con_id, _LAST, self.price(ticks), size))
        out.append(Tick(at_s, con_id, _LAST_SIZE, None, size))
        out.append(Tick(at_s, con_id, _VOLUME, None, self.volume()))
        out.append(Tick(at_s, con_id, _LAST_TIMESTAMP, None, None))
        self.mark_extremes(at_s, ticks, out)
        # Bounded by the usual step: where the spread is wide, trades alone would outdo the stated volatility.
        spread = self.ask - self.bid
        push = min(0.6 * spread, 2 * self.step) if lots == offered else min(0.1 * spread, 0.5 * self.step)
        if self.is_buy:
            self.fair += push
            self.ask_lots = left
        else:
            self.fair = max(2.0, self.fair - push)
            self.bid_lots = left
        out.append(Tick(at_s, con_id, _ASK_SIZE if self.is_buy else _BID_SIZE, None, self.sizes[left]))

    def next_quote(self) -> tuple[int, int]:
        """Where bid and ask go: after the fair price when it left them, with a spread that reverts to its usual."""
        bid, ask = self.bid, self.ask
        spread = ask - bid
        away = self.fair - (bid + ask) / 2
        if abs(away) > spread / 2:
            bid = max(1, bid + round(away))
            ask = bid + spread
        if self.uniform() < SPREAD_CHANGE_SHARE:
            change = max(1, self.typical_spread // 4)
            wider = self.uniform() * 2 * spread < self.typical_spread
            spread = spread + change if wider else max(1, spread - change)
            if self.uniform() < 0.5:
                bid = max(1, ask - spread)
            ask = bid + spread
        return bid, ask

    def move_quote(self, at_s: float, bid: int, ask: int, out: list[Tick]) -> None:
        sides = [
            (bid != self.bid, (_BID, _BID_SIZE), bid),
            (ask != self.ask, (_ASK, _ASK_SIZE), ask),
        ]
        if bid > self.bid:
            sides.reverse()  # first out of the way, so that a reader never sees the bid at the ask
        for has_moved, kinds, ticks in sides:
            if has_moved:
                lots = self.fresh_lots()
                if kinds[0] is _BID:
                    self.bid, self.bid_lots = ticks, lots
                else:
                    self.ask, self.ask_lots = ticks, lots
                self.quote_side(at_s, kinds, ticks, lots, out)
        if not self.has_trades:
            self.mark_extremes(at_s, self.bid, out)

    def resize_one_side(self, at_s: float, out: list[Tick]) -> None:
        if self.uniform() < 0.5:
            self.bid_lots = lots = self.other_lots(self.bid_lots)
            out.append(Tick(at_s, self.con_id, _BID_SIZE, None, self.sizes[lots]))
        else:
            self.ask_lots = lots = self.other_lots(self.ask_lots)
            out.append(Tick(at_s, self.con_id, _ASK_SIZE, None, self.sizes[lots]))

    def quote_side(self, at_s: float, kinds: tuple[TickType, TickType], ticks: int, lots: int, out: list[Tick]) -> None:
        size = self.sizes[lots]
        out.append(Tick(at_s, self.con_id, kinds[0], self.price(ticks), size))
        out.append(Tick(at_s, self.con_id, kinds[1], None, size))

    def fresh_lots(self) -> int:
        """The size of a level that just became the best: around the typical one, often less, sometimes thrice."""
        return 1 + int(3 * self.typical_lots * self.uniform() ** 2)

    def other_lots(self, lots: int) -> int:
        """Another size for a level, a third of the way to a random one."""
        target = int(2 * self.typical_lots * self.uniform()) + 1
        moved = lots + (target - lots) // 3
        if moved != lots:
            return moved
        return lots - 1 if lots > 1 and target <= lots else lots + 1

    def volume(self) -> Decimal:
        return self.volume_lots * self.size_step


class GeneratedFeed:
    """An endless market made from a seed: same seed and instruments, same ticks.

    `con_ids` defaults to `DEFAULT_LOCAL_SYMBOLS`. `updates_per_s` is the mean number of book updates per
    instrument and second (IBKR samples at about 4); each makes one to a dozen ticks. An index (IND) has
    a last value without sizes, and forex (CASH) has no trades; its HIGH and LOW are those of the bid. Options follow
    what they are on, which is played with them; `today` gives the date for the days that they have left.

    Raises ValueError for a con_id that the table does not have, and for a rate that is not above zero.
    """

    def __init__(self, seed: int, con_ids: Sequence[int] | None = None, updates_per_s: float = 4.0) -> None:
        if not (updates_per_s > 0 and math.isfinite(updates_per_s)):
            raise ValueError(f"updates_per_s must be above zero and finite, not {updates_per_s}")
        self.seed = seed
        self._updates_per_s = updates_per_s
        self.today: Callable[[], date] = lambda: USUAL_DAY
        self._instruments: dict[int, Instrument] = {}
        self._in_order: list[Instrument] = []
        for con_id in _default_con_ids() if con_ids is None else con_ids:
            self.add(con_id)

    @property
    def con_ids(self) -> tuple[int, ...]:
        """The contract ids being generated, in the order in which they were added."""
        return tuple(self._instruments)

    def add(self, con_id: int) -> None:
        """Generate this instrument too; a run that is under way opens it after the event it is at.

        The streams of the others stay as they are. Adding an instrument again does nothing. Raises ValueError
        if the table does not have it.
        """
        if con_id in self._instruments:
            return
        instrument = by_con_id(con_id)
        if instrument is None:
            raise ValueError(f"no instrument has con_id {con_id}: add it to simulator/instruments.toml")
        if followed_by(instrument) is not None:
            self.add(instrument.under_con_id)
        self._instruments[con_id] = instrument
        self._in_order.append(instrument)

    def ticks(self) -> Iterator[Tick]:
        """Play the market from its start, for ever; a feed without instruments is at its end at once."""
        heap: list[tuple[float, int, _Level]] = []
        levels: dict[int, _Level] = {}
        opened = 0
        at_s = 0.0
        while True:
            while opened < len(self._in_order):
                instrument = self._in_order[opened]
                underlying = followed_by(instrument)
                if underlying is not None:
                    level = levels[underlying.con_id]
                    option = OptionBook(instrument, underlying, level, self.seed, self.today)
                    level.options.append(option)
                    yield from opening_ticks(at_s, option.con_id, option.state())
                else:
                    level = levels[instrument.con_id] = self._level(instrument)
                    heapq.heappush(heap, (at_s + level.wait_s(), opened, level))
                    yield from opening_ticks(at_s, level.con_id, level.state())
                opened += 1
            if not heap:
                return
            at_s, index, level = heap[0]
            yield from level.update(at_s)
            if level.options:
                for option in level.options:
                    yield from option.follow(at_s)
            heapq.heapreplace(heap, (at_s + level.wait_s(), index, level))

    def _level(self, instrument: Instrument) -> _Level:
        kind = _Level if instrument.sec_type == "IND" else _Book
        return kind(instrument, self.seed, self._updates_per_s)


def _default_con_ids() -> list[int]:
    found = (by_local_symbol(local_symbol) for local_symbol in DEFAULT_LOCAL_SYMBOLS)
    return [instrument.con_id for instrument in found if instrument is not None]
