"""One event of the market as the streams see it: what happened, and its level-1 messages, encoded once for all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from ibwire.simulator import generic_ticks, option_ticks, subscriptions
from ibwire.simulator.feed import Tick
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.market import Quote
from ibwire.simulator.recent_ticks import BidAsk, RecentTicks, Trade
from ibwire.simulator.shared_frames import SharedFrames
from ibwire.wire import Message


class View(Struct, frozen=True):
    """How a line sees an event. `trade_ticks` are the tick types that it gets with every trade, besides the usual."""

    is_delayed: bool = False
    has_computations: bool = False
    trade_ticks: tuple[int, ...] = ()


class MarketEvent:
    """Some ticks of one instrument at one time, in Unix seconds; `quote` is what they have made of its quote.

    `trade` and `bid_ask` say what they amount to tick by tick; `under_price` is that of an option's underlying.
    """

    __slots__ = ("_frames", "at_s", "bid_ask", "instrument", "quote", "recent", "ticks", "trade", "under_price")

    def __init__(
        self,
        instrument: Instrument,
        ticks: Sequence[Tick],
        quote: Quote,
        at_s: float,
        recent: RecentTicks,
        *,
        trade: Trade | None = None,
        bid_ask: BidAsk | None = None,
        under_price: float | None = None,
    ) -> None:
        self.instrument = instrument
        self.ticks = ticks
        self.quote = quote
        self.at_s = at_s
        self.recent = recent
        self.trade = trade
        self.bid_ask = bid_ask
        self.under_price = under_price
        self._frames: dict[View, SharedFrames] = {}

    def frames(self, view: View) -> SharedFrames:
        """The level-1 messages for lines with this view."""
        frames = self._frames.get(view)
        if frames is None:
            frames = self._frames[view] = SharedFrames(self._messages(view))
        return frames

    def _messages(self, view: View) -> list[Message]:
        messages = [subscriptions.tick_message(tick, self.at_s) for tick in self.ticks]
        if view.has_computations and self.under_price is not None:
            changed = [tick.tick_type for tick in self.ticks]
            today = datetime.fromtimestamp(self.at_s, UTC).date()
            messages += option_ticks.computations(self.instrument, self.quote, changed, self.under_price, today)
        if self.trade is not None:
            messages += [
                generic_ticks.trade_message(kind, self.trade, self.quote, self.recent) for kind in view.trade_ticks
            ]
        return subscriptions.delayed(messages) if view.is_delayed else messages
