"""One run: a simulated gateway, a session with streams and requests, random overlapping faults, and what must hold.

Everything follows from the seed. What is checked, all the time and at the end:

- the gateway never counted more messages in a second than IBKR allows;
- a request ends within its time limits, in a whole answer or one typed exception;
- the gateway never has two subscriptions of a client for one contract and kind;
- every gap has its end: when the faults are over, every stream ticks again within a bound;
- queues and tables do not grow, no task is left, and nothing was raised behind our back.
"""

from __future__ import annotations

import asyncio
import random
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import async_solipsism
from msgspec import Struct

from ibwire.exceptions import IbwireError
from ibwire.gaps import Gap, Resumed
from ibwire.requests import QUARANTINE_S
from ibwire.session import HealthStatus, IBSession
from ibwire.settings import ConnectionSettings, RateLimitSettings, Settings, WatchdogSettings
from ibwire.simulator import GatewayLimits, GeneratedFeed, RealClock, SimulatedGateway
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.chaos.faults import CONNECTION_FAULTS, READ_LATE, end_connection_faults
from tests.helpers.simulated import numbered

T = TypeVar("T")

START_S = 1_795_000_000.0
QUIET_S = 900.0
"""How long after the last fault everything has to be well again: above the longest pauses of watchdog and keeper."""

BLINK_S = 30
"""A stream of so few updates as here is silent for `STALE_S` now and then by chance, and is asked for again: no trouble
if it ticks within so long."""

STEP_S = 5.0
"""The gateway looks at its clock this often: six hours are long."""

CALM_SHARE = 0.1
"""After so many of the faults all trouble ends for a while, to see whether everything gets well."""

STALE_S = 120.0
REQUEST_S = 30.0
QUEUE_S = 60.0
CON_IDS = (265598, 272093, 4391, 4815747, 3691937, 12087792)

APPLE = m.Contract(con_id=265598, exchange="SMART")
EURO = m.Contract(con_id=12087792, exchange="IDEALPRO")
STREAMS: tuple[Message, ...] = (
    *(m.MarketDataRequest(contract=numbered(con_id)) for con_id in CON_IDS),
    m.TickByTickRequest(contract=EURO, tick_type="BidAsk"),
    m.MarketDepthRequest(contract=EURO, num_rows=5),
    m.PositionsRequest(),
    m.PnLRequest(account="DU1234567"),
)
BARS: tuple[Message, ...] = (
    m.RealTimeBarsRequest(contract=APPLE, bar_size=5, what_to_show="MIDPOINT"),
    m.HistoricalDataRequest(
        contract=APPLE,
        duration="3600 S",
        bar_size_setting="1 min",
        what_to_show="TRADES",
        format_date=2,
        keep_up_to_date=True,
    ),
)
"""Come every five seconds, which is most of what there is to do in six hours: only every third world has them."""

TELLS_CHANGES_ONLY = (m.PositionsRequest, m.PnLRequest)
"""Which of the streams do not go on and on."""

_QUESTIONS: tuple[Message, ...] = (
    m.ContractDataRequest(contract=m.Contract(con_id=265598)),
    m.CurrentTimeRequest(),
    m.OpenOrdersRequest(),
    m.PositionsRequest(),
    m.ExecutionRequest(),
    m.SecDefOptParamsRequest(underlying_symbol="AAPL", underlying_sec_type="STK", underlying_con_id=265598),
    m.MatchingSymbolsRequest(pattern="A"),
)

_ONE_AT_A_TIME = (m.CurrentTimeRequest, m.OpenOrdersRequest, m.PositionsRequest)
MOST_IN_LINE = 60
BURST_SHARE = 0.03
"""How many of the questions are asked eighty at once."""


class Broken(AssertionError):
    """Something that must hold did not."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What a run saw."""

    seed: int
    faults: dict[str, int]
    gaps: int
    answered: int
    failed: dict[str, int]
    reconnects: int

    @property
    def totals(self) -> dict[str, int]:
        """What can be added up over many runs."""
        faults = sum(self.faults.values())
        return {"faults": faults, "reconnects": self.reconnects, "gaps": self.gaps, "requests answered": self.answered}


class World:
    """The run of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = random.Random(f"chaos/{seed}")
        self.streams = STREAMS + (BARS if seed % 3 == 0 else ())
        self.faults: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.answered = 0
        self.gaps = 0
        self.messages: Counter[int] = Counter()
        self.behind_our_back: list[str] = []
        self.ends_at_s = 0.0

    async def run(self, hours: float) -> Outcome:
        """Live for so many hours and then some, and look whether all is as it must be."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.behind_our_back.append(str(context)))
        self.ends_at_s = loop.time() + hours * 3600
        feed = GeneratedFeed(seed=self.seed, con_ids=CON_IDS, updates_per_s=0.02)
        # It rejects what is too fast instead of taking it later, so that its count shows what really came.
        limits = GatewayLimits(rejects=True)
        async with (
            SimulatedGateway(feed=feed, clock=RealClock(wall_clock), limits=limits, step_s=STEP_S) as gateway,
            self._session(gateway) as session,
        ):
            consumers = [asyncio.create_task(self._consume(session, index)) for index in range(len(self.streams))]
            asking = [asyncio.create_task(self._ask_now_and_then(session)) for _ in range(3)]
            await self._make_trouble(gateway, session)
            await self._have_peace(gateway, session)
            self._require(all(self.messages[index] for index in range(len(self.streams))), "a stream never ticked")
            for task in (*consumers, *asking):
                task.cancel()
            results = await asyncio.gather(*consumers, *asking, return_exceptions=True)
            reconnects = session.stats().reconnects
        ended = [one for one in results if not isinstance(one, asyncio.CancelledError)]
        self._require(not ended, f"consumers or requests ended early: {ended}")
        self._require(not self.behind_our_back, f"raised behind our back: {self.behind_our_back}")
        left = asyncio.all_tasks() - {asyncio.current_task()}
        self._require(not left, f"tasks left behind: {left}")
        return Outcome(
            seed=self.seed,
            faults=dict(self.faults),
            gaps=self.gaps,
            answered=self.answered,
            failed=dict(self.failed),
            reconnects=reconnects,
        )

    # --- what the user does

    @asynccontextmanager
    async def _session(self, gateway: SimulatedGateway) -> AsyncIterator[IBSession]:
        settings = Settings(
            connection=ConnectionSettings(port=gateway.port, request_timeout_s=REQUEST_S),
            rate_limit=RateLimitSettings(queue_timeout_s=QUEUE_S),
            watchdog=WatchdogSettings(stale_stream_s=STALE_S),
        )
        async with IBSession(settings, clock=wall_clock, rng=random.Random(f"jitter/{self.seed}")) as session:
            yield session

    async def _consume(self, session: IBSession, index: int) -> None:
        in_gap = False
        async with session.stream(self.streams[index], priority=index) as stream:
            async for item in stream:
                if isinstance(item, Gap):
                    self._require(not in_gap, "a gap within a gap")
                    in_gap, self.gaps = True, self.gaps + 1
                elif isinstance(item, Resumed):
                    self._require(in_gap, "an end of no gap")
                    in_gap = False
                else:
                    self.messages[index] += 1

    async def _ask_now_and_then(self, session: IBSession) -> None:
        while True:
            await asyncio.sleep(self.rng.expovariate(1 / 180))
            number = 80 if self.rng.random() < BURST_SHARE else 1
            asked = [
                self._ask(session, self.rng.choice(_QUESTIONS), retry=self.rng.random() < 0.5) for _ in range(number)
            ]
            await asyncio.gather(*asked)

    async def _ask(self, session: IBSession, question: Message, *, retry: bool) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            answers = await session.request(question, retry=retry)
        except IbwireError as error:
            self.failed[type(error).__name__] += 1
        else:
            self._require(bool(answers), f"an empty answer to {question}")
            self.answered += 1
        # Of a kind without an id each waits for those before it, and each of these takes as long at most.
        before = MOST_IN_LINE if isinstance(question, _ONE_AT_A_TIME) else 1
        took_s, longest_s = loop.time() - began, before * (REQUEST_S + QUEUE_S + QUARANTINE_S)
        self._require(took_s <= longest_s, f"{question} took {took_s:.0f} s")

    # --- what befalls it

    async def _make_trouble(self, gateway: SimulatedGateway, session: IBSession) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < self.ends_at_s:
            await asyncio.sleep(self.rng.expovariate(1 / 300))
            fault = self.rng.choice(CONNECTION_FAULTS)
            self.faults[fault.__name__] += 1
            await fault(gateway, self.rng)
            self._look(gateway, session)
            if self.rng.random() < CALM_SHARE:
                await self._have_peace(gateway, session)

    async def _have_peace(self, gateway: SimulatedGateway, session: IBSession) -> None:
        """End all trouble; then, within a bound, everything is well."""
        await end_connection_faults(gateway, self.rng)
        await asyncio.sleep(QUIET_S)
        self._look(gateway, session)
        await self._be_well(session)
        before = self.messages.copy()
        await asyncio.sleep(QUIET_S)
        ticking = [index for index, one in enumerate(self.streams) if not isinstance(one, TELLS_CHANGES_ONLY)]
        silent = [index for index in ticking if self.messages[index] == before[index]]
        self._require(not silent, f"streams {silent} do not tick after the trouble")

    # --- what must hold

    async def _be_well(self, session: IBSession) -> None:
        for _ in range(BLINK_S):
            if session.health().status is HealthStatus.HEALTHY:
                return
            await asyncio.sleep(1)
        health = session.health()
        self._require(health.status is HealthStatus.HEALTHY, f"not well after the trouble: {health.reasons}")

    def _look(self, gateway: SimulatedGateway, session: IBSession) -> None:
        for client in gateway.sessions:
            if client in READ_LATE:
                continue
            self._require(client.rate.highest <= 50, f"{client.rate.highest} messages in one second")
            self._require(client.rate.breaches == 0, "the message rate was broken")
            open_ = [(stream.kind, stream.instrument.con_id) for _, stream in client.streams.open()]
            self._require(len(open_) == len(set(open_)), f"subscribed twice: {open_}")
        self._require(session.connection.requests_under_way <= 300, "requests pile up")
        self._require(session.connection.limiter.queued_entries <= 600, "the limiter's queues pile up")

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise Broken(f"seed {self.seed}: {what}")


def live(seed: int, hours: float) -> Outcome:
    """One run on a virtual-time loop. Raises Broken naming the seed and what did not hold."""
    return on_virtual_loop(World(seed).run(hours))


def on_virtual_loop(run: Coroutine[Any, Any, T]) -> T:
    """Run it on a loop whose clock jumps to the next timer."""
    loop = async_solipsism.EventLoop()
    try:
        with warnings.catch_warnings():
            # Sockets in memory have no option for the reset; they are cut all the same.
            warnings.simplefilter("ignore", async_solipsism.SolipsismWarning)
            return loop.run_until_complete(run)
    finally:
        loop.close()


def wall_clock() -> float:
    """Unix seconds that go with the loop's time."""
    return START_S + asyncio.get_running_loop().time()
