"""Trading through every order fault, and through restarts: at the end journal, books and gateway agree."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ibwire.events import EventType
from ibwire.exceptions import NotConnected
from ibwire.order_states import OrderState
from ibwire.orders import limit, market
from ibwire.wire import messages as m
from tests.helpers.sessions import told
from tests.helpers.simulated import raw
from tests.helpers.trading_floor import APPLE, a_moment, agree, floor, move, trader
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset


@pytest.mark.parametrize("how", ["execution_first", "status_first", "status_only"])
def test_executions_out_of_order_or_only_when_asked_for(how: str, tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        async with floor(tmp_path) as (gateway, session):
            await session.trading.ready()
            await gateway.inject("reorder_execution", how=how)
            await gateway.inject("duplicate_status")
            handle = await session.trading.place(APPLE, limit("BUY", 300, "100.1"))
            await handle.acknowledged()
            await a_moment(5)
            assert (handle.filled, len(handle.fills)) == (200, 1)
            move(gateway, 98.0, 98.5)
            assert await handle.done() is OrderState.FILLED
            await a_moment(5)
            assert (len(handle.fills), handle.filled) == (2, 300)
            assert len(told(session, EventType.EXECUTION)) == 2
            agree(gateway, session)

    run()


@on_virtual_time
async def test_an_order_that_had_ended_in_the_journal_is_followed_again_when_the_gateway_speaks_of_it(
    tmp_path: Path,
) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, market("BUY", 10))
        await handle.done()
        await a_moment()
        await session.aclose()
        async with trader(tmp_path, seed=2) as again:
            await again.trading.ready()
            (execution,) = gateway.state().executions
            gateway.correct_execution(execution.exec_id, quantity=Decimal(9))
            await again.trading.reconcile()
            (followed,) = again.trading.orders
            assert (followed.key.client_ref, followed.filled) == (handle.key.client_ref, 9)


@on_virtual_time
async def test_an_order_changed_and_cancelled_while_the_gateway_was_offline_is_found(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, limit("BUY", 10, 99))
        await handle.acknowledged()
        await gateway.inject("connectivity_lost")
        await a_moment()
        with pytest.raises(NotConnected, match="degraded"):
            await session.trading.place(APPLE, limit("BUY", 10, 99))
        async with raw(gateway, 7) as other:
            await other.answers_to(m.GlobalCancelRequest())
        await gateway.inject("connectivity_restored", data_lost=False)
        assert await handle.done() is OrderState.CANCELLED
        agree(gateway, session)
