"""What clients see of each fault of the simulated gateway."""

from __future__ import annotations

import asyncio

import pytest

from ibwire.connection import ConnectionState
from ibwire.exceptions import ClientIdInUse, ConnectionLost, ConnectionRefused, ConnectTimeout, ProtocolError
from ibwire.simulator import GeneratedFeed
from ibwire.simulator.faults import FAULTS
from ibwire.simulator.instruments import by_local_symbol
from ibwire.streams import MessageStream
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import LiveFeed
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, OPENING, bought, client_of, codes, raw, simulated, within
from tests.helpers.virtual_time import on_virtual_time

TIME = m.CurrentTimeRequest()


@pytest.mark.parametrize("kind", ["disconnect", "reset"])
async def test_connection_cut_fails_what_is_under_way_and_can_be_made_again(kind: str) -> None:
    async with simulated(LiveFeed(OPENING)) as gateway, client_of(gateway) as client:
        ticks = client.stream(m.MarketDataRequest(contract=AAPL_CONTRACT))
        await within(anext(ticks))
        await gateway.inject(kind)
        with pytest.raises(ConnectionLost):
            await within(_drain(ticks))
        assert client.state is ConnectionState.DISCONNECTED
        await client.connect()
        await client.request(TIME)


async def test_connection_reset_is_seen_as_one() -> None:
    async with simulated() as gateway, client_of(gateway) as client:
        waiting = client.stream(m.MarketDataRequest(contract=AAPL_CONTRACT))
        await within(anext(waiting))
        await gateway.inject("reset")
        with pytest.raises(ConnectionLost) as caught:
            await within(_drain(waiting))
        assert isinstance(caught.value.__cause__, ConnectionResetError)


@on_virtual_time
async def test_half_open_connection_is_silent_for_ever_and_new_ones_work() -> None:
    async with simulated(port=4002) as gateway, raw(gateway, 1) as deaf:
        await gateway.inject("half_open")
        before = len(deaf.messages)
        deaf.send(TIME)
        await asyncio.sleep(3600)
        assert len(deaf.messages) == before
        assert not deaf.is_closed
        async with raw(gateway, 2) as other:
            assert await other.answers_to(TIME)


@on_virtual_time
async def test_stall_delays_everything_and_loses_nothing() -> None:
    async with simulated(port=4002) as gateway, raw(gateway, 1) as client:
        stalling = asyncio.create_task(gateway.inject("stall", for_s=7))
        await asyncio.sleep(0)
        started = asyncio.get_running_loop().time()
        answers = await client.answers_to(*[TIME] * 20)
        assert len(answers) == 20
        assert asyncio.get_running_loop().time() - started >= 7
        await stalling


@on_virtual_time
async def test_restart_is_refused_meanwhile_and_keeps_orders_and_ids() -> None:
    async with simulated(port=4002) as gateway, client_of(gateway) as client:
        async with client.stream(bought(client.next_id(), "10", 90.0)) as news:
            await _status(news, "Submitted")
            restarting = asyncio.create_task(gateway.inject("restart", down_for_s=30))
            with pytest.raises(ConnectionLost):
                await _drain(news)
        await asyncio.sleep(1)
        with pytest.raises(ConnectionRefused):
            await client.connect()
        await restarting
        await client.connect()
        open_order, status, _ = await client.request(m.OpenOrdersRequest())
        assert isinstance(open_order, m.OpenOrder)
        assert isinstance(status, m.OrderStatus)
        assert (open_order.order_id, status.status) == (1, "Submitted")
        assert client.next_id() == 2


@pytest.mark.parametrize("kind", ["garbage_frame", "oversized_frame"])
async def test_broken_frame_ends_the_connection_with_a_protocol_error(kind: str) -> None:
    async with simulated() as gateway, client_of(gateway) as client:
        ticks = client.stream(m.MarketDataRequest(contract=AAPL_CONTRACT))
        await within(anext(ticks))
        await gateway.inject(kind)
        with pytest.raises(ConnectionLost) as caught:
            await within(_drain(ticks))
        assert isinstance(caught.value.__cause__, ProtocolError)


async def test_truncated_frame_gives_no_message_and_then_the_end() -> None:
    async with simulated() as gateway, raw(gateway, 1) as client:
        before = len(client.messages)
        await gateway.inject("truncated_frame")
        await client.until(lambda: client.is_closed)
        assert len(client.messages) == before


@on_virtual_time
async def test_connectivity_lost_stops_the_market_with_1100_and_restored_lets_it_go_on_with_1102() -> None:
    async with simulated(GeneratedFeed(1, [AAPL]), port=4002) as gateway, raw(gateway, 1) as client:
        client.send(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT))
        await asyncio.sleep(5)
        await gateway.inject("connectivity_lost")
        await asyncio.sleep(1)
        silent_from = len(client.messages)
        await asyncio.sleep(60)
        assert codes(client.messages[:silent_from])[-1] == (-1, 1100)
        assert _ticks(client.messages[silent_from:]) == 0
        assert await client.answers_to(TIME), "the gateway itself is there"
        await gateway.inject("connectivity_restored", data_lost=False)
        await asyncio.sleep(10)
        assert (-1, 1102) in codes(client.messages[silent_from:])
        assert _ticks(client.messages[silent_from:]) > 10


@on_virtual_time
async def test_connectivity_restored_with_data_lost_leaves_no_subscription() -> None:
    async with simulated(GeneratedFeed(1, [AAPL]), port=4002) as gateway, raw(gateway, 1) as client:
        request = m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT)
        client.send(request)
        await asyncio.sleep(5)
        await gateway.inject("connectivity_lost")
        await gateway.inject("connectivity_restored", data_lost=True)
        await asyncio.sleep(1)
        silent_from = len(client.messages)
        await asyncio.sleep(60)
        assert _ticks(client.messages[silent_from:]) == 0
        client.send(request)
        await asyncio.sleep(10)
        assert _ticks(client.messages[silent_from:]) > 10


ES = by_local_symbol("ESH4")


@on_virtual_time
async def test_farm_down_silences_its_instruments_only_and_is_told_both_ways() -> None:
    assert ES is not None
    feed = GeneratedFeed(1, [AAPL, ES.con_id])
    async with simulated(feed, port=4002) as gateway, raw(gateway, 1) as client:
        client.send(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT))
        client.send(m.MarketDataRequest(req_id=2, contract=m.Contract(con_id=ES.con_id, exchange=ES.exchange)))
        await asyncio.sleep(5)
        await gateway.inject("farm_down", farm="usfuture")
        await asyncio.sleep(1)
        silent_from = len(client.messages)
        await asyncio.sleep(30)
        seen = {message.req_id for message in client.messages[silent_from:] if isinstance(message, m.TickPrice)}
        assert seen == {1}
        await gateway.inject("farm_up", farm="usfuture")
        await asyncio.sleep(30)
        seen = {message.req_id for message in client.messages[silent_from:] if isinstance(message, m.TickPrice)}
        assert seen == {1, 2}
        assert codes(client.messages)[-2:] == [(-1, 2103), (-1, 2104)]


@on_virtual_time
async def test_silent_stream_stops_without_a_word_and_can_go_on() -> None:
    async with simulated(GeneratedFeed(1, [AAPL]), port=4002) as gateway, raw(gateway, 1) as client:
        client.send(m.MarketDataRequest(req_id=1, contract=AAPL_CONTRACT))
        await asyncio.sleep(5)
        await gateway.inject("silent_stream", symbol="AAPL")
        await asyncio.sleep(1)
        silent_from = len(client.messages)
        await asyncio.sleep(60)
        silence = client.messages[silent_from:]
        assert _ticks(silence) == 0
        assert {code for _, code in codes(silence)} <= {2104}, "at most a harmless notice"
        await gateway.inject("silent_stream", symbol="AAPL", is_on=False)
        await asyncio.sleep(10)
        assert _ticks(client.messages[silent_from:]) > 10


@on_virtual_time
async def test_competing_session_tells_every_stream_and_silences_it_until_it_ends() -> None:
    async with simulated(GeneratedFeed(1, [AAPL]), port=4002) as gateway, raw(gateway, 1) as client:
        client.send(m.MarketDataRequest(req_id=7, contract=AAPL_CONTRACT))
        await asyncio.sleep(5)
        await gateway.inject("competing_session")
        await asyncio.sleep(1)
        silent_from = len(client.messages)
        await asyncio.sleep(60)
        assert codes(client.messages[:silent_from])[-1] == (7, 10197)
        assert _ticks(client.messages[silent_from:]) == 0
        another = m.MarketDataRequest(req_id=8, contract=AAPL_CONTRACT)
        assert (8, 10197) in codes(await client.answers_to(another))
        silent_from = len(client.messages)
        await gateway.inject("competing_session", is_on=False)
        await asyncio.sleep(10)
        assert _ticks(client.messages[silent_from:]) > 10


@pytest.mark.parametrize(
    ("kind", "parameters", "complaint"),
    [("farm_down", {"farm": "farm of mine"}, "usfarm"), ("silent_stream", {"symbol": "NOPE"}, "NOPE")],
)
async def test_fault_of_something_unknown_is_refused(kind: str, parameters: dict[str, str], complaint: str) -> None:
    async with simulated() as gateway:
        with pytest.raises(ValueError, match=complaint):
            await gateway.inject(kind, **parameters)


@on_virtual_time
async def test_hello_never_answered_makes_connecting_time_out_until_it_is_over() -> None:
    async with simulated(port=4002) as gateway:
        await gateway.inject("hello_never_answered")
        client = client_of(gateway)
        with pytest.raises(ConnectTimeout, match="hello"):
            await client.connect()
        await gateway.inject("hello_never_answered", is_on=False)
        await client.connect()
        await client.disconnect()


async def test_client_id_in_use_refuses_so_many_clients_and_no_more() -> None:
    async with simulated() as gateway:
        await gateway.inject("client_id_in_use", times=2)
        client = client_of(gateway)
        for _ in range(2):
            with pytest.raises(ClientIdInUse):
                await client.connect()
        await client.connect()
        await client.disconnect()


async def test_fault_that_does_not_exist_names_those_that_do() -> None:
    async with simulated() as gateway:
        with pytest.raises(ValueError, match=r"no fault is called 'earthquake'.*restart"):
            await gateway.inject("earthquake")
        with pytest.raises(ValueError, match=r"restart has no parameter 'down_for'; it has down_for_s"):
            await gateway.inject("restart", down_for=3)


@pytest.mark.parametrize("kind", sorted(FAULTS))
async def test_fault_with_nobody_connected_is_harmless_and_the_gateway_serves_on(kind: str) -> None:
    needed: dict[str, dict[str, object]] = {
        "stall": {"for_s": 0.0},
        "clock_skew": {"seconds": 5.0},
        "daily_reset": {"flap_s": 0.0, "down_for_s": 0.0},
        "connectivity_restored": {"data_lost": True},
        "farm_down": {"farm": "usfarm"},
        "farm_up": {"farm": "usfarm"},
        "silent_stream": {"symbol": "AAPL"},
        "depth_halted": {"symbol": "AAPL"},
        "depth_reset": {"symbol": "AAPL"},
    }
    async with simulated() as gateway:
        await gateway.inject(kind, **needed.get(kind, {}))
        gateway.answers_hellos, gateway.refused_client_ids = True, 0
        async with client_of(gateway) as client:
            assert await client.request(TIME)


async def _drain(stream: MessageStream) -> None:
    async for _ in stream:
        pass


async def _status(news: MessageStream, status: str) -> Message:
    async for message in news:
        if isinstance(message, m.OrderStatus) and message.status == status:
            return message
    raise AssertionError(f"no status {status}")


def _ticks(messages: list[Message]) -> int:
    return sum(isinstance(message, m.TickPrice | m.TickSize) for message in messages)
