"""Time in a gateway: same script, same bytes; a manual clock drives everything; scenarios keep their times."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import async_solipsism
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator import GeneratedFeed, ManualClock, NotManual, RealClock, SimulatedGateway, outbox, parse_scenario
from ibwire.simulator.happenings import FaultNews, Happening
from ibwire.wire import ClientProtocol, encode
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign
from tests.helpers.controlled import ES
from tests.helpers.fuzzing import conversations
from tests.helpers.scripted_feed import ScriptedFeed
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, NOW_S, OPENING, bought, codes, raw, simulated
from tests.helpers.virtual_time import on_virtual_time

# --- the same bytes


class Listener(asyncio.Protocol):
    """Keeps what it gets."""

    def __init__(self) -> None:
        self.received = bytearray()

    def data_received(self, data: bytes) -> None:
        self.received += data


Script = Sequence[tuple[int, float, bytes]]
"""Which of two clients says what, and how long it waits then."""


async def played(seed: int, script: Script, *, manual: bool) -> list[bytes]:
    loop = asyncio.get_running_loop()
    assert ES is not None
    clock = ManualClock(NOW_S) if manual else RealClock(lambda: NOW_S + loop.time())
    async with SimulatedGateway(feed=GeneratedFeed(seed, [AAPL, ES.con_id]), clock=clock) as gateway:
        listeners, transports = [], []
        for client_id in (1, 2):
            transport, listener = await loop.create_connection(Listener, gateway.host, gateway.port)
            start = ClientProtocol().hello + encode(m.StartApiRequest(client_id=client_id))
            transport.write(start + encode(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT)))
            listeners.append(listener)
            transports.append(transport)
        for who, wait_s, data in script:
            if not transports[who].is_closing():
                transports[who].write(data)
            await asyncio.sleep(0.01 if manual else wait_s)
            if manual:
                await gateway.advance(wait_s)
        await asyncio.sleep(3)
        for transport in transports:
            transport.abort()
        await asyncio.sleep(0)
        return [bytes(listener.received) for listener in listeners]


def on_a_loop_of_its_own(seed: int, script: Script, *, manual: bool) -> list[bytes]:
    loop = async_solipsism.EventLoop()
    try:
        return loop.run_until_complete(played(seed, script, manual=manual))
    finally:
        loop.close()


turns = st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.05, 1.0, 7.5]), conversations.map(b"".join))


@given(seed=st.integers(0, 5), script=st.lists(turns, max_size=8), manual=st.booleans())
@campaign(part=25, full=200)
def test_same_seed_and_inputs_give_the_same_bytes(seed: int, script: Script, *, manual: bool) -> None:
    first = on_a_loop_of_its_own(seed, script, manual=manual)
    assert on_a_loop_of_its_own(seed, script, manual=manual) == first
    assert all(len(received) > 100 for received in first)


# --- a clock moved by hand


@on_virtual_time
async def test_market_stands_still_until_the_clock_is_moved_and_orders_fill_on_the_way() -> None:
    clock = ManualClock(NOW_S)
    async with simulated(GeneratedFeed(1, [AAPL]), clock=clock) as gateway, raw(gateway, 1) as client:
        client.send(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT))
        await client.fence()
        before = len(client.messages)
        await asyncio.sleep(3600)
        assert [code for _, code in codes(client.messages[before:])] == [2104] * (len(client.messages) - before)
        bid = gateway.market.quote(AAPL).prices[1]
        await client.answers_to(bought(1, "100000", bid))
        assert gateway.state().executions == []
        await gateway.advance(3600)
        await client.fence()
        fills = gateway.state().executions
        assert fills
        assert [fill.time_s for fill in fills] == sorted(fill.time_s for fill in fills)
        assert fills[0].time_s < NOW_S + 3600, "it was filled on the way, not at the end"
        assert m.CurrentTime(int(NOW_S) + 3600) in await client.answers_to(m.CurrentTimeRequest())


class SlowListener(Listener):
    """Takes a moment to think about what it got before it reads on."""

    is_closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.transport.pause_reading()
        asyncio.get_running_loop().call_later(0.001, self.transport.resume_reading)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_closed = True


@on_virtual_time
async def test_minutes_in_a_moment_do_not_cut_off_a_client_that_reads() -> None:
    loop = asyncio.get_running_loop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "MAX_UNSENT_BYTES", 200_000)
        async with simulated(GeneratedFeed(1, [AAPL]), clock=ManualClock(NOW_S)) as gateway:
            transport, listener = await loop.create_connection(SlowListener, gateway.host, gateway.port)
            lines = [m.MarketDataRequest(req_id=number, contract=AAPL_CONTRACT) for number in range(1, 41)]
            start = ClientProtocol().hello + encode(m.StartApiRequest(client_id=1))
            transport.write(start + b"".join(map(encode, lines)))
            await asyncio.sleep(1)
            await gateway.advance(120)
            assert not listener.is_closed
            await asyncio.sleep(1)
            assert len(listener.received) > 1_000_000
            transport.abort()


@on_virtual_time
async def test_profit_and_loss_is_told_by_the_manual_clock_too() -> None:
    async with simulated(GeneratedFeed(1, [AAPL]), clock=ManualClock(NOW_S)) as gateway, raw(gateway, 1) as client:
        await client.answers_to(bought(1, "100"), m.PnLRequest(req_id=5, account="DU1234567"))
        await gateway.advance(60)
        await client.fence()
        assert 20 < sum(isinstance(message, m.PnL) for message in client.messages) <= 62


# --- scenarios

NIGHT = parse_scenario("""
    [[at]]
    s = 2.5
    kind = "connectivity_lost"
    [[at]]
    s = 2.5
    kind = "silent_stream"
    symbol = "AAPL"
    [[at]]
    s = 10
    kind = "stall"
    for_s = 30
    [[at]]
    s = 20
    kind = "connectivity_restored"
    data_lost = false
""")
TIMES = [2.5, 2.5, 10, 20]


@on_virtual_time
async def test_scenario_happens_at_its_times_on_a_real_clock_and_faults_overlap() -> None:
    loop, told = asyncio.get_running_loop(), list[tuple[float, str]]()

    def watch(happening: Happening) -> None:
        if isinstance(happening, FaultNews):
            told.append((loop.time(), happening.kind))

    async with simulated(ScriptedFeed(OPENING), watcher=watch) as gateway, raw(gateway, 1) as client:
        await asyncio.sleep(5)
        begun = loop.time()
        await gateway.play(NIGHT)
        assert loop.time() - begun > 40 - 1e-6, "it is over when its last fault is"
        assert [kind for _, kind in told] == [step.kind for step in NIGHT.steps]
        assert [round(at_s - begun, 3) for at_s, _ in told] == TIMES
        await client.fence()
        assert codes(client.messages)[-2:] == [(-1, 1100), (-1, 1102)]


@on_virtual_time
async def test_scenario_goes_by_the_manual_clock() -> None:
    clock, told = ManualClock(NOW_S), list[float]()

    def watch(happening: Happening) -> None:
        if isinstance(happening, FaultNews):
            told.append(clock.elapsed_s())

    async with simulated(ScriptedFeed(OPENING), clock=clock, watcher=watch) as gateway:
        await gateway.advance(5)
        playing = asyncio.create_task(gateway.play(NIGHT))
        await asyncio.sleep(100)
        assert told == []
        await gateway.advance(14.9)
        assert told == [7.5, 7.5, 15]
        assert "stall" in [fault.kind for fault in gateway.active_faults()]
        await gateway.advance(100)
        await asyncio.wait_for(playing, 1)
        assert told == [at_s + 5 for at_s in TIMES]
        assert [fault.kind for fault in gateway.active_faults()] == ["silent_stream"]


@on_virtual_time
async def test_stop_in_the_middle_of_a_scenario_leaves_nothing_behind() -> None:
    gateway = simulated(ScriptedFeed(OPENING))
    await gateway.start()
    playing = asyncio.create_task(gateway.play(NIGHT))
    await asyncio.sleep(15)
    await gateway.stop()
    with pytest.raises(asyncio.CancelledError):
        await playing


async def test_gateway_on_a_real_clock_is_not_advanced() -> None:
    async with simulated() as gateway:
        with pytest.raises(NotManual):
            await gateway.advance(1)
