"""Ticks of any span page by page: each exactly once, however many of them a second has."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.bar_times import parse_moment, request_time
from ibwire.exceptions import InvalidRequest, NoData, NoPermission, RequestError
from ibwire.history import History
from ibwire.history_spans import Interval
from ibwire.history_store import BarStore
from ibwire.history_ticks import PAGE, QuoteTick, TradeTick, ticks_of
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.answering_session import AnsweringSession
from tests.helpers.campaigns import campaign
from tests.helpers.virtual_time import on_virtual_time

CONTRACT = m.Contract(con_id=265598, exchange="SMART")
OPENS_S = int(datetime(2026, 4, 9, 13, 30, tzinfo=UTC).timestamp())
SESSIONS_S = [(OPENS_S, OPENS_S + 600), (OPENS_S + 3600, OPENS_S + 4200)]


def at(unix_s: int) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)


SCHEDULE = m.HistoricalSchedule(
    time_zone="UTC",
    historical_sessions=tuple(
        m.HistoricalSession(request_time(at(start_s)), request_time(at(end_s)), "20260409")
        for start_s, end_s in SESSIONS_S
    ),
)


def trades(counts: dict[int, int]) -> list[m.HistoricalTickLast]:
    """So many trades in each second; no two of them differ in anything but their number, where it counts."""
    return [
        m.HistoricalTickLast(time=second_s, price=1.0 + number % 2, size="1")
        for second_s, number_of in sorted(counts.items())
        for number in range(number_of)
    ]


def serving(ticks: Sequence[m.HistoricalTickLast], reach: str) -> AnsweringSession:
    """A gateway that gives a page of ticks from a time on: of that session alone, or going "on" to the next; its last
    second whole, unless pages are "cut"."""

    def answer(message: Message) -> list[Message]:
        if isinstance(message, m.HistoricalDataRequest):
            return [SCHEDULE]
        assert isinstance(message, m.HistoricalTicksRequest)
        start_s = parse_moment(message.start_date_time).timestamp()
        end_s = 1e12 if reach != "session" else next(end_s for _, end_s in SESSIONS_S if start_s < end_s)
        page = [tick for tick in ticks if start_s <= (tick.time or 0) < end_s]
        last = page[PAGE - 1].time if len(page) > PAGE else None
        if reach == "cut":
            page = page[:PAGE]
        elif last is not None:
            page = [tick for tick in page if (tick.time or 0) <= last]
        return [m.HistoricalTicksLast(message.req_id, tuple(page), is_done=True)]

    return AnsweringSession(answer)


@st.composite
def seconds(draw: st.DrawFn) -> dict[int, int]:
    """How many ticks come in which seconds of the sessions, mostly enough for several pages."""
    places = st.sampled_from([at_s for start_s, end_s in SESSIONS_S for at_s in range(start_s, end_s)])
    return draw(st.dictionaries(places, st.sampled_from([1, 333, 500, 999, 1000, 1001, 2500]), min_size=3, max_size=14))


SPANS = st.one_of(st.just((-100, 4400)), st.tuples(st.integers(-100, 4300), st.integers(1, 4400)))


@campaign(part=60, full=500)
@given(seconds(), SPANS, st.sampled_from(["session", "on", "cut"]))
def test_pages_come_to_exactly_the_source(counts: dict[int, int], span: tuple[int, int], reach: str) -> None:
    if reach == "cut":  # then a second with more than a page could not be told whole by anybody
        counts = {second_s: min(number, PAGE - 1) for second_s, number in counts.items()}

    @on_virtual_time
    async def test() -> None:
        source = trades(counts)
        start, end = at(OPENS_S + span[0]), at(OPENS_S + sum(span))
        session = serving(source, reach)
        found = await History(session).ticks(CONTRACT, start=start, end=end, empty_ok=True)
        (told,) = [ticks_of(m.HistoricalTicksLast(1, tuple(source)))]
        assert list(found) == [tick for tick in told if start <= tick.time < end]

    test()


@campaign(part=60, full=250)
@given(seconds(), SPANS, SPANS, st.lists(st.integers(0, 6), max_size=4))
def test_interrupted_download_goes_on_where_it_stopped(
    counts: dict[int, int], span: tuple[int, int], before: tuple[int, int], stops: list[int]
) -> None:
    """Any span after any other, interrupted at any page: exactly the source, and nothing is asked for that is kept."""

    @on_virtual_time
    async def test() -> None:
        source = trades(counts)
        served = serving(source, "session")
        plain, left = served._answer, 0
        asked: list[tuple[datetime, list[Interval]]] = []

        def answer(message: Message) -> list[Message]:
            nonlocal left
            if isinstance(message, m.HistoricalTicksRequest):
                if left == 0:
                    raise NoPermission("enough")
                left -= 1
                series = {row[0] for row in store._database.execute("SELECT series FROM spans")}
                kept = [one for name in series for one in store.covered(name)]
                asked.append((parse_moment(message.start_date_time), kept))
            return plain(message)

        served._answer = answer
        (told,) = [ticks_of(m.HistoricalTicksLast(1, tuple(source)))]
        with tempfile.TemporaryDirectory() as folder, BarStore(Path(folder) / "ticks") as store:
            for one, pages in [*((before, stop) for stop in stops), *((span, stop) for stop in stops), (span, 10**6)]:
                start, end = at(OPENS_S + one[0]), at(OPENS_S + sum(one))
                left = pages
                with contextlib.suppress(NoPermission):
                    found = await History(served).ticks(CONTRACT, start=start, end=end, store=store, empty_ok=True)
            assert list(found) == [tick for tick in told if start <= tick.time < end]
        assert not [at_ for at_, kept in asked if any(at_ in one for one in kept)]

    test()


@on_virtual_time
async def test_two_that_kept_the_same_ticks_do_not_double_them(tmp_path: Path) -> None:
    source = trades({OPENS_S + number: 100 for number in range(60)})
    with BarStore(tmp_path / "ticks") as store:
        for start, end in ((0, 40), (20, 60)):
            alone = tmp_path / f"{start}"
            span = {"start": at(OPENS_S + start), "end": at(OPENS_S + end)}
            await History(serving(source, "session")).ticks(CONTRACT, **span, store=alone)
            with BarStore(alone) as other:
                (series,) = {row[0] for row in other._database.execute("SELECT series FROM spans")}
                everything = Interval(at(0), at(2**31))
                for kept, ticks in other.spans(series, everything, TradeTick):
                    store.add(series, kept, ticks)
        session = serving(source, "session")
        found = await History(session).ticks(CONTRACT, start=at(OPENS_S), end=at(OPENS_S + 60), store=store)
        assert list(found) == list(ticks_of(m.HistoricalTicksLast(1, tuple(source))))
        assert not [message for message in session.asked if isinstance(message, m.HistoricalTicksRequest)]


@on_virtual_time
async def test_no_ticks_are_an_error_unless_asked() -> None:
    start, end = at(OPENS_S), at(OPENS_S + 60)
    with pytest.raises(NoData, match="TRADES"):
        await History(serving([], "on")).ticks(CONTRACT, start=start, end=end)
    assert len(await History(serving([], "on")).ticks(CONTRACT, start=start, end=end, empty_ok=True)) == 0


@on_virtual_time
async def test_gateway_that_goes_back_in_time_ends_it() -> None:
    def answer(message: Message) -> list[Message]:
        if isinstance(message, m.HistoricalDataRequest):
            return [SCHEDULE]
        return [m.HistoricalTicksLast(1, tuple(trades({OPENS_S - 5: PAGE})), is_done=True)]

    with pytest.raises(RequestError, match="older"):
        await History(AnsweringSession(answer)).ticks(CONTRACT, start=at(OPENS_S), end=at(OPENS_S + 60))


@on_virtual_time
async def test_all_that_is_wrong_is_told_at_once_and_nothing_is_asked() -> None:
    session = AnsweringSession()
    with pytest.raises(InvalidRequest, match=r"what is 'LAST'.*names no time zone"):
        await History(session).ticks(CONTRACT, start=datetime(2026, 4, 9, 15, 0), what="LAST")  # noqa: DTZ001
    with pytest.raises(InvalidRequest, match="nothing lies between"):
        await History(session).ticks(CONTRACT, start=date(2026, 4, 9) + timedelta(days=9))
    assert session.asked == []


def test_ticks_are_typed_and_what_is_missing_is_none() -> None:
    quote = m.HistoricalTickBidAsk(
        time=OPENS_S, tick_attrib_bid_ask=m.TickAttribBidAsk(ask_past_high=True), price_ask=1.5, size_ask="0.5"
    )
    assert list(ticks_of(m.HistoricalTicksBidAsk(1, (quote,)))) == [
        QuoteTick(time=at(OPENS_S), bid=None, ask=1.5, bid_size=None, ask_size=Decimal("0.5"), is_ask_past_high=True)
    ]
    trade = m.HistoricalTickLast(
        time=OPENS_S, tick_attrib_last=m.TickAttribLast(unreported=True), price=1.5, size="7", exchange="ARCA"
    )
    assert list(ticks_of(m.HistoricalTicksLast(1, (trade,)))) == [
        TradeTick(time=at(OPENS_S), price=1.5, size=Decimal(7), exchange="ARCA", is_unreported=True)
    ]
    with pytest.raises(RequestError, match="price"):
        list(ticks_of(m.HistoricalTicks(1, (m.HistoricalTick(time=OPENS_S),))))


@pytest.mark.parametrize("unix_s", [2**53, 2**63 - 1, -(2**63)])
def test_time_that_no_calendar_has_is_an_error_of_the_request(unix_s: int) -> None:
    answer = m.HistoricalTicks(historical_ticks=(m.HistoricalTick(time=unix_s, price=1.0, size="1"),))
    with pytest.raises(RequestError, match=str(unix_s)):
        list(ticks_of(answer))
