"""`ibwire doctor` as a person or a script uses it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.helpers.commands import ibwire
from tests.helpers.strangers import WEB_SERVER, answering, nobody


def test_all_is_well_with_a_simulated_gateway(tmp_path: Path) -> None:
    result = ibwire("doctor", "--sim", "--json", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert found["ok"] is True
    assert {one["verdict"] for one in found["checks"]} == {"OK"}
    assert [one["check"] for one in found["checks"]] == [
        *("environment", "extras", "settings", "tcp", "handshake", "server version", "accounts", "read-only API"),
        *("clock", "IBKR", "market data", "pacing", "journal"),
    ]
    assert list(tmp_path.iterdir()) == []  # it changes nothing


def test_nobody_listens_and_the_line_says_what_to_do(tmp_path: Path) -> None:
    with nobody() as stranger:
        result = ibwire("doctor", "--port", str(stranger.port), cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, "")
    failed = [line for line in result.stdout.splitlines() if line.startswith("FAIL")]
    assert len(failed) == 1
    assert re.match(
        r"FAIL tcp: no TCP connection to .*; fix: start TWS or IB Gateway .* `ibwire sim --port \d+`", failed[0]
    )
    assert sum(line.startswith("SKIP") for line in result.stdout.splitlines()) == 7


def test_web_server_on_the_port_is_recognised(tmp_path: Path) -> None:
    with answering(WEB_SERVER) as stranger:
        result = ibwire("doctor", "--port", str(stranger.port), cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, "")
    assert re.search(r"^FAIL handshake: what listens on .* is a web server, no gateway; fix: ", result.stdout, re.M)
