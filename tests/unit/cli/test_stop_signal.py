"""How a command notices that it is to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator

import pytest

from ibwire.cli.stopping import stop_signal


@pytest.fixture(autouse=True)
def handlers_put_back() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


async def test_ctrl_c_is_noticed_also_on_a_loop_without_signal_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", refuse)  # as on Windows
    stop = stop_signal()
    signal.raise_signal(signal.SIGINT)
    async with asyncio.timeout(5):
        await stop.wait()
