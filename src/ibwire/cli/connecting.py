"""How a command gets its session: with the gateway of the settings and options, or with a simulated one inside it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ibwire.events import EventType
from ibwire.exceptions import ClientIdInUse, ConnectionRefused
from ibwire.session import IBSession
from ibwire.settings import Settings
from ibwire.simulator import GeneratedFeed, SimulatedGateway

OWN_CLIENT_IDS = 700
"""From this client id on, commands that place no orders take the first free one: a running program keeps its own."""

MOST_COMMANDS = 32
"""How many such commands may run at once: as many as a gateway takes clients."""

CLIENT_ID_WITHIN_S = 5.0
"""How long a command waits for its client id: a gateway takes a moment to notice that the last one has gone."""


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
async def connected(
    gateway: Gateway, *, places_orders: bool = False, settings: Settings | None = None
) -> AsyncIterator[IBSession]:
    """A session for the time of a command, with the settings of the environment unless others are given.

    With `gateway.sim` it is one with a simulated gateway that lives as long, with a journal and a cache of its own, so
    that nothing of it meets real orders. A command that places orders has the journal before it connects: who holds it
    may have the client id, too. Raises ConfigurationError, JournalError, and everything that connecting raises, with a
    hint how to get a gateway where none listens.
    """
    settings = gateway.settings(places_orders=places_orders, environment=settings)
    if gateway.sim:
        async with simulated(settings) as here, IBSession(here) as session:
            yield session
        return
    # Nobody at a terminal waits for a gateway without a word, as a service may be set to.
    settings = replace(settings, watchdog=replace(settings.watchdog, waits_at_start=False))
    session = IBSession(settings)
    if places_orders:
        try:
            session.trading.open()
        except BaseException:
            await session.aclose()
            raise
    async with opened(session):
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
    """Connect. A session waits for its client id without end; a command's user is told soon that it is taken."""
    try:
        async with asyncio.timeout(None) as limit:

            def begins_to_wait(_: object) -> None:
                if limit.when() is None:
                    limit.reschedule(asyncio.get_running_loop().time() + CLIENT_ID_WITHIN_S)

            waiting = session.events.subscribe(EventType.RECONNECTING, begins_to_wait, name="ibwire command")
            await session.start()
            waiting.cancel()
            limit.reschedule(None)
    except TimeoutError:
        raise ClientIdInUse(
            f"another program is connected with client id {session.client_id}, also after {CLIENT_ID_WITHIN_S:g} s",
            hint="end it, or give this command another one (--client-id) and, to trade, a journal of its own",
        ) from None


def _how_to_get_one(port: int) -> str:
    return (
        f"start TWS or IB Gateway with its API on port {port} (or name another: --host, --port); "
        f"without an account, run `ibwire sim --port {port}` in another terminal, or add --sim"
    )
