"""One client's connection: hello, start-up, and an answer to every request.

Every request gets its answer or one of IBKR's errors, never silence.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, cast

from ibwire.simulator import farms, reference, small_answers
from ibwire.simulator.account_streams import ACCOUNT_HANDLERS, AccountStreams
from ibwire.simulator.client_streams import ClientStreams
from ibwire.simulator.gateway_interface import Gateway
from ibwire.simulator.history_desk import HISTORY_HANDLERS, HistoryDesk
from ibwire.simulator.knowledge import NO_ID, VALIDATING, Knowledge, id_of
from ibwire.simulator.limits import BREACHES_ALLOWED, MessageRate
from ibwire.simulator.order_requests import ORDER_HANDLERS, OrderRequests
from ibwire.simulator.outbox import Outbox
from ibwire.simulator.read_only import READ_ONLY_HANDLERS, ReadOnlyApi
from ibwire.simulator.state import OpenRequest
from ibwire.wire import ClientHello, Message, ServerHello, ServerProtocol, SkippedFrame, encode
from ibwire.wire import messages as m
from ibwire.wire.handshake import choose_version, encode_server_hello

_TIMER_SLACK_S = 0.001

LAST_TEXT_ID = 200
"""Ids up to this are text frames, those above protobuf (protocol notes, 1.4)."""

Handlers = Mapping[type[Message], Callable[[Any, Any], None]]
"""What a part of the session does with each kind of request that it answers: the part, then the request."""


class ClientSession(asyncio.Protocol):
    """A client of the simulated gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._wire = ServerProtocol()
        self._transport: asyncio.Transport | None = None
        self.outbox = Outbox(gateway.link, self._say_something)
        self.client_id: int | None = None
        self.server_version = 0
        self.streams = ClientStreams(gateway.data, self)
        self.history = HistoryDesk(gateway, self.send, self.send_error)
        self.account = AccountStreams(
            gateway.ledger, gateway.market, gateway.accounts, gateway.now_s, self.send, self.send_error
        )
        orders = OrderRequests(gateway.desk, self._own_id, self.send, self.send_error, self.reset)
        self._parts: tuple[tuple[Any, Handlers], ...] = (
            (ReadOnlyApi(self.send_error), READ_ONLY_HANDLERS if gateway.is_read_only else {}),
            (self, _HANDLERS),
            (self.account, ACCOUNT_HANDLERS),
            (orders, ORDER_HANDLERS),
            (self.history, HISTORY_HANDLERS),
            *self.streams.handlers,
        )
        self.messages_received = 0
        self.arrivals = MessageRate(None)
        self.rate = MessageRate(gateway.limits.messages_per_s)
        self._waiting: deque[Message] = deque()
        self.silenced_by: str | None = None
        self.id_held_until_s: float | None = None
        """Until when a connection that is dead without knowing it keeps its client id; None is for ever."""

    # --- the socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none, and have all that it has
        self.outbox.open(self._transport)
        if not self._gateway.joined(self):
            self.close()

    def data_received(self, data: bytes) -> None:
        messages = self._wire.receive(data)
        self._count_arrivals(messages)
        self._waiting.extend(messages)
        self._take_waiting()
        if self._wire.error is not None:
            if self.client_id is not None:
                self.send_error(NO_ID, 320, f"Error reading request. {self._wire.error.message}")
            self.close()

    def pause_writing(self) -> None:
        self.outbox.is_drained.clear()

    def resume_writing(self) -> None:
        self.outbox.is_drained.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.outbox.close()
        self.streams.end_all()
        self._gateway.left(self)

    def close(self) -> None:
        """Send what is waiting, then close."""
        self.outbox.flush(at_once=True)
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Break the connection, so that the client sees a reset instead of an end."""
        if self._transport is not None:
            with contextlib.suppress(OSError, AttributeError):  # sockets in memory know no such option
                no_linger = struct.pack("ii", 1, 0)
                self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
            self._transport.abort()

    def fall_silent(self, fault: str) -> None:
        """Neither read nor write, because of this fault, until `go_on`."""
        self.silenced_by = fault
        self.outbox.is_stalled = True
        if self._transport is not None:
            self._transport.pause_reading()

    def has_its_id(self, elapsed_s: float) -> bool:
        """Whether its client id is still its own."""
        return self.id_held_until_s is None or elapsed_s < self.id_held_until_s

    def go_on(self) -> None:
        """Read again, and write what has piled up."""
        self.silenced_by = None
        self._take_waiting()
        self.outbox.go_on()

    def send(self, message: Message) -> None:
        """Queue a message; what is queued in one turn of the event loop leaves in one write."""
        self.outbox.send(encode(message))

    def send_bytes(self, data: bytes) -> None:
        """Queue bytes, whatever they are."""
        self.outbox.send(data)

    def send_error(self, id_: int, code: int, text: str) -> None:
        """Queue an error or notice; `id_` is a request or order id, or -1 for none, and is never left out."""
        now_ms = round(self._gateway.now_s() * 1000)
        self.send(m.ErrorMessage(id=id_, error_time=now_ms, error_code=code, error_msg=text))
        self._gateway.chronicle.sent_error(self.client_id, code, text)

    def abort(self) -> None:
        """Cut the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _say_something(self) -> None:
        if self.client_id is not None:
            self.send_error(NO_ID, *farms.working(farms.USUAL))

    # --- what clients ask

    def _take_waiting(self) -> None:
        """Take what has come, no faster than the limit allows; read no more until the rest is taken."""
        loop, limits = asyncio.get_running_loop(), self._gateway.limits
        if self.silenced_by is not None:
            return
        while self._waiting and self._transport is not None:
            now = loop.time()
            opens_at = self.rate.opens_at(now)
            if opens_at > now + _TIMER_SLACK_S and not limits.rejects:
                self._transport.pause_reading()
                loop.call_at(opens_at, self._take_waiting)
                return
            message = self._waiting.popleft()
            count = self.rate.count(now)
            if opens_at > now + _TIMER_SLACK_S:
                self._reject(count)
            else:
                self._take(message)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _count_arrivals(self, messages: list[Message]) -> None:
        """Count what came, when it came: who sends too much is to be told from who is only taken slowly."""
        now, limit = asyncio.get_running_loop().time(), self._gateway.limits.messages_per_s
        for message in messages:
            if not isinstance(message, ClientHello) and self.arrivals.count(now) - 1 == limit:
                text = f"Max rate of messages per second has been exceeded:max={limit} rec={limit + 1}"
                self._gateway.chronicle.violated(self.client_id, 100, text)

    def _reject(self, count: int) -> None:
        limit = self._gateway.limits.messages_per_s
        text = f"Max rate of messages per second has been exceeded:max={limit} rec={count}"
        self.send_error(NO_ID, 100, text)
        self.rate.breaches += 1
        if self.rate.breaches > BREACHES_ALLOWED:
            self._waiting.clear()
            self.close()

    def _take(self, message: Message) -> None:
        if isinstance(message, ClientHello):
            self._greet(message)
            return
        self.messages_received += 1
        if isinstance(message, m.StartApiRequest):
            self._start_api(message)
        elif self.client_id is None:
            self.close()  # nothing may be asked before the API is started
        elif isinstance(message, SkippedFrame):
            self._cannot_read(message)
        else:
            self._route(message)

    def _cannot_read(self, frame: SkippedFrame) -> None:
        """Say so; the connection lives on, for its frames are whole (protocol notes, 1.11)."""
        cause = f"Message id {frame.message_id} is not known."
        if frame.message_id <= LAST_TEXT_ID:
            cause = f"Message id {frame.message_id} is text; from version 213 on messages are protobuf."
        self.send_error(NO_ID, 320, f"Error reading request. {cause}")

    def _route(self, message: Message) -> None:
        """Give a request to the part of the session that answers its kind."""
        if isinstance(message, m.PlaceOrderRequest):
            self._gateway.chronicle.order_came(self._own_id(), id_of(message.order_id))
        self._gateway.asked(message)
        for part, handlers in self._parts:
            handler = handlers.get(type(message))
            if handler is not None:
                handler(part, message)
                return
        self._answer_or_refuse(message)

    def advance(self, now_s: float) -> None:
        """What falls due by the clock alone, `now_s` in Unix seconds: several times a second."""
        self.streams.advance(now_s)
        self.history.advance(now_s)

    def open_requests(self) -> list[OpenRequest]:
        """What this client has subscribed to."""
        streamed = [
            OpenRequest(id_, stream.kind.value, stream.instrument.local_symbol) for id_, stream in self.streams.open()
        ]
        return [*streamed, *self.history.kept_up_to_date(), *self.account.open_requests()]

    def lose_subscriptions(self) -> None:
        """Forget what this client has subscribed to: it has to ask anew (protocol notes, 5.2)."""
        self.streams.end_all()
        self.account.lose_subscriptions()

    def _greet(self, hello: ClientHello) -> None:
        if not self._gateway.answers_hellos:
            return
        version = choose_version(hello, self._gateway.min_version, self._gateway.max_version)
        if version is None or self._transport is None:
            self.close()
            return
        self.server_version = version
        # Whole, alone and at once: IBKR's client drops whatever comes with it (protocol notes, 1.3).
        self._transport.write(encode_server_hello(ServerHello(version, self._gateway.local_time())))

    def _start_api(self, request: m.StartApiRequest) -> None:
        client_id = request.client_id if request.client_id is not None else 0
        if self.client_id is not None:
            self._refuse(request)  # news of its orders could no longer find it under another id
            return
        if self._gateway.session_of(client_id) is not None or self._gateway.refuses_client_id():
            text = "Unable to connect as the client id is already in use. Retry with a unique client id."
            self.send_error(NO_ID, 326, text)
            self.close()
            return
        self.client_id = client_id
        next_order_id = self._gateway.desk.start(client_id)
        self._gateway.chronicle.started(self)
        self.send(m.ManagedAccounts(",".join(self._gateway.accounts)))
        if not self._gateway.sends_notices_first:
            self.send(m.NextValidId(next_order_id))
        for code, text in self._gateway.farm_notices():
            self.send_error(NO_ID, code, text)
        if self._gateway.sends_notices_first:
            self.send(m.NextValidId(next_order_id))

    def _answer_or_refuse(self, message: Message) -> None:
        gateway = self._gateway
        known = Knowledge(
            gateway.accounts,
            gateway.catalogue(),
            round(gateway.now_s() * 1000),
            gateway.port,
            is_read_only=gateway.is_read_only,
            rejects_above_rate=gateway.limits.rejects,
        )
        answers = small_answers.answer(message, known)
        if answers is None:
            self._refuse(message)
        else:
            self._send_all(answers)

    def _refuse(self, message: Message) -> None:
        id_ = getattr(message, "req_id", None)
        id_ = getattr(message, "order_id", None) if id_ is None else id_
        cause = f"{type(message).__name__} is not simulated yet"
        self.send_error(NO_ID if id_ is None else id_, 321, f"{VALIDATING}{cause}")

    def on_current_time(self, _: m.CurrentTimeRequest) -> None:
        self.send(m.CurrentTime(int(self._gateway.now_s())))

    def on_current_time_in_millis(self, _: m.CurrentTimeInMillisRequest) -> None:
        self.send(m.CurrentTimeInMillis(int(self._gateway.now_s() * 1000)))

    def on_managed_accounts(self, _: m.ManagedAccountsRequest) -> None:
        self.send(m.ManagedAccounts(",".join(self._gateway.accounts)))

    def on_ids(self, _: m.IdsRequest) -> None:
        self.send(m.NextValidId(self._gateway.desk.next_order_id(self._own_id())))

    def on_nothing(self, _: Message) -> None:
        """Requests that a gateway takes without a word."""

    def on_contract_data(self, request: m.ContractDataRequest) -> None:
        id_ = id_of(request.req_id)
        if lack := reference.lacks(request.contract):
            self.send_error(id_, 321, f"{VALIDATING}{lack}")
            return
        found = reference.instruments_for(request.contract, self._gateway.catalogue())
        if not found:
            self.send_error(id_, 200, reference.NO_DEFINITION)
            return
        exchange = (request.contract.exchange if request.contract is not None else None) or ""
        for instrument in found:
            self.send(reference.contract_data(id_, instrument, self._gateway.today(), exchange, self._gateway.hours))
        self.send(m.ContractDataEnd(id_))

    def _send_all(self, messages: list[Message]) -> None:
        for message in messages:
            self.send(message)

    def _own_id(self) -> int:
        assert self.client_id is not None
        return self.client_id


_HANDLERS: Handlers = {
    m.CurrentTimeRequest: ClientSession.on_current_time,
    m.CurrentTimeInMillisRequest: ClientSession.on_current_time_in_millis,
    m.ManagedAccountsRequest: ClientSession.on_managed_accounts,
    m.IdsRequest: ClientSession.on_ids,
    m.SetServerLogLevelRequest: ClientSession.on_nothing,
    m.ContractDataRequest: ClientSession.on_contract_data,
    m.CancelContractData: ClientSession.on_nothing,
}
"""What answers each request."""
