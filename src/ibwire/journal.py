"""The journal of orders: every order is on the disk before its first byte leaves. For asyncio.

A write waits for the disk, which takes a fraction of a millisecond or many, as the disk has it. It is done in one
worker thread, in the order asked for, so the event loop goes on; what comes while a write is under way goes to the disk
together with the next (docs/journal.md has the measurements). A loop in virtual time has no threads: there it is done
in place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from ibwire.exceptions import IbwireError, JournalUnwritable
from ibwire.journal_file import JournalFile
from ibwire.journal_reader import JournalReader
from ibwire.journal_records import Entry, perhaps_sent, replay
from ibwire.order_state import TrackedOrder

_T = TypeVar("_T")

MAX_WAITING = 10_000
"""How many records may wait for the disk; more are refused."""

_Job = tuple[tuple[Entry, ...], "asyncio.Future[None]"]


class Journal:
    """The journal at `path`, of one process. `on_failure` is told of a noted record that could not be written.

    Raises what `JournalFile` raises; opening reads and checks the whole file, and blocks while it does.
    """

    def __init__(
        self,
        path: Path,
        now: datetime,
        *,
        is_threaded: bool = True,
        on_failure: Callable[[IbwireError], object] = lambda _: None,
    ) -> None:
        self._file = JournalFile(path, now)
        try:
            self._reader = JournalReader(path)  # each question sees all that is on the disk by then
        except BaseException:
            self._file.close()
            raise
        self._on_failure = on_failure
        self._executor = ThreadPoolExecutor(1, "ibwire-journal") if is_threaded else None
        self._waiting: list[_Job] = []
        self._writer: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._file.path

    def mark(self, client_id: int) -> int:
        """The highest order id that this client has ever used, as far as it is on the disk; 0 if none."""
        return self._file.mark(client_id)

    def orders(self, *, only_open: bool = True) -> list[TrackedOrder]:
        """The orders as they stand by their records; for the start, it reads from the disk."""
        return list(self._reader.orders(only_open=only_open))

    def perhaps_sent(self, at: datetime) -> list[Entry]:
        """Changes and cancels of open orders that are taken to have left, to be written before the orders go on."""
        refs = self._reader.client_refs(only_open=True)
        return [one for ref in refs for one in perhaps_sent(self._reader.records(ref), at)]

    def order(self, client_ref: str) -> TrackedOrder | None:
        """One order as it stands by its records, also one that has ended; None if there is none."""
        return replay(self._reader.records(client_ref))

    async def write(self, *entries: Entry) -> None:
        """Returns when the records are on the disk.

        Raises JournalUnwritable if they are not, and DuplicateOrderId for an intent whose order id was used before.
        A caller that is cancelled meanwhile does not know whether they are.
        """
        await self._enqueue(entries)

    def note(self, *entries: Entry) -> None:
        """Write records without waiting for it, in order with all others; a failure goes to `on_failure`."""
        try:
            self._enqueue(entries).add_done_callback(self._tell_failure)
        except JournalUnwritable as error:
            self._on_failure(error)

    async def aclose(self) -> None:
        """Write what waits, and let go of the file."""
        self._is_closed = True
        while self._writer is not None:
            await asyncio.wait({self._writer})
        if self._executor is not None:
            self._executor.shutdown()
        self._reader.close()
        self._file.close()

    def _enqueue(self, entries: tuple[Entry, ...]) -> asyncio.Future[None]:
        if self._is_closed:
            raise JournalUnwritable(f"{self.path} is closed", retryable=False)
        if len(self._waiting) >= MAX_WAITING:
            raise JournalUnwritable(f"{self.path}: {len(self._waiting)} records wait for the disk already")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entries, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all(), name="ibwire journal")
        return done

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                jobs, self._waiting = self._waiting, []
                await self._write_jobs(jobs)
        finally:
            self._writer = None

    async def _write_jobs(self, jobs: list[_Job]) -> None:
        entries = [one for some, _ in jobs for one in some]
        try:
            results = await self._run(lambda: self._file.write(entries))
        except IbwireError as error:
            results = [error] * len(entries)
        place = 0
        for some, done in jobs:
            faults = [fault for fault in results[place : place + len(some)] if fault is not None]
            place += len(some)
            if done.done():
                continue
            if faults:
                done.set_exception(faults[0])
            else:
                done.set_result(None)

    async def _run(self, work: Callable[[], _T]) -> _T:
        if self._executor is None:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _tell_failure(self, done: asyncio.Future[None]) -> None:
        error = None if done.cancelled() else done.exception()
        if isinstance(error, IbwireError):
            self._on_failure(error)
