"""What is done after a link was made again, and in which order: settings, accounts, then orders, then everything else.

Services register their own `recover`; this file only knows the order. No step sends an order.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import IntEnum

from msgspec import Struct

from ibwire.events import RecoveryStep
from ibwire.exceptions import ConnectionFailed

_log = logging.getLogger(__name__)


class Stage(IntEnum):
    """When a step's turn comes."""

    PREPARATION = 0
    """What the gateway has to know before anything is asked for."""
    ACCOUNT = 1
    ORDERS = 2
    STREAMS = 3


class _Step(Struct, frozen=True):
    name: str
    stage: Stage
    recover: Callable[[], Awaitable[int]]


class Recovery:
    """The steps of a recovery."""

    def __init__(self) -> None:
        self._steps: list[_Step] = []

    def register(self, name: str, stage: Stage, recover: Callable[[], Awaitable[int]]) -> None:
        """Have `recover` called after every reconnect, at its stage; it says how many things it recovered.

        It should bound its own waiting. What it raises is reported as the step's error and stops only this step, except
        a ConnectionFailed, which ends the recovery: another comes with the next link.
        """
        self._steps.append(_Step(name, stage, recover))

    async def run(self) -> tuple[RecoveryStep, ...]:
        """Take every step, one after the other. Raises ConnectionFailed if the link falls meanwhile."""
        return tuple([await self._take(step) for step in sorted(self._steps, key=lambda step: step.stage)])

    @staticmethod
    async def _take(step: _Step) -> RecoveryStep:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            recovered = await step.recover()
        except ConnectionFailed:
            raise
        except Exception as error:  # noqa: BLE001 - a service that fails must not keep the others from recovering
            _log.exception("%s could not be recovered", step.name)
            return RecoveryStep(name=step.name, took_s=loop.time() - started, error=str(error) or repr(error))
        return RecoveryStep(name=step.name, took_s=loop.time() - started, recovered=recovered)
