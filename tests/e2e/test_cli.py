"""The installed command, as a person or a script uses it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ibwire.connection import ConnectionManager
from ibwire.settings import ConnectionSettings
from ibwire.wire import messages as m

IBWIRE = [sys.executable, "-m", "ibwire"]
RECORDINGS = Path(__file__).parents[3] / "shared" / "data"
TIMEOUT_S = 60


def ibwire(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(
        [*IBWIRE, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=environment
    )


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([*IBWIRE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", process.stdout.readline())
    assert match is not None
    return int(match[1])


def test_demo_as_json_prints_one_object_and_succeeds() -> None:
    result = ibwire("demo", "--seconds", "1", "--json")
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["ok"] is True
    assert summary["server_version"] == 226
    assert summary["instruments"] >= 5
    assert summary["instruments_quoted"] == summary["instruments"]
    assert summary["order"]["status"] == "Filled"
    assert float(summary["order"]["average_price"]) <= float(summary["order"]["limit_price"])
    assert result.stderr == ""


def test_demo_into_a_pipe_prints_plain_lines_with_a_quote_of_each_instrument() -> None:
    result = ibwire("demo", "--seconds", "1")
    assert result.returncode == 0, result.stderr
    assert "\x1b" not in result.stdout
    for symbol in ("AAPL", "MSFT", "ESH4"):
        assert re.search(rf"^{symbol} .* bid \d+ x [\d.]+  ask [\d.]+ x \d+", result.stdout, re.MULTILINE)
    assert "Filled" in result.stdout


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not part of the project and not here")
def test_demo_on_the_recordings_shows_and_trades_them() -> None:
    result = ibwire("demo", "--seconds", "1", "--json", "--replay", str(RECORDINGS))
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["instruments_quoted"] == 3
    assert summary["order"]["status"] == "Filled"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("demo", "--replay", "/nowhere"), r"error: /nowhere: no such folder"),
        (("sim", "--port", "PORT_IN_USE"), r"error: .*address already in use"),
    ],
)
def test_command_that_cannot_work_says_why_in_one_line(arguments: tuple[str, ...], complaint: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = ibwire(*(port if argument == "PORT_IN_USE" else argument for argument in arguments))
    assert result.returncode == 1
    assert re.fullmatch(complaint + r"[^\n]*\n", result.stderr), result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
async def test_sim_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    with running("sim", "--port", "0", "--server-version", "213") as process:
        settings = ConnectionSettings(port=port_of(process))
        async with ConnectionManager(settings) as client:
            assert client.server_version == 213
            answers = await client.request(m.ContractDataRequest(contract=m.Contract(symbol="AAPL", sec_type="STK")))
            assert isinstance(answers[-1], m.ContractDataEnd)
            process.send_signal(number)
            output, complaints = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0
    assert (output, complaints) == ("", "")


def test_explain_of_a_known_code_says_what_to_do() -> None:
    result = ibwire("explain", "10197", "--json")
    assert result.returncode == 0
    explanation = json.loads(result.stdout)
    assert explanation["is_known"]
    assert explanation["category"] == "competing_session"
    assert explanation["meaning"]
    assert explanation["hint"]


def test_explain_of_an_unknown_code_says_so() -> None:
    result = ibwire("explain", "77777")
    assert result.returncode == 1
    assert "unknown" in result.stdout


def test_config_tells_where_each_value_came_from() -> None:
    result = ibwire("config", "--json", IBWIRE_CONNECTION_PORT="7497")
    assert result.returncode == 0, result.stderr
    values = json.loads(result.stdout)
    assert values["connection.port"] == {
        "value": "7497",
        "source": "environment",
        "variable": "IBWIRE_CONNECTION_PORT",
    }
    assert values["connection.host"]["source"] == "default"


def test_config_with_a_typo_names_the_nearest_known_name() -> None:
    result = ibwire("config", IBWIRE_CONECTION_PORT="7497")
    assert result.returncode == 1
    assert "IBWIRE_CONECTION_PORT" in result.stderr
    assert "IBWIRE_CONNECTION_PORT" in result.stderr
