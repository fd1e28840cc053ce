"""`ibwire cancel`: cancel orders of ours, and say how they ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated

import typer

from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.frame import BadOption, fail, run, say_json
from ibwire.cli.options import AsJson, ClientId, Host, Port
from ibwire.cli.order_rows import is_called, name_of, row_of_tracked, stands
from ibwire.exceptions import OrderChangeRefused, OrderNotFound
from ibwire.journal_reader import JournalReader
from ibwire.order_changes import OrderKey
from ibwire.order_handles import OrderHandle
from ibwire.order_states import OrderState
from ibwire.session import IBSession
from ibwire.settings import Settings


def cancel(
    order: Annotated[
        str | None, typer.Argument(help="The order's reference, permanent id or order id.", show_default=False)
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All open orders of ours.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="How many seconds to wait for the end.")] = 10.0,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    as_json: AsJson = False,
) -> None:
    """Cancel an order, through the journal, and say how it ended. Exits with 0 only if it was cancelled.

    It connects with the client id that placed the order. While another program holds the journal, that program has to
    cancel, or `ibwire halt` does.

    Example: ibwire cancel 1000041
    """
    if (order is None) is not every:
        fail(BadOption("name one order (its reference, permanent id or order id), or --all"))
    gateway = Gateway(host=host, port=port, client_id=client_id)
    ended = run(_cancel(gateway, order, wait))
    if as_json:
        say_json([{**row_of_tracked(one.tracked), "reason": one.reason} for one in ended])
    for one in ended:
        text = f"{one.order.action} {name_of(one.contract)}, reference {one.key.client_ref}: {stands(one)}"
        if not as_json:
            typer.echo(text)
        if one.status is not OrderState.CANCELLED:
            said = f": {one.reason}" if one.reason else ""
            typer.echo(f"error: not cancelled: {text}{said}", err=True)
    if not ended and not as_json:
        typer.echo("no order of ours is open")
    raise typer.Exit(0 if all(one.status is OrderState.CANCELLED for one in ended) else 1)


async def _cancel(gateway: Gateway, name: str | None, wait_s: float) -> list[OrderHandle]:
    """Cancel the order of this name, or all; the handles when they have ended, or the time is over."""
    ended: list[OrderHandle] = []
    for client_id in owners(gateway, name):
        async with connected(replace(gateway, client_id=client_id), places_orders=True) as session:
            await session.trading.ready()
            own = [one for one in session.trading.orders if one.key.client_id == session.client_id]
            chosen = [one for one in own if name is None or is_called(name, one.key)]
            if name is not None and not chosen:
                await _cancel_other(session, name)
                continue
            if len(chosen) > 1 and name is not None:
                raise BadOption(f"{len(chosen)} orders are called {name}: name the one meant by its reference")
            await until_ended([one for one in chosen if not one.is_over], wait_s)
            ended += [one for one in chosen if name is not None or one.heard or not one.is_over]
    return ended


async def until_ended(handles: Iterable[OrderHandle], wait_s: float) -> None:
    """Cancel these and wait for their ends, but not longer than that."""
    handles = list(handles)
    try:
        async with asyncio.timeout(wait_s):
            await asyncio.gather(*(one.cancel() for one in handles))
            await asyncio.gather(*(one.done() for one in handles))
    except TimeoutError:
        return
    except asyncio.CancelledError:
        refs = ", ".join(str(one.key.client_ref) for one in handles if not one.is_over)
        typer.echo(f"interrupted: cancels may be under way of {refs}; `ibwire orders` shows what works", err=True)
        raise


async def _cancel_other(session: IBSession, name: str) -> None:
    """Cancel an order that is not in the journal, if IBKR lets this client; raises why not."""
    for known in await session.trading.open_orders():
        key = OrderKey(
            client_ref=known.client_ref,
            client_id=known.client_id or 0,
            order_id=known.order_id or 0,
            perm_id=known.perm_id,
        )
        if is_called(name, key):
            await session.trading.cancel_order(known)
            typer.echo(f"the cancel of {name}, which is in no journal of ours, has left", err=True)
            return
    raise OrderNotFound(f"no open order is called {name}", hint="`ibwire orders --all` lists them")


def owners(gateway: Gateway, name: str | None) -> list[int | None]:
    """The client ids under which the orders meant were placed, by the journal; else what the options say.

    Raises OrderChangeRefused for an order that has ended.
    """
    if gateway.client_id is not None:
        return [gateway.client_id]
    path = Settings.from_env().trading.journal_path
    if not path.exists():
        return [None]
    reader = JournalReader(path)
    try:
        found = [one for one in reader.orders(only_open=name is None) if name is None or is_called(name, one.key)]
    finally:
        reader.close()
    open_ = [one for one in found if not one.state.is_ended]
    if found and not open_ and name is not None:
        raise OrderChangeRefused(f"nothing was sent: the order has ended: it is {found[-1].state}", hint="")
    ids = sorted({one.key.client_id for one in open_})
    return [*ids] or ([] if name is None else [None])
