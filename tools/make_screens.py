"""Make docs/screens/*.svg: what commands look like in a terminal, each from a real run against a simulated gateway.

    python tools/make_screens.py [NAME...]

Each command is run as it is installed, on a terminal of its own; what stands on the screen at the end is drawn by rich.
Not on Windows, which has no such terminals.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from ibwire.simulator import GatewayThread  # noqa: E402
from tests.helpers.commands import on_a_terminal  # noqa: E402

FOLDER = ROOT / "docs" / "screens"
COLUMNS = 96

_CONTROL = re.compile(r"\x1b\[(\?)?([0-9;]*)([A-Za-z])")


@contextmanager
def imperfect_gateway() -> Iterator[tuple[str, ...]]:
    """A gateway that works, but not for everything: its API is read-only, and its login sees delayed data."""
    with GatewayThread(seed=1, is_read_only=True, permissions={"AAPL": "delayed"}) as gateway:
        yield ("--port", str(gateway.port))


SCREENS: dict[str, tuple[str, AbstractContextManager[tuple[str, ...]]]] = {
    "demo": ("demo", nullcontext(())),
    "quotes": (
        "quotes AAPL MSFT EUR.USD FUT:ES:CME:202603 STK:700:SEHK:HKD --sim --seconds 6",
        nullcontext(()),
    ),
    "doctor": ("doctor", imperfect_gateway()),
}
"""By name: a command, and what it needs around it, which gives the rest of the command's options."""


def on_screen(output: str) -> str:
    """What stands on a terminal after this: lines that were drawn over are gone; colours stay."""
    lines, row = [""], 0
    for part in re.split(r"(\x1b\[\??[0-9;]*[A-Za-z]|\r?\n|\r)", output):
        control = _CONTROL.fullmatch(part)
        if part.endswith("\n"):
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif control is None:
            lines[row] += part if part != "\r" else ""
        elif control[3] == "m":
            lines[row] += part
        elif control[3] == "A":
            row = max(0, row - int(control[2] or 1))
        elif control[3] == "K":
            lines[row] = ""
    return "\n".join(lines).rstrip()


def make(name: str) -> Path:
    """Run the command and draw its screen as docs/screens/<name>.svg; ends the program if the command fails."""
    command, around = SCREENS[name]
    with tempfile.TemporaryDirectory() as folder, around as more:  # no .env and no journal of whoever runs this
        arguments = (*command.split(), *more)
        status, output = on_a_terminal(*arguments, columns=COLUMNS, cwd=Path(folder))
    if status:
        sys.exit(f"ibwire {command} ended with {status}:\n{output}")
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ ibwire {' '.join(arguments)}", style="bold"))
    console.print(Text.from_ansi(on_screen(output)))
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.svg"
    console.save_svg(str(path), title=f"ibwire {name}")
    return path


def main() -> None:
    """Make the screens that are named, or all."""
    for name in sys.argv[1:] or SCREENS:
        print(make(name))


if __name__ == "__main__":
    main()
