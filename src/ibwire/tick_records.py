"""Ticks one by one, as immutable records: trades, changes of bid and ask, midpoints (protocol notes, 3.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from ibwire.quote_assembly import read_number, read_price, read_size
from ibwire.wire import messages as m


class TickKind(StrEnum):
    """What may be had tick by tick; the value is IBKR's word."""

    LAST = "Last"
    ALL_LAST = "AllLast"  # with combinations, average-price trades and the like
    BID_ASK = "BidAsk"
    MIDPOINT = "MidPoint"


class TradeTick(Struct, frozen=True, kw_only=True, gc=False):
    """A trade. `time` is IBKR's, whole seconds; `received_at` is ours."""

    contract: m.Contract
    kind: TickKind
    time: datetime
    received_at: datetime
    price: float | None
    size: Decimal | None
    exchange: str | None
    special_conditions: str | None
    is_past_limit: bool
    is_unreported: bool


class BidAskTick(Struct, frozen=True, kw_only=True, gc=False):
    """A change of the best bid or ask."""

    contract: m.Contract
    time: datetime
    received_at: datetime
    bid: float | None
    bid_size: Decimal | None
    ask: float | None
    ask_size: Decimal | None
    is_bid_past_low: bool
    is_ask_past_high: bool


class MidpointTick(Struct, frozen=True, kw_only=True, gc=False):
    """A change of the point halfway between bid and ask."""

    contract: m.Contract
    time: datetime
    received_at: datetime
    midpoint: float | None


MarketTick: TypeAlias = TradeTick | BidAskTick | MidpointTick

_WIRE_TYPES = {1: TickKind.LAST, 2: TickKind.ALL_LAST, 3: TickKind.BID_ASK, 4: TickKind.MIDPOINT}
_TIMES = range(1, 10**11)
"""Unix seconds that a `datetime` can hold."""


def read_tick(
    message: m.TickByTickData, contract: m.Contract, kind: TickKind, received_at: datetime
) -> MarketTick | None:
    """The tick as a record; None if it is not of this kind, or has no time: then the stream is not to be trusted."""
    if _WIRE_TYPES.get(message.tick_type or 0) is not kind:
        return None
    match kind:
        case TickKind.BID_ASK:
            return _bid_ask(message.historical_tick_bid_ask, contract, received_at)
        case TickKind.MIDPOINT:
            return _midpoint(message.historical_tick_mid_point, contract, received_at)
    return _trade(message.historical_tick_last, contract, kind, received_at)


def _trade(
    tick: m.HistoricalTickLast | None, contract: m.Contract, kind: TickKind, received_at: datetime
) -> TradeTick | None:
    if tick is None or tick.time is None or tick.time not in _TIMES:
        return None
    attributes = tick.tick_attrib_last
    return TradeTick(
        contract=contract,
        kind=kind,
        time=datetime.fromtimestamp(tick.time, UTC),
        received_at=received_at,
        price=read_price(tick.price, tick.size),
        size=read_size(tick.size),
        exchange=tick.exchange,
        special_conditions=tick.special_conditions,
        is_past_limit=bool(attributes is not None and attributes.past_limit),
        is_unreported=bool(attributes is not None and attributes.unreported),
    )


def _bid_ask(tick: m.HistoricalTickBidAsk | None, contract: m.Contract, received_at: datetime) -> BidAskTick | None:
    if tick is None or tick.time is None or tick.time not in _TIMES:
        return None
    attributes = tick.tick_attrib_bid_ask
    return BidAskTick(
        contract=contract,
        time=datetime.fromtimestamp(tick.time, UTC),
        received_at=received_at,
        bid=read_price(tick.price_bid, tick.size_bid),
        bid_size=read_size(tick.size_bid),
        ask=read_price(tick.price_ask, tick.size_ask),
        ask_size=read_size(tick.size_ask),
        is_bid_past_low=bool(attributes is not None and attributes.bid_past_low),
        is_ask_past_high=bool(attributes is not None and attributes.ask_past_high),
    )


def _midpoint(tick: m.HistoricalTick | None, contract: m.Contract, received_at: datetime) -> MidpointTick | None:
    if tick is None or tick.time is None or tick.time not in _TIMES:
        return None
    return MidpointTick(
        contract=contract,
        time=datetime.fromtimestamp(tick.time, UTC),
        received_at=received_at,
        midpoint=read_number(tick.price),
    )
