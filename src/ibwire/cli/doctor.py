"""`ibwire doctor`: looks at everything between this program and IBKR, and says what is wrong and how to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Annotated

import typer

from ibwire.cli import findings, gateway_checks, local_checks
from ibwire.cli.connecting import Gateway, opened, simulated
from ibwire.cli.findings import Finding, bad, ok, skipped
from ibwire.cli.frame import one_line, run, show
from ibwire.cli.options import AsJson, ClientId, Host, Port, Sim
from ibwire.connection_state import ConnectionState
from ibwire.event_types import EventType
from ibwire.events import Event
from ibwire.exceptions import ClientIdInUse, ConnectionFailed, IbwireError, UnsupportedServerVersion
from ibwire.session import IBSession
from ibwire.settings import Settings
from ibwire.wire import Message
from ibwire.wire import messages as m

GATEWAY_CHECKS = ("tcp", "handshake", "server version", "accounts", "read-only API", "clock", "IBKR", "market data")
"""In the order in which they are looked at; what fails early leaves nothing to look at for the rest."""


def doctor(
    *,
    symbol: Annotated[str, typer.Option(help="The contract whose market data are asked for.")] = "AAPL",
    timeout: Annotated[
        float, typer.Option(min=0.1, max=120, help="How many seconds each stage of connecting may take.")
    ] = 5.0,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
    as_json: AsJson = False,
) -> None:
    """Check machine, settings, gateway, accounts, market data, pacing and journal; each is OK, WARN, FAIL or SKIP.

    What is not OK comes with the fix. Sends no order. Exits with 1 if anything failed.

    Example: ibwire doctor --port 7497
    """
    gateway = Gateway(host=host, port=port, client_id=client_id, sim=sim)
    found = run(diagnose(gateway, symbol=symbol, timeout_s=timeout))
    show(findings.as_dict(found), findings.table(found), findings.plain(found), as_json=as_json)
    raise typer.Exit(0 if findings.is_well(found) else 1)


async def diagnose(gateway: Gateway, *, symbol: str, timeout_s: float) -> list[Finding]:
    """Everything there is to find, in order. Raises nothing that a check can tell."""
    settings, about_settings = local_checks.settings()
    here = [local_checks.environment(), local_checks.extras(), about_settings]
    if about_settings.verdict is findings.Verdict.OK:
        there = await _gateway(gateway, settings, symbol, timeout_s)
    else:
        there = [skipped(check, "the settings cannot be used") for check in GATEWAY_CHECKS]
    return [*here, *there, local_checks.pacing(settings), local_checks.journal(settings)]


async def _gateway(gateway: Gateway, environment: Settings, symbol: str, timeout_s: float) -> list[Finding]:
    settings = gateway.settings(environment=environment)
    connection = replace(settings.connection, connect_timeout_s=timeout_s, handshake_timeout_s=timeout_s)
    watchdog = replace(settings.watchdog, waits_at_start=False)
    settings = replace(settings, connection=connection, watchdog=watchdog)
    if not gateway.sim:
        return await _Examination(settings, symbol).run()
    async with simulated(settings) as simulation:
        return await _Examination(simulation, symbol).run()


class _Examination:
    """One session with the gateway, and what is found on the way."""

    def __init__(self, settings: Settings, symbol: str) -> None:
        self._settings = settings
        self._symbol = symbol
        self._session = IBSession(settings)
        self._session.listen(self._hear)
        self._session.events.subscribe(EventType.CONNECTION_STATE_CHANGED, self._follow)
        self._notices: list[m.ErrorMessage] = []
        self._has_tcp = False
        self._found: list[Finding] = []

    async def run(self) -> list[Finding]:
        """Look at all of it; what could not be looked at says so."""
        try:
            async with opened(self._session):
                await self._examine()
        except ConnectionFailed as error:
            await self._explain(error)
        names = [one.check for one in self._found]
        because = "there is no session with the gateway"
        return self._found + [skipped(check, because) for check in GATEWAY_CHECKS if check not in names]

    async def _examine(self) -> None:
        session, trading = self._session, self._settings.trading
        self._found = [
            self._reached(),
            ok("handshake", f"ready, as client {session.client_id}"),
            gateway_checks.server_version(session.connection.server_version),
            gateway_checks.accounts(session.accounts, trading),
        ]
        for check, work in (
            ("read-only API", gateway_checks.read_only(session, self._notices, trading)),
            ("clock", gateway_checks.clock(session, self._settings.watchdog.clock_skew_s)),
            ("IBKR", self._links()),
            ("market data", gateway_checks.market_data(session, self._symbol)),
        ):
            self._found.append(await _guarded(check, work))

    async def _links(self) -> Finding:
        return gateway_checks.links(self._session.state, self._notices)

    async def _explain(self, error: ConnectionFailed) -> None:
        """Why there is no session, or not any more."""
        if self._found:  # it was there, and fell; the check that noticed has said so
            return
        connection = self._settings.connection
        answers = ""
        is_strange = not isinstance(error, UnsupportedServerVersion | ClientIdInUse)
        if self._has_tcp and is_strange and not self._session.connection.server_version:
            answers = await gateway_checks.what_answers(connection.host, connection.port, connection.connect_timeout_s)
        failed = gateway_checks.not_connected(error, connection, has_tcp=self._has_tcp, answers=answers)
        self._found = [self._reached()] if self._has_tcp else []
        if failed.check == "server version":
            self._found.append(ok("handshake", "it is a gateway"))
        self._found.append(failed)

    def _reached(self) -> Finding:
        return ok("tcp", f"{self._settings.connection.host}:{self._settings.connection.port}")

    def _hear(self, message: Message) -> None:
        if isinstance(message, m.ErrorMessage):
            self._notices.append(message)

    def _follow(self, event: Event) -> None:
        self._has_tcp |= event.data.new == ConnectionState.HANDSHAKING.name


async def _guarded(check: str, work: Awaitable[Finding]) -> Finding:
    """One check; what it did not expect is a failure of that check, and the others go on."""
    try:
        async with asyncio.timeout(60):
            return await work
    except (IbwireError, TimeoutError) as error:
        return bad(check, one_line(error), getattr(error, "hint", "") or "run it again")
