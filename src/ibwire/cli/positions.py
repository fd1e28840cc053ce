"""`ibwire positions`: what the accounts hold, at what cost, and what it is worth."""

from __future__ import annotations

import asyncio
from typing import Any

from ibwire.account_view import AccountView
from ibwire.cli.account import Account
from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.frame import run
from ibwire.cli.options import AsJson, ClientId, Host, Port, Sim
from ibwire.cli.order_rows import name_of
from ibwire.cli.rows import show_rows
from ibwire.positions import Position
from ibwire.profit_and_loss import PositionPnL

COLUMNS = (
    *("account", "contract", "con_id", "sec_type", "currency", "quantity", "average_cost", "market_value"),
    *("daily_pnl", "unrealized_pnl", "realized_pnl"),
)
NARROW = ("account", "contract", "quantity", "average_cost", "market_value", "daily_pnl", "unrealized_pnl")

VALUES_WITHIN_S = 3.0
"""IBKR's first answer about a position's worth often holds nothing; how long the next is waited for."""


def positions(
    *,
    account: Account = None,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
    as_json: AsJson = False,
) -> None:
    """Show the positions: average cost of one unit, market value, profit and loss, in the currency of each contract.

    Example: ibwire positions --account DU1234567
    """
    gateway = Gateway(host=host, port=port, client_id=client_id, sim=sim)
    rows = run(_ask(gateway, account))
    show_rows(COLUMNS, rows, title="positions", as_json=as_json, narrow=NARROW)


async def _ask(gateway: Gateway, account: str | None) -> list[dict[str, Any]]:
    # By `reqPnLSingle` and not by account updates: those could take a running program's subscription away (2100).
    async with connected(gateway) as session:
        known = await session.account.positions(account).ready()
        held = sorted(known.rows, key=lambda row: (row.account, name_of(row.contract)))
        views = [session.account.position_pnl(row.contract.con_id or 0, row.account) for row in held]
        values = await asyncio.gather(*map(_worth, views))
        return [_row(position, value) for position, value in zip(held, values, strict=True)]


async def _worth(view: AccountView[PositionPnL]) -> PositionPnL | None:
    """What is known of a position's worth; the first answers may hold nothing."""
    latest: PositionPnL | None = None
    try:
        async with asyncio.timeout(VALUES_WITHIN_S), view.stream() as changes:
            async for row in changes:
                if isinstance(row, PositionPnL):
                    latest = row
                    if row.value is not None and row.unrealized is not None:
                        break
    except TimeoutError:
        pass
    return latest


def _row(position: Position, worth: PositionPnL | None) -> dict[str, Any]:
    contract = position.contract
    return {
        "account": position.account,
        "contract": name_of(contract),
        "con_id": contract.con_id,
        "sec_type": contract.sec_type,
        "currency": contract.currency,
        "quantity": position.quantity,
        "average_cost": position.average_cost,
        "market_value": worth.value if worth else None,
        "daily_pnl": worth.daily if worth else None,
        "unrealized_pnl": worth.unrealized if worth else None,
        "realized_pnl": worth.realized if worth else None,
    }
