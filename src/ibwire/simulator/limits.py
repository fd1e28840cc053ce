"""IBKR's limits as the gateway enforces them, and what it does to who breaks them.

Counted here anew, on the server's side, so that a client's own counting is checked against something that is not
itself.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal

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
    and side. `price_band` is how far, as a part of the price, a limit may lie through the market before the exchange's
    price protection cancels the order (options have none); `checks_funds` rejects orders whose margin the account does
    not have.

    Of all clients together: `tick_by_tick_streams` may be open (5 for each 100 lines), asked for not more than once in
    `tick_by_tick_repeat_s` for an instrument; books of `depth_streams` instruments.

    Historical data, for all clients together (`history_pacing`): `historical_small` requests for bars of at most 30
    seconds in ten minutes, subscriptions to real-time bars among them; `historical_identical_s` seconds between two
    that are the same, `historical_same_contract` requests of one contract and kind of data in two seconds,
    `historical_open` requests open at once.
    """

    messages_per_s: int | None = 50
    rejects: bool = False
    market_data_lines: int | None = 100
    active_orders: int | None = 20
    price_band: Decimal | None = Decimal("0.2")
    checks_funds: bool = True
    tick_by_tick_streams: int | None = 5
    tick_by_tick_repeat_s: float | None = 15.0
    depth_streams: int | None = 3
    historical_small: int | None = 60
    historical_identical_s: float | None = 15.0
    historical_same_contract: int | None = 5
    historical_open: int | None = 50


NO_LIMITS = GatewayLimits(
    messages_per_s=None,
    market_data_lines=None,
    active_orders=None,
    price_band=None,
    checks_funds=False,
    tick_by_tick_streams=None,
    tick_by_tick_repeat_s=None,
    depth_streams=None,
    historical_small=None,
    historical_identical_s=None,
    historical_same_contract=None,
    historical_open=None,
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
