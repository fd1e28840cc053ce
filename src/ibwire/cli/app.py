"""The `ibwire` command: which commands there are. What each does stands in the module of its name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated

import typer

from ibwire.cli import journal
from ibwire.cli.account import account
from ibwire.cli.cancel import cancel
from ibwire.cli.chain import chain
from ibwire.cli.config import config
from ibwire.cli.contract import contract
from ibwire.cli.demo import demo
from ibwire.cli.depth import depth
from ibwire.cli.doctor import doctor
from ibwire.cli.explain import explain
from ibwire.cli.halt import halt, resume
from ibwire.cli.history import history
from ibwire.cli.orders import orders
from ibwire.cli.positions import positions
from ibwire.cli.quotes import quotes
from ibwire.cli.record import record
from ibwire.cli.run import run
from ibwire.cli.sim import sim
from ibwire.cli.ticks import ticks
from ibwire.cli.trade import buy, sell
from ibwire.version import version

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown")

PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Try it": (demo, sim),
    "Market data": (quotes, ticks, depth, history, record, contract, chain),
    "Orders": (orders, buy, sell, cancel, halt, resume),
    "Account": (account, positions),
    "Service": (run, doctor),
    "Help": (config, explain),
}
"""The commands, as `--help` groups them."""

for _panel, _commands in PANELS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)
app.add_typer(journal.app, name="journal", rich_help_panel="Orders")


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"ibwire {version()}")
        raise typer.Exit


@app.callback()
def ibwire(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_show_version)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say on stderr what happens to the connection.")
    ] = False,
) -> None:
    """Interactive Brokers, connected.

    Settings come from IBWIRE_* variables and a .env file: see `ibwire config`. Without an account, try `ibwire demo`.
    """
    log = logging.getLogger("ibwire")
    if verbose:
        logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        log.setLevel(logging.INFO)
    else:
        log.addHandler(logging.NullHandler())  # errors are told in one line; without this Python prints warnings
