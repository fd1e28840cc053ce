"""Which historical data go with which market."""

from __future__ import annotations

from ibwire.simulator.bar_source import BarSource
from ibwire.simulator.feed import Feed
from ibwire.simulator.generated_bars import GeneratedBars
from ibwire.simulator.generated_feed import GeneratedFeed
from ibwire.simulator.recorded_bars import RecordedBars
from ibwire.simulator.recorded_feed import RecordedFeed

_OTHERWISE_SEED = 1


def bar_source(feed: Feed) -> BarSource:
    """The recorded past of a recording, and the generated one of anything else: of the same seed if it has one.

    Raises RecordingError for a recording that cannot be read.
    """
    if isinstance(feed, RecordedFeed):
        return RecordedBars(feed.folder)
    return GeneratedBars(feed.seed if isinstance(feed, GeneratedFeed) else _OTHERWISE_SEED)
