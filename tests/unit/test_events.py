"""Events: who gets them and in which order, what is kept, and the end."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.events import CASCADE_BOUND, HIGH_RATE, Event, EventManager, EventType, StateChange, Subscription
from ibwire.exceptions import ConfigurationError, IbwireError
from tests.helpers.campaigns import campaign
from tests.helpers.event_handlers import START, Recorder, hang, settle
from tests.helpers.virtual_time import on_virtual_time

T = EventType


# --- what an event is


def test_event_has_type_data_utc_time_and_a_rising_sequence() -> None:
    events, got = EventManager(), []
    events.subscribe(None, got.append)
    before = datetime.now(UTC)
    events.emit(T.CONNECTION_STATE_CHANGED, StateChange(old="connecting", new="connected"))
    events.emit(T.TICK)
    assert [(event.type, event.sequence) for event in got] == [(T.CONNECTION_STATE_CHANGED, 1), (T.TICK, 2)]
    assert got[0].data == StateChange(old="connecting", new="connected")
    assert got[1].data is None
    assert all(before <= event.time <= datetime.now(UTC) and event.time.tzinfo is UTC for event in got)
    with pytest.raises(AttributeError):
        got[0].data = None


def test_emit_that_nobody_sees_does_not_read_the_clock() -> None:
    def clock() -> datetime:
        raise AssertionError("read for nobody")

    events = EventManager(clock=clock)
    for event_type in HIGH_RATE:
        events.emit(event_type)
    assert events.statistics().events == 0


# --- who gets it


@pytest.mark.parametrize(
    ("types", "wanted"),
    [
        (T.TICK, [T.TICK]),
        ([T.TICK, T.BAR], [T.TICK, T.BAR]),
        (iter([T.BAR, T.BAR]), [T.BAR]),
        (None, list(T)),
    ],
)
def test_subscribe_gets_each_event_of_its_types_once(types: Any, wanted: list[EventType]) -> None:
    events, got = EventManager(), []
    events.subscribe(types, lambda event: got.append(event.type))
    for event_type in T:
        events.emit(event_type)
        assert events.has_subscribers(event_type) == (event_type in wanted)
    assert sorted(got) == sorted(wanted)


def test_subscribe_to_no_type_at_all_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no event types"):
        EventManager().subscribe([], print)


def test_on_decorates_a_handler_which_stays_callable() -> None:
    events, got = EventManager(), []

    @events.on(T.ORDER_FILLED, T.ORDER_CANCELLED, where=lambda event: event.data != "other")
    def handler(event: Event) -> None:
        got.append(event.data)

    events.on(once=True)(lambda event: got.append(event.type))
    for data in ("mine", "other"):
        events.emit(T.ORDER_FILLED, data)
    handler(Event(type=T.TICK, time=START, sequence=0, data="called"))
    assert got == ["mine", T.ORDER_FILLED, "called"]


def test_once_with_predicate_takes_the_first_match_even_if_the_handler_emits_again() -> None:
    events, got = EventManager(), []

    def handler(event: Event) -> None:
        got.append(event.data)
        events.emit(T.TICK, 30)

    subscription = events.subscribe(T.TICK, handler, once=True, where=lambda event: event.data >= 20)
    for data in (10, 20, 40):
        events.emit(T.TICK, data)
    assert got == [20]
    assert not subscription.is_active
    assert not events.has_subscribers(T.TICK)


@on_virtual_time
async def test_once_with_async_handler_runs_it_once_and_ends_its_task() -> None:
    events, recorder = EventManager(), Recorder()
    events.subscribe(T.TICK, recorder.slowly, once=True)
    events.emit(T.TICK, 1)
    events.emit(T.TICK, 2)
    await settle()
    assert recorder.got == [1]
    assert asyncio.all_tasks() == {asyncio.current_task()}  # without aclose


def test_cancel_from_its_own_handler_ends_it_and_again_does_nothing() -> None:
    events, recorder = EventManager(), Recorder()

    def handler(event: Event) -> None:
        recorder(event)
        subscription.cancel()
        subscription.cancel()

    subscription = events.subscribe(T.TICK, handler)
    events.emit(T.TICK, 1)
    events.emit(T.TICK, 2)
    assert recorder.got == [1]


def test_cancel_of_a_later_handler_during_an_emit_keeps_it_from_being_called() -> None:
    events, recorder = EventManager(), Recorder()
    events.subscribe(T.TICK, lambda _: later.cancel())
    later = events.subscribe(T.TICK, recorder)
    events.emit(T.TICK, 1)
    assert recorder.got == []


def test_handler_added_during_an_emit_gets_the_next_event() -> None:
    events, recorder = EventManager(), Recorder()
    events.subscribe(T.TICK, lambda _: events.subscribe(T.TICK, recorder), once=True)
    events.emit(T.TICK, 1)
    events.emit(T.TICK, 2)
    assert recorder.got == [2]


def test_emit_inside_a_handler_comes_after_the_event_for_everyone() -> None:
    events, first, last = EventManager(), Recorder(), Recorder()

    def answer(event: Event) -> None:
        first(event)
        if event.type is T.EXECUTION:
            events.emit(T.ORDER_FILLED, f"{event.data} filled")

    events.subscribe(None, answer)
    events.subscribe(None, last)
    for data in ("a", "b"):
        events.emit(T.EXECUTION, data)
    assert first.got == last.got == ["a", "a filled", "b", "b filled"]


def test_interrupt_in_a_handler_gets_through_and_what_it_left_comes_first_later() -> None:
    events, recorder = EventManager(), Recorder()

    def interrupted(event: Event) -> None:
        if event.data == 1:
            events.emit(T.TICK, 2)
            raise KeyboardInterrupt

    events.subscribe(T.TICK, recorder)
    events.subscribe(T.TICK, interrupted)
    with pytest.raises(KeyboardInterrupt):
        events.emit(T.TICK, 1)
    events.emit(T.TICK, 3)
    assert recorder.got == [1, 2, 3]


def test_handlers_that_answer_events_without_end_are_stopped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    def answer(_: Event) -> None:
        events.emit(T.TICK)
        events.emit(T.TICK)

    events, recorder = EventManager(), Recorder()
    answering = events.subscribe(T.TICK, answer)
    events.subscribe(T.BAR, recorder)
    events.emit(T.TICK)
    events.emit(T.BAR, "goes on")
    assert recorder.got == ["goes on"]
    assert (answering.delivered, answering.waiting) == (1 + CASCADE_BOUND, 0)
    assert events.statistics().undelivered == 2 * answering.delivered - CASCADE_BOUND
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == [
        "handlers answer events with events without end; tick is not delivered"
    ]


# --- history


def test_history_is_bounded_per_type_and_of_high_rate_types_only_on_demand() -> None:
    events = EventManager(history_size=3, history_sizes={T.TICK: 2, T.ERROR: 0})
    for number in range(5):
        for event_type in (T.TICK, T.QUOTE, T.ERROR, T.ORDER_STATUS):
            events.emit(event_type, number)
    events.emit(T.ORDER_FILLED, "rare")
    assert [(event.type, event.data) for event in events.history()] == [
        (T.ORDER_STATUS, 2),
        (T.TICK, 3),
        (T.ORDER_STATUS, 3),
        (T.TICK, 4),
        (T.ORDER_STATUS, 4),
        (T.ORDER_FILLED, "rare"),
    ]


def test_history_is_asked_by_type_time_and_number() -> None:
    times = iter([START + timedelta(seconds=second) for second in range(6)])
    events = EventManager(clock=lambda: next(times))
    for number in range(6):
        events.emit(T.EXECUTION if number % 2 else T.COMMISSION, number)

    def asked(*types: EventType, **terms: Any) -> list[int]:
        return [event.data for event in events.history(types or None, **terms)]

    assert asked(T.EXECUTION) == [1, 3, 5]
    assert asked(T.EXECUTION, T.COMMISSION, T.TICK) == [0, 1, 2, 3, 4, 5]
    assert asked(since=START + timedelta(seconds=2), until=START + timedelta(seconds=4)) == [2, 3]
    assert asked(limit=2) == [4, 5]
    assert asked(limit=0) == []
    assert asked(limit=99) == [0, 1, 2, 3, 4, 5]


def test_history_has_the_event_before_its_handlers_run() -> None:
    events, seen = EventManager(), []
    events.subscribe(T.ERROR, lambda event: seen.append(events.history(T.ERROR) == [event]))
    events.emit(T.ERROR)
    assert seen == [True]


@pytest.mark.parametrize("settings", [{"history_size": -1}, {"history_sizes": {T.TICK: -1}}, {"slow_handler_s": 0}])
def test_manager_with_impossible_settings_is_refused(settings: Any) -> None:
    with pytest.raises(ConfigurationError):
        EventManager(**settings)


# --- the end


@on_virtual_time
async def test_aclose_lets_handlers_finish_what_waits_and_then_takes_nothing() -> None:
    recorder = Recorder()
    async with EventManager() as events:
        events.subscribe(T.ORDER_FILLED, recorder.slowly)
        stream = events.stream(T.ORDER_FILLED)
        for number in range(3):
            events.emit(T.ORDER_FILLED, number)
    assert recorder.got == [0, 1, 2]
    assert [event.data async for event in stream] == [0, 1, 2]
    events.emit(T.ORDER_FILLED, 3)
    assert len(events.history()) == 3
    assert not events.has_subscribers(T.ORDER_FILLED)
    with pytest.raises(IbwireError, match="closed"):
        events.subscribe(T.TICK, recorder)
    with pytest.raises(IbwireError, match="closed"):
        await events.wait_for(T.TICK)
    await events.aclose()


@on_virtual_time
async def test_aclose_cancels_a_handler_that_does_not_finish_and_counts_what_it_missed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    events, loop = EventManager(), asyncio.get_running_loop()
    subscription = events.subscribe(T.TICK, hang, name="hangs")
    for _ in range(3):
        events.emit(T.TICK)
    began = loop.time()
    await events.aclose(grace_s=0.5)
    assert loop.time() - began == pytest.approx(0.5)
    assert (subscription.delivered, subscription.dropped, events.statistics().dropped) == (1, 2, 2)
    assert "hangs is cancelled in a call, with 2 events waiting" in caplog.text
    assert asyncio.all_tasks() == {asyncio.current_task()}


@on_virtual_time
async def test_aclose_cancelled_while_it_waits_still_ends_the_handlers() -> None:
    events = EventManager()
    events.subscribe(T.TICK, hang)
    events.emit(T.TICK)
    closing = asyncio.create_task(events.aclose(grace_s=3600))
    await settle()
    closing.cancel()
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}


@on_virtual_time
async def test_aclose_leaves_a_handler_behind_that_ignores_its_cancellation(caplog: pytest.LogCaptureFixture) -> None:
    async def stubborn(_: Event) -> None:
        while not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                continue

    events, gate = EventManager(), asyncio.Event()
    events.subscribe(T.TICK, stubborn, name="stubborn")
    events.emit(T.TICK)
    await events.aclose()
    assert "stubborn ignores its cancellation and is left behind" in caplog.text
    gate.set()
    await settle()


@on_virtual_time
async def test_aclose_from_inside_a_handler_does_not_wait_for_itself() -> None:
    events, recorder = EventManager(), Recorder()

    async def handler(event: Event) -> None:
        await events.aclose()
        recorder(event)

    events.subscribe(T.CONNECTION_LOST, handler)
    events.emit(T.CONNECTION_LOST, "closed")
    await settle()
    assert recorder.got == ["closed"]


# --- any sequence of operations

TYPES = (T.TICK, T.BAR, T.ORDER_STATUS)
KINDS = ("sync", "async", "stream")

chosen_types = st.none() | st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1)
changes = st.one_of(
    st.tuples(st.just("subscribe"), st.sampled_from(KINDS), chosen_types),
    st.tuples(st.just("cancel"), st.integers(0, 20)),
)


def operations(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Changes and emits; during each emit a handler carries out `inner`."""
    return st.lists(changes | st.tuples(st.just("emit"), st.sampled_from(TYPES), inner), max_size=8)


class Expected:
    """What the rules say one subscriber gets."""

    def __init__(self, kind: str, types: Any) -> None:
        self.kind = kind
        self.types = TYPES if types is None else (types,) if isinstance(types, EventType) else tuple(types)
        self.is_active = True
        self.waiting: list[int] = []
        self.got: list[int] = []


class Model:
    """The rules in a few lines, driving a manager and saying beside it what everyone should get."""

    def __init__(self, events: EventManager) -> None:
        self.events = events
        self.expected: list[Expected] = []
        self.actual: list[tuple[Any, list[int]]] = []
        self.emitted = 0
        self.pending: list[tuple[int, list[Expected]]] = []
        self.inner: dict[int, Any] = {}
        events.subscribe(TYPES, self.handle)  # the first of all, and so called before the others

    def handle(self, event: Event) -> None:
        number, listeners = self.pending[0]
        assert number == event.data
        self.run(self.inner[number])
        for listener in listeners:
            if listener.is_active:
                (listener.got if listener.kind == "sync" else listener.waiting).append(number)
        del self.pending[0]

    def run(self, todo: Any) -> None:
        for operation, *arguments in todo:
            getattr(self, operation)(*arguments)

    def subscribe(self, kind: str, types: Any) -> None:
        self.expected.append(Expected(kind, types))
        got: list[int] = []

        async def handler(event: Event) -> None:
            await asyncio.sleep(0)
            got.append(event.data)

        if kind == "stream":
            self.actual.append((self.events.stream(types), got))
        else:
            sync = lambda event: got.append(event.data)  # noqa: E731
            self.actual.append((self.events.subscribe(types, sync if kind == "sync" else handler), got))

    def cancel(self, index: int) -> None:
        if index >= len(self.expected):
            return
        handle, expected = self.actual[index][0], self.expected[index]
        expected.is_active = False
        if isinstance(handle, Subscription):
            handle.cancel()
            expected.waiting = []
        else:
            handle.close()

    def emit(self, event_type: EventType, inner: Any) -> None:
        self.emitted += 1
        self.inner[self.emitted] = inner
        self.pending.append((self.emitted, [e for e in self.expected if e.is_active and event_type in e.types]))
        self.events.emit(event_type, self.emitted)

    async def settle(self) -> None:
        await settle()
        for expected in self.expected:
            expected.got += expected.waiting
            expected.waiting = []

    async def check(self) -> None:
        await self.settle()
        await self.events.aclose()
        for (handle, got), expected in zip(self.actual, self.expected, strict=True):
            if expected.kind == "stream":
                got += [event.data async for event in handle]
            assert got == expected.got
            assert got == sorted(got)


@given(rounds=st.lists(operations(operations(operations(st.just([])))), max_size=4))
@campaign(part=100, full=1000)
@on_virtual_time
async def test_any_sequence_gives_each_subscriber_what_was_emitted_while_it_was_subscribed(rounds: Any) -> None:
    model = Model(EventManager())
    for todo in rounds:
        model.run(todo)
        await model.settle()
    await model.check()
