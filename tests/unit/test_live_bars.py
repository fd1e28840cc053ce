"""Bars kept up to date: each told as closed once, holes filled, whatever comes after a gap."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.exceptions import NoPermission
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.history_bars import Bar, Bars, Hole
from ibwire.history_spans import BAR_SIZES, Interval
from ibwire.live_bars import LiveBars, LiveItem
from ibwire.streams import MessageStream
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign
from tests.helpers.virtual_time import on_virtual_time

MINUTE = timedelta(minutes=1)
START = datetime(2026, 4, 10, 14, 0, tzinfo=UTC)
GAP, RESUMED = Gap(START, GapReason.LINK_LOST), Resumed(START)

Fetch = Callable[[Interval], Awaitable[Bars]]


def told(number: float, price: float) -> m.HistoricalDataBar:
    date = str(int((START + number * MINUTE).timestamp()))
    return m.HistoricalDataBar(date=date, open=price, high=price, low=price, close=price)


def past(*bars: m.HistoricalDataBar) -> list[Message]:
    return [m.HistoricalData(1, bars), m.HistoricalDataEnd(1)]


def update(number: float, price: float) -> Message:
    return m.HistoricalDataUpdate(1, told(number, price))


def short(item: LiveItem) -> str:
    """An item in a few characters: "3=1.5" is the third minute's bar, closed, "3~1.5" the same while it is open."""
    match item:
        case Bar(start=datetime() as start):
            return f"{(start - START) // MINUTE}{'=' if item.is_closed else '~'}{item.close:g}"
        case Hole(start=datetime() as start, end=datetime() as end):
            return f"hole {(start - START) // MINUTE}-{(end - START) // MINUTE}"
    return type(item).__name__


async def nothing(span: Interval) -> Bars:
    raise AssertionError(f"nothing was missing, but {span} was asked for")


async def items_of(messages: list[Message], fetch: Fetch = nothing) -> list[str]:
    """What a consumer gets of these messages."""
    stream = MessageStream(1000, lambda _: None, lambda _: None)
    for message in messages:
        stream.deliver(message)
    stream.end()
    now = START + timedelta(days=30)
    return [short(item) async for item in LiveBars(stream, BAR_SIZES["1 min"], lambda: now, fetch)]


def filling(price: float, asked: list[tuple[int, int]]) -> Fetch:
    async def fetch(span: Interval) -> Bars:
        first, last = (span.start - START) // MINUTE, (span.end - START) // MINUTE
        asked.append((first, last))
        made = [START + number * MINUTE for number in range(first, last)]
        return Bars([Bar(start=at, open=price, high=price, low=price, close=price) for at in made], ())

    return fetch


@on_virtual_time
async def test_bar_is_open_until_the_next_begins() -> None:
    messages = [*past(told(0, 1), told(1, 1)), update(1, 1.5), update(1, 2), update(2, 3)]
    assert await items_of(messages) == ["0=1", "1~1", "1~1.5", "1~2", "1=2", "2~3"]


@on_virtual_time
async def test_after_a_gap_what_is_known_is_not_told_again() -> None:
    messages = [*past(told(0, 1), told(1, 1)), GAP, RESUMED, *past(told(0, 1), told(1, 2), told(2, 3)), update(2, 4)]
    assert await items_of(messages) == ["0=1", "1~1", "Gap", "Resumed", "1=2", "2~3", "2~4"]


@on_virtual_time
async def test_hole_after_a_gap_is_filled_with_the_bar_that_was_open_as_it_ended() -> None:
    asked: list[tuple[int, int]] = []
    messages = [*past(told(0, 1)), GAP, RESUMED, *past(told(3, 3), told(4, 4))]
    found = await items_of(messages, filling(9, asked))
    assert found == ["0~1", "Gap", "Resumed", "0=9", "1=9", "2=9", "3=3", "4~4"]
    assert asked == [(0, 3)]


@on_virtual_time
async def test_updates_that_go_on_by_themselves_after_a_gap_are_filled_too() -> None:
    asked: list[tuple[int, int]] = []
    messages = [*past(told(0, 1)), GAP, RESUMED, update(2, 3), update(3, 4)]
    assert await items_of(messages, filling(9, asked)) == ["0~1", "Gap", "Resumed", "0=9", "1=9", "2~3", "2=3", "3~4"]
    assert asked == [(0, 2)]


@on_virtual_time
async def test_bars_that_jump_without_a_word_are_filled_too() -> None:
    asked: list[tuple[int, int]] = []
    messages = [*past(told(0, 1)), update(1, 2), update(3, 4), update(4, 5)]
    assert await items_of(messages, filling(9, asked)) == ["0~1", "0=1", "1~2", "1=9", "2=9", "3~4", "3=4", "4~5"]
    assert asked == [(1, 3)]


@on_virtual_time
async def test_hole_that_cannot_be_filled_is_told() -> None:
    async def refuse(_: Interval) -> Bars:
        raise NoPermission("no")

    messages = [*past(told(0, 1)), GAP, RESUMED, update(2, 3)]
    assert await items_of(messages, refuse) == ["0~1", "Gap", "Resumed", "hole 0-2", "2~3"]


@on_virtual_time
async def test_holes_that_ibkr_has_itself_are_told() -> None:
    async def half(span: Interval) -> Bars:
        return Bars([], (Hole(span.start, span.end),))

    messages = [*past(told(0, 1)), GAP, RESUMED, update(2, 3)]
    assert await items_of(messages, half) == ["0~1", "Gap", "Resumed", "hole 0-2", "0=1", "2~3"]


@on_virtual_time
async def test_consumer_that_stops_waiting_for_a_hole_to_be_filled_misses_nothing() -> None:
    stream = MessageStream(1000, lambda _: None, lambda _: None)
    for message in (*past(told(0, 1)), GAP, RESUMED, *past(told(2, 3))):
        stream.deliver(message)
    stream.end()
    fill = filling(9, [])

    async def slow(span: Interval) -> Bars:
        await asyncio.sleep(10)
        return await fill(span)

    bars = LiveBars(stream, BAR_SIZES["1 min"], lambda: START + timedelta(days=1), slow)
    assert [short(await anext(bars)) for _ in range(3)] == ["0~1", "Gap", "Resumed"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(bars), 1)
    assert [short(item) async for item in bars] == ["0=9", "1=9", "2~3"]


class Clocked:
    """Live bars of messages that come when a test says, read by a task; the clock goes with the loop from START on."""

    def __init__(self, fetch: Fetch = nothing) -> None:
        self.stream = MessageStream(1000, lambda _: None, lambda _: None)
        self.items: list[str] = []
        loop = asyncio.get_running_loop()
        began = loop.time()
        self.bars = LiveBars(
            self.stream, BAR_SIZES["1 min"], lambda: START + timedelta(seconds=loop.time() - began), fetch
        )
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for item in self.bars:
            self.items.append(short(item))

    async def say(self, *messages: Message, then_s: float) -> list[str]:
        """Say this, and what has come of it so many seconds later."""
        before = len(self.items)
        for message in messages:
            self.stream.deliver(message)
        await asyncio.sleep(then_s)
        return self.items[before:]

    async def end(self) -> None:
        self.stream.end()
        await self.reading


@on_virtual_time
async def test_last_bar_of_a_day_is_looked_up_and_told_as_closed_a_minute_after_its_end() -> None:
    asked: list[tuple[int, int]] = []
    live = Clocked(filling(9, asked))
    assert await live.say(*past(told(0, 1)), then_s=118) == ["0~1"]
    assert asked == []
    assert await live.say(then_s=4) == ["0=9"]
    # Whoever speaks of it now is late, and nobody asks again.
    assert await live.say(update(0, 5), then_s=50) == []
    assert await live.say(update(1, 2), update(2, 3), then_s=1) == ["1~2", "1=2", "2~3"]
    assert asked == [(0, 1)]
    await live.end()


@on_virtual_time
async def test_day_without_bars_that_was_over_is_filled_without_the_bar_that_was_told() -> None:
    asked: list[tuple[int, int]] = []
    live = Clocked(filling(9, asked))
    assert await live.say(*past(told(0, 1)), then_s=200) == ["0~1", "0=9"]
    assert await live.say(GAP, then_s=1000) == ["Gap"]
    assert await live.say(RESUMED, *past(told(0, 1), told(20, 3)), then_s=170) == ["Resumed", "20~3", "20=9"]
    assert await live.say(GAP, RESUMED, update(23, 6), then_s=1) == ["Gap", "Resumed", "21=9", "22=9", "23~6"]
    assert asked == [(0, 1), (20, 21), (21, 23)]
    await live.end()


@on_virtual_time
async def test_in_a_gap_no_bar_is_taken_for_the_last_one() -> None:
    live = Clocked()
    assert await live.say(*past(told(0, 1)), GAP, then_s=3600) == ["0~1", "Gap"]
    await live.end()


@on_virtual_time
async def test_gap_is_told_at_once_while_the_last_bar_is_being_looked_up() -> None:
    async def answers_when_the_link_is_back(_: Interval) -> Bars:
        await asyncio.sleep(3600)
        raise AssertionError("nobody waits for it any more")

    stream = MessageStream(1000, lambda _: None, lambda _: None)
    async with LiveBars(stream, BAR_SIZES["1 min"], lambda: START + 10 * MINUTE, answers_when_the_link_is_back) as bars:
        for message in past(told(0, 1)):
            stream.deliver(message)
        assert short(await anext(bars)) == "0~1"
        asyncio.get_running_loop().call_later(5, stream.deliver, GAP)
        async with asyncio.timeout(10):
            assert short(await anext(bars)) == "Gap"


@on_virtual_time
async def test_last_bar_that_cannot_be_looked_up_is_told_when_the_next_begins() -> None:
    asked = 0

    async def refuse(_: Interval) -> Bars:
        nonlocal asked
        asked += 1
        raise NoPermission("no")

    live = Clocked(refuse)
    assert await live.say(*past(told(0, 1)), then_s=3600) == ["0~1"]
    assert asked == 1
    assert await live.say(update(1, 2), then_s=1) == ["0=1", "1~2"]
    await live.end()


@on_virtual_time
async def test_consumer_that_stops_waiting_for_the_last_bar_misses_nothing() -> None:
    fill = filling(9, [])

    async def slow(span: Interval) -> Bars:
        await asyncio.sleep(10)
        return await fill(span)

    stream = MessageStream(1000, lambda _: None, lambda _: None)
    bars = LiveBars(stream, BAR_SIZES["1 min"], lambda: START + timedelta(days=1), slow)
    for message in past(told(0, 1)):
        stream.deliver(message)
    assert short(await anext(bars)) == "0~1"
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(bars), 1)
    assert short(await anext(bars)) == "0=9"
    stream.end()
    assert [short(item) async for item in bars] == []


@campaign(part=60, full=2000)
@given(st.data())
def test_however_quiet_it_is_every_bar_is_told_as_closed_once_with_how_it_ended(data: st.DataObject) -> None:
    @on_virtual_time
    async def test() -> None:
        final: dict[int, float] = {}

        async def fetch(span: Interval) -> Bars:
            numbers = range((span.start - START) // MINUTE, (span.end - START) // MINUTE)
            made = [(START + one * MINUTE, final[one]) for one in numbers if one in final]
            return Bars([Bar(start=at, open=p, high=p, low=p, close=p) for at, p in made], ())

        live = Clocked(fetch)
        minute, into_s, of = 0, 0.0, 0
        for number in range(data.draw(st.integers(1, 15))):
            if minute != of:
                # Before a bar begins it is said how the one before ended; if none begins, perhaps never.
                live.stream.deliver(update(of, final[of]))
                of = minute
            final[minute] = float(number)
            if minute not in final or data.draw(st.booleans()) or into_s == 0:
                live.stream.deliver(update(minute, float(number)))
            pause_s = data.draw(st.sampled_from([1.0, 20.0, 59.0, 61.0, 200.0]))
            await asyncio.sleep(pause_s)
            into_s += pause_s
            minute += int(into_s // 60)
            into_s %= 60
        last = max(final)
        live.stream.deliver(update(last, -1.0))
        await asyncio.sleep(300)
        closed = [one for one in live.items if "=" in one]
        assert closed == [f"{one}={final[one]:g}" for one in sorted(final)]
        await live.end()

    test()


@campaign(part=150, full=5000)
@given(st.data())
def test_every_bar_is_told_as_closed_once_and_in_order(data: st.DataObject) -> None:
    @on_virtual_time
    async def test() -> None:
        price = {number: float(number) for number in range(60)}  # of each minute at its end
        messages: list[Message] = []
        minute = data.draw(st.integers(1, 5))

        def history(back: int) -> list[Message]:
            return past(*[told(one, price[one]) for one in range(max(0, minute - back), minute)], told(minute, 0.5))

        messages += history(minute)
        for _ in range(data.draw(st.integers(0, 12))):
            match data.draw(st.sampled_from(["tick", "minute", "again", "stall", "jump"])):
                case "tick":
                    messages.append(update(minute, 0.5))
                case "minute":
                    messages.append(update(minute, price[minute]))
                    minute += 1
                    messages.append(update(minute, 0.5))
                case "again":
                    minute += data.draw(st.integers(0, 4))
                    messages += [GAP, RESUMED, *history(data.draw(st.integers(0, 6)))]
                case "jump":
                    minute += data.draw(st.integers(2, 5))
                    messages.append(update(minute, 0.5))
                case "stall":
                    minute += data.draw(st.integers(0, 4))
                    messages += [GAP, RESUMED, update(minute, 0.5)]

        async def fetch(span: Interval) -> Bars:
            numbers = range((span.start - START) // MINUTE, (span.end - START) // MINUTE)
            bars = [(START + one * MINUTE, price[one]) for one in numbers]
            return Bars([Bar(start=at, open=p, high=p, low=p, close=p) for at, p in bars], ())

        found = await items_of(messages, fetch)
        assert [one for one in found if "=" in one] == [f"{one}={price[one]:g}" for one in range(minute)]
        assert found[-1] == f"{minute}~0.5"

    test()
