"""Every fault, injected through the HTTP control port, and what a client sees of it: one row of the table each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ibwire.exceptions import ConnectionLost, ConnectionRefused, ProtocolError
from ibwire.simulator.faults import FAULTS
from ibwire.wire import messages as m
from tests.helpers.controlled import AAPL_LINE, ES_CONTRACT, ES_LINE, Control, controlled, quoted, watching
from tests.helpers.simulated import AAPL_CONTRACT, NOW_S, RawClient, bought, client_of, codes, kinds, raw, told, within

TIME = m.CurrentTimeRequest()
BOTH = {AAPL_LINE, ES_LINE}

Sight = Callable[[Control, RawClient], Awaitable[None]]
SIGHTS: dict[str, Sight] = {}


def sees(sight: Sight) -> Sight:
    """Put what a client sees of a fault into the table, by the function's name."""
    SIGHTS[sight.__name__] = sight
    return sight


@pytest.mark.parametrize("kind", sorted(FAULTS))
async def test_fault_over_http_is_seen_by_a_client(kind: str) -> None:
    async with controlled() as control, watching(control.gateway) as client:
        await control.advance(5)
        assert quoted(client.messages) == BOTH
        assert (await control.state())["active_faults"] == []
        await SIGHTS[kind](control, client)
        assert (await control.state())["active_faults"] == [], "what lasts can be ended"
        async with raw(control.gateway, 99) as another:
            assert await another.answers_to(TIME), "the gateway serves on"


async def news(control: Control, client: RawClient, *, seconds: float = 30) -> list[m.Message]:
    """What the client gets in some seconds."""
    before = len(client.messages)
    await control.advance(seconds)
    return client.messages[before:]


# --- the link


@sees
async def disconnect(control: Control, client: RawClient) -> None:
    assert await control.fault("disconnect") == []
    await client.until(lambda: client.is_closed)
    assert client.error is None


@sees
async def reset(control: Control, client: RawClient) -> None:
    assert await control.fault("reset") == []
    await client.until(lambda: client.is_closed)
    assert isinstance(client.error, ConnectionResetError)


@sees
async def half_open(control: Control, client: RawClient) -> None:
    assert await control.fault("half_open") == ["half_open"]
    client.send(TIME)
    assert await news(control, client, seconds=600) == []
    assert not client.is_closed
    async with raw(control.gateway, 2) as other:
        assert await other.answers_to(TIME)
    await control.fault("half_open", is_on=False)
    await client.fence()
    assert m.CurrentTime(int(NOW_S) + 5 + 600) in client.messages
    assert quoted(client.messages[-500:]) == BOTH


@sees
async def stall(control: Control, client: RawClient) -> None:
    assert await control.fault("stall", for_s=7) == ["stall"]
    client.send(TIME)
    assert await news(control, client, seconds=6.9) == []
    assert "CurrentTime" in kinds(await news(control, client, seconds=0.2))


@sees
async def slow(control: Control, client: RawClient) -> None:
    loop, before = asyncio.get_running_loop(), len(client.bytes_received)
    assert await control.fault("slow", bytes_per_second=2000) == ["slow"]
    started = loop.time()
    await client.answers_to(*[TIME] * 40)
    taken_s, received = loop.time() - started, len(client.bytes_received) - before
    assert received > 500
    assert received / taken_s < 3000
    async with raw(control.gateway, 2) as other:
        started = loop.time()
        await other.answers_to(*[TIME] * 20)
        assert loop.time() - started > 0.1, "a new connection is as slow"
    await control.fault("slow", is_on=False)


@sees
async def split_writes(control: Control, client: RawClient) -> None:
    assert await control.fault("split_writes") == ["split_writes"]
    chunks, received = len(client.chunks), len(client.bytes_received)
    answers = await client.answers_to(*[TIME] * 20)
    assert [m.CurrentTime(int(NOW_S) + 5)] * 20 == answers
    pieces = client.chunks[chunks:]
    assert sum(map(len, pieces)) == len(client.bytes_received) - received
    assert len(pieces) > len(answers), "no frame came whole"
    await control.fault("split_writes", is_on=False)


@sees
async def garbage_frame(control: Control, client: RawClient) -> None:
    await _our_client_loses_its_connection(control, client, "garbage_frame")


@sees
async def oversized_frame(control: Control, client: RawClient) -> None:
    await _our_client_loses_its_connection(control, client, "oversized_frame")


async def _our_client_loses_its_connection(control: Control, client: RawClient, kind: str) -> None:
    assert client.transport is not None
    client.transport.abort()  # a raw client takes no such frame
    async with client_of(control.gateway, 7) as ours:
        ticks = ours.stream(m.MarketDataRequest(contract=AAPL_CONTRACT))
        await within(anext(ticks))
        await control.fault(kind)
        with pytest.raises(ConnectionLost) as caught:
            await within(_all_of(ticks))
        assert isinstance(caught.value.__cause__, ProtocolError)


async def _all_of(ticks: object) -> None:
    async for _ in ticks:  # type: ignore[attr-defined]
        pass


@sees
async def truncated_frame(control: Control, client: RawClient) -> None:
    before, received = len(client.messages), len(client.bytes_received)
    await control.fault("truncated_frame")
    await client.until(lambda: client.is_closed)
    assert len(client.messages) == before
    assert len(client.bytes_received) > received


@sees
async def restart(control: Control, client: RawClient) -> None:
    await client.answers_to(bought(1, "10", 1.0))
    assert await control.fault("restart", down_for_s=30) == ["restart"]
    await client.until(lambda: client.is_closed)
    await control.advance(29)
    with pytest.raises(ConnectionRefused):
        await client_of(control.gateway).connect()
    await control.advance(2)
    async with raw(control.gateway, 1) as again:
        assert m.NextValidId(2) in again.messages
        assert kinds(await again.answers_to(m.OpenOrdersRequest())) == ["OpenOrder", "OrderStatus", "OpenOrdersEnd"]


@sees
async def hello_never_answered(control: Control, client: RawClient) -> None:
    assert await control.fault("hello_never_answered") == ["hello_never_answered"]
    async with raw(control.gateway) as other:
        other.send_bytes(other.wire.hello)
        await control.advance(60)
        assert other.bytes_received == b""
        assert not other.is_closed
    assert await client.answers_to(TIME), "who is connected is served"
    await control.fault("hello_never_answered", is_on=False)


@sees
async def client_id_in_use(control: Control, client: RawClient) -> None:
    assert await control.fault("client_id_in_use", times=2) == ["client_id_in_use"]
    for _ in range(2):
        async with raw(control.gateway, 5) as refused:
            assert codes(refused.messages) == [(-1, 326)]
            assert refused.is_closed
    assert not client.is_closed


@sees
async def clock_skew(control: Control, client: RawClient) -> None:
    assert await control.fault("clock_skew", seconds=-90) == ["clock_skew"]
    assert await client.answers_to(TIME) == [m.CurrentTime(int(NOW_S) + 5 - 90)]
    (refusal,) = await client.answers_to(m.CancelMarketData(77))
    assert isinstance(refusal, m.ErrorMessage)
    assert refusal.error_time == round((NOW_S + 5 - 90) * 1000)
    await control.fault("clock_skew", seconds=0)
    assert await client.answers_to(TIME) == [m.CurrentTime(int(NOW_S) + 5)]


# --- what the gateway serves


@sees
async def connectivity_lost(control: Control, client: RawClient) -> None:
    assert await control.fault("connectivity_lost") == ["connectivity_lost"]
    seen = await news(control, client)
    assert quoted(seen) == set()
    assert codes(client.messages)[-1] == (-1, 1100)
    assert await client.answers_to(TIME), "the gateway itself is there"
    async with raw(control.gateway, 2) as other:
        assert codes(other.messages) == [(-1, 2110)]
    await control.fault("connectivity_restored", data_lost=False)
    assert quoted(await news(control, client)) == BOTH
    assert codes(client.messages)[-1] == (-1, 1102)


@sees
async def connectivity_restored(control: Control, client: RawClient) -> None:
    client.send(m.PositionsRequest())
    await control.fault("connectivity_lost")
    assert await control.fault("connectivity_restored", data_lost=True) == []
    assert quoted(await news(control, client)) == set()
    assert codes(client.messages)[-2:] == [(-1, 1100), (-1, 1101)]
    assert (await control.state())["clients"][0]["subscriptions"] == []
    client.send(m.MarketDataRequest(req_id=AAPL_LINE, contract=AAPL_CONTRACT))
    assert quoted(await news(control, client)) == {AAPL_LINE}


@sees
async def farm_down(control: Control, client: RawClient) -> None:
    assert await control.fault("farm_down", farm="usfuture") == ["farm_down"]
    assert await control.fault("farm_down", farm="ushmds") == ["farm_down", "farm_down"]
    assert quoted(await news(control, client)) == {AAPL_LINE}
    assert codes(client.messages)[-2:] == [(-1, 2103), (-1, 2105)]
    history = m.HistoricalDataRequest(
        req_id=9,
        contract=AAPL_CONTRACT,
        duration="1 D",
        bar_size_setting="1 hour",
        what_to_show="TRADES",
        format_date=1,
    )
    assert codes(await client.answers_to(history)) == [(9, 162)]
    async with raw(control.gateway, 2) as other:
        assert codes(other.messages) == [(-1, 2104), (-1, 2105), (-1, 2103), (-1, 2158)]
    await control.fault("farm_up", farm="usfuture")
    await control.fault("farm_up", farm="ushmds")
    assert (9, 162) not in codes(await client.answers_to(history))


@sees
async def farm_up(control: Control, client: RawClient) -> None:
    await control.fault("farm_down", farm="usfuture", is_inactive=True)
    assert quoted(await news(control, client)) == {AAPL_LINE}
    answers = await client.answers_to(m.MarketDataRequest(req_id=7, contract=ES_CONTRACT))
    assert codes(answers) == [(-1, 2104)], "the first request wakes it"
    assert quoted(await news(control, client)) == {*BOTH, 7}
    await control.fault("farm_down", farm="usfarm", is_inactive=True)
    await control.fault("farm_up", farm="usfarm")
    assert quoted(await news(control, client)) == {*BOTH, 7}
    assert codes(client.messages)[-4:] == [(-1, 2108), (-1, 2104), (-1, 2108), (-1, 2104)]


@sees
async def silent_stream(control: Control, client: RawClient) -> None:
    assert await control.fault("silent_stream", symbol="AAPL") == ["silent_stream"]
    seen = await news(control, client)
    assert quoted(seen) == {ES_LINE}
    assert codes(seen) == []
    await control.fault("silent_stream", symbol="AAPL", is_on=False)
    assert quoted(await news(control, client)) == BOTH


@sees
async def competing_session(control: Control, client: RawClient) -> None:
    assert await control.fault("competing_session") == ["competing_session"]
    assert quoted(await news(control, client)) == set()
    assert sorted(codes(client.messages)[-2:]) == [(AAPL_LINE, 10197), (ES_LINE, 10197)]
    await control.fault("competing_session", is_on=False)
    assert quoted(await news(control, client)) == BOTH


@sees
async def daily_reset(control: Control, client: RawClient) -> None:
    before = len(client.messages)
    assert "daily_reset" in await control.fault("daily_reset", flaps=2, flap_s=6, down_for_s=120)
    await control.advance(23)
    flap = [1100, 1100, 1100, 2103, 2105, 2104, 2106, 1102]
    assert [code for _, code in codes(client.messages[before:])] == flap * 2
    assert not client.is_closed
    await control.advance(2)
    await client.until(lambda: client.is_closed)
    with pytest.raises(ConnectionRefused):
        await client_of(control.gateway).connect()
    await control.advance(120)
    async with watching(control.gateway) as again:
        assert quoted(await news(control, again)) == BOTH


@sees
async def depth_halted(control: Control, client: RawClient) -> None:
    client.send(m.MarketDepthRequest(req_id=7, contract=ES_CONTRACT, num_rows=3))
    assert "MarketDepth" in kinds(await news(control, client))
    before = len(client.messages)
    await control.fault("depth_halted", symbol="ESH4")
    await news(control, client)
    seen = client.messages[before:]
    assert codes(seen) == [(7, 316)]
    assert "MarketDepth" not in kinds(seen)


@sees
async def depth_reset(control: Control, client: RawClient) -> None:
    client.send(m.MarketDepthRequest(req_id=7, contract=ES_CONTRACT, num_rows=3))
    await news(control, client)
    before = len(client.messages)
    await control.fault("depth_reset", symbol="ESH4")
    await news(control, client)
    seen = client.messages[before:]
    assert codes(seen) == [(7, 317)]
    assert "MarketDepth" in kinds(seen)


# --- orders


async def orders(control: Control) -> list[tuple[int, str, str]]:
    """Every order that the gateway has taken: its id, what is filled of it, its status."""
    return [(one["order_id"], one["filled"], one["status"]) for one in (await control.state())["orders"]]


RESTING = 10.0
"""A limit that no offer of the generated market comes near."""


@sees
async def drop_order(control: Control, client: RawClient) -> None:
    assert await control.fault("drop_order", when="before_accept") == ["drop_order"]
    client.send(bought(1, "10", RESTING))
    await client.until(lambda: client.is_closed)
    assert await orders(control) == []
    assert [one["order_id"] for one in (await control.state())["orders_received"]] == [1]
    async with raw(control.gateway, 2) as other:
        await control.fault("drop_order", when="after_accept")
        other.send(bought(1, "10", RESTING))
        await other.until(lambda: other.is_closed)
    assert await orders(control) == [(1, "0", "Submitted")]


@sees
async def no_ack(control: Control, client: RawClient) -> None:
    assert await control.fault("no_ack", count=1) == ["no_ack"]
    assert await client.answers_to(bought(1, "10", RESTING)) == []
    assert await orders(control) == [(1, "0", "Submitted")]
    assert kinds(await client.answers_to(bought(2, "10", RESTING)))[:2] == ["OpenOrder", "OrderStatus"]


@sees
async def reject_order(control: Control, client: RawClient) -> None:
    assert await control.fault("reject_order", code=201, message="Order rejected - reason:no") == ["reject_order"]
    answers = await client.answers_to(bought(1, "10", RESTING))
    assert codes(answers) == [(1, 201)]
    assert await orders(control) == [(1, "0", "Inactive")]


@sees
async def duplicate_status(control: Control, client: RawClient) -> None:
    assert await control.fault("duplicate_status") == ["duplicate_status"]
    seen = [told(one) for one in await client.answers_to(bought(1, "10", RESTING))]
    statuses = [one for one in seen if one.startswith("S ")]
    assert statuses[::2] == statuses[1::2]
    await control.fault("duplicate_status", is_on=False)


@sees
async def reorder_execution(control: Control, client: RawClient) -> None:
    assert await control.fault("reorder_execution", how="status_only") == ["reorder_execution"]
    assert "ExecutionDetails" not in kinds(await client.answers_to(bought(1, "1")))
    assert await orders(control) == [(1, "1", "Filled")]
    await control.fault("reorder_execution", how="status_first")
    seen = kinds(await client.answers_to(bought(2, "1")))
    assert seen.index("ExecutionDetails") > max(n for n, kind in enumerate(seen) if kind == "OrderStatus")
    await control.fault("reorder_execution", how=None)


@sees
async def fill_while_down(control: Control, client: RawClient) -> None:
    await client.answers_to(bought(1, "10", RESTING))
    await control.fault("fill_while_down", down_for_s=5)
    await client.until(lambda: client.is_closed)
    assert await orders(control) == [(1, "10", "Filled")]
    await control.advance(6)
    async with raw(control.gateway, 1) as again:
        assert "ExecutionDetails" in kinds(await again.answers_to(m.ExecutionRequest(req_id=5)))


@sees
async def duplicate_live_order(control: Control, client: RawClient) -> None:
    await client.answers_to(bought(1, "10", RESTING, order_ref="mine"))
    assert await control.fault("duplicate_live_order") == ["duplicate_live_order"]
    await client.answers_to(bought(1, "10", RESTING + 1, order_ref="mine"))
    both = (await control.state())["orders"]
    assert [one["order_ref"] for one in both] == ["mine", "mine"]
    assert len({one["perm_id"] for one in both}) == 2


@sees
async def order_id_rollback(control: Control, client: RawClient) -> None:
    await client.answers_to(bought(5, "10", RESTING))
    await control.fault("order_id_rollback", orders=3)
    await client.until(lambda: client.is_closed)
    await control.advance(1)
    async with raw(control.gateway, 1) as again:
        assert m.NextValidId(3) in again.messages
