"""Holding a session to the halt mark: what cannot be cancelled is told, and tried again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ibwire.events import EventManager, EventType
from ibwire.exceptions import JournalUnwritable
from ibwire.halt_mark import Halt, HaltMark
from ibwire.trading_halt import AGAIN_AFTER_S, LOOK_EVERY_S, HaltWatch
from tests.helpers.virtual_time import on_virtual_time

NOW = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)


class Floor:
    """Orders (any objects will do), and when each was asked to be cancelled."""

    def __init__(self, path: Path, *, fails: int = 0) -> None:
        self.events = EventManager()
        self.open: list[Any] = ["one", "other"]
        self.asked: list[tuple[Any, float]] = []
        self.changes: list[Halt | None] = []
        self.fails = fails
        self.watch = HaltWatch(
            HaltMark(path / "journal.sqlite3"),
            self.events,
            to_cancel=lambda: list(self.open),
            cancel=self.cancel,
            on_change=self.changes.append,
            is_threaded=False,
        )

    async def cancel(self, order: Any) -> None:
        self.asked.append((order, asyncio.get_running_loop().time()))
        if self.fails:
            self.fails -= 1
            raise JournalUnwritable("the disk is full")


@on_virtual_time
async def test_each_order_is_cancelled_once_however_long_the_halt_lasts(tmp_path: Path) -> None:
    floor = Floor(tmp_path)
    floor.watch.start()
    await asyncio.sleep(10)
    await floor.watch.begin("enough", NOW)
    await asyncio.sleep(10)
    assert [order for order, _ in floor.asked] == ["one", "other"]
    floor.open.append("a third")
    await asyncio.sleep(LOOK_EVERY_S * 2)
    assert [order for order, _ in floor.asked] == ["one", "other", "a third"]
    floor.watch.forget()  # the link has gone, and the cancels perhaps with it
    await asyncio.sleep(LOOK_EVERY_S * 2)
    assert len(floor.asked) == 6
    assert len(floor.changes) == 1
    await floor.watch.aclose()


@on_virtual_time
async def test_what_cannot_be_cancelled_is_told_and_tried_again_but_not_all_the_time(tmp_path: Path) -> None:
    floor = Floor(tmp_path, fails=1)
    await floor.watch.begin("enough", NOW)
    floor.watch.start()
    await asyncio.sleep(AGAIN_AFTER_S * 3)
    assert [order for order, _ in floor.asked] == ["one", "other", "one"]
    assert floor.asked[2][1] - floor.asked[0][1] >= AGAIN_AFTER_S
    (failure,) = [event.data for event in floor.events.history() if event.type is EventType.ERROR]
    assert isinstance(failure, JournalUnwritable)
    await floor.watch.aclose()


@on_virtual_time
async def test_who_halts_waits_for_cancels_that_are_under_way(tmp_path: Path) -> None:
    floor = Floor(tmp_path)

    async def slow(order: Any) -> None:
        floor.asked.append((order, asyncio.get_running_loop().time()))
        await asyncio.sleep(1)

    floor.watch._cancel = slow  # type: ignore[assignment]
    await floor.watch.begin("enough", NOW)
    floor.watch.start()
    await asyncio.sleep(0.1)
    assert await floor.watch.cancel_open(floor.open) == []
    assert asyncio.get_running_loop().time() - floor.asked[0][1] >= 1
    assert len(floor.asked) == 2
    await floor.watch.end()
    assert [change is None for change in floor.changes] == [False, True]
    await floor.watch.aclose()
