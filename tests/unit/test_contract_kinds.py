"""Constructors of contracts: their defaults, and one error for everything that is wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ibwire.contract_rules import normal
from ibwire.contracts import (
    Bag,
    ComboLeg,
    Contract,
    Crypto,
    Forex,
    Fund,
    Future,
    FutureOption,
    Option,
    Stock,
)
from ibwire.exceptions import InvalidRequest
from ibwire.wire import encode
from ibwire.wire import messages as m


@pytest.mark.parametrize(
    ("made", "venue"),
    [
        (Stock("AAPL"), ("STK", "SMART", "USD")),
        (Forex("EUR/USD"), ("CASH", "IDEALPRO", "USD")),
        (Crypto("BTC"), ("CRYPTO", "PAXOS", "USD")),
        (Fund("VINIX"), ("FUND", "FUNDSERV", "USD")),
        (Option("AAPL", "20261218", "P", 200), ("OPT", "SMART", "USD")),
    ],
)
def test_kinds_have_ibkrs_usual_venue_and_currency(made: Contract, venue: tuple[str, str, str]) -> None:
    assert (made.sec_type, made.exchange, made.currency) == venue


def test_terms_may_be_given_as_people_have_them() -> None:
    option = FutureOption("ES", "CME", date(2026, 12, 18), "put", Decimal("6500.25"))
    assert (option.last_trade_date_or_contract_month, option.right, option.strike) == ("20261218", "P", 6500.25)


def test_what_a_constructor_makes_can_be_sent_as_it_is() -> None:
    leg = ComboLeg(con_id=1, ratio=1, action="BUY", exchange="SMART")
    for contract in (Stock("AAPL"), Bag("SPY", [leg]), Future("ES", "CME", "202612")):
        assert encode(m.ContractDataRequest(1, contract))


def test_everything_wrong_with_a_contract_is_named_at_once() -> None:
    with pytest.raises(InvalidRequest) as caught:
        Option("AAPL ", "20261318", "X", float("nan"), currency="usd", multiplier=0.5, sec_id="US0378331005")
    message = caught.value.message
    for name in ("symbol", "currency", "last_trade_date_or_contract_month", "right", "strike", "sec_id_type"):
        assert f"{name} " in message, name
    assert "multiplier" not in message


@pytest.mark.parametrize(
    ("legs", "problem"),
    [
        ([], "a BAG has legs"),
        ([ComboLeg(con_id=0, ratio=1, action="BUY", exchange="SMART")], "leg 1: con_id is 0"),
        ([ComboLeg(con_id=1, ratio=0, action="HOLD")], "ratio is 0.*action is 'HOLD'.*exchange is missing"),
    ],
)
def test_legs_that_cannot_work_are_named(legs: list[ComboLeg], problem: str) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        Bag("SPY", legs)


@pytest.mark.parametrize("pair", ["EUR", "eur.usd", "EUR.USDT", "EUR USD"])
def test_what_is_no_currency_pair_is_refused(pair: str) -> None:
    with pytest.raises(InvalidRequest, match=r"like EUR\.USD"):
        Forex(pair)


def test_normal_is_free_of_ibkrs_standins_and_keeps_what_means_something() -> None:
    echoed = Contract(
        con_id=1,
        symbol="ES",
        sec_type="FUT",
        last_trade_date_or_contract_month="20260618 08:30 US/Central",
        strike=0.0,
        right="0",
        multiplier=50.0,
        primary_exch="",
        description=" E-mini ",
    )
    assert normal(echoed) == Contract(
        con_id=1,
        symbol="ES",
        sec_type="FUT",
        last_trade_date_or_contract_month="20260618",
        multiplier=50.0,
        description="E-mini",
    )
    free = Contract(symbol="X", sec_type="OPT", strike=0.0, right="call")
    assert (normal(free).strike, normal(free).right) == (0.0, "C")
    assert normal(Contract(symbol="X", sec_type="OPT", right="X")).right == "X"  # the mistake is still to be named
