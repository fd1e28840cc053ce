"""A corrected execution leaves the books as if it had been booked that way from the start."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec import structs

from ibwire.simulator.instruments import by_local_symbol
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.tickets import Fill
from tests.helpers.campaigns import campaign

ACCOUNT = "DU1"
INSTRUMENTS: list[Any] = [by_local_symbol(name) for name in ("AAPL", "ESZ5", "EUR.USD")]


def fill(number: int, quantity: int, price: int, commission: int = 1) -> Fill:
    return Fill(
        execution_id=f"e{number}",
        quantity=Decimal(quantity),
        price=Decimal(price) / 100,
        total_filled=Decimal(quantity),
        average_price=Decimal(price) / 100,
        commission=Decimal(commission),
        time_s=0,
    )


TRADES = st.lists(
    st.tuples(st.sampled_from(INSTRUMENTS), st.integers(1, 50), st.integers(1, 500), st.booleans()),
    min_size=1,
    max_size=12,
)


def booked(trades: list[Any], corrected: dict[int, Fill], new_day_after: int) -> Ledger:
    ledger = Ledger([ACCOUNT])
    for number, (instrument, quantity, price, is_buy) in enumerate(trades):
        if number == new_day_after:
            ledger.new_day({})
        ledger.book(ACCOUNT, instrument, corrected.get(number, fill(number, quantity, price)), is_buy=is_buy)
    return ledger


def books(ledger: Ledger) -> Any:
    held = [structs.asdict(holding) for holding in ledger.positions(ACCOUNT)]
    return ledger.cash(ACCOUNT), ledger.commissions(ACCOUNT), held


@campaign(part=60, full=600)
@given(trades=TRADES, which=st.integers(0, 11), quantity=st.integers(1, 60), price=st.integers(1, 500))
def test_books_after_a_correction_are_those_of_the_corrected_executions(
    trades: list[Any], which: int, quantity: int, price: int
) -> None:
    number = which % len(trades)
    day = number // 2  # what is corrected is of today
    new = structs.replace(fill(number, quantity, price, commission=2), execution_id=f"e{number}.02")
    ledger, expected = booked(trades, {}, day), booked(trades, {number: new}, day)
    ledger.correct(ACCOUNT, f"e{number}", new)
    assert books(ledger) == books(expected)
    for other in range(len(trades)):
        id_ = new.execution_id if other == number else f"e{other}"
        assert ledger.realized(ACCOUNT, id_) == expected.realized(ACCOUNT, id_)
    with pytest.raises(KeyError):
        ledger.realized(ACCOUNT, f"e{number}")


def test_execution_of_another_day_or_unknown_is_not_corrected() -> None:
    ledger = booked([(INSTRUMENTS[0], 5, 100, True)], {}, new_day_after=9)
    before = books(ledger)
    with pytest.raises(KeyError):
        ledger.correct(ACCOUNT, "e7", fill(7, 1, 1))
    assert books(ledger) == before
    ledger.new_day({})
    with pytest.raises(KeyError):
        ledger.correct(ACCOUNT, "e0", fill(0, 1, 1))
