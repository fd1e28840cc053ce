"""The leanest reader: what no Python client on asyncio and protobuf can do without, and nothing more.

An asyncio protocol that splits frames, parses them with IBKR's protobuf classes, keeps the latest value of each tick
type in a dictionary and counts. It checks nothing, routes nothing, and hands nobody anything.
"""

from __future__ import annotations

import asyncio
import struct

from ibapi.protobuf.MarketDataRequest_pb2 import MarketDataRequest
from ibapi.protobuf.StartApiRequest_pb2 import StartApiRequest
from ibapi.protobuf.TickPrice_pb2 import TickPrice
from ibapi.protobuf.TickSize_pb2 import TickSize
from ibapi.protobuf.TickString_pb2 import TickString

from benchmarks import content
from benchmarks.clients.common import CLIENT_ID, CONTRACT, HOST, Measurement

PRICE = content.PRICE + content.PROTOBUF_OFFSET
SIZE = content.SIZE + content.PROTOBUF_OFFSET
STRING = content.STRING + content.PROTOBUF_OFFSET
HEADER = struct.Struct(">II")


class Reader(asyncio.Protocol):
    """The whole client."""

    def __init__(self, measurement: Measurement) -> None:
        self.measurement = measurement
        self.latest: dict[tuple[int, int], float | str] = {}
        self.count = 0
        self.rest = b""
        self.report_at = content.BLOCK
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        transport.write(b"API\0" + struct.pack(">I", 9) + b"v100..226")

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the sender closed the connection"))

    def data_received(self, data: bytes) -> None:
        self.data_received = self.ticks_received  # the first is the hello, which comes alone
        self.transport.write(content.protobuf_frame(71, StartApiRequest(clientId=CLIENT_ID).SerializeToString()))
        for number in range(1, content.INSTRUMENTS + 1):
            request = MarketDataRequest(reqId=number, contract={"conId": number, **CONTRACT})
            if number == content.INSTRUMENTS:
                self.measurement.start()
            self.transport.write(content.protobuf_frame(1, request.SerializeToString()))

    def ticks_received(self, data: bytes) -> None:
        if self.rest:
            data = self.rest + data
        latest, header = self.latest, HEADER.unpack_from
        price, size, string = TickPrice.FromString, TickSize.FromString, TickString.FromString
        position, last, count = 0, len(data) - 8, self.count
        while position <= last:
            length, kind = header(data, position)
            stop = position + 4 + length
            payload = data[position + 8 : stop]
            if stop - 8 > last:
                break
            position = stop
            if kind == PRICE:
                tick = price(payload)
                latest[tick.reqId, tick.tickType] = tick.price
            elif kind == SIZE:
                tick = size(payload)
                latest[tick.reqId, tick.tickType] = tick.size
            elif kind == STRING:
                tick = string(payload)
                latest[tick.reqId, tick.tickType] = tick.value
            else:
                continue  # accounts and the next order id
            count += 1
        self.rest = data[position:]
        self.count = count
        if count >= self.report_at:
            self.on_block()

    def on_block(self) -> None:
        self.measurement.progress(self.count)
        self.report_at = self.count - self.count % content.BLOCK + content.BLOCK
        if self.count == self.measurement.messages:
            self.measurement.stop()
            self.done.set_result(None)


async def run(measurement: Measurement) -> int:
    """Connect and wait for the last message."""
    loop = asyncio.get_running_loop()
    transport, reader = await loop.create_connection(lambda: Reader(measurement), HOST, measurement.port)
    await reader.done
    transport.close()
    return reader.count


def main() -> None:
    measurement = Measurement()
    measurement.report(asyncio.run(run(measurement)))


if __name__ == "__main__":
    main()
