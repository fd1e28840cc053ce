"""Trading hours: IBKR's texts as sessions in UTC, and what follows from them: open or not, the next open and close.

The texts of `tradingHours` and `liquidHours` list trading days, separated by `;`, each of them `CLOSED` or with its
sessions, separated by `,` (protocol notes, 3.8 and 3.25):

    20260406:0400-20260406:2000;20260411:CLOSED         today's form
    20251221:1700-20251222:1600                         over midnight: Monday's session opens on Sunday
    20090507:0700-1830,1830-2330;20090508:CLOSED        the old form: all times belong to the trading day

In the old form a session that closes no later than it opens opened on the evening before its trading day.
Pure: it is given the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from ibwire.exceptions import InvalidRequest, NoData, UnreadableAnswer
from ibwire.time_zones import zone_named

_DAY = re.compile(r"(\d{8}):(.+)")
_SPAN = re.compile(r"(?:(\d{8}):)?(\d{4})-(?:(\d{8}):)?(\d{4})")
_ONE_DAY = timedelta(days=1)


class TradingSession(Struct, frozen=True):
    """One span of trading, aware UTC; the close is not part of it."""

    opens_at: datetime
    closes_at: datetime


class TradingHours(Struct, frozen=True, kw_only=True):
    """When an instrument trades, as far as IBKR has said: sessions in order, those that touch joined into one.

    All times are aware UTC. IBKR tells about six days; outside of `known_from` (included) to `known_until` (not)
    nothing is known, and each method raises NoData rather than say "closed". `zone` is that of the exchange.
    """

    sessions: tuple[TradingSession, ...]
    zone: str
    known_from: datetime
    known_until: datetime

    def covers(self, at: datetime) -> bool:
        """Whether it is known what happens at this time. Raises InvalidRequest for a time without a zone."""
        return self.known_from <= _aware(at) < self.known_until

    def is_open(self, at: datetime) -> bool:
        """Whether there is a session at this time. Raises NoData outside of what is known."""
        self._require(at)
        return any(one.opens_at <= at < one.closes_at for one in self.sessions)

    def next_open(self, at: datetime) -> datetime:
        """When the next session begins after this time, also if one is on now. Raises NoData if that is not known."""
        self._require(at)
        return self._first((one.opens_at for one in self.sessions if one.opens_at > at), "opening", at)

    def next_close(self, at: datetime) -> datetime:
        """When the session that is on, or else the next, ends. Raises NoData if that is not known."""
        self._require(at)
        return self._first((one.closes_at for one in self.sessions if one.closes_at > at), "close", at)

    def _require(self, at: datetime) -> None:
        if not self.covers(at):
            raise NoData(f"trading hours are known {self._span}, not for {at:%Y-%m-%d %H:%M %Z}", hint=_HINT)

    def _first(self, times: Iterable[datetime], what: str, at: datetime) -> datetime:
        found = next(iter(times), None)
        if found is None:
            raise NoData(f"no {what} after {at:%Y-%m-%d %H:%M %Z} is known: hours are known {self._span}", hint=_HINT)
        return found

    @property
    def _span(self) -> str:
        return f"from {self.known_from:%Y-%m-%d %H:%M} to {self.known_until:%Y-%m-%d %H:%M} UTC"


_HINT = "IBKR tells the hours of the next days only; ask about a time within them"


class _Entry(Struct, frozen=True):
    """One session as the text has it, in the exchange's own time."""

    opens_at: datetime
    closes_at: datetime

    @property
    def day(self) -> date:
        """The trading day: that on which it closes; 24:00 is still the same day."""
        return (self.closes_at - timedelta(minutes=1)).date()

    @property
    def is_overnight(self) -> bool:
        """Whether it opens on the day before its trading day."""
        return self.opens_at.date() < self.day


@lru_cache(maxsize=1024)
def parse_hours(text: str, zone_id: str) -> TradingHours:
    """The hours in a text of IBKR's, whose times are in the zone that it calls `zone_id`.

    Raises UnreadableAnswer for an unknown zone, and for days that cannot be read, all of them; NoData for no text.
    """
    days = [part.strip() for part in text.split(";") if part.strip()]
    if not days:
        raise NoData("IBKR gave no trading hours")
    zone = zone_named(zone_id)
    entries: list[_Entry] = []
    closed: set[date] = set()
    unreadable = []
    for part in days:
        try:
            day, sessions = _read_day(part)
        except ValueError:
            unreadable.append(repr(part[:80]))
        else:
            entries += sessions
            if not sessions:
                closed.add(day)
    if unreadable:
        raise UnreadableAnswer(f"trading hours that cannot be read: {', '.join(unreadable)}")
    return TradingHours(
        sessions=_joined(sorted((_utc(one.opens_at, zone), _utc(one.closes_at, zone)) for one in entries)),
        zone=zone.key,
        known_from=_utc(_known_from(entries, closed), zone),
        known_until=_utc(_known_until(entries, closed), zone),
    )


def _read_day(text: str) -> tuple[date, list[_Entry]]:
    """The first date in the text of a trading day, and its sessions. Raises ValueError if it cannot be read."""
    found = _DAY.fullmatch(text)
    if found is None:
        raise ValueError
    day = _date(found[1])
    if found[2].strip().upper() == "CLOSED":
        return day, []
    return day, [_read_session(part.strip(), day) for part in found[2].split(",")]


def _read_session(text: str, day: date) -> _Entry:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError
    opens_at = _moment(_date(found[1]) if found[1] else day, found[2])
    if found[3]:
        closes_at = _moment(_date(found[3]), found[4])
        if closes_at <= opens_at:
            raise ValueError
        return _Entry(opens_at, closes_at)
    closes_at = _moment(day, found[4])
    return _Entry(opens_at - _ONE_DAY if closes_at <= opens_at else opens_at, closes_at)


def _date(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day at the exchange


def _moment(day: date, text: str) -> datetime:
    """A time of day at the exchange, without its zone; 2400 is the end of the day."""
    if text == "2400":
        return datetime.combine(day, time()) + _ONE_DAY
    return datetime.combine(day, time(int(text[:2]), int(text[2:])))


def _known_from(entries: list[_Entry], closed: set[date]) -> datetime:
    """The start of the first day; or of its session, if that opened the evening before: what ended then is not told."""
    opening = min(entries, key=lambda one: one.opens_at, default=None)
    if opening is not None and opening.is_overnight and opening.opens_at.date() < min(closed, default=date.max):
        return opening.opens_at
    return datetime.combine(min({*closed, *(one.opens_at.date() for one in entries)}), time())


def _known_until(entries: list[_Entry], closed: set[date]) -> datetime:
    """The end of the last day; or its evening, if sessions open then: whether one does on that day is not told."""
    last = max({*closed, *(one.day for one in entries)})
    evenings = [one.opens_at.time() for one in entries if one.is_overnight]
    end = datetime.combine(last, min(evenings)) if evenings else datetime.combine(last, time()) + _ONE_DAY
    return max([end, *(one.closes_at for one in entries)])


def _joined(spans: list[tuple[datetime, datetime]]) -> tuple[TradingSession, ...]:
    joined: list[TradingSession] = []
    for opens_at, closes_at in spans:
        if joined and opens_at <= joined[-1].closes_at:
            last = joined.pop()
            joined.append(TradingSession(last.opens_at, max(last.closes_at, closes_at)))
        else:
            joined.append(TradingSession(opens_at, closes_at))
    return tuple(joined)


def _utc(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise InvalidRequest(f"the time {at} has no time zone", hint="use aware times, for instance datetime.now(UTC)")
    return at
