"""The examples, as a user runs them, against a simulated gateway: what they print, write, and leave at the gateway."""

from __future__ import annotations

import csv
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from ibwire.simulator import NO_LIMITS, GatewayThread, catalogue
from tests.helpers.examples import EXAMPLES, TIMEOUT_S, run_example, running_example, until

NEEDS_SIGNALS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(simulated_gateway: GatewayThread, tmp_path: Path) -> Run:
    """Runs an example to its end, which has to be a good one."""

    def to_the_end(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        result = run_example(name, *arguments, port=simulated_gateway.port, folder=tmp_path)
        assert result.returncode == 0, result.stdout + result.stderr
        assert result.stderr == ""
        return result

    return to_the_end


def test_quotes_become_a_table(run: Run, tmp_path: Path) -> None:
    run("quotes_to_dataframe.py", "AAPL", "EUR.USD", "--seconds", "1", "--out", "quotes.csv")
    with (tmp_path / "quotes.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["symbol"] for row in rows} == {"AAPL", "EUR.USD"}
    assert all(float(row["bid"]) < float(row["ask"]) for row in rows if row["bid"] and row["ask"])


@NEEDS_SIGNALS
def test_quotes_that_are_interrupted_are_shown_with_the_gap_there_was(
    simulated_gateway: GatewayThread, tmp_path: Path
) -> None:
    arguments = ("AAPL", "--seconds", "60", "--out", "quotes.csv")
    with running_example("quotes_to_dataframe.py", *arguments, port=simulated_gateway.port, folder=tmp_path) as example:
        until(lambda: any(client.subscriptions for client in simulated_gateway.state().clients))
        simulated_gateway.inject("disconnect")
        example.line_with("no link")
        until(lambda: any(client.subscriptions for client in simulated_gateway.state().clients))
        example.process.send_signal(signal.SIGINT)
        assert example.end() == 0
    text = (tmp_path / "quotes.csv").read_text(encoding="utf-8")
    assert "gap: link_lost" in text


@pytest.mark.simulated_gateway(limits=NO_LIMITS)  # by IBKR's pacing the second one would wait 15 s for the schedule
def test_history_is_written_and_what_is_there_is_not_asked_for_again(
    simulated_gateway: GatewayThread, run: Run, tmp_path: Path
) -> None:
    arguments = ("AAPL", "--bar-size", "30 mins", "--duration", "7 D")
    first = run("history_download.py", *arguments)
    found = re.search(r"^(\d+) bars from .* in bars.csv$", first.stdout, re.MULTILINE)
    assert found is not None
    assert len((tmp_path / "bars.csv").read_text(encoding="utf-8").splitlines()) == int(found[1]) + 1
    run("history_download.py", *arguments, "--out", "bars.parquet")
    before, again = (one.messages_received for one in simulated_gateway.state().clients_gone[-2:])
    assert again < before
    assert (tmp_path / "bars.parquet").exists()


def test_option_chain_shows_calls_and_puts_around_the_price(run: Run) -> None:
    said = run("option_chain.py", "AAPL", "--strikes", "2").stdout.splitlines()
    assert re.fullmatch(r"AAPL at \S+, options of \S+ in class AAPL", said[0])
    rows = [[float(cell.strip("%")) for cell in line.split()] for line in said[2:]]
    assert [len(row) for row in rows] == [9] * 4
    for bid, ask, volatility, delta, strike, put_bid, put_ask, put_volatility, put_delta in rows:
        assert 0 < bid < ask
        assert 0 < put_bid < put_ask
        assert volatility == put_volatility > 5
        assert delta - put_delta == pytest.approx(1, abs=0.02)
        assert strike % 2.5 == 0


def test_option_chain_leaves_out_what_does_not_exist(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # IBKR lists the strikes of all expiries together, so that some do not exist for one of them: here 251.
    monkeypatch.setattr(catalogue, "strikes", lambda _: (250.0, 251.0))
    there, missing = sorted(run("option_chain.py", "AAPL").stdout.splitlines()[2:], key=lambda line: " 251 " in line)
    number = r" +[-+\d.]+%?"
    assert re.fullmatch(rf"({number}){{4}} +250 +({number}){{4}}", there)
    assert re.fullmatch(r"( +-){4} +251 +( +-){4}", missing)


def test_option_chain_without_any_of_its_options_says_so(
    simulated_gateway: GatewayThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "strikes", lambda _: (249.0, 251.0))
    result = run_example("option_chain.py", "AAPL", port=simulated_gateway.port, folder=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(r"IBKR lists none of the options of \S+ around \S+\n", result.stderr)


@pytest.mark.simulated_gateway(speed=1e-9)
def test_bracket_leaves_its_children_working_once_the_entry_has_filled(
    simulated_gateway: GatewayThread, run: Run
) -> None:
    said = run("bracket_order.py", "AAPL", "--quantity", "10", "--seconds", "10").stdout
    assert "entry filled: 10 at" in said
    state = simulated_gateway.state()
    assert [(one.action, one.status) for one in state.orders] == [
        ("BUY", "Filled"), ("SELL", "Submitted"), ("SELL", "PreSubmitted"),
    ]  # fmt: skip
    assert [one.quantity for one in state.positions] == [10]


@pytest.mark.simulated_gateway(speed=1e-9)
def test_bracket_whose_entry_does_not_fill_is_cancelled_whole(simulated_gateway: GatewayThread, run: Run) -> None:
    simulated_gateway.set_quote("AAPL", ask_size=Decimal(0))
    said = run("bracket_order.py", "AAPL", "--quantity", "10", "--seconds", "0.5").stdout
    assert "entry cancelled: 0 at None" in said
    assert {one.status for one in simulated_gateway.state().orders} == {"Cancelled"}


@NEEDS_SIGNALS
@pytest.mark.simulated_gateway(speed=1e-9)
def test_bracket_that_is_interrupted_leaves_no_entry_behind(simulated_gateway: GatewayThread, tmp_path: Path) -> None:
    simulated_gateway.set_quote("AAPL", ask_size=Decimal(0))
    port = simulated_gateway.port
    with running_example("bracket_order.py", "AAPL", "--quantity", "10", port=port, folder=tmp_path) as example:
        until(lambda: len(simulated_gateway.state().orders) == 3)
        example.process.send_signal(signal.SIGINT)
        assert example.end() == 0
    assert {one.status for one in simulated_gateway.state().orders} == {"Cancelled"}


def test_recording_is_played_again(run: Run) -> None:
    said = run("record_and_replay.py", "AAPL", "MSFT", "--seconds", "1").stdout
    ticks = [int(number) for number in re.findall(r"'(?:price|size|text|number)': (\d+)", said)]
    played = dict(re.findall(r"^(\w+): (\d+) quotes played again$", said, re.MULTILINE))
    assert set(played) == {"AAPL", "MSFT"}
    assert sum(map(int, played.values())) == sum(ticks)  # a quote for each tick


def test_bots_own_tests_pass_with_nothing_but_the_plugin(tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / "testing_your_bot", tmp_path / "bot", ignore=shutil.ignore_patterns("__*"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, cwd=folder)
    assert result.returncode == 0, result.stdout
    assert "3 passed" in result.stdout


def test_dip_buyer_runs_by_itself_too(simulated_gateway: GatewayThread, run: Run) -> None:
    assert "filled" in run("testing_your_bot/dip_buyer.py", "AAPL", "--below", "260").stdout
    assert [one.status for one in simulated_gateway.state().orders] == ["Filled"]


def test_ibkrs_own_client_trades_on_the_simulator(simulated_gateway: GatewayThread, tmp_path: Path) -> None:
    result = run_example("official_ibapi.py", "AAPL", port=simulated_gateway.port, folder=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert [one.status for one in simulated_gateway.state().orders] == ["Filled"]


def test_examples_without_a_gateway_say_what_to_do(tmp_path: Path) -> None:
    names = ("quotes_to_dataframe", "history_download", "bracket_order")  # the three ways in which they end
    without_gateway = partial(run_example, port=1, folder=tmp_path)
    with ThreadPoolExecutor(2) as two_at_a_time:
        results = list(two_at_a_time.map(lambda name: without_gateway(f"{name}.py", "AAPL"), names))
    for result in results:
        assert result.returncode == 1
        (line,) = result.stderr.split("\n")[-2:-1]
        assert line.startswith("error: ")
        assert "hint: start TWS or IB Gateway" in line
        assert "Traceback" not in result.stderr


def test_every_example_is_in_the_table_of_the_readme() -> None:
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    names = {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb") or path.is_dir()}
    assert {name for name in names if not name.startswith("_") and f"({name})" not in table} == set()
