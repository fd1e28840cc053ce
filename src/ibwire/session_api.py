"""What the services (contracts, market data, history, account, trading) may use of the session they belong to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from ibwire.connection import ConnectionState
from ibwire.events import EventManager
from ibwire.gaps import GapReason
from ibwire.recovery import Recovery
from ibwire.streams import MessageStream, Receiver
from ibwire.wire import Message


class Feed(Protocol):
    """A subscription whose messages a service takes as they come; see `SessionApi.feed`."""

    @property
    def times_asked(self) -> int:
        """How often it was asked for at the gateway: the gateway begins anew each time."""

    def ask_again(self, reason: GapReason, detail: str) -> None:
        """What came is not to be trusted: a gap, and ask for it again; with ever longer pauses if that does not help.

        Not to be called while a message is being delivered.
        """

    def close(self) -> None:
        """End it, and cancel it at the gateway; the receiver's `end` is called. Safe to call again."""


class SessionApi(Protocol):
    """A supervised session, as its services see it."""

    events: EventManager
    clock: Callable[[], float]
    """The wall clock in Unix seconds, for what reads it often; `now` for everybody else."""
    recovery: Recovery
    """Where a service registers what it does after every reconnect."""

    @property
    def state(self) -> ConnectionState:
        """Where the connection is in its life."""

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts of the gateway's login."""

    @property
    def client_id(self) -> int:
        """The client id of the session; orders belong to it."""

    def now(self) -> datetime:
        """The wall clock: aware UTC."""

    def next_id(self) -> int:
        """A number for an order, larger than every one before it. Raises NotConnected without a link."""

    def use_ids_above(self, highest: int) -> None:
        """Let every number that `next_id` gives from now on be above this one."""

    def send(self, message: Message, frame: bytes | None = None) -> asyncio.Future[None]:
        """A message that no answer is waited for; see `ConnectionManager.send`."""

    async def request(self, message: Message, *, timeout: float | None = None, retry: bool = False) -> list[Message]:
        """A request that ends, and all its answers; see `ConnectionManager.request`."""

    def stream(
        self,
        message: Message,
        *,
        bound: int | None = None,
        priority: int = 0,
        should_tick: Callable[[], bool] = lambda: True,
    ) -> MessageStream:
        """A subscription that outlives the link; see `IBSession.stream`."""

    def feed(
        self,
        message: Message,
        receiver: Receiver,
        *,
        priority: int = 0,
        should_tick: Callable[[], bool] = lambda: True,
    ) -> Feed:
        """The same for a service that takes messages as they come: no queue, no task; see `StreamKeeper.feed`."""

    def listen(self, listener: Callable[[Message], object]) -> None:
        """Call `listener` with everything that belongs to no request: notices, news of orders nobody here watches."""
