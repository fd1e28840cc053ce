"""Asking the person at the terminal whether to go on."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import typer

from ibwire.cli.frame import BadOption

YES = frozenset({"y", "yes"})


def check_can_ask() -> None:
    """Raises BadOption where nobody could answer."""
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise BadOption(
            "nothing was sent: there is no terminal to ask at whether the order is meant; "
            "hint: --yes places it without asking, --what-if only shows what it would do"
        )


async def is_confirmed(question: str) -> bool:
    """Ask on stderr and wait for the answer while the session lives on; anything but y or yes is a no.

    It can be cancelled (Ctrl-C): the thread that reads does not hold up the end of the process.
    """
    typer.echo(f"{question} [y/N] ", err=True, nl=False)
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()

    def tell(text: str) -> None:
        if not answer.done():
            answer.set_result(text)

    def read() -> None:
        # Not sys.stdin: a thread that waits in there would keep its lock, which the interpreter wants at its end.
        try:
            text = os.read(sys.stdin.fileno(), 1024).decode(errors="replace")
        except OSError:
            text = ""
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, text)

    threading.Thread(target=read, name="ibwire question", daemon=True).start()
    try:
        text = await answer
    except asyncio.CancelledError:
        typer.echo("", err=True)
        raise
    return text.strip().lower() in YES
