"""How the service is, as a line of JSON: at the start, at every change, now and then, and at the end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec
from msgspec import Struct

from ibwire.recorder import RecorderStatistics
from ibwire.session import HealthStatus

SETTLE_S = 0.1
"""A change is told so long after it began, so that a hundred streams that fall together are one line."""

MISSED_INTERVALS = 3
"""A health file that has not been renewed for so many intervals is of a service that hangs or is gone."""


class Occasion(StrEnum):
    """Why a line was written."""

    START = "start"
    CHANGE = "change"
    INTERVAL = "interval"
    STOP = "stop"


class StreamHealth(Struct, frozen=True, kw_only=True):
    """Of the `wanted` streams: how many are live and in a gap now; gaps, requests again and stale ones so far."""

    wanted: int
    live: int
    in_gap: int
    gaps: int
    asked_again: int
    stale: int


class MessageHealth(Struct, frozen=True, kw_only=True):
    """What came from streams in a second lately, and the most that left in any second, and may."""

    received_per_s: float
    sent_peak_per_s: int
    sent_limit_per_s: int


class JournalHealth(Struct, frozen=True, kw_only=True):
    """The journal of orders: whether its orders were held against the gateway's, and how many are open or in doubt."""

    path: str
    is_reconciled: bool
    open_orders: int
    unconfirmed: int
    halted: str


class HealthLine(Struct, frozen=True, kw_only=True):
    """One line. `status` is healthy, degraded or down, for these `reasons`; times are UTC and seconds.

    `journal` and `recording` are null where the settings want none; `clock_skew_s` is the gateway's clock less ours.
    """

    time: datetime
    event: Occasion
    status: HealthStatus
    reasons: tuple[str, ...]
    state: str
    accounts: tuple[str, ...]
    uptime_s: float
    reconnects: int
    streams: StreamHealth
    messages: MessageHealth
    clock_skew_s: float | None
    journal: JournalHealth | None
    recording: RecorderStatistics | None


class HealthReporter:
    """Writes lines: `look` makes one for an occasion, `write` takes its text, `file` gets the latest, for a check."""

    def __init__(
        self,
        look: Callable[[Occasion], HealthLine],
        write: Callable[[str], None],
        *,
        interval_s: float,
        file: Path | None = None,
        on_line: Callable[[HealthLine], None] = lambda _: None,
    ) -> None:
        self._look = look
        self._write = write
        self._interval_s = interval_s
        self._file = file
        self._on_line = on_line
        self._woken = asyncio.Event()
        self._told: object = None

    def wake(self, _: object = None) -> None:
        """Something may have changed."""
        self._woken.set()

    async def run(self) -> None:
        """Tell it until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        occasion = Occasion.START
        while True:
            self.tell(occasion)
            occasion = Occasion.INTERVAL
            due = max(due + self._interval_s, loop.time())
            while await self._is_woken(until=due):
                await asyncio.sleep(SETTLE_S)
                self._woken.clear()
                if _what_matters(self._look(Occasion.CHANGE)) != self._told:
                    self.tell(Occasion.CHANGE)

    def tell(self, occasion: Occasion) -> None:
        """Write a line now. Raises OSError if the first one cannot be written to the health file."""
        line = self._look(occasion)
        is_first, self._told = self._told is None, _what_matters(line)
        text = msgspec.json.encode(line).decode()
        self._write(text)
        self._on_line(line)
        if self._file is not None:
            try:
                _replace(self._file, text)
            except OSError as error:
                if is_first:
                    raise OSError(f"the health file {self._file} cannot be written: {error.strerror}") from error
                # Later it goes stale, which is what a health check looks at.

    async def _is_woken(self, *, until: float) -> bool:
        try:
            async with asyncio.timeout_at(until):
                await self._woken.wait()
        except TimeoutError:
            return False
        return True


def problem_in(file: Path, interval_s: float, now: datetime) -> str:
    """What a health file says against the service, nothing if it is well; a degraded one goes on by itself."""
    try:
        line = msgspec.json.decode(file.read_bytes(), type=HealthLine)
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}"
    except msgspec.MsgspecError as error:
        return f"{file} is no health file: {error}"
    if now - line.time > timedelta(seconds=MISSED_INTERVALS * interval_s):
        return f"the service has said nothing since {line.time:%Y-%m-%d %H:%M:%S} UTC"
    if line.event is Occasion.STOP:
        return "the service has ended"
    return "" if line.status is not HealthStatus.DOWN else f"down: {', '.join(line.reasons)}"


def _what_matters(line: HealthLine) -> object:
    """What makes a change. While it is down, where an attempt to connect is makes none: there may be one a second."""
    reasons = line.reasons[1:] if line.status is HealthStatus.DOWN else line.reasons
    journal = None if line.journal is None else (line.journal.is_reconciled, line.journal.halted)
    return line.status, reasons, line.accounts, line.reconnects, journal


def _replace(file: Path, text: str) -> None:
    beside = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    beside.write_text(f"{text}\n", encoding="utf-8")
    beside.replace(file)
