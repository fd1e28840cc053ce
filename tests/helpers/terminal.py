"""The installed `ibwire` command with a person at a terminal: what it asks is on the terminal's input (not Windows)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.commands import IBWIRE


class Asked:
    """A running command whose input is a terminal; what it says comes through pipes."""

    def __init__(self, process: subprocess.Popen[str], terminal: int) -> None:
        self.process = process
        self._terminal = terminal
        self.said = ""

    def until(self, text: str) -> str:
        """Read what it says on stderr until `text` comes; all of it so far."""
        assert self.process.stderr is not None
        while text not in self.said:
            letter = self.process.stderr.read(1)
            assert letter, f"it ended, and said {self.said!r}"
            self.said += letter
        return self.said

    def type(self, text: str) -> None:
        """What the person types."""
        os.write(self._terminal, text.encode())

    def end(self, timeout_s: float = 20) -> tuple[int, str, str]:
        """Exit code, stdout and stderr when it has ended."""
        output, complaints = self.process.communicate(timeout=timeout_s)
        return self.process.returncode, output, self.said + complaints


@contextmanager
def asked(*arguments: str, cwd: Path, **variables: str) -> Iterator[Asked]:
    """A command with a terminal to ask at; killed at the end of the `with` if it still runs."""
    import pty  # not on Windows

    terminal, its_end = pty.openpty()
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **variables}
    command = [IBWIRE, *arguments]
    with subprocess.Popen(
        command, stdin=its_end, stdout=pipe, stderr=pipe, text=True, bufsize=1, cwd=cwd, env=environment
    ) as process:
        try:
            yield Asked(process, terminal)
        finally:
            process.kill()
            os.close(its_end)
            os.close(terminal)
