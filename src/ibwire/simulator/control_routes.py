"""What the control port answers: one function for each path, and one place where errors become JSON.

Whatever is wrong with a request is answered with a 4xx status and `{"error": text}`; what the simulator cannot do yet
with 501.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta, Struct
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ibwire.simulator.catalogue import Catalogue
from ibwire.simulator.clock import Clock
from ibwire.simulator.faults import FAULTS, BadFault
from ibwire.simulator.instruments import INSTRUMENTS, Instrument
from ibwire.simulator.order_desk import OrderDesk
from ibwire.simulator.pulse import NotManual
from ibwire.simulator.state import ActiveFault, GatewayState
from ibwire.wire import messages as m

MOST_ADVANCE_S = 86_400.0
"""A clock is advanced by at most a day at a time, so that an answer comes in minutes at worst."""

_MOST_BODY_BYTES = 1024 * 1024
_OWN_NAMES = ("127.0.0.1", "localhost", "::1")
_log = logging.getLogger(__name__)


class Controlled(Protocol):
    """What the control port needs of a gateway."""

    clock: Clock
    desk: OrderDesk

    def set_quote(
        self,
        con_id: int,
        *,
        bid: float | None = None,
        bid_size: Decimal | None = None,
        ask: float | None = None,
        ask_size: Decimal | None = None,
        last: float | None = None,
        last_size: Decimal | None = None,
    ) -> None:
        """Let a contract have this quote now."""

    def state(self) -> GatewayState:
        """The truth at this moment."""

    def catalogue(self) -> Catalogue:
        """Every contract that there is now."""

    def active_faults(self) -> list[ActiveFault]:
        """The faults that go on now."""

    def start_fault(self, kind: str, parameters: dict[str, Any]) -> asyncio.Task[None] | None:
        """Let a fault begin; the work under way if it takes time."""

    async def advance(self, seconds: float) -> None:
        """Move a manual clock on."""


class Refused(Exception):
    """A request that cannot be done, with the HTTP status that says so."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Advance(Struct, forbid_unknown_fields=True):
    """The body of `POST /clock`."""

    advance_s: Annotated[float, Meta(gt=0, le=MOST_ADVANCE_S)]


class NewQuote(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """The body of `POST /quotes`: an instrument, by local symbol or contract id, and what is to change of its quote."""

    symbol: str | None = None
    con_id: int | None = None
    bid: float | None = None
    bid_size: Decimal | None = None
    ask: float | None = None
    ask_size: Decimal | None = None
    last: float | None = None
    last_size: Decimal | None = None


class ManualOrder(Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of `POST /orders`: an order that the user of TWS types in."""

    symbol: str | None = None
    con_id: int | None = None
    action: str
    quantity: Decimal
    order_type: str = "MKT"
    limit_price: float | None = None
    account: str | None = None


async def get_state(gateway: Controlled, _: bytes) -> object:
    """The truth."""
    return gateway.state()


async def post_fault(gateway: Controlled, body: bytes) -> object:
    """Let a fault begin; those that go on then."""
    given = msgspec.json.decode(body, type=dict[str, Any])
    kind = given.pop("kind", None)
    if not isinstance(kind, str):
        raise Refused(400, f"a fault needs its 'kind', one of {', '.join(sorted(FAULTS))}")
    work = gateway.start_fault(kind, given)
    if work is not None:
        work.add_done_callback(_report)
        await asyncio.sleep(0)  # it has begun when this is answered
    return {"kind": kind, "active_faults": gateway.active_faults()}


async def post_clock(gateway: Controlled, body: bytes) -> object:
    """Move the clock on, if it is a manual one; what it shows then."""
    await gateway.advance(msgspec.json.decode(body, type=Advance).advance_s)
    return {"now_s": gateway.clock.now_s(), "elapsed_s": gateway.clock.elapsed_s()}


async def post_quote(gateway: Controlled, body: bytes) -> object:
    """Set a quote."""
    quote = msgspec.json.decode(body, type=NewQuote)
    instrument = _instrument(gateway, quote.symbol, quote.con_id)
    changes = {name: value for name, value in msgspec.structs.asdict(quote).items() if value is not None}
    changes = {name: value for name, value in changes.items() if name not in ("symbol", "con_id")}
    if not changes:
        raise Refused(400, "a quote needs at least one of bid, bid_size, ask, ask_size, last, last_size")
    try:
        gateway.set_quote(instrument.con_id, **changes)
    except ValueError as error:
        raise Refused(400, str(error)) from None
    return {"con_id": instrument.con_id, **changes}


async def post_order(gateway: Controlled, body: bytes) -> object:
    """Place an order as the user of TWS."""
    asked = msgspec.json.decode(body, type=ManualOrder)
    instrument = _instrument(gateway, asked.symbol, asked.con_id)
    order = m.Order(
        action=asked.action,
        order_type=asked.order_type,
        total_quantity=f"{asked.quantity:f}",
        lmt_price=asked.limit_price,
        account=asked.account or "",
    )
    try:
        perm_id = gateway.desk.place_manual(m.Contract(con_id=instrument.con_id, exchange=instrument.exchange), order)
    except ValueError as error:
        raise Refused(400, str(error)) from None
    return {"perm_id": perm_id, "orders": gateway.state().orders}


Handler = Callable[[Controlled, bytes], Awaitable[object]]

ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/state"): get_state,
    ("POST", "/faults"): post_fault,
    ("POST", "/clock"): post_clock,
    ("POST", "/quotes"): post_quote,
    ("POST", "/orders"): post_order,
}
"""Everything there is."""


def control_app(gateway: Controlled) -> Starlette:
    """The control port of a gateway as an ASGI application."""
    routes = [Route(path, _endpoint(gateway, handler), methods=[method]) for (method, path), handler in ROUTES.items()]
    return Starlette(routes=routes, exception_handlers={HTTPException: _http_error})


def _endpoint(gateway: Controlled, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A handler with everything around it: who may ask, the body, errors, JSON."""

    async def endpoint(request: Request) -> Response:
        try:
            _check_asker(request)
            return _json(200, await handler(gateway, await _body(request)))
        except Refused as error:
            return _error(error.status, error)
        except NotManual as error:
            return _error(409, error)
        except (BadFault, msgspec.DecodeError) as error:  # a ValidationError is a DecodeError
            return _error(400, error)

    return endpoint


def _check_asker(request: Request) -> None:
    """No web page may reach it through the user's browser, neither by a form nor under a name of its own."""
    if "origin" in request.headers or request.url.hostname not in _OWN_NAMES:
        raise Refused(403, "the control port is for programs on this machine, not for web pages")


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BODY_BYTES:
            raise Refused(413, f"a body has at most {_MOST_BODY_BYTES} bytes")
    return body


def _instrument(gateway: Controlled, symbol: str | None, con_id: int | None) -> Instrument:
    if (symbol is None) == (con_id is None):
        raise Refused(400, "an instrument is named by either 'symbol', its local symbol, or 'con_id'")
    catalogue = gateway.catalogue()
    found = catalogue.by_local_symbol(symbol) if symbol is not None else catalogue.by_con_id(con_id or 0)
    if found is None:
        known = ", ".join(instrument.local_symbol for instrument in INSTRUMENTS)
        raise Refused(400, f"there is no {symbol if symbol is not None else con_id!r}; there are {known}")
    return found


def _http_error(_: Request, error: Exception) -> Response:
    """A path or method that does not exist."""
    assert isinstance(error, HTTPException)
    there_are = ", ".join(f"{method} {path}" for method, path in ROUTES)
    return _error(error.status_code, f"{error.detail}; there are {there_are}")


def _error(status: int, error: object) -> Response:
    return _json(status, {"error": str(error)})


def _json(status: int, content: object) -> Response:
    return Response(msgspec.json.encode(content) + b"\n", status, media_type="application/json")


def _report(work: asyncio.Task[None]) -> None:
    """Nobody waits for a fault that came over HTTP, so say if it went wrong itself."""
    if not work.cancelled() and (error := work.exception()) is not None:
        _log.error("a fault could not be carried out: %s", error, exc_info=error)
