"""`ibwire sim`: a simulated gateway as a service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ibwire.cli.announcer import Announcer
from ibwire.cli.frame import BadOption, run
from ibwire.cli.options import Replay, Seed, Speed
from ibwire.cli.stopping import first_of, stop_signal
from ibwire.simulator import (
    DEFAULT_ACCOUNTS,
    MAX_CLIENTS,
    NO_LIMITS,
    ExchangeHours,
    GatewayLimits,
    GeneratedFeed,
    ManualClock,
    RealClock,
    RecordedFeed,
    Scenario,
    SimulatedGateway,
    read_scenario,
)
from ibwire.simulator.clock import Clock
from ibwire.wire import MAX_SERVER_VERSION, MIN_SERVER_VERSION

START_FORMATS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]
"""How the beginning of a manual clock is written."""


class ClockKind(StrEnum):
    """The gateway's clocks."""

    REAL = "real"
    MANUAL = "manual"


def sim(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 4002,
    replay: Replay = None,
    seed: Seed = 1,
    speed: Speed = 1.0,
    account: Annotated[
        list[str] | None, typer.Option(help="An account id of the login; repeat it for several.")
    ] = None,
    server_version: Annotated[
        int, typer.Option(min=MIN_SERVER_VERSION, max=MAX_SERVER_VERSION, help="The newest server version it speaks.")
    ] = MAX_SERVER_VERSION,
    read_only: Annotated[bool, typer.Option("--read-only", help="Refuse orders: the read-only API mode.")] = False,
    max_clients: Annotated[int, typer.Option(min=1, help="How many clients may be connected at a time.")] = MAX_CLIENTS,
    notices_first: Annotated[
        bool, typer.Option("--notices-first", help="Send the farm notices before the next order id.")
    ] = False,
    limits: Annotated[bool, typer.Option(help="Enforce IBKR's limits.")] = True,
    limit: Annotated[
        list[str] | None,
        typer.Option(help="Change one limit, e.g. market_data_lines=10, or messages_per_s=none to switch it off."),
    ] = None,
    reject: Annotated[
        bool,
        typer.Option("--reject", help="Refuse messages above 50 a second with error 100 instead of delaying them."),
    ] = False,
    calendar: Annotated[
        bool,
        typer.Option("--calendar", help="Follow the exchanges' hours and holidays instead of being always open."),
    ] = False,
    control_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Open the HTTP control port here, on loopback; 0 takes a free one."),
    ] = None,
    scenario: Annotated[Path | None, typer.Option(help="A timeline of faults to play from the start (TOML).")] = None,
    clock: Annotated[
        ClockKind, typer.Option(help="A manual clock stands still until POST /clock on the control port moves it.")
    ] = ClockKind.REAL,
    start_at: Annotated[
        datetime | None, typer.Option(formats=START_FORMATS, help="What a manual clock begins with, in UTC; else now.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say what happens as JSON objects, one a line.")] = False,
) -> None:
    """Run a simulated gateway until Ctrl-C or SIGTERM; any client of server version 213 to 226 can connect.

    Example: ibwire sim --port 4002 --control-port 4080 --replay ../shared/data
    """
    announcer = Announcer(as_json=as_json)
    run(
        _serve(
            lambda: SimulatedGateway(
                host=host,
                port=port,
                feed=feed_for(replay, seed),
                seed=seed,
                speed=speed,
                accounts=tuple(account) if account else DEFAULT_ACCOUNTS,
                max_version=server_version,
                limits=limits_for(limit or (), are_enforced=limits, rejects=reject),
                hours=ExchangeHours() if calendar else None,
                clock=clock_for(clock, start_at, has_control_port=control_port is not None),
                max_clients=max_clients,
                is_read_only=read_only,
                sends_notices_first=notices_first,
                control_port=control_port,
                watcher=announcer.tell,
            ),
            scenario,
            announcer,
        )
    )


async def _serve(make: Callable[[], SimulatedGateway], scenario: Path | None, announcer: Announcer) -> None:
    """Everything that can go wrong before it serves goes wrong in here, where it becomes one line."""
    timeline = None if scenario is None else read_scenario(scenario)
    with announcer:
        await serve(make(), timeline)


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
    stopped = stop_signal()
    async with gateway:
        works = [stopped.wait(), gateway.failed()]
        if scenario is not None:
            works.append(_play_and_go_on(gateway, scenario))
        await first_of(*works)


async def _play_and_go_on(gateway: SimulatedGateway, scenario: Scenario) -> None:
    await gateway.play(scenario)
    await asyncio.Event().wait()
