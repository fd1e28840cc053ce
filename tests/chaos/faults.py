"""What befalls the chaos worlds, with random parameters; what lasts ends by itself, or by a later fault."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakSet

from ibwire.simulator import SimulatedGateway
from ibwire.simulator.session import ClientSession

Fault = Callable[[SimulatedGateway, random.Random], Awaitable[None]]


def plain(kind: str, **parameters: Any) -> Fault:
    async def fault(gateway: SimulatedGateway, rng: random.Random) -> None:
        await gateway.inject(kind, **parameters)

    fault.__name__ = kind
    return fault


async def restart(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("restart", down_for_s=rng.expovariate(1 / 30))


READ_LATE: WeakSet[ClientSession] = WeakSet()
"""Clients whose messages the gateway did not read for a while: what it counts of them then says nothing of ours."""


async def stall(gateway: SimulatedGateway, rng: random.Random) -> None:
    READ_LATE.update(gateway.sessions)
    await gateway.inject("stall", for_s=rng.expovariate(1 / 10))


async def offline(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("connectivity_lost")
    await asyncio.sleep(rng.expovariate(1 / 60))
    await gateway.inject("connectivity_restored", data_lost=rng.random() < 0.5)


async def farm(gateway: SimulatedGateway, rng: random.Random) -> None:
    farm = rng.choice(("usfarm", "cashfarm", "ushmds"))
    await gateway.inject("farm_down", farm=farm)
    await asyncio.sleep(rng.expovariate(1 / 30))
    await gateway.inject("farm_up", farm=farm)


async def slow(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("slow", bytes_per_second=rng.uniform(100, 2000))
    await asyncio.sleep(rng.expovariate(1 / 60))
    await gateway.inject("slow", is_on=False)


async def pieces(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("split_writes")
    await asyncio.sleep(rng.expovariate(1 / 60))
    await gateway.inject("split_writes", is_on=False)


async def skew(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("clock_skew", seconds=rng.uniform(-60, 60))


async def competition(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("competing_session")
    await asyncio.sleep(rng.expovariate(1 / 60))
    await gateway.inject("competing_session", is_on=False)


async def silence(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("silent_stream", symbol=rng.choice(("AAPL", "MSFT")), is_on=rng.random() < 0.5)


async def forget(gateway: SimulatedGateway, rng: random.Random) -> None:
    """The gateway forgets subscriptions without a word, as after some farm flaps (nautilus_trader 3968)."""
    for client in gateway.sessions:
        for request_id in list(client.streams.lines.streams):
            if rng.random() < 0.7:
                client.streams.lines._end(request_id)


async def no_hello(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("hello_never_answered")
    await gateway.inject("disconnect")
    await asyncio.sleep(rng.expovariate(1 / 60))
    await gateway.inject("hello_never_answered", is_on=False)


async def id_in_use(gateway: SimulatedGateway, rng: random.Random) -> None:
    await gateway.inject("client_id_in_use", times=rng.randrange(1, 5))
    await gateway.inject("disconnect")


CONNECTION_FAULTS: tuple[Fault, ...] = (
    *(plain(kind) for kind in ("disconnect", "reset", "garbage_frame", "truncated_frame", "oversized_frame")),
    *(restart, stall, offline, farm, competition, silence, forget, no_hello, id_in_use),
    *(slow, pieces, skew, plain("daily_reset"), plain("half_open"), plain("depth_reset", symbol="EUR.USD")),
)


async def end_connection_faults(gateway: SimulatedGateway, rng: random.Random) -> None:
    """End all that lasts."""
    for kind in ("competing_session", "hello_never_answered", "split_writes", "slow"):
        await gateway.inject(kind, is_on=False)
    await gateway.inject("clock_skew", seconds=0)
    for farm in list(gateway.farms_down):
        await gateway.inject("farm_up", farm=farm)
    for symbol in ("AAPL", "MSFT"):
        await gateway.inject("silent_stream", symbol=symbol, is_on=False)
    if gateway.is_offline:
        await gateway.inject("connectivity_restored", data_lost=rng.random() < 0.5)
