"""The order of a recovery."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import pytest

from ibwire.exceptions import ConnectionLost
from ibwire.recovery import Recovery, Stage


def step(taken: list[str], name: str, error: Exception | None = None) -> Callable[[], Awaitable[int]]:
    async def recover() -> int:
        taken.append(name)
        if error is not None:
            raise error
        return len(taken)

    return recover


async def test_steps_go_by_stage_and_in_a_stage_as_registered() -> None:
    recovery, taken = Recovery(), list[str]()
    for name, stage in [("b", Stage.STREAMS), ("o", Stage.ORDERS), ("a1", Stage.ACCOUNT), ("a2", Stage.ACCOUNT)]:
        recovery.register(name, stage, step(taken, name))
    steps = await recovery.run()
    assert taken == ["a1", "a2", "o", "b"] == [one.name for one in steps]
    assert [one.recovered for one in steps] == [1, 2, 3, 4]


async def test_a_step_that_fails_is_reported_and_the_others_are_taken(caplog: pytest.LogCaptureFixture) -> None:
    recovery, taken = Recovery(), list[str]()
    recovery.register("bad", Stage.ACCOUNT, step(taken, "bad", ValueError("no such account")))
    recovery.register("good", Stage.STREAMS, step(taken, "good"))
    with caplog.at_level(logging.ERROR):
        bad, good = await recovery.run()
    assert (bad.error, good.error) == ("no such account", "")
    assert "bad could not be recovered" in caplog.text


async def test_a_link_that_falls_ends_the_recovery() -> None:
    recovery, taken = Recovery(), list[str]()
    recovery.register("first", Stage.ACCOUNT, step(taken, "first", ConnectionLost("it fell")))
    recovery.register("second", Stage.STREAMS, step(taken, "second"))
    with pytest.raises(ConnectionLost):
        await recovery.run()
    assert taken == ["first"]
