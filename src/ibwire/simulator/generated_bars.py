"""Bars and ticks of the generated past, for every kind of data that IBKR shows.

Bid and ask stand around the path of the trades at the instrument's usual spread, so that bars of quotes are those of
trades, moved; rates and volatilities follow the price as a rising function of it. Hence bars of every kind and size
are exactly what the smaller ones, and the ticks, come to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from ibwire.simulator.bar_slots import Slot
from ibwire.simulator.bar_source import Bar, PastTick
from ibwire.simulator.catalogue import followed_by
from ibwire.simulator.generated_past import BEGINS_S, GeneratedPast
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.option_bars import OptionBars
from ibwire.simulator.price_patterns import Totals

TRADED = frozenset({"TRADES", "AGGTRADES", "ADJUSTED_LAST"})
"""Bars of trades. Nothing generated is ever split or pays a dividend, so adjusted ones are the same."""

_RATES = {
    "HISTORICAL_VOLATILITY": (0.22, 2.0),
    "OPTION_IMPLIED_VOLATILITY": (0.25, 3.0),
    "FEE_RATE": (0.25, 5.0),
}
"""The value at the reference price, and by how many times more than the price it changes."""

_RATE_DIGITS = 6
_MORE_DIGITS = 2
"""How many digits an average of prices has beyond those of a price."""


class GeneratedBars:
    """A `BarSource` that has everything since 2000 for every instrument of the table, and the options on them."""

    def __init__(self, seed: int) -> None:
        self._past = GeneratedPast(seed)
        self._options = OptionBars(self._past)

    def bars(self, instrument: Instrument, what: str, slots: Iterable[Slot], length_s: int) -> Iterator[Bar]:
        """The bars of these slots, in order; none before the past begins."""
        if followed_by(instrument) is not None:
            yield from self._options.bars(instrument, what, slots)
            return
        scale = _Scale(instrument, self._past.patterns(instrument.con_id).spread)
        for slot in slots:
            pieces = [(start_s, end_s) for start_s, end_s in slot.pieces if start_s >= BEGINS_S]
            if pieces:
                totals = self._past.totals(instrument.con_id, *pieces[0])
                for piece in pieces[1:]:
                    totals.add(self._past.totals(instrument.con_id, *piece))
                yield scale.bar(slot, what, totals)

    def head_s(self, instrument: Instrument, what: str) -> int | None:
        """When the past begins."""
        if followed_by(instrument) is not None:
            return self._options.head_s(instrument)
        return BEGINS_S

    def seconds(
        self, instrument: Instrument, what: str, start_s: int, end_s: int, *, is_backward: bool
    ) -> Iterator[list[PastTick]]:
        """The ticks of every second that has some: its trades, or the quote around each of them."""
        moments = range(max(start_s, BEGINS_S), end_s)
        in_order = reversed(moments) if is_backward else moments
        if followed_by(instrument) is not None:
            yield from self._options.seconds(instrument, what, in_order)
            return
        scale = _Scale(instrument, self._past.patterns(instrument.con_id).spread)
        make = scale.trade if what == "TRADES" else scale.quote
        for at_s in in_order:
            second, ticks, factor = self._past.second(instrument.con_id, at_s)
            if second.trades:
                yield [make(at_s, price + ticks, factor * lots) for price, lots in second.trades]


class _Scale:
    """From ticks and lots to the prices and sizes of one instrument."""

    def __init__(self, instrument: Instrument, spread: int) -> None:
        self._tick = Fraction(instrument.min_tick)
        self._exact_tick = instrument.min_tick
        self._digits = len(f"{instrument.min_tick.normalize():f}".partition(".")[2]) + _MORE_DIGITS
        self._lot = instrument.quote_size_step
        self._has_sizes = instrument.sec_type != "IND"
        self._reference = instrument.reference_price
        self._bid = -(spread // 2)
        self._ask = self._bid + spread

    def bar(self, slot: Slot, what: str, totals: Totals) -> Bar:
        if what in TRADED:
            return self._traded(slot, totals)
        if what == "BID_ASK":
            average = Fraction(totals.price_seconds, totals.seconds)
            bid, ask = (round(self.price(average + side), self._digits) for side in (self._bid, self._ask))
            return Bar(slot, bid, self.price(totals.high + self._ask), self.price(totals.low + self._bid), ask)
        if what in _RATES:
            first, high, low, last = self._prices(totals)
            rates = (self._rate(what, first), self._rate(what, high), self._rate(what, low), self._rate(what, last))
            return Bar(slot, *rates)
        offsets = {"BID": Fraction(self._bid), "ASK": Fraction(self._ask)}
        return Bar(slot, *self._prices(totals, offsets.get(what, Fraction(self._bid + self._ask, 2))))

    def _traded(self, slot: Slot, totals: Totals) -> Bar:
        prices = self._prices(totals)
        if not self._has_sizes:
            return Bar(slot, *prices, Decimal(0), Decimal(0), totals.trades)
        turnover = totals.turnover * self._exact_tick * self._lot
        return Bar(slot, *prices, totals.lots * self._lot, turnover, totals.trades)

    def _prices(self, totals: Totals, offset: Fraction | int = 0) -> tuple[float, float, float, float]:
        first, last = self.price(totals.open + offset), self.price(totals.close + offset)
        return first, self.price(totals.high + offset), self.price(totals.low + offset), last

    def trade(self, at_s: int, ticks: int, lots: int) -> PastTick:
        return PastTick(at_s, price=self.price(ticks), size=lots * self._lot)

    def quote(self, at_s: int, ticks: int, lots: int) -> PastTick:
        bid, ask, size = self.price(ticks + self._bid), self.price(ticks + self._ask), lots * self._lot
        return PastTick(at_s, bid=bid, ask=ask, bid_size=size, ask_size=size)

    def price(self, ticks: Fraction | int) -> float:
        # One division of whole numbers rounds correctly: 0.00005 * 23400 as floats would not be 1.17.
        numerator = ticks.numerator * self._tick.numerator
        return numerator / (ticks.denominator * self._tick.denominator)

    def _rate(self, what: str, price: float) -> float:
        usual, slope = _RATES[what]
        return round(max(0.0, usual * (1 + slope * (price / self._reference - 1))), _RATE_DIGITS)
