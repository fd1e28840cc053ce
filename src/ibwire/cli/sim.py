"""`ibwire sim`: a simulated gateway as a service."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import typer

from ibwire.simulator import ExchangeHours, GatewayLimits, GeneratedFeed, RecordedFeed, SimulatedGateway


def feed_for(replay: Path | None, seed: int) -> RecordedFeed | GeneratedFeed:
    """The market to play: recordings if a folder is named. Raises RecordingError if it has none that can be used."""
    return RecordedFeed(replay) if replay is not None else GeneratedFeed(seed)


async def serve(
    *,
    host: str,
    port: int,
    replay: Path | None,
    seed: int,
    speed: float,
    server_version: int,
    limits: GatewayLimits,
    calendar: bool,
) -> None:
    """Serve until SIGTERM or Ctrl-C. The first line on stdout says where, when it can be connected to."""
    gateway = SimulatedGateway(
        host=host,
        port=port,
        feed=feed_for(replay, seed),
        seed=seed,
        speed=speed,
        max_version=server_version,
        limits=limits,
        hours=ExchangeHours() if calendar else None,
    )
    async with gateway:
        typer.echo(f"listening on {gateway.host}:{gateway.port}")
        await _first(_stopped(), gateway.failed())


async def _stopped() -> None:
    """Until the process is asked to stop. On Windows the loop has no signal handlers; there Ctrl-C interrupts."""
    stop = asyncio.Event()
    with contextlib.suppress(NotImplementedError):
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


async def _first(*works: Coroutine[Any, Any, None]) -> None:
    """Run these until the first is over, and raise what it raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
