"""Option chains: picking expiries and strikes, and the contracts they make."""

from __future__ import annotations

from datetime import date

import pytest

from ibwire.contracts import Contract, Future, Stock
from ibwire.exceptions import InvalidRequest, NoData, UnreadableAnswer
from ibwire.option_chains import OptionChain, chain_of
from ibwire.wire import messages as m

ROW = m.SecDefOptParameter(
    exchange="SMART",
    underlying_con_id=265598,
    trading_class="AAPL",
    multiplier="100",
    expirations=("20261218", "20260116", "20260417"),
    strikes=(210.0, 200.0, 205.0, 195.0, 200.0),
)
JANUARY, APRIL, DECEMBER = date(2026, 1, 16), date(2026, 4, 17), date(2026, 12, 18)


@pytest.fixture
def chain() -> OptionChain:
    return chain_of(Stock("AAPL"), ROW)


def test_a_chain_is_in_order_and_typed(chain: OptionChain) -> None:
    assert chain.expiries == (JANUARY, APRIL, DECEMBER)
    assert chain.strikes == (195.0, 200.0, 205.0, 210.0)
    assert chain.multiplier == 100.0


def test_expiries_are_picked_by_date(chain: OptionChain) -> None:
    assert chain.expiries_within(JANUARY, APRIL) == (JANUARY, APRIL)
    assert chain.nearest_expiry(date(2026, 3, 1)) == JANUARY
    assert chain.nearest_expiry(date(2026, 3, 10)) == APRIL
    assert chain.nearest_expiry(date(2030, 1, 1)) == DECEMBER
    near = chain_of(Stock("AAPL"), m.SecDefOptParameter(expirations=("20260105", "20260107")))
    assert near.nearest_expiry(date(2026, 1, 6)) == date(2026, 1, 7)


def test_strikes_are_picked_around_a_price(chain: OptionChain) -> None:
    assert chain.strikes_around(200.0, 1) == (200.0, 205.0)
    assert chain.strikes_around(202.0, 5) == (195.0, 200.0, 205.0, 210.0)
    assert chain.strikes_around(1.0, 1) == (195.0,)
    with pytest.raises(InvalidRequest, match="each_side"):
        chain.strikes_around(200.0, 0)


def test_contracts_are_complete_and_of_the_right_kind(chain: OptionChain) -> None:
    assert chain.option(APRIL, "call", 200) == Contract(
        symbol="AAPL",
        sec_type="OPT",
        last_trade_date_or_contract_month="20260417",
        strike=200.0,
        right="C",
        multiplier=100.0,
        exchange="SMART",
        currency="USD",
        trading_class="AAPL",
    )
    made = chain.options([APRIL, DECEMBER], chain.strikes_around(200.0, 1))
    assert len(made) == 8
    on_future = chain_of(Future("ES", "CME", "202612"), ROW).option(APRIL, "P", 200)
    assert (on_future.sec_type, on_future.symbol) == ("FOP", "ES")


def test_what_the_chain_has_not_is_named_at_once(chain: OptionChain) -> None:
    with pytest.raises(InvalidRequest) as caught:
        chain.options([APRIL, date(2026, 4, 18)], [200, 201.5], ["C", "X"])
    for fragment in ("no expiry 2026-04-18", "no strike 201.5", "no right 'X'"):
        assert fragment in caught.value.message
    assert "2026-04-17" not in caught.value.message


def test_a_chain_without_expiries_has_no_nearest() -> None:
    with pytest.raises(NoData):
        chain_of(Stock("AAPL"), m.SecDefOptParameter(exchange="SMART", trading_class="AAPL")).nearest_expiry(APRIL)


@pytest.mark.parametrize("change", [{"multiplier": "many"}, {"expirations": ("2026-04",)}])
def test_a_row_that_cannot_be_read_is_named(change: dict[str, object]) -> None:
    row = m.SecDefOptParameter(exchange="SMART", trading_class="AAPL", **change)  # type: ignore[arg-type]
    with pytest.raises(UnreadableAnswer, match="AAPL at SMART"):
        chain_of(Stock("AAPL"), row)
