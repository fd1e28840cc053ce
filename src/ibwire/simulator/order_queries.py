"""What a gateway answers who asks for orders and executions: open ones, completed ones, and a filter for executions.

Pure: tickets and a request in, messages out. Sources: protocol notes 3.14 and 4.10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta

from ibwire.simulator import order_messages, request_times
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.order_register import TWS_CLIENT_ID
from ibwire.simulator.refusals import Refusal, invalid
from ibwire.simulator.tickets import Fill, Ticket
from ibwire.wire import Message
from ibwire.wire import messages as m


def open_orders(tickets: Iterable[Ticket]) -> list[Message]:
    """Each of these orders as its pair of messages."""
    pairs = [(order_messages.open_order(ticket), order_messages.order_status(ticket)) for ticket in tickets]
    return [message for pair in pairs for message in pair]


def completed_orders(tickets: Iterable[Ticket], *, api_only: bool) -> list[Message]:
    """Those of these orders that are done; `api_only` leaves out those of the TWS user."""
    return [
        order_messages.completed_order(ticket)
        for ticket in tickets
        if ticket.done_at_s is not None and not (api_only and ticket.is_manual)
    ]


MOST_DAYS_BACK = 7
"""TWS keeps executions for no longer, however it is set (protocol notes, 3.14)."""


class ExecutionQuery:
    """Which executions a client sees, in UTC days, of which `today` is the gateway's.

    Without days of its own the filter means those since midnight; `last_n_days` so many days before as well, and
    `specific_dates` (as numbers, yyyymmdd) those days alone. A client sees its own executions, client 0 and the master
    client everybody's; commissions of others are the master's alone. Client id 0 and empty text are no filter.
    """

    def __init__(
        self, request_id: int, client_id: int, filter_: m.ExecutionFilter | None, today: date, master_id: int | None
    ) -> None:
        self._request_id = request_id
        self._client_id = client_id
        self._filter = filter_ or m.ExecutionFilter()
        self._is_master = client_id == master_id
        self._since = request_times.parse(self._filter.time) if self._filter.time else None
        days_back = timedelta(days=min(max(0, self._filter.last_n_days or 0), MOST_DAYS_BACK))
        self._has_day = _days(set(self._filter.specific_dates), today - days_back, today)

    @property
    def advice(self) -> Refusal | None:
        """What is wrong with the filter's time: 321 refuses it, 2174 warns of it."""
        if not self._filter.time:
            return None
        if self._since is None:
            return invalid(f"Invalid time '{self._filter.time}'")
        return None if self._since.names_zone else Refusal(request_times.NO_ZONE_CODE, request_times.NO_ZONE_TEXT)

    def answer(self, tickets: Iterable[Ticket], ledger: Ledger) -> list[Message]:
        """The executions, each with its commission."""
        messages: list[Message] = []
        for ticket in tickets:
            for fill in ticket.fills if self._passes(ticket) else ():
                if self._passes_time(fill):
                    messages.append(order_messages.execution_details(ticket, fill, self._request_id))
                    if self._is_master or ticket.client_id == self._client_id:
                        realized = ledger.realized(ticket.terms.account, fill.execution_id)
                        messages.append(order_messages.commission_report(ticket, fill, realized))
        return messages

    def _passes(self, ticket: Ticket) -> bool:
        wanted, instrument = self._filter, ticket.terms.instrument
        sees_all = self._is_master or self._client_id == TWS_CLIENT_ID
        return all(
            (
                sees_all or ticket.client_id == self._client_id,
                not wanted.client_id or wanted.client_id == ticket.client_id,
                not wanted.acct_code or wanted.acct_code == ticket.terms.account,
                not wanted.symbol or wanted.symbol == instrument.symbol,
                not wanted.sec_type or wanted.sec_type == instrument.sec_type,
                not wanted.exchange or wanted.exchange in (ticket.terms.contract.exchange, instrument.primary_exchange),
                not wanted.side or wanted.side == ticket.terms.order.action,
            )
        )

    def _passes_time(self, fill: Fill) -> bool:
        if self._since is not None and fill.time_s < self._since.unix_s:
            return False
        return self._has_day(datetime.fromtimestamp(fill.time_s, UTC).date())


def _days(specific: set[int], first: date, last: date) -> Callable[[date], bool]:
    if specific:
        return lambda day: int(f"{day:%Y%m%d}") in specific
    return lambda day: first <= day <= last
