"""Level-1 market data as messages: what a line starts with, what is known of an instrument, and each tick.

The messages have no request id: it is put in front of them for each subscriber (`shared_frames`). They are made for
live data; `delayed` gives them the names of delayed ones (protocol notes, 3.2 and 3.2.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from ibwire.simulator.feed import SIZE_OF_PRICE, Tick, TickType
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.market import Quote
from ibwire.wire import Message
from ibwire.wire import messages as m

NO_ATTRIBUTES = 0
CAN_AUTO_EXECUTE = 1
"""Bits of a price tick's attribute mask. Always sent: IBKR's client reads an absent mask as all bits."""

BBO_EXCHANGE = "9c0001"
"""The name under which a line says which exchanges its quotes may come from; smart components expand it."""
_STREAMING_PERMISSION = 3

PRECISIONS_FROM = 224
"""The first server version that tells precisions."""

DELAYED_TYPES: dict[int, int] = {
    TickType.BID: 66,
    TickType.ASK: 67,
    TickType.LAST: 68,
    TickType.BID_SIZE: 69,
    TickType.ASK_SIZE: 70,
    TickType.LAST_SIZE: 71,
    TickType.HIGH: 72,
    TickType.LOW: 73,
    TickType.VOLUME: 74,
    TickType.CLOSE: 75,
    TickType.OPEN: 76,
    TickType.LAST_TIMESTAMP: 88,
    TickType.HALTED: 90,
    10: 80,
    11: 81,
    12: 82,
    13: 83,  # option computations
}
"""The delayed twin of a tick type; the others have none and are left out of delayed data."""

_WITHOUT_TRADES = ("CASH", "IND")
_WITHOUT_QUOTES = ("IND",)


def parameters(instrument: Instrument, server_version: int) -> m.TickReqParams:
    """What a line says of itself first."""
    has_precisions = server_version >= PRECISIONS_FROM
    return m.TickReqParams(
        min_tick=f"{instrument.min_tick:f}",
        bbo_exchange=BBO_EXCHANGE,
        snapshot_permissions=_STREAMING_PERMISSION,
        last_price_precision=f"{instrument.min_tick:f}" if has_precisions else None,
        last_size_precision=f"{instrument.size_increment:f}" if has_precisions else None,
    )


def known(instrument: Instrument, quote: Quote, now_s: float) -> list[Message]:
    """Every field that is known now."""
    messages: list[Message] = []
    for number, price in quote.prices.items():
        size = quote.sizes.get(SIZE_OF_PRICE.get(TickType(number), -1))
        messages.append(price_message(number, price, size))
    messages += [size_message(number, size) for number, size in quote.sizes.items() if number != TickType.HALTED]
    if TickType.LAST in quote.prices:
        messages.append(m.TickString(None, TickType.LAST_TIMESTAMP, str(int(now_s))))
    if messages and instrument.sec_type not in _WITHOUT_TRADES:
        messages.append(_halted(quote.sizes.get(TickType.HALTED, Decimal(0))))
    return messages


def known_when_closed(instrument: Instrument, quote: Quote, now_s: float) -> list[Message]:
    """The same while the market is closed: nobody bids, and the prices of the day are those of the last one."""
    rest = [message for message in known(instrument, quote, now_s) if getattr(message, "tick_type", None) not in _SIDES]
    return rest if instrument.sec_type in _WITHOUT_QUOTES else [*no_data(), *rest]


def has_all(instrument: Instrument, quote: Quote) -> bool:
    """Whether everything is known that a snapshot waits for."""
    needed = {TickType.CLOSE}
    if instrument.sec_type not in _WITHOUT_QUOTES:
        needed |= _QUOTES
    if instrument.sec_type not in _WITHOUT_TRADES:
        needed |= {TickType.LAST, TickType.VOLUME}
    return all(kind in quote.prices or kind in quote.sizes for kind in needed)


def no_data() -> list[Message]:
    """What a gateway sends for a contract that has no quote now: price -1, size 0 (protocol notes, 3.2)."""
    return [price_message(side, -1.0, Decimal(0)) for side in (TickType.BID, TickType.ASK)]


def tick_message(tick: Tick, now_s: float) -> Message:
    """One tick of the feed as the message a gateway sends for it."""
    if tick.price is not None:
        return price_message(tick.tick_type, tick.price, tick.size)
    if tick.size is not None:
        return _halted(tick.size) if tick.tick_type == TickType.HALTED else size_message(tick.tick_type, tick.size)
    # The feed has no clock: a trade's time is when it is played.
    return m.TickString(None, tick.tick_type, tick.text if tick.text is not None else str(int(now_s)))


def price_message(tick_type: int, price: float, size: Decimal | None) -> m.TickPrice:
    """A price tick; prices of the day come with size 0, an unknown size not at all."""
    has_size = tick_type in _WITH_SIZE
    return m.TickPrice(
        tick_type=tick_type,
        price=price,
        size="0" if not has_size else None if size is None else f"{size:f}",
        attr_mask=CAN_AUTO_EXECUTE if tick_type in _QUOTES else NO_ATTRIBUTES,
    )


def size_message(tick_type: int, size: Decimal) -> m.TickSize:
    """A size tick."""
    return m.TickSize(None, tick_type, f"{size:f}")


def delayed(messages: Iterable[Message]) -> list[Message]:
    """Live messages under the names of delayed ones; what has none is left out."""
    return [
        msgspec.structs.replace(message, tick_type=DELAYED_TYPES[message.tick_type])  # type: ignore[attr-defined]
        for message in messages
        if getattr(message, "tick_type", None) in DELAYED_TYPES
    ]


def _halted(value: Decimal) -> m.TickGeneric:
    return m.TickGeneric(None, TickType.HALTED, float(value))


_WITH_SIZE = frozenset(SIZE_OF_PRICE)
_QUOTES = frozenset({TickType.BID, TickType.ASK})
_SIDES = frozenset({*_QUOTES, TickType.BID_SIZE, TickType.ASK_SIZE})
