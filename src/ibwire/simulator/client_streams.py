"""All market data that one client streams: its lines, tick-by-tick data, books and bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ibwire.simulator.depth_streams import DEPTH_HANDLERS, DepthStreams
from ibwire.simulator.market_data import MarketData, Stream
from ibwire.simulator.market_lines import LINE_HANDLERS, MarketLines
from ibwire.simulator.real_time_bars import BAR_HANDLERS, RealTimeBars
from ibwire.simulator.stream_part import COMPETING, Client, StreamPart
from ibwire.simulator.tick_by_tick import TICK_BY_TICK_HANDLERS, TickByTick
from ibwire.wire import Message


class ClientStreams:
    """The streaming side of one session."""

    def __init__(self, data: MarketData, client: Client) -> None:
        self._client = client
        self.lines = MarketLines(data, client)
        self.tick_by_tick = TickByTick(data, client)
        self.depth = DepthStreams(data, client)
        self.bars = RealTimeBars(data, client)
        self._parts: tuple[StreamPart[Any], ...] = (self.lines, self.tick_by_tick, self.depth, self.bars)

    @property
    def handlers(self) -> list[tuple[object, Mapping[type[Message], Callable[[Any, Any], None]]]]:
        """The parts that answer requests, with what each answers."""
        return [
            (self.lines, LINE_HANDLERS),
            (self.tick_by_tick, TICK_BY_TICK_HANDLERS),
            (self.depth, DEPTH_HANDLERS),
            (self.bars, BAR_HANDLERS),
        ]

    def open(self) -> Iterator[tuple[int, Stream]]:
        """Every stream with its request id."""
        for part in self._parts:
            yield from part.streams.items()

    def end_all(self) -> None:
        """End every stream without a word: the data are lost, or the client is gone."""
        for part in self._parts:
            part.end_all()

    def tell_competition(self) -> None:
        """Another login has the data: every stream is told, and stays open."""
        for request_id, _ in list(self.open()):
            self._client.send_error(request_id, *COMPETING)

    def advance(self, now_s: float) -> None:
        """What falls due by the clock alone, `now_s` in Unix seconds."""
        for part in self._parts:
            part.advance(now_s)
