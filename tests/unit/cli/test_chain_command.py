"""`ibwire chain`: expiries, and the strikes around the market."""

from __future__ import annotations

import json
from datetime import date

import pytest
from typer.testing import CliRunner, Result

from ibwire.cli.app import app
from ibwire.cli.chain import Chains, expiry_in
from ibwire.contracts import Contract, OptionChain
from ibwire.exceptions import NoData

TODAY = date(2026, 11, 22)
DAYS = (date(2026, 11, 20), date(2026, 11, 27), date(2026, 12, 18))
CHAIN = OptionChain(
    underlying=Contract(con_id=265598, symbol="AAPL", sec_type="STK", currency="USD"),
    exchange="SMART",
    trading_class="AAPL",
    multiplier=100.0,
    expiries=DAYS,
    strikes=(90.0, 95.0, 100.0, 105.0, 110.0),
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["chain", *arguments, "--sim"])


def chains(price: float | None, day: date | None = DAYS[1]) -> Chains:
    return Chains(label="AAPL", chains=(CHAIN,), today=TODAY, price=price, day=day, each_side=1)


def test_expiries_with_their_days_and_strikes() -> None:
    heading, *rows = (line.split("\t") for line in chains(None, None).plain().splitlines())
    assert heading == ["exchange", "class", "multiplier", "expiry", "days", "strikes"]
    assert rows[2] == ["SMART", "AAPL", "100", "2026-12-18", "26", "5 from 90 to 110"]


def test_strikes_around_the_market_with_texts_that_commands_take() -> None:
    _, below, above = (line.split("\t") for line in chains(102.0).plain().splitlines())
    assert below == [
        *("100", "-2.0 %", "OPT:AAPL:20261127:C:100:multiplier=100:trading_class=AAPL"),
        "OPT:AAPL:20261127:P:100:multiplier=100:trading_class=AAPL",
    ]
    assert above[:2] == ["105", "+2.9 %"]


def test_strikes_are_those_in_the_middle_where_the_market_is_not_known() -> None:
    _, *rows = (line.split("\t") for line in chains(None).plain().splitlines())
    assert [row[:2] for row in rows] == [["100", ""], ["105", ""]]


def test_chain_without_strikes_shows_none() -> None:
    empty = Chains(label="X", chains=(), today=TODAY, price=None, day=None, each_side=1)
    assert len(empty.plain().splitlines()) == 1
    assert empty.as_dict()["chains"] == []


@pytest.mark.parametrize(
    ("digits", "day"), [("20261218", DAYS[2]), ("202612", DAYS[2]), ("202611", DAYS[1]), ("20261120", DAYS[0])]
)
def test_expiry_by_day_or_the_first_of_a_month_that_is_not_over(digits: str, day: date) -> None:
    assert expiry_in([CHAIN], digits, TODAY) == day


def test_expiry_that_is_none_names_those_that_there_are() -> None:
    with pytest.raises(NoData, match="the expiries are 2026-11-20, 2026-11-27, 2026-12-18"):
        expiry_in([CHAIN], "202701", TODAY)


def test_options_on_a_future_are_at_its_exchange() -> None:
    result = run("FUT:ES:CME:202609", "--json")
    assert result.exit_code == 0, result.output
    assert {one["exchange"] for one in json.loads(result.output)["chains"]} == {"CME"}


def test_all_exchanges_or_one_class() -> None:
    every = json.loads(run("AAPL", "--exchange", "all", "--json").output)["chains"]
    assert {"SMART", "CBOE"} <= {one["exchange"] for one in every}
    weekly = json.loads(run("IND:SPX:CBOE", "--trading-class", "SPXW", "--json").output)["chains"]
    assert [one["trading_class"] for one in weekly] == ["SPXW"]


def test_expiry_that_is_no_date_is_refused() -> None:
    result = run("AAPL", "--expiry", "soon")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: --expiry soon: write a day as ")
