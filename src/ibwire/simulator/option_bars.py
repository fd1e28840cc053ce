"""The past of generated options: that of what each is on, priced as the generated market prices the option.

A bar's prices are those at its underlying's, as an option's worth rises or falls with it; so bars are exactly what the
smaller ones, and the ticks, come to. Somebody trades one contract of every option whenever the underlying trades.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import mul

from msgspec import Struct
from msgspec.structs import replace

from ibwire.simulator.bar_slots import Slot
from ibwire.simulator.bar_source import Bar, PastTick
from ibwire.simulator.catalogue import by_con_id
from ibwire.simulator.generated_past import BEGINS_S, DAY_S, GeneratedPast
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.listed_options import FIRST_ID
from ibwire.simulator.option_chains import WEEKLY_EXPIRIES, third_friday
from ibwire.simulator.option_quotes import OptionQuotes
from ibwire.simulator.price_patterns import Totals

_MONTHLY_WEEKS = 28
"""How long before their end the options are listed that expire on a month's third Friday."""

_AVERAGE_DIGITS = 4

Pricing = Callable[[float, date], float]
"""From the underlying's price and the day to the option's, in ticks."""


class OptionBars:
    """The bars and ticks of the options on one or another instrument of the table."""

    def __init__(self, past: GeneratedPast) -> None:
        self._past = past

    def bars(self, option: Instrument, what: str, slots: Iterable[Slot]) -> Iterator[Bar]:
        """The bars of these slots, in order; none before the option was listed."""
        priced = _Priced(option)
        begins_s = self.head_s(option)
        for slot in slots:
            days = [
                _Day(day, start_s, end_s, self._past.totals(option.under_con_id, start_s, end_s))
                for piece in slot.pieces
                if piece[0] >= begins_s
                for day, start_s, end_s in _days(*piece)
            ]
            if days:
                if what == "BID_ASK":
                    yield priced.bid_ask_bar(slot, days)
                elif what == "TRADES":
                    yield self._traded(priced.bar(slot, what, days), option, priced, days)
                else:
                    yield priced.bar(slot, what, days)

    def _traded(self, bar: Bar, option: Instrument, priced: _Priced, days: list[_Day]) -> Bar:
        """A bar with its volume and turnover: every trade at its own price."""
        volume, turnover = Decimal(0), Decimal(0)
        for one in days:
            for ticks, number in self._past.prices(option.under_con_id, one.start_s, one.end_s).items():
                volume += number * option.quote_size_step
                turnover += Decimal(repr(priced.last(ticks, one.day))) * number * option.quote_size_step
        return replace(bar, volume=volume, turnover=turnover, count=sum(one.totals.trades for one in days))

    def head_s(self, option: Instrument) -> int:
        """When an option's past begins: with its listing; of one of the table with everything."""
        if option.con_id < FIRST_ID:
            return BEGINS_S
        expiry = date.fromisoformat(option.last_trade_date)
        is_monthly = expiry == third_friday(expiry.year, expiry.month)
        listed = expiry - timedelta(weeks=_MONTHLY_WEEKS if is_monthly else WEEKLY_EXPIRIES)
        return max(BEGINS_S, int(datetime(listed.year, listed.month, listed.day, tzinfo=UTC).timestamp()))

    def seconds(self, option: Instrument, what: str, moments: Iterable[int]) -> Iterator[list[PastTick]]:
        """The ticks of every second that has some, of these: its trades, or the quote around each of them."""
        priced, begins_s = _Priced(option), self.head_s(option)
        make = priced.trade if what == "TRADES" else priced.quote
        for at_s in moments:
            if at_s >= begins_s:
                second, ticks, _ = self._past.second(option.under_con_id, at_s)
                if second.trades:
                    yield [make(at_s, price + ticks) for price, _ in second.trades]


class _Day(Struct, frozen=True):
    """What of a bar is in one UTC day, and what the underlying's trading came to then."""

    day: date
    start_s: int
    end_s: int
    totals: Totals


class _Priced:
    """From the ticks of what an option is on to its own prices."""

    def __init__(self, option: Instrument) -> None:
        underlying = by_con_id(option.under_con_id)
        assert underlying is not None, "only options on something of the table are priced"
        self._quotes = OptionQuotes(option, underlying)
        self._numerator, self._denominator = underlying.min_tick.as_integer_ratio()
        self._lot = option.quote_size_step
        self._size = option.typical_size

    def bar(self, slot: Slot, what: str, days: list[_Day]) -> Bar:
        pricing: Pricing = {
            "BID": lambda price, day: self._quotes.bid_ask(price, day)[0],
            "ASK": lambda price, day: self._quotes.bid_ask(price, day)[1],
            "MIDPOINT": lambda price, day: sum(self._quotes.bid_ask(price, day)) / 2,
        }.get(what, self._quotes.last)
        known: list[list[float]] = [
            [pricing(self._under(ticks), one.day) for ticks in _prices(one.totals)] for one in days
        ]
        extremes = [price for prices in known for price in prices]
        price = self._quotes.price
        shown = price(known[0][0]), price(max(extremes)), price(min(extremes)), price(known[-1][-1])
        return Bar(slot, *shown)

    def bid_ask_bar(self, slot: Slot, days: list[_Day]) -> Bar:
        """Average bid, highest ask, lowest bid, average ask."""
        edges = [self._quotes.bid_ask(self._under(ticks), one.day) for one in days for ticks in _prices(one.totals)]
        seconds = [one.totals.seconds for one in days]
        means = [
            self._quotes.bid_ask(self._under(one.totals.price_seconds / one.totals.seconds), one.day) for one in days
        ]
        bid, ask = (
            round(self._quotes.price(sum(map(mul, side, seconds)) / sum(seconds)), _AVERAGE_DIGITS)
            for side in zip(*means, strict=True)
        )
        highest, lowest = max(ask for _, ask in edges), min(bid for bid, _ in edges)
        return Bar(slot, bid, self._quotes.price(highest), self._quotes.price(lowest), ask)

    def trade(self, at_s: int, ticks: int) -> PastTick:
        return PastTick(at_s, price=self.last(ticks, _day_of(at_s)), size=self._lot)

    def quote(self, at_s: int, ticks: int) -> PastTick:
        bid, ask = map(self._quotes.price, self._quotes.bid_ask(self._under(ticks), _day_of(at_s)))
        return PastTick(at_s, bid=bid, ask=ask, bid_size=self._size, ask_size=self._size)

    def last(self, ticks: int, day: date) -> float:
        """The price of a trade when the underlying trades at so many of its ticks."""
        return self._quotes.price(self._quotes.last(self._under(ticks), day))

    def _under(self, ticks: float) -> float:
        return ticks * self._numerator / self._denominator


def _prices(totals: Totals) -> tuple[int, int, int, int]:
    return totals.open, totals.high, totals.low, totals.close


def _days(start_s: int, end_s: int) -> Iterator[tuple[date, int, int]]:
    """The parts of a span that lie in one UTC day each: an option's worth changes from one to the next."""
    while start_s < end_s:
        until_s = min(end_s, (start_s // DAY_S + 1) * DAY_S)
        yield _day_of(start_s), start_s, until_s
        start_s = until_s


def _day_of(at_s: int) -> date:
    return datetime.fromtimestamp(at_s, UTC).date()
