"""When the consumers of streams are resumed, and that none is forgotten."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from contextvars import ContextVar, copy_context
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.exceptions import ConnectionLost
from ibwire.streams import Stream
from ibwire.wakeups import Waiter, wakeups_of
from tests.helpers.virtual_time import on_virtual_time


def stream_of_numbers() -> Stream[int]:
    return Stream(100, lambda _: None, lambda _: None)


async def read(work: Callable[[], None]) -> None:
    """Do it as the socket's reader does."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def reader() -> None:
        wakeups_of(loop).is_held = True
        try:
            work()
        finally:
            wakeups_of(loop).hand_over()
        done.set_result(None)

    loop.call_soon(reader)
    await done


async def collect(stream: Stream[int], taken: list[int]) -> None:
    async for number in stream:
        taken.append(number)  # noqa: PERF401 - what was taken is looked at meanwhile


async def begun(stream: Stream[int], taken: list[int]) -> asyncio.Task[None]:
    task = asyncio.create_task(collect(stream, taken))
    await asyncio.sleep(0)
    return task


@on_virtual_time
async def test_consumer_has_what_a_read_brought_when_the_reader_returns_and_not_before() -> None:
    loop, stream, taken = asyncio.get_running_loop(), stream_of_numbers(), list[int]()
    consumer = await begun(stream, taken)
    seen: list[list[int]] = []

    def reader() -> None:
        wakeups_of(loop).is_held = True
        stream.deliver(1)
        stream.deliver(2)
        seen.append(list(taken))
        wakeups_of(loop).hand_over()
        seen.append(list(taken))
        stream.deliver(3)  # by somebody who is no reader: a turn later
        seen.append(list(taken))

    loop.call_soon(reader)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert seen == [[], [1, 2], [1, 2]]
    assert taken == [1, 2, 3]
    stream.close()
    await consumer


def test_a_consumer_that_runs_the_loop_again_keeps_nobody_waiting() -> None:
    """With `util.startLoop` a consumer may block in a loop within the loop: what that reads wakes the others, too."""
    loop = asyncio.new_event_loop()
    wakeups, told = wakeups_of(loop), list[str]()

    class Consumer:
        def __init__(self, name: str, work: Callable[[], None] = lambda: None) -> None:
            self.name, self.work = name, work
            self.loop, self.context = loop, copy_context()

        def callback(self, _: object) -> None:
            told.append(self.name)
            self.work()
            told.append(f"{self.name} ends")

    def read_again() -> None:
        wakeups.is_held = True
        wakeups.hand_over()

    wakeups.is_held = True
    for one in (Consumer("first", read_again), Consumer("second"), Consumer("third")):
        wakeups.woken.append(cast("Waiter", one))
    wakeups.hand_over()
    loop.close()
    assert told == ["first", "second", "second ends", "third", "third ends", "first ends"]


@on_virtual_time
async def test_consumer_that_feeds_another_leaves_the_loop_its_turn() -> None:
    """Two consumers that feed each other for ever must not keep everybody else waiting."""
    one, other = stream_of_numbers(), stream_of_numbers()

    async def pass_on(take: Stream[int], give: Stream[int]) -> None:
        async for number in take:
            give.deliver(number + 1)

    tasks = [asyncio.create_task(pass_on(one, other)), asyncio.create_task(pass_on(other, one))]
    await asyncio.sleep(0)
    await read(lambda: one.deliver(0))
    for _ in range(5):
        await asyncio.sleep(0)
    one.close()
    other.close()
    await asyncio.gather(*tasks)


@on_virtual_time
async def test_reader_survives_a_consumer_that_closes_raises_or_ends_with_it() -> None:
    closing, raising, last = stream_of_numbers(), stream_of_numbers(), stream_of_numbers()
    taken: list[int] = []

    async def close() -> None:
        await anext(closing)
        last.close()

    async def fail() -> None:
        await anext(raising)
        raise ConnectionLost("of the consumer's own")

    tasks = [asyncio.create_task(close()), asyncio.create_task(fail()), await begun(last, taken)]

    def work() -> None:
        for stream in (closing, raising, last):
            stream.deliver(7)

    await read(work)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), ConnectionLost, type(None)]
    assert taken == [7]


def test_keyboard_interrupt_in_one_consumer_does_not_lose_the_others() -> None:
    loop = asyncio.new_event_loop()
    interrupted, other = stream_of_numbers(), stream_of_numbers()
    taken: list[int] = []

    async def interrupt() -> None:
        await anext(interrupted)
        raise KeyboardInterrupt

    async def start() -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(interrupt()))
        return await begun(other, taken)

    def work() -> None:
        interrupted.deliver(1)
        other.deliver(2)

    tasks: list[asyncio.Task[None]] = []
    try:
        consumer = loop.run_until_complete(start())
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(read(work))
        assert taken == []
        loop.run_until_complete(asyncio.sleep(0))
        assert taken == [2]
        other.close()
        loop.run_until_complete(consumer)
        assert isinstance(tasks[0].exception(), KeyboardInterrupt)
    finally:
        loop.close()


@on_virtual_time
async def test_context_of_the_consumer_is_its_own() -> None:
    name: ContextVar[str] = ContextVar("name", default="the reader's")
    stream, seen = stream_of_numbers(), list[str]()

    async def consume() -> None:
        name.set("the consumer's")
        await anext(stream)
        seen.append(name.get())

    task = asyncio.create_task(consume())
    await asyncio.sleep(0)
    await read(lambda: stream.deliver(1))
    await task
    assert seen == ["the consumer's"]


STEPS = st.lists(st.sampled_from(["deliver", "read", "cancel", "cancel after", "turn"]), max_size=25)


@given(STEPS)
def test_every_item_is_taken_once_and_in_order_whatever_is_cancelled_meanwhile(steps: list[str]) -> None:
    @on_virtual_time
    async def run() -> None:
        stream, taken, given_ = stream_of_numbers(), list[int](), 0
        consumer = await begun(stream, taken)
        for step in steps:
            if step == "cancel":
                consumer.cancel()
            if step in ("deliver", "cancel after"):
                stream.deliver(given_)
                given_ += 1
            if step == "cancel after":
                consumer.cancel()
            if step == "read":

                def two(first: int = given_) -> None:
                    stream.deliver(first)
                    stream.deliver(first + 1)

                await read(two)
                given_ += 2
            if step.startswith("cancel"):
                with pytest.raises(asyncio.CancelledError):
                    await consumer
                consumer = await begun(stream, taken)
            if step == "turn":
                await asyncio.sleep(0)
        stream.close()
        await consumer
        assert taken == list(range(given_))

    run()


def test_loop_that_is_over_is_not_kept() -> None:
    async def wait() -> None:
        stream = stream_of_numbers()
        consumer = await begun(stream, [])
        await read(lambda: stream.deliver(1))
        stream.close()
        await consumer

    def over(work: Awaitable[None]) -> weakref.ref[asyncio.AbstractEventLoop]:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(work)
        loop.close()
        return weakref.ref(loop)

    gone = over(wait())
    gc.collect()
    assert gone() is None
