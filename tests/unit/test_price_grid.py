"""Rounding onto IBKR's price grids."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ibwire.exceptions import InvalidRequest, UnreadableAnswer
from ibwire.price_grid import PriceGrid, Rounding, even_grid, grid_of
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign


def rule(*steps: tuple[float, float]) -> PriceGrid:
    return grid_of([m.PriceIncrement(edge, increment) for edge, increment in steps])


OPTIONS = rule((0.0, 0.01), (3.0, 0.05))
SMALL = rule((0.0, 0.0001), (1.0, 0.01))


@pytest.mark.parametrize(
    ("grid", "price", "nearest", "down", "up"),
    [
        (OPTIONS, "2.994", "2.99", "2.99", "3.00"),
        (OPTIONS, "2.996", "3.00", "2.99", "3.00"),
        (OPTIONS, "3.024", "3.00", "3.00", "3.05"),
        (OPTIONS, "3.025", "3.05", "3.00", "3.05"),  # from the middle away from zero
        (OPTIONS, "-3.025", "-3.05", "-3.05", "-3.00"),
        (OPTIONS, "-1.014", "-1.01", "-1.02", "-1.01"),
        (OPTIONS, "-0.004", "0", "-0.01", "0"),
        (OPTIONS, "0", "0", "0", "0"),
        (SMALL, "0.99996", "1.00", "0.9999", "1.00"),
        (rule((0.0, 0.25), (1.0, 0.3)), "1.1", "1.2", "0.75", "1.2"),  # 1.0 itself is on neither side's grid
        (rule((0.0, 0.25)), "6500.13", "6500.25", "6500.00", "6500.25"),
        (rule((0.0, 0.00005)), "1.085574", "1.08555", "1.08555", "1.08560"),
        (even_grid(Decimal("0.2")), "440.1", "440.2", "440.0", "440.2"),
    ],
)
def test_prices_go_where_the_rounding_says(grid: PriceGrid, price: str, nearest: str, down: str, up: str) -> None:
    rounded = [grid.round(Decimal(price), one) for one in (Rounding.NEAREST, Rounding.DOWN, Rounding.UP)]
    assert rounded == [Decimal(nearest), Decimal(down), Decimal(up)]


@pytest.mark.parametrize("increment", [Decimal(0), Decimal("-0.01")])
def test_a_grid_has_an_increment(increment: Decimal) -> None:
    with pytest.raises(UnreadableAnswer, match="above 0"):
        even_grid(increment)


def test_a_float_is_the_number_that_python_prints() -> None:
    assert OPTIONS.round(0.1 + 0.2) == Decimal("0.30")
    assert OPTIONS.round(1.005, Rounding.UP) == Decimal("1.01")
    assert rule((0.0, 0.1)).round(0.3, Rounding.DOWN) == Decimal("0.3")  # though the float is below three tenths
    assert str(rule((0.0, 0.25)).round(6500.2)) == "6500.25"


@pytest.mark.parametrize("price", [float("nan"), float("inf"), Decimal("NaN"), True, "1.5", None, 1e300])
def test_what_is_no_price_is_refused(price: object) -> None:
    with pytest.raises(InvalidRequest, match="price"):
        OPTIONS.round(price)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "steps", [(), ((1.0, 0.01),), ((0.0, 0.0),), ((0.0, 0.01), (0.0, 0.05)), ((0.0, 0.01), (5.0, 0.1), (3.0, 0.05))]
)
def test_a_rule_that_makes_no_sense_is_an_error(steps: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(UnreadableAnswer, match="ascend from 0"):
        rule(*steps)


_CENTS = st.integers(1, 60)


@st.composite
def grids(draw: st.DrawFn) -> PriceGrid:
    """Rules in cents, edges that are no multiple of the increments among them."""
    edges = sorted(draw(st.sets(st.integers(1, 300), max_size=3)))
    return rule(*((edge / 100, draw(_CENTS) / 100) for edge in (0, *edges)))


def on_grid(grid: PriceGrid) -> list[Decimal]:
    """Every price of the grid up to 5, and below zero alike, found by trying all cents."""
    cents = [Decimal(number) / 100 for number in range(501)]
    held = [
        price for price in cents if price % [step for step in grid.steps if step.low_edge <= price][-1].increment == 0
    ]
    return sorted({*held, *(-price for price in held)})


@campaign(part=150, full=5_000)
@given(grids(), st.decimals(-4, 4, places=4))
def test_rounding_finds_the_neighbours_that_trying_all_prices_finds(grid: PriceGrid, price: Decimal) -> None:
    prices = on_grid(grid)
    below = [one for one in prices if one <= price]
    above = [one for one in prices if one >= price]
    assume(below and above)
    assert grid.round(price, Rounding.DOWN) == below[-1]
    assert grid.round(price, Rounding.UP) == above[0]
    distance = min(price - below[-1], above[0] - price)
    nearest = grid.round(price)
    assert abs(nearest - price) == distance
    assert nearest == max((one for one in (below[-1], above[0]) if abs(one - price) == distance), key=abs)
    assert grid.holds(nearest)
    assert grid.round(nearest, Rounding.UP) == grid.round(nearest, Rounding.DOWN) == nearest
