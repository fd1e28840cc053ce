"""What a source of historical data promises: bars for slots, ticks of a span, and when its data begin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from ibwire.simulator.bar_slots import Slot
from ibwire.simulator.instruments import Instrument

UNKNOWN = Decimal(-1)
"""Volume and average price of bars that count none, as IBKR writes it; their count is -1 too."""


class Bar(Struct, frozen=True, gc=False):
    """One bar: prices in the instrument's currency, `turnover` the sum of price times size.

    Bars that are not of trades have volume -1 and count -1; `turnover` is None where it is not known.
    """

    slot: Slot
    open: float
    high: float
    low: float
    close: float
    volume: Decimal = UNKNOWN
    turnover: Decimal | None = None
    count: int = -1


class PastTick(Struct, frozen=True, gc=False):
    """A trade (price and size) or a quote (bid and ask) in the second `at_s`; what it is not is left at nothing."""

    at_s: int
    price: float = 0.0
    size: Decimal = Decimal(0)
    bid: float = 0.0
    ask: float = 0.0
    bid_size: Decimal = Decimal(0)
    ask_size: Decimal = Decimal(0)


class BarSource(Protocol):
    """Where historical data come from. `what` is IBKR's whatToShow, one that the instrument has."""

    def bars(self, instrument: Instrument, what: str, slots: Iterable[Slot], length_s: int) -> Iterator[Bar]:
        """The bars of these slots of this nominal length, in order; none for a slot without data."""
        ...

    def head_s(self, instrument: Instrument, what: str) -> int | None:
        """The first second that there are data of, None if there are none."""
        ...

    def seconds(
        self, instrument: Instrument, what: str, start_s: int, end_s: int, *, is_backward: bool
    ) -> Iterator[list[PastTick]]:
        """The ticks of every second that has some, from `start_s` until before `end_s`, or from there back.

        `what` is TRADES, or anything else for quotes. Within a second they are in order either way.
        """
        ...
