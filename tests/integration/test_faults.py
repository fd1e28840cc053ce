"""The fault matrix: every fault of the simulator, in every situation, has the outcome that the table says."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path

import pytest

from ibwire.events import ClockSkew, Event, EventType
from ibwire.exceptions import ConnectionLost
from ibwire.session import HealthStatus, IBSession
from ibwire.simulator import GeneratedFeed, RealClock, SimulatedGateway
from ibwire.simulator.faults import FAULTS
from ibwire.simulator.instruments import INSTRUMENTS, by_local_symbol
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.sessions import Consumer, session_at, wall_clock
from tests.helpers.virtual_time import on_virtual_time
from tests.integration.fault_matrix import CASES, LOST, Case

LINES = 50
REQUESTS = 20
LOOK_EVERY_S = 1.0
ATTEMPTS = frozenset({"CONNECTING", "HANDSHAKING"})
TOLD = frozenset(
    {
        *(EventType.CONNECTION_LOST, EventType.RECONNECTING, EventType.CONNECTION_ESTABLISHED),
        *(EventType.CONNECTION_RECOVERED, EventType.STREAM_STALE, EventType.FARM_DOWN, EventType.FARM_UP),
        *(EventType.GATEWAY_CONNECTIVITY_LOST, EventType.GATEWAY_CONNECTIVITY_RESTORED),
    }
)

pytestmark = pytest.mark.filterwarnings("ignore::async_solipsism.SolipsismWarning")  # sockets in memory have no reset


class Scene:
    """A gateway, a session on it, and what the session has told since the scene began."""

    def __init__(self, gateway: SimulatedGateway, session: IBSession) -> None:
        self.gateway, self.session = gateway, session
        self.begins_after = max((event.sequence for event in session.events.history()), default=0)

    async def settle(self, case: Case, is_well: Callable[[], bool] = lambda: True) -> None:
        """Let the fault happen, and wait until all is well again."""
        await case.inject(self.gateway)
        for _ in range(int(case.settles_s / LOOK_EVERY_S)):
            await asyncio.sleep(LOOK_EVERY_S)
            if self.session.health().status is HealthStatus.HEALTHY and self.has_told(case) and is_well():
                return
        pytest.fail(f"not well after {case.settles_s:g} s: {self.session.health()}, {self.states}, {self.events}")

    def has_told(self, case: Case) -> bool:
        return all(name in self.events for name in case.events if name != "stream_stale")

    def happened(self, types: Iterable[EventType]) -> list[Event]:
        return [event for event in self.session.events.history(types) if event.sequence > self.begins_after]

    @property
    def states(self) -> tuple[str, ...]:
        """Where the session went, without the attempts and without repeats."""
        changes = [event.data.new for event in self.happened([EventType.CONNECTION_STATE_CHANGED])]
        return tuple(name for name, _ in groupby(name for name in changes if name not in ATTEMPTS))

    @property
    def events(self) -> tuple[str, ...]:
        """What it told, repeats left out; a new session's farm notices belong to it."""
        told = self.happened({*TOLD, EventType.WARNING})
        # Of the warnings only one is this session's own: that the clocks differ.
        named = (event for event in told if event.type is not EventType.WARNING or isinstance(event.data, ClockSkew))
        names = [event.type.value for event in named]
        if "reconnecting" in names:
            new = names.index("reconnecting")
            names[new:] = [name for name in names[new:] if name not in ("farm_up", "farm_down")]
        return tuple(name for name, _ in groupby(names))


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    feed = GeneratedFeed(seed=1, con_ids=[one.con_id for one in INSTRUMENTS[:LINES]], updates_per_s=2.0)
    async with SimulatedGateway(feed=feed, clock=RealClock(wall_clock)) as gateway, session_at(gateway.port) as session:
        await asyncio.sleep(0.1)
        yield Scene(gateway, session)


def expected(case: Case, *, with_streams: bool) -> tuple[str, ...]:
    return tuple(name for name in case.events if with_streams or name != "stream_stale")


def in_every(test: Callable[[Case], Awaitable[None]]) -> Callable[[Case], None]:
    """Runs a situation with every fault of the matrix."""

    @pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
    def run(case: Case) -> None:
        on_virtual_time(test)(case)

    run.__name__ = test.__name__
    return run


def test_every_fault_of_the_simulator_is_in_the_matrix() -> None:
    assert {case.name for case in CASES} == set(FAULTS)


@in_every
async def test_idle_session(case: Case) -> None:
    async with scene() as stage:
        await stage.settle(case)
        assert stage.states == case.states
        assert stage.events == expected(case, with_streams=False)
        assert await stage.session.request(m.CurrentTimeRequest())


@in_every
async def test_session_with_fifty_streams(case: Case) -> None:
    async with scene() as stage:
        symbols = [one.local_symbol for one in INSTRUMENTS[:LINES]]
        contracts = [m.Contract(con_id=one.con_id, exchange=one.exchange) for one in INSTRUMENTS[:LINES]]
        consumers = [Consumer(stage.session.stream(m.MarketDataRequest(contract=one))) for one in contracts]
        await asyncio.gather(*(consumer.until(3) for consumer in consumers))
        stage.begins_after = stage.session.events.history()[-1].sequence
        hit = dict(zip(symbols, consumers, strict=True))
        hit = {symbol: hit[symbol] for symbol in case.hits or symbols}
        marked = [consumer for consumer in hit.values() if case.marks]
        await stage.settle(case, lambda: all("resumed" in consumer.marks for consumer in marked))
        for consumer in marked:
            assert tuple(consumer.marks) == case.marks
        if case.hits == () and not case.marks:
            assert all(consumer.marks == [] for consumer in consumers)
        assert stage.states == case.states
        assert stage.events == expected(case, with_streams=True)
        before = [len(consumer.items) for consumer in consumers]
        await asyncio.sleep(20)
        assert all(len(consumer.items) > count for consumer, count in zip(consumers, before, strict=True))
        client = stage.gateway.session_of(1)
        assert client is not None
        assert sorted(one.instrument.con_id for _, one in client.streams.open()) == sorted(
            one.con_id for one in INSTRUMENTS[:LINES]
        )
        await asyncio.gather(*(consumer.close() for consumer in consumers))


@in_every
async def test_session_with_requests_in_flight(case: Case) -> None:
    async with scene() as stage:
        requests = [_details(one.con_id) for one in INSTRUMENTS[:REQUESTS]]
        plain = [asyncio.create_task(stage.session.request(one)) for one in requests]
        repeated = [asyncio.create_task(stage.session.request(one, retry=True)) for one in requests]
        await asyncio.sleep(0)
        await stage.settle(case)
        answers = await asyncio.gather(*plain, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                assert case.cuts
                assert isinstance(answer, ConnectionLost)
                assert answer.retryable
            else:
                assert isinstance(answer[-1], m.ContractDataEnd)
                assert len(answer) == 2
        assert any(isinstance(answer, ConnectionLost) for answer in answers) == (case.states == LOST)
        for again in await asyncio.gather(*repeated):
            assert len(again) == 2
        assert stage.session.connection.requests_under_way == 0


@in_every
async def test_session_with_orders_working(case: Case) -> None:
    async with scene() as stage:
        contract = m.Contract(con_id=265598, exchange="SMART")
        ids = [stage.session.next_id() for _ in range(3)]
        for order_id in ids:
            order = m.Order(action="BUY", order_type="LMT", total_quantity="10", lmt_price=100.0, tif="GTC")
            await stage.session.connection.send(m.PlaceOrderRequest(order_id=order_id, contract=contract, order=order))
        await stage.session.request(m.CurrentTimeRequest())  # the gateway has taken them
        await stage.settle(case)
        answers: list[Message] = await stage.session.request(m.OpenOrdersRequest())
        found = [answer.order_id for answer in answers if isinstance(answer, m.OpenOrder)]
        assert found == ([] if case.fills else ids)
        assert [order.times_received for order in stage.gateway.state().orders] == [1, 1, 1]
        assert stage.session.next_id() > max(ids)


def _details(con_id: int) -> Message:
    return m.ContractDataRequest(contract=m.Contract(con_id=con_id))


def test_the_page_of_the_matrix_is_current() -> None:
    command = [sys.executable, "tools/generate_fault_matrix.py", "--check"]
    assert subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode == 0


def test_instruments_of_the_matrix_are_those_of_the_table() -> None:
    assert all(by_local_symbol(symbol) in INSTRUMENTS[:LINES] for case in CASES for symbol in case.hits)


async def test_hundred_lost_links_leave_no_task_and_no_file_behind() -> None:
    """Over TCP: what nautilus_trader 2710 reports is a reconnect loop that piles up threads."""
    async with (
        SimulatedGateway() as gateway,
        session_at(gateway.port, backoff_first_s=0.01, backoff_max_s=0.02) as session,
    ):
        await _lose_links(gateway, session, 5)
        tasks, files = len(asyncio.all_tasks()), _open_files()
        await _lose_links(gateway, session, 100)
        assert len(asyncio.all_tasks()) <= tasks
        assert _open_files() <= files
        assert session.stats().reconnects == 105


async def _lose_links(gateway: SimulatedGateway, session: IBSession, number: int) -> None:
    for _ in range(number):
        await gateway.inject("disconnect")
        await session.connection.wait_until_down()
        await session.connection.wait_until_up()


def _open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0
