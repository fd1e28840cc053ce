"""What every command shares: errors as one line with a hint, exit codes, results as JSON, a table or lines."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

import msgspec
import typer
from rich.console import Console, RenderableType

from ibwire.exceptions import IbwireError
from ibwire.simulator import NoCalendars, RecordingError, ScenarioError

T = TypeVar("T")

INTERRUPTED = 130
"""The exit code after Ctrl-C, where that is not the way in which the command ends anyway."""


class BadOption(ValueError):
    """An option of the command has a value that means nothing."""


EXPECTED = (IbwireError, NoCalendars, RecordingError, ScenarioError, BadOption, OSError)
"""What can go wrong for a command's user; anything else is a bug of ours and shows as one."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; what can go wrong for its user becomes one line on stderr and exit code 1."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _end_unread()
    except ExceptionGroup as group:
        expected, rest = group.split(EXPECTED)
        if expected is None or rest is not None:
            raise
        first = _first_leaf(expected)
        if isinstance(first, BrokenPipeError):
            _end_unread()
        fail(first)
    except EXPECTED as error:
        fail(error)


def fail(error: BaseException) -> NoReturn:
    """Say what went wrong in one line on stderr and end the command with exit code 1."""
    typer.echo(f"error: {one_line(error)}", err=True)
    raise typer.Exit(1) from None


def one_line(error: BaseException) -> str:
    """The error's text without its line breaks, so that a log has it whole."""
    return " ".join(str(error).split()) or type(error).__name__


def say_json(value: object) -> None:
    """One JSON object on a line of its own; decimals are text, times ISO 8601."""
    typer.echo(msgspec.json.encode(value).decode())


def show(value: object, table: RenderableType, plain: str, *, as_json: bool) -> None:
    """One result: as JSON if asked for, as a table on a terminal, as lines into a pipe."""
    if as_json:
        say_json(value)
        return
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(table)
    else:
        typer.echo(plain)


def is_on_terminal() -> bool:
    """Whether a person looks at the output."""
    return sys.stdout.isatty()


def _end_unread() -> NoReturn:
    """Whoever read the output has seen enough (`ibwire quotes AAPL | head -1`), which is a good end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python fails once more, flushing at its end
    raise typer.Exit(0) from None


def _first_leaf(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first_leaf(first) if isinstance(first, BaseExceptionGroup) else first
