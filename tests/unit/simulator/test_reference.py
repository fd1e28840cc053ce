"""Contracts are found as a gateway finds them and described whole, with hours from today on."""

from __future__ import annotations

from datetime import date

import pytest

from ibwire.simulator import reference
from ibwire.simulator.catalogue import Catalogue
from ibwire.simulator.instruments import INSTRUMENTS, by_local_symbol
from ibwire.wire import messages as m

MONDAY = date(2026, 11, 23)


def names(contract: m.Contract | None) -> list[str]:
    return [instrument.local_symbol for instrument in reference.instruments_for(contract, Catalogue(MONDAY))]


def described(local_symbol: str, today: date = MONDAY, exchange: str = "") -> m.ContractData:
    instrument = by_local_symbol(local_symbol)
    assert instrument is not None
    return reference.contract_data(7, instrument, today, exchange)


@pytest.mark.parametrize(
    ("contract", "expected"),
    [
        (m.Contract(con_id=265598), ["AAPL"]),
        (m.Contract(con_id=265598, exchange="NASDAQ"), ["AAPL"]),
        (m.Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD"), ["AAPL"]),
        (m.Contract(symbol="BRK A", sec_type="STK"), ["BRK A"]),
        (m.Contract(local_symbol="ESH4", exchange="CME"), ["ESH4"]),
        (m.Contract(symbol="ES", sec_type="FUT", last_trade_date_or_contract_month="202403"), ["ESH4"]),
        (m.Contract(symbol="ES", sec_type="FUT", last_trade_date_or_contract_month="20240315"), ["ESH4"]),
        (m.Contract(symbol="ES", sec_type="FUT", multiplier=50.0, exchange="CME", local_symbol="ESH6"), ["ESH6"]),
        (m.Contract(symbol="EUR", sec_type="CASH", currency="USD", exchange="IDEALPRO"), ["EUR.USD"]),
        (m.Contract(symbol="TSLA", sec_type="OPT", strike=100.0, right="CALL"), ["TSLA  230120C00100000"]),
        (m.Contract(symbol="ES", sec_type="FUT"), ["ESH4", "ESZ5", "ESH6", "ESM6", "ESU6"]),
        (m.Contract(symbol="EUR", sec_type="CASH"), ["EUR.USD", "EUR.JPY"]),
    ],
)
def test_contract_finds_every_instrument_it_may_mean(contract: m.Contract, expected: list[str]) -> None:
    assert names(contract) == expected


@pytest.mark.parametrize(
    "contract",
    [
        None,
        m.Contract(),
        m.Contract(con_id=None),
        m.Contract(sec_type="STK", exchange="SMART", currency="USD"),  # identifies nothing
        m.Contract(con_id=1),
        m.Contract(con_id=265598, exchange="CME"),
        m.Contract(symbol="AAPL", sec_type="FUT"),
        m.Contract(symbol="aapl", sec_type="STK"),
        m.Contract(symbol="AAPL", sec_type="STK", currency="EUR"),
        m.Contract(symbol="ES", sec_type="FUT", last_trade_date_or_contract_month="202404"),
    ],
)
def test_contract_that_means_nothing_known_finds_nothing(contract: m.Contract | None) -> None:
    assert names(contract) == []


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument.local_symbol)
def test_echoed_contract_finds_the_same_instrument_again(instrument: object) -> None:
    echo = reference.contract_of(instrument)  # type: ignore[arg-type]
    assert reference.instruments_for(echo, Catalogue(MONDAY)) == [instrument]


def test_contract_is_echoed_with_every_identifying_field() -> None:
    assert described("ESH4").contract == m.Contract(
        con_id=533620665,
        symbol="ES",
        sec_type="FUT",
        last_trade_date_or_contract_month="20240315",
        strike=0.0,
        right="",
        multiplier=50.0,
        exchange="CME",
        primary_exch="",
        currency="USD",
        local_symbol="ESH4",
        trading_class="ES",
        last_trade_date="20240315",
    )


@pytest.mark.parametrize(("wanted", "echoed"), [("", "SMART"), ("SMART", "SMART"), ("NASDAQ", "NASDAQ")])
def test_contract_is_echoed_on_the_exchange_it_was_asked_for(wanted: str, echoed: str) -> None:
    contract = described("AAPL", exchange=wanted).contract
    assert contract is not None
    assert (contract.exchange, contract.primary_exch) == (echoed, "NASDAQ")


def test_details_of_a_stock_are_those_of_a_gateway() -> None:
    data = described("AAPL")
    details = data.contract_details
    assert data.req_id == 7
    assert details is not None
    assert (details.min_tick, details.min_size, details.size_increment) == ("0.01", "0.0001", "0.0001")
    assert (details.suggested_size_increment, details.price_magnifier, details.agg_group) == ("100", 1, 1)
    assert (details.long_name, details.stock_type, details.time_zone_id) == ("APPLE INC", "COMMON", "US/Eastern")
    assert details.order_types is not None
    assert {"LMT", "MKT"} <= set(details.order_types.split(","))
    assert details.market_rule_ids is not None
    assert details.valid_exchanges is not None
    assert len(details.market_rule_ids.split(",")) == len(details.valid_exchanges.split(","))


def test_small_sizes_are_written_without_an_exponent() -> None:
    details = described("BTC.USD").contract_details
    assert details is not None
    assert (details.min_size, details.size_increment) == ("0.00000001", "0.00000001")


@pytest.mark.parametrize("today", [MONDAY, date(2024, 2, 29), date(2026, 12, 31)])
def test_hours_begin_with_today(today: date) -> None:
    details = described("AAPL", today).contract_details
    assert details is not None
    assert details.trading_hours is not None
    assert details.liquid_hours is not None
    assert details.trading_hours.startswith(f"{today:%Y%m%d}:0400-{today:%Y%m%d}:2000;")
    assert details.liquid_hours.startswith(f"{today:%Y%m%d}:0930-{today:%Y%m%d}:1600;")
    assert len({entry.split(":")[0] for entry in details.trading_hours.split(";")}) == 6


def test_hours_on_a_weekend_are_closed_for_a_stock_and_open_for_crypto() -> None:
    sunday = date(2026, 11, 22)
    stock, crypto = described("AAPL", sunday).contract_details, described("BTC.USD", sunday).contract_details
    assert stock is not None
    assert crypto is not None
    assert str(stock.trading_hours).startswith("20261122:CLOSED;20261123:0400-")
    assert str(crypto.trading_hours).startswith("20261122:0000-20261122:2359;")
