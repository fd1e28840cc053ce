"""Orders: what they are, how they are made, and what is wrong with one. Import these from here.

    order = limit("BUY", 100, "187.20", tif="GTC")
    problems(order, contract, grid)             # () or everything that is wrong
    rounded(order, grid)                        # only if asked for

Nothing here sends anything: that is what `trading` does.
"""

from ibwire.order_algos import (
    AccumulateDistribute,
    Adaptive,
    Algo,
    ArrivalPx,
    BalanceImpactRisk,
    ClosePx,
    DarkIce,
    MinImpact,
    PctVol,
    PctVolPx,
    PctVolSz,
    PctVolTm,
    Priority,
    RiskAversion,
    Twap,
    TwapStrategy,
    Vwap,
    with_algo,
)
from ibwire.order_checks import PriceGrid, check, problems, rounded
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
from ibwire.order_fields import Order
from ibwire.order_groups import Bracket, OcaType, bracket, one_cancels_all
from ibwire.order_times import Moment
from ibwire.order_types import (
    UP_TO_MID,
    adaptive,
    limit,
    limit_if_touched,
    limit_on_close,
    market,
    market_if_touched,
    market_on_close,
    market_to_limit,
    midprice,
    pegged_to_benchmark,
    pegged_to_best,
    pegged_to_market,
    pegged_to_midpoint,
    relative,
    stop,
    stop_limit,
    trailing_stop,
    trailing_stop_limit,
)

__all__ = [
    "Order", "Moment", "UP_TO_MID",
    "market", "limit", "stop", "stop_limit", "trailing_stop", "trailing_stop_limit", "market_if_touched",
    "limit_if_touched", "market_on_close", "limit_on_close", "market_to_limit", "relative", "midprice",
    "pegged_to_market", "pegged_to_midpoint", "pegged_to_benchmark", "pegged_to_best", "adaptive",
    "Bracket", "bracket", "OcaType", "one_cancels_all",
    "Condition", "PriceCondition", "TimeCondition", "MarginCondition", "ExecutionCondition", "VolumeCondition",
    "PercentChangeCondition", "OtherCondition",
    "Algo", "with_algo", "Adaptive", "ArrivalPx", "ClosePx", "DarkIce", "AccumulateDistribute", "Twap", "Vwap",
    "BalanceImpactRisk", "MinImpact", "PctVol", "PctVolPx", "PctVolSz", "PctVolTm", "Priority", "RiskAversion",
    "TwapStrategy", "PriceGrid", "problems", "check", "rounded",
]  # fmt: skip
