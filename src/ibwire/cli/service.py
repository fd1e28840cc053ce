"""The supervised session as a service: it keeps the streams of a watchlist, records them, and follows the orders.

It places no order. What may pass is waited for: the gateway, and what it cannot answer now. What cannot pass ends it:
an unknown contract, data that the login may not have, a folder or a journal that cannot be used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeVar

from ibwire.cli.frame import one_line
from ibwire.cli.health import HealthLine, HealthReporter, JournalHealth, MessageHealth, Occasion, StreamHealth
from ibwire.cli.stopping import first_of
from ibwire.cli.stream_kinds import requests_for
from ibwire.cli.systemd import Notifier
from ibwire.contract_texts import parse_contract
from ibwire.events import Event, EventType
from ibwire.exceptions import (
    ConnectionFailed,
    IbwireError,
    JournalLocked,
    NotAllQualified,
    RateLimitError,
    RequestError,
)
from ibwire.order_states import OrderState
from ibwire.recorder import Recorder
from ibwire.recording_rows import Request
from ibwire.session import HealthStatus, IBSession
from ibwire.settings import ServiceSettings

RETRY_S = 5.0
"""The pause before what may pass is asked again."""

_NEWS = (
    *(EventType.CONNECTION_STATE_CHANGED, EventType.CONNECTION_RECOVERED, EventType.RECONNECTING),
    *(EventType.GATEWAY_CONNECTIVITY_LOST, EventType.GATEWAY_CONNECTIVITY_RESTORED),
    *(EventType.STREAM_GAP, EventType.STREAM_RESUMED, EventType.STREAM_STALE, EventType.WARNING),
)
"""After which its health may have changed."""

T = TypeVar("T")


class Service:
    """One run of the service on `session`, which is not started yet. `write` takes the lines about its health."""

    def __init__(
        self, session: IBSession, settings: ServiceSettings, write: Callable[[str], None], notifier: Notifier
    ) -> None:
        self._session = session
        self._settings = settings
        self._notifier = notifier
        self._asked = {text: parse_contract(text) for text in settings.watchlist}
        self._health = HealthReporter(
            self._look,
            write,
            interval_s=settings.health_interval_s,
            file=settings.health_file,
            on_line=lambda line: notifier.tell(f"STATUS={line.status}: {', '.join(line.reasons) or line.state}"),
        )
        self._recorder: Recorder | None = None
        self._missing = "it starts"
        self._no_link_because = ""
        self._is_reconciled = False
        self._ended_because = ""
        self._wanted = self._received = self._received_before = 0
        self._looked_at_s = self._per_s = 0.0

    async def run(self) -> None:
        """Until cancelled, or until something ends it that cannot pass. The session is closed then, no task is left."""
        self._looked_at_s = asyncio.get_running_loop().time()
        news = self._session.events.subscribe(_NEWS, self._take)
        try:
            await first_of(self._health.run(), self._notifier.keep_alive(), self._work())
        except Exception as error:
            self._ended_because = one_line(error)
            raise
        finally:
            self._ended_because = self._ended_because or "it was told to stop"
            self._notifier.tell("STOPPING=1")
            news.cancel()
            try:
                await self._session.aclose()
            finally:
                self._health.tell(Occasion.STOP)

    async def _work(self) -> None:
        async with AsyncExitStack() as stack:
            # What is wrong with the folder or the journal ends it at once, not when the gateway is there.
            if self._settings.record_dir is not None:
                self._recorder = await stack.enter_async_context(self._session.recorder(self._settings.record_dir))
            if self._settings.journal:
                await self._open_journal()
            self._notifier.tell("READY=1")
            await first_of(self._recorder_failed(), self._keep_up())

    async def _open_journal(self) -> None:
        """Take the journal; without a link that is all that can be done for now."""
        try:
            await self._session.trading.ready()
        except ConnectionFailed:
            pass
        except JournalLocked as error:
            error.hint += "; where that one trades, set IBWIRE_SERVICE_JOURNAL=no for the service"
            raise

    async def _recorder_failed(self) -> None:
        if self._recorder is not None:
            await self._recorder.wait()
        await asyncio.Event().wait()

    async def _keep_up(self) -> None:
        await self._session.start()
        if self._settings.journal:
            self._now("the journal is being held against the gateway's orders")
            await self._until_it_works(self._session.trading.ready)
            self._is_reconciled = True
        self._now("the watchlist is being looked up")
        asked = list(self._asked.values())
        contracts = await self._until_it_works(lambda: self._session.contracts.qualify(asked))
        requests = {
            text: requests_for(contract, self._settings.streams)
            for text, contract in zip(self._asked, contracts, strict=True)
        }
        self._wanted = sum(map(len, requests.values()))
        self._now("")
        if self._recorder is not None:
            for one in requests.values():
                await self._recorder.record(*one)
            await self._recorder.wait()
        else:
            await self._read(requests)

    async def _read(self, requests: dict[str, list[Request]]) -> None:
        """Keep streams that nobody reads, so that their health is known, and the gateway's caches are warm."""
        readers = [self._count(text, request) for text, some in requests.items() for request in some]
        await first_of(asyncio.Event().wait(), *readers)

    async def _count(self, text: str, request: Request) -> None:
        try:
            async with self._session.stream(request) as stream:
                async for _ in stream:
                    self._received += 1
        except (RequestError, RateLimitError) as error:
            error.request = text
            raise

    async def _until_it_works(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask again what may pass."""
        while True:
            try:
                return await ask()
            except IbwireError as error:
                if not _may_pass(error):
                    raise
                await asyncio.sleep(RETRY_S)

    # --- how it is

    def _now(self, missing: str) -> None:
        self._missing = missing
        self._health.wake()

    def _take(self, event: Event) -> None:
        if event.type is EventType.RECONNECTING:
            self._no_link_because = event.data.error
        self._health.wake()

    def _look(self, occasion: Occasion) -> HealthLine:
        session = self._session
        health, did = session.health(), session.stats()
        status, reasons = health.status, health.reasons
        if status is HealthStatus.DOWN and self._no_link_because:
            reasons = (*reasons, self._no_link_because)
        if self._missing:
            status = HealthStatus.DEGRADED if status is HealthStatus.HEALTHY else status
            reasons = (*reasons, self._missing)
        if self._ended_because:
            status, reasons = HealthStatus.DOWN, (self._ended_because,)
        return HealthLine(
            time=session.now(),
            event=occasion,
            status=status,
            reasons=reasons,
            state=did.state,
            accounts=session.accounts,
            uptime_s=round(did.uptime_s, 3),
            reconnects=did.reconnects,
            streams=StreamHealth(
                wanted=self._wanted,
                live=did.streams.live,
                in_gap=did.streams.in_gap,
                gaps=did.streams.gaps,
                asked_again=did.streams.asked_again,
                stale=did.streams.stale,
            ),
            messages=MessageHealth(
                received_per_s=self._rate(),
                sent_peak_per_s=did.limiter.peak_per_s,
                sent_limit_per_s=did.limiter.limit_per_s,
            ),
            clock_skew_s=None if did.clock is None else round(did.clock.offset_s, 3),
            journal=self._journal() if self._settings.journal else None,
            recording=None if self._recorder is None else self._recorder.statistics(),
        )

    def _rate(self) -> float:
        """Messages of streams a second, since it was last asked for a second and longer ago."""
        now_s = asyncio.get_running_loop().time()
        received = self._received if self._recorder is None else self._recorder.statistics().rows
        if now_s - self._looked_at_s >= 1.0:
            self._per_s = round((received - self._received_before) / (now_s - self._looked_at_s), 1)
            self._looked_at_s, self._received_before = now_s, received
        return self._per_s

    def _journal(self) -> JournalHealth:
        orders = [handle for handle in self._session.trading.orders if not handle.is_over]
        return JournalHealth(
            path=str(self._session.settings.trading.journal_path),
            is_reconciled=self._is_reconciled,
            open_orders=len(orders),
            unconfirmed=sum(handle.status is OrderState.UNCONFIRMED for handle in orders),
            halted=self._session.trading.halted,
        )


def _may_pass(error: IbwireError) -> bool:
    """Whether asking again may help. Of several contracts one that never will decides."""
    if isinstance(error, NotAllQualified):
        return all(_may_pass(one) for _, one in error.failures)
    return error.retryable or isinstance(error, ConnectionFailed)
