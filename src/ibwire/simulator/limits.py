"""IBKR's limits as the gateway enforces them, and what it does to who breaks them.

Counted here anew, on the server's side, so that a client's own counting is checked against something that is not
itself.
"""

from __future__ import annotations

from collections import deque

from msgspec import Struct

WINDOW_S = 1.0
BREACHES_ALLOWED = 2
"""In reject mode each message above the rate is answered with error 100; the one after these ends the session."""


class GatewayLimits(Struct, frozen=True, kw_only=True):
    """What the gateway allows; None switches a limit off.

    `messages_per_s` counts every message of a client in any sliding second: half the market-data lines, 50 for 100.
    With `rejects` (the setting "Reject messages above maximum allowed message rate") a message above it is refused
    with error 100 and the third ends the session; without, the gateway takes it later. `market_data_lines` is how
    many instruments all clients together may stream; `active_orders` how many orders may work per account, contract
    and side. Of all clients together, too: `tick_by_tick_streams` may be open (5 for each 100 lines), asked for not
    more than once in `tick_by_tick_repeat_s` for an instrument; books of `depth_streams` instruments; and
    `history_requests` in any `history_window_s`, subscriptions to real-time bars among them.
    """

    messages_per_s: int | None = 50
    rejects: bool = False
    market_data_lines: int | None = 100
    active_orders: int | None = 20
    tick_by_tick_streams: int | None = 5
    tick_by_tick_repeat_s: float | None = 15.0
    depth_streams: int | None = 3
    history_requests: int | None = 60
    history_window_s: float = 600.0


NO_LIMITS = GatewayLimits(
    messages_per_s=None,
    market_data_lines=None,
    active_orders=None,
    tick_by_tick_streams=None,
    tick_by_tick_repeat_s=None,
    depth_streams=None,
    history_requests=None,
)
"""Everything is allowed."""


class MessageRate:
    """The messages of one client in the second that ends now. `highest` is the most of any second so far."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._times: deque[float] = deque()
        self.highest = 0
        self.breaches = 0

    def opens_at(self, now: float) -> float:
        """When the next message may be taken: now, or when enough of the last second has passed."""
        self._forget(now)
        if self._limit is None or len(self._times) < self._limit:
            return now
        return self._times[-self._limit] + WINDOW_S

    def count(self, now: float) -> int:
        """Count a message that came, or was taken, now; how many there are in the second with it."""
        self._forget(now)
        self._times.append(now)
        self.highest = max(self.highest, len(self._times))
        return len(self._times)

    def _forget(self, now: float) -> None:
        while self._times and self._times[0] <= now - WINDOW_S:
            self._times.popleft()


class RequestWindow:
    """At most `limit` requests in any `window_s` seconds, for what is counted over minutes; None is no limit."""

    def __init__(self, limit: int | None, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._times: deque[float] = deque()

    def take(self, now_s: float, weight: int = 1) -> bool:
        """Count a request, which may count for several, if there is room for it; whether there was."""
        if self._limit is None:
            return True
        while self._times and self._times[0] <= now_s - self._window_s:
            self._times.popleft()
        if len(self._times) + weight > self._limit:
            return False
        self._times.extend([now_s] * weight)
        return True
