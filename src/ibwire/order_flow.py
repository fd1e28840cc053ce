"""The guards that look at orders together: how many are open, how many were placed lately, and whether one is a repeat.

Counted in memory, by a clock that nobody sets; what was placed before a restart the journal tells: a program that
places an order, falls, and is started again by a supervisor places too much too fast as well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence

from ibwire.exceptions import OrderLimitExceeded
from ibwire.order_fields import Order
from ibwire.settings import TradingSettings
from ibwire.wire import messages as m

MINUTE_S = 60.0


class Admission:
    """Orders that were let through together. `end` when they are followed, with `is_back` if nothing of them left."""

    def __init__(self, flow: OrderFlow, at_s: float, intents: Sequence[Hashable]) -> None:
        self.at_s = at_s
        self.intents = tuple(intents)
        self._flow = flow
        self._is_over = False

    def end(self, *, is_back: bool = False) -> None:
        """Safe to call again."""
        if not self._is_over:
            self._is_over = True
            self._flow.ended(self, is_back=is_back)


class OrderFlow:
    """Lets orders through, or refuses them. `open_orders` counts those that are open; `now` are seconds that never go
    back."""

    def __init__(self, settings: TradingSettings, *, open_orders: Callable[[], int], now: Callable[[], float]) -> None:
        self._settings = settings
        self._open_orders = open_orders
        self._now = now
        self._on_their_way = 0
        self._placed: deque[float] = deque()
        self._recent: dict[Hashable, float] = {}  # by when it was placed, oldest first

    @property
    def memory_s(self) -> float:
        """How far back what was placed counts."""
        return max(MINUTE_S, self._settings.duplicate_window_s or 0.0)

    def remember(self, placed: Iterable[tuple[float, m.Contract, Order]]) -> None:
        """What was placed so many seconds ago, before this began to count."""
        now = self._now()
        for age_s, contract, order in sorted(placed, key=lambda one: -one[0]):
            at_s = now - max(age_s, 0.0)  # the wall clock may have gone back
            self._placed.append(at_s)
            self._note(_intent(contract, order), at_s)

    def admit(self, contract: m.Contract, orders: Sequence[Order], *, allow_duplicate: bool) -> Admission:
        """Let orders for a contract through together, or none of them. They count from now on.

        A duplicate is the same contract, action, type, quantity and prices as an order before; orders of one call are
        not compared with each other. Raises OrderLimitExceeded.
        """
        now = self._now()
        intents = [_intent(contract, order) for order in orders]
        self._check_duplicates(intents if not allow_duplicate else [], now)
        self._check_open(len(orders))
        self._check_rate(len(orders), now)
        for intent in intents:
            self._note(intent, now)
        self._placed.extend(now for _ in orders)
        self._on_their_way += len(orders)
        return Admission(self, now, intents)

    def ended(self, admission: Admission, *, is_back: bool) -> None:
        """For `Admission.end`."""
        self._on_their_way -= len(admission.intents)
        for intent in admission.intents if is_back else ():
            if self._recent.get(intent) == admission.at_s:
                del self._recent[intent]
            if admission.at_s in self._placed:
                self._placed.remove(admission.at_s)

    def room_in_s(self, at_s: float) -> float:
        """In how many seconds an order may leave that was let through at `at_s` and has waited since; 0 for now."""
        self._forget_old(self._now())
        placed, most = list(self._placed), self._settings.max_orders_per_minute
        if at_s in placed:
            placed.remove(at_s)
        return 0.0 if most is None or len(placed) < most else placed[-most] + MINUTE_S - self._now()

    def leaves(self, at_s: float) -> None:
        """An order that has waited leaves now: it counts in this minute, not in that in which it was let through."""
        if at_s in self._placed:
            self._placed.remove(at_s)
        self._placed.append(self._now())

    def _note(self, intent: Hashable, at_s: float) -> None:
        self._recent.pop(intent, None)  # so that the newest stands last
        self._recent[intent] = at_s

    def _check_duplicates(self, intents: Sequence[Hashable], now: float) -> None:
        window_s = self._settings.duplicate_window_s or 0.0
        while self._recent and (oldest := next(iter(self._recent.items())))[1] <= now - window_s:
            del self._recent[oldest[0]]
        for intent in intents:
            at_s = self._recent.get(intent)
            if at_s is not None:
                raise OrderLimitExceeded(
                    f"nothing was sent: the same order was placed {now - at_s:.3g} s ago, less than {window_s:g} s "
                    "(guard: duplicate_window_s)",
                    hint="if it is meant, place it with `allow_duplicate=True`",
                )

    def _check_open(self, number: int) -> None:
        most = self._settings.max_open_orders
        if most is None:
            return
        there_are = self._open_orders() + self._on_their_way
        if there_are + number > most:
            raise OrderLimitExceeded(
                f"nothing was sent: {there_are} orders are open, and with {number} more it would be more than {most} "
                "(guard: max_open_orders)",
                hint="wait until some have ended, or cancel some",
            )

    def _check_rate(self, number: int, now: float) -> None:
        self._forget_old(now)
        most, placed = self._settings.max_orders_per_minute, len(self._placed)
        if most is None:
            return
        if placed + number > most:
            raise OrderLimitExceeded(
                f"nothing was sent: {placed} orders were placed within a minute, and with {number} more it would be "
                f"more than {most} (guard: max_orders_per_minute)",
                hint="wait; the minute is a sliding one",
            )

    def _forget_old(self, now: float) -> None:
        while self._placed and self._placed[0] <= now - MINUTE_S:
            self._placed.popleft()


def _intent(contract: m.Contract, order: Order) -> Hashable:
    """What makes two orders the same to a user, however they are tagged."""
    prices = (order.limit_price, order.aux_price, order.trail_stop_price, order.trailing_percent, order.cash_qty)
    what = contract if contract.combo_legs else contract.con_id or contract  # all combinations have one con_id
    return (what, order.account, order.fa_group, order.action, order.order_type, order.total_quantity, *prices)
