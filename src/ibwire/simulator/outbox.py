"""What is on its way to one client: gathered in each turn of the event loop, held back or cut up by faults, bounded.

Knows bytes and the transport, no messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct

MAX_UNSENT_BYTES = 16 * 1024 * 1024
"""A client that lets more than this pile up unread is cut off."""

PIECE_BYTES = 5
"""How much is written at once when writes are split: less than the header of a frame."""

_SLOW_EVERY_S = 0.05
"""How often something is written when the link is slow."""

_READ_BYTES = 4096
"""How much IBKR's Python client reads at once; after exactly that much it waits a second for more, and if nothing comes
drops what it has read (protocol notes, 1.13)."""

_TIMER_SLACK_S = 0.001
_QUIET_S = 0.5
"""After so long without a write that client is given something harmless to read, if it may be waiting like this."""


class LinkConditions(Struct):
    """What the link to every client is like; a gateway has one of these for all."""

    bytes_per_s: float | None = None
    splits_writes: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.bytes_per_s is None and not self.splits_writes


class Outbox:
    """Writes to one client; `is_drained` is set while it takes what is written.

    `say_something` is asked for a harmless message when one is needed (protocol notes, 1.13).
    """

    def __init__(self, conditions: LinkConditions, say_something: Callable[[], None]) -> None:
        self._conditions = conditions
        self._say_something = say_something
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._held = bytearray()
        self._trickle_timer: asyncio.TimerHandle | None = None
        self.is_stalled = False
        self.is_drained = asyncio.Event()
        self.is_drained.set()
        self._position = 0
        self._boundaries: set[int] = set()
        self._wrote_at = 0.0
        self._quiet_timer: asyncio.TimerHandle | None = None

    def open(self, transport: asyncio.Transport) -> None:
        """There is a connection to write to."""
        self._transport = transport

    def close(self) -> None:
        """The connection is gone."""
        self._transport = None
        self.is_drained.set()
        for timer in (self._quiet_timer, self._trickle_timer):
            if timer is not None:
                timer.cancel()

    def send(self, data: bytes) -> None:
        """Queue bytes; what is queued in one turn of the event loop leaves in one write."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self.flush)
        self._unsent.append(data)

    def go_on(self) -> None:
        """Write again, and what has piled up."""
        self.is_stalled = False
        self.flush()

    def flush(self, *, at_once: bool = False) -> None:
        """Write what is queued, as the conditions of the link let it; `at_once` whatever they are."""
        data, self._unsent = b"".join(self._unsent), []
        is_free = not self.is_stalled and (at_once or self._conditions.is_plain)
        if is_free and not self._held:
            self._write(data)
        else:
            self._held += data
            if is_free:
                self._write_held(len(self._held))
            elif self._trickle_timer is None and not self.is_stalled:
                self._trickle()
        self._cut_if_too_far_behind()

    def _write_held(self, size: int) -> None:
        data = bytes(self._held[:size])
        del self._held[:size]
        self._write(data)

    def _write(self, data: bytes) -> None:
        if not data or self._transport is None or self._transport.is_closing():
            return
        self._transport.write(data)
        self._boundaries.add(self._position)
        self._position = (self._position + len(data)) % _READ_BYTES
        loop = asyncio.get_running_loop()
        self._wrote_at = loop.time()
        if self._quiet_timer is None:
            self._quiet_timer = loop.call_later(_QUIET_S, self._check_quiet)

    def _trickle(self) -> None:
        """Write one piece, and the next in a moment."""
        self._trickle_timer = None
        if self.is_stalled:
            return
        rate = self._conditions.bytes_per_s
        if self._conditions.is_plain:  # the fault has ended
            self._write_held(len(self._held))
            return
        size = len(self._held) if rate is None else max(1, int(rate * _SLOW_EVERY_S))
        if self._conditions.splits_writes:
            size = min(size, PIECE_BYTES)
        self._write_held(size)
        if self._held and self._transport is not None:
            pause_s = 0.0 if rate is None else size / rate
            self._trickle_timer = asyncio.get_running_loop().call_later(pause_s, self._trickle)

    def _buffered_bytes(self) -> int:
        in_transport = self._transport.get_write_buffer_size() if self._transport is not None else 0
        return in_transport + len(self._held) + sum(map(len, self._unsent))

    def _cut_if_too_far_behind(self) -> None:
        if self._transport is not None and self._buffered_bytes() > MAX_UNSENT_BYTES:
            self._transport.abort()

    def _check_quiet(self) -> None:
        """When nothing was written for a while, make sure that what a client has yet to read is no multiple of its
        read.

        What it has yet to read begins at some boundary between writes, so it is one if a boundary lies where we are
        now.
        """
        loop = asyncio.get_running_loop()
        due = self._wrote_at + _QUIET_S
        if loop.time() < due - _TIMER_SLACK_S:
            self._quiet_timer = loop.call_at(due, self._check_quiet)
            return
        self._quiet_timer = None
        is_hazard = self._position in self._boundaries
        self._boundaries.clear()
        if is_hazard:
            self._say_something()
