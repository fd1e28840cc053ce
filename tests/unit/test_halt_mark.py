"""The mark that trading is halted: who sets it, what it says, and that anything odd about it halts as well."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ibwire.exceptions import JournalUnwritable
from ibwire.halt_mark import HaltMark

NOW = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)


@pytest.fixture
def mark(tmp_path: Path) -> HaltMark:
    return HaltMark(tmp_path / "journal.sqlite3")


def test_it_says_why_since_when_and_who_until_it_is_removed(mark: HaltMark) -> None:
    assert (mark.is_set(), mark.read()) == (False, None)
    mark.set("too many orders", NOW)
    halt = mark.read()
    assert halt is not None
    assert (mark.is_set(), halt.reason, halt.at) == (True, "too many orders", NOW)
    assert f"process {os.getpid()}" in halt.by
    mark.remove()
    assert (mark.is_set(), mark.read()) == (False, None)
    mark.remove()  # nothing to do


def test_it_lies_beside_the_journal_and_nothing_else_is_left_there(mark: HaltMark, tmp_path: Path) -> None:
    mark.set("", NOW)
    mark.set("again", NOW)
    (file,) = tmp_path.iterdir()
    assert file.name == "journal.sqlite3.halted"
    assert json.loads(file.read_text())["reason"] == "again"


@pytest.mark.parametrize(
    ("content", "reason"), [("", "no reason was given"), ("{", "cannot be read"), ("[]", "cannot be")]
)
def test_whatever_it_says_its_being_there_halts(mark: HaltMark, content: str, reason: str) -> None:
    mark.path.write_text(content)
    halt = mark.read()
    assert halt is not None
    assert reason in halt.reason


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not hold here")
def test_where_one_may_not_look_trading_is_halted(mark: HaltMark, tmp_path: Path) -> None:
    tmp_path.chmod(0)
    try:
        assert mark.is_set()
        assert mark.read() is not None
    finally:
        tmp_path.chmod(0o700)


def test_a_disk_that_does_not_answer_halts(mark: HaltMark, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "stat", failing)
    assert mark.is_set()


def test_one_that_cannot_be_set_says_how_else_to_halt(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    mark = HaltMark(tmp_path / "file" / "journal.sqlite3")
    assert not mark.is_set()
    with pytest.raises(JournalUnwritable, match="trading is not halted"):
        mark.set("now", NOW)


def test_on_a_full_disk_there_is_room_for_an_empty_mark(mark: HaltMark, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def full(number: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    mark.set("now", NOW)
    assert (found := mark.read()) is not None
    assert found.reason == "no reason was given"
    assert list(mark.path.parent.iterdir()) == [mark.path]


def test_one_that_cannot_be_removed_holds(mark: HaltMark) -> None:
    mark.path.mkdir()
    with pytest.raises(JournalUnwritable, match="trading is still halted"):
        mark.remove()
    assert mark.is_set()
