"""The words `meaning_expected` is written in: arguments of a call, calls, and the messages that need more than that.

An argument is a function of our record; its default is what IBKR hands out when the field is absent. Where a message
lacks a part that IBKR's decoder cannot do without, it makes no call at all: that is `needs`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ibapi.common import TickAttrib, TickAttribBidAsk, TickAttribLast
from ibapi.const import NO_VALID_ID, UNSET_DECIMAL, UNSET_DOUBLE, UNSET_INTEGER
from ibapi.contract import ContractDetails
from ibapi.ticktype import TickTypeEnum

from ibwire.wire import messages as m
from ibwire.wire.ids import BondContractData
from tests.conformance import meaning_objects as objects
from tests.conformance.meaning_official import Call

Argument = Callable[[Any], Any]
Expectation = Callable[[Any], list[Call]]


def given(field: str, default: Any, convert: Callable[[Any], Any] | None = None) -> Argument:
    """The field, converted as IBKR's decoder does, or IBKR's default."""

    def argument(record: Any) -> Any:
        value = getattr(record, field)
        if value is None:
            return default
        return value if convert is None else convert(value)

    return argument


def text(field: str) -> Argument:
    return given(field, "")


def number(field: str) -> Argument:
    return given(field, UNSET_DOUBLE)


def integer(field: str) -> Argument:
    return given(field, UNSET_INTEGER)


def decimal(field: str) -> Argument:
    return given(field, UNSET_DECIMAL, Decimal)


def zero(field: str) -> Argument:
    return given(field, 0)


def false(field: str) -> Argument:
    return given(field, default=False)


def contract(record: Any) -> Any:
    return objects.contract(record.contract)


def listed(field: str, shape: objects.Shape) -> Argument:
    return lambda record: [objects.build(shape, part) for part in getattr(record, field)]


def computed(field: str, unknown: Callable[[float], bool]) -> Argument:
    """A value of an option computation; IBKR's decoder hands out None for the number that says "not computed"."""
    return given(field, None, lambda value: None if unknown(value) else value)


req_id = given("req_id", NO_VALID_ID)


def call(name: str, *arguments: Argument) -> Expectation:
    return lambda record: [(name, tuple(argument(record) for argument in arguments))]


def nothing(_record: Any) -> list[Call]:
    return []


def needs(*fields: str, then: Expectation) -> Expectation:
    """No call if one of these parts is missing."""
    return lambda record: [] if any(getattr(record, field) is None for field in fields) else then(record)


def if_tick_type_is_set(then: Expectation) -> Expectation:
    return lambda record: [] if record.tick_type == TickTypeEnum.NOT_SET else then(record)


SIZE_OF_PRICE = {1: 0, 2: 3, 4: 5, 66: 69, 67: 70, 68: 71}
"""Price tick types whose message carries a size too, and the tick type of that size."""


def tick_price(record: m.TickPrice) -> list[Call]:
    """An absent mask counts as all bits; the size tick comes even if the size is absent."""
    mask = UNSET_INTEGER if record.attr_mask is None else record.attr_mask
    attributes = TickAttrib()
    attributes.canAutoExecute = bool(mask & 1)
    attributes.pastLimit = bool(mask & 2)
    attributes.preOpen = bool(mask & 4)
    calls = call("tickPrice", req_id, integer("tick_type"), number("price"), lambda _: attributes)(record)
    size_type = SIZE_OF_PRICE.get(record.tick_type or 0)
    if size_type is not None:
        calls += call("tickSize", req_id, lambda _: size_type, decimal("size"))(record)
    return calls


def open_order(record: m.OpenOrder) -> list[Call]:
    """The order without an id of its own takes the message's, unless that is IBKR's "unset"."""
    assert record.contract is not None
    assert record.order is not None
    assert record.order_state is not None
    number = record.order_id or 0
    own = None if number == UNSET_INTEGER else number
    parts = objects.order(record.order, record.contract, own), objects.order_state(record.order_state)
    return [("openOrder", (number, objects.contract(record.contract), *parts))]


def completed_order(record: m.CompletedOrder) -> list[Call]:
    assert record.contract is not None
    assert record.order is not None
    assert record.order_state is not None
    parts = objects.order(record.order, record.contract), objects.order_state(record.order_state)
    return [("completedOrder", (objects.contract(record.contract), *parts))]


def historical_data(record: m.HistoricalData) -> list[Call]:
    return [("historicalData", (req_id(record), bar)) for bar in listed("historical_data_bars", objects.BAR)(record)]


def scanner_data(record: m.ScannerData) -> list[Call]:
    """A row without a contract loses its market name as well."""
    calls: list[Call] = []
    for row in record.scanner_data_element:
        details = ContractDetails()
        if row.contract is not None:
            details.contract = objects.contract(row.contract)
            details.marketName = row.market_name or ""
        texts = (text(name)(row) for name in ("distance", "benchmark", "projection", "combo_key"))
        calls.append(("scannerData", (req_id(record), zero("rank")(row), details, *texts)))
    return [*calls, ("scannerDataEnd", (req_id(record),))]


def smart_components(record: m.SmartComponents) -> list[Call]:
    """A later entry with the same bit replaces the earlier one."""
    parts = {
        part.bit_number or 0: (part.exchange or "", " " if part.exchange_letter is None else part.exchange_letter)
        for part in record.smart_components
    }
    return [("smartComponents", (req_id(record), parts))]


def tick_by_tick(record: m.TickByTickData) -> list[Call]:
    """Only the part that belongs to the tick type is looked at."""
    last, bid_ask, middle = (
        record.historical_tick_last,
        record.historical_tick_bid_ask,
        record.historical_tick_mid_point,
    )
    kind = record.tick_type
    if kind in (1, 2) and last is not None:
        attributes = objects.build(objects.LAST_ATTRIBUTES, last.tick_attrib_last or m.TickAttribLast())
        assert isinstance(attributes, TickAttribLast)
        parts = (zero("time"), given("price", 0.0), decimal("size"))
        texts = (text("exchange")(last), text("special_conditions")(last))
        return [("tickByTickAllLast", (req_id(record), kind, *(part(last) for part in parts), attributes, *texts))]
    if kind == 3 and bid_ask is not None:
        sides = objects.build(objects.BID_ASK_ATTRIBUTES, bid_ask.tick_attrib_bid_ask or m.TickAttribBidAsk())
        assert isinstance(sides, TickAttribBidAsk)
        prices = (given("price_bid", 0.0), given("price_ask", 0.0), decimal("size_bid"), decimal("size_ask"))
        values = tuple(part(bid_ask) for part in (zero("time"), *prices))
        return [("tickByTickBidAsk", (req_id(record), *values, sides))]
    if kind == 4 and middle is not None:
        return [("tickByTickMidPoint", (req_id(record), zero("time")(middle), given("price", 0.0)(middle)))]
    return []


def market_depth(record: m.MarketDepth) -> list[Call]:
    parts = (integer("position"), integer("operation"), integer("side"), number("price"), decimal("size"))
    return [("updateMktDepth", (req_id(record), *(part(record.market_depth_data) for part in parts)))]


def market_depth_l2(record: m.MarketDepthL2) -> list[Call]:
    """Here, unlike in MarketDepth, an absent position is 0."""
    parts = (
        zero("position"),
        text("market_maker"),
        integer("operation"),
        integer("side"),
        number("price"),
        decimal("size"),
        false("is_smart_depth"),
    )
    return [("updateMktDepthL2", (req_id(record), *(part(record.market_depth_data) for part in parts)))]


def contract_data(record: m.ContractData) -> list[Call]:
    return [("contractDetails", (req_id(record), objects.contract_details(record, is_bond=False)))]


def bond_contract_data(record: BondContractData) -> list[Call]:
    return [("bondContractDetails", (req_id(record), objects.contract_details(record, is_bond=True)))]
