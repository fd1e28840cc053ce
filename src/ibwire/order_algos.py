"""IBKR's algorithms for working an order, with their parameters by IBKR's names in snake_case.

`with_algo(order, Vwap(max_pct_vol=Decimal("0.1")))` is the order worked by an algorithm. Shares of volume are
fractions: 0.1 is ten percent. Start and end are moments (`order_times`), `monetary_value` is a size in money. The names
are those of IBKR's published samples (`AvailableAlgoParams`), and `speedUp` that of its list of algorithms.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, get_args

from msgspec import Struct
from msgspec.structs import fields, replace

from ibwire.exceptions import InvalidOrder
from ibwire.order_fields import Order
from ibwire.order_times import Moment, moment_problem, moment_text

LARGEST_SHARE = Decimal("0.5")
"""No algorithm of IBKR takes more than half of the volume."""

_AMOUNTS = frozenset({"monetary_value"})
"""Parameters that are no shares."""


class Priority(StrEnum):
    """How much of a hurry an adaptive order is in."""

    URGENT = "Urgent"
    NORMAL = "Normal"
    PATIENT = "Patient"


class RiskAversion(StrEnum):
    """How much an algorithm fears that the market moves away, against moving it itself."""

    GET_DONE = "Get Done"
    AGGRESSIVE = "Aggressive"
    NEUTRAL = "Neutral"
    PASSIVE = "Passive"


class TwapStrategy(StrEnum):
    """At which prices a TWAP order trades."""

    MARKETABLE = "Marketable"
    MATCHING_MIDPOINT = "Matching Midpoint"
    MATCHING_SAME_SIDE = "Matching Same Side"
    MATCHING_LAST = "Matching Last"


class Algo(Struct, frozen=True, kw_only=True, rename="camel"):
    """The common part of all algorithms; a parameter that is None is not sent."""

    strategy: ClassVar[str]

    @property
    def params(self) -> dict[str, str]:
        """The parameters as IBKR takes them: tag to text."""
        given = {field.encode_name: getattr(self, field.name) for field in fields(self)}
        return {tag: _text(value) for tag, value in given.items() if value is not None}

    def problems(self) -> Iterator[str]:
        """What is wrong with the parameters."""
        for field in fields(self):
            value = getattr(self, field.name)
            problem = None if value is None else _problem(field.name, get_args(field.type) or (field.type,), value)
            if problem is not None:
                yield f"{field.name}{problem}"


class Adaptive(Algo, frozen=True, kw_only=True):
    """A market or limit order that waits between bid and ask, more or less patiently."""

    strategy = "Adaptive"
    adaptive_priority: Priority = Priority.NORMAL


class ArrivalPx(Algo, frozen=True, kw_only=True):
    """Aims at the middle of bid and ask at the time of the order."""

    strategy = "ArrivalPx"
    max_pct_vol: Decimal | None = None
    risk_aversion: RiskAversion | None = None
    start_time: Moment | None = None
    end_time: Moment | None = None
    force_completion: bool | None = None
    allow_past_end_time: bool | None = None
    monetary_value: Decimal | None = None


class ClosePx(Algo, frozen=True, kw_only=True):
    """Aims at the closing price."""

    strategy = "ClosePx"
    max_pct_vol: Decimal | None = None
    risk_aversion: RiskAversion | None = None
    start_time: Moment | None = None
    force_completion: bool | None = None
    monetary_value: Decimal | None = None


class DarkIce(Algo, frozen=True, kw_only=True):
    """Hides the order: shows about `display_size`, at changing prices."""

    strategy = "DarkIce"
    display_size: int
    start_time: Moment | None = None
    end_time: Moment | None = None
    allow_past_end_time: bool | None = None
    monetary_value: Decimal | None = None


class AccumulateDistribute(Algo, frozen=True, kw_only=True):
    """Cuts the order into parts of `component_size`, `time_between_orders` seconds apart."""

    strategy = "AD"
    component_size: int
    time_between_orders: int
    randomize_time_20: bool | None = None
    randomize_size_55: bool | None = None
    give_up: int | None = None
    catch_up: bool | None = None
    wait_for_fill: bool | None = None
    active_time_start: Moment | None = None
    active_time_end: Moment | None = None


class Twap(Algo, frozen=True, kw_only=True):
    """Aims at the average price over time."""

    strategy = "Twap"
    strategy_type: TwapStrategy | None = None
    start_time: Moment | None = None
    end_time: Moment | None = None
    allow_past_end_time: bool | None = None
    monetary_value: Decimal | None = None


class Vwap(Algo, frozen=True, kw_only=True):
    """Aims at the average price weighted by volume."""

    strategy = "Vwap"
    max_pct_vol: Decimal | None = None
    start_time: Moment | None = None
    end_time: Moment | None = None
    allow_past_end_time: bool | None = None
    no_take_liq: bool | None = None
    speed_up: bool | None = None
    monetary_value: Decimal | None = None


class BalanceImpactRisk(Algo, frozen=True, kw_only=True):
    """Options: weighs the impact on the market against the risk that it moves."""

    strategy = "BalanceImpactRisk"
    max_pct_vol: Decimal | None = None
    risk_aversion: RiskAversion | None = None
    force_completion: bool | None = None


class MinImpact(Algo, frozen=True, kw_only=True):
    """Options: moves the market as little as possible."""

    strategy = "MinImpact"
    max_pct_vol: Decimal | None = None


class PctVol(Algo, frozen=True, kw_only=True):
    """Takes a steady share of the volume."""

    strategy = "PctVol"
    pct_vol: Decimal
    start_time: Moment | None = None
    end_time: Moment | None = None
    no_take_liq: bool | None = None
    monetary_value: Decimal | None = None


class PctVolPx(Algo, frozen=True, kw_only=True):
    """Takes a share of the volume that grows as the price gets better."""

    strategy = "PctVolPx"
    pct_vol: Decimal
    delta_pct_vol: Decimal
    min_pct_vol_4_px: Decimal
    max_pct_vol_4_px: Decimal
    start_time: Moment | None = None
    end_time: Moment | None = None
    no_take_liq: bool | None = None
    monetary_value: Decimal | None = None


class PctVolSz(Algo, frozen=True, kw_only=True):
    """Takes a share of the volume that goes from `start_pct_vol` to `end_pct_vol` as the order fills."""

    strategy = "PctVolSz"
    start_pct_vol: Decimal
    end_pct_vol: Decimal
    start_time: Moment | None = None
    end_time: Moment | None = None
    no_take_liq: bool | None = None
    monetary_value: Decimal | None = None


class PctVolTm(Algo, frozen=True, kw_only=True):
    """Takes a share of the volume that goes from `start_pct_vol` to `end_pct_vol` with time."""

    strategy = "PctVolTm"
    start_pct_vol: Decimal
    end_pct_vol: Decimal
    start_time: Moment | None = None
    end_time: Moment | None = None
    no_take_liq: bool | None = None
    monetary_value: Decimal | None = None


def with_algo(order: Order, algo: Algo) -> Order:
    """The order, to be worked by an algorithm. Raises InvalidOrder naming every parameter that cannot be."""
    problems = [f"{algo.strategy}: {problem}" for problem in algo.problems()]
    if problems:
        raise InvalidOrder("; ".join(problems))
    return replace(order, algo_strategy=algo.strategy, algo_params=algo.params)


def _problem(name: str, kinds: tuple[Any, ...], value: Any) -> str | None:
    """What is wrong with a parameter that may be of these kinds, to be put behind its name."""
    if Decimal in kinds:
        largest = Decimal("Infinity") if name in _AMOUNTS else LARGEST_SHARE
        if isinstance(value, Decimal) and value.is_finite() and 0 < value <= largest:
            return None
        allowed = "Decimals above 0" if name in _AMOUNTS else f"fractions above 0 up to {largest}, as Decimals"
    elif datetime in kinds:
        problem = moment_problem(value) if isinstance(value, str | datetime) else f"{value!r} is no moment"
        return f": {problem}" if problem is not None else None
    elif int in kinds:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
            return None
        allowed = "whole numbers from 0 on"
    elif isinstance(value, kinds):
        return None
    else:
        choices = [str(one) for kind in kinds if issubclass(kind, StrEnum) for one in kind]
        allowed = ", ".join(choices or ["True", "False"])
    return f" is {value if isinstance(value, Decimal) else repr(value)}; allowed are {allowed}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return format(value, "f")
    return moment_text(value) if isinstance(value, datetime) else str(value)
