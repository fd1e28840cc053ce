"""The socket's callbacks, with a transport that is none."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from unittest.mock import Mock

import pytest

from ibwire.exceptions import HandshakeFailed
from ibwire.link import Link
from ibwire.streams import Stream
from ibwire.wire import Message, ServerHello, encode, encode_frame
from ibwire.wire import messages as m
from ibwire.wire.handshake import encode_server_hello
from tests.helpers.sessions import session_at
from tests.helpers.virtual_time import on_virtual_time

HELLO = encode_server_hello(ServerHello(226, "20261122 10:00:00 UTC"))


class Seen:
    """A link on a mocked transport, and what it told."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.lost: list[Link] = []
        self.flow: list[str] = []
        self.link = Link(
            self.messages.extend,
            self.lost.append,
            pause=lambda: self.flow.append("pause"),
            resume=lambda: self.flow.append("resume"),
        )
        self.transport = Mock(spec=asyncio.Transport)
        self.transport.is_closing.return_value = False
        self.link.connection_made(self.transport)

    def receive(self, data: bytes) -> None:
        buffer = self.link.get_buffer(len(data))
        buffer[: len(data)] = data
        self.link.buffer_updated(len(data))


@on_virtual_time
async def test_link_says_hello_first_and_in_one_write() -> None:
    seen = Seen()
    (call,) = seen.transport.write.call_args_list
    assert call.args[0].startswith(b"API\0")


@on_virtual_time
async def test_link_gives_messages_however_they_are_cut() -> None:
    seen = Seen()
    data = HELLO + encode(m.ManagedAccounts("DU1")) + encode(m.NextValidId(7))
    for byte in data:
        seen.receive(bytes([byte]))
    assert seen.messages == [ServerHello(226, "20261122 10:00:00 UTC"), m.ManagedAccounts("DU1"), m.NextValidId(7)]


@on_virtual_time
async def test_link_remembers_when_something_came_last() -> None:
    seen = Seen()
    await asyncio.sleep(5)
    seen.receive(HELLO)
    assert seen.link.received_at == asyncio.get_running_loop().time()


@on_virtual_time
async def test_link_is_cut_at_once_when_bytes_break_the_protocol() -> None:
    seen = Seen()
    seen.receive(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    seen.transport.abort.assert_called_once()
    seen.link.connection_lost(None)
    assert isinstance(seen.link.cause, HandshakeFailed)
    assert seen.lost == [seen.link]


@pytest.mark.parametrize("error", [None, ConnectionResetError(10054, "forcibly closed"), OSError(64, "network name")])
@on_virtual_time
async def test_link_tells_its_end_once_with_the_cause(error: Exception | None) -> None:
    seen = Seen()
    seen.link.connection_lost(error)
    assert seen.lost == [seen.link]
    assert seen.link.cause is error
    await seen.link.close()


@on_virtual_time
async def test_link_that_does_not_close_in_time_is_cut() -> None:
    seen = Seen()
    seen.transport.abort.side_effect = lambda: seen.link.connection_lost(None)
    await seen.link.close()
    seen.transport.close.assert_called_once()
    seen.transport.abort.assert_called_once()


@on_virtual_time
async def test_link_passes_on_that_nothing_more_should_be_written() -> None:
    seen = Seen()
    seen.link.pause_writing()
    seen.link.resume_writing()
    assert seen.flow == ["pause", "resume"]


@on_virtual_time
async def test_link_tells_each_kind_that_it_skips_once(caplog: pytest.LogCaptureFixture) -> None:
    seen = Seen()
    seen.receive(HELLO + encode_frame(47, b"1\0") * 3 + encode_frame(999, b""))
    seen.receive(encode_frame(47, b"1\0") + encode_frame(1000, b""))
    told = [record.getMessage() for record in caplog.records if "skipped" in record.getMessage()]
    assert ["47, 999" in told[0], "1000" in told[1], len(told)] == [True, True, 2]


@on_virtual_time
async def test_link_runs_on_loops_that_are_not_asyncios(monkeypatch: pytest.MonkeyPatch) -> None:
    """As uvloop: its transports are no asyncio.Transport, and `create_connection` tries one address after the other."""

    class Loop(asyncio.AbstractEventLoop):
        """One that asyncio's is none of."""

    seen = Seen()
    foreign = Mock(spec=["write", "close", "abort", "is_closing"])
    seen.link.connection_made(foreign)
    foreign.write.assert_called_once()

    async def create_connection(factory: Callable[[], Link], host: str, port: int) -> None:
        factory().connection_made(foreign)

    monkeypatch.setattr("ibwire.link.asyncio.BaseEventLoop", Loop)
    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", create_connection)
    await seen.link.open("127.0.0.1", 4002)
    assert foreign.write.call_count == 2


@pytest.mark.windows
@pytest.mark.skipif(sys.platform != "win32", reason="the Proactor loop exists on Windows only")
def test_reset_on_the_proactor_loop_is_a_lost_link_that_is_made_again() -> None:
    """There a peer's reset is an OSError of the pending read (10054, 64), and the listening socket may raise too."""
    from ibwire.simulator import SimulatedGateway

    async def run() -> None:
        assert type(asyncio.get_running_loop()).__name__ == "ProactorEventLoop"
        async with SimulatedGateway() as gateway, session_at(gateway.port) as session:
            for _ in range(20):
                await gateway.inject("reset")
                await session.connection.wait_until_down()
                await session.connection.wait_until_up()
            assert session.stats().reconnects == 20

    asyncio.run(run())


@pytest.mark.parametrize("fails", [False, True], ids=["", "dispatch fails"])
@on_virtual_time
async def test_consumer_goes_on_before_the_read_is_over(fails: bool) -> None:
    """Even if what is given the messages raises: others must not wait for ever."""
    loop, seen = asyncio.get_running_loop(), Seen()
    seen.receive(HELLO)
    stream: Stream[Message] = Stream(10, lambda _: None, lambda _: None)
    taken: list[Message] = []

    async def consume() -> None:
        taken.append(await anext(stream))

    def deliver(messages: list[Message]) -> None:
        stream.deliver(messages[0])
        assert not taken
        if fails:
            raise ZeroDivisionError

    def read() -> None:
        with suppress(ZeroDivisionError):
            seen.receive(encode(m.NextValidId(7)))
        told.append(list(taken))

    told: list[list[Message]] = []
    seen.link.on_messages = deliver
    consumer = asyncio.create_task(consume())
    await asyncio.sleep(0)
    loop.call_soon(read)
    await consumer
    assert told == [[m.NextValidId(7)]]
