"""Lines to stdout from a thread of its own, because a pipe that nobody reads must not hold up who writes."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from types import TracebackType

MOST_LINES = 10_000
"""How many lines may wait for whoever reads them; what comes then is lost, and its number told."""

_END_TIMEOUT_S = 1.0


class LineWriter:
    """Writes lines to stdout, each at once and whole.

    `lost` words the line that tells how many were thrown away; it comes before the next one that finds room. Use it in
    a `with` statement; at its end what still waits is written, if somebody reads it within a second.
    """

    def __init__(self, lost: Callable[[int], str]) -> None:
        self._tell_lost = lost
        self._lines: queue.Queue[str | None] = queue.Queue(MOST_LINES)
        self._lost = 0
        self._thread = threading.Thread(target=self._print, name="line writer", daemon=True)

    def __enter__(self) -> LineWriter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._lines.put(None, timeout=_END_TIMEOUT_S)
        except queue.Full:
            return
        self._thread.join(_END_TIMEOUT_S)

    @property
    def waiting(self) -> int:
        """How many lines wait for whoever reads them."""
        return self._lines.qsize()

    def write(self, line: str) -> None:
        """Write it soon. It ends with a line break of its own."""
        try:
            if self._lost:
                self._lines.put_nowait(self._tell_lost(self._lost))
                self._lost = 0
            self._lines.put_nowait(line)
        except queue.Full:
            self._lost += 1

    def _print(self) -> None:
        # Past Python's own buffer: a thread that is stuck in there would not let the program end.
        # Without any stdout (`>&-`) there is no object either, whatever its type says.
        stdout = sys.stdout.fileno() if sys.stdout else os.open(os.devnull, os.O_WRONLY)
        while (line := self._lines.get()) is not None:
            data = f"{line}\n".encode()
            while data:
                try:
                    data = data[os.write(stdout, data) :]
                except OSError:  # nobody will ever read it: swallow what comes
                    stdout, data = os.open(os.devnull, os.O_WRONLY), b""
