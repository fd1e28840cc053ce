"""Longer bars out of five-second ones, against a model that has all of them at once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby

import hypothesis.strategies as st
import pytest
from hypothesis import given

from ibwire.bar_aggregation import BAR_S, Bar, BarAggregator, read_bar
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign

AAPL = m.Contract(con_id=265598, exchange="SMART")
START_S = 1_775_000_000 // 3600 * 3600


def part(slot: int, cents: int = 100, volume: int | None = 1) -> Bar:
    told = m.RealTimeBarTick(
        time=START_S + slot * BAR_S,
        open=cents / 100,
        high=(cents + 2) / 100,
        low=(cents - 3) / 100,
        close=(cents + 1) / 100,
        volume="-1" if volume is None else str(volume),
        wap="-1" if volume is None else str(cents / 100),
        count=-1 if volume is None else 1,
    )
    bar = read_bar(told, AAPL)
    assert bar is not None
    return bar


PARTS = st.lists(st.tuples(st.integers(0, 60), st.integers(50, 150), st.integers(0, 9)), max_size=60)


@campaign(part=100, full=10_000)
@given(PARTS, st.sampled_from([5, 10, 15, 30, 60]))
def test_bars_are_those_of_their_parts_whatever_is_missing_or_comes_again(
    told: list[tuple[int, int, int]], seconds: int
) -> None:
    aggregator = BarAggregator(seconds)
    parts = [part(*one) for one in told]
    got = [bar for one in parts for bar in aggregator.add(one)]
    taken: list[Bar] = []
    for one in parts:
        if not taken or one.time > taken[-1].time:
            taken.append(one)
    expected = [list(group) for _, group in groupby(taken, lambda one: one.time.timestamp() // seconds)]
    if expected and (expected[-1][-1].time.timestamp() + BAR_S) % seconds:
        expected.pop()  # still open
    assert len(got) == len(expected)
    for bar, group in zip(got, expected, strict=True):
        assert bar.time.timestamp() == group[0].time.timestamp() // seconds * seconds
        assert (bar.open, bar.close) == (group[0].open, group[-1].close)
        assert bar.high == max(one.high or 0 for one in group)
        assert bar.low == min(one.low or 0 for one in group)
        assert bar.volume == sum(one.volume or 0 for one in group)
        assert bar.count == len(group)
        assert bar.is_whole == (len(group) * BAR_S == seconds)
        traded = [(one.wap or 0, float(one.volume or 0)) for one in group]
        if sum(volume for _, volume in traded):
            average = sum(price * volume for price, volume in traded) / sum(volume for _, volume in traded)
            assert bar.wap == pytest.approx(average)


def test_bars_of_quotes_have_no_volume() -> None:
    bar = part(0, volume=None)
    assert (bar.volume, bar.wap, bar.count) == (None, None, None)
    aggregator = BarAggregator(10)
    (longer,) = aggregator.add(bar) + aggregator.add(part(1, volume=None))
    assert (longer.volume, longer.wap, longer.count, longer.is_whole) == (None, None, None, True)
    assert longer.time == datetime.fromtimestamp(START_S, UTC)


def test_bar_without_a_time_is_none() -> None:
    assert read_bar(m.RealTimeBarTick(time=None, volume="1"), AAPL) is None
    assert read_bar(m.RealTimeBarTick(time=10**15), AAPL) is None
    assert part(0, volume=3).volume == Decimal(3)
