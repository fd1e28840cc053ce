"""What of orders waits for its turn to leave, and can still be taken back: orders and their changes.

A cancel goes before everything else that waits, so it must not overtake the order that it is about: what has not left
yet is taken back instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ibwire.exceptions import IbwireError, RequestCancelled
from ibwire.order_handles import OrderHandle
from ibwire.wire import Message

Send = Callable[[Message, bytes], "asyncio.Future[None]"]
"""Sends a message, given with its frame: the future is done when it has left, cancelling it takes back what has not."""


class _Departure:
    """One message on its way. `then` is called once: when it has left, or with why it never will."""

    def __init__(self, left: asyncio.Future[None], then: Callable[[IbwireError | None], object]) -> None:
        self._left = left
        self._then = then
        self.told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_over = False

    def look(self, _: object = None) -> None:
        """It may have left, or failed."""
        if self.is_over or not self._left.done():
            return
        error = RequestCancelled("it was taken back") if self._left.cancelled() else self._left.exception()
        assert error is None or isinstance(error, IbwireError)
        self._finish(error)

    def take_back(self, error: IbwireError) -> None:
        """It shall not leave any more; if it has a moment ago, that is told now."""
        self._left.cancel()
        if not self._left.cancelled():
            self.look()
        elif not self.is_over:
            self._finish(error)

    def _finish(self, error: IbwireError | None) -> None:
        self.is_over = True
        if not self.told.done():
            if error is None:
                self.told.set_result(None)
            else:
                self.told.set_exception(error)
                self.told.exception()  # whoever does not wait for it is told by `then`
        self._then(error)


class Departures:
    """The orders and changes of one session that wait to leave, by order."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: dict[OrderHandle, list[_Departure]] = {}

    def send(
        self, handle: OrderHandle, message: Message, frame: bytes, then: Callable[[IbwireError | None], object]
    ) -> asyncio.Future[None]:
        """Let a message leave and call `then` when it has (at once, if it does at once), or with why it never will.

        `frame` is the message as the journal has it. The future says the same as `then`; cancelling it takes the
        message back. Raises what sending raises, and then calls nothing.
        """
        left = self._send(message, frame)
        one = _Departure(left, then)
        one.look()
        if not one.is_over:
            self._waiting.setdefault(handle, []).append(one)
            left.add_done_callback(one.look)
            left.add_done_callback(lambda _: self._forget(handle, one))
            one.told.add_done_callback(
                lambda told: one.take_back(RequestCancelled("who asked gave it up")) if told.cancelled() else None
            )
        return one.told

    def take_back(self, handle: OrderHandle, error: IbwireError) -> None:
        """Let nothing leave of what waits of an order; each ends with `error`."""
        for one in self._waiting.pop(handle, []):
            one.take_back(error)

    def take_back_all(self, error: Callable[[], IbwireError]) -> None:
        """Let nothing leave of what waits."""
        for handle in tuple(self._waiting):
            self.take_back(handle, error())

    def _forget(self, handle: OrderHandle, one: _Departure) -> None:
        waiting = self._waiting.get(handle, [])
        if one in waiting:
            waiting.remove(one)
        if not waiting:
            self._waiting.pop(handle, None)
