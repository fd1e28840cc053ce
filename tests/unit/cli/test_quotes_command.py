"""`ibwire quotes` and `ibwire doctor` in this process: kinds of data, gaps, several contracts, exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from ibwire.cli import findings
from ibwire.cli.app import app
from ibwire.cli.findings import bad, ok, skipped, warn
from ibwire.simulator import GatewayThread
from tests.helpers.strangers import nobody


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayThread]:
    with GatewayThread(seed=1, permissions={"MSFT": "none", "NVDA": "delayed"}) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.chdir(str(tmp_path))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_delayed_data_are_marked_as_such(gateway: GatewayThread) -> None:
    options = ("--market-data-type", "delayed", "--port", gateway.port, "--json")
    for more in (("--snapshot",), ("--count", 1)):
        result = run("quotes", "NVDA", *options, *more)
        assert result.exit_code == 0, result.output
        quote = json.loads(result.stdout)
        assert (quote["kind"], quote["is_delayed"]) == ("delayed", True)


def test_delayed_data_are_not_taken_without_being_asked_for(gateway: GatewayThread) -> None:
    result = run("quotes", "NVDA", "--snapshot", "--port", gateway.port)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: [10168] ")
    assert "request: NVDA; hint: set market data type 3" in result.stderr


def test_one_refusal_of_several_ends_it_and_names_the_contract(gateway: GatewayThread) -> None:
    result = run("quotes", "AAPL", "MSFT", "--port", gateway.port)
    assert result.exit_code == 1
    assert "[354]" in result.stderr
    assert "request: MSFT;" in result.stderr


def test_all_contracts_that_cannot_be_found_are_named_at_once(gateway: GatewayThread) -> None:
    result = run("quotes", "AAPL", "NOPE", "FUT:ES:CME", "--port", gateway.port)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "2 of 3 contracts could not be qualified" in result.stderr
    assert "NOPE" in result.stderr
    assert "FUT:ES:CME may be any of 5" in result.stderr


def test_contract_that_is_named_twice_is_asked_for_once(gateway: GatewayThread) -> None:
    result = run("quotes", "AAPL", "AAPL", "--snapshot", "--port", gateway.port)
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 1


def test_competing_session_is_a_gap_that_says_so() -> None:
    with GatewayThread(seed=1) as gateway:
        gateway.start_fault("competing_session")
        result = run("quotes", "AAPL", "--seconds", 0.5, "--port", gateway.port)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("AAPL       gap: competing session since ")
    assert "No market data during competing live session" in result.stdout


def test_doctor_exits_with_one_only_if_something_failed() -> None:
    with GatewayThread(seed=1, is_read_only=True) as gateway:
        warned = run("doctor", "--port", gateway.port)
    assert warned.exit_code == 0, warned.output
    assert "WARN read-only API: " in warned.stdout
    with nobody() as stranger:
        failed = run("doctor", "--port", stranger.port, "--json")
    assert failed.exit_code == 1
    assert json.loads(failed.stdout)["ok"] is False


def test_doctors_table_has_each_fix_below_what_it_mends() -> None:
    found = [ok("a", "[fine]"), warn("b", "slow", "be fast"), bad("c", "broken", "mend it"), skipped("d", "no c")]
    cells = [list(column.cells) for column in findings.table(found).columns]
    assert [str(cell) for cell in cells[1]] == ["OK", "WARN", "FAIL", "SKIP"]
    assert [str(cell) for cell in cells[2]] == ["[fine]", "slow\nfix: be fast", "broken\nfix: mend it", "no c"]
    assert not findings.is_well(found)
    assert findings.is_well(found[:2])
