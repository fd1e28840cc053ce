"""Streams of the simulated gateway on virtual time: its clock is the loop's, its market is told what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

from ibwire.simulator import RealClock, SimulatedGateway
from ibwire.simulator.feed import Feed, Tick, TickType
from ibwire.simulator.instruments import Instrument, by_local_symbol
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import LiveFeed
from tests.helpers.simulated import AAPL, OPENING, REST_OF_THE_DAY, RawClient, raw, simulated

T = TypeVar("T")

START_S = 1_775_000_000.0
"""A wall clock on a five-second boundary."""

MOMENT_S = 0.25
"""Longer than the gateway needs to pass on what it was told, and to look at its clock."""


@asynccontextmanager
async def streaming(feed: Feed | None = None, **options: Any) -> AsyncIterator[tuple[RawClient, SimulatedGateway]]:
    """A client on a gateway whose wall clock began at START_S when it did."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    options.setdefault("clock", RealClock(lambda: START_S + loop.time() - began))
    played = feed if feed is not None else live()
    async with simulated(played, port=4002, **options) as gateway, raw(gateway, 1) as client:
        yield client, gateway


def live(opening: Sequence[Tick] = (*REST_OF_THE_DAY, *OPENING)) -> LiveFeed:
    """A market that a test tells what to do."""
    return LiveFeed(opening)


def traded(price: float, size: int, con_id: int = AAPL) -> list[Tick]:
    """A trade as a feed tells it."""
    exact = Decimal(size)
    return [
        Tick(0.0, con_id, TickType.LAST, price, exact),
        Tick(0.0, con_id, TickType.LAST_SIZE, None, exact),
        Tick(0.0, con_id, TickType.LAST_TIMESTAMP, None, None),
    ]


async def after(client: RawClient, feed: LiveFeed, *events: list[Tick]) -> list[Message]:
    """What a client gets when these events happen, one after the other."""
    before = len(client.messages)
    for event in events:
        feed.tell(event)
    await asyncio.sleep(MOMENT_S)
    return client.messages[before:]


def of_kind(kind: type[T], messages: Iterable[Message]) -> list[T]:
    return [message for message in messages if isinstance(message, kind)]


def named(symbol: str) -> Instrument:
    instrument = by_local_symbol(symbol)
    assert instrument is not None
    return instrument


def contract(symbol: str) -> m.Contract:
    return m.Contract(con_id=named(symbol).con_id, exchange=named(symbol).exchange)


class Hours:
    """Markets that a test opens and closes; `is_regular` says whether open ones are in their liquid hours."""

    def __init__(self, *, is_open: bool = True, is_regular: bool = True) -> None:
        self.is_now_open = is_open
        self.is_regular = is_regular

    def sessions(self, *_: Any, **__: Any) -> list[Any]:
        return []

    def is_open(self, _: Instrument, __: float, *, regular_only: bool) -> bool:
        return self.is_now_open and (self.is_regular or not regular_only)
