"""What a gateway says of an order: its echo, its status, its executions and their commissions.

Zeros are sent, unset fields are not, as a gateway does (protocol notes, 2.5 and 4.2).
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from ibwire.simulator.order_kinds import Trigger
from ibwire.simulator.tickets import Fill, Status, Ticket
from ibwire.simulator.triggers import limit_behind
from ibwire.wire import messages as m

UNASKED = -1
"""The request id of an execution that nobody asked for."""

HELD_BY_TRIGGER = "trigger"


def plain(value: Decimal) -> str:
    """A decimal as the wire wants it: no exponent."""
    return f"{value:f}"


def _order(ticket: Ticket) -> m.Order:
    """The order as it stands: what it was asked with, and where its price and its group are now."""
    terms = ticket.terms
    order = replace(
        terms.order,
        client_id=ticket.client_id,
        order_id=ticket.order_id,
        perm_id=ticket.perm_id,
        account=terms.account,
        total_quantity=plain(ticket.quantity),
        tif=terms.tif,
        oca_group=ticket.oca_group or None,
        oca_type=ticket.oca_type,
        parent_perm_id=None if ticket.parent is None else ticket.parent.perm_id,
    )
    limit = ticket.limit if ticket.limit is not None else limit_behind(ticket)
    if limit is not None:
        order = replace(order, lmt_price=float(limit))
    if terms.kind.trigger is Trigger.TRAIL and ticket.stop is not None:
        order = replace(order, trail_stop_price=float(ticket.stop))
    return order


def open_order(ticket: Ticket, state: m.OrderState | None = None) -> m.OpenOrder:
    """The order as it stands now; a filled one says what it cost. `state` is told instead if it is given."""
    if state is None and ticket.status is Status.FILLED:
        state = m.OrderState(
            status=ticket.status,
            commission_and_fees=float(sum((fill.commission for fill in ticket.fills), Decimal(0))),
            commission_and_fees_currency=ticket.terms.instrument.currency,
        )
    return m.OpenOrder(
        order_id=ticket.order_id,
        contract=ticket.terms.contract,
        order=_order(ticket),
        order_state=state or m.OrderState(status=ticket.status),
    )


def completed_order(ticket: Ticket) -> m.CompletedOrder:
    """An order that is done. It has no order id: the permanent id is what it is known by (protocol notes, 4.10)."""
    how = f"Filled Size: {plain(ticket.filled)}" if ticket.status is Status.FILLED else ticket.ended_by
    order = replace(_order(ticket), order_id=None, filled_quantity=plain(ticket.filled))
    done_at_s = ticket.done_at_s if ticket.done_at_s is not None else 0
    at = _local_time(done_at_s, ticket.terms.instrument.time_zone_id)
    state = m.OrderState(status=ticket.status, completed_time=at, completed_status=how)
    return m.CompletedOrder(contract=ticket.terms.contract, order=order, order_state=state)


def order_status(ticket: Ticket) -> m.OrderStatus:
    """Where the order stands now."""
    is_held = ticket.status is Status.PRE_SUBMITTED and ticket.awaits_trigger
    return m.OrderStatus(
        order_id=ticket.order_id,
        status=ticket.status,
        filled=plain(ticket.filled),
        remaining=plain(ticket.remaining),
        avg_fill_price=float(ticket.average_price),
        perm_id=ticket.perm_id,
        parent_id=ticket.parent.order_id if ticket.parent is not None else 0,
        last_fill_price=float(ticket.fills[-1].price) if ticket.fills else 0.0,
        client_id=ticket.client_id,
        why_held=HELD_BY_TRIGGER if is_held else None,
        mkt_cap_price=0.0,
    )


def execution_details(ticket: Ticket, fill: Fill, request_id: int = UNASKED) -> m.ExecutionDetails:
    """One fill, with the time in the instrument's zone as a gateway gives it."""
    terms, instrument = ticket.terms, ticket.terms.instrument
    venue = instrument.primary_exchange or instrument.exchange
    execution = m.Execution(
        order_id=ticket.order_id,
        exec_id=fill.execution_id,
        time=_local_time(fill.time_s, instrument.time_zone_id),
        acct_number=terms.account,
        exchange=venue,
        side="BOT" if ticket.is_buy else "SLD",
        shares=plain(fill.quantity),
        price=float(fill.price),
        perm_id=ticket.perm_id,
        client_id=ticket.client_id,
        is_liquidation=False,
        cum_qty=plain(fill.total_filled),
        avg_price=float(fill.average_price),
        order_ref=terms.order.order_ref,
        last_liquidity=2,
    )
    return m.ExecutionDetails(req_id=request_id, contract=replace(terms.contract, exchange=venue), execution=execution)


def commission_report(ticket: Ticket, fill: Fill, realized: Decimal | None) -> m.CommissionAndFeesReport:
    """What a fill cost, and what it earned if it closed something (None: it opened)."""
    return m.CommissionAndFeesReport(
        exec_id=fill.execution_id,
        commission_and_fees=float(fill.commission),
        currency=ticket.terms.instrument.currency,
        realized_pnl=None if realized is None else float(realized),
    )


def _local_time(time_s: int, zone: str) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC).astimezone(ZoneInfo(zone)):%Y%m%d %H:%M:%S} {zone}"
