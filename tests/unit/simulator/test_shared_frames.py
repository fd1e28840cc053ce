"""Frames that are shared by subscribers are, byte for byte, those of the wire's own encoder."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ibwire.simulator import subscriptions
from ibwire.simulator.shared_frames import SharedFrames, address
from ibwire.wire import Message, encode
from ibwire.wire import messages as m

REQUEST_IDS = st.integers(-(2**31), 2**31 - 1) | st.sampled_from([0, 1, 127, 128, 16383, 16384])
TICK_TYPES = st.integers(0, 110)
SIZES = st.decimals(0, 10**12, places=8) | st.none()
MESSAGES = st.one_of(
    st.builds(subscriptions.price_message, TICK_TYPES, st.floats(allow_nan=False, allow_infinity=False), SIZES),
    st.builds(subscriptions.size_message, TICK_TYPES, st.decimals(0, 10**12, places=8)),
    st.builds(m.TickString, st.none(), TICK_TYPES, st.text(max_size=200)),
    st.builds(m.TickGeneric, st.none(), TICK_TYPES, st.floats()),
    st.builds(m.MarketDataType, st.none(), st.integers(1, 4)),
    st.just(m.TickSnapshotEnd()),
)


@given(st.lists(MESSAGES, max_size=8), st.lists(REQUEST_IDS, min_size=1, max_size=4))
def test_shared_frames_are_those_of_each_message_with_the_request_id(messages: list[Message], ids: list[int]) -> None:
    shared = SharedFrames(messages)
    for request_id in ids:
        expected = b"".join(encode(msgspec.structs.replace(message, req_id=request_id)) for message in messages)
        assert shared.to(address(request_id)) == expected


def test_shared_frames_can_be_longer_than_a_short_length_field() -> None:
    tick = subscriptions.size_message(0, Decimal(10) ** 400)
    expected = encode(msgspec.structs.replace(tick, req_id=7))
    assert SharedFrames([tick, tick]).to(address(7)) == expected * 2
