"""Asks for the trading schedules of contracts, and remembers them for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from ibwire.asking import Asker
from ibwire.bar_series import BarSeries, contract_key
from ibwire.exceptions import NoData
from ibwire.history_sessions import Schedule, TradingSession, sessions_of
from ibwire.history_spans import BAR_SIZES, Interval, chunks, request_span
from ibwire.session_api import SessionApi
from ibwire.wire import messages as m

KEPT = timedelta(minutes=15)
"""How long an answer is remembered: IBKR refuses the same question within 15 s, and holidays do not change by the
minute."""

MOST_KEPT = 256

LONGEST_BREAK = timedelta(days=11)
"""No market is closed for longer at a stretch: a schedule that begins this soon after what was asked for is whole."""

_DAYS = BAR_SIZES["1 day"]
"""A schedule is asked for as daily bars (protocol notes, 3.6)."""


class Schedules:
    """The schedules of one session's contracts."""

    def __init__(self, session: SessionApi, asker: Asker) -> None:
        self._session = session
        self._asker = asker
        self._kept: dict[tuple[str, bool, str | None, str | None], tuple[datetime, m.HistoricalSchedule]] = {}

    async def get(self, contract: m.Contract, span: Interval, *, rth: bool) -> Schedule:
        """The sessions that overlap a span, regular ones or all; without any if IBKR has none.

        Raises what `Asker.ask` raises, but NoData.
        """
        series = BarSeries(contract=contract, size=_DAYS, what="SCHEDULE", rth=rth)
        found: dict[datetime, TradingSession] = {}
        time_zone = ""
        for chunk in chunks([span], _DAYS):
            end, duration = request_span(chunk, _DAYS)
            message = series.request(end if end <= self._session.now() else None, duration)
            try:
                answer = await self._answer(message, contract_key(contract))
            except NoData:
                continue
            time_zone = answer.time_zone or time_zone
            found |= {session.start: session for session in sessions_of(answer)}
        sessions = [found[start] for start in sorted(found)]
        inside = [session for session in sessions if session.end > span.start and session.start < span.end]
        return Schedule(inside, time_zone, _known(sessions, span))

    async def _answer(self, message: m.HistoricalDataRequest, key: str) -> m.HistoricalSchedule:
        now = self._session.now()
        place = (key, bool(message.use_rth), message.end_date_time, message.duration)
        self._kept = {where: one for where, one in self._kept.items() if now - one[0] < KEPT}
        kept = self._kept.get(place)
        if kept is not None:
            return kept[1]
        answers = await self._asker.ask(message)
        answer = next((one for one in answers if isinstance(one, m.HistoricalSchedule)), None)
        if answer is None:
            raise NoData("IBKR's answer has no schedule in it")
        if len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[place] = (now, answer)
        return answer


def _known(sessions: list[TradingSession], span: Interval) -> Interval | None:
    """The part of a span of which an answer tells: it may begin later than asked for, or end earlier."""
    if not sessions:
        return None
    first, last = sessions[0].start, max(session.end for session in sessions)
    start = span.start if first - span.start < LONGEST_BREAK else first
    end = span.end if span.end - last < LONGEST_BREAK else last
    return Interval(start, end) if start < end else None
