"""What `ibwire sim` says on stdout of what happens: a line each, as JSON or for people."""

from __future__ import annotations

from datetime import UTC, datetime
from types import TracebackType

import msgspec

from ibwire.cli.line_writer import LineWriter
from ibwire.simulator import happenings


class LinesLost(happenings.Happening, frozen=True, kw_only=True, tag="lines_lost"):
    """Nobody read for so long that so many lines were thrown away."""

    lines: int


class Announcer:
    """Prints through a `LineWriter`, so that a pipe that nobody reads does not hold up the gateway.

    Use it in a `with` statement; at its end what still waits is printed, if somebody reads it.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._latest_s = 0.0
        self._writer = LineWriter(lambda lines: self._line(LinesLost(at_s=self._latest_s, lines=lines)))

    def __enter__(self) -> Announcer:
        self._writer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._writer.__exit__(kind, error, traceback)

    def tell(self, happening: happenings.Happening) -> None:
        """Print it soon."""
        self._latest_s = happening.at_s
        self._writer.write(self._line(happening))

    def _line(self, happening: happenings.Happening) -> str:
        return msgspec.json.encode(happening).decode() if self._as_json else describe(happening)


def describe(happening: happenings.Happening) -> str:
    """One line for people."""
    match happening:
        case happenings.Listening(control_port=None):
            return f"listening on {happening.host}:{happening.port}"
        case happenings.Listening():
            control = f"control port: http://127.0.0.1:{happening.control_port}"
            return f"listening on {happening.host}:{happening.port}\n{control}"
        case happenings.ClientConnected():
            what = f"client {happening.client_id} connected, server version {happening.server_version}"
        case happenings.ClientLeft():
            what = f"client {happening.client_id} left after {happening.messages_received} messages"
        case happenings.OrderNews():
            left = f"{happening.filled} filled, {happening.remaining} left"
            what = f"order {happening.client_id}/{happening.order_id} {happening.status}: {left}"
        case happenings.FillNews():
            fill = f"{happening.side} {happening.quantity} {happening.symbol} at {happening.price}"
            what = f"fill of {happening.client_id}/{happening.order_id}: {fill}"
        case happenings.FaultNews():
            parameters = "".join(f" {name}={value}" for name, value in happening.parameters.items())
            what = f"fault {happening.kind}{parameters}"
        case happenings.Violation(client_id=None):
            what = f"violation by a client that has not started: {happening.code} {happening.text}"
        case happenings.Violation():
            what = f"violation by client {happening.client_id}: {happening.code} {happening.text}"
        case LinesLost():
            what = f"{happening.lines} lines were lost: nobody read them"
        case _:
            what = repr(happening)
    return f"{datetime.fromtimestamp(happening.at_s, UTC):%H:%M:%S} {what}"
