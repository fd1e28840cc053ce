"""The states of a connection and the ways between them."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from ibwire.connection_state import TRANSITIONS, ConnectionState, StateKeeper
from ibwire.events import EventManager, EventType
from tests.helpers.virtual_time import on_virtual_time

WAYS = {(old, new) for old, ends in TRANSITIONS.items() for new in ends}
PAIRS = list(itertools.product(ConnectionState, ConnectionState))


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_only_the_tables_ways_are_open(old: ConnectionState, new: ConnectionState) -> None:
    keeper = StateKeeper(EventManager())
    keeper.state = old
    if (old, new) in WAYS:
        keeper.enter(new, "because")
        assert keeper.state is new
    else:
        with pytest.raises(RuntimeError, match=f"illegal transition {old.name} -> {new.name}"):
            keeper.enter(new, "because")
        assert keeper.state is old


def test_a_connection_that_is_up_does_not_close_before_it_has_ended_what_is_under_way() -> None:
    assert {old for old, new in WAYS if new is ConnectionState.CLOSED} == {ConnectionState.DISCONNECTED}


def test_every_change_is_an_event_with_its_reason() -> None:
    events = EventManager()
    keeper = StateKeeper(events)
    keeper.enter(ConnectionState.CONNECTING, "asked to")
    (event,) = events.history(EventType.CONNECTION_STATE_CHANGED)
    assert (event.data.old, event.data.new, event.data.reason) == ("DISCONNECTED", "CONNECTING", "asked to")


@on_virtual_time
async def test_all_who_wait_look_again_at_each_change_and_one_that_gives_up_disturbs_nobody() -> None:
    keeper = StateKeeper(EventManager())
    waiting = [asyncio.create_task(keeper.until(lambda: keeper.is_up)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    for state in (ConnectionState.CONNECTING, ConnectionState.HANDSHAKING):
        keeper.enter(state, "")
        await asyncio.sleep(0)
        assert not waiting[1].done()
    keeper.enter(ConnectionState.CONNECTED, "")
    await asyncio.gather(*waiting[1:])
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]


@on_virtual_time
async def test_what_the_question_raises_reaches_the_one_who_waits() -> None:
    keeper = StateKeeper(EventManager())

    def refuse() -> bool:
        if keeper.state is ConnectionState.CONNECTING:
            raise ValueError("no")
        return False

    waiting = asyncio.create_task(keeper.until(refuse))
    await asyncio.sleep(0)
    keeper.enter(ConnectionState.CONNECTING, "")
    with pytest.raises(ValueError, match="no"):
        await waiting
