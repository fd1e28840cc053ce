"""One process per journal: a lock that ends with its process, and a note of who holds it, for the others' error."""

from __future__ import annotations

import os
import socket
import sys
from datetime import datetime
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from ibwire.exceptions import JournalLocked


class JournalLock:
    """The lock of the journal at `path`; `now` is aware. Raises JournalLocked naming the holder."""

    def __init__(self, path: Path, now: datetime) -> None:
        self._lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=0)
        self._holder = path.with_name(f"{path.name}.holder")
        try:
            self._lock.acquire()
        except Timeout:
            raise JournalLocked(f"the journal {path} is in use by {_described(self._holder)}") from None
        me = {"pid": os.getpid(), "host": socket.gethostname(), "program": sys.argv[0], "since": now.isoformat()}
        self._holder.write_bytes(msgspec.json.encode(me))

    def release(self) -> None:
        """Let others have it."""
        self._holder.unlink(missing_ok=True)
        self._lock.release()


def holder_of(path: Path) -> str | None:
    """Who has the journal at `path`, None if nobody; it is not taken, though for a moment others would find it so."""
    holder = path.with_name(f"{path.name}.holder")
    if not holder.exists():
        return None
    lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return _described(holder)
    lock.release()  # its process has died
    return None


def _described(holder: Path) -> str:
    try:
        who = msgspec.json.decode(holder.read_bytes())
        return f"process {who['pid']} ({who['program']}) on {who['host']}, since {who['since']}"
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        return "another process"
