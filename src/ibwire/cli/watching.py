"""What `quotes`, `ticks` and `depth` share: streams that are shown as they come, until it is enough."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Annotated, Any, Generic, Protocol, TypeVar

import typer
from rich.console import Console, RenderableType
from rich.live import Live

from ibwire.cli.board import in_words
from ibwire.cli.frame import say_json
from ibwire.cli.stopping import until_stopped
from ibwire.exceptions import RequestError
from ibwire.gaps import Gap, Resumed
from ibwire.streams import Stream

T = TypeVar("T")
Item = TypeVar("Item", contravariant=True)

REFRESHES_PER_S = 4
"""How often a table on a terminal is drawn anew."""

Seconds = Annotated[float | None, typer.Option("--seconds", min=0.1, help="End after so many seconds; else at Ctrl-C.")]
Count = Annotated[int | None, typer.Option("--count", min=1, help="End after so many changes, gaps not counted.")]


class View(Protocol[Item]):
    """What a command makes of what comes, keeping what is latest."""

    def take(self, label: str, item: Item | Gap | Resumed) -> None:
        """Take over what the stream of one contract gave."""

    def table(self) -> RenderableType:
        """All there is now, for a terminal."""

    def line(self, label: str, item: Item) -> str:
        """What has just come, for a pipe."""

    def as_dict(self, label: str, item: Item) -> dict[str, Any]:
        """What has just come, as plain data that JSON can hold."""


class Watch(Generic[T]):
    """Shows streams through a view until it has been so many seconds or so many items: the end is what comes first.

    On a terminal one table is kept up to date, into a pipe goes a line for each item, with `as_json` an object. A gap
    and its end are told in the same way, and between the items where they belong.
    """

    def __init__(
        self,
        view: View[T],
        *,
        as_json: bool = False,
        seconds: float | None = None,
        count: int | None = None,
        console: Console | None = None,
    ) -> None:
        self._view = view
        self._as_json = as_json
        self._seconds = seconds
        self._count = count
        self._console = console or Console(highlight=False)
        self._is_live = self._console.is_terminal and not as_json
        self._seen = 0
        self._open: set[str] = set()
        self._enough = asyncio.Event()

    async def run(self, streams: Mapping[str, Stream[T | Gap | Resumed]]) -> None:
        """Show these until it is enough or the process is asked to stop, a good end; raises as `until_enough`."""
        await until_stopped(self.until_enough(streams))

    async def until_enough(self, streams: Mapping[str, Stream[T | Gap | Resumed]]) -> None:
        """Show these, by what they are called, until it is enough, or all have ended.

        Raises an ExceptionGroup of what the streams raise; a RequestError says the name instead of the request.
        """
        self._open |= set(streams)
        with Live(console=self._console, auto_refresh=False) if self._is_live else nullcontext() as live:
            try:
                async with asyncio.timeout(self._seconds), asyncio.TaskGroup() as tasks:
                    work = [tasks.create_task(self._read(label, stream)) for label, stream in streams.items()]
                    if live is not None:
                        work.append(tasks.create_task(self._draw(live)))
                    await self._enough.wait()
                    for task in work:
                        task.cancel()
            except TimeoutError:
                pass  # it has been so many seconds
            finally:
                if live is not None:
                    live.update(self._view.table(), refresh=True)

    async def _draw(self, live: Live) -> None:
        while True:
            live.update(self._view.table(), refresh=True)
            await asyncio.sleep(1 / REFRESHES_PER_S)

    async def _read(self, label: str, stream: Stream[T | Gap | Resumed]) -> None:
        try:
            async with stream:
                async for item in stream:
                    self._show(label, item)
                    if self._enough.is_set():
                        return
        except RequestError as error:
            raise named(error, label) from error
        self._open.discard(label)
        if not self._open:
            self._enough.set()

    def _show(self, label: str, item: T | Gap | Resumed) -> None:
        self._view.take(label, item)
        if not self._is_live:
            self._say(label, item)
        if not isinstance(item, Gap | Resumed):
            self._seen += 1
            if self._seen == self._count:
                self._enough.set()

    def _say(self, label: str, item: T | Gap | Resumed) -> None:
        if self._as_json:
            say_json(mark(label, item) if isinstance(item, Gap | Resumed) else self._view.as_dict(label, item))
        elif isinstance(item, Gap):
            typer.echo(f"{label:<10} gap: {in_words(item)}{f' ({item.detail})' if item.detail else ''}")
        elif isinstance(item, Resumed):
            typer.echo(f"{label:<10} resumed at {item.at:%H:%M:%S} UTC")
        else:
            typer.echo(self._view.line(label, item))


def mark(label: str, item: Gap | Resumed) -> dict[str, Any]:
    """A gap or its end as plain data that JSON can hold."""
    if isinstance(item, Gap):
        return {"event": "gap", "contract": label, "since": item.since, "reason": item.reason, "detail": item.detail}
    return {"event": "resumed", "contract": label, "at": item.at}


def named(error: RequestError, label: str) -> RequestError:
    """The error, saying which contract it is about as the user wrote it and not with the whole request."""
    error.request = label
    return error
