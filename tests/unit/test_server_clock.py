"""The comparison of the gateway's clock with ours."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from ibwire.server_clock import ServerClock
from tests.helpers.virtual_time import on_virtual_time

START = 1_795_000_000.0


async def ask(clock: ServerClock, offset_s: float, there_s: float, back_s: float, set_by_s: float = 0.0) -> None:
    """One question: the answer is made `there_s` after it left and takes `back_s`."""
    loop = asyncio.get_running_loop()
    with clock.question() as answered:
        await asyncio.sleep(there_s)
        server_ms = round((START + set_by_s + loop.time() + offset_s) * 1000)
        await asyncio.sleep(back_s)
        answered(server_ms)


@given(
    offset_s=st.floats(-3600, 3600),
    trips=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 2000)), min_size=1, max_size=20),
)
def test_the_offset_is_known_within_half_the_round_trip(offset_s: float, trips: list[tuple[int, int]]) -> None:
    @on_virtual_time
    async def run() -> None:
        clock = ServerClock(lambda: START + asyncio.get_running_loop().time())
        assert clock.best is None
        for there_ms, back_ms in trips:
            await ask(clock, offset_s, there_ms / 1000, back_ms / 1000)
            best = clock.best
            assert best is not None
            assert abs(best.offset_s - offset_s) <= best.round_trip_s / 2 + 0.0011

    run()


@on_virtual_time
async def test_a_clock_that_is_set_makes_earlier_readings_void() -> None:
    ours = [0.0]
    clock = ServerClock(lambda: START + ours[0] + asyncio.get_running_loop().time())
    await ask(clock, 0.0, 0.001, 0.001)
    ours[0] = -30.0  # ours was set back: the gateway's is ahead now
    await ask(clock, 0.0, 0.2, 0.2)
    assert clock.best is not None
    assert abs(clock.best.offset_s - 30.0) < 0.25
    assert clock.latest == clock.best
