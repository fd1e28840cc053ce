"""What a gateway says of an order: its echo, its status, its executions and their commissions.

Zeros are sent, unset fields are not, as a gateway does (protocol notes, 2.5 and 4.2).
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from ibwire.simulator.tickets import FILLED, Fill, Ticket
from ibwire.wire import messages as m

UNASKED = -1
"""The request id of an execution that nobody asked for."""


def plain(value: Decimal) -> str:
    """A decimal as the wire wants it: no exponent."""
    return f"{value:f}"


def _order(ticket: Ticket) -> m.Order:
    return replace(
        ticket.order,
        client_id=ticket.client_id,
        perm_id=ticket.perm_id,
        account=ticket.account,
        total_quantity=plain(ticket.quantity),
        tif=ticket.order.tif or "DAY",
    )


def open_order(ticket: Ticket) -> m.OpenOrder:
    """The order as it stands now."""
    state = m.OrderState(status=ticket.status)
    return m.OpenOrder(order_id=ticket.order_id, contract=ticket.contract, order=_order(ticket), order_state=state)


def completed_order(ticket: Ticket) -> m.CompletedOrder:
    """An order that is done. It has no order id: the permanent id is what it is known by (protocol notes, 4.10)."""
    how = f"Filled Size: {plain(ticket.filled)}" if ticket.status == FILLED else "Cancelled by Trader"
    order = replace(_order(ticket), filled_quantity=plain(ticket.filled))
    done_at_s = ticket.done_at_s if ticket.done_at_s is not None else 0
    at = _local_time(done_at_s, ticket.instrument.time_zone_id)
    state = m.OrderState(status=ticket.status, completed_time=at, completed_status=how)
    return m.CompletedOrder(contract=ticket.contract, order=order, order_state=state)


def order_status(ticket: Ticket, status: str | None = None) -> m.OrderStatus:
    """Where the order stands now, or `status` on the way there."""
    return m.OrderStatus(
        order_id=ticket.order_id,
        status=status or ticket.status,
        filled=plain(ticket.filled),
        remaining=plain(ticket.remaining),
        avg_fill_price=float(ticket.average_price),
        perm_id=ticket.perm_id,
        parent_id=ticket.order.parent_id or 0,
        last_fill_price=float(ticket.fills[-1].price) if ticket.fills else 0.0,
        client_id=ticket.client_id,
        mkt_cap_price=0.0,
    )


def execution_details(ticket: Ticket, fill: Fill, request_id: int = UNASKED) -> m.ExecutionDetails:
    """One fill, with the time in the instrument's zone as a gateway gives it."""
    instrument = ticket.instrument
    venue = instrument.primary_exchange or instrument.exchange
    execution = m.Execution(
        order_id=ticket.order_id,
        exec_id=fill.execution_id,
        time=_local_time(fill.time_s, instrument.time_zone_id),
        acct_number=ticket.account,
        exchange=venue,
        side="BOT" if ticket.is_buy else "SLD",
        shares=plain(fill.quantity),
        price=float(fill.price),
        perm_id=ticket.perm_id,
        client_id=ticket.client_id,
        is_liquidation=False,
        cum_qty=plain(fill.total_filled),
        avg_price=float(fill.average_price),
        order_ref=ticket.order.order_ref,
        last_liquidity=2,
    )
    return m.ExecutionDetails(req_id=request_id, contract=replace(ticket.contract, exchange=venue), execution=execution)


def commission_report(ticket: Ticket, fill: Fill, realized: Decimal | None) -> m.CommissionAndFeesReport:
    """What a fill cost, and what it earned if it closed something (None: it opened)."""
    return m.CommissionAndFeesReport(
        exec_id=fill.execution_id,
        commission_and_fees=float(fill.commission),
        currency=ticket.instrument.currency,
        realized_pnl=None if realized is None else float(realized),
    )


def _local_time(time_s: int, zone: str) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC).astimezone(ZoneInfo(zone)):%Y%m%d %H:%M:%S} {zone}"
