"""Work that goes on beside its owner, as a task that never begins before its owner has it.

A program may give its event loop a task factory. With asyncio's eager one (Python 3.12) a task runs as soon as it is
made: what it does at its end ("nothing is under way any more") would come before the owner has noted its beginning.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def begin(work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
    """A task that takes its first step in the loop's next turn, whatever task factory there is."""
    return asyncio.Task(work, loop=asyncio.get_running_loop(), name=name)
