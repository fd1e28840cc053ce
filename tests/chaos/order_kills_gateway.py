"""A simulated gateway in a process of its own, with a market that wanders: the truth that outlives every trader."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal
from multiprocessing.connection import Connection
from typing import Any

from ibwire.simulator import SimulatedGateway
from ibwire.simulator.state import GatewayState
from tests.helpers.simulated import AAPL, simulated

LOWEST, HIGHEST = 990, 1010
"""Between which prices the market wanders, in tenths."""

MOVES_EVERY_S = (0.001, 0.012)


def serve(line: Connection, seed: str) -> None:
    """Run a gateway until the line is closed; answers each command on it. For a process of its own."""
    asyncio.run(_serve(line, seed))


async def _serve(line: Connection, seed: str) -> None:
    async with simulated(seed=1) as gateway:
        floor = Floor(gateway, random.Random(seed))
        closed = asyncio.Event()

        def take() -> None:
            try:
                command, *arguments = line.recv()
            except EOFError:
                closed.set()
                return
            line.send(getattr(floor, command)(*arguments))

        loop = asyncio.get_running_loop()
        loop.add_reader(line.fileno(), take)
        wandering = asyncio.create_task(floor.wander())
        await closed.wait()
        loop.remove_reader(line.fileno())
        wandering.cancel()


class Floor:
    """What can be asked of the gateway's process: every public method but `wander`."""

    def __init__(self, gateway: SimulatedGateway, rng: random.Random) -> None:
        self._gateway = gateway
        self._rng = rng
        self._moves = True

    def port(self) -> int:
        """Where it listens."""
        return self._gateway.port

    def still(self) -> None:
        """Let nothing happen by itself from now on."""
        self._moves = False

    def go_on(self) -> None:
        """Let the market move again."""
        self._moves = True

    def state(self) -> GatewayState:
        """The truth at this moment."""
        return self._gateway.state()

    def happen(self, what: str) -> None:
        """Something that happens while no trader is there."""
        desk = self._gateway.desk
        working = [ticket.perm_id for ticket in desk.register.working.values()]
        match what:
            case "fill":
                desk.fill_everything()
            case "cancel":
                for perm_id in working:
                    if perm_id in desk.register.working and self._rng.random() < 0.5:
                        desk.cancel_manual(perm_id)
            case "roll back":
                desk.register.roll_back(self._rng.randint(1, 9))

    async def wander(self) -> None:
        """Another quote every few milliseconds, of changing and mostly small sizes: orders fill in parts."""
        rng, bid = self._rng, 1000
        while True:
            await asyncio.sleep(rng.uniform(*MOVES_EVERY_S))
            if self._moves:
                bid = min(max(bid + rng.randint(-3, 3), LOWEST), HIGHEST)
                told: dict[str, Any] = {"bid": bid / 10, "ask": (bid + 1) / 10}
                sizes = {f"{side}_size": Decimal(rng.choice([1, 5, 20, 400])) for side in ("bid", "ask")}
                self._gateway.set_quote(AAPL, **told, **sizes)
