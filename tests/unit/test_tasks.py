"""Tasks begin in the loop's next turn, also where a program has its loop make eager ones."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from ibwire.order_states import OrderState
from ibwire.orders import limit
from ibwire.tasks import begin
from tests.helpers.trading_floor import APPLE, a_moment, agree, floor
from tests.helpers.virtual_time import on_virtual_time


@on_virtual_time
async def test_a_task_begins_after_its_owner_has_it_whatever_factory_there_is() -> None:
    def eager(*_: Any, **__: Any) -> Any:
        raise AssertionError("the loop's factory would have run it")

    begun: list[asyncio.Task[None] | None] = []

    async def work() -> None:
        begun.append(asyncio.current_task())

    loop = asyncio.get_running_loop()
    loop.set_task_factory(eager)
    try:
        task = begin(work(), name="some work")
        assert begun == []
    finally:
        loop.set_task_factory(None)
    await task
    assert (begun, task.get_name()) == ([task], "some work")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="asyncio has eager tasks since Python 3.12")
@on_virtual_time
async def test_a_halt_cancels_what_waits_and_what_works_where_tasks_are_eager(tmp_path: Path) -> None:
    asyncio.get_running_loop().set_task_factory(getattr(asyncio, "eager_task_factory"))  # noqa: B009 - not in 3.11
    async with floor(tmp_path) as (gateway, session):
        working = await session.trading.place(APPLE, limit("BUY", 1, 99))
        await working.acknowledged()
        await gateway.inject("connectivity_lost")
        await a_moment()
        waiting = await session.trading.place(APPLE, limit("BUY", 2, 99), queue_while_down=60)
        (tmp_path / "journal.sqlite3.halted").touch()
        await a_moment(1)
        assert waiting.status is OrderState.REJECTED
        await gateway.inject("connectivity_restored", data_lost=False)
        await a_moment(20)
        assert working.status is OrderState.CANCELLED
        agree(gateway, session)
