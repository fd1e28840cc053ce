"""How time passes in a gateway: the market is played, and what falls due by the clock is let happen, in order.

On a real clock it runs by itself; a manual one is advanced, step by step, with everything that falls due on the way.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from ibwire.simulator.clock import Clock, ManualClock
from ibwire.simulator.feed import Tick
from ibwire.simulator.market import Market
from ibwire.simulator.state import ActiveFault

STEP_S = 0.1
"""How often what falls due by the clock alone is looked at, and a market in which nothing is due."""

STEPS_AT_ONCE = 50
"""The market is played in steps of at least this part of a step, so that a fast one costs few wake-ups."""

EVENTS_A_TURN = 500
"""How many events of the market pass before what was made of them is sent."""

MOST_PATIENCE_S = 5.0
"""How long, in all, an advanced clock waits for clients to read what they are sent."""


class NotManual(Exception):
    """The clock is not one that can be advanced."""


class Pulse:
    """Lets time pass. The market is played `speed` times as fast as it happened.

    `publish` takes each event of the market, `advance` is called about every `step_s` seconds, `drained` waits until
    every client takes what it is sent. Works (faults that last, scenarios) are tasks that sleep on the clock.
    """

    def __init__(
        self,
        clock: Clock,
        speed: float,
        market: Market,
        publish: Callable[[list[Tick]], None],
        advance: Callable[[], None],
        drained: Callable[[], Awaitable[None]],
        step_s: float = STEP_S,
    ) -> None:
        self.clock = clock
        self._works: dict[asyncio.Task[None], ActiveFault | None] = {}
        self._speed = speed
        self._market = market
        self._publish = publish
        self._advance = advance
        self._drained = drained
        self._step_s = step_s
        self._advance_at_s = step_s
        self._turn = asyncio.Lock()

    def start_work(self, work: Coroutine[Any, Any, None], fault: ActiveFault | None = None) -> asyncio.Task[None]:
        """Begin something that takes time, a fault or else; it is cancelled when the pulse stops."""
        task = asyncio.create_task(work, name=f"simulated {fault.kind if fault is not None else 'scenario'}")
        self._works[task] = fault
        task.add_done_callback(self._works.pop)
        return task

    @property
    def faults_under_way(self) -> list[ActiveFault]:
        """The faults that will end by themselves."""
        return [fault for fault in self._works.values() if fault is not None]

    async def run(self) -> None:
        """Live by the clock, for ever; a manual one is only looked at once and then waited for."""
        self.clock.start()
        while True:
            await self._step()
            if isinstance(self.clock, ManualClock):
                return
            await asyncio.sleep(self._wait_s())

    async def stop(self) -> None:
        """End what is under way."""
        works = list(self._works)
        for task in works:
            task.cancel()
        await asyncio.gather(*works, return_exceptions=True)

    async def advance(self, seconds: float) -> None:
        """Move a manual clock on, with everything that falls due until then. Raises NotManual for another clock."""
        clock = self.clock
        if not isinstance(clock, ManualClock):
            raise NotManual("the gateway's clock is real: it goes by itself and cannot be advanced")
        async with self._turn:
            end_s = clock.elapsed_s() + seconds
            patience_ends_at = asyncio.get_running_loop().time() + MOST_PATIENCE_S
            await clock.until_idle(self._works)
            while True:
                wake_s = clock.next_wake_s
                clock.move_to(min(end_s, self._advance_at_s, end_s if wake_s is None else wake_s))
                await self._step()
                while clock.wake_next():
                    await clock.until_idle(self._works)
                await self._let_clients_read(patience_ends_at)
                if clock.elapsed_s() >= end_s:
                    return

    async def _step(self) -> None:
        elapsed_s = self.clock.elapsed_s()
        for number, ticks in enumerate(self._market.play_until(elapsed_s * self._speed), start=1):
            self._publish(ticks)
            if number % EVENTS_A_TURN == 0:  # or nothing is sent while there is much to catch up on
                await asyncio.sleep(0)
        if elapsed_s >= self._advance_at_s:
            self._advance_at_s = elapsed_s + self._step_s
            self._advance()

    def _wait_s(self) -> float:
        next_at_s = self._market.next_at_s
        due_s = self._step_s if next_at_s is None else next_at_s / self._speed - self.clock.elapsed_s()
        return min(max(due_s, self._step_s / STEPS_AT_ONCE), self._step_s)

    async def _let_clients_read(self, patience_ends_at: float) -> None:
        """Give the event loop its turn, and clients the time to take what an hour in a moment sends them."""
        await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(patience_ends_at):
                await self._drained()
