"""The journal on the disk: durable, whole or refused, of one process at a time."""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from ibwire import journal_file, journal_schema
from ibwire.exceptions import DuplicateOrderId, JournalCorrupt, JournalLocked, JournalUnwritable
from ibwire.journal_file import MAX_ORDER_ID, JournalFile
from ibwire.journal_mark import MarkFile
from ibwire.journal_reader import JournalReader, is_begun
from ibwire.journal_records import Kind, flag
from tests.helpers.campaigns import SEED, size
from tests.helpers.journals import NOW, child, intent, key_of, opened, records_of, ref_of, sent

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and RLIMIT_FSIZE")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


# --- what is written is there ----------------------------------------------------------------------------------------


def test_records_come_back_as_they_were_written(path: Path) -> None:
    entries = [intent(1), sent(1), intent(2), flag("halted", "yes = really", NOW, 7)]
    with opened(path) as journal:
        assert journal.write(entries) == [None] * 4
    records = records_of(path)
    assert [one.entry for one in records] == entries
    assert [one.sequence for one in records] == [1, 2, 3, 4]
    with opened(path) as journal:
        journal.write([flag("halted", "no", NOW, 7)])
        reader = JournalReader(path)
        assert reader.client_refs() == [str(ref_of(1)), str(ref_of(2))]
        assert reader.problems(is_thorough=True) == []
        reader.close()


def test_lean_242_an_order_id_is_never_used_again_whatever_the_gateway_says(path: Path) -> None:
    """The gateway's next valid id went from 38103 back to 38099 over a restart."""
    with opened(path) as journal:
        journal.write([intent(38_102)])
    with opened(path) as journal:
        assert journal.mark(7) == 38_102
        for order_id in (38_099, 38_102):
            (refused,) = journal.write([intent(order_id)])
            assert isinstance(refused, DuplicateOrderId)
            assert "38102, the highest it has used" in str(refused)
        assert journal.write([intent(38_103), intent(5, client_id=8)]) == [None, None]
        assert (journal.mark(7), journal.mark(8), journal.mark(9)) == (38_103, 5, 0)
    assert len(records_of(path)) == 3


def test_the_last_order_id_of_all_is_taken_and_the_next_refused(path: Path) -> None:
    with opened(path) as journal:
        assert journal.write([intent(MAX_ORDER_ID)]) == [None]
        (refused,) = journal.write([intent(MAX_ORDER_ID + 1)])
        assert "the largest there is" in str(refused)


def test_one_refused_intent_does_not_hold_up_what_is_written_with_it(path: Path) -> None:
    with opened(path) as journal:
        first = intent(1)
        results = journal.write([first, intent(1), sent(1), intent(2)])
        assert [type(one) for one in results] == [type(None), DuplicateOrderId, type(None), type(None)]
    assert [one.entry.kind for one in records_of(path)] == [Kind.INTENT, Kind.SENT, Kind.INTENT]


def test_a_reference_is_used_once(path: Path) -> None:
    with opened(path) as journal:
        journal.write([intent(1)])
        again = intent(1, client_id=8)
        (refused,) = journal.write([again])
        assert isinstance(refused, JournalUnwritable)
        assert not refused.retryable


def test_no_order_has_the_id_0(path: Path) -> None:
    with opened(path) as journal:
        assert isinstance(journal.write([intent(0)])[0], DuplicateOrderId)


# --- one process -----------------------------------------------------------------------------------------------------


@posix_only
def test_a_second_process_is_told_who_has_it(path: Path) -> None:
    with child(path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(JournalLocked, match=rf"in use by process {process.pid} .* since 2026-11-22"):
            JournalFile(path, NOW)
        reader = JournalReader(path)  # looking is allowed
        assert reader.problems() == []
        reader.close()
        process.kill()
    with opened(path) as journal:  # the lock ended with its process
        assert journal.mark(7) >= 0


def test_a_second_journal_in_one_process_is_refused(path: Path) -> None:
    with opened(path), pytest.raises(JournalLocked):
        JournalFile(path, NOW)
    with opened(path):
        pass


def test_a_log_that_was_given_room_is_overwritten_and_holds_what_a_crash_leaves(path: Path, tmp_path: Path) -> None:
    log = path.with_name(f"{path.name}-wal")
    with opened(path) as journal:
        journal.write([intent(1)])
        journal.grow_log()
        length = log.stat().st_size
        assert length > 1000 * 4096
        for number in range(2, 40):
            assert journal.write([intent(number)]) == [None]
        assert log.stat().st_size == length
        there = tmp_path / "after the crash"
        there.mkdir()
        for file in (path, log, path.with_name(f"{path.name}.mark")):
            shutil.copy(file, there)
    for where in (path, there / path.name):
        with opened(where) as journal:
            assert journal.mark(7) == 39
        assert [one.entry for one in records_of(where)] == [intent(number) for number in range(1, 40)]


def test_a_log_for_which_there_is_no_room_stays_as_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_file, "_ROOM_BYTES", 2**31)  # more than SQLite takes
    with opened(path) as journal:
        journal.grow_log()
        assert journal.write([intent(1)]) == [None]
    assert [one.entry for one in records_of(path)] == [intent(1)]


# --- kill -9 ---------------------------------------------------------------------------------------------------------


@posix_only
@pytest.mark.campaign
def test_a_killed_process_leaves_all_that_it_said_it_had_written(tmp_path: Path) -> None:
    chance = Random(int(SEED or 1))
    told = 0
    for number in range(size(part=4, full=200)):
        path = tmp_path / f"journal{number // 20}.sqlite3"
        lines = killed(path, chance)
        told += len(lines)
        with opened(path) as journal:  # which checks the whole of it
            written = {(one.entry.kind, one.entry.order_id) for one in records_of(path)}
            assert written >= lines
            assert journal.write([intent(journal.mark(7) + 1)]) == [None]
    assert told > 0


def killed(path: Path, chance: Random) -> set[tuple[Kind, int]]:
    """What a process said it had written before it was killed: at work, or while it opened its journal."""
    first = max(marks_of(path).values(), default=0) + 1
    with child(path, first=first) as process:
        assert process.stdout is not None
        if chance.random() < 0.8:
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0, 0.05))
        else:
            time.sleep(chance.uniform(0.1, 0.5))
        process.kill()
        whole, _, _ = process.stdout.read().rpartition("\n")  # the last line may be half a line
    return {(Kind(kind), int(order_id)) for kind, order_id in re.findall(r"(intent|sent) (\d+)", whole)}


def marks_of(path: Path) -> dict[int, int]:
    if not is_begun(path):
        return {}
    reader = JournalReader(path)
    try:
        return reader.marks()
    finally:
        reader.close()


# --- a full disk -----------------------------------------------------------------------------------------------------


@posix_only
def test_a_full_disk_refuses_the_order_and_the_journal_stays_whole(path: Path) -> None:
    with child(path, size_limit=120_000) as process:
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
    refused = next(line for line in lines if line.startswith("refused"))
    assert "journal.sqlite3: " in refused
    assert lines[-1] == "goes on"
    last = int(refused.split()[1])
    intents = {one.entry.order_id for one in records_of(path) if one.entry.kind is Kind.INTENT}
    assert intents == set(range(1, last + 1)) or intents == set(range(1, last))
    assert ("intent", str(last)) in {tuple(line.split()[:2]) for line in lines} or last not in intents
    reader = JournalReader(path)
    assert reader.problems(is_thorough=True) == []
    reader.close()


def test_a_mark_that_cannot_be_written_refuses_the_next_record_and_not_what_is_on_the_disk(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with opened(path) as journal:
        with monkeypatch.context() as patched:
            patched.setattr(MarkFile, "write", full)
            assert journal.write([intent(1)]) == [None]
            with pytest.raises(JournalUnwritable, match=r"mark: .*No space left"):
                journal.write([intent(2)])
        assert journal.write([intent(3)]) == [None]
    assert [one.entry.order_id for one in records_of(path)] == [1, 3]
    with opened(path):
        pass


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalUnwritable):
        JournalFile(tmp_path / "file" / "journal.sqlite3", NOW)


# --- damage ----------------------------------------------------------------------------------------------------------

ORDERS = 40


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a process that was killed leaves: a file, its log with half of the records, and its mark."""
    path = tmp_path_factory.mktemp("journal") / "journal.sqlite3"
    with opened(path) as journal:
        journal.write([intent(number) for number in range(1, ORDERS // 2)])
    copy = tmp_path_factory.mktemp("crashed") / "journal.sqlite3"
    with opened(path) as journal:
        for number in range(ORDERS // 2, ORDERS):
            journal.write([intent(number), sent(number)])
        for file in path.parent.glob("journal.sqlite3*"):
            if file.suffix not in (".lock", ".holder", ".sqlite3-shm"):
                shutil.copy(file, copy.parent / file.name)
    assert (copy.parent / "journal.sqlite3-wal").stat().st_size > 10_000
    return copy


def copied(crashed: Path, folder: Path) -> Path:
    for file in crashed.parent.iterdir():
        if not file.name.endswith("-shm"):
            shutil.copy(file, folder / file.name)
    return folder / crashed.name


def read_all(path: Path) -> list[object]:
    """Every record, once the journal has been opened; raises JournalCorrupt if it cannot be."""
    with opened(path):
        return [(one.sequence, one.entry) for one in records_of(path)]


@pytest.mark.campaign
@pytest.mark.parametrize("name", ["journal.sqlite3", "journal.sqlite3-wal", "journal.sqlite3.mark"])
def test_flipped_bytes_are_found_or_do_no_harm(crashed: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "whole").mkdir()
    whole = read_all(copied(crashed, tmp_path / "whole"))
    chance = Random(int(SEED or 1))
    found = 0
    for number in range(size(part=25, full=500)):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = copied(crashed, folder)
        damaged = path.with_name(name)
        data = bytearray(damaged.read_bytes())
        data[chance.randrange(len(data))] ^= chance.randrange(1, 256)
        damaged.write_bytes(data)
        try:
            assert read_all(path) == whole
        except JournalCorrupt:
            found += 1
            before = {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".sqlite3-shm"}
            with pytest.raises(JournalCorrupt):
                JournalFile(path, NOW)
            after = {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".sqlite3-shm"}
            assert before == after, "it was changed"
        shutil.rmtree(folder)
    assert found


@pytest.mark.campaign
def test_a_log_that_ends_early_is_found_or_has_lost_nothing_that_was_promised(crashed: Path, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    whole = read_all(copied(crashed, tmp_path / "whole"))
    chance = Random(int(SEED or 1))
    for number in range(size(part=15, full=300)):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = copied(crashed, folder)
        log = path.with_name(f"{path.name}-wal")
        log.write_bytes(log.read_bytes()[: chance.randrange(log.stat().st_size)])
        with pytest.raises(JournalCorrupt, match="were written and are gone"):
            read_all(path)
        path.with_name(f"{path.name}.mark").unlink()  # as if the promise had not been made: the last write was torn
        shorter = read_all(path)
        assert shorter == whole[: len(shorter)]
        shutil.rmtree(folder)


def test_a_journal_that_is_gone_is_not_begun_anew(crashed: Path, tmp_path: Path) -> None:
    path = copied(crashed, tmp_path)
    for content in (None, b""):
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}-wal").unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(JournalCorrupt, match="but there was"):
            JournalFile(path, NOW)


def test_a_file_that_was_never_begun_becomes_a_journal(path: Path) -> None:
    """A process ended after SQLite had made the file, and before there was a table in it."""
    changed(path, "PRAGMA journal_mode = WAL")
    assert path.stat().st_size
    with pytest.raises(JournalCorrupt, match="no journal was begun in it"):
        JournalReader(path)
    with opened(path) as journal:
        assert journal.write([intent(1)]) == [None]


@pytest.mark.parametrize("is_page_written", [True, False])
def test_a_file_that_was_half_made_when_the_process_was_killed_becomes_a_journal(
    path: Path, tmp_path: Path, *, is_page_written: bool
) -> None:
    """SQLite had written to the file, and what undoes that lies beside it: who may only read is refused."""
    made = tmp_path / "elsewhere.sqlite3"
    connection = sqlite3.connect(made, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE records (what TEXT)")
    for _ in range(100):
        connection.execute("INSERT INTO records VALUES (?)", ("x" * 1000,))
    shutil.copy(made, path)
    shutil.copy(made.with_name("elsewhere.sqlite3-journal"), path.with_name(f"{path.name}-journal"))
    connection.execute("COMMIT")
    connection.close()
    if is_page_written:
        shutil.copy(made, path)
    with opened(path) as journal:
        assert journal.write([intent(1)]) == [None]
    assert len(records_of(path)) == 1


def changed(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE records SET order_id = 99 WHERE sequence = 2", "record 2 is not what was written"),
        ("DELETE FROM records WHERE sequence = 2", "record 2 is missing"),
        ("DELETE FROM records WHERE sequence = 4", "records 4 to 4 were written and are gone"),
        ("UPDATE marks SET order_id = 99", "the highest order id of client 7 is not what was written"),
        ("DELETE FROM marks", "client 7 has used order id 2, and its mark is 0"),
        ("DROP INDEX intents", "its tables are not those of version"),
        ("UPDATE records SET kind = 'rumour' WHERE sequence = 1", "record 1 is not what was written"),
        ("PRAGMA user_version = 99", r"has version 99, .*; hint: update ibwire"),
        ("PRAGMA application_id = 5", "no journal of ibwire"),
    ],
)
def test_what_was_changed_by_hand_is_said(path: Path, statement: str, said: str) -> None:
    with opened(path) as journal:
        journal.write([intent(1), sent(1), intent(2), sent(2)])
    changed(path, statement)
    with pytest.raises(JournalCorrupt, match=said):
        JournalFile(path, NOW)


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"\0" * 5000, b"x"])
def test_another_file_is_no_journal_and_stays_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(JournalCorrupt):
        JournalFile(path, NOW)
    assert path.read_bytes() == content


def test_another_database_is_no_journal_and_stays_as_it_is(path: Path) -> None:
    changed(path, "CREATE TABLE users (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(JournalCorrupt, match="no journal of ibwire"):
        JournalFile(path, NOW)
    assert path.read_bytes() == before


@pytest.mark.parametrize("begin", [lambda path: JournalFile(path, NOW), JournalReader])
def test_a_folder_is_no_journal_and_what_to_do_is_said_once(path: Path, begin: Callable[[Path], object]) -> None:
    path.mkdir()
    with pytest.raises(JournalCorrupt, match="is a folder") as failure:
        begin(path)
    assert str(failure.value).count("hint:") == 1


# --- older versions --------------------------------------------------------------------------------------------------


def test_an_older_journal_is_brought_to_the_newest_version_with_all_its_records(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(path) as journal:
        journal.write([intent(1), sent(1)])
    before = records_of(path)
    newer = (*journal_schema.STEPS, ("CREATE TABLE more (what TEXT)", "CREATE INDEX most ON more (what)"))
    monkeypatch.setattr(journal_schema, "STEPS", newer)
    with opened(path) as journal:
        assert journal.write([intent(2)]) == [None]
    reader = JournalReader(path)
    assert reader.version == len(newer)
    assert list(reader.records())[:2] == before
    assert reader.problems(is_thorough=True) == []
    reader.close()


def test_a_migration_that_fails_leaves_the_journal_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(path) as journal:
        journal.write([intent(1)])
    broken = (*journal_schema.STEPS, ("CREATE TABLE more (what TEXT)", "CREATE TABLE records (what TEXT)"))
    with monkeypatch.context() as patched:
        patched.setattr(journal_schema, "STEPS", broken)
        with pytest.raises(JournalUnwritable):
            JournalFile(path, NOW)
    with opened(path) as journal:
        assert journal.write([intent(2)]) == [None]


def test_the_key_of_an_order_is_in_its_records(path: Path) -> None:
    with opened(path) as journal:
        journal.write([intent(3)])
    (record,) = records_of(path)
    assert (record.entry.client_ref, record.entry.order_id) == (key_of(3).client_ref, 3)
