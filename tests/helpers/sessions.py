"""Supervised sessions in virtual time: against a scripted gateway or the simulator, with a fixed seed."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from ibwire.events import Event, EventType
from ibwire.gaps import Gap, Resumed
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings, WatchdogSettings
from ibwire.streams import MessageStream
from ibwire.wire import Message
from tests.helpers.scripted_gateway import PORT

START_S = 1_795_000_000.0


def wall_clock() -> float:
    """Unix seconds that go with the loop's time."""
    return START_S + asyncio.get_running_loop().time()


def session_at(port: int = PORT, *, connection: dict[str, Any] | None = None, **more: Any) -> IBSession:
    """A session that will connect to this port; keyword arguments are the watchdog's settings, or the session's."""
    own = {name: more.pop(name) for name in ("on_down", "on_unsolicited", "events") if name in more}
    settings = Settings(
        connection=ConnectionSettings(port=port, **(connection or {})), watchdog=WatchdogSettings(**more)
    )
    return IBSession(settings, clock=wall_clock, rng=random.Random(1), **own)


class Consumer:
    """Reads a stream to its end in a task of its own and keeps what it gave."""

    def __init__(self, stream: MessageStream) -> None:
        self.items: list[Message] = []
        self.error: BaseException | None = None
        self._changed = asyncio.Event()
        self.stream = stream
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async with self.stream:
                async for item in self.stream:
                    self.items.append(item)
                    self._changed.set()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error
        self._changed.set()

    @property
    def marks(self) -> list[str]:
        """The gaps (by their reason) and their ends, in order."""
        return [
            item.reason.value if isinstance(item, Gap) else "resumed"
            for item in self.items
            if isinstance(item, Gap | Resumed)
        ]

    @property
    def is_done(self) -> bool:
        return self._task.done()

    async def until(self, number: int) -> None:
        """Wait until so many items have come."""
        while len(self.items) < number and not self.is_done:
            self._changed.clear()
            await self._changed.wait()

    async def close(self) -> None:
        """Stop reading, and close the stream."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def told(session: IBSession, *types: EventType) -> list[Event]:
    """What the session's events have told of these types."""
    return session.events.history(types)
