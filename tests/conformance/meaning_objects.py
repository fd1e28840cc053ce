"""IBKR's classic objects (Contract, Order, ...) as its decoder should build them, made from our records alone.

An attribute is our field of the same name in snake_case; `renamed` has the others, `derived` those that are computed,
`absent` those IBKR's decoder never sets, with the reason. A field of ours that is None leaves IBKR's default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from ibapi import common
from ibapi.commission_and_fees_report import CommissionAndFeesReport
from ibapi.const import UNSET_DECIMAL
from ibapi.contract import (
    ComboLeg,
    Contract,
    ContractDescription,
    ContractDetails,
    DeltaNeutralContract,
    FundAssetType,
    FundDistributionPolicyIndicator,
)
from ibapi.execution import Execution, OptionExerciseType
from ibapi.ineligibility_reason import IneligibilityReason
from ibapi.order import Order, OrderComboLeg
from ibapi.order_condition import (
    ExecutionCondition,
    MarginCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from ibapi.order_state import OrderAllocation, OrderState
from ibapi.softdollartier import SoftDollarTier
from ibapi.tag_value import TagValue
from ibapi.utils import decimalMaxString, floatMaxString

from ibwire.wire import messages as m
from tests.conformance.meaning_official import snake

T = TypeVar("T")
Derivation = tuple[Callable[..., Any], tuple[str, ...]]
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Shape(NamedTuple):
    """How one class of IBKR's follows from one record of ours."""

    kind: type
    record: type
    renamed: Mapping[str, str] = _NOTHING
    derived: Mapping[str, Derivation] = _NOTHING
    absent: Mapping[str, str] = _NOTHING
    unread: Mapping[str, str] = _NOTHING
    """Fields of ours that IBKR's decoder never looks at, with the reason."""


def build(shape: Shape, record: Any) -> Any:
    """IBKR's object for a record of ours."""
    assert type(record) is shape.record
    built = shape.kind()
    for name, default in list(vars(built).items()):
        if name in shape.absent:
            continue
        if name in shape.derived:
            derive, fields = shape.derived[name]
            value = derive(*(getattr(record, field) for field in fields))
        else:
            value = getattr(record, shape.renamed.get(name) or snake(name))
            if value is not None and default == UNSET_DECIMAL:
                value = Decimal(value)
        if value is not None:
            setattr(built, name, value)
    return built


def some(convert: Callable[[Any], T]) -> Callable[[Any], T | None]:
    """The conversion for a field that may be None."""
    return lambda value: None if value is None else convert(value)


def each(shape: Shape) -> Callable[[tuple[Any, ...]], list[Any] | None]:
    """A list of objects; where there is none, IBKR's default stays."""
    return lambda records: [build(shape, record) for record in records] or None


def tags(pairs: dict[str, str]) -> list[TagValue]:
    return [TagValue(tag, value) for tag, value in pairs.items()]


def _member(kind: Any) -> Callable[[Any], Any]:
    """The enum member with a code. `FundAssetType.Others` has a stray comma in IBKR's source and is never found."""
    return some(lambda code: next((item for item in kind if item.value[0] == code), next(iter(kind))))


COMBO_LEG = Shape(
    ComboLeg,
    m.ComboLeg,
    renamed={"shortSaleSlot": "short_sales_slot"},
    unread={"per_leg_price": "becomes an OrderComboLeg of the order, see `order`"},
)
DELTA_NEUTRAL = Shape(DeltaNeutralContract, m.DeltaNeutralContract)
_REQUEST_ONLY = "part of requests only; IBKR's decoder does not read it back"
CONTRACT = Shape(
    Contract,
    m.Contract,
    renamed={"primaryExchange": "primary_exch"},
    derived={
        "multiplier": (some(floatMaxString), ("multiplier",)),
        "comboLegs": (each(COMBO_LEG), ("combo_legs",)),
        "deltaNeutralContract": (some(lambda d: build(DELTA_NEUTRAL, d)), ("delta_neutral_contract",)),
    },
    absent={"includeExpired": _REQUEST_ONLY, "secIdType": _REQUEST_ONLY, "secId": _REQUEST_ONLY},
    unread={"include_expired": _REQUEST_ONLY, "sec_id_type": _REQUEST_ONLY, "sec_id": _REQUEST_ONLY},
)
DESCRIPTION = Shape(
    ContractDescription,
    m.ContractDescription,
    derived={
        "contract": (some(lambda c: build(CONTRACT, c)), ("contract",)),
        "derivativeSecTypes": (list, ("derivative_sec_types",)),
    },
)
INELIGIBILITY = Shape(IneligibilityReason, m.IneligibilityReason, renamed={"id_": "id"})
_FROM_THE_DATE = "cut out of the contract's last trade date, see `contract_details`"
DETAILS = Shape(
    ContractDetails,
    m.ContractDetails,
    renamed={
        "fundSubsequentMinimumPurchase": "fund_minimum_subsequent_purchase",
        "notes": "bond_notes",
        "putable": "puttable",
    },
    derived={
        "minTick": (some(float), ("min_tick",)),
        "secIdList": (tags, ("sec_id_list",)),
        "ineligibilityReasonList": (each(INELIGIBILITY), ("ineligibility_reason_list",)),
        "fundAssetType": (_member(FundAssetType), ("fund_asset_type",)),
        "fundDistributionPolicyIndicator": (
            _member(FundDistributionPolicyIndicator),
            ("fund_distribution_policy_indicator",),
        ),
    },
    absent={
        "contract": "comes from the message, see `contract_details`",
        "lastTradeTime": _FROM_THE_DATE,
        "maturity": _FROM_THE_DATE,
    },
)
EXECUTION = Shape(
    Execution,
    m.Execution,
    renamed={"pendingPriceRevision": "is_price_revision_pending"},
    derived={
        "liquidation": (some(int), ("is_liquidation",)),
        "optExerciseOrLapseType": (_member(OptionExerciseType), ("opt_exercise_or_lapse_type",)),
    },
)
COMMISSION = Shape(
    CommissionAndFeesReport,
    m.CommissionAndFeesReport,
    renamed={"yield_": "bond_yield"},
    derived={"yieldRedemptionDate": (some(int), ("yield_redemption_date",))},
)
TIER = Shape(SoftDollarTier, m.SoftDollarTier, renamed={"val": "value"})

_CONDITIONS = {
    1: PriceCondition,
    3: TimeCondition,
    4: MarginCondition,
    5: ExecutionCondition,
    6: VolumeCondition,
    7: PercentChangeCondition,
}


def conditions(records: tuple[m.OrderCondition, ...]) -> list[Any] | None:
    """An order's conditions. IBKR's decoder repeats the condition before one of a type it does not know."""
    built: list[Any] = []
    for record in records:
        kind = _CONDITIONS.get(record.type or 0)
        shape = Shape(kind, m.OrderCondition, absent={"condType": "set by its class"}) if kind else None
        built.append(build(shape, record) if shape else built[-1])
    return built or None


_SENDING_ONLY = "a setting of the sender's; IBKR's decoder does not read it back"
_NO_FIELD = "the protobuf dialect has no such field"
_SENDING_ONLY_ATTRIBUTES = (
    "advancedErrorOverride",
    "algoId",
    "manualOrderTime",
    "mifid2DecisionAlgo",
    "mifid2DecisionMaker",
    "mifid2ExecutionAlgo",
    "mifid2ExecutionTrader",
    "orderMiscOptions",
    "overridePercentageConstraints",
    "scaleTable",
    "transmit",
)
_ATTACHED = dict.fromkeys(
    ("slOrderId", "slOrderType", "ptOrderId", "ptOrderType"), "travel beside an order, when placed"
)
ORDER = Shape(
    Order,
    m.Order,
    derived={
        "algoParams": (
            lambda strategy, params: None if strategy is None else tags(params),
            ("algo_strategy", "algo_params"),
        ),
        "conditions": (conditions, ("conditions",)),
        "hedgeMaxSize": (lambda kind, size: None if kind is None else size, ("hedge_type", "hedge_max_size")),
        "hedgeParam": (lambda kind, param: param if kind else None, ("hedge_type", "hedge_param")),
        "smartComboRoutingParams": (tags, ("smart_combo_routing_params",)),
        "softDollarTier": (some(lambda t: build(TIER, t)), ("soft_dollar_tier",)),
    },
    absent={
        "auctionStrategy": _NO_FIELD,
        "basisPoints": _NO_FIELD,
        "basisPointsType": _NO_FIELD,
        **dict.fromkeys(
            ("slOrderId", "slOrderType", "ptOrderId", "ptOrderType"), "travels beside the order, outgoing only"
        ),
        "orderComboLegs": "made of the contract's legs, see `order`",
        **dict.fromkeys(_SENDING_ONLY_ATTRIBUTES, _SENDING_ONLY),
    },
    unread=dict.fromkeys(map(snake, _SENDING_ONLY_ATTRIBUTES), _SENDING_ONLY),
)
ALLOCATION = Shape(OrderAllocation, m.OrderAllocation)
_AS_TEXT = ("Before", "Change", "After")
_MARGINS = {
    f"{what}{when}": (some(decimalMaxString), (snake(f"{what}{when}"),))
    for what in ("initMargin", "maintMargin", "equityWithLoan")
    for when in _AS_TEXT
}
ORDER_STATE = Shape(
    OrderState,
    m.OrderState,
    derived={**_MARGINS, "orderAllocations": (each(ALLOCATION), ("order_allocations",))},
)
BAR = Shape(common.BarData, m.HistoricalDataBar)
HISTOGRAM = Shape(common.HistogramData, m.HistogramDataEntry)
SESSION = Shape(common.HistoricalSession, m.HistoricalSession)
MIDPOINT = Shape(common.HistoricalTick, m.HistoricalTick)
BID_ASK_ATTRIBUTES = Shape(common.TickAttribBidAsk, m.TickAttribBidAsk)
BID_ASK = Shape(
    common.HistoricalTickBidAsk,
    m.HistoricalTickBidAsk,
    derived={"tickAttribBidAsk": (some(lambda a: build(BID_ASK_ATTRIBUTES, a)), ("tick_attrib_bid_ask",))},
)
LAST_ATTRIBUTES = Shape(common.TickAttribLast, m.TickAttribLast)
LAST = Shape(
    common.HistoricalTickLast,
    m.HistoricalTickLast,
    derived={"tickAttribLast": (some(lambda a: build(LAST_ATTRIBUTES, a)), ("tick_attrib_last",))},
)
FAMILY_CODE = Shape(
    common.FamilyCode, m.FamilyCode, renamed={"accountID": "account_id", "familyCodeStr": "family_code"}
)
PRICE_INCREMENT = Shape(common.PriceIncrement, m.PriceIncrement)
DEPTH_EXCHANGE = Shape(common.DepthMktDataDescription, m.DepthMarketDataDescription)
NEWS_PROVIDER = Shape(common.NewsProvider, m.NewsProvider, renamed={"code": "provider_code", "name": "provider_name"})

SHAPES = [value for value in globals().values() if isinstance(value, Shape)]


def contract(record: m.Contract) -> Contract:
    built: Contract = build(CONTRACT, record)
    return built


def contract_details(record: m.ContractData, *, is_bond: bool) -> ContractDetails:
    """The details with their contract. The text of the last trade date may hold a time and a zone as well."""
    assert record.contract is not None
    built: ContractDetails = build(DETAILS, record.contract_details)
    built.contract = contract(record.contract)
    text = record.contract.last_trade_date_or_contract_month or ""
    parts = text.split("-") if "-" in text else text.split()
    for part, name in zip(parts, ("date", "time", "zone"), strict=False):
        if name == "date" and is_bond:
            built.maturity = part
        elif name == "date":
            built.contract.lastTradeDateOrContractMonth = part
        elif name == "time":
            built.lastTradeTime = part
        elif is_bond:
            built.timeZoneId = part
    return built


def order(record: m.Order, of: m.Contract, order_id: int | None = None) -> Order:
    """The order; its id is the message's unless it has its own, the prices of its legs stand in the contract."""
    built: Order = build(ORDER, record)
    if record.order_id is None and order_id is not None:
        built.orderId = order_id
    prices = [leg.per_leg_price for leg in of.combo_legs]
    if prices:
        built.orderComboLegs = [OrderComboLeg() for _ in prices]
    for leg, price in zip(built.orderComboLegs or (), prices, strict=True):
        if price is not None:
            leg.price = price
    return built


def order_state(record: m.OrderState) -> OrderState:
    built: OrderState = build(ORDER_STATE, record)
    return built
