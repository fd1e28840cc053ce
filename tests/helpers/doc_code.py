"""The code blocks of the documentation's pages, and how each is to be run.

A block of Python is a *program* if it calls `asyncio.run`, a *file* if it has a title, and otherwise goes on inside the
session that the page has opened: its names are those of the page's blocks before it, and `session`. A comment before a
block says otherwise: `<!-- runs for 2 s -->` stops what would go on for ever, `<!-- not run: why -->` leaves it out.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import textwrap
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NamedTuple

from ibwire.session import IBSession
from ibwire.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"

_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<note>runs for [\d.]+ s|not run: [^>]+?) -->\n\n?)?"
    r'^(?P<indent> *)```python(?: title="(?P<title>[^"]+)")?\n(?P<code>.*?)^(?P=indent)```$',
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """One block of Python of a page. `seconds` is how long it runs if it would run for ever."""

    place: str
    code: str
    title: str
    seconds: float | None
    is_run: bool

    @property
    def is_program(self) -> bool:
        return "asyncio.run(" in self.code


def blocks_of(page: Path) -> list[Block]:
    """The blocks of Python of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        note = match["note"] or ""
        line = text.count("\n", 0, match.start("code")) + 1
        found.append(
            Block(
                place=f"{page.relative_to(DOCS.parent).as_posix()}:{line}",
                code=textwrap.dedent(match["code"]),
                title=match["title"] or "",
                seconds=float(note.split()[2]) if note.startswith("runs for") else None,
                is_run=not note.startswith("not run"),
            )
        )
    return found


def run_page(blocks: list[Block]) -> None:
    """Run the programs and the fragments of a page, in its order, with the settings of the environment."""
    names: dict[str, Any] = {}
    rest = [block for block in blocks if block.is_run and not block.title]
    while rest:
        if rest[0].is_program:
            names = _run_program(rest.pop(0))
            continue
        fragments = []
        while rest and not rest[0].is_program:
            fragments.append(rest.pop(0))
        asyncio.run(_run_fragments(fragments, names))


def _run_program(block: Block) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "__main__"}
    code = block.code
    if block.seconds is not None:
        code = code.replace("asyncio.run(main())", "asyncio.run(stopped(main()))")
        names["stopped"] = lambda work: _stopped(work, block.seconds)
    exec(compile(code, block.place, "exec", dont_inherit=True), names)
    return names


async def _run_fragments(blocks: list[Block], names: dict[str, Any]) -> None:
    async with IBSession(Settings.from_env()) as session:
        names["session"] = session
        for block in blocks:
            code = compile(block.code, block.place, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            result = eval(code, names)
            if inspect.iscoroutine(result):
                await (result if block.seconds is None else _stopped(result, block.seconds))


async def _stopped(work: Coroutine[Any, Any, None], seconds: float | None) -> None:
    """What runs for ever, for a while: as long as it raises nothing it has done what the page says."""
    try:
        async with asyncio.timeout(seconds) as limit:
            await work
    except TimeoutError:
        if not limit.expired():
            raise
