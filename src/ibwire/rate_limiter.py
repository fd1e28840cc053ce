"""Decides when each message may leave, so that IBKR's limits hold in every span and a cancel overtakes everything.

Rules of the machine:

1. No span of one second holds more messages than the limit, whatever the load and the lanes.
2. CANCEL, ORDER and CONTROL leave at once while there is room. The other lanes are spaced evenly once a small burst
   is used up, because bursts make gateways stall; QUERY and BULK never take the last `reserved_messages` places of a
   second.
3. Of what waits the upper lane goes first, in a lane the older message. What has waited long moves up, a lane at a
   time and no higher than CONTROL, so that nothing starves while the upper lanes leave room.
4. A message waits for every pacing rule it has a claim under, and while it waits for a rule it holds up nobody else.
5. Whoever waits gets an answer: a place, or one error. Nothing is forgotten, not when the link falls either.
6. The queue is bounded, cancels, orders and control by themselves, so that no number of questions keeps them out.

Time is the event loop's. The protocol is unknown here: lanes, claims and callbacks are all it sees.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from ibwire.event_types import Throttling
from ibwire.exceptions import IbwireError, RateLimitQueueFull, RateLimitReached, RateLimitTimeout
from ibwire.pacing import Claim
from ibwire.pacing_state import PacingState
from ibwire.settings import RateLimitSettings
from ibwire.sliding_window import GUARD_S, SlidingWindow
from ibwire.turns import Turn, TurnState
from ibwire.wire.catalogue import Lane

if TYPE_CHECKING:
    from ibwire.shared_ledger import SharedLedger

BURST = 5
"""How many messages of the spaced lanes may leave together after a pause."""

_URGENT = (Lane.CANCEL, Lane.ORDER, Lane.CONTROL)

AGE_S = 10.0
"""After each such wait a message goes as one lane further up."""

VIOLATION_PAUSE_S = 1.0
"""After IBKR said that we were too fast (error 100) nothing but cancels leaves for this long."""

SLOWED = 0.8
"""What is left of the rate after each such error; the third in a session would end it."""

RECOVERY_S = 60.0
"""After each such span without another error the rate rises again by a tenth of the limit."""

THROTTLED_EVERY_S = 1.0
"""How often it is told, at most, that something waits."""

MESSAGE_RATE = "messages per second"
"""What a message waits for that no pacing rule holds."""

TIMER_MARGIN_S = 2 * GUARD_S
"""Event loops may run a timer early by the resolution of their clock; this much later it is never too early."""


class Statistics(Struct, kw_only=True):
    """What a limiter has done. Times are seconds; `peak_per_s` is the most messages in any one second."""

    sent: dict[str, int]
    waiting: dict[str, int]
    longest_wait_s: dict[str, float]
    waiting_for: dict[str, int]
    throttled_s: float
    peak_per_s: int
    limit_per_s: int
    violations: dict[int, int]
    refused: int


class Violation(Struct, frozen=True):
    """IBKR said that a limit was broken: its code, the rule (None: messages per second), and how long that one
    pauses."""

    code: int
    rule: str | None
    pause_s: float


class RateLimiter:
    """The one place through which every message of a gateway login leaves.

    `on_violation` is told of each breach that IBKR reported, `on_throttled` (at most once a second) that something
    has to wait.
    """

    def __init__(
        self,
        settings: RateLimitSettings | None = None,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        on_violation: Callable[[Violation], object] = lambda _: None,
        on_throttled: Callable[[Throttling], object] = lambda _: None,
    ) -> None:
        self._settings = settings or RateLimitSettings()
        self._loop = loop or asyncio.get_running_loop()
        self._on_violation = on_violation
        self._on_throttled = on_throttled
        self._tells_at = 0.0
        self._full_limit = self._settings.messages_per_second
        self._window = SlidingWindow(self._full_limit, 1.0)
        self._ledger: SharedLedger | None = None
        if self._settings.shared_ledger is not None:
            from ibwire.shared_ledger import SharedLedger  # brings file locks, which few processes need

            self._ledger = SharedLedger(self._settings.shared_ledger)
        self._pacing: PacingState[Turn] = PacingState(self._settings.market_data_lines)
        self._ready: dict[Lane, list[Turn]] = {lane: [] for lane in Lane}
        self._deadlines: list[tuple[float, int, Turn]] = []
        self._waiting: Counter[Lane] = Counter()
        self._waiting_total = 0
        self._next_spaced = 0.0
        self._closed_until = 0.0
        self._ledger_opens_at: dict[Lane, float] = dict.fromkeys(Lane, 0.0)
        self._recovers_at = 0.0
        self._is_paused = False
        self._is_pumping = False
        self._session = 0
        self._numbers = 0
        self._timer: asyncio.TimerHandle | None = None
        self._sent: Counter[Lane] = Counter()
        self._longest_wait_s: dict[Lane, float] = dict.fromkeys(Lane, 0.0)
        self._throttled_s = 0.0
        self._violations: Counter[int] = Counter()
        self._refused = 0

    # --- asking for a place

    def try_acquire(self, lane: Lane, claims: tuple[Claim, ...] = ()) -> bool:
        """Take a place now, if there is one and nobody waits who would go first.

        What a claim holds open is held until `give_back`; use `enqueue` for those. Raises RateLimitReached for a rule
        that is full and that no waiting helps.
        """
        now = self._loop.time()
        if self._is_paused or self._someone_is_before(lane, now) or self._leaves_at(lane, now) > now:
            return False
        if claims and self._pacing.blocking(claims, now) is not None:
            return False
        return self._commit(lane, claims, now)

    def enqueue(
        self,
        lane: Lane,
        claims: tuple[Claim, ...] = (),
        *,
        grant: Callable[[], None],
        fail: Callable[[IbwireError], None],
        timeout: float | None = None,
    ) -> Turn:
        """Call `grant` when the message may leave (at once, if it may now), or `fail` with the error if it never will.

        `timeout` is how long it may wait, in seconds; the default is the settings' `queue_timeout_s`. Raises
        RateLimitQueueFull, and RateLimitReached for a rule that no waiting helps.
        """
        turn = Turn(self.give_back, lane, claims, grant, fail)
        turn.session = self._session
        if not self._is_pumping and self.try_acquire(lane, claims):
            turn.state = TurnState.GRANTED
            grant()
            return turn
        if self._waiting_beside(lane) >= self._settings.queue_size:
            self._refused += 1
            raise RateLimitQueueFull(f"{self._settings.queue_size} messages wait already")
        self._numbers += 1
        turn.number = self._numbers
        turn.since = self._loop.time()
        turn.deadline = turn.since + (self._settings.queue_timeout_s if timeout is None else timeout)
        self._count_waiting(lane, 1)
        heapq.heappush(self._ready[lane], turn)
        heapq.heappush(self._deadlines, (turn.deadline, turn.number, turn))
        self._pump()
        if turn.state is TurnState.WAITING and turn.since >= self._tells_at:
            self._tells_at = turn.since + THROTTLED_EVERY_S
            self._on_throttled(self._throttling(turn))
        return turn

    async def acquire(self, lane: Lane, claims: tuple[Claim, ...] = (), *, timeout: float | None = None) -> None:
        """Wait until a message may leave; it counts as sent then.

        For claims that hold something open use `enqueue`, whose turn can give it back. Raises RateLimitTimeout (nothing
        was sent), RateLimitQueueFull, RateLimitReached, or the error of a link that fell meanwhile.
        """
        if self.try_acquire(lane, claims):
            return
        granted: asyncio.Future[None] = self._loop.create_future()
        turn = self.enqueue(
            lane,
            claims,
            # The task may have been cancelled a moment ago and not have run yet.
            grant=lambda: None if granted.done() else granted.set_result(None),
            fail=lambda error: None if granted.done() else granted.set_exception(error),
            timeout=timeout,
        )
        try:
            await granted
        except asyncio.CancelledError:
            turn.cancel()
            raise

    def give_back(self, turn: Turn) -> None:
        """Free a turn's place in the queue, or after its turn what its claims hold open."""
        state, turn.state = turn.state, TurnState.OVER
        if state is TurnState.WAITING:
            self._count_waiting(turn.lane, -1)
            self._pacing.unpark(turn)
            self._forget_the_dead()
        elif state is TurnState.GRANTED and turn.session == self._session and turn.claims:
            self._pacing.release(turn.claims)
        self._pump()

    # --- what happens around it

    def pause(self) -> None:
        """Let nothing leave: there is no link."""
        self._is_paused = True

    def resume(self) -> None:
        """Let what waits leave, within the limits."""
        self._is_paused = False
        self._pump()

    def link_lost(self, error_for: Callable[[], IbwireError]) -> None:
        """Pause, fail everything that waits, and count nothing as open at the gateway any more."""
        self.pause()
        self._session += 1
        self._pacing.close_all()
        for turn in sorted(self._turns()):
            if turn.state is TurnState.WAITING:  # who was told before may have taken it back
                self._end(turn, error_for())

    def report_violation(self, code: int, rule: str | None = None) -> None:
        """Slow down, because IBKR said that a limit was broken: this rule, or (None) the messages per second."""
        now = self._loop.time()
        self._violations[code] += 1
        if rule is None:
            self._window.limit = max(1, round(self._window.limit * SLOWED))
            self._closed_until = now + VIOLATION_PAUSE_S
            self._recovers_at = now + RECOVERY_S
            pause_s = VIOLATION_PAUSE_S
        else:
            pause_s = self._pacing.punish(rule, now)
        self._on_violation(Violation(code, rule, pause_s))
        self._pump()

    def statistics(self) -> Statistics:
        """What was sent, what waits and for which rule, and how long things waited."""
        self._recover(self._loop.time())
        return Statistics(
            sent={lane.name: self._sent[lane] for lane in Lane},
            waiting={lane.name: self._waiting[lane] for lane in Lane},
            longest_wait_s={lane.name: wait for lane, wait in self._longest_wait_s.items()},
            waiting_for=self._pacing.waiting_for(),
            throttled_s=self._throttled_s,
            peak_per_s=self._window.peak,
            limit_per_s=self._window.limit,
            violations=dict(self._violations),
            refused=self._refused,
        )

    @property
    def is_in_its_loop(self) -> bool:
        """Whether this is called where the limiter lives: in its event loop, which runs in one thread."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    @property
    def queued_entries(self) -> int:
        """How many entries the queues hold, those given up and not yet swept out among them."""
        return len(self._deadlines) + sum(map(len, self._ready.values()))

    # --- letting go

    def _pump(self) -> None:
        """Let everything leave that may, then set the timer for what comes next."""
        if self._is_pumping:
            return
        self._is_pumping = True
        now = self._loop.time()
        try:
            self._recover(now)
            self._expire(now)
            if not self._is_paused:
                for turn in self._pacing.unparked(now):
                    heapq.heappush(self._ready[turn.lane], turn)
                while (first := self._next_ready(now)) is not None:
                    self._let_go(first, now)
        finally:
            self._is_pumping = False
            self._set_timer(now)  # also after a mistake: whoever still waits must not wait for ever

    def _let_go(self, turn: Turn, now: float) -> None:
        """Grant the turn at the head of its lane, or park it under the rule it has to wait for."""
        try:
            blocking = self._pacing.blocking(turn.claims, now)
        except RateLimitReached as error:
            heapq.heappop(self._ready[turn.lane])
            self._end(turn, error)
            return
        if blocking is not None:
            heapq.heappop(self._ready[turn.lane])
            self._pacing.park(turn, blocking)
            return
        if not self._commit(turn.lane, turn.claims, now):
            return
        heapq.heappop(self._ready[turn.lane])
        turn.state = TurnState.GRANTED
        self._count_waiting(turn.lane, -1)
        waited = now - turn.since
        self._throttled_s += waited
        self._longest_wait_s[turn.lane] = max(self._longest_wait_s[turn.lane], waited)
        turn.grant()

    def _commit(self, lane: Lane, claims: tuple[Claim, ...], now: float) -> bool:
        """Count a message as sent now; False if other processes have used the login's budget up."""
        if self._ledger is not None:
            free_at = self._ledger.take(now, self._window.limit - self._reserved(lane))
            if free_at > now:
                self._ledger_opens_at[lane] = free_at
                return False
        self._window.add(now)
        if lane >= Lane.SUBSCRIPTION:
            self._next_spaced = max(self._next_spaced, now) + self._interval_s
        if claims:
            self._pacing.commit(claims, now)
        self._sent[lane] += 1
        return True

    def _next_ready(self, now: float) -> Turn | None:
        """The turn to go next: of the heads of the lanes, those that may leave now, the most urgent, the oldest."""
        heads = [turn for turn in self._heads() if self._leaves_at(turn.lane, now) <= now]
        return min(heads, key=lambda turn: (self._urgency(turn, now), turn.number), default=None)

    def _heads(self) -> Iterator[Turn]:
        for lane, queue in self._ready.items():
            while queue and queue[0].state is not TurnState.WAITING:
                heapq.heappop(queue)
            if queue:
                yield self._ready[lane][0]

    @staticmethod
    def _urgency(turn: Turn, now: float) -> int:
        if turn.lane <= Lane.CONTROL:
            return turn.lane
        return max(Lane.CONTROL, turn.lane - int((now - turn.since) / AGE_S))

    def _someone_is_before(self, lane: Lane, now: float) -> bool:
        if not self._waiting_total:
            return False
        return any(self._urgency(turn, now) <= lane for turn in self._heads())

    def _leaves_at(self, lane: Lane, now: float) -> float:
        """When the next message of this lane may leave, by the limits on messages alone."""
        at = max(self._window.room_at(now, 1, self._reserved(lane)), self._ledger_opens_at[lane])
        if lane >= Lane.SUBSCRIPTION:
            at = max(at, self._next_spaced - (BURST - 1) * self._interval_s - GUARD_S)
        return max(at, self._closed_until) if lane is not Lane.CANCEL else at

    def _reserved(self, lane: Lane) -> int:
        if lane < Lane.QUERY:
            return 0
        return min(self._settings.reserved_messages, self._window.limit - 1)

    @property
    def _interval_s(self) -> float:
        return 1.0 / self._window.limit

    def _recover(self, now: float) -> None:
        while self._window.limit < self._full_limit and now >= self._recovers_at:
            self._window.limit = min(self._full_limit, self._window.limit + max(1, self._full_limit // 10))
            self._recovers_at += RECOVERY_S

    def _expire(self, now: float) -> None:
        while self._deadlines and self._deadlines[0][0] <= now:
            _, _, turn = heapq.heappop(self._deadlines)
            if turn.state is TurnState.WAITING:
                rule = self._pacing.rule_of(turn)
                for_what = f"rule {rule}" if rule is not None else f"a place in lane {turn.lane.name}"
                self._end(turn, RateLimitTimeout(f"waited {now - turn.since:.3g} s for {for_what}; nothing was sent"))

    def _end(self, turn: Turn, error: IbwireError) -> None:
        turn.state = TurnState.OVER
        self._count_waiting(turn.lane, -1)
        self._pacing.unpark(turn)
        turn.fail(error)

    def _throttling(self, turn: Turn) -> Throttling:
        rule = self._pacing.rule_of(turn)
        at = self._leaves_at(turn.lane, turn.since) if rule is None else self._pacing.opens_at(turn, turn.since)
        wait_s = min(at, turn.deadline) - turn.since
        return Throttling(rule=rule or MESSAGE_RATE, lane=turn.lane.name, wait_s=wait_s, waiting=self._waiting_total)

    def _count_waiting(self, lane: Lane, change: int) -> None:
        self._waiting[lane] += change
        self._waiting_total += change

    def _waiting_beside(self, lane: Lane) -> int:
        """How many wait in the lanes that share a bound with this one: a queue full of questions refuses no cancel."""
        urgent = sum(self._waiting[one] for one in _URGENT)
        return urgent if lane in _URGENT else self._waiting_total - urgent

    def _turns(self) -> list[Turn]:
        return [turn for _, _, turn in self._deadlines if turn.state is TurnState.WAITING]

    def _forget_the_dead(self) -> None:
        """Drop what was given up from the queues once it is most of them, so that nothing piles up."""
        if len(self._deadlines) < 64 or len(self._deadlines) < 2 * self._waiting_total:
            return
        self._deadlines = [entry for entry in self._deadlines if entry[2].state is TurnState.WAITING]
        heapq.heapify(self._deadlines)
        for queue in self._ready.values():
            queue[:] = [turn for turn in queue if turn.state is TurnState.WAITING]
            heapq.heapify(queue)

    def _set_timer(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        times = [self._deadlines[0][0]] if self._deadlines else []
        if not self._is_paused:
            times += [self._leaves_at(turn.lane, now) for turn in self._heads()]
            times += self._pacing.wake_times(now)
        if times:
            self._timer = self._loop.call_at(max(min(times), now) + TIMER_MARGIN_S, self._pump)
