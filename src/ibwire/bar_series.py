"""What bars are asked for: contract, size and kind of data, and from when to when; checked before anything is sent."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct

from ibwire.bar_times import FORMAT_EPOCH, request_time
from ibwire.exceptions import InvalidRequest
from ibwire.history_spans import BAR_SIZES, BarSize, Interval
from ibwire.wire import messages as m

ADJUSTED_LAST = "ADJUSTED_LAST"
_TRADED = ("TRADES", "AGGTRADES")
_QUOTED = ("MIDPOINT", "BID", "ASK")
BAR_KINDS = (
    *(*_TRADED, *_QUOTED, "BID_ASK", ADJUSTED_LAST, "HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY", "FEE_RATE"),
    *("YIELD_BID", "YIELD_ASK", "YIELD_BID_ASK", "YIELD_LAST"),
)
"""What bars there are of (`what`; protocol notes, 3.6). AGGTRADES are the trades of cryptocurrencies."""

LIVE_KINDS = (*_TRADED, *_QUOTED)
"""What bars are kept up to date of."""

SHORTEST_LIVE_BAR = timedelta(seconds=5)

_TOMORROW = timedelta(days=2)
"""How far behind today's date, in UTC, days may be that have bars already: an exchange's day may begin before it."""

_DURATION = re.compile(r"(\d{1,5}) ?([SDWMY])", re.ASCII)
_UNITS = {"S": timedelta(seconds=1), "D": timedelta(days=1), "W": timedelta(weeks=1)}
_MONTHS = {"M": 1, "Y": 12}


class BarSeries(Struct, frozen=True, kw_only=True):
    """Bars of one size and kind of one contract; `rth` leaves out those outside of regular trading hours."""

    contract: m.Contract
    size: BarSize
    what: str
    rth: bool

    @property
    def key(self) -> str:
        """What tells one series from another."""
        hours = "regular hours" if self.rth else "all hours"
        return f"{contract_key(self.contract)} {self.size.text} {self.what} {hours}"

    @property
    def ends_now(self) -> bool:
        """Whether IBKR gives these bars only up to now: adjusted prices, and continuous futures (10339)."""
        return self.what == ADJUSTED_LAST or self.contract.sec_type == "CONTFUT"

    def request(self, end: datetime | None, duration: str, *, keep_up_to_date: bool = False) -> m.HistoricalDataRequest:
        """The request for those up to `end`, or now."""
        return m.HistoricalDataRequest(
            contract=self.contract,
            end_date_time="" if end is None else request_time(end),
            bar_size_setting=self.size.text,
            duration=duration,
            use_rth=self.rth,
            what_to_show=self.what,
            format_date=FORMAT_EPOCH,
            keep_up_to_date=keep_up_to_date,
        )


def contract_key(contract: m.Contract) -> str:
    """The same text for the same contract and exchange, however many of its fields are given."""
    return f"{contract.con_id}@{contract.exchange}" if contract.con_id else repr(contract)


class Problems:
    """Collects what is wrong with a call, so that it is all told at once."""

    def __init__(self, call: str) -> None:
        self._call = call
        self._found: list[str] = []

    def add(self, problem: str) -> None:
        """One more."""
        self._found.append(problem)

    def require(self, is_so: bool, problem: str) -> None:
        """One more, unless this is so."""
        if not is_so:
            self._found.append(problem)

    def check(self) -> None:
        """Raises InvalidRequest if there are any."""
        if self._found:
            raise InvalidRequest(f"{self._call}: {'; '.join(self._found)}")

    def series(self, contract: m.Contract, bar_size: str, what: str, *, rth: bool) -> BarSeries | None:
        """The series that is meant, if there is such a one."""
        size, kind = BAR_SIZES.get(str(bar_size)), str(what).upper()
        self.require(size is not None, f"bar_size is {bar_size!r}; allowed are {', '.join(BAR_SIZES)}")
        self.require(kind in BAR_KINDS, f"what is {what!r}; allowed are {', '.join(BAR_KINDS)}")
        is_contract = isinstance(contract, m.Contract)
        self.require(is_contract, f"contract is {contract!r}, which is none; parse_contract makes one of a text")
        return None if size is None or not is_contract else BarSeries(contract=contract, size=size, what=kind, rth=rth)

    def span(
        self,
        start: datetime | date | None,
        end: datetime | date | None,
        duration: timedelta | str | None,
        now: datetime,
        *,
        is_by_day: bool = False,
    ) -> Interval:
        """From when to when in whole seconds, or midnights UTC for what `is_by_day`; nothing lies beyond the present.

        Exactly one of `start` and `duration` is needed; a duration goes back from `end`, or from now.
        """
        self.require((start is None) != (duration is None), "either start or duration has to be given, and not both")
        latest = _midnight(now.date()) + _TOMORROW if is_by_day else _whole(now + timedelta(seconds=1))
        last = latest if end is None else min(latest, self._moment("end", end, latest, is_by_day=is_by_day))
        if duration is None:
            first = self._moment("start", start, last, is_by_day=is_by_day)
        else:
            first = self.back(min(last, now), duration)
            first = _midnight(first.date()) if is_by_day else _whole(first)
        if not self._found:
            self.require(first < last, f"nothing lies between {first} and {last}; now is {now}")
        return Interval(first, last)

    def back(self, end: datetime, duration: timedelta | str) -> datetime:
        """The moment that lies a duration before another, on the calendar; in whole units of IBKR's or a timedelta."""
        try:
            if isinstance(duration, timedelta):
                self.require(duration > timedelta(), f"duration is {duration}; it has to be positive")
                return end - duration
            match = _DURATION.fullmatch(duration.strip().upper()) if isinstance(duration, str) else None
            if match is None or int(match[1]) == 0:
                self.add(f'duration is {duration!r}; allowed are a timedelta or "<number> <S, D, W, M or Y>"')
                return end
            number, unit = int(match[1]), match[2]
            return _months_back(end, number * _MONTHS[unit]) if unit in _MONTHS else end - number * _UNITS[unit]
        except (OverflowError, ValueError):
            self.add(f"duration is {duration!r}, which is longer than the calendar")
            return end

    def _moment(self, name: str, given: datetime | date | None, otherwise: datetime, *, is_by_day: bool) -> datetime:
        if given is None:
            return otherwise
        if not isinstance(given, date):
            self.add(f"{name} is {given!r}; allowed are an aware datetime and a date")
            return otherwise
        if not isinstance(given, datetime):
            return _midnight(given)
        if given.tzinfo is None:
            self.add(f"{name} is {given}, which names no time zone; make it an aware datetime, or a date")
            return otherwise
        if is_by_day:
            return _midnight(given.date())  # the day is that of the zone in which it was given
        try:
            return _whole(given.astimezone(UTC))
        except OverflowError:
            self.add(f"{name} is {given}, which lies outside of the calendar in UTC")
            return otherwise


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _months_back(moment: datetime, months: int) -> datetime:
    month = moment.year * 12 + moment.month - 1 - months
    first = moment.replace(year=month // 12, month=month % 12 + 1, day=1)
    last_day = ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).day
    return first.replace(day=min(moment.day, last_day))
