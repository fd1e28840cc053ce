"""What takes the answers for ib_async's wrapper: of a question that ends, and of a subscription that goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from ibwire.exceptions import IbwireError
from ibwire.gaps import Gap, Resumed
from ibwire.ib_async.incoming import CALLS
from ibwire.streams import Collection
from ibwire.wire import Message
from ibwire.wire import messages as m


class Calls(Protocol):
    """Who calls the wrapper; the client."""

    @property
    def wrapper(self) -> Any:
        """ib_async's wrapper."""

    @property
    def keeps_connection(self) -> bool:
        """Whether a fallen link is made again."""

    def take(self, req_id: int, message: Message) -> None:
        """Call the wrapper with a message."""

    def gap(self, req_id: int, gap: Gap) -> None:
        """Data of a subscription may be missing from now on."""

    def resumed(self, req_id: int, resumed: Resumed) -> None:
        """They come again."""

    def failed(self, req_id: int, error: IbwireError) -> None:
        """A subscription is over."""


class Question(Collection):
    """Passes each answer on as it comes and keeps none. What is watched as a whole (`skipped`) comes another way."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, take: Callable[[Message], None], skipped: frozenset[type[Message]]
    ) -> None:
        super().__init__(loop)
        self._take, self._skipped = take, skipped

    def deliver(self, message: Message) -> None:
        """Pass one answer on, unless nobody waits for it any more."""
        if type(message) not in self._skipped and not self.result.done():
            self._take(message)


class Subscription:
    """Gives the messages of a subscription to the wrapper under the id that ib_async knows it by, for ever the same."""

    def __init__(self, client: Calls, req_id: int) -> None:
        self._client = client
        self._req_id = req_id
        self._had_gap = False

    def deliver(self, message: Message) -> None:
        """Pass one message on."""
        if type(message) in CALLS:
            self._client.take(self._req_id, message)
        elif isinstance(message, Gap):
            self._had_gap = True
            self._client.gap(self._req_id, message)
        elif isinstance(message, Resumed):
            self._client.resumed(self._req_id, message)

    def end(self) -> None:
        """It was cancelled."""

    def fail(self, error: IbwireError) -> None:
        """It is over, and asking again cannot help."""
        self._client.failed(self._req_id, error)


class BarSubscription(Subscription):
    """Bars that are kept up to date: after a gap they come whole once more, and go on where the list ends."""

    def deliver(self, message: Message) -> None:
        """Pass one message on; bars that came again as updates of what there is."""
        if self._had_gap and isinstance(message, m.HistoricalData) and not self._is_first_answer:
            for bar in message.historical_data_bars:
                self._client.take(self._req_id, m.HistoricalDataUpdate(historical_data_bar=bar))
        else:
            super().deliver(message)

    @property
    def _is_first_answer(self) -> bool:
        return self._req_id in self._client.wrapper._futures
