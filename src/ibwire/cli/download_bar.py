"""How far a download is: a progress bar on a terminal's stderr, so that stdout can be piped, and nothing elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ibwire.bar_download import DownloadProgress
from ibwire.events import Event, EventManager, EventType
from ibwire.history_ticks import TickProgress


class DownloadBar:
    """Shows the progress of one download, and says when the gateway is away. `requests` is how many were made."""

    def __init__(self, events: EventManager, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal
        )
        self._task = self._progress.add_task("asking", total=None)
        self._events = events
        self.requests = 0

    def __enter__(self) -> DownloadBar:
        self._watching = self._events.subscribe((EventType.RECONNECTING, EventType.CONNECTION_RECOVERED), self._take)
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._watching.cancel()
        self._progress.stop()

    def take(self, progress: DownloadProgress) -> None:
        """So far with bars."""
        self.requests = progress.done
        self._progress.update(
            self._task, description=f"{progress.bars} bars", completed=progress.done, total=progress.total
        )

    def take_ticks(self, progress: TickProgress) -> None:
        """So far with ticks, of which nobody knows how many there are."""
        self.requests = progress.pages
        until = f"{progress.until:%Y-%m-%d %H:%M:%S}"
        self._progress.update(
            self._task, description=f"{progress.ticks} ticks, until {until} UTC", completed=progress.pages
        )

    def say(self, text: str) -> None:
        """A line between, on stderr."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _take(self, event: Event) -> None:
        if event.type is EventType.CONNECTION_RECOVERED:
            self.say("the gateway is back")
        elif event.data.attempt == 1:
            self.say(f"the gateway is away ({event.data.error}): waiting for it")
