"""What `ibwire record` says now and then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from ibwire.cli.record import TELL_EVERY_S, Progress, Told
from ibwire.recorder import RecorderStatistics
from tests.helpers.virtual_time import on_virtual_time


class Kept:
    """Stands in for what writes lines, and for the recorder."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line)

    def statistics(self) -> RecorderStatistics:
        return RecorderStatistics(streams=2, rows=30, written=20, gaps=1)


@on_virtual_time
async def test_it_tells_how_far_it_is_every_ten_seconds_once_it_has_begun() -> None:
    kept = Kept()
    told = Told(Path("days"), kept, as_json=True)  # type: ignore[arg-type]
    telling = asyncio.create_task(told.now_and_then())
    await asyncio.sleep(1.5 * TELL_EVERY_S)
    assert kept.lines == []
    told.recorder = kept  # type: ignore[assignment]
    await asyncio.sleep(2 * TELL_EVERY_S)
    telling.cancel()
    told.tell(is_over=True)
    progress = [msgspec.json.decode(line, type=Progress) for line in kept.lines]
    assert [one.is_over for one in progress] == [False, False, True]
    assert {(one.directory, one.streams, one.rows, one.written, one.gaps) for one in progress} == {
        ("days", 2, 30, 20, 1)
    }


def test_for_people_it_is_a_sentence_that_ends_with_what_is_on_the_disk() -> None:
    kept = Kept()
    told = Told(Path("days"), kept, as_json=False)  # type: ignore[arg-type]
    told.recorder = kept  # type: ignore[assignment]
    told.tell()
    told.tell(is_over=True)
    assert kept.lines == [
        "30 rows of 2 streams in 0 s, 1 gaps",
        "recorded 20 rows of 2 streams in 0 s, 1 gaps, in days",
    ]
