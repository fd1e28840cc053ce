"""`ibwire demo`: the main job end to end, on a made-up market and on real recordings."""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import TIMEOUT_S, ibwire, running

RECORDINGS = Path(__file__).parents[3] / "shared" / "data"


def check(summary: dict[str, Any]) -> None:
    broken = [one for one in summary["invariants"] if one["is_held"] is not True]
    assert broken == []
    assert summary["ok"] is True
    assert [order["status"] for order in summary["orders"]] == ["filled", "filled", "cancelled"]
    assert all(order["filled"] == order["quantity"] for order in summary["orders"][:2])
    assert summary["highest_messages_per_s"] <= 50
    assert summary["ticks"] > summary["ticks_after_the_restart"] > 0
    assert summary["recovery_s"] is not None
    assert summary["took_s"] < 40


def test_demo_as_json_holds_every_invariant_through_a_restart() -> None:
    result = ibwire("demo", "--seconds", "1", "--json")
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    summary = json.loads(result.stdout)
    check(summary)
    assert summary["server_version"] == 226
    assert summary["instruments"] >= 5
    assert float(summary["orders"][0]["average_price"]) <= float(summary["orders"][0]["limit_price"])


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not part of the project and not here")
def test_demo_on_the_recordings_streams_them_and_downloads_every_recorded_bar() -> None:
    result = ibwire("demo", "--seconds", "1", "--json", "--replay", str(RECORDINGS))
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    summary = json.loads(result.stdout)
    check(summary)
    assert summary["instruments"] == 3
    assert summary["bars"] > 10_000


def test_demo_into_a_pipe_prints_plain_lines_with_a_quote_of_each_instrument() -> None:
    result = ibwire("demo", "--seconds", "1")
    assert result.returncode == 0, result.stderr
    assert "\x1b" not in result.stdout
    for symbol in ("AAPL", "MSFT", "ESH4"):
        assert re.search(rf"^{symbol} .* bid \d+ x [\d.]+  ask [\d.]+ x \d+", result.stdout, re.MULTILINE)
    assert re.search(r"^it is back; 12 streams ticked again [\d.]+ s later$", result.stdout, re.MULTILINE)
    assert "all is well" in result.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_demo_that_is_interrupted_ends_without_a_word() -> None:
    with running("demo") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("connected to ")
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, complaints) == (130, "")
