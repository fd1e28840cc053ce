"""When a line about the service's health is written, and what a health check makes of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from ibwire.cli.health import HealthLine, HealthReporter, MessageHealth, Occasion, StreamHealth, problem_in
from ibwire.session import HealthStatus
from tests.helpers.virtual_time import on_virtual_time

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WELL = HealthLine(
    time=NOW,
    event=Occasion.START,
    status=HealthStatus.HEALTHY,
    reasons=(),
    state="connected",
    accounts=("DU1",),
    uptime_s=1.0,
    reconnects=0,
    streams=StreamHealth(wanted=1, live=1, in_gap=0, gaps=0, asked_again=0, stale=0),
    messages=MessageHealth(received_per_s=1.0, sent_peak_per_s=1, sent_limit_per_s=45),
    clock_skew_s=0.0,
    journal=None,
    recording=None,
)
DOWN = replace(WELL, status=HealthStatus.DOWN, reasons=("the connection is reconnecting", "refused"))


class World:
    """A service whose health a test sets."""

    def __init__(self, file: Path | None = None) -> None:
        self.is_now = WELL
        self.written: list[tuple[float, str, str]] = []
        self.reporter = HealthReporter(self.look, self.write, interval_s=10.0, file=file)

    def look(self, occasion: Occasion) -> HealthLine:
        return replace(self.is_now, event=occasion)

    def write(self, text: str) -> None:
        line: dict[str, Any] = msgspec.json.decode(text)
        self.written.append((round(asyncio.get_running_loop().time(), 1), line["event"], line["status"]))

    def becomes(self, line: HealthLine) -> None:
        self.is_now = line
        self.reporter.wake()


@on_virtual_time
async def test_lines_come_at_the_start_at_changes_and_now_and_then() -> None:
    world = World()
    running = asyncio.create_task(world.reporter.run())
    await asyncio.sleep(4)
    world.becomes(DOWN)
    world.becomes(replace(DOWN, reasons=("the connection is connecting", "refused")))  # told with the one before
    await asyncio.sleep(1)
    world.becomes(DOWN)  # only another attempt
    await asyncio.sleep(1)
    world.becomes(replace(WELL, reconnects=1))
    await asyncio.sleep(15)
    running.cancel()
    assert world.written == [
        (0.0, "start", "healthy"),
        (4.1, "change", "down"),
        (6.1, "change", "healthy"),
        (10.0, "interval", "healthy"),
        (20.0, "interval", "healthy"),
    ]


@on_virtual_time
async def test_a_link_that_was_away_for_a_moment_only_is_told_by_its_count() -> None:
    world = World()
    running = asyncio.create_task(world.reporter.run())
    await asyncio.sleep(1)
    world.becomes(DOWN)
    await asyncio.sleep(0.05)
    world.becomes(replace(WELL, reconnects=1))
    await asyncio.sleep(1)
    running.cancel()
    assert [event for _, event, _ in world.written] == ["start", "change"]


async def test_health_check_reads_the_latest_line(tmp_path: Path) -> None:
    file = tmp_path / "health.json"
    world = World(file)
    world.reporter.tell(Occasion.INTERVAL)
    assert problem_in(file, 30.0, NOW + timedelta(seconds=89)) == ""
    assert problem_in(file, 30.0, NOW + timedelta(seconds=91)) == (
        "the service has said nothing since 2026-11-22 12:00:00 UTC"
    )
    world.is_now = replace(WELL, status=HealthStatus.DEGRADED, reasons=("1 stream(s) in a gap",))
    world.reporter.tell(Occasion.CHANGE)
    assert problem_in(file, 30.0, NOW) == ""
    world.is_now = DOWN
    world.reporter.tell(Occasion.CHANGE)
    assert problem_in(file, 30.0, NOW) == "down: the connection is reconnecting, refused"
    world.reporter.tell(Occasion.STOP)
    assert problem_in(file, 30.0, NOW) == "the service has ended"
    file.write_text("{}")
    assert "is no health file" in problem_in(file, 30.0, NOW)
    file.unlink()
    assert "cannot be read: No such file" in problem_in(file, 30.0, NOW)


async def test_a_health_file_that_cannot_be_written_is_an_error_at_the_start_and_stale_later(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"the health file .* cannot be written: No such file"):
        World(tmp_path / "none" / "health.json").reporter.tell(Occasion.START)
    folder = tmp_path / "folder"
    folder.mkdir()
    world = World(folder / "health.json")
    world.reporter.tell(Occasion.START)
    (folder / "health.json").unlink()
    folder.rmdir()
    world.reporter.tell(Occasion.INTERVAL)
    assert len(world.written) == 2
