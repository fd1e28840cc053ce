"""What is sent: one seeded sequence of ticks, and its frames in the two dialects.

The frames are made with IBKR's own protobuf classes and by hand, not with ibwire's encoder: a mistake in it would be on
both ends.
"""

from __future__ import annotations

import itertools
import os
import random
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ibapi.protobuf.TickPrice_pb2 import TickPrice
from ibapi.protobuf.TickSize_pb2 import TickSize
from ibapi.protobuf.TickString_pb2 import TickString

INSTRUMENTS = int(os.environ.get("IBWIRE_BENCHMARK_INSTRUMENTS", "50"))
"""Request ids are 1 to this. All processes of a benchmark have to agree, so it is in their environment."""

PRICE, SIZE, STRING = 1, 2, 46
"""Message ids."""

MIX = {PRICE: 9, SIZE: 9, STRING: 2}
"""How many of each kind every instrument gets in a block: 45 %, 45 %, 10 %."""

PER_BLOCK = sum(MIX.values())
BLOCK = INSTRUMENTS * PER_BLOCK
"""Messages are sent in blocks of this size, in which every instrument has the exact mix, in random order."""

PROTOBUF_OFFSET = 200
SEED = 20260101

_PRICE_TYPES = (1, 1, 1, 1, 2, 2, 2, 2, 4)  # bid, ask, last
_SIZE_TYPES = (0, 0, 0, 3, 3, 3, 5, 8, 8)  # bid, ask, last, volume
_STRING_TYPES = (45, 84)  # time of the last trade, its exchange
_EXCHANGES = ("NYSE", "NASDAQ", "ARCA", "BATS", "IEX")
_START_TIME = 1_767_000_000


class Tick(NamedTuple):
    """One message, as both dialects can say it."""

    kind: int
    req_id: int
    tick_type: int
    price: float = 0.0
    size: str = ""
    attr_mask: int = 0
    value: str = ""


def prices_in(messages: int) -> int:
    """How many of so many messages are TickPrice."""
    return messages * MIX[PRICE] // PER_BLOCK


def ticks(messages: int) -> Iterator[Tick]:
    """The sequence, the same for the same number; `messages` is a multiple of BLOCK."""
    if messages <= 0 or messages % BLOCK:
        raise ValueError(f"{messages} messages: it has to be a multiple of {BLOCK}")
    chance = random.Random(SEED)
    cents = {req_id: chance.randrange(1_000, 60_000) for req_id in range(1, INSTRUMENTS + 1)}
    volume = dict.fromkeys(cents, 1_000_000)
    turns = [(req_id, kind) for req_id in cents for kind, times in MIX.items() for _ in range(times)]
    for block in range(messages // BLOCK):
        chance.shuffle(turns)
        for req_id, kind in turns:
            if kind == PRICE:
                yield _price(chance, req_id, cents)
            elif kind == SIZE:
                yield _size(chance, req_id, volume)
            else:
                yield _string(chance, req_id, block)


def _price(chance: random.Random, req_id: int, cents: dict[int, int]) -> Tick:
    cents[req_id] = max(500, cents[req_id] + chance.randint(-3, 3))
    tick_type = chance.choice(_PRICE_TYPES)
    shift = {1: -1, 2: 1, 4: 0}[tick_type]
    size = str(100 * chance.randint(1, 40))
    return Tick(PRICE, req_id, tick_type, (cents[req_id] + shift) / 100, size, attr_mask=0 if tick_type == 4 else 1)


def _size(chance: random.Random, req_id: int, volume: dict[int, int]) -> Tick:
    tick_type = chance.choice(_SIZE_TYPES)
    if tick_type == 8:
        volume[req_id] += 100 * chance.randint(1, 40)
        return Tick(SIZE, req_id, tick_type, size=str(volume[req_id]))
    return Tick(SIZE, req_id, tick_type, size=str(100 * chance.randint(1, 40)))


def _string(chance: random.Random, req_id: int, block: int) -> Tick:
    tick_type = chance.choice(_STRING_TYPES)
    return Tick(
        STRING, req_id, tick_type, value=str(_START_TIME + block) if tick_type == 45 else chance.choice(_EXCHANGES)
    )


def text_frame(*fields: object) -> bytes:
    """A frame of the text dialect."""
    body = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(body)) + body


def protobuf_frame(message_id: int, payload: bytes) -> bytes:
    """A frame of the protobuf dialect."""
    return struct.pack(">II", len(payload) + 4, message_id + PROTOBUF_OFFSET) + payload


def as_text(tick: Tick) -> bytes:
    """The tick as server version 176 sends it."""
    kind, req_id, tick_type = tick.kind, tick.req_id, tick.tick_type
    if kind == PRICE:
        return text_frame(PRICE, 6, req_id, tick_type, tick.price, tick.size, tick.attr_mask)
    return text_frame(kind, 6, req_id, tick_type, tick.size if kind == SIZE else tick.value)


def as_protobuf(tick: Tick) -> bytes:
    """The tick as server version 226 sends it."""
    common = {"reqId": tick.req_id, "tickType": tick.tick_type}
    message: TickPrice | TickSize | TickString
    if tick.kind == PRICE:
        message = TickPrice(**common, price=tick.price, size=tick.size, attrMask=tick.attr_mask)
    elif tick.kind == SIZE:
        message = TickSize(**common, size=tick.size)
    else:
        message = TickString(**common, value=tick.value)
    return protobuf_frame(tick.kind, message.SerializeToString())


def blocks(messages: int, encode: Callable[[Tick], bytes]) -> list[bytes]:
    """All frames, one after the other, block by block."""
    frames = map(encode, ticks(messages))
    return [b"".join(itertools.islice(frames, BLOCK)) for _ in range(messages // BLOCK)]
