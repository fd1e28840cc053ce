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
from datetime import date
from typing import Any, Protocol

from ibwire.simulator import farms, reference, small_answers
from ibwire.simulator.account_streams import ACCOUNT_HANDLERS, AccountStreams
from ibwire.simulator.client_streams import ClientStreams
from ibwire.simulator.history_desk import HISTORY_HANDLERS, HistoryDesk
from ibwire.simulator.history_desk import Gateway as HistoryGateway
from ibwire.simulator.knowledge import NO_ID, VALIDATING, Knowledge, id_of
from ibwire.simulator.ledger import Ledger
from ibwire.simulator.limits import BREACHES_ALLOWED, GatewayLimits, MessageRate
from ibwire.simulator.market import Market
from ibwire.simulator.market_data import MarketData
from ibwire.simulator.order_desk import OrderDesk
from ibwire.simulator.order_requests import ORDER_HANDLERS, OrderRequests
from ibwire.wire import ClientHello, Message, ServerHello, ServerProtocol, encode
from ibwire.wire import messages as m
from ibwire.wire.handshake import choose_version, encode_server_hello

MAX_UNSENT_BYTES = 16 * 1024 * 1024
"""A client that lets more than this pile up unread is cut off."""

_READ_BYTES = 4096
"""How much IBKR's Python client reads at once; after exactly that much it waits a second for more, and if nothing comes
drops what it has read (protocol notes, 1.13)."""

_TIMER_SLACK_S = 0.001
_QUIET_S = 0.5
"""After so long without a write that client is given something harmless to read, if it may be waiting like this."""


class Gateway(HistoryGateway, Protocol):
    """What a session needs of the gateway it belongs to."""

    port: int
    accounts: tuple[str, ...]
    min_version: int
    max_version: int
    market: Market
    desk: OrderDesk
    ledger: Ledger
    limits: GatewayLimits
    answers_hellos: bool
    data: MarketData

    def now_s(self) -> float:
        """Unix seconds."""

    def today(self) -> date:
        """The date in UTC."""

    def local_time(self) -> str:
        """The time as the hello gives it."""

    def session_of(self, client_id: int) -> ClientSession | None:
        """The connection that has this client id, if any."""

    def refuses_client_id(self) -> bool:
        """Whether the client that starts now is to be told that its id is in use."""

    def joined(self, session: ClientSession) -> None:
        """A client has connected."""

    def left(self, session: ClientSession) -> None:
        """A client is gone."""


Handlers = Mapping[type[Message], Callable[[Any, Any], None]]
"""What a part of the session does with each kind of request that it answers: the part, then the request."""


class ClientSession(asyncio.Protocol):
    """A client of the simulated gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._wire = ServerProtocol()
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self.client_id: int | None = None
        self.server_version = 0
        self.streams = ClientStreams(gateway.data, self)
        self.account = AccountStreams(
            gateway.ledger, gateway.market, gateway.accounts, gateway.now_s, self.send, self.send_error
        )
        orders = OrderRequests(gateway.desk, self._own_id, self.send, self.send_error, self.reset)
        self.history = HistoryDesk(gateway, self.send, self.send_error)
        self._parts: tuple[tuple[object, Handlers], ...] = (
            (self, _HANDLERS),
            (self.account, ACCOUNT_HANDLERS),
            (orders, ORDER_HANDLERS),
            (self.history, HISTORY_HANDLERS),
            *self.streams.handlers,
        )
        self.messages_received = 0
        self.rate = MessageRate(gateway.limits.messages_per_s)
        self._waiting: deque[Message] = deque()
        self._is_stalled = False
        self._position = 0
        self._boundaries: set[int] = set()
        self._wrote_at = 0.0
        self._quiet_timer: asyncio.TimerHandle | None = None

    # --- the socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._gateway.joined(self)

    def data_received(self, data: bytes) -> None:
        self._waiting.extend(self._wire.receive(data))
        self._take_waiting()
        if self._wire.error is not None:
            if self.client_id is not None:
                self.send_error(NO_ID, 320, f"Error reading request. {self._wire.error.message}")
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._quiet_timer is not None:
            self._quiet_timer.cancel()
        self.streams.end_all()
        self._gateway.left(self)

    def close(self) -> None:
        """Send what is waiting, then close."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Break the connection, so that the client sees a reset instead of an end."""
        if self._transport is not None:
            with contextlib.suppress(OSError, AttributeError):  # sockets in memory know no such option
                no_linger = struct.pack("ii", 1, 0)
                self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
            self._transport.abort()

    def stall(self) -> None:
        """Neither read nor write until `go_on`."""
        self._is_stalled = True
        if self._transport is not None:
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Read again, and write what has piled up."""
        self._is_stalled = False
        self._take_waiting()
        self._flush()

    def send(self, message: Message) -> None:
        """Queue a message; what is queued in one turn of the event loop leaves in one write."""
        self.send_bytes(encode(message))

    def send_bytes(self, data: bytes) -> None:
        """Queue bytes, whatever they are."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(data)

    def send_error(self, id_: int, code: int, text: str) -> None:
        """Queue an error or notice; `id_` is a request or order id, or -1 for none, and is never left out."""
        now_ms = round(self._gateway.now_s() * 1000)
        self.send(m.ErrorMessage(id=id_, error_time=now_ms, error_code=code, error_msg=text))

    def abort(self) -> None:
        """Cut the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        if self._is_stalled:
            self._cut_if_too_far_behind()
            return
        data, self._unsent = b"".join(self._unsent), []
        if not data or self._transport is None:
            return
        self._transport.write(data)
        self._cut_if_too_far_behind()
        self._boundaries.add(self._position)
        self._position = (self._position + len(data)) % _READ_BYTES
        self._wrote_at = asyncio.get_running_loop().time()
        if self._quiet_timer is None:
            self._quiet_timer = asyncio.get_running_loop().call_later(_QUIET_S, self._check_quiet)

    def _cut_if_too_far_behind(self) -> None:
        if self._transport is not None:
            buffered = self._transport.get_write_buffer_size() + sum(map(len, self._unsent))
            if buffered > MAX_UNSENT_BYTES:
                self._transport.abort()

    def _check_quiet(self) -> None:
        """When nothing was written for a while, make sure that what a client has yet to read is no multiple of its
        read.

        What it has yet to read begins at some boundary between writes, so it is one if a boundary lies where we are
        now.
        """
        loop = asyncio.get_running_loop()
        due = self._wrote_at + _QUIET_S
        if loop.time() < due - _TIMER_SLACK_S:
            self._quiet_timer = loop.call_at(due, self._check_quiet)
            return
        self._quiet_timer = None
        is_hazard = self._position in self._boundaries
        self._boundaries.clear()
        if is_hazard and self.client_id is not None:
            self.send_error(NO_ID, *farms.STARTING_NOTICES[0])

    # --- what clients ask

    def _take_waiting(self) -> None:
        """Take what has come, no faster than the limit allows; read no more until the rest is taken."""
        loop, limits = asyncio.get_running_loop(), self._gateway.limits
        if self._is_stalled:
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
        else:
            self._route(message)

    def _route(self, message: Message) -> None:
        """Give a request to the part of the session that answers its kind."""
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
        self.send(m.ManagedAccounts(",".join(self._gateway.accounts)))
        self.send(m.NextValidId(self._gateway.desk.start(client_id)))
        for code, text in farms.STARTING_NOTICES:
            self.send_error(NO_ID, code, text)

    def _answer_or_refuse(self, message: Message) -> None:
        gateway = self._gateway
        known = Knowledge(gateway.accounts, gateway.today(), round(gateway.now_s() * 1000), gateway.port)
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
        found = reference.instruments_for(request.contract)
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
