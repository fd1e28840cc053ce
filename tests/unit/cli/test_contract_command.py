"""`ibwire contract`: what a person reads of a contract, of candidates and of a search."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ibwire.cli.app import app
from ibwire.cli.contract import Facts, facts_at
from ibwire.contract_details import ContractDetails, details_of
from ibwire.price_grid import PriceGrid, PriceStep
from ibwire.wire import messages as m

SUNDAY_NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONDAY_NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
TUESDAY_NIGHT = datetime(2026, 11, 25, 2, tzinfo=UTC)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["contract", *arguments, "--sim"])


def lines_of(facts: Facts) -> dict[str, str]:
    return dict(facts.lines())


def details_with(**details: Any) -> ContractDetails:
    contract = m.Contract(con_id=1, symbol="X", sec_type="STK", currency="USD")
    return details_of(m.ContractData(1, contract, m.ContractDetails(**details)))


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (SUNDAY_NOON, "none America/New_York (closed now, opens Mon 04:00)"),
        (MONDAY_NOON, "Mon 04:00 to Mon 20:00 America/New_York (open now)"),
        (TUESDAY_NIGHT, "Tue 04:00 to Tue 20:00 America/New_York (closed now)"),  # what comes next IBKR has not said
    ],
)
def test_hours_are_those_of_today_at_the_exchange(now: datetime, told: str) -> None:
    details = details_with(
        trading_hours="20261122:CLOSED;20261123:0400-20261123:2000;20261124:0400-20261124:2000",
        time_zone_id="America/New_York",
    )
    facts = facts_at(now, details, None)
    assert lines_of(facts)["hours today"] == told
    assert facts.as_dict()["is_open"] is ("open now" in told)


def test_details_stand_one_a_line() -> None:
    result = run("FUT:ES:CME:202603")
    assert result.exit_code == 0, result.output
    lines = dict(line.split(": ", 1) for line in result.output.splitlines())
    assert lines["con_id"] == "649180695"
    assert lines["name"] == "E-mini S&P 500"
    assert lines["prices"] == "by 0.25"
    assert lines["multiplier"] == "50"
    assert lines["underlying"] == "ES (con_id 11004968)"


def test_prices_in_steps() -> None:
    grid = PriceGrid((PriceStep(Decimal(0), Decimal("0.01")), PriceStep(Decimal(3), Decimal("0.05"))))
    facts = facts_at(MONDAY_NOON, details_with(), grid)
    assert lines_of(facts)["prices"] == "by 0.01, from 3 by 0.05"


def test_what_ibkr_did_not_say_is_left_out() -> None:
    facts = facts_at(MONDAY_NOON, details_with(min_tick="0.5"), None)
    assert lines_of(facts) == {
        "contract": "STK:X:exchange=",
        "con_id": "1",
        "type": "STK",
        "currency": "USD",
        "prices": "by 0.5",
        "hours today": "IBKR gave none that can be read",
    }
    assert facts.as_dict()["is_open"] is None


def test_candidates_as_json_name_the_field_that_decides() -> None:
    result = run("FUT:ES:CME", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["deciding"] == ["last_trade_date_or_contract_month"]
    assert [one["local_symbol"] for one in found["candidates"]] == ["ESH4", "ESZ5", "ESH6", "ESM6", "ESU6"]


def test_search_lists_what_fits_with_its_derivatives() -> None:
    result = run("apple", "--search")
    assert result.exit_code == 0, result.output
    heading, row = (line.split("\t") for line in result.output.splitlines())
    assert dict(zip(heading, row, strict=True)) == {
        "con_id": "265598",
        "sec_type": "STK",
        "symbol": "AAPL",
        "primary": "NASDAQ",
        "currency": "USD",
        "name": "APPLE INC",
        "derivatives": "OPT BAG",
    }


def test_search_that_finds_nothing_says_so() -> None:
    result = run("qqqqq", "--search")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: IBKR knows no symbol or name with 'qqqqq'; hint: ")
