"""Whether what is open is what the next process will find: the same files, in the process that opened them.

A file that was deleted, or replaced by a copy, is written on without a word for as long as it is open, and all of that
is lost with it. A child that was forked shares the parent's connection and its locks, and would harm both.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ibwire.exceptions import JournalUnwritable

_BESIDE = ("", "-wal", ".lock")


class JournalPlace:
    """The files of the journal at `path` as they are now, when it has just been opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pid = os.getpid()
        names = [path.with_name(f"{path.name}{part}") for part in _BESIDE]
        self._files = dict(_identities(os.fspath(one) for one in names if one.exists()))

    @property
    def is_inherited(self) -> bool:
        """Whether this process is a child of the one that opened it."""
        return os.getpid() != self._pid

    def check_process(self) -> None:
        """Raises JournalUnwritable in a child of the process that opened it."""
        if self.is_inherited:
            raise JournalUnwritable(
                f"{self._path} was opened by process {self._pid}, of which this one is a fork",
                retryable=False,
                hint="trade in the process that opened it; one that is to trade itself is started anew (`spawn`) and "
                "has a session, a client id and a journal of its own",
            )

    def check_files(self) -> None:
        """Raises JournalUnwritable if a file of it was deleted, moved or replaced."""
        for name, before in self._files.items():
            try:
                found = os.stat(name)  # noqa: PTH116 - before every order: a third of what Path.stat takes
            except OSError as error:
                raise self._not_there(f"{name} was deleted or moved while it was open ({error.strerror})") from error
            if (found.st_dev, found.st_ino) != before:
                raise self._not_there(f"{name} was replaced by another file while it was open")

    def _not_there(self, what: str) -> JournalUnwritable:
        return JournalUnwritable(
            f"{what}; nothing more is written",
            retryable=False,
            hint="put the very file back, or end the program, look at what is there with `ibwire journal verify`, and "
            "compare its orders with TWS before you begin again: what this process did is in the file that is gone",
        )


def _identities(names: Iterable[str]) -> Iterable[tuple[str, tuple[int, int]]]:
    for name in names:
        found = os.stat(name)  # noqa: PTH116 - as above, so that both are the same
        yield name, (found.st_dev, found.st_ino)
