"""One client's market depth: direct books and smart depth (protocol notes, 3.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ibwire.simulator import depth_venues
from ibwire.simulator.books import SIDES, Book, Change, Row, changes
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.knowledge import id_of
from ibwire.simulator.market_data import StreamKind
from ibwire.simulator.market_events import MarketEvent
from ibwire.simulator.permissions import NOT_SUBSCRIBED
from ibwire.simulator.stream_part import Client, Refused, StreamPart, instrument_for
from ibwire.wire import Message
from ibwire.wire import messages as m

DEFAULT_ROWS = 5

NOT_SUPPORTED = (10092, "Deep market data is not supported for this combination of security type/exchange")
TOO_MANY = "Max number ({most}) of market depth requests has been reached"
HALTED = (316, "Market depth data has been HALTED. Please re-subscribe.")
RESET = (317, "Market depth data has been RESET. Please empty deep book contents before applying any new entries.")


class DepthStream:
    """`rows` of a book as one client has it; `makers` name who shows a row, none if the venue does not."""

    def __init__(
        self,
        request_id: int,
        instrument: Instrument,
        book: Book,
        client: Client,
        *,
        rows: int,
        is_smart: bool,
        makers: tuple[str, ...],
    ) -> None:
        self.kind = StreamKind.DEPTH
        self.request_id = request_id
        self.instrument = instrument
        self.is_smart = is_smart
        self.shown: dict[int, list[Row]] = {side: [] for side in SIDES}
        self._book = book
        self._client = client
        self._depth = rows
        self._makers = makers

    def on_event(self, _: MarketEvent) -> None:
        """The book may have moved."""
        self.show()

    def show(self) -> None:
        """Tell what is different from what the client has."""
        for side in SIDES:
            rows = list(self._book.rows(side)[: self._depth])
            for change in changes(self.shown[side], rows):
                self._client.send(self._message(side, change))
            self.shown[side] = rows

    def forget(self) -> None:
        """The client has been told to empty its book."""
        self.shown = {side: [] for side in SIDES}

    def _message(self, side: int, change: Change) -> Message:
        row, makers = change.row, self._makers
        data = m.MarketDepthData(
            position=change.position,
            operation=change.operation,
            side=side,
            price=row.price,
            size=f"{row.size:f}",
            market_maker=makers[row.maker % len(makers)] if makers else None,
            is_smart_depth=self.is_smart if makers else None,
        )
        return m.MarketDepthL2(self.request_id, data) if makers else m.MarketDepth(self.request_id, data)


class DepthStreams(StreamPart[DepthStream]):
    """The books of one session."""

    def on_market_depth(self, request: m.MarketDepthRequest) -> None:
        """Subscribe to a book."""
        id_, data = id_of(request.req_id), self._data
        with self._refusals(id_):
            self._check_id(id_)
            instrument = instrument_for(request.contract, self._data.catalogue())
            is_smart = bool(request.is_smart_depth)
            exchange = (request.contract.exchange if request.contract is not None else None) or instrument.exchange
            makers = _makers(instrument, exchange, is_smart=is_smart)
            if not data.permissions.is_live(instrument):  # there are no delayed books
                raise Refused(*NOT_SUBSCRIBED)
            if not data.has_book_for(instrument.con_id):
                raise Refused(309, TOO_MANY.format(most=data.limits.depth_streams))
            rows = request.num_rows if request.num_rows is not None and request.num_rows > 0 else DEFAULT_ROWS
            data.watch(instrument)
            book = data.book(instrument)
            stream = DepthStream(id_, instrument, book, self._client, rows=rows, is_smart=is_smart, makers=makers)
            if is_smart:
                self._client.send_error(id_, *depth_venues.advice(instrument))
            self._open(id_, stream)
            self._show(stream)

    def on_cancel_market_depth(self, request: m.CancelMarketDepth) -> None:
        """End it; one that was asked for as smart depth is cancelled as such."""
        id_ = id_of(request.req_id)
        stream = self.streams.get(id_)
        if stream is None or stream.is_smart != bool(request.is_smart_depth):
            self._client.send_error(id_, 310, f"Can't find the subscribed market depth with tickerId:{id_}")
        else:
            self._end(id_)

    def advance(self, now_s: float) -> None:
        """Show what a recorded book has done by itself, and what was held back."""
        for stream in self.streams.values():
            self._show(stream)

    def halt(self, con_id: int) -> None:
        """The venue has stopped: streams of this book end, and have to be asked for again."""
        for id_, stream in list(self.streams.items()):
            if stream.instrument.con_id == con_id:
                self._end(id_)
                self._client.send_error(id_, *HALTED)

    def reset(self, con_id: int) -> None:
        """The venue begins anew: clients are to empty this book, and get all of it again."""
        for id_, stream in self.streams.items():
            if stream.instrument.con_id == con_id:
                self._client.send_error(id_, *RESET)
                stream.forget()
                self._show(stream)

    def _show(self, stream: DepthStream) -> None:
        if not self._data.obstacles.is_held_back(stream.instrument.con_id):
            stream.show()


def _makers(instrument: Instrument, exchange: str, *, is_smart: bool) -> tuple[str, ...]:
    """Who shows the rows of this kind of book. Raises Refused if there is none."""
    if is_smart:
        venues = depth_venues.smart_venues(instrument)
        if exchange != depth_venues.SMART or not venues:
            raise Refused(*NOT_SUPPORTED)
        return venues
    service = depth_venues.service(instrument, exchange)
    if service is None:
        raise Refused(*NOT_SUPPORTED)
    return depth_venues.MARKET_MAKERS if service == depth_venues.DEEP_WITH_MAKERS else ()


DEPTH_HANDLERS: Mapping[type[Message], Callable[[Any, Any], None]] = {
    m.MarketDepthRequest: DepthStreams.on_market_depth,
    m.CancelMarketDepth: DepthStreams.on_cancel_market_depth,
}
