"""Questions that several ask at the same time are asked once, and all get the answer.

Only for what is cached anyway: elsewhere each request is its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from ibwire.exceptions import RequestCancelled
from ibwire.tasks import begin

T = TypeVar("T")


class _Question:
    """One question under way, and how many wait for its answer."""

    __slots__ = ("task", "waiting")

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = task
        self.waiting = 0


class SharedAnswers:
    """The questions under way by key. One that nobody waits for any more is cancelled; `aclose` cancels all."""

    def __init__(self) -> None:
        self._questions: dict[Hashable, _Question] = {}
        self._ending: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._questions)

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer to the question under way with this key, or to a new one.

        Raises what `ask` raises, and RequestCancelled if it ends with `aclose`.
        """
        question = self._questions.get(key)
        if question is None:
            question = self._questions[key] = _Question(begin(self._ask(key, ask), name=f"ibwire {key}"))
            question.task.add_done_callback(self._forget)
        question.waiting += 1
        try:
            answer: T = await asyncio.shield(question.task)
        except asyncio.CancelledError:
            if question.task.cancelled() and not _is_being_cancelled():
                raise RequestCancelled(f"{key}: closed before the answer came") from None
            raise
        finally:
            question.waiting -= 1
            if not question.waiting and not question.task.done():
                self._end(key, question)
        return answer

    async def aclose(self) -> None:
        """Cancel what is under way, and wait until it has ended."""
        for key, question in list(self._questions.items()):
            self._end(key, question)
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _ask(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        task = asyncio.current_task()
        try:
            return await ask()
        finally:
            question = self._questions.get(key)
            if question is not None and question.task is task:
                del self._questions[key]

    def _end(self, key: Hashable, question: _Question) -> None:
        """Cancel a question, so that the next with its key is asked anew."""
        if self._questions.get(key) is question:
            del self._questions[key]
        self._ending.add(question.task)
        question.task.cancel()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._ending.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited may be gone: it counts as seen


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
