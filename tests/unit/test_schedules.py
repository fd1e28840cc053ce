"""Schedules as they are asked for and remembered, and what a download does with a part of one."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ibwire.asking import Asker
from ibwire.bar_times import parse_moment, request_time
from ibwire.exceptions import NoPermission, RequestError
from ibwire.history import History
from ibwire.history_spans import Interval
from ibwire.schedules import KEPT, Schedules
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.answering_session import NOW, AnsweringSession
from tests.helpers.virtual_time import on_virtual_time

CONTRACT, OTHER = m.Contract(con_id=265598, exchange="SMART"), m.Contract(con_id=272093, exchange="SMART")
FIRST_KNOWN = datetime(2026, 4, 6, 13, 30, tzinfo=UTC)


def week(first: datetime) -> m.HistoricalSchedule:
    """Five sessions of six and a half hours."""
    opens = [first + timedelta(days=number) for number in range(5)]
    return m.HistoricalSchedule(
        time_zone="UTC",
        historical_sessions=tuple(
            m.HistoricalSession(request_time(at), request_time(at + timedelta(hours=6.5)), at.strftime("%Y%m%d"))
            for at in opens
        ),
    )


@on_virtual_time
async def test_answers_are_remembered_for_a_while() -> None:
    session = AnsweringSession(lambda _: [week(FIRST_KNOWN)])
    schedules = Schedules(session, Asker(session))

    async def asked(contract: m.Contract, *, rth: bool = True) -> int:
        await schedules.get(contract, Interval(FIRST_KNOWN, session.now()), rth=rth)
        return len(session.asked)

    assert [await asked(CONTRACT), await asked(CONTRACT)] == [1, 1]
    assert [await asked(OTHER), await asked(CONTRACT, rth=False)] == [2, 3]
    await asyncio.sleep(KEPT.total_seconds())
    assert await asked(CONTRACT) == 4


@on_virtual_time
async def test_answer_without_a_schedule_is_as_none() -> None:
    session = AnsweringSession(lambda _: [m.HistoricalDataEnd()])
    schedules = Schedules(session, Asker(session))
    found = await schedules.get(CONTRACT, Interval(FIRST_KNOWN, session.now()), rth=True)
    assert not found
    assert found.known is None


@on_virtual_time
async def test_schedule_tells_how_far_it_is_known() -> None:
    session = AnsweringSession(lambda _: [week(FIRST_KNOWN)])
    schedules = Schedules(session, Asker(session))
    for start, known_from in ((FIRST_KNOWN - timedelta(days=9), None), (FIRST_KNOWN - timedelta(days=60), FIRST_KNOWN)):
        found = await schedules.get(CONTRACT, Interval(start, NOW), rth=True)
        assert found.known == Interval(known_from or start, NOW)


def asked_spans(session: AnsweringSession) -> list[Interval]:
    """What the requests for bars covered."""
    spans = []
    for message in session.asked:
        assert isinstance(message, m.HistoricalDataRequest)
        if message.what_to_show != "SCHEDULE":
            end = parse_moment(message.end_date_time) if message.end_date_time else session.now()
            spans.append(Interval(end - timedelta(seconds=int(str(message.duration).split()[0])), end))
    return sorted(spans)


@on_virtual_time
async def test_time_of_which_the_schedule_says_nothing_is_asked_for() -> None:
    def answer(message: Message) -> list[Message]:
        assert isinstance(message, m.HistoricalDataRequest)
        return [week(FIRST_KNOWN)] if message.what_to_show == "SCHEDULE" else [m.HistoricalData(1)]

    session = AnsweringSession(answer)
    start = FIRST_KNOWN - timedelta(days=60)
    bars = await History(session).bars(CONTRACT, "1 min", start=start, empty_ok=True)
    spans = asked_spans(session)
    moment = start
    while moment < FIRST_KNOWN:  # every hour of it, weekends as well
        assert any(moment in span for span in spans)
        moment += timedelta(hours=1)
    assert len([span for span in spans if span.start > FIRST_KNOWN]) == 4  # but what is known, by session
    assert "goes from 2026-04-06" in bars.holes_unknown
    assert bars.holes is not None
    assert [(hole.start, hole.end) for hole in bars.holes] == [(FIRST_KNOWN, NOW)]  # nothing traded in between


@on_virtual_time
async def test_without_a_schedule_all_is_asked_for_and_holes_are_unknown() -> None:
    bar = m.HistoricalDataBar(date=str(int(FIRST_KNOWN.timestamp())), open=1.0, high=1.0, low=1.0, close=1.0)

    def answer(message: Message) -> list[Message]:
        assert isinstance(message, m.HistoricalDataRequest)
        if message.what_to_show == "SCHEDULE":
            raise NoPermission("not for you")
        return [m.HistoricalData(1, (bar, bar)), m.HistoricalDataEnd(1)]

    session = AnsweringSession(answer)
    bars = await History(session).bars(CONTRACT, "1 min", start=date(2026, 4, 4), end=date(2026, 4, 8))
    assert [one.start for one in bars] == [FIRST_KNOWN]  # each answer had it, twice
    assert bars.holes is None
    assert "not for you" in bars.holes_unknown
    assert len(asked_spans(session)) == 5


def test_error_of_one_request_ends_the_others() -> None:
    @on_virtual_time
    async def test() -> None:
        async def answer(message: Message) -> list[Message]:
            await asyncio.sleep(1)
            assert isinstance(message, m.HistoricalDataRequest)
            if str(message.end_date_time).startswith("202603"):
                raise NoPermission("not this month")
            return [m.HistoricalData(1)]

        session = AnsweringSession(answer)
        span = {"start": date(2026, 3, 1), "end": date(2026, 4, 9)}
        with pytest.raises(NoPermission, match="not this month"):
            await History(session).bars(CONTRACT, "1 min", **span, find_holes=False)
        assert len(session.asked) < 10  # of forty

    test()


def test_bars_are_kept_up_to_date_after_as_many_as_one_request_may_have() -> None:
    @on_virtual_time
    async def test() -> None:
        session = AnsweringSession()
        for size in ("5 secs", "30 secs", "1 min", "5 mins", "1 hour", "8 hours", "1 day"):
            session.asked.clear()
            History(session).keep_up_to_date(CONTRACT, size)
            (message,) = session.asked
            assert isinstance(message, m.HistoricalDataRequest)
            assert (message.keep_up_to_date, message.end_date_time) == (True, "")
        assert message.duration == "1 Y"

    test()


def test_empty_answer_is_not_kept_for_ever(tmp_path: Path) -> None:
    @on_virtual_time
    async def test() -> None:
        bar = m.HistoricalDataBar(date=str(int(FIRST_KNOWN.timestamp())), open=1.0, high=1.0, low=1.0, close=1.0)
        answers: list[list[Message]] = [[m.HistoricalData(1)], [m.HistoricalData(1, (bar,))]]
        session = AnsweringSession(lambda _: answers.pop(0))
        span = {"start": FIRST_KNOWN, "end": FIRST_KNOWN + timedelta(hours=1), "find_holes": False, "empty_ok": True}
        found = [len(await History(session).bars(CONTRACT, "1 min", **span, store=tmp_path / "bars")) for _ in range(3)]
        assert found == [0, 1, 1]

    test()


@on_virtual_time
async def test_histogram_with_a_size_that_is_no_number_is_an_error_of_the_request() -> None:
    level = m.HistogramDataEntry(price=1.0, size="nonsense")
    session = AnsweringSession(lambda _: [m.HistogramData(histogram_data_entries=(level,))])
    with pytest.raises(RequestError, match="size"):
        await History(session).histogram(CONTRACT)
