"""Every command that needs a gateway, where there is none that can be used: one line with the hint, and exit code 1."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.commands import ibwire
from tests.helpers.strangers import OLD_GATEWAY, TOO_OLD, WEB_SERVER, answering

COMMANDS = (
    "account",
    "buy AAPL 1 --market --yes",
    "cancel --all",
    "chain AAPL",
    "contract AAPL",
    "depth AAPL",
    "history AAPL",
    "orders",
    "positions",
    "quotes AAPL",
    "record AAPL --out recordings",
    "sell AAPL 1 --market --yes",
    "ticks AAPL",
)


@contextmanager
def nobody() -> Iterator[int]:
    """A port on which nobody listens, and that nobody else gets meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def complaint(command: str, port: int, folder: Path) -> str:
    """What a command that cannot work says, after a look at all that is the same for every one."""
    result = ibwire(*command.split(), "--port", str(port), cwd=folder)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.partition(" ")[0])
def test_where_nobody_listens_it_says_how_to_get_a_gateway(command: str, tmp_path: Path) -> None:
    with nobody() as port:
        assert f"`ibwire sim --port {port}` in another terminal, or add --sim" in complaint(command, port, tmp_path)


@pytest.mark.parametrize("command", ["account", "buy AAPL 1 --market --yes"], ids=["reads", "trades"])
def test_a_stranger_on_the_port_is_recognised(command: str, tmp_path: Path) -> None:
    with answering(WEB_SERVER) as stranger:
        assert "this looks like another program" in complaint(command, stranger.port, tmp_path)
    with answering(OLD_GATEWAY) as stranger:
        assert TOO_OLD in complaint(command, stranger.port, tmp_path)
