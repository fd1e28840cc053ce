"""What `ibwire demo` downloads: minutes of the last days, or the first days of what was recorded of one instrument."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from ibwire.cli.demo_report import Invariant
from ibwire.history_bars import Bars
from ibwire.session import IBSession
from ibwire.simulator.recorded_bars import RecordedBars
from ibwire.wire import messages as m

DAYS = timedelta(days=10)


class Download(Struct, frozen=True):
    """What to ask for; `recorded` is how many bars the files have, None for a made-up market."""

    con_id: int
    start: datetime
    end: datetime
    recorded: int | None = None

    async def run(self, session: IBSession) -> Bars:
        """Fetch it, outside of regular hours too, because recordings have those. Raises what `history.bars` raises."""
        contract = await session.contracts.qualify(m.Contract(con_id=self.con_id))
        is_made_up = self.recorded is None
        return await session.history.bars(
            contract, "1 min", start=self.start, end=self.end, rth=is_made_up, find_holes=is_made_up
        )

    def invariant(self, bars: Bars | None) -> Invariant:
        """Whether it came as it must."""
        name = "history came whole and in order, each bar once"
        if bars is None:
            return Invariant(name, is_held=False, seen="no bars")
        is_in_order = [bar.start for bar in bars] == sorted({bar.start for bar in bars})
        if self.recorded is None:
            return Invariant(name, is_in_order and bars.holes == (), f"{len(bars)} bars, {len(bars.holes or ())} holes")
        return Invariant(name, is_in_order and len(bars) == self.recorded, f"{len(bars)} bars of {self.recorded}")


def download_for(replay: Path | None, con_id: int, now: datetime) -> Download | None:
    """The last days of `con_id`, or the first of what the folder has most minutes of; None if it has none."""
    if replay is None:
        return Download(con_id, now - DAYS, now)
    recorded = RecordedBars(replay).starts_s("TRADES", 60)
    if not recorded:
        return None
    con_id, starts_s = max(recorded.items(), key=lambda one: len(one[1]))
    start = datetime.fromtimestamp(starts_s[0], UTC)
    end = start + DAYS
    return Download(con_id, start, end, bisect_left(starts_s, end.timestamp()))
