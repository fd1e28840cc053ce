"""Spans cut into requests for bars: they cover everything, and IBKR allows each, by both of its tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.exceptions import InvalidRequest
from ibwire.history import History
from ibwire.history_spans import (
    BAR_SIZES,
    BarSize,
    Interval,
    chunks,
    duration_for,
    joined,
    longest_chunk,
    overlaps,
    request_span,
    without,
)
from ibwire.simulator import bar_sizes as simulated
from ibwire.wire import messages as m
from tests.helpers.answering_session import AnsweringSession
from tests.helpers.campaigns import campaign
from tests.helpers.virtual_time import on_virtual_time

START = datetime(2024, 1, 1, tzinfo=UTC)
SIZES = st.sampled_from(sorted(set(BAR_SIZES.values()), key=lambda size: (size.length, size.text)))

MINUTE, HOUR, DAY, WEEK, MONTH = 60, 3600, 86_400, 604_800, 2_592_000
UNIT_S = {"S": 1, "D": DAY, "W": WEEK, "M": MONTH, "Y": 365 * DAY}
CURRENT = {"S": (1, MINUTE), "D": (5, HOUR), "W": (10, 4 * HOUR), "M": (30, 8 * HOUR), "Y": (MINUTE, DAY)}
"""IBKR's current table: the smallest and largest bar of each unit."""
OLDER = (
    (60, 1, MINUTE),
    (120, 1, 2 * MINUTE),
    (1800, 1, 30 * MINUTE),
    (HOUR, 5, HOUR),
    (4 * HOUR, 10, 3 * HOUR),
    (8 * HOUR, 30, 8 * HOUR),
    (DAY, MINUTE, DAY),
    (2 * DAY, 2 * MINUTE, DAY),
    (WEEK, 3 * MINUTE, WEEK),
    (MONTH, 30 * MINUTE, 31 * DAY),
    (365 * DAY, DAY, 31 * DAY),
)
"""Its older one: up to this duration, the smallest and largest bar."""


def is_legal(duration: str, size: BarSize) -> bool:
    """Whether both tables allow it."""
    number, unit = int(duration.split()[0]), duration.split()[1]
    length_s = size.length.total_seconds()
    smallest, largest = CURRENT[unit]
    if size.length > timedelta(days=1):  # the current table says nothing of weeks and months
        largest = 31 * DAY
    _, old_smallest, old_largest = next(row for row in OLDER if number * UNIT_S[unit] <= row[0])
    return smallest <= length_s <= largest and old_smallest <= length_s <= old_largest


def interval(start_s: int, length_s: int) -> Interval:
    start = START + timedelta(seconds=start_s)
    return Interval(start, start + timedelta(seconds=length_s))


INTERVALS = st.builds(interval, st.integers(0, 40_000_000), st.integers(1, 40_000_000))


@st.composite
def pieces_and_sizes(draw: st.DrawFn) -> tuple[list[Interval], BarSize]:
    """Disjoint spans, of lengths that make some hundred requests at most."""
    size = draw(SIZES)
    most_s = int(longest_chunk(size).total_seconds()) * 30
    parts = draw(st.lists(st.tuples(st.integers(0, most_s), st.integers(1, most_s)), min_size=1, max_size=8))
    return joined(interval(start_s, length_s) for start_s, length_s in parts), size


@campaign(part=100, full=2000)
@given(pieces_and_sizes())
def test_any_span_is_covered_exactly_by_legal_requests(example: tuple[list[Interval], BarSize]) -> None:
    pieces, size = example
    cut = chunks(pieces, size)
    assert all(one.end <= other.start for one, other in pairwise(cut))
    assert [part for one in cut for part in overlaps(one, pieces)] != []
    for piece in pieces:
        assert without(piece, cut) == []
    ends = {moment for piece in pieces for moment in (piece.start, piece.end)}
    assert {cut[0].start, cut[-1].end} <= ends
    for chunk in cut:
        assert chunk.start < chunk.end
        end, duration = request_span(chunk, size)
        assert is_legal(duration, size), (duration, size)
        assert simulated.misfit(simulated.BAR_SIZES[size.text], simulated.parse_duration(duration)) is None
        assert end - chunk.end >= size.length
        number, unit = int(duration.split()[0]), duration.split()[1]
        least_s = number if unit == "S" else (number * UNIT_S[unit] * (28 / 30 if unit == "M" else 1) - DAY - HOUR)
        assert end - timedelta(seconds=least_s) <= chunk.start - size.length


@campaign(part=100, full=2000)
@given(INTERVALS, st.lists(INTERVALS, max_size=6))
def test_what_is_taken_and_what_is_left_are_the_whole_and_disjoint(span: Interval, taken: list[Interval]) -> None:
    left, inside = without(span, taken), overlaps(span, taken)
    assert joined([*left, *inside]) == [span]
    total = sum(((one.end - one.start) for one in [*left, *inside]), timedelta())
    assert total == span.end - span.start


@pytest.mark.parametrize("text", sorted(BAR_SIZES))
def test_a_request_asks_for_a_few_thousand_bars_at_most(text: str) -> None:
    size = BAR_SIZES[text]
    assert size.most * UNIT_S[size.unit] / size.length.total_seconds() <= 3360
    assert longest_chunk(size) >= 100 * size.length or not size.is_intraday or size.length >= timedelta(hours=2)


def test_a_duration_that_no_request_may_have_is_refused() -> None:
    assert duration_for(timedelta(hours=8), BAR_SIZES["30 secs"]) == "28800 S"
    with pytest.raises(ValueError, match="28800 S"):
        duration_for(timedelta(hours=8, seconds=1), BAR_SIZES["30 secs"])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"start": "2026-01-01"}, r"start is '2026-01-01'; allowed are an aware datetime and a date"),
        ({"start": 5}, "start is 5"),
        ({"start": date(2026, 1, 1), "end": "now"}, "end is 'now'"),
        (
            {"start": datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))), "bar_size": "1 min"},
            "start is .* outside of the calendar",
        ),
        ({"duration": 5}, 'duration is 5; allowed are a timedelta or "<number>'),
        ({"duration": "1 D", "what": None}, "what is None"),
        ({"duration": "1 D", "bar_size": 5}, "bar_size is 5"),
    ],
)
@on_virtual_time
async def test_arguments_of_another_type_are_named_and_nothing_is_asked(arguments: Any, problem: str) -> None:
    session = AnsweringSession()
    with pytest.raises(InvalidRequest, match=problem):
        await History(session).bars(m.Contract(con_id=1), **{"bar_size": "1 day", **arguments})
    assert session.asked == []
