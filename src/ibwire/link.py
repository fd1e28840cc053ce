"""One TCP connection to a gateway: bytes to messages, messages' frames to bytes, and one word when it is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from ipaddress import ip_address
from typing import cast

from ibwire.tasks import begin
from ibwire.wakeups import wakeups_of
from ibwire.wire import ClientProtocol, Message

NEXT_ADDRESS_S = 0.25
"""After so long without a connection a host's next address is tried beside the first (RFC 8305): `localhost` and many
names have an IPv6 address first, where there may be nobody who answers."""

CLOSE_TIMEOUT_S = 2.0
"""How long a closing connection may take to send what is buffered before it is cut."""


READ_BYTES = 32 * 1024
"""How much is read at once, at most. All that a read brings is made into messages before any consumer runs; this much
of it stays in the processor's cache until then. With asyncio's own 256 KiB a message costs two fifths more
(docs/benchmarks.md)."""

_log = logging.getLogger(__name__)


class Link(asyncio.BufferedProtocol):
    """The socket's callbacks: bytes to messages, and one word when it is over. It never waits for anybody.

    `pause` is called when the gateway takes no more and what was written piles up here, `resume` when it does again: so
    long nothing should be written, and what waits elsewhere keeps its order of urgency.
    """

    def __init__(
        self,
        on_messages: Callable[[list[Message]], None],
        on_lost: Callable[[Link], None],
        *,
        pause: Callable[[], None],
        resume: Callable[[], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self._time = loop.time
        self._wakeups = wakeups_of(loop)
        self.wire = ClientProtocol()
        self.received_at = self._time()
        """When anything came last, by the loop's clock."""
        self.bytes_received = self.bytes_sent = 0
        self.closed: asyncio.Future[None] = loop.create_future()
        self.cause: Exception | None = None
        self.on_messages = on_messages
        """What is given the messages of a read; there is at least one."""
        self._on_lost = on_lost
        self._pause = pause
        self._resume = resume
        self._transport: asyncio.Transport | None = None
        self._dialling: asyncio.Task[object] | None = None
        self._kinds_told = 0
        self._buffer = bytearray(READ_BYTES)
        self._view = memoryview(self._buffer)

    async def open(self, host: str, port: int) -> None:
        """Make the TCP connection. Raises OSError, and ConnectionAbortedError if the link is closed meanwhile."""
        loop = asyncio.get_running_loop()
        if _may_race(loop, host):
            made = loop.create_connection(lambda: self, host, port, happy_eyeballs_delay=NEXT_ADDRESS_S)
        else:
            made = loop.create_connection(lambda: self, host, port)
        self._dialling = begin(made, name="ibwire connecting")
        try:
            await self._dialling
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise ConnectionAbortedError("closed before there was a connection") from None
        finally:
            self._dialling = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have all that asyncio.Transport has, and are none.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self.wire.hello)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.bytes_received += nbytes
        self._wakeups.is_held = True
        try:
            messages = self.wire.receive(self._view[:nbytes].tobytes())
            if messages:
                self.on_messages(messages)
            if len(self.wire.skipped) > self._kinds_told:
                self._tell_skipped()
            del messages  # before consumers run: what they do not want of it is free then
            if self.wire.error is not None:
                self.abort()  # after a violation there is nothing on this connection to rely on
        finally:
            self._wakeups.hand_over()
            self.received_at = self._time()  # last, so that no consumer waits for it

    def _tell_skipped(self) -> None:
        """Once for each id: what is skipped is counted, and should not be missed in silence."""
        new, self._kinds_told = list(self.wire.skipped)[self._kinds_told :], len(self.wire.skipped)
        ids = ", ".join(map(str, new))
        _log.warning(
            "the gateway sends messages that ibwire does not know, and that are skipped: id %s on the wire", ids
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self._pause()  # before anybody is told: what they let go of must not make room for what cannot leave any more
        self.cause = self.wire.error or exc
        if not self.closed.done():
            self.closed.set_result(None)
        self._on_lost(self)

    def pause_writing(self) -> None:
        self._pause()

    def resume_writing(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._resume()

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self.bytes_sent += len(data)
            self._transport.write(data)

    def abort(self) -> None:
        """Cut the connection at once, or give up making it; what is written from now on goes nowhere."""
        self._pause()
        if self._dialling is not None:
            self._dialling.cancel()
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Send what is buffered, close, and wait until it is over; cut it if that takes too long."""
        if self._transport is None:
            self.abort()
            return
        self._pause()
        self._transport.close()
        try:
            await asyncio.wait_for(asyncio.shield(self.closed), CLOSE_TIMEOUT_S)
        except TimeoutError:
            self.abort()
            await asyncio.shield(self.closed)


def _may_race(loop: asyncio.AbstractEventLoop, host: str) -> bool:
    """Whether a host's second address may be tried beside the first; else they are tried one after the other.

    uvloop knows no such option. asyncio's race does not work with eager tasks in many releases of Python 3.12 and 3.13
    (CPython issue 124309). An address of its own is no name that could have several.
    """
    if not isinstance(loop, asyncio.BaseEventLoop) or loop.get_task_factory() is not None:
        return False
    try:
        ip_address(host)
    except ValueError:
        return True
    return False
