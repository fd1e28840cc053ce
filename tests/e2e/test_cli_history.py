"""`ibwire history` as a person or a script uses it."""

from __future__ import annotations

import csv
import json
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ibwire.simulator import GatewayThread
from tests.helpers.command_gateway import at, command_gateway, web_server
from tests.helpers.commands import TIMEOUT_S, ibwire, running

TWO_DAYS = ("--start", "2026-04-06", "--end", "2026-04-08", "--bar-size", "5m")


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayThread]:
    with command_gateway() as made:
        yield made


def test_bars_go_into_a_pipe_as_csv_and_into_a_file_the_same(gateway: GatewayThread, tmp_path: Path) -> None:
    out = tmp_path / "aapl.parquet"
    piped = ibwire("history", "AAPL", *TWO_DAYS, *at(gateway))
    assert (piped.returncode, piped.stderr) == (0, "")
    rows = list(csv.DictReader(piped.stdout.splitlines()))
    assert len(rows) == 2 * 78
    assert rows[0]["start"] == "2026-04-06T13:30:00Z"
    written = ibwire("history", "AAPL", *TWO_DAYS, *at(gateway), "--out", str(out), "--json")
    assert (written.returncode, written.stderr) == (0, "")
    summary = json.loads(written.stdout)
    assert (summary["rows"], summary["holes"], summary["con_id"]) == (156, [], 265598)
    assert (summary["first"], summary["last"]) == ("2026-04-06T13:30:00Z", "2026-04-07T19:55:00Z")
    table = pq.read_table(out)
    assert table["close"].to_pylist() == [float(row["close"]) for row in rows]
    assert [path.name for path in tmp_path.iterdir()] == ["aapl.parquet"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_download_that_was_interrupted_goes_on_where_it_was(gateway: GatewayThread, tmp_path: Path) -> None:
    out = tmp_path / "msft.csv"
    command = ("history", "MSFT", "--start", "2026-03-02", "--end", "2026-03-12", "--bar-size", "1m", "--out", str(out))
    with running(*command, *at(gateway)) as process:
        stored = wait_for_spans(tmp_path)
        process.send_signal(signal.SIGINT)
        output, complaints = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, output) == (130, "")
    (kept,) = tmp_path.glob("*.part")
    assert complaints == f"not complete: what has come is kept in {kept}, and the same command goes on from there\n"
    assert not out.exists()
    again = ibwire(*command, *at(gateway), "--json")
    assert (again.returncode, again.stderr) == (0, "")
    summary = json.loads(again.stdout)
    assert summary["rows"] == 8 * 390
    assert 0 < summary["requests"] <= 8 - stored
    assert [path.name for path in tmp_path.iterdir()] == ["msft.csv"]


def wait_for_spans(folder: Path, least: int = 1) -> int:
    """Until so many requests have been answered and kept; how many."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        for path in folder.glob("*.part"):
            with closing(sqlite3.connect(path)) as database:
                try:
                    (number,) = database.execute("SELECT count(*) FROM spans").fetchone()
                except sqlite3.OperationalError:  # it is being made
                    number = 0
            if number >= least:
                return int(number)
        time.sleep(0.01)
    raise AssertionError("nothing was kept")


def test_a_gateway_that_restarts_is_waited_for(gateway: GatewayThread, tmp_path: Path) -> None:
    out = tmp_path / "msft.csv"
    command = ("history", "MSFT", "--start", "2026-02-02", "--end", "2026-02-12", "--bar-size", "1m", "--out", str(out))
    with running(*command, *at(gateway)) as process:
        # So many leave at once; the next two seconds later, so that none is under way, which would take its 15 s more.
        wait_for_spans(tmp_path, 5)
        gateway.start_fault("restart")
        output, complaints = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, complaints
    assert "the gateway is away" in complaints
    assert output.startswith(f"{out}: {8 * 390} bars of 1 min of MSFT")


def test_ticks_are_json_lines(gateway: GatewayThread) -> None:
    span = ("--start", "2026-04-06T14:00", "--end", "2026-04-06T10:01-04:00")
    result = ibwire("history", "AAPL", "--ticks", *span, "--json", *at(gateway))
    assert (result.returncode, result.stderr) == (0, "")
    ticks = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(ticks) > 1
    assert all("2026-04-06T14:00:00Z" <= tick["time"] < "2026-04-06T14:01:00Z" for tick in ticks)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("NOPE",), "[200] IBKR knows no contract NOPE"),
        (("AAPL", "--start", "2026-04-04", "--end", "2026-04-05"), "there are no bars"),
    ],
)
def test_what_cannot_be_had_is_told_in_one_line(
    gateway: GatewayThread, tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    result = ibwire("history", *arguments, *at(gateway), cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: {complaint}")
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_without_a_gateway_or_with_something_else_on_its_port_it_says_so(tmp_path: Path) -> None:
    nobody = ibwire("history", "AAPL", "--port", "1")
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert nobody.stderr.startswith("error: no TCP connection to 127.0.0.1:1")
    assert "or add --sim" in nobody.stderr
    with web_server() as port:
        other = ibwire("history", "AAPL", "--port", str(port))
    assert other.returncode == 1
    assert other.stderr.startswith("error: ")
    assert other.stderr.count("\n") == 1
