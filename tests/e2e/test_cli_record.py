"""`ibwire record` as a person or a script uses it."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ibwire.recording_reader import read_recording
from ibwire.simulator import GatewayThread
from tests.helpers.command_gateway import NOT_SUBSCRIBED, at, command_gateway, web_server
from tests.helpers.commands import TIMEOUT_S, ibwire, running


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayThread]:
    with command_gateway() as made:
        yield made


def test_what_was_recorded_can_be_read(gateway: GatewayThread, tmp_path: Path) -> None:
    command = ("record", "AAPL", "EUR.USD", "--what", "quotes,ticks,depth", "--seconds", "0.6", "--out", "days")
    result = ibwire(*command, *at(gateway), cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    told = re.fullmatch(r"recorded (\d+) rows of 6 streams in \d s, 0 gaps, in days\n", result.stdout)
    assert told is not None
    rows = read_recording(tmp_path / "days")
    assert len(list(rows)) == int(told[1])
    streams = {(row.con_id, row.stream) for row in rows}
    assert streams == {
        *((265598, stream) for stream in ("market_data", "tick_by_tick:AllLast", "market_depth:smart")),
        *((12087792, stream) for stream in ("market_data", "tick_by_tick:BidAsk", "market_depth:IDEALPRO")),
    }


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_it_is_whole_when_it_is_told_to_stop(gateway: GatewayThread, tmp_path: Path) -> None:
    with running("record", "AAPL", "--out", "days", "--json", *at(gateway), cwd=tmp_path) as process:
        while not any(client.subscriptions for client in gateway.state().clients):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        output, complaints = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, complaints) == (0, "")
    (last,) = map(json.loads, output.splitlines())
    assert (last["is_over"], last["streams"], last["gaps"]) == (True, 1, 0)
    kinds = [row.kind for row in read_recording(tmp_path / "days")]
    assert (kinds[0], kinds[-1], len(kinds)) == ("begin", "end", last["rows"])
    assert last["written"] == last["rows"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("AAPL", "NOPE"), "1 of 2 contracts could not be qualified: IBKR knows no contract NOPE"),
        ((NOT_SUBSCRIBED,), rf"[354] market_data of contract 76792991 ({NOT_SUBSCRIBED}) ended: "),
    ],
)
def test_what_cannot_be_recorded_is_told_in_one_line(
    gateway: GatewayThread, tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    result = ibwire("record", *arguments, "--out", "days", *at(gateway), cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {complaint}"), result.stderr
    assert result.stderr.count("\n") == 1


def test_without_a_gateway_it_says_so(tmp_path: Path) -> None:
    with web_server() as port:
        result = ibwire("record", "AAPL", "--out", "days", "--port", str(port), cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "days").exists()
