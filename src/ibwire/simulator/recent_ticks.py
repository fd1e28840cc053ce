"""The last trades and quotes of one instrument, as tick-by-tick data and historical ticks give them.

Bounded: a ring of each. Times are Unix seconds, those at which the market was played.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from msgspec import Struct

from ibwire.simulator.feed import Tick, TickType
from ibwire.simulator.market import Quote

KEPT = 1000
"""How many trades, and how many quotes, are remembered; IBKR gives at most as many at a time."""


class Trade(Struct, frozen=True, gc=False):
    """One trade."""

    at_s: float
    price: float
    size: Decimal


class BidAsk(Struct, frozen=True, gc=False):
    """Both sides of the market, sizes 0 where they are unknown; `bid_past_low` and `ask_past_high` are of the day."""

    at_s: float
    bid: float
    bid_size: Decimal
    ask: float
    ask_size: Decimal
    bid_past_low: bool = False
    ask_past_high: bool = False

    @property
    def mid_point(self) -> float:
        """The price between the two sides."""
        return (self.bid + self.ask) / 2


class RecentTicks:
    """What happened to one instrument lately, the newest last; `traded` and `value` are sums over all of its trades."""

    def __init__(self) -> None:
        self.trades: deque[Trade] = deque(maxlen=KEPT)
        self.quotes: deque[BidAsk] = deque(maxlen=KEPT)
        self.number_of_trades = 0
        self._has_opened = False
        self.traded = Decimal(0)
        self.value = 0.0

    @property
    def average_price(self) -> float | None:
        """The volume-weighted average price of all trades so far."""
        return self.value / float(self.traded) if self.traded else None

    def add(self, ticks: list[Tick], quote: Quote, at_s: float) -> tuple[Trade | None, BidAsk | None]:
        """Take in one event that has moved the quote to this; give the trade and the new quote that it was, if any.

        The first event is the opening: it tells of a last trade, but it is none.
        """
        kinds = {tick.tick_type for tick in ticks}
        trade = _trade(quote, at_s) if self._has_opened and not kinds.isdisjoint(_TRADE_KINDS) else None
        self._has_opened = True
        bid_ask = _bid_ask(quote, at_s) if not kinds.isdisjoint(_QUOTE_KINDS) else None
        if trade is not None:
            self.trades.append(trade)
            self.number_of_trades += 1
            self.traded += trade.size
            self.value += trade.price * float(trade.size)
        if bid_ask is not None:
            self.quotes.append(bid_ask)
        return trade, bid_ask


_TRADE_KINDS = frozenset({TickType.LAST, TickType.LAST_SIZE})
_QUOTE_KINDS = frozenset({TickType.BID, TickType.BID_SIZE, TickType.ASK, TickType.ASK_SIZE})
_ZERO = Decimal(0)


def _trade(quote: Quote, at_s: float) -> Trade | None:
    """The last trade; an index has prices without sizes, which are no trades."""
    price, size = quote.prices.get(TickType.LAST), quote.sizes.get(TickType.LAST_SIZE)
    return Trade(at_s, price, size) if price is not None and size is not None else None


def _bid_ask(quote: Quote, at_s: float) -> BidAsk | None:
    prices, sizes = quote.prices, quote.sizes
    bid, ask = prices.get(TickType.BID), prices.get(TickType.ASK)
    if bid is None or ask is None or bid <= 0 or ask <= 0:
        return None
    return BidAsk(
        at_s=at_s,
        bid=bid,
        bid_size=sizes.get(TickType.BID_SIZE, _ZERO),
        ask=ask,
        ask_size=sizes.get(TickType.ASK_SIZE, _ZERO),
        bid_past_low=bid < prices.get(TickType.LOW, bid),
        ask_past_high=ask > prices.get(TickType.HIGH, ask),
    )
