"""Asks a question until it is answered: again after what may pass, with growing pauses, and never for ever.

For questions that are asked in bulk and may wait. What is retryable the exceptions themselves say (`retryable`); here
is how often and after how long:

    pacing violation, no answer    15 s, doubling to 120 s, eight times: IBKR also punishes by silence (pacing notes, 2)
    failure of IBKR's servers      2 s, doubling to 60 s, four times
    link lost                      as long as somebody is at work to make it again
    turn did not come in time      at once, without counting: nothing was sent
    everything else retryable      2 s, doubling to 60 s, eight times

What fails while the gateway has no link to IBKR is not counted either: the session knows of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct

from ibwire.connection import ConnectionState
from ibwire.exceptions import (
    ConnectionLost,
    IbwireError,
    NotConnected,
    PacingViolation,
    RateLimitTimeout,
    RequestTimeout,
    ServerError,
)
from ibwire.session_api import SessionApi
from ibwire.wire import Message


class _Patience(Struct, frozen=True):
    first_s: float
    longest_s: float
    tries: int


_BY_KIND = (
    (PacingViolation, _Patience(15.0, 120.0, 8)),
    (RequestTimeout, _Patience(15.0, 120.0, 8)),
    (ServerError, _Patience(2.0, 60.0, 4)),
    (IbwireError, _Patience(2.0, 60.0, 8)),
)
"""The first row that fits holds."""

_ENDED = (ConnectionState.DISCONNECTED, ConnectionState.CLOSED)


class Asker:
    """Asks the gateway of one session. `sleep` waits so many seconds."""

    def __init__(self, session: SessionApi, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._session = session
        self._sleep = sleep

    async def ask(self, message: Message) -> list[Message]:
        """All answers to a request that ends.

        Raises what cannot be mended by asking again, or the last error when patience is at its end.
        """
        failures = pauses = 0
        while True:
            try:
                return await self._session.request(message, retry=True)
            except RateLimitTimeout:
                continue  # it has waited long enough
            except IbwireError as error:
                if not error.retryable or self._is_over(error):
                    raise
                patience = next(patience for kind, patience in _BY_KIND if isinstance(error, kind))
                failures += self._session.state is ConnectionState.CONNECTED
                if failures > patience.tries:
                    raise
            await self._sleep(min(patience.first_s * 2.0**pauses, patience.longest_s))
            pauses = min(pauses + 1, patience.tries)

    def _is_over(self, error: IbwireError) -> bool:
        return isinstance(error, ConnectionLost | NotConnected) and self._session.state in _ENDED
