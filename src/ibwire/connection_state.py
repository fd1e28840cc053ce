"""Where a connection is in its life: the states, the ways between them, and waiting for one.

One table of transitions; a step that it does not have is a bug of ours and raises. Every step is an event with its
reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum

from ibwire.events import EventManager, EventType, StateChange


class ConnectionState(Enum):
    """Where the connection is in its life."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    HANDSHAKING = "handshaking"
    CONNECTED = "connected"
    DEGRADED = "degraded"
    """The gateway is there, its own link to IBKR is not (1100): no data, no orders, no answers."""
    RECONNECTING = "reconnecting"
    """The link fell, and a watchdog is at work to make it again."""
    CLOSED = "closed"
    """Over for good, on purpose."""


_UP = (ConnectionState.CONNECTED, ConnectionState.DEGRADED)
_DOWN = (ConnectionState.DISCONNECTED, ConnectionState.RECONNECTING)

TRANSITIONS: dict[ConnectionState, frozenset[ConnectionState]] = {
    ConnectionState.DISCONNECTED: frozenset(
        {ConnectionState.CONNECTING, ConnectionState.RECONNECTING, ConnectionState.CLOSED}
    ),
    ConnectionState.CONNECTING: frozenset({ConnectionState.HANDSHAKING, *_DOWN}),
    ConnectionState.HANDSHAKING: frozenset({ConnectionState.CONNECTED, *_DOWN}),
    ConnectionState.CONNECTED: frozenset({ConnectionState.DEGRADED, *_DOWN}),
    ConnectionState.DEGRADED: frozenset({ConnectionState.CONNECTED, *_DOWN}),
    ConnectionState.RECONNECTING: frozenset({ConnectionState.CONNECTING, ConnectionState.DISCONNECTED}),
    ConnectionState.CLOSED: frozenset(),
}
"""Where each state may lead. What is closed was disconnected before, so that everything under way has ended."""


class StateKeeper:
    """The state of one connection. Changes are emitted to `events`; whoever waits for something looks again at each."""

    def __init__(self, events: EventManager) -> None:
        self._events = events
        self._waiters: set[asyncio.Future[None]] = set()
        self.state = ConnectionState.DISCONNECTED

    @property
    def is_up(self) -> bool:
        """Whether messages can be sent."""
        return self.state in _UP

    def enter(self, state: ConnectionState, reason: str) -> None:
        """Go to a state. Raises RuntimeError if no way leads there from this one: a bug of ours."""
        if state not in TRANSITIONS[self.state]:
            raise RuntimeError(f"illegal transition {self.state.name} -> {state.name}")
        old, self.state = self.state, state
        change = StateChange(old=old.name, new=state.name, reason=reason)
        self._events.emit(EventType.CONNECTION_STATE_CHANGED, change)
        self.notify()

    def notify(self) -> None:
        """Let everybody who waits look again."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, is_reached: Callable[[], bool]) -> None:
        """Wait until this holds, looking after every change and notification; what `is_reached` raises is raised."""
        while not is_reached():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
