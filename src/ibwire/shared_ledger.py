"""One budget of messages for several processes on a machine that use the same gateway login.

A small file holds the times of the newest messages, all processes together, on the machine's monotonic clock (which
all its processes share); a lock beside it makes each look and entry one step. Off unless a file is named in the
settings.
"""

from __future__ import annotations

import struct
from pathlib import Path

from filelock import FileLock

from ibwire.sliding_window import GUARD_S

_TIME = struct.Struct("<d")
WINDOW_S = 1.0 + GUARD_S


class SharedLedger:
    """The times at which messages left in the last second, kept in `path`. Raises OSError if it cannot be kept
    there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self._lock = FileLock(path.with_suffix(path.suffix + ".lock"), timeout=1.0)

    def take(self, now: float, limit: int) -> float:
        """Enter a message that leaves now if fewer than `limit` left in the last second; else when that will be so.

        Returns `now` if it was entered, a later time if not.
        """
        with self._lock:
            data = self._path.read_bytes()
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
