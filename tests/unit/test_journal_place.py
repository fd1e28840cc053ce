"""A journal that is no longer where it was opened, or that a fork has inherited, takes no order."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ibwire.exceptions import JournalLocked, JournalUnwritable
from ibwire.journal import Journal
from ibwire.journal_file import JournalFile
from tests.helpers.journals import NOW, intent, opened, records_of, sent

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there an open file can be neither deleted nor forked")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "journals"
    folder.mkdir()
    return folder / "journal.sqlite3"


def _beside(path: Path, part: str) -> Path:
    return path.with_name(f"{path.name}{part}")


def _replace(path: Path) -> None:
    shutil.copy(path, _beside(path, ".copy"))
    _beside(path, ".copy").replace(path)


LOSSES: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "a copy over it": _replace,
    "its log deleted": lambda path: _beside(path, "-wal").unlink(),
    "its lock deleted": lambda path: _beside(path, ".lock").unlink(),
    "its folder renamed": lambda path: path.parent.rename(path.parent.with_name("old")),
    "its folder deleted": lambda path: shutil.rmtree(path.parent),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_would_go_into_a_file_that_is_gone_is_refused(path: Path, loss: str) -> None:
    with opened(path) as journal:
        assert journal.write([intent(1)]) == [None]
        LOSSES[loss](path)
        for order_id in (2, 3):
            with pytest.raises(JournalUnwritable, match=r"while it was open") as refused:
                journal.write([intent(order_id)])
            assert not refused.value.retryable
        assert journal.mark(7) == 1


def test_a_file_that_was_put_back_is_written_on(path: Path) -> None:
    with opened(path) as journal:
        path.rename(path.with_name("away"))
        with pytest.raises(JournalUnwritable, match="deleted or"):
            journal.write([intent(1)])
        path.with_name("away").rename(path)
        assert journal.write([intent(1)]) == [None]
    assert [one.entry for one in records_of(path)] == [intent(1)]


def _in_fork(work: Callable[[], str]) -> str:
    """What `work` says in a fork of this process, which then ends at once."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(writing, work().encode())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent tells
            os.write(writing, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        text = told.read()
    os.waitpid(pid, 0)
    return text


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_fork_writes_nothing_and_lets_go_of_nothing(path: Path) -> None:
    loop = asyncio.new_event_loop()
    journal = loop.run_until_complete(_begin(path))

    async def write_and_close() -> str:
        try:
            async with asyncio.timeout(5):
                await journal.write(intent(2))
        except JournalUnwritable as error:
            refused = str(error)
        failures: list[object] = []
        journal._on_failure = failures.append
        journal.note(sent(1))
        await asyncio.wait_for(journal.aclose(), 5)
        journal._end_thread()  # as at the end of the program
        return f"{refused} {len(failures)} failed"

    told = _in_fork(lambda: asyncio.run(write_and_close()))
    assert f"was opened by process {os.getpid()}, of which this one is a fork" in told
    assert told.endswith("1 failed")
    with pytest.raises(JournalLocked, match=f"process {os.getpid()} "):
        JournalFile(path, NOW)
    loop.run_until_complete(journal.write(intent(2)))
    loop.run_until_complete(journal.aclose())
    loop.close()
    assert [one.entry for one in records_of(path)] == [intent(1), intent(2)]


async def _begin(path: Path) -> Journal:
    journal = Journal(path, NOW)
    await journal.write(intent(1))
    return journal
