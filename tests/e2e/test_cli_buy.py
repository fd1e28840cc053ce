"""`ibwire buy` and `sell`, as a person or a script uses them: what is asked, sent and said, and the exit code."""

from __future__ import annotations

import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ibwire.journal_file import JournalFile
from ibwire.simulator import GatewayThread
from tests.helpers.commands import ibwire, running
from tests.helpers.terminal import asked

needs_a_terminal = pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals and signals")


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayThread]:
    with GatewayThread(seed=1) as gateway:
        yield gateway


def at(gateway: GatewayThread, *arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return ibwire(*arguments, "--port", str(gateway.port), cwd=cwd, **variables)


def placed(gateway: GatewayThread) -> int:
    return len(gateway.state().orders)


def complaint(result: subprocess.CompletedProcess[str]) -> str:
    """The one line in which the command says why it failed."""
    assert result.returncode == 1, result.stdout + result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, result.stderr
    assert result.stderr.splitlines()[-1] == lines[0], result.stderr
    return lines[0]


def test_a_market_order_is_shown_placed_and_waited_for(gateway: GatewayThread, tmp_path: Path) -> None:
    result = at(gateway, "buy", "AAPL", "10", "--market", "--yes", "--wait", "10", "--tag", "mine", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert re.fullmatch(r"AAPL: APPLE INC, STK, SMART, USD, con_id 265598", lines[0])
    assert lines[1] == "BUY 10 AAPL at the market, DAY"
    assert re.match(r"it would mean: initial margin [\d,.]+ -> [\d,.]+, .*commission 1\.00 USD", lines[2])
    assert re.match(r"filled, 10 of 10 filled at [\d.]+, commission 1\.0; perm_id \d+", lines[-1])
    assert re.fullmatch(r"sent: reference \w+\.1, order id \d+\n", result.stderr)
    assert gateway.state().orders[-1].order_ref.startswith("mine~")


def test_what_does_not_fill_in_time_is_told_with_the_way_to_cancel_it(gateway: GatewayThread, tmp_path: Path) -> None:
    options = ("--limit", "1.00", "--tif", "GTC", "--yes", "--json", "--wait", "0.2")
    result = at(gateway, "buy", "AAPL", "1", *options, cwd=tmp_path)
    told = json.loads(result.stdout)
    ref = told["order"]["client_ref"]
    assert (told["order"]["state"], told["order"]["tif"], told["placed"]) == ("submitted", "GTC", True)
    assert told["what_if"]["commission"] == "1.0"
    said = complaint(result)
    assert f"not filled within 0.2 s: the order is working (submitted, 0 of 1 filled): reference {ref}" in said
    assert f"`ibwire cancel {ref}` cancels it" in said


def test_a_symbol_that_nobody_knows_is_one_line(gateway: GatewayThread, tmp_path: Path) -> None:
    result = at(gateway, "buy", "NOPE", "1", "--market", "--yes", cwd=tmp_path)
    assert "[200] IBKR knows no contract NOPE" in complaint(result)


def test_without_a_terminal_and_without_yes_it_does_not_even_connect(tmp_path: Path) -> None:
    result = ibwire("buy", "AAPL", "1", "--market", "--port", "1", cwd=tmp_path)
    assert "nothing was sent: there is no terminal to ask at" in complaint(result)
    assert "--yes" in result.stderr


def test_without_a_gateway_it_says_how_to_get_one(tmp_path: Path) -> None:
    result = ibwire("buy", "AAPL", "1", "--market", "--yes", "--port", "1", cwd=tmp_path)
    assert "`ibwire sim --port 1`" in complaint(result)


def test_a_web_server_is_no_gateway(tmp_path: Path) -> None:
    with web_server() as port:
        options = ("--market", "--yes", "--port", str(port))
        result = ibwire("buy", "AAPL", "1", *options, cwd=tmp_path, IBWIRE_CONNECTION_HANDSHAKE_TIMEOUT_S="0.5")
    assert "a gateway that waits for a login" in complaint(result)


@contextmanager
def web_server() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_who_holds_the_journal_is_named_before_anything_else(gateway: GatewayThread, tmp_path: Path) -> None:
    journal = JournalFile(tmp_path / "ibwire-journal.sqlite3", datetime.now(UTC))
    try:
        result = at(gateway, "buy", "AAPL", "1", "--market", "--yes", cwd=tmp_path)
    finally:
        journal.close()
    assert f"is in use by process {os.getpid()}" in complaint(result)
    assert "hint: end the process" in result.stderr


# --- with a person at a terminal -------------------------------------------------------------------------------------


@needs_a_terminal
@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("\n", 1)])
def test_only_a_yes_places_it(gateway: GatewayThread, tmp_path: Path, answer: str, code: int) -> None:
    before = placed(gateway)
    order = ("buy", "AAPL", "1", "--limit", "1.00", "--port", str(gateway.port))
    with asked(*order, cwd=tmp_path) as command:
        question = command.until("[y/N] ")
        assert "BUY 1 AAPL at a limit of 1.00, DAY, in DU1234567 (paper)?" in question
        command.type(answer)
        returned, _, complaints = command.end()
    assert (returned, placed(gateway) - before) == (code, 1 - code)
    assert ("nothing was sent" in complaints) is bool(code)


@needs_a_terminal
def test_ctrl_c_at_the_question_sends_nothing(gateway: GatewayThread, tmp_path: Path) -> None:
    before = placed(gateway)
    with asked("buy", "AAPL", "1", "--market", "--port", str(gateway.port), cwd=tmp_path) as command:
        command.until("[y/N] ")
        command.process.send_signal(signal.SIGINT)
        code, _, complaints = command.end()
    assert (code, placed(gateway)) == (130, before)
    assert complaints.splitlines()[-1] == "interrupted: nothing was sent"


@needs_a_terminal
def test_ctrl_c_after_it_was_sent_says_that_it_works_and_how_to_cancel_it(
    gateway: GatewayThread, tmp_path: Path
) -> None:
    arguments = ("buy", "AAPL", "1", "--limit", "1.00", "--yes", "--wait", "60", "--port", str(gateway.port))
    with running(*arguments, cwd=tmp_path, PYTHONUNBUFFERED="1") as process:
        assert process.stderr is not None
        sent = re.fullmatch(r"sent: reference (\S+), order id \d+\n", process.stderr.readline())
        assert sent is not None
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=20)
    assert process.returncode == 130
    (line,) = complaints.splitlines()
    assert re.match(r"interrupted: the order is working \((sent|pre_submitted|submitted), 0 of 1 filled\)", line)
    assert f"reference {sent[1]}; `ibwire cancel {sent[1]}` cancels it" in line
