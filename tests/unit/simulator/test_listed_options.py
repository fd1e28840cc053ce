"""Every option that a chain lists is a contract: found by its terms, by its name and by an id that never changes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibwire.simulator import catalogue, listed_options, option_chains
from ibwire.simulator.catalogue import Catalogue
from ibwire.simulator.instruments import INSTRUMENTS, Instrument, by_local_symbol
from ibwire.simulator.option_chains import UNDERLYINGS

MONDAY = date(2026, 11, 23)
TODAY = Catalogue(MONDAY)
DECEMBER = "20261218"

DAYS = st.dates(date(1999, 6, 1), date(2078, 12, 1))


def known(local_symbol: str) -> Instrument:
    found = by_local_symbol(local_symbol) or TODAY.by_local_symbol(local_symbol)
    assert found is not None, local_symbol
    return found


AAPL, ESU6 = known("AAPL"), known("ESU6")


def options(symbol: str, sec_type: str = "OPT", **more: object) -> list[Instrument]:
    return TODAY.find(symbol=symbol, sec_type=sec_type, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("underlying", UNDERLYINGS.values(), ids=lambda one: one.local_symbol)
def test_a_chain_and_the_contracts_are_the_same_options(underlying: Instrument) -> None:
    rows = TODAY.chain(underlying)
    listed = {
        (row.exchange, row.trading_class, day, strike, right, float(row.multiplier))
        for row in rows
        for day in row.expiries
        for strike in row.strikes
        for right in "CP"
    }
    sec_type = "FOP" if underlying.sec_type == "FUT" else "OPT"
    found = [one for one in options(underlying.symbol, sec_type) if one.under_con_id == underlying.con_id]
    made = [one for one in found if one not in INSTRUMENTS]
    venues = {row.exchange for row in rows}
    assert venues <= {venue for one in made for venue in one.valid_exchanges.split(",")}
    assert listed == {
        (venue, one.trading_class, one.last_trade_date, one.strike, one.right, one.multiplier)
        for venue in venues
        for one in made
    }


def test_a_symbol_and_an_expiry_give_all_calls_and_puts_of_it() -> None:
    found = options("AAPL", last_trade_date_or_contract_month=DECEMBER)
    strikes = option_chains.strikes(AAPL.reference_price)
    assert [(one.right, one.strike) for one in found] == [(right, strike) for right in "CP" for strike in strikes]
    assert {one.last_trade_date for one in found} == {DECEMBER}


def test_a_month_gives_all_of_its_expiries() -> None:
    found = options("AAPL", last_trade_date_or_contract_month="202612", right="C", strike=250.0)
    assert [one.last_trade_date for one in found] == ["20261204", "20261211", DECEMBER, "20261225"]


def test_what_is_named_in_full_is_one_contract() -> None:
    (one,) = options("AAPL", last_trade_date_or_contract_month=DECEMBER, strike=250.0, right="PUT", exchange="CBOE")
    assert (one.local_symbol, one.trading_class, one.multiplier) == ("AAPL  261218P00250000", "AAPL", 100.0)
    assert (one.under_symbol, one.under_con_id, one.under_sec_type) == ("AAPL", AAPL.con_id, "STK")
    (future_option,) = options("ES", "FOP", last_trade_date_or_contract_month=DECEMBER, strike=7000.0, right="C")
    assert (future_option.local_symbol, future_option.trading_class) == ("ESZ6 C7000", "ES")
    assert (future_option.multiplier, future_option.exchange, future_option.under_symbol) == (50.0, "CME", "ESU6")


def test_a_symbol_alone_means_what_the_options_are_on() -> None:
    assert TODAY.find(symbol="AAPL") == [AAPL]
    assert TODAY.find(symbol="ES", sec_type="FUT", local_symbol="ESU6") == [ESU6]


@pytest.mark.parametrize(
    "given_",
    [
        {"strike": 251.0},  # between two strikes
        {"last_trade_date_or_contract_month": "20261217"},  # a Thursday
        {"last_trade_date_or_contract_month": "20261120"},  # last Friday
        {"last_trade_date_or_contract_month": "202801"},  # not listed yet
        {"exchange": "CME"},
        {"currency": "EUR"},
        {"trading_class": "AAPL7"},
        {"multiplier": 10.0},
    ],
)
def test_what_a_chain_does_not_list_is_no_contract(given_: dict[str, object]) -> None:
    assert options("AAPL", **given_) == []


def test_all_names_of_options_lead_to_them() -> None:
    for name in ("AAPL  261218C00250000", "BRKB  261218P00480000", "SPXW  261127C06850000", "ESZ6 P7000", "OGZ6 C4400"):
        assert known(name).local_symbol == name
        assert TODAY.find(local_symbol=name, sec_type="FUT") == []


def test_ids_are_the_same_in_every_run_and_version() -> None:
    # Pinned: who keeps an id for a month finds the same option by it.
    names = ("AAPL  261218C00250000", "SPX   261218P06850000", "ESZ6 C7000")
    assert [known(name).con_id for name in names] == [2016774430, 1375045982, 2099087646]


def test_no_id_is_used_twice_or_by_the_table() -> None:
    assert max(one.con_id for one in INSTRUMENTS) < listed_options.FIRST_ID
    assert len({con_id % listed_options.KEYS for con_id in UNDERLYINGS}) == len(UNDERLYINGS)
    every = [
        terms.con_id
        for underlying in UNDERLYINGS.values()
        for day in option_chains.expiries(underlying, MONDAY)
        for terms in listed_options.terms_with(underlying, day)
    ]
    assert len(set(every)) == len(every) > 50_000
    assert all(listed_options.FIRST_ID <= con_id < 2**31 for con_id in every)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(UNDERLYINGS.values())), DAYS, st.data())
def test_an_id_holds_the_terms_and_finds_the_option_as_long_as_it_is_listed(
    underlying: Instrument, today: date, data: st.DataObject
) -> None:
    days = option_chains.expiries(underlying, today)
    if not days:
        assert underlying.sec_type == "FUT" or not date(1999, 11, 1) < today < date(2078, 6, 1)
        return
    expiry = data.draw(st.sampled_from(days))
    terms = data.draw(st.sampled_from(list(listed_options.terms_with(underlying, expiry))))
    assert listed_options.terms_of(terms.con_id) == terms
    later = today + timedelta(days=data.draw(st.integers(0, (expiry - today).days)))
    for day in (today, later, expiry):
        (found,) = Catalogue(day).find(con_id=terms.con_id)
        assert (found.con_id, found.local_symbol, found.strike) == (terms.con_id, terms.local_symbol, terms.strike)
        assert Catalogue(day).find(local_symbol=terms.local_symbol) == [found]
    assert Catalogue(expiry + timedelta(days=1)).find(con_id=terms.con_id) == []
    assert catalogue.by_con_id(terms.con_id) is not None, "who holds one that is over still knows what it is"


@settings(max_examples=200, deadline=None)
@given(st.integers(listed_options.FIRST_ID, 2**31 - 1))
def test_any_other_id_is_that_of_no_option(con_id: int) -> None:
    terms = listed_options.terms_of(con_id)
    assert terms is None or terms.con_id == con_id
    found = catalogue.by_con_id(con_id)
    assert (found is None) == (terms is None)


def test_a_recording_has_the_options_that_it_has_recorded_and_lists_no_others() -> None:
    option = known("AAPL  261218C00250000")
    recording = Catalogue(MONDAY, frozenset({AAPL.con_id, option.con_id}))
    assert recording.find(symbol="AAPL", sec_type="OPT") == [option]
    assert recording.find(con_id=option.con_id) == [option]
    assert recording.find(local_symbol=option.local_symbol) == [option]
    assert recording.find(con_id=option.con_id + 1) == []
    assert recording.by_con_id(option.con_id + 1) is None
    assert {(row.expiries, row.strikes) for row in recording.chain(AAPL)} == {((DECEMBER,), (250.0,))}
    assert recording.chain(known("MSFT")) == []
    long_after = Catalogue(date(2030, 1, 1), recording.recorded)
    assert long_after.find(con_id=option.con_id) == [option], "a recording is played by its own dates"


def test_options_are_traded_where_and_when_what_they_are_on_is() -> None:
    share, index, future = (known(name) for name in ("AAPL  261218C00250000", "SPXW  261127C06850000", "OGZ6 C4400"))
    assert (share.exchange, index.exchange, future.exchange) == ("SMART", "SMART", "COMEX")
    assert (share.trading_sessions, index.time_zone_id) == ("0930-1600", "US/Central")
    gold = known("GCM6")
    assert (future.trading_sessions, future.time_zone_id) == (gold.trading_sessions, gold.time_zone_id)
    for one in (share, index, future):
        assert len(one.market_rule_ids.split(",")) == len(one.valid_exchanges.split(","))
