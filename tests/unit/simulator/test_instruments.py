"""The table is sound, and a partly filled contract finds what IBKR would find."""

from decimal import Decimal

import pytest

from ibwire.simulator.instruments import INSTRUMENTS, Instrument, by_con_id, by_local_symbol, find


def local_symbols(found: list[Instrument]) -> list[str]:
    return [instrument.local_symbol for instrument in found]


def test_table_has_all_instruments_under_unique_ids_and_names() -> None:
    assert len(INSTRUMENTS) == 63
    assert len({instrument.con_id for instrument in INSTRUMENTS}) == 63
    assert len({instrument.local_symbol for instrument in INSTRUMENTS}) == 63


def test_only_three_instruments_have_a_synthetic_con_id() -> None:
    synthetic = [i.local_symbol for i in INSTRUMENTS if i.con_id > 900_000_000]
    assert sorted(synthetic) == ["6EH4", "700", "BRK A"]


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda i: i.local_symbol)
def test_every_instrument_can_be_described_and_generated(instrument: Instrument) -> None:
    valid = instrument.valid_exchanges.split(",")
    assert instrument.exchange in valid
    assert (instrument.sec_type in ("STK", "OPT")) == ("SMART" in valid)
    if instrument.market_rule_ids:
        assert len(instrument.market_rule_ids.split(",")) == len(valid)
    assert "LMT" in instrument.order_types.split(",")
    assert instrument.long_name
    assert instrument.min_tick > 0
    assert instrument.reference_price > 2 * instrument.min_tick
    assert instrument.quote_size_step % instrument.size_increment == 0
    assert instrument.typical_size % instrument.quote_size_step == 0
    if instrument.sec_type in ("FUT", "FOP", "OPT"):
        assert len(instrument.last_trade_date) == len("YYYYMMDD")
        assert instrument.multiplier


def test_details_of_a_stock_are_those_a_gateway_gives() -> None:
    aapl = by_con_id(265598)
    assert aapl is not None
    assert (aapl.symbol, aapl.exchange, aapl.primary_exchange) == ("AAPL", "SMART", "NASDAQ")
    assert (aapl.min_tick, aapl.min_size) == (Decimal("0.01"), Decimal("0.0001"))
    assert (aapl.trading_class, aapl.market_name, aapl.stock_type) == ("NMS", "NMS", "COMMON")
    assert aapl.multiplier is None


def test_unknown_ids_and_names_give_none() -> None:
    assert by_con_id(1) is None
    assert by_local_symbol("ESZ99") is None


def test_find_by_con_id_alone() -> None:
    assert local_symbols(find(con_id=533620665)) == ["ESH4"]
    assert find(con_id=1) == []


def test_find_with_con_id_and_a_contradiction_finds_nothing() -> None:
    assert find(con_id=533620665, symbol="NQ") == []


def test_find_stock_on_smart_and_on_its_own_exchange() -> None:
    assert local_symbols(find(symbol="JPM", sec_type="STK", exchange="SMART", currency="USD")) == ["JPM"]
    assert local_symbols(find(symbol="JPM", sec_type="STK", exchange="NYSE")) == ["JPM"]
    assert local_symbols(find(symbol="JPM", primary_exchange="NYSE")) == ["JPM"]
    assert find(symbol="JPM", sec_type="STK", exchange="SEHK") == []
    assert find(symbol="JPM", primary_exchange="NASDAQ") == []


def test_find_future_on_smart_finds_nothing() -> None:
    assert find(symbol="ES", sec_type="FUT", exchange="SMART") == []


def test_find_takes_an_exchange_by_its_whole_name() -> None:
    assert find(symbol="ES", sec_type="FUT", exchange="CM") == []


def test_find_is_case_sensitive() -> None:
    assert find(symbol="aapl", sec_type="STK") == []


def test_find_ambiguous_future_gives_all_in_table_order() -> None:
    found = local_symbols(find(symbol="ES", sec_type="FUT", exchange="CME"))
    assert found == ["ESH4", "ESZ5", "ESH6", "ESM6", "ESU6"]


@pytest.mark.parametrize(
    ("when", "expected"),
    [("202603", ["ESH6"]), ("20260320", ["ESH6"]), ("20260319", []), ("202604", [])],
)
def test_find_future_by_month_or_day(when: str, expected: list[str]) -> None:
    found = find(symbol="ES", sec_type="FUT", last_trade_date_or_contract_month=when)
    assert local_symbols(found) == expected


def test_find_future_that_expires_before_its_contract_month() -> None:
    assert local_symbols(find(symbol="CL", last_trade_date_or_contract_month="202312")) == ["CLZ3"]
    assert local_symbols(find(symbol="CL", last_trade_date_or_contract_month="20231120")) == ["CLZ3"]
    assert find(symbol="CL", last_trade_date_or_contract_month="202311") == []


def test_find_continuous_future_gives_the_front_contract() -> None:
    (front,) = find(symbol="GC", sec_type="CONTFUT", exchange="COMEX")
    assert (front.local_symbol, front.sec_type, front.con_id) == ("GCG6", "CONTFUT", 693609539)


def test_find_futures_and_continuous_future_together() -> None:
    found = find(symbol="NQ", sec_type="FUT+CONTFUT")
    assert local_symbols(found) == ["NQZ3", "NQH5", "NQH6", "NQM6", "NQZ3"]
    assert [instrument.sec_type for instrument in found] == ["FUT"] * 4 + ["CONTFUT"]


@pytest.mark.parametrize(("right", "count"), [("C", 1), ("CALL", 1), ("P", 0), ("PUT", 0), ("", 1)])
def test_find_option_by_right_in_both_spellings(right: str, count: int) -> None:
    found = find(symbol="TSLA", sec_type="OPT", exchange="SMART", strike=100.0, right=right, multiplier=100.0)
    assert len(found) == count


def test_find_tells_the_underlying_from_the_derivative_of_one_symbol() -> None:
    assert local_symbols(find(symbol="EUR", sec_type="CASH", currency="USD")) == ["EUR.USD"]
    assert local_symbols(find(symbol="EUR", sec_type="FUT")) == ["6EH4"]
    assert local_symbols(find(local_symbol="6EH4")) == ["6EH4"]
    assert local_symbols(find(trading_class="E4A")) == ["E4AN4 C5655"]


@pytest.mark.parametrize("field", ["strike", "multiplier"])
def test_find_does_not_match_a_wrong_number(field: str) -> None:
    by_number = {"strike": find(symbol="TSLA", strike=101.0), "multiplier": find(symbol="TSLA", multiplier=10.0)}
    assert by_number[field] == []
