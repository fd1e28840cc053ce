"""`ibwire run`: the supervised session as a service."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from typing import Annotated

import msgspec
import typer

from ibwire.cli import frame
from ibwire.cli.connecting import Gateway, simulated
from ibwire.cli.frame import BadOption
from ibwire.cli.health import problem_in
from ibwire.cli.line_writer import LineWriter
from ibwire.cli.options import AlwaysJson, ClientId, Host, Port, Sim
from ibwire.cli.service import Service
from ibwire.cli.stopping import until_stopped
from ibwire.cli.systemd import Notifier
from ibwire.events import utc_now
from ibwire.session import IBSession
from ibwire.settings import Settings


def run(
    *,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="How long; else until Ctrl-C or SIGTERM.")] = None,
    is_healthy: Annotated[
        bool,
        typer.Option("--is-healthy", help="Only say whether the service is well, by its health file: the exit code."),
    ] = False,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
    _as_json: AlwaysJson = False,
) -> None:
    """Keep a session up as a service: the streams of a watchlist, their recording, the journal of orders.

    What it does stands in the settings IBWIRE_SERVICE_* (`ibwire config`). It waits for the gateway, also at the start,
    and places no orders. How it is goes to stdout, a JSON object a line: at the start, at every change, now and then.

    Example: IBWIRE_SERVICE_WATCHLIST=AAPL,EUR.USD IBWIRE_SERVICE_RECORD_DIR=recordings ibwire run
    """
    gateway = Gateway(host=host, port=port, client_id=client_id, sim=sim)
    frame.run(_check() if is_healthy else _run(gateway, seconds))


async def _run(gateway: Gateway, seconds: float | None) -> None:
    wanted = _settings(gateway)
    async with simulated(wanted) if gateway.sim else nullcontext(wanted) as settings:
        with LineWriter(_lost) as writer:
            notifier = Notifier()
            service = Service(IBSession(settings), settings.service, writer.write, notifier)
            try:
                await until_stopped(_for(service, seconds))
            finally:
                notifier.close()


async def _for(service: Service, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds) as limit:
            await service.run()
    except TimeoutError:
        if not limit.expired():
            raise


def _settings(gateway: Gateway) -> Settings:
    """Those of the environment, with a watchdog that never gives up. Raises ConfigurationError."""
    environment = Settings.from_env()
    # Orders belong to a client id: without the journal any other will do, so that it disturbs no trading program.
    settings = gateway.settings(places_orders=environment.service.journal, environment=environment)
    return replace(settings, watchdog=replace(settings.watchdog, waits_at_start=True, attempts=None))


async def _check() -> None:
    service = Settings.from_env().service
    if service.health_file is None:
        raise BadOption("--is-healthy needs IBWIRE_SERVICE_HEALTH_FILE, as the service has it")
    problem = problem_in(service.health_file, service.health_interval_s, utc_now())
    if problem:
        raise BadOption(problem)


def _lost(lines: int) -> str:
    return msgspec.json.encode({"event": "lines_lost", "lines": lines}).decode()
