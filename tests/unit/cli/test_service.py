"""The service over hours, in virtual time: what it waits for, what ends it, and what it says meanwhile."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import msgspec
import pytest

from ibwire.cli.health import HealthLine, Occasion
from ibwire.cli.service import Service
from ibwire.cli.systemd import Notifier
from ibwire.exceptions import DataFarmDown, NoMarketDataPermission, NoSecurityDefinition, NotAllQualified
from ibwire.session import HealthStatus, IBSession
from ibwire.settings import ConnectionSettings, ServiceSettings, Settings, TradingSettings, WatchdogSettings
from ibwire.simulator import RealClock, SimulatedGateway
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import LiveFeed
from tests.helpers.sessions import wall_clock
from tests.helpers.simulated import OPENING, simulated
from tests.helpers.virtual_time import on_virtual_time

PORT = 4002


class World:
    """A service, and what it has said."""

    def __init__(self, folder: Path, **service: object) -> None:
        settings = Settings(
            connection=ConnectionSettings(port=PORT),
            watchdog=WatchdogSettings(waits_at_start=True, backoff_max_s=5.0),
            trading=TradingSettings(journal_path=folder / "journal.sqlite3"),
            service=ServiceSettings(watchlist=("AAPL",), health_interval_s=3600.0, **service),  # type: ignore[arg-type]
        )
        self.session = IBSession(settings, clock=wall_clock, rng=random.Random(1), journal_in_thread=False)
        self.lines: list[HealthLine] = []
        self._service = Service(self.session, settings.service, self.take, Notifier({}))

    def take(self, text: str) -> None:
        self.lines.append(msgspec.json.decode(text, type=HealthLine))

    def start(self) -> asyncio.Task[None]:
        return asyncio.create_task(self._service.run())

    @property
    def latest(self) -> tuple[HealthStatus, tuple[str, ...]]:
        return self.lines[-1].status, self.lines[-1].reasons


def gateway_on(feed: LiveFeed | None = None) -> SimulatedGateway:
    return simulated(feed or LiveFeed(OPENING), port=PORT, clock=RealClock(wall_clock))


async def ended(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@on_virtual_time
async def test_what_may_pass_is_waited_for(tmp_path: Path) -> None:
    world = World(tmp_path)
    qualify, failures = world.session.contracts.qualify, [DataFarmDown("a farm is down"), DataFarmDown("still")]

    async def fails_at_first(contracts: list[m.Contract]) -> list[m.Contract]:
        if failures:
            raise failures.pop()
        return await qualify(contracts)

    world.session.contracts.qualify = fails_at_first  # type: ignore[method-assign, assignment]
    running = world.start()
    await asyncio.sleep(1800)
    status, reasons = world.latest
    assert status is HealthStatus.DOWN
    assert any("connect" in reason.lower() for reason in reasons[1:])
    assert len(world.lines) <= 3  # however many attempts there were
    async with gateway_on():
        await asyncio.sleep(9)
        assert world.latest == (HealthStatus.DEGRADED, ("the watchlist is being looked up",))
        await asyncio.sleep(10)
        assert world.latest == (HealthStatus.HEALTHY, ())
        journal = world.lines[-1].journal
        assert journal is not None
        assert journal.is_reconciled
        assert world.lines[-1].streams.wanted == 1
        await ended(running)
    assert (world.lines[-1].event, world.latest[1]) == (Occasion.STOP, ("it was told to stop",))


@on_virtual_time
async def test_the_gateways_own_troubles_are_told_when_they_come_and_go(tmp_path: Path) -> None:
    world = World(tmp_path, journal=False)
    async with gateway_on() as gateway:
        running = world.start()
        await asyncio.sleep(5)
        assert world.latest == (HealthStatus.HEALTHY, ())
        assert world.lines[-1].journal is None
        gateway.start_fault("connectivity_lost", {})
        await asyncio.sleep(1)
        assert world.latest == (
            HealthStatus.DEGRADED,
            ("the gateway has no link to IBKR", "1 stream(s) in a gap"),
        )
        gateway.start_fault("connectivity_restored", {"data_lost": True})
        await asyncio.sleep(5)
        assert world.latest == (HealthStatus.HEALTHY, ())
        assert world.lines[-1].streams.gaps == 1
        await ended(running)
    assert not (tmp_path / "journal.sqlite3").exists()


@pytest.mark.parametrize(
    ("failure", "ends"),
    [
        (NoMarketDataPermission("not subscribed"), True),
        (NotAllQualified("1 of 2"), True),
        (DataFarmDown("down"), False),
    ],
)
@on_virtual_time
async def test_what_cannot_pass_ends_it(tmp_path: Path, failure: Exception, *, ends: bool) -> None:
    if isinstance(failure, NotAllQualified):
        apple = m.Contract(symbol="AAPL")
        failure.failures = ((apple, DataFarmDown("down")), (apple, NoSecurityDefinition("none")))
    world = World(tmp_path, journal=False)

    async def fails(_: object) -> list[m.Contract]:
        raise failure

    world.session.contracts.qualify = fails  # type: ignore[method-assign, assignment]
    async with gateway_on():
        running = world.start()
        await asyncio.sleep(60)
        assert running.done() is ends
        if ends:
            assert running.exception() is failure
            assert world.latest == (HealthStatus.DOWN, (str(failure),))
        await ended(running)
