"""Handlers, waiters and streams: each gets its events in order, and what bad handlers can do to the rest: nothing."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ibwire.events import Event, EventManager, EventsDropped, EventType, HandlerFailure, Overflow, SlowHandler
from ibwire.exceptions import ConfigurationError, IbwireError, StreamOverflow
from tests.helpers.event_handlers import START, Recorder, Timer, fail, hang, loop_clock, settle, trouble
from tests.helpers.virtual_time import on_virtual_time

T = EventType


# --- async handlers


class AsyncCallable(Recorder):
    async def __call__(self, event: Event) -> None:  # type: ignore[override]
        await self.slowly(event)


def async_callable(recorder: Recorder) -> Callable[[Event], object]:
    handler = AsyncCallable()
    handler.got = recorder.got
    return handler


@pytest.mark.parametrize(
    "handler_of",
    [lambda recorder: recorder.slowly, lambda recorder: functools.partial(recorder.slowly), async_callable],
)
@on_virtual_time
async def test_async_handler_of_any_form_gets_events_in_order(handler_of: Any) -> None:
    recorder = Recorder()
    async with EventManager() as events:
        subscription = events.subscribe(T.TICK, handler_of(recorder))
        for number in range(100):
            events.emit(T.TICK, number)
        assert subscription.waiting == 100
        await settle()
    assert recorder.got == list(range(100))
    assert subscription.delivered == 100


def test_async_handler_without_a_loop_is_refused_and_sync_ones_work() -> None:
    events, recorder = EventManager(), Recorder()
    with pytest.raises(IbwireError, match=r"no event loop runs yet.*subscribe inside it"):
        events.subscribe(T.TICK, hang)
    events.subscribe(T.TICK, recorder)
    events.emit(T.TICK, 1)
    assert recorder.got == [1]


def test_sync_handler_that_returns_a_coroutine_is_reported() -> None:
    events = EventManager()
    events.subscribe(T.TICK, lambda event: hang(event), name="lambda")
    events.emit(T.TICK)
    [failure] = trouble(events)
    assert failure.error == "TypeError: it returned a coroutine; subscribe the async function itself"


async def test_async_handler_with_a_long_queue_lets_the_loop_run_in_between() -> None:
    turn = 0
    turns: list[int] = []
    done = asyncio.Event()

    async def count_turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def work(event: Event) -> None:
        time.sleep(0.001)  # noqa: ASYNC251 - work that takes real time and never waits
        turns.append(turn)
        if event.data == 49:
            done.set()

    async with EventManager() as events:
        counter = asyncio.create_task(count_turns())
        events.subscribe(T.TICK, work)
        for number in range(50):
            events.emit(T.TICK, number)
        await done.wait()
        counter.cancel()
    assert max(turns.count(turn) for turn in turns) <= 5  # of 1 ms each, in a turn of 5 ms


@pytest.mark.parametrize(
    ("overflow", "kept"),
    [(Overflow.DROP_OLDEST, [0, 8, 9]), (Overflow.DROP_NEWEST, [0, 1, 2]), (Overflow.RAISE, [0, 1, 2])],
)
@on_virtual_time
async def test_async_handler_with_a_full_queue_keeps_by_policy_and_tells_once(
    overflow: Overflow, kept: list[int]
) -> None:
    recorder, gate = Recorder(), asyncio.Event()

    async def handler(event: Event) -> None:
        await gate.wait()
        recorder(event)

    async with EventManager(slow_handler_s=60) as events:
        subscription = events.subscribe(T.TICK, handler, queue_bound=2, overflow=overflow, name="gated")
        events.emit(T.TICK, 0)
        await settle()  # taken from the queue, so that two more fit
        for number in range(1, 10):
            events.emit(T.TICK, number)
        gate.set()
        await settle()
        assert recorder.got == kept
        if overflow is Overflow.RAISE:
            [failure] = trouble(events)
            assert failure.error.startswith("StreamOverflow: gated is 2 events behind")
            assert (subscription.dropped, subscription.failed, subscription.is_active) == (1, 1, False)
        else:
            assert trouble(events) == [EventsDropped(subscription="gated", dropped=1, bound=2)]
            assert (subscription.dropped, events.statistics().dropped) == (7, 7)
            for number in range(3):  # it has been empty: the next loss is news again
                events.emit(T.TICK, number)
            assert trouble(events)[1:] == [EventsDropped(subscription="gated", dropped=8, bound=2)]


@on_virtual_time
async def test_cancel_of_async_handler_finishes_the_call_and_forgets_the_rest() -> None:
    recorder = Recorder()

    async def handler(event: Event) -> None:
        await asyncio.sleep(0.01)
        recorder(event)
        if event.data == 2:
            subscription.cancel()

    events = EventManager()
    subscription = events.subscribe(T.TICK, handler)
    for number in range(1, 5):
        events.emit(T.TICK, number)
    await settle()
    assert recorder.got == [1, 2]
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_queue_without_room_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least one event"):
        EventManager().stream(T.TICK, 0)


# --- handlers that misbehave


@on_virtual_time
async def test_subscribers_that_raise_hang_or_dawdle_leave_the_others_and_the_loop_alone() -> None:
    good, good_async, good_stream, slow = Recorder(), Recorder(), Recorder(), Recorder()
    gaps: list[float] = []

    async def beat() -> None:
        """Measure for how long others hold the loop, in time of this thread: in virtual time a sleep takes none."""
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.01)
            gaps.append(time.thread_time() - began)

    async def dawdle(event: Event) -> None:
        await asyncio.sleep(0.5)
        slow(event)

    async def fail_async(event: Event) -> None:
        await asyncio.sleep(0)
        fail(event)

    async def consume(stream: Any) -> None:
        async for event in stream:
            good_stream(event)

    heart = asyncio.create_task(beat())
    async with EventManager(slow_handler_s=0.1) as events:
        raising = events.subscribe(T.ORDER_STATUS, fail)
        raising_async = events.subscribe(T.ORDER_STATUS, fail_async)
        hanging = events.subscribe(T.ORDER_STATUS, hang, queue_bound=10)
        dawdling = events.subscribe(T.ORDER_STATUS, dawdle, queue_bound=200)
        events.subscribe(T.ORDER_STATUS, good)
        events.subscribe(T.ORDER_STATUS, good_async.slowly)
        reader = asyncio.create_task(consume(events.stream(T.ORDER_STATUS)))
        for number in range(200):
            events.emit(T.ORDER_STATUS, number)
            if number % 10 == 9:
                await asyncio.sleep(0.002)
        await asyncio.sleep(150)
        reports = trouble(events)
        counts = events.statistics()
    await reader
    heart.cancel()

    assert good.got == good_async.got == good_stream.got == slow.got == list(range(200))
    assert max(gaps) < 0.1
    assert (raising.delivered, raising.failed) == (200, 200)
    assert (raising_async.delivered, raising_async.failed) == (200, 200)
    assert (hanging.delivered, hanging.slow, hanging.dropped) == (1, 1, 199)
    assert (dawdling.delivered, dawdling.slow, dawdling.dropped) == (200, 200, 0)
    assert (counts.failed, counts.slow, counts.dropped, counts.unreported) == (400, 201, 189, 0)
    assert sum(isinstance(report, HandlerFailure) for report in reports) == 400
    assert sum(isinstance(report, SlowHandler) and report.is_running for report in reports) == 201
    assert sum(isinstance(report, EventsDropped) for report in reports) == 1


@pytest.mark.parametrize("error", [ValueError("bad day"), asyncio.CancelledError("bad day"), StopIteration("bad day")])
def test_sync_handler_that_raises_is_reported_and_others_go_on(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(_: Event) -> None:
        raise error

    events, recorder = EventManager(), Recorder()
    subscription = events.subscribe(T.TICK, handler, name="broken")
    events.subscribe(T.TICK, recorder)
    for number in range(20):
        events.emit(T.TICK, number)
    assert recorder.got == list(range(20))
    assert subscription.failed == 20
    reports = trouble(events)
    assert len(reports) == 20
    text = f"{type(error).__name__}: bad day"
    assert reports[0] == HandlerFailure(subscription="broken", event_type=T.TICK, event_sequence=1, error=text)
    logged = [record for record in caplog.records if record.name == "ibwire.event_reports"]
    assert [record.getMessage() for record in logged] == [
        "broken failed on tick (1 so far)",
        "broken failed on tick (10 so far)",
    ]
    assert logged[0].exc_info is not None
    assert logged[0].exc_info[1] is error


def test_handler_that_raises_an_error_without_text_is_reported() -> None:
    class Unspeakable(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text either")

    def handler(_: Event) -> None:
        raise Unspeakable

    events = EventManager()
    events.subscribe(T.TICK, handler)
    logging.disable()  # its own words cannot be logged
    try:
        events.emit(T.TICK)
    finally:
        logging.disable(logging.NOTSET)
    assert [report.error for report in trouble(events)] == ["Unspeakable"]


@on_virtual_time
async def test_async_handler_whose_own_work_is_cancelled_fails_and_goes_on() -> None:
    async def handler(_: Event) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    async with EventManager() as events:
        subscription = events.subscribe(T.TICK, handler)
        events.emit(T.TICK)
        events.emit(T.TICK)
        await settle()
        assert (subscription.delivered, subscription.failed, subscription.is_active) == (2, 2, True)


def test_predicate_that_raises_is_reported_and_not_a_match() -> None:
    events, recorder = EventManager(), Recorder()
    subscription = events.subscribe(T.TICK, recorder, where=lambda event: event.data.price > 0, name="picky")
    events.emit(T.TICK, None)
    assert recorder.got == []
    assert (subscription.delivered, subscription.failed) == (0, 1)
    assert [report.subscription for report in trouble(events)] == ["picky"]


def test_predicate_that_cancels_its_own_subscription_is_obeyed() -> None:
    events, recorder = EventManager(), Recorder()

    def where(_: Event) -> bool:
        subscription.cancel()
        return True

    subscription = events.subscribe(T.TICK, recorder, where=where)
    events.emit(T.TICK, 1)
    assert recorder.got == []


def test_handler_of_failures_that_raises_is_counted_and_not_reported_again() -> None:
    events, recorder = EventManager(), Recorder()
    bad = events.subscribe([T.TICK, T.HANDLER_FAILED], fail, name="bad")
    events.subscribe(T.HANDLER_FAILED, recorder)
    events.emit(T.TICK)
    assert [report.event_type for report in recorder.got] == [T.TICK]
    assert bad.failed == 2
    assert events.statistics().unreported == 1


def test_handler_that_is_slow_and_raises_on_everything_does_not_feed_on_its_own_reports() -> None:
    timer = Timer()
    events = EventManager(timer=timer)

    def worst(event: Event) -> None:
        timer.now += 1
        fail(event)

    events.subscribe(None, worst)
    events.emit(T.TICK)
    assert [type(report) for report in trouble(events)] == [HandlerFailure, SlowHandler]
    assert events.statistics().unreported == 4


def test_sync_handler_that_blocks_is_reported_afterwards_and_the_next_is_not() -> None:
    timer = Timer()
    events = EventManager(timer=timer, slow_handler_s=0.1)
    slow = events.subscribe(T.TICK, timer.spend(0.25), name="slow")
    quick = events.subscribe(T.TICK, timer.spend(0.05), name="quick")
    events.emit(T.TICK)
    assert trouble(events) == [
        SlowHandler(subscription="slow", event_type=T.TICK, event_sequence=1, elapsed_s=0.25, is_running=False)
    ]
    assert (slow.slow, quick.slow) == (1, 0)


async def test_handler_that_blocks_the_real_loop_is_reported_sync_or_async() -> None:
    def block(_: Event) -> None:
        time.sleep(0.03)

    async def wait_or_block(event: Event) -> None:
        if event.data == "wait":
            await asyncio.sleep(0.03)
        else:
            block(event)

    async with EventManager(slow_handler_s=0.02) as events:
        events.subscribe(T.BAR, block, name="sync")
        events.subscribe(T.TICK, wait_or_block, name="async")
        async with events.stream(T.WARNING) as warnings:
            for event_type, data in ((T.BAR, None), (T.TICK, "wait"), (T.TICK, "block")):
                events.emit(event_type, data)
            reports = [(await anext(warnings)).data for _ in range(3)]
    assert [(report.subscription, report.is_running) for report in reports] == [
        ("sync", False),
        ("async", True),
        ("async", False),
    ]
    assert min(report.elapsed_s for report in reports) >= 0.02


@on_virtual_time
async def test_async_handler_that_waits_too_long_is_reported_once_while_it_runs() -> None:
    async def handler(event: Event) -> None:
        await asyncio.sleep(event.data)

    async with EventManager(slow_handler_s=0.1, clock=loop_clock) as events:
        subscription = events.subscribe(T.TICK, handler, name="waits")
        events.emit(T.TICK, 0.05)
        events.emit(T.TICK, 0.8)
        await settle()
        [warning] = events.history(T.WARNING)
        assert warning.data == SlowHandler(
            subscription="waits", event_type=T.TICK, event_sequence=2, elapsed_s=0.1, is_running=True
        )
        assert (warning.time - START) / timedelta(seconds=1) == pytest.approx(0.15)
        assert subscription.slow == 1


# --- wait_for


@on_virtual_time
async def test_wait_for_returns_the_first_match_and_leaves_nothing_behind() -> None:
    events = EventManager()
    waiter = asyncio.create_task(events.wait_for([T.TICK, T.BAR], lambda event: event.data > 1, timeout=5))
    await settle()
    for data in (1, 2, 3):
        events.emit(T.BAR, data)
    assert (await waiter).data == 2
    assert events.subscribers == ()


@on_virtual_time
async def test_wait_for_without_the_event_times_out_and_leaves_nothing_behind() -> None:
    events = EventManager()
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(TimeoutError, match="no such event within 5 s"):
        await events.wait_for(T.TICK, timeout=5)
    assert loop.time() - began == pytest.approx(5)
    assert events.subscribers == ()


@on_virtual_time
async def test_wait_for_event_and_timeout_in_the_same_turn_gives_the_event() -> None:
    events = EventManager()
    asyncio.get_running_loop().call_later(5, events.emit, T.TICK, "just in time")
    assert (await events.wait_for(T.TICK, timeout=5)).data == "just in time"


@on_virtual_time
async def test_wait_for_cancelled_or_closed_or_with_a_bad_predicate_ends_at_once() -> None:
    events = EventManager()
    cancelled = asyncio.create_task(events.wait_for(T.TICK))
    bad = asyncio.create_task(events.wait_for(T.BAR, lambda event: event.data.price > 0))
    closed = asyncio.create_task(events.wait_for(T.TICK))
    await settle()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    events.emit(T.BAR)
    with pytest.raises(IbwireError, match="the predicate raised AttributeError") as caught:
        await bad
    assert isinstance(caught.value.__cause__, AttributeError)
    await events.aclose()
    with pytest.raises(IbwireError, match="was closed"):
        await closed
    assert events.subscribers == ()


@on_virtual_time
async def test_wait_for_that_was_just_cancelled_does_not_mind_what_comes() -> None:
    events = EventManager()
    tasks = [
        asyncio.create_task(events.wait_for(T.TICK)),
        asyncio.create_task(events.wait_for(T.BAR, lambda event: event.data.price > 0)),
        asyncio.create_task(events.wait_for(T.ERROR)),
    ]
    await settle()
    for task in tasks:
        task.cancel()
    events.emit(T.TICK)
    events.emit(T.BAR)
    await events.aclose()
    assert [type(result) for result in await asyncio.gather(*tasks, return_exceptions=True)] == [
        asyncio.CancelledError
    ] * 3


# --- streams


@on_virtual_time
async def test_stream_gives_events_from_its_making_until_it_is_closed() -> None:
    events = EventManager()
    async with events.stream([T.TICK, T.BAR], where=lambda event: event.data != 3) as stream:
        for data in range(1, 5):
            events.emit(T.TICK, data)
        events.emit(T.ORDER_STATUS, "of no interest")
        assert stream.waiting == 3
        assert (await anext(stream)).data == 1
    events.emit(T.TICK, 5)
    assert [event.data async for event in stream] == [2, 4]
    assert stream.delivered == 3
    assert not events.has_subscribers(T.TICK)


@on_virtual_time
async def test_stream_wakes_its_consumer_and_has_only_one() -> None:
    async with EventManager() as events:
        stream = events.stream(T.TICK)
        consumer = asyncio.create_task(anext(stream))
        await settle()
        with pytest.raises(RuntimeError, match="one consumer at a time"):
            await anext(stream)
        events.emit(T.TICK, 1)
        assert (await consumer).data == 1


@pytest.mark.parametrize(
    ("overflow", "kept"), [(Overflow.DROP_OLDEST, [3, 4]), (Overflow.DROP_NEWEST, [0, 1]), (Overflow.RAISE, [0, 1])]
)
@on_virtual_time
async def test_stream_whose_consumer_falls_behind_keeps_by_policy(overflow: Overflow, kept: list[int]) -> None:
    async with EventManager() as events:
        stream = events.stream(T.TICK, 2, overflow=overflow)
        for number in range(5):
            events.emit(T.TICK, number)
        assert [(await anext(stream)).data for _ in range(2)] == kept
        if overflow is Overflow.RAISE:
            with pytest.raises(StreamOverflow, match="2 events behind"):
                await anext(stream)
            assert (stream.dropped, stream.is_active, trouble(events)) == (1, False, [])
        else:
            assert (stream.dropped, stream.is_active, stream.waiting) == (3, True, 0)
            assert trouble(events) == [EventsDropped(subscription="stream", dropped=1, bound=2)]


@on_virtual_time
async def test_stream_with_a_bad_predicate_raises_after_what_waits() -> None:
    async with EventManager() as events:
        stream = events.stream(T.TICK, where=lambda event: 1 / event.data > 0)
        for number in (1, 0, 2):
            events.emit(T.TICK, number)
        assert (await anext(stream)).data == 1
        with pytest.raises(IbwireError, match="the predicate raised ZeroDivisionError"):
            await anext(stream)
