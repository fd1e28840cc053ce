"""What a consumer of a stream sees, whoever feeds it."""

from __future__ import annotations

import asyncio
import gc

import pytest

from ibwire.exceptions import ConnectionLost, StreamOverflow
from ibwire.streams import Collection, MessageStream
from ibwire.wire import messages as m
from tests.helpers.virtual_time import on_virtual_time


def tick(number: int) -> m.TickSize:
    return m.TickSize(1, 0, str(number))


class Feeder:
    """The stream's other side."""

    def __init__(self, bound: int = 10) -> None:
        self.calls: list[str] = []
        self.stream = MessageStream(bound, lambda _: self.calls.append("open"), lambda _: self.calls.append("close"))


def test_stream_asks_for_nothing_before_it_is_used_and_cancels_nothing_it_did_not_ask() -> None:
    feeder = Feeder()
    feeder.stream.close()
    assert feeder.calls == []


@on_virtual_time
async def test_stream_wakes_its_consumer_once_for_many_messages_and_again_for_more() -> None:
    feeder = Feeder()
    for batch in range(3):
        waiting = asyncio.create_task(anext(feeder.stream))
        await asyncio.sleep(0)
        for number in range(4):
            feeder.stream.deliver(tick(10 * batch + number))
        assert await waiting == tick(10 * batch)
        assert [await anext(feeder.stream) for _ in range(3)] == [tick(10 * batch + number) for number in (1, 2, 3)]
    assert feeder.calls == ["open"]


@on_virtual_time
async def test_stream_closed_twice_is_cancelled_once_and_what_waits_can_be_taken() -> None:
    feeder = Feeder()
    async with feeder.stream:
        feeder.stream.deliver(tick(1))
        feeder.stream.close()
    assert feeder.calls == ["open", "close"]
    feeder.stream.deliver(tick(2))
    assert [message async for message in feeder.stream] == [tick(1)]


@on_virtual_time
async def test_stream_closed_while_waited_for_ends_the_waiting() -> None:
    feeder = Feeder()
    waiting = asyncio.create_task(anext(feeder.stream, None))
    await asyncio.sleep(0)
    feeder.stream.close()
    assert await waiting is None


@on_virtual_time
async def test_stream_keeps_its_messages_when_the_one_waiting_is_cancelled() -> None:
    feeder = Feeder()
    waiting = asyncio.create_task(anext(feeder.stream))
    await asyncio.sleep(0)
    feeder.stream.deliver(tick(1))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    feeder.stream.deliver(tick(2))
    assert [await anext(feeder.stream), await anext(feeder.stream)] == [tick(1), tick(2)]


@on_virtual_time
async def test_stream_waited_for_by_two_says_so_instead_of_losing_one() -> None:
    feeder = Feeder()
    first = asyncio.create_task(anext(feeder.stream))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="one consumer at a time"):
        await anext(feeder.stream)
    feeder.stream.deliver(tick(1))
    assert await first == tick(1)


@on_virtual_time
async def test_stream_behind_by_more_than_its_bound_gives_what_it_kept_then_the_error_each_time() -> None:
    feeder = Feeder(bound=2)
    async with feeder.stream:
        for number in range(5):
            feeder.stream.deliver(tick(number))
        assert len(feeder.stream) == 2
        assert [await anext(feeder.stream), await anext(feeder.stream)] == [tick(0), tick(1)]
        for _ in range(2):
            with pytest.raises(StreamOverflow):
                await anext(feeder.stream)
    assert feeder.calls == ["open", "close"], "the gateway is told at once, and only once"


@on_virtual_time
async def test_collection_that_failed_never_passes_off_a_part() -> None:
    collection = Collection(asyncio.get_running_loop())
    collection.deliver(tick(1))
    collection.fail(ConnectionLost("gone"))
    collection.deliver(tick(2))
    collection.end()
    assert collection.sent.is_set()
    with pytest.raises(ConnectionLost):
        await collection.result


@on_virtual_time
async def test_collection_that_fails_as_its_waiter_is_cancelled_complains_to_nobody() -> None:
    complaints: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))

    async def wait() -> None:
        await held[0].sent.wait()
        await held[0].result

    held = [Collection(loop)]
    waiting = [asyncio.create_task(wait())]
    await asyncio.sleep(0)
    held[0].fail(ConnectionLost("the link fell"))
    waiting[0].cancel()
    await asyncio.wait(waiting)
    held.clear()
    waiting.clear()
    gc.collect()
    assert complaints == []


@on_virtual_time
async def test_collection_does_not_change_after_its_end() -> None:
    collection = Collection(asyncio.get_running_loop())
    collection.deliver(tick(1))
    collection.end()
    collection.deliver(tick(2))
    assert await collection.result == [tick(1)]
