"""Level-1 market data for one client: what a subscription starts with, and each tick as its message."""

from __future__ import annotations

from decimal import Decimal

from ibwire.simulator.feed import SIZE_OF_PRICE, Tick, TickType
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.market import Quote
from ibwire.wire import Message
from ibwire.wire import messages as m

LIVE = 1
"""The market-data type for live data."""

NO_ATTRIBUTES = 0
CAN_AUTO_EXECUTE = 1
"""Bits of a price tick's attribute mask. Always sent: IBKR's client reads an absent mask as all bits."""

BBO_EXCHANGE = "9c0001"
"""The name under which a line says which exchanges its quotes may come from; smart components expand it."""
_STREAMING_PERMISSION = 3


def opening(request_id: int, instrument: Instrument, quote: Quote, now_s: float) -> list[Message]:
    """What a new subscription gets at once: parameters, data type, and every field that is known now."""
    messages: list[Message] = [
        m.TickReqParams(
            req_id=request_id,
            min_tick=f"{instrument.min_tick:f}",
            bbo_exchange=BBO_EXCHANGE,
            snapshot_permissions=_STREAMING_PERMISSION,
        ),
        m.MarketDataType(request_id, LIVE),
    ]
    for number, price in quote.prices.items():
        size = quote.sizes.get(SIZE_OF_PRICE.get(TickType(number), -1))
        messages.append(price_message(request_id, number, price, size))
    messages += [size_message(request_id, number, size) for number, size in quote.sizes.items()]
    if TickType.LAST in quote.prices:
        messages.append(m.TickString(request_id, TickType.LAST_TIMESTAMP, str(int(now_s))))
    return messages


def no_data(request_id: int) -> list[Message]:
    """What a gateway sends for a contract that has no quote now: price -1, size 0 (protocol notes, 3.2)."""
    return [price_message(request_id, side, -1.0, Decimal(0)) for side in (TickType.BID, TickType.ASK)]


def tick_message(request_id: int, tick: Tick, now_s: float) -> Message:
    """One tick of the feed as the message a gateway sends for it."""
    if tick.price is not None:
        return price_message(request_id, tick.tick_type, tick.price, tick.size)
    if tick.size is not None:
        return size_message(request_id, tick.tick_type, tick.size)
    # The feed has no clock: a trade's time is when it is played.
    return m.TickString(request_id, tick.tick_type, tick.text if tick.text is not None else str(int(now_s)))


def price_message(request_id: int, tick_type: int, price: float, size: Decimal | None) -> m.TickPrice:
    """A price tick; prices of the day come with size 0, an unknown size not at all."""
    has_size = tick_type in _WITH_SIZE
    return m.TickPrice(
        req_id=request_id,
        tick_type=tick_type,
        price=price,
        size="0" if not has_size else None if size is None else f"{size:f}",
        attr_mask=CAN_AUTO_EXECUTE if tick_type in _QUOTES else NO_ATTRIBUTES,
    )


def size_message(request_id: int, tick_type: int, size: Decimal) -> m.TickSize:
    """A size tick."""
    return m.TickSize(request_id, tick_type, f"{size:f}")


_WITH_SIZE = frozenset(SIZE_OF_PRICE)
_QUOTES = frozenset({TickType.BID, TickType.ASK})
