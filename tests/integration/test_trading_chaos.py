"""Random orders, changes, cancels and restarts under random order faults and disconnects; then quiet, then the books.

What must hold then: every order at the gateway is known here with the right filled quantity and end, no reference has
two orders, no order came twice, and every intent has an end, works, or is reported unconfirmed.
"""

from __future__ import annotations

import contextlib
import random
from decimal import Decimal
from pathlib import Path

import pytest

from ibwire.exceptions import IbwireError
from ibwire.journal_reader import JournalReader
from ibwire.order_handles import OrderHandle
from ibwire.orders import limit, market
from ibwire.session import IBSession
from ibwire.simulator import SimulatedGateway
from tests.helpers.campaigns import SEED, size
from tests.helpers.scripted_gateway import PORT
from tests.helpers.simulated import simulated
from tests.helpers.trading_floor import APPLE, QUIET_S, a_moment, agree, move, trader
from tests.helpers.virtual_time import on_virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset

STEPS = 60
FIRST_SEED = int(SEED or 0) * 100_000


class Run:
    """The run of one seed: a gateway, a session that may be replaced, and what was asked for."""

    def __init__(self, seed: int, path: Path, gateway: SimulatedGateway) -> None:
        self.rng = random.Random(f"trading/{seed}")
        self.path = path
        self.gateway = gateway
        self.session: IBSession | None = None
        self.sessions = seed * 1000
        self.changes = 0

    async def open(self) -> None:
        """A new session on the same journal."""
        self.sessions += 1
        self.session = trader(self.path, seed=self.sessions, ack_timeout_s=4)
        await self.session.start()

    async def close(self) -> None:
        assert self.session is not None
        await self.session.aclose()

    async def step(self) -> None:
        """Something happens; what is refused is refused before it is sent."""
        assert self.session is not None
        acts = [*[self.place] * 6, *[self.cancel] * 2, *[self.modify] * 2, self.market_moves, *[self.fault] * 3]
        with contextlib.suppress(IbwireError):
            await self.rng.choice([*acts, *[self.restart] * (self.rng.random() < 0.3)])()
        if self.rng.random() < 0.5:
            await a_moment(self.rng.choice([0.001, 0.01, 0.3, 3.0]))

    async def place(self) -> None:
        assert self.session is not None
        quantity, side = self.rng.randint(1, 900), self.rng.choice(["BUY", "SELL"])
        if self.rng.random() < 0.3:
            await self.session.trading.place(APPLE, market(side, quantity))
        else:
            price = Decimal(self.rng.randint(990, 1010)) / 10
            await self.session.trading.place(APPLE, limit(side, quantity, price))

    async def cancel(self) -> None:
        handle = self.any_handle()
        if handle is not None:
            await handle.cancel()

    async def modify(self) -> None:
        handle = self.any_handle()
        if handle is not None and handle.order.order_type == "LMT":
            self.changes += 1
            await handle.modify(total_quantity=Decimal(self.rng.randint(1, 900)))

    async def market_moves(self) -> None:
        bid = self.rng.randint(985, 1010) / 10
        move(self.gateway, bid, bid + 0.1, self.rng.randint(1, 1000))

    async def restart(self) -> None:
        """The session ends in the middle of whatever goes on, and another begins."""
        await self.close()
        while True:
            await a_moment(self.rng.choice([0.1, 2.0]))
            try:
                return await self.open()
            except IbwireError:
                continue

    async def fault(self) -> None:
        kind, parameters = self.rng.choice(
            [
                ("drop_order", {"when": "before_accept"}),
                ("drop_order", {"when": "after_accept"}),
                ("no_ack", {"count": self.rng.randint(1, 3)}),
                ("reject_order", {}),
                ("duplicate_status", {"is_on": self.rng.random() < 0.5}),
                *[("reorder_execution", {"how": how}) for how in ("execution_first", "status_first", "status_only")],
                ("reorder_execution", {"how": None}),
                ("fill_while_down", {"down_for_s": self.rng.choice([0.0, 3.0])}),
                ("order_id_rollback", {"orders": self.rng.randint(1, 9)}),
                ("disconnect", {}),
                ("reset", {}),
                ("restart", {"down_for_s": 2.0}),
            ]
        )
        await self.gateway.inject(kind, **parameters)

    def any_handle(self) -> OrderHandle | None:
        assert self.session is not None
        handles = [handle for handle in self.session.trading.orders if not handle.is_over]
        return self.rng.choice(handles) if handles else None


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + size(part=20, full=300)))
def test_the_books_agree_after_chaos(seed: int, tmp_path: Path) -> None:
    @on_virtual_time
    async def run() -> None:
        async with simulated(port=PORT) as gateway:
            await a_moment()
            chaos = Run(seed, tmp_path, gateway)
            await chaos.open()
            try:
                for _ in range(STEPS):
                    await chaos.step()
                await a_moment(QUIET_S)
                assert chaos.session is not None
                await chaos.session.trading.ready()  # after a restart nobody may have traded yet
                agree(gateway, chaos.session)
                received = sum(one.times_received for one in gateway.state().orders_received)
                intents = len(chaos.session.trading.orders)
                assert received <= intents + chaos.changes, "something was sent twice"
            finally:
                await chaos.close()

    run()
    reader = JournalReader(tmp_path / "journal.sqlite3")
    assert reader.problems(is_thorough=True) == []
    reader.close()
