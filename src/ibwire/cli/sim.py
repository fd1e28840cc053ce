"""`ibwire sim`: a simulated gateway as a service."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from ibwire.simulator import (
    NO_LIMITS,
    GatewayLimits,
    GeneratedFeed,
    ManualClock,
    RealClock,
    RecordedFeed,
    Scenario,
    SimulatedGateway,
)
from ibwire.simulator.clock import Clock

START_FORMATS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]
"""How the beginning of a manual clock is written."""


class ClockKind(StrEnum):
    """The gateway's clocks."""

    REAL = "real"
    MANUAL = "manual"


class BadOption(ValueError):
    """An option of the command has a value that means nothing."""


def feed_for(replay: Path | None, seed: int) -> RecordedFeed | GeneratedFeed:
    """The market to play: recordings if a folder is named. Raises RecordingError if it has none that can be used."""
    return RecordedFeed(replay) if replay is not None else GeneratedFeed(seed)


def limits_for(changes: Sequence[str], *, are_enforced: bool, rejects: bool) -> GatewayLimits:
    """IBKR's limits with these changes, each `name=number` or `name=none`. Raises BadOption."""
    limits = msgspec.structs.replace(GatewayLimits() if are_enforced else NO_LIMITS, rejects=rejects)
    for change in changes:
        name, _, text = change.partition("=")
        if name == "rejects" or name not in GatewayLimits.__struct_fields__:
            known = ", ".join(field for field in GatewayLimits.__struct_fields__ if field != "rejects")
            raise BadOption(f"--limit {change}: there is no such limit; there are {known}")
        if text != "none" and not (text.isascii() and text.isdigit()):
            raise BadOption(f"--limit {change}: write {name}=50, or {name}=none to switch it off")
        limits = msgspec.structs.replace(limits, **{name: None if text == "none" else int(text)})
    return limits


def clock_for(kind: ClockKind, start_at: datetime | None, *, has_control_port: bool) -> Clock:
    """The gateway's clock; a manual one begins at `start_at` (UTC), or now. Raises BadOption."""
    if kind is ClockKind.REAL:
        if start_at is not None:
            raise BadOption("--start-at is for --clock manual; a real clock cannot be set")
        return RealClock()
    if not has_control_port:
        raise BadOption("--clock manual needs --control-port, or nothing can move it")
    return ManualClock(time.time() if start_at is None else start_at.replace(tzinfo=UTC).timestamp())


async def serve(gateway: SimulatedGateway, scenario: Scenario | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C, and let a scenario happen from the start."""
    stopped = _stop_signal()
    async with gateway:
        works = [stopped.wait(), gateway.failed()]
        if scenario is not None:
            works.append(_play_and_go_on(gateway, scenario))
        await _first(*works)


async def _play_and_go_on(gateway: SimulatedGateway, scenario: Scenario) -> None:
    await gateway.play(scenario)
    await asyncio.Event().wait()


def _stop_signal() -> asyncio.Event:
    """Set when the process is asked to stop. On Windows the loop has no signal handlers; there Ctrl-C interrupts."""
    stop = asyncio.Event()
    with contextlib.suppress(NotImplementedError):
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _first(*works: Coroutine[Any, Any, Any]) -> None:
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
