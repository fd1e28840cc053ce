"""Following an order that a command has sent: what it says meanwhile, and at the end."""

from __future__ import annotations

import asyncio
from typing import Any

import typer
from msgspec.structs import asdict

from ibwire.cli.frame import say_json
from ibwire.cli.order_rows import row_of_tracked, stands
from ibwire.exceptions import IbwireError, OrderUnconfirmed
from ibwire.order_handles import OrderHandle
from ibwire.order_states import OrderState
from ibwire.what_ifs import WhatIf

CHARGED_WITHIN_S = 2.0
"""How long the commission of a filled order is waited for."""


async def follow(
    handle: OrderHandle, effect: WhatIf | None, *, ack_timeout_s: float, wait_s: float | None, as_json: bool
) -> bool:
    """Say that it was sent, wait, say what became of it; whether that is what was asked for."""
    # At once and on its own: whatever happens to this process from here on, its user knows of the order.
    typer.echo(f"sent: reference {handle.key.client_ref}, order id {handle.key.order_id}", err=True)
    failure: IbwireError | None = None
    try:
        try:
            await _acknowledged(handle, 2 * ack_timeout_s)  # after the first of them the gateway is asked about it
            if wait_s is not None:
                await _filled(handle, wait_s)
        except IbwireError as error:
            failure = error
        await _charged(handle)
    except asyncio.CancelledError:
        typer.echo(f"interrupted: {whereabouts(handle)}", err=True)
        raise
    is_good = failure is None and (wait_s is None or handle.status is OrderState.FILLED)
    if as_json:
        say_json(
            {"order": {**row_of_tracked(handle.tracked), "reason": handle.reason}, "what_if": effect and asdict(effect)}
            | {"placed": handle.unsent_because is None, "commission": handle.commission, "fills": _fills(handle)}
        )
    else:
        for fill in handle.fills:
            typer.echo(f"filled: {fill.quantity:f} at {fill.price:f} on {fill.exchange}")
        paid = "" if handle.commission is None else f", commission {handle.commission:f}"
        typer.echo(f"{stands(handle)}{paid}; perm_id {handle.key.perm_id or 'not known'}")
    if failure is not None:
        raise failure
    if not is_good:
        within = "" if handle.is_over else f" within {wait_s:g} s"
        typer.echo(f"error: not filled{within}: {whereabouts(handle)}", err=True)
    return is_good


async def _acknowledged(handle: OrderHandle, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await handle.acknowledged()
    except TimeoutError:
        raise OrderUnconfirmed(f"the gateway has not shown within {seconds:g} s that it has the order") from None


async def _filled(handle: OrderHandle, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await handle.done()
    except TimeoutError:
        return


async def _charged(handle: OrderHandle) -> None:
    """Wait a moment for the commissions of what has filled."""
    try:
        async with asyncio.timeout(CHARGED_WITHIN_S), handle.updates() as changes:
            while len(handle.tracked.commissions) < len(handle.fills):
                await anext(changes)
    except (TimeoutError, StopAsyncIteration):
        return


def whereabouts(handle: OrderHandle) -> str:
    """What a person has to know who looks away from an order."""
    ref = handle.key.client_ref
    if handle.unsent_because is not None:
        return f"the order was not sent: {handle.unsent_because.message}"
    if handle.is_over:
        return f"the order has ended: {stands(handle)}"
    if not handle.has_left:
        return f"the order has not left yet, and is taken back; `ibwire journal show {ref}` tells its end"
    if handle.status is OrderState.UNCONFIRMED:
        return f"whether the order works is not known; reference {ref}; look with `ibwire orders`"
    return f"the order is working ({stands(handle)}): reference {ref}; `ibwire cancel {ref}` cancels it"


def _fills(handle: OrderHandle) -> list[dict[str, Any]]:
    return [
        {"exec_id": one.exec_id, "quantity": one.quantity, "price": one.price, "exchange": one.exchange}
        for one in handle.fills
    ]
