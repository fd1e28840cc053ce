"""What is wrong with the condition of an order."""

from __future__ import annotations

from ibwire.order_conditions import (
    Condition,
    ExecutionCondition,
    MarginCondition,
    OtherCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from ibwire.order_times import moment_problem
from ibwire.order_values import PROBLEM_OF_KIND
from ibwire.wire import messages as m


def condition_problem(condition: Condition) -> str | None:
    """What is wrong with a condition, or None."""
    if isinstance(condition, OtherCondition):
        return None if isinstance(condition.wire, m.OrderCondition) else f"{condition.wire!r} is no OrderCondition"
    if not isinstance(condition, _KINDS):
        return f"{condition!r} is none of {', '.join(kind.__name__ for kind in _KINDS)}"
    if isinstance(condition, TimeCondition):
        problem = moment_problem(condition.time)
        if problem is not None:
            return problem
    for name, written in type(condition).__annotations__.items():
        problem_of = PROBLEM_OF_KIND.get(written)
        problem = problem_of(name, getattr(condition, name)) if problem_of is not None else None
        if problem is not None:
            return problem
    return _range_problem(condition)


def _range_problem(condition: Condition) -> str | None:
    match condition:
        case PriceCondition() | VolumeCondition() | PercentChangeCondition() if condition.con_id <= 0:
            return "con_id must be that of the instrument to be watched"
        case VolumeCondition() if condition.volume < 0:
            return f"volume is {condition.volume}; allowed are 0 and more"
        case MarginCondition() if not 0 <= condition.percent <= 100:
            return f"percent is {condition.percent}; allowed are 0 to 100"
    return None


_KINDS = (
    PriceCondition,
    TimeCondition,
    MarginCondition,
    ExecutionCondition,
    VolumeCondition,
    PercentChangeCondition,
)
