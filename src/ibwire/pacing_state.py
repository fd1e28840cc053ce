"""How much of each pacing rule is used, and who waits for which.

The rules are data (`pacing`); this keeps their counts: a sliding window or a number of open ones per rule and key,
and the waiters parked until a rule has room again. It is told the time.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from typing import Any, Generic, Protocol, TypeVar

from ibwire.exceptions import RateLimitReached
from ibwire.pacing import Claim, PacingRule, WhenFull, rules
from ibwire.sliding_window import SlidingWindow

FIRST_PENALTY_S = 15.0
LONGEST_PENALTY_S = 120.0
"""How long a family of rules is closed after IBKR reported a breach: at first, and at most after repeated ones."""

SLOWED = 0.8
SLOWEST = 0.25
"""What is left of a family's limits after each breach, and the least that is left after many."""

RECOVERY_S = 600.0
"""After each such span without another breach the limits rise again by a tenth."""

_MAX_IDLE_WINDOWS = 4096
_MAX_STALE = 64

Place = tuple[str, str]
"""A rule's name and a key."""


class Parkable(Protocol):
    """What can wait for a rule; the smaller of two goes first."""

    claims: tuple[Claim, ...]

    def __lt__(self, other: Any, /) -> bool: ...


W = TypeVar("W", bound=Parkable)


class _Family:
    """Rules that IBKR enforces together, known by the first word of their names: one breach slows them all."""

    def __init__(self) -> None:
        self.breaches = 0
        self.factor = 1.0
        self.closed_until = 0.0
        self.recovers_at = 0.0


class PacingState(Generic[W]):
    """The counts of all rules of one gateway login."""

    def __init__(self, market_data_lines: int) -> None:
        self._rules = rules(market_data_lines)
        self._families = {name.partition(".")[0]: _Family() for name in self._rules}
        self._windows: dict[Place, SlidingWindow] = {}
        self._open: Counter[Place] = Counter()
        self._parked: dict[Place, list[W]] = {}
        self._place_of: dict[W, Place] = {}
        self._stale = 0

    def blocking(self, claims: tuple[Claim, ...], now: float) -> Claim | None:
        """The first claim that has no room now, None if all have.

        Raises RateLimitReached if a full rule is one that waiting does not help, KeyError for a rule that does not
        exist.
        """
        for claim in claims:
            rule = self._rules[claim.rule]
            if self._room_at(rule, claim, now) > now:
                if rule.when_full is WhenFull.REFUSE:
                    raise _reached(rule, claim)
                return claim
        return None

    def commit(self, claims: tuple[Claim, ...], now: float) -> None:
        """Count a request that leaves now."""
        for claim in claims:
            rule = self._rules[claim.rule]
            if rule.window_s is None:
                self._open[claim.rule, claim.key] += claim.weight
            else:
                self._window(rule, claim.key, now).add(now, claim.weight)

    def release(self, claims: tuple[Claim, ...]) -> None:
        """What these claims held open is closed."""
        for claim in claims:
            if self._rules[claim.rule].window_s is None:
                self._open[claim.rule, claim.key] -= claim.weight

    def close_all(self) -> None:
        """Nothing is open at the gateway any more; what was sent still counts."""
        self._open.clear()

    # --- who waits

    def park(self, waiter: W, claim: Claim) -> None:
        """Let a waiter wait for this claim's rule."""
        place = (claim.rule, claim.key)
        self._place_of[waiter] = place
        heapq.heappush(self._parked.setdefault(place, []), waiter)

    def unpark(self, waiter: W) -> None:
        """It no longer waits for any rule."""
        if self._place_of.pop(waiter, None) is None:
            return
        # Taking it out of its heap would cost a search; it is passed over there, and swept out once most are like it.
        self._stale += 1
        if self._stale > _MAX_STALE + len(self._place_of):
            self._stale = 0
            for place, queue in list(self._parked.items()):
                self._parked[place] = [one for one in queue if self._place_of.get(one) == place]
                heapq.heapify(self._parked[place])

    def unparked(self, now: float) -> Iterator[W]:
        """Take out those whose rule has room now, as many as it has room for."""
        self._recover(now)
        for place, _ in self._heads():
            rule, queue, budget = self._rules[place[0]], self._parked[place], self._room(place, now)
            while (first := self._head(place)) is not None:
                budget -= min(_weight(first, rule), self._limit(rule))
                if budget < 0:
                    break
                del self._place_of[heapq.heappop(queue)]
                yield first

    def wake_times(self, now: float) -> list[float]:
        """When each rule somebody waits for will have room; not for those where somebody has to let go first."""
        times = []
        for _, first in self._heads():
            at = self.opens_at(first, now)
            if at < float("inf"):
                times.append(at)
        return times

    def _heads(self) -> list[tuple[Place, W]]:
        """The first that waits for each rule and key."""
        heads = [(place, self._head(place)) for place in self._parked]
        self._parked = {place: queue for place, queue in self._parked.items() if queue}
        return [(place, first) for place, first in heads if first is not None]

    def _head(self, place: Place) -> W | None:
        queue = self._parked[place]
        while queue and self._place_of.get(queue[0]) != place:
            heapq.heappop(queue)
        return queue[0] if queue else None

    def opens_at(self, waiter: W, now: float) -> float:
        """When the rule a waiter waits for will have room for it, if nobody is before it."""
        name, key = self._place_of[waiter]
        rule = self._rules[name]
        return self._room_at(rule, Claim(name, key, _weight(waiter, rule)), now)

    def rule_of(self, waiter: W) -> str | None:
        """The rule a waiter waits for, if it does."""
        place = self._place_of.get(waiter)
        return None if place is None else place[0]

    def waiting_for(self) -> dict[str, int]:
        """How many wait for each rule."""
        return dict(Counter(name for name, _ in self._place_of.values()))

    # --- breaches

    def punish(self, family_name: str, now: float) -> float:
        """IBKR reported a breach: close this family of rules for a while and lower its limits. Returns the seconds."""
        family = self._families[family_name]
        family.breaches += 1
        family.factor = max(SLOWEST, family.factor * SLOWED)
        pause_s = min(LONGEST_PENALTY_S, FIRST_PENALTY_S * 2.0 ** (family.breaches - 1))
        family.closed_until = now + pause_s
        family.recovers_at = now + RECOVERY_S
        self._apply_factors()
        return pause_s

    def _recover(self, now: float) -> None:
        for family in self._families.values():
            while family.factor < 1.0 and now >= family.recovers_at:
                family.factor = min(1.0, family.factor + 0.1)
                family.recovers_at += RECOVERY_S
                if family.factor == 1.0:
                    family.breaches = 0
                self._apply_factors()

    def _apply_factors(self) -> None:
        for (name, _), window in self._windows.items():
            window.limit = self._limit(self._rules[name])

    def _limit(self, rule: PacingRule) -> int:
        return max(1, int(rule.limit * self._family(rule).factor))

    def _family(self, rule: PacingRule) -> _Family:
        return self._families[rule.name.partition(".")[0]]

    # --- room

    def _room(self, place: Place, now: float) -> int:
        rule = self._rules[place[0]]
        if self._family(rule).closed_until > now:
            return 0
        if rule.window_s is None:
            return self._limit(rule) - self._open[place]
        window = self._window(rule, place[1], now)
        return window.limit - window.used(now)

    def _room_at(self, rule: PacingRule, claim: Claim, now: float) -> float:
        """When a claim will have room: now, later, or at no known time."""
        if rule.window_s is None:
            free = self._limit(rule) - self._open[claim.rule, claim.key]
            at = now if claim.weight <= free else float("inf")
        else:
            at = self._window(rule, claim.key, now).room_at(now, claim.weight)
        return max(at, self._family(rule).closed_until)

    def _window(self, rule: PacingRule, key: str, now: float) -> SlidingWindow:
        place = (rule.name, key)
        window = self._windows.get(place)
        if window is None:
            assert rule.window_s is not None
            if len(self._windows) >= _MAX_IDLE_WINDOWS:
                self._windows = {at: window for at, window in self._windows.items() if window.used(now)}
            window = self._windows[place] = SlidingWindow(self._limit(rule), rule.window_s + rule.spare_s)
        return window


def _weight(waiter: Parkable, rule: PacingRule) -> int:
    return sum(claim.weight for claim in waiter.claims if claim.rule == rule.name)


def _reached(rule: PacingRule, claim: Claim) -> RateLimitReached:
    key = f" for {claim.key}" if claim.key else ""
    return RateLimitReached(
        f"{rule.name}{key}: {rule.limit} are open and IBKR allows no more",
        code=rule.code,
        hint=f"let one go ({rule.source})",
    )
