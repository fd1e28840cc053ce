"""One client's historical requests: bars and those kept up to date, schedules, head timestamps, histograms and ticks.

What is asked for is read in `history_requests`, found by a `BarSource` and worded in `history_messages`; here is who
has asked for what, and whether it may be answered (protocol notes, 3.6 and 3.7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, Protocol

from ibwire.simulator import history_messages
from ibwire.simulator.bar_sizes import BAR_SIZES, WEEK_S
from ibwire.simulator.bar_slots import slots, span_of
from ibwire.simulator.bar_source import Bar, BarSource, PastTick
from ibwire.simulator.catalogue import Catalogue
from ibwire.simulator.farms import HISTORY_FARM, farm_of
from ibwire.simulator.history_pacing import HistoryPacing, HistoryQuery
from ibwire.simulator.history_requests import (
    SERVICE,
    BarsAsked,
    HistogramAsked,
    Refused,
    TicksAsked,
    read_bars,
    read_head,
    read_histogram,
    read_ticks,
)
from ibwire.simulator.history_times import WITHOUT_ZONE, Moment
from ibwire.simulator.knowledge import id_of
from ibwire.simulator.limits import GatewayLimits
from ibwire.simulator.live_bars import LiveBars
from ibwire.simulator.market import Market
from ibwire.simulator.market_data import MarketData
from ibwire.simulator.state import OpenRequest
from ibwire.simulator.trading_sessions import TradingHours, trading_day
from ibwire.simulator.what_to_show import BID_ASK, SCHEDULE, has_series, no_data
from ibwire.wire import Message
from ibwire.wire import messages as m

MOST_BARS = 50_000
"""More bars than this are refused as too long a time: they would hold up everybody else."""

TICKS_WITHIN = timedelta(days=10)
"""How far a request for ticks looks for them."""

PACING = "Historical data request pacing violation"
NO_SERVICE = "HMDS server disconnect occurred.  Attempting reconnection..."
OTHER_SESSION = "Trading TWS session is connected from a different IP address"
DISCONNECTED = (10182, "Failed to request live updates (disconnected).")

_BARS, _TICKS, _HISTOGRAM = (
    (162, SERVICE),
    (10187, "Failed to request historical ticks:"),
    (10188, "Failed to request histogram data:"),
)
"""Under which code a request is told that the service cannot answer, and how the text begins."""


class Gateway(Protocol):
    """What historical data need of the gateway."""

    market: Market
    data: MarketData
    hours: TradingHours
    bars: BarSource
    limits: GatewayLimits
    history_pacing: HistoryPacing
    is_offline: bool
    has_competitor: bool
    farms_down: set[str]

    def now_s(self) -> float:
        """Unix seconds."""

    def catalogue(self) -> Catalogue:
        """Every contract that there is now."""

    def is_held_back(self, con_id: int) -> bool:
        """Whether a fault keeps this instrument's data back."""

    def open_history(self) -> int:
        """How many historical requests all clients have open."""


class HistoryDesk:
    """The historical side of one session. `send` and `send_error` reach the client."""

    def __init__(
        self, gateway: Gateway, send: Callable[[Message], None], send_error: Callable[[int, int, str], None]
    ) -> None:
        self._gateway = gateway
        self._send = send
        self._send_error = send_error
        self._live: dict[int, LiveBars] = {}
        self._heads: set[int] = set()

    @property
    def open_requests(self) -> int:
        """Requests that go on: bars kept up to date, and head timestamps, which stay open until they are cancelled."""
        return len(self._live) + len(self._heads)

    @property
    def streamed_con_ids(self) -> set[int]:
        """The contracts that take a market-data line."""
        return {live.asked.instrument.con_id for live in self._live.values()}

    def kept_up_to_date(self) -> list[OpenRequest]:
        """The bars that go on."""
        return [
            OpenRequest(id_, "HistoricalDataRequest", live.asked.instrument.local_symbol)
            for id_, live in self._live.items()
        ]

    # --- what the client asks

    def on_bars(self, request: m.HistoricalDataRequest) -> None:
        """Bars, and their updates if they are to be kept up to date; or a schedule."""
        with self._refusing(request.req_id) as id_:
            asked = read_bars(request, self._gateway.now_s(), self._gateway.catalogue())
            self._admit(id_, _BARS, asked.query)
            if asked.keeps_up and not self._gateway.data.has_line_for(asked.instrument.con_id):
                raise Refused(101, "Max number of tickers has been reached")
            self._warn(id_, asked.end)
            if asked.what == SCHEDULE:
                self._answer_schedule(id_, asked)
            else:
                self._answer_bars(id_, asked)

    def on_cancel_bars(self, request: m.CancelHistoricalData) -> None:
        """The end of bars that are kept up to date, which IBKR confirms by an error."""
        id_ = id_of(request.req_id)
        if self._live.pop(id_, None) is None:
            self._unknown(id_)
        else:
            self._send_error(id_, 162, f"{SERVICE}API historical data query cancelled: {id_}")

    def on_head(self, request: m.HeadTimestampRequest) -> None:
        """Since when there are data of a kind."""
        with self._refusing(request.req_id) as id_:
            asked = read_head(request, self._gateway.catalogue())
            self._admit(id_, _BARS, asked.query)
            head_s = self._gateway.bars.head_s(asked.instrument, asked.what)
            if head_s is None:
                raise Refused(162, f"{SERVICE}{no_data(asked.instrument, asked.exchange, asked.what)}")
            first = trading_day(asked.instrument, head_s)
            sessions = self._gateway.hours.sessions(
                asked.instrument, first, first + TICKS_WITHIN, regular_only=asked.regular_only
            )
            open_s = next((int(session.start_s) for session in sessions if session.end_s > head_s), head_s)
            self._heads.add(id_)
            self._send(history_messages.head(id_, max(head_s, open_s), asked.format_date))

    def on_cancel_head(self, request: m.CancelHeadTimestamp) -> None:
        """The end of a head timestamp, which has been told: only its place among the open requests is free again."""
        id_ = id_of(request.req_id)
        if id_ in self._heads:
            self._heads.remove(id_)
        else:
            self._unknown(id_)

    def on_histogram(self, request: m.HistogramDataRequest) -> None:
        """How much was traded at which price."""
        with self._refusing(request.req_id) as id_:
            asked = read_histogram(request, self._gateway.catalogue())
            self._admit(id_, _HISTOGRAM, None)
            self._send(history_messages.histogram(id_, self._sizes_by_price(asked)))

    def on_ticks(self, request: m.HistoricalTicksRequest) -> None:
        """Trades, or quotes, from a time on or up to it."""
        with self._refusing(request.req_id) as id_:
            asked = read_ticks(request, self._gateway.now_s(), self._gateway.catalogue())
            self._admit(id_, _TICKS, asked.query)
            self._warn(id_, asked.start or asked.end)
            self._send(history_messages.ticks(id_, asked, self._ticks(asked)))

    def on_cancel_answered(self, request: m.CancelHistogramData | m.CancelHistoricalTicks) -> None:
        """Histograms and ticks are answered at once, so there is never one to end."""
        self._unknown(id_of(request.req_id))

    # --- what happens

    def advance(self, now_s: float) -> None:
        """Tell what is due of the bars that are kept up to date."""
        for id_, live in self._live.items():
            if not self._gateway.is_held_back(live.asked.instrument.con_id):
                for bar in live.due(now_s):
                    self._send(history_messages.update(id_, live.asked, bar))

    def link_lost(self) -> None:
        """The gateway lost its link to IBKR: no bars are kept up to date any more (protocol notes, 5.1)."""
        self._end_live(lambda live: True)

    def farm_lost(self, farm: str) -> None:
        """A farm is gone, and with it the updates that came from there, or all of them if it is that of history."""
        self._end_live(lambda live: farm in (HISTORY_FARM, farm_of(live.asked.instrument)))

    def _end_live(self, is_meant: Callable[[LiveBars], bool]) -> None:
        for id_ in [id_ for id_, live in self._live.items() if is_meant(live)]:
            del self._live[id_]
            self._send_error(id_, *DISCONNECTED)

    # --- answers

    def _answer_bars(self, id_: int, asked: BarsAsked) -> None:
        gateway, now_s = self._gateway, self._gateway.now_s()
        end_s, found = self._bars(asked)
        if not found and not asked.keeps_up:
            raise Refused(162, f"{SERVICE}{no_data(asked.instrument, asked.exchange, asked.what)}")
        for message in history_messages.bars(id_, asked, found, end_s):
            self._send(message)
        if asked.keeps_up:
            con_id = asked.instrument.con_id
            gateway.market.has_data(con_id)  # from now on, if there was nobody to look at it
            last = found[-1] if found else None
            self._live[id_] = LiveBars(asked, gateway.hours, gateway.market.quote(con_id), last, now_s)

    def _bars(self, asked: BarsAsked) -> tuple[float, list[Bar]]:
        """When the span ends, and its bars. Raises Refused if they are too many."""
        hours, now_s = self._gateway.hours, self._gateway.now_s()
        end_s = now_s if asked.end is None else asked.end.at_s
        span = span_of(hours, asked.instrument, asked.duration, min(end_s, now_s), regular_only=asked.regular_only)
        every = slots(hours, asked.instrument, span, asked.size, now_s, regular_only=asked.regular_only)
        places = list(islice(every, MOST_BARS + 1))
        if len(places) > MOST_BARS:
            raise Refused(162, f"{SERVICE}Time length exceed max.")
        bars = self._gateway.bars.bars(asked.instrument, asked.what, places, asked.size.length_s)
        return end_s, list(bars)

    def _answer_schedule(self, id_: int, asked: BarsAsked) -> None:
        end_s = self._gateway.now_s() if asked.end is None else asked.end.at_s
        span = span_of(self._gateway.hours, asked.instrument, asked.duration, end_s, regular_only=asked.regular_only)
        if not span.sessions:
            raise Refused(162, f"{SERVICE}{no_data(asked.instrument, asked.exchange, asked.what)}")
        self._send(history_messages.schedule(id_, asked, span))

    def _sizes_by_price(self, asked: HistogramAsked) -> dict[float, Decimal]:
        """The volume of each bar of the period at the price at which it ended; where nothing is traded, its seconds."""
        names = ("TRADES", "AGGTRADES", "MIDPOINT")
        what = next(name for name in names if has_series(asked.instrument, name))
        size = BAR_SIZES["1 min" if asked.duration.length_s <= WEEK_S else "1 hour"]
        bars = BarsAsked(
            instrument=asked.instrument,
            exchange=asked.exchange,
            end=None,
            duration=asked.duration,
            size=size,
            what=what,
            regular_only=asked.regular_only,
            format_date=1,
            keeps_up=False,
        )
        sizes: dict[float, Decimal] = {}
        for bar in self._bars(bars)[1]:
            size_here = bar.volume if bar.volume > 0 else Decimal(size.length_s)
            sizes[bar.close] = sizes.get(bar.close, Decimal(0)) + size_here
        if not sizes:
            raise Refused(10188, f"{_HISTOGRAM[1]}{no_data(asked.instrument, asked.exchange, what)}")
        return sizes

    def _ticks(self, asked: TicksAsked) -> list[PastTick]:
        """At least as many as asked for, as the last second is given whole; fewer if there are not as many."""
        is_backward = asked.start is None
        found: list[list[PastTick]] = []
        number = 0
        for second in self._seconds(asked, is_backward=is_backward):
            ticks = _without_repeats(second, asked)
            found.append(ticks)
            number += len(ticks)
            if number >= asked.number:
                break
        if is_backward:
            found.reverse()
        return [tick for ticks in found for tick in ticks]

    def _seconds(self, asked: TicksAsked, *, is_backward: bool) -> Iterator[list[PastTick]]:
        moment = asked.start or asked.end
        assert moment is not None
        day = trading_day(asked.instrument, moment.at_s)
        first, last = (day - TICKS_WITHIN, day + timedelta(days=1)) if is_backward else (day, day + TICKS_WITHIN)
        sessions = self._gateway.hours.sessions(asked.instrument, first, last, regular_only=asked.regular_only)
        now_s = int(self._gateway.now_s())
        for session in reversed(sessions) if is_backward else sessions:
            start_s, end_s = int(session.start_s), min(int(session.end_s), now_s)
            if is_backward:
                end_s = min(end_s, moment.at_s)
            else:
                start_s = max(start_s, moment.at_s)
            yield from self._gateway.bars.seconds(asked.instrument, asked.what, start_s, end_s, is_backward=is_backward)

    # --- whether it may be answered

    @contextmanager
    def _refusing(self, request_id: int | None) -> Iterator[int]:
        """Give the id under which to answer; what is refused gets its error instead."""
        id_ = id_of(request_id)
        try:
            yield id_
        except Refused as refusal:
            self._send_error(id_, refusal.code, refusal.text)

    def _admit(self, id_: int, unable: tuple[int, str], query: HistoryQuery | None) -> None:
        """Raises Refused if this cannot be answered now, or is one request too many."""
        gateway, (code, beginning) = self._gateway, unable
        if id_ in self._live or id_ in self._heads:
            raise Refused(386, "Duplicate ticker ID for API historical data query.")
        if gateway.is_offline or HISTORY_FARM in gateway.farms_down:
            raise Refused(code, f"{beginning}{NO_SERVICE}")
        if gateway.has_competitor:
            raise Refused(code, f"{beginning}{OTHER_SESSION}")
        most = gateway.limits.historical_open
        if most is not None and gateway.open_history() >= most:
            raise Refused(162, f"{SERVICE}{PACING}")
        if query is not None and not gateway.history_pacing.admits(query, gateway.now_s()):
            raise Refused(162, f"{SERVICE}{PACING}")

    def _warn(self, id_: int, moment: Moment | None) -> None:
        if moment is not None and not moment.has_zone:
            self._send_error(id_, 2174, WITHOUT_ZONE)

    def _unknown(self, id_: int) -> None:
        self._send_error(id_, 366, f"No historical data query found for ticker id:{id_}")


def _without_repeats(ticks: list[PastTick], asked: TicksAsked) -> list[PastTick]:
    """The ticks of a second less those that tell nothing new within it."""
    if asked.what == "TRADES":
        return ticks
    if asked.what == BID_ASK and not asked.ignores_size:
        return _changes(ticks, lambda tick: (tick.bid, tick.ask, tick.bid_size, tick.ask_size))
    return _changes(ticks, lambda tick: (tick.bid, tick.ask))


def _changes(ticks: list[PastTick], told: Callable[[PastTick], object]) -> list[PastTick]:
    return [tick for number, tick in enumerate(ticks) if number == 0 or told(tick) != told(ticks[number - 1])]


HISTORY_HANDLERS: dict[type[Message], Callable[[HistoryDesk, Any], None]] = {
    m.HistoricalDataRequest: HistoryDesk.on_bars,
    m.CancelHistoricalData: HistoryDesk.on_cancel_bars,
    m.HeadTimestampRequest: HistoryDesk.on_head,
    m.CancelHeadTimestamp: HistoryDesk.on_cancel_head,
    m.HistogramDataRequest: HistoryDesk.on_histogram,
    m.CancelHistogramData: HistoryDesk.on_cancel_answered,
    m.HistoricalTicksRequest: HistoryDesk.on_ticks,
    m.CancelHistoricalTicks: HistoryDesk.on_cancel_answered,
}
"""What takes each historical request."""
