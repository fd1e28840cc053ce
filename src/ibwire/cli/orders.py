"""`ibwire orders`: the orders and executions that the gateway knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.frame import BadOption, fail, run
from ibwire.cli.options import AsJson, ClientId, Host, Port, Sim
from ibwire.cli.order_rows import (
    EXECUTION_COLUMNS,
    NARROW,
    NARROW_EXECUTION,
    ORDER_COLUMNS,
    row_of_execution,
    row_of_known,
)
from ibwire.cli.rows import show_rows
from ibwire.settings import Settings


def orders(
    *,
    everybody: Annotated[
        bool, typer.Option("--all", help="Also those that ibwire did not place: other programs', the TWS user's.")
    ] = False,
    completed: Annotated[bool, typer.Option("--completed", help="The orders that have ended instead.")] = False,
    executions: Annotated[bool, typer.Option("--executions", help="The executions instead.")] = False,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
    as_json: AsJson = False,
) -> None:
    """Show the open orders, as the gateway knows them now; what ended today, or the executions, if asked for.

    IBKR shows a client only its own executions, so --executions connects with the client id of the settings (0 sees
    all). `ibwire journal list` tells of our orders without a gateway.

    Example: ibwire orders --all
    """
    if completed and executions:
        fail(BadOption("--completed and --executions: name one of them"))
    gateway = Gateway(host=host, port=port, client_id=client_id, sim=sim)
    rows = run(_ask(gateway, completed=completed, executions=executions))
    shown = [row for row in rows if everybody or row["client_ref"]]
    if executions:
        show_rows(EXECUTION_COLUMNS, shown, title="executions", as_json=as_json, narrow=NARROW_EXECUTION)
    else:
        title = "completed orders" if completed else "open orders"
        show_rows(ORDER_COLUMNS, shown, title=title, as_json=as_json, narrow=NARROW)
    others = len(rows) - len(shown)
    if others:
        typer.echo(f"and {others} that ibwire did not place: --all shows them", err=True)


async def _ask(gateway: Gateway, *, completed: bool, executions: bool) -> list[dict[str, Any]]:
    if executions and gateway.client_id is None:
        gateway = replace(gateway, client_id=Settings.from_env().connection.client_id)
    async with connected(gateway) as session:
        if executions:
            return [row_of_execution(one) for one in await session.trading.executions()]
        if completed:
            return [row_of_known(one) for one in await session.trading.completed_orders()]
        return [row_of_known(one) for one in await session.trading.open_orders()]
