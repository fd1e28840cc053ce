"""`ibwire halt` and `resume`: with a program that trades, without one, without a gateway, in the wrong place."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ibwire.contracts import Contract, parse_contract
from ibwire.exceptions import OrderLimitExceeded
from ibwire.order_states import OrderState
from ibwire.orders import limit
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings, TradingSettings
from ibwire.simulator import GatewayThread
from ibwire.wire import messages as m
from tests.helpers.commands import ibwire, running
from tests.helpers.journals import intent, opened, sent

FAR = limit("BUY", 1, "1.00")
MANUAL = m.Order(action="BUY", order_type="LMT", total_quantity="1", lmt_price=2.0)


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayThread]:
    with GatewayThread(seed=1) as gateway:
        yield gateway


@asynccontextmanager
async def program(gateway: GatewayThread, path: Path, **connection: Any) -> AsyncIterator[tuple[IBSession, Contract]]:
    """A program that trades with the journal in this folder, in this process."""
    settings = Settings(
        connection=ConnectionSettings(port=gateway.port, **connection),
        trading=TradingSettings(journal_path=path / "ibwire-journal.sqlite3", duplicate_window_s=None),
    )
    async with IBSession(settings) as session:
        yield session, await session.contracts.qualify(parse_contract("AAPL"))


async def working(gateway: GatewayThread, path: Path, **connection: Any) -> str:
    """The reference of an order that works, and whose program has ended."""
    async with program(gateway, path, **connection) as (session, apple):
        handle = await session.trading.place(apple, FAR)
        await handle.acknowledged()
        return str(handle.key.client_ref)


async def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(ibwire, *arguments, cwd=cwd)


async def test_a_running_program_cancels_its_orders_and_trades_on_after_resume(
    gateway: GatewayThread, tmp_path: Path
) -> None:
    async with program(gateway, tmp_path) as (session, apple):
        handles = [await session.trading.place(apple, FAR) for _ in range(2)]
        await handles[1].acknowledged()
        result = await run("halt", "--reason", "it buys too much", cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        assert [handle.status for handle in handles] == [OrderState.CANCELLED] * 2
        first, *cancelled, last = result.stdout.splitlines()
        assert first == f"trading is halted: {tmp_path / 'ibwire-journal.sqlite3.halted'} is on the disk"
        assert {line.rpartition(" ")[2] for line in cancelled} == {handle.key.client_ref for handle in handles}
        assert all(line.startswith("cancelled: BUY 1 AAPL at a limit of 1") for line in cancelled)
        assert last.startswith("nothing of ours works any more")
        assert f"process {os.getpid()}" in result.stderr
        with pytest.raises(OrderLimitExceeded, match="it buys too much"):
            await session.trading.place(apple, FAR)
        resumed = await run("resume", cwd=tmp_path)
        assert (resumed.returncode, resumed.stderr) == (0, "")
        assert resumed.stdout.startswith("trading goes on; it was halted since ")
        assert resumed.stdout.endswith(": it buys too much\n")
        await (await session.trading.place(apple, FAR)).acknowledged()
        await session.trading.cancel_all()


async def test_a_program_that_hangs_is_told_of_and_everything_is_cancelled_without_it(
    gateway: GatewayThread, tmp_path: Path
) -> None:
    async with program(gateway, tmp_path) as (session, apple):
        await (await session.trading.place(apple, FAR)).acknowledged()
        gateway.call(lambda one: one.desk.place_manual(m.Contract(con_id=265598, exchange="SMART"), MANUAL))
        # The event loop of this process stands still meanwhile.
        stuck = ibwire("halt", "--wait", "1", "--json", "--port", str(gateway.port), cwd=tmp_path)
        all_ = ibwire("halt", "--wait", "1", "--everything", "--json", "--port", str(gateway.port), cwd=tmp_path)
    told = json.loads(stuck.stdout)
    assert (stuck.returncode, told["ok"], len(told["open"]), told["cancelled"]) == (1, False, 1, [])
    assert f"process {os.getpid()}" in stuck.stderr
    assert "has not cancelled its orders within 1 s; --everything cancels them" in stuck.stderr
    told = json.loads(all_.stdout)
    assert (told["everybodys_cancelled"], told["everybodys_open"]) == (2, 0)
    assert {order.status for order in gateway.state().orders} == {"Cancelled"}


async def test_where_no_program_runs_it_cancels_itself_as_the_client_that_placed_them(
    gateway: GatewayThread, tmp_path: Path
) -> None:
    ref = await working(gateway, tmp_path, client_id=17)
    result = await run("halt", "--port", str(gateway.port), "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert [(one["client_ref"], one["client_id"], one["state"]) for one in told["cancelled"]] == [
        (ref, 17, "cancelled")
    ]
    assert told["halt"]["reason"] == "no reason was given"


async def test_without_a_gateway_it_halts_and_says_what_may_be_working(gateway: GatewayThread, tmp_path: Path) -> None:
    ref = await working(gateway, tmp_path)
    result = await run("halt", "--port", "1", cwd=tmp_path)
    assert result.returncode == 1
    assert (tmp_path / "ibwire-journal.sqlite3.halted").exists()
    assert f"STILL OPEN (submitted): BUY 1 AAPL at a limit of 1.0, DAY, reference {ref}" in result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: trading is halted, but 1 order(s) may be working: no TCP connection")


async def test_in_the_wrong_folder_it_says_that_it_halts_nothing(tmp_path: Path) -> None:
    result = await run("halt", "--json", cwd=tmp_path)
    assert result.returncode == 1
    assert f"there is no journal at {tmp_path / 'ibwire-journal.sqlite3'}" in result.stderr
    assert json.loads(result.stdout)["ok"] is False


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_ctrl_c_while_it_waits_leaves_the_halt_and_says_so(tmp_path: Path) -> None:
    with opened(tmp_path / "ibwire-journal.sqlite3") as journal:  # by a program that does nothing about it
        journal.write([intent(1), sent(1)])
        with running("halt", "--wait", "60", cwd=tmp_path, PYTHONUNBUFFERED="1") as process:
            assert process.stderr is not None
            assert "it is to cancel its orders" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            _, complaints = process.communicate(timeout=20)
    assert process.returncode == 130
    assert complaints == "interrupted: trading is halted; `ibwire orders` shows what still works\n"
    assert (tmp_path / "ibwire-journal.sqlite3.halted").exists()
