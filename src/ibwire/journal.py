"""The journal of orders: every order is on the disk before its first byte leaves. For asyncio.

A write waits for the disk, which takes a fraction of a millisecond or many, as the disk has it. It is done in one
thread, in the order asked for, so the event loop goes on; what comes while a write is under way goes to the disk
together with the next (docs/journal.md has the measurements). A loop in virtual time has no threads: there it is done
in place.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NamedTuple

from ibwire.exceptions import IbwireError, JournalUnwritable
from ibwire.journal_file import JournalFile
from ibwire.journal_reader import JournalReader
from ibwire.journal_records import Entry, perhaps_sent, replay
from ibwire.order_state import TrackedOrder
from ibwire.wire import messages as m

MAX_WAITING = 10_000
"""How many records may wait for the disk; more are refused."""


class _Job(NamedTuple):
    """Records to be written together, and who is told. Of a note nobody waits for the end."""

    entries: tuple[Entry, ...]
    done: asyncio.Future[None]
    is_note: bool = False


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
        self._waiting: SimpleQueue[_Job | None] = SimpleQueue()  # None: there will be no more
        self._owed: list[Entry] = []  # notes for which there was no room: they go first when there is
        self._is_closed = False
        # A thread of its own: through an executor's queue and futures, and a task that waits for them, a write takes a
        # tenth of a millisecond more (docs/benchmarks.md).
        self._thread = Thread(target=self._write_on, name="ibwire-journal", daemon=True) if is_threaded else None
        if self._thread is not None:
            self._thread.start()
            atexit.register(self._end_thread)  # a program that never closes it: what waits is written all the same

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

    def placed_since(self, at: datetime) -> list[tuple[datetime, m.PlaceOrderRequest]]:
        """When orders were placed since then that have left, as far as one knows, and what was sent; oldest first."""
        found = []
        for record in self._reader.numbered_since(at):
            order = self.order(record.entry.client_ref)
            requests = [one for one in record.messages if isinstance(one, m.PlaceOrderRequest)]
            if order is not None and not order.is_unsent:
                found += [(record.entry.at, one) for one in requests]
        return found

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
        """Write records without waiting for it, in order with all others; a failure goes to `on_failure`.

        What could not be written because the disk was full, or failed, is written with the next that can be.
        """
        try:
            self._enqueue(entries, is_note=True).add_done_callback(self._tell_failure)
        except JournalUnwritable as error:
            self._on_failure(error)

    async def aclose(self) -> None:
        """Write what waits, and let go of the file; in a fork that is left to the parent. Safe to call again."""
        if self._is_closed or self._file.is_inherited:
            return
        self._is_closed = True
        await asyncio.wait({self._put(())})  # the last of all
        self._end_thread()
        self._reader.close()
        self._file.close()

    # --- inside

    def _enqueue(self, entries: tuple[Entry, ...], *, is_note: bool = False) -> asyncio.Future[None]:
        self._file.check_process()  # here: a fork has no thread that could say so
        if self._is_closed:
            raise JournalUnwritable(f"{self.path} is closed", retryable=False)
        if self._waiting.qsize() >= MAX_WAITING:
            raise JournalUnwritable(f"{self.path}: {self._waiting.qsize()} records wait for the disk already")
        return self._put(entries, is_note=is_note)

    def _put(self, entries: tuple[Entry, ...], *, is_note: bool = False) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.put(_Job(entries, done, is_note))
        if self._thread is None:
            loop.call_soon(self._write_in_place)
        return done

    def _write_on(self) -> None:
        """The thread: writes what there is together, until there will be no more."""
        self._file.grow_log()  # not when it is opened: the event loop waits for that
        while (job := self._waiting.get()) is not None:
            jobs = [job, *self._further()]
            results = self._written(jobs)
            with suppress(RuntimeError):  # the loop was closed: nobody waits any more
                job.done.get_loop().call_soon_threadsafe(self._tell, jobs, results)

    def _write_in_place(self) -> None:
        jobs = self._further()
        self._tell(jobs, self._written(jobs))

    def _further(self) -> list[_Job]:
        """What waits besides."""
        jobs: list[_Job] = []
        with suppress(Empty):
            while (job := self._waiting.get_nowait()) is not None:
                jobs.append(job)
            self._waiting.put(None)  # the end is for the next look
        return jobs

    def _written(self, jobs: Sequence[_Job]) -> list[IbwireError | None]:
        """Write them together; for each record None, or why it is not on the disk."""
        entries = [one for job in jobs for one in job.entries]
        try:
            results = self._file.write([*self._owed, *entries]) if self._owed or entries else []
        except IbwireError as error:
            if error.retryable:
                self._owed += [one for job in jobs if job.is_note for one in job.entries]
                del self._owed[MAX_WAITING:]
            return [error] * len(entries)
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread goes on and who waits has to hear of it
            return [JournalUnwritable(f"{self.path}: {error!r}", retryable=False)] * len(entries)
        del results[: len(self._owed)]
        self._owed.clear()
        return results

    @staticmethod
    def _tell(jobs: Sequence[_Job], results: Sequence[IbwireError | None]) -> None:
        """On the loop: tell who waits."""
        place = 0
        for entries, done, _ in jobs:
            fault = next((fault for fault in results[place : place + len(entries)] if fault is not None), None)
            place += len(entries)
            if done.done():
                continue  # who waited was cancelled
            if fault is not None:
                done.set_exception(fault)
            else:
                done.set_result(None)

    def _end_thread(self) -> None:
        if self._thread is not None and not self._file.is_inherited:
            atexit.unregister(self._end_thread)
            self._waiting.put(None)
            self._thread.join()

    def _tell_failure(self, done: asyncio.Future[None]) -> None:
        error = None if done.cancelled() else done.exception()
        if isinstance(error, IbwireError):
            self._on_failure(error)
