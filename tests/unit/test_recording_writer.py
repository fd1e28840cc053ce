"""The files of a recording: what is written is read back, whatever happens to the process or the disk."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire import recording_day
from ibwire.exceptions import LibraryMissing, RecordingFailed
from ibwire.recording_day import parts_in
from ibwire.recording_reader import read_recording
from ibwire.recording_schema import COLUMNS, RecordingRow, arrow
from tests.helpers.campaigns import campaign
from tests.helpers.recordings import DAY_NS, any_rows, numbers_in, opened, plain_rows, read


class Died(BaseException):
    """The process ends here: nothing that would tidy up runs."""


def of(con_id: int, rows: list[RecordingRow]) -> list[RecordingRow]:
    return [row for row in rows if row.con_id == con_id]


@campaign(part=15, full=2000)
@given(
    rows=any_rows(), row_group_rows=st.integers(1, 50), cuts=st.lists(st.integers(0, 40), max_size=6), data=st.data()
)
def test_every_row_is_read_back_in_its_order(
    rows: list[RecordingRow], row_group_rows: int, cuts: list[int], data: st.DataObject
) -> None:
    bounds = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writer = opened(folder, row_group_rows=row_group_rows)
        for start, end in pairwise(bounds):
            writer.write(rows[start:end])
            if data.draw(st.booleans(), "begin again"):
                writer.close()
                writer = opened(folder, row_group_rows=row_group_rows)
            for con_id in {row.con_id for row in rows[:end]}:
                assert read(folder / str(con_id)) == of(con_id, rows[:end])
        writer.close()
        back = read(folder)
        assert [row.received_ns for row in back] == sorted(row.received_ns for row in rows)
        assert all(of(con_id, back) == of(con_id, rows) for con_id in (265598, 272093))
        days = {(row.con_id, row.received_ns // DAY_NS) for row in rows}
        assert len(list(folder.rglob("*.parquet"))) == len(days)  # closed days are one file each


def test_a_process_that_dies_anywhere_loses_at_most_the_row_group_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies before each of its operations on the file system in turn, and within each file."""
    monkeypatch.setattr(recording_day, "MOST_SMALL_PARTS", 2)
    steps = 0
    while _dies(tmp_path / str(steps), monkeypatch, after=steps):
        steps += 1
    assert steps > 30


def _dies(folder: Path, monkeypatch: pytest.MonkeyPatch, *, after: int) -> bool:
    """Whether the process was dead before all was done; what there is then is checked, and that one can go on."""
    folder.mkdir()
    writer = opened(folder)
    rows, done, has_died = plain_rows(30), 0, False
    with monkeypatch.context() as patch:
        _let_die(patch, after=after)
        try:
            for start in range(0, len(rows), 10):
                writer.write(rows[start : start + 10])
                done = start + 10
            writer.close()
        except Died:
            has_died = True
    writer._lock.release(force=True)  # type: ignore[union-attr]  # as the system does when a process dies
    kept = numbers_in(folder)
    assert kept in (list(range(done)), list(range(done + 10)))
    again = opened(folder)
    again.write(plain_rows(1))
    again.close()
    assert numbers_in(folder) == [*kept, 0]
    assert not list(folder.rglob("*.tmp"))
    return has_died


def _let_die(patch: pytest.MonkeyPatch, *, after: int) -> None:
    left = after

    def before(real: object) -> object:
        def step(*arguments: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise Died
            return real(*arguments, **named)  # type: ignore[operator]

        return step

    patch.setattr(recording_day.os, "fsync", before(os.fsync))
    writer = arrow().pq.ParquetWriter
    patch.setattr(writer, "write_table", before(writer.write_table))
    for name in ("replace", "unlink", "mkdir"):
        patch.setattr(Path, name, before(getattr(Path, name)))


_ENDLESS = """
import sys
from pathlib import Path
from ibwire import recording_day
from tests.helpers.recordings import opened, plain_rows
recording_day.MOST_SMALL_PARTS = 4
writer = opened(Path(sys.argv[1]), row_group_rows=50)
rows = plain_rows(500_000)
for start in range(0, len(rows), 50):
    writer.write(rows[start:start + 50])
    print(start + 50, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is needed")
def test_what_a_killed_process_said_was_written_is_there(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _ENDLESS, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=_environment()
    )
    assert process.stdout is not None
    for _ in range(23):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    written = 23 * 50 + sum(1 for _ in process.stdout) * 50
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    assert numbers_in(tmp_path) in (list(range(written)), list(range(written + 50)))
    again = opened(tmp_path)  # the lock died with its owner
    again.close()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])}


def test_a_full_disk_is_one_clear_error_and_loses_nothing_that_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = opened(tmp_path)
    writer.write(plain_rows(10))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(recording_day.os, "fsync", full)
    with pytest.raises(RecordingFailed, match=r"3 rows could not be written .* No space left on device"):
        writer.write(plain_rows(3))
    monkeypatch.undo()
    writer.close()
    assert numbers_in(tmp_path) == list(range(10))
    assert not list(tmp_path.rglob("*.tmp"))  # what was begun gives its space back


def test_many_small_row_groups_do_not_become_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_day, "MOST_SMALL_PARTS", 5)
    writer = opened(tmp_path)
    for row in plain_rows(23):
        writer.write([row])
    day = next(tmp_path.glob("*/*"))
    assert [(part.first, part.last) for part in parts_in(day)] == [
        *((0, 4), (5, 9), (10, 14), (15, 19)),
        *((20, 20), (21, 21), (22, 22)),
    ]
    writer.close()
    assert numbers_in(tmp_path) == list(range(23))


def test_two_recorders_in_one_folder_are_refused(tmp_path: Path) -> None:
    writer = opened(tmp_path)
    with pytest.raises(RecordingFailed, match="another recorder writes"):
        opened(tmp_path)
    writer.close()
    opened(tmp_path).close()


def test_a_recording_is_a_table_as_well(tmp_path: Path) -> None:
    writer = opened(tmp_path, row_group_rows=4)
    writer.write([*plain_rows(6), *plain_rows(5, con_id=1)])
    writer.close()
    table = read_recording(tmp_path).to_arrow()
    assert table.column_names == list(COLUMNS)
    assert table.column("position").to_pylist() == [*range(5), *range(6)]
    day = next((tmp_path / "1").iterdir())
    assert read(day) == read(next(day.iterdir())) == plain_rows(5, con_id=1)


def test_a_recording_is_a_table_of_pandas_where_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas")
    writer = opened(tmp_path)
    writer.write(plain_rows(6))
    writer.close()
    frame = read_recording(tmp_path).to_pandas()
    assert list(frame.columns) == list(COLUMNS)
    assert frame["position"].tolist() == list(range(6))
    assert frame["received_ns"].dtype == "int64"
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(LibraryMissing, match="pandas"):
        read_recording(tmp_path).to_pandas()


@pytest.mark.parametrize(
    ("name", "content"), [("nothing", None), ("000000-000000.parquet", b"PAR1 cut off"), ("empty", ...)]
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        path.mkdir()
    with pytest.raises(RecordingFailed, match=name):
        list(read_recording(path))


def test_a_parquet_file_of_something_else_is_refused(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(RecordingFailed, match="no file of a recording"):
        list(read_recording(tmp_path / "other.parquet"))


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(LibraryMissing, match=r"ibwire\[recording\]"):
        read_recording(tmp_path)
    with pytest.raises(LibraryMissing, match=r"ibwire\[recording\]"):
        opened(tmp_path)
