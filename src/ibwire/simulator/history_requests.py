"""Historical requests as read and checked: what is asked for, or why it is refused, in IBKR's words and order.

Sources: protocol notes, 3.6 and 3.7; error codes 162, 200, 321, 10299, 10314, 10339.
"""

from __future__ import annotations

import re

from msgspec import Struct

from ibwire.simulator import reference
from ibwire.simulator.bar_sizes import (
    BAR_SIZES,
    DAY_S,
    NO_SUCH_SIZE,
    SHORTEST_LIVE_BAR_S,
    SMALL_BAR_S,
    BarSize,
    Duration,
    NotADuration,
    misfit,
    parse_duration,
)
from ibwire.simulator.catalogue import Catalogue
from ibwire.simulator.history_pacing import HistoryQuery
from ibwire.simulator.history_times import FORMATS, NOT_A_TIME, Moment, parse_time
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.knowledge import VALIDATING
from ibwire.simulator.what_to_show import (
    ADJUSTED_LAST,
    AGGREGATED,
    BID_ASK,
    LIVE_SERIES,
    NO_SUCH_SERIES,
    SCHEDULE,
    SERIES,
    TICK_SERIES,
    has_series,
    needs_aggregated,
    no_such_data,
)
from ibwire.wire import messages as m

SERVICE = "Historical Market Data Service error message:"
"""What every text of error 162 begins with."""

MOST_TICKS = 1000
_NO_CONTINUOUS_END = "Setting end date/time for continuous future security type is not allowed."


class Refused(Exception):
    """A request that gets an error instead of an answer."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code, self.text = code, text


class BarsAsked(Struct, frozen=True, kw_only=True):
    """A request for bars or a schedule; `end` is None for now."""

    instrument: Instrument
    exchange: str
    end: Moment | None
    duration: Duration
    size: BarSize
    what: str
    regular_only: bool
    format_date: int
    keeps_up: bool

    @property
    def query(self) -> HistoryQuery:
        """What pacing sees of it."""
        end_s = None if self.end is None else self.end.at_s
        series = (self.instrument.con_id, self.exchange, self.what)
        identity = ("bars", *series, self.size, self.duration, end_s, self.regular_only, self.keeps_up)
        return HistoryQuery(identity, series, self.size.length_s <= SMALL_BAR_S, _weight(self.what))


class SeriesAsked(Struct, frozen=True, kw_only=True):
    """A request for the head timestamp of a kind of data."""

    instrument: Instrument
    exchange: str
    what: str
    regular_only: bool
    format_date: int

    @property
    def query(self) -> HistoryQuery:
        """What pacing sees of it: a head timestamp counts as a small bar."""
        series = (self.instrument.con_id, self.exchange, self.what)
        return HistoryQuery(("head", *series, self.regular_only), series, is_small=True, weight=_weight(self.what))


class TicksAsked(Struct, frozen=True, kw_only=True):
    """A request for ticks, either from `start` on or up to `end`."""

    instrument: Instrument
    exchange: str
    start: Moment | None
    end: Moment | None
    number: int
    what: str
    regular_only: bool
    ignores_size: bool

    @property
    def query(self) -> HistoryQuery:
        """What pacing sees of it: ticks count as small bars."""
        series = (self.instrument.con_id, self.exchange, self.what)
        identity = ("ticks", *series, self.start, self.end, self.number, self.regular_only, self.ignores_size)
        return HistoryQuery(identity, series, is_small=True, weight=_weight(self.what))


class HistogramAsked(Struct, frozen=True):
    """A request for a histogram."""

    instrument: Instrument
    exchange: str
    duration: Duration
    regular_only: bool


def read_bars(request: m.HistoricalDataRequest, now_s: float, catalogue: Catalogue) -> BarsAsked:
    """The bars that are asked for. Raises Refused."""
    end = _moment(request.end_date_time, "End Date/Time", now_s)
    duration = _duration(request.duration)
    what = (request.what_to_show or "").upper()
    _require(what != ADJUSTED_LAST or end is None, "End date not supported with adjusted last")
    size = BAR_SIZES.get(request.bar_size_setting or "")
    if size is None:
        raise _invalid(NO_SUCH_SIZE)
    is_multi_day = size.length_s > DAY_S
    _require(what != ADJUSTED_LAST or not is_multi_day, "Multi day bar size not supported with adjusted last")
    _require(what in SERIES, NO_SUCH_SERIES)
    format_date = _format_date(request.format_date)
    keeps_up = bool(request.keep_up_to_date)
    if keeps_up:
        _require(end is None, "End date not supported with live updates")
        _require(what in LIVE_SERIES, "Source price not supported with live updates")
        _require(size.length_s >= SHORTEST_LIVE_BAR_S, "Bar size not supported with live updates")
    _require(what != SCHEDULE or size.length_s == DAY_S, "Only daily resolution supported for Schedule requests")
    instrument = _instrument(request.contract, catalogue)
    if end is not None and instrument.sec_type == "CONTFUT":
        raise Refused(10339, _NO_CONTINUOUS_END)
    exchange = _exchange(request.contract)
    _check_series(instrument, exchange, what, size.length_s)
    reason = misfit(size, duration)
    if reason is not None:
        raise Refused(162, f"{SERVICE}{reason}")
    return BarsAsked(
        instrument=instrument,
        exchange=exchange,
        end=end,
        duration=duration,
        size=size,
        what=what,
        regular_only=bool(request.use_rth),
        format_date=format_date,
        keeps_up=keeps_up,
    )


def read_head(request: m.HeadTimestampRequest, catalogue: Catalogue) -> SeriesAsked:
    """The head timestamp that is asked for. Raises Refused."""
    what = (request.what_to_show or "").upper()
    _require(what in SERIES and what != SCHEDULE, NO_SUCH_SERIES)
    format_date = _format_date(request.format_date)
    instrument, exchange = _instrument(request.contract, catalogue), _exchange(request.contract)
    _check_series(instrument, exchange, what, 0)
    return SeriesAsked(
        instrument=instrument,
        exchange=exchange,
        what=what,
        regular_only=bool(request.use_rth),
        format_date=format_date,
    )


def read_histogram(request: m.HistogramDataRequest, catalogue: Catalogue) -> HistogramAsked:
    """The histogram that is asked for: a period is "3 days", or a duration like any. Raises Refused."""
    match = re.fullmatch(r"(\d+) ([smhdwy])[a-z]*", (request.time_period or "").lower(), re.ASCII)
    if match is None:
        raise _invalid(f"Invalid time period '{request.time_period or ''}'")
    duration = _duration(f"{match[1]} {match[2]}")
    return HistogramAsked(
        _instrument(request.contract, catalogue), _exchange(request.contract), duration, bool(request.use_rth)
    )


def read_ticks(request: m.HistoricalTicksRequest, now_s: float, catalogue: Catalogue) -> TicksAsked:
    """The ticks that are asked for. Raises Refused."""
    start = _moment(request.start_date_time, "Start Date/Time", now_s)
    end = _moment(request.end_date_time, "End Date/Time", now_s)
    _require((start is None) != (end is None), "Either start or end date/time, and not both, have to be specified")
    number = request.number_of_ticks or 0
    _require(1 <= number <= MOST_TICKS, f"Number of ticks has to be between 1 and {MOST_TICKS}")
    what = (request.what_to_show or "").upper()
    _require(what in TICK_SERIES, f"Historical ticks are of {', '.join(TICK_SERIES)}")
    instrument, exchange = _instrument(request.contract, catalogue), _exchange(request.contract)
    # The trades of a cryptocurrency are asked for as TRADES here, whatever bars want.
    known_as = "AGGTRADES" if needs_aggregated(instrument, what) else what
    _check_series(instrument, exchange, known_as, 0)
    return TicksAsked(
        instrument=instrument,
        exchange=exchange,
        start=start,
        end=end,
        number=number,
        what=what,
        regular_only=bool(request.use_rth),
        ignores_size=bool(request.ignore_size),
    )


def _moment(text: str | None, name: str, now_s: float) -> Moment | None:
    if not text:
        return None
    try:
        return parse_time(text, now_s)
    except ValueError:
        raise Refused(10314, f"{name}: {NOT_A_TIME}") from None


def _duration(text: str | None) -> Duration:
    try:
        return parse_duration(text or "")
    except NotADuration as error:
        raise _invalid(str(error)) from None


def _format_date(number: int | None) -> int:
    chosen = 1 if number is None else number
    _require(chosen in FORMATS, f"Date formatting selection of {chosen} rejected.")
    return chosen


def _instrument(contract: m.Contract | None, catalogue: Catalogue) -> Instrument:
    if lack := reference.lacks(contract, reference.NO_EXCHANGE, reference.WITH_HISTORY):
        raise _invalid(lack)
    found = reference.instruments_for(contract, catalogue)
    if len(found) != 1:
        raise Refused(200, reference.AMBIGUOUS if found else reference.NO_DEFINITION)
    return found[0]


def _exchange(contract: m.Contract | None) -> str:
    return (contract.exchange if contract is not None else None) or ""


def _check_series(instrument: Instrument, exchange: str, what: str, length_s: int) -> None:
    if needs_aggregated(instrument, what):
        raise Refused(*AGGREGATED)
    if not has_series(instrument, what):
        raise Refused(162, f"{SERVICE}{no_such_data(instrument, exchange, what, length_s)}")


def _weight(what: str) -> int:
    return 2 if what == BID_ASK else 1


def _require(is_so: bool, reason: str) -> None:
    if not is_so:
        raise _invalid(reason)


def _invalid(reason: str) -> Refused:
    return Refused(321, f"{VALIDATING}{reason}")
