"""The prices at which an instrument may be ordered: IBKR's market rules as a grid, and rounding onto it.

A rule is a list of steps by ascending edge; the increment of a step holds for prices from its edge on (protocol notes,
3.8). Prices on the grid are multiples of the increment that holds for them. A negative price (a spread's, oil's in
April 2020) has the increment of its absolute value: IBKR's rules begin at 0.

Pure and exact: everything is a Decimal.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal
from enum import StrEnum

from msgspec import Struct

from ibwire.exceptions import InvalidRequest, UnreadableAnswer
from ibwire.wire import messages as m

_EXACT = Context(prec=60)
"""No price and no increment needs more digits."""

_LARGEST = Decimal(10) ** 15


class Rounding(StrEnum):
    """Where a price that is not on the grid goes."""

    NEAREST = "nearest"  # the nearer price; from the middle away from zero
    DOWN = "down"  # the next lower price, also below zero: -1.02 to -1.05
    UP = "up"  # the next higher price, also below zero: -1.02 to -1.00


class PriceStep(Struct, frozen=True):
    """From the price `low_edge` on, prices are multiples of `increment`."""

    low_edge: Decimal
    increment: Decimal


class PriceGrid(Struct, frozen=True):
    """All the prices that an order may have: steps by ascending edge, the first from 0 on."""

    steps: tuple[PriceStep, ...]

    def round(self, price: Decimal | float, rounding: Rounding = Rounding.NEAREST) -> Decimal:
        """The price on the grid that `rounding` leads to; a price on it stays.

        A float is taken as Python prints it (0.1 is a tenth). Raises InvalidRequest for what is no price.
        """
        exact = as_price(price)
        if exact < 0:
            return -self._round_magnitude(-exact, _MIRRORED[rounding])
        return self._round_magnitude(exact, rounding)

    def holds(self, price: Decimal | float) -> bool:
        """Whether an order may have this price."""
        return self.round(price) == as_price(price)

    def increment_at(self, price: Decimal | float) -> Decimal:
        """The increment that holds for a price."""
        return self.steps[self._step_of(abs(as_price(price)))].increment

    def _round_magnitude(self, price: Decimal, rounding: Rounding) -> Decimal:
        below, above = self._at_most(price), self._at_least(price)
        if rounding is Rounding.NEAREST:
            return below if _EXACT.subtract(price, below) < _EXACT.subtract(above, price) else above
        return below if rounding is Rounding.DOWN else above

    def _step_of(self, price: Decimal) -> int:
        return max(number for number, step in enumerate(self.steps) if step.low_edge <= price)

    def _at_most(self, price: Decimal) -> Decimal:
        """The highest price on the grid that is not above `price`, which is not below 0."""
        number = self._step_of(price)
        found = _multiple_below(price, self.steps[number].increment)
        while found < self.steps[number].low_edge:  # an edge between two multiples: the step before has what is next
            edge, number = self.steps[number].low_edge, number - 1
            increment = self.steps[number].increment
            found = _EXACT.subtract(_multiple_above(edge, increment), increment)
        return found

    def _at_least(self, price: Decimal) -> Decimal:
        """The lowest price on the grid that is not below `price`, which is not below 0."""
        number = self._step_of(price)
        found = _multiple_above(price, self.steps[number].increment)
        for step in self.steps[number + 1 :]:
            if found < step.low_edge:
                break
            found = _multiple_above(step.low_edge, step.increment)
        return found


_MIRRORED = {Rounding.NEAREST: Rounding.NEAREST, Rounding.DOWN: Rounding.UP, Rounding.UP: Rounding.DOWN}


def grid_of(increments: Iterable[m.PriceIncrement]) -> PriceGrid:
    """The grid of a market rule as IBKR sends it.

    Raises UnreadableAnswer if it does not begin at 0, does not ascend, or has an increment that is not above 0.
    """
    steps = tuple(PriceStep(_decimal(one.low_edge), _decimal(one.increment)) for one in increments)
    edges = [step.low_edge for step in steps]
    if not steps or edges[0] != 0 or edges != sorted(set(edges)) or any(step.increment <= 0 for step in steps):
        shown = ", ".join(f"from {step.low_edge} by {step.increment}" for step in steps) or "nothing"
        raise UnreadableAnswer(f"a market rule must ascend from 0 in increments above 0; this one has {shown}")
    return PriceGrid(steps)


def even_grid(increment: Decimal) -> PriceGrid:
    """The grid with one increment everywhere. Raises UnreadableAnswer if it is not above 0."""
    if not increment > 0:
        raise UnreadableAnswer(f"a price increment is above 0; this one is {increment}")
    return PriceGrid((PriceStep(Decimal(0), increment),))


def as_price(value: Decimal | float) -> Decimal:
    """A price as an exact number. Raises InvalidRequest for what is none."""
    if isinstance(value, bool) or not isinstance(value, Decimal | float | int):
        raise InvalidRequest(f"a price is a Decimal or a float; this is {value!r}")
    price = Decimal(repr(float(value))) if isinstance(value, float) else Decimal(value)
    if not price.is_finite() or abs(price) > _LARGEST:
        raise InvalidRequest(f"no instrument has the price {value!r}")
    return price


def _multiple_below(price: Decimal, increment: Decimal) -> Decimal:
    """The highest multiple of the increment that is not above a price, with as many decimals as the increment has."""
    return _EXACT.multiply(_EXACT.divide_int(price, increment), increment)


def _multiple_above(price: Decimal, increment: Decimal) -> Decimal:
    """The lowest multiple of the increment that is not below a price."""
    below = _multiple_below(price, increment)
    return below if below == price else _EXACT.add(below, increment)


def _decimal(value: float | None) -> Decimal:
    return Decimal(0) if value is None else Decimal(repr(value))
