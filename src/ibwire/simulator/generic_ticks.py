"""Generic ticks: what a client may ask for besides the usual fields of a line, and believable values for them.

A value is drawn from the seed and the instrument, so it is the same whenever it is asked for; prices hang on the quote.
Source: protocol notes, 3.2.1.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct

from ibwire.simulator.feed import TickType
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.market import Quote
from ibwire.simulator.recent_ticks import RecentTicks, Trade
from ibwire.simulator.subscriptions import price_message
from ibwire.wire import Message
from ibwire.wire import messages as m

RT_VOLUME, RT_TRADE_VOLUME = 48, 77
TRADE_TICKS = {233: RT_VOLUME, 375: RT_TRADE_VOLUME}
"""The generic ticks that come with every trade, and their tick types."""

NEWS = 292
ODD_LOTS = 787
ODD_LOTS_FROM = 225
"""The first server version that knows odd lots."""


class Facts(Struct, frozen=True):
    """What a value hangs on. `now_s` is in Unix seconds."""

    seed: int
    instrument: Instrument
    quote: Quote
    recent: RecentTicks
    now_s: float

    def draw(self, tick_type: int) -> float:
        """A number from 0 to 1, always the same for a tick type of an instrument."""
        return random.Random(f"{self.seed}/{self.instrument.con_id}/generic tick {tick_type}").random()

    @property
    def price(self) -> float:
        """About where it trades."""
        prices = self.quote.prices
        return prices.get(TickType.LAST) or prices.get(TickType.BID) or self.instrument.reference_price


Value = Callable[[int, Facts], Message]
"""A tick type and the facts to the message."""


def _size(most: int) -> Value:
    """A whole number up to `most`."""
    return lambda kind, facts: m.TickSize(None, kind, str(round(most * facts.draw(kind))))


def _number(low: float, high: float) -> Value:
    """A number in this range."""
    return lambda kind, facts: m.TickGeneric(None, kind, round(low + (high - low) * facts.draw(kind), 6))


def _price(low: float, high: float) -> Value:
    """A price on the grid, this many times the current one."""

    def value(kind: int, facts: Facts) -> Message:
        tick = facts.instrument.min_tick
        steps = round(facts.price * (low + (high - low) * facts.draw(kind)) / float(tick))
        return price_message(kind, float(max(steps, 1) * tick), None)

    return value


def _volatility(kind: int, facts: Facts) -> Message:
    """A year's volatility that fits how the instrument moves in a minute."""
    minutes_a_year = 252 * 390
    a_year = facts.instrument.volatility_bp / 10_000 * minutes_a_year**0.5
    return m.TickGeneric(None, kind, round(a_year * (0.9 + 0.2 * facts.draw(kind)), 6))


def _count(kind: int, facts: Facts) -> Message:
    return m.TickGeneric(None, kind, float(facts.recent.number_of_trades))


def _dividends(kind: int, facts: Facts) -> Message:
    """Paid in the last and to be paid in the next twelve months, and the next payment: date and amount."""
    quarter = round(facts.price * 0.004 * facts.draw(kind), 2)
    next_day = datetime.fromtimestamp(facts.now_s + 86400 * (1 + 90 * facts.draw(kind)), UTC)
    text = f"{4 * quarter:.2f},{4 * quarter:.2f},{next_day:%Y%m%d},{quarter:.2f}"
    return m.TickString(None, kind, text)


def _odd_lot(side: TickType, sign: int) -> Value:
    """One tick better than the quote, where there is room between its sides."""

    def value(kind: int, facts: Facts) -> Message:
        prices, tick = facts.quote.prices, facts.instrument.min_tick
        best = Decimal(repr(prices.get(side, facts.price)))
        spread = Decimal(repr(prices.get(TickType.ASK, 0.0))) - Decimal(repr(prices.get(TickType.BID, 0.0)))
        return price_message(kind, float(best + sign * tick if spread > 2 * tick else best), None)

    return value


def _odd_size(kind: int, facts: Facts) -> Message:
    return m.TickSize(None, kind, str(1 + round(98 * facts.draw(kind))))


def _letter(kind: int, facts: Facts) -> Message:
    """An exchange, as one of the letters that smart components expand."""
    return m.TickString(None, kind, "PQZ"[min(2, int(3 * facts.draw(kind)))])


class GenericTick(Struct, frozen=True):
    """One entry of a generic tick list: its name, the security types that have it, and its ticks."""

    name: str
    sec_types: tuple[str, ...]
    ticks: dict[int, Value] = {}


_STOCK = ("STK",)
_EQUITY = ("STK", "IND")
_TRADED = ("STK", "OPT", "FUT", "FOP", "CRYPTO")
_PRICED = (*_TRADED, "IND", "CASH")
_MARK: dict[int, Value] = {37: _price(0.9999, 1.0001)}

GENERIC_TICKS: dict[int, GenericTick] = {
    100: GenericTick("Option Volume", _EQUITY, {29: _size(200_000), 30: _size(150_000)}),
    101: GenericTick("Option Open Interest", _EQUITY, {27: _size(4_000_000), 28: _size(3_000_000)}),
    104: GenericTick("Historical Volatility", _EQUITY, {23: _volatility}),
    105: GenericTick("Average Opt Volume", _EQUITY, {87: _size(500_000)}),
    106: GenericTick("impvolat", _EQUITY, {24: _volatility}),
    162: GenericTick("Index Future Premium", ("IND",), {31: _number(-5.0, 25.0)}),
    165: GenericTick(
        "Misc. Stats",
        _EQUITY,
        {
            15: _price(0.9, 0.99),
            16: _price(1.01, 1.1),
            17: _price(0.8, 0.9),
            18: _price(1.1, 1.2),
            19: _price(0.6, 0.8),
            20: _price(1.2, 1.5),
            21: _size(60_000_000),
        },
    ),
    221: GenericTick("Mark Price", _PRICED, _MARK),
    225: GenericTick(
        "Auction",
        _STOCK,
        {34: _size(500_000), 35: _price(0.999, 1.001), 36: _size(100_000), 61: _size(50_000)},
    ),
    232: GenericTick("Pl Price", _PRICED, _MARK),
    233: GenericTick("RTVolume", _TRADED),
    236: GenericTick("inventory", _STOCK, {46: _number(2.6, 3.0), 89: _size(50_000_000)}),
    NEWS: GenericTick("Wide_news", _STOCK),
    293: GenericTick("TradeCount", _TRADED, {54: _count}),
    294: GenericTick("TradeRate", _TRADED, {55: _number(1.0, 400.0)}),
    295: GenericTick("VolumeRate", _TRADED, {56: _number(100.0, 90_000.0)}),
    318: GenericTick("LastRTHTrade", _TRADED, {57: _price(0.999, 1.001)}),
    375: GenericTick("RTTrdVolume", _TRADED),
    411: GenericTick("rthistvol", _EQUITY, {58: _volatility}),
    456: GenericTick("IBDividends", _STOCK, {59: _dividends}),
    460: GenericTick("Bond Factor Multiplier", ("BOND",), {60: _number(0.1, 1.0)}),
    576: GenericTick("ETF Nav Bid Ask", _STOCK, {94: _price(0.999, 1.0), 95: _price(1.0, 1.001)}),
    577: GenericTick("ETF Nav Last", _STOCK, {96: _price(0.999, 1.001)}),
    578: GenericTick("ETF Nav Close", _STOCK, {92: _price(0.99, 1.01), 93: _price(0.98, 1.02)}),
    586: GenericTick("IPOpricing", _STOCK, {101: _price(0.5, 0.6), 102: _price(0.5, 0.6)}),
    588: GenericTick("Futures Open Interest", ("FUT",), {86: _size(2_500_000)}),
    595: GenericTick("Short-Term Volume", _STOCK, {63: _size(50_000), 64: _size(90_000), 65: _size(170_000)}),
    614: GenericTick("ETF Nav High Low", _STOCK, {98: _price(1.0, 1.01), 99: _price(0.99, 1.0)}),
    623: GenericTick("ETF Frozen Nav Last", _STOCK, {97: _price(0.999, 1.001)}),
    ODD_LOTS: GenericTick(
        "Odd Lots",
        _STOCK,
        {
            105: _odd_lot(TickType.BID, 1),
            106: _odd_lot(TickType.ASK, -1),
            107: _odd_size,
            108: _odd_size,
            109: _letter,
            110: _letter,
        },
    ),
}
"""Every number that a generic tick list may hold."""


def parse(text: str, instrument: Instrument, server_version: int) -> list[int] | None:
    """The numbers of a generic tick list; None if one of them is none, or not for this kind of instrument.

    News may name its providers ("292:BRFG+DJNL").
    """
    numbers = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        number = entry.partition(":")[0]
        if not (number.isascii() and number.isdecimal() and int(number) in _legal(instrument, server_version)):
            return None
        numbers.append(int(number))
    return numbers


def incorrect(text: str, instrument: Instrument, server_version: int) -> str:
    """What a gateway says of a list that is not right."""
    legal = ",".join(f"{number}({GENERIC_TICKS[number].name})" for number in _legal(instrument, server_version))
    return f"Incorrect generic tick list of {text}.  Legal ones for ({instrument.sec_type}) are: {legal}"


def messages(numbers: Iterable[int], facts: Facts) -> list[Message]:
    """The ticks that these numbers ask for, as they are now."""
    values = {kind: value for number in numbers for kind, value in GENERIC_TICKS[number].ticks.items()}
    return [value(kind, facts) for kind, value in values.items()]


def trade_message(tick_type: int, trade: Trade, quote: Quote, recent: RecentTicks) -> m.TickString:
    """A trade as RTVolume tells it: price, size, time in ms, the day's volume, average price, single market maker."""
    volume = quote.sizes.get(TickType.VOLUME, recent.traded)
    fields = (
        repr(trade.price),
        f"{trade.size:f}",
        str(round(trade.at_s * 1000)),
        f"{volume:f}",
        f"{recent.average_price or trade.price:.8f}",
        "false",
    )
    return m.TickString(None, tick_type, ";".join(fields))


def _legal(instrument: Instrument, server_version: int) -> list[int]:
    return [
        number
        for number, generic in GENERIC_TICKS.items()
        if instrument.sec_type in generic.sec_types and (number != ODD_LOTS or server_version >= ODD_LOTS_FROM)
    ]
