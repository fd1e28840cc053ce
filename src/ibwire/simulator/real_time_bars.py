"""One client's real-time bars: five seconds each, on the wall clock (protocol notes, 3.5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ibwire.simulator.feed import TickType
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.knowledge import VALIDATING, id_of
from ibwire.simulator.market import Quote
from ibwire.simulator.market_data import StreamKind
from ibwire.simulator.market_events import MarketEvent
from ibwire.simulator.permissions import NOT_FOR_THE_API, Access
from ibwire.simulator.recent_ticks import BidAsk
from ibwire.simulator.stream_part import Refused, StreamPart, instrument_for
from ibwire.wire import Message
from ibwire.wire import messages as m

BAR_S = 5
"""The only length there is; others that are asked for are taken for it."""

MOST_PENDING = 720
"""How many bars wait at most for a lost link to come back: an hour's."""

TRADES, MIDPOINT, BID, ASK = "TRADES", "MIDPOINT", "BID", "ASK"
SHOWN = (TRADES, MIDPOINT, BID, ASK)

QUERY = "Invalid Real-time Query:"
_WITHOUT_TRADES = ("CASH",)
_ONLY_TRADES = ("IND",)
_NOT_APPLICABLE = -1


class BarStream:
    """One subscription, and the bar that is being made; `start_s` is where it begins, in Unix seconds."""

    def __init__(self, request_id: int, instrument: Instrument, what: str, start_s: int, *, regular_only: bool) -> None:
        self.kind = StreamKind.BARS
        self.request_id = request_id
        self.instrument = instrument
        self.regular_only = regular_only
        self.start_s = start_s
        self.pending: deque[m.RealTimeBarTick] = deque(maxlen=MOST_PENDING)
        self._what = what
        self._price: float | None = None
        self._begin()

    def on_event(self, event: MarketEvent) -> None:
        """A trade or a quote."""
        if self._what == TRADES:
            if event.trade is not None:
                self._add(event.trade.price, event.trade.size)
            elif TickType.LAST in {tick.tick_type for tick in event.ticks}:  # an index, or an opening
                self._add(event.quote.prices[TickType.LAST], None)
        elif event.bid_ask is not None:
            self._add(_price_of(self._what, event.bid_ask), None)

    def start_from(self, quote: Quote) -> None:
        """Before anything happens the price is the one of the quote."""
        prices = quote.prices
        bid, ask = prices.get(TickType.BID), prices.get(TickType.ASK)
        last, middle = prices.get(TickType.LAST), (bid + ask) / 2 if bid and ask else None
        self._price = {TRADES: last, MIDPOINT: middle, BID: bid, ASK: ask}[self._what]
        self._begin()

    def close(self) -> None:
        """End the bar and begin the next; it waits in `pending`. Without any price so far there is none."""
        if self._price is not None:
            self.pending.append(self._bar())
        self.start_s += BAR_S
        self._begin()

    def _begin(self) -> None:
        self._open = self._high = self._low = self._price
        self._has_traded = False
        self._volume, self._value, self._count = Decimal(0), 0.0, 0

    def _add(self, price: float, size: Decimal | None) -> None:
        if not self._has_traded:
            self._open = self._high = self._low = price
            self._has_traded = True
        assert self._high is not None
        assert self._low is not None
        self._high, self._low, self._price = max(self._high, price), min(self._low, price), price
        if size is not None:
            self._volume += size
            self._value += price * float(size)
            self._count += 1

    def _bar(self) -> m.RealTimeBarTick:
        is_traded = self._what == TRADES
        average = self._value / float(self._volume) if self._volume else self._price
        return m.RealTimeBarTick(
            req_id=self.request_id,
            time=self.start_s,
            open=self._open,
            high=self._high,
            low=self._low,
            close=self._price,
            volume=f"{self._volume:f}" if is_traded else str(_NOT_APPLICABLE),
            wap=f"{average:.8g}" if is_traded else str(_NOT_APPLICABLE),
            count=self._count if is_traded else _NOT_APPLICABLE,
        )


class RealTimeBars(StreamPart[BarStream]):
    """The bars of one session."""

    def on_real_time_bars(self, request: m.RealTimeBarsRequest) -> None:
        """Subscribe."""
        id_, data, what = id_of(request.req_id), self._data, request.what_to_show or ""
        with self._refusals(id_):
            self._check_id(id_)
            if what not in SHOWN:
                raise Refused(321, f"{VALIDATING}Invalid what to show {what}")
            instrument = instrument_for(request.contract, self._data.catalogue())
            self._check_may_have(instrument, what)
            now_s = data.now_s()
            if not data.has_line_for(instrument.con_id):
                raise Refused(101, "Max number of tickers has been reached")
            if not data.pacing.admits_real_time_bars((instrument.con_id, what, bool(request.use_rth)), now_s):
                raise Refused(420, f"{QUERY}Historical data request pacing violation")
            data.watch(instrument)
            start_s = int(now_s // BAR_S) * BAR_S
            stream = BarStream(id_, instrument, what, start_s, regular_only=bool(request.use_rth))
            stream.start_from(data.quote(instrument.con_id))
            self._open(id_, stream)

    def on_cancel_real_time_bars(self, request: m.CancelRealTimeBars) -> None:
        """End them."""
        self._end_or_complain(id_of(request.req_id))

    def advance(self, now_s: float) -> None:
        """Close the bars that are over; what could not be told while the link was lost comes in a burst."""
        for stream in self.streams.values():
            while now_s >= stream.start_s + BAR_S:
                self._close(stream)
            if not self._data.obstacles.is_held_back(stream.instrument.con_id):
                while stream.pending:
                    self._client.send(stream.pending.popleft())

    def _close(self, stream: BarStream) -> None:
        is_open = self._data.hours.is_open(stream.instrument, stream.start_s, regular_only=stream.regular_only)
        stream.close()
        if not is_open and stream.pending:
            stream.pending.pop()

    def _check_may_have(self, instrument: Instrument, what: str) -> None:
        sec_type, exchange = instrument.sec_type, instrument.exchange
        if (sec_type in _WITHOUT_TRADES and what == TRADES) or (sec_type in _ONLY_TRADES and what != TRADES):
            raise Refused(420, f"{QUERY}No historical market data for {instrument.symbol}/{sec_type}@{exchange} {what}")
        access = self._data.permissions.access(instrument)
        if access is Access.NONE:
            raise Refused(420, f"{QUERY}No market data permissions for {exchange} {sec_type}")
        if access is not Access.LIVE:
            raise Refused(*NOT_FOR_THE_API)


def _price_of(what: str, quote: BidAsk) -> float:
    return {MIDPOINT: quote.mid_point, BID: quote.bid, ASK: quote.ask}[what]


BAR_HANDLERS: Mapping[type[Message], Callable[[Any, Any], None]] = {
    m.RealTimeBarsRequest: RealTimeBars.on_real_time_bars,
    m.CancelRealTimeBars: RealTimeBars.on_cancel_real_time_bars,
}
