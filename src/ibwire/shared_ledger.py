"""One budget of messages for several processes on a machine that use the same gateway login.

A small file holds the times of the newest messages, all processes together, on the machine's monotonic clock (which
all its processes share); a lock beside it makes each look and entry one step. Off unless a file is named in the
settings.

A ledger that cannot be used any more (a full disk, a folder that is gone, a process that holds the lock and does not
go on) holds nobody up: the log tells it, it is left alone for a while, and each process keeps its own limit meanwhile.
"""

from __future__ import annotations

import logging
import struct
from pathlib import Path

from filelock import FileLock

from ibwire.exceptions import ConfigurationError
from ibwire.sliding_window import GUARD_S

_TIME = struct.Struct("<d")
WINDOW_S = 1.0 + GUARD_S

LOCK_TIMEOUT_S = 0.2
"""How long the lock is waited for, and the event loop with it; a look and an entry take a fraction of a millisecond."""

LEFT_ALONE_S = 10.0
"""For how long a ledger that could not be used is left alone."""

_log = logging.getLogger(__name__)


class SharedLedger:
    """The times at which messages left in the last second, kept in `path`. Raises ConfigurationError if they cannot be
    kept there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path.with_suffix(path.suffix + ".lock"), timeout=LOCK_TIMEOUT_S)
        self._left_alone_until = 0.0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab"):
                pass
        except OSError as error:
            raise ConfigurationError(f"rate_limit.shared_ledger is {path}, which cannot be used: {error}") from error

    def take(self, now: float, limit: int) -> float:
        """Enter a message that leaves now if fewer than `limit` left in the last second; else when that will be so.

        Returns `now` if it was entered, or if the ledger cannot be used; a later time if not.
        """
        if now < self._left_alone_until:
            return now
        try:
            return self._take(now, limit)
        except OSError as error:  # what cannot have the lock in time is one too
            self._left_alone_until = now + LEFT_ALONE_S
            _log.warning("the ledger is left alone for %g s, each process keeps its own limit: %s", LEFT_ALONE_S, error)
            return now

    def _take(self, now: float, limit: int) -> float:
        with self._lock:
            data = self._path.read_bytes() if self._path.exists() else b""
            whole = len(data) - len(data) % _TIME.size  # a process that died while writing leaves a part
            # Another process may have looked at the clock after us and come first; what is further ahead is of an
            # earlier boot of the machine.
            entered: list[float] = [at for (at,) in _TIME.iter_unpack(data[:whole])]
            times = sorted(at for at in entered if now - WINDOW_S < at < now + WINDOW_S)
            if len(times) >= limit:
                return times[len(times) - limit] + WINDOW_S
            times.append(now)
            self._path.write_bytes(b"".join(map(_TIME.pack, times)))
        return now
