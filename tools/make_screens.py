"""Make docs/screens/*.svg: what commands look like in a terminal, each from a real run against a simulated gateway.

    python tools/make_screens.py [NAME...]

A screen is the command as one types it and what rich would draw for it; `SCREENS` says how each comes about.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import chdir
from pathlib import Path

from rich.console import Console, RenderableType
from rich.text import Text

from ibwire.cli import findings
from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.doctor import diagnose
from ibwire.cli.quotes import QuotesView, contracts_of, parsed
from ibwire.cli.watching import Watch
from ibwire.simulator import GeneratedFeed, SimulatedGateway

FOLDER = Path(__file__).parents[1] / "docs" / "screens"
WIDTH = 96
SYMBOLS = ["AAPL", "MSFT", "EUR.USD", "FUT:ES:CME:202603", "STK:700:SEHK:HKD"]


async def quotes() -> tuple[str, RenderableType]:
    """Five quotes after some seconds of a made-up market."""
    view = QuotesView(SYMBOLS)
    watch = Watch(view, seconds=6, console=Console(file=io.StringIO(), force_terminal=True))
    async with connected(Gateway(sim=True)) as session:
        contracts = await contracts_of(session, parsed(SYMBOLS))
        await watch.until_enough({label: session.market_data.quotes(one) for label, one in contracts.items()})
    return f"ibwire quotes {' '.join(SYMBOLS)} --sim", view.table()


async def doctor() -> tuple[str, RenderableType]:
    """A gateway that works, but not for everything: its API is read-only, and its login sees delayed data."""
    async with SimulatedGateway(
        feed=GeneratedFeed(seed=1), is_read_only=True, permissions={"AAPL": "delayed"}
    ) as gateway:
        found = await diagnose(Gateway(port=gateway.port), symbol="AAPL", timeout_s=5)
        return f"ibwire doctor --port {gateway.port}", findings.table(found)


SCREENS: dict[str, Callable[[], Awaitable[tuple[str, RenderableType]]]] = {"quotes": quotes, "doctor": doctor}
"""By name: what runs a command for real and gives its text and what it shows at the end."""


def save(name: str, command: str, shown: RenderableType) -> Path:
    """Draw the command and what it shows as docs/screens/<name>.svg."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"))
    console.print(shown)
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.svg"
    console.save_svg(str(path), title=f"ibwire {name}")
    return path


def main() -> None:
    """Make the screens that are named, or all."""
    for name in sys.argv[1:] or SCREENS:
        with tempfile.TemporaryDirectory() as folder, chdir(folder):  # no .env and no journal of whoever runs this
            command, shown = asyncio.run(SCREENS[name]())
        print(save(name, command, shown))


if __name__ == "__main__":
    main()
