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
