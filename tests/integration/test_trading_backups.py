"""A journal that was put back from a backup together with its mark: what it lacks is told, and no id is used twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ibwire.events import EventType
from ibwire.exceptions import JournalCorrupt
from ibwire.order_states import OrderState
from ibwire.orders import limit
from ibwire.session import IBSession
from tests.helpers.scripted_gateway import PORT
from tests.helpers.sessions import told
from tests.helpers.simulated import simulated
from tests.helpers.trading_floor import APPLE, a_moment, trader
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset

FILES = ("journal.sqlite3", "journal.sqlite3.mark")


def _missing(session: IBSession) -> list[str]:
    return [str(event.data) for event in told(session, EventType.ERROR) if isinstance(event.data, JournalCorrupt)]


@on_virtual_time
async def test_open_orders_that_an_older_copy_lacks_are_told_of_once_and_their_ids_not_used(tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    backup.mkdir()
    async with simulated(port=PORT) as gateway:
        await a_moment()
        async with trader(tmp_path) as session:
            kept = await session.trading.place(APPLE, limit("BUY", 10, 99))
            await kept.acknowledged()
        for name in FILES:
            shutil.copy(tmp_path / name, backup / name)
        async with trader(tmp_path, seed=2) as session:
            lost = [await session.trading.place(APPLE, limit("BUY", 10, price)) for price in (98, 97)]
            await lost[-1].acknowledged()
            assert _missing(session) == []
        for name in FILES:
            shutil.copy(backup / name, tmp_path / name)
        async with trader(tmp_path, seed=3) as session:
            await session.trading.ready()
            await session.trading.reconcile()
            (said,) = _missing(session)
            ids = [handle.key.order_id for handle in lost]
            assert f"2 open orders that the journal {tmp_path}" in said
            assert f"(order ids {ids[0]}, {ids[1]})" in said
            assert [one.key.client_ref for one in session.trading.orders] == [kept.key.client_ref]
            handle = await session.trading.place(APPLE, limit("BUY", 10, 96))
            assert await handle.acknowledged() is OrderState.SUBMITTED
            assert handle.key.order_id > max(ids)
            for known in await session.trading.open_orders():
                if known.order_id in ids:
                    await session.trading.cancel_order(known)
            await a_moment()
        ends = {order.order_id: order.status for order in gateway.state().orders}
        assert [ends[one] for one in ids] == ["Cancelled"] * 2
