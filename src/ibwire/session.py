"""A session with a gateway that stays up: the connection, its watchdog, its streams and its recovery, put together.

    async with IBSession(settings) as session:
        async with session.stream(m.MarketDataRequest(contract=apple)) as ticks:
            async for tick in ticks: ...

Knows how the parts fit; decides nothing itself.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from msgspec import Struct

from ibwire.connection import ConnectionManager, ConnectionState
from ibwire.error_codes import ERROR_TABLE, ErrorTable
from ibwire.events import EventManager
from ibwire.exceptions import IbwireError, NotConnected
from ibwire.notices import Notice
from ibwire.rate_limiter import Statistics as LimiterStatistics
from ibwire.recovery import Recovery, Stage
from ibwire.server_clock import ClockReading
from ibwire.settings import Settings
from ibwire.stream_keeper import KeeperStatistics, StreamFeed, StreamKeeper
from ibwire.streams import MessageStream, Receiver
from ibwire.tasks import begin
from ibwire.watchdog import OnDown, Watchdog
from ibwire.wire import Message

if TYPE_CHECKING:  # services are imported when they are first used: a program pays for those that it uses
    from ibwire.account import Account
    from ibwire.contracts import Contracts
    from ibwire.history import History
    from ibwire.ib_async.ib import IB
    from ibwire.market_data import MarketData
    from ibwire.recorder import Recorder
    from ibwire.trading import Trading

_log = logging.getLogger(__name__)


class HealthStatus(StrEnum):
    """The short answer to how a session is."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    DOWN = "down"


class Health(Struct, frozen=True):
    """How a session is; `reasons` say why it is not healthy."""

    status: HealthStatus
    reasons: tuple[str, ...] = ()


class SessionStatistics(Struct, frozen=True, kw_only=True):
    """What a session has done. `uptime_s` is of the link there is now, 0 without one.

    `latency_s` is how long the gateway took to answer the last question for its time, `clock` how the clocks compare.
    """

    state: str
    uptime_s: float
    reconnects: int
    streams: KeeperStatistics
    requests_under_way: int
    unrouted: int
    latency_s: float | None
    clock: ClockReading | None
    limiter: LimiterStatistics


class IBSession:
    """A supervised session. `start` connects, `aclose` ends it for good; `async with` does both.

    Its services: `contracts` looks instruments up, `market_data` and `history` give what they trade at and traded at,
    `account` tells what there is, `trading` places orders.

    `on_down` is told how long the link has been down and may restart the gateway (`WatchdogSettings.down_after_s`).
    `on_unsolicited` gets what belongs to no request, on the event loop, as does whoever calls `listen`. `events`,
    `errors`, `clock` (Unix seconds) and `rng` (for the jitter of the back-off, and for the references of orders) may be
    given; an event manager of its own is closed at the end. A loop in virtual time has no threads for the journal
    (`journal_in_thread`).
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        events: EventManager | None = None,
        errors: ErrorTable = ERROR_TABLE,
        on_unsolicited: Callable[[Message], object] = lambda _: None,
        on_down: OnDown | None = None,
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
        journal_in_thread: bool = True,
    ) -> None:
        self.settings = settings or Settings()
        self.clock = clock
        self._listeners: list[Callable[[Message], object]] = [on_unsolicited]
        self._owns_events = events is None
        self.events = events if events is not None else EventManager(clock=self.now)
        rng = self._rng = rng or random.Random()
        self.connection = ConnectionManager(
            self.settings.connection,
            rate_limit=self.settings.rate_limit,
            events=self.events,
            errors=errors,
            on_unsolicited=self._tell_listeners,
            on_notice=self._take_notice,
            is_supervised=True,
            clock=clock,
        )
        self._keeper = StreamKeeper(
            self.connection, stale_s=self.settings.watchdog.stale_stream_s, rng=rng, errors=errors, now=self.now
        )
        self.recovery = Recovery()
        self.recovery.register("account streams", Stage.ACCOUNT, lambda: self._keeper.ask_again(account=True))
        self.recovery.register("streams", Stage.STREAMS, lambda: self._keeper.ask_again(account=False))
        self._watchdog = Watchdog(
            self.connection,
            self._keeper,
            self.recovery,
            self.settings.watchdog,
            rng=rng,
            now=self.now,
            on_down=on_down,
        )
        self._starting: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._journal_in_thread = journal_in_thread
        self._ib: IB | None = None

    async def __aenter__(self) -> IBSession:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def start(self) -> None:
        """Connect and stay connected from then on.

        Raises what `ConnectionManager.connect` raises if the first attempt fails, and then the session is closed; a
        client id in use is waited for, and with `waits_at_start` everything is. Raises NotConnected if the session is
        closed meanwhile, and IbwireError if it was started before, which does nothing to it.
        """
        if self._starting is not None:
            raise IbwireError(
                f"a session is started once, and this one is {self.state.value}", hint="make another session"
            )
        self._starting = begin(self._start(), name="ibwire start")
        try:
            await self._starting
        except asyncio.CancelledError:
            await self.aclose()
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise NotConnected("the session was closed before it had started") from None
        except BaseException:
            await self.aclose()
            raise

    async def _start(self) -> None:
        await self._watchdog.start()
        self._watching = begin(self._watchdog.run(), name="ibwire watchdog")

    async def aclose(self) -> None:
        """End every stream, close the connection, and leave no task behind. Safe to call again.

        If it is cancelled the link is cut, and what else was open is closed by calling it again.
        Raises IbwireError, and closes nothing, in another event loop than that in which the session was started.
        """
        if self._starting is not None and self._starting.get_loop() is not asyncio.get_running_loop():
            raise IbwireError(
                "this is not the event loop of the session",
                hint="close it there, or in the `async with` that opened it",
            )
        try:
            await self._close()
        except BaseException:  # cancelled, mostly: nobody watches over the link any more, so it must not stay open
            self._keeper.close_all()
            self.connection.cut()
            raise

    async def _close(self) -> None:
        await _end(self._starting)
        await _end(self._watching)
        if self._ib is not None:
            self._ib.disconnect()
        made = vars(self)  # of the services, only those that somebody used
        await self.trading.aclose()  # also one that nobody has used: it must not open the journal any more
        if "account" in made:
            await self.account.aclose()
        self._keeper.close_all()
        await self.connection.aclose()
        if "contracts" in made:
            await self.contracts.aclose()
        if self._owns_events:
            await self.events.aclose()

    @cached_property
    def account(self) -> Account:
        """What the login's accounts are worth, hold, earn and lose."""
        from ibwire.account import Account

        return Account(self, self.settings.connection)

    @cached_property
    def contracts(self) -> Contracts:
        """What can be traded: looked up, and remembered."""
        from ibwire.contract_cache import ContractCache
        from ibwire.contracts import Contracts

        return Contracts(self, ContractCache(self.settings.contracts, now=self.now, events=self.events))

    @cached_property
    def market_data(self) -> MarketData:
        """Quotes, ticks, order books and bars, as they come."""
        from ibwire.market_data import MarketData

        return MarketData(self, self.settings.connection, self.settings.rate_limit)

    @cached_property
    def history(self) -> History:
        """Bars, ticks, schedules and histograms of the past."""
        from ibwire.history import History

        return History(self)

    @cached_property
    def trading(self) -> Trading:
        """Orders. A session that never uses it touches no journal."""
        from ibwire.order_guards import market_price_of
        from ibwire.trading import Trading

        return Trading(
            self,
            self.settings.trading,
            journal_in_thread=self._journal_in_thread,
            chance=self._rng,
            market_price=lambda contract: market_price_of(self.market_data.latest(contract)),
        )

    @property
    def ib(self) -> IB:
        """ib_async's API on this session (the extra `ibwire[ib_async]`): its connection, its ids, its journal.

        `await session.ib.connectAsync()` has it fetch accounts, positions and orders, as ib_async does at the start.
        Raises LibraryMissing without ib_async.
        """
        if self._ib is None:
            from ibwire.ib_async.ib import IB

            self._ib = IB(settings=self.settings, session=self)
            if self.connection.is_up:
                self._ib.client.share(self)
        return self._ib

    @property
    def state(self) -> ConnectionState:
        """Where the connection is in its life."""
        return self.connection.state

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts of the gateway's login."""
        return self.connection.accounts

    def now(self) -> datetime:
        """The wall clock: aware UTC."""
        return datetime.fromtimestamp(self.clock(), UTC)

    def next_id(self) -> int:
        """A number for an order, larger than every one before it. Raises NotConnected without a link."""
        return self.connection.next_id()

    @property
    def client_id(self) -> int:
        """The client id of the session; orders belong to it."""
        return self.connection.client_id

    def use_ids_above(self, highest: int) -> None:
        """Let every number that `next_id` gives from now on be above this one."""
        self.connection.use_ids_above(highest)

    def send(self, message: Message, frame: bytes | None = None) -> asyncio.Future[None]:
        """A message that no answer is waited for; see `ConnectionManager.send`. Orders are placed with `trading`."""
        return self.connection.send(message, frame)

    def listen(self, listener: Callable[[Message], object]) -> None:
        """Call `listener` with everything that belongs to no request: notices, news of orders nobody here watches."""
        self._listeners.append(listener)

    def stream(
        self,
        message: Message,
        *,
        bound: int | None = None,
        priority: int = 0,
        should_tick: Callable[[], bool] = lambda: True,
    ) -> MessageStream:
        """The answers of a subscription, as an async iterator that goes on when the link falls.

        Between the messages it gives a `Gap` when some may be missing and a `Resumed` when they come again; then the
        subscription was, if need be, made again under another id, those of lower `priority` first. It ends only when
        it is closed, when the consumer is `bound` messages behind (StreamOverflow), when IBKR refuses it for a reason
        that asking again cannot mend, or when the watchdog gives up. `should_tick` says whether silence is odd now,
        for instance whether the market is open.

        What fails in sending the first time is raised when the iterator starts. Raises RequestError for what is no
        subscription; orders among it, because no order is ever sent again.
        """
        return self._keeper.stream(message, bound=bound, priority=priority, should_tick=should_tick)

    def feed(
        self,
        message: Message,
        receiver: Receiver,
        *,
        priority: int = 0,
        should_tick: Callable[[], bool] = lambda: True,
    ) -> StreamFeed:
        """The same for a service that takes messages as they come: no queue, no task; see `StreamKeeper.feed`."""
        return self._keeper.feed(message, receiver, priority=priority, should_tick=should_tick)

    async def request(self, message: Message, *, timeout: float | None = None, retry: bool = False) -> list[Message]:
        """A request that ends, and all its answers; see `ConnectionManager.request`."""
        return await self.connection.request(message, timeout=timeout, retry=retry)

    def recorder(self, directory: Path | str) -> Recorder:
        """What records streams into this folder; see `Recorder`."""
        from ibwire.recorder import Recorder  # an extra; most sessions record nothing

        return Recorder(self, directory)

    def stats(self) -> SessionStatistics:
        """What the session has done so far."""
        connection = self.connection
        latest = connection.server_clock.latest
        return SessionStatistics(
            state=self.state.value,
            uptime_s=connection.uptime_s,
            reconnects=self._watchdog.reconnects,
            streams=self._keeper.statistics(),
            requests_under_way=connection.requests_under_way,
            unrouted=connection.unrouted.total(),
            latency_s=latest.round_trip_s if latest is not None else None,
            clock=connection.server_clock.best,
            limiter=connection.limiter.statistics(),
        )

    def health(self) -> Health:
        """One answer: healthy, degraded or down, and why."""
        if not self.connection.is_up:
            return Health(HealthStatus.DOWN, (f"the connection is {self.state.value}",))
        reasons = []
        if self.state is ConnectionState.DEGRADED:
            reasons.append("the gateway has no link to IBKR")
        if self._watchdog.is_recovering:
            reasons.append("streams and services are being recovered")
        in_gap = self._keeper.statistics().in_gap
        if in_gap:
            reasons.append(f"{in_gap} stream(s) in a gap")
        if self._watchdog.is_skewed:
            reasons.append("the gateway's clock and ours differ")
        return Health(HealthStatus.DEGRADED if reasons else HealthStatus.HEALTHY, tuple(reasons))

    def _take_notice(self, notice: Notice) -> None:
        self._keeper.take_notice(notice)

    def _tell_listeners(self, message: Message) -> None:
        for listener in self._listeners:
            try:
                listener(message)
            except Exception:  # noqa: BLE001 - one listener's mistake must not keep the news from the others
                _log.exception("a listener raised on %s", type(message).__name__)


async def _end(task: asyncio.Task[None] | None) -> None:
    """Cancel a task that is not over yet, and wait until it is, whatever comes of it."""
    if task is not None and not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
