"""A session for the tests of one service: it answers as the test says, and nothing leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from ibwire.connection import ConnectionState
from ibwire.events import EventManager
from ibwire.recovery import Recovery
from ibwire.streams import MessageStream
from ibwire.wire import Message

NOW = datetime(2026, 4, 10, 16, 0, tzinfo=UTC)
"""When these sessions begin: noon in New York on a Friday."""


class AnsweringSession:
    """A `SessionApi` whose requests are answered by `answer`, which may raise; `asked` are all of them.

    Its streams are fed by the test, through `streams`. Its clock goes with the loop's.
    """

    def __init__(self, answer: Callable[[Any], list[Message] | Awaitable[list[Message]]] = lambda _: []) -> None:
        self.events = EventManager()
        self.recovery = Recovery()
        self.state = ConnectionState.CONNECTED
        self.accounts = ("DU1234567",)
        self.asked: list[Message] = []
        self.streams: list[MessageStream] = []
        self._answer = answer

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW.timestamp() + asyncio.get_running_loop().time(), UTC)

    def next_id(self) -> int:
        raise NotImplementedError

    async def request(self, message: Message, *, timeout: float | None = None, retry: bool = False) -> list[Message]:
        self.asked.append(message)
        answer = self._answer(message)
        return answer if isinstance(answer, list) else await answer

    def stream(
        self,
        message: Message,
        *,
        bound: int | None = None,
        priority: int = 0,
        should_tick: Callable[[], bool] = lambda: True,
    ) -> MessageStream:
        self.asked.append(message)
        stream = MessageStream(bound or 1000, lambda _: None, lambda _: None)
        self.streams.append(stream)
        return stream

    def listen(self, listener: Callable[[Message], object]) -> None:
        raise NotImplementedError
