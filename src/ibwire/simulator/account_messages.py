"""What a gateway says of its accounts: values, portfolio, positions, summaries, profit and loss.

Pure: from the books and the quotes to messages, in the order a gateway sends them. Values are text with two decimals,
quantities decimal text, the other money doubles (protocol notes, 3.9 to 3.12). Models are not simulated: every account
is its own and has one nameless model, which is echoed as it was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from ibwire.simulator import reference
from ibwire.simulator.ledger import Holding, Ledger, Quotes, Totals
from ibwire.simulator.order_messages import plain
from ibwire.wire import Message
from ibwire.wire import messages as m

BASE = "BASE"
"""The currency column of rows that sum up all currencies."""

BUYING_POWER = 4
"""How many times the available funds a margin account may buy for."""

LEDGER_TAG = "$LEDGER"
"""Asks a summary for the rows by currency: alone for the total, with ":USD" for one currency, with ":ALL" for all."""

_OTHER_NAMES = {
    "PreviousEquityWithLoanValue": "PreviousDayEquityWithLoanValue",
    "ReqTEquity": "RegTEquity",
    "ReqTMargin": "RegTMargin",
}
"""How IBKR's `AccountSummaryTags` spells three keys: a summary that asks so is answered so."""

Row = tuple[str, str, str]
"""Key, value and currency."""


# --- one account, without request id (protocol notes, 3.9)


def account_download(ledger: Ledger, account: str, quotes: Quotes, at: datetime) -> list[Message]:
    """The first answer to an account subscription: everything, and that this was everything."""
    return [*account_update(ledger, account, quotes, at), m.AccountDataEnd(account)]


def account_update(ledger: Ledger, account: str, quotes: Quotes, at: datetime) -> list[Message]:
    """What an account subscription says again later: the values, each position, the time (of `at`) as "HH:MM"."""
    return [
        *account_values(ledger, account, quotes),
        *portfolio(ledger, account, quotes),
        m.AccountUpdateTime(f"{at:%H:%M}"),
    ]


def account_values(ledger: Ledger, account: str, quotes: Quotes) -> list[Message]:
    """The values of an account by alphabetical key: the total before the single currencies."""
    rows = [("AccountCode", account, ""), ("AccountReady", "true", ""), *_plain_rows(ledger, account, quotes)]
    return [
        m.AccountValue(key=key, value=value, currency=currency, account_name=account)
        for key, value, currency in _by_key([*rows, *_ledger_rows(ledger, account, quotes)])
    ]


def portfolio(ledger: Ledger, account: str, quotes: Quotes) -> list[Message]:
    """Every position with what it is worth; one closed today with 0."""
    return [portfolio_value(account, holding, quotes) for holding in ledger.positions(account)]


def portfolio_value(account: str, holding: Holding, quotes: Quotes) -> m.PortfolioValue:
    """One position with what it is worth, in its contract's currency; at its average cost without a market."""
    return m.PortfolioValue(
        contract=replace(reference.contract_of(holding.instrument), exchange=""),
        position=plain(holding.quantity),
        market_price=float(holding.price(quotes)),
        market_value=float(holding.value(quotes)),
        average_cost=float(holding.average_cost),
        unrealized_pnl=float(holding.unrealized(quotes)),
        realized_pnl=float(holding.realized or 0),
        account_name=account,
    )


# --- positions (protocol notes, 3.11)


def positions(ledger: Ledger, accounts: Iterable[str]) -> list[Message]:
    """The positions of these accounts, those closed today with 0, and the end."""
    held = [position(account, holding) for account in accounts for holding in ledger.positions(account)]
    return [*held, m.PositionEnd()]


def position(account: str, holding: Holding) -> m.Position:
    """One position: also what a subscriber is told when it changed, with 0 when it was closed."""
    return m.Position(
        account=account,
        contract=_position_contract(holding),
        position=plain(holding.quantity),
        avg_cost=float(holding.average_cost),
    )


def positions_multi(ledger: Ledger, request_id: int, accounts: Iterable[str], model_code: str = "") -> list[Message]:
    """The positions of these accounts for one request, and the end."""
    held = [
        position_multi(request_id, account, holding, model_code)
        for account in accounts
        for holding in ledger.positions(account)
    ]
    return [*held, m.PositionMultiEnd(request_id)]


def position_multi(request_id: int, account: str, holding: Holding, model_code: str = "") -> m.PositionMulti:
    """One position for a request: also what its subscriber is told when it changed."""
    return m.PositionMulti(
        req_id=request_id,
        account=account,
        contract=_position_contract(holding),
        position=plain(holding.quantity),
        avg_cost=float(holding.average_cost),
        model_code=model_code,
    )


# --- values by request (protocol notes, 3.10 and 3.11)


def account_summary(
    ledger: Ledger, request_id: int, accounts: Iterable[str], tags: str, quotes: Quotes
) -> list[Message]:
    """The first answer to a summary: its rows and the end."""
    return [*account_summary_rows(ledger, request_id, accounts, tags, quotes), m.AccountSummaryEnd(request_id)]


def account_summary_rows(
    ledger: Ledger, request_id: int, accounts: Iterable[str], tags: str, quotes: Quotes
) -> list[Message]:
    """The rows for `tags` (comma separated), each account's by alphabetical tag; no row for a tag there is not."""
    wanted = {tag.strip() for tag in tags.split(",")}
    return [
        m.AccountSummary(req_id=request_id, account=account, tag=key, value=value, currency=currency)
        for account in accounts
        for key, value, currency in _summary_rows(ledger, account, wanted, quotes)
    ]


def account_updates_multi(
    ledger: Ledger, request: m.AccountUpdatesMultiRequest, account: str, quotes: Quotes
) -> list[Message]:
    """The first answer to account updates by request: the rows and the end."""
    return [*account_update_multi_rows(ledger, request, account, quotes), m.AccountUpdateMultiEnd(request.req_id)]


def account_update_multi_rows(
    ledger: Ledger, request: m.AccountUpdatesMultiRequest, account: str, quotes: Quotes
) -> list[Message]:
    """An account's values for one request; with `ledger_and_nlv` only those by currency and the net liquidation."""
    rows = _plain_rows(ledger, account, quotes)
    if request.ledger_and_nlv:
        rows = [row for row in rows if row[0] == "NetLiquidation"]
    return [
        m.AccountUpdateMulti(
            req_id=request.req_id,
            account=account,
            model_code=request.model_code,
            key=key,
            value=value,
            currency=currency,
        )
        for key, value, currency in _by_key([*rows, *_ledger_rows(ledger, account, quotes)])
    ]


def changed(before: Iterable[Message], now: Iterable[Message]) -> list[Message]:
    """What of `now` was not said before: what a subscription that has had its end is told."""
    said = list(before)
    return [message for message in now if message not in said]


# --- profit and loss (protocol notes, 3.12)


def pnl(ledger: Ledger, request_id: int, account: str, quotes: Quotes) -> m.PnL:
    """The account's profits of today, and the unrealized one, in the base currency."""
    totals = ledger.totals(account, quotes)
    return m.PnL(
        req_id=request_id,
        daily_pnl=float(totals.daily),
        unrealized_pnl=float(totals.unrealized),
        realized_pnl=float(totals.realized),
    )


def pnl_single(ledger: Ledger, request_id: int, account: str, con_id: int, quotes: Quotes) -> m.PnLSingle:
    """The profits of one position, in its contract's currency; unset what is unknown, as realized before a closing."""
    holding = ledger.position(account, con_id)
    if holding is None:
        return m.PnLSingle(req_id=request_id, position="0", value=0.0)
    return m.PnLSingle(
        req_id=request_id,
        position=plain(holding.quantity),
        daily_pnl=float(holding.daily(quotes)),
        unrealized_pnl=float(holding.unrealized(quotes)),
        realized_pnl=None if holding.realized is None else float(holding.realized),
        value=float(holding.value(quotes)),
    )


# --- rows


def _plain_rows(ledger: Ledger, account: str, quotes: Quotes) -> list[Row]:
    """The values that are of the account as a whole."""
    totals = ledger.totals(account, quotes)
    worth, margin = totals.net_liquidation, totals.margin
    free = worth - margin
    amounts = {
        "AccruedCash": Decimal(0),
        "BuyingPower": max(free, Decimal(0)) * BUYING_POWER,
        "EquityWithLoanValue": worth,
        "GrossPositionValue": totals.gross,
        "NetLiquidation": worth,
        "PreviousDayEquityWithLoanValue": worth - totals.daily,
        "RegTEquity": worth,
        "RegTMargin": totals.gross / 2,
        "SMA": worth - totals.gross / 2,
        "SettledCash": totals.cash,
        "TotalCashValue": totals.cash,
    }
    for when in ("", "Full", "LookAhead"):
        amounts |= {f"{when}AvailableFunds": free, f"{when}ExcessLiquidity": free}
        amounts |= {f"{when}InitMarginReq": margin, f"{when}MaintMarginReq": margin}
    texts = {
        "AccountType": "INDIVIDUAL",
        "Cushion": f"{free / worth if worth > 0 else Decimal(0):.4f}",
        "DayTradesRemaining": "-1",  # no limit
        "HighestSeverity": "0",
        "Leverage": _money(totals.gross / worth if worth > 0 else Decimal(0)),
        "LookAheadNextChange": "0",
    }
    rows = [(key, text, "") for key, text in texts.items()]
    return [*rows, *((key, _money(amount), ledger.base_currency) for key, amount in amounts.items())]


def _ledger_rows(ledger: Ledger, account: str, quotes: Quotes) -> list[Row]:
    """The values by currency: the total as BASE, the base currency, the others in alphabetical order."""
    rows = _currency_rows(account, BASE, ledger.totals(account, quotes), Decimal(1))
    for currency, totals in ledger.totals_by_currency(account, quotes).items():
        rows += _currency_rows(account, currency, totals, ledger.rate(currency, quotes))
    return rows


def _currency_rows(account: str, currency: str, totals: Totals, rate: Decimal) -> list[Row]:
    amounts = {
        "CashBalance": totals.cash,
        "Cryptocurrency": totals.values.get("CRYPTO", Decimal(0)),
        "FutureOptionValue": totals.values.get("FOP", Decimal(0)),
        "FuturesPNL": totals.futures_pnl,
        "NetLiquidationByCurrency": totals.net_liquidation,
        "OptionMarketValue": totals.values.get("OPT", Decimal(0)),
        "RealizedPnL": totals.realized,
        "StockMarketValue": totals.values.get("STK", Decimal(0)),
        "TotalCashBalance": totals.cash,
        "UnrealizedPnL": totals.unrealized,
    }
    texts = {"AccountOrGroup": account, "Currency": currency, "ExchangeRate": f"{rate:.7f}", "RealCurrency": currency}
    rows = [(key, text, currency) for key, text in texts.items()]
    return [*rows, *((key, _money(amount), currency) for key, amount in amounts.items())]


def _summary_rows(ledger: Ledger, account: str, wanted: set[str], quotes: Quotes) -> list[Row]:
    whole = {row[0]: row for row in _plain_rows(ledger, account, quotes)}
    whole |= {other: (other, *whole[name][1:]) for other, name in _OTHER_NAMES.items()}
    rows = [row for key, row in whole.items() if key in wanted]
    if any(tag.startswith(LEDGER_TAG) for tag in wanted):
        for row in _ledger_rows(ledger, account, quotes):
            names = {f"{LEDGER_TAG}:{row[2]}", f"{LEDGER_TAG}:ALL", *([LEDGER_TAG] if row[2] == BASE else [])}
            rows += [row] if names & wanted else []
    return _by_key(rows)


def _by_key(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row[0])  # stable: the currencies of a key keep their order


def _position_contract(holding: Holding) -> m.Contract:
    """The contract as positions carry it: with its listing exchange or none, not one to trade at."""
    return replace(reference.contract_of(holding.instrument), exchange=holding.instrument.primary_exchange)


def _money(amount: Decimal) -> str:
    text = f"{amount:.2f}"
    return "0.00" if text == "-0.00" else text
