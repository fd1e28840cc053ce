"""The past of generated options: that of what each is on, priced as the generated market prices the option.

A bar's prices are those at its underlying's, as an option's worth rises or falls with it; so bars are exactly what the
smaller ones, and the ticks, come to. Somebody trades one contract of every option whenever the underlying trades.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

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
                (day, self._past.totals(option.under_con_id, start_s, end_s))
                for piece in slot.pieces
                if piece[0] >= begins_s
                for day, start_s, end_s in _days(*piece)
            ]
            if days:
                yield priced.bid_ask_bar(slot, days) if what == "BID_ASK" else priced.bar(slot, what, days)

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


class _Priced:
    """From the ticks of what an option is on to its own prices."""

    def __init__(self, option: Instrument) -> None:
        underlying = by_con_id(option.under_con_id)
        assert underlying is not None, "only options on something of the table are priced"
        self._quotes = OptionQuotes(option, underlying)
        self._numerator, self._denominator = underlying.min_tick.as_integer_ratio()
        self._lot = option.quote_size_step
        self._size = option.typical_size

    def bar(self, slot: Slot, what: str, days: list[tuple[date, Totals]]) -> Bar:
        pricing: Pricing = {
            "BID": lambda price, day: self._quotes.bid_ask(price, day)[0],
            "ASK": lambda price, day: self._quotes.bid_ask(price, day)[1],
            "MIDPOINT": lambda price, day: sum(self._quotes.bid_ask(price, day)) / 2,
        }.get(what, self._quotes.last)
        known: list[list[float]] = [
            [pricing(self._under(ticks), day) for ticks in (one.open, one.high, one.low, one.close)]
            for day, one in days
        ]
        extremes = [price for prices in known for price in prices]
        price = self._quotes.price
        shown = price(known[0][0]), price(max(extremes)), price(min(extremes)), price(known[-1][-1])
        if what != "TRADES":
            return Bar(slot, *shown)
        trades = [one.trades for _, one in days]
        average = [self._quotes.last(self._under(one.turnover / (one.lots or 1)), day) for day, one in days]
        values = (
            Decimal(repr(self._quotes.price(ticks))) * number * self._lot
            for ticks, number in zip(average, trades, strict=True)
        )
        return Bar(slot, *shown, sum(trades) * self._lot, sum(values, Decimal(0)), sum(trades))

    def bid_ask_bar(self, slot: Slot, days: list[tuple[date, Totals]]) -> Bar:
        """Average bid, highest ask, lowest bid, average ask."""
        edges = [self._quotes.bid_ask(self._under(ticks), day) for day, one in days for ticks in (one.high, one.low)]
        seconds = sum(one.seconds for _, one in days)
        means = [(self._quotes.bid_ask(self._under(one.price_seconds / one.seconds), day), one) for day, one in days]
        bid, ask = (
            round(self._quotes.price(sum(quote[side] * one.seconds for quote, one in means) / seconds), _AVERAGE_DIGITS)
            for side in (0, 1)
        )
        highest, lowest = max(ask for _, ask in edges), min(bid for bid, _ in edges)
        return Bar(slot, bid, self._quotes.price(highest), self._quotes.price(lowest), ask)

    def trade(self, at_s: int, ticks: int) -> PastTick:
        price = self._quotes.last(self._under(ticks), _day_of(at_s))
        return PastTick(at_s, price=self._quotes.price(price), size=self._lot)

    def quote(self, at_s: int, ticks: int) -> PastTick:
        bid, ask = map(self._quotes.price, self._quotes.bid_ask(self._under(ticks), _day_of(at_s)))
        return PastTick(at_s, bid=bid, ask=ask, bid_size=self._size, ask_size=self._size)

    def _under(self, ticks: float) -> float:
        return ticks * self._numerator / self._denominator


def _days(start_s: int, end_s: int) -> Iterator[tuple[date, int, int]]:
    """The parts of a span that lie in one UTC day each: an option's worth changes from one to the next."""
    while start_s < end_s:
        until_s = min(end_s, (start_s // DAY_S + 1) * DAY_S)
        yield _day_of(start_s), start_s, until_s
        start_s = until_s


def _day_of(at_s: int) -> date:
    return datetime.fromtimestamp(at_s, UTC).date()
