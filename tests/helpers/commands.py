"""The installed `ibwire` command, as a person or a script uses it: a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IBWIRE = str(Path(sys.executable).with_name("ibwire.exe" if sys.platform == "win32" else "ibwire"))
"""The entry point that the installation made."""

TIMEOUT_S = 60


def ibwire(
    *arguments: str, cwd: Path | None = None, stdin: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end with `variables` over the environment; `stdin` is what a person types."""
    return subprocess.run(
        [IBWIRE, *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        input=stdin,
        cwd=cwd,
        env={**os.environ, **variables},
    )


@contextmanager
def running(
    *arguments: str, pipesize: int = -1, cwd: Path | None = None, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    """A command that runs until it is told to stop; killed at the end of the `with` if it still runs."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [IBWIRE, *arguments],
        stdout=pipe,
        stderr=pipe,
        text=True,
        pipesize=pipesize,
        cwd=cwd,
        env={**os.environ, **variables},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def on_a_terminal(*arguments: str, columns: int = 80, cwd: Path | None = None, **variables: str) -> tuple[int, str]:
    """Run a command to its end on a terminal of its own; its exit code, and all that came on the screen."""
    import pty  # not on Windows

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "40", **variables}
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    with subprocess.Popen([IBWIRE, *arguments], **streams, cwd=cwd, env=environment) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux says so when the other side has closed
            while data := os.read(ours, 65536):
                shown += data
        os.close(ours)
        return process.wait(TIMEOUT_S), shown.decode()
