"""Questions that several ask at the same time are asked once."""

from __future__ import annotations

import asyncio

import pytest

from ibwire.exceptions import NoData, RequestCancelled
from ibwire.shared_answers import SharedAnswers
from tests.helpers.virtual_time import on_virtual_time


class Question:
    """Counts how often it is asked; answers after a second."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked = 0
        self.cancelled = 0
        self.error = error

    async def __call__(self) -> int:
        self.asked += 1
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        return self.asked


@on_virtual_time
async def test_who_asks_meanwhile_gets_the_same_answer_and_who_asks_later_a_new_one() -> None:
    shared, question = SharedAnswers(), Question()
    assert await asyncio.gather(*(shared.get("key", question) for _ in range(5))) == [1] * 5
    assert await shared.get("key", question) == 2
    assert len(shared) == 0


@on_virtual_time
async def test_an_error_is_everybodys_and_is_not_kept() -> None:
    shared, question = SharedAnswers(), Question(NoData("nothing"))
    results = await asyncio.gather(*(shared.get("key", question) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(one, NoData) for one in results)
    question.error = None
    assert await shared.get("key", question) == 2


@on_virtual_time
async def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    shared, question = SharedAnswers(), Question()
    impatient = asyncio.create_task(shared.get("key", question))
    patient = asyncio.create_task(shared.get("key", question))
    await asyncio.sleep(0.5)
    impatient.cancel()
    assert await patient == 1
    assert impatient.cancelled()


@on_virtual_time
async def test_a_question_that_nobody_waits_for_is_cancelled_and_can_be_asked_again_at_once() -> None:
    shared, question = SharedAnswers(), Question()
    only = asyncio.create_task(shared.get("key", question))
    await asyncio.sleep(0.5)
    only.cancel()
    await asyncio.gather(only, return_exceptions=True)
    assert await shared.get("key", question) == 2
    assert question.cancelled == 1
    await shared.aclose()


@on_virtual_time
async def test_closing_ends_what_is_under_way_with_a_typed_error() -> None:
    shared, question = SharedAnswers(), Question()
    waiting = asyncio.create_task(shared.get("key", question))
    await asyncio.sleep(0.5)
    await shared.aclose()
    with pytest.raises(RequestCancelled, match="key"):
        await waiting
    assert question.cancelled == 1
