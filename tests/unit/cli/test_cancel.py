"""`ibwire cancel`: what a person who gives up waiting is told, and as which client an order is cancelled."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ibwire.cli.cancel import owners, until_ended
from ibwire.cli.connecting import Gateway
from ibwire.exceptions import OrderChangeRefused
from ibwire.journal_records import Kind, entry
from tests.helpers.journals import NOW, intent, key_of, opened, sent


class Order:
    """A handle whose end never comes."""

    key = SimpleNamespace(client_ref="01ABC.1")
    is_over = False

    async def cancel(self) -> None:
        return

    async def done(self) -> None:
        await asyncio.Event().wait()


async def test_who_gives_up_waiting_is_told_which_cancels_may_be_under_way(capsys: pytest.CaptureFixture[str]) -> None:
    orders: list[Any] = [Order()]
    waiting = asyncio.create_task(until_ended(orders, 60))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert capsys.readouterr().err.startswith("interrupted: cancels may be under way of 01ABC.1; `ibwire orders`")


async def test_the_wait_has_an_end() -> None:
    orders: list[Any] = [Order()]
    await until_ended(orders, 0.01)


def test_an_order_is_cancelled_as_the_client_that_placed_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.sqlite3"
    monkeypatch.setenv("IBWIRE_TRADING_JOURNAL_PATH", str(path))
    assert owners(Gateway(), "1") == [None]
    with opened(path) as journal:
        journal.write([intent(1), sent(1), intent(2), sent(2), entry(Kind.ENDED, NOW, key_of(2), detail="filled")])
    client_id = key_of(1).client_id
    assert owners(Gateway(), "1") == [client_id]
    assert owners(Gateway(), None) == [client_id]
    assert owners(Gateway(client_id=3), "1") == [3]
    assert owners(Gateway(), "of nobody here") == [None]


def test_nothing_is_asked_for_an_order_that_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.sqlite3"
    monkeypatch.setenv("IBWIRE_TRADING_JOURNAL_PATH", str(path))
    with opened(path) as journal:
        journal.write([intent(1), entry(Kind.NOT_SENT, NOW, key_of(1), detail="not sent: a test")])
        journal.write([entry(Kind.ENDED, NOW, key_of(1), detail="rejected")])
    with pytest.raises(OrderChangeRefused, match="the order has ended: it is rejected"):
        owners(Gateway(), "1")
    assert owners(Gateway(), None) == []
