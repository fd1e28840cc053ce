"""`ibwire account`: what the accounts of the login are worth."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ibwire.account_values import BASE, AccountValue
from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.frame import run, say_json
from ibwire.cli.options import AsJson, ClientId, Host, Port, Sim
from ibwire.cli.rows import show_rows
from ibwire.order_guards import PAPER_PREFIX
from ibwire.profit_and_loss import AccountPnL

COLUMNS = ("account", "key", "currency", "value")
"""The key is IBKR's; `pnl` with daily, unrealized and realized is the account's profit and loss."""

Account = Annotated[str | None, typer.Option(help="Only this account of the login.", show_default=False)]


def account(
    *,
    account: Account = None,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
    as_json: AsJson = False,
) -> None:
    """Show what each account of the login is worth: IBKR's summary, by currency too, and today's profit and loss.

    Example: ibwire account --json
    """
    gateway = Gateway(host=host, port=port, client_id=client_id, sim=sim)
    found = run(_ask(gateway, account))
    if as_json:
        say_json([_as_dict(name, values, pnl) for name, values, pnl in found])
        return
    rows = [row for name, values, pnl in found for row in _rows(name, values, pnl)]
    show_rows(COLUMNS, rows, title="account", as_json=False)


async def _ask(gateway: Gateway, account: str | None) -> list[tuple[str, list[AccountValue], AccountPnL | None]]:
    async with connected(gateway) as session:
        known = await session.account.summary(account).ready()
        names = sorted({row.account for row in known.rows if row.account in session.accounts})
        views = [await session.account.pnl(name).ready() for name in names]
        pnl = {row.account: row for view in views for row in view.rows}
        return [(name, [row for row in known.rows if row.account == name], pnl.get(name)) for name in names]


def _rows(name: str, values: list[AccountValue], pnl: AccountPnL | None) -> list[dict[str, Any]]:
    rows = [
        {"account": name, "key": row.key, "currency": row.currency, "value": _said(row)}
        for row in sorted(values, key=lambda row: (row.is_ledger, row.currency, row.key))
        if _said(row) is not None
    ]
    if pnl is not None:
        parts = (("daily", pnl.daily), ("unrealized", pnl.unrealized), ("realized", pnl.realized))
        rows += [
            {"account": name, "key": f"pnl {key}", "currency": "", "value": value}
            for key, value in parts
            if value is not None
        ]
    return rows


def _as_dict(name: str, values: list[AccountValue], pnl: AccountPnL | None) -> dict[str, Any]:
    whole = [row for row in values if not row.is_ledger]
    ledger = [row for row in values if row.is_ledger]
    currencies = sorted({row.currency for row in ledger if row.currency and row.currency != BASE})
    base = next((row.currency for row in whole if row.key == "NetLiquidation"), None)
    return {
        "account": name,
        "is_paper": name.startswith(PAPER_PREFIX),
        "currency": base,
        "summary": {row.key: _said(row) for row in whole},
        "by_currency": {
            currency: {row.key: _said(row) for row in ledger if row.currency == currency} for currency in currencies
        },
        "pnl": None if pnl is None else {"daily": pnl.daily, "unrealized": pnl.unrealized, "realized": pnl.realized},
    }


def _said(row: AccountValue) -> Any:
    return row.text if row.value is None else row.value
