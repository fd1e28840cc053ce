"""What holds for every command: an example in its help, and --json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from ibwire.cli.app import app


def commands(one: Any, name: str = "ibwire") -> Iterator[Any]:
    """The commands, those of groups too, each as a parameter with its name."""
    below = getattr(one, "commands", None)
    if below is None:
        yield pytest.param(one, name, id=name)
        return
    for word, command in below.items():
        yield from commands(command, f"{name} {word}")


@pytest.mark.parametrize(("command", "name"), list(commands(get_command(app))))
def test_command_has_an_example_and_speaks_json(command: Any, name: str) -> None:
    example = command.help.partition("Example: ")[2]
    assert name in example
    assert "--json" in {option for parameter in command.params for option in parameter.opts}
