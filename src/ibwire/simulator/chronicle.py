"""What has happened in a gateway: told to whoever watches, and kept as far as the gateway's state shows it.

Everything that is kept is bounded, but for a count of each order that came.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from ibwire.simulator import happenings
from ibwire.simulator.state import Client, ClientState, client_state
from ibwire.wire import Message
from ibwire.wire import messages as m

GONE_KEPT = 100
VIOLATIONS_KEPT = 1000
"""How many clients that left, and how many violations, are kept."""


class Chronicle:
    """Written by the gateway and its sessions; `now_s` gives Unix seconds, `watcher` is told everything."""

    def __init__(self, now_s: Callable[[], float], watcher: happenings.Watcher | None) -> None:
        self._now_s = now_s
        self._watcher = watcher
        self.clients_gone: deque[ClientState] = deque(maxlen=GONE_KEPT)
        self.orders_received: Counter[tuple[int, int]] = Counter()
        """How often each order has come over the wire, by client and order id, whatever became of it."""
        self.violations: deque[happenings.Violation] = deque(maxlen=VIOLATIONS_KEPT)
        self.violations_counted = 0

    def listening(self, host: str, port: int, control_port: int | None) -> None:
        """The gateway can be connected to."""
        self._tell(happenings.Listening(at_s=self._now_s(), host=host, port=port, control_port=control_port))

    def started(self, client: Client) -> None:
        """A client has said who it is."""
        id_, version = client.client_id, client.server_version
        assert id_ is not None
        self._tell(happenings.ClientConnected(at_s=self._now_s(), client_id=id_, server_version=version))

    def left(self, client: Client) -> None:
        """A connection is gone; one that never started is not worth a word."""
        id_, received = client.client_id, client.messages_received
        if id_ is not None:
            self.clients_gone.append(client_state(client, is_gone=True))
            self._tell(happenings.ClientLeft(at_s=self._now_s(), client_id=id_, messages_received=received))

    def order_came(self, client_id: int, order_id: int) -> None:
        """An order has come over the wire."""
        self.orders_received[client_id, order_id] += 1

    def told(self, client_id: int, message: Message) -> None:
        """The order desk has told a client something, whether it is there to hear it or not."""
        if isinstance(message, m.ErrorMessage):
            self.sent_error(client_id, message.error_code or 0, message.error_msg or "")
        if self._watcher is not None:
            news = happenings.order_news(self._now_s(), client_id, message)
            if news is not None:
                self._watcher(news)

    def fault_began(self, kind: str, parameters: dict[str, Any]) -> None:
        """A fault was injected."""
        self._tell(happenings.FaultNews(at_s=self._now_s(), kind=kind, parameters=parameters))

    def sent_error(self, client_id: int | None, code: int, text: str) -> None:
        """A client was told of an error; some say that it broke a rule."""
        if happenings.is_violation(code, text):
            self.violated(client_id, code, text)

    def violated(self, client_id: int | None, code: int, text: str) -> None:
        """A client has broken one of IBKR's rules."""
        violation = happenings.Violation(at_s=self._now_s(), client_id=client_id, code=code, text=text)
        self.violations.append(violation)
        self.violations_counted += 1
        self._tell(violation)

    def _tell(self, happening: happenings.Happening) -> None:
        if self._watcher is not None:
            self._watcher(happening)
