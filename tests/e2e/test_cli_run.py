"""`ibwire run` as systemd, a container or a person runs it."""

from __future__ import annotations

import json
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ibwire.contract_texts import parse_contract
from ibwire.order_types import limit
from ibwire.recording_reader import read_recording
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, Settings, TradingSettings
from ibwire.simulator import GatewayThread
from tests.helpers.command_gateway import NOT_SUBSCRIBED, at, command_gateway, web_server
from tests.helpers.commands import TIMEOUT_S, ibwire, running

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
CLIENT_ID = 7


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayThread]:
    with command_gateway() as made:
        yield made


class Lines:
    """What a running service says, as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, args=(process,), daemon=True).start()
        self.seen: list[dict[str, Any]] = []

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._lines.put(json.loads(line))

    def until(self, is_meant: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next line of this kind."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            self.seen.append(line)
            if is_meant(line):
                return line


def is_healthy(line: dict[str, Any]) -> bool:
    return line["status"] == "healthy"


def ended(process: subprocess.Popen[str], number: int) -> float:
    """How long it takes to end when it is told to."""
    began = time.monotonic()
    process.send_signal(number)
    process.wait(timeout=TIMEOUT_S)
    return time.monotonic() - began


async def place_a_working_order(port: int, journal: Path) -> None:
    """An order of before, in the journal that the service takes up."""
    settings = Settings(
        connection=ConnectionSettings(port=port, client_id=CLIENT_ID), trading=TradingSettings(journal_path=journal)
    )
    async with IBSession(settings) as session:
        contract = await session.contracts.qualify(parse_contract("MSFT"))
        await (await session.trading.place(contract, limit("BUY", 10, "1.00"))).acknowledged()


@needs_signals
async def test_service_through_a_restart_of_the_gateway(gateway: GatewayThread, tmp_path: Path) -> None:
    journal, health, days = tmp_path / "journal.sqlite3", tmp_path / "health.json", tmp_path / "days"
    await place_a_working_order(gateway.port, journal)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        told: list[str] = []
        listening = threading.Thread(target=keep_reading, args=(systemd, told))
        listening.start()
        variables = {
            "IBWIRE_CONNECTION_PORT": str(gateway.port),
            "IBWIRE_CONNECTION_CLIENT_ID": str(CLIENT_ID),
            "IBWIRE_TRADING_JOURNAL_PATH": str(journal),
            "IBWIRE_SERVICE_WATCHLIST": "AAPL, EUR.USD",
            "IBWIRE_SERVICE_RECORD_DIR": str(days),
            "IBWIRE_SERVICE_HEALTH_FILE": str(health),
            "IBWIRE_SERVICE_HEALTH_INTERVAL_S": "5",
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
            "WATCHDOG_USEC": "200000",
        }
        with running("run", **variables) as process:
            lines = Lines(process)
            first = lines.until(lambda _: True)
            assert (first["event"], first["status"]) == ("start", "down")
            well = lines.until(is_healthy)
            assert (well["event"], well["state"]) == ("change", "connected")
            assert (well["streams"]["wanted"], well["streams"]["live"], well["reconnects"]) == (2, 2, 0)
            assert (well["journal"]["is_reconciled"], well["journal"]["open_orders"]) == (True, 1)
            assert ibwire("run", "--is-healthy", **variables).returncode == 0
            gateway.start_fault("restart", down_for_s=0.5)
            down = lines.until(lambda line: line["status"] == "down")
            assert (down["event"], down["streams"]["in_gap"]) == ("change", 2)
            again = lines.until(is_healthy)
            assert (again["reconnects"], again["streams"]["live"], again["streams"]["gaps"]) == (1, 2, 2)
            assert ended(process, signal.SIGTERM) < 4
            last = lines.until(lambda line: line["event"] == "stop")
            assert last["reasons"] == ["it was told to stop"]
            assert process.stderr is not None
            assert (process.returncode, process.stderr.read()) == (0, "")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"that is all", systemd.getsockname())
        listening.join(TIMEOUT_S)
    assert told[0].startswith("STATUS=down")
    assert told.index("READY=1") < told.index("STATUS=healthy: connected") < told.index("STOPPING=1")
    assert told.count("WATCHDOG=1") > 3
    rows = [row for row in read_recording(days) if row.con_id == 265598]
    kinds = [row.kind for row in rows]
    assert (kinds[0], kinds[-1]) == ("begin", "end")
    assert kinds.index("gap") < kinds.index("resumed")
    gone = ibwire("run", "--is-healthy", **variables)
    assert (gone.returncode, gone.stdout, gone.stderr) == (1, "", "error: the service has ended\n")


def keep_reading(systemd: socket.socket, told: list[str]) -> None:
    """As systemd does: a datagram that finds no room is lost."""
    while (text := systemd.recv(4096).decode()) != "that is all":
        told.append(text)


@needs_signals
def test_service_that_starts_before_the_gateway_waits_for_it(tmp_path: Path) -> None:
    variables = {"IBWIRE_SERVICE_WATCHLIST": "AAPL", "IBWIRE_WATCHDOG_BACKOFF_MAX_S": "0.3"}
    with web_server() as port, running("run", "--port", str(port), cwd=tmp_path, **variables) as process:
        lines = Lines(process)
        down = lines.until(lambda line: line["event"] == "change")
        assert down["status"] == "down"
        assert "HTTP" in down["reasons"][1], down["reasons"]
        assert ended(process, signal.SIGINT) < 4
        assert process.returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with running("run", "--port", str(port), cwd=tmp_path, **variables) as process:
        lines = Lines(process)
        lines.until(lambda line: "no TCP connection" in " ".join(line["reasons"]))
        with GatewayThread(seed=1, port=port):
            assert lines.until(is_healthy)["streams"]["live"] == 1
            ended(process, signal.SIGTERM)
        assert process.returncode == 0


@needs_signals
def test_nobody_reading_does_not_hold_it_up(gateway: GatewayThread, tmp_path: Path) -> None:
    variables = {"IBWIRE_SERVICE_HEALTH_INTERVAL_S": "0.005", "IBWIRE_SERVICE_HEALTH_FILE": str(tmp_path / "health")}
    with running("run", *at(gateway), pipesize=4096, cwd=tmp_path, **variables) as process:
        health = tmp_path / "health"
        while not (health.exists() and is_healthy(json.loads(health.read_text()))):
            time.sleep(0.02)
        before = json.loads(health.read_text())["time"]
        while json.loads(health.read_text())["time"] == before:  # the pipe is full by now, and it goes on
            time.sleep(0.02)
        assert ended(process, signal.SIGTERM) < 4
        assert process.returncode == 0


@pytest.mark.parametrize(
    ("watchlist", "complaint"),
    [
        ("AAPL, NOPE", "1 of 2 contracts could not be qualified: IBKR knows no contract NOPE"),
        (f"AAPL, {NOT_SUBSCRIBED}", f"[354] Requested market data is not subscribed.; request: {NOT_SUBSCRIBED}"),
    ],
)
def test_watchlist_that_cannot_be_kept_ends_it_in_one_line(
    gateway: GatewayThread, tmp_path: Path, watchlist: str, complaint: str
) -> None:
    result = ibwire("run", *at(gateway), cwd=tmp_path, IBWIRE_SERVICE_WATCHLIST=watchlist)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {complaint}"), result.stderr
    assert result.stderr.count("\n") == 1
    last = json.loads(result.stdout.splitlines()[-1])
    assert last["event"] == "stop"
    assert complaint in last["reasons"][0]
