"""Bars that are kept up to date: what the quotes of a live market make of the bar that is open now.

Looks at a quote whenever it is told to, several times a second, and says which bars are to be told: a new one as it
begins, the open one at most every five seconds and only if it changed, and a last time when it closes (protocol notes,
3.6).
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from msgspec import Struct

from ibwire.simulator.bar_slots import Slot, clock_start, period_of
from ibwire.simulator.bar_source import UNKNOWN, Bar
from ibwire.simulator.feed import TickType
from ibwire.simulator.generated_bars import TRADED
from ibwire.simulator.history_requests import BarsAsked
from ibwire.simulator.market import Quote
from ibwire.simulator.trading_sessions import TradingHours, trading_day

TOLD_EVERY_S = 5.0


class _Seen(Struct, frozen=True):
    """What the quote said when it was last looked at; `news` grows with everything that concerns these bars."""

    price: float
    volume: Decimal
    trades: int
    news: int


class LiveBars:
    """The bars of one request. `last` is the last bar of its past: if it is still open, it goes on."""

    def __init__(self, asked: BarsAsked, hours: TradingHours, quote: Quote, last: Bar | None, now_s: float) -> None:
        self.asked = asked
        self._hours = hours
        self._quote = quote
        self._seen = self._look()
        self._bar: Bar | None = None
        self._is_news = False
        self._told_at_s = now_s
        slot = self._slot(now_s)
        if last is not None and slot is not None and self._key(last.slot) == self._key(slot):
            self._bar = last

    def due(self, now_s: float) -> list[Bar]:
        """The bars to tell now, the older first."""
        slot, seen = self._slot(now_s), self._look()
        if slot is None or seen is None:
            return []
        before, self._seen = self._seen, seen
        told: list[Bar] = []
        if self._bar is None or self._key(slot) != self._key(self._bar.slot):
            if self._bar is not None and self._is_news:
                told.append(self._bar)
            self._bar = self._begun(slot, before, seen)
            told.append(self._bar)
        elif before is None or seen.news != before.news:
            self._bar = self._gone_on(self._bar, slot, before, seen)
            self._is_news = True
        if not told and self._is_news and now_s >= self._told_at_s + TOLD_EVERY_S:
            told.append(self._bar)
        if told:
            self._told_at_s, self._is_news = now_s, False
        return told

    def _begun(self, slot: Slot, before: _Seen | None, seen: _Seen) -> Bar:
        price, is_traded = seen.price, self.asked.what in TRADED
        zero = Bar(slot, price, price, price, price, Decimal(0), Decimal(0), 0)
        return self._gone_on(zero, slot, before, seen) if is_traded else Bar(slot, price, price, price, price)

    def _gone_on(self, bar: Bar, slot: Slot, before: _Seen | None, seen: _Seen) -> Bar:
        price = seen.price
        high, low = max(bar.high, price), min(bar.low, price)
        if bar.volume == UNKNOWN:
            return Bar(slot, bar.open, high, low, price)
        # A recording that begins again counts its volume anew.
        traded = Decimal(0) if before is None else max(Decimal(0), seen.volume - before.volume)
        trades = 0 if before is None else seen.trades - before.trades
        turnover = None if bar.turnover is None else bar.turnover + traded * Decimal(repr(price))
        return Bar(slot, bar.open, high, low, price, bar.volume + traded, turnover, max(0, bar.count) + trades)

    def _look(self) -> _Seen | None:
        """The price that these bars are made of, None if there is none now."""
        prices, changes = self._quote.prices, self._quote.changes
        bid, ask = prices.get(TickType.BID), prices.get(TickType.ASK)
        match self.asked.what:
            case "BID":
                price, news = bid, changes[TickType.BID]
            case "ASK":
                price, news = ask, changes[TickType.ASK]
            case "MIDPOINT":
                has_both = bid is not None and ask is not None
                price = float((Decimal(repr(bid)) + Decimal(repr(ask))) / 2) if has_both else None
                news = changes[TickType.BID] + changes[TickType.ASK]
            case _:
                price, news = prices.get(TickType.LAST), changes[TickType.LAST] + changes[TickType.VOLUME]
        if price is None or price <= 0:
            return None
        volume = self._quote.sizes.get(TickType.VOLUME, Decimal(0))
        return _Seen(price, volume, changes[TickType.VOLUME] or changes[TickType.LAST], news)

    def _slot(self, now_s: float) -> Slot | None:
        """The place of the bar that is open now; None while the market is closed."""
        asked = self.asked
        if not self._hours.is_open(asked.instrument, now_s, regular_only=asked.regular_only):
            return None
        day = trading_day(asked.instrument, now_s)
        tomorrow = day + timedelta(days=1)
        sessions = self._hours.sessions(asked.instrument, day, tomorrow, regular_only=asked.regular_only)
        session = next((one for one in sessions if one.start_s <= now_s < one.end_s), None)
        start_s = clock_start(asked.instrument, now_s, asked.size.length_s) if asked.size.is_intraday else int(now_s)
        if session is not None:
            start_s, day = max(start_s, int(session.start_s)), session.day
        return Slot(start_s, day, day, ())

    def _key(self, slot: Slot) -> int | tuple[date, date]:
        """What tells one bar from another."""
        return slot.start_s if self.asked.size.is_intraday else period_of(slot.day, self.asked.size)
