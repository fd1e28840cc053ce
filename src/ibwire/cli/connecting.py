"""How a command gets its session: with the gateway of the settings and options, or with a simulated one inside it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ibwire.event_types import EventType
from ibwire.events import Event
from ibwire.exceptions import ClientIdInUse, ConnectionRefused
from ibwire.session import IBSession
from ibwire.settings import Settings
from ibwire.simulator import GeneratedFeed, SimulatedGateway

OWN_CLIENT_IDS = 700
"""From this client id on, commands that place no orders take the first free one: a running program keeps its own."""

MOST_COMMANDS = 32
"""How many such commands may run at once: as many as a gateway takes clients."""


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Which gateway a command talks to: what its options say, None where the settings decide."""

    host: str | None = None
    port: int | None = None
    client_id: int | None = None
    sim: bool = False

    def settings(self, *, places_orders: bool = False, environment: Settings | None = None) -> Settings:
        """The settings from the environment with the options over them.

        A command that places no orders gets a range of client ids of its own, so that it disturbs no running
        program. Raises ConfigurationError.
        """
        settings = environment or Settings.from_env()
        given: dict[str, Any] = {"host": self.host, "port": self.port, "client_id": self.client_id}
        changes = {name: value for name, value in given.items() if value is not None}
        if self.client_id is not None:
            changes["last_client_id"] = None
        elif not places_orders:
            changes |= {"client_id": OWN_CLIENT_IDS, "last_client_id": OWN_CLIENT_IDS + MOST_COMMANDS - 1}
        return replace(settings, connection=replace(settings.connection, **changes))


@asynccontextmanager
async def connected(gateway: Gateway, *, places_orders: bool = False) -> AsyncIterator[IBSession]:
    """A session for the time of a command.

    With `gateway.sim` it is one with a simulated gateway that lives as long, with a journal and a cache of its own, so
    that nothing of it meets real orders. Raises ConfigurationError, and everything that connecting raises, with
    a hint how to get a gateway where none listens.
    """
    settings = gateway.settings(places_orders=places_orders)
    if gateway.sim:
        async with simulated(settings) as here, IBSession(here) as session:
            yield session
        return
    # Nobody at a terminal waits for a gateway without a word, as a service may be set to.
    settings = replace(settings, watchdog=replace(settings.watchdog, waits_at_start=False))
    async with opened(IBSession(settings)) as session:
        yield session


@asynccontextmanager
async def opened(session: IBSession) -> AsyncIterator[IBSession]:
    """This session, started and closed at the end. Raises everything that connecting raises, as `connected` does."""
    try:
        await _start(session)
    except ConnectionRefused as error:
        error.hint = _how_to_get_one(session.settings.connection.port)
        raise
    try:
        yield session
    finally:
        await session.aclose()


@asynccontextmanager
async def simulated(settings: Settings) -> AsyncIterator[Settings]:
    """A simulated gateway in this process; gives the settings changed so that they lead to it and to nothing real."""
    with tempfile.TemporaryDirectory(prefix="ibwire-") as folder:
        async with SimulatedGateway(feed=GeneratedFeed(seed=1)) as gateway:
            yield replace(
                settings,
                connection=replace(settings.connection, host=gateway.host, port=gateway.port),
                rate_limit=replace(settings.rate_limit, shared_ledger=None),
                trading=replace(settings.trading, journal_path=Path(folder) / "journal.sqlite3", account=None),
                contracts=replace(settings.contracts, cache=None),
            )


async def _start(session: IBSession) -> None:
    """Start it. What a program waits for, client ids that are in use, a person is told: ClientIdInUse."""
    settings = session.settings.connection
    free = MOST_COMMANDS if settings.last_client_id is not None else 1
    refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def take(event: Event) -> None:
        if event.data.attempt >= free and not refused.done():
            refused.set_result(event.data.error)

    watching = session.events.subscribe(EventType.RECONNECTING, take)
    starting = asyncio.create_task(session.start())
    try:
        await asyncio.wait((starting, refused), return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            raise ClientIdInUse(refused.result())
        starting.result()
    finally:
        watching.cancel()
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)


def _how_to_get_one(port: int) -> str:
    return (
        f"start TWS or IB Gateway with its API on port {port} (or name another: --host, --port); "
        f"without an account, run `ibwire sim --port {port}` in another terminal, or add --sim"
    )
