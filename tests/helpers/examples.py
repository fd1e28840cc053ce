"""The programs in examples/, as a user starts them: a process of their own, the gateway named by the environment."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
TIMEOUT_S = 30.0


def variables(port: int, folder: Path) -> dict[str, str]:
    """What leads an example to a gateway, with a journal of its own."""
    return {
        "IBWIRE_CONNECTION_PORT": str(port),
        "IBWIRE_TRADING_JOURNAL_PATH": str(folder / "journal.sqlite3"),
        "IBWIRE_WATCHDOG_BACKOFF_FIRST_S": "0.05",
    }


def run_example(name: str, *arguments: str, port: int, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run an example to its end, in this folder."""
    return subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        cwd=folder,
        env={**os.environ, **variables(port, folder)},
    )


class Running:
    """An example that runs; its lines can be waited for."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._come: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._come.put(line.rstrip("\n"))
        self._come.put(None)

    def line_with(self, text: str) -> str:
        """The next line that has this text."""
        while True:
            try:
                line = self._come.get(timeout=TIMEOUT_S)
            except queue.Empty:
                raise AssertionError(f"no line with {text!r} came after {self.lines}") from None
            assert line is not None, f"ended before a line with {text!r}: {self.lines}"
            self.lines.append(line)
            if text in line:
                return line

    def end(self) -> int:
        """Wait for its end; the exit code."""
        code = self.process.wait(TIMEOUT_S)
        self.close()
        while (line := self._come.get()) is not None:
            self.lines.append(line)
        return code

    def close(self) -> None:
        """Let the reader come to the end of what a process that is over has said, before its pipe is closed."""
        self._reader.join(TIMEOUT_S)


@contextmanager
def running_example(name: str, *arguments: str, port: int, folder: Path) -> Iterator[Running]:
    """An example that runs until it is told to stop; killed at the end of the `with` if it still runs."""
    with subprocess.Popen(
        [sys.executable, str(EXAMPLES / name), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={**os.environ, **variables(port, folder)},
    ) as process:
        running = Running(process)
        try:
            yield running
        finally:
            process.kill()
            running.close()


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what will be so at the gateway in a moment."""
    end_s = time.monotonic() + TIMEOUT_S
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.01)
