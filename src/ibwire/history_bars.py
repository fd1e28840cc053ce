"""Historical bars as records: read from the gateway's messages, put together from several answers, and where some are
missing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from ibwire.bar_times import parse_bar_time
from ibwire.exceptions import RequestError
from ibwire.history_spans import BarSize, Interval
from ibwire.record_table import RecordTable
from ibwire.wire import messages as m

_NONE_KEPT = "-1"
"""What IBKR writes for volume and average of bars that are not of trades; their count is -1 too."""


class Bar(Struct, frozen=True, kw_only=True):
    """One bar. `start` is when it begins (aware UTC), or a date for bars of a day and longer.

    A week or a month has the date that IBKR gives it: its last day of trading. Prices are in the contract's currency;
    `volume`, `average` (price by volume) and `count` (of trades) are None where IBKR keeps none, as for quotes.
    `is_closed`: it will not change any more, apart from corrections.
    """

    start: datetime | date
    open: float
    high: float
    low: float
    close: float
    volume: Decimal | None = None
    average: Decimal | None = None
    count: int | None = None
    is_closed: bool = True


class Hole(Struct, frozen=True):
    """Trading time without bars: from `start` until before `end`, in the terms of the bars' own `start`.

    `detail` says why they could not be had, if that is known.
    """

    start: datetime | date
    end: datetime | date
    detail: str = ""


class Bars(RecordTable[Bar]):
    """The bars of a span, in order, each once.

    `holes` is where bars are missing inside of trading sessions: () if none are, None if nobody could say, for the
    reason in `holes_unknown`. IBKR leaves out bars in which nothing was traded, so a hole need not be an error.
    """

    def __init__(self, bars: Iterable[Bar], holes: tuple[Hole, ...] | None, holes_unknown: str = "") -> None:
        super().__init__(Bar, tuple(bars))
        self.holes = holes
        self.holes_unknown = holes_unknown


def bar_of(message: m.HistoricalDataBar, size: BarSize, now: datetime) -> Bar:
    """A bar as the gateway told it at `now`. Raises RequestError for one that makes no sense."""
    start = parse_bar_time(message.date, now=now)
    open_, high, low, close = message.open, message.high, message.low, message.close
    is_dated_right = isinstance(start, datetime) == size.is_intraday
    if not is_dated_right or open_ is None or high is None or low is None or close is None:
        raise RequestError(f"the gateway sent a bar of {size.text} that is none: {message!r}")
    return Bar(
        start=start,
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=_exact(message.volume),
        average=_exact(message.wap),
        count=None if message.bar_count is None or message.bar_count < 0 else message.bar_count,
        is_closed=closes_at(start, size) <= now,
    )


def position(start: datetime | date) -> datetime:
    """Where a bar lies in time: its start, or midnight UTC of its date."""
    return start if isinstance(start, datetime) else datetime.combine(start, time(), UTC)


def ends_at(start: datetime | date, size: BarSize) -> datetime | date:
    """Where a bar that begins then ends, in the terms of `start`; a session's end may cut it shorter."""
    return start + size.length if isinstance(start, datetime) else period_of(start, size)[1]


def closes_at(start: datetime | date, size: BarSize) -> datetime:
    """When a bar that begins then can be relied on to have ended."""
    return position(ends_at(start, size))


def period_of(day: date, size: BarSize) -> tuple[date, date]:
    """The day, week or month that a date is in, as its first day and the first one after it."""
    if size.text == "1W":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    if size.text == "1M":
        first = day.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1)
    return day, day + timedelta(days=1)


def merged(answers: Iterable[Iterable[Bar]], span: Interval) -> list[Bar]:
    """The bars of several answers that begin within a span: each once and in order.

    Of two that begin alike the later answer's holds, unless only the other one is of a bar that had closed.
    """
    found: dict[datetime | date, Bar] = {}
    for answer in answers:
        for bar in answer:
            known = found.get(bar.start)
            if position(bar.start) in span and (known is None or bar.is_closed or not known.is_closed):
                found[bar.start] = bar
    return [found[start] for start in sorted(found, key=position)]


def closed(bar: Bar) -> Bar:
    """The same bar, now that it does not change any more."""
    return bar if bar.is_closed else replace(bar, is_closed=True)


def opened(bar: Bar) -> Bar:
    """The same bar as one that still changes."""
    return replace(bar, is_closed=False) if bar.is_closed else bar


def _exact(text: str | None) -> Decimal | None:
    if text is None or text == _NONE_KEPT:
        return None
    try:
        return Decimal(text)
    except ArithmeticError:
        raise RequestError(f"the gateway sent a bar with {text!r} for a number") from None
