"""Where ibwire's time per tick goes: nanoseconds by stage, without sockets, for reads of several sizes.

python -m benchmarks.stages runs the stages one by one in this process and prints the best of several repeats: what
disturbs a run only ever adds to it. Reading the socket and the event loop's own work are in none of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from benchmarks import content
from ibwire.dispatch import Dispatcher
from ibwire.streams import MessageStream
from ibwire.wire import ClientProtocol
from ibwire.wire import messages as m
from ibwire.wire.framing import FrameDecoder, encode_text_frame
from ibwire.wire.schema import market_data_pb2 as pb

MESSAGES = 100_000
REPEATS = 9
READS_KIB = (4, 32, 256)
PARSERS = {201: pb.TickPrice, 202: pb.TickSize, 246: pb.TickString}


def chunks_of(stream: bytes, size: int) -> list[bytes]:
    return [stream[start : start + size] for start in range(0, len(stream), size)]


def timed(work: Callable[[], object]) -> float:
    """Nanoseconds per message."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) / MESSAGES * 1e9


def split(chunks: list[bytes]) -> float:
    decoder = FrameDecoder()

    def work() -> None:
        for chunk in chunks:
            decoder.feed(chunk)

    return timed(work)


def parse(chunks: list[bytes]) -> float:
    """protobuf's part alone, into one object per kind."""
    decoder = FrameDecoder()
    payloads = [decoder.feed(chunk) for chunk in chunks]
    parsers = {number: kind().ParseFromString for number, kind in PARSERS.items()}

    def work() -> None:
        for frames in payloads:
            for number, payload in frames:
                parsers[number](payload)

    return timed(work)


async def consume(stream: MessageStream) -> None:
    async for _tick in stream:
        pass


async def pipeline(chunks: list[bytes]) -> tuple[float, float, float]:
    """The way of a chunk: bytes to records, records to the streams' queues, and the consumers' turn."""
    protocol, dispatcher = ClientProtocol(), Dispatcher(lambda _: None)
    protocol.receive(encode_text_frame("226\x0020260105 10:00:00 UTC\x00"))
    streams = [MessageStream(MESSAGES, lambda _: None, lambda _: None) for _ in range(content.INSTRUMENTS)]
    for number, stream in enumerate(streams, start=1):
        dispatcher.add(m.MarketDataRequest(req_id=number), stream)
    consumers = [asyncio.ensure_future(consume(stream)) for stream in streams]
    await asyncio.sleep(0)
    received_messages, receiving, dispatching, consuming = 0, 0.0, 0.0, 0.0
    for chunk in chunks:
        began = time.perf_counter()
        messages = protocol.receive(chunk)
        received = time.perf_counter()
        received_messages += len(messages)
        dispatcher.dispatch(messages)
        del messages  # as in the connection, where the last to hold a message is its consumer
        dispatched = time.perf_counter()
        await asyncio.sleep(0)
        receiving += received - began
        dispatching += dispatched - received
        consuming += time.perf_counter() - dispatched
    if received_messages != MESSAGES or any(map(len, streams)):
        raise RuntimeError("not everything arrived")
    for consumer in consumers:
        consumer.cancel()
    await asyncio.gather(*consumers, return_exceptions=True)
    return receiving / MESSAGES * 1e9, dispatching / MESSAGES * 1e9, consuming / MESSAGES * 1e9


def measure(stream: bytes, size: int) -> dict[str, float]:
    """The best of each stage for reads of one size."""
    chunks = chunks_of(stream, size)
    rounds: list[dict[str, float]] = []
    for _ in range(REPEATS):
        splitting, parsing = split(chunks), parse(chunks)
        receiving, dispatching, consuming = asyncio.run(pipeline(chunks))
        rounds.append(
            {
                "split frames": splitting,
                "parse protobuf": parsing,
                "convert to records": receiving - splitting - parsing,
                "dispatch to queues": dispatching,
                "wake and iterate": consuming,
                "all": receiving + dispatching + consuming,
            }
        )
    return {name: min(each[name] for each in rounds) for name in rounds[0]}


def main() -> None:
    stream = b"".join(content.blocks(MESSAGES, content.as_protobuf))
    columns = [measure(stream, size * 1024) for size in READS_KIB]
    print(f"{'ns per message':<20}" + "".join(f"{f'{size} KiB reads':>16}" for size in READS_KIB))
    for name in columns[0]:
        print(f"{name:<20}" + "".join(f"{column[name]:16.0f}" for column in columns))


if __name__ == "__main__":
    main()
