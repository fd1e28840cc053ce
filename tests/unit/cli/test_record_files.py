"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ibwire.cli.frame import BadOption
from ibwire.cli.record_files import check_writable, csv_of, write_whole
from ibwire.exceptions import LibraryMissing
from ibwire.history_bars import Bar, Bars

BARS = Bars(
    [
        Bar(
            start=datetime(2026, 4, 6, 13, 30, tzinfo=UTC),
            open=1.0,
            high=2.5,
            low=0.5,
            close=2.0,
            volume=Decimal("1E2"),
        ),
    ],
    (),
)


def test_csv_has_exact_numbers_and_nothing_for_none() -> None:
    heading, row = csv_of(BARS).splitlines()
    assert heading == "start,open,high,low,close,volume,average,count,is_closed"
    assert row == "2026-04-06T13:30:00Z,1.0,2.5,0.5,2.0,100,,,True"


@pytest.mark.parametrize("name", ["bars.csv", "bars.parquet"])
def test_a_full_disk_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / name
    path.write_bytes(b"what was there")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=rf"{name} could not be written: No space left on device; nothing is left of it"):
        write_whole(BARS, path)
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_told_before_the_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    for path, complaint in (
        (tmp_path / "bars.xlsx", "has to end in .parquet or .csv"),
        (folder, "this is a folder"),
        (tmp_path / "none" / "bars.csv", "there is no folder"),
    ):
        with pytest.raises(BadOption, match=complaint):
            check_writable(path)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    check_writable(tmp_path / "bars.csv")
    with pytest.raises(LibraryMissing, match="pyarrow, which is not installed"):
        check_writable(tmp_path / "bars.parquet")
