"""The frame of the command: options, errors as one line with a hint, exit codes. What commands do stands beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
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
from ibwire.exceptions import ConfigurationError, IbwireError
from ibwire.settings import Settings
from ibwire.simulator import NO_LIMITS, GatewayLimits, RecordingError
from ibwire.wire import MAX_SERVER_VERSION, MIN_SERVER_VERSION

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__ and "Interactive Brokers, connected."
)

app.add_typer(journal_command.app, name="journal")

T = TypeVar("T")
_EXPECTED = (IbwireError, RecordingError, OSError)
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
    server_version: Annotated[
        int, typer.Option(min=MIN_SERVER_VERSION, max=MAX_SERVER_VERSION, help="The newest server version it speaks.")
    ] = MAX_SERVER_VERSION,
    limits: Annotated[bool, typer.Option(help="Enforce IBKR's limits.")] = True,
    reject: Annotated[
        bool,
        typer.Option("--reject", help="Refuse messages above 50 a second with error 100 instead of delaying them."),
    ] = False,
) -> None:
    """Run a simulated gateway until Ctrl-C or SIGTERM; any client of server version 213 to 226 can connect.

    Example: ibwire sim --port 4002 --replay ../shared/data
    """
    enforced = GatewayLimits(rejects=reject) if limits else NO_LIMITS
    _run(
        sim_command.serve(
            host=host,
            port=port,
            replay=replay,
            seed=seed,
            speed=speed,
            server_version=server_version,
            limits=enforced,
        )
    )


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


def main() -> None:
    """The entry point of the installed command."""
    app()


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
