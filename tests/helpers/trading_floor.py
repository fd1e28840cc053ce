"""A simulated gateway and sessions that trade at it, in virtual time; and whether both agree at the end."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from ibwire.client_refs import split_order_ref
from ibwire.journal_reader import JournalReader
from ibwire.order_states import OrderState
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings, TradingSettings, WatchdogSettings
from ibwire.simulator import SimulatedGateway
from ibwire.wire import messages as m
from tests.helpers.scripted_gateway import PORT
from tests.helpers.sessions import wall_clock
from tests.helpers.simulated import AAPL, simulated

APPLE = m.Contract(con_id=AAPL, sec_type="STK", exchange="SMART")
A_MOMENT_S = 0.5
QUIET_S = 60.0
"""Longer than the pauses of the watchdog and every question that follows a fault."""


def trader(path: Path, *, client_id: int = 1, seed: int = 1, port: int = PORT, **trading: Any) -> IBSession:
    """A session that trades with this journal; keyword arguments are the trading settings.

    Unlike by default, the same order may be placed again at once: in virtual time everything happens at once.
    """
    trading = {"duplicate_window_s": None, **trading}
    settings = Settings(
        connection=ConnectionSettings(port=port, client_id=client_id, request_timeout_s=10),
        watchdog=WatchdogSettings(clock_skew_s=86_400, backoff_first_s=1, backoff_max_s=4),
        trading=TradingSettings(journal_path=path / "journal.sqlite3", **trading),
    )
    return IBSession(settings, clock=wall_clock, rng=random.Random(seed), journal_in_thread=False)


@asynccontextmanager
async def floor(path: Path, **trading: Any) -> AsyncIterator[tuple[SimulatedGateway, IBSession]]:
    """A gateway (AAPL at 100.0 x 300 to 100.1 x 200) and a session."""
    async with simulated(port=PORT) as gateway:
        await a_moment()
        async with trader(path, **trading) as session:
            yield gateway, session


async def a_moment(seconds: float = A_MOMENT_S) -> None:
    """Let what is under way arrive."""
    await asyncio.sleep(seconds)


def crowd(session: IBSession) -> None:
    """So many messages of the most urgent lane that nothing else leaves for a while."""
    for _ in range(100):
        session.send(m.CancelOrderRequest(1_000_000)).add_done_callback(lambda done: done.exception())


def slow_down(session: IBSession, seconds: float = 2.0) -> None:
    """Have every write that is waited for take this long, as on a disk that is busy."""
    journal: Any = session.trading._followed.open()[1]
    write = journal.write

    async def slow(*entries: Any) -> None:
        await asyncio.sleep(seconds)
        await write(*entries)

    journal.write = slow


def move(gateway: SimulatedGateway, bid: float, ask: float, size: int = 1000) -> None:
    gateway.set_quote(AAPL, bid=bid, bid_size=Decimal(size), ask=ask, ask_size=Decimal(size))


def of_journal(path: Path) -> dict[str | None, tuple[OrderState, Decimal]]:
    """How the orders stand by the journal alone."""
    reader = JournalReader(path / "journal.sqlite3")
    try:
        return {order.key.client_ref: (order.state, order.filled) for order in reader.orders()}
    finally:
        reader.close()


ENDED_TEXTS = {"Filled": OrderState.FILLED, "Cancelled": OrderState.CANCELLED, "Inactive": OrderState.REJECTED}


def agree(gateway: SimulatedGateway, session: IBSession, *, twins: bool = False) -> None:
    """The books equal the gateway's: every order is known with its filled quantity and end, none is there twice."""
    at_gateway = {order.perm_id: order for order in gateway.state().orders if order.client_id == session.client_id}
    refs = Counter(str(split_order_ref(order.order_ref)[1]) for order in at_gateway.values())
    assert twins or set(refs.values()) <= {1}, refs
    handles = {handle.key.client_ref: handle for handle in session.trading.orders}
    for order in at_gateway.values():
        handle = handles[str(split_order_ref(order.order_ref)[1])]
        tracked = handle.tracked if handle.key.perm_id == order.perm_id else handle.others[order.perm_id]
        what = (tracked.key, order, tracked.state, tracked.doubts)
        assert tracked.filled == order.filled, what
        if order.status in ENDED_TEXTS:
            assert tracked.state is ENDED_TEXTS[order.status], what
        else:
            assert tracked.state.is_working, what
    for handle in handles.values():
        is_known = handle.key.client_ref in refs
        assert is_known or handle.status in (OrderState.UNCONFIRMED, OrderState.REJECTED), (handle.key, handle.status)
