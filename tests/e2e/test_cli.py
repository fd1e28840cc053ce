"""The installed command, as a person or a script uses it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from ibwire.connection import ConnectionManager
from ibwire.settings import ConnectionSettings
from ibwire.wire import messages as m
from tests.helpers.commands import TIMEOUT_S, ibwire, running

INTERRUPTED_AT_THE_FIRST_IMPORT = """
import signal, sys

class Interrupter:
    def find_spec(self, name, *_):
        if name == "typer":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupter())
from ibwire.cli import main
main()
"""


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", process.stdout.readline())
    assert match is not None
    return int(match[1])


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
    assert complaints == ""
    assert [line.split(" ", 1)[1] for line in output.splitlines()] == [
        "client 1 connected, server version 213",
        "client 1 left after 2 messages",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_sim_that_is_interrupted_while_it_starts_says_nothing() -> None:
    command = [sys.executable, "-c", INTERRUPTED_AT_THE_FIRST_IMPORT]
    result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
async def test_sim_as_json_says_what_happens_an_object_a_line(tmp_path: Path) -> None:
    scenario = tmp_path / "day.toml"
    scenario.write_text('[[at]]\ns = 0\nkind = "clock_skew"\nseconds = 60\n', encoding="utf-8")
    options = ("--account", "DU5", "--limit", "market_data_lines=1", "--scenario", str(scenario), "--control-port", "0")
    with running("sim", "--port", "0", "--json", *options) as process:
        assert process.stdout is not None
        listening = json.loads(process.stdout.readline())
        assert (listening["event"], listening["host"]) == ("listening", "127.0.0.1")
        async with ConnectionManager(ConnectionSettings(port=listening["port"], client_id=3)) as client:
            assert client.accounts == ("DU5",)
            order = m.Order(action="BUY", order_type="MKT", total_quantity="10")
            apple = m.Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
            async with client.stream(
                m.PlaceOrderRequest(order_id=client.next_id(), contract=apple, order=order)
            ) as news:
                async for message in news:
                    if isinstance(message, m.CommissionAndFeesReport):
                        break
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listening['control_port']}") as http:
                state = (await http.get("/state")).json()
                assert [one["status"] for one in state["orders"]] == ["Filled"]
        process.send_signal(signal.SIGTERM)
        output, complaints = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, complaints) == (0, "")
    happened = [json.loads(line) for line in output.splitlines()]
    names = [one["event"] for one in happened]
    assert names[:2] == ["fault", "client_connected"]
    assert names[-1] == "client_left"
    (fill,) = [one for one in happened if one["event"] == "fill"]
    assert (fill["client_id"], fill["side"], fill["symbol"], fill["quantity"]) == (3, "BOT", "AAPL", "10")
    statuses = [one["status"] for one in happened if one["event"] == "order"]
    assert (statuses[0], statuses[-1]) == ("PreSubmitted", "Filled")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_sim_ends_cleanly_with_a_fault_under_way_and_nobody_reading_what_it_says(number: signal.Signals) -> None:
    with running("sim", "--port", "0", "--control-port", "0", "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        port = json.loads(process.stdout.readline())["control_port"]
        process.stdout.close()
        for fault in ({"kind": "reset"}, {"kind": "reset"}, {"kind": "restart", "down_for_s": 1000}):
            assert httpx.post(f"http://127.0.0.1:{port}/faults", json=fault).status_code == 200
        process.send_signal(number)
        assert process.wait(TIMEOUT_S) == 0
        assert process.stderr.read() == ""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a pipe cannot be made small")
def test_sim_serves_on_and_ends_though_nobody_reads_what_it_says() -> None:
    with running("sim", "--port", "0", "--control-port", "0", "--json", pipesize=4096) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["control_port"]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
            for _ in range(200):
                assert http.post("/faults", json={"kind": "reset"}).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_sim_says_all_that_is_wrong_with_a_scenario(tmp_path: Path) -> None:
    scenario = tmp_path / "day.toml"
    scenario.write_text('[[at]]\ns = 3\nkind = "earthquake"\n[[at]]\ns = 2\nkind = "reset"\n', encoding="utf-8")
    result = ibwire("sim", "--port", "0", "--scenario", str(scenario))
    assert (result.returncode, result.stdout) == (1, "")
    assert "entry 1: no fault is called 'earthquake'" in result.stderr
    assert "entry 2: s = 2" in result.stderr


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--clock", "manual"), "needs --control-port"),
        (("--start-at", "2024-03-04"), "--clock manual"),
        (("--limit", "speed=3"), "there is no such limit; there are messages_per_s"),
        (("--limit", "messages_per_s=many"), "messages_per_s=none to switch it off"),
    ],
)
def test_sim_refuses_options_that_mean_nothing(options: tuple[str, ...], complaint: str) -> None:
    result = ibwire("sim", "--port", "0", *options)
    assert (result.returncode, result.stdout) == (1, "")
    assert complaint in result.stderr


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


def test_module_is_the_command_too() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "ibwire", "explain", "200"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("code: 200")


def test_config_with_a_typo_names_the_nearest_known_name() -> None:
    result = ibwire("config", IBWIRE_CONECTION_PORT="7497")
    assert result.returncode == 1
    assert "IBWIRE_CONECTION_PORT" in result.stderr
    assert "IBWIRE_CONNECTION_PORT" in result.stderr
