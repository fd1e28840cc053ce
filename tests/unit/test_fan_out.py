"""One producer and its consumers: everybody gets everything, or what is newest, and nobody is hurt by another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.exceptions import ConnectionLost, StreamOverflow
from ibwire.fan_out import FanOut, Newest
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.streams import Stream
from tests.helpers.campaigns import campaign
from tests.helpers.virtual_time import on_virtual_time

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def gap(number: int) -> Gap:
    return Gap(NOON + timedelta(seconds=number), GapReason.LINK_LOST)


def resumed(number: int) -> Resumed:
    return Resumed(NOON + timedelta(seconds=number))


class Producer:
    """A fan-out, and how often it was left by everybody."""

    def __init__(self) -> None:
        self.left = 0
        self.out: FanOut[Any] = FanOut(self._count)

    def _count(self) -> None:
        self.left += 1

    def consumer(self, *, bound: int = 100, waiting: Newest[Any] | None = None, **more: Any) -> Stream[Any]:
        return Stream(bound, lambda one: self.out.add(one, **more), lambda one: self.out.remove(one), waiting)


def rest(consumer: Stream[Any]) -> list[Any]:
    """What waits, without waiting."""
    return [consumer._queue.popleft() for _ in range(len(consumer))]


@on_virtual_time
async def test_everybody_gets_what_he_wants_from_when_he_came_and_the_last_to_leave_is_told() -> None:
    producer = Producer()
    async with producer.consumer(first=[1, 2], where=lambda item: item % 2) as odd:
        producer.out.publish(3)
        async with producer.consumer() as late:
            producer.out.publish(4)
            producer.out.publish(5)
            assert rest(late) == [4, 5]
        assert rest(odd) == [1, 3, 5]
        assert (len(producer.out), producer.left) == (1, 0)
    assert (len(producer.out), producer.left) == (0, 1)


@on_virtual_time
async def test_slow_consumer_overflows_alone() -> None:
    producer = Producer()
    async with producer.consumer(bound=3) as slow, producer.consumer() as quick:
        for item in range(5):
            producer.out.publish(item)
        assert rest(quick) == [0, 1, 2, 3, 4]
        assert [await anext(slow) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(StreamOverflow):
            await anext(slow)
        assert len(producer.out) == 1


@on_virtual_time
async def test_end_of_the_producer_comes_after_what_waits() -> None:
    producer = Producer()
    async with producer.consumer() as consumer:
        producer.out.publish(1)
        producer.out.end(ConnectionLost("gone"))
        assert await anext(consumer) == 1
        with pytest.raises(ConnectionLost):
            await anext(consumer)
    assert producer.left == 0, "the producer has gone, not the consumer"


def quotes_and_marks(steps: list[tuple[str, int]]) -> list[Any]:
    """A stream as a producer may make it: quotes of some keys, with gaps between that are never nested."""
    items: list[Any] = []
    in_gap = False
    for number, (kind, key) in enumerate(steps):
        if kind == "quote" and not in_gap:
            items.append((key, number))
        elif kind == "mark":
            items.append(resumed(number) if in_gap else gap(number))
            in_gap = not in_gap
    return items


STEPS = st.lists(st.tuples(st.sampled_from(["quote", "quote", "mark"]), st.integers(0, 3)), max_size=40)


@campaign(part=300, full=20_000)
@given(steps=STEPS, reads=st.lists(st.integers(0, 4), max_size=40))
def test_newest_gives_what_is_newest_of_each_and_every_gap_is_seen(
    steps: list[tuple[str, int]], reads: list[int]
) -> None:
    items, queue, taken = quotes_and_marks(steps), Newest[Any](lambda item: item[0]), []
    for number, item in enumerate(items):
        queue.append(item)
        assert len(queue) <= 4 + 3, "at most each key, a gap, and a resumption before and after it"
        for _ in range(min(reads[number] if number < len(reads) else 0, len(queue))):
            taken += [queue.popleft()]
    taken += [queue.popleft() for _ in range(len(queue))]
    quotes, marks = (
        [one for one in taken if isinstance(one, tuple)],
        [one for one in taken if not isinstance(one, tuple)],
    )
    sent = [one for one in items if isinstance(one, tuple)]
    assert dict(quotes) == dict(sent), "the newest of each key comes, and comes last of its key"
    assert len(quotes) + queue.conflated == len(sent)
    assert [type(mark) for mark in marks] == [Gap, Resumed] * (len(marks) // 2) + [Gap] * (len(marks) % 2)
    assert not [one for before, one in pairwise(taken) if isinstance(before, Gap) and isinstance(one, tuple)]
    covered = spans(marks)
    for start, end in spans([one for one in items if not isinstance(one, tuple)]):
        assert any(begin <= start and end <= stop for begin, stop in covered), "no gap is lost or made shorter"


def spans(marks: list[Any]) -> list[tuple[datetime, datetime]]:
    """From when to when the gaps last; an open one for ever."""
    ends = [mark.at for mark in marks if isinstance(mark, Resumed)]
    starts = [mark.since for mark in marks if isinstance(mark, Gap)]
    return list(zip(starts, [*ends, datetime.max.replace(tzinfo=UTC)], strict=False))


@campaign(part=200, full=5_000)
@given(steps=STEPS)
def test_newest_loses_nothing_of_a_consumer_that_keeps_up(steps: list[tuple[str, int]]) -> None:
    items, queue = quotes_and_marks(steps), Newest[Any](lambda item: item[0])
    taken = []
    for item in items:
        queue.append(item)
        taken.append(queue.popleft())
    assert taken == items
    assert queue.conflated == 0
