"""The frame of the command: options, errors as one line with a hint, exit codes. What commands do stands beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from ibwire.cli import config as config_command
from ibwire.cli import demo as demo_command
from ibwire.cli import explain as explain_command
from ibwire.cli import journal as journal_command
from ibwire.cli import sim as sim_command
from ibwire.cli.announcer import Announcer
from ibwire.cli.sim import START_FORMATS, BadOption, ClockKind
from ibwire.exceptions import ConfigurationError, IbwireError
from ibwire.settings import Settings
from ibwire.simulator import (
    DEFAULT_ACCOUNTS,
    MAX_CLIENTS,
    ExchangeHours,
    NoCalendars,
    RecordingError,
    ScenarioError,
    SimulatedGateway,
    read_scenario,
)
from ibwire.wire import MAX_SERVER_VERSION, MIN_SERVER_VERSION

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__ and "Interactive Brokers, connected."
)

app.add_typer(journal_command.app, name="journal")

T = TypeVar("T")
_EXPECTED = (IbwireError, NoCalendars, RecordingError, ScenarioError, BadOption, OSError)
"""What can go wrong for a command's user; anything else is a bug of ours and shows as one."""

Replay = Annotated[
    Path | None,
    typer.Option(
        help="Play the recordings in this folder (ticks_*.csv.gz, ibstream_*.csv.gz) instead of a made-up market."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result alone, as one JSON object.")]
Seed = Annotated[int, typer.Option(help="The seed of the made-up market.")]
Speed = Annotated[float, typer.Option(min=0.001, help="How many times as fast as it happened the market moves.")]


@app.command()
def demo(
    *,
    replay: Replay = None,
    seed: Seed = 1,
    speed: Speed = 1.0,
    seconds: Annotated[float, typer.Option(min=1, max=10, help="How long to watch the quotes.")] = 5.0,
    as_json: AsJson = False,
) -> None:
    """Start a simulated gateway, stream quotes from it over TCP, and buy something.

    Example: ibwire demo --seconds 10
    """
    summary = _run(
        demo_command.run(replay=replay, seed=seed, speed=speed, seconds=seconds, console=_console(as_json=as_json))
    )
    if as_json:
        typer.echo(demo_command.as_json(summary))
    raise typer.Exit(0 if summary.is_good else 1)


@app.command()
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
    _run(
        _serve(
            lambda: SimulatedGateway(
                host=host,
                port=port,
                feed=sim_command.feed_for(replay, seed),
                seed=seed,
                speed=speed,
                accounts=tuple(account) if account else DEFAULT_ACCOUNTS,
                max_version=server_version,
                limits=sim_command.limits_for(limit or (), are_enforced=limits, rejects=reject),
                hours=ExchangeHours() if calendar else None,
                clock=sim_command.clock_for(clock, start_at, has_control_port=control_port is not None),
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
        await sim_command.serve(make(), timeline)


@app.command()
def config(*, as_json: AsJson = False) -> None:
    """Show the effective settings and where each came from: default, .env file or environment.

    Example: IBWIRE_CONNECTION_PORT=7497 ibwire config
    """
    try:
        settings = Settings.from_env()
    except ConfigurationError as error:
        _complain(error)
        raise typer.Exit(1) from None
    _show(
        config_command.as_json(settings),
        config_command.table(settings),
        config_command.plain(settings),
        as_json=as_json,
    )


@app.command()
def explain(
    code: Annotated[int, typer.Argument(help="IBKR's error code.")],
    text: Annotated[str, typer.Argument(help="The text that came with it: some codes mean several things.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Say what one of IBKR's error codes means, and what to do about it. Exits with 1 for a code that is not known.

    Example: ibwire explain 10197
    """
    explanation = explain_command.explain(code, text)
    as_text = msgspec.json.encode(explanation.as_dict()).decode()
    _show(as_text, explanation.table(), explanation.plain(), as_json=as_json)
    raise typer.Exit(0 if explanation.is_known else 1)


def _console(*, as_json: bool) -> Console:
    return Console(quiet=as_json, highlight=False)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; what can go wrong for its user becomes one line on stderr and exit code 1."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except ExceptionGroup as group:
        expected, rest = group.split(_EXPECTED)
        if expected is None or rest is not None:
            raise
        _complain(_first_leaf(expected))
    except _EXPECTED as error:
        _complain(error)
    raise typer.Exit(1)


def _show(as_text: str, table: Table, plain: str, *, as_json: bool) -> None:
    """One result: as JSON if asked for, as a table on a terminal, as lines into a pipe."""
    console = Console(highlight=False)
    if as_json:
        typer.echo(as_text)
    elif console.is_terminal:
        console.print(table)
    else:
        typer.echo(plain)


def _complain(error: BaseException) -> None:
    typer.echo(f"error: {error}", err=True)


def _first_leaf(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first_leaf(first) if isinstance(first, BaseExceptionGroup) else first
