"""What waits to leave: told once what became of it, whichever of leaving, failing and taking back comes first."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.exceptions import ConnectionLost, IbwireError, NotConnected
from ibwire.order_changes import OrderKey
from ibwire.order_departures import Departures
from ibwire.order_handles import OrderHandle
from ibwire.order_state import TrackedOrder
from ibwire.orders import limit
from ibwire.wire import Message, encode
from ibwire.wire import messages as m
from tests.helpers.virtual_time import on_virtual_time

MESSAGE = m.CancelOrderRequest(1)


def order() -> OrderHandle:
    key = OrderKey(client_ref="A", client_id=1, order_id=1)
    return OrderHandle(TrackedOrder(key, m.Contract(con_id=1), limit("BUY", Decimal(1), 1)), None)  # type: ignore[arg-type]


class Out:
    """A limiter that lets go when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[None]] = []
        self.departures = Departures(self.send)
        self.told: list[IbwireError | None] = []
        self.handle = order()

    def send(self, _: Message, __: bytes) -> asyncio.Future[None]:
        self.waiting.append(asyncio.get_running_loop().create_future())
        return self.waiting[-1]

    def depart(self) -> asyncio.Future[None]:
        return self.departures.send(self.handle, MESSAGE, encode(MESSAGE), self.told.append)


ACTS = st.lists(st.sampled_from(["leaves", "fails", "taken back", "all taken back", "given up", "a turn"]), max_size=8)


@given(ACTS)
def test_whatever_comes_first_is_told_once_and_what_has_left_is_never_called_taken_back(acts: list[str]) -> None:
    @on_virtual_time
    async def run() -> None:
        out = Out()
        told = out.depart()
        (left,) = out.waiting
        for act in acts:
            match act:
                case "leaves" if not left.done():
                    left.set_result(None)
                case "fails" if not left.done():
                    left.set_exception(ConnectionLost("gone"))
                case "taken back":
                    out.departures.take_back(out.handle, NotConnected("down"))
                case "all taken back":
                    out.departures.take_back_all(lambda: NotConnected("down"))
                case "given up":
                    told.cancel()
                case "a turn":
                    await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        has_ended = any(act in ("leaves", "fails", "taken back", "all taken back", "given up") for act in acts)
        assert len(out.told) == has_ended
        if has_ended:
            has_left = not left.cancelled() and left.exception() is None
            assert (out.told == [None]) == has_left
            assert left.done()

    run()


@on_virtual_time
async def test_what_has_left_a_moment_ago_is_told_before_anybody_calls_it_taken_back() -> None:
    out = Out()
    told = out.depart()
    out.waiting[0].set_result(None)  # its callbacks have not run yet
    out.departures.take_back(out.handle, NotConnected("down"))
    assert out.told == [None]
    await told


@on_virtual_time
async def test_of_two_orders_only_the_one_named_is_taken_back() -> None:
    out, other = Out(), order()
    mine = out.depart()
    theirs = out.departures.send(other, MESSAGE, encode(MESSAGE), lambda _: None)
    out.departures.take_back(out.handle, NotConnected("down"))
    with pytest.raises(NotConnected):
        await mine
    out.waiting[1].set_result(None)
    await theirs
