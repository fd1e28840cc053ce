"""What the gateway is asked about orders by the user: whosever they are, and nothing is sent but questions."""

from __future__ import annotations

from datetime import UTC, datetime

from ibwire.order_views import KnownExecution, KnownOrder, known_executions, known_order
from ibwire.session_api import SessionApi
from ibwire.wire import Message
from ibwire.wire import messages as m


class OrderQuestions:
    """The part of `Trading` that asks. What comes is also shown to the orders that are followed (`_take`)."""

    _session: SessionApi

    def _take(self, message: Message) -> None:
        raise NotImplementedError  # pragma: no cover

    async def open_orders(self) -> tuple[KnownOrder, ...]:
        """The working orders of all clients and of the TWS user, from the gateway. Raises what requests raise."""
        answers = await self._session.request(m.AllOpenOrdersRequest(), retry=True)
        for message in answers:
            self._take(message)
        found = [known_order(one) for one in answers if isinstance(one, m.OpenOrder)]
        return tuple({one.perm_id: one for one in found}.values())

    async def completed_orders(self, *, api_only: bool = False) -> tuple[KnownOrder, ...]:
        """The orders that have ended, about those of today, from the gateway. Raises what requests raise."""
        answers = await self._session.request(m.CompletedOrdersRequest(api_only), retry=True)
        return tuple(known_order(one) for one in answers if isinstance(one, m.CompletedOrder))

    async def executions(self, since: datetime | None = None) -> tuple[KnownExecution, ...]:
        """The executions since a moment (aware), or since the gateway's midnight, from the gateway.

        How far back they go is a setting of TWS (protocol notes, 3.14). A client sees its own; client 0 and the master
        client see everybody's. Raises what requests raise.
        """
        filter_ = m.ExecutionFilter()
        if since is not None:
            days = (self._session.now().date() - since.astimezone(UTC).date()).days
            filter_ = m.ExecutionFilter(time=f"{since.astimezone(UTC):%Y%m%d-%H:%M:%S}", last_n_days=max(0, days))
        answers = await self._session.request(m.ExecutionRequest(execution_filter=filter_), retry=True)
        for message in answers:
            self._take(message)
        return known_executions(answers)
