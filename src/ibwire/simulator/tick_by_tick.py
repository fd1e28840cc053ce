"""One client's tick-by-tick data: every trade, every quote or every midpoint (protocol notes, 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from ibwire.simulator.instruments import Instrument
from ibwire.simulator.knowledge import VALIDATING, id_of
from ibwire.simulator.market_data import StreamKind
from ibwire.simulator.market_events import MarketEvent
from ibwire.simulator.recent_ticks import KEPT, BidAsk, RecentTicks, Trade
from ibwire.simulator.stream_part import Client, Refused, StreamPart, instrument_for
from ibwire.wire import Message
from ibwire.wire import messages as m

LAST, ALL_LAST, BID_ASK, MID_POINT = "Last", "AllLast", "BidAsk", "MidPoint"
TICK_TYPES = {LAST: 1, ALL_LAST: 2, BID_ASK: 3, MID_POINT: 4}
"""What can be asked for, and the number that it has in the ticks."""

_TRADES = (LAST, ALL_LAST)
_NEVER = ("OPT", "FOP", "IND", "BAG")
_WITHOUT_TRADES = ("CASH",)
"""Options, combinations and indices have no tick-by-tick data (pacing notes, 4); forex has no trades."""

FAILED = "Failed to request tick-by-tick data."
TOO_MANY = (10190, "Max number of tick-by-tick requests has been reached.")
TOO_OFTEN = (420, "Invalid Real-time Query:Tick-by-tick request pacing violation")


class TickStream:
    """One subscription. With `ignores_size` a quote of which only sizes have changed is not told."""

    def __init__(
        self, request_id: int, instrument: Instrument, client: Client, tick_type: str, *, ignores_size: bool
    ) -> None:
        self.kind = StreamKind.TICK_BY_TICK
        self.request_id = request_id
        self.instrument = instrument
        self._client = client
        self._tick_type = tick_type
        self._ignores_size = ignores_size
        self._told: object = None

    def on_event(self, event: MarketEvent) -> None:
        """One event of the market: a trade, a quote, both or neither."""
        if self._tick_type in _TRADES:
            if event.trade is not None:
                self._send(historical_tick_last=trade_tick(event.trade, self.instrument))
        elif event.bid_ask is not None and self._is_new(event.bid_ask):
            if self._tick_type == BID_ASK:
                self._send(historical_tick_bid_ask=bid_ask_tick(event.bid_ask))
            else:
                self._send(historical_tick_mid_point=mid_point_tick(event.bid_ask))

    def tell_history(self, recent: RecentTicks, number: int) -> None:
        """The last ticks before the stream, in one message."""
        trades = list(recent.trades)[-number:]
        quotes = new_quotes(recent, self._identity)[-number:]
        history: dict[str, Message] = {
            BID_ASK: m.HistoricalTicksBidAsk(self.request_id, tuple(map(bid_ask_tick, quotes)), is_done=True),
            MID_POINT: m.HistoricalTicks(self.request_id, tuple(map(mid_point_tick, quotes)), is_done=True),
        }
        last = m.HistoricalTicksLast(
            self.request_id, tuple(trade_tick(trade, self.instrument) for trade in trades), is_done=True
        )
        self._client.send(history.get(self._tick_type, last))

    def _send(self, **tick: Any) -> None:
        self._client.send(m.TickByTickData(req_id=self.request_id, tick_type=TICK_TYPES[self._tick_type], **tick))

    def _is_new(self, quote: BidAsk) -> bool:
        identity = self._identity(quote)
        is_new, self._told = identity != self._told, identity
        return is_new

    def _identity(self, quote: BidAsk) -> object:
        """What has to change for a quote to be told."""
        if self._tick_type == MID_POINT:
            return quote.mid_point
        prices = quote.bid, quote.ask
        return prices if self._ignores_size else (*prices, quote.bid_size, quote.ask_size)


class TickByTick(StreamPart[TickStream]):
    """The tick-by-tick streams of one session."""

    def on_tick_by_tick(self, request: m.TickByTickRequest) -> None:
        """Subscribe, with the last ticks first if some are asked for."""
        id_, data, tick_type = id_of(request.req_id), self._data, request.tick_type or ""
        with self._refusals(id_):
            self._check_id(id_)
            if tick_type not in TICK_TYPES:
                raise Refused(321, f"{VALIDATING}Invalid tick type {tick_type}")
            instrument = instrument_for(request.contract, self._data.catalogue())
            self._check_may_have(instrument, tick_type)
            self._check_limits(instrument.con_id)
            stream = TickStream(id_, instrument, self._client, tick_type, ignores_size=bool(request.ignore_size))
            data.watch(instrument)
            number = min(request.number_of_ticks or 0, KEPT)
            if number > 0:
                stream.tell_history(data.recent(instrument.con_id), number)
            self._open(id_, stream)

    def on_cancel_tick_by_tick(self, request: m.CancelTickByTick) -> None:
        """End it."""
        self._end_or_complain(id_of(request.req_id))

    def _check_may_have(self, instrument: Instrument, tick_type: str) -> None:
        sec_type = instrument.sec_type
        if sec_type in _NEVER or (sec_type in _WITHOUT_TRADES and tick_type in _TRADES):
            raise Refused(10189, f"{FAILED}{tick_type} is not supported for {sec_type}")
        if not self._data.permissions.is_live(instrument):  # there are no delayed ones (pacing notes, 4)
            venue = instrument.primary_exchange or instrument.exchange
            raise Refused(10189, f"{FAILED}No market data permissions for {venue} {sec_type}")

    def _check_limits(self, con_id: int) -> None:
        data, now_s = self._data, self._data.now_s()
        if not data.has_tick_by_tick():
            raise Refused(*TOO_MANY)
        repeat_s, asked_at_s = data.limits.tick_by_tick_repeat_s, data.tick_by_tick_asked_at_s.get(con_id)
        if repeat_s is not None and asked_at_s is not None and now_s < asked_at_s + repeat_s:
            raise Refused(*TOO_OFTEN)
        data.tick_by_tick_asked_at_s[con_id] = now_s


def new_quotes(recent: RecentTicks, identity: Callable[[BidAsk], object]) -> list[BidAsk]:
    """The quotes that differ, by this, from the one before them."""
    quotes = list(recent.quotes)
    return quotes[:1] + [quote for before, quote in pairwise(quotes) if identity(before) != identity(quote)]


def trade_tick(trade: Trade, instrument: Instrument) -> m.HistoricalTickLast:
    """A trade as a message has it."""
    return m.HistoricalTickLast(
        time=int(trade.at_s),
        tick_attrib_last=m.TickAttribLast(past_limit=False, unreported=False),
        price=trade.price,
        size=f"{trade.size:f}",
        exchange=instrument.primary_exchange or instrument.exchange,
        special_conditions="",
    )


def bid_ask_tick(quote: BidAsk) -> m.HistoricalTickBidAsk:
    """A quote as a message has it."""
    return m.HistoricalTickBidAsk(
        time=int(quote.at_s),
        tick_attrib_bid_ask=m.TickAttribBidAsk(bid_past_low=quote.bid_past_low, ask_past_high=quote.ask_past_high),
        price_bid=quote.bid,
        price_ask=quote.ask,
        size_bid=f"{quote.bid_size:f}",
        size_ask=f"{quote.ask_size:f}",
    )


def mid_point_tick(quote: BidAsk) -> m.HistoricalTick:
    """A midpoint as a message has it: without a size."""
    return m.HistoricalTick(int(quote.at_s), quote.mid_point, "0")


TICK_BY_TICK_HANDLERS: Mapping[type[Message], Callable[[Any, Any], None]] = {
    m.TickByTickRequest: TickByTick.on_tick_by_tick,
    m.CancelTickByTick: TickByTick.on_cancel_tick_by_tick,
}
