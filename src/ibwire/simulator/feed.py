"""The vocabulary of the simulator's market-data feeds: what a tick is and what a feed promises.

Knows IBKR's tick numbers. Knows no clock, no socket and no client: a feed is a pure iterator, and who
plays it decides when "`at_s` seconds after the start" is.
"""

import enum
from collections.abc import Iterator
from decimal import Decimal
from typing import Protocol

import msgspec


class TickType(enum.IntEnum):
    """IBKR's level-1 tick numbers, those that the feeds and the gateway use.

    Source: IBKR's `TickTypeEnum` (ibapi `ticktype.py`) and the "Available Tick Types" page of the TWS API.
    """

    BID_SIZE = 0
    BID = 1
    ASK = 2
    ASK_SIZE = 3
    LAST = 4
    LAST_SIZE = 5
    HIGH = 6
    LOW = 7
    VOLUME = 8
    CLOSE = 9
    OPEN = 14
    LAST_TIMESTAMP = 45
    RT_VOLUME = 48
    HALTED = 49


# Built some hundred thousand times a second and never part of a cycle: hence positional and gc=False.
class Tick(msgspec.Struct, frozen=True, gc=False):
    """One change of one field of one instrument's level-1 market data.

    `at_s` is seconds after the feed's start and never decreases along a feed. `tick_type` is a `TickType`
    number. `price` is in the instrument's currency, `size` in shares, contracts or units of the base currency;
    None means that the tick has none, or that the feed does not know it. `text` is the content of a string
    tick; LAST_TIMESTAMP leaves it None, because only the player of the feed knows the wall clock.
    """

    at_s: float
    con_id: int
    tick_type: int
    price: float | None
    size: Decimal | None
    text: str | None = None


SIZE_OF_PRICE = {
    TickType.BID: TickType.BID_SIZE,
    TickType.ASK: TickType.ASK_SIZE,
    TickType.LAST: TickType.LAST_SIZE,
}
"""The prices that come with a size, and the size tick that follows them."""

DAY_PRICES = (TickType.HIGH, TickType.LOW, TickType.CLOSE, TickType.OPEN)
"""The prices of the day, which have no size, in the order of an opening."""

State = dict[TickType, tuple[float | None, Decimal | None]]
"""Price and size by price kind or VOLUME, None where unknown or not applicable."""


def opening_ticks(at_s: float, con_id: int, state: State) -> Iterator[Tick]:
    """All that is known of an instrument at `at_s` seconds, in the order of `Feed`."""
    for kind in (*SIZE_OF_PRICE, TickType.VOLUME, *DAY_PRICES):
        if kind in state:
            yield from state_ticks(at_s, con_id, kind, *state[kind])


def state_ticks(at_s: float, con_id: int, kind: TickType, price: float | None, size: Decimal | None) -> Iterator[Tick]:
    """A price tick with its size, then the size tick; only what is known of them."""
    if price is not None:
        yield Tick(at_s, con_id, kind, price, size)
    if size is not None and kind not in DAY_PRICES:
        yield Tick(at_s, con_id, SIZE_OF_PRICE.get(kind, kind), None, size)


class Feed(Protocol):
    """A source of level-1 ticks for some instruments, merged in time order.

    Each instrument begins with its opening state, as far as known, in the order BID, BID_SIZE, ASK, ASK_SIZE,
    LAST, LAST_SIZE, VOLUME, HIGH, LOW, CLOSE, OPEN. After that, a new bid, ask or last is a price tick (with its
    size) followed by the size tick, as the gateway sends both; a change of size alone is the size tick; a
    trade is LAST, LAST_SIZE, VOLUME (the day's total), LAST_TIMESTAMP, then HIGH or LOW if it moved.
    """

    @property
    def con_ids(self) -> tuple[int, ...]:
        """The contract ids this feed has data for."""
        ...

    def ticks(self) -> Iterator[Tick]:
        """Play the feed from its start; each call is a run of its own."""
        ...
