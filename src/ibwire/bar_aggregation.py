"""Real-time bars: IBKR's of five seconds, and longer ones made of them (protocol notes, 3.5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct

from ibwire.quote_assembly import read_decimal, read_number, read_size
from ibwire.wire import messages as m

BAR_S = 5
"""The length of the only bars that IBKR sends in real time."""


class Bar(Struct, frozen=True, kw_only=True, gc=False):
    """What happened from `time` (aware UTC) on for `seconds`.

    `volume`, `wap` (the average price, weighted by volume) and `count` (of trades) are None for bars that are not of
    trades. `is_whole` is False if parts of a longer bar are missing: the first after subscribing, one with a gap in it,
    or one in which the market closed.
    """

    contract: m.Contract
    time: datetime
    seconds: int
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: Decimal | None
    wap: float | None
    count: int | None
    is_whole: bool = True


def read_bar(message: m.RealTimeBarTick, contract: m.Contract) -> Bar | None:
    """A bar of five seconds; None without a time."""
    if message.time is None or not 0 < message.time < 10**11:
        return None
    wap, count = read_decimal(message.wap), message.count
    return Bar(
        contract=contract,
        time=datetime.fromtimestamp(message.time, UTC),
        seconds=BAR_S,
        open=read_number(message.open),
        high=read_number(message.high),
        low=read_number(message.low),
        close=read_number(message.close),
        volume=read_size(message.volume),
        wap=None if wap is None or message.volume in ("-1", None) else float(wap),
        count=None if count is None or count < 0 else count,
    )


class BarAggregator:
    """Makes bars of `seconds`, a multiple of five, that begin at multiples of their length since 1970 (UTC).

    One is given as soon as its last part has come, or a part of a later one. Parts that come again are passed over.
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._parts: list[Bar] = []
        self._last_s = 0

    def add(self, part: Bar) -> list[Bar]:
        """Take a bar of five seconds; the longer ones that are complete now, in order."""
        at_s = int(part.time.timestamp())
        if at_s <= self._last_s:
            return []
        self._last_s = at_s
        done = []
        if self._parts and self._start_of(self._parts[0]) != self._start_of(part):
            done.append(self._close())
        self._parts.append(part)
        if (at_s + BAR_S) % self._seconds == 0:
            done.append(self._close())
        return done

    def _start_of(self, part: Bar) -> int:
        at_s = int(part.time.timestamp())
        return at_s - at_s % self._seconds

    def _close(self) -> Bar:
        parts, self._parts = self._parts, []
        volumes = [part.volume for part in parts if part.volume is not None]
        counts = [part.count for part in parts if part.count is not None]
        return Bar(
            contract=parts[0].contract,
            time=datetime.fromtimestamp(self._start_of(parts[0]), UTC),
            seconds=self._seconds,
            open=next(iter(_known(part.open for part in parts)), None),
            high=max(_known(part.high for part in parts), default=None),
            low=min(_known(part.low for part in parts), default=None),
            close=next(iter(_known(part.close for part in reversed(parts))), None),
            volume=sum(volumes, Decimal(0)) if volumes else None,
            wap=_average(parts),
            count=sum(counts) if counts else None,
            is_whole=len(parts) * BAR_S == self._seconds,
        )


def _known(numbers: Iterable[float | None]) -> list[float]:
    return [number for number in numbers if number is not None]


def _average(parts: list[Bar]) -> float | None:
    """The average price, weighted by volume; without volume that of the last part that has one."""
    weighed = [(part.wap, float(part.volume)) for part in parts if part.wap is not None and part.volume is not None]
    volume = sum(size for _, size in weighed)
    if volume > 0:
        return sum(price * size for price, size in weighed) / volume
    return weighed[-1][0] if weighed else None
