"""Records streams of a session as they come, gaps included, into Parquet files by instrument and day.

    async with session.recorder("recordings") as recorder:
        await recorder.record(apple, m.TickByTickRequest(contract=apple, tick_type="AllLast"))
        await recorder.wait()

What the files are is explained in docs/recording.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType

from msgspec import Struct

from ibwire.exceptions import ConfigurationError, IbwireError, RecordingFailed
from ibwire.gaps import Gap
from ibwire.recording_rows import Request, Source, nanoseconds, sources_of
from ibwire.recording_schema import RecordingRow
from ibwire.recording_writer import RecordingWriter
from ibwire.session_api import SessionApi
from ibwire.streams import MessageStream
from ibwire.tasks import begin
from ibwire.wire import Message
from ibwire.wire import messages as m

FLUSH_S = 5.0
"""How long a row waits at most before it is written."""

ROW_GROUP_ROWS = 20_000

Run = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs what blocks somewhere else."""

_log = logging.getLogger(__name__)


class RecorderStatistics(Struct, frozen=True, kw_only=True):
    """What a recorder has done: streams, rows (its own marks among them) that came and that are written, and gaps."""

    streams: int
    rows: int
    written: int
    gaps: int


class Recorder:
    """Writes streams of `session` to `directory`; nobody else may write there meanwhile.

    Rows are written every `flush_s` seconds, and as soon as `row_group_rows` wait. That many more may come while they
    are written; then the streams wait, each up to its bound. So memory is bounded, a process that dies loses
    what came since the last flush, and one that cannot keep up ends in an error.

    The recording ends as a whole: when it is closed, when a stream ends in an error, when a consumer falls behind
    (StreamOverflow) or when the disk takes no more. Whatever had come is then written, as far as it can be, and the
    error is a RecordingFailed: logged at once, raised by `wait`, `record`, `aclose` and at the end of `async with`.

    Raises ConfigurationError for numbers that are not positive.
    """

    def __init__(
        self,
        session: SessionApi,
        directory: Path | str,
        *,
        flush_s: float = FLUSH_S,
        row_group_rows: int = ROW_GROUP_ROWS,
        run: Run = asyncio.to_thread,
    ) -> None:
        numbers = {"flush_s": flush_s, "row_group_rows": row_group_rows}
        wrong = [f"{name} is {number}, it has to be positive" for name, number in numbers.items() if not number > 0]
        if wrong:
            raise ConfigurationError("; ".join(wrong))
        self.directory = Path(directory)
        self._session = session
        self._flush_s = flush_s
        self._row_group_rows = row_group_rows
        self._run = run
        self._writer = RecordingWriter(self.directory, row_group_rows=row_group_rows)
        self._pending: list[RecordingRow] = []
        self._written = self._being_written = self._gaps = 0
        self._is_due = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_ending = False
        self._failure: RecordingFailed | None = None
        self._taken: set[tuple[int, str]] = set()
        self._streams = AsyncExitStack()
        self._readers: list[asyncio.Task[None]] = []
        self._keeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Recorder:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self.aclose()
        except RecordingFailed as failure:
            if failure is not error:
                raise

    async def start(self) -> None:
        """Open the folder. Raises LibraryMissing without pyarrow, RecordingFailed if it is in use or not writable."""
        if self._keeping is not None:
            raise RecordingFailed("a recorder is started once", hint="make another one")
        await self._run(self._writer.open)
        self._keeping = begin(self._keep(), name="ibwire recorder")

    async def record(self, *what: Request | m.Contract) -> None:
        """Record these from now on; a contract alone means its market data.

        Raises one InvalidRequest, and records nothing of it, if a contract has no con_id, a request is no stream of
        market data, or the same is recorded already; what fails in asking the gateway for one of them as
        `session.stream` does, and then those before it are recorded; RecordingFailed if the recording has ended.
        """
        if self._failure is not None:
            raise self._failure
        if self._keeping is None or self._is_ending:
            raise RecordingFailed("the recorder does not run", hint="use it in `async with`, or start() it")
        for source in sources_of(what, self._taken):
            stream = await self._streams.enter_async_context(self._session.stream(source.request))
            self._taken.add((source.con_id, source.stream))
            self._pending.append(source.begin(self._now_ns()))
            name = f"ibwire recorder: {source.stream} of {source.con_id}"
            self._readers.append(begin(self._read(source, stream), name=name))

    async def wait(self) -> None:
        """Wait until the recording has ended and all is written. Raises RecordingFailed if it ended in an error."""
        if self._keeping is not None:
            await asyncio.shield(self._keeping)

    async def aclose(self) -> None:
        """End the streams, write what has come, and merge the files of each day. Raises RecordingFailed as `wait`."""
        self._end()
        await self.wait()

    def statistics(self) -> RecorderStatistics:
        """What it has done so far."""
        rows = self._written + self._being_written + len(self._pending)
        return RecorderStatistics(streams=len(self._taken), rows=rows, written=self._written, gaps=self._gaps)

    # --- taking

    async def _read(self, source: Source, stream: MessageStream) -> None:
        """Take what one stream gives until it ends."""
        reason = "closed"
        try:
            async for item in stream:
                received_ns = self._now_ns()
                self._take(source, item, received_ns)
                for _ in range(len(stream)):  # what waits came together, and gets one time
                    self._take(source, await anext(stream), received_ns)
                await self._wait_for_room()
        except IbwireError as error:
            reason = str(error)
            problem = f"{source.title} ended: {error.message}"
            self._fail(RecordingFailed(problem, code=error.code, hint=error.hint), error)
        except Exception as error:  # noqa: BLE001 - a row that cannot be made must not end a stream unseen
            reason = repr(error)
            self._fail(RecordingFailed(f"{source.title}: {error!r}"), error)
        self._pending.append(source.end(self._now_ns(), reason))

    def _take(self, source: Source, item: Message, received_ns: int) -> None:
        self._pending.append(source.row(item, received_ns))
        self._gaps += isinstance(item, Gap)

    async def _wait_for_room(self) -> None:
        if len(self._pending) >= self._row_group_rows and not self._is_ending:
            self._has_room.clear()
            self._is_due.set()
            await self._has_room.wait()

    # --- writing

    async def _keep(self) -> None:
        """Write what comes until it is to end; then end all."""
        try:
            while not self._is_ending:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._flush_s):
                        await self._is_due.wait()
                await self._flush()
            await self._end_streams()
            await self._flush()
        except Exception as error:  # noqa: BLE001 - whatever it is, a recording that has ended must not look as if it went on
            # What comes after rows that could not be written is not written either: the recording would have a hole.
            self._fail(_failure(error, "nothing more can be written"))
            await self._end_streams()
        try:
            await self._run(self._writer.close)
        except Exception as error:  # noqa: BLE001 - the same
            self._fail(_failure(error, "it could not be closed"))
        if self._failure is not None:
            raise self._failure

    async def _end_streams(self) -> None:
        """Give every stream up, and take what still waits in it."""
        await self._streams.aclose()
        await asyncio.gather(*self._readers)

    async def _flush(self) -> None:
        """Write all that waits, in one go."""
        rows, self._pending = self._pending, []
        if not self._is_ending:
            self._is_due.clear()
        self._has_room.set()
        if rows:
            self._being_written = len(rows)
            await self._run(lambda: self._writer.write(rows))
            self._written += len(rows)
            self._being_written = 0

    def _fail(self, failure: RecordingFailed, cause: BaseException | None = None) -> None:
        """End the recording; the first error is the one that is told."""
        if self._failure is None:
            failure.__cause__ = cause or failure.__cause__
            self._failure = failure
            _log.error("the recording in %s ends: %s", self.directory, failure)
        self._end()

    def _end(self) -> None:
        self._is_ending = True
        self._is_due.set()
        self._has_room.set()

    def _now_ns(self) -> int:
        return nanoseconds(self._session.now())


def _failure(error: Exception, what: str) -> RecordingFailed:
    if isinstance(error, RecordingFailed):
        return error
    failure = RecordingFailed(f"{what}: {error!r}")
    failure.__cause__ = error
    return failure
