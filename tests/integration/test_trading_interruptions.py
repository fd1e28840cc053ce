"""A caller that gives up at any step, and a disk that fails at any write: nothing is lost, nothing is there twice."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ibwire.client_refs import split_order_ref
from ibwire.exceptions import JournalUnwritable, OrderLimitExceeded
from ibwire.journal_mark import MarkFile
from ibwire.journal_reader import JournalReader
from ibwire.order_states import OrderState
from ibwire.orders import bracket, limit, market
from ibwire.session import IBSession
from ibwire.simulator import SimulatedGateway
from tests.helpers.scripted_gateway import PORT
from tests.helpers.simulated import simulated
from tests.helpers.trading_floor import APPLE, ENDED_TEXTS, a_moment, agree, floor, of_journal, trader
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset

BRACKET = bracket("BUY", 10, limit_price="99", take_profit_price="101", stop_loss_price="97")


async def restart_and_compare(gateway: SimulatedGateway, path: Path) -> None:
    """The next process and the journal know what the gateway has, and of everything else that it never left."""
    await a_moment(5)
    async with trader(path, seed=2) as session:
        await session.trading.ready()
        await a_moment(5)
    by_journal = of_journal(path)
    at_gateway = {str(split_order_ref(order.order_ref)[1]): order for order in gateway.state().orders}
    assert len(at_gateway) == len(gateway.state().orders)
    for ref, (state, filled) in by_journal.items():
        order = at_gateway.pop(str(ref), None)
        if order is None:
            assert state is OrderState.REJECTED, ref
        else:
            assert filled == order.filled
            assert state is ENDED_TEXTS[order.status] if order.status in ENDED_TEXTS else state.is_working
    assert not at_gateway
    reader = JournalReader(path / "journal.sqlite3")
    assert reader.problems(is_thorough=True) == []
    reader.close()


# --- a caller that gives up ------------------------------------------------------------------------------------------


async def _working(session: IBSession) -> None:
    for price in (99, 98):
        await (await session.trading.place(APPLE, limit("BUY", 10, price))).acknowledged()


async def _ready(session: IBSession) -> None:
    await session.trading.ready()


async def _nothing(_: IBSession) -> None:
    """The first order also opens the journal and asks the gateway."""


Step = Callable[[IBSession], Awaitable[Any]]
ACTIONS: dict[str, tuple[Step, Step]] = {
    "the first order": (_nothing, lambda session: session.trading.place(APPLE, limit("BUY", 10, 99))),
    "place": (_ready, lambda session: session.trading.place(APPLE, limit("BUY", 10, 99))),
    "wait": (_ready, lambda session: session.trading.place(APPLE, limit("BUY", 10, 99), queue_while_down=30)),
    "group": (_ready, lambda session: session.trading.place_group(APPLE, BRACKET)),
    "modify": (_working, lambda session: session.trading.orders[0].modify(limit_price=Decimal("98.5"))),
    "cancel": (_working, lambda session: session.trading.orders[0].cancel()),
    "cancel_all": (_working, lambda session: session.trading.cancel_all()),
    "halt": (_working, lambda session: session.trading.halt("enough")),
}


async def _given_up(work: Awaitable[Any], steps: int) -> bool:
    """Cancel it after so many turns of the loop; whether it was done by then."""
    task = asyncio.ensure_future(work)
    for _ in range(steps):
        await asyncio.sleep(0)
    is_done = task.done()
    task.cancel()
    await asyncio.wait({task})
    assert is_done or task.cancelled()
    assert task.cancelled() or task.exception() is None
    return is_done


@pytest.mark.parametrize("action", ACTIONS)
def test_a_caller_that_gives_up_at_any_step_leaves_nothing_that_nobody_follows(action: str, tmp_path: Path) -> None:
    before, work = ACTIONS[action]

    @on_virtual_time
    async def run(steps: int) -> None:
        path = tmp_path / str(steps)
        async with simulated(port=PORT) as gateway:
            await a_moment()
            async with trader(path) as session:
                await before(session)
                there_were = len(gateway.state().orders)
                done.append(await _given_up(work(session), steps))
                await a_moment(5)
                agree(gateway, session)
                if before is not _working and not done[-1]:
                    assert len(gateway.state().orders) == there_were  # `place`: if it is cancelled nothing was sent
            await restart_and_compare(gateway, path)

    done: list[bool] = []
    while not (done and done[-1]):
        assert len(done) < 50
        run(len(done))
    assert len(done) > 1  # it was interrupted on its way


@pytest.mark.parametrize("action", ["place", "wait", "group"])
def test_a_halt_at_any_step_of_an_order_refuses_or_cancels_it(action: str, tmp_path: Path) -> None:
    before, work = ACTIONS[action]

    @on_virtual_time
    async def run(steps: int) -> None:
        async with floor(tmp_path / str(steps)) as (gateway, session):
            await before(session)
            task = asyncio.ensure_future(work(session))
            for _ in range(steps):
                await asyncio.sleep(0)
            done.append(task.done())
            await session.trading.halt("enough")
            await asyncio.wait({task})
            await a_moment(5)
            agree(gateway, session)
            assert {order.status for order in gateway.state().orders} <= {"Cancelled"}
            assert all(handle.is_over for handle in session.trading.orders)
            error = task.exception()
            assert isinstance(error, OrderLimitExceeded) if error is not None else gateway.state().orders

    done: list[bool] = []
    while not (done and done[-1]):
        assert len(done) < 50
        run(len(done))


# --- a disk that fails -----------------------------------------------------------------------------------------------


class _Failing:
    """Fails at the write with this number, counted from 1, until the disk is mended."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.writes = 0

    def fails(self) -> bool:
        self.writes += 1
        return self.writes == self._number

    def mend(self) -> None:
        self._number = 0


class _Connection:
    """A connection whose commits may fail."""

    def __init__(self, real: sqlite3.Connection, disk: _Failing) -> None:
        self._real = real
        self._disk = disk

    def execute(self, sql: str, *arguments: Any) -> Any:
        if sql == "COMMIT" and self._disk.fails():
            raise sqlite3.OperationalError("database or disk is full")
        return self._real.execute(sql, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _let_fail(session: IBSession, where: str, disk: _Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    file: Any = session.trading._followed.open()[1]._file
    if where == "commit":
        file._connection = _Connection(file._connection, disk)
        return
    write = MarkFile.write

    def marked(self: MarkFile, sequence: int) -> None:
        if disk.fails():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(self, sequence)

    monkeypatch.setattr(MarkFile, "write", marked)


async def _trade(gateway: SimulatedGateway, session: IBSession) -> int:
    """Place, change, cancel, fill, place together, and wait for the link; how much was refused."""
    trading, refused = session.trading, 0

    async def unless_refused(work: Awaitable[Any]) -> Any:
        nonlocal refused
        try:
            return await work
        except JournalUnwritable:
            refused += 1
            return None
        finally:
            await a_moment(3)

    handle = await unless_refused(trading.place(APPLE, limit("BUY", 10, 99)))
    if handle is not None:
        await unless_refused(handle.modify(limit_price=Decimal("98.5")))
        await unless_refused(handle.cancel())
    await unless_refused(trading.place(APPLE, market("BUY", 10)))
    await unless_refused(trading.place_group(APPLE, BRACKET))
    await gateway.inject("connectivity_lost")
    await a_moment()
    await unless_refused(trading.place(APPLE, limit("BUY", 7, 97), queue_while_down=60))
    await gateway.inject("connectivity_restored", data_lost=False)
    await a_moment(20)
    return refused


@pytest.mark.parametrize("where", ["commit", "mark"])
def test_a_write_that_fails_refuses_its_order_and_the_next_one_leaves(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @on_virtual_time
    async def run(number: int) -> None:
        path, disk = tmp_path / str(number), _Failing(number)
        async with simulated(port=PORT) as gateway:
            await a_moment()
            async with trader(path, max_open_orders=8) as session:
                await session.trading.ready()
                with monkeypatch.context() as patched:
                    _let_fail(session, where, disk, patched)
                    refused.append(await _trade(gateway, session))
                    disk.mend()
                    writes.append(disk.writes)
                    there_were = len(gateway.state().orders)
                    handle = await session.trading.place(APPLE, limit("BUY", 3, 96))
                    await handle.acknowledged()
                    assert len(gateway.state().orders) == there_were + 1
                    agree(gateway, session)
                    open_ = [order for order in gateway.state().orders if order.status not in ENDED_TEXTS]
                    assert sum(not one.is_over for one in session.trading.orders) == len(open_)
                    await session.aclose()
            await restart_and_compare(gateway, path)

    refused: list[int] = []
    writes: list[int] = []
    while not writes or len(writes) < writes[-1]:
        assert len(writes) < 50
        run(len(writes) + 1)
    assert set(refused) == ({0, 1} if where == "commit" else {0})  # a mark that fails is written later


def _delete_journal(path: Path) -> None:
    for file in path.glob("journal.sqlite3*"):
        file.unlink()


@pytest.mark.skipif(sys.platform == "win32", reason="there an open file cannot be deleted")
@on_virtual_time
async def test_no_order_leaves_once_the_journal_was_deleted(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await (await session.trading.place(APPLE, limit("BUY", 10, 99))).acknowledged()
        await a_moment()
        _delete_journal(tmp_path)
        for waits in (None, 60.0):
            with pytest.raises(JournalUnwritable, match=r"was deleted or moved while it was open"):
                await session.trading.place(APPLE, limit("BUY", 10, 98), queue_while_down=waits)
        await a_moment(5)
        assert len(gateway.state().orders) == 1
        assert [one.status for one in session.trading.orders] == [OrderState.SUBMITTED]
