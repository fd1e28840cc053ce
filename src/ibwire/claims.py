"""Which pacing rules each request falls under, and by which key.

The one place where messages meet the rules of `pacing`: a request that is not named here falls under the limit on
messages per second alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ibwire.pacing import SMALL_BAR_S, Claim
from ibwire.wire import Message
from ibwire.wire import messages as m

_UNITS_S = {"sec": 1, "min": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000}


def claims_of(message: Message) -> tuple[Claim, ...]:
    """What a request counts as; () if only as a message."""
    claims = _CLAIMS.get(type(message))
    return () if claims is None else claims(message)


def bar_seconds(bar_size: str | None) -> int:
    """The length of a bar in IBKR's words (`30 secs`, `1 min`, `1 day`, `1W`), in seconds; 1 for what cannot be read.

    A size that cannot be read is taken for a small one, under the stricter rules.
    """
    text = (bar_size or "").strip().lower()
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    unit = text[len(digits) :].strip()
    short = {"s": "sec", "d": "day", "w": "week", "m": "month"}.get(unit, unit)
    seconds = next((value for name, value in _UNITS_S.items() if short and short.startswith(name)), 0)
    return int(digits or 0) * seconds or 1


def _bars(message: m.HistoricalDataRequest) -> tuple[Claim, ...]:
    weight = _weight(message.what_to_show)
    claims = [
        Claim("history.same_contract", f"{_contract(message.contract)}/{message.what_to_show}", weight),
        Claim("history.identical", _identity(message)),
        Claim("history.open"),
    ]
    if bar_seconds(message.bar_size_setting) <= SMALL_BAR_S:
        claims.insert(0, Claim("history.total", weight=weight))
    if message.keep_up_to_date:
        claims.append(Claim("market_data.lines"))
    return tuple(claims)


def _small_history(message: Message, contract: m.Contract | None, what: str | None) -> tuple[Claim, ...]:
    weight = _weight(what)
    return (
        Claim("history.total", weight=weight),
        Claim("history.same_contract", f"{_contract(contract)}/{what}", weight),
        Claim("history.identical", _identity(message)),
    )


def _weight(what_to_show: str | None) -> int:
    return 2 if (what_to_show or "").upper() == "BID_ASK" else 1


def _contract(contract: m.Contract | None) -> str:
    """The same text for the same contract and exchange, however many of its fields are given alike."""
    if contract is None:
        return ""
    if contract.con_id:
        return f"{contract.con_id}@{contract.exchange}"
    return repr(contract)


def _identity(message: Message) -> str:
    """The request without its id."""
    fields = {name: getattr(message, name) for name in message.__struct_fields__ if name != "req_id"}
    contract = fields.pop("contract")
    return f"{type(message).__name__} {_contract(contract)} {fields}"


def _line(message: m.MarketDataRequest) -> tuple[Claim, ...]:
    line = Claim("market_data.lines")
    return (Claim("snapshot.regulatory"), line) if message.regulatory_snapshot is True else (line,)


def _real_time_bars(message: m.RealTimeBarsRequest) -> tuple[Claim, ...]:
    return (Claim("history.total"), Claim("history.identical", _identity(message)), Claim("market_data.lines"))


def _ticks(message: m.HeadTimestampRequest | m.HistoricalTicksRequest) -> tuple[Claim, ...]:
    return (*_small_history(message, message.contract, message.what_to_show), Claim("history.open"))


def _tick_by_tick(message: m.TickByTickRequest) -> tuple[Claim, ...]:
    contract = message.contract
    # An instrument, wherever it is traded: the exchange that is asked for makes no other one of it.
    instrument = str(contract.con_id) if contract is not None and contract.con_id else _contract(contract)
    return (Claim("tick_by_tick.instrument", instrument), Claim("tick_by_tick.streams"))


def _always(rule: str) -> Callable[[Message], tuple[Claim, ...]]:
    return lambda _: (Claim(rule),)


_CLAIMS: Mapping[type[Message], Callable[[Any], tuple[Claim, ...]]] = {
    m.HistoricalDataRequest: _bars,
    m.HeadTimestampRequest: _ticks,
    m.HistoricalTicksRequest: _ticks,
    m.HistogramDataRequest: _always("history.open"),
    m.RealTimeBarsRequest: _real_time_bars,
    m.MarketDataRequest: _line,
    m.TickByTickRequest: _tick_by_tick,
    m.MarketDepthRequest: _always("depth.streams"),
    m.ScannerSubscriptionRequest: _always("scanner.active"),
    m.AccountSummaryRequest: _always("account_summary.active"),
    m.MatchingSymbolsRequest: _always("contracts.matching"),
}
