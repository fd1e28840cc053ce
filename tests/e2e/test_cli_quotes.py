"""`ibwire quotes` as a person or a script uses it: quotes, and everything that can be in the way of them."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from ibwire.simulator import GatewayThread
from tests.helpers.commands import TIMEOUT_S, ibwire, on_a_terminal, running
from tests.helpers.strangers import OLD_GATEWAY, TOO_OLD, WEB_SERVER, Stranger, answering, nobody

QUOTE = r"(AAPL|EUR\.USD) +bid [\d.]+ x [\d.]+  ask [\d.]+ x [\d.]+  last .*  live"


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayThread]:
    with GatewayThread(seed=1, permissions={"MSFT": "none"}) as gateway:
        yield gateway


def test_quotes_go_into_a_pipe_a_line_for_each_change_until_it_is_enough(gateway: GatewayThread) -> None:
    result = ibwire("quotes", "AAPL", "EUR.USD", "--count", "4", "--port", str(gateway.port))
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert len(lines) == 4
    assert all(re.fullmatch(QUOTE, line) for line in lines), lines
    assert {line.split()[0] for line in lines} == {"AAPL", "EUR.USD"}


def test_snapshot_as_json_with_a_simulated_gateway_inside() -> None:
    result = ibwire("quotes", "AAPL", "FUT:ES:CME:202603", "--snapshot", "--json", "--sim")
    assert (result.returncode, result.stderr) == (0, "")
    apple, future = map(json.loads, result.stdout.splitlines())
    assert (apple["contract"], apple["con_id"], apple["kind"]) == ("AAPL", 265598, "live")
    assert apple["bid"] < apple["ask"]
    assert float(apple["bid_size"]) > 0
    assert future["contract"] == "FUT:ES:CME:202603"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
def test_terminal_gets_a_table_that_stays_when_it_ends(gateway: GatewayThread) -> None:
    command = ("quotes", "AAPL", "EUR.USD", "--seconds", "0.5", "--port", str(gateway.port))
    status, shown = on_a_terminal(*command)
    assert status == 0
    last = shown[shown.rindex("instrument") :]
    assert re.search(r"AAPL +\d+ +[\d.]+ +[\d.]+ +\d+ +[\d.]+ +\d+ .*live", last)
    assert re.search(r"EUR\.USD .*live", last)


@pytest.mark.parametrize(
    ("where", "complaint"),
    [
        (nobody, r"no TCP connection to 127\.0\.0\.1:\d+: .*; hint: .*`ibwire sim --port \d+`.* --sim"),
        (lambda: answering(WEB_SERVER), r"the first frame says .*HTTP.*; hint: check host and port"),
        (lambda: answering(OLD_GATEWAY), f"{TOO_OLD}; hint: update TWS or IB Gateway"),
    ],
    ids=["nothing listens", "a web server", "too old"],
)
def test_no_gateway_to_be_had_is_one_line_with_a_hint(
    where: Callable[[], AbstractContextManager[Stranger]], complaint: str
) -> None:
    with where() as stranger:
        result = ibwire("quotes", "AAPL", "--port", str(stranger.port))
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(f"error: {complaint}[^\n]*\n", result.stderr), result.stderr


@pytest.mark.parametrize(
    ("symbol", "complaint"),
    [
        ("NOPE", r"\[200\] IBKR knows no contract NOPE: .*; request: NOPE; hint: check symbol"),
        ("MSFT", r"\[354\] Requested market data is not subscribed\.; request: MSFT; hint: subscribe to the data"),
    ],
    ids=["unknown symbol", "no permission"],
)
def test_what_ibkr_refuses_is_one_line_with_a_hint(gateway: GatewayThread, symbol: str, complaint: str) -> None:
    result = ibwire("quotes", symbol, "--port", str(gateway.port))
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(f"error: {complaint}[^\n]*\n", result.stderr), result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_lost_link_is_a_gap_that_ends_and_ctrl_c_is_a_good_end(gateway: GatewayThread) -> None:
    with running("quotes", "AAPL", "--port", str(gateway.port)) as process:
        assert process.stdout is not None
        assert re.fullmatch(QUOTE, process.stdout.readline().rstrip())
        gateway.start_fault("disconnect")
        lines = iter(process.stdout.readline, "")
        gap = next(line for line in lines if "live" not in line)
        assert gap.startswith("AAPL       gap: link lost since ")
        assert next(line for line in lines if "stale" not in line).startswith("AAPL       resumed at ")
        assert re.fullmatch(QUOTE, next(lines).rstrip())
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, complaints) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_interrupted_while_it_connects_says_nothing() -> None:
    with answering(None) as stranger, running("quotes", "AAPL", "--port", str(stranger.port)) as process:
        assert stranger.was_greeted.wait(TIMEOUT_S)
        process.send_signal(signal.SIGINT)
        output, complaints = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, output, complaints) == (130, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells it otherwise")
def test_reader_who_has_seen_enough_is_a_good_end(gateway: GatewayThread) -> None:
    with running("quotes", "AAPL", "--port", str(gateway.port)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(TIMEOUT_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
