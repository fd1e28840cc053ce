"""Keeps a connection up: notices when it is dead, makes it again, and sees to the recovery.

One task does all of it, so there are never two attempts at once. Rules:

- Anything received is a sign of life. After `idle_s` of silence the gateway is asked for its time; if nothing has come
  when `answer_s` is over, the link is cut as half-open (protocol notes, 5.4).
- A lost link is made again after a pause: exponential back-off with full jitter, which only a link that lasted for
  `stable_s` resets. In a planned restart window the pauses are long and nobody is alarmed.
- A client id in use (326) is waited for, because orders belong to their id; only with `last_client_id` is the next one
  tried.
- After `down_after_s` without a link `on_down` is called, and again every `down_cooldown_s`.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from ibwire.backoff import Backoff
from ibwire.connection import ConnectionManager, ConnectionState
from ibwire.events import ClockSkew, EventType, Reconnecting, Recovered, utc_now
from ibwire.exceptions import ClientIdInUse, ConnectionFailed, ConnectionLost, IbwireError
from ibwire.recovery import Recovery
from ibwire.settings import WatchdogSettings
from ibwire.stream_keeper import StreamKeeper
from ibwire.tasks import begin

LOOKS_PER_LIMIT = 30
SHORTEST_LOOK_S = 1.0
"""Streams are looked at so often within the time that one may be silent, but not more often than that."""

CLOCK_EVERY_S = 60.0
"""How often the gateway's clock is compared with ours, on a link that is not idle."""

OnDown = Callable[[timedelta], Awaitable[object] | object]
"""Told for how long the link has been down; may restart the gateway."""

_log = logging.getLogger(__name__)


class Watchdog:
    """Watches one connection, which has to be supervised. `rng` is for the jitter, `now` the wall clock in UTC."""

    def __init__(
        self,
        connection: ConnectionManager,
        keeper: StreamKeeper,
        recovery: Recovery,
        settings: WatchdogSettings,
        *,
        rng: random.Random,
        now: Callable[[], datetime] = utc_now,
        on_down: OnDown | None = None,
    ) -> None:
        self._connection = connection
        self._keeper = keeper
        self._recovery = recovery
        self._settings = settings
        self._now = now
        self._on_down = on_down
        self._events = connection.events
        self._backoff = Backoff(settings.backoff_first_s, settings.backoff_max_s, rng)
        self._asked_at_s = 0.0
        self._down_at_s = 0.0
        self.is_skewed = False
        self._hook: asyncio.Task[None] | None = None
        self._hook_due_s = 0.0
        self.reconnects = 0
        self.is_recovering = False

    async def start(self) -> None:
        """Connect for the first time. Raises what connecting raises, unless it is to be waited for."""
        try:
            await self._connection.connect()
        except ConnectionFailed as error:
            if not self._settings.waits_at_start and not isinstance(error, ClientIdInUse):
                raise
            self._down_at_s = self._time()
            await self._connect_again(error)

    async def run(self) -> None:
        """Watch until cancelled; returns if it gives up, after as many attempts as the settings allow.

        A mistake of its own ends the session as giving up does: nobody would notice any more that the link is dead.
        """
        loop = asyncio.get_running_loop()
        try:
            while True:
                if await self._watch() >= self._settings.stable_s:
                    self._backoff.reset()
                try:
                    await self._connect_again(ConnectionLost(self._connection.down_because))
                except ConnectionFailed as error:
                    self._give_up(f"no link after {self._settings.attempts} attempts: {error}", error)
                    return
                self.reconnects += 1
        except Exception as error:
            if loop.is_closed():
                raise  # a program that ended without closing the session
            _log.exception("the watchdog has failed; the session ends")
            await self._connection.disconnect()
            failure = ConnectionLost(f"nobody watches over the connection any more: {error!r}", retryable=False)
            failure.__cause__ = error
            self._give_up(failure.message, failure)
        finally:
            await self._end_hook()

    def _give_up(self, reason: str, error: ConnectionFailed) -> None:
        self._connection.give_up(reason)
        self._keeper.fail_all(error)

    # --- while the link is up

    async def _watch(self) -> float:
        """Until the link falls; how long it lasted."""
        up_at_s = self._time()
        async with asyncio.TaskGroup() as group:
            work = [group.create_task(self._look_on())]
            if self.reconnects:
                work.append(group.create_task(self._recover()))
            await self._connection.wait_until_down()
            for task in work:
                task.cancel()
        self._down_at_s = self._time()
        return self._down_at_s - up_at_s

    async def _look_on(self) -> None:
        look_every_s = max(SHORTEST_LOOK_S, self._settings.stale_stream_s / LOOKS_PER_LIMIT)
        await self._ask_for_the_time()
        while True:
            await asyncio.sleep(min(look_every_s, self._settings.idle_s))
            self._keeper.look()
            is_idle = self._connection.idle_s >= self._settings.idle_s
            if is_idle or self._time() - self._asked_at_s >= CLOCK_EVERY_S:
                await self._ask_for_the_time()

    async def _ask_for_the_time(self) -> None:
        """A sign of life, and a comparison of clocks; cuts the link if there is no such sign."""
        self._asked_at_s = self._time()
        try:
            async with asyncio.timeout(self._settings.answer_s):
                await self._connection.ping()
        except TimeoutError:
            if self._connection.idle_s >= max(self._settings.idle_s, self._settings.answer_s):
                self._connection.abort(f"half-open: nothing has come for {self._connection.idle_s:.1f} s")
        except IbwireError as error:  # of the request, not of the link: the next one will tell
            _log.debug("asked for the time: %s", error)
        else:
            self._compare_clocks()

    def _compare_clocks(self) -> None:
        best = self._connection.server_clock.best
        if best is None:
            return
        was_skewed, self.is_skewed = self.is_skewed, abs(best.offset_s) > self._settings.clock_skew_s
        if self.is_skewed and not was_skewed:
            skew = ClockSkew(offset_s=best.offset_s, uncertain_s=best.round_trip_s / 2)
            self._events.emit(EventType.WARNING, skew)

    async def _recover(self) -> None:
        started = self._time()
        self.is_recovering = True
        try:
            steps = await self._recovery.run()
        except ConnectionFailed:
            return  # the next link gets a recovery of its own
        finally:
            self.is_recovering = False
        took_s = self._time() - started
        recovered = Recovered(down_s=started - self._down_at_s, took_s=took_s, steps=steps)
        self._events.emit(EventType.CONNECTION_RECOVERED, recovered)

    # --- while it is down

    async def _connect_again(self, failure: ConnectionFailed) -> None:
        """Try until it works. Raises the last failure after as many attempts as the settings allow, those in planned
        restart windows not counted."""
        attempt = unplanned = 0
        self._hook_due_s = self._down_at_s + self._settings.down_after_s
        while True:
            is_planned = any(window.contains(self._now()) for window in self._settings.windows)
            if self._settings.attempts is not None and unplanned >= self._settings.attempts and not is_planned:
                raise failure
            attempt, unplanned = attempt + 1, unplanned + (not is_planned)
            await self._pause(attempt, failure, is_planned=is_planned)
            if isinstance(failure, ClientIdInUse):
                self._take_next_client_id()
            if self._connection.is_up:
                return  # somebody has called connect() meanwhile
            try:
                await self._connection.connect()
            except ConnectionFailed as error:
                failure = error
            except IbwireError:
                if self._connection.state is ConnectionState.CLOSED:
                    raise
                # somebody else's connect() is under way: what comes of it shows after the next pause
            else:
                return

    async def _pause(self, attempt: int, failure: ConnectionFailed, *, is_planned: bool) -> None:
        down_s = self._time() - self._down_at_s
        pause_s = self._settings.backoff_max_s if is_planned else self._backoff.next_s()
        if not is_planned:
            self._call_hook(down_s)
        _log.log(
            logging.INFO if is_planned else logging.WARNING,
            "no link for %.1f s%s; attempt %d in %.1f s (%s)",
            *(down_s, ", as planned" if is_planned else "", attempt, pause_s, failure.message),
        )
        news = Reconnecting(
            attempt=attempt, pause_s=pause_s, down_s=down_s, error=failure.message, is_planned=is_planned
        )
        self._events.emit(EventType.RECONNECTING, news)
        await asyncio.sleep(pause_s)

    def _take_next_client_id(self) -> None:
        settings = self._connection.settings
        if settings.last_client_id is not None:
            number = settings.last_client_id - settings.client_id + 1
            offset = self._connection.client_id - settings.client_id
            self._connection.client_id = settings.client_id + (offset + 1) % number

    def _call_hook(self, down_s: float) -> None:
        """Call `on_down` if it is due and not running still."""
        if self._on_down is None or self._time() < self._hook_due_s or (self._hook and not self._hook.done()):
            return
        self._hook_due_s = self._time() + self._settings.down_cooldown_s
        self._hook = begin(self._run_hook(self._on_down, timedelta(seconds=down_s)), name="on_down")

    @staticmethod
    async def _run_hook(hook: OnDown, down: timedelta) -> None:
        try:
            result = hook(down)
            if inspect.isawaitable(result):
                await result
        except Exception:  # noqa: BLE001 - a hook of the user's must not end the watch
            _log.exception("on_down failed; the connection is tried again all the same")

    async def _end_hook(self) -> None:
        if self._hook is not None:
            self._hook.cancel()
            await asyncio.gather(self._hook, return_exceptions=True)

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()
