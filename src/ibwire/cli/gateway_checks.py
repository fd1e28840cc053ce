"""The checks of `ibwire doctor` on a session with the gateway, and on an address where there is none to be had."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterable

from ibwire.cli.findings import Finding, bad, ok, warn
from ibwire.connection import ConnectionState
from ibwire.contracts import parse_contract
from ibwire.error_codes import ERROR_TABLE, Category
from ibwire.exceptions import (
    CompetingSession,
    ConnectionFailed,
    ConnectionLost,
    NoData,
    NoMarketDataPermission,
    NoSecurityDefinition,
    ReadOnlyApi,
    RequestError,
    RequestTimeout,
    UnsupportedServerVersion,
)
from ibwire.notices import News, read_notice
from ibwire.order_guards import PAPER_PREFIX
from ibwire.quotes import MarketDataKind
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, TradingSettings
from ibwire.wire import MAX_SERVER_VERSION, MIN_SERVER_VERSION
from ibwire.wire import messages as m

CONFIG_VERSION = 219
"""The server version from which a gateway tells its settings (protocol notes, 3.21)."""

READ_ONLY_TIMEOUT_S = 3.0
SNAPSHOT_TIMEOUT_S = 15.0
"""IBKR takes up to eleven seconds for what is missing of a snapshot."""

PINGS = 3

_UNTICK = ReadOnlyApi.hint


def not_connected(error: ConnectionFailed, connection: ConnectionSettings, *, has_tcp: bool, answers: str) -> Finding:
    """Why there is no session, as the stage that failed: `has_tcp` says whether there was a TCP connection at all.

    `answers` is what `what_answers` found there, empty if it was not asked.
    """
    where = f"{connection.host}:{connection.port}"
    if not has_tcp:
        return bad("tcp", error.message, one_line_hint(error))
    if isinstance(error, UnsupportedServerVersion):
        return bad("server version", error.message, error.hint)
    if answers:
        fix = "give host and port of TWS or IB Gateway: 7496 and 7497, or 4001 and 4002; see its API settings"
        return bad("handshake", f"what listens on {where} is {answers}, no gateway", fix)
    if isinstance(error, ConnectionLost):
        fix = "it may refuse this client: look at 'Trusted IPs' in its API settings; it takes 32 clients at a time"
        return bad("handshake", error.message, fix)
    return bad("handshake", error.message, one_line_hint(error))


def one_line_hint(error: ConnectionFailed) -> str:
    """The error's hint without line breaks."""
    return " ".join(error.hint.split())


async def what_answers(host: str, port: int, timeout_s: float) -> str:
    """What else than a gateway listens there, as far as it shows: a web server, or something behind TLS; else ""."""
    with contextlib.suppress(OSError, TimeoutError):
        if (await _first_bytes(host, port, timeout_s)).startswith(b"HTTP/"):
            return "a web server"
    if await _speaks_tls(host, port, timeout_s):
        return "a program that speaks TLS"
    return ""


async def _speaks_tls(host: str, port: int, timeout_s: float) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # only whether it speaks TLS is asked
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")  # it does not want us, and says so in TLS
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _first_bytes(host: str, port: int, timeout_s: float) -> bytes:
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            return await reader.read(16)
        finally:
            writer.close()


def server_version(version: int) -> Finding:
    """Which version of the protocol both sides speak; one that is too old ends the connection before."""
    return ok("server version", f"{version} (ibwire speaks {MIN_SERVER_VERSION} to {MAX_SERVER_VERSION})")


def accounts(found: Iterable[str], trading: TradingSettings) -> Finding:
    """Which accounts the login has, paper or live, and whether the settings agree."""
    found = tuple(found)
    kinds = ", ".join(f"{one} ({'paper' if one.startswith(PAPER_PREFIX) else 'live'})" for one in found)
    is_live = any(not one.startswith(PAPER_PREFIX) for one in found)
    if trading.account is not None and trading.account not in found:
        fix = "correct IBWIRE_TRADING_ACCOUNT, or log in as the user who has that account"
        return bad("accounts", f"{kinds}; the account of the settings is not among them", fix)
    if is_live and not trading.allow_live:
        fix = "log in to paper trading; or, if real orders are meant, set IBWIRE_TRADING_ALLOW_LIVE=true"
        return warn("accounts", f"{kinds}; the settings expect paper: orders for a live account are refused", fix)
    return ok("accounts", f"{kinds}{'; orders for live accounts are allowed' if is_live else ''}")


async def read_only(session: IBSession, notices: Iterable[m.ErrorMessage], trading: TradingSettings) -> Finding:
    """Whether the gateway's API takes orders; found out without sending one.

    A gateway from server version 219 on tells its settings. Another one is asked for completed orders, which in
    read-only mode it refuses under no id (321), or does not answer at all (protocol notes, 1.11). `notices` is what
    the session hears that belongs to no request.
    """
    is_read_only = await _by_its_settings(session)
    if is_read_only is None:
        is_read_only = await _by_completed_orders(session, notices)
    if is_read_only is None:
        found = "the gateway does not answer a question about orders: it may be read-only"
        return warn("read-only API", found, _UNTICK)
    if is_read_only:
        return warn("read-only API", "the gateway takes no orders: its API is read-only", _UNTICK)
    if trading.read_only:
        return warn(
            "read-only API", "the gateway takes orders; the settings do not", "set IBWIRE_TRADING_READ_ONLY=false"
        )
    return ok("read-only API", "off: the gateway takes orders")


async def _by_its_settings(session: IBSession) -> bool | None:
    if session.connection.server_version < CONFIG_VERSION:
        return None
    try:
        (answer,) = await session.request(m.ConfigRequest(), timeout=READ_ONLY_TIMEOUT_S)
    except RequestError:
        return None
    match answer:
        case m.ConfigResponse(api=m.ApiConfig(settings=m.ApiSettingsConfig(read_only_api=bool() as is_read_only))):
            return is_read_only
    return None


async def _by_completed_orders(session: IBSession, notices: Iterable[m.ErrorMessage]) -> bool | None:
    try:
        await session.request(m.CompletedOrdersRequest(api_only=True), timeout=READ_ONLY_TIMEOUT_S)
    except ReadOnlyApi:
        return True
    except RequestError:
        told = (ERROR_TABLE.rule_for(one.error_code or 0, one.error_msg or "") for one in notices)
        return True if any(rule.category is Category.READ_ONLY for rule in told) else None
    return False


async def clock(session: IBSession, most_s: float) -> Finding:
    """How far the gateway's clock and ours are apart, and how long it takes to answer."""
    try:
        for _ in range(PINGS):
            await session.connection.ping()
    except RequestError as error:
        return warn("clock", f"the gateway does not tell its time: {error.message}", error.hint)
    best = session.connection.server_clock.best
    assert best is not None
    found = f"the gateway's is {abs(best.offset_s):.3f} s {'ahead of' if best.offset_s > 0 else 'behind'} ours"
    found += f", give or take {best.round_trip_s / 2:.3f} s; it answers in {1000 * best.round_trip_s:.1f} ms"
    if abs(best.offset_s) <= most_s:
        return ok("clock", found)
    return warn("clock", found, "let both machines set their clocks by NTP (timedatectl, w32tm /resync)")


def links(state: ConnectionState, notices: Iterable[m.ErrorMessage]) -> Finding:
    """Whether the gateway has its link to IBKR and to the farms of data servers, as it said when we connected."""
    if state is ConnectionState.DEGRADED:
        fix = "wait: it reconnects by itself; if it lasts, check its network and IBKR's system status page"
        return bad("IBKR", "the gateway has no link to IBKR's servers", fix)
    down: dict[str, str] = {}
    for one in notices:
        notice = read_notice(ERROR_TABLE, one.error_code or 0, one.error_msg or "")
        if notice.news is News.FARM_DOWN:
            down[notice.farm] = notice.farm_kind.value
        elif notice.news is News.FARM_UP:
            down.pop(notice.farm, None)
    if down:
        listed = ", ".join(f"{farm} ({kind})" for farm, kind in down.items())
        return warn("IBKR", f"the gateway has no link to {listed}", "wait: it reconnects by itself")
    return ok("IBKR", "the gateway is connected to IBKR, and no data farm is down")


async def market_data(session: IBSession, text: str) -> Finding:
    """Whether live quotes of a contract may be seen, or delayed ones, by one snapshot."""
    try:
        contract = await session.contracts.qualify(parse_contract(text))
    except NoSecurityDefinition as error:
        return warn("market data", error.message, "name another contract: --symbol")
    try:
        await session.market_data.snapshot(contract, timeout=SNAPSHOT_TIMEOUT_S)
    except NoMarketDataPermission as error:
        return await _delayed(session, text, contract, error)
    except CompetingSession as error:
        return bad("market data", f"{text}: {error.message}", error.hint)
    except (NoData, RequestTimeout):
        fix = "its market may be closed: try again, or --symbol with what trades now; `ibwire contract` tells the hours"
        return warn("market data", f"{text}: nothing came", fix)
    return ok("market data", f"live quotes of {text}")


async def _delayed(session: IBSession, text: str, contract: m.Contract, refusal: NoMarketDataPermission) -> Finding:
    await session.market_data.set_market_data_kind(MarketDataKind.DELAYED)
    try:
        await session.market_data.snapshot(contract, timeout=SNAPSHOT_TIMEOUT_S)
    except RequestError as error:
        return bad("market data", f"{text}: neither live nor delayed: {error.message}", refusal.hint)
    return warn("market data", f"{text}: delayed quotes only: [{refusal.code}] {refusal.message}", refusal.hint)
