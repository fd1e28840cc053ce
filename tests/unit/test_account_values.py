"""How IBKR's account rows are read: keys in all their spellings, numbers and what is none, and finding one of them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.account_numbers import decimal_of, money_of
from ibwire.account_values import AccountValue, find, is_resetting, read_account_value
from ibwire.exceptions import InvalidRequest
from ibwire.portfolio import read_portfolio_item
from ibwire.positions import read_position
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign

UNSET = [None, "", " ", "1.7976931348623157E308", "1.7976931348623157e+308", "2147483647", "9223372036854775807"]
UNSET += ["-9223372036854775808", "NaN", "Infinity", "-inf", "Infinite"]
MAX = 1.7976931348623157e308


def row(key: str, text: str | None, currency: str | None = None) -> AccountValue:
    read = read_account_value(m.AccountValue(key=key, value=text, currency=currency, account_name="DU1"))
    assert read is not None
    return read


@pytest.mark.parametrize("text", UNSET)
def test_unset_is_neither_a_number_nor_text(text: str | None) -> None:
    assert decimal_of(text) is None
    read = row("NetLiquidation", text, "USD")
    assert (read.value, read.text, read.key) == (None, None, "NetLiquidation")


@campaign(part=200, full=5_000)
@given(number=st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1E20"), max_value=Decimal("1E20")))
def test_numbers_are_exactly_what_was_written(number: Decimal) -> None:
    assert row("NetLiquidation", str(number)).value == number
    assert row("NetLiquidation", f"{number:f}").value == number


@campaign(part=200, full=5_000)
@given(number=st.floats())
def test_double_is_the_shortest_decimal_that_means_it_or_none(number: float) -> None:
    money = money_of(number)
    assert money is None if number != number or abs(number) >= 1e308 else money is not None and float(money) == number


@campaign(part=100, full=5_000)
@given(text=st.text(max_size=20) | st.from_regex(r"[+-]?[0-9.]{1,5}[eE]?[+-]?[0-9]{0,25}", fullmatch=True))
def test_no_text_breaks_the_reader_and_none_is_lost(text: str) -> None:
    read = row("SomeKey", text)
    assert read.value is None or read.text is None
    assert read.text in (None, text)


@pytest.mark.parametrize(
    ("key", "currency", "expected"),
    [
        ("NetLiquidation", "USD", ("NetLiquidation", "", False)),
        ("NetLiquidation-S", "USD", ("NetLiquidation", "S", False)),
        ("FullInitMarginReq-C", "USD", ("FullInitMarginReq", "C", False)),
        ("$LEDGER-CashBalance", "EUR", ("CashBalance", "", True)),
        ("CashBalance", "EUR", ("CashBalance", "", True)),
        ("AccruedCash", "USD", ("AccruedCash", "", False)),
        ("AccruedCash", "BASE", ("AccruedCash", "", True)),
        ("$LEDGER-AccruedCash", "USD", ("AccruedCash", "", True)),
        ("DayTradesRemainingT+1", "", ("DayTradesRemainingT+1", "", False)),
        ("-S", "", ("", "S", False)),
        ("", "", ("", "", False)),
    ],
)
def test_keys_mean_the_same_however_the_gateway_is_set(
    key: str, currency: str, expected: tuple[str, str, bool]
) -> None:
    read = row(key, "1", currency)
    assert (read.key, read.segment, read.is_ledger) == expected
    assert read.currency == currency


def test_three_ways_of_sending_a_value_are_read_alike() -> None:
    account, key, value, currency = "DU1", "AccruedCash-S", "1.50", "USD"
    same = row(key, value, currency)
    multi = m.AccountUpdateMulti(req_id=1, account=account, key=key, value=value, currency=currency)
    summary = m.AccountSummary(req_id=1, account=account, tag=key, value=value, currency=currency)
    assert read_account_value(multi) == read_account_value(summary) == same
    assert read_account_value(m.AccountValue(key=key, value=value)) is None, "of no account"


def test_names_stay_text_and_a_reset_is_known() -> None:
    assert (row("AccountCode", "1234567").value, row("AccountCode", "1234567").text) == (None, "1234567")
    assert is_resetting(row("AccountReady", "false"))
    assert not is_resetting(row("AccountReady", "true"))


def test_find_takes_what_is_of_the_whole_account_and_names_the_choices_if_there_are_several() -> None:
    rows = [
        *(row("AccruedCash", "1", "USD"), row("$LEDGER-AccruedCash", "2", "USD"), row("AccruedCash-S", "3", "USD")),
        *(row("CashBalance", "4", "USD"), row("CashBalance", "5", "EUR"), row("CashBalance", "6", "BASE")),
    ]

    def number(key: str, **more: str | bool) -> Decimal | None:
        found = find(rows, key, **more)  # type: ignore[arg-type]
        return None if found is None else found.value

    assert number("AccruedCash") == 1
    assert number("AccruedCash", is_ledger=True) == 2
    assert number("AccruedCash", segment="S") == 3
    assert number("CashBalance", currency="EUR") == 5
    assert number("CashBalance", currency="CHF") is None
    with pytest.raises(InvalidRequest, match=r"3 values.*BASE.*EUR.*USD"):
        find(rows, "CashBalance")


def test_positions_and_portfolio_take_nothing_unset_for_a_number() -> None:
    contract = m.Contract(con_id=1)
    held = read_position(m.Position(account="DU1", contract=contract, position="0.5", avg_cost=MAX))
    assert held is not None
    assert (held.quantity, held.average_cost) == (Decimal("0.5"), None)
    item = read_portfolio_item(
        m.PortfolioValue(contract=contract, position="-3", market_price=MAX, unrealized_pnl=0.1, account_name="DU1")
    )
    assert item is not None
    assert (item.market_price, item.market_value, item.unrealized_pnl) == (None, None, Decimal("0.1"))
    assert read_position(m.Position(account="DU1", contract=contract, position="1.7976931348623157E308")) is None
