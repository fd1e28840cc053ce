"""The orders of `ibwire demo`, and ibwire's books held against the simulated gateway's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from pathlib import Path

from ibwire.cli.demo_report import Invariant, OrderSummary
from ibwire.cli.demo_watch import Watched
from ibwire.client_refs import split_order_ref
from ibwire.journal_reader import JournalReader
from ibwire.order_handles import OrderHandle
from ibwire.order_states import OrderState
from ibwire.orders import limit
from ibwire.session import IBSession
from ibwire.simulator.state import GatewayState

FAR = Decimal("0.05")
"""How far below the market an order is that is to wait, as a part of the price."""


async def buy_now(session: IBSession, what: Watched) -> OrderHandle:
    """Buy with a limit a few ticks above the offer."""
    tick = _tick(what)
    return await _buy(session, what, (what.ask / tick).to_integral_value(ROUND_UP) * tick + 5 * tick)


async def buy_later(session: IBSession, what: Watched) -> OrderHandle:
    """Buy with a limit so far below the offer that it waits."""
    tick, price = _tick(what), what.ask * (1 - FAR)
    return await _buy(session, what, (price / tick).to_integral_value(ROUND_DOWN) * tick)


def summary_of(name: str, handle: OrderHandle) -> OrderSummary:
    """What became of an order, by our books."""
    order = handle.order
    assert order.total_quantity is not None  # it was checked before it was placed
    assert order.limit_price is not None
    return OrderSummary(
        instrument=name,
        client_ref=handle.key.client_ref or "",
        action=order.action or "",
        quantity=order.total_quantity,
        limit_price=order.limit_price,
        status=handle.status.value,
        filled=handle.filled,
        average_price=handle.average_price,
        commission=handle.commission,
        executions=len(handle.fills),
    )


def line(name: str, handle: OrderHandle) -> str:
    """An order in one line for people."""
    order = handle.order
    told = (
        f"{order.action} {order.total_quantity:f} {name} with a limit of {order.limit_price:f}: {handle.status.value}"
    )
    if handle.fills:
        told += f", {handle.filled:f} at {handle.average_price:f} in {len(handle.fills)} execution(s)"
    return told if handle.commission is None else f"{told}, commission {handle.commission:f}"


def invariants(handles: Sequence[OrderHandle], journal: Path, truth: GatewayState) -> list[Invariant]:
    """Nothing lost, nothing doubled: handles, journal and the gateway's own books say the same."""
    with closing(JournalReader(journal)) as reader:
        problems = reader.problems(is_thorough=True)
        kept = {one.key.client_ref: one for one in reader.orders()}
    there = Counter(str(split_order_ref(one.order_ref)[1]) for one in truth.orders)
    refs = [handle.key.client_ref for handle in handles]
    twice = sum(count - 1 for count in there.values()) + sum(one.times_received - 1 for one in truth.orders_received)
    lost = [ref for ref in refs if ref not in there or ref not in kept]
    fills = {one.exec_id: one.quantity for one in truth.executions}
    booked = {fill.exec_id: fill.quantity for handle in handles for fill in handle.fills}
    in_journal = {fill.exec_id: fill.quantity for order in kept.values() for fill in order.fills}
    held = sum((one.quantity for one in truth.positions), Decimal(0))
    return [
        Invariant("no order was lost", not lost, f"{len(refs)} placed, {len(lost)} lost"),
        Invariant("no order was doubled", not twice, f"{sum(there.values())} at the gateway, {twice} doubled"),
        Invariant(
            "every fill is booked once, as the gateway has it",
            booked == fills == in_journal and held == sum(booked.values(), Decimal(0)),
            f"{len(fills)} at the gateway, {len(booked)} booked, {len(in_journal)} in the journal",
        ),
        Invariant(
            "every order has a definite end",
            all(handle.is_over and handle.status is not OrderState.UNCONFIRMED for handle in handles),
            ", ".join(handle.status.value for handle in handles),
        ),
        Invariant("the journal is whole", not problems, "; ".join(problems) or f"{len(kept)} orders"),
    ]


async def _buy(session: IBSession, what: Watched, price: Decimal) -> OrderHandle:
    return await session.trading.place(what.contract, limit("BUY", what.quantity, price))


def _tick(what: Watched) -> Decimal:
    return what.details.min_tick or Decimal("0.01")
