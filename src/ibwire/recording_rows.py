"""What is recorded of a stream: its requests by name, and each of its items as a row. See docs/recording.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from ibwire.contract_rules import invalid
from ibwire.gaps import Gap, Resumed
from ibwire.recording_schema import RecordingRow
from ibwire.wire import Message
from ibwire.wire import messages as m

Request: TypeAlias = m.MarketDataRequest | m.TickByTickRequest | m.MarketDepthRequest | m.RealTimeBarsRequest
"""What can be recorded."""

LAST_TIMESTAMPS = (45, 88)
"""The tick types, live and delayed, whose text is the time of the last trade in Unix seconds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECONDS = re.compile(r"[0-9]{1,10}")
_LAST_S = (2**63 - 1) // 1_000_000_000
"""The last second that 64 bits of nanoseconds can hold; what claims to be later has no time."""


class Source(Struct, frozen=True):
    """One stream of a recording: whose it is, what it is called there, and the request for it."""

    con_id: int
    stream: str
    request: Request

    @property
    def title(self) -> str:
        """What it is, for people."""
        symbol = self.request.contract.symbol if self.request.contract is not None else None
        return f"{self.stream} of contract {self.con_id}{f' ({symbol})' if symbol else ''}"

    def row(self, item: Message, received_ns: int) -> RecordingRow:
        """One item of the stream as a row."""
        kind, fields = _fields(item)
        return RecordingRow(received_ns=received_ns, con_id=self.con_id, stream=self.stream, kind=kind, **fields)

    def begin(self, at_ns: int) -> RecordingRow:
        """The mark before its first row: what was asked for."""
        return self._mark("begin", at_ns, text_of(self.request))

    def end(self, at_ns: int, reason: str) -> RecordingRow:
        """The mark behind its last row; where the process died there is none."""
        return self._mark("end", at_ns, reason)

    def _mark(self, kind: str, at_ns: int, text: str) -> RecordingRow:
        return RecordingRow(
            received_ns=at_ns, con_id=self.con_id, stream=self.stream, kind=kind, event_ns=at_ns, text=text
        )


def sources_of(what: Sequence[Request | m.Contract], taken: set[tuple[int, str]]) -> list[Source]:
    """What is to be recorded; a contract alone means its market data. `taken` is what is recorded already.

    Raises one InvalidRequest that names everything that cannot be recorded.
    """
    problems: list[str] = []
    sources: list[Source] = []
    taken = set(taken)
    for one in what:
        request = m.MarketDataRequest(contract=one) if isinstance(one, m.Contract) else one
        problem = _problem(request)
        if problem is None:
            source = Source(_con_id(request), _name(request), request)
            if (source.con_id, source.stream) not in taken:
                taken.add((source.con_id, source.stream))
                sources.append(source)
                continue
            problem = f"{source.stream} of contract {source.con_id} is recorded already"
        problems.append(f"{problem} ({one!r})")
    if problems:
        raise invalid("recording", problems)
    return sources


def nanoseconds(at: datetime) -> int:
    """An aware time as nanoseconds since 1970 UTC."""
    return (at - _EPOCH) // _MICROSECOND * 1000


def text_of(message: Message) -> str:
    """A message as JSON, under the name of its kind and without its request id; what it does not have is left out."""
    told = {name: value for name, value in msgspec.to_builtins(message).items() if value is not None}
    told.pop("req_id", None)
    return msgspec.json.encode({type(message).__name__: told}).decode()


def _problem(request: object) -> str | None:
    if not isinstance(request, Request):
        return f"{type(request).__name__} cannot be recorded, only contracts and {_RECORDABLE}"
    if isinstance(request, m.MarketDataRequest) and (request.snapshot or request.regulatory_snapshot):
        return "a snapshot is no stream"
    if not _con_id(request):
        return "the contract has no con_id, by which recordings are kept: qualify it first"
    return None


def _con_id(request: Request) -> int:
    return (request.contract.con_id or 0) if request.contract is not None else 0


def _name(request: Request) -> str:
    match request:
        case m.MarketDataRequest():
            parts = ["market_data", request.generic_tick_list]
        case m.TickByTickRequest():
            parts = ["tick_by_tick", request.tick_type]
        case m.MarketDepthRequest():
            exchange = request.contract.exchange if request.contract is not None else None
            parts = ["market_depth", "smart" if request.is_smart_depth else exchange]
        case m.RealTimeBarsRequest():
            parts = ["real_time_bars", request.what_to_show, "rth" if request.use_rth else None]
    return ":".join(part for part in parts if part)


def _fields(item: Message) -> tuple[str, dict[str, Any]]:
    """The kind of a row, and the columns that it fills."""
    match item:
        case m.TickPrice():
            return "price", {
                "tick_type": item.tick_type,
                "price": item.price,
                "size": item.size,
                "attributes": item.attr_mask,
            }
        case m.TickSize():
            return "size", {"tick_type": item.tick_type, "size": item.size}
        case m.TickGeneric():
            return "number", {"tick_type": item.tick_type, "price": item.value}
        case m.TickString():
            at_s = item.value if item.tick_type in LAST_TIMESTAMPS and _SECONDS.fullmatch(item.value or "") else None
            at_ns = _ns(int(at_s)) if at_s is not None else None
            return "text", {"tick_type": item.tick_type, "text": item.value, "event_ns": at_ns}
        case m.TickOptionComputation():
            told = {"tick_type": item.tick_type, "price": item.opt_price, "attributes": item.tick_attrib}
            return "option", {**told, "text": text_of(item)}
        case m.TickByTickData():
            return _tick_by_tick(item)
        case m.MarketDepth() | m.MarketDepthL2() if item.market_depth_data is not None:
            return "depth", _depth(item.market_depth_data, is_l2=isinstance(item, m.MarketDepthL2))
        case m.RealTimeBarTick():
            return "bar", _bar(item)
        case Gap():
            text = msgspec.json.encode({"reason": item.reason.value, "detail": item.detail}).decode()
            return "gap", {"event_ns": nanoseconds(item.since), "text": text}
        case Resumed():
            return "resumed", {"event_ns": nanoseconds(item.at)}
    return "message", {"text": text_of(item)}


def _tick_by_tick(item: m.TickByTickData) -> tuple[str, dict[str, Any]]:
    told: dict[str, Any] = {"tick_type": item.tick_type}
    if item.historical_tick_last is not None:
        trade = item.historical_tick_last
        told |= {"event_ns": _ns(trade.time), "price": trade.price, "size": trade.size, "exchange": trade.exchange}
        if trade.tick_attrib_last is not None:
            told["attributes"] = _bits(trade.tick_attrib_last.past_limit, trade.tick_attrib_last.unreported)
        return "trade", {**told, "text": trade.special_conditions}
    if item.historical_tick_bid_ask is not None:
        quote = item.historical_tick_bid_ask
        told |= {"event_ns": _ns(quote.time), "price": quote.price_bid, "size": quote.size_bid}
        if quote.tick_attrib_bid_ask is not None:
            told["attributes"] = _bits(quote.tick_attrib_bid_ask.bid_past_low, quote.tick_attrib_bid_ask.ask_past_high)
        return "bid_ask", {**told, "ask_price": quote.price_ask, "ask_size": quote.size_ask}
    if item.historical_tick_mid_point is not None:
        mid = item.historical_tick_mid_point
        return "mid_point", {**told, "event_ns": _ns(mid.time), "price": mid.price, "size": mid.size}
    return "message", {**told, "text": text_of(item)}


def _depth(data: m.MarketDepthData, *, is_l2: bool) -> dict[str, Any]:
    return {
        "position": data.position,
        "operation": data.operation,
        "side": data.side,
        "price": data.price,
        "size": data.size,
        "exchange": data.market_maker,
        "attributes": _bits(data.is_smart_depth, is_l2),
    }


def _bar(bar: m.RealTimeBarTick) -> dict[str, Any]:
    told = {"event_ns": _ns(bar.time), "open": bar.open, "high": bar.high, "low": bar.low, "price": bar.close}
    return {**told, "size": bar.volume, "wap": bar.wap, "count": bar.count}


def _bits(first: bool | None, second: bool | None) -> int:
    return (1 if first else 0) | (2 if second else 0)


def _ns(seconds: int | None) -> int | None:
    return None if seconds is None or not 0 <= seconds < _LAST_S else seconds * 1_000_000_000


_RECORDABLE = "MarketDataRequest, TickByTickRequest, MarketDepthRequest, RealTimeBarsRequest"
