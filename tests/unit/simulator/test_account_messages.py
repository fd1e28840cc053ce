"""What a gateway says of its accounts: which rows, in which order, and how numbers are written."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from ibwire.simulator import account_messages
from ibwire.simulator.feed import TickType
from ibwire.simulator.instruments import by_local_symbol
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.market import Quote
from ibwire.simulator.tickets import Fill
from ibwire.wire import Message, encode
from ibwire.wire import messages as m

AT = datetime(2026, 4, 6, 9, 5, 59, tzinfo=UTC)
DU1, DU2 = "DU1", "DU2"


def instrument_of(local_symbol: str) -> Any:
    found = by_local_symbol(local_symbol)
    assert found is not None
    return found


AAPL, MSFT, ES, EURUSD, DAX = map(instrument_of, ("AAPL", "MSFT", "ESZ5", "EUR.USD", "FDAX 20260619 M"))


def trade(ledger: Ledger, account: str, instrument: Any, quantity: str, price: str, commission: str = "1") -> None:
    """Book a fill; a negative quantity sells."""
    signed, exact = Decimal(quantity), Decimal(price)
    fill = Fill(
        execution_id="x",
        quantity=abs(signed),
        price=exact,
        total_filled=abs(signed),
        average_price=exact,
        commission=Decimal(commission),
        time_s=0,
    )
    ledger.book(account, instrument, fill, is_buy=signed > 0)


def last(price: float) -> Quote:
    return Quote(prices={TickType.LAST: price})


QUOTES = {AAPL.con_id: last(252.5), EURUSD.con_id: last(1.1)}


@pytest.fixture
def ledger() -> Ledger:
    """DU1 holds AAPL, has closed MSFT, and holds a future in euro; DU2 is short of AAPL."""
    ledger = Ledger([DU1, DU2])
    trade(ledger, DU1, AAPL, "100", "250.00")
    trade(ledger, DU1, MSFT, "10", "480.00")
    trade(ledger, DU1, MSFT, "-10", "485.00")
    trade(ledger, DU1, DAX, "1", "24000", "2")
    trade(ledger, DU2, AAPL, "-0.5", "250.00")
    return ledger


def values_of(messages: list[Message]) -> dict[tuple[str | None, str | None], str | None]:
    """Account values or summary rows by key and currency; none comes twice."""
    rows = {}
    for message in messages:
        if isinstance(message, m.AccountValue | m.AccountUpdateMulti):
            key = message.key, message.currency
        elif isinstance(message, m.AccountSummary):
            key = message.tag, message.currency
        else:
            continue
        assert key not in rows
        rows[key] = message.value
    return rows


def kinds(messages: list[Message]) -> list[str]:
    """The kinds of messages in the order in which they change."""
    names = [type(message).__name__ for message in messages]
    return names[:1] + [name for before, name in pairwise(names) if name != before]


def test_a_download_is_values_portfolio_time_end(ledger: Ledger) -> None:
    messages = account_messages.account_download(ledger, DU1, QUOTES, AT)
    assert kinds(messages) == ["AccountValue", "PortfolioValue", "AccountUpdateTime", "AccountDataEnd"]
    assert messages[-2:] == [m.AccountUpdateTime("09:05"), m.AccountDataEnd(DU1)]
    assert account_messages.account_update(ledger, DU1, QUOTES, AT) == messages[:-1]
    assert all(m_.account_name == DU1 for m_ in messages if isinstance(m_, m.AccountValue | m.PortfolioValue))


def test_account_values_are_the_books_with_two_decimals(ledger: Ledger) -> None:
    values = values_of(account_messages.account_values(ledger, DU1, QUOTES))
    cash_usd = 1_000_000 - 25_001 + 50 - 2
    assert values["AccountReady", ""] == "true"
    assert values["AccountType", ""] == "INDIVIDUAL"
    assert values["AccountCode", ""] == DU1
    assert values["CashBalance", "USD"] == f"{cash_usd:.2f}"
    assert values["CashBalance", "EUR"] == "-2.00"
    assert values["CashBalance", "BASE"] == values["TotalCashValue", "USD"] == f"{cash_usd - 2.2:.2f}"
    assert (
        values["NetLiquidation", "USD"] == f"{cash_usd + 25_250:.2f}"
    )  # the future counts at what it cost, fees included
    assert values["GrossPositionValue", "USD"] == "25250.00"
    assert values["StockMarketValue", "USD"] == "25250.00"
    assert values["RealizedPnL", "USD"] == "48.00"
    assert values["UnrealizedPnL", "USD"] == "249.00"
    assert values["ExchangeRate", "EUR"] == "1.1000000"
    assert values["ExchangeRate", "BASE"] == "1.0000000"
    assert [values["Currency", currency] for currency in ("BASE", "EUR", "USD")] == ["BASE", "EUR", "USD"]
    margin = 25_250 * 0.25 + 600_002 * 1.1 * 0.1
    free = cash_usd + 25_250 - margin
    assert values["InitMarginReq", "USD"] == values["MaintMarginReq", "USD"] == f"{margin:.2f}"
    assert values["AvailableFunds", "USD"] == values["ExcessLiquidity", "USD"] == f"{free:.2f}"
    assert values["BuyingPower", "USD"] == f"{4 * free:.2f}"


def test_account_values_come_by_key_the_total_before_the_currencies(ledger: Ledger) -> None:
    messages = account_messages.account_values(ledger, DU1, QUOTES)
    keys = [row.key or "" for row in messages if isinstance(row, m.AccountValue)]
    assert keys == sorted(keys)
    balances = [row.currency for row in messages if isinstance(row, m.AccountValue) and row.key == "CashBalance"]
    assert balances == ["BASE", "USD", "EUR"]


def test_the_portfolio_shows_what_was_closed_today_with_zero(ledger: Ledger) -> None:
    apple, microsoft, dax = account_messages.portfolio(ledger, DU1, QUOTES)
    assert isinstance(apple, m.PortfolioValue)
    assert apple.contract is not None
    assert (apple.contract.con_id, apple.contract.exchange) == (AAPL.con_id, "")
    assert (apple.position, apple.market_price, apple.market_value) == ("100", 252.5, 25250.0)
    assert (apple.average_cost, apple.unrealized_pnl, apple.realized_pnl) == (250.01, 249.0, 0.0)
    assert isinstance(microsoft, m.PortfolioValue)
    assert (microsoft.position, microsoft.market_value, microsoft.average_cost) == ("0", 0.0, 0.0)
    assert (microsoft.unrealized_pnl, microsoft.realized_pnl) == (0.0, 48.0)
    assert isinstance(dax, m.PortfolioValue)  # no market: at what it cost
    assert (dax.market_price, dax.market_value, dax.average_cost) == (24000.08, 600002.0, 600002.0)


def test_positions_are_those_of_every_account_then_the_end(ledger: Ledger) -> None:
    messages = account_messages.positions(ledger, [DU1, DU2])
    rows = [message for message in messages if isinstance(message, m.Position)]
    assert [(row.account, row.position, row.avg_cost) for row in rows] == [
        (DU1, "100", 250.01),
        (DU1, "0", 0.0),
        (DU1, "1", 600002.0),
        (DU2, "-0.5", 248.0),
    ]
    assert [row.contract.exchange for row in rows if row.contract] == [AAPL.primary_exchange] * 2 + ["", "NASDAQ"]
    assert messages[-1] == m.PositionEnd()
    assert account_messages.positions(Ledger([DU1]), [DU1]) == [m.PositionEnd()]


def test_positions_by_request_carry_its_id_and_model(ledger: Ledger) -> None:
    messages = account_messages.positions_multi(ledger, 7, [DU2], "core")
    row = messages[0]
    assert isinstance(row, m.PositionMulti)
    assert (row.req_id, row.account, row.model_code, row.position) == (7, DU2, "core", "-0.5")
    assert messages[1:] == [m.PositionMultiEnd(7)]


def test_a_summary_has_the_tags_asked_for_in_alphabetical_order(ledger: Ledger) -> None:
    tags = "TotalCashValue, NetLiquidation,NoSuchTag,AccountType"
    messages = account_messages.account_summary(ledger, 9, [DU1, DU2], tags, QUOTES)
    rows = [message for message in messages if isinstance(message, m.AccountSummary)]
    expected = ["AccountType", "NetLiquidation", "TotalCashValue"]
    assert [(row.account, row.tag) for row in rows] == [(a, tag) for a in (DU1, DU2) for tag in expected]
    assert [row.currency for row in rows[:3]] == ["", "USD", "USD"]
    assert all(row.req_id == 9 for row in rows)
    assert messages[len(rows) :] == [m.AccountSummaryEnd(9)]


def test_the_summary_knows_every_tag_of_ibkrs_list(ledger: Ledger) -> None:
    tags = (
        "AccountType,NetLiquidation,TotalCashValue,SettledCash,AccruedCash,BuyingPower,EquityWithLoanValue,"
        "PreviousEquityWithLoanValue,GrossPositionValue,ReqTEquity,ReqTMargin,SMA,InitMarginReq,MaintMarginReq,"
        "AvailableFunds,ExcessLiquidity,Cushion,FullInitMarginReq,FullMaintMarginReq,FullAvailableFunds,"
        "FullExcessLiquidity,LookAheadNextChange,LookAheadInitMarginReq,LookAheadMaintMarginReq,"
        "LookAheadAvailableFunds,LookAheadExcessLiquidity,HighestSeverity,DayTradesRemaining,Leverage"
    )
    rows = values_of(account_messages.account_summary_rows(ledger, 1, [DU1], tags, QUOTES))
    assert [tag for tag, _ in rows] == sorted(tags.split(","))


@pytest.mark.parametrize(
    ("tags", "currencies"),
    [
        ("$LEDGER", ["BASE"]),
        ("$LEDGER:USD", ["USD"]),
        ("$LEDGER:EUR", ["EUR"]),
        ("$LEDGER:ALL", ["BASE", "USD", "EUR"]),
        ("$LEDGER:USD,$LEDGER", ["BASE", "USD"]),
        ("$LEDGER:XYZ", []),
    ],
)
def test_ledger_tags_give_the_rows_of_their_currencies(ledger: Ledger, tags: str, currencies: list[str]) -> None:
    rows = values_of(account_messages.account_summary_rows(ledger, 1, [DU1], tags, QUOTES))
    assert [currency for tag, currency in rows if tag == "CashBalance"] == currencies
    assert {currency for _, currency in rows} == set(currencies)
    assert [tag for tag, _ in rows] == sorted(tag or "" for tag, _ in rows)


def test_account_updates_by_request_are_the_values_and_an_end(ledger: Ledger) -> None:
    request = m.AccountUpdatesMultiRequest(req_id=3, account=DU1, model_code="core")
    messages = account_messages.account_updates_multi(ledger, request, DU1, QUOTES)
    assert messages[-1] == m.AccountUpdateMultiEnd(3)
    rows = [message for message in messages if isinstance(message, m.AccountUpdateMulti)]
    assert all((row.req_id, row.account, row.model_code) == (3, DU1, "core") for row in rows)
    assert len(rows) == len(messages) - 1
    assert ("BuyingPower", "USD") in values_of(messages)


def test_account_updates_of_ledger_and_net_liquidation_leave_out_the_rest(ledger: Ledger) -> None:
    request = m.AccountUpdatesMultiRequest(req_id=3, account=DU1, ledger_and_nlv=True)
    values = values_of(account_messages.account_update_multi_rows(ledger, request, DU1, QUOTES))
    assert ("NetLiquidation", "USD") in values
    assert ("CashBalance", "EUR") in values
    assert ("BuyingPower", "USD") not in values


def test_only_what_changed_is_told_again(ledger: Ledger) -> None:
    tags = "AccountType,NetLiquidation,SettledCash"
    before = account_messages.account_summary_rows(ledger, 1, [DU1], tags, QUOTES)
    now = account_messages.account_summary_rows(ledger, 1, [DU1], tags, {**QUOTES, AAPL.con_id: last(253.0)})
    assert [tag for tag, _ in values_of(account_messages.changed(before, now))] == ["NetLiquidation"]
    assert account_messages.changed(now, now) == []


def test_profit_and_loss_of_an_account_is_in_its_base_currency(ledger: Ledger) -> None:
    message = account_messages.pnl(ledger, 4, DU1, {**QUOTES, DAX.con_id: last(24_010.0)})
    assert message == m.PnL(req_id=4, daily_pnl=569.8, unrealized_pnl=521.8, realized_pnl=48.0)


def test_profit_and_loss_of_a_position_leaves_unset_what_was_not_realized(ledger: Ledger) -> None:
    opened = account_messages.pnl_single(ledger, 5, DU1, AAPL.con_id, QUOTES)
    assert opened == m.PnLSingle(req_id=5, position="100", daily_pnl=249.0, unrealized_pnl=249.0, value=25250.0)
    closed = account_messages.pnl_single(ledger, 5, DU1, MSFT.con_id, QUOTES)
    assert (closed.position, closed.realized_pnl, closed.daily_pnl, closed.value) == ("0", 48.0, 48.0, 0.0)
    never = account_messages.pnl_single(ledger, 5, DU1, ES.con_id, QUOTES)
    assert never == m.PnLSingle(req_id=5, position="0", value=0.0)


def test_an_account_that_lost_everything_still_has_values() -> None:
    ledger = Ledger([DU1], cash=Decimal(0))
    values = values_of(account_messages.account_values(ledger, DU1, {}))
    assert values["Cushion", ""] == "0.0000"
    assert values["BuyingPower", "USD"] == "0.00"
    trade(ledger, DU1, AAPL, "1", "0.001", "0.001")
    assert values_of(account_messages.account_values(ledger, DU1, {}))["CashBalance", "USD"] == "0.00"


def test_every_message_can_be_sent(ledger: Ledger) -> None:
    request = m.AccountUpdatesMultiRequest(req_id=3, account=DU1, model_code="core")
    for message in (
        *account_messages.account_download(ledger, DU1, QUOTES, AT),
        *account_messages.positions(ledger, [DU1, DU2]),
        *account_messages.positions_multi(ledger, 7, [DU2], "core"),
        *account_messages.account_summary(ledger, 9, [DU1], "NetLiquidation,$LEDGER:ALL", QUOTES),
        *account_messages.account_updates_multi(ledger, request, DU1, QUOTES),
        account_messages.pnl(ledger, 4, DU1, QUOTES),
        account_messages.pnl_single(ledger, 5, DU1, AAPL.con_id, QUOTES),
    ):
        assert encode(message)
