"""The gateway's time: a real clock goes with the loop, a manual one stands still until it is moved, and keeps order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator import ManualClock, NotManual, RealClock
from ibwire.simulator.feed import Tick
from ibwire.simulator.market import Market
from ibwire.simulator.pulse import STEP_S, Pulse
from tests.helpers.campaigns import campaign
from tests.helpers.scripted_feed import ScriptedFeed, quote
from tests.helpers.simulated import AAPL, NOW_S, within
from tests.helpers.virtual_time import on_virtual_time


async def _drained() -> None:
    pass


def pulse_of(
    clock: ManualClock | RealClock,
    publish: Callable[[list[Tick]], None] = lambda _: None,
    advance: Callable[[], None] = lambda: None,
    *,
    ticks_at: tuple[float, ...] = (),
    speed: float = 1.0,
) -> Pulse:
    feed = ScriptedFeed([tick for at_s in ticks_at for tick in quote(AAPL, 100.0, 1, at_s=at_s)], [AAPL])
    return Pulse(clock, speed, Market(feed), publish, advance, _drained)


@on_virtual_time
async def test_real_clock_goes_with_the_loop_and_its_skew_moves_the_wall_only() -> None:
    loop = asyncio.get_running_loop()
    clock = RealClock(lambda: NOW_S + loop.time())
    assert clock.elapsed_s() == 0
    clock.start()
    await asyncio.sleep(10)
    clock.start()  # begun is begun
    clock.skew_s = -3600
    before_s = clock.elapsed_s()
    await clock.sleep(5)
    assert before_s == pytest.approx(10)
    assert clock.elapsed_s() == pytest.approx(15)
    assert clock.now_s() == pytest.approx(NOW_S + 15 - 3600)


@on_virtual_time
async def test_real_clock_cannot_be_advanced() -> None:
    with pytest.raises(NotManual, match="real"):
        await pulse_of(RealClock()).advance(1)


@on_virtual_time
async def test_manual_clock_stands_still_whatever_the_loop_does() -> None:
    clock = ManualClock(NOW_S)
    await asyncio.sleep(3600)
    assert (clock.now_s(), clock.elapsed_s()) == (NOW_S, 0)
    await pulse_of(clock).advance(90)
    assert (clock.now_s(), clock.elapsed_s()) == (NOW_S + 90, 90)


@on_virtual_time
async def test_advancing_plays_the_market_as_far_as_its_speed_brings_it() -> None:
    played: list[float] = []
    pulse = pulse_of(
        ManualClock(NOW_S), lambda ticks: played.append(ticks[0].at_s), ticks_at=(0, 5, 10, 20.5, 100), speed=10
    )
    await pulse.advance(1)
    assert played == [0, 5, 10]
    await pulse.advance(1.05)
    assert played == [0, 5, 10, 20.5]


@on_virtual_time
async def test_what_falls_due_by_the_clock_is_looked_at_ten_times_a_second_on_the_way() -> None:
    clock, seen = ManualClock(NOW_S), list[float]()
    pulse = pulse_of(clock, advance=lambda: seen.append(clock.elapsed_s()))
    for _ in range(4):
        await pulse.advance(15)
    assert len(seen) == pytest.approx(600, abs=2)
    assert all(0 < later - sooner <= STEP_S + 1e-9 for sooner, later in pairwise(seen))


@given(
    sleeps=st.lists(st.lists(st.floats(0, 50), max_size=4), max_size=5),
    steps=st.lists(st.floats(0.001, 40), min_size=1, max_size=6),
)
@campaign(part=30, full=300)
def test_sleepers_wake_at_their_own_time_and_in_order_however_the_clock_is_moved(
    sleeps: list[list[float]], steps: list[float]
) -> None:
    woken: list[float] = []

    @on_virtual_time
    async def run() -> None:
        clock = ManualClock(NOW_S)
        pulse = pulse_of(clock)

        async def work(naps: list[float]) -> None:
            due_s = 0.0
            for nap in naps:
                due_s += nap
                await clock.sleep(nap)
                assert clock.elapsed_s() == pytest.approx(due_s)
                await asyncio.sleep(0.3)  # it takes some real time, in which the clock must not run on
                assert clock.elapsed_s() == pytest.approx(due_s)
                woken.append(due_s)

        works = [pulse.start_work(work(naps)) for naps in sleeps]
        for step in steps:
            await within(pulse.advance(step), 1000)
        for one in works:
            if one.done():
                one.result()
        await pulse.stop()

    run()
    end_s = sum(steps)
    dues = [sum(naps[: number + 1]) for naps in sleeps for number in range(len(naps))]
    assert woken == sorted(woken)
    assert len(woken) == pytest.approx(sum(due <= end_s for due in dues), abs=sum(abs(d - end_s) < 1e-6 for d in dues))


@on_virtual_time
async def test_sleeper_that_is_cancelled_holds_nobody_up() -> None:
    clock = ManualClock(NOW_S)
    pulse = pulse_of(clock)
    one, other = pulse.start_work(clock.sleep(5)), pulse.start_work(clock.sleep(6))
    await asyncio.sleep(0)
    one.cancel()
    await within(pulse.advance(10))
    assert one.cancelled()
    assert other.done()


@on_virtual_time
async def test_two_who_advance_at_once_take_turns() -> None:
    clock = ManualClock(NOW_S)
    pulse = pulse_of(clock)
    await asyncio.gather(pulse.advance(3), pulse.advance(4))
    assert clock.elapsed_s() == 7
