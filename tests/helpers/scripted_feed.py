"""Feeds for tests that decide what the market does: one from a list, one that is told while it plays."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from decimal import Decimal

from ibwire.simulator.feed import Tick, TickType

PULSE_S = 0.002
"""How often a `LiveFeed` looks for what it was told, in seconds of the feed."""

NOBODYS_CON_ID = 0


def quote(
    con_id: int,
    bid: float | None = None,
    bid_size: int | str | None = None,
    ask: float | None = None,
    ask_size: int | str | None = None,
    *,
    at_s: float = 0.0,
) -> list[Tick]:
    """A new bid and ask as a feed tells them: price with its size, then the size; only what is given."""
    ticks = []
    for price, size, kind, size_kind in (
        (bid, bid_size, TickType.BID, TickType.BID_SIZE),
        (ask, ask_size, TickType.ASK, TickType.ASK_SIZE),
    ):
        exact = None if size is None else Decimal(size)
        if price is not None:
            ticks.append(Tick(at_s, con_id, kind, price, exact))
        if exact is not None:
            ticks.append(Tick(at_s, con_id, size_kind, None, exact))
    return ticks


class ScriptedFeed:
    """Plays these ticks once and is over. `con_ids` defaults to those of the ticks."""

    def __init__(self, ticks: Sequence[Tick], con_ids: Sequence[int] | None = None) -> None:
        self._ticks = tuple(ticks)
        self._con_ids = tuple(dict.fromkeys(tick.con_id for tick in ticks) if con_ids is None else con_ids)

    @property
    def con_ids(self) -> tuple[int, ...]:
        """The contract ids this feed has data for."""
        return self._con_ids

    def ticks(self) -> Iterator[Tick]:
        """The ticks of the script."""
        return iter(self._ticks)


class LiveFeed(ScriptedFeed):
    """Plays an opening, then whatever `tell` is given, each call as one event, a moment after it was told.

    It never ends: while nothing is told it ticks for a contract that nobody has, so that the gateway looks again.
    """

    def __init__(self, opening: Sequence[Tick], con_ids: Sequence[int] | None = None) -> None:
        super().__init__(opening, con_ids)
        self._told: deque[Sequence[Tick]] = deque()

    def tell(self, ticks: Sequence[Tick]) -> None:
        """Let this happen next; the ticks' times are replaced by the feed's."""
        self._told.append(ticks)

    def ticks(self) -> Iterator[Tick]:
        """The opening, then what is told, for ever."""
        yield from self._ticks
        at_s = max((tick.at_s for tick in self._ticks), default=0.0)
        while True:
            at_s += PULSE_S
            for tick in self._told.popleft() if self._told else ():
                yield Tick(at_s, tick.con_id, tick.tick_type, tick.price, tick.size, tick.text)
            yield Tick(at_s, NOBODYS_CON_ID, TickType.HALTED, None, Decimal(0))
