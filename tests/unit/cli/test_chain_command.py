"""`ibwire chain`: expiries, and the strikes around the market."""

from __future__ import annotations

import json
from datetime import date

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from ibwire.cli.app import app
from ibwire.cli.chain import Chains, expiry_in
from ibwire.cli.chain_prices import Prices
from ibwire.contracts import Contract, OptionChain
from ibwire.exceptions import IbwireError, NoData
from ibwire.quotes import Greeks, Quote

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


CALL, PUT = (CHAIN.option(DAYS[1], right, 100.0) for right in "CP")
GREEKS = Greeks(implied_volatility=0.2134, delta=0.5, gamma=0.02, vega=0.1, theta=-0.05, underlying_price=102.0)


def priced(problem: IbwireError | None = None) -> Chains:
    call = Quote(contract=CALL, bid=3.9, ask=4.05, last=4.0, model_greeks=GREEKS)
    return replace(chains(102.0), prices=Prices({CALL: call, PUT: Quote(contract=PUT, bid=1.0)}, problem))


def test_prices_and_greeks_stand_beside_the_texts_and_what_is_not_known_is_left_empty() -> None:
    heading, row, other = (line.split("\t") for line in priced().plain().splitlines())
    assert heading[4:] == [f"{right}_{name}" for right in ("call", "put") for name in ("bid", "ask", "vol", "delta")]
    assert row[4:] == ["3.90", "4.05", "21.3%", "+0.50", "1.00", "", "", ""]
    assert other[4:] == [""] * 8


def test_prices_as_data_have_all_greeks() -> None:
    (chain,) = priced().as_dict()["chains"]
    first, second = chain["options"]
    assert first["call_quote"]["vega"] == 0.1
    assert (first["put_quote"]["bid"], first["put_quote"]["delta"]) == (1.0, None)
    assert (second["call_quote"], second["put_quote"]) == (None, None)


def test_table_has_calls_left_and_puts_right_and_says_why_prices_are_missing() -> None:
    table = priced(NoData("no permission")).table()
    assert [str(column.header) for column in table.columns][3:7] == ["delta", "strike", "distance", "bid"]
    assert table.row_count == 2
    assert str(table.caption).splitlines() == [
        "the first call is OPT:AAPL:20261127:C:100:multiplier=100:trading_class=AAPL",
        "not all have prices: no permission",
    ]


def test_prices_are_only_asked_for_when_they_are_wanted() -> None:
    expiry = json.loads(run("AAPL", "--json").output)["chains"][0]["expiries"][0]
    asked = ("AAPL", "--expiry", expiry, "--strikes", "1", "--json")
    (with_prices,), (without,) = (json.loads(run(*asked, *more).output)["chains"] for more in ((), ("--no-prices",)))
    assert set(without["options"][0]) == {"strike", "call", "put"}
    for pair in with_prices["options"]:
        for side in ("call_quote", "put_quote"):
            assert 0 < pair[side]["bid"] < pair[side]["ask"]
            assert 0 < pair[side]["implied_volatility"] < 1
        assert pair["call_quote"]["delta"] > 0 > pair["put_quote"]["delta"]
