"""Whatever a client sends, the gateway stays up, serves the others, and logs no exception."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import async_solipsism
from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator import GatewayLimits, GeneratedFeed, RealClock, SimulatedGateway
from ibwire.wire import ClientProtocol, encode
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign
from tests.helpers.fuzzing import conversations
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, RawClient, raw

START = [ClientProtocol().hello, encode(m.StartApiRequest(client_id=1))]
ENDINGS = ["stay", "half-close", "abort"]


class Fuzzer(RawClient):
    """Keeps only bytes: what it gets in answer to nonsense need not make sense to it."""

    def data_received(self, data: bytes) -> None:
        self.chunks.append(data)


async def survives(pieces: Sequence[bytes], ending: str, problems: list[Any]) -> None:
    """Send these, one after the other, and look whether the gateway still serves another client."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: problems.append(context))
    clock = RealClock(lambda: 1_709_562_600 + loop.time())
    feed, limits = GeneratedFeed(1, [AAPL]), GatewayLimits(messages_per_s=None)
    async with SimulatedGateway(feed=feed, limits=limits, clock=clock) as gateway, raw(gateway, 99) as witness:
        witness.send(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT))
        transport, _ = await loop.create_connection(Fuzzer, gateway.host, gateway.port)
        for piece in pieces:
            if not transport.is_closing():
                transport.write(piece)
            await asyncio.sleep(0.01)
        if ending == "half-close" and not transport.is_closing():
            transport.write_eof()
        elif ending == "abort":
            transport.abort()
        await asyncio.sleep(0.3)
        assert await witness.answers_to(m.CurrentTimeRequest())
        assert not witness.is_closed
        before = len(witness.messages)
        await asyncio.sleep(2)
        assert len(witness.messages) > before, "the market stands still"
        gateway.state()
        transport.abort()


class Complaints(logging.Handler):
    """What is logged while it is there."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())

    def __enter__(self) -> Complaints:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)


def run(pieces: Sequence[bytes], ending: str) -> None:
    problems: list[Any] = []
    loop = async_solipsism.EventLoop()
    try:
        with Complaints() as complaints:
            loop.run_until_complete(survives(pieces, ending, problems))
            assert not asyncio.all_tasks(loop)
    finally:
        loop.close()
    assert (problems, complaints.said) == ([], [])


@given(pieces=conversations, ending=st.sampled_from(ENDINGS))
@campaign(part=150, full=3500)
def test_anything_said_after_the_start_hurts_nobody(pieces: list[bytes], ending: str) -> None:
    run([*START, *pieces], ending)


@given(
    start=st.sampled_from([[], START[:1], [b"API\0"], [b"API\0\0\0"]]),
    pieces=st.lists(st.binary(max_size=40), max_size=4) | conversations,
    ending=st.sampled_from(ENDINGS),
)
@campaign(part=50, full=1500)
def test_anything_said_before_the_start_hurts_nobody(start: list[bytes], pieces: list[bytes], ending: str) -> None:
    run([*start, *pieces], ending)
