"""What the parts of a session that stream market data have in common: their streams by request id, and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from ibwire.simulator import reference
from ibwire.simulator.catalogue import Catalogue
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.knowledge import PROCESSING, VALIDATING
from ibwire.simulator.market_data import MarketData, Stream
from ibwire.wire import Message
from ibwire.wire import messages as m

COMPETING = (10197, "No market data during competing live session")
"""What a stream is told while another login of the user has the data; it stays open (protocol notes, 3.2)."""


class Client(Protocol):
    """What streams need of the session that they belong to."""

    server_version: int

    def send(self, message: Message) -> None:
        """Queue a message."""

    def send_bytes(self, data: bytes) -> None:
        """Queue whole frames."""

    def send_error(self, id_: int, code: int, text: str) -> None:
        """Queue an error."""


class Refused(Exception):
    """A request cannot be fulfilled: IBKR's code and text for it."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


S = TypeVar("S", bound=Stream)


class StreamPart(Generic[S]):
    """The streams of one kind that one client has open."""

    def __init__(self, data: MarketData, client: Client) -> None:
        self._data = data
        self._client = client
        self.streams: dict[int, S] = {}

    @contextmanager
    def _refusals(self, id_: int) -> Iterator[None]:
        """Answers the request with the error that it is refused with."""
        try:
            yield
        except Refused as refusal:
            self._client.send_error(id_, refusal.code, refusal.text)

    def _check_id(self, id_: int) -> None:
        if id_ in self.streams:
            raise Refused(322, f"{PROCESSING}Duplicate ticker id")

    def _open(self, id_: int, stream: S) -> None:
        self.streams[id_] = stream
        self._data.add(stream)
        if self._data.obstacles.has_competitor:
            self._client.send_error(id_, *COMPETING)

    def _end(self, id_: int) -> bool:
        """End a stream; whether there was one."""
        stream = self.streams.pop(id_, None)
        if stream is not None:
            self._data.remove(stream)
        return stream is not None

    def _end_or_complain(self, id_: int) -> None:
        if not self._end(id_):
            self._client.send_error(id_, 300, f"Can't find EId with tickerId:{id_}")

    def end_all(self) -> None:
        """End every stream without a word."""
        for id_ in list(self.streams):
            self._end(id_)

    def advance(self, now_s: float) -> None:
        """What falls due by the clock alone, `now_s` in Unix seconds."""


def instrument_for(contract: m.Contract | None, catalogue: Catalogue) -> Instrument:
    """The one instrument that a contract means. Raises Refused if it is none or several."""
    if lack := reference.lacks(contract, reference.NO_EXCHANGE, reference.LIVE):
        raise Refused(321, f"{VALIDATING}{lack}")
    found = reference.instruments_for(contract, catalogue)
    if len(found) != 1:
        raise Refused(200, reference.AMBIGUOUS if found else reference.NO_DEFINITION)
    return found[0]
