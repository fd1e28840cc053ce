"""The demo's verdict: what is lost, doubled or not booked breaks an invariant, and the exit code."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ibwire.cli import demo_orders, demo_report
from ibwire.cli.demo_report import Invariant, Summary
from ibwire.order_states import OrderState
from ibwire.orders import limit, market
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings, TradingSettings
from ibwire.simulator import GeneratedFeed, SimulatedGateway
from ibwire.simulator.state import GatewayState
from ibwire.wire import messages as m

APPLE = m.Contract(con_id=265598, symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")


def summary_with(*invariants: Invariant) -> Summary:
    return Summary(
        server_version=226,
        account="DU1",
        instruments=1,
        ticks=1,
        ticks_after_the_restart=1,
        orders=(),
        bars=0,
        recorded_rows=None,
        highest_messages_per_s=1,
        recovery_s=None,
        took_s=1.0,
        invariants=invariants,
    )


def test_one_broken_invariant_makes_the_whole_demo_fail() -> None:
    held, not_run = Invariant("a", is_held=True, seen=""), Invariant("b", is_held=None, seen="no pyarrow")
    assert summary_with(held, not_run).is_good
    broken = summary_with(held, not_run, Invariant("c", is_held=False, seen="2 lost"))
    assert not broken.is_good
    assert demo_report.as_dict(broken)["ok"] is False
    assert "BROKEN  c: 2 lost" in demo_report.plain(broken)


def without_orders(state: GatewayState) -> GatewayState:
    return msgspec.structs.replace(state, orders=[])


def doubled(state: GatewayState) -> GatewayState:
    return msgspec.structs.replace(state, orders=state.orders * 2)


def sent_twice(state: GatewayState) -> GatewayState:
    twice = [msgspec.structs.replace(one, times_received=2) for one in state.orders_received]
    return msgspec.structs.replace(state, orders_received=twice)


def with_a_fill_more(state: GatewayState) -> GatewayState:
    more = msgspec.structs.replace(state.executions[0], exec_id="another")
    return msgspec.structs.replace(state, executions=[*state.executions, more])


def with_another_position(state: GatewayState) -> GatewayState:
    more = [msgspec.structs.replace(one, quantity=one.quantity + Decimal(1)) for one in state.positions]
    return msgspec.structs.replace(state, positions=more)


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda state: state, set()),
        (without_orders, {"no order was lost"}),
        (doubled, {"no order was doubled"}),
        (sent_twice, {"no order was doubled"}),
        (with_a_fill_more, {"every fill is booked once, as the gateway has it"}),
        (with_another_position, {"every fill is booked once, as the gateway has it"}),
    ],
)
async def test_books_that_differ_from_the_gateways_break_the_invariant(
    change: Callable[[GatewayState], GatewayState], broken: set[str], tmp_path: Path
) -> None:
    journal = tmp_path / "journal.sqlite3"
    async with SimulatedGateway(feed=GeneratedFeed(seed=1)) as gateway:
        settings: dict[str, Any] = {
            "connection": ConnectionSettings(port=gateway.port),
            "trading": TradingSettings(journal_path=journal),
        }
        async with IBSession(Settings(**settings)) as session:
            handle = await session.trading.place(APPLE, market("BUY", 10))
            assert await handle.done() is OrderState.FILLED
        found = demo_orders.invariants([handle], journal, change(gateway.state()))
    assert {one.name for one in found if not one.is_held} == broken


async def test_order_that_has_not_ended_breaks_the_invariant(tmp_path: Path) -> None:
    journal = tmp_path / "journal.sqlite3"
    async with SimulatedGateway() as gateway:
        settings = Settings(
            connection=ConnectionSettings(port=gateway.port), trading=TradingSettings(journal_path=journal)
        )
        async with IBSession(settings) as session:
            handle = await session.trading.place(APPLE, limit("BUY", 10, 1))
            await handle.acknowledged()
            found = demo_orders.invariants([handle], journal, gateway.state())
    assert [one.name for one in found if not one.is_held] == ["every order has a definite end"]
