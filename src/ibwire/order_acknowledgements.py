"""Waits for what the gateway says of an order, and has it asked if it says nothing in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ibwire.order_handles import OrderHandle
from ibwire.order_states import OrderState


class Acknowledgements:
    """Orders, changes and cancels that have left. `ask` is called if one is not acknowledged within `seconds`."""

    def __init__(self, ask: Callable[[], object], *, seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._timers: dict[OrderHandle, asyncio.TimerHandle] = {}

    def expect(self, handle: OrderHandle) -> None:
        """Something of this order has left just now."""
        old = self._timers.pop(handle, None)
        if old is not None:
            old.cancel()
        self._timers[handle] = asyncio.get_running_loop().call_later(self._seconds, self._look, handle)

    def close(self) -> None:
        """Wait for nothing more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _look(self, handle: OrderHandle) -> None:
        self._timers.pop(handle, None)
        tracked = handle.tracked
        is_known = tracked.is_acknowledged or handle.status is OrderState.UNCONFIRMED
        # The cancel of an inactive order may be answered by nothing at all (ib_insync 363).
        is_idle = handle.status is OrderState.INACTIVE
        is_open = not handle.is_over and (not is_known or tracked.is_cancelling or is_idle)
        if is_open or tracked.is_change_open:  # a change of what has ended meanwhile may live as a second order
            self._ask()
