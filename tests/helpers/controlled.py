"""A simulated gateway whose clock is moved by hand, reached through its HTTP control port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from ibwire.simulator import NO_LIMITS, GeneratedFeed, ManualClock, SimulatedGateway
from ibwire.simulator.instruments import by_local_symbol
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, NOW_S, RawClient, raw

ES = by_local_symbol("ESH4")
assert ES is not None
ES_CONTRACT = m.Contract(con_id=ES.con_id, exchange=ES.exchange)
AAPL_LINE, ES_LINE = 1, 2


class Control:
    """The control port, from outside."""

    def __init__(self, gateway: SimulatedGateway, http: httpx.AsyncClient) -> None:
        self.gateway = gateway
        self.http = http

    async def fault(self, kind: str, **parameters: Any) -> list[str]:
        """Inject a fault; the kinds that go on then."""
        answer = await self.http.post("/faults", json={"kind": kind, **parameters})
        assert answer.status_code == 200, answer.text
        return [fault["kind"] for fault in answer.json()["active_faults"]]

    async def advance(self, seconds: float) -> None:
        """Let time pass, and what was sent arrive."""
        answer = await self.http.post("/clock", json={"advance_s": seconds})
        assert answer.status_code == 200, answer.text
        await self.state()

    async def state(self) -> Any:
        """The truth."""
        answer = await self.http.get("/state")
        assert answer.status_code == 200
        return answer.json()


@asynccontextmanager
async def controlled(**options: Any) -> AsyncIterator[Control]:
    """A gateway with two instruments and a manual clock, and its control port."""
    assert ES is not None
    options = {"feed": GeneratedFeed(1, [AAPL, ES.con_id]), "limits": NO_LIMITS, "clock": ManualClock(NOW_S), **options}
    async with SimulatedGateway(control_port=0, **options) as gateway, port_of(gateway) as http:
        yield Control(gateway, http)


def port_of(gateway: SimulatedGateway) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.control_port}", timeout=30)


@asynccontextmanager
async def watching(gateway: SimulatedGateway, client_id: int = 1) -> AsyncIterator[RawClient]:
    """A raw client that streams both instruments."""
    async with raw(gateway, client_id) as client:
        client.send(m.MarketDataRequest(req_id=AAPL_LINE, contract=AAPL_CONTRACT))
        client.send(m.MarketDataRequest(req_id=ES_LINE, contract=ES_CONTRACT))
        await client.fence()
        yield client


def quoted(messages: list[Message]) -> set[int | None]:
    """The lines that had a quote."""
    return {message.req_id for message in messages if isinstance(message, m.TickPrice | m.TickSize)}
