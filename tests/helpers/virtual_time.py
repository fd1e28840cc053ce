"""Tests on a loop whose clock jumps to the next timer: hours pass in milliseconds and no test waits."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

import async_solipsism


def on_virtual_time(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs an async test on a virtual-time loop; fails it if it leaves a task behind."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        loop = async_solipsism.EventLoop()
        try:
            loop.run_until_complete(test(*arguments, **named))
            leftovers = asyncio.all_tasks(loop)
            assert not leftovers, f"tasks left behind: {leftovers}"
        finally:
            loop.close()

    return run
