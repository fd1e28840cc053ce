"""The halt: set by the session itself or by anybody else, it holds for all that trade with the journal."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ibwire.events import EventType
from ibwire.exceptions import JournalUnwritable, NotConnected, OrderLimitExceeded
from ibwire.halt_mark import HaltMark
from ibwire.journal_reader import JournalReader
from ibwire.journal_records import Kind
from ibwire.order_states import OrderState
from ibwire.orders import limit
from tests.helpers.sessions import told
from tests.helpers.trading_floor import APPLE, QUIET_S, a_moment, agree, floor, slow_down, trader
from tests.helpers.virtual_time import on_virtual_time

NOW = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)
A_SECOND = 1.0
FAR = limit("BUY", 1, 99)


def mark_of(path: Path) -> HaltMark:
    return HaltMark(path / "journal.sqlite3")


def flags(path: Path) -> list[str]:
    reader = JournalReader(path / "journal.sqlite3")
    try:
        return [one.entry.detail for one in reader.records() if one.entry.kind is Kind.FLAG]
    finally:
        reader.close()


@on_virtual_time
async def test_another_process_halts_within_a_second_and_lets_it_go_on(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handles = [await session.trading.place(APPLE, FAR) for _ in range(3)]
        await handles[0].acknowledged()
        mark_of(tmp_path).set("enough", NOW)
        with pytest.raises(OrderLimitExceeded, match=r"enough.*guard: halt"):  # at once, before anybody has looked
            await session.trading.place(APPLE, FAR)
        with pytest.raises(OrderLimitExceeded, match="guard: halt"):
            await handles[0].modify(limit_price=Decimal(98))
        await a_moment(A_SECOND)
        assert [handle.status for handle in handles] == [OrderState.CANCELLED] * 3
        assert session.trading.halted == "enough"
        mark_of(tmp_path).remove()
        await a_moment(A_SECOND)
        await (await session.trading.place(APPLE, FAR)).acknowledged()
        (halted,), (resumed,) = told(session, EventType.TRADING_HALTED), told(session, EventType.TRADING_RESUMED)
        assert halted.data == resumed.data
        assert halted.data.reason == "enough"
        assert flags(tmp_path) == ["halted=enough", "halted="]
        agree(gateway, session)


@on_virtual_time
async def test_a_halt_while_an_order_is_written_keeps_it_from_leaving(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await session.trading.ready()
        slow_down(session)
        asyncio.get_running_loop().call_later(0.1, lambda: mark_of(tmp_path).set("enough", NOW))
        with pytest.raises(OrderLimitExceeded, match="guard: halt"):
            await session.trading.place(APPLE, FAR)
        assert gateway.state().orders == []


@on_virtual_time
async def test_what_cannot_be_cancelled_without_a_link_is_when_it_is_there_again(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        working = await session.trading.place(APPLE, FAR)
        await working.acknowledged()
        await gateway.inject("connectivity_lost")
        await a_moment()
        waiting = await session.trading.place(APPLE, FAR, queue_while_down=60)
        mark_of(tmp_path).set("enough", NOW)
        await a_moment(A_SECOND)
        assert waiting.status is OrderState.REJECTED
        assert working.status is OrderState.SUBMITTED
        await gateway.inject("connectivity_restored", data_lost=False)
        await a_moment(QUIET_S)
        assert working.status is OrderState.CANCELLED
        agree(gateway, session)


@on_virtual_time
async def test_a_session_that_begins_under_a_halt_cancels_what_the_last_one_left(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        await (await session.trading.place(APPLE, FAR)).acknowledged()
        await session.aclose()
        mark_of(tmp_path).set("enough", NOW)
        async with trader(tmp_path, seed=2) as again:
            await again.trading.ready()
            await a_moment(A_SECOND)
            assert [order.status for order in gateway.state().orders] == ["Cancelled"]
            agree(gateway, again)


@on_virtual_time
async def test_a_halt_without_a_link_holds_and_says_what_it_could_not_cancel(tmp_path: Path) -> None:
    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, FAR)
        await handle.acknowledged()
        await gateway.inject("connectivity_lost")
        await a_moment()
        with pytest.raises(NotConnected):
            await session.trading.halt("enough")
        assert session.trading.halted == "enough"
        await gateway.inject("connectivity_restored", data_lost=False)
        await a_moment(QUIET_S)
        assert handle.status is OrderState.CANCELLED
        cancels = [one for one in gateway.state().orders if one.status == "Cancelled"]
        assert len(cancels) == 1


@on_virtual_time
async def test_a_halt_that_cannot_be_marked_holds_for_the_session_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise JournalUnwritable("trading is not halted: the disk is read-only")

    async with floor(tmp_path) as (gateway, session):
        handle = await session.trading.place(APPLE, FAR)
        await handle.acknowledged()
        monkeypatch.setattr(HaltMark, "set", failing)
        with pytest.raises(JournalUnwritable, match="trading is not halted"):
            await session.trading.halt("enough")
        await a_moment()
        assert handle.status is OrderState.CANCELLED
        assert session.trading.halted == "enough"
        with pytest.raises(OrderLimitExceeded, match="guard: halt"):
            await session.trading.place(APPLE, FAR)
        await session.trading.resume()
        await (await session.trading.place(APPLE, FAR)).acknowledged()
        agree(gateway, session)
