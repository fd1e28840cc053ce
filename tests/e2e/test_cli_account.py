"""`ibwire account` and `positions`, as a person or a script uses them."""

from __future__ import annotations

import json
from pathlib import Path

from ibwire.simulator import GatewayThread
from tests.helpers.commands import ibwire


def test_every_account_of_the_login_is_told(tmp_path: Path) -> None:
    with GatewayThread(seed=1, accounts=("DU1", "U2")) as gateway:
        port = ("--port", str(gateway.port))
        result = ibwire("account", "--json", *port, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        one, other = json.loads(result.stdout)
        assert [(told["account"], told["is_paper"], told["currency"]) for told in (one, other)] == [
            ("DU1", True, "USD"),
            ("U2", False, "USD"),
        ]
        assert float(one["summary"]["NetLiquidation"]) > 0
        assert "USD" in one["by_currency"]
        unknown = ibwire("account", "--account", "DU9", *port, cwd=tmp_path)
        assert (unknown.returncode, unknown.stdout) == (1, "")
        assert unknown.stderr.startswith("error: DU9 is no account of this login, which has DU1, U2")
    assert list(tmp_path.iterdir()) == []  # no journal is begun by looking


def test_a_simulated_gateway_serves_without_any_other(tmp_path: Path) -> None:
    result = ibwire("account", "--sim", "--json", cwd=tmp_path, IBWIRE_CONNECTION_PORT="1")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)[0]["account"] == "DU1234567"


def test_without_a_gateway_it_says_how_to_get_one(tmp_path: Path) -> None:
    result = ibwire("positions", "--port", "1", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "`ibwire sim --port 1` in another terminal, or add --sim" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_positions_are_what_was_bought_and_not_sold_again(tmp_path: Path) -> None:
    with GatewayThread(seed=1) as gateway:
        port = ("--port", str(gateway.port))
        assert ibwire("buy", "AAPL", "10", "--market", "--yes", "--wait", "10", *port, cwd=tmp_path).returncode == 0
        sold = ibwire("sell", "AAPL", "4", "--market", "--yes", "--wait", "10", "--json", *port, cwd=tmp_path)
        assert sold.returncode == 0, sold.stderr
        result = ibwire("positions", "--json", *port, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        (position,) = json.loads(result.stdout)
        assert position["quantity"] == "6"
    listed = ibwire("journal", "list", "--json", cwd=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert [(one["action"], one["state"]) for one in json.loads(listed.stdout)] == [
        ("BUY", "filled"),
        ("SELL", "filled"),
    ]
    nothing = ibwire("journal", "list", "--path", "nowhere.sqlite3", cwd=tmp_path)
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert len(nothing.stderr.splitlines()) == 1
