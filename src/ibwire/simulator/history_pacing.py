"""IBKR's pacing of historical data, for a whole login: all clients of the gateway together.

Source: pacing notes, section 2. A request that is refused does not count.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

from msgspec import Struct

from ibwire.simulator.limits import GatewayLimits

SMALL_BARS_WINDOW_S = 600.0
SAME_CONTRACT_WINDOW_S = 2.0


class HistoryQuery(Struct, frozen=True):
    """What pacing sees of a request.

    `identity` is all that makes two requests the same, `series` contract, exchange and kind of data. `is_small` are
    bars of at most 30 seconds and what counts as such; `weight` is 2 for BID_ASK.
    """

    identity: Hashable
    series: Hashable
    is_small: bool
    weight: int = 1


class HistoryPacing:
    """Says which requests are too many. Times are Unix seconds."""

    def __init__(self, limits: GatewayLimits) -> None:
        self._limits = limits
        self._small = _Window(SMALL_BARS_WINDOW_S)
        self._of_series: dict[Hashable, _Window] = {}
        self._asked_at: dict[Hashable, float] = {}

    def admits(self, query: HistoryQuery, now_s: float) -> bool:
        """Whether this request may be answered now; then it counts."""
        self._forget(now_s)
        series = self._of_series.setdefault(query.series, _Window(SAME_CONTRACT_WINDOW_S))
        admits = (
            not self._is_repeated(query.identity, now_s)
            and _has_room(series, self._limits.historical_same_contract, query.weight, now_s)
            and (not query.is_small or _has_room(self._small, self._limits.historical_small, query.weight, now_s))
        )
        if admits:
            self._asked_at[query.identity] = now_s
            series.add(query.weight, now_s)
            if query.is_small:
                self._small.add(query.weight, now_s)
        return admits

    def admits_real_time_bars(self, identity: Hashable, now_s: float) -> bool:
        """Whether real-time bars may be subscribed now: they share the budget of small bars."""
        self._forget(now_s)
        if self._is_repeated(identity, now_s) or not _has_room(self._small, self._limits.historical_small, 1, now_s):
            return False
        self._asked_at[identity] = now_s
        self._small.add(1, now_s)
        return True

    def _is_repeated(self, identity: Hashable, now_s: float) -> bool:
        gap_s = self._limits.historical_identical_s
        return gap_s is not None and now_s - self._asked_at.get(identity, -gap_s) < gap_s

    def _forget(self, now_s: float) -> None:
        """Keep no more than the windows need; both stay as short as the socket's rate allows."""
        gap_s = self._limits.historical_identical_s or 0.0
        self._asked_at = {key: at_s for key, at_s in self._asked_at.items() if now_s - at_s < gap_s}
        self._of_series = {key: window for key, window in self._of_series.items() if window.total(now_s)}


class _Window:
    """The weight of what came in the last so many seconds."""

    def __init__(self, length_s: float) -> None:
        self._length_s = length_s
        self._entries: deque[tuple[float, int]] = deque()
        self._total = 0

    def add(self, weight: int, now_s: float) -> None:
        self._entries.append((now_s, weight))
        self._total += weight

    def total(self, now_s: float) -> int:
        while self._entries and self._entries[0][0] <= now_s - self._length_s:
            self._total -= self._entries.popleft()[1]
        return self._total


def _has_room(window: _Window, limit: int | None, weight: int, now_s: float) -> bool:
    return limit is None or window.total(now_s) + weight <= limit
