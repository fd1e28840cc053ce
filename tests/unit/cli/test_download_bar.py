"""The progress of a download: on a terminal, and what is said between."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from msgspec.structs import replace
from rich.console import Console

from ibwire.bar_download import DownloadProgress
from ibwire.cli.download_bar import DownloadBar
from ibwire.events import EventManager, EventType, Reconnecting
from ibwire.history_ticks import TickProgress

AWAY = Reconnecting(attempt=1, pause_s=0.1, down_s=0.0, error="reset", is_planned=False)


async def test_a_terminal_sees_how_far_it_is_and_that_the_gateway_is_away() -> None:
    screen = io.StringIO()
    async with EventManager() as events:
        with DownloadBar(events, Console(file=screen, force_terminal=True, width=80)) as shown:
            shown.take(DownloadProgress(done=1, total=4, bars=390))
            shown._progress.refresh()
            events.emit(EventType.RECONNECTING, AWAY)
            shown.take_ticks(TickProgress(pages=7, ticks=7000, until=datetime(2026, 4, 6, tzinfo=UTC)))
            shown._progress.refresh()
    assert shown.requests == 7
    for text in ("390 bars", "1/4", "the gateway is away (reset): waiting for it", "7000 ticks, until 2026-04-06"):
        assert text in screen.getvalue()


async def test_a_log_sees_only_what_is_out_of_the_ordinary() -> None:
    log = io.StringIO()
    async with EventManager() as events:
        with DownloadBar(events, Console(file=log, width=80)) as shown:
            shown.take(DownloadProgress(done=1, total=4, bars=390))
            events.emit(EventType.RECONNECTING, AWAY)
            events.emit(EventType.RECONNECTING, replace(AWAY, attempt=2))
            events.emit(EventType.CONNECTION_RECOVERED, None)
    assert log.getvalue().splitlines() == ["the gateway is away (reset): waiting for it", "the gateway is back"]
