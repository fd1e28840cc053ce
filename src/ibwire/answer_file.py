"""A file in which answers are kept between runs: SQLite, safe with several processes and after a crash.

It is a cache: no trouble with it is fatal. A file that is damaged, or no database, is moved aside and made anew; one
that cannot be written is not used any more; a lock that another process holds is hardly waited for. Each is told once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

MAX_ROWS = 20_000
"""When the file is opened it keeps this many answers, the newest."""

BUSY_S = 0.05
"""How long an operation waits for another process, which holds its lock for less than a millisecond."""

REBUILD_LOCK_S = 1.0

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

# The version is in the table's name: two versions of ibwire can use one file, each its own answers.
_MAKE = (
    "CREATE TABLE IF NOT EXISTS answers_1 (kind TEXT, key TEXT, at REAL, answer BLOB, PRIMARY KEY (kind, key))",
    "CREATE INDEX IF NOT EXISTS answers_1_by_time ON answers_1 (at)",
)
_PRUNE = "DELETE FROM answers_1 WHERE at < (SELECT at FROM answers_1 ORDER BY at DESC LIMIT 1 OFFSET ?)"
_READ = "SELECT at, answer FROM answers_1 WHERE kind = ? AND key = ?"
_WRITE = "INSERT OR REPLACE INTO answers_1 VALUES (?, ?, ?, ?)"

T = TypeVar("T")


class AnswerFile:
    """Answers as bytes, by kind and key, each with the Unix seconds at which it came.

    Opened when it is first used. `on_trouble` is told what is wrong and what was done about it.
    """

    def __init__(self, path: Path, on_trouble: Callable[[str, str], object]) -> None:
        self.path = path
        self._on_trouble = on_trouble
        self._database: sqlite3.Connection | None = None
        self._is_usable = True
        self._was_busy = False

    def read(self, kind: str, key: str) -> tuple[float, bytes] | None:
        """An answer and when it came; None if there is none, or the file cannot be read."""

        def work(database: sqlite3.Connection) -> tuple[float, bytes] | None:
            row: tuple[float, bytes] | None = database.execute(_READ, (kind, key)).fetchone()
            return row

        return self._try(work)

    def write(self, kind: str, key: str, at: float, answer: bytes) -> None:
        """Keep an answer in place of an older one."""
        self._try(lambda database: database.execute(_WRITE, (kind, key, at, answer)))

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        database, self._database = self._database, None
        if database is not None:
            database.close()

    def _try(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """The result of `work`, once more after the file was made anew, or None if it cannot be had."""
        for _ in range(2):
            if not self._is_usable:
                return None
            try:
                return work(self._opened())
            except (sqlite3.Error, OSError) as error:
                if not self._is_mended(error):
                    return None
        return None

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._database = _connect(self.path)
            # Readers and the writer do not wait for each other, and a commit does not wait for the disk: what a power
            # cut takes is asked for again.
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            for statement in _MAKE:
                self._database.execute(statement)
            self._database.execute(_PRUNE, (MAX_ROWS - 1,))
        return self._database

    def _is_mended(self, error: sqlite3.Error | OSError) -> bool:
        """Whether it is worth to try again: the file was damaged, and has been made anew."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says more about the same
        if code in _BUSY:
            if not self._was_busy:
                self._was_busy = True
                self._on_trouble(str(error), "answers are not kept while another process holds the file")
            return False
        self.close()
        if code not in _DAMAGED:
            self._give_up(error)
            return False
        try:
            self._make_anew(error)
        except OSError as failure:  # a lock that did not come in time is one, too
            self._give_up(failure)
        return self._is_usable

    def _make_anew(self, error: sqlite3.Error | OSError) -> None:
        """Move the file aside, unless another process has done so meanwhile."""
        with FileLock(f"{self.path}.lock", timeout=REBUILD_LOCK_S):
            if _is_sound(self.path):
                return
            aside = self.path.with_name(f"{self.path.name}.damaged")
            for suffix in ("-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            self.path.replace(aside)
        self._on_trouble(str(error), f"moved to {aside.name} and made anew")

    def _give_up(self, error: Exception) -> None:
        self._is_usable = False
        self._on_trouble(str(error), "answers are kept in memory only")


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)


def _is_sound(path: Path) -> bool:
    try:
        database = _connect(path)
        try:
            return bool(database.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
        finally:
            database.close()
    except sqlite3.Error:
        return False
