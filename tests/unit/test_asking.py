"""How often, and after how long, a question is asked again."""

from __future__ import annotations

import asyncio

import pytest

from ibwire.asking import Asker
from ibwire.connection import ConnectionState
from ibwire.error_codes import ERROR_TABLE
from ibwire.exceptions import (
    ConnectionLost,
    IbwireError,
    InvalidRequest,
    NoData,
    NotConnected,
    PacingViolation,
    RateLimitTimeout,
    RequestTimeout,
    ServerError,
)
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.answering_session import AnsweringSession
from tests.helpers.virtual_time import on_virtual_time

QUESTION = m.HistogramDataRequest()
ANSWER: list[Message] = [m.HistogramData()]


async def asked_after(*errors: IbwireError, state: ConnectionState = ConnectionState.CONNECTED) -> list[float]:
    """When a question was asked that failed with these before it was answered."""
    loop = asyncio.get_running_loop()
    began, times, left = loop.time(), [], list(errors)

    def answer(_: Message) -> list[Message]:
        times.append(round(loop.time() - began, 3))
        if left:
            raise left.pop(0)
        return ANSWER

    session = AnsweringSession(answer)
    session.state = state
    assert await Asker(session).ask(QUESTION) == ANSWER
    return times


@on_virtual_time
async def test_pacing_and_silence_are_waited_out_ever_longer() -> None:
    pacing, silence = PacingViolation("too fast"), RequestTimeout("nothing")
    assert await asked_after(pacing, pacing, silence) == [0, 15, 45, 105]
    assert await asked_after(*[pacing] * 8) == [0, 15, 45, 105, 225, 345, 465, 585, 705]


@on_virtual_time
async def test_query_that_the_server_has_dropped_is_asked_again() -> None:
    dropped = ERROR_TABLE.exception_for(366, "No historical data query found for ticker id:7")
    assert await asked_after(dropped) == [0, 2]


@on_virtual_time
async def test_farm_that_is_away_is_waited_for() -> None:
    away = ERROR_TABLE.exception_for(162, "HMDS server disconnect occurred.  Attempting reconnection...")
    assert await asked_after(*[away] * 8) == [0, 2, 6, 14, 30, 62, 122, 182, 242]


@on_virtual_time
async def test_turn_that_did_not_come_costs_nothing() -> None:
    assert await asked_after(*[RateLimitTimeout("60 s")] * 100) == [0] * 101


@on_virtual_time
async def test_lost_link_is_waited_for_as_long_as_somebody_makes_it_again() -> None:
    times = await asked_after(*[ConnectionLost("gone")] * 50, state=ConnectionState.RECONNECTING)
    assert (len(times), times[-1] - times[-2]) == (51, 60)
    for error in (ConnectionLost("gone"), NotConnected("closed")):
        with pytest.raises(type(error)):
            await asked_after(error, state=ConnectionState.CLOSED)


@on_virtual_time
async def test_what_fails_without_a_link_to_ibkr_is_not_counted() -> None:
    assert len(await asked_after(*[ServerError("offline")] * 50, state=ConnectionState.DEGRADED)) == 51


@pytest.mark.parametrize(("error", "tries"), [(PacingViolation("again"), 9), (ServerError("again"), 5)])
def test_patience_ends_with_the_last_error(error: IbwireError, tries: int) -> None:
    @on_virtual_time
    async def test() -> None:
        def fail(_: Message) -> list[Message]:
            raise error

        session = AnsweringSession(fail)
        with pytest.raises(type(error)) as caught:
            await Asker(session).ask(QUESTION)
        assert caught.value is error
        assert len(session.asked) == tries

    test()


@on_virtual_time
async def test_what_asking_again_cannot_mend_is_raised_at_once() -> None:
    for error in (NoData("none"), InvalidRequest("what?")):
        with pytest.raises(type(error)):
            await asked_after(error)
