"""Makes quotes out of ticks: one small list of values for a line, changed in place, and an immutable quote on demand.

This is the busiest code of market data. A tick costs a lookup of its slot and a store; what a quote costs is paid only
when somebody takes one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar

from ibwire import tick_fields
from ibwire.quotes import (
    Dividends,
    GenericTicks,
    Greeks,
    Headline,
    MarketDataKind,
    PriceAttributes,
    Quote,
    TradeReport,
)
from ibwire.wire import Message
from ibwire.wire import messages as m

_log = logging.getLogger(__name__)

T = TypeVar("T")

_NO_DATA = -1.0
"""A price of -1 with a size of 0, -1 or none means that there is no data (protocol notes, 3.2)."""

_MOST = 1e300
"""Beyond this a number stands for none: IBKR's unset double is the largest there is."""

_MOST_SIZE = Decimal(2**53)
"""Beyond this a size stands for none: IBKR's unset integers and decimals are larger."""

_SLOTS = {name: slot for slot, name in enumerate(Quote.__struct_fields__)}
_EMPTY: tuple[object, ...] = (None, *Quote.__struct_defaults__)
_TICKS = slice(_SLOTS["bid"], _SLOTS["tick_type"] + 1)
"""The slots of what ticks bring; what comes after belongs to the line."""

_GENERIC, _RECEIVED, _TICK_TYPE = _SLOTS["generic"], _SLOTS["received_ns"], _SLOTS["tick_type"]
_VOLUME, _SKIPPED = _SLOTS["volume"], _SLOTS["skipped"]
_KIND, _IS_DELAYED, _IS_STALE = _SLOTS["market_data_kind"], _SLOTS["is_delayed"], _SLOTS["is_stale"]
_MIN_TICK, _BBO_EXCHANGE = _SLOTS["min_tick"], _SLOTS["bbo_exchange"]

_DELAYED_KINDS = (MarketDataKind.DELAYED, MarketDataKind.DELAYED_FROZEN)
_KINDS = {kind.value: kind for kind in MarketDataKind}
_ATTRIBUTES = tuple(map(PriceAttributes, range(8)))


def _with_delayed(table: dict[int, T]) -> dict[int, T]:
    """With the delayed tick types beside their live twins."""
    return table | {delayed: table[live] for delayed, live in tick_fields.DELAYED.items() if live in table}


_PRICE_SLOTS: dict[int | None, tuple[int, int | None, int | None]] = {
    tick_type: (
        _SLOTS[name],
        _SLOTS.get(tick_fields.SIZE_OF_PRICE.get(name, "")),
        _SLOTS.get(tick_fields.ATTRIBUTES_OF_PRICE.get(name, "")),
    )
    for tick_type, name in _with_delayed(tick_fields.PRICES).items()
    if name in _SLOTS
}
"""By tick type: the slots of a price, of its size and of its attributes."""

_SIZE_SLOTS: dict[int | None, int] = {
    tick_type: _SLOTS[name] for tick_type, name in _with_delayed(tick_fields.SIZES).items() if name in _SLOTS
}

_TEXT_SLOTS: dict[int | None, int] = {
    tick_type: _SLOTS[name] for tick_type, name in tick_fields.TEXTS.items() if name in _SLOTS
}

_FIRST_DELAYED = min(tick_fields.DELAYED)
"""From here on all tick types in these three tables are delayed ones, but for `_TEXT_SLOTS`, where none is."""


class QuoteState:
    """What is known of one line. `take` changes it, `quote` shows it."""

    __slots__ = ("_generic", "_is_generic_shown", "_values", "is_delayed", "received_s")

    def __init__(self, contract: m.Contract) -> None:
        self._values: list[object] = [contract, *_EMPTY[1:]]
        self._generic: dict[str, object] = {}
        self._is_generic_shown = True
        self.is_delayed = False
        self.received_s = 0.0
        """When the last tick came (Unix seconds), as its owner says."""

    @property
    def has_data(self) -> bool:
        """Whether any field of a tick holds something."""
        fields = (*self._values[_TICKS.start : _GENERIC], *self._generic.values())
        return any(value is not None for value in fields)

    def take(self, message: Message) -> bool:
        """Take note of a message; whether a quote now says something else, or says it anew."""
        kind = type(message)
        if kind is m.TickPrice:
            tick_type = message.tick_type  # type: ignore[attr-defined]
            slots = _PRICE_SLOTS.get(tick_type)
            if slots is None:
                return self._take_rare(message)
            if tick_type >= _FIRST_DELAYED and not self.is_delayed:
                self._become_delayed()
            values = self._values
            price_slot, size_slot, attributes_slot = slots
            price, size = message.price, message.size  # type: ignore[attr-defined]
            if price is None or not 0 <= price < _MOST:
                price = read_price(price, size)
            values[price_slot] = price
            if size_slot is not None and size is not None:
                values[size_slot] = _read_common_size(size) if price is not None else None
            if attributes_slot is not None:
                mask = message.attr_mask  # type: ignore[attr-defined]
                values[attributes_slot] = None if mask is None or price is None else _ATTRIBUTES[mask & 7]
        elif kind is m.TickSize:
            tick_type = message.tick_type  # type: ignore[attr-defined]
            slot = _SIZE_SLOTS.get(tick_type)
            if slot is None:
                return self._take_rare(message)
            if tick_type >= _FIRST_DELAYED and not self.is_delayed:
                self._become_delayed()
            values = self._values
            read = read_size if slot == _VOLUME else _read_common_size  # no volume comes twice
            values[slot] = read(message.size)  # type: ignore[attr-defined]
        elif kind is m.TickString and message.tick_type in _TEXT_SLOTS:  # type: ignore[attr-defined]
            values, tick_type = self._values, message.tick_type  # type: ignore[attr-defined]
            values[_TEXT_SLOTS[tick_type]] = message.value or None  # type: ignore[attr-defined]
        else:
            return self._take_rare(message)
        values[_TICK_TYPE] = tick_type
        return True

    def quote(self, skipped: int = 0) -> Quote:
        """The line as it is now."""
        values = self._values
        if not self._is_generic_shown:
            values[_GENERIC] = GenericTicks(**self._generic)  # type: ignore[arg-type]
            self._is_generic_shown = True
        values[_RECEIVED] = int(self.received_s * 1e9)
        values[_SKIPPED] = skipped
        return Quote(*values)  # type: ignore[arg-type]

    def grow_stale(self) -> None:
        """There is a gap: what is known is from before it."""
        self._values[_IS_STALE] = True

    def restart(self) -> None:
        """The gap is over: nothing from before it is known any more. Kind of data and precision are the line's."""
        self._forget_ticks()
        self._values[_IS_STALE] = False

    def _forget_ticks(self) -> None:
        self._values[_TICKS] = _EMPTY[_TICKS]
        self._generic = {}
        self._is_generic_shown = True

    def _become_delayed(self) -> None:
        """Live fields must not stand beside delayed ones."""
        self._forget_ticks()
        self.is_delayed = True
        self._values[_IS_DELAYED] = True

    def _take_rare(self, message: Message) -> bool:
        """What does not come with every quote."""
        fields = _RARE_FIELDS.get(type(message))
        if fields is None:
            return self._take_terms(message)
        tick_type = message.tick_type  # type: ignore[attr-defined]
        field = fields.get(tick_type)
        if field is None:
            _log.debug("a tick of an unknown type is passed over: %s", message)
            return False
        if tick_type in tick_fields.DELAYED and not self.is_delayed:
            self._become_delayed()
        name, read = field
        self._put(name, read(message))
        self._values[_TICK_TYPE] = tick_type
        return True

    def _take_terms(self, message: Message) -> bool:
        """What is said about the line, and news of its instrument."""
        match message:
            case m.MarketDataType():
                return self._take_kind(message.market_data_type)
            case m.TickReqParams():
                self._values[_MIN_TICK] = read_decimal(message.min_tick)
                self._values[_BBO_EXCHANGE] = message.bbo_exchange
            case m.TickNews():
                self._put("headline", _read_headline(message))
                self._values[_TICK_TYPE] = tick_fields.NEWS
                return True
        return False

    def _take_kind(self, number: int | None) -> bool:
        kind = None if number is None else _KINDS.get(number)
        before, self._values[_KIND] = self._values[_KIND], kind
        is_delayed = kind in _DELAYED_KINDS
        if is_delayed is not self.is_delayed:
            self._forget_ticks()
            self.is_delayed = is_delayed
            self._values[_IS_DELAYED] = is_delayed
        if before is None or kind == before:
            return False
        self._values[_TICK_TYPE] = None
        return True

    def _put(self, name: str, value: object) -> None:
        slot = _SLOTS.get(name)
        if slot is not None:
            self._values[slot] = value
            return
        self._generic[name] = value
        self._is_generic_shown = False


def read_price(price: float | None, size: str | None) -> float | None:
    """A price; None if IBKR says that there is none: -1 without a size, or a number that stands for none."""
    if price is None or not -_MOST < price < _MOST:
        return None
    return None if price == _NO_DATA and not read_size(size) else price


def read_size(text: str | None) -> Decimal | None:
    """A size; None if it is negative, too large or no number: what IBKR says instead of none."""
    if text is None:
        return None
    if len(text) < 10 and text.isascii() and text.isdigit():  # what nearly all are
        return Decimal(text)
    size = read_decimal(text)
    return size if size is not None and 0 <= size < _MOST_SIZE else None


_read_common_size = lru_cache(maxsize=4096)(read_size)
"""For sizes that come again and again, as those of orders and trades do: a third of the time, one object for all."""


def read_decimal(text: str | None) -> Decimal | None:
    """A decimal as IBKR writes it; None if there is none."""
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def read_number(number: float | None) -> float | None:
    """A number; None if IBKR's unset one or none at all came."""
    return number if number is not None and -_MOST < number < _MOST else None


def read_greeks(message: m.TickOptionComputation) -> Greeks:
    """A computation; -1 and -2 in the fields where they say that it was not made (protocol notes, 3.2.1) are None."""

    def unless(absent: float, number: float | None) -> float | None:
        return None if number == absent else read_number(number)

    volatility = read_number(message.implied_vol)
    return Greeks(
        implied_volatility=None if volatility is None or volatility < 0 else volatility,
        delta=unless(-2.0, message.delta),
        option_price=unless(-1.0, message.opt_price),
        pv_dividend=unless(-1.0, message.pv_dividend),
        gamma=unless(-2.0, message.gamma),
        vega=unless(-2.0, message.vega),
        theta=unless(-2.0, message.theta),
        underlying_price=unless(-1.0, message.und_price),
        is_price_based=None if message.tick_attrib is None else message.tick_attrib == 1,
    )


def _read_halted(message: m.TickGeneric) -> int | None:
    halted = read_number(message.value)
    return None if halted is None or halted < 0 else int(halted)


def _read_timestamp(message: m.TickString) -> int | None:
    text = message.value or ""
    return int(text) * 1_000_000_000 if _is_time(text, 11) else None


def _is_time(text: str, digits: int) -> bool:
    """Whether it is a number of so many digits at most, and thus a time that a `datetime` can hold."""
    return len(text) <= digits and text.isascii() and text.isdigit()


def _read_trade_report(message: m.TickString) -> TradeReport:
    """`price;size;time in ms;volume of the day;average price;single market maker`, of which any may be empty."""
    price, size, time_ms, volume, vwap, single = (*(message.value or "").split(";"), *[""] * 6)[:6]
    return TradeReport(
        price=_float(price),
        size=read_size(size or None),
        time=datetime.fromtimestamp(int(time_ms) / 1000, UTC) if _is_time(time_ms, 14) else None,
        total_volume=read_size(volume or None),
        vwap=_float(vwap),
        is_single_maker=single.strip().lower() == "true",
    )


def _read_dividends(message: m.TickString) -> Dividends:
    past, coming, date, amount = (*(message.value or "").split(","), *[""] * 4)[:4]
    return Dividends(
        past_year=_float(past), next_year=_float(coming), next_date=date or None, next_amount=_float(amount)
    )


def _read_headline(message: m.TickNews) -> Headline:
    time_ms = message.timestamp
    return Headline(
        time=None if time_ms is None or not 0 <= time_ms < 10**14 else datetime.fromtimestamp(time_ms / 1000, UTC),
        provider=message.provider_code,
        article_id=message.article_id,
        text=message.headline,
    )


def _float(text: str) -> float | None:
    number = read_decimal(text)
    return None if number is None else read_number(float(number))


Reader = Callable[[Any], object]


def _rare(*tables: tuple[dict[int, str], Reader]) -> dict[int | None, tuple[str, Reader]]:
    """By tick type: the field and what reads it."""
    rows = {tick_type: (name, read) for table, read in tables for tick_type, name in table.items()}
    return dict(_with_delayed(rows).items())


_RARE_FIELDS: dict[type[Message], dict[int | None, tuple[str, Reader]]] = {
    m.TickPrice: _rare((tick_fields.PRICES, lambda tick: read_price(tick.price, tick.size))),
    m.TickSize: _rare((tick_fields.SIZES, lambda tick: read_size(tick.size))),
    m.TickGeneric: _rare(
        (tick_fields.NUMBERS, lambda tick: read_number(tick.value)),
        ({tick_fields.HALTED: "halted"}, _read_halted),
    ),
    m.TickString: _rare(
        (tick_fields.TEXTS, lambda tick: tick.value or None),
        (tick_fields.TRADE_REPORTS, _read_trade_report),
        ({tick_fields.LAST_TIMESTAMP: "exchange_ns"}, _read_timestamp),
        ({tick_fields.DIVIDENDS: "dividends"}, _read_dividends),
    ),
    m.TickOptionComputation: _rare((tick_fields.COMPUTATIONS, read_greeks)),
}
"""By what carries it: everything that `QuoteState.take` does not find in its tables of slots."""
