"""One client's level-1 market data: lines, snapshots, and the market-data type (protocol notes, 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ibwire.simulator import generic_ticks, option_ticks, permissions, searches, subscriptions
from ibwire.simulator.catalogue import OPTIONS, followed_by
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.knowledge import VALIDATING, id_of
from ibwire.simulator.market_data import MarketData, StreamKind
from ibwire.simulator.market_events import MarketEvent, View
from ibwire.simulator.permissions import DISPLAYING_DELAYED, LIVE, PARTLY_SUBSCRIBED, enables_delayed, shown_type
from ibwire.simulator.shared_frames import SharedFrames, address
from ibwire.simulator.stream_part import Client, Refused, StreamPart, instrument_for
from ibwire.wire import Message
from ibwire.wire import messages as m

SNAPSHOT_S = 11.0
"""A snapshot ends after so long, or when it has all (pacing notes, 11)."""

_FROZEN_TYPES = (permissions.FROZEN, permissions.DELAYED_FROZEN)


class Line:
    """One market-data line. `ends_at_s` is when a snapshot ends at the latest, None for a stream."""

    __slots__ = ("_address", "_client", "ends_at_s", "instrument", "is_open", "kind", "request_id", "shown", "view")

    def __init__(
        self, request_id: int, instrument: Instrument, client: Client, view: View, ends_at_s: float | None
    ) -> None:
        self.kind = StreamKind.LINE
        self.request_id = request_id
        self.instrument = instrument
        self.view = view
        self.ends_at_s = ends_at_s
        self.shown = LIVE
        self.is_open = True
        self._client = client
        self._address = address(request_id)

    def on_event(self, event: MarketEvent) -> None:
        """One event of the market."""
        self._client.send_bytes(event.frames(self.view).to(self._address))

    def tell(self, messages: list[Message]) -> None:
        """Messages of the line's own, without their request id."""
        if messages:
            self._client.send_bytes(SharedFrames(messages).to(self._address))


class MarketLines(StreamPart[Line]):
    """The lines of one session."""

    def __init__(self, data: MarketData, client: Client) -> None:
        super().__init__(data, client)
        self._enabled_type = LIVE
        self._closed_seen: frozenset[int] = frozenset()

    # --- what the client asks

    def on_market_data(self, request: m.MarketDataRequest) -> None:
        """Open a line, or take a snapshot."""
        id_ = id_of(request.req_id)
        with self._refusals(id_):
            self._check_id(id_)
            is_snapshot = bool(request.snapshot or request.regulatory_snapshot)
            if is_snapshot and request.generic_tick_list:
                cause = "Snapshot market data subscription is not applicable to generic ticks"
                raise Refused(321, f"{VALIDATING}{cause}")
            instrument = instrument_for(request.contract, self._data.catalogue())
            generic = self._generic(request.generic_tick_list or "", instrument)
            # A regulatory snapshot is paid for each time and so needs no subscription.
            is_live = bool(request.regulatory_snapshot) or self._data.permissions.is_live(instrument)
            if not is_live:
                self._check_permission(instrument)
            if not self._data.has_line_for(instrument.con_id):
                raise Refused(101, "Max number of tickers has been reached")
            self._open_line(id_, instrument, generic, is_snapshot=is_snapshot, is_live=is_live)

    def on_cancel_market_data(self, request: m.CancelMarketData) -> None:
        """End a line."""
        self._end_or_complain(id_of(request.req_id))

    def on_market_data_type(self, request: m.MarketDataTypeRequest) -> None:
        """Enable or disable frozen and delayed data for this connection; an unknown type is taken without a word."""
        self._enabled_type = request.market_data_type if request.market_data_type is not None else LIVE
        for id_, line in list(self.streams.items()):
            if line.view.is_delayed and not enables_delayed(self._enabled_type):
                self._client.send_error(id_, *permissions.NOT_FOR_THE_API)
                self._end(id_)
            else:
                self._show_type(line)

    # --- a line's life

    def _generic(self, text: str, instrument: Instrument) -> list[int]:
        version = self._client.server_version
        numbers = generic_ticks.parse(text, instrument, version)
        if numbers is None:
            raise Refused(321, f"{VALIDATING}{generic_ticks.incorrect(text, instrument, version)}")
        return numbers

    def _check_permission(self, instrument: Instrument) -> None:
        refusal = self._data.permissions.refusal(instrument, self._enabled_type)
        if refusal is not None:
            raise Refused(*refusal)

    def _open_line(
        self, id_: int, instrument: Instrument, generic: list[int], *, is_snapshot: bool, is_live: bool
    ) -> None:
        data, now_s = self._data, self._data.now_s()
        has_data = data.watch(instrument)
        view = View(
            is_delayed=not is_live,
            has_computations=instrument.sec_type in OPTIONS and self._sees_underlying(id_, instrument),
            trade_ticks=tuple(kind for number, kind in generic_ticks.TRADE_TICKS.items() if number in generic),
        )
        line = Line(id_, instrument, self._client, view, now_s + SNAPSHOT_S if is_snapshot else None)
        if not is_live:
            self._client.send_error(id_, *DISPLAYING_DELAYED)
        line.is_open = data.is_open(instrument.con_id)
        line.shown = shown_type(self._enabled_type, is_live=is_live, is_open=line.is_open)
        line.tell(
            [subscriptions.parameters(instrument, self._client.server_version), m.MarketDataType(None, line.shown)]
        )
        self._open(id_, line)
        if data.obstacles.is_held_back(instrument.con_id):
            data.miss(instrument.con_id)
        else:
            line.tell(self._known(line, has_data=has_data))
            line.tell(self._generic_messages(line, generic))
            self._end_snapshot_that_has_all(line)

    def _sees_underlying(self, id_: int, instrument: Instrument) -> bool:
        """Whether the login has the underlying's data, without which an option has no computations; says so if not."""
        underlying = followed_by(instrument)
        if underlying is None or self._data.permissions.is_live(underlying):
            return True
        self._client.send_error(id_, *PARTLY_SUBSCRIBED)
        return False

    def _known(self, line: Line, *, has_data: bool) -> list[Message]:
        """What is known of the instrument now, as the line shows it."""
        data, instrument = self._data, line.instrument
        quote, now_s = data.quote(instrument.con_id), data.now_s()
        if not has_data:
            messages = subscriptions.no_data()
        elif line.is_open or line.shown in _FROZEN_TYPES:
            messages = subscriptions.known(instrument, quote, now_s)
        else:
            messages = subscriptions.known_when_closed(instrument, quote, now_s)
        under_price = data.under_price(instrument)
        if line.view.has_computations and under_price is not None:
            today = data.today()
            messages += option_ticks.computations(instrument, quote, quote.prices, under_price, today)
        return subscriptions.delayed(messages) if line.view.is_delayed else messages

    def _generic_messages(self, line: Line, generic: list[int]) -> list[Message]:
        """The generic ticks that it asked for, of which delayed data have none but the news."""
        data, instrument = self._data, line.instrument
        con_id, now_s = instrument.con_id, data.now_s()
        facts = generic_ticks.Facts(data.seed, instrument, data.quote(con_id), data.recent(con_id), now_s)
        messages = [] if line.view.is_delayed else generic_ticks.messages(generic, facts)
        if generic_ticks.NEWS in generic:
            messages.append(searches.latest_news(instrument, data.today()))
        return messages

    def _end_snapshot_that_has_all(self, line: Line) -> None:
        data, con_id = self._data, line.instrument.con_id
        is_told = not data.is_behind(con_id) and subscriptions.has_all(line.instrument, data.quote(con_id))
        if line.ends_at_s is not None and is_told:
            self._end_snapshot(line)

    def _end_snapshot(self, line: Line) -> None:
        self._end(line.request_id)
        line.tell([m.TickSnapshotEnd()])

    # --- what happens by itself

    def advance(self, now_s: float) -> None:
        """End snapshots that have waited long enough, and tell lines of markets that open or close."""
        for line in [line for line in self.streams.values() if line.ends_at_s is not None]:
            if now_s >= (line.ends_at_s or 0.0):
                self._end_snapshot(line)
            else:
                self._end_snapshot_that_has_all(line)
        if self._data.market.closed is not self._closed_seen:
            self._closed_seen = self._data.market.closed
            for line in self.streams.values():
                self._tell_hours(line)

    def _tell_hours(self, line: Line) -> None:
        """A line of a market that has closed freezes, or its quote is gone; one of a market that opened is live."""
        is_open = self._data.is_open(line.instrument.con_id)
        if is_open == line.is_open:
            return
        line.is_open = is_open
        self._show_type(line)
        if not is_open and line.shown not in _FROZEN_TYPES:
            messages = subscriptions.no_data()
            line.tell(subscriptions.delayed(messages) if line.view.is_delayed else messages)

    def _show_type(self, line: Line) -> None:
        """Tell the line's market-data type if it has changed."""
        shown = shown_type(self._enabled_type, is_live=not line.view.is_delayed, is_open=line.is_open)
        if shown != line.shown:
            line.shown = shown
            line.tell([m.MarketDataType(None, shown)])


LINE_HANDLERS: Mapping[type[Message], Callable[[Any, Any], None]] = {
    m.MarketDataRequest: MarketLines.on_market_data,
    m.CancelMarketData: MarketLines.on_cancel_market_data,
    m.MarketDataTypeRequest: MarketLines.on_market_data_type,
}
